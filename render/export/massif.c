/*
 * massif.c - what Valgrind's Massif writes: ms_print, massif-visualizer.
 *
 * Snapshots at 100 equal steps of time, and one at the peak, where it was reached first. Every tenth, the peak and the last one have the tree of
 * who had allocated what was alive then: the innermost frame first, its callers below. As Massif does, branches below 1 % of the snapshot
 * are one line with their sum, and call paths end after 90 frames; sums are exact all the same. Bytes are requested sizes; what the allocator
 * adds to them (mem_heap_extra_B) and stacks were not recorded: 0. Time is in milliseconds since the start of the recording or window.
 * Names lose control characters, which become '?', and what is no UTF-8 becomes U+FFFD. ms_print cuts names at '#', as it does Massif's own.
 *
 * Source: what Massif 3.19 writes and ms_print reads.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/block_steps.h"
#include "export_formats.h"
#include "format/trace_types.h"
#include "format/version.h"
#include "frame_labels.h"

#define STEPS 100u
#define DETAILED_EVERY 10u
#define DEPTH 90u /* ms_print warns at 100 */

/* A call path on its way to the root: the line that it is at. */
struct climber {
	uint32_t node, line;             /* line of the node, innermost first */
	uint32_t key;                    /* the line, as index into the report's; line_count: no stack */
	uint64_t bytes;
};

struct branch {
	uint32_t key;
	size_t first, count;             /* climbers */
	uint64_t bytes;
};

struct massif {
	FILE *out;
	const struct ms_export_input *in;
	uint64_t *bytes;                 /* alive, by node */
	uint64_t live, peak;
	uint32_t next, number;           /* next step of time; snapshots written */
	bool peaked;
	bool failed;                     /* no memory */
};

static uint64_t time_of(const struct massif *m, uint32_t step)
{
	uint64_t length = m->in->report->window.to_ns - m->in->report->window.from_ns;

	return length / STEPS * step + length % STEPS * step / STEPS;
}

/* ---- trees ------------------------------------------------------------------------------------------------------------- */

static int by_key(const void *pa, const void *pb)
{
	const struct climber *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static int by_bytes(const void *pa, const void *pb)
{
	const struct branch *a = pa, *b = pb;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return (a->key > b->key) - (a->key < b->key);
}

static void stand(const struct ms_report *r, struct climber *c)
{
	c->key = c->node ? r->nodes[c->node].first_line + c->line : (uint32_t)r->line_count;
}

/* To the callers; those that are at the root leave the list. */
static size_t climb(const struct ms_report *r, struct climber *list, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct climber c = list[i];

		if (c.node == 0)
			continue;
		if (++c.line == r->nodes[c.node].line_count) {
			c.node = r->nodes[c.node].parent;
			c.line = 0;
		}
		if (c.node == 0)
			continue;
		stand(r, &c);
		list[kept++] = c;
	}
	return kept;
}

static void put_node(const struct massif *m, unsigned depth, size_t children, uint64_t bytes, const char *label)
{
	fprintf(m->out, "%*sn%zu: %" PRIu64 " ", (int)depth, "", children, bytes);
	ms_put_line_text(m->out, label);
	putc('\n', m->out);
}

/* The children of a node: these climbers by their lines. list is used up. */
static void put_branches(struct massif *m, unsigned depth, uint64_t bytes, const char *label, struct climber *list, size_t count)
{
	const struct ms_report *r = m->in->report;
	struct branch *branches = malloc((count + 1) * sizeof *branches);
	size_t n = 0, large = 0, small = 0;
	uint64_t small_bytes = 0;
	char text[100];

	if (!branches) {
		m->failed = true;
		return;
	}
	qsort(list, count, sizeof *list, by_key);
	for (size_t i = 0; i < count; i++) {
		if (!n || branches[n - 1].key != list[i].key)
			branches[n++] = (struct branch){.key = list[i].key, .first = i};
		branches[n - 1].count++;
		branches[n - 1].bytes += list[i].bytes;
	}
	qsort(branches, n, sizeof *branches, by_bytes);
	while (large < n && branches[large].bytes >= m->live / 100 + (m->live % 100 > 0))
		large++;
	for (size_t i = large; i < n; i++, small++)
		small_bytes += branches[i].bytes;
	put_node(m, depth, large + (small > 0), bytes, label);
	for (size_t i = 0; i < large && !m->failed; i++) {
		const struct branch *b = &branches[i];
		char *name = ms_frame_label(m->in, b->key < r->line_count ? &r->lines[b->key] : NULL);
		size_t left = depth + 1 < DEPTH ? climb(r, list + b->first, b->count) : 0;

		if (name)
			put_branches(m, depth + 1, b->bytes, name, list + b->first, left);
		m->failed |= !name;
		free(name);
	}
	if (small) {
		snprintf(text, sizeof text, "in %zu place%s, %sbelow massif's threshold (1.00%%)", small, small == 1 ? "" : "s", small == 1 ? "" : "all ");
		put_node(m, depth + 1, 0, small_bytes, text);
	}
	free(branches);
}

