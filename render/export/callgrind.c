/*
 * callgrind.c - a profile in Callgrind's format: KCachegrind, QCachegrind, callgrind_annotate.
 *
 * Own cost of a function: what the blocks cost that were begun by its lines; its calls cost what was begun below them. A function that is on a
 * call path for the second time is another one, name'2 (as Callgrind's --separate-recs does), so that inclusive cost of a name counts each
 * block once: it equals that of the report's functions. Inlined functions are functions. "calls" counts call paths: calls were not recorded.
 * Functions without a name are called by module and offset; files and names lose control characters, which become '?', and what is no
 * UTF-8 becomes U+FFFD.
 *
 * Source: Valgrind's manual, "Callgrind Format Specification".
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_formats.h"
#include "export_names.h"
#include "format/intern.h"
#include "format/trace_types.h"
#include "format/version.h"
#include "frame_labels.h"

#define COSTS(X)                                                              \
	X("peakB", "bytes at the peak", s->peak_bytes)                            \
	X("liveB", "bytes alive at the end", s->live_bytes)                       \
	X("allocB", "bytes allocated", s->allocated_bytes)                        \
	X("peakBk", "blocks at the peak", s->peak_blocks)                         \
	X("liveBk", "blocks alive at the end", s->live_blocks)                    \
	X("allocBk", "blocks begun", s->allocations + s->reallocations)           \
	X("tempBk", "temporary blocks", s->temporary_allocations)
#define X(name, title, expression) +1
enum { COST_COUNT = COSTS(X) };
#undef X

struct cost {
	uint64_t value[COST_COUNT];
};

/* A function at some level of recursion, and its index in names. */
struct instance {
	uint32_t function, level;
	const char *file, *module;
	uint32_t line;                   /* the first one seen */
	bool told;                       /* its name was written */
};

/* What a line of an instance costs: callee 0, by itself; else in calls of that instance (from 1 on). */
struct record {
	uint32_t caller, line, callee, paths;
	struct cost cost;
};

struct links {
	uint32_t first_child, next;      /* nodes; 0 = none */
};

struct profile {
	const struct ms_export_input *in;
	struct cost *below;              /* by node: of all sites in its subtree */
	struct cost *own;
	struct links *links;
	struct ms_intern functions, instances, edges, files, modules; /* the last two: whose names were written */
	uint32_t *function_of_line;      /* of the report; 0 = not known yet */
	bool failed;                     /* no memory while writing */
	char **names;                    /* of functions, from 0 on */
	size_t name_capacity;
	uint32_t *depth;                 /* by function: how often it is on the path */
	size_t depth_capacity;
	struct instance *list;
	size_t list_capacity;
	struct record *records;
	size_t record_capacity;
};

static bool grow(void *list, size_t *capacity, size_t wanted, size_t size)
{
	void **at = list, *grown;
	size_t more = *capacity ? *capacity * 2 : 256;

	if (wanted < *capacity)
		return true;
	grown = realloc(*at, more * size);
	if (!grown)
		return false;
	memset((char *)grown + *capacity * size, 0, (more - *capacity) * size);
	*at = grown;
	*capacity = more;
	return true;
}

static void add(struct cost *to, const struct cost *what)
{
	for (int k = 0; k < COST_COUNT; k++)
		to->value[k] += what->value[k];
}

static bool is_zero(const struct cost *c)
{
	for (int k = 0; k < COST_COUNT; k++)
		if (c->value[k])
			return false;
	return true;
}

/* ---- functions, instances, records; 0: no memory ---------------------------------------------------------------------- */

static uint32_t find_function(struct profile *p, const struct ms_report_line *line)
{
	char buffer[MS_EXPORT_FRAME];
	const char *name = ms_export_frame(buffer, line), *file = line ? line->file : "", *module = line ? line->module : "";
	char *key;
	int size = asprintf(&key, "%s%c%s%c%s", name, 0, file, 0, module);
	bool is_new;
	uint32_t id;

	if (size < 0)
		return 0;
	id = ms_intern(&p->functions, key, (size_t)size, &is_new);
	if (id && !(grow(&p->names, &p->name_capacity, id, sizeof *p->names) && grow(&p->depth, &p->depth_capacity, id, sizeof *p->depth)))
		id = 0;
	if (id && is_new)
		p->names[id] = key; /* it begins with the name */
	else
		free(key);
	return id;
}

static uint32_t function(struct profile *p, const struct ms_report_line *line)
{
	uint32_t *known;

	if (!line)
		return find_function(p, NULL);
	known = &p->function_of_line[line - p->in->report->lines];
	if (!*known)
		*known = find_function(p, line);
	return *known;
}

