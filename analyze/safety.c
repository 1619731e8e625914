/*
 * safety.c - facts worth a look, none of them an error by itself: blocks that one thread allocates and another frees, blocks that one module's
 * code allocates and another's frees, requests for nothing or for more than any memory.
 *
 * Most views hold nothing of the kind and are only looked over.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "format/events.h"
#include "mix64.h"

#define HUGE_BYTES (UINT64_C(1) << 40)
#define PAIRS_MAX 16384u

/* Sums by a pair of 64-bit keys; open addressing. */
struct pair {
	uint64_t a, b;
	uint64_t blocks, bytes;
	uint32_t node_a, node_b;         /* of the first one */
	uint64_t first_ns, first_bytes;
};
struct pairs {
	struct pair *slots;
	size_t capacity, count;
	uint64_t omitted;                /* blocks of pairs beyond PAIRS_MAX */
};

struct safety {
	const struct ms_stack_map *stacks;
	const char **module_of_node;     /* of the headline; "" = unknown; NULL: not asked for yet */
	struct pairs threads, modules, sizes;
	uint64_t frees, frees_with_stack;
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for safety facts");
}

static int grow(struct pairs *p)
{
	size_t capacity = p->capacity ? p->capacity * 2 : 64;
	struct pair *slots = calloc(capacity, sizeof *slots);

	if (!slots)
		return MS_E_NOMEM;
	for (size_t i = 0; i < p->capacity; i++) {
		size_t slot;

		if (!p->slots[i].blocks)
			continue;
		slot = ms_mix64(p->slots[i].a ^ ms_mix64(p->slots[i].b)) & (capacity - 1);
		while (slots[slot].blocks)
			slot = (slot + 1) & (capacity - 1);
		slots[slot] = p->slots[i];
	}
	free(p->slots);
	p->slots = slots;
	p->capacity = capacity;
	return MS_OK;
}

static int add(struct pairs *p, const struct pair *given)
{
	size_t slot;

	if (p->count * 2 >= p->capacity && grow(p))
		return MS_E_NOMEM;
	slot = ms_mix64(given->a ^ ms_mix64(given->b)) & (p->capacity - 1);
	while (p->slots[slot].blocks && (p->slots[slot].a != given->a || p->slots[slot].b != given->b))
		slot = (slot + 1) & (p->capacity - 1);
	if (!p->slots[slot].blocks) {
		if (p->count == PAIRS_MAX) {
			p->omitted++;
			return MS_OK;
		}
		p->count++;
		p->slots[slot] = *given;
		return MS_OK;
	}
	p->slots[slot].blocks++;
	if (__builtin_add_overflow(p->slots[slot].bytes, given->bytes, &p->slots[slot].bytes))
		p->slots[slot].bytes = UINT64_MAX;
	return MS_OK;
}

/* ---- modules ------------------------------------------------------------------------------------------------------- */

static const char *headline_module(const struct ms_stack_map *s, uint32_t node)
{
	for (uint32_t n = node; n; n = s->nodes[n].parent)
		for (uint32_t i = 0; i < s->nodes[n].line_count; i++)
			if (!s->lines[s->nodes[n].first_line + i].allocator)
				return s->lines[s->nodes[n].first_line + i].module;
	return "";
}

/* Parents come first, so each node looks at its own lines or takes what its caller has. */
static int find_modules(struct safety *s)
{
	s->module_of_node = malloc((s->stacks->node_count + 1) * sizeof *s->module_of_node);
	if (!s->module_of_node)
		return MS_E_NOMEM;
	for (size_t node = 0; node < s->stacks->node_count; node++)
		s->module_of_node[node] = headline_module(s->stacks, (uint32_t)node);
	return MS_OK;
}

/* ---- views --------------------------------------------------------------------------------------------------------- */

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct safety *s = calloc(1, sizeof *s);

	*state = s;
	if (!s)
		return no_memory(err);
	s->stacks = context->stacks;
	return MS_OK;
}

static void destroy(void *state)
{
	struct safety *s = state;

	if (!s)
		return;
	free(s->module_of_node);
	free(s->threads.slots);
	free(s->modules.slots);
	free(s->sizes.slots);
	free(s);
}

static int ended(struct safety *s, const struct ms_view *v, uint32_t i)
{
	uint32_t node = s->stacks->node_of_stack[v->stack[i]], site = v->site[i];
	struct pair p = {.blocks = 1, .bytes = v->size_bytes[i], .first_ns = v->time_ns[i]};

	if (v->thread[i] != v->birth_thread[i]) {
		p.a = v->birth_thread[i];
		p.b = v->thread[i];
		if (add(&s->threads, &p))
			return MS_E_NOMEM;
	}
	if (!node)
		return MS_OK;
	s->frees_with_stack++;
	if (!s->module_of_node && find_modules(s))
		return MS_E_NOMEM;
	if (s->module_of_node[node] == s->module_of_node[site] || !*s->module_of_node[node] || !*s->module_of_node[site])
		return MS_OK;
	p.a = (uintptr_t)s->module_of_node[site];
	p.b = (uintptr_t)s->module_of_node[node];
	p.node_a = site;
	p.node_b = node;
	return add(&s->modules, &p);
}

