#include "graph_ingest.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EDGE_FLAGS (MS_EDGE_NEWARRAY | MS_EDGE_LENGTH64 | MS_EDGE_MULTIPLE_INHERITANCE | MS_EDGE_STDSTRING)
#define ROOTS_MAX (1u << 20)
#define UNSCANNED_MAX (1u << 16)
#define BYTES_PER_EDGE 8u                /* in the file, generously */
#define NAME_MAX_BYTES 4096u

/* ---- addresses of data ------------------------------------------------------------------------------------------- */

static size_t home(const struct address_set *s, uint64_t address)
{
	return (size_t)((address >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (s->capacity - 1);
}

static void put(struct address_set *s, uint64_t address)
{
	size_t i = home(s, address);

	while (s->slots[i] != 0 && s->slots[i] != address)
		i = (i + 1) & (s->capacity - 1);
	s->count += s->slots[i] == 0;
	s->slots[i] = address;
}

/* Without memory a name is missing in the end, nothing else. */
static void address_set_add(struct address_set *s, uint64_t address)
{
	if (address == 0)
		return;
	if ((s->count + 1) * 2 > s->capacity) {
		struct address_set bigger = {.capacity = s->capacity ? s->capacity * 2 : 1024};

		bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
		if (!bigger.slots)
			return;
		for (size_t i = 0; i < s->capacity; i++)
			if (s->slots[i] != 0)
				put(&bigger, s->slots[i]);
		free(s->slots);
		*s = bigger;
	}
	put(s, address);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

uint64_t *graph_ingest_addresses(const struct graph_ingest *g, size_t *count)
{
	uint64_t *out;

	*count = 0;
	if (g->data.count == 0 || !(out = malloc(g->data.count * sizeof *out)))
		return NULL;
	for (size_t i = 0; i < g->data.capacity; i++)
		if (g->data.slots[i] != 0)
			out[(*count)++] = g->data.slots[i];
	qsort(out, *count, sizeof *out, by_value);
	return out;
}

/* ---- begin ------------------------------------------------------------------------------------------------------- */

static void clear(struct graph_ingest *g)
{
	free(g->ids);
	free(g->sizes);
	free(g->words);
	free(g->roots);
	free(g->unscanned);
	free(g->source);
	free(g->target);
	free(g->source_offset);
	free(g->target_offset);
	free(g->flags);
	*g = (struct graph_ingest){.data = g->data, .graphs = g->graphs};
}

void graph_ingest_free(struct graph_ingest *g)
{
	clear(g);
	free(g->data.slots);
	*g = (struct graph_ingest){0};
}

static void answer(struct arena *arena, uint32_t state)
{
	uint32_t wanted = MS_GRAPH_WANTED;

	if (atomic_compare_exchange_strong(&arena->header->graph_state, &wanted, state))
		syscall(SYS_futex, &arena->header->graph_state, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void graph_refuse(struct arena *arena)
{
	answer(arena, MS_GRAPH_REFUSED);
}

static void begin(struct graph_ingest *g, const struct graph_input *in, uint32_t slot, uint64_t reason)
{
	size_t live = live_table_blocks(in->live), capacity = (size_t)in->arena->geometry.graph_blocks, n;

	if (atomic_load_explicit(&in->arena->header->graph_state, memory_order_acquire) != MS_GRAPH_WANTED)
		return; /* the program has given up */
	capacity = live < capacity ? live : capacity;
	g->ids = malloc((capacity + 1) * sizeof *g->ids);
	g->sizes = malloc((capacity + 1) * sizeof *g->sizes);
	g->words = calloc(capacity + 1, sizeof *g->words);
	if (!g->ids || !g->sizes || !g->words)
		goto refuse;
	n = graph_sort_blocks(in->live, in->arena->graph, g->ids, capacity);
	if (n == SIZE_MAX)
		goto refuse;
	for (size_t i = 0; i < n; i++)
		g->sizes[i] = in->arena->graph[i].size_bytes;
	g->active = true;
	g->at_exit |= reason == MS_GRAPH_EXIT;
	g->damaged = false;
	g->slot = slot;
	g->count = (uint32_t)n;
	g->graph = (struct ms_graph){
		.reason = reason <= MS_GRAPH_CRASH ? (uint8_t)reason : MS_GRAPH_API,
		.time_ns = in->time_ns,
		.event = in->event,
	};
	in->arena->header->graph_count = n;
	in->arena->header->graph_missing = live - n > UINT32_MAX ? UINT32_MAX : (uint32_t)(live - n);
	answer(in->arena, MS_GRAPH_READY);
	return;
refuse:
	clear(g);
	graph_refuse(in->arena);
}

/* ---- entries ----------------------------------------------------------------------------------------------------- */

static bool add_root(struct graph_ingest *g, const struct graph_input *in, const uint64_t *w, size_t count)
{
	struct ms_graph_root r = {.kind = (uint8_t)w[0], .tid = (uint32_t)(w[0] >> 32), .start = w[1], .end = w[2]};

	if (w[0] >> 8 & 0xffffff || r.kind < MS_ROOT_DATA || r.kind > MS_ROOT_MAPPING || r.start > r.end ||
	    g->root_count >= ROOTS_MAX || w[4] > (count - 5) * 8 || w[4] > NAME_MAX_BYTES)
		return false;
	if (g->root_count == g->root_capacity) {
		size_t capacity = g->root_capacity ? g->root_capacity * 2 : 256;
		struct ms_graph_root *roots = realloc(g->roots, capacity * sizeof *roots);

		if (!roots)
			return false;
		g->roots = roots;
		g->root_capacity = capacity;
	}
	if (r.kind == MS_ROOT_DATA)
		r.module = trace_tables_module_at(in->tables, r.start);
	if (r.tid != 0)
		r.thread = in->thread_of(in->context, r.tid);
	if (r.kind == MS_ROOT_STACK && w[3] != 0 && w[3] <= MS_NODE_PC_MASK)
		r.frame = trace_tables_frame(in->tables, w[3]);
	if (w[4] > 0)
		r.name = ms_writer_string(in->writer, (const char *)&w[5], (size_t)w[4]);
	g->roots[g->root_count++] = r;
	return true;
}

/* All five arrays, one after the other: what has grown stays grown. */
static bool grow_edges(struct graph_ingest *g)
{
	size_t capacity = g->edge_capacity ? g->edge_capacity * 2 : 4096;
	void *p;

#define GROW(array)                                                                                                   \
	if (!(p = realloc(g->array, capacity * sizeof *g->array)))                                                    \
		return false;                                                                                         \
	g->array = p
	GROW(source);
	GROW(target);
	GROW(source_offset);
	GROW(target_offset);
	GROW(flags);
#undef GROW
	g->edge_capacity = capacity;
	return true;
}

static bool add_edge(struct graph_ingest *g, const uint64_t *w)
{
	uint32_t source = (uint32_t)(w[0] >> 32), target = (uint32_t)w[0], root = source & ~MS_GRAPH_ROOT_BIT;
	uint64_t into = w[2] >> 8, size;
	size_t n = g->edge_count;

	if (target >= g->count || (w[2] & 0xff & ~(uint64_t)EDGE_FLAGS) != 0)
		return false;
	size = g->sizes[target] ? g->sizes[target] : 1;
	if (into >= size)
		return false;
	if ((source & MS_GRAPH_ROOT_BIT) == 0) {
		if (source >= g->count || g->sizes[source] < 8 || w[1] > g->sizes[source] - 8)
			return false;
	} else {
		const struct ms_graph_root *r = root < g->root_count ? &g->roots[root] : NULL;

		if (!r || r->end - r->start < 8 || w[1] > r->end - r->start - 8)
			return false;
		if (r->kind == MS_ROOT_DATA)
			address_set_add(&g->data, r->start + w[1]);
		source = g->count + root;
	}
	/* In order of source, then offset. */
	if (n > 0 && (source < g->source[n - 1] || (source == g->source[n - 1] && w[1] <= g->source_offset[n - 1])))
		return false;
	if (n == g->edge_capacity && !grow_edges(g))
		return false;
	g->source[n] = source;
	g->target[n] = target;
	g->source_offset[n] = w[1];
	g->target_offset[n] = into;
	g->flags[n] = (uint8_t)w[2];
	g->edge_count++;
	return true;
}

static bool add_word(struct graph_ingest *g, const uint64_t *w)
{
	if (w[0] >= g->count || g->sizes[w[0]] < 8 || w[1] == 0)
		return false;
	g->words[w[0]] = w[1];
	address_set_add(&g->data, w[1]);
	return true;
}

static bool add_unscanned(struct graph_ingest *g, const uint64_t *w)
{
	if (w[0] < MS_UNSCANNED_THREAD || w[0] > MS_UNSCANNED_BLOCKS || g->unscanned_count >= UNSCANNED_MAX)
		return false;
	if (g->unscanned_count == g->unscanned_capacity) {
		size_t capacity = g->unscanned_capacity ? g->unscanned_capacity * 2 : 64;
		struct ms_unscanned *unscanned = realloc(g->unscanned, capacity * sizeof *unscanned);

		if (!unscanned)
			return false;
		g->unscanned = unscanned;
		g->unscanned_capacity = capacity;
	}
	g->unscanned[g->unscanned_count++] = (struct ms_unscanned){(uint8_t)w[0], w[1], w[2]};
	return true;
}

/* ---- end --------------------------------------------------------------------------------------------------------- */

static void write_graph(struct graph_ingest *g, const struct graph_input *in, int *status)
{
	struct ms_graph_data data = {
		.block_count = g->count,
		.edge_count = g->edge_count,
		.block = g->ids,
		.first_word = g->words,
		.source = g->source,
		.target = g->target,
		.source_offset = g->source_offset,
		.target_offset = g->target_offset,
		.flags = g->flags,
	};

	g->graph.complete = g->graph.complete && !g->damaged;
	g->graph.roots = g->roots;
	g->graph.root_count = g->root_count;
	g->graph.unscanned = g->unscanned;
	g->graph.unscanned_count = g->unscanned_count;
	if (*status != MS_OK || in->room_bytes / BYTES_PER_EDGE < g->count + g->edge_count + g->root_count)
		return;
	*status = ms_writer_graph_begin(in->writer, &g->graph, in->error);
	if (*status == MS_OK)
		*status = ms_writer_graph_data(in->writer, &data, in->error);
	if (*status == MS_OK)
		*status = ms_writer_graph_end(in->writer, &g->graph, in->error);
	g->graphs += *status == MS_OK;
}

void graph_ingest_finish(struct graph_ingest *g, const struct graph_input *in, int *status)
{
	if (g->active)
		write_graph(g, in, status);
	clear(g);
}

/* Rows of `width` words. */
static bool each(struct graph_ingest *g, const uint64_t *words, size_t count, size_t width,
                 bool (*add)(struct graph_ingest *, const uint64_t *))
{
	bool good = count % width == 0;

	for (size_t i = 0; i + width <= count; i += width)
		good &= add(g, words + i);
	return good;
}

bool graph_ingest_entry(struct graph_ingest *g, const struct graph_input *in, uint8_t kind, uint32_t slot,
                        const uint64_t *words, size_t count, void (*before_write)(void *), int *status)
{
	bool good = false;

	if (kind == MS_ENTRY_GRAPH_BEGIN) {
		if (g->active) { /* its end is missing */
			before_write(in->context);
			graph_ingest_finish(g, in, status);
		}
		if (count >= 1)
			begin(g, in, slot, words[0]);
		return count >= 1;
	}
	if (!g->active || g->slot != slot)
		return !g->active; /* of a graph that we have refused, too late */
	switch (kind) {
	case MS_ENTRY_GRAPH_ROOT:
		good = count >= 5 && add_root(g, in, words, count);
		break;
	case MS_ENTRY_GRAPH_EDGES:
		good = each(g, words, count, 3, add_edge);
		break;
	case MS_ENTRY_GRAPH_WORDS:
		good = each(g, words, count, 2, add_word);
		break;
	case MS_ENTRY_GRAPH_UNSCANNED:
		good = each(g, words, count, 3, add_unscanned);
		break;
	case MS_ENTRY_GRAPH_END:
		good = count >= 3;
		if (good) {
			g->graph.complete = words[0] == 1;
			g->graph.pause_ns = (uint64_t)((unsigned __int128)words[1] * 1000000000u / tick_clock_hz(in->clock));
			g->graph.scanned_bytes = words[2];
		}
		before_write(in->context);
		graph_ingest_finish(g, in, status);
		break;
	}
	g->damaged |= !good;
	return good;
}
