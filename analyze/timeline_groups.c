/*
 * timeline_groups.c - series of live bytes and traffic by site, thread, module, size class and family (timeline.h), for those
 * groups that the report asks for.
 *
 * Each key has one cache line: its level, and the cell of the bucket in which something happened to it last. When something
 * happens to it in a later bucket, the cell goes to a list common to all keys; at the end the list is sorted by key, in place. So the
 * cost of an event is one line and one comparison, and the cost of a bucket is what happened in it, not the number of keys.
 *
 * At exec all levels fall to 0: the keys touched since the last exec are listed, so that exec costs no more than the events before it.
 * What a failed realloc ended for a moment is taken back where it was counted; when that cell is gone already, after sorting.
 */
#include "timeline_groups.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "timeline_buckets.h"

const struct ms_timeline_group_info ms_timeline_groups[MS_TIMELINE_GROUP_COUNT] = {
#define X(id, name, summary) {name, summary},
	MS_TIMELINE_GROUPS(X)
#undef X
};

#define NO_BUCKET UINT32_MAX
_Static_assert(MS_TIMELINE_BUCKETS_MAX < NO_BUCKET, "a bucket's number is never that of none");
#define FAMILIES 256u
#define SIZE_CLASSES 65u

struct key {
	uint64_t live_bytes, live_blocks;
	/* The cell of `bucket`; its last levels are those of now. */
	uint64_t min_live_bytes, max_live_bytes, allocated_bytes, freed_bytes;
	uint32_t allocations, frees, bucket;
	uint32_t image;                  /* in which it was touched last; it is in the list of that image */
};
_Static_assert(sizeof(struct key) == 64, "one cache line");

/* A MOVE that was taken back after its cell had gone to the list. */
struct correction {
	uint32_t key, bucket;
	uint64_t size_bytes;
};

struct group {
	struct key *keys;                /* NULL: not asked for */
	size_t key_count;
	uint32_t *touched;               /* keys touched in this image */
	size_t touched_count;
	struct ms_timeline_cell *cells;
	uint32_t *cell_key;
	size_t cell_count, capacity;
	struct correction *corrections;
	size_t correction_count, correction_capacity;
};

struct groups {
	struct group group[MS_TIMELINE_GROUP_COUNT];
	struct ms_timeline_buckets time;
	uint32_t now;                    /* bucket */
	uint64_t next_ns;                /* start of the one after it */
	uint32_t image;                  /* from 1 on */
	uint32_t *module_of_node;        /* numbers of modules, by node; MODULE only */
	uint32_t *node_of_module;        /* a node of each */
	bool any;
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the series of the timeline");
}

/* ---- modules of call paths ---------------------------------------------------------------------------------------- */

/* As ms_report_headline has it, for all nodes at once: parents stand before their children. "" = unknown. NULL: no memory. */
static const char **headline_modules(const struct ms_stack_map *map)
{
	const char **module = malloc(map->node_count * sizeof *module);
	const struct ms_report_line **line = calloc(map->node_count, sizeof *line);

	if (!module || !line) {
		free(module);
		free(line);
		return NULL;
	}
	module[0] = "";
	for (size_t n = 1; n < map->node_count; n++) {
		const struct ms_report_node *node = &map->nodes[n];

		line[n] = line[node->parent];
		for (uint32_t l = node->line_count; l-- > 0;)
			if (!map->lines[node->first_line + l].allocator)
				line[n] = &map->lines[node->first_line + l];
		module[n] = line[n] ? line[n]->module : node->line_count ? map->lines[node->first_line].module : "";
	}
	free(line);
	return module;
}

static int by_text(const void *a, const void *b, void *texts)
{
	const char *const *text = texts;

	return strcmp(text[*(const uint32_t *)a], text[*(const uint32_t *)b]);
}