static int odd_size(struct safety *s, const struct ms_view *v, uint32_t i, bool failed)
{
	uint64_t size = v->size_bytes[i];
	uint32_t node = failed ? s->stacks->node_of_stack[v->stack[i]] : v->site[i];
	uint64_t kind = size == 0 ? MS_ODD_ZERO : size > INT64_MAX ? MS_ODD_NEGATIVE : MS_ODD_HUGE;

	return add(&s->sizes, &(struct pair){.a = node, .b = kind << 1 | failed, .blocks = 1, .first_bytes = size, .node_a = node,
	                                     .first_ns = v->time_ns[i]});
}

static void forget(struct pairs *p)
{
	if (p->slots)
		memset(p->slots, 0, p->capacity * sizeof *p->slots);
	p->count = 0;
	p->omitted = 0;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct safety *s = state;
	uint64_t facts = 0, frees = 0;

	if (v->step[0] == MS_STEP_WINDOW) {
		forget(&s->threads);
		forget(&s->modules);
		forget(&s->sizes);
		s->frees = s->frees_with_stack = 0;
	}
	if (ms_step_is_alone(v->step[0]))
		return MS_OK;
	for (uint32_t i = 0; i < v->count; i++) {
		uint64_t ends = ms_step_ends(v->step[i]), sized = ms_step_begins(v->step[i]) | (v->step[i] == MS_STEP_FAIL);

		frees += ends;
		facts |= ends & ((v->thread[i] != v->birth_thread[i]) | (v->stack[i] != 0));
		facts |= sized & ((v->size_bytes[i] == 0) | (v->size_bytes[i] >= HUGE_BYTES));
	}
	s->frees += frees;
	for (uint32_t i = 0; facts && i < v->count; i++) {
		bool failed = v->step[i] == MS_STEP_FAIL;
		int rc = MS_OK;

		if (ms_step_ends(v->step[i]))
			rc = ended(s, v, i);
		else if ((failed || ms_step_begins(v->step[i])) && (v->size_bytes[i] == 0 || v->size_bytes[i] >= HUGE_BYTES))
			rc = odd_size(s, v, i, failed);
		if (rc)
			return no_memory(err);
	}
	return MS_OK;
}

/* ---- results ------------------------------------------------------------------------------------------------------- */

static int by_blocks(const void *pa, const void *pb)
{
	const struct pair *a = pa, *b = pb;

	if (a->blocks != b->blocks)
		return a->blocks < b->blocks ? 1 : -1;
	if (a->first_ns != b->first_ns)
		return a->first_ns < b->first_ns ? -1 : 1;
	if (a->b != b->b)
		return a->b < b->b ? -1 : 1;
	return (a->a > b->a) - (a->a < b->a);
}

/* Packs the used slots to the front, ordered. */
static void pack(struct pairs *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->capacity; i++)
		if (p->slots[i].blocks)
			p->slots[n++] = p->slots[i];
	if (n)
		qsort(p->slots, n, sizeof *p->slots, by_blocks);
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct safety *s = state;
	struct ms_report_safety *out = &report->safety;

	pack(&s->threads);
	pack(&s->modules);
	pack(&s->sizes);
	out->frees = s->frees;
	out->frees_with_stack = s->frees_with_stack;
	out->omitted = s->threads.omitted + s->modules.omitted + s->sizes.omitted;
	out->handovers = calloc(s->threads.count + 1, sizeof *out->handovers);
	out->boundaries = calloc(s->modules.count + 1, sizeof *out->boundaries);
	out->odd_sizes = calloc(s->sizes.count + 1, sizeof *out->odd_sizes);
	if (!out->handovers || !out->boundaries || !out->odd_sizes)
		return no_memory(err);
	for (size_t i = 0; i < s->threads.count; i++) {
		const struct pair *p = &s->threads.slots[i];

		out->handovers[out->handover_count++] = (struct ms_report_handover){(uint32_t)p->a, (uint32_t)p->b, p->blocks, p->bytes};
	}
	for (size_t i = 0; i < s->modules.count; i++) {
		const struct pair *p = &s->modules.slots[i];

		out->boundaries[out->boundary_count++] = (struct ms_report_boundary){
			.from = (const char *)(uintptr_t)p->a, .to = (const char *)(uintptr_t)p->b, .blocks = p->blocks, .bytes = p->bytes,
			.allocation_node = p->node_a, .free_node = p->node_b,
		};
	}
	for (size_t i = 0; i < s->sizes.count; i++) {
		const struct pair *p = &s->sizes.slots[i];

		out->odd_sizes[out->odd_size_count++] = (struct ms_report_odd_size){
			.kind = (uint8_t)(p->b >> 1), .failed = p->b & 1, .node = p->node_a, .requests = p->blocks,
			.first_bytes = p->first_bytes, .first_ns = p->first_ns,
		};
	}
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_safety = {
	.name = "safety",
	.summary = "hand-overs between threads and modules, odd sizes",
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = destroy,
};
