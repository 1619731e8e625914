/* tables_snapshot.c - snapshot(moment): the live blocks; diff(from, to): what changed between two moments, by call path. */
#include <stdlib.h>
#include <string.h>

#include "block_scan.h"

/* ---- what lives at a moment --------------------------------------------------------------------------------------- */

struct live_set {
	struct ms_live_block *blocks;    /* by id */
	size_t count;
	uint64_t time_ns;                /* of the moment */
};

/* At the end of the trace also blocks whose realloc was never seen to end live: there the scan knows. */
static int live_at_end(struct ms_query *q, struct live_set *set, struct ms_error *err)
{
	const struct ms_block_range range = {
		.high_id = UINT64_MAX, .high_birth_ns = UINT64_MAX, .high_end_ns = UINT64_MAX, .alive_only = true, .addresses = true,
	};
	struct ms_block_scan *scan;
	const struct ms_block_row *r;
	size_t capacity = 0;
	int rc = ms_block_scan_open(&scan, q, &range, err);

	while (rc == MS_OK && (rc = ms_block_scan_next(scan, &r, err)) == MS_OK && r) {
		if (r->how != MS_BLOCK_ALIVE)
			continue;
		if (set->count == capacity) {
			size_t grown = capacity ? capacity * 2 : 1024;
			struct ms_live_block *blocks = realloc(set->blocks, grown * sizeof *blocks);

			if (!blocks) {
				rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu live blocks", grown);
				break;
			}
			set->blocks = blocks;
			capacity = grown;
		}
		set->blocks[set->count++] = (struct ms_live_block){
			.block = r->id, .address = r->address, .size_bytes = r->size_bytes, .birth_ns = r->birth_ns, .stack = r->birth_stack,
			.thread = r->birth_thread, .kind = r->birth_kind,
		};
	}
	ms_block_scan_close(scan);
	return rc;
}

static int by_id(const void *a, const void *b)
{
	const struct ms_live_block *x = a, *y = b;

	return (x->block > y->block) - (x->block < y->block);
}

static int live_at(struct ms_query *q, uint64_t events, struct live_set *set, struct ms_error *err)
{
	struct ms_cursor *c = NULL;
	const struct ms_live_block *live;
	size_t n;
	int rc;

	if (events == ms_trace_event_count(q->trace)) {
		rc = live_at_end(q, set, err);
		if (set->count)
			qsort(set->blocks, set->count, sizeof *set->blocks, by_id);
		return rc;
	}
	rc = ms_cursor_open(&c, q->trace, MS_COLUMN_ADDRESS, events, 1, err);
	if (rc == MS_OK)
		rc = ms_cursor_live(c, &live, &n, err);
	if (rc == MS_OK) {
		set->blocks = malloc((n + 1) * sizeof *live);
		if (set->blocks)
			memcpy(set->blocks, live, n * sizeof *live);
		else
			rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu live blocks", n);
		set->count = n;
	}
	ms_cursor_close(c);
	return rc;
}

static int load_set(struct ms_qcursor *c, const char *moment, struct live_set *set, struct ms_error *err)
{
	struct ms_instant instant;
	int rc = ms_query_map(c->query, err);

	if (rc == MS_OK)
		rc = ms_query_moment(c->query, moment, &instant, err);
	if (rc)
		return rc;
	set->time_ns = instant.time_ns;
	return live_at(c->query, instant.event, set, err);
}

/* ---- snapshot ----------------------------------------------------------------------------------------------------- */

enum { ID, ADDRESS, SIZE, USABLE, FAMILY, THREAD, ALLOC_NS, AGE_NS, STACK, SITE, MOMENT, COLUMNS };
static const struct ms_qcolumn snapshot_columns[] = {
	[ID] = {"id", "INTEGER", MS_PUSH_KEY, true, "blocks.id"},
	[ADDRESS] = {"address", "INTEGER", MS_PUSH_FILTER, false, "what the program got"},
	[SIZE] = {"size", "INTEGER", MS_PUSH_FILTER, false, "bytes requested"},
	[USABLE] = {"usable", "INTEGER", MS_PUSH_NONE, false, "blocks.usable"},
	[FAMILY] = {"family", "TEXT", MS_PUSH_TEXT, false, "call that began it"},
	[THREAD] = {"thread", "INTEGER", MS_PUSH_FILTER, false, "that began it: threads.id"},
	[ALLOC_NS] = {"alloc_ns", "INTEGER", MS_PUSH_FILTER, false, "when it began"},
	[AGE_NS] = {"age_ns", "INTEGER", MS_PUSH_NONE, false, "at the moment"},
	[STACK] = {"stack", "INTEGER", MS_PUSH_FILTER, false, "of the allocation: stacks.id"},
	[SITE] = {"site", "INTEGER", MS_PUSH_FILTER, false, "call path of the allocation: sites.id"},
	[MOMENT] = {"moment", "TEXT", MS_PUSH_NONE, false, "'12.5s', '50%', 'event:N', 'mark:TEXT', 'snapshot:NAME', 'live>100MiB', 'peak', 'start', 'end'"},
};

