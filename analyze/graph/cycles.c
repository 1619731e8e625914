/* cycles.c - Tarjan's components with the search's way back in an array. */
#include "cycles.h"

#include <stdlib.h>
#include <string.h>

struct scc {
	const struct ms_flow *flow;
	const bool *wanted;
	uint32_t *index, *low, *edge, *back; /* index 0 = not seen */
	uint32_t *stack;
	uint32_t depth, counter, components;
	uint32_t *component, *size_of;
};

static void close_component(struct scc *s, uint32_t node)
{
	uint32_t size = 0, from = s->depth, v;

	do {
		v = s->stack[--from];
		size++;
	} while (v != node);
	for (uint32_t i = from; i < s->depth; i++) {
		s->component[s->stack[i]] = s->components;
		s->size_of[s->stack[i]] = size;
	}
	if (size == 1) {
		bool self = false;

		for (uint32_t e = s->flow->first[node]; e < s->flow->first[node + 1]; e++)
			self |= s->flow->target[e] == node;
		s->size_of[node] = self;
	}
	s->depth = from;
	s->components++;
}

static void enter(struct scc *s, uint32_t node, uint32_t from)
{
	s->index[node] = s->low[node] = ++s->counter;
	s->edge[node] = s->flow->first[node];
	s->back[node] = from;
	s->stack[s->depth++] = node;
}

static void search_from(struct scc *s, uint32_t start)
{
	const struct ms_flow *f = s->flow;
	uint32_t at = start;

	enter(s, start, MS_NO_NODE);
	while (at != MS_NO_NODE) {
		uint32_t end = f->first[at + 1], next = MS_NO_NODE, from;

		while (s->edge[at] < end && next == MS_NO_NODE) {
			uint32_t t = f->target[s->edge[at]++];

			if (!s->wanted[t])
				continue;
			if (!s->index[t])
				next = t;
			else if (s->component[t] == MS_NO_NODE && s->index[t] < s->low[at])
				s->low[at] = s->index[t];
		}
		if (next != MS_NO_NODE) {
			enter(s, next, at);
			at = next;
			continue;
		}
		from = s->back[at];
		if (s->low[at] == s->index[at])
			close_component(s, at);
		if (from != MS_NO_NODE && s->low[at] < s->low[from])
			s->low[from] = s->low[at];
		at = from;
	}
}

int ms_cycles(const struct ms_flow *flow, const bool *wanted, uint32_t *component, uint32_t *size_of, struct ms_error *err)
{
	size_t n = flow->node_count;
	uint32_t *room = calloc(5 * (n + 1), sizeof *room);
	struct scc s = {.flow = flow, .wanted = wanted, .component = component, .size_of = size_of};

	if (!room)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the cycles of %zu nodes", n);
	s.index = room;
	s.low = s.index + n + 1;
	s.edge = s.low + n + 1;
	s.back = s.edge + n + 1;
	s.stack = s.back + n + 1;
	memset(component, 0xff, n * sizeof *component);
	memset(size_of, 0, n * sizeof *size_of);
	for (uint32_t i = 0; i < n; i++)
		if (wanted[i] && !s.index[i])
			search_from(&s, i);
	free(room);
	return MS_OK;
}

int ms_cycle_search_open(struct ms_cycle_search *s, const struct ms_flow *flow, const uint32_t *component, struct ms_error *err)
{
	size_t n = flow->node_count + (size_t)1;

	*s = (struct ms_cycle_search){.flow = flow, .component = component};
	s->via = malloc(3 * n * sizeof *s->via);
	if (!s->via)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the cycles of %zu nodes", n - 1);
	memset(s->via, 0xff, n * sizeof *s->via);
	s->source = s->via + n;
	s->queue = s->source + n;
	return MS_OK;
}

void ms_cycle_search_close(struct ms_cycle_search *s)
{
	free(s->via);
	*s = (struct ms_cycle_search){0};
}

/* Breadth first; via[v] = edge by which v was found. The node itself is found by the edge that closes the cycle. */
size_t ms_cycle_through(struct ms_cycle_search *s, uint32_t node, uint32_t *edges, size_t most)
{
	const struct ms_flow *f = s->flow;
	size_t head = 0, tail = 0, length = 0;

	s->queue[tail++] = node;
	while (head < tail && s->via[node] == MS_NO_NODE) {
		uint32_t v = s->queue[head++];

		for (uint32_t e = f->first[v]; e < f->first[v + 1] && s->via[node] == MS_NO_NODE; e++) {
			uint32_t t = f->target[e];

			if (s->component[t] != s->component[node] || s->via[t] != MS_NO_NODE)
				continue;
			s->via[t] = e;
			s->source[t] = v;
			if (t != node)
				s->queue[tail++] = t;
		}
	}
	if (s->via[node] != MS_NO_NODE) {
		uint32_t v = node;

		do {
			length++;
			v = s->source[v];
		} while (v != node);
		for (size_t i = length; i-- > 0; v = s->source[v])
			if (i < most)
				edges[i] = s->via[v];
	}
	for (size_t i = 0; i < tail; i++)
		s->via[s->queue[i]] = MS_NO_NODE;
	return length;
}
