/* tables_events.c - the table `events`: a cursor of the trace, from the file block that the bounds lead to. */
#include <stdlib.h>
#include <string.h>

#include "query_internal.h"

enum {
	EVENT, TIME, KIND, CLASS, THREAD, BLOCK, ADDRESS, SIZE, STACK, SITE, BIRTH_NS, BIRTH_THREAD, BIRTH_STACK, BIRTH_KIND, ARG0, ARG1,
	TEXT, COLUMNS
};
static const struct ms_qcolumn columns[] = {
	[EVENT] = {"event", "INTEGER", MS_PUSH_KEY, true, "number of the event, from 0"},
	[TIME] = {"time_ns", "INTEGER", MS_PUSH_SEEK, true, "nanoseconds since the start of the recording"},
	[KIND] = {"kind", "TEXT", MS_PUSH_TEXT, false, "malloc, free, new, realloc, mmap, thread-start, mark, ..."},
	[CLASS] = {"class", "TEXT", MS_PUSH_TEXT, false, "alloc, free, fail, map, other"},
	[THREAD] = {"thread", "INTEGER", MS_PUSH_FILTER, false, "threads.id"},
	[BLOCK] = {"block", "INTEGER", MS_PUSH_FILTER, false, "id of the block that begins or ends"},
	[ADDRESS] = {"address", "INTEGER", MS_PUSH_FILTER, false, "of the block; map: of the mapping"},
	[SIZE] = {"size", "INTEGER", MS_PUSH_FILTER, false, "bytes: requested; free: of the block that ends"},
	[STACK] = {"stack", "INTEGER", MS_PUSH_FILTER, false, "stacks.id of the call"},
	[SITE] = {"site", "INTEGER", MS_PUSH_NONE, false, "call path of the event's own stack: sites.id"},
	[BIRTH_NS] = {"birth_ns", "INTEGER", MS_PUSH_NONE, false, "when the block began"},
	[BIRTH_THREAD] = {"birth_thread", "INTEGER", MS_PUSH_NONE, false, "thread that began the block"},
	[BIRTH_STACK] = {"birth_stack", "INTEGER", MS_PUSH_NONE, false, "stack that began the block"},
	[BIRTH_KIND] = {"birth_kind", "TEXT", MS_PUSH_NONE, false, "call that began the block"},
	[ARG0] = {"arg0", "INTEGER", MS_PUSH_NONE, false, "first argument, by kind"},
	[ARG1] = {"arg1", "INTEGER", MS_PUSH_NONE, false, "second argument, by kind"},
	[TEXT] = {"text", "TEXT", MS_PUSH_NONE, false, "mark, thread-name, exec: its text"},
};

static const char *const class_names[] = {
	[MS_CLASS_NONE] = "", [MS_CLASS_ALLOC] = "alloc", [MS_CLASS_FREE] = "free", [MS_CLASS_FAIL] = "fail", [MS_CLASS_MAP] = "map",
	[MS_CLASS_OTHER] = "other",
};

struct scan {
	struct ms_cursor *cursor;
	struct ms_batch batch;
	uint32_t at;                     /* of the next element of the batch; the current one is at - 1 */
	uint64_t end;                    /* events from here on are not asked for */
	bool kinds[256];                 /* asked for */
};

static bool choose_kinds(struct ms_qcursor *c, struct scan *s)
{
	const char *kind = c->bounds[KIND].text, *class_ = c->bounds[CLASS].text;
	bool any = false;

	for (unsigned k = 0; k < 256; k++) {
		const struct ms_event_kind_info *info = &ms_event_kinds[k];

		s->kinds[k] = info->name && (!kind || strcmp(kind, info->name) == 0) &&
		              (!class_ || strcmp(class_, class_names[info->class_]) == 0);
		any |= s->kinds[k];
	}
	return any;
}

static int events_open(struct ms_qcursor *c, struct ms_error *err)
{
	const uint32_t addresses = 1u << ADDRESS, arguments = 1u << ARG0 | 1u << ARG1 | 1u << TEXT;
	struct ms_query *q = c->query;
	struct scan *s = c->state = calloc(1, sizeof *s);
	uint64_t first, end;
	int rc;

	if (!s)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	rc = ms_query_event_blocks(q, err);
	if (rc == MS_OK && (c->used & 1u << SITE))
		rc = ms_query_map(q, err);
	if (rc)
		return rc;
	ms_query_events_between(q, c->bounds[TIME].low, c->bounds[TIME].high, &first, &end);
	if (c->bounds[EVENT].low > first)
		first = c->bounds[EVENT].low;
	if (c->bounds[EVENT].high < end)
		end = c->bounds[EVENT].high + 1;
	s->end = choose_kinds(c, s) && first < end ? end : 0;
	if (!s->end)
		return MS_OK;
	return ms_cursor_open(&s->cursor, q->trace,
	                      (c->used & addresses ? MS_COLUMN_ADDRESS : 0) | (c->used & arguments ? MS_COLUMN_ARGS : 0), first,
	                      end - first > 1000000 ? 2 : 1, err);
}

