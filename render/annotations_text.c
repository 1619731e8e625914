/* annotations_text.c - the sections about what the program said of itself: tasks, scopes, variables, pools. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "annotation_rank.h"
#include "format/errors.h"
#include "group_rows.h"
#include "report_names.h"
#include "text_style.h"
#include "verdict_words.h"

#define BIOGRAPHIES 5u                   /* at most; --top gives fewer, 0 all */
#define POOL_SITES 3u

static size_t at_most(const struct ms_text *t, size_t count)
{
	return t->options.top && count > t->options.top ? t->options.top : count;
}

/* Nothing of the kind was told: said only who asks. */
static int nothing(struct ms_text *t, const char *title, const char *what)
{
	const char *blind = ms_unsaid_words(t->report);

	if (t->options.sections && blind)
		ms_text_heading(t, title, "not observable: %s", blind);
	else if (t->options.sections)
		ms_text_heading(t, title, "the program named no %s", what);
	return MS_OK;
}

static char *named(const char *name)
{
	return *name ? ms_text_escaped(name) : strdup("(no name)");
}

static void cells_owned(struct ms_text *t, struct ms_table *table, const struct ms_owned *o)
{
	ms_cell_bytes(t, table, o->allocated_bytes);
	ms_cell_count(table, o->allocations + o->reallocations);
	ms_cell_bytes(t, table, o->peak_bytes);
	ms_cell_bytes(t, table, o->live_bytes);
	ms_cell_share(table, o->freed_bytes, ms_owned_available(o));
	if (t->report->leaks.observable)
		ms_cell_bytes(t, table, o->definite_bytes + o->indirect_bytes);
	else
		ms_table_cell(table, "?");
}

static void print_outside(struct ms_text *t, const struct ms_owned *o, const char *what)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	fprintf(t->out, "  in no %s: allocated %s, alive %s\n", what, ms_unit_bytes(a, o->allocated_bytes, t->options.exact),
	        ms_unit_bytes(b, o->live_bytes, t->options.exact));
	if (!t->report->leaks.observable)
		fprintf(t->out, "  what of it is leaked is not observable: %s\n", t->report->leaks.reason ? t->report->leaks.reason : "no heap graph");
}

/* ---- tasks ----------------------------------------------------------------------------------------------------------- */

static char *task_name(const struct ms_report *r, size_t i)
{
	const struct ms_task *t = &r->tasks.list[i];
	char *name = named(t->name), key[40] = "", parent[24] = "", *text = NULL;

	if (t->has_key)
		snprintf(key, sizeof key, " [%" PRIu64 "]", t->key);
	if (t->parent)
		snprintf(parent, sizeof parent, " of #%" PRIu32, t->parent);
	if (name && asprintf(&text, "#%zu %s%s%s", i + 1, name, key, parent) < 0)
		text = NULL;
	free(name);
	return text;
}

int ms_text_tasks(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"allocated", MS_RIGHT}, {"blocks", MS_RIGHT}, {"own peak", MS_RIGHT}, {"alive", MS_RIGHT}, {"freed", MS_RIGHT}, {"leaked", MS_RIGHT},
		{"subtree", MS_RIGHT}, {"inside", MS_RIGHT}, {"task", MS_LEFT},
	};
	const struct ms_report_tasks *s = &t->report->tasks;
	size_t n = at_most(t, s->count);
	struct ms_rank *order;
	struct ms_table table;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT];
	uint64_t ended = 0, kept = 0;
	int rc;

	if (!s->list)
		return nothing(t, "TASKS", "task");
	order = ms_rank_tasks(t->report);
	if (!order)
		return MS_E_NOMEM;
	for (size_t i = 0; i < s->count; i++) {
		ended += s->list[i].ended;
		kept += s->list[i].ended && s->list[i].own.live_blocks > 0;
	}
	ms_text_heading(t, "TASKS", "%s, of which %s ended, %s of them with blocks alive; blocks begun for each, whoever freed them", ms_unit_of(a, s->count, "task"),
	                ms_unit_count(b, ended), ms_unit_count(c, kept));
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_task *task = &s->list[order[i].index];

		cells_owned(t, &table, &task->own);
		if (task->sum.members > 1)
			ms_cell_bytes(t, &table, task->sum.live_bytes);
		else
			ms_table_cell(&table, "");
		ms_cell_duration(&table, task->inside_ns);
		ms_cell_owned(&table, task_name(t->report, order[i].index));
	}
	free(order);
	rc = ms_text_print(t, &table);
	ms_text_more(t, s->count - n, "more task");
	print_outside(t, &s->outside, "task");
	if (s->omitted_tasks)
		fprintf(t->out, "  ! %s beyond the limit of %u have no rows: their blocks come to %s alive\n", ms_unit_of(a, s->omitted_tasks, "task"), MS_TASKS_MAX,
		        ms_unit_bytes(b, s->omitted.live_bytes, t->options.exact));
	if (s->unbalanced)
		fprintf(t->out, "  ! %s of a task that was not the one entered last, or only by the end of its thread\n", ms_unit_of(a, s->unbalanced, "leave"));
	return rc;
}

