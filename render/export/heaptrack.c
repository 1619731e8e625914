/*
 * heaptrack.c - the data file of heaptrack, version 3: heaptrack_print, heaptrack_gui.
 *
 * Every event of the trace in its order, so that peak, leaked bytes and calls come out equal; nothing is kept in memory but the distinct
 * pairs of call path and size (which the format lists) with how many of each are alive. A reader takes the file as compressed when
 * its name ends in .zst: then it is (zstd), otherwise it is plain text.
 *
 *   calls        a realloc that succeeded is a free and a call, as in heaptrack's own files. Blocks that are alive when a window, or a part of a trace, begins are calls at its start.
 *                A realloc that came to nothing (it failed, the window ends in it) is none, unless other threads' events came between its two halves:
 *                then its block goes and comes back, as a free and a call, so that all levels are right
 *   temporary    heaptrack takes a block as temporary when its free is the very next event of all threads: among several threads fewer
 *                than the report has (next event of its own thread). Never more: where a free of another block would look like one, it names a
 *                second row of the same call path and size
 *   time         milliseconds since the start of the recording or window. Resident memory is that of the samples
 *
 * Names lose control characters, which become '?', and what is no UTF-8 becomes U+FFFD.
 * Source: what heaptrack 1.4 writes, and its documentation of accumulated data: lines v X I s i t a + - c R, numbers in hexadecimal.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "analyze/block_steps.h"
#include "export_formats.h"
#include "export_names.h"
#include "format/intern.h"
#include "format/trace_reader.h"
#include "frame_labels.h"

#define FILE_VERSION "v 10400 3\n" /* of heaptrack 1.4, and of its format */
#define NANOSECONDS_PER_MS 1000000u

struct row {
	uint64_t size, alive;
	uint32_t node;
};

struct writer {
	FILE *out;
	const struct ms_export_input *in;
	struct ms_intern strings;
	uint32_t *trace_of;              /* by node; 0 = none; of node 0: no stack */
	uint32_t *ip_of;                 /* by first_line */
	uint32_t traces, ips;
	struct ms_intern rows;           /* (node, size, twin): allocation info; ids are their numbers, 0 is a row that is never used */
	struct row *list;                /* by number */
	size_t capacity;
	uint32_t last;                   /* row of the '+' that was the last event, else 0 */
	uint64_t ms;                     /* last time written */
	const struct ms_sample *resident;
	size_t resident_count, resident_next;
	uint32_t page_bytes;
	bool failed;
};

/* ---- lines ------------------------------------------------------------------------------------------------------------ */

static void put_number(struct writer *w, char kind, uint64_t a)
{
	char text[24], *to = text + sizeof text;

	*--to = '\n';
	do
		*--to = "0123456789abcdef"[a & 15];
	while (a >>= 4);
	*--to = ' ';
	*--to = kind;
	fwrite(to, 1, (size_t)(text + sizeof text - to), w->out);
}

/* Number of a string, 0 for "". The text is written when it is new. */
static uint32_t string(struct writer *w, const char *text)
{
	char *clean = NULL;
	size_t size;
	bool is_new;
	uint32_t id;
	FILE *f;

	if (!*text)
		return 0;
	id = ms_intern(&w->strings, text, strlen(text), &is_new);
	w->failed |= id == 0;
	if (!is_new)
		return id;
	f = open_memstream(&clean, &size);
	if (f)
		ms_put_line_text(f, text);
	if (f && fclose(f) == 0)
		fprintf(w->out, "s %zx %s\n", size, clean);
	else
		w->failed = true;
	free(clean);
	return id;
}

static uint32_t ip(struct writer *w, const struct ms_report_node *node)
{
	const struct ms_report *r = w->in->report;
	const struct ms_report_line *l = &r->lines[node->first_line], *outer = l + node->line_count - 1;
	uint32_t module;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (w->ip_of[node->first_line])
		return w->ip_of[node->first_line];
	module = string(w, ms_export_path(w->in, outer->module));
	f = open_memstream(&text, &size); /* names must stand before what uses them */
	if (!f) {
		w->failed = true;
		return 0;
	}
	fprintf(f, "i %" PRIx64 " %" PRIx32, ms_frame_address(w->in, outer), module);
	for (uint32_t i = 0; i < node->line_count && *l->function; i++) {
		uint32_t function = string(w, l[i].function), file = string(w, ms_export_path(w->in, l[i].file));

		fprintf(f, " %" PRIx32 " %" PRIx32 " %" PRIx32, function, file, l[i].line);
	}
	if (fclose(f) == 0)
		fprintf(w->out, "%s\n", text);
	else
		w->failed = true;
	free(text);
	return w->ip_of[node->first_line] = ++w->ips;
}

