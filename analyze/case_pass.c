/*
 * case_pass.c - the analysis that sets cases aside: frees that end no block, frees of the wrong family or size, evidence.
 *
 * Nearly every free is fine, so a view is first looked over without branches; only one that holds a case is read event by
 * event.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "cases.h"
#include "free_rules.h"
#include "mix64.h"

#define FREED_ADDRESSES 65536u /* blocks whose FREED_STACK is remembered */

struct freed {
	uint64_t address;                /* 0 = empty slot */
	uint32_t stack;
};

struct pass {
	const struct ms_trace *trace;
	struct ms_cases *cases;
	uint64_t event;                  /* ordinal of the next event */
	uint64_t kept[MS_CASE_KIND_COUNT];
	uint32_t *table;                 /* equal MISMATCHED and WRONG_SIZE cases: position + 1; power of two */
	size_t table_capacity, table_count;
	struct freed *freed;             /* open addressing, twice FREED_ADDRESSES slots, or NULL */
	size_t freed_count;
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for heap errors");
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct pass *p = calloc(1, sizeof *p);

	*state = p;
	if (!p)
		return no_memory(err);
	p->trace = context->trace;
	p->cases = calloc(1, sizeof *p->cases);
	if (!p->cases)
		return no_memory(err);
	p->cases->first_unmatched_event = UINT64_MAX;
	return MS_OK;
}

static void destroy(void *state)
{
	struct pass *p = state;

	if (!p)
		return;
	ms_cases_free(p->cases);
	free(p->table);
	free(p->freed);
	free(p);
}

/* NULL with *full: enough of this kind are kept; NULL without: no memory. */
static struct ms_case *append(struct pass *p, enum ms_case_kind kind, bool *full)
{
	struct ms_cases *c = p->cases;

	*full = p->kept[kind] >= MS_CASES_MAX;
	if (*full) {
		c->omitted[kind]++;
		return NULL;
	}
	if (c->count == c->capacity) {
		size_t capacity = c->capacity ? c->capacity * 2 : 32;
		struct ms_case *grown = realloc(c->list, capacity * sizeof *grown);

		if (!grown)
			return NULL;
		c->list = grown;
		c->capacity = capacity;
	}
	p->kept[kind]++;
	memset(&c->list[c->count], 0, sizeof *c->list);
	c->list[c->count].kind = (uint8_t)kind;
	return &c->list[c->count++];
}

static int unmatched(struct pass *p, const struct ms_view *v, uint32_t i)
{
	bool full;
	struct ms_case *c;

	p->cases->seen[MS_CASE_UNMATCHED]++;
	if (p->cases->first_unmatched_event == UINT64_MAX)
		p->cases->first_unmatched_event = p->event + i;
	c = append(p, MS_CASE_UNMATCHED, &full);
	if (!c)
		return full ? MS_OK : MS_E_NOMEM;
	c->event_kind = v->kind[i];
	c->thread = v->thread[i];
	c->stack = v->stack[i];
	c->event = p->event + i;
	c->time_ns = c->last_ns = v->time_ns[i];
	c->count = 1;
	return MS_OK;
}

/* ---- frees that do not fit their block ---------------------------------------------------------------------------- */

static uint64_t hash_case(const struct ms_case *c)
{
	uint64_t h = (uint64_t)c->kind << 56 | (uint64_t)c->event_kind << 48 | (uint64_t)c->block.birth_kind << 40;

	h = ms_mix64(h ^ c->argument) ^ c->block.birth_stack;
	h = ms_mix64(h) ^ c->stack;
	return ms_mix64(h ^ (c->kind == MS_CASE_WRONG_SIZE ? c->block.size_bytes << 20 : 0));
}

static bool same_case(const struct ms_case *a, const struct ms_case *b)
{
	return a->kind == b->kind && a->event_kind == b->event_kind && a->block.birth_kind == b->block.birth_kind &&
	       a->argument == b->argument && a->block.birth_stack == b->block.birth_stack && a->stack == b->stack &&
	       (a->kind != MS_CASE_WRONG_SIZE || a->block.size_bytes == b->block.size_bytes);
}

