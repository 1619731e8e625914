/* text.c - the list of sections, and the top of the report: title, quality, totals. */
#include "text.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "estimate_words.h"
#include "format/events.h"
#include "format/evidence.h"
#include "report_names.h"
#include "spark.h"
#include "text_estimate.h"
#include "verdict_words.h"

#define SECTIONS(X)                                                                   \
	X(quality, "how good the trace is", true)                                         \
	X(verdict, "heap errors: found, clean, or not observable", true)                  \
	X(findings, "heap errors but leaks, each with its stacks", true)                  \
	X(totals, "sums, the peak, the curve of live bytes", true)                        \
	X(peak, "what the peak was made of", true)                                        \
	X(leaks, "leaks by call path and kind", true)                                     \
	X(live, "what is alive at the end", true)                                         \
	X(holders, "who keeps alive what is", true)                                       \
	X(leakstacks, "leaks, each with its stack", true)                                 \
	X(temporary, "blocks freed by the next allocation event of their thread", true)  \
	X(culled, "blocks that were left out, by call path (only with --cull-temporary)", true) \
	X(threads, "what each thread allocated and freed", true)                         \
	X(sites, "call paths in full", true)                                              \
	X(functions, "functions, with what they call", true)                              \
	X(modules, "executable and libraries", true)                                      \
	X(sizes, "sizes of blocks", true)                                                 \
	X(lifetimes, "how long blocks lived", true)                                       \
	X(growth, "call paths that grow through the second half of a long run", true)     \
	X(snapshots, "moments with names for --at, and pauses (only when there are any)", true) \
	X(phases, "what happened between marks of the program (only with marks)", true)    \
	X(tasks, "blocks begun for tasks of the program (only where it names some)", true) \
	X(scopes, "blocks begun in scopes of the program (only where it names some)", true) \
	X(variables, "variables that the program tracks, and biographies of their blocks", true) \
	X(pools, "allocators of the program's own, and their blocks", true)               \
	X(mappings, "the program's own mmap and brk", true)                               \
	X(system, "memory, CPU, input and output; what resident memory is", true) \
	X(unmatched, "frees of blocks that the trace does not know", true)                \
	X(safety, "hand-overs between threads and modules, odd sizes", true)              \
	X(series, "live bytes over time by site, thread, ... (with --by)", true)          \
	X(fragmentation, "pages with live blocks over time (with --address-space)", true) \
	X(timeline, "live bytes over time, as a table", false)

const struct ms_text_section ms_text_sections[] = {
#define X(name, summary, by_default) {#name, summary, by_default},
	SECTIONS(X)
#undef X
};
const size_t ms_text_section_count = sizeof ms_text_sections / sizeof *ms_text_sections;

static int (*const print_section[])(struct ms_text *) = {
#define X(name, summary, by_default) ms_text_##name,
	SECTIONS(X)
#undef X
};

int ms_text_sections_parse(const char *list, uint32_t *bits, struct ms_error *err)
{
	char names[400] = "";

	*bits = 0;
	for (const char *s = list;;) {
		size_t n = strcspn(s, ","), i = 0;

		while (i < ms_text_section_count &&
		       (strlen(ms_text_sections[i].name) != n || strncmp(ms_text_sections[i].name, s, n) != 0))
			i++;
		if (i == ms_text_section_count) {
			for (i = 0; i < ms_text_section_count; i++) {
				if (i)
					strcat(names, ", ");
				strcat(names, ms_text_sections[i].name);
			}
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "no section is named '%.*s': there are %s",
			               n < 40 ? (int)n : 40, s, names);
		}
		*bits |= 1u << i;
		if (s[n] == '\0')
			return MS_OK;
		s += n + 1;
	}
}

/* ---- title -------------------------------------------------------------------------------------------------------- */

static void print_window(struct ms_text *t)
{
	if (!t->report->window.given)
		return;
	ms_window_words(t->out, &t->report->window);
	putc('\n', t->out);
}

