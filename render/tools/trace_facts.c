/* trace_facts.c - see trace_facts.h: gathering. */
#include "trace_facts.h"

#include <stdlib.h>
#include <unistd.h>

#include "format/trace_index.h"

static int count_events_of(struct trace_facts *f, const struct ms_trace *t, struct ms_error *err)
{
	struct ms_cursor *cursor;
	struct ms_batch batch;
	int code = ms_cursor_open(&cursor, t, 0, 0, 2, err);

	if (code)
		return code;
	while ((code = ms_cursor_next(cursor, &batch, err)) == MS_OK && batch.count) {
		for (uint32_t i = 0; i < batch.count; i++) {
			f->events_of_kind[batch.kind[i]]++;
			/* a realloc that failed begins no block: the old one lives on under a new id */
			if (ms_event_kinds[batch.kind[i]].class_ == MS_CLASS_ALLOC && batch.kind[i] != MS_EV_REALLOC_FAILED)
				f->allocated_bytes += batch.size_bytes[i];
		}
	}
	ms_cursor_close(cursor);
	return code;
}

static void count_symbols(struct trace_facts *f, const struct ms_trace *t)
{
	for (uint32_t id = 1; id <= ms_trace_frame_count(t); id++) {
		const struct ms_frame *frame = ms_trace_frame(t, id);
		size_t n;
		const struct ms_symbol *s = ms_trace_symbols(t, id, &n);
		bool has_function = n && s[n - 1].function, has_line = n && s[0].line;

		f->frames_with_function += has_function;
		f->frames_with_line += has_line;
		if (frame->module && frame->module <= ms_trace_module_count(t)) {
			f->module[frame->module].frames++;
			f->module[frame->module].with_function += has_function;
		}
	}
}

int trace_facts_gather(struct trace_facts *f, const struct ms_trace *t, bool count_events, struct ms_error *err)
{
	uint64_t last_keyframe = UINT64_MAX;
	int code;

	*f = (struct trace_facts){0};
	f->module = calloc((size_t)ms_trace_module_count(t) + 1, sizeof *f->module);
	if (!f->module)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u modules", ms_trace_module_count(t));
	f->framing_bytes = ms_trace_file_bytes(t);
	for (size_t i = 0; i < ms_trace_block_count(t); i++) {
		const struct ms_block_info *b = ms_trace_block(t, i);
		unsigned kind = b->kind < TRACE_FACTS_KINDS ? b->kind : TRACE_FACTS_KINDS - 1;

		f->framing_bytes -= b->stored_bytes;
		f->block_kind[kind].blocks++;
		f->block_kind[kind].stored_bytes += b->stored_bytes;
		f->block_kind[kind].raw_bytes += b->raw_bytes;
		/* one keyframe may be spread over several blocks */
		if (b->kind == MS_BLOCK_KEYFRAME && b->first_event != last_keyframe) {
			f->keyframes++;
			last_keyframe = b->first_event;
		}
	}
	count_symbols(f, t);
	code = count_events ? count_events_of(f, t, err) : MS_OK;
	if (code)
		trace_facts_free(f);
	return code;
}

int trace_facts_index(struct trace_facts *f, struct ms_trace *t, const char *file, struct ms_error *err)
{
	char *path = ms_trace_index_path(file);

	if (!path)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a file name");
	f->index_exists = access(path, F_OK) == 0;
	f->index_problem = (struct ms_error){0};
	if (f->index_exists)
		ms_trace_attach_index(t, path, &f->index_problem);
	if (ms_trace_index(t))
		f->index_problem.code = MS_OK;
	free(path);
	return MS_OK;
}

void trace_facts_free(struct trace_facts *f)
{
	free(f->module);
	f->module = NULL;
}

bool trace_facts_complete(const struct ms_trace *t)
{
	const struct ms_end *end = ms_trace_end(t);

	return end && !ms_trace_is_part(t) && !ms_trace_damage(t) && !end->lost_events && !end->lost_threads && !end->size_limit_reached &&
	       end->ended != MS_ENDED_RUNNING;
}
