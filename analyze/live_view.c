/* live_view.c - see live_view.h. */
#include "live_view.h"

#include "analysis.h"

void ms_live_view(struct ms_view *view, struct ms_view_room *room, const struct ms_steps *steps, const struct ms_stack_map *stacks,
                  const struct ms_live_block *live, uint32_t n, bool addresses, uint64_t *bytes, uint64_t *blocks)
{
	for (uint32_t i = 0; i < n; i++) {
		struct ms_live_block b = live[i];

		ms_steps_true_birth(steps, &b);
		room->step[i] = MS_STEP_ALLOCATE;
		room->kind[i] = room->birth_kind[i] = live[i].kind;
		room->family[i] = b.kind;
		room->site[i] = stacks->node_of_stack[b.stack];
		room->thread[i] = room->birth_thread[i] = b.thread;
		room->stack[i] = room->birth_stack[i] = live[i].stack;
		room->time_ns[i] = room->birth_ns[i] = b.birth_ns;
		room->size_bytes[i] = b.size_bytes;
		room->block[i] = b.block;
		room->address[i] = b.address;
		room->arg[i][0] = room->arg[i][1] = 0;
		room->live_bytes[i] = *bytes += b.size_bytes;
		room->live_blocks[i] = ++*blocks;
	}
	*view = (struct ms_view){
		.count = n, .step = room->step, .kind = room->kind, .time_ns = room->time_ns, .thread = room->thread,
		.stack = room->stack, .size_bytes = room->size_bytes, .block = room->block, .site = room->site,
		.birth_thread = room->birth_thread, .birth_ns = room->birth_ns, .family = room->family, .birth_kind = room->birth_kind,
		.birth_stack = room->birth_stack, .live_bytes = room->live_bytes, .live_blocks = room->live_blocks,
		.address = addresses ? room->address : NULL, .arg = (const uint64_t(*)[2])room->arg,
	};
}

static int view_all(const struct ms_analysis_ops *const *list, void *const *states, size_t count, const struct ms_view *view, struct ms_error *err)
{
	int rc = MS_OK;

	for (size_t i = 0; rc == MS_OK && i < count; i++)
		rc = list[i]->view(states[i], view, err);
	return rc;
}

int ms_live_begin(struct ms_steps *steps, const struct ms_stack_map *stacks, struct ms_view_room *room, struct ms_cursor *cursor,
                  const struct ms_trace *trace, const struct ms_analysis_ops *const *list, void *const *states, size_t count, struct ms_error *err)
{
	const struct ms_start start = {0};
	const struct ms_live_block *live;
	uint64_t bytes = 0, blocks = 0, position_ns = ms_trace_process(trace)->part.from_ns;
	struct ms_view view;
	size_t n;
	int rc;

	if (!ms_trace_is_part(trace))
		return MS_OK;
	rc = ms_cursor_live(cursor, &live, &n, err);
	for (size_t i = 0; rc == MS_OK && i < n; i += MS_VIEW_EVENTS) {
		ms_live_view(&view, room, steps, stacks, live + i, n - i < MS_VIEW_EVENTS ? (uint32_t)(n - i) : MS_VIEW_EVENTS, true, &bytes, &blocks);
		rc = view_all(list, states, count, &view, err);
	}
	if (rc == MS_OK)
		rc = ms_steps_level(steps, bytes, blocks, n ? live[n - 1].block : 0, position_ns);
	for (size_t i = 0; rc == MS_OK && i < count; i++)
		if (list[i]->restore)
			rc = list[i]->restore(states[i], &start, err);
	if (rc == MS_OK)
		rc = ms_steps_window(steps, position_ns, err);
	while (rc == MS_OK) {
		uint32_t position = 0;
		bool produced;

		rc = ms_steps_next(steps, NULL, &position, room, &view, &produced, err);
		if (rc || !produced)
			break;
		rc = view_all(list, states, count, &view, err);
	}
	return rc;
}