static void print_title(struct ms_text *t)
{
	const struct ms_report_trace *r = &t->report->trace;
	const struct ms_process *p = r->process;
	bool windowed = t->report->window.given;
	char time[MS_TIME_TEXT], a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	char *command = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&command, &size);

	if (f) {
		ms_escape_words(f, p->command, p->command_count);
		fclose(f);
	}
	fputs(t->options.bold ? "\033[1m" : "", t->out);
	ms_text_cut(t->out, command && *command ? command : "(command unknown)",
	            t->options.width ? t->options.width : SIZE_MAX, t->options.utf8);
	fputs(t->options.bold ? "\033[0m\n" : "\n", t->out);
	free(command);

	ms_time_text(time, p->start_time_unix_ns);
	time[10] = ' ';
	strcpy(time + 19, " UTC");
	fprintf(t->out, "process %" PRIu32 " on ", p->pid);
	ms_escape_text(t->out, p->host && *p->host ? p->host : "(host unknown)");
	fprintf(t->out, ", %s, %s, ", time, ms_unit_duration(a, r->duration_ns));
	switch (r->ended) {
	case MS_REPORT_EXITED:
		fprintf(t->out, "exited with status %" PRId32, r->exit_code);
		break;
	case MS_REPORT_SIGNALED: {
		const char *name = sigabbrev_np(r->term_signal);

		fprintf(t->out, "killed by signal %" PRId32 "%s%s%s", r->term_signal, name ? " (SIG" : "", name ? name : "",
		        name ? ")" : "");
		break;
	}
	case MS_REPORT_RUNNING:
		fputs(p->part.kind != MS_PART_WHOLE ? "still running then" : "still running when the recording stopped", t->out);
		break;
	case MS_REPORT_UNKNOWN:
		fputs("ended, how is not known", t->out);
		break;
	case MS_REPORT_TRUNCATED:
		fputs("end not recorded", t->out);
		break;
	}
	fputs(r->core_dumped ? ", core dumped\n" : "\n", t->out);
	ms_escape_text(t->out, r->file);
	fprintf(t->out, "%s%s%s in %s", *r->file ? ": " : "", ms_unit_of(a, r->events, "event"), windowed ? " of the window" : "",
	        ms_unit_bytes(b, r->file_bytes, t->options.exact));
	if (r->events && !windowed) {
		uint64_t hundredths = (uint64_t)((unsigned __int128)r->file_bytes * 100 / r->events);

		fprintf(t->out, ", %" PRIu64 ".%02" PRIu64 " bytes per event", hundredths / 100, hundredths % 100);
	}
	if (p->capture.backend && *p->capture.backend && strcmp(p->capture.backend, "lockfree") != 0) {
		fputs(", backend ", t->out);
		ms_escape_text(t->out, p->capture.backend);
	}
	putc('\n', t->out);
	print_window(t);
}

/* ---- quality ------------------------------------------------------------------------------------------------------ */

int ms_text_quality(struct ms_text *t)
{
	const struct ms_report_trace *r = &t->report->trace;
	const uint64_t *kinds = t->report->totals.events_of_kind, children = kinds[MS_EV_FORK] + kinds[MS_EV_VFORK];
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], drawn[MS_SAMPLE_TEXT], *text = NULL;
	size_t size = 0;
	FILE *notes;

	ms_text_heading(t, "QUALITY", "%s", ms_quality_words(r));
	notes = open_memstream(&text, &size);
	if (!notes)
		return MS_E_NOMEM;
	ms_quality_notes(notes, t->report);
	ms_text_notes(t, notes, &text);
	fprintf(t->out, "  lost events %s, ", ms_unit_count(a, r->lost_events));
	if (ms_is_sample(r->process))
		fprintf(t->out, "sampling %s", ms_sample_words(drawn, &r->process->capture));
	else
		fprintf(t->out, "unmatched frees %s, sampling none, guard %s", ms_unit_count(a, r->unmatched_frees), ms_guard_name(r->process->guard));
	if (r->process->guard == MS_GUARD_SAMPLE)
		fprintf(t->out, " (one allocation in %" PRIu32 ")", r->process->guard_sample_rate);
	else if (r->process->guard == MS_GUARD_FULL)
		fprintf(t->out, " (side: %s)", ms_guard_side_name(r->process->guard_side));
	putc('\n', t->out);
	if (r->frames) {
		fprintf(t->out, "  frames with a function name: %s of %s",
		        ms_unit_share(a, r->symbolized_frames, r->frames), ms_unit_count(b, r->frames));
		fprintf(t->out, ", weighted by blocks %s%s\n", ms_unit_share(a, r->symbolized_frame_uses, r->frame_uses),
		        r->symbols_stored || r->symbolized_frames ? "" : " (memscope-trace symbolize adds them)");
		if (r->symbols_stored && r->symbolized_frame_uses < r->frame_uses / 2)
			fputs("  the others are of stripped files, or of generated code: with their debug files installed, memscope-trace symbolize\n"
			      "  finds the names, and with --debuginfod it fetches them\n", t->out);
	}
	if (r->images > 1)
		fprintf(t->out, "  the process replaced its program by exec %" PRIu32 " time%s\n", r->images - 1,
		        r->images == 2 ? "" : "s");
	if (children)
		fprintf(t->out, "  it started at least %s child process%s: a trace is of one process, memscope-record --follow writes one of each\n",
		        ms_unit_count(a, children), children == 1 ? "" : "es");
	return MS_OK;
}

/* ---- totals ------------------------------------------------------------------------------------------------------- */

