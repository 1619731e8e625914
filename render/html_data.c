/* html_data.c - what the HTML page gets about the recording as a whole: trace, window, totals, quality, verdict. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/evidence.h"
#include "format/version.h"
#include "html_tables.h"
#include "report_names.h"
#include "verdict_words.h"

/* ---- trace: one row, with the names of the JSON report ------------------------------------------------------------ */

MS_HTML_ROWS(trace_row, &r->trace, 1)
MS_HTML_ROWS(process_row, r->trace.process, 1)

static const char *ended(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	(void)row, (void)room;
	return ms_ended_name(r->trace.ended);
}
static const char *start_time(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	(void)row;
	return ms_time_text(room, r->trace.process->start_time_unix_ns);
}
static const char *guard(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	(void)row, (void)room;
	return ms_guard_name(r->trace.process->guard);
}
static const char *guard_side(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	const struct ms_process *p = r->trace.process;

	(void)row, (void)room;
	return p->guard == MS_GUARD_FULL || p->guard == MS_GUARD_SAMPLE ? ms_guard_side_name(p->guard_side) : "";
}
static const char *generator(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	(void)r, (void)row, (void)room;
	return "memscope " MS_VERSION;
}
static const char *signal_name(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	const char *name = r->trace.ended == MS_REPORT_SIGNALED ? sigabbrev_np(r->trace.term_signal) : NULL;

	(void)row;
	snprintf(room, MS_COLUMN_TEXT_ROOM, "%s%s", name ? "SIG" : "", name ? name : "");
	return room;
}

#define T(field) MS_COLUMN(struct ms_report_trace, #field, field)
static const struct ms_html_column trace_columns[] = {
	MS_COLUMN_OF_TEXT("generator", generator), MS_COLUMN_AS_PATH(struct ms_report_trace, "file", file), T(format_version), T(duration_ns),
	MS_COLUMN_OF_TEXT("ended", ended), T(exit_code), T(term_signal), MS_COLUMN_OF_TEXT("signal_name", signal_name), T(core_dumped),
	T(size_limit_reached), T(complete), T(events), MS_COLUMN(struct ms_report_trace, "bytes", file_bytes), T(lost_events), T(lost_stacks),
	T(lost_threads), T(late_events), T(unmatched_frees), T(frames), T(symbolized_frames), T(frame_uses), T(symbolized_frame_uses),
	T(symbols_stored), T(damaged), T(images), T(image_start_ns),
};
#define E(field) MS_COLUMN(struct ms_report_trace, #field, guard.field)
static const struct ms_html_column guard_columns[] = {
	E(guard_page_blocks), E(guard_canary_blocks), E(guard_plain_blocks), E(guard_checks), E(guard_calls), E(guard_dropped),
	E(collector_cpu_ns), E(collector_rss_bytes), E(blocks), E(backend_note),
};
#define P(field) MS_COLUMN(struct ms_process, #field, field)
static const struct ms_html_column process_columns[] = {
	MS_COLUMN_AS_PATH(struct ms_process, "executable", executable), MS_COLUMN_AS_PATH(struct ms_process, "working_directory", working_directory),
	P(host), P(kernel), P(architecture), P(recorder), P(allocator), P(pid), P(parent_pid), P(page_size_bytes), P(stack_depth_limit),
	P(start_time_unix_ns), MS_COLUMN_OF_TEXT("start_time", start_time), P(clock_hz), P(clock), P(on_full), P(max_size_bytes), P(free_stacks),
	P(inherited_heap), MS_COLUMN(struct ms_process, "attached", capture.attached), MS_COLUMN(struct ms_process, "part_kind", part.kind), MS_COLUMN_OF_TEXT("guard", guard), MS_COLUMN_OF_TEXT("guard_side", guard_side), P(guard_sample_rate),
	MS_COLUMN_AS_PATH(struct ms_process, "companion", companion), P(graph_at_exit), P(monitor_interval_ns),
	MS_COLUMN_AS_PATH(struct ms_process, "backend", capture.backend), MS_COLUMN(struct ms_process, "backend_reason", capture.backend_reason),
};

/* Arguments of the command may be paths or hold some ("--file=/home/..."): what looks like one loses its directories, too. */
MS_HTML_ROWS(command_rows, r->trace.process->command, r->trace.process->command_count)
MS_HTML_ROWS(option_rows, r->trace.process->options, r->trace.process->options_count)
static const struct ms_html_column word_columns[] = {{"text", MS_COLUMN_PATH, 0, NULL, NULL}};

