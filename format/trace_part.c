/* trace_part.c - ms_write_part: the order of things, events, graphs, keyframes. Ids: part_ids.c. */
#include "trace_part.h"

#include <stdlib.h>

#include "checkpoint.h"
#include "part_ids.h"
#include "trace_index.h"
#include "trace_internal.h"

struct part {
	struct ms_writer *w;
	const struct ms_trace *from;
	const struct ms_part_request *request;
	struct ms_part_ids ids;
	struct ms_cursor *cursor;
	uint64_t position;               /* event of the trace before which the cursor stands */
	size_t graph;                    /* of the trace */
	struct ms_event *events;         /* a batch of them */
	size_t event_capacity;
	uint64_t live_bytes, peak_bytes;
	uint32_t *names;                 /* of threads, when the part begins: string ids of the trace */
	uint8_t paused;                  /* enum ms_part_paused */
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a part of the trace");
}

/* ---- process, threads, modules ------------------------------------------------------------------------------------- */

/* The names that threads have at the start, and whether recording was paused: by the last checkpoint before it, if there is an index, and of the events from there on. */
static int find_state(struct part *p, struct ms_error *err)
{
	uint32_t n = ms_trace_thread_count(p->from), *names = p->names = calloc((size_t)n + 1, sizeof(*names));
	struct ms_checkpoint known = {0};
	struct ms_cursor *c;
	struct ms_batch b;
	bool found = false;
	int rc;

	if (names == NULL)
		return no_memory(err);
	p->paused = ms_trace_process(p->from)->part.paused;
	for (uint32_t id = 1; id <= n; id++)
		names[id] = ms_trace_thread(p->from, id)->name;
	rc = ms_trace_checkpoint_before(p->from, p->request->from_event, &known, &found, err);
	for (size_t i = 0; rc == MS_OK && found && i < MS_ROWS(known.threads, struct ms_checkpoint_thread); i++) {
		const struct ms_checkpoint_thread *row = MS_ROW(known.threads, struct ms_checkpoint_thread, i);

		names[row->thread] = (uint32_t)row->name;
	}
	if (rc == MS_OK && found && known.first_pause)
		p->paused = known.paused ? MS_PART_PAUSED_AT_START : MS_PART_PAUSED_BEFORE;
	if (rc == MS_OK)
		rc = ms_cursor_open(&c, p->from, MS_COLUMN_ARGS, found ? known.event : 0, 1, err);
	ms_checkpoint_free(&known);
	if (rc != MS_OK)
		return rc;
	ms_cursor_limit(c, p->request->from_event);
	while ((rc = ms_cursor_next(c, &b, err)) == MS_OK && b.count > 0)
		for (uint32_t i = 0; i < b.count; i++) {
			if (b.kind[i] == MS_EV_THREAD_NAME)
				names[b.thread[i]] = (uint32_t)b.arg[i][0];
			else if (b.kind[i] == MS_EV_PAUSE)
				p->paused = MS_PART_PAUSED_AT_START;
			else if (b.kind[i] == MS_EV_RESUME && p->paused)
				p->paused = MS_PART_PAUSED_BEFORE;
		}
	ms_cursor_close(c);
	return rc;
}

static int write_process(struct part *p, struct ms_error *err)
{
	const struct ms_part_request *r = p->request;
	const struct ms_part *outer = &ms_trace_process(p->from)->part;
	const struct ms_end *end = ms_trace_end(p->from);
	struct ms_process process = *ms_trace_process(p->from);

	process.part = (struct ms_part){
		.kind = r->snapshot ? MS_PART_SNAPSHOT : MS_PART_WINDOW, .of = r->file, .from_event = r->from_event, .to_event = r->to_event,
		.from_ns = r->from_ns, .to_ns = r->to_ns, .of_events = ms_trace_event_count(p->from),
		.paused = p->paused,
		.of_ns = end != NULL && end->time_ns > ms_trace_last_time_ns(p->from) ? end->time_ns : ms_trace_last_time_ns(p->from),
	};
	if (outer->kind != MS_PART_WHOLE) { /* a part of a part: of the recording, as far as that is known */
		process.part.of = outer->of;
		process.part.from_event += outer->from_event;
		process.part.to_event += outer->from_event;
		process.part.of_events = outer->of_events;
		process.part.of_ns = outer->of_ns;
	}
	if (r->snapshot)
		process.monitor_interval_ns = 0;
	return ms_writer_process(p->w, &process, err);
}

