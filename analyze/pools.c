/*
 * pools.c - allocators of the program's own: their blocks, and how well they use the block of the heap that they cut them from.
 *
 * A pool has a table of its live blocks by address: they are no blocks of the trace and have no ids. Open addressing; what is freed is
 * deleted by backward shift. The recorder numbers pools from 1; a number that is created again (after an exec) is another pool.
 */
#include <stdlib.h>
#include <string.h>

#include "annotation_pass.h"
#include "block_marks.h"
#include "format/intern.h"
#include "live_births.h"
#include "mix64.h"
#include "reach_row.h"

struct slot {
	uint64_t address;                /* 0 = free */
	uint64_t size_bytes;
	uint32_t site;                   /* index in sites */
};

struct pool {
	struct slot *slots;
	size_t capacity, count;          /* capacity: a power of two, or 0 */
};

struct pools {
	const struct ms_trace *trace;
	const struct ms_stack_map *stacks;
	struct ms_block_table births;
	struct ms_block_marks pool_of;   /* the pool created last in a block, by block */
	struct ms_intern numbers;
	uint32_t *row_of;                /* by what numbers says */
	uint32_t row_of_capacity;
	struct ms_pool *rows;            /* [0] is not used */
	struct pool *blocks;             /* by row */
	uint32_t row_count, row_capacity, blocks_capacity;
	struct ms_intern pairs;          /* pool and node */
	struct ms_pool_site *sites;      /* by what pairs says */
	uint32_t site_capacity;
	uint64_t omitted;
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the pools of the program");
}

static void destroy(void *state)
{
	struct pools *s = state;

	if (!s)
		return;
	for (uint32_t i = 1; i < s->row_count; i++)
		free(s->blocks[i].slots);
	ms_block_table_free(&s->births);
	ms_block_marks_free(&s->pool_of);
	ms_intern_free(&s->numbers);
	ms_intern_free(&s->pairs);
	free(s->row_of);
	free(s->rows);
	free(s->blocks);
	free(s->sites);
	free(s);
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct pools *s = calloc(1, sizeof *s);

	*state = s;
	if (!s)
		return no_memory(err);
	s->trace = context->trace;
	s->stacks = context->stacks;
	s->births.addresses = true;
	s->row_count = 1;
	if (ms_reach((void **)&s->rows, &s->row_capacity, sizeof *s->rows, 0) ||
	    ms_reach((void **)&s->blocks, &s->blocks_capacity, sizeof *s->blocks, 0))
		return no_memory(err);
	return MS_OK;
}

/* ---- the table of a pool --------------------------------------------------------------------------------------------- */

static struct slot *find(const struct pool *p, uint64_t address)
{
	size_t i = ms_mix64(address) & (p->capacity - 1);

	while (p->slots[i].address && p->slots[i].address != address)
		i = (i + 1) & (p->capacity - 1);
	return &p->slots[i];
}

/* A slot for the address, which has none. */
static struct slot *add(struct pool *p, uint64_t address)
{
	if (p->count * 2 >= p->capacity) {
		struct pool grown = {.capacity = p->capacity ? p->capacity * 2 : 16, .count = p->count};

		grown.slots = calloc(grown.capacity, sizeof *grown.slots);
		if (!grown.slots)
			return NULL;
		for (size_t i = 0; i < p->capacity; i++)
			if (p->slots[i].address)
				*find(&grown, p->slots[i].address) = p->slots[i];
		free(p->slots);
		*p = grown;
	}
	p->count++;
	return find(p, address);
}

static void drop(struct pool *p, struct slot *s)
{
	size_t mask = p->capacity - 1, hole = (size_t)(s - p->slots);

	for (size_t i = (hole + 1) & mask; p->slots[i].address; i = (i + 1) & mask) {
		size_t home = ms_mix64(p->slots[i].address) & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			p->slots[hole] = p->slots[i];
			hole = i;
		}
	}
	p->slots[hole].address = 0;
	p->count--;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

/* *row = 0: no pool, or one too many. */
static int row_of(struct pools *s, uint64_t number, bool again, uint32_t *row)
{
	bool is_new;
	uint32_t id;

	*row = 0;
	if (!number)
		return MS_OK;
	id = ms_intern(&s->numbers, &number, sizeof number, &is_new);
	if (!id || ms_reach((void **)&s->row_of, &s->row_of_capacity, sizeof *s->row_of, id))
		return MS_E_NOMEM;
	if ((again || !s->row_of[id]) && s->row_count > MS_POOLS_MAX) {
		s->row_of[id] = 0;
		s->omitted++;
		return MS_OK;
	}
	if (again || !s->row_of[id]) {
		if (ms_reach((void **)&s->rows, &s->row_capacity, sizeof *s->rows, s->row_count) ||
		    ms_reach((void **)&s->blocks, &s->blocks_capacity, sizeof *s->blocks, s->row_count))
			return MS_E_NOMEM;
		s->rows[s->row_count].name = "";
		s->row_of[id] = s->row_count++;
	}
	*row = s->row_of[id];
	return MS_OK;
}

