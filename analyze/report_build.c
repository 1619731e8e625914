/* report_build.c - from a trace to a report: call paths, replay, rollups. */
#include <stdlib.h>
#include <string.h>

#include "address_moments.h"
#include "annotation_pass.h"
#include "cases.h"
#include "detect/detector.h"
#include "format/cancel.h"
#include "format/trace_reader.h"
#include "growth.h"
#include "heap_report.h"
#include "moment.h"
#include "phase_pass.h"
#include "places.h"
#include "reconcile.h"
#include "replay.h"
#include "report.h"
#include "rollup.h"
#include "timeline_groups.h"

static void describe_trace(struct ms_report_trace *r, const struct ms_trace *trace, const char *file)
{
	const struct ms_end *end = ms_trace_end(trace);
	const struct ms_error *damage = ms_trace_damage(trace);
	static const enum ms_report_ended ended[] = {
		[MS_ENDED_RUNNING] = MS_REPORT_RUNNING, [MS_ENDED_EXITED] = MS_REPORT_EXITED,
		[MS_ENDED_SIGNALED] = MS_REPORT_SIGNALED, [MS_ENDED_UNKNOWN] = MS_REPORT_UNKNOWN,
	};

	r->file = file ? file : "";
	r->format_version = ms_trace_format_version(trace);
	r->process = ms_trace_process(trace);
	r->file_bytes = ms_trace_file_bytes(trace);
	r->duration_ns = ms_trace_last_time_ns(trace);
	r->ended = MS_REPORT_TRUNCATED;
	if (end) {
		if (end->time_ns > r->duration_ns)
			r->duration_ns = end->time_ns;
		r->ended = end->ended < sizeof ended / sizeof *ended ? ended[end->ended] : MS_REPORT_UNKNOWN;
		r->exit_code = end->exit_code;
		r->term_signal = end->term_signal;
		r->core_dumped = end->core_dumped;
		r->size_limit_reached = end->size_limit_reached;
		r->lost_events = end->lost_events;
		r->lost_stacks = end->lost_stacks;
		r->lost_threads = end->lost_threads;
		r->late_events = end->late_events;
		r->symbols_stored = end->symbolized;
		r->guard = *end;
	}
	r->damaged = damage != NULL;
	if (damage)
		r->damage = *damage;
	r->frames = ms_trace_frame_count(trace);
	for (uint32_t id = 1; id <= r->frames; id++) {
		size_t n = 0;
		const struct ms_symbol *s = ms_trace_symbols(trace, id, &n);
		bool named = false;

		for (size_t i = 0; i < n; i++)
			named |= s[i].function != 0;
		r->symbolized_frames += named;
	}
}

static int find_window(struct ms_report *r, const struct ms_trace *trace, const struct ms_report_options *o, struct ms_error *err)
{
	struct ms_instant from = {0, ms_trace_process(trace)->part.from_ns}, to = {ms_trace_event_count(trace), r->trace.duration_ns};
	int rc = o->from ? ms_moment_find_or_cancel(&from, o->from, trace, o->cancel, err) : MS_OK;

	if (rc == MS_OK && o->to)
		rc = ms_moment_find_or_cancel(&to, o->to, trace, o->cancel, err);
	if (rc)
		return rc;
	if (to.event < from.event || to.time_ns < from.time_ns)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "the window ends before it starts: '%.60s' (%llu ns) is before '%.60s' (%llu ns)",
		               o->to ? o->to : "end", (unsigned long long)to.time_ns, o->from ? o->from : "start", (unsigned long long)from.time_ns);
	r->window = (struct ms_report_window){
		.given = o->from || o->to, .from_event = from.event, .to_event = to.event, .from_ns = from.time_ns, .to_ns = to.time_ns,
	};
	return MS_OK;
}

/* After the replay: what its LOST records say counts too, an end record may be missing. */
static void judge(struct ms_report_trace *r)
{
	if (r->lost_marks > r->lost_events)
		r->lost_events = r->lost_marks;
	r->complete = (r->ended == MS_REPORT_EXITED || r->ended == MS_REPORT_SIGNALED) && !r->damaged &&
	              r->process->part.kind == MS_PART_WHOLE && !r->size_limit_reached && r->lost_events == 0 && r->lost_threads == 0 && r->lost_stacks == 0;
}

static int list_modules(struct ms_report *r, const struct ms_trace *trace, struct ms_error *err)
{
	uint32_t count = ms_trace_module_count(trace);

	r->loaded = calloc(count + (size_t)1, sizeof *r->loaded);
	if (!r->loaded)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u modules", count);
	for (uint32_t id = 1; id <= count; id++)
		r->loaded[r->loaded_count++] = *ms_trace_module(trace, id);
	return MS_OK;
}

int ms_report_build(struct ms_report *out, const struct ms_trace *trace, const struct ms_report_options *given,
                    struct ms_error *err)
{
	struct ms_report_options options = given ? *given : (struct ms_report_options){0};
	struct ms_stack_map stacks;
	struct ms_analysis_context context = {0};
	struct ms_lost_blocks lost = {0};
	int rc;

