/* annotation_pass.c - see annotation_pass.h: which analyses a trace needs, by the kinds of its events. */
#include "annotation_pass.h"

#include "replay.h"

static const struct {
	uint8_t first, last;             /* kinds */
	const struct ms_analysis_ops *analysis;
} wanted[] = {
	{MS_EV_TASK_SPAWN, MS_EV_TASK_END, &ms_analysis_tasks},
	{MS_EV_SCOPE_BEGIN, MS_EV_SCOPE_END, &ms_analysis_scopes},
	{MS_EV_TRACK, MS_EV_RETURN, &ms_analysis_variables},
	{MS_EV_POOL_ALLOC, MS_EV_POOL_FREE, &ms_analysis_pools},
	{MS_EV_POOL_CREATE, MS_EV_POOL_DESTROY, &ms_analysis_pools},
};
#define WANTED (sizeof wanted / sizeof *wanted)

/* Before the window, too: who is inside of what when it begins. */
static bool has_any(const struct ms_report *r, size_t i)
{
	for (unsigned kind = wanted[i].first; kind <= wanted[i].last; kind++)
		if (r->trace.has_kind[kind])
			return true;
	return false;
}

bool ms_annotated(const struct ms_report *r)
{
	for (size_t i = 0; i < WANTED; i++)
		if (has_any(r, i))
			return true;
	return false;
}

int ms_annotations_find(struct ms_report *report, const struct ms_analysis_context *context, const struct ms_report_options *given,
                        const struct ms_lost_blocks *lost, struct ms_error *err)
{
	const struct ms_analysis_ops *list[WANTED];
	struct ms_report_options options = *given;
	struct ms_analysis_context again = *context;
	size_t count = 0;

	for (size_t i = 0; i < WANTED; i++)
		if (has_any(report, i) && (!count || list[count - 1] != wanted[i].analysis))
			list[count++] = wanted[i].analysis;
	if (!count)
		return MS_OK;
	options.progress = NULL; /* the events were counted once */
	again.reconciler = NULL; /* it has what it needs */
	again.from_start = true;
	again.lost = lost;
	return ms_replay(list, count, &again, &options, report, err);
}
