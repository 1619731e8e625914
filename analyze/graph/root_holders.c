/* root_holders.c - one hash table over what makes holders equal. */
#include "root_holders.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/mix64.h"
#include "format/evidence.h"
#include "format/trace_reader.h"

struct table {
	uint32_t *slots;                 /* holder + 1 */
	size_t slot_count;               /* power of two */
	size_t capacity;                 /* of holders */
};

/* Strings of a trace: the same text may stand in it under two ids. */
static uint64_t hash_text(const char *s)
{
	uint64_t h = 14695981039346656037ull;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211ull;
	return h;
}

static uint64_t hash(const struct ms_holder *h)
{
	uint64_t x = ms_mix64(h->kind | (uint64_t)h->tid << 8 | (uint64_t)h->thread << 40);

	x = ms_mix64(x ^ hash_text(h->name));
	return ms_mix64(x ^ hash_text(h->module) ^ h->address);
}

static bool same(const struct ms_holder *a, const struct ms_holder *b)
{
	return a->kind == b->kind && a->thread == b->thread && a->tid == b->tid && a->address == b->address &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->module, b->module) == 0;
}

static int grow(struct ms_heap_graph *g, struct table *t)
{
	size_t slot_count = t->slot_count ? t->slot_count * 2 : 256, capacity = slot_count / 2;
	struct ms_holder *holders = realloc(g->holders, capacity * sizeof *holders);
	uint32_t *slots;

	if (!holders)
		return MS_E_NOMEM;
	g->holders = holders;
	slots = calloc(slot_count, sizeof *slots);
	if (!slots)
		return MS_E_NOMEM;
	for (uint32_t i = 0; i < g->holder_count; i++) {
		size_t s = hash(&holders[i]) & (slot_count - 1);

		while (slots[s])
			s = (s + 1) & (slot_count - 1);
		slots[s] = i + 1;
	}
	free(t->slots);
	t->slots = slots;
	t->slot_count = slot_count;
	t->capacity = capacity;
	return MS_OK;
}

/* Number of the holder; UINT32_MAX = no memory. */
static uint32_t intern(struct ms_heap_graph *g, struct table *t, const struct ms_holder *h)
{
	size_t s;

	if (g->holder_count == t->capacity && grow(g, t))
		return UINT32_MAX;
	for (s = hash(h) & (t->slot_count - 1); t->slots[s]; s = (s + 1) & (t->slot_count - 1))
		if (same(&g->holders[t->slots[s] - 1], h))
			return t->slots[s] - 1;
	g->holders[g->holder_count] = *h;
	t->slots[s] = ++g->holder_count;
	return g->holder_count - 1;
}

/* The function whose frame it is: the outermost of those inlined into each other. */
static const char *function_of(const struct ms_trace *trace, uint32_t frame)
{
	size_t n = 0;
	const struct ms_symbol *s = frame ? ms_trace_symbols(trace, frame, &n) : NULL;

	return n ? ms_trace_string(trace, s[n - 1].function) : "";
}

static const char *module_path(const struct ms_trace *trace, uint32_t id)
{
	const struct ms_module *m = id ? ms_trace_module(trace, id) : NULL;

	return m && m->path ? m->path : "";
}

/* offset: of the pointer, in the root. */
static struct ms_holder describe(const struct ms_trace *trace, const struct ms_graph_root *r, uint64_t offset,
                                 const struct ms_data_symbol **last)
{
	struct ms_holder h = {.kind = r->kind, .name = "", .module = "", .thread = r->thread, .tid = r->tid};

	switch (r->kind) {
	case MS_ROOT_DATA: {
		uint64_t address = r->start + offset;

		/* Pointers of one table stand side by side. */
		if (!*last || address < (*last)->address || address - (*last)->address >= (*last)->size_bytes)
			*last = ms_trace_data_symbol(trace, r->module, address);
		h.module = module_path(trace, r->module);
		h.thread = h.tid = 0;
		if (*last) {
			h.name = ms_trace_string(trace, (*last)->name);
			h.address = (*last)->address;
		}
		break;
	}
	case MS_ROOT_STACK: {
		const struct ms_frame *f = r->frame ? ms_trace_frame(trace, r->frame) : NULL;

		h.name = function_of(trace, r->frame);
		h.module = f ? module_path(trace, f->module) : "";
		break;
	}
	case MS_ROOT_MAPPING:
		h.name = ms_trace_string(trace, r->name);
		h.thread = h.tid = 0;
		if (!*h.name)
			h.address = r->start;
		break;
	default: /* registers, TLS: the thread says it all */
		break;
	}
	return h;
}

int ms_name_holders(struct ms_heap_graph *g, struct ms_error *err)
{
	uint32_t from = g->first[g->block_count], to = g->first[g->block_count + g->root_count];
	struct table table = {0};
	int rc = MS_OK;

	g->holder_of_edge = malloc((to - from + (size_t)1) * sizeof *g->holder_of_edge);
	if (!g->holder_of_edge)
		rc = MS_E_NOMEM;
	for (uint32_t i = 0; i < g->root_count && rc == MS_OK; i++) {
		const struct ms_graph_root *r = &g->facts->roots[i];
		const struct ms_data_symbol *symbol = NULL, *before = NULL;
		uint32_t holder = UINT32_MAX;

		for (uint32_t e = g->first[g->block_count + i]; e < g->first[g->block_count + i + 1] && rc == MS_OK; e++) {
			struct ms_holder h;

			if (r->kind != MS_ROOT_DATA && holder != UINT32_MAX) {
				g->holder_of_edge[e - from] = holder;
				continue;
			}
			h = describe(g->trace, r, g->data.source_offset[e], &symbol);
			if (holder == UINT32_MAX || symbol != before)
				holder = intern(g, &table, &h);
			before = symbol;
			g->holder_of_edge[e - from] = holder;
			if (holder == UINT32_MAX)
				rc = MS_E_NOMEM;
		}
	}
	free(table.slots);
	return rc ? ms_fail(err, rc, MS_NO_OFFSET, "no memory to name the roots of the heap graph") : MS_OK;
}