static void row(struct ms_text *t, const char *name, const char *value, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void row(struct ms_text *t, const char *name, const char *value, const char *format, ...)
{
	va_list args;

	fprintf(t->out, "  %-16s %*s  ", name, t->options.exact ? 20 : 12, value);
	va_start(args, format);
	vfprintf(t->out, format, args);
	va_end(args);
	putc('\n', t->out);
}

static int print_curve(struct ms_text *t)
{
	const struct ms_report *r = t->report;
	uint64_t *values = malloc((r->timeline_count + 1) * sizeof *values);
	size_t width = t->options.width > 4 && t->options.width < 104 ? t->options.width - 4 : 100;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];
	const char *from;

	if (!values)
		return MS_E_NOMEM;
	for (size_t i = 0; i < r->timeline_count; i++)
		values[i] = r->timeline[i].max_live_bytes;
	fputs("\n  ", t->out);
	ms_spark(t->out, values, r->timeline_count, r->totals.peak_bytes, width, t->options.utf8);
	if (width > r->timeline_count)
		width = r->timeline_count;
	from = r->window.from_ns ? ms_unit_duration(b, r->window.from_ns) : "0 s";
	fprintf(t->out, "\n  %s%*s\n", from, width > strlen(from) + 13 ? (int)(width - strlen(from)) : 13,
	        ms_unit_duration(a, r->window.to_ns));
	free(values);
	return MS_OK;
}

int ms_text_totals(struct ms_text *t)
{
	const struct ms_report_totals *s = &t->report->totals;
	uint64_t begun = s->allocations + s->reallocations;
	const struct ms_report_window *w = &t->report->window;
	bool exact = t->options.exact, open = !w->given && t->report->trace.ended == MS_REPORT_TRUNCATED;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT];

	if (ms_is_sample(t->report->trace.process)) {
		ms_text_totals_estimate(t);
		return MS_OK;
	}
	ms_text_heading(t, "TOTALS", NULL);
	row(t, "peak", ms_unit_bytes(a, s->peak_bytes, exact), "in %s, after %s",
	    ms_unit_of(b, s->peak_blocks, "block"), ms_unit_duration(c, s->peak_time_ns));
	row(t, open ? "alive at cut" : "alive at end", ms_unit_bytes(a, s->live_bytes, exact), "in %s",
	    ms_unit_of(b, s->live_blocks, "block"));
	if (w->from_event || w->start_blocks) /* not of a window only: a part begins with what was alive, too */
		row(t, "alive at start", ms_unit_bytes(a, w->start_bytes, exact), "in %s", ms_unit_of(b, w->start_blocks, "block"));
	row(t, "allocated", ms_unit_bytes(a, s->allocated_bytes, exact), "by %s and %s",
	    ms_unit_of(b, s->allocations, "allocation"), ms_unit_of(c, s->reallocations, "reallocation"));
	row(t, "freed", ms_unit_bytes(a, s->freed_bytes, exact), "by %s and %s",
	    ms_unit_of(b, s->frees, "free"), ms_unit_of(c, s->reallocations, "reallocation"));
	ms_unit_of(b, begun, "block");
	ms_unit_share(c, s->temporary_allocations, begun);
	if (s->temporary_window == 1)
		row(t, "temporary", ms_unit_count(a, s->temporary_allocations),
		    "of %s (%s), freed by their thread's next event", b, c);
	else
		row(t, "temporary", ms_unit_count(a, s->temporary_allocations),
		    "of %s (%s), freed within their thread's next %" PRIu32 " events", b, c, s->temporary_window);
	if (t->report->culled.within_ns)
		row(t, "culled", ms_unit_bytes(a, t->report->culled.bytes, exact), "by %s and %s, not in the figures above",
		    ms_unit_of(b, t->report->culled.allocations, "allocation"), ms_unit_of(c, t->report->culled.reallocations, "reallocation"));
	if (s->ended_by_exec.blocks)
		row(t, "gone by exec", ms_unit_bytes(a, s->ended_by_exec.bytes, exact),
		    "in %s, alive when exec replaced the program",
		    ms_unit_of(b, s->ended_by_exec.blocks, "block"));
	if (s->zero_size_allocations)
		row(t, "size 0", ms_unit_count(a, s->zero_size_allocations), "allocations");
	if (s->failed_allocations)
		row(t, "failed", ms_unit_count(a, s->failed_allocations), "allocation calls that returned NULL");
	return s->peak_bytes && t->report->timeline_count > 1 ? print_curve(t) : MS_OK;
}

/* In a sample: does the section count nothing but sampled blocks? The others have estimates, or events that are never left out. */
static bool counts_sample(const char *section)
{
	static const char *const others[] = {"quality", "verdict", "findings", "totals", "peak", "live", "temporary", "sites", "pools",
	                                     "mappings", "system", "unmatched"};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(others[i], section) == 0)
			return false;
	return true;
}

int ms_render_text(FILE *out, const struct ms_report *report, const struct ms_text_options *options,
                   struct ms_error *err)
{
	struct ms_text t = {.out = out, .report = report, .options = *options};

	if (!t.options.sort)
		t.options.sort = &ms_site_keys[0];
	print_title(&t);
	for (size_t i = 0; i < ms_text_section_count; i++) {
		bool wanted = t.options.sections ? t.options.sections >> i & 1 : ms_text_sections[i].by_default;

		t.of_sample = ms_is_sample(report->trace.process) && counts_sample(ms_text_sections[i].name);
		if (wanted && print_section[i](&t))
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for section %s", ms_text_sections[i].name);
		if (ferror(out))
			break;
	}
	if (fflush(out) || ferror(out))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the report");
	return MS_OK;
}
