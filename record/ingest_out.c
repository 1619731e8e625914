/* ingest_out.c - see ingest_internal.h: events to the writer, with keyframes; and the queue in which short-lived blocks vanish. */
#include "ingest_internal.h"

#include <stdlib.h>

/* Sums of culled blocks are written every 1/256 of the time so far, within bounds: in a week some thousand times. */
#define CULL_SUMS_SHARE    256u
#define CULL_SUMS_LEAST_NS UINT64_C(5000000000)
#define CULL_SUMS_MOST_NS  UINT64_C(300000000000)
#define CULL_SUMS_MOST     16384u        /* stacks: written at once */

void ingest_fail(struct ingest *g, int status)
{
	if (g->status == MS_OK && status != MS_OK)
		g->status = status;
}

void ingest_keyframe(struct ingest *g)
{
	size_t n = 0;
	struct ms_live_block *blocks = live_table_snapshot(&g->live, &n);

	/* Without memory for the snapshot there is no keyframe now: seeking gets slower, nothing else. */
	if (blocks || live_table_blocks(&g->live) == 0)
		ingest_fail(g, ms_writer_keyframe(g->writer, blocks, n, &g->error));
	/* Readers that start there do not know what was reallocated before. */
	for (uint32_t i = 0; i < g->arena->geometry.slots; i++)
		g->slots[i].reallocated.block = 0;
	free(blocks);
}

void ingest_check_room(struct ingest *g, uint64_t bytes_before)
{
	uint64_t bytes = ms_writer_stats(g->writer).bytes;

	if (bytes - bytes_before > g->largest_write)
		g->largest_write = bytes - bytes_before;
	if (g->room_bytes != 0 && bytes + g->largest_write + g->largest_write / 4 + g->keep_bytes > g->room_bytes)
		ingest_fail(g, MS_E_FULL);
}

void ingest_write_batch(struct ingest *g)
{
	if (g->batch_count == 0)
		return;
	if (g->status == MS_OK) {
		uint64_t before = ms_writer_stats(g->writer).bytes;

		ingest_fail(g, ms_writer_events(g->writer, g->batch, g->batch_count, &g->error));
		ingest_check_room(g, before);
	}
	g->batch_count = 0;
	if (g->status == MS_OK && !g->cull && ms_writer_wants_keyframe(g->writer, live_table_blocks(&g->live)))
		ingest_keyframe(g);
}

void ingest_emit(struct ingest *g, uint8_t kind, uint32_t thread, uint64_t time_ns, uint64_t arg0)
{
	*ingest_next(g) = (struct ms_event){.time_ns = time_ns, .kind = kind, .thread = thread, .arg = {arg0, 0}};
	ingest_append(g, 0);
}

void ingest_emit_name(struct ingest *g, uint32_t thread, uint64_t time_ns, const char *name, size_t length)
{
	uint32_t id = ms_writer_string(g->writer, name, length);

	if (id != 0)
		ingest_emit(g, MS_EV_THREAD_NAME, thread, time_ns, id);
}

int ingest_flush(struct ingest *g, bool flush)
{
	ingest_write_batch(g);
	if (flush && g->status == MS_OK) {
		uint64_t before = ms_writer_stats(g->writer).bytes;

		ingest_fail(g, ms_writer_flush(g->writer, &g->error));
		ingest_check_room(g, before);
	}
	return g->status;
}

/* ---- culling ----------------------------------------------------------------------------------------------------- */

static void leave(void *context, const struct ms_event *event)
{
	struct ingest *g = context;

	if (ms_event_kinds[event->kind].class_ == MS_CLASS_ALLOC)
		g->written_bytes += event->size_bytes;
	else if (event->block != 0)
		g->written_bytes -= event->size_bytes;
	else if (event->kind == MS_EV_IMAGE_START)
		g->written_bytes = 0;
	if (g->written_bytes > g->written_peak)
		g->written_peak = g->written_bytes;
	g->batch[g->batch_count] = *event;
	ingest_put(g);
}