/* ---- scopes ---------------------------------------------------------------------------------------------------------- */

/* "parse / read": the last names of a deep one. */
static char *scope_path(const struct ms_report *r, size_t i)
{
	const struct ms_scope *s = &r->scopes.list[i];
	uint32_t id[8], count = 0;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (uint32_t k = (uint32_t)i + 1; k && count < sizeof id / sizeof *id; k = r->scopes.list[k - 1].parent)
		id[count++] = k;
	fputs(s->depth > count ? "... / " : "", f);
	while (count--) {
		char *name = named(r->scopes.list[id[count] - 1].name);

		fprintf(f, "%s%s", name ? name : "?", count ? " / " : "");
		free(name);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

int ms_text_scopes(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"allocated", MS_RIGHT}, {"blocks", MS_RIGHT}, {"own peak", MS_RIGHT}, {"alive", MS_RIGHT}, {"freed", MS_RIGHT}, {"leaked", MS_RIGHT},
		{"subtree", MS_RIGHT}, {"calls", MS_RIGHT}, {"inside", MS_RIGHT}, {"scope", MS_LEFT},
	};
	const struct ms_report_scopes *s = &t->report->scopes;
	size_t n = at_most(t, s->count);
	struct ms_rank *order;
	struct ms_table table;
	char a[MS_UNIT_TEXT];
	int rc;

	if (!s->list)
		return nothing(t, "SCOPES", "scope");
	order = ms_rank_scopes(t->report);
	if (!order)
		return MS_E_NOMEM;
	ms_text_heading(t, "SCOPES", "by path of names; blocks begun in each, whoever freed them");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_scope *scope = &s->list[order[i].index];

		cells_owned(t, &table, &scope->own);
		if (scope->sum.members > 1)
			ms_cell_bytes(t, &table, scope->sum.live_bytes);
		else
			ms_table_cell(&table, "");
		ms_cell_count(&table, scope->calls);
		ms_cell_duration(&table, scope->inside_ns);
		ms_cell_owned(&table, scope_path(t->report, order[i].index));
	}
	free(order);
	rc = ms_text_print(t, &table);
	ms_text_more(t, s->count - n, "more scope");
	print_outside(t, &s->outside, "scope");
	if (s->omitted_calls)
		fprintf(t->out, "  ! %s of further paths: their blocks are those of the scope around them\n", ms_unit_of(a, s->omitted_calls, "call"));
	if (s->unbalanced)
		fprintf(t->out, "  ! %s without an end or a begin of its own: left by a jump, an exception or the end of a thread\n",
		        ms_unit_of(a, s->unbalanced, "scope"));
	return rc;
}

/* ---- variables ------------------------------------------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "list: int *, in parse (a.c:12)". */
static char *variable_text(const struct ms_tracked *v)
{
	char *text = NULL, *name = named(v->name), *type = ms_text_escaped(*v->type ? v->type : "type not known");
	char *file = ms_text_escaped(last_part(v->file));
	int n = -1;

	if (name && type && file)
		n = *file ? asprintf(&text, "%s: %s (%s:%" PRIu32 ")", name, type, file, v->line) : asprintf(&text, "%s: %s", name, type);
	free(name);
	free(type);
	free(file);
	return n < 0 ? NULL : text;
}

static void print_thread(struct ms_text *t, uint32_t id, const char *how)
{
	if (id && id <= t->report->thread_count)
		fprintf(t->out, " %s thread %" PRIu32, how, t->report->threads[id - 1].tid);
}