static int site_of(struct pools *s, uint32_t row, uint32_t node, uint32_t *out)
{
	uint32_t key[2] = {row, node};
	bool is_new;

	*out = ms_intern(&s->pairs, key, sizeof key, &is_new);
	if (!*out || ms_reach((void **)&s->sites, &s->site_capacity, sizeof *s->sites, *out))
		return MS_E_NOMEM;
	if (is_new)
		s->sites[*out] = (struct ms_pool_site){.pool = row, .node = node};
	return MS_OK;
}

/* ---- events ---------------------------------------------------------------------------------------------------------- */

static int made(struct pools *s, const struct ms_view *v, uint32_t i)
{
	uint64_t parent = v->arg[i][1];
	const struct ms_block_entry *e = parent ? ms_block_table_find(&s->births, parent) : NULL;
	struct ms_pool *p;
	uint32_t row;

	if (row_of(s, v->arg[i][0], true, &row))
		return MS_E_NOMEM;
	if (!row)
		return MS_OK;
	p = &s->rows[row];
	p->created = true;
	p->create_ns = v->time_ns[i];
	p->create_thread = v->thread[i];
	if (!e)
		return MS_OK;
	p->parent_block = parent;
	p->parent_bytes = e->size_bytes;
	p->parent_address = *ms_block_table_address(&s->births, parent);
	p->parent_node = e->stack;
	return ms_block_marks_set(&s->pool_of, parent, row);
}

/* A block is no more: *blocks and *bytes of the pool say how. */
static void ends(struct pools *s, uint32_t row, const struct slot *at, uint64_t *blocks, uint64_t *bytes)
{
	struct ms_pool *p = &s->rows[row];

	*blocks += 1;
	*bytes += at->size_bytes;
	p->live_blocks--;
	p->live_bytes -= at->size_bytes;
	s->sites[at->site].live_blocks--;
	s->sites[at->site].live_bytes -= at->size_bytes;
}

static void all_end(struct pools *s, uint32_t row, uint64_t *blocks, uint64_t *bytes)
{
	struct pool *b = &s->blocks[row];

	for (size_t i = 0; i < b->capacity; i++)
		if (b->slots[i].address)
			ends(s, row, &b->slots[i], blocks, bytes);
	free(b->slots);
	*b = (struct pool){0};
}

static int gives(struct pools *s, const struct ms_view *v, uint32_t i, uint32_t row)
{
	uint64_t address = v->address[i], size = v->size_bytes[i];
	uint32_t stack = v->stack[i], site;
	struct ms_pool *p = &s->rows[row];
	struct pool *b = &s->blocks[row];
	struct slot *at;

	if (!address)
		return MS_OK;
	if (site_of(s, row, stack <= s->stacks->stack_count ? s->stacks->node_of_stack[stack] : 0, &site))
		return MS_E_NOMEM;
	at = b->capacity ? find(b, address) : NULL;
	if (at && at->address) {
		ends(s, row, at, &p->frees, &p->freed_bytes);
		p->replaced++;
	} else {
		at = add(b, address);
		if (!at)
			return MS_E_NOMEM;
	}
	*at = (struct slot){address, size, site};
	p->allocations++;
	p->allocated_bytes += size;
	p->live_blocks++;
	p->live_bytes += size;
	if (p->live_bytes > p->peak_bytes) {
		p->peak_bytes = p->live_bytes;
		p->peak_blocks = p->live_blocks;
		p->peak_ns = v->time_ns[i];
	}
	p->outside += p->parent_block && (address < p->parent_address || address - p->parent_address > p->parent_bytes ||
	                                  size > p->parent_bytes - (address - p->parent_address));
	s->sites[site].allocations++;
	s->sites[site].allocated_bytes += size;
	s->sites[site].live_blocks++;
	s->sites[site].live_bytes += size;
	return MS_OK;
}

static void takes_back(struct pools *s, const struct ms_view *v, uint32_t i, uint32_t row)
{
	struct pool *b = &s->blocks[row];
	struct slot *at = b->capacity && v->address[i] ? find(b, v->address[i]) : NULL;

	if (!at || !at->address) {
		s->rows[row].unmatched_frees++;
		return;
	}
	ends(s, row, at, &s->rows[row].frees, &s->rows[row].freed_bytes);
	drop(b, at);
}

