/*
 * dominators.c - Lengauer-Tarjan in the numbering of a depth-first search: everything is an array over 1 .. n.
 *
 * semi[i] is the least number from which a path of larger numbers leads to i; label[i] the node with the least semi on the
 * part of the tree path above i that was compressed; ancestor[i] the link upwards in the forest, 0 = a root of it.
 */
#include "dominators.h"

#include <stdlib.h>
#include <string.h>

struct work {
	const struct ms_flow *flow;
	uint32_t n;                      /* nodes reached */
	uint32_t *number;                /* [node] 1 .. n, 0 = not reached */
	uint32_t *vertex;                /* [number] node */
	uint32_t *parent, *semi, *label, *ancestor, *dominator; /* [number] */
	uint32_t *bucket, *next;         /* [number] lists of those with this semi */
	uint32_t *path;                  /* [number] of a compression; before: the next edge in the search */
	uint32_t *first_source, *source; /* [number + 1], [edge]: edges backwards, as numbers */
};

/* The way back of the search is the tree itself, so it needs no stack. */
static void search(struct work *w)
{
	const struct ms_flow *f = w->flow;
	uint32_t at = 1, *edge = w->path;

	w->n = 1;
	w->number[f->root] = 1;
	w->vertex[1] = f->root;
	w->parent[1] = 0;
	edge[1] = f->first[f->root];
	while (at) {
		uint32_t node = w->vertex[at], end = f->first[node + 1], e = edge[at];

		while (e < end && w->number[f->target[e]])
			e++;
		if (e == end) {
			at = w->parent[at];
			continue;
		}
		edge[at] = e + 1;
		node = f->target[e];
		w->number[node] = ++w->n;
		w->vertex[w->n] = node;
		w->parent[w->n] = at;
		edge[w->n] = f->first[node];
		at = w->n;
	}
}

static void reverse(struct work *w)
{
	const struct ms_flow *f = w->flow;
	uint32_t sum = 0;

	for (uint32_t i = 1; i <= w->n; i++)
		for (uint32_t e = f->first[w->vertex[i]]; e < f->first[w->vertex[i] + 1]; e++)
			w->first_source[w->number[f->target[e]] + 1]++;
	for (uint32_t i = 1; i <= w->n + 1; i++)
		w->first_source[i] = sum += w->first_source[i];
	/* first_source[i] is where the list of i ends for now; filling moves it to where it begins. */
	for (uint32_t i = 1; i <= w->n; i++)
		w->first_source[i] = w->first_source[i + 1];
	for (uint32_t i = w->n; i >= 1; i--)
		for (uint32_t e = f->first[w->vertex[i]]; e < f->first[w->vertex[i] + 1]; e++)
			w->source[--w->first_source[w->number[f->target[e]]]] = i;
}

/* The node with the least semi among i and those above it up to, not including, the root of its tree in the forest. */
static uint32_t least(struct work *w, uint32_t i)
{
	uint32_t *ancestor = w->ancestor, *label = w->label, depth = 0;

	if (ancestor[i] == 0)
		return i;
	for (uint32_t x = i; ancestor[ancestor[x]]; x = ancestor[x])
		w->path[depth++] = x;
	while (depth) {
		uint32_t x = w->path[--depth], a = ancestor[x];

		if (w->semi[label[a]] < w->semi[label[x]])
			label[x] = label[a];
		ancestor[x] = ancestor[a];
	}
	return label[i];
}

static void solve(struct work *w)
{
	for (uint32_t i = 1; i <= w->n; i++)
		w->semi[i] = w->label[i] = i;
	for (uint32_t i = w->n; i > 1; i--) {
		uint32_t p = w->parent[i];

		for (uint32_t e = w->first_source[i]; e < w->first_source[i + 1]; e++) {
			uint32_t u = least(w, w->source[e]);

			if (w->semi[u] < w->semi[i])
				w->semi[i] = w->semi[u];
		}
		w->next[i] = w->bucket[w->semi[i]];
		w->bucket[w->semi[i]] = i;
		w->ancestor[i] = p;
		for (uint32_t v = w->bucket[p]; v; v = w->next[v]) {
			uint32_t u = least(w, v);

			w->dominator[v] = w->semi[u] < w->semi[v] ? u : p;
		}
		w->bucket[p] = 0;
	}
	for (uint32_t i = 2; i <= w->n; i++)
		if (w->dominator[i] != w->semi[i])
			w->dominator[i] = w->dominator[w->dominator[i]];
}

int ms_dominators(struct ms_dominators *out, const struct ms_flow *flow, struct ms_error *err)
{
	size_t n = flow->node_count;
	uint32_t *room = calloc(10 * (n + 2), sizeof *room);
	struct work w = {.flow = flow};
	int rc = MS_OK;

	memset(out, 0, sizeof *out);
	out->parent = malloc((n + 1) * sizeof *out->parent);
	out->order = malloc((n + 1) * sizeof *out->order);
	w.first_source = calloc(n + 3, sizeof *w.first_source);
	w.source = malloc((flow->first[n] + (size_t)1) * sizeof *w.source);
	if (!room || !out->parent || !out->order || !w.first_source || !w.source) {
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the dominators of %zu nodes", n);
		goto done;
	}
	w.number = room;
	w.vertex = w.number + n + 2;
	w.parent = w.vertex + n + 2;
	w.semi = w.parent + n + 2;
	w.label = w.semi + n + 2;
	w.ancestor = w.label + n + 2;
	w.dominator = w.ancestor + n + 2;
	w.bucket = w.dominator + n + 2;
	w.next = w.bucket + n + 2;
	w.path = w.next + n + 2;
	search(&w);
	reverse(&w);
	solve(&w);
	memset(out->parent, 0xff, (n + 1) * sizeof *out->parent);
	for (uint32_t i = 1; i <= w.n; i++) {
		out->order[i - 1] = w.vertex[i];
		if (i > 1)
			out->parent[w.vertex[i]] = w.vertex[w.dominator[i]];
	}
	out->order_count = w.n;
done:
	free(room);
	free(w.first_source);
	free(w.source);
	if (rc)
		ms_dominators_free(out);
	return rc;
}

void ms_dominators_free(struct ms_dominators *d)
{
	free(d->parent);
	free(d->order);
	memset(d, 0, sizeof *d);
}

void ms_retain(const struct ms_dominators *d, uint64_t *amount)
{
	for (uint32_t i = d->order_count; i-- > 1;)
		amount[d->parent[d->order[i]]] += amount[d->order[i]];
}