int ingest_cull(struct ingest *g, uint64_t window_ns)
{
	g->cull_due_ns = CULL_SUMS_LEAST_NS;
	g->cull = malloc(sizeof *g->cull);
	if (g->cull && cull_init(g->cull, &(struct cull_options){.window_ns = window_ns, .slots = g->arena->geometry.slots, .live = &g->live,
	                                                         .next_block = &g->next_block, .leave = leave, .context = g}) == MS_OK)
		return MS_OK;
	free(g->cull);
	g->cull = NULL;
	return MS_E_NOMEM;
}

uint64_t ingest_written_peak(const struct ingest *g)
{
	return g->cull ? g->written_peak : g->peak_bytes;
}

void ingest_empty_queue(struct ingest *g)
{
	if (g->cull)
		cull_leave_until(g->cull, UINT64_MAX);
}

void ingest_append_culling(struct ingest *g, uint32_t slot)
{
	uint8_t kind = g->cull->next.kind;

	if (g->live_bytes > g->cull_peak_bytes) {
		g->cull_peak_bytes = g->live_bytes;
		g->cull_peak_ns = g->cull->next.time_ns;
	}
	cull_push(g->cull, slot);
	if (kind == MS_EV_MARK || kind == MS_EV_SNAPSHOT || kind == MS_EV_EXEC || kind == MS_EV_IMAGE_START)
		ingest_empty_queue(g);
}

/* The sums until now, if there are any. */
static void write_sums(struct ingest *g)
{
	struct cull *c = g->cull;
	struct ms_culled sums = {
		.from_ns = g->cull_from_ns, .to_ns = g->last_ns, .peak_bytes = g->cull_peak_bytes, .peak_ns = g->cull_peak_ns,
		.young_bytes = c->most_young_bytes, .early_events = c->early,
	};
	uint64_t before = ms_writer_stats(g->writer).bytes;

	if (c->sums.count == 0 && c->early == 0)
		return;
	sums.rows = cull_sums_list(&c->sums, &sums.row_count);
	ingest_fail(g, ms_writer_culled(g->writer, &sums, &g->error));
	cull_sums_clear(&c->sums);
	c->most_young_bytes = c->young_bytes;
	c->early = 0;
	g->cull_from_ns = sums.to_ns;
	g->cull_peak_bytes = g->live_bytes;
	g->cull_peak_ns = sums.to_ns;
	if (g->status == MS_OK)
		ingest_check_room(g, before);
}

void ingest_run_cull(struct ingest *g, uint64_t now_ns)
{
	cull_leave_until(g->cull, now_ns > g->cull->options.window_ns ? now_ns - g->cull->options.window_ns : 0);
	if (g->status == MS_OK && ms_writer_wants_keyframe(g->writer, live_table_blocks(&g->live))) {
		ingest_empty_queue(g);
		ingest_write_batch(g);
		if (g->status == MS_OK && ms_writer_wants_keyframe(g->writer, live_table_blocks(&g->live)))
			ingest_keyframe(g);
	}
	if (g->status != MS_OK || (now_ns < g->cull_due_ns && g->cull->sums.count < CULL_SUMS_MOST))
		return;
	write_sums(g);
	g->cull_due_ns = now_ns + (now_ns / CULL_SUMS_SHARE < CULL_SUMS_LEAST_NS  ? CULL_SUMS_LEAST_NS :
	                           now_ns / CULL_SUMS_SHARE > CULL_SUMS_MOST_NS ? CULL_SUMS_MOST_NS :
	                                                                          now_ns / CULL_SUMS_SHARE);
}

void ingest_end_culling(struct ingest *g)
{
	if (!g->cull)
		return;
	ingest_empty_queue(g);
	if (ms_writer_status(g->writer) == MS_OK)
		write_sums(g);
}