static int write_threads(struct part *p, struct ms_error *err)
{
	for (uint32_t id = 1; id <= ms_trace_thread_count(p->from); id++) {
		struct ms_thread t = *ms_trace_thread(p->from, id);

		t.name = ms_part_string(&p->ids, p->names[id]);
		ms_writer_thread(p->w, &t);
	}
	for (uint32_t id = 1; id <= ms_trace_module_count(p->from); id++)
		ms_writer_module(p->w, ms_trace_module(p->from, id));
	return ms_part_status(&p->ids, err);
}

/* ---- what is alive -------------------------------------------------------------------------------------------------- */

/* The blocks of two lists, by id, under their ids in the part. */
static struct ms_live_block *translated(struct part *p, const struct ms_live_block *a, size_t an, const struct ms_live_block *b, size_t bn)
{
	struct ms_live_block *all = malloc((an + bn + 1) * sizeof(*all));
	size_t i = 0, k = 0, n = 0;

	while (all != NULL && n < an + bn) {
		struct ms_live_block *to = &all[n++];

		*to = k == bn || (i < an && a[i].block < b[k].block) ? a[i++] : b[k++];
		to->stack = ms_part_stack(&p->ids, to->stack);
	}
	return all;
}

static int write_start(struct part *p, struct ms_error *err)
{
	const struct ms_part_request *r = p->request;
	struct ms_live_block *blocks;
	const struct ms_live_block *live;
	size_t n;
	int rc = ms_cursor_live(p->cursor, &live, &n, err);

	if (rc != MS_OK)
		return rc;
	blocks = translated(p, live, n, r->moving, r->moving_count);
	if (blocks == NULL)
		return no_memory(err);
	n += r->moving_count;
	rc = ms_part_blocks(&p->ids, blocks, n, ms_cursor_next_block(p->cursor), err);
	for (size_t i = 0; i < n; i++) {
		blocks[i].block = i + 1;
		p->live_bytes += blocks[i].size_bytes;
	}
	p->peak_bytes = p->live_bytes;
	if (rc == MS_OK)
		rc = ms_part_status(&p->ids, err);
	if (rc == MS_OK)
		rc = ms_writer_start(p->w, r->from_ns, blocks, n, err);
	free(blocks);
	return rc;
}

static int write_keyframe(struct part *p, struct ms_error *err)
{
	struct ms_live_block *blocks;
	const struct ms_live_block *live;
	size_t n;
	int rc = ms_cursor_live(p->cursor, &live, &n, err);

	if (rc != MS_OK)
		return rc;
	blocks = translated(p, live, n, NULL, 0);
	if (blocks == NULL)
		return no_memory(err);
	for (size_t i = 0; i < n; i++)
		blocks[i].block = ms_part_block(&p->ids, blocks[i].block);
	rc = ms_part_status(&p->ids, err);
	if (rc == MS_OK)
		rc = ms_writer_keyframe(p->w, blocks, n, err);
	free(blocks);
	return rc;
}

/* ---- graphs --------------------------------------------------------------------------------------------------------- */

/* false: a block is not in the part, so the graph cannot be. whole, below: it must be of all blocks of the start. */
static bool translate_nodes(struct part *p, const struct ms_graph_data *d, uint64_t *blocks)
{
	for (uint32_t i = 0; i < d->block_count; i++) {
		blocks[i] = ms_part_block(&p->ids, d->block[i]);
		if (blocks[i] == 0)
			return false;
	}
	return true;
}

