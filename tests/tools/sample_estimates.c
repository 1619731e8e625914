/*
 * sample_estimates - draws samples of a full trace as the hooks would (record/preload/draw.h), estimates with the analysis of
 * memscope-analyze, and compares with what the full trace says.
 *
 *   sample_estimates TRACE rate|bytes VALUE FIRST_SEED SEEDS     VALUE: per billion, or mean bytes
 *
 * For the bytes that each call path has allocated at the end, has alive at the end, and has alive at the peak: the 20 with most of them in the
 * full trace, and how many (seed, call path) pairs have an estimate within 3 standard errors:
 *   allocated PAIRS WITHIN      live PAIRS WITHIN      peak PAIRS WITHIN
 * and of the first seed, as the report of a real sample would have it:
 *   sample BLOCKS ALLOCATED_BYTES LIVE_BYTES ERROR_OF_LIVE
 * mean of the totals over all seeds, in standard errors of that mean away from the truth:
 *   bias ALLOCATED LIVE
 * The slot of a thread is taken to be its number in the order in which threads appear: right for the first one.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/analysis.h"
#include "analyze/reconcile.h"
#include "analyze/replay.h"
#include "record/preload/draw.h"

#define TOP 20
#define THREADS_MAX 1024

extern const struct ms_analysis_ops ms_analysis_estimates;

/* The steps of the full trace. */
struct row {
	uint64_t block, size;
	uint32_t site, thread;
	uint8_t step, kind;
};
static struct row *rows;
static size_t row_count, row_capacity, peak_row;
static uint64_t peak_bytes, newest_block;

static _Noreturn void fail(const char *what, const struct ms_error *err)
{
	fprintf(stderr, "sample_estimates: %s: %s\n", what, err ? err->message : "");
	exit(1);
}

static void *memory(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (!p)
		fail("no memory", NULL);
	return p;
}

static int collect_create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	(void)context, (void)err;
	*state = NULL;
	return MS_OK;
}

static int collect_view(void *state, const struct ms_view *v, struct ms_error *err)
{
	(void)state;
	for (uint32_t i = 0; i < v->count; i++) {
		unsigned step = v->step[i] & (MS_STEP_TEMPORARY - 1);

		if (step == MS_STEP_RETURN && v->kind[i] == 0)
			continue; /* a realloc that the program's end cut in two */
		if (step == MS_STEP_RETURN || step == MS_STEP_IMAGE)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "failed reallocs and exec are more than this tool can do");
		if (!ms_step_begins(step) && !ms_step_ends(step))
			continue;
		if (row_count == row_capacity) {
			row_capacity = row_capacity ? row_capacity * 2 : 1 << 16;
			rows = realloc(rows, row_capacity * sizeof *rows);
			if (!rows)
				fail("no memory", NULL);
		}
		rows[row_count++] = (struct row){v->block[i], v->size_bytes[i], v->site[i], v->thread[i], (uint8_t)step, v->kind[i]};
		if (v->block[i] > newest_block)
			newest_block = v->block[i];
		if (v->live_bytes[i] > peak_bytes) {
			peak_bytes = v->live_bytes[i];
			peak_row = row_count;
		}
	}
	return MS_OK;
}

static int collect_finish(void *state, struct ms_report *report, struct ms_error *err)
{
	(void)state, (void)report, (void)err;
	return MS_OK;
}

static const struct ms_analysis_ops collect = {
	.name = "collect", .summary = "keeps all steps", .create = collect_create, .view = collect_view, .finish = collect_finish, .destroy = free,
};

/* ---- what is true -------------------------------------------------------------------------------------------------- */

enum { ALLOCATED, LIVE, PEAK, MEASURES };
static const char *const measure_names[MEASURES] = {"allocated", "live", "peak"};
static uint64_t *exact[MEASURES]; /* by site */
static uint32_t top[MEASURES][TOP];
static size_t top_count[MEASURES];

