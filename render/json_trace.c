/* json_trace.c - see json_trace.h. */
#include "json_trace.h"

#include <time.h>

#include "format/events.h"
#include "report_names.h"
#include "verdict_words.h"

static void strings(struct ms_json *j, const char *key, const char *const *list, size_t count)
{
	ms_json_array(j, key);
	for (size_t i = 0; i < count; i++)
		ms_json_string(j, NULL, list[i]);
	ms_json_end_array(j);
}

static void direct(struct ms_json *j, const struct ms_process *p)
{
	ms_json_array(j, "direct_allocators");
	for (size_t i = 0; i < p->direct_count; i++) {
		const struct ms_direct_allocator *a = &p->direct[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "module", a->module);
		ms_json_string(j, "family", ms_direct_family_word(a->family));
		ms_json_bool(j, "inside_executable", a->executable);
		ms_json_uint(j, "functions", a->functions);
		ms_json_bool(j, "recorded", a->state == MS_DIRECT_HOOKED);
		ms_json_string(j, "reason", ms_direct_reason(a->state));
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void guard(struct ms_json *j, const struct ms_report_trace *t)
{
	const struct ms_end *e = &t->guard;

	ms_json_string(j, "guard", ms_guard_name(t->process->guard));
	ms_json_string(j, "guard_side", t->process->guard == MS_GUARD_FULL || t->process->guard == MS_GUARD_SAMPLE
	                                    ? ms_guard_side_name(t->process->guard_side) : NULL);
	ms_json_object(j, "guard_counts");
	ms_json_uint(j, "page_blocks", e->guard_page_blocks);
	ms_json_uint(j, "canary_blocks", e->guard_canary_blocks);
	ms_json_uint(j, "plain_blocks", e->guard_plain_blocks);
	ms_json_uint(j, "checks", e->guard_checks);
	ms_json_uint(j, "calls", e->guard_calls);
	ms_json_uint(j, "dropped", e->guard_dropped);
	ms_json_end_object(j);
}

static void part(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_part *p = &r->trace.process->part;

	if (p->kind == MS_PART_WHOLE) {
		ms_json_null(j, "part");
		return;
	}
	ms_json_object(j, "part");
	ms_json_string(j, "kind", p->kind == MS_PART_SNAPSHOT ? "snapshot" : "window");
	ms_json_string(j, "of", p->of);
	ms_json_uint(j, "from_event", p->from_event);
	ms_json_uint(j, "from_ns", p->from_ns);
	ms_json_uint(j, "to_event", p->to_event);
	ms_json_uint(j, "to_ns", p->to_ns);
	ms_json_uint(j, "of_events", p->of_events);
	ms_json_uint(j, "of_duration_ns", p->of_ns);
	ms_json_uint(j, "start_blocks", r->window.start_blocks);
	ms_json_uint(j, "start_bytes", r->window.start_bytes);
	ms_json_end_object(j);
}

static void text_or_null(struct ms_json *j, const char *key, const char *text)
{
	ms_json_string(j, key, text && *text ? text : NULL);
}

/* What cannot be told from a sample, whatever its count in the report is. */
static void sampling(struct ms_json *j, const struct ms_report *r)
{
	static const char *const not_observable[] = {"temporary_allocations", "unmatched_frees", "events"};
	const struct ms_capture *c = &r->trace.process->capture;

	if (!ms_is_sample(r->trace.process)) {
		ms_json_string(j, "sampling", "none");
		return;
	}
	ms_json_object(j, "sampling");
	ms_json_string(j, "preset", c->preset && *c->preset ? c->preset : NULL);
	ms_json_string(j, "by", c->sampling == MS_SAMPLING_PER_BYTE ? "bytes" : "allocations");
	if (c->sampling == MS_SAMPLING_PER_BYTE) {
		ms_json_null(j, "rate");
		ms_json_null(j, "unit_bytes");
		ms_json_uint(j, "mean_bytes", c->sample_bytes);
	} else {
		ms_json_number(j, "rate", c->sample_per_billion / 1e9);
		if (c->sampling == MS_SAMPLING_PER_UNIT)
			ms_json_uint(j, "unit_bytes", MS_SAMPLE_UNIT_BYTES);
		else
			ms_json_null(j, "unit_bytes");
		ms_json_null(j, "mean_bytes");
	}
	ms_json_uint(j, "seed", c->sample_seed);
	ms_json_object(j, "unseen_path");
	ms_json_number(j, "blocks", r->estimate.unseen_blocks);
	ms_json_number(j, "bytes", r->estimate.unseen_bytes);
	ms_json_end_object(j);
	strings(j, "not_observable", not_observable, sizeof not_observable / sizeof *not_observable);
	ms_json_end_object(j);
}

void ms_json_trace(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_report_trace *t = &r->trace;
	const struct ms_process *p = t->process;
	char start[MS_TIME_TEXT];

	ms_json_object(j, "trace");
	ms_json_string(j, "file", t->file);
	ms_json_uint(j, "format_version", t->format_version);
	strings(j, "command", p->command, p->command_count);
	ms_json_string(j, "executable", p->executable);
	ms_json_uint(j, "pid", p->pid);
	ms_json_uint(j, "parent_pid", p->parent_pid);
	ms_json_string(j, "working_directory", p->working_directory);
	ms_json_string(j, "host", p->host);
	ms_json_string(j, "kernel", p->kernel);
	ms_json_string(j, "architecture", p->architecture);
	ms_json_string(j, "recorder", p->recorder);
	strings(j, "recorder_options", p->options, p->options_count);
	text_or_null(j, "backend", p->capture.backend);
	text_or_null(j, "backend_reason", p->capture.backend_reason);
	text_or_null(j, "backend_note", t->guard.backend_note);
	ms_json_string(j, "allocator", p->allocator);
	ms_json_string(j, "start_time", ms_time_text(start, p->start_time_unix_ns));
	ms_json_uint(j, "start_time_unix_ns", p->start_time_unix_ns);
	ms_json_uint(j, "duration_ns", t->duration_ns);
	ms_json_string(j, "ended", ms_ended_name(t->ended));
	if (t->ended == MS_REPORT_EXITED)
		ms_json_int(j, "exit_code", t->exit_code);
	else
		ms_json_null(j, "exit_code");
	if (t->ended == MS_REPORT_SIGNALED)
		ms_json_int(j, "term_signal", t->term_signal);
	else
		ms_json_null(j, "term_signal");
	ms_json_bool(j, "core_dumped", t->core_dumped);
	ms_json_bool(j, "complete", t->complete);
	ms_json_uint(j, "events", t->events);
	ms_json_uint(j, "bytes", t->file_bytes);
	ms_json_uint(j, "lost_events", t->lost_events);
	ms_json_uint(j, "lost_stacks", t->lost_stacks);
	ms_json_uint(j, "lost_threads", t->lost_threads);
	ms_json_uint(j, "late_events", t->late_events);
	ms_json_uint(j, "pauses", t->pauses);
	ms_json_uint(j, "paused_ns", t->paused_ns);
	ms_json_bool(j, "paused_before", t->paused_before);
	ms_json_bool(j, "size_limit_reached", t->size_limit_reached);
	ms_json_uint(j, "unmatched_frees", t->unmatched_frees);
	ms_json_bool(j, "inherited_heap", p->inherited_heap);
	ms_json_bool(j, "attached", p->capture.attached);
	direct(j, p);
	part(j, r);
	ms_json_uint(j, "images", t->images);
	guard(j, t);
	if (p->guard == MS_GUARD_SAMPLE)
		ms_json_uint(j, "guard_sample_rate", p->guard_sample_rate);
	else
		ms_json_null(j, "guard_sample_rate");
	sampling(j, r);
	ms_json_share(j, "symbolized_share", t->symbolized_frames, t->frames);
	ms_json_share(j, "symbolized_share_weighted", t->symbolized_frame_uses, t->frame_uses);
	if (t->damaged) {
		ms_json_object(j, "damage");
		ms_json_string(j, "message", t->damage.message);
		if (t->damage.offset == MS_NO_OFFSET)
			ms_json_null(j, "offset");
		else
			ms_json_uint(j, "offset", t->damage.offset);
		ms_json_end_object(j);
	} else {
		ms_json_null(j, "damage");
	}
	ms_json_end_object(j);
}

void ms_json_window(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_report_window *w = &r->window;

	if (!w->given) {
		ms_json_null(j, "window");
		return;
	}
	ms_json_object(j, "window");
	ms_json_uint(j, "from_event", w->from_event);
	ms_json_uint(j, "to_event", w->to_event);
	ms_json_uint(j, "from_ns", w->from_ns);
	ms_json_uint(j, "to_ns", w->to_ns);
	ms_json_uint(j, "start_blocks", w->start_blocks);
	ms_json_uint(j, "start_bytes", w->start_bytes);
	ms_json_end_object(j);
}
