/*
 * plot_threads.c - the two ledgers of each thread: bytes that it allocated, and bytes that it ended, its own and other threads'.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plot_figures.h"
#include "plot_script.h"
#include "plot_text.h"
#include "render/units.h"

#define THREADS 12u

struct ledger {
	uint64_t allocated, ended_own, ended_others, live;
};

static struct ledger ledger_of(const struct ms_report_thread *t)
{
	return (struct ledger){t->allocated_bytes, t->ended_own.bytes, t->ended_others.bytes, t->live_bytes};
}

static uint64_t volume(const struct ms_report_thread *t)
{
	return t->allocated_bytes + t->ended_own.bytes + t->ended_others.bytes + t->live_bytes;
}

static const char *missing(const struct ms_plot_input *in)
{
	for (size_t i = 0; i < in->report->thread_count; i++)
		if (volume(&in->report->threads[i]))
			return NULL;
	return "no thread allocated, freed or kept a byte";
}

static int by_volume(const void *pa, const void *pb)
{
	const struct ms_report_thread *const *a = pa, *const *b = pb;
	uint64_t x = volume(*a), y = volume(*b);

	return x != y ? (x < y ? 1 : -1) : ((*a)->id > (*b)->id) - ((*a)->id < (*b)->id);
}

static void put_row(FILE *data, size_t row, const char *id, const struct ledger *l, const char *name)
{
	fprintf(data, "%zu %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " \"%s\"\n", row, id, l->allocated, l->ended_own, l->ended_others, l->live, name);
}

static uint64_t largest_bar(const struct ledger *l)
{
	uint64_t ended = l->ended_own + l->ended_others, most = l->allocated > ended ? l->allocated : ended;

	return most > l->live ? most : l->live;
}

static int write(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	const struct ms_report *r = in->report;
	const struct ms_report_thread **order = calloc(r->thread_count + 1, sizeof *order);
	size_t count = 0, shown;
	uint64_t most = 1, others = 0;
	struct ledger rest = {0};
	char name[MS_PLOT_NAME], label[MS_PLOT_NAME + 40], id[24], a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (!order)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for threads");
	for (size_t i = 0; i < r->thread_count; i++)
		if (volume(&r->threads[i]))
			order[count++] = &r->threads[i];
	qsort(order, count, sizeof *order, by_volume);
	shown = count > THREADS ? THREADS - 1 : count;
	ms_plot_data_head(data, &ms_plot_threads, &r, 1);
	fputs("\n# threads: one row per thread with any, those with most bytes first; id - is all others\n"
	      "# row id allocated_bytes ended_own_bytes ended_others_bytes live_bytes name\n", data);
	for (size_t i = 0; i < count; i++) {
		struct ledger l = ledger_of(order[i]);

		others += l.ended_others;
		if (i >= shown) {
			rest.allocated += l.allocated;
			rest.ended_own += l.ended_own;
			rest.ended_others += l.ended_others;
			rest.live += l.live;
			continue;
		}
		most = largest_bar(&l) > most ? largest_bar(&l) : most;
		snprintf(id, sizeof id, "%" PRIu32, order[i]->id);
		ms_plot_clean(name, sizeof name, *order[i]->name ? order[i]->name : order[i]->is_main ? "main" : "(no name)", 22);
		snprintf(label, sizeof label, "%s (%" PRIu32 ")", name, order[i]->tid);
		put_row(data, i, id, &l, label);
	}
	if (shown < count) {
		most = largest_bar(&rest) > most ? largest_bar(&rest) : most;
		snprintf(label, sizeof label, "%zu other threads", count - shown);
		put_row(data, shown, "-", &rest, label);
	}
	ms_plot_head(script, &ms_plot_threads, &r, 1, "%s with bytes; %s ended by another thread than the one that allocated them",
	             ms_unit_of(a, count, "thread"), others ? ms_unit_bytes(b, others, false) : "nothing");
	shown += shown < count;
	ms_plot_unit(script, "byte", ms_plot_bytes(most));
	fprintf(script, "most = %" PRIu64 ".0\nrows = %zu\n", most, shown);
	ms_plot_open(script, &ms_plot_threads, 960, 250 + 42 * (unsigned)shown);
	fprintf(script, "\tset bmargin at screen %.4f\n", 118.0 / (250 + 42 * (double)shown));
	fprintf(script, "\tset key horizontal at screen 0.22,%.4f left bottom maxcols 2 samplen 2\n", 14.0 / (250 + 42 * (double)shown));
	fputs("\tset lmargin at screen 0.22\n"
	      "\tset rmargin at screen 0.965\n"
	      "\tset xlabel 'bytes ('.byte_name.')'\n"
	      "\tset xrange [0:most/byte_unit*1.04]\n"
	      "\tset yrange [rows - 0.45:-0.55]\n"
	      "\tset grid noytics xtics\n"
	      "\tset border 1\n"
	      "\tunset ytics\n"
	      "\tset style fill border linecolor '#000000'\n"
	      "\tbar(n) = n/byte_unit\n"
	      "\tplot \\\n"
	      "\t\tdata using (0):($1-0.2):(0):(bar($3)):($1-0.38):($1-0.02) with boxxyerror fillstyle solid linecolor '#1f5f99' title 'allocated by it', \\\n"
	      "\t\tdata using (0):($1+0.2):(0):(bar($4)):($1+0.02):($1+0.38) with boxxyerror fillstyle solid linecolor '#dcebf6' title 'ended by it: its own', \\\n"
	      "\t\tdata using (0):($1+0.2):(bar($4)):(bar($4+$5)):($1+0.02):($1+0.38) with boxxyerror fillstyle pattern 4 linecolor '#a03c00' title 'ended by it: of others', \\\n"
	      "\t\tdata using (bar($6)):($1-0.2) with points pointtype 13 pointsize 1.1 linecolor '#000000' title 'of its blocks, alive at the end', \\\n"
	      "\t\tdata using (0):1:7 with labels right offset -0.8,0 font ',11'\n", script);
	ms_plot_close(script);
	free(order);
	return ms_plot_written(data, script, err);
}

const struct ms_plot ms_plot_threads = {
	.name = "threads",
	.title = "Threads: what they allocated and what they ended",
	.missing = missing,
	.write = write,
};