MS_HTML_ROWS(window_row, &r->window, 1)
#define W(field) MS_COLUMN(struct ms_report_window, #field, field)
static const struct ms_html_column window_columns[] = {
	W(given), W(from_event), W(to_event), W(from_ns), W(to_ns), W(start_blocks), W(start_bytes),
};

MS_HTML_ROWS(totals_row, &r->totals, 1)
#define S(field) MS_COLUMN(struct ms_report_totals, #field, field)
static const struct ms_html_column totals_columns[] = {
	S(allocations), S(frees), S(reallocations), S(allocated_bytes), S(freed_bytes), S(live_blocks), S(live_bytes), S(peak_bytes),
	S(peak_time_ns), S(peak_blocks), S(most_blocks), S(unmatched_frees), S(temporary_allocations), S(temporary_window),
	S(zero_size_allocations), S(failed_allocations),
	MS_COLUMN(struct ms_report_totals, "ended_by_exec_blocks", ended_by_exec.blocks),
	MS_COLUMN(struct ms_report_totals, "ended_by_exec_bytes", ended_by_exec.bytes),
};

MS_HTML_ROWS(culled_row, &r->culled, 1)
#define C(field) MS_COLUMN(struct ms_report_culled, #field, field)
static const struct ms_html_column culled_columns[] = {
	C(within_ns), C(allocations), C(reallocations), C(bytes), C(mean_lifetime_ns), C(from_ns), C(to_ns), C(peak_bytes), C(peak_time_ns),
	C(young_bytes), C(early_events),
};

MS_HTML_ROWS(mappings_row, &r->mappings, 1)
#define M(field) MS_COLUMN(struct ms_report_mappings, #field, field)
static const struct ms_html_column mappings_columns[] = {
	M(mmaps), M(mapped_bytes), M(anonymous_mmaps), M(anonymous_bytes), M(munmaps), M(unmapped_bytes), M(mremaps), M(mremap_grown_bytes),
	M(mremap_shrunk_bytes), M(brks), M(sbrk_grown_bytes), M(sbrk_shrunk_bytes),
};

/* ---- verdict: sentences of verdict_words.h, and the view that has the details -------------------------------------- */

enum level { LEVEL_GOOD, LEVEL_NOTE, LEVEL_WARNING, LEVEL_ERROR };
static const char *const level_names[] = {"good", "note", "warning", "error"};

struct verdict_row {
	const char *level, *topic, *view;
	char text[MS_COLUMN_TEXT_ROOM];
};

static void say(struct verdict_row *row, enum level level, const char *topic, const char *view)
{
	row->level = level_names[level];
	row->topic = topic;
	row->view = view;
}

static FILE *into(struct verdict_row *row)
{
	return fmemopen(row->text, sizeof row->text, "w");
}

static enum level quality_level(const struct ms_report_trace *t)
{
	return t->complete && !t->pauses                         ? LEVEL_GOOD
	       : t->lost_events || t->lost_threads || t->damaged ? LEVEL_ERROR
	                                                         : LEVEL_WARNING;
}

/* The verdict's topics, one function each. */
static void quality(const struct ms_report *r, struct verdict_row *row, FILE *out)
{
	fputs(ms_quality_words(&r->trace), out);
	say(row, quality_level(&r->trace), "quality", "process");
}
static void window(const struct ms_report *r, struct verdict_row *row, FILE *out)
{
	ms_window_words(out, &r->window);
	say(row, LEVEL_NOTE, "window", "");
}
static void errors(const struct ms_report *r, struct verdict_row *row, FILE *out)
{
	const struct ms_findings *f = &r->findings;
	bool hidden = false;

	for (size_t i = 0; i < f->detector_count; i++)
		hidden |= f->detectors[i].status == MS_DETECTOR_NOT_OBSERVABLE;
	fputs("heap errors: ", out);
	ms_errors_words(out, f);
	say(row, f->errors ? LEVEL_ERROR : f->warnings ? LEVEL_WARNING : hidden ? LEVEL_NOTE : LEVEL_GOOD, "errors", "findings");
}
static void leaks(const struct ms_report *r, struct verdict_row *row, FILE *out)
{
	const struct ms_report_leaks *l = &r->leaks;

	if (!l->observable) {
		fprintf(out, "leaks: not observable: %s", l->reason ? l->reason : "");
	} else {
		fputs("leaks: ", out);
		ms_leak_words(out, l, MS_LEAK_DEFINITE, false);
		fputs("; ", out);
		ms_leak_words(out, l, MS_LEAK_INDIRECT, false);
		fputs("; ", out);
		ms_leak_words(out, l, MS_LEAK_POSSIBLE, false);
	}
	say(row, !l->observable                        ? LEVEL_NOTE
	         : l->kind[MS_LEAK_DEFINITE].blocks ? LEVEL_ERROR
	         : l->kind[MS_LEAK_POSSIBLE].blocks ? LEVEL_WARNING
	                                               : LEVEL_GOOD, "leaks", "leaks");
}
static void growth(const struct ms_report *r, struct verdict_row *row, FILE *out)
{
	fputs("growth: ", out);
	ms_growth_words(out, &r->growth);
	say(row, !r->growth.observable ? LEVEL_NOTE : r->growth.site_count ? LEVEL_WARNING : LEVEL_GOOD, "growth", "leaks");
}
/* A topic without a text (no window) is a row that nothing is shown of. */
static void (*const topics[])(const struct ms_report *, struct verdict_row *, FILE *) = {quality, window, errors, leaks, growth};

