/* cases.c - from cases to the blocks that they concern: addresses of frees, refused frees, blocks by address. */
#include "cases.h"

#include <stdlib.h>

#include "address_pass.h"
#include "format/evidence.h"
#include "format/trace_reader.h"

void ms_cases_free(struct ms_cases *cases)
{
	if (!cases)
		return;
	free(cases->list);
	free(cases);
}

/* What was given to free: one pass with addresses, from the first case that wants one to the last. */
static int read_addresses(struct ms_cases *cases, const struct ms_trace *trace, struct ms_error *err)
{
	struct ms_cursor *cursor = NULL;
	size_t next = 0;
	int rc;

	while (next < cases->count && cases->list[next].has_address)
		next++;
	if (next == cases->count)
		return MS_OK;
	rc = ms_cursor_open(&cursor, trace, MS_COLUMN_ADDRESS, cases->list[next].event, 1, err);
	while (rc == MS_OK && next < cases->count) {
		struct ms_batch b;

		rc = ms_cursor_next(cursor, &b, err);
		if (rc || b.count == 0)
			break;
		for (; next < cases->count; next++) {
			struct ms_case *c = &cases->list[next];

			if (c->has_address)
				continue;
			if (c->event >= b.first_event + b.count)
				break;
			c->address = b.address[c->event - b.first_event];
			c->has_address = true;
			if (c->block.id)
				c->block.address = c->address;
		}
	}
	ms_cursor_close(cursor);
	return rc;
}

/* A free that a guard refused stands in the trace twice: as a free of no block, and as evidence just after it. */
static void pair_refused(struct ms_cases *cases, const struct ms_trace *trace)
{
	for (size_t i = 0; i < cases->count; i++) {
		struct ms_case *c = &cases->list[i];
		const struct ms_evidence *e = c->kind == MS_CASE_EVIDENCE ? ms_trace_evidence(trace, c->evidence) : NULL;

		if (!e || e->kind != MS_EVIDENCE_REFUSED_FREE)
			continue;
		for (size_t k = i, steps = 0; k-- > 0 && steps < 256; steps++) {
			struct ms_case *f = &cases->list[k];

			if (f->thread != c->thread)
				continue;
			if (f->kind == MS_CASE_UNMATCHED && !f->evidence && f->address == e->address) {
				f->evidence = c->evidence;
				f->freed_stack = c->freed_stack;
				if (!f->stack)
					f->stack = c->stack;
				c->merged = true;
			}
			break;
		}
	}
}

int ms_cases_resolve(struct ms_cases *cases, const struct ms_trace *trace, struct ms_error *err)
{
	int rc = read_addresses(cases, trace, err);

	if (rc)
		return rc;
	pair_refused(cases, trace);
	return ms_address_pass(cases, trace, err);
}
