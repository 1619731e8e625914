/*
 * csv.c - the report's tables as comma-separated values for spreadsheets and scripts, one table per file (the metric).
 *
 *   sites       one row per call path: site (its id in the report), allocations, reallocations, allocated_bytes, frees, live_blocks,
 *               live_bytes, peak_blocks, peak_bytes, own_peak_bytes, temporary_allocations, ended_blocks, mean_lifetime_ns, function, file,
 *               line, module (of the headline), stack (innermost first, lines `function;file;line` joined by '|')
 *   sizes       one row per size class: min_bytes, max_bytes, blocks, bytes, live_blocks, live_bytes
 *   lifetimes   min_ns, max_ns, blocks, bytes
 *   threads     thread, tid, name, allocations, reallocations, allocated_bytes, frees, live_blocks, live_bytes, peak_bytes, temporary_allocations
 *   timeline    start_ns, min_live_bytes, max_live_bytes, last_live_bytes, max_live_blocks, last_live_blocks, allocations, frees
 *
 * Source: RFC 4180: a header row, CRLF, text in double quotes where it needs them (inner quotes doubled). Invalid UTF-8 becomes U+FFFD,
 * other control characters than line ends and tabs as well. A text that a spreadsheet would run as a formula (it begins with = + - @) gets a ' in
 * front. Numbers are plain integers.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_formats.h"
#include "export_names.h"
#include "render/escape.h"

static void put_clean(FILE *out, const char *text)
{
	while (*text) {
		size_t n = ms_utf8_length(text);
		unsigned char c = (unsigned char)*text;

		if (n == 0 || (n == 1 && ((c < 0x20 && !strchr("\t\r\n", c)) || c == 0x7f)))
			fputs("\xef\xbf\xbd", out);
		else
			fwrite(text, 1, n, out);
		if (c == '"')
			putc('"', out);
		text += n ? n : 1;
	}
}

static void put_text(FILE *out, const char *text)
{
	fputs(",\"", out);
	if (*text && strchr("=+-@", *text))
		putc('\'', out);
	put_clean(out, text);
	putc('"', out);
}

/* The header of columns that are fields of a struct, and their values in the same order. */
#define HEADER(field) #field ","
#define VALUE(field) fprintf(out, "%" PRIu64 ",", (uint64_t)row->field);
#define LAST_HEADER(field) #field
#define LAST_VALUE(field) fprintf(out, "%" PRIu64, (uint64_t)row->field);

#define SITE_COLUMNS(X, LAST)                                                                                        \
	X(allocations) X(reallocations) X(allocated_bytes) X(frees) X(live_blocks) X(live_bytes) X(peak_blocks) X(peak_bytes) \
	X(own_peak_bytes) X(temporary_allocations) X(ended_blocks) LAST(mean_lifetime_ns)
#define SIZE_COLUMNS(X, LAST) X(min_bytes) X(max_bytes) X(blocks) X(bytes) X(live_blocks) LAST(live_bytes)
#define LIFETIME_COLUMNS(X, LAST) X(min_ns) X(max_ns) X(blocks) LAST(bytes)
#define THREAD_COLUMNS(X, LAST)                                                                                   \
	X(allocations) X(reallocations) X(allocated_bytes) X(frees) X(live_blocks) X(live_bytes) X(peak_bytes) LAST(temporary_allocations)
#define BUCKET_COLUMNS(X, LAST)                                                                                                  \
	X(start_ns) X(min_live_bytes) X(max_live_bytes) X(last_live_bytes) X(max_live_blocks) X(last_live_blocks) X(allocations) LAST(frees)

/* Frames as they stand in stacks, by the first line of their nodes: few frames make up many stacks, and cleaning text is slow. */
struct frame_text {
	char *text;                      /* NULL: not made yet, or no memory for it */
	size_t size;
};

static void put_frame(FILE *out, const struct ms_export_input *in, const struct ms_report_node *node)
{
	char buffer[MS_EXPORT_FRAME];

	for (uint32_t i = 0; i < node->line_count; i++) {
		const struct ms_report_line *l = &in->report->lines[node->first_line + i];

		if (i)
			putc('|', out);
		put_clean(out, ms_export_frame(buffer, l));
		putc(';', out);
		put_clean(out, ms_export_path(in, l->file));
		fprintf(out, ";%" PRIu32, l->line);
	}
}

static void make_frame(struct frame_text *f, const struct ms_export_input *in, const struct ms_report_node *node)
{
	FILE *text = open_memstream(&f->text, &f->size);

	if (!text)
		return;
	put_frame(text, in, node);
	if (fclose(text)) {
		free(f->text);
		f->text = NULL;
	}
}