static int write_graph(struct part *p, size_t index, bool whole, struct ms_error *err)
{
	struct ms_graph g = *ms_trace_graph(p->from, index);
	struct ms_graph_root *roots = calloc(g.root_count + 1, sizeof(*roots));
	struct ms_graph_data data = {0}, moved;
	uint64_t *blocks = NULL;
	int rc = roots != NULL ? ms_trace_graph_load(p->from, index, &data, err) : no_memory(err);

	if (rc != MS_OK)
		goto done;
	blocks = malloc(((size_t)data.block_count + 1) * sizeof(*blocks));
	if (blocks == NULL) {
		rc = no_memory(err);
		goto done;
	}
	if (!translate_nodes(p, &data, blocks) || (whole && data.block_count != p->ids.start_count))
		goto done;
	for (size_t i = 0; i < g.root_count; i++) {
		roots[i] = g.roots[i];
		roots[i].frame = ms_part_frame(&p->ids, roots[i].frame);
		roots[i].name = ms_part_string(&p->ids, roots[i].name);
	}
	g.event = 0;
	g.roots = roots;
	moved = data;
	moved.block = blocks;
	rc = ms_part_status(&p->ids, err);
	if (rc == MS_OK)
		rc = ms_writer_graph_begin(p->w, &g, err);
	if (rc == MS_OK)
		rc = ms_writer_graph_data(p->w, &moved, err);
	if (rc == MS_OK)
		rc = ms_writer_graph_end(p->w, &g, err);
	p->ids.graphs += rc == MS_OK;
done:
	ms_graph_data_free(&data);
	free(blocks);
	free(roots);
	return rc;
}

/* ---- events --------------------------------------------------------------------------------------------------------- */

static void translate_args(struct part *p, struct ms_event *e)
{
	for (unsigned i = 0; i < ms_event_kinds[e->kind].args; i++) {
		switch (ms_event_kinds[e->kind].ref[i]) {
		case MS_REF_STRING:
			e->arg[i] = ms_part_string(&p->ids, (uint32_t)e->arg[i]);
			break;
		case MS_REF_EVIDENCE:
			e->arg[i] = ms_part_evidence(&p->ids, (uint32_t)e->arg[i]);
			break;
		case MS_REF_VARIABLE:
			e->arg[i] = ms_part_variable(&p->ids, (uint32_t)e->arg[i]);
			break;
		case MS_REF_BLOCK:
			e->arg[i] = ms_part_block(&p->ids, e->arg[i]);
			break;
		default: /* modules keep their ids */
			break;
		}
	}
}

static int write_batch(struct part *p, const struct ms_batch *b, struct ms_error *err)
{
	int rc;

	if (b->count > p->event_capacity) {
		struct ms_event *grown = realloc(p->events, b->count * sizeof(*grown));

		if (grown == NULL)
			return no_memory(err);
		p->events = grown;
		p->event_capacity = b->count;
	}
	for (uint32_t i = 0; i < b->count; i++) {
		const unsigned class_ = ms_event_kinds[b->kind[i]].class_;
		struct ms_event *e = &p->events[i];

		*e = (struct ms_event){
			.time_ns = b->time_ns[i], .address = b->address[i], .size_bytes = b->size_bytes[i],
			.block = ms_part_block(&p->ids, b->block[i]), .arg = {b->arg[i][0], b->arg[i][1]},
			.stack = ms_part_stack(&p->ids, b->stack[i]), .thread = b->thread[i], .kind = b->kind[i],
		};
		translate_args(p, e);
		if (class_ == MS_CLASS_ALLOC)
			p->live_bytes += e->size_bytes;
		else if (class_ == MS_CLASS_FREE)
			p->live_bytes -= e->size_bytes;
		else if (e->kind == MS_EV_IMAGE_START)
			p->live_bytes = 0;
		if (p->live_bytes > p->peak_bytes)
			p->peak_bytes = p->live_bytes;
	}
	rc = ms_part_status(&p->ids, err);
	return rc != MS_OK ? rc : ms_writer_events(p->w, p->events, b->count, err);
}

static int copy_events(struct part *p, uint64_t to, struct ms_error *err)
{
	int rc = MS_OK;

	ms_cursor_limit(p->cursor, to);
	while (rc == MS_OK && p->position < to) {
		struct ms_batch b;

		rc = ms_cursor_next(p->cursor, &b, err);
		if (rc == MS_OK && b.count == 0)
			rc = ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "the trace ends after %llu events", (unsigned long long)p->position);
		if (rc == MS_OK)
			rc = write_batch(p, &b, err);
		p->position += b.count;
	}
	return rc;
}