static void *verdict_rows(const struct ms_report *r, size_t *count, bool *owned)
{
	size_t n = sizeof topics / sizeof *topics;
	struct verdict_row *rows = calloc(n, sizeof *rows);

	*owned = true;
	*count = n;
	for (size_t i = 0; rows && i < n; i++) {
		FILE *out = into(&rows[i]);

		if (!out) {
			free(rows);
			return NULL;
		}
		topics[i](r, &rows[i], out);
		fclose(out);
	}
	return rows;
}

static const struct ms_html_column verdict_columns[] = {
	MS_COLUMN(struct verdict_row, "level", level), MS_COLUMN(struct verdict_row, "topic", topic), MS_COLUMN(struct verdict_row, "view", view),
	MS_COLUMN_AS_CHARS(struct verdict_row, "text", text),
};

/* Notes of the three topics that have some, a line each. */
static void *note_rows(const struct ms_report *r, size_t *count, bool *owned)
{
	static const char *const names[] = {"quality", "errors", "leaks"};
	struct verdict_row *rows = NULL;
	char *text[3] = {0};
	size_t n = 0, size;

	*owned = true;
	*count = 1; /* with NULL: no memory */
	for (size_t i = 0; i < 3; i++) {
		FILE *out = open_memstream(&text[i], &size);

		if (!out)
			goto done;
		if (i == 0)
			ms_quality_notes(out, r);
		else if (i == 1)
			ms_crash_notes(out, r);
		else if (r->leaks.observable)
			ms_leak_notes(out, &r->leaks, false);
		fclose(out);
		if (!text[i])
			goto done;
		for (const char *s = text[i]; (s = strchr(s, '\n')); s++)
			n++;
	}
	rows = calloc(n + 1, sizeof *rows);
	if (!rows)
		goto done;
	*count = n;
	n = 0;
	for (size_t i = 0; i < 3; i++)
		for (char *line = text[i], *end; (end = strchr(line, '\n')); line = end + 1, n++) {
			snprintf(rows[n].text, sizeof rows[n].text, "%.*s", (int)(end - line), line);
			say(&rows[n], LEVEL_WARNING, names[i], "");
		}
done:
	for (size_t i = 0; i < 3; i++)
		free(text[i]);
	return rows;
}

static const struct ms_html_table tables[] = {
	MS_HTML_TABLE("trace", struct ms_report_trace, trace_row, trace_columns),
	MS_HTML_TABLE("recording", struct ms_report_trace, trace_row, guard_columns),
	MS_HTML_TABLE("process", struct ms_process, process_row, process_columns),
	MS_HTML_TABLE("command", const char *, command_rows, word_columns),
	MS_HTML_TABLE("recorder_options", const char *, option_rows, word_columns),
	MS_HTML_TABLE("window", struct ms_report_window, window_row, window_columns),
	MS_HTML_TABLE("totals", struct ms_report_totals, totals_row, totals_columns),
	MS_HTML_TABLE("culled", struct ms_report_culled, culled_row, culled_columns),
	MS_HTML_TABLE("mappings", struct ms_report_mappings, mappings_row, mappings_columns),
	MS_HTML_TABLE("verdict", struct verdict_row, verdict_rows, verdict_columns),
	MS_HTML_TABLE("notes", struct verdict_row, note_rows, verdict_columns),
};
const struct ms_html_list ms_html_trace_tables = MS_HTML_LIST(tables);