static inline bool in(const struct ms_qbound *b, uint64_t value)
{
	return value >= b->low && value <= b->high;
}

static bool wanted(const struct ms_qcursor *c, const struct scan *s, uint32_t i)
{
	const struct ms_batch *b = &s->batch;

	return s->kinds[b->kind[i]] && in(&c->bounds[THREAD], b->thread[i]) && in(&c->bounds[TIME], b->time_ns[i]) &&
	       in(&c->bounds[BLOCK], b->block[i]) && in(&c->bounds[SIZE], b->size_bytes[i]) && in(&c->bounds[STACK], b->stack[i]) &&
	       (!b->address || in(&c->bounds[ADDRESS], b->address[i]));
}

static int events_next(struct ms_qcursor *c, struct ms_error *err)
{
	struct scan *s = c->state;
	int rc;

	for (;;) {
		while (s->at < s->batch.count) {
			uint32_t i = s->at++;

			if (s->batch.first_event + i >= s->end)
				goto end;
			if (wanted(c, s, i)) {
				c->row = s->batch.first_event + i;
				return MS_OK;
			}
		}
		if (s->batch.first_event + s->batch.count >= s->end || c->bounds[TIME].high < (s->batch.count ? s->batch.time_ns[s->batch.count - 1] : 0))
			goto end;
		rc = ms_query_should_stop(c->query, err);
		if (rc == MS_OK)
			rc = ms_cursor_next(s->cursor, &s->batch, err);
		if (rc)
			return rc;
		s->at = 0;
		if (!s->batch.count)
			goto end;
	}
end:
	c->eof = true;
	return MS_OK;
}

static void events_close(struct ms_qcursor *c)
{
	struct scan *s = c->state;

	if (s)
		ms_cursor_close(s->cursor);
	free(s);
}

static uint32_t text_of(uint8_t kind, uint64_t arg)
{
	return ms_event_kinds[kind].ref[0] == MS_REF_STRING ? (uint32_t)arg : 0;
}

static int events_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct scan *s = c->state;
	const struct ms_batch *b = &s->batch;
	uint32_t i = s->at - 1;
	const struct ms_event_kind_info *info = &ms_event_kinds[b->kind[i]];
	bool has_birth = b->birth_kind[i] != 0;

	(void)err;
	switch (column) {
	case EVENT:
		ms_q_uint(out, b->first_event + i);
		break;
	case TIME:
		ms_q_uint(out, b->time_ns[i]);
		break;
	case KIND:
		ms_q_text(out, info->name);
		break;
	case CLASS:
		ms_q_text(out, class_names[info->class_]);
		break;
	case THREAD:
		ms_q_id(out, b->thread[i]);
		break;
	case BLOCK:
		ms_q_id(out, b->block[i]);
		break;
	case ADDRESS:
		if (info->class_ == MS_CLASS_ALLOC || info->class_ == MS_CLASS_FREE || info->class_ == MS_CLASS_MAP)
			ms_q_uint(out, b->address[i]);
		break;
	case SIZE:
		if (info->has_size || b->block[i])
			ms_q_uint(out, b->size_bytes[i]);
		break;
	case STACK:
		ms_q_id(out, b->stack[i]);
		break;
	case SITE:
		ms_q_id(out, c->query->map.node_of_stack[b->stack[i]]);
		break;
	case BIRTH_NS:
		if (has_birth)
			ms_q_uint(out, b->birth_ns[i]);
		break;
	case BIRTH_THREAD:
		ms_q_id(out, b->birth_thread[i]);
		break;
	case BIRTH_STACK:
		ms_q_id(out, b->birth_stack[i]);
		break;
	case BIRTH_KIND:
		if (has_birth)
			ms_q_text(out, ms_event_kinds[b->birth_kind[i]].name);
		break;
	case ARG0:
	case ARG1:
		if (info->args > column - ARG0)
			ms_q_uint(out, b->arg[i][column - ARG0]);
		break;
	default:
		ms_q_text(out, ms_trace_string(c->query->trace, text_of(b->kind[i], b->arg[i][0])));
		break;
	}
	return MS_OK;
}

static double events_estimate(const struct ms_query *q)
{
	return (double)ms_trace_event_count(q->trace);
}

const struct ms_qtable ms_qtable_events = {
	.name = "events", .summary = "every event, in order of time", .columns = columns, .count = COLUMNS, .open = events_open,
	.next = events_next, .close = events_close, .value = events_value, .estimate = events_estimate, .row_cost = 1, .seek_cost = 3e5,
};