/* Events of the part, and what stands between them: keyframes where the trace has them, graphs that were taken there. */
static int copy_film(struct part *p, struct ms_error *err)
{
	const struct ms_part_request *r = p->request;
	uint64_t last_keyframe = r->from_event;
	int rc = MS_OK;

	for (size_t i = 0; rc == MS_OK && i < ms_trace_block_count(p->from); i++) {
		const struct ms_block_info *info = ms_trace_block(p->from, i);

		if (info->kind == MS_BLOCK_KEYFRAME && info->first_event > last_keyframe && info->first_event < r->to_event) {
			last_keyframe = info->first_event;
			rc = copy_events(p, info->first_event, err);
			if (rc == MS_OK)
				rc = write_keyframe(p, err);
		} else if (info->kind == MS_BLOCK_GRAPH && p->graph < ms_trace_graph_count(p->from)) {
			uint64_t event = ms_trace_graph(p->from, p->graph)->event;

			if (event >= r->from_event && event <= r->to_event && event >= p->position) {
				rc = copy_events(p, event, err);
				if (rc == MS_OK)
					rc = write_graph(p, p->graph, false, err);
			}
			p->graph++;
		}
	}
	return rc == MS_OK ? copy_events(p, r->to_event, err) : rc;
}

/* The last graph before a snapshot, when it is one of the very blocks that are alive: it was taken a little earlier, and says when. */
static int copy_graph(struct part *p, struct ms_error *err)
{
	size_t n = ms_trace_graph_count(p->from);

	while (n > 0 && ms_trace_graph(p->from, n - 1)->event > p->request->from_event)
		n--;
	return n > 0 ? write_graph(p, n - 1, true, err) : MS_OK;
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

/* What the recording lost stays said; how the program ended only where the part reaches that far. */
static int write_end(struct part *p, struct ms_error *err)
{
	const struct ms_end *whole = ms_trace_end(p->from);
	struct ms_end end = whole != NULL ? *whole : (struct ms_end){0};

	if (whole == NULL || p->request->to_event < ms_trace_event_count(p->from) || p->request->to_ns < whole->time_ns) {
		end.ended = MS_ENDED_RUNNING;
		end.exit_code = end.term_signal = 0;
		end.core_dumped = false;
	}
	end.time_ns = p->request->to_ns;
	end.peak_bytes = p->peak_bytes;
	return ms_writer_end(p->w, &end, err);
}

int ms_write_part(struct ms_writer *w, const struct ms_trace *from, const struct ms_part_request *request, struct ms_error *err)
{
	struct part p = {.w = w, .from = from, .request = request, .position = request->from_event};
	int rc;

	if (request->to_event < request->from_event || request->to_ns < request->from_ns ||
	    request->to_event > ms_trace_event_count(from) || (request->snapshot && request->to_event != request->from_event))
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "events %llu to %llu are no part of the trace",
			       (unsigned long long)request->from_event, (unsigned long long)request->to_event);
	rc = ms_part_ids_open(&p.ids, w, from, err);
	if (rc == MS_OK)
		rc = find_state(&p, err);
	if (rc == MS_OK)
		rc = write_process(&p, err);
	if (rc == MS_OK)
		rc = write_threads(&p, err);
	if (rc == MS_OK)
		rc = ms_cursor_open(&p.cursor, from, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, request->from_event, 1, err);
	if (rc == MS_OK)
		rc = write_start(&p, err);
	if (rc == MS_OK) {
		ms_cursor_forget_reallocs(p.cursor);
		rc = request->snapshot ? copy_graph(&p, err) : copy_film(&p, err);
	}
	if (rc == MS_OK && !request->snapshot)
		rc = ms_part_samples(&p.ids, request->from_ns, request->to_ns, err);
	if (rc == MS_OK && !request->snapshot)
		rc = ms_part_culled(&p.ids, request->from_ns, request->to_ns, err);
	if (rc == MS_OK)
		rc = ms_part_names(&p.ids, err);
	if (rc == MS_OK)
		rc = write_end(&p, err);
	ms_cursor_close(p.cursor);
	ms_part_ids_free(&p.ids);
	free(p.events);
	free(p.names);
	return rc;
}
