/*
 * dhat.c - what Valgrind's DHAT writes, for its viewer (dh_view.html) and for profiler.firefox.com.
 *
 * A "program point" is a call path: blocks and bytes in all (t), at its own largest (m), at the peak of the whole (g) and alive at the end
 * (e), with the time that its blocks lived in all (tl; those alive at the end live until then, and of a window only what lies in it counts).
 * Accesses are not recorded, so they are left out (bkacc false). Time is in microseconds since the start of the recording or window.
 * A frame of the table is a line of source, or an address; inlined functions are frames. Two different call paths that read the same differ in
 * the numbers of their frames, which the viewer insists on.
 *
 * Source: Valgrind's manual, chapter DHAT, and what dh_view.js demands: version 2 of the format.
 */
#include <stdlib.h>
#include <string.h>

#include "analyze/block_steps.h"
#include "export_formats.h"
#include "format/trace_types.h"
#include "frame_labels.h"
#include "render/json_writer.h"

#define SHORT_LIVED_US 10u

struct point {
	uint64_t live_bytes, live_blocks, max_bytes, max_blocks;
	__int128 lived_ns;               /* Σ of ends minus Σ of beginnings */
};

struct dhat {
	const struct ms_report *report;
	struct point *points;            /* by node */
};

static void begin(struct point *p, const struct ms_block_step *s, uint64_t now)
{
	p->live_bytes += s->size_bytes * s->blocks;
	p->live_blocks += s->blocks;
	p->lived_ns -= (__int128)now * s->blocks;
	if (p->live_bytes > p->max_bytes || (p->max_bytes == 0 && p->live_blocks > p->max_blocks)) {
		p->max_bytes = p->live_bytes;
		p->max_blocks = p->live_blocks;
	}
}

static void end_all(struct point *p, uint64_t now)
{
	p->lived_ns += (__int128)now * p->live_blocks;
	p->live_bytes = p->live_blocks = 0;
}

static int visit(void *context, const struct ms_block_step *s, struct ms_error *err)
{
	struct dhat *d = context;
	struct point *p = &d->points[s->node];
	uint64_t now = s->time_ns - d->report->window.from_ns;

	(void)err;
	if (s->kind == MS_BLOCKS_EXEC) {
		for (size_t n = 0; n < d->report->node_count; n++)
			end_all(&d->points[n], now);
	} else if (s->kind == MS_BLOCKS_FREE || s->kind == MS_BLOCKS_MOVE) {
		p->live_bytes -= s->size_bytes;
		p->live_blocks--;
		p->lived_ns += now;
	} else {
		begin(p, s, now);
	}
	return MS_OK;
}

/* Index into the table of frames, from 1 on (0 is "[root]"), of each line of the report; `table` lists them. The last one: no stack. */
struct frames {
	uint32_t *of_line, *table;
	uint32_t count;
};

static uint32_t frame(struct frames *f, uint32_t line)
{
	if (!f->of_line[line]) {
		f->table[f->count] = line;
		f->of_line[line] = ++f->count;
	}
	return f->of_line[line];
}

static void put_point(struct ms_json *j, const struct ms_report *r, const struct ms_report_site *s, struct point *p, uint64_t end, struct frames *f)
{
	end_all(p, end);
	ms_json_object(j, NULL);
	ms_json_uint(j, "tb", s->allocated_bytes);
	ms_json_uint(j, "tbk", s->allocations + s->reallocations);
	ms_json_uint(j, "tl", (uint64_t)(p->lived_ns / 1000));
	ms_json_uint(j, "mb", p->max_bytes);
	ms_json_uint(j, "mbk", p->max_blocks);
	ms_json_uint(j, "gb", s->peak_bytes);
	ms_json_uint(j, "gbk", s->peak_blocks);
	ms_json_uint(j, "eb", s->live_bytes);
	ms_json_uint(j, "ebk", s->live_blocks);
	ms_json_array(j, "fs");
	for (uint32_t n = s->node; n; n = r->nodes[n].parent)
		for (uint32_t i = 0; i < r->nodes[n].line_count; i++)
			ms_json_uint(j, NULL, frame(f, r->nodes[n].first_line + i));
	if (!s->node)
		ms_json_uint(j, NULL, frame(f, (uint32_t)r->line_count));
	ms_json_end_array(j);
	ms_json_end_object(j);
}

/* The command in one line. NULL: no memory. */
static char *command(const struct ms_report *r)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; f && i < r->trace.process->command_count; i++)
		fprintf(f, "%s%s", i ? " " : "", r->trace.process->command[i]);
	return f && fclose(f) == 0 ? text : NULL;
}

static int put_file(FILE *out, const struct ms_export_input *in, struct dhat *d, struct frames *f, struct ms_error *err)
{
	const struct ms_report *r = in->report;
	uint64_t end = r->window.to_ns - r->window.from_ns;
	char *text = command(r);
	struct ms_json j;

	if (!text)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a command line");
	ms_json_init(&j, out, 2);
	ms_json_object(&j, NULL);
	ms_json_uint(&j, "dhatFileVersion", 2);
	ms_json_string(&j, "mode", "heap");
	ms_json_string(&j, "verb", "Allocated");
	ms_json_bool(&j, "bklt", true);
	ms_json_bool(&j, "bkacc", false);
	ms_json_string(&j, "tu", "µs");
	ms_json_string(&j, "Mtu", "s");
	ms_json_uint(&j, "tuth", SHORT_LIVED_US);
	ms_json_string(&j, "cmd", text);
	free(text);
	ms_json_uint(&j, "pid", r->trace.process->pid);
	ms_json_uint(&j, "te", end / 1000);
	ms_json_uint(&j, "tg", r->totals.peak_time_ns > r->window.from_ns ? (r->totals.peak_time_ns - r->window.from_ns) / 1000 : 0);
	ms_json_array(&j, "pps");
	for (size_t i = 0; i < r->site_count; i++)
		put_point(&j, r, &r->sites[i], &d->points[r->sites[i].node], end, f);
	ms_json_end_array(&j);
	ms_json_array(&j, "ftbl");
	ms_json_string(&j, NULL, "[root]");
	for (uint32_t i = 0; i < f->count; i++) {
		text = ms_frame_label(in, f->table[i] < r->line_count ? &r->lines[f->table[i]] : NULL);
		if (!text)
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the name of a frame");
		ms_json_string(&j, NULL, text);
		free(text);
	}
	ms_json_end_array(&j);
	ms_json_end_object(&j);
	return ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

static int write_dhat(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	const struct ms_report *r = in->report;
	struct dhat d = {r, calloc(r->node_count + 1, sizeof *d.points)};
	struct frames f = {calloc(r->line_count + 1, sizeof *f.of_line), calloc(r->line_count + 1, sizeof *f.table), 0};
	int rc;

	if (!d.points || !f.of_line || !f.table)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu frames", r->node_count);
	else
		rc = ms_block_steps(r, in->trace, visit, &d, err);
	if (rc == MS_OK)
		rc = put_file(out, in, &d, &f, err);
	free(d.points);
	free(f.of_line);
	free(f.table);
	return rc;
}

const struct ms_export ms_export_dhat = {
	.name = "dhat",
	.summary = "as of Valgrind's DHAT: dh_view.html, profiler.firefox.com",
	.suffix = ".dhat.json",
	.write = write_dhat,
};
