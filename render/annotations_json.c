/* annotations_json.c - see annotations_json.h. */
#include "annotations_json.h"

#include <stdlib.h>

#include "annotation_rank.h"
#include "group_rows.h"
#include "json_stack.h"
#include "report_names.h"

static size_t at_most(size_t count, size_t top)
{
	return top && count > top ? top : count;
}

static void name(struct ms_json *j, const char *key, const char *text)
{
	ms_json_string(j, key, *text ? text : NULL);
}

static void id(struct ms_json *j, const char *key, uint64_t value)
{
	if (value)
		ms_json_uint(j, key, value);
	else
		ms_json_null(j, key);
}

/* A moment that may not have been seen. */
static void when(struct ms_json *j, const char *key, bool seen, uint64_t ns)
{
	if (seen)
		ms_json_uint(j, key, ns);
	else
		ms_json_null(j, key);
}

static void owned(struct ms_json *j, const struct ms_report *r, const struct ms_owned *o)
{
	ms_json_uint(j, "allocations", o->allocations);
	ms_json_uint(j, "reallocations", o->reallocations);
	ms_json_uint(j, "frees", o->frees);
	ms_json_uint(j, "allocated_bytes", o->allocated_bytes);
	ms_json_uint(j, "freed_bytes", o->freed_bytes);
	ms_json_share(j, "efficiency", o->freed_bytes, ms_owned_available(o));
	ms_json_uint(j, "temporary_allocations", o->temporary_allocations);
	ms_json_uint(j, "live_blocks", o->live_blocks);
	ms_json_uint(j, "live_bytes", o->live_bytes);
	ms_json_uint(j, "start_blocks", o->start_blocks);
	ms_json_uint(j, "start_bytes", o->start_bytes);
	ms_json_uint(j, "ended_by_exec_blocks", o->exec_blocks);
	ms_json_uint(j, "ended_by_exec_bytes", o->exec_bytes);
	ms_json_uint(j, "peak_bytes", o->peak_bytes);
	ms_json_uint(j, "peak_time_ns", o->peak_ns);
	if (!r->leaks.observable) {
		ms_json_null(j, "leaks");
		return;
	}
	ms_json_object(j, "leaks");
	ms_json_uint(j, "definite_blocks", o->definite_blocks);
	ms_json_uint(j, "definite_bytes", o->definite_bytes);
	ms_json_uint(j, "indirect_blocks", o->indirect_blocks);
	ms_json_uint(j, "indirect_bytes", o->indirect_bytes);
	ms_json_end_object(j);
}

static void owned_object(struct ms_json *j, const char *key, const struct ms_report *r, const struct ms_owned *o)
{
	ms_json_object(j, key);
	owned(j, r, o);
	ms_json_end_object(j);
}

static void with_children(struct ms_json *j, const struct ms_report *r, const struct ms_owned_sum *s)
{
	ms_json_object(j, "with_children");
	ms_json_uint(j, "members", s->members);
	ms_json_uint(j, "allocations", s->allocations);
	ms_json_uint(j, "reallocations", s->reallocations);
	ms_json_uint(j, "allocated_bytes", s->allocated_bytes);
	ms_json_uint(j, "freed_bytes", s->freed_bytes);
	ms_json_uint(j, "live_blocks", s->live_blocks);
	ms_json_uint(j, "live_bytes", s->live_bytes);
	if (r->leaks.observable) {
		ms_json_uint(j, "definite_bytes", s->definite_bytes);
		ms_json_uint(j, "indirect_bytes", s->indirect_bytes);
	}
	ms_json_end_object(j);
}

/* ---- tasks ----------------------------------------------------------------------------------------------------------- */