static void print_event(struct ms_text *t, const struct ms_biography_event *e)
{
	const struct ms_report_variables *v = &t->report->variables;
	char a[MS_UNIT_TEXT];

	fprintf(t->out, "      %12s  %s", ms_unit_duration(a, e->time_ns), ms_biography_event_name(e->kind));
	if (e->kind == MS_BIO_TRACKED && e->variable && e->variable <= v->count) {
		char *name = named(v->list[e->variable - 1].name);

		fprintf(t->out, " as %s", name ? name : "?");
		free(name);
	}
	if (e->other)
		fprintf(t->out, " block %" PRIu64, e->other);
	if (e->bytes || e->kind == MS_BIO_BORN || e->kind == MS_BIO_REALLOCATED)
		fprintf(t->out, ", %s,", ms_unit_bytes(a, e->bytes, t->options.exact));
	print_thread(t, e->thread, e->kind == MS_BIO_HANDED ? "to" : "by");
	putc('\n', t->out);
}

static int print_biographies(struct ms_text *t)
{
	const struct ms_report_variables *v = &t->report->variables;
	size_t n = t->options.top && t->options.top < BIOGRAPHIES ? t->options.top : BIOGRAPHIES;
	struct ms_rank *order;
	char a[MS_UNIT_TEXT];

	if (n > v->biography_count || !t->options.top)
		n = v->biography_count;
	if (!n)
		return MS_OK;
	order = ms_rank_biographies(t->report);
	if (!order)
		return MS_E_NOMEM;
	fputs("  biographies, of the largest blocks\n", t->out);
	for (size_t i = 0; i < n; i++) {
		const struct ms_biography *b = &v->biographies[order[i].index];
		char *place = ms_text_place(ms_report_headline(t->report, b->node), NULL);
		char *name = b->variable ? variable_text(&v->list[b->variable - 1]) : strdup("of no variable");

		fprintf(t->out, "    block %" PRIu64 ", %s, %s; begun in %s\n", b->first_block, ms_unit_bytes(a, b->size_bytes, t->options.exact),
		        name ? name : "?", place ? place : "?");
		for (uint64_t k = 0; k < b->event_count; k++)
			print_event(t, &v->events[b->first_event + k]);
		if (b->end == MS_BIO_BORN)
			fprintf(t->out, "      %12s  alive\n", "at the end");
		if (b->omitted)
			fprintf(t->out, "      %12s  %s more\n", "", ms_unit_of(a, b->omitted, "event"));
		free(place);
		free(name);
	}
	free(order);
	ms_text_more(t, v->biography_count - n + v->omitted, "more block");
	return MS_OK;
}

int ms_text_variables(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"alive", MS_RIGHT}, {"blocks", MS_RIGHT}, {"peak", MS_RIGHT}, {"freed", MS_RIGHT}, {"tracked", MS_RIGHT}, {"realloc'd", MS_RIGHT},
		{"cloned", MS_RIGHT}, {"moved", MS_RIGHT}, {"borrowed", MS_RIGHT}, {"handed over", MS_RIGHT}, {"variable", MS_LEFT},
	};
	const struct ms_report_variables *s = &t->report->variables;
	size_t n = at_most(t, s->count);
	struct ms_rank *order;
	struct ms_table table;
	uint64_t untracked = 0;
	char a[MS_UNIT_TEXT];
	int rc;

	if (!s->list)
		return nothing(t, "VARIABLES", "variable");
	order = ms_rank_variables(t->report);
	if (!order)
		return MS_E_NOMEM;
	ms_text_heading(t, "VARIABLES", "that the program tracks; a block belongs to the one that tracked it last");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_tracked *v = &s->list[order[i].index];

		ms_cell_bytes(t, &table, v->live_bytes);
		ms_cell_count(&table, v->blocks);
		ms_cell_bytes(t, &table, v->peak_bytes);
		ms_cell_count(&table, v->freed);
		ms_cell_count(&table, v->tracks);
		ms_cell_count(&table, v->reallocations);
		ms_cell_count(&table, v->clones);
		ms_cell_count(&table, v->moves);
		ms_cell_count(&table, v->borrows);
		ms_cell_count(&table, v->hand_overs);
		ms_cell_owned(&table, variable_text(v));
	}
	free(order);
	rc = ms_text_print(t, &table);
	ms_text_more(t, s->count - n, "more variable");
	for (size_t i = 0; i < s->count; i++)
		untracked += s->list[i].untracked;
	if (untracked)
		fprintf(t->out, "  ! %s of what is no block that the trace knows\n", ms_unit_of(a, untracked, "tracking"));
	if (s->unknown)
		fprintf(t->out, "  ! %s, of clones, moves, borrows and returns, that the trace does not know\n", ms_unit_of(a, s->unknown, "block"));
	return rc ? rc : print_biographies(t);
}