/* The function enters the path. */
static uint32_t enter(struct profile *p, const struct ms_report_line *line)
{
	uint32_t f = function(p, line), key[2], id;
	bool is_new;

	if (!f)
		return 0;
	key[0] = f;
	key[1] = ++p->depth[f];
	id = ms_intern(&p->instances, key, sizeof key, &is_new);
	if (!id || !grow(&p->list, &p->list_capacity, id, sizeof *p->list))
		return 0;
	if (is_new)
		p->list[id] = (struct instance){
			.function = f, .level = key[1], .file = line ? line->file : "", .module = line ? line->module : "", .line = line ? line->line : 0,
		};
	return id;
}

static bool record(struct profile *p, uint32_t caller, uint32_t line, uint32_t callee, const struct cost *cost)
{
	uint32_t key[3] = {caller, line, callee}, id;
	bool is_new;

	if (is_zero(cost))
		return true;
	id = ms_intern(&p->edges, key, sizeof key, &is_new);
	if (!id || !grow(&p->records, &p->record_capacity, id, sizeof *p->records))
		return false;
	if (is_new)
		p->records[id] = (struct record){.caller = caller, .line = line, .callee = callee};
	p->records[id].paths++;
	add(&p->records[id].cost, cost);
	return true;
}

/* ---- the tree ---------------------------------------------------------------------------------------------------------- */

static void sum_up(struct profile *p)
{
	const struct ms_report *r = p->in->report;

	for (size_t i = 0; i < r->site_count; i++) {
		const struct ms_report_site *s = &r->sites[i];
#define X(name, title, expression) expression,
		const struct cost c = {{COSTS(X)}};
#undef X
		p->own[s->node] = c;
		p->below[s->node] = c;
	}
	for (size_t n = r->node_count; n-- > 1;) { /* children stand in the order of their numbers */
		uint32_t parent = r->nodes[n].parent;

		add(&p->below[parent], &p->below[n]);
		p->links[n].next = p->links[parent].first_child;
		p->links[parent].first_child = (uint32_t)n;
	}
}

/* Node n is entered; *caller, *line: its parent's innermost instance and line, 0 = none; become its own. */
static bool enter_node(struct profile *p, uint32_t n, uint32_t *caller, uint32_t *line)
{
	const struct ms_report *r = p->in->report;

	for (uint32_t i = r->nodes[n].line_count; i-- > 0;) {
		const struct ms_report_line *l = &r->lines[r->nodes[n].first_line + i];
		uint32_t id = enter(p, l);

		if (!id || (*caller && !record(p, *caller, *line, id, &p->below[n])))
			return false;
		*caller = id;
		*line = l->line;
	}
	return *caller == 0 || record(p, *caller, *line, 0, &p->own[n]);
}

static bool leave_node(struct profile *p, uint32_t n)
{
	const struct ms_report *r = p->in->report;

	for (uint32_t i = 0; i < r->nodes[n].line_count; i++) {
		uint32_t f = function(p, &r->lines[r->nodes[n].first_line + i]);

		if (!f)
			return false;
		p->depth[f]--;
	}
	return true;
}

/* Every call path from the root on. stack: (instance, line) by node. */
static bool walk(struct profile *p, uint32_t (*stack)[2])
{
	const struct ms_report *r = p->in->report;
	uint32_t n = p->links[0].first_child;

	while (n) {
		uint32_t parent = r->nodes[n].parent;

		stack[n][0] = stack[parent][0];
		stack[n][1] = stack[parent][1];
		if (!enter_node(p, n, &stack[n][0], &stack[n][1]))
			return false;
		if (p->links[n].first_child) {
			n = p->links[n].first_child;
			continue;
		}
		for (; n && !p->links[n].next; n = r->nodes[n].parent)
			if (!leave_node(p, n))
				return false;
		if (n) {
			if (!leave_node(p, n))
				return false;
			n = p->links[n].next;
		}
	}
	if (!is_zero(&p->own[0])) {
		uint32_t id = enter(p, NULL);

		return id && record(p, id, 0, 0, &p->own[0]);
	}
	return true;
}

/* ---- writing ----------------------------------------------------------------------------------------------------------- */

static int by_place(const void *pa, const void *pb)
{
	const struct record *a = pa, *b = pb;

	if (a->caller != b->caller)
		return a->caller < b->caller ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->callee > b->callee) - (a->callee < b->callee);
}