static void find_truth(size_t nodes)
{
	for (int m = 0; m < MEASURES; m++)
		exact[m] = memory(nodes, sizeof **exact);
	for (size_t i = 0; i < row_count; i++) {
		const struct row *r = &rows[i];
		uint64_t change = ms_step_begins(r->step) ? r->size : -r->size;

		exact[LIVE][r->site] += change;
		if (i < peak_row)
			exact[PEAK][r->site] += change;
		if (ms_step_begins(r->step))
			exact[ALLOCATED][r->site] += r->size;
	}
	for (int m = 0; m < MEASURES; m++) {
		bool *taken = memory(nodes, sizeof *taken);

		for (; top_count[m] < TOP; top_count[m]++) {
			size_t best = nodes;

			for (size_t n = 0; n < nodes; n++)
				if (!taken[n] && exact[m][n] && (best == nodes || exact[m][n] > exact[m][best]))
					best = n;
			if (best == nodes)
				break;
			taken[best] = true;
			top[m][top_count[m]] = (uint32_t)best;
		}
		free(taken);
	}
}

/* ---- one sample ---------------------------------------------------------------------------------------------------- */

static struct ms_capture capture;
static bool *drawn; /* by block */

static void draw(uint64_t seed)
{
	bool by_bytes = capture.sampling == MS_SAMPLING_PER_BYTE;
	double distance = by_bytes ? (double)capture.sample_bytes : ms_draw_distance(capture.sample_per_billion);
	static struct ms_draw of_thread[THREADS_MAX];

	memset(of_thread, 0, sizeof of_thread);
	memset(drawn, 0, (newest_block + 1) * sizeof *drawn);
	for (size_t i = 0; i < row_count; i++) {
		const struct row *r = &rows[i];
		struct ms_draw *d = &of_thread[r->thread % THREADS_MAX];

		if (!ms_step_begins(r->step))
			continue;
		if (d->left == 0)
			ms_draw_seed(d, distance, seed, r->thread - 1, 0);
		drawn[r->block] = ms_draw_takes(d, distance, by_bytes ? r->size + (r->size == 0) : MS_SAMPLE_UNITS(r->size));
	}
}

static void feed(void *state, size_t from, size_t to)
{
	enum { N = 1024 };
	static uint8_t step[N], kind[N];
	static uint64_t size[N], time_ns[N];
	static uint32_t site[N];
	struct ms_view view = {.step = step, .kind = kind, .size_bytes = size, .site = site, .time_ns = time_ns};
	struct ms_error err;

	for (size_t i = from; i < to; i++) {
		if (drawn[rows[i].block]) {
			step[view.count] = rows[i].step;
			kind[view.count] = rows[i].kind;
			size[view.count] = rows[i].size;
			site[view.count++] = rows[i].site;
		}
		if (view.count == N || (i + 1 == to && view.count)) {
			if (ms_analysis_estimates.view(state, &view, &err))
				fail("view", &err);
			view.count = 0;
		}
	}
}

static bool is_within(double value, double error, uint64_t truth)
{
	return fabs(value - (double)truth) <= 3 * error;
}