static inline bool in(const struct ms_qbound *b, uint64_t value)
{
	return value >= b->low && value <= b->high;
}

static bool wanted(const struct ms_qcursor *c, const struct ms_live_block *l)
{
	const struct ms_qbound *b = c->bounds;

	return in(&b[ADDRESS], l->address) && in(&b[SIZE], l->size_bytes) && in(&b[THREAD], l->thread) && in(&b[ALLOC_NS], l->birth_ns) &&
	       in(&b[STACK], l->stack) && in(&b[SITE], c->query->map.node_of_stack[l->stack]) &&
	       (!b[FAMILY].text || strcmp(b[FAMILY].text, ms_event_kinds[l->kind].name) == 0);
}

static int snapshot_load(struct ms_qcursor *c, struct ms_error *err)
{
	struct live_set *set = c->state = calloc(1, sizeof *set);
	size_t kept = 0;
	int rc;

	if (!set)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	rc = load_set(c, c->bounds[MOMENT].text, set, err);
	for (size_t i = 0; rc == MS_OK && i < set->count; i++)
		if (wanted(c, &set->blocks[i]))
			set->blocks[kept++] = set->blocks[i];
	set->count = kept;
	return rc;
}

static int snapshot_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = ((const struct live_set *)c->state)->count;
	return MS_OK;
}

static uint64_t snapshot_key(const struct ms_qcursor *c, uint64_t row)
{
	return ((const struct live_set *)c->state)->blocks[row].block;
}

static void snapshot_close(struct ms_qcursor *c)
{
	struct live_set *set = c->state;

	if (set)
		free(set->blocks);
	free(set);
}

static int snapshot_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct live_set *set = c->state;
	const struct ms_live_block *b = &set->blocks[c->row];

	(void)err;
	switch (column) {
	case ID:
		ms_q_uint(out, b->block);
		break;
	case ADDRESS:
		ms_q_uint(out, b->address);
		break;
	case SIZE:
		ms_q_uint(out, b->size_bytes);
		break;
	case USABLE:
		ms_q_usable(c->query, b->size_bytes, out);
		break;
	case FAMILY:
		ms_q_text(out, ms_event_kinds[b->kind].name);
		break;
	case THREAD:
		ms_q_id(out, b->thread);
		break;
	case ALLOC_NS:
		ms_q_uint(out, b->birth_ns);
		break;
	case AGE_NS:
		ms_q_uint(out, set->time_ns - b->birth_ns);
		break;
	case STACK:
		ms_q_id(out, b->stack);
		break;
	default:
		sqlite3_result_int64(out, c->query->map.node_of_stack[b->stack]);
		break;
	}
	return MS_OK;
}

static double snapshot_estimate(const struct ms_query *q)
{
	double events = (double)ms_trace_event_count(q->trace);

	return events < 1e6 ? events : 1e6;
}

const struct ms_qtable ms_qtable_snapshot = {
	.name = "snapshot", .summary = "the blocks that live at a moment", .columns = snapshot_columns, .count = COLUMNS, .arguments = 1,
	.load = snapshot_load, .rows = snapshot_rows, .key = snapshot_key, .close = snapshot_close, .value = snapshot_value,
	.estimate = snapshot_estimate, .row_cost = 3, .seek_cost = 1e6,
};

/* ---- diff --------------------------------------------------------------------------------------------------------- */