/* Call paths of sites, callers before those they called. */
static void put_traces(struct writer *w)
{
	const struct ms_report *r = w->in->report;

	for (size_t i = 0; i < r->site_count; i++)
		w->trace_of[r->sites[i].node] = 1;
	for (size_t n = r->node_count; n-- > 1;)
		if (w->trace_of[n])
			w->trace_of[r->nodes[n].parent] = 1;
	fprintf(w->out, "i 0 0 %" PRIx32 " 0 0\nt 1 0\n", string(w, "[no stack]"));
	w->ips = w->traces = 1;
	w->trace_of[0] = 0;
	for (size_t n = 1; n < r->node_count; n++) {
		if (!w->trace_of[n])
			continue;
		fprintf(w->out, "t %" PRIx32 " %" PRIx32 "\n", ip(w, &r->nodes[n]), w->trace_of[r->nodes[n].parent]);
		w->trace_of[n] = ++w->traces;
	}
	w->trace_of[0] = 1;
	fputs("a 0 1\n", w->out); /* row 0 */
}

static void put_header(struct writer *w)
{
	const struct ms_process *p = w->in->report->trace.process;

	fputs(FILE_VERSION "X ", w->out);
	for (size_t i = 0; i < p->command_count; i++) {
		fputs(i ? " " : "", w->out);
		ms_put_line_text(w->out, p->command[i]);
	}
	fprintf(w->out, "\nI %" PRIx32 " 0\n", w->page_bytes); /* how many pages the machine has was not recorded */
}

/* ---- events ------------------------------------------------------------------------------------------------------------ */

static uint32_t row(struct writer *w, uint32_t node, uint64_t size, bool twin)
{
	struct {
		uint64_t size;
		uint32_t node, twin;
	} key = {size, node, twin};
	bool is_new;
	uint32_t id = ms_intern(&w->rows, &key, sizeof key, &is_new);

	if (id >= w->capacity) {
		size_t capacity = w->capacity ? w->capacity * 2 : 1024;
		struct row *grown = realloc(w->list, capacity * sizeof *grown);

		if (!grown) {
			w->failed = true;
			return 0;
		}
		w->list = grown;
		w->capacity = capacity;
	}
	w->failed |= id == 0;
	if (is_new) {
		w->list[id] = (struct row){.size = size, .node = node};
		fprintf(w->out, "a %" PRIx64 " %" PRIx32 "\n", size, w->trace_of[node] ? w->trace_of[node] : 1);
	}
	return id;
}

static void put_time(struct writer *w, uint64_t time_ns)
{
	uint64_t from = w->in->report->window.from_ns, ms;

	while (w->resident_next < w->resident_count && w->resident[w->resident_next].time_ns <= time_ns) {
		const struct ms_sample *s = &w->resident[w->resident_next++];

		if (s->time_ns < from)
			continue;
		ms = (s->time_ns - from) / NANOSECONDS_PER_MS;
		if (ms > w->ms)
			put_number(w, 'c', w->ms = ms);
		put_number(w, 'R', s->value / w->page_bytes);
	}
	ms = (time_ns - from) / NANOSECONDS_PER_MS;
	if (ms > w->ms)
		put_number(w, 'c', w->ms = ms);
}

static void begin(struct writer *w, const struct ms_block_step *s)
{
	uint32_t id = row(w, s->node, s->size_bytes, false);

	if (w->failed)
		return;
	w->list[id].alive += s->blocks;
	for (uint64_t i = 0; i < s->blocks; i++)
		put_number(w, '+', id);
	w->last = id;
}

static void end(struct writer *w, uint32_t id, bool temporary)
{
	uint32_t as = id;

	if (w->last == id && !temporary)
		as = row(w, w->list[id].node, w->list[id].size, true);
	if (w->failed)
		return;
	w->list[id].alive -= w->list[id].alive > 0;
	put_number(w, '-', as);
	w->last = 0;
}