static int number_modules(struct groups *t, const struct ms_stack_map *map, size_t *count)
{
	const char **module = headline_modules(map);
	uint32_t *order = malloc(map->node_count * sizeof *order);
	int rc = MS_E_NOMEM;

	t->module_of_node = malloc(map->node_count * sizeof *t->module_of_node);
	t->node_of_module = malloc(map->node_count * sizeof *t->node_of_module);
	*count = 0;
	if (!module || !order || !t->module_of_node || !t->node_of_module)
		goto done;
	for (size_t n = 0; n < map->node_count; n++)
		order[n] = (uint32_t)n;
	qsort_r(order, map->node_count, sizeof *order, by_text, module);
	for (size_t i = 0; i < map->node_count; i++) {
		if (i == 0 || strcmp(module[order[i - 1]], module[order[i]]) != 0)
			t->node_of_module[(*count)++] = order[i];
		t->module_of_node[order[i]] = (uint32_t)(*count - 1);
	}
	rc = MS_OK;
done:
	free(module);
	free(order);
	return rc;
}

/* ---- state -------------------------------------------------------------------------------------------------------- */

static void destroy(void *state)
{
	struct groups *t = state;

	if (!t)
		return;
	for (int i = 0; i < MS_TIMELINE_GROUP_COUNT; i++) {
		free(t->group[i].keys);
		free(t->group[i].touched);
		free(t->group[i].cells);
		free(t->group[i].cell_key);
		free(t->group[i].corrections);
	}
	free(t->module_of_node);
	free(t->node_of_module);
	free(t);
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct groups *t = calloc(1, sizeof *t);
	size_t modules = 0;

	*state = t;
	if (!t)
		return no_memory(err);
	t->time = ms_timeline_buckets_of(context);
	t->next_ns = ms_timeline_bucket_end(&t->time, 0);
	t->image = 1;
	t->any = context->timeline_by != 0;
	if (context->timeline_by >> MS_TIMELINE_MODULE & 1 && number_modules(t, context->stacks, &modules))
		return no_memory(err);
	const size_t key_count[MS_TIMELINE_GROUP_COUNT] = {
		[MS_TIMELINE_SITE] = context->stacks->node_count,
		[MS_TIMELINE_THREAD] = (size_t)ms_trace_thread_count(context->trace) + 1,
		[MS_TIMELINE_MODULE] = modules,
		[MS_TIMELINE_SIZE] = SIZE_CLASSES,
		[MS_TIMELINE_FAMILY] = FAMILIES,
	};
	for (int i = 0; i < MS_TIMELINE_GROUP_COUNT; i++) {
		struct group *g = &t->group[i];

		if (!(context->timeline_by >> i & 1))
			continue;
		g->key_count = key_count[i];
		g->keys = aligned_alloc(64, g->key_count * sizeof *g->keys);
		g->touched = malloc(g->key_count * sizeof *g->touched);
		if (!g->keys || !g->touched)
			return no_memory(err);
		memset(g->keys, 0, g->key_count * sizeof *g->keys);
		for (size_t k = 0; k < g->key_count; k++)
			g->keys[k].bucket = NO_BUCKET;
	}
	return MS_OK;
}

/* ---- cells -------------------------------------------------------------------------------------------------------- */

static int grow(struct group *g, const char *name, size_t buckets, struct ms_error *err)
{
	size_t capacity = g->capacity ? g->capacity * 2 : 1024;
	struct ms_timeline_cell *cells;
	uint32_t *keys;

	if (g->capacity == MS_TIMELINE_CELLS_MAX)
		return ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET,
		               "the series by %s in %zu steps have more than %u values that change: ask for fewer steps", name, buckets,
		               MS_TIMELINE_CELLS_MAX);
	cells = realloc(g->cells, capacity * sizeof *cells);
	if (!cells)
		return no_memory(err);
	g->cells = cells;
	keys = realloc(g->cell_key, capacity * sizeof *keys);
	if (!keys)
		return no_memory(err);
	g->cell_key = keys;
	g->capacity = capacity;
	return MS_OK;
}

/* The key's cell goes to the list. */
static int store(const struct groups *t, int id, struct group *g, const struct key *k, struct ms_error *err)
{
	if (g->cell_count == g->capacity) {
		int rc = grow(g, ms_timeline_groups[id].name, t->time.count, err);

		if (rc)
			return rc;
	}
	g->cell_key[g->cell_count] = (uint32_t)(k - g->keys);
	g->cells[g->cell_count++] = (struct ms_timeline_cell){
		.bucket = k->bucket, .allocations = k->allocations, .frees = k->frees, .min_live_bytes = k->min_live_bytes,
		.max_live_bytes = k->max_live_bytes, .last_live_bytes = k->live_bytes, .last_live_blocks = k->live_blocks,
		.allocated_bytes = k->allocated_bytes, .freed_bytes = k->freed_bytes,
	};
	return MS_OK;
}