static void put_costs(FILE *out, const struct cost *c)
{
	for (int k = 0; k < COST_COUNT; k++)
		fprintf(out, " %" PRIu64, c->value[k]);
	putc('\n', out);
}

/* A name is written where it stands first, later only its number: so the format demands. */
static void put_name(FILE *out, struct profile *p, struct ms_intern *known, const char *key, const char *path)
{
	const char *text = ms_export_path(p->in, path);
	bool is_new;
	uint32_t id = ms_intern(known, text, strlen(text), &is_new);

	p->failed |= id == 0;
	fprintf(out, "%s(%" PRIu32 ")", key, id);
	if (is_new) {
		putc(' ', out);
		ms_put_line_text(out, *text ? text : "???");
	}
	putc('\n', out);
}

static void put_instance(FILE *out, struct profile *p, uint32_t id, const char *object, const char *file, const char *function_key)
{
	struct instance *i = &p->list[id];

	put_name(out, p, &p->modules, object, i->module);
	put_name(out, p, &p->files, file, i->file);
	fprintf(out, "%s(%" PRIu32 ")", function_key, id);
	if (!i->told) {
		putc(' ', out);
		ms_put_line_text(out, p->names[i->function]);
		if (i->level > 1)
			fprintf(out, "'%" PRIu32, i->level);
		i->told = true;
	}
	putc('\n', out);
}

static void put_header(FILE *out, const struct profile *p)
{
	const struct ms_report *r = p->in->report;

	fputs("# callgrind format\nversion: 1\ncreator: memscope-" MS_VERSION "\n", out);
	fprintf(out, "pid: %" PRIu32 "\ncmd: ", r->trace.process->pid);
	for (size_t i = 0; i < r->trace.process->command_count; i++) {
		fputs(i ? " " : "", out);
		ms_put_line_text(out, r->trace.process->command[i]);
	}
	fputs("\npart: 1\n\npositions: line\n", out);
#define X(name, title, expression) fputs("event: " name " : " title "\n", out);
	COSTS(X)
#undef X
	fputs("events:", out);
#define X(name, title, expression) fputs(" " name, out);
	COSTS(X)
#undef X
	fputs("\nsummary:", out);
	put_costs(out, &p->below[0]);
}

static void put_records(FILE *out, struct profile *p)
{
	struct record *list = p->records + 1;
	uint32_t count = p->edges.count, last = 0;

	if (count)
		qsort(list, count, sizeof *list, by_place);
	for (uint32_t i = 0; i < count; i++) {
		if (list[i].caller != last) {
			putc('\n', out);
			put_instance(out, p, list[i].caller, "ob=", "fl=", "fn=");
		}
		last = list[i].caller;
		if (list[i].callee) {
			put_instance(out, p, list[i].callee, "cob=", "cfi=", "cfn=");
			fprintf(out, "calls=%" PRIu32 " %" PRIu32 "\n", list[i].paths, p->list[list[i].callee].line);
		}
		fprintf(out, "%" PRIu32, list[i].line);
		put_costs(out, &list[i].cost);
	}
	fputs("\ntotals:", out);
	put_costs(out, &p->below[0]);
}

static int write_callgrind(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	size_t nodes = in->report->node_count + 1;
	struct profile p = {
		.in = in, .below = calloc(nodes, sizeof *p.below), .own = calloc(nodes, sizeof *p.own), .links = calloc(nodes, sizeof *p.links),
		.function_of_line = calloc(in->report->line_count + 1, sizeof *p.function_of_line),
	};
	uint32_t (*stack)[2] = calloc(nodes, sizeof *stack);
	bool done = p.below && p.own && p.links && p.function_of_line && stack;

	if (done) {
		sum_up(&p);
		done = walk(&p, stack);
	}
	if (done) {
		put_header(out, &p);
		put_records(out, &p);
		done = !p.failed;
	}
	for (size_t i = 0; i < p.name_capacity; i++)
		free(p.names[i]);
	free(p.names);
	free(p.depth);
	free(p.list);
	free(p.records);
	free(p.below);
	free(p.own);
	free(p.links);
	free(p.function_of_line);
	free(stack);
	ms_intern_free(&p.functions);
	ms_intern_free(&p.instances);
	ms_intern_free(&p.edges);
	ms_intern_free(&p.files);
	ms_intern_free(&p.modules);
	if (!done)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the call graph of %zu frames", nodes);
	return ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

const struct ms_export ms_export_callgrind = {
	.name = "callgrind",
	.summary = "call graph as of Valgrind's Callgrind: KCachegrind, callgrind_annotate",
	.suffix = ".callgrind",
	.write = write_callgrind,
};