static void task_threads(struct ms_json *j, const struct ms_report_tasks *t, uint32_t task)
{
	size_t low = ms_group_begin(t->threads, t->thread_count, sizeof *t->threads, task);

	ms_json_array(j, "threads");
	for (; low < t->thread_count && t->threads[low].task == task; low++) {
		ms_json_object(j, NULL);
		ms_json_uint(j, "thread", t->threads[low].thread);
		ms_json_uint(j, "enters", t->threads[low].enters);
		ms_json_uint(j, "inside_ns", t->threads[low].inside_ns);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void one_task(struct ms_json *j, const struct ms_report *r, size_t i)
{
	const struct ms_task *t = &r->tasks.list[i];

	ms_json_object(j, NULL);
	ms_json_uint(j, "id", i + 1);
	if (t->has_key)
		ms_json_uint(j, "key", t->key);
	else
		ms_json_null(j, "key");
	name(j, "name", t->name);
	id(j, "parent", t->parent);
	when(j, "spawn_ns", t->spawned, t->spawn_ns);
	id(j, "spawn_thread", t->spawn_thread);
	when(j, "first_enter_ns", t->first_enter_ns, t->first_enter_ns);
	when(j, "last_leave_ns", t->last_leave_ns, t->last_leave_ns);
	when(j, "end_ns", t->ended, t->end_ns);
	ms_json_uint(j, "enters", t->enters);
	ms_json_uint(j, "inside", t->inside);
	ms_json_uint(j, "inside_ns", t->inside_ns);
	when(j, "end_live_blocks", t->ended, t->end_live_blocks);
	when(j, "end_live_bytes", t->ended, t->end_live_bytes);
	task_threads(j, &r->tasks, (uint32_t)i + 1);
	owned(j, r, &t->own);
	with_children(j, r, &t->sum);
	ms_json_end_object(j);
}

static int tasks(struct ms_json *j, const struct ms_report *r, size_t top)
{
	const struct ms_report_tasks *t = &r->tasks;
	struct ms_rank *order = ms_rank_tasks(r);
	size_t n = at_most(t->count, top);

	if (!order)
		return MS_E_NOMEM;
	ms_json_object(j, "tasks");
	ms_json_uint(j, "count", t->count);
	ms_json_uint(j, "unbalanced", t->unbalanced);
	if (t->list)
		owned_object(j, "outside", r, &t->outside);
	else
		ms_json_null(j, "outside");
	ms_json_uint(j, "beyond_limit", t->omitted_tasks);
	if (t->omitted_tasks)
		owned_object(j, "beyond_limit_blocks", r, &t->omitted);
	else
		ms_json_null(j, "beyond_limit_blocks");
	ms_json_array(j, "list");
	for (size_t i = 0; i < n; i++)
		one_task(j, r, order[i].index);
	ms_json_end_array(j);
	ms_json_uint(j, "omitted", t->count - n);
	ms_json_end_object(j);
	free(order);
	return MS_OK;
}

/* ---- scopes ---------------------------------------------------------------------------------------------------------- */

static void scope_threads(struct ms_json *j, const struct ms_report *r, uint32_t scope)
{
	const struct ms_report_scopes *s = &r->scopes;
	size_t low = ms_group_begin(s->threads, s->thread_count, sizeof *s->threads, scope);

	ms_json_array(j, "threads");
	for (; low < s->thread_count && s->threads[low].scope == scope; low++) {
		ms_json_object(j, NULL);
		ms_json_uint(j, "thread", s->threads[low].thread);
		ms_json_uint(j, "calls", s->threads[low].calls);
		ms_json_uint(j, "inside_ns", s->threads[low].inside_ns);
		owned(j, r, &s->threads[low].own);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

/* Names from the outermost one in. */
static void path(struct ms_json *j, const struct ms_report_scopes *s, uint32_t scope)
{
	if (!scope)
		return;
	path(j, s, s->list[scope - 1].parent);
	name(j, NULL, s->list[scope - 1].name);
}

static void one_scope(struct ms_json *j, const struct ms_report *r, size_t i)
{
	const struct ms_scope *s = &r->scopes.list[i];

	ms_json_object(j, NULL);
	ms_json_uint(j, "id", i + 1);
	name(j, "name", s->name);
	id(j, "parent", s->parent);
	ms_json_uint(j, "depth", s->depth);
	if (s->depth <= MS_SCOPE_PATH_NAMES) {
		ms_json_array(j, "path");
		path(j, &r->scopes, (uint32_t)i + 1);
		ms_json_end_array(j);
	} else {
		ms_json_null(j, "path");
	}
	ms_json_uint(j, "calls", s->calls);
	ms_json_uint(j, "inside", s->inside);
	ms_json_uint(j, "inside_ns", s->inside_ns);
	ms_json_uint(j, "longest_ns", s->longest_ns);
	when(j, "first_ns", s->first_ns, s->first_ns);
	when(j, "last_ns", s->last_ns, s->last_ns);
	scope_threads(j, r, (uint32_t)i + 1);
	owned(j, r, &s->own);
	with_children(j, r, &s->sum);
	ms_json_end_object(j);
}

static int scopes(struct ms_json *j, const struct ms_report *r, size_t top)
{
	const struct ms_report_scopes *s = &r->scopes;
	struct ms_rank *order = ms_rank_scopes(r);
	size_t n = at_most(s->count, top);

	if (!order)
		return MS_E_NOMEM;
	ms_json_object(j, "scopes");
	ms_json_uint(j, "count", s->count);
	ms_json_uint(j, "unbalanced", s->unbalanced);
	ms_json_uint(j, "beyond_limit_calls", s->omitted_calls);
	if (s->list)
		owned_object(j, "outside", r, &s->outside);
	else
		ms_json_null(j, "outside");
	ms_json_array(j, "list");
	for (size_t i = 0; i < n; i++)
		one_scope(j, r, order[i].index);
	ms_json_end_array(j);
	ms_json_uint(j, "omitted", s->count - n);
	ms_json_end_object(j);
	free(order);
	return MS_OK;
}

/* ---- variables ------------------------------------------------------------------------------------------------------- */

static void one_variable(struct ms_json *j, const struct ms_tracked *v, size_t i)
{
	ms_json_object(j, NULL);
	ms_json_uint(j, "id", i + 1);
	name(j, "name", v->name);
	name(j, "type", v->type);
	name(j, "function", v->function);
	name(j, "file", v->file);
	id(j, "line", v->line);
	ms_json_uint(j, "tracks", v->tracks);
	ms_json_uint(j, "untracked", v->untracked);
	ms_json_uint(j, "blocks", v->blocks);
	ms_json_uint(j, "freed", v->freed);
	ms_json_uint(j, "live_blocks", v->live_blocks);
	ms_json_uint(j, "live_bytes", v->live_bytes);
	ms_json_uint(j, "peak_bytes", v->peak_bytes);
	ms_json_uint(j, "peak_time_ns", v->peak_ns);
	ms_json_uint(j, "reallocations", v->reallocations);
	ms_json_uint(j, "clones", v->clones);
	ms_json_uint(j, "moves", v->moves);
	ms_json_uint(j, "borrows", v->borrows);
	ms_json_uint(j, "returns", v->returns);
	ms_json_uint(j, "hand_overs", v->hand_overs);
	ms_json_end_object(j);
}

static void one_event(struct ms_json *j, const struct ms_biography_event *e)
{
	ms_json_object(j, NULL);
	ms_json_string(j, "what", ms_biography_event_name(e->kind));
	ms_json_uint(j, "time_ns", e->time_ns);
	id(j, "thread", e->thread);
	if (e->kind == MS_BIO_TRACKED)
		ms_json_uint(j, "variable", e->variable);
	if (e->kind == MS_BIO_HANDED)
		ms_json_uint(j, "from_thread", e->from_thread);
	if (e->other)
		ms_json_uint(j, "block", e->other);
	if (e->kind == MS_BIO_BORN || e->kind == MS_BIO_REALLOCATED || e->bytes)
		ms_json_uint(j, "bytes", e->bytes);
	ms_json_end_object(j);
}

static void one_biography(struct ms_json *j, const struct ms_report *r, size_t i)
{
	const struct ms_biography *b = &r->variables.biographies[i];
	bool alive = b->end == MS_BIO_BORN;

	ms_json_object(j, NULL);
	ms_json_uint(j, "id", i + 1);
	id(j, "variable", b->variable);
	ms_json_uint(j, "first_block", b->first_block);
	ms_json_uint(j, "block", b->block);
	ms_json_hex(j, "address", b->address);
	ms_json_uint(j, "size_bytes", b->size_bytes);
	ms_json_uint(j, "birth_ns", b->birth_ns);
	ms_json_uint(j, "birth_thread", b->birth_thread);
	ms_json_uint(j, "site", b->node);
	ms_json_string(j, "end", alive ? "alive" : ms_biography_event_name(b->end));
	when(j, "end_ns", !alive, b->end_ns);
	id(j, "end_thread", b->end_thread);
	ms_json_array(j, "events");
	for (uint64_t k = 0; k < b->event_count; k++)
		one_event(j, &r->variables.events[b->first_event + k]);
	ms_json_end_array(j);
	ms_json_uint(j, "omitted_events", b->omitted);
	ms_json_stack(j, "stack", r, b->node);
	ms_json_end_object(j);
}

static int variables(struct ms_json *j, const struct ms_report *r, size_t top)
{
	const struct ms_report_variables *v = &r->variables;
	struct ms_rank *order = ms_rank_variables(r), *lives = ms_rank_biographies(r);
	size_t n = at_most(v->count, top), m = at_most(v->biography_count, top);

	if (!order || !lives) {
		free(order);
		free(lives);
		return MS_E_NOMEM;
	}
	ms_json_object(j, "variables");
	ms_json_uint(j, "count", v->count);
	ms_json_array(j, "list");
	for (size_t i = 0; i < n; i++)
		one_variable(j, &v->list[order[i].index], order[i].index);
	ms_json_end_array(j);
	ms_json_uint(j, "omitted", v->count - n);
	ms_json_array(j, "biographies");
	for (size_t i = 0; i < m; i++)
		one_biography(j, r, lives[i].index);
	ms_json_end_array(j);
	ms_json_uint(j, "biographies_omitted", v->biography_count - m + v->omitted);
	ms_json_uint(j, "unknown_blocks", v->unknown);
	ms_json_end_object(j);
	free(order);
	free(lives);
	return MS_OK;
}

/* ---- pools ----------------------------------------------------------------------------------------------------------- */

static void pool_sites(struct ms_json *j, const struct ms_report *r, uint32_t pool, size_t top)
{
	const struct ms_report_pools *p = &r->pools;
	size_t i = ms_group_begin(p->sites, p->site_count, sizeof *p->sites, pool), shown = 0, left = 0;

	ms_json_array(j, "sites");
	for (; i < p->site_count && p->sites[i].pool == pool; i++) {
		if (top && shown == top) {
			left++;
			continue;
		}
		shown++;
		ms_json_object(j, NULL);
		ms_json_uint(j, "site", p->sites[i].node);
		ms_json_uint(j, "allocations", p->sites[i].allocations);
		ms_json_uint(j, "allocated_bytes", p->sites[i].allocated_bytes);
		ms_json_uint(j, "live_blocks", p->sites[i].live_blocks);
		ms_json_uint(j, "live_bytes", p->sites[i].live_bytes);
		ms_json_stack(j, "stack", r, p->sites[i].node);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_uint(j, "sites_omitted", left);
}

static void one_pool(struct ms_json *j, const struct ms_report *r, size_t i, size_t top)
{
	const struct ms_pool *p = &r->pools.list[i];

	ms_json_object(j, NULL);
	ms_json_uint(j, "id", i + 1);
	name(j, "name", p->name);
	when(j, "create_ns", p->created, p->create_ns);
	id(j, "create_thread", p->create_thread);
	when(j, "destroy_ns", p->destroyed, p->destroy_ns);
	if (p->parent_block) {
		ms_json_object(j, "parent");
		ms_json_uint(j, "block", p->parent_block);
		ms_json_uint(j, "bytes", p->parent_bytes);
		ms_json_hex(j, "address", p->parent_address);
		ms_json_uint(j, "site", p->parent_node);
		when(j, "end_ns", p->parent_end_ns, p->parent_end_ns);
		ms_json_share(j, "utilisation", p->peak_bytes < p->parent_bytes ? p->peak_bytes : p->parent_bytes, p->parent_bytes);
		ms_json_uint(j, "blocks_outside", p->outside);
		ms_json_stack(j, "stack", r, p->parent_node);
		ms_json_end_object(j);
	} else {
		ms_json_null(j, "parent");
	}
	ms_json_uint(j, "allocations", p->allocations);
	ms_json_uint(j, "allocated_bytes", p->allocated_bytes);
	ms_json_uint(j, "frees", p->frees);
	ms_json_uint(j, "freed_bytes", p->freed_bytes);
	ms_json_uint(j, "replaced", p->replaced);
	ms_json_uint(j, "unmatched_frees", p->unmatched_frees);
	ms_json_uint(j, "resets", p->resets);
	ms_json_uint(j, "reset_blocks", p->reset_blocks);
	ms_json_uint(j, "reset_bytes", p->reset_bytes);
	ms_json_uint(j, "destroyed_blocks", p->destroyed_blocks);
	ms_json_uint(j, "destroyed_bytes", p->destroyed_bytes);
	ms_json_uint(j, "ended_by_exec_blocks", p->exec_blocks);
	ms_json_uint(j, "ended_by_exec_bytes", p->exec_bytes);
	ms_json_uint(j, "start_blocks", p->start_blocks);
	ms_json_uint(j, "start_bytes", p->start_bytes);
	ms_json_uint(j, "live_blocks", p->live_blocks);
	ms_json_uint(j, "live_bytes", p->live_bytes);
	ms_json_uint(j, "peak_bytes", p->peak_bytes);
	ms_json_uint(j, "peak_blocks", p->peak_blocks);
	ms_json_uint(j, "peak_time_ns", p->peak_ns);
	pool_sites(j, r, (uint32_t)i + 1, top);
	ms_json_end_object(j);
}

static int pools(struct ms_json *j, const struct ms_report *r, size_t top)
{
	const struct ms_report_pools *p = &r->pools;
	struct ms_rank *order = ms_rank_pools(r);
	size_t n = at_most(p->count, top);

	if (!order)
		return MS_E_NOMEM;
	ms_json_object(j, "pools");
	ms_json_uint(j, "count", p->count);
	ms_json_array(j, "list");
	for (size_t i = 0; i < n; i++)
		one_pool(j, r, order[i].index, top);
	ms_json_end_array(j);
	ms_json_uint(j, "omitted", p->count - n);
	ms_json_uint(j, "beyond_limit_events", p->omitted);
	ms_json_end_object(j);
	free(order);
	return MS_OK;
}

int ms_json_annotations(struct ms_json *j, const struct ms_report *r, size_t top)
{
	int rc = tasks(j, r, top);

	rc = rc ? rc : scopes(j, r, top);
	rc = rc ? rc : variables(j, r, top);
	return rc ? rc : pools(j, r, top);
}