	memset(out, 0, sizeof *out);
	if (options.temporary_window > MS_TEMPORARY_WINDOW_MAX)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "temporary window %u is larger than %u",
		               options.temporary_window, MS_TEMPORARY_WINDOW_MAX);
	if (options.timeline_buckets > MS_TIMELINE_BUCKETS_MAX)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "%u timeline buckets are more than %u",
		               options.timeline_buckets, MS_TIMELINE_BUCKETS_MAX);
	if (options.timeline_by >> MS_TIMELINE_GROUP_COUNT)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "there are series by %d things, bits of others are set", MS_TIMELINE_GROUP_COUNT);
	rc = ms_stack_map_build(&stacks, trace, err);
	if (rc)
		return rc;
	describe_trace(&out->trace, trace, options.file);
	rc = find_window(out, trace, &options, err);
	if (rc == MS_OK)
		rc = list_modules(out, trace, err);
	if (rc)
		goto fail;
	context = (struct ms_analysis_context){
		.trace = trace, .stacks = &stacks, .from_ns = out->window.from_ns, .to_ns = out->window.to_ns, 
		.part = out->window.to_ns - out->window.from_ns < out->trace.duration_ns,
		.temporary_window = options.temporary_window ? options.temporary_window : 1,
		.timeline_buckets = options.timeline_buckets ? options.timeline_buckets : 120,
		.timeline_by = options.timeline_by,
	};
	rc = ms_reconciler_open(&context.reconciler, trace, err);
	if (rc)
		goto fail;
	rc = ms_replay(ms_analyses, ms_analysis_count, &context, &options, out, err);
	if (rc)
		goto fail;
	judge(&out->trace);
	rc = ms_phases_find(out, &context, &options, err);
	if (rc == MS_OK)
		rc = ms_growth_first_seen(out, trace, &stacks, err);
	if (rc == MS_OK)
		rc = ms_system_collect(out, trace, err);
	if (rc == MS_OK)
		rc = ms_reconcile(context.reconciler, out, err);
	if (rc == MS_OK && options.address_space)
		rc = ms_address_space_collect(out, trace, options.threads == 1 ? 1 : 2, err);
	if (rc)
		goto fail;
	out->nodes = stacks.nodes;
	out->node_count = stacks.node_count;
	out->lines = stacks.lines;
	out->line_count = stacks.line_count;
	stacks.nodes = NULL;
	stacks.lines = NULL;
	rc = ms_rollup(out, err);
	if (rc == MS_OK)
		rc = ms_timeline_name_modules(out, err);
	if (rc == MS_OK)
		rc = ms_collect_places(out, err);
	if (rc == MS_OK)
		rc = ms_cancelled(options.cancel, err);
	if (rc == MS_OK)
		rc = ms_heap_report(out, trace, &stacks, ms_annotated(out) ? &lost : NULL, err);
	if (rc == MS_OK)
		rc = ms_annotations_find(out, &context, &options, &lost, err);
	if (rc == MS_OK)
		rc = ms_cancelled(options.cancel, err);
	if (rc == MS_OK)
		rc = ms_cases_resolve(out->cases, trace, err);
	if (rc == MS_OK)
		rc = ms_detect(ms_detectors, ms_detector_count, out, trace, &stacks, out->cases, err);
	if (rc)
		goto fail;
	ms_cases_free(out->cases);
	out->cases = NULL;
	free(lost.list);
	ms_reconciler_close(context.reconciler);
	ms_stack_map_free(&stacks);
	return MS_OK;
fail:
	free(lost.list);
	ms_reconciler_close(context.reconciler);
	ms_stack_map_free(&stacks);
	ms_report_free(out);
	return rc;
}

void ms_report_free(struct ms_report *r)
{
	if (!r)
		return;
	free(r->nodes);
	free(r->lines);
	free(r->sites);
	free(r->places);
	free(r->functions);
	free(r->modules);
	free(r->loaded);
	free(r->threads);
	free(r->sizes);
	free(r->size_lifetimes);
	free(r->timeline);
	for (int g = 0; g < MS_TIMELINE_GROUP_COUNT; g++) {
		free(r->timeline_by[g].series);
		free(r->timeline_by[g].cells);
	}
	free(r->unmatched);
	free(r->safety.handovers);
	free(r->safety.boundaries);
	free(r->safety.odd_sizes);
	ms_findings_free(&r->findings);
	ms_report_free(r->companion);
	free(r->companion);
	ms_cases_free(r->cases);
	free(r->phases.list);
	free(r->pauses.list);
	free(r->snapshots.list);
	free(r->growth.sites);
	free(r->growth.filled);
	free(r->growth.periodic);
	ms_report_system_free(&r->system);
	ms_report_reconciliation_free(&r->reconciliation);
	ms_address_space_free(&r->address_space);
	ms_report_leaks_free(&r->leaks);
	ms_report_holders_free(&r->holders);
	free(r->tasks.list);
	free(r->tasks.threads);
	free(r->scopes.list);
	free(r->scopes.threads);
	free(r->variables.list);
	free(r->variables.biographies);
	free(r->variables.events);
	free(r->pools.list);
	free(r->pools.sites);
	memset(r, 0, sizeof *r);
}