static void open_cell(struct key *k, uint32_t bucket)
{
	k->bucket = bucket;
	k->min_live_bytes = k->max_live_bytes = k->live_bytes;
	k->allocated_bytes = k->freed_bytes = 0;
	k->allocations = k->frees = 0;
}

/* Something is about to happen to a key for the first time in this bucket or in this image. */
static __attribute__((noinline)) int turn(const struct groups *t, int id, struct group *g, struct key *k, struct ms_error *err)
{
	if (k->image != t->image) {
		k->image = t->image;
		g->touched[g->touched_count++] = (uint32_t)(k - g->keys);
	}
	if (k->bucket != t->now) {
		int rc = k->bucket == NO_BUCKET ? MS_OK : store(t, id, g, k, err);

		if (rc)
			return rc;
		open_cell(k, t->now);
	}
	return MS_OK;
}

static inline void range(struct key *k)
{
	k->min_live_bytes = k->live_bytes < k->min_live_bytes ? k->live_bytes : k->min_live_bytes;
	k->max_live_bytes = k->live_bytes > k->max_live_bytes ? k->live_bytes : k->max_live_bytes;
}

/* ---- events ------------------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) uint32_t key_of(const struct groups *t, int id, const struct ms_view *v, uint32_t i)
{
	uint64_t size = v->size_bytes[i];

	switch (id) {
	case MS_TIMELINE_SITE:
		return v->site[i];
	case MS_TIMELINE_THREAD:
		return ms_step_begins(v->step[i]) ? v->thread[i] : v->birth_thread[i];
	case MS_TIMELINE_MODULE:
		return t->module_of_node[v->site[i]];
	case MS_TIMELINE_SIZE: /* as sizes.c counts them */
		return size ? 64 - (uint32_t)__builtin_clzll(size) : 0;
	default: /* MS_TIMELINE_FAMILY */
		return v->family[i];
	}
}

static inline void go_to(struct groups *t, uint64_t time_ns)
{
	while (time_ns >= t->next_ns)
		t->next_ns = ms_timeline_bucket_end(&t->time, ++t->now);
}

/* One for each group, so that what the key is made of is known inside the loop. */
static inline __attribute__((always_inline)) int run(struct groups *t, int id, const struct ms_view *v, struct ms_error *err)
{
	struct group *g = &t->group[id];

	for (uint32_t i = 0; i < v->count; i++) {
		uint64_t begins = ms_step_begins(v->step[i]), ends = ms_step_ends(v->step[i]), size = v->size_bytes[i];
		struct key *k;

		if (!(begins | ends))
			continue;
		go_to(t, v->time_ns[i]);
		k = &g->keys[key_of(t, id, v, i)];
		if (k->bucket != t->now || k->image != t->image) {
			int rc = turn(t, id, g, k, err);

			if (rc)
				return rc;
		}
		k->live_bytes += (size & -begins) - (size & -ends);
		k->live_blocks += begins - ends;
		k->allocated_bytes += size & -begins;
		k->freed_bytes += size & -ends;
		k->allocations += (uint32_t)begins & (k->allocations != UINT32_MAX);
		k->frees += (uint32_t)ends & (k->frees != UINT32_MAX);
		range(k);
	}
	return MS_OK;
}

/* The end of a block at moved_ns was none. */
static int correct(const struct groups *t, struct group *g, struct key *k, const struct ms_view *v, struct ms_error *err)
{
	uint32_t bucket = (uint32_t)ms_timeline_bucket_at(&t->time, v->moved_ns);

	if (k->bucket == bucket) {
		k->frees -= k->frees != UINT32_MAX;
		k->freed_bytes -= v->size_bytes[0];
		return MS_OK;
	}
	if (g->correction_count == g->correction_capacity) {
		size_t capacity = g->correction_capacity ? g->correction_capacity * 2 : 64;
		struct correction *grown;

		if (g->correction_capacity >= MS_TIMELINE_CELLS_MAX)
			return ms_fail(err, MS_E_LIMIT, MS_NO_OFFSET, "more than %u reallocs failed long after they began", MS_TIMELINE_CELLS_MAX);
		grown = realloc(g->corrections, capacity * sizeof *grown);
		if (!grown)
			return no_memory(err);
		g->corrections = grown;
		g->correction_capacity = capacity;
	}
	g->corrections[g->correction_count++] = (struct correction){(uint32_t)(k - g->keys), bucket, v->size_bytes[0]};
	return MS_OK;
}