static int grow_table(struct pass *p)
{
	size_t capacity = p->table_capacity ? p->table_capacity * 2 : 64;
	uint32_t *table = calloc(capacity, sizeof *table);

	if (!table)
		return MS_E_NOMEM;
	for (size_t k = 0; k < p->table_capacity; k++) {
		size_t slot;

		if (!p->table[k])
			continue;
		slot = hash_case(&p->cases->list[p->table[k] - 1]) & (capacity - 1);
		while (table[slot])
			slot = (slot + 1) & (capacity - 1);
		table[slot] = p->table[k];
	}
	free(p->table);
	p->table = table;
	p->table_capacity = capacity;
	return MS_OK;
}

static int misfit(struct pass *p, const struct ms_case *given)
{
	struct ms_case *c;
	size_t slot;
	bool full;

	p->cases->seen[given->kind]++;
	if (p->table_count * 2 >= p->table_capacity && grow_table(p))
		return MS_E_NOMEM;
	slot = hash_case(given) & (p->table_capacity - 1);
	for (; p->table[slot]; slot = (slot + 1) & (p->table_capacity - 1)) {
		c = &p->cases->list[p->table[slot] - 1];
		if (same_case(c, given)) {
			c->count++;
			c->last_ns = given->time_ns;
			return MS_OK;
		}
	}
	c = append(p, given->kind, &full);
	if (!c)
		return full ? MS_OK : MS_E_NOMEM;
	*c = *given;
	p->table[slot] = (uint32_t)(c - p->cases->list) + 1;
	p->table_count++;
	return MS_OK;
}

static int check_free(struct pass *p, const struct ms_view *v, uint32_t i)
{
	struct ms_case c = {
		.event_kind = v->kind[i], .thread = v->thread[i], .stack = v->stack[i], .event = p->event + i,
		.time_ns = v->time_ns[i], .last_ns = v->time_ns[i], .count = 1,
		.block = {.id = v->block[i], .size_bytes = v->size_bytes[i], .birth_ns = v->birth_ns[i],
		          .birth_stack = v->birth_stack[i], .birth_thread = v->birth_thread[i], .birth_kind = v->birth_kind[i]},
	};

	if (ms_free_mismatches(c.event_kind, c.block.birth_kind)) {
		c.kind = MS_CASE_MISMATCHED;
		return misfit(p, &c);
	}
	if (ms_free_has_size[c.event_kind] && ms_family_of_kind[c.block.birth_kind] &&
	    v->arg[i][0] != c.block.size_bytes) {
		c.kind = MS_CASE_WRONG_SIZE;
		c.argument = v->arg[i][0];
		return misfit(p, &c);
	}
	return MS_OK;
}

/* ---- evidence ------------------------------------------------------------------------------------------------------ */

static struct freed *freed_slot(struct pass *p, uint64_t address)
{
	size_t mask = 2 * FREED_ADDRESSES - 1, i = ms_mix64(address) & mask;

	while (p->freed[i].address && p->freed[i].address != address)
		i = (i + 1) & mask;
	return &p->freed[i];
}

static int remember_freed(struct pass *p, const struct ms_evidence *e)
{
	struct freed *f;

	if (!p->freed)
		p->freed = calloc(2 * FREED_ADDRESSES, sizeof *p->freed);
	if (!p->freed)
		return MS_E_NOMEM;
	if (!e->block_address)
		return MS_OK;
	f = freed_slot(p, e->block_address);
	if (!f->address && p->freed_count++ >= FREED_ADDRESSES)
		return MS_OK;
	*f = (struct freed){e->block_address, e->stack};
	return MS_OK;
}

