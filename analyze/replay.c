/* replay.c - cursor -> steps -> analyses. */
#include "replay.h"

#include <stdlib.h>

#include "steps.h"

static int feed(const struct ms_analysis_ops *const *list, size_t count, void **states, const struct ms_view *view,
                struct ms_error *err)
{
	for (size_t i = 0; i < count; i++) {
		int rc = list[i]->view(states[i], view, err);

		if (rc)
			return rc;
	}
	return MS_OK;
}

/* All views of one batch; batch NULL: those that wait at the end. */
static int feed_batch(const struct ms_analysis_ops *const *list, size_t count, void **states, struct ms_steps *steps,
                      const struct ms_batch *batch, struct ms_error *err)
{
	uint32_t position = 0;

	for (;;) {
		struct ms_view view;
		bool produced;
		int rc = ms_steps_next(steps, batch, &position, &view, &produced, err);

		if (rc || !produced)
			return rc;
		rc = feed(list, count, states, &view, err);
		if (rc)
			return rc;
	}
}

int ms_replay(const struct ms_analysis_ops *const *list, size_t count, const struct ms_analysis_context *context,
              const struct ms_report_options *options, struct ms_report *report, struct ms_error *err)
{
	const struct ms_trace *trace = context->trace;
	uint64_t total = ms_trace_event_count(trace), done = 0;
	struct ms_cursor *cursor = NULL;
	struct ms_steps *steps = NULL;
	void **states = calloc(count + 1, sizeof *states);
	uint32_t columns = 0;
	int rc;

	if (!states)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to replay the trace");
	for (size_t i = 0; i < count; i++) {
		columns |= list[i]->columns;
		rc = list[i]->create(&states[i], context, err);
		if (rc)
			goto done;
	}
	rc = ms_steps_open(&steps, context->stacks, ms_trace_thread_count(trace), context->temporary_window, err);
	if (rc)
		goto done;
	rc = ms_cursor_open(&cursor, trace, columns, 0, options->threads ? options->threads : 2, err);
	if (rc)
		goto done;
	for (;;) {
		struct ms_batch batch;

		rc = ms_cursor_next(cursor, &batch, err);
		if (rc)
			goto done;
		if (batch.count == 0)
			break;
		rc = feed_batch(list, count, states, steps, &batch, err);
		if (rc)
			goto done;
		done += batch.count;
		if (options->progress)
			options->progress(options->progress_arg, done, total);
	}
	rc = ms_steps_end(steps, err);
	if (rc == MS_OK)
		rc = feed_batch(list, count, states, steps, NULL, err);
	for (size_t i = 0; rc == MS_OK && i < count; i++)
		rc = list[i]->finish(states[i], report, err);
done:
	ms_cursor_close(cursor);
	ms_steps_close(steps);
	for (size_t i = 0; i < count; i++)
		list[i]->destroy(states[i]);
	free(states);
	return rc;
}