static void put_tree(struct massif *m)
{
	const struct ms_report *r = m->in->report;
	struct climber *list = malloc((r->node_count + 1) * sizeof *list);
	size_t count = 0;

	m->failed |= !list;
	for (size_t n = 0; list && n < r->node_count; n++)
		if (m->bytes[n]) {
			list[count] = (struct climber){.node = (uint32_t)n, .bytes = m->bytes[n]};
			stand(r, &list[count++]);
		}
	if (list)
		put_branches(m, 0, m->live, "(heap allocation functions) malloc/new/new[], --alloc-fns, etc.", list, count);
	free(list);
}

/* ---- snapshots --------------------------------------------------------------------------------------------------------- */

static void put_snapshot(struct massif *m, uint64_t after_ns, const char *tree)
{
	fprintf(m->out, "#-----------\nsnapshot=%" PRIu32 "\n#-----------\ntime=%" PRIu64 ".%06" PRIu64 "\n", m->number++, after_ns / 1000000,
	        after_ns % 1000000);
	fprintf(m->out, "mem_heap_B=%" PRIu64 "\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=%s\n", m->live, tree);
	if (strcmp(tree, "empty") != 0)
		put_tree(m);
}

/* All steps of time that lie before; those at the same time are one. */
static void put_steps(struct massif *m, uint64_t before_ns)
{
	for (; m->next < STEPS && time_of(m, m->next) < before_ns; m->next++)
		if (m->next == 0 || time_of(m, m->next) > time_of(m, m->next - 1))
			put_snapshot(m, time_of(m, m->next), m->next % DETAILED_EVERY == 0 && m->next ? "detailed" : "empty");
}

static void check_peak(struct massif *m, uint64_t after_ns)
{
	if (m->peaked || m->live != m->peak)
		return;
	m->peaked = true;
	put_snapshot(m, after_ns, "peak");
}

static int visit(void *context, const struct ms_block_step *s, struct ms_error *err)
{
	struct massif *m = context;
	const struct ms_report *r = m->in->report;
	uint64_t after = s->time_ns - r->window.from_ns;

	put_steps(m, after);
	if (s->kind == MS_BLOCKS_EXEC)
		memset(m->bytes, 0, r->node_count * sizeof *m->bytes);
	else if (s->kind == MS_BLOCKS_FREE || s->kind == MS_BLOCKS_MOVE)
		m->bytes[s->node] -= s->size_bytes;
	else
		m->bytes[s->node] += s->size_bytes * s->blocks;
	m->live = s->live_bytes;
	if (m->peak)
		check_peak(m, after);
	if (m->failed)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a snapshot");
	return ferror(m->out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

static int write_massif(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	const struct ms_report *r = in->report;
	struct massif m = {.out = out, .in = in, .bytes = calloc(r->node_count + 1, sizeof *m.bytes), .peak = r->totals.peak_bytes};
	int rc;

	if (!m.bytes)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu frames", r->node_count);
	fputs("desc: memscope " MS_VERSION ", --threshold=1.00% --depth=90\ncmd: ", out);
	for (size_t i = 0; i < r->trace.process->command_count; i++) {
		fputs(i ? " " : "", out);
		ms_put_line_text(out, r->trace.process->command[i]);
	}
	fputs("\ntime_unit: ms\n", out);
	rc = ms_block_steps(r, in->trace, visit, &m, err);
	if (rc == MS_OK) {
		put_steps(&m, UINT64_MAX);
		put_snapshot(&m, r->window.to_ns - r->window.from_ns, m.peaked ? "detailed" : "peak"); /* nothing was ever alive: that is the peak */
		if (m.failed)
			rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a snapshot");
		else if (ferror(out))
			rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write");
	}
	free(m.bytes);
	return rc;
}

const struct ms_export ms_export_massif = {
	.name = "massif",
	.summary = "heap over time as of Valgrind's Massif: ms_print, massif-visualizer",
	.suffix = ".massif",
	.write = write_massif,
};
