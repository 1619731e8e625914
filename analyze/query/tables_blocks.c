/* tables_blocks.c - the table `blocks`: a row per life of a block, see block_scan.h. */
#include <stdlib.h>
#include <string.h>

#include "block_scan.h"

enum {
	ID, ADDRESS, SIZE, USABLE, FAMILY, THREAD, ALLOC_NS, FREE_NS, LIFETIME_NS, STACK, SITE, ENDED, FREE_CALL, FREE_THREAD, FREE_STACK, ALIVE,
	TEMPORARY, COLUMNS
};
static const struct ms_qcolumn columns[] = {
	[ID] = {"id", "INTEGER", MS_PUSH_KEY, false, "number of the block: allocations are counted from 1"},
	[ADDRESS] = {"address", "INTEGER", MS_PUSH_FILTER, false, "what the program got"},
	[SIZE] = {"size", "INTEGER", MS_PUSH_FILTER, false, "bytes requested"},
	[USABLE] = {"usable", "INTEGER", MS_PUSH_NONE, false, "bytes that the allocator's rounding makes of it, at least; NULL = its rule is not known"},
	[FAMILY] = {"family", "TEXT", MS_PUSH_TEXT, false, "call that began it: malloc, calloc, realloc, new, new[], ..."},
	[THREAD] = {"thread", "INTEGER", MS_PUSH_FILTER, false, "that began it: threads.id"},
	[ALLOC_NS] = {"alloc_ns", "INTEGER", MS_PUSH_SEEK, false, "when it began"},
	[FREE_NS] = {"free_ns", "INTEGER", MS_PUSH_SEEK, false, "when it was freed or reallocated, else NULL"},
	[LIFETIME_NS] = {"lifetime_ns", "INTEGER", MS_PUSH_NONE, false, "free_ns - alloc_ns"},
	[STACK] = {"stack", "INTEGER", MS_PUSH_FILTER, false, "of the allocation: stacks.id"},
	[SITE] = {"site", "INTEGER", MS_PUSH_FILTER, false, "call path of the allocation: sites.id"},
	[ENDED] = {"ended", "TEXT", MS_PUSH_NONE, false, "free, realloc, exec; NULL = alive at the end"},
	[FREE_CALL] = {"free_call", "TEXT", MS_PUSH_NONE, false, "call that ended it: free, delete, realloc-free, ..."},
	[FREE_THREAD] = {"free_thread", "INTEGER", MS_PUSH_NONE, false, "that ended it"},
	[FREE_STACK] = {"free_stack", "INTEGER", MS_PUSH_NONE, false, "of the free, when the trace records them"},
	[ALIVE] = {"alive", "INTEGER", MS_PUSH_SEEK, false, "1: alive at the end of the trace"},
	[TEMPORARY] = {"temporary", "INTEGER", MS_PUSH_NONE, false, "1: freed by the next allocation event of its thread"},
};

struct state {
	struct ms_block_scan *scan;
	const struct ms_block_row *row;
};

static bool whole(const struct ms_qbound *b)
{
	return b->low == 0 && b->high == UINT64_MAX;
}

static int blocks_open(struct ms_qcursor *c, struct ms_error *err)
{
	const struct ms_qbound *b = c->bounds;
	struct state *s = c->state = calloc(1, sizeof *s);
	struct ms_block_range range = {
		.low_id = b[ID].low, .high_id = b[ID].high, .low_birth_ns = b[ALLOC_NS].low, .high_birth_ns = b[ALLOC_NS].high,
		.low_end_ns = b[FREE_NS].low, .high_end_ns = b[FREE_NS].high, .alive_only = b[ALIVE].low == 1,
		.exact_temporary = c->used & 1u << TEMPORARY, .addresses = c->used & 1u << ADDRESS,
	};
	int rc;

	if (!s)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	rc = ms_query_map(c->query, err);
	return rc ? rc : ms_block_scan_open(&s->scan, c->query, &range, err);
}

static inline bool in(const struct ms_qbound *b, uint64_t value)
{
	return value >= b->low && value <= b->high;
}