/* known: NULL when there is no memory for it; then it takes longer. */
static void put_stack(FILE *out, const struct ms_export_input *in, uint32_t site, struct frame_text *known)
{
	const struct ms_report *r = in->report;

	fputs(",\"", out);
	for (uint32_t n = site; n; n = r->nodes[n].parent) {
		const struct ms_report_node *node = &r->nodes[n];
		struct frame_text *f = known ? &known[node->first_line] : NULL;

		if (n != site)
			putc('|', out);
		if (f && !f->text)
			make_frame(f, in, node);
		if (f && f->text)
			fwrite(f->text, 1, f->size, out);
		else
			put_frame(out, in, node);
	}
	putc('"', out);
}

static void put_sites(FILE *out, const struct ms_export_input *in)
{
	const struct ms_report *r = in->report;
	struct frame_text *known = calloc(r->line_count + 1, sizeof *known);
	char buffer[MS_EXPORT_FRAME];

	fputs("site," SITE_COLUMNS(HEADER, LAST_HEADER) ",function,file,line,module,stack\r\n", out);
	for (size_t i = 0; i < r->site_count; i++) {
		const struct ms_report_site *row = &r->sites[i];
		const struct ms_report_line *l = ms_report_headline(r, row->node);

		fprintf(out, "%" PRIu32 ",", row->node);
		SITE_COLUMNS(VALUE, LAST_VALUE)
		put_text(out, ms_export_frame(buffer, l));
		put_text(out, l ? ms_export_path(in, l->file) : "");
		fprintf(out, ",%" PRIu32, l ? l->line : 0);
		put_text(out, l ? ms_export_path(in, l->module) : "");
		put_stack(out, in, row->node, known);
		fputs("\r\n", out);
	}
	for (size_t i = 0; known && i < r->line_count; i++)
		free(known[i].text);
	free(known);
}

static void put_sizes(FILE *out, const struct ms_export_input *in)
{
	fputs(SIZE_COLUMNS(HEADER, LAST_HEADER) "\r\n", out);
	for (size_t i = 0; i < sizeof in->report->size_classes / sizeof *in->report->size_classes; i++) {
		const struct ms_report_size_class *row = &in->report->size_classes[i];

		if (!row->blocks && !row->live_blocks)
			continue;
		SIZE_COLUMNS(VALUE, LAST_VALUE)
		fputs("\r\n", out);
	}
}

static void put_lifetimes(FILE *out, const struct ms_export_input *in)
{
	fputs(LIFETIME_COLUMNS(HEADER, LAST_HEADER) "\r\n", out);
	for (size_t i = 0; i < sizeof in->report->lifetimes / sizeof *in->report->lifetimes; i++) {
		const struct ms_report_lifetime *row = &in->report->lifetimes[i];

		if (!row->blocks)
			continue;
		LIFETIME_COLUMNS(VALUE, LAST_VALUE)
		fputs("\r\n", out);
	}
}

static void put_threads(FILE *out, const struct ms_export_input *in)
{
	fputs("thread,tid,name," THREAD_COLUMNS(HEADER, LAST_HEADER) "\r\n", out);
	for (size_t i = 0; i < in->report->thread_count; i++) {
		const struct ms_report_thread *row = &in->report->threads[i];

		fprintf(out, "%" PRIu32 ",%" PRIu32, row->id, row->tid);
		put_text(out, row->name);
		putc(',', out);
		THREAD_COLUMNS(VALUE, LAST_VALUE)
		fputs("\r\n", out);
	}
}

static void put_timeline(FILE *out, const struct ms_export_input *in)
{
	fputs(BUCKET_COLUMNS(HEADER, LAST_HEADER) "\r\n", out);
	for (size_t i = 0; i < in->report->timeline_count; i++) {
		const struct ms_report_bucket *row = &in->report->timeline[i];

		BUCKET_COLUMNS(VALUE, LAST_VALUE)
		fputs("\r\n", out);
	}
}

#define TABLES(X) X(sites) X(sizes) X(lifetimes) X(threads) X(timeline)

static const char *const table_names[] = {
#define X(name) #name,
	TABLES(X)
#undef X
	NULL,
};

static int write_csv(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	static void (*const writers[])(FILE *, const struct ms_export_input *) = {
#define X(name) put_##name,
		TABLES(X)
#undef X
	};
	size_t table = 0;

	while (in->metric && table_names[table] && strcmp(table_names[table], in->metric) != 0)
		table++;
	if (!table_names[table])
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "there is no table '%.60s'", in->metric);
	writers[table](out, in);
	return ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

const struct ms_export ms_export_csv = {
	.name = "csv",
	.summary = "tables of the report as comma-separated values: spreadsheets, scripts",
	.suffix = ".csv",
	.metrics = table_names,
	.write = write_csv,
};