int main(int argc, char **argv)
{
	struct ms_trace *trace;
	struct ms_stack_map stacks;
	struct ms_error err;
	struct ms_report report;
	struct ms_analysis_context context;
	const struct ms_analysis_ops *list[] = {&collect};
	uint64_t within[MEASURES] = {0}, pairs[MEASURES] = {0}, sum[2] = {0};
	double mean[2] = {0}, square[2] = {0};
	unsigned long long value, first, seeds;

	if (argc != 6)
		fail("TRACE rate|bytes VALUE FIRST_SEED SEEDS", NULL);
	value = strtoull(argv[3], NULL, 10);
	first = strtoull(argv[4], NULL, 10);
	seeds = strtoull(argv[5], NULL, 10);
	if (ms_trace_open(&trace, argv[1], &err) || ms_stack_map_build(&stacks, trace, &err))
		fail(argv[1], &err);
	context = (struct ms_analysis_context){
		.trace = trace, .stacks = &stacks, .to_ns = ms_trace_last_time_ns(trace), .temporary_window = 1, .timeline_buckets = 1,
	};
	memset(&report, 0, sizeof report);
	report.window.to_event = ms_trace_event_count(trace);
	if (ms_reconciler_open(&context.reconciler, trace, &err) ||
	    ms_replay(list, 1, &context, &(struct ms_report_options){.threads = 1}, &report, &err))
		fail(argv[1], &err);
	find_truth(stacks.node_count);
	drawn = memory(newest_block + 1, sizeof *drawn);

	/* From here on the trace says that it is a sample. */
	capture = ms_trace_process(trace)->capture;
	capture.sampling = strcmp(argv[2], "bytes") == 0 ? MS_SAMPLING_PER_BYTE : MS_SAMPLING_PER_UNIT;
	capture.sample_bytes = value;
	capture.sample_per_billion = (uint32_t)value;
	((struct ms_process *)(uintptr_t)ms_trace_process(trace))->capture = capture;
	report.sites = memory(MEASURES * TOP, sizeof *report.sites);
	for (size_t n = 0; n < stacks.node_count; n++) {
		sum[0] += exact[ALLOCATED][n];
		sum[1] += exact[LIVE][n];
	}
	for (int m = 0; m < MEASURES; m++)
		for (size_t i = 0; i < top_count[m]; i++)
			report.sites[report.site_count++].node = top[m][i];

	for (uint64_t seed = first; seed < first + seeds; seed++) {
		size_t at = 0;
		void *state;

		draw(seed);
		if (ms_analysis_estimates.create(&state, &context, &err))
			fail("create", &err);
		feed(state, 0, peak_row);
		if (ms_analysis_estimates.finish(state, &report, &err))
			fail("finish", &err);
		for (size_t i = 0; i < top_count[PEAK]; i++) {
			const struct ms_estimate *e = &report.sites[top_count[ALLOCATED] + top_count[LIVE] + i].estimate.live_bytes;

			within[PEAK] += is_within(e->value, e->error, exact[PEAK][top[PEAK][i]]);
			pairs[PEAK]++;
		}
		feed(state, peak_row, row_count);
		if (ms_analysis_estimates.finish(state, &report, &err))
			fail("finish", &err);
		for (int m = ALLOCATED; m <= LIVE; m++)
			for (size_t i = 0; i < top_count[m]; i++, at++) {
				const struct ms_path_estimate *p = &report.sites[at].estimate;
				const struct ms_estimate *e = m == ALLOCATED ? &p->allocated_bytes : &p->live_bytes;

				within[m] += is_within(e->value, e->error, exact[m][top[m][i]]);
				pairs[m]++;
			}
		for (int m = 0; m < 2; m++) {
			double x = m == 0 ? report.estimate.allocated_bytes.value : report.estimate.live_bytes.value;

			mean[m] += x;
			square[m] += x * x;
		}
		if (seed == first) {
			uint64_t blocks = 0;

			for (uint64_t b = 0; b <= newest_block; b++)
				blocks += drawn[b];
			printf("sample %" PRIu64 " %.15g %.15g %.15g\n", blocks, report.estimate.allocated_bytes.value, report.estimate.live_bytes.value,
			       report.estimate.live_bytes.error);
		}
		ms_analysis_estimates.destroy(state);
	}
	for (int m = 0; m < MEASURES; m++)
		printf("%s %" PRIu64 " %" PRIu64 "\n", measure_names[m], pairs[m], within[m]);
	printf("bias");
	for (int m = 0; m < 2; m++) {
		double average = mean[m] / (double)seeds, variance = square[m] / (double)seeds - average * average;
		double error = sqrt((variance > 0 ? variance : 0) / (double)seeds);

		printf(" %.2f", fabs(average - (double)sum[m]) <= 1e-9 * (double)sum[m] ? 0 : (average - (double)sum[m]) / error);
	}
	printf("\n");
	for (int m = 0; m < MEASURES; m++)
		free(exact[m]);
	free(rows);
	free(drawn);
	free(report.sites);
	ms_reconciler_close(context.reconciler);
	ms_stack_map_free(&stacks);
	ms_trace_close(trace);
	return 0;
}