static bool wanted(const struct ms_qcursor *c, const struct ms_block_row *r)
{
	const struct ms_qbound *b = c->bounds;
	bool ended = r->how == MS_BLOCK_FREED || r->how == MS_BLOCK_REALLOCATED;

	return in(&b[ID], r->id) && in(&b[SIZE], r->size_bytes) && in(&b[THREAD], r->birth_thread) && in(&b[ALLOC_NS], r->birth_ns) &&
	       (!b[FAMILY].text || strcmp(b[FAMILY].text, ms_event_kinds[r->birth_kind].name) == 0) && in(&b[STACK], r->birth_stack) && in(&b[SITE], r->site) && in(&b[ALIVE], r->how == MS_BLOCK_ALIVE) &&
	       (whole(&b[FREE_NS]) || (ended && in(&b[FREE_NS], r->end_ns))) && (whole(&b[ADDRESS]) || in(&b[ADDRESS], r->address));
}

static int blocks_next(struct ms_qcursor *c, struct ms_error *err)
{
	struct state *s = c->state;
	int rc;

	do {
		rc = ms_block_scan_next(s->scan, &s->row, err);
		if (rc)
			return rc;
	} while (s->row && !wanted(c, s->row));
	c->eof = !s->row;
	c->row = s->row ? s->row->id : 0;
	return MS_OK;
}

static void blocks_close(struct ms_qcursor *c)
{
	struct state *s = c->state;

	if (s)
		ms_block_scan_close(s->scan);
	free(s);
}

static int blocks_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	static const char *const ends[] = {
		[MS_BLOCK_ALIVE] = NULL, [MS_BLOCK_FREED] = "free", [MS_BLOCK_REALLOCATED] = "realloc", [MS_BLOCK_ENDED_BY_EXEC] = "exec",
	};
	const struct ms_block_row *r = ((const struct state *)c->state)->row;
	bool ended = r->how == MS_BLOCK_FREED || r->how == MS_BLOCK_REALLOCATED;

	(void)err;
	switch (column) {
	case ID:
		ms_q_uint(out, r->id);
		break;
	case ADDRESS:
		ms_q_uint(out, r->address);
		break;
	case SIZE:
		ms_q_uint(out, r->size_bytes);
		break;
	case USABLE:
		ms_q_usable(c->query, r->size_bytes, out);
		break;
	case FAMILY:
		ms_q_text(out, ms_event_kinds[r->birth_kind].name);
		break;
	case THREAD:
		ms_q_id(out, r->birth_thread);
		break;
	case ALLOC_NS:
		ms_q_uint(out, r->birth_ns);
		break;
	case FREE_NS:
		if (ended)
			ms_q_uint(out, r->end_ns);
		break;
	case LIFETIME_NS:
		if (ended)
			ms_q_uint(out, r->end_ns - r->birth_ns);
		break;
	case STACK:
		ms_q_id(out, r->birth_stack);
		break;
	case SITE:
		sqlite3_result_int64(out, r->site);
		break;
	case ENDED:
		ms_q_text(out, ends[r->how]);
		break;
	case FREE_CALL:
		ms_q_text(out, r->end_kind ? ms_event_kinds[r->end_kind].name : NULL);
		break;
	case FREE_THREAD:
		ms_q_id(out, r->end_thread);
		break;
	case FREE_STACK:
		ms_q_id(out, r->end_stack);
		break;
	case ALIVE:
		sqlite3_result_int(out, r->how == MS_BLOCK_ALIVE);
		break;
	default:
		sqlite3_result_int(out, r->temporary);
		break;
	}
	return MS_OK;
}

static double blocks_estimate(const struct ms_query *q)
{
	return (double)ms_trace_event_count(q->trace) / 2;
}

const struct ms_qtable ms_qtable_blocks = {
	.name = "blocks", .summary = "every block, from its allocation to its end; blocks that realloc made are blocks of their own",
	.columns = columns, .count = COLUMNS, .open = blocks_open, .next = blocks_next, .close = blocks_close, .value = blocks_value,
	.estimate = blocks_estimate, .row_cost = 3, .seek_cost = 1e6,
};
