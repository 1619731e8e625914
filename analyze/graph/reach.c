/*
 * reach.c - two floods from the roots, then one from every block that is still unreached, by address.
 *
 * The floods of lost blocks absorb: a block that was a head of its own and is reached from a later one becomes indirect,
 * and all that hangs on it hangs on the later one. What is left at the end are the lowest blocks of the components that
 * nothing leads into.
 */
#include "reach.h"

#include <stdlib.h>
#include <string.h>

#define UNREACHED 0xff
#define NO_HEAD UINT32_MAX

struct flood {
	const struct ms_graph_data *g;
	const uint32_t *first;
	uint8_t *kind;
	uint32_t *stack;                 /* each block is at most once in it */
	size_t depth;
};

/* All start pointers, from the roots on. */
static void flood_reachable(struct flood *f, uint32_t root_count)
{
	const struct ms_graph_data *g = f->g;
	uint32_t n = g->block_count;
	uint64_t end = f->first[n + root_count];

	for (uint64_t e = f->first[n]; e < end; e++)
		if (ms_is_start_edge(g, e) && f->kind[g->target[e]] == UNREACHED) {
			f->kind[g->target[e]] = MS_LEAK_REACHABLE;
			f->stack[f->depth++] = g->target[e];
		}
	while (f->depth) {
		uint32_t b = f->stack[--f->depth];

		for (uint32_t e = f->first[b]; e < f->first[b + 1]; e++)
			if (ms_is_start_edge(g, e) && f->kind[g->target[e]] == UNREACHED) {
				f->kind[g->target[e]] = MS_LEAK_REACHABLE;
				f->stack[f->depth++] = g->target[e];
			}
	}
}

static void push_possible(struct flood *f, uint32_t b)
{
	if (f->kind[b] == UNREACHED) {
		f->kind[b] = MS_LEAK_POSSIBLE;
		f->stack[f->depth++] = b;
	}
}

/* What is left over by all other pointers: those of roots and reachable blocks, and all of possible blocks. */
static void flood_possible(struct flood *f, uint32_t root_count)
{
	const struct ms_graph_data *g = f->g;
	uint32_t n = g->block_count;

	for (uint64_t e = f->first[n]; e < f->first[n + root_count]; e++)
		push_possible(f, g->target[e]);
	for (uint32_t b = 0; b < n; b++)
		if (f->kind[b] == MS_LEAK_REACHABLE)
			for (uint32_t e = f->first[b]; e < f->first[b + 1]; e++)
				push_possible(f, g->target[e]);
	while (f->depth) {
		uint32_t b = f->stack[--f->depth];

		for (uint32_t e = f->first[b]; e < f->first[b + 1]; e++)
			push_possible(f, g->target[e]);
	}
}

/* Blocks that no root leads to: from `head` everything that was not found yet, or was a head itself. */
static void flood_lost(struct flood *f, uint32_t head_block, uint32_t *head)
{
	const struct ms_graph_data *g = f->g;

	f->kind[head_block] = MS_LEAK_DEFINITE;
	head[head_block] = head_block;
	f->stack[f->depth++] = head_block;
	while (f->depth) {
		uint32_t b = f->stack[--f->depth];

		for (uint32_t e = f->first[b]; e < f->first[b + 1]; e++) {
			uint32_t t = g->target[e];

			if (t == head_block)
				continue;
			if (f->kind[t] == UNREACHED) {
				f->kind[t] = MS_LEAK_INDIRECT;
				head[t] = head_block;
				f->stack[f->depth++] = t;
			} else if (f->kind[t] == MS_LEAK_DEFINITE) {
				f->kind[t] = MS_LEAK_INDIRECT; /* what it leads to was found before */
				head[t] = head_block;
			}
		}
	}
}

int ms_reach(const struct ms_graph_data *g, const uint32_t *first, uint32_t root_count, uint8_t *kind, uint32_t *head,
             struct ms_error *err)
{
	uint32_t n = g->block_count;
	struct flood f = {.g = g, .first = first, .kind = kind, .stack = malloc((n + (size_t)1) * sizeof *f.stack)};

	if (!f.stack)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a heap graph of %u blocks", n);
	memset(kind, UNREACHED, n);
	flood_reachable(&f, root_count);
	flood_possible(&f, root_count);
	for (uint32_t b = 0; b < n; b++)
		head[b] = NO_HEAD;
	for (uint32_t b = 0; b < n; b++)
		if (kind[b] == UNREACHED)
			flood_lost(&f, b, head);
	/* A head that was absorbed leads to a later one, which may have been absorbed itself: follow, and remember. */
	for (uint32_t b = 0; b < n; b++) {
		uint32_t h = head[b];

		if (h == NO_HEAD)
			continue;
		while (head[h] != h)
			h = head[h];
		for (uint32_t i = b; head[i] != h;) {
			uint32_t next = head[i];

			head[i] = h;
			i = next;
		}
	}
	free(f.stack);
	return MS_OK;
}