static int visit(void *context, const struct ms_block_step *s, struct ms_error *err)
{
	struct writer *w = context;
	uint32_t id;

	put_time(w, s->time_ns);
	switch (s->kind) {
	case MS_BLOCKS_FREE:
	case MS_BLOCKS_MOVE:
		id = row(w, s->node, s->size_bytes, false);
		if (!w->failed)
			end(w, id, s->temporary);
		break;
	case MS_BLOCKS_EXEC:
		for (id = 1; id <= w->rows.count && !w->failed; id++)
			while (w->list[id].alive)
				end(w, id, false);
		break;
	default:
		begin(w, s);
	}
	if (w->failed)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u pairs of call path and size", w->rows.count);
	return ferror(w->out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

static void find_resident(struct writer *w)
{
	const struct ms_trace *t = w->in->trace;

	for (uint32_t id = 1; id <= ms_trace_series_count(t); id++)
		if (strcmp(ms_trace_string(t, ms_trace_series(t, id)->name), "rss") == 0)
			w->resident = ms_trace_samples(t, id, &w->resident_count);
}

static int write_events(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	const struct ms_report *r = in->report;
	struct writer w = {
		.out = out, .in = in, .trace_of = calloc(r->node_count + 1, sizeof *w.trace_of), .ip_of = calloc(r->line_count + 1, sizeof *w.ip_of),
		.page_bytes = r->trace.process->page_size_bytes ? r->trace.process->page_size_bytes : 4096,
	};
	int rc = w.trace_of && w.ip_of ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu frames", r->node_count);

	if (rc == MS_OK) {
		find_resident(&w);
		put_header(&w);
		put_traces(&w);
		rc = ms_block_steps(r, in->trace, visit, &w, err);
	}
	if (rc == MS_OK)
		put_time(&w, r->window.to_ns);
	if (rc == MS_OK && w.failed)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for names");
	free(w.trace_of);
	free(w.ip_of);
	free(w.list);
	ms_intern_free(&w.strings);
	ms_intern_free(&w.rows);
	return rc;
}

/* ---- compression: a stream into the stream ------------------------------------------------------------------------------ */

struct squeeze {
	FILE *out;
	ZSTD_CStream *stream;
	bool failed;
};

static void squeeze_some(struct squeeze *z, ZSTD_inBuffer *in, ZSTD_EndDirective how)
{
	char chunk[65536];
	size_t left;

	do {
		ZSTD_outBuffer to = {chunk, sizeof chunk, 0};

		left = ZSTD_compressStream2(z->stream, &to, in, how);
		z->failed |= ZSTD_isError(left) || fwrite(chunk, 1, to.pos, z->out) != to.pos;
	} while (!z->failed && (how == ZSTD_e_end ? left > 0 : in->pos < in->size));
}

static ssize_t squeeze_write(void *cookie, const char *bytes, size_t size)
{
	struct squeeze *z = cookie;
	ZSTD_inBuffer in = {bytes, size, 0};

	squeeze_some(z, &in, ZSTD_e_continue);
	return z->failed ? 0 : (ssize_t)size;
}

static int write_heaptrack(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	static const cookie_io_functions_t functions = {.write = squeeze_write};
	size_t length = in->file ? strlen(in->file) : 0;
	struct squeeze z = {.out = out};
	ZSTD_inBuffer nothing = {"", 0, 0};
	FILE *text = NULL;
	int rc;

	if (length < 4 || strcmp(in->file + length - 4, ".zst") != 0) {
		rc = write_events(out, in, err);
		return rc == MS_OK && ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : rc;
	}
	z.stream = ZSTD_createCStream();
	if (z.stream)
		text = fopencookie(&z, "w", functions);
	if (!text) {
		ZSTD_freeCStream(z.stream);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for compression");
	}
	setvbuf(text, NULL, _IOFBF, 1 << 17);
	rc = write_events(text, in, err);
	if (fclose(text) == 0 && rc == MS_OK)
		squeeze_some(&z, &nothing, ZSTD_e_end);
	else if (rc == MS_OK)
		z.failed = true;
	ZSTD_freeCStream(z.stream);
	return rc == MS_OK && z.failed ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : rc;
}

const struct ms_export ms_export_heaptrack = {
	.name = "heaptrack",
	.summary = "data file of heaptrack: heaptrack_print, heaptrack_gui",
	.suffix = ".heaptrack.zst",
	.write = write_heaptrack,
};