/* RETURN and RESUME. */
static int move(struct groups *t, int id, const struct ms_view *v, struct ms_error *err)
{
	struct group *g = &t->group[id];
	struct key *k = &g->keys[key_of(t, id, v, 0)];
	bool returns = v->step[0] == MS_STEP_RETURN;
	int rc = turn(t, id, g, k, err);

	if (rc)
		return rc;
	k->live_bytes += returns ? v->size_bytes[0] : -v->size_bytes[0];
	k->live_blocks += returns ? 1 : (uint64_t)-1;
	range(k);
	if (returns)
		return correct(t, g, k, v, err);
	k->frees += k->frees != UINT32_MAX;
	k->freed_bytes += v->size_bytes[0];
	return MS_OK;
}

static int end_image(struct groups *t, int id, struct ms_error *err)
{
	struct group *g = &t->group[id];

	for (size_t i = 0; i < g->touched_count; i++) {
		struct key *k = &g->keys[g->touched[i]];

		if (k->live_blocks | k->live_bytes) {
			int rc = turn(t, id, g, k, err);

			if (rc)
				return rc;
			k->live_bytes = k->live_blocks = 0;
			range(k);
		}
	}
	g->touched_count = 0;
	return MS_OK;
}

/* What is alive has a cell in the first bucket; nothing else has happened yet. */
static void start_window(struct group *g)
{
	g->cell_count = g->correction_count = 0;
	for (size_t i = 0; i < g->key_count; i++)
		open_cell(&g->keys[i], g->keys[i].live_blocks | g->keys[i].live_bytes ? 0 : NO_BUCKET);
}