static int evidence(struct pass *p, const struct ms_view *v, uint32_t i)
{
	uint32_t id = (uint32_t)v->arg[i][0];
	const struct ms_evidence *e = ms_trace_evidence(p->trace, id);
	struct ms_case *c;
	bool full;

	if (!e)
		return MS_OK;
	if (e->kind == MS_EVIDENCE_FREED_STACK)
		return remember_freed(p, e);
	p->cases->seen[MS_CASE_EVIDENCE]++;
	c = append(p, MS_CASE_EVIDENCE, &full);
	if (!c)
		return full ? MS_OK : MS_E_NOMEM;
	c->event_kind = v->kind[i];
	c->evidence = id;
	c->thread = v->thread[i];
	c->stack = e->stack;
	c->event = p->event + i;
	c->time_ns = c->last_ns = v->time_ns[i];
	c->count = 1;
	c->has_address = true;
	c->address = e->block_address ? e->block_address : e->address;
	if (p->freed && e->block_address)
		c->freed_stack = freed_slot(p, e->block_address)->stack;
	return MS_OK;
}

/* ---- views --------------------------------------------------------------------------------------------------------- */

static int look(struct pass *p, const struct ms_view *v)
{
	for (uint32_t i = 0; i < v->count; i++) {
		unsigned step = v->step[i];
		int rc = MS_OK;

		if (step == MS_STEP_UNMATCHED)
			rc = unmatched(p, v, i);
		else if (ms_step_ends(step))
			rc = check_free(p, v, i);
		else if (v->kind[i] == MS_EV_EVIDENCE)
			rc = evidence(p, v, i);
		if (rc)
			return rc;
	}
	return MS_OK;
}

/* Forgets the cases so far, but not where they stand: ordinals, and which blocks a guard said were freed where. */
static void start_window(struct pass *p)
{
	struct ms_cases *c = p->cases;

	*c = (struct ms_cases){.list = c->list, .capacity = c->capacity, .first_unmatched_event = UINT64_MAX};
	memset(p->kept, 0, sizeof p->kept);
	if (p->table)
		memset(p->table, 0, p->table_capacity * sizeof *p->table);
	p->table_count = 0;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct pass *p = state;
	uint64_t ends = 0, sized = 0, moves = 0;
	unsigned cases = 0;

	if (v->step[0] == MS_STEP_WINDOW)
		start_window(p);
	if (ms_step_is_alone(v->step[0])) { /* kind 0 when it is no event of the trace */
		p->event += v->kind[0] != 0;
		return MS_OK;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		unsigned step = v->step[i], kind = v->kind[i];
		unsigned ending = (unsigned)ms_step_ends(step), lost = step == MS_STEP_UNMATCHED;

		ends += ending | lost;
		moves += kind == MS_EV_REALLOC_FREE;
		sized += ms_free_has_size[kind];
		cases |= lost | (kind == MS_EV_EVIDENCE) | (ms_free_has_size[kind] & (v->arg[i][0] != v->size_bytes[i])) |
		         (unsigned)(ms_family_of_kind[v->birth_kind[i]] & ~ms_families_freed_by[kind]);
	}
	p->cases->frees += ends;
	p->cases->sized_frees += sized;
	p->cases->reallocs += moves;
	if (cases && look(p, v))
		return no_memory(err);
	p->event += v->count;
	return MS_OK;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct pass *p = state;

	(void)err;
	report->cases = p->cases;
	p->cases = NULL;
	return MS_OK;
}

/* What start_window keeps. */
static int restore(void *state, const struct ms_start *start, struct ms_error *err)
{
	struct pass *p = state;

	p->event = start->event;
	for (size_t i = 0; i < start->evidence_count; i++) {
		const struct ms_evidence *e = ms_trace_evidence(p->trace, (uint32_t)start->evidence[i]);

		if (e && e->kind == MS_EVIDENCE_FREED_STACK && remember_freed(p, e))
			return no_memory(err);
	}
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_case_pass = {
	.name = "cases",
	.summary = "frees that do not fit, and evidence of guards",
	.columns = MS_COLUMN_ARGS,
	.create = create,
	.view = view,
	.finish = finish,
	.restore = restore,
	.destroy = destroy,
};
