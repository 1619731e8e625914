/* paths.c - breadth first from the roots, or from a lost block; via[b] is the edge by which b was found. */
#include "paths.h"

#include <stdlib.h>
#include <string.h>

#include "format/evidence.h"
#include "reach.h"

#define NO_EDGE UINT32_MAX

struct search {
	const struct ms_heap_graph *g;
	bool start_pointers_only;
	uint32_t *via, *queue;
	uint32_t head, tail;
};

static void follow(struct search *s, uint32_t edge)
{
	uint32_t t = s->g->data.target[edge];

	if (s->via[t] != NO_EDGE || (s->start_pointers_only && !ms_is_start_edge(&s->g->data, edge)))
		return;
	s->via[t] = edge;
	s->queue[s->tail++] = t;
}

static void begin_at_roots(struct search *s)
{
	static const uint8_t kinds[] = {MS_ROOT_DATA, MS_ROOT_TLS, MS_ROOT_STACK, MS_ROOT_MAPPING, MS_ROOT_REGISTERS, 0};
	const struct ms_heap_graph *g = s->g;

	/* 0: kinds of roots that a later format adds. */
	for (size_t k = 0; k < sizeof kinds; k++)
		for (uint32_t r = 0; r < g->root_count; r++) {
			if (kinds[k] && g->facts->roots[r].kind != kinds[k])
				continue;
			for (uint32_t e = g->first[g->block_count + r]; e < g->first[g->block_count + r + 1]; e++)
				follow(s, e);
		}
}

static void run(struct search *s, uint32_t goal)
{
	const struct ms_heap_graph *g = s->g;

	while (s->head < s->tail && s->via[goal] == NO_EDGE) {
		uint32_t b = s->queue[s->head++];

		for (uint32_t e = g->first[b]; e < g->first[b + 1]; e++)
			follow(s, e);
	}
}

static int write_steps(struct ms_why *out, const struct search *s, uint32_t from, uint32_t goal)
{
	const struct ms_heap_graph *g = s->g;
	size_t n = 1, at;

	for (uint32_t b = goal; b != from && g->data.source[s->via[b]] < g->block_count; b = g->data.source[s->via[b]])
		n++;
	out->steps = calloc(n, sizeof *out->steps);
	if (!out->steps)
		return MS_E_NOMEM;
	out->step_count = at = n;
	for (uint32_t b = goal; at-- > 0;) {
		struct ms_why_step *step = &out->steps[at];
		uint32_t edge = s->via[b];

		step->block = ms_heap_describe(g, b);
		if (b == from) {
			step->start_pointer = true; /* the head of a way among lost blocks: nothing points to it */
			continue;
		}
		step->offset = g->data.source_offset[edge];
		step->target_offset = g->data.target_offset[edge];
		step->start_pointer = ms_is_start_edge(&g->data, edge);
		b = g->data.source[edge];
	}
	return MS_OK;
}

int ms_why_position(struct ms_why *out, const struct ms_heap_graph *g, uint32_t position, struct ms_error *err)
{
	struct search s = {.g = g};
	uint32_t from = UINT32_MAX, first = position;
	int rc = MS_E_NOMEM;

	memset(out, 0, sizeof *out);
	if (position >= g->block_count)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "the heap graph has no block at position %u", position);
	s.via = malloc(g->block_count * sizeof *s.via);
	s.queue = malloc((g->block_count + (size_t)1) * sizeof *s.queue); /* a lost head may be found again, by a cycle */
	if (!s.via || !s.queue)
		goto done;
	memset(s.via, 0xff, g->block_count * sizeof *s.via);
	out->kind = g->kind[position];
	for (uint64_t e = 0; e < g->data.edge_count; e++)
		out->pointers += g->data.target[e] == position;
	if (out->kind == MS_LEAK_REACHABLE || out->kind == MS_LEAK_POSSIBLE) {
		out->from_root = true;
		s.start_pointers_only = out->kind == MS_LEAK_REACHABLE;
		begin_at_roots(&s);
		run(&s, position);
		while (g->data.source[s.via[first]] < g->block_count)
			first = g->data.source[s.via[first]];
		out->holder = g->holders[g->holder_of_edge[s.via[first] - g->first[g->block_count]]];
	} else {
		from = g->head[position];
		s.queue[s.tail++] = from;
		if (from != position)
			run(&s, position);
	}
	rc = write_steps(out, &s, from, position);
	/* A pointer in a global stands in the global, not in the segment of its module. */
	if (rc == MS_OK && out->from_root && out->holder.kind == MS_ROOT_DATA && *out->holder.name)
		out->steps[0].offset += g->facts->roots[g->data.source[s.via[first]] - g->block_count].start - out->holder.address;
done:
	free(s.via);
	free(s.queue);
	return rc ? ms_fail(err, rc, MS_NO_OFFSET, "no memory to search a heap graph of %u blocks", g->block_count) : MS_OK;
}