static int run_group(struct groups *t, int id, const struct ms_view *v, struct ms_error *err)
{
	switch (id) {
#define X(group, name, summary)   \
	case MS_TIMELINE_##group: \
		return run(t, MS_TIMELINE_##group, v, err);
		MS_TIMELINE_GROUPS(X)
#undef X
	default:
		return MS_OK;
	}
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct groups *t = state;
	uint32_t now = t->now;
	uint64_t next_ns = t->next_ns;
	int rc = MS_OK;

	if (!t->any || v->step[0] == MS_STEP_LOSE)
		return MS_OK;
	for (int id = 0; id < MS_TIMELINE_GROUP_COUNT && rc == MS_OK; id++) {
		if (!t->group[id].keys)
			continue;
		t->now = now;
		t->next_ns = next_ns;
		if (ms_step_is_alone(v->step[0]) && v->step[0] != MS_STEP_WINDOW)
			go_to(t, v->time_ns[0]);
		switch (v->step[0]) {
		case MS_STEP_WINDOW:
			start_window(&t->group[id]);
			break;
		case MS_STEP_IMAGE:
			rc = end_image(t, id, err);
			break;
		case MS_STEP_RETURN:
		case MS_STEP_RESUME:
			rc = move(t, id, v, err);
			break;
		default:
			rc = run_group(t, id, v, err);
			break;
		}
	}
	t->image += v->step[0] == MS_STEP_IMAGE;
	return rc;
}

/* ---- result ------------------------------------------------------------------------------------------------------- */

/* Sorts the cells by key, those of a key as they are, in place; makes a series of each key. */
static int make_series(struct group *g, struct ms_timeline_group_series *out)
{
	uint32_t *next = calloc(g->key_count + 1, sizeof *next);
	size_t n = 0;

	for (size_t i = 0; next && i < g->cell_count; i++)
		next[g->cell_key[i]]++;
	for (size_t k = 0; next && k < g->key_count; k++)
		n += next[k] > 0;
	out->series = calloc(n + 1, sizeof *out->series);
	if (!next || !out->series) {
		free(next);
		return MS_E_NOMEM;
	}
	for (size_t k = 0, at = 0; k < g->key_count; k++) {
		uint32_t count = next[k];

		next[k] = (uint32_t)at;
		if (count)
			out->series[out->series_count++] = (struct ms_timeline_series){(uint32_t)k, at, count};
		at += count;
	}
	/* From keys to places, then every cell to its place. */
	for (size_t i = 0; i < g->cell_count; i++)
		g->cell_key[i] = next[g->cell_key[i]]++;
	free(next);
	for (size_t i = 0; i < g->cell_count; i++)
		while (g->cell_key[i] != i) {
			uint32_t to = g->cell_key[i];
			struct ms_timeline_cell cell = g->cells[to];

			g->cells[to] = g->cells[i];
			g->cells[i] = cell;
			g->cell_key[i] = g->cell_key[to];
			g->cell_key[to] = to;
		}
	out->cells = g->cells;
	out->cell_count = g->cell_count;
	g->cells = NULL;
	return MS_OK;
}

static int by_key(const void *pa, const void *pb)
{
	const struct ms_timeline_series *a = pa, *b = pb;

	return (a->key > b->key) - (a->key < b->key);
}

static int by_bucket(const void *pa, const void *pb)
{
	const struct ms_timeline_cell *a = pa, *b = pb;

	return (a->bucket > b->bucket) - (a->bucket < b->bucket);
}

/* The cell is there: the MOVE made it. */
static void apply(const struct correction *c, const struct ms_timeline_group_series *s)
{
	const struct ms_timeline_series wanted = {.key = c->key};
	const struct ms_timeline_cell at = {.bucket = c->bucket};
	const struct ms_timeline_series *series = bsearch(&wanted, s->series, s->series_count, sizeof wanted, by_key);
	struct ms_timeline_cell *cell =
		series ? bsearch(&at, s->cells + series->first_cell, series->cell_count, sizeof at, by_bucket) : NULL;

	if (cell) {
		cell->frees -= cell->frees != UINT32_MAX;
		cell->freed_bytes -= c->size_bytes;
	}
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct groups *t = state;

	for (int id = 0; id < MS_TIMELINE_GROUP_COUNT; id++) {
		struct group *g = &t->group[id];
		struct ms_timeline_group_series *out = &report->timeline_by[id];

		if (!g->keys)
			continue;
		for (size_t k = 0; k < g->key_count; k++) {
			int rc = g->keys[k].bucket == NO_BUCKET ? MS_OK : store(t, id, g, &g->keys[k], err);

			if (rc)
				return rc;
		}
		if (make_series(g, out))
			return no_memory(err);
		for (size_t i = 0; i < g->correction_count; i++)
			apply(&g->corrections[i], out);
		for (size_t i = 0; id == MS_TIMELINE_MODULE && i < out->series_count; i++)
			out->series[i].key = t->node_of_module[out->series[i].key];
	}
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_timeline_groups = {
	.name = "timeline-groups",
	.summary = "live bytes and traffic over time by site, thread, module, size and family",
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = destroy,
};

/* ---- modules, afterwards ------------------------------------------------------------------------------------------ */

static int by_module(const void *pa, const void *pb, void *modules)
{
	const struct ms_report_module *m = modules;

	return strcmp(m[*(const uint32_t *)pa].module, m[*(const uint32_t *)pb].module);
}

int ms_timeline_name_modules(struct ms_report *r, struct ms_error *err)
{
	struct ms_timeline_group_series *s = &r->timeline_by[MS_TIMELINE_MODULE];
	uint32_t *order;

	if (!s->series)
		return MS_OK;
	order = malloc((r->module_count + 1) * sizeof *order);
	if (!order)
		return no_memory(err);
	for (size_t i = 0; i < r->module_count; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, r->module_count, sizeof *order, by_module, r->modules);
	for (size_t i = 0; i < s->series_count; i++) {
		const struct ms_report_line *line = ms_report_headline(r, s->series[i].key);
		const char *name = line ? line->module : "";
		size_t low = 0, high = r->module_count;

		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (strcmp(r->modules[order[middle]].module, name) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (low == r->module_count || strcmp(r->modules[order[low]].module, name) != 0) {
			free(order);
			return ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "the report lacks the module '%.100s' of a series", name);
		}
		s->series[i].key = order[low];
	}
	free(order);
	qsort(s->series, s->series_count, sizeof *s->series, by_key);
	return MS_OK;
}