enum {
	D_SITE, D_FROM_BLOCKS, D_FROM_BYTES, D_TO_BLOCKS, D_TO_BYTES, D_BLOCKS, D_BYTES, D_BORN_BLOCKS, D_BORN_BYTES, D_DIED_BLOCKS,
	D_DIED_BYTES, D_FROM, D_TO, D_COLUMNS
};
static const struct ms_qcolumn diff_columns[] = {
	[D_SITE] = {"site", "INTEGER", MS_PUSH_KEY, true, "call path: sites.id"},
	[D_FROM_BLOCKS] = {"from_blocks", "INTEGER", MS_PUSH_NONE, false, "live at the first moment"},
	[D_FROM_BYTES] = {"from_bytes", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	[D_TO_BLOCKS] = {"to_blocks", "INTEGER", MS_PUSH_NONE, false, "live at the second moment"},
	[D_TO_BYTES] = {"to_bytes", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	[D_BLOCKS] = {"blocks", "INTEGER", MS_PUSH_NONE, false, "change: to - from"},
	[D_BYTES] = {"bytes", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	[D_BORN_BLOCKS] = {"born_blocks", "INTEGER", MS_PUSH_NONE, false, "live at the second moment only"},
	[D_BORN_BYTES] = {"born_bytes", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	[D_DIED_BLOCKS] = {"died_blocks", "INTEGER", MS_PUSH_NONE, false, "live at the first moment only"},
	[D_DIED_BYTES] = {"died_bytes", "INTEGER", MS_PUSH_NONE, false, "the same in bytes"},
	[D_FROM] = {"from_moment", "TEXT", MS_PUSH_NONE, false, "a moment, as of snapshot"},
	[D_TO] = {"to_moment", "TEXT", MS_PUSH_NONE, false, "a moment, as of snapshot"},
};

struct change {
	uint32_t site;
	uint64_t n[2][2], born[2], died[2]; /* blocks, bytes */
};
struct changes {
	struct change *at;               /* by site; those of no change and no block are left out */
	size_t count;
};

static void add(uint64_t amount[2], const struct ms_live_block *b)
{
	amount[0]++;
	amount[1] += b->size_bytes;
}

static void compare(const struct ms_query *q, const struct live_set *from, const struct live_set *to, struct change *sites)
{
	size_t i = 0, k = 0;

	while (i < from->count || k < to->count) {
		const struct ms_live_block *a = i < from->count ? &from->blocks[i] : NULL, *b = k < to->count ? &to->blocks[k] : NULL;
		bool first = a && (!b || a->block <= b->block), second = b && (!a || b->block <= a->block);

		if (first) {
			struct change *c = &sites[q->map.node_of_stack[a->stack]];

			add(c->n[0], a);
			if (!second)
				add(c->died, a);
			i++;
		}
		if (second) {
			struct change *c = &sites[q->map.node_of_stack[b->stack]];

			add(c->n[1], b);
			if (!first)
				add(c->born, b);
			k++;
		}
	}
}

static int diff_load(struct ms_qcursor *c, struct ms_error *err)
{
	struct changes *d = c->state = calloc(1, sizeof *d);
	struct live_set from = {0}, to = {0};
	int rc = d ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");

	if (rc == MS_OK)
		rc = load_set(c, c->bounds[D_FROM].text, &from, err);
	if (rc == MS_OK)
		rc = load_set(c, c->bounds[D_TO].text, &to, err);
	if (rc == MS_OK) {
		d->at = calloc(c->query->map.node_count, sizeof *d->at);
		if (!d->at)
			rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	}
	if (rc == MS_OK) {
		compare(c->query, &from, &to, d->at);
		for (uint32_t site = 0; site < c->query->map.node_count; site++)
			if (d->at[site].n[0][0] || d->at[site].n[1][0]) {
				d->at[d->count] = d->at[site];
				d->at[d->count++].site = site;
			}
	}
	free(from.blocks);
	free(to.blocks);
	return rc;
}

static int diff_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = ((const struct changes *)c->state)->count;
	return MS_OK;
}

static uint64_t diff_key(const struct ms_qcursor *c, uint64_t row)
{
	return ((const struct changes *)c->state)->at[row].site;
}

static void diff_close(struct ms_qcursor *c)
{
	struct changes *d = c->state;

	if (d)
		free(d->at);
	free(d);
}

static int diff_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct change *d = &((const struct changes *)c->state)->at[c->row];
	const uint64_t plain[] = {
		[D_SITE] = d->site, [D_FROM_BLOCKS] = d->n[0][0], [D_FROM_BYTES] = d->n[0][1], [D_TO_BLOCKS] = d->n[1][0],
		[D_TO_BYTES] = d->n[1][1], [D_BORN_BLOCKS] = d->born[0], [D_BORN_BYTES] = d->born[1], [D_DIED_BLOCKS] = d->died[0],
		[D_DIED_BYTES] = d->died[1],
	};

	(void)err;
	if (column == D_BLOCKS || column == D_BYTES)
		sqlite3_result_int64(out, (int64_t)(d->n[1][column - D_BLOCKS] - d->n[0][column - D_BLOCKS]));
	else
		ms_q_uint(out, plain[column]);
	return MS_OK;
}

static double diff_estimate(const struct ms_query *q)
{
	return (double)ms_trace_stack_count(q->trace);
}

const struct ms_qtable ms_qtable_diff = {
	.name = "diff", .summary = "live blocks of each call path at two moments, and what began and ended between",
	.columns = diff_columns, .count = D_COLUMNS, .arguments = 2, .load = diff_load, .rows = diff_rows, .key = diff_key,
	.close = diff_close, .value = diff_value, .estimate = diff_estimate, .row_cost = 3, .seek_cost = 2e6,
};
