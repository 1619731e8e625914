/* player.c - see player.h: batches of a cursor handed out one by one; a snapshot engine beside it for the list of live blocks. */
#include "player.h"

#include <stdlib.h>
#include <string.h>

#include "format/trace_reader.h"
#include "snapshot_internal.h"

struct ms_player {
	const struct ms_trace *trace;
	struct ms_cursor *cursor;        /* NULL after an error */
	struct ms_batch batch;
	uint32_t at;                     /* element of the batch that comes next */
	struct ms_player_position now;
	struct ms_snapshots *snapshots;  /* for ms_player_live */
};

static int stand_at(struct ms_player *p, const struct ms_instant *at, struct ms_error *err)
{
	const struct ms_live_block *live;
	size_t n;
	int rc;

	ms_cursor_close(p->cursor);
	p->cursor = NULL;
	p->batch.count = p->at = 0;
	rc = ms_cursor_open(&p->cursor, p->trace, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, at->event, 1, err);
	if (rc == MS_OK)
		rc = ms_cursor_live(p->cursor, &live, &n, err);
	if (rc)
		return rc;
	p->now = (struct ms_player_position){.event = at->event, .time_ns = at->time_ns, .live_blocks = n};
	for (size_t i = 0; i < n; i++)
		p->now.live_bytes += live[i].size_bytes;
	return MS_OK;
}

int ms_player_open(struct ms_player **out, const struct ms_trace *trace, struct ms_error *err)
{
	struct ms_player *p = calloc(1, sizeof *p);
	int rc;

	*out = NULL;
	if (!p)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a player");
	p->trace = trace;
	rc = ms_player_rewind(p, err);
	if (rc) {
		ms_player_close(p);
		return rc;
	}
	*out = p;
	return MS_OK;
}

static const char *text_of(const struct ms_player *p, uint8_t kind, uint64_t arg)
{
	return ms_event_kinds[kind].ref[0] == MS_REF_STRING ? ms_trace_string(p->trace, (uint32_t)arg) : "";
}

static void count(struct ms_player_position *now, const struct ms_player_event *e)
{
	const unsigned class_ = ms_event_kinds[e->kind].class_;

	now->event = e->number + 1;
	now->time_ns = e->time_ns;
	if (class_ == MS_CLASS_ALLOC) {
		now->live_blocks++;
		now->live_bytes += e->size_bytes;
	} else if (class_ == MS_CLASS_FREE && e->block) {
		now->live_blocks--;
		now->live_bytes -= e->size_bytes;
	} else if (e->kind == MS_EV_IMAGE_START) {
		now->live_blocks = now->live_bytes = 0;
	}
}

int ms_player_step(struct ms_player *p, struct ms_player_event *event, struct ms_error *err)
{
	const struct ms_batch *b = &p->batch;
	uint32_t i;

	*event = (struct ms_player_event){.text = ""};
	if (!p->cursor)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "the player stands nowhere since an error: seek or rewind first");
	if (p->at == b->count) {
		int rc = ms_cursor_next(p->cursor, &p->batch, err);

		p->at = 0;
		if (rc) {
			p->batch.count = 0;
			ms_cursor_close(p->cursor);
			p->cursor = NULL;
		}
		if (rc || !b->count)
			return rc;
	}
	i = p->at++;
	*event = (struct ms_player_event){
		.kind = b->kind[i], .number = b->first_event + i, .time_ns = b->time_ns[i], .thread = b->thread[i], .stack = b->stack[i],
		.size_bytes = b->size_bytes[i], .block = b->block[i], .address = b->address[i], .arg = {b->arg[i][0], b->arg[i][1]},
		.text = text_of(p, b->kind[i], b->arg[i][0]),
		.birth_ns = b->birth_ns[i], .birth_stack = b->birth_stack[i], .birth_thread = b->birth_thread[i], .birth_kind = b->birth_kind[i],
	};
	count(&p->now, event);
	return MS_OK;
}

int ms_player_seek(struct ms_player *p, const struct ms_instant *at, struct ms_error *err)
{
	if (at->event > ms_trace_event_count(p->trace))
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "event %llu is behind the last one", (unsigned long long)at->event);
	if (!p->cursor || at->event < p->now.event || ms_nearest_start(p->trace, at->event) > p->now.event)
		return stand_at(p, at, err);
	while (p->now.event < at->event) {
		struct ms_player_event event;
		int rc = ms_player_step(p, &event, err);

		if (rc == MS_OK && !event.kind)
			rc = ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "the trace ends after %llu events", (unsigned long long)p->now.event);
		if (rc)
			return rc;
	}
	p->now.time_ns = at->time_ns;
	return MS_OK;
}

int ms_player_rewind(struct ms_player *p, struct ms_error *err)
{
	/* a part of a trace does not begin at 0 */
	const struct ms_instant start = {0, ms_trace_process(p->trace)->part.from_ns};

	return stand_at(p, &start, err);
}

int ms_player_run(struct ms_player *p, ms_player_condition *condition, const void *context, struct ms_player_event *event,
                  struct ms_error *err)
{
	int rc;

	while ((rc = ms_player_step(p, event, err)) == MS_OK && event->kind)
		if (condition(context, event, &p->now))
			break;
	return rc;
}

struct ms_player_position ms_player_now(const struct ms_player *p)
{
	return p->now;
}

int ms_player_live(struct ms_player *p, const struct ms_live_block **blocks, size_t *n, struct ms_error *err)
{
	const struct ms_instant at = {p->now.event, p->now.time_ns};
	struct ms_snapshot snapshot;
	int rc = p->snapshots ? MS_OK : ms_snapshots_open(&p->snapshots, p->trace, 0, err);

	if (rc == MS_OK)
		rc = ms_snapshot_at(p->snapshots, &at, &snapshot, err);
	if (rc)
		return rc;
	*blocks = snapshot.blocks;
	*n = snapshot.count;
	return MS_OK;
}

void ms_player_close(struct ms_player *p)
{
	if (!p)
		return;
	ms_cursor_close(p->cursor);
	ms_snapshots_close(p->snapshots);
	free(p);
}

/* ---- conditions --------------------------------------------------------------------------------------------------- */

bool ms_player_bytes_over(const void *context, const struct ms_player_event *event, const struct ms_player_position *now)
{
	(void)event;
	return now->live_bytes > *(const uint64_t *)context;
}

bool ms_player_blocks_over(const void *context, const struct ms_player_event *event, const struct ms_player_position *now)
{
	(void)event;
	return now->live_blocks > *(const uint64_t *)context;
}

bool ms_player_at_mark(const void *context, const struct ms_player_event *event, const struct ms_player_position *now)
{
	(void)now;
	return event->kind == MS_EV_MARK && (!context || strcmp(event->text, context) == 0);
}

bool ms_player_block_ends(const void *context, const struct ms_player_event *event, const struct ms_player_position *now)
{
	(void)now;
	return ms_event_kinds[event->kind].class_ == MS_CLASS_FREE && event->block == *(const uint64_t *)context;
}

bool ms_player_thread_acts(const void *context, const struct ms_player_event *event, const struct ms_player_position *now)
{
	(void)now;
	return event->thread == *(const uint32_t *)context;
}