/* ---- pools ----------------------------------------------------------------------------------------------------------- */

static int print_pool_sites(struct ms_text *t, const struct ms_rank *order, size_t n)
{
	static const struct ms_column columns[] = {
		{"allocated", MS_RIGHT}, {"blocks", MS_RIGHT}, {"alive", MS_RIGHT}, {"pool", MS_LEFT}, {"where", MS_LEFT},
	};
	const struct ms_report_pools *p = &t->report->pools;
	struct ms_table table;

	if (!p->site_count)
		return MS_OK;
	fprintf(t->out, "  who asked pools for blocks, at most %u call paths each\n", POOL_SITES);
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const uint32_t pool = (uint32_t)order[i].index + 1;
		size_t first = ms_group_begin(p->sites, p->site_count, sizeof *p->sites, pool);

		for (size_t k = first; k < p->site_count && p->sites[k].pool == pool && k < first + POOL_SITES; k++) {
			const struct ms_pool_site *s = &p->sites[k];

			ms_cell_bytes(t, &table, s->allocated_bytes);
			ms_cell_count(&table, s->allocations);
			ms_cell_bytes(t, &table, s->live_bytes);
			ms_cell_owned(&table, named(p->list[s->pool - 1].name));
			ms_cell_owned(&table, ms_text_place(ms_report_headline(t->report, s->node), NULL));
		}
	}
	return ms_text_print(t, &table);
}

int ms_text_pools(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"allocated", MS_RIGHT}, {"blocks", MS_RIGHT}, {"peak", MS_RIGHT}, {"of", MS_RIGHT}, {"used", MS_RIGHT}, {"alive", MS_RIGHT},
		{"freed", MS_RIGHT}, {"at resets", MS_RIGHT}, {"at destroy", MS_RIGHT}, {"pool", MS_LEFT},
	};
	const struct ms_report_pools *s = &t->report->pools;
	size_t n = at_most(t, s->count);
	uint64_t unmatched = 0, replaced = 0, outside = 0, gone = 0;
	struct ms_rank *order;
	struct ms_table table;
	char a[MS_UNIT_TEXT];
	int rc;

	if (!s->list)
		return nothing(t, "POOLS", "pool");
	order = ms_rank_pools(t->report);
	if (!order)
		return MS_E_NOMEM;
	ms_text_heading(t, "POOLS", "allocators of the program's own; their blocks lie inside blocks of the heap and are in no total");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_pool *p = &s->list[order[i].index];

		ms_cell_bytes(t, &table, p->allocated_bytes);
		ms_cell_count(&table, p->allocations);
		ms_cell_bytes(t, &table, p->peak_bytes);
		if (p->parent_block)
			ms_cell_bytes(t, &table, p->parent_bytes);
		else
			ms_table_cell(&table, "?");
		ms_cell_share(&table, p->peak_bytes, p->parent_bytes);
		ms_cell_bytes(t, &table, p->live_bytes);
		ms_cell_bytes(t, &table, p->freed_bytes);
		ms_cell_bytes(t, &table, p->reset_bytes);
		if (p->destroyed)
			ms_cell_bytes(t, &table, p->destroyed_bytes);
		else
			ms_table_cell(&table, "-");
		ms_cell_owned(&table, named(p->name));
	}
	for (size_t i = 0; i < s->count; i++) {
		unmatched += s->list[i].unmatched_frees;
		replaced += s->list[i].replaced;
		outside += s->list[i].outside;
		gone += s->list[i].parent_end_ns != 0;
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, s->count - n, "more pool");
	if (unmatched)
		fprintf(t->out, "  ! %s back to pools that had not given them out\n", ms_unit_of(a, unmatched, "block"));
	if (replaced)
		fprintf(t->out, "  ! %s given out again without a free in between\n", ms_unit_of(a, replaced, "block"));
	if (outside)
		fprintf(t->out, "  ! %s not inside the block that the pool cuts them from\n", ms_unit_of(a, outside, "block"));
	if (gone)
		fprintf(t->out, "  ! the memory of %s was freed before it was destroyed\n", ms_unit_of(a, gone, "pool"));
	if (s->omitted)
		fprintf(t->out, "  ! %s of pools beyond the limit of %u\n", ms_unit_of(a, s->omitted, "event"), MS_POOLS_MAX);
	if (rc == MS_OK)
		rc = print_pool_sites(t, order, n);
	free(order);
	return rc;
}
