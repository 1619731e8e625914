/*
 * jeprof.c - the text of tcmalloc's heap profiles with symbols in front: jeprof and google-pprof read it, without the program at hand.
 *
 * A line per call path: blocks and bytes in use (at the peak, or with the metric "live" at the end), in brackets those begun in all; a realloc
 * that succeeded begins a block. The header says "heapprofile": figures are exact, and readers scale those of "heap_v2" as samples. Addresses
 * are those of calls; a module that was loaded twice has those of the last time, and frames that would share one get one of their own, from
 * 0x7f00000000000000 on. In names "--" becomes "- -" (it separates inlined functions, innermost first), control characters become '?', what
 * is no UTF-8 U+FFFD.
 *
 * Source: gperftools' documentation of heap profiles, and what its pprof reads and writes with --raw.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_findings.h"
#include "export_formats.h"
#include "export_names.h"
#include "format/intern.h"
#include "frame_labels.h"

#define OWN_ADDRESSES 0x7f00000000000000u /* readers drop what lies above 0x7fffffffffffffff */

static const char *const metrics[] = {"peak", "live", NULL};

struct addresses {
	struct ms_intern taken;          /* addresses */
	uint64_t *of_line;               /* by first_line of a node; the last one: no stack; 0 = not known yet */
	uint64_t own;                    /* how many are ours */
	bool failed;
};

static void put_name(FILE *out, const char *name)
{
	for (const char *dashes; (dashes = strstr(name, "--")) != NULL; name = dashes + 1) {
		char *head = strndup(name, (size_t)(dashes - name) + 1);

		if (head)
			ms_put_line_text(out, head);
		putc(' ', out);
		free(head);
	}
	ms_put_line_text(out, *name ? name : "?");
}

/* Gives the frame of node n (0: no stack) an address and writes its symbol, unless it has one. */
static void name_frame(FILE *out, const struct ms_export_input *in, struct addresses *a, uint32_t n)
{
	const struct ms_report *r = in->report;
	const struct ms_report_node *node = &r->nodes[n];
	size_t first = n ? node->first_line : r->line_count;
	const struct ms_report_line *l = n ? &r->lines[first + node->line_count - 1] : NULL;
	uint64_t address = l ? ms_frame_address(in, l) : 0;
	char buffer[MS_EXPORT_FRAME];
	bool is_new;

	if (a->of_line[first])
		return;
	a->failed |= ms_intern(&a->taken, &address, sizeof address, &is_new) == 0;
	if (!address || address >= OWN_ADDRESSES || !is_new)
		address = OWN_ADDRESSES + a->own++;
	a->of_line[first] = address;
	fprintf(out, "0x%016" PRIx64, address);
	for (uint32_t i = 0; i < (n ? node->line_count : 1); i++) {
		fputs(i ? "--" : " ", out);
		put_name(out, ms_export_frame(buffer, n ? &r->lines[first + i] : NULL));
	}
	putc('\n', out);
}

static void put_row(FILE *out, const char *before, const struct ms_report_site *s, bool live, const char *after)
{
	fprintf(out, "%s%6" PRIu64 ": %8" PRIu64 " [%6" PRIu64 ": %8" PRIu64 "] @%s", before, live ? s->live_blocks : s->peak_blocks,
	        live ? s->live_bytes : s->peak_bytes, s->allocations + s->reallocations, s->allocated_bytes, after);
}

static int write_jeprof(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	const struct ms_report *r = in->report;
	const struct ms_report_totals *t = &r->totals;
	const struct ms_report_site all = {
		.allocations = t->allocations, .reallocations = t->reallocations, .allocated_bytes = t->allocated_bytes, .live_blocks = t->live_blocks,
		.live_bytes = t->live_bytes, .peak_blocks = t->peak_blocks, .peak_bytes = t->peak_bytes,
	};
	struct addresses a = {.of_line = calloc(r->line_count + 1, sizeof *a.of_line)};
	bool live = in->metric && strcmp(in->metric, "live") == 0;

	if (!a.of_line)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu frames", r->line_count);
	fputs("--- symbol\nbinary=", out);
	ms_put_line_text(out, ms_export_path(in, ms_export_program(r)));
	putc('\n', out);
	for (size_t i = 0; i < r->site_count; i++) {
		uint32_t n = r->sites[i].node;

		do
			name_frame(out, in, &a, n);
		while (n && (n = r->nodes[n].parent) != 0);
	}
	fputs("---\n", out);
	put_row(out, "heap profile: ", &all, live, " heapprofile\n");
	for (size_t i = 0; i < r->site_count; i++) {
		uint32_t n = r->sites[i].node;

		put_row(out, "", &r->sites[i], live, "");
		do
			fprintf(out, " 0x%016" PRIx64, a.of_line[n ? r->nodes[n].first_line : r->line_count]);
		while (n && (n = r->nodes[n].parent) != 0);
		putc('\n', out);
	}
	fputs("\nMAPPED_LIBRARIES:\n", out);
	ms_intern_free(&a.taken);
	free(a.of_line);
	if (a.failed)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu frames", r->line_count);
	return ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

const struct ms_export ms_export_jeprof = {
	.name = "jeprof",
	.summary = "heap profile as text, with symbols: jeprof, google-pprof",
	.suffix = ".heap",
	.metrics = metrics,
	.write = write_jeprof,
};