static int note(struct pools *s, const struct ms_view *v, uint32_t i)
{
	unsigned kind = v->kind[i];
	uint32_t row;
	struct ms_pool *p;

	if (kind == MS_EV_POOL_CREATE)
		return made(s, v, i);
	if (kind != MS_EV_POOL_ALLOC && kind != MS_EV_POOL_FREE && kind != MS_EV_POOL_NAME && kind != MS_EV_POOL_RESET &&
	    kind != MS_EV_POOL_DESTROY)
		return MS_OK;
	if (row_of(s, v->arg[i][0], false, &row))
		return MS_E_NOMEM;
	if (!row)
		return MS_OK;
	p = &s->rows[row];
	if (kind == MS_EV_POOL_ALLOC)
		return gives(s, v, i, row);
	if (kind == MS_EV_POOL_FREE) {
		takes_back(s, v, i, row);
	} else if (kind == MS_EV_POOL_NAME) {
		const char *name = v->arg[i][1] <= UINT32_MAX ? ms_trace_string(s->trace, (uint32_t)v->arg[i][1]) : NULL;

		p->name = name ? name : "";
	} else if (kind == MS_EV_POOL_RESET) {
		p->resets++;
		all_end(s, row, &p->reset_blocks, &p->reset_bytes);
	} else {
		p->destroyed = true;
		p->destroy_ns = v->time_ns[i];
		all_end(s, row, &p->destroyed_blocks, &p->destroyed_bytes);
	}
	return MS_OK;
}

/* The parent of a pool has ended, and the pool, as far as was said, had not. */
static void parent_ends(struct pools *s, uint64_t block, uint64_t time_ns)
{
	uint32_t row = ms_block_marks_take(&s->pool_of, block);

	if (row && !s->rows[row].destroyed)
		s->rows[row].parent_end_ns = time_ns;
}

static void start_window(struct pools *s, uint64_t time_ns)
{
	for (uint32_t i = 1; i < s->row_count; i++) {
		struct ms_pool *p = &s->rows[i];

		p->allocations = p->allocated_bytes = p->frees = p->freed_bytes = p->resets = p->reset_blocks = p->reset_bytes = 0;
		p->destroyed_blocks = p->destroyed_bytes = p->exec_blocks = p->exec_bytes = p->unmatched_frees = p->replaced = p->outside = 0;
		p->start_blocks = p->peak_blocks = p->live_blocks;
		p->start_bytes = p->peak_bytes = p->live_bytes;
		p->peak_ns = time_ns;
	}
	for (uint32_t i = 1; i <= s->pairs.count; i++)
		s->sites[i].allocations = s->sites[i].allocated_bytes = 0;
	s->omitted = 0;
}

static int step(struct pools *s, const struct ms_view *v, uint32_t i)
{
	switch (v->step[i]) {
	case MS_STEP_NOTE:
	case MS_STEP_MAP:
		return v->arg && v->address ? note(s, v, i) : MS_OK;
	case MS_STEP_FREE:
	case MS_STEP_FREE | MS_STEP_TEMPORARY:
		parent_ends(s, v->block[i], v->time_ns[i]);
		return MS_OK;
	case MS_STEP_REALLOCATE:
		parent_ends(s, v->from[i], v->time_ns[i]);
		return MS_OK;
	case MS_STEP_LOSE:
		parent_ends(s, v->moved, v->time_ns[i]);
		return MS_OK;
	case MS_STEP_RETURN:
		return ms_block_marks_set(&s->pool_of, v->goes_by, ms_block_marks_take(&s->pool_of, v->moved));
	case MS_STEP_IMAGE:
		for (uint32_t row = 1; row < s->row_count; row++)
			all_end(s, row, &s->rows[row].exec_blocks, &s->rows[row].exec_bytes);
		ms_block_marks_free(&s->pool_of);
		return MS_OK;
	case MS_STEP_WINDOW:
		start_window(s, v->time_ns[i]);
		return MS_OK;
	default:
		return MS_OK;
	}
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct pools *s = state;

	for (uint32_t i = 0; i < v->count; i++) {
		if (ms_live_births_step(&s->births, v, i) || step(s, v, i))
			return no_memory(err);
		ms_live_births_settle(&s->births, v, i);
	}
	return MS_OK;
}

/* ---- the result ------------------------------------------------------------------------------------------------------ */

static int by_pool(const void *a, const void *b)
{
	const struct ms_pool_site *x = a, *y = b;

	if (x->pool != y->pool)
		return x->pool < y->pool ? -1 : 1;
	if (x->allocated_bytes != y->allocated_bytes)
		return x->allocated_bytes > y->allocated_bytes ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct pools *s = state;
	struct ms_report_pools *out = &report->pools;

	out->list = calloc(s->row_count, sizeof *out->list);
	out->sites = calloc(s->pairs.count + (size_t)1, sizeof *out->sites);
	if (!out->list || !out->sites)
		return no_memory(err);
	out->count = s->row_count - 1;
	memcpy(out->list, s->rows + 1, out->count * sizeof *out->list);
	for (uint32_t i = 1; i <= s->pairs.count; i++)
		if (s->sites[i].allocations || s->sites[i].live_blocks)
			out->sites[out->site_count++] = s->sites[i];
	if (out->site_count > 1)
		qsort(out->sites, out->site_count, sizeof *out->sites, by_pool);
	out->omitted = s->omitted;
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_pools = {
	.name = "pools",
	.summary = "allocators of the program's own: their blocks, and the block that these lie in",
	.columns = MS_COLUMN_ARGS | MS_COLUMN_FROM | MS_COLUMN_ADDRESS,
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = destroy,
};
