/* memscope-analyze.c - the report of a trace: options, one replay, renderers. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/companion.h"
#include "analyze/report.h"
#include "format/trace_reader.h"
#include "format/version.h"
#include "render/text.h"
#include "render/tools/heap_checks.h"
#include "render/tools/index_option.h"
#include "render/tools/progress.h"
#include "render/tools/report_outputs.h"
#include "render/tools/tool_options.h"
#include "render/why.h"

enum { KEY_TOP = 256, KEY_SECTION, KEY_SORT, KEY_WINDOW, KEY_EXACT, KEY_FRAMES, KEY_WIDTH, KEY_BUCKETS, KEY_USAGE, KEY_WHY, KEY_AT, KEY_SPAN, KEY_BY, KEY_SPACE };

static const struct argp_option option_table[] = {
	{NULL, 0, NULL, 0, "Content:", 2},
	{"section", KEY_SECTION, "NAME[,NAME...]", 0, "Text: only these sections (listed below)", 0},
	{"sort", KEY_SORT, "KEY", 0, "Order of call paths: peak (default), live, allocated, allocations, temporary", 0},
	{"top", KEY_TOP, "N", 0, "Rows per table, 0 = all (default: 10 in text; in JSON 200 by each sort key)", 0},
	{"frames", KEY_FRAMES, "N", 0, "Text: lines per call path, 0 = all (default: 16)", 0},
	{"exact", KEY_EXACT, NULL, 0, "Text: bytes in full instead of KiB, MiB, GiB", 0},
	{"width", KEY_WIDTH, "N", 0, "Text: characters per line, 0 = unlimited (default: the terminal's, else 100)", 0},
	{"temporary-window", KEY_WINDOW, "N", 0,
	 "A block is temporary when its thread frees it within its next N allocation events (default: 1)", 0},
	{"why", KEY_WHY, "BLOCK|SITE", 0,
	 "Instead of the report: who points to a block, from a root on. BLOCK: its number, or an address in it (0x...); SITE: site:N, N as reports print it; of its blocks the one that retains most", 0},
	{"at", KEY_AT, "MOMENT", 0, "Report as if the recording had ended at this moment (see below)", 0},
	{"window", KEY_SPAN, "MOMENT:MOMENT", 0,
	 "Report only what happened between these moments; one left out is the start or the end", 0},
	{"buckets", KEY_BUCKETS, "N", 0, "Steps of the timeline (default: 120, with --html or --plots 480)", 0},
	{"by", KEY_BY, "GROUP[,GROUP...]", 0, "Series over time of each: site, thread, module, size (class), family (of calls)", 0},
	{"address-space", KEY_SPACE, NULL, 0, "Where live blocks lie in the address space over time, and what that leaves unused; costs a second pass; --html has it anyway", 0},
	{NULL, 0, NULL, 0, "Other:", 4},
	{"quiet", 'q', NULL, 0, "No progress, no notes on standard error", 0},
	{"verbose", 'v', NULL, 0, "Say how long the replay took", 0},
	{"help", 'h', NULL, 0, "Print this help", 0},
	{"usage", KEY_USAGE, NULL, 0, "Print the options in short", 0},
	{"version", 'V', NULL, 0, "Print the version", 0},
	{0},
};

struct settings {
	const char *trace, *why, *at, *span;
	struct tool_window window;       /* span, cut between its moments */
	bool quiet, verbose;
	bool top_given, width_given;
	struct ms_text_options text_options;
	struct ms_report_options report_options;
	struct report_outputs outputs;
	struct heap_checks checks;
	struct index_option index;
};

static void sort_key(struct argp_state *state, struct settings *s, const char *name)
{
	char names[200] = "";

	s->text_options.sort = ms_site_key_find(name);
	for (size_t i = 0; i < ms_site_key_count; i++) {
		strcat(names, i ? ", " : "");
		strcat(names, ms_site_keys[i].name);
	}
	if (!s->text_options.sort)
		argp_error(state, "no sort key is named '%s': there are %s", name, names);
}

static void groups(struct argp_state *state, struct settings *s, const char *list)
{
	char names[200] = "";

	for (const char *name = list;;) {
		size_t n = strcspn(name, ",");
		int g = 0;

		while (g < MS_TIMELINE_GROUP_COUNT &&
		       (strlen(ms_timeline_groups[g].name) != n || strncmp(ms_timeline_groups[g].name, name, n) != 0))
			g++;
		if (g == MS_TIMELINE_GROUP_COUNT) {
			for (g = 0; g < MS_TIMELINE_GROUP_COUNT; g++) {
				strcat(names, g ? ", " : "");
				strcat(names, ms_timeline_groups[g].name);
			}
			argp_error(state, "no series are by '%.*s': there are %s", n < 40 ? (int)n : 40, name, names);
		}
		s->report_options.timeline_by |= 1u << g;
		if (name[n] == '\0')
			return;
		name += n + 1;
	}
}

/* What --at and --window make of the report's options. */
static void window(struct argp_state *state, struct settings *s)
{
	if (s->at && s->span)
		argp_error(state, "--at is a window from the start: give --at or --window");
	if (s->at) {
		tool_check_moment(state, "at", s->at);
		s->report_options.to = s->at;
	}
	if (!s->span)
		return;
	tool_window_parse(state, "window", s->span, &s->window);
	s->report_options.from = s->window.from;
	s->report_options.to = s->window.to;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct settings *s = state->input;
	uint32_t fragmentation;
	struct ms_error err;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &s->outputs;
		state->child_inputs[1] = &s->checks;
		state->child_inputs[2] = &s->index;
		break;
	case KEY_SECTION:
		if (ms_text_sections_parse(arg, &s->text_options.sections, &err))
			argp_error(state, "%s", err.message);
		if (ms_text_sections_parse("fragmentation", &fragmentation, &err) == MS_OK && s->text_options.sections & fragmentation)
			s->report_options.address_space = true;
		break;
	case KEY_SPACE:
		s->report_options.address_space = true;
		break;
	case KEY_SORT:
		sort_key(state, s, arg);
		break;
	case KEY_TOP:
		s->text_options.top = tool_number(state, "top", arg, 0, UINT32_MAX);
		s->top_given = true;
		break;
	case KEY_FRAMES:
		s->text_options.frames = tool_number(state, "frames", arg, 0, UINT32_MAX);
		break;
	case KEY_EXACT:
		s->text_options.exact = true;
		break;
	case KEY_WIDTH:
		s->text_options.width = tool_number(state, "width", arg, 0, UINT32_MAX);
		s->width_given = true;
		break;
	case KEY_WINDOW:
		s->report_options.temporary_window =
			(uint32_t)tool_number(state, "temporary-window", arg, 1, MS_TEMPORARY_WINDOW_MAX);
		break;
	case KEY_BUCKETS:
		s->report_options.timeline_buckets = (uint32_t)tool_number(state, "buckets", arg, 1, MS_TIMELINE_BUCKETS_MAX);
		break;
	case KEY_BY:
		groups(state, s, arg);
		break;
	case KEY_WHY:
		s->why = arg;
		break;
	case KEY_AT:
		s->at = arg;
		break;
	case KEY_SPAN:
		s->span = arg;
		break;
	case 'q':
		s->quiet = true;
		break;
	case 'v':
		s->verbose = true;
		break;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		break;
	case KEY_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		break;
	case 'V':
		printf("memscope-analyze %s\n", MS_VERSION);
		exit(STATUS_FINE);
	case ARGP_KEY_ARG:
		if (s->trace)
			argp_error(state, "one trace at a time: '%s' is too much", arg);
		s->trace = arg;
		break;
	case ARGP_KEY_END:
		if (!s->trace)
			argp_error(state, "no trace is given");
		window(state, s);
		if (s->checks.generate && report_outputs_add_suppressions(&s->outputs, s->checks.generate_file))
			argp_failure(state, STATUS_UNWRITTEN, ENOMEM, "options");
		report_outputs_settle(&s->outputs, s->trace, s->why, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The list of sections stands in the help because it is made from the table that prints them. */
static char *help_filter(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t size = 0;
	FILE *f;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC || !(f = open_memstream(&list, &size)))
		return (char *)text;
	fputs("Sections:\n", f);
	for (size_t i = 0; i < ms_text_section_count; i++)
		fprintf(f, "  %-13s  %s%s\n", ms_text_sections[i].name, ms_text_sections[i].summary,
		        ms_text_sections[i].by_default ? "" : " (only when asked for)");
	fputs("\nA MOMENT is a time since the start (12.5s; also ms, us, ns, min, h), a share of it (50%), event:N (after event N as memscope-trace dump numbers it), mark:TEXT (the first such mark of the program), snapshot:NAME (the first of this name), live>100MiB or blocks>1000 (when there first was more), peak, start or end. With a window, sums and counts are of what happened in it, \"alive\" is at its end, peaks lie in it; what is known of the whole recording (how it ended, what was lost, guards) stays.\n", f);
	fputs("\nConditions of --fail-on: NAME OP NUMBER, OP one of > >= < <= == !=; NAME a kind of finding, or\n", f);
	for (size_t i = 0; i < ms_gate_quantity_count; i++)
		fprintf(f, "  %-19s  %s\n", ms_gate_quantities[i].name, ms_gate_quantities[i].summary);
	fputs("Kinds of findings:", f);
	for (int k = 0; k < MS_FINDING_KIND_COUNT; k++)
		fprintf(f, "%s %s", k ? "," : "", ms_finding_kinds[k].name);
	fputs("\nA condition about one kind of finding that the trace cannot show cannot be judged: exit status 2, and the message names the option of memscope-record that helps. Findings, errors and warnings count what can be seen; a note says what cannot.", f);
	fputs("\n\nExit status: 0 fine, 1 a condition of --fail-on holds, 2 wrong usage or a condition that cannot be judged, 3 the trace is not readable, 4 the report could not be made or written.", f);
	fclose(f);
	return list;
}

static const struct argp_child children[] = {{&report_outputs_argp, 0, "Output:", 1}, {&heap_checks_argp, 0, "Heap errors:", 3}, {&index_option_argp, 0, "Index:", 3}, {0}};

static const struct argp argp = {
	option_table, parse, "TRACE",
	"Replay a trace of memscope-record and report where the memory went: trace quality, heap errors, totals, what the peak was made "
	"of, what is alive at the end, temporary blocks, threads.\v", children, help_filter, NULL,
};

/* ---- main --------------------------------------------------------------------------------------------------------- */

/* All outputs, from what the report and the options say. */
static int write_all(const struct settings *s, const struct ms_report *report, const struct ms_trace *trace, const struct ms_why *why)
{
	struct report_sources sources = {
		.report = report, .trace = trace, .why = why, .text = s->text_options,
		.top_given = s->top_given, .width_given = s->width_given, .quiet = s->quiet,
		.condition_count = s->checks.gate_count,
	};
	struct ms_export_condition *conditions = heap_checks_conditions(&s->checks, report);
	bool written;

	if (!conditions) {
		fputs("memscope-analyze: no memory for conditions\n", stderr);
		return STATUS_UNWRITTEN;
	}
	sources.conditions = conditions;
	written = report_outputs_write(&s->outputs, &sources);
	free(conditions);
	return written ? STATUS_FINE : STATUS_UNWRITTEN;
}

int main(int argc, char **argv)
{
	struct settings s = {.text_options = {.frames = 16}};
	struct progress progress;
	struct ms_trace *trace = NULL, *companion = NULL;
	struct ms_report report;
	struct ms_why why = {0};
	struct ms_error err;
	bool unwritten = false;
	int status = STATUS_FINE, rc;

	setlocale(LC_CTYPE, "");
	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &s);
	signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of write(), see ms_output_commit */
	s.text_options.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	s.report_options.file = s.trace;
	report_outputs_need(&s.outputs, &s.report_options);
	progress_start(&progress, &s.report_options, s.quiet);
	rc = ms_trace_open(&trace, s.trace, &err);
	if (rc == MS_OK) {
		rc = index_option_use(&s.index, trace, s.trace, "memscope-analyze", s.verbose, s.report_options.progress,
		                      s.report_options.progress_arg, &err);
		if (rc) {
			unwritten = index_option_unwritten(rc);
			rc = err.code;
		}
	}
	if (rc == MS_OK)
		rc = ms_report_build(&report, trace, &s.report_options, &err);
	if (rc == MS_OK) {
		rc = ms_report_merge_companion(&report, s.trace, &s.report_options, &companion, &err);
		if (rc)
			ms_report_free(&report);
	}
	progress_end(&progress);
	if (rc) {
		tool_say("memscope-analyze", s.trace, &err);
		ms_trace_close(trace);
		ms_trace_close(companion);
		heap_checks_free(&s.checks);
		report_outputs_free(&s.outputs);
		tool_window_free(&s.window);
		if (rc == MS_E_LIMIT && err.offset == MS_NO_OFFSET && s.report_options.timeline_by)
			return STATUS_UNWRITTEN; /* the trace is fine, the series are too large */
		return rc == MS_E_NOMEM || (unwritten && (rc == MS_E_IO || rc == MS_E_FULL)) ? STATUS_UNWRITTEN
		       : rc == MS_E_NOT_FOUND || rc == MS_E_ARGUMENT ? STATUS_USAGE
		                                                     : STATUS_UNREADABLE;
	}
	rc = heap_checks_apply(&s.checks, &report, trace, &err);
	if (rc) {
		fprintf(stderr, "memscope-analyze: %s\n", err.message);
		status = rc == MS_E_NOMEM ? STATUS_UNWRITTEN : STATUS_USAGE;
		goto done;
	}
	if (s.verbose && !s.quiet) {
		double seconds = progress_seconds(&progress);

		fprintf(stderr, "memscope-analyze: %" PRIu64 " events in %.3f s, %.1f million per second\n", report.trace.events,
		        seconds, seconds > 0 ? (double)report.trace.events / seconds / 1e6 : 0.0);
	}
	if (s.why && ms_why_build(&why, &report, trace, s.why, &err)) {
		tool_say("memscope-analyze", s.trace, &err);
		status = err.code == MS_E_ARGUMENT ? STATUS_USAGE : STATUS_UNWRITTEN;
	}
	if (status == STATUS_FINE)
		status = write_all(&s, &report, trace, s.why ? &why : NULL);
	if (status == STATUS_FINE) {
		static const int of_verdict[] = {[MS_GATE_FAILS] = STATUS_FINE, [MS_GATE_HOLDS] = STATUS_FAILED, [MS_GATE_UNKNOWN] = STATUS_USAGE};

		status = of_verdict[heap_checks_judge(&s.checks, &report)];
	}
done:
	ms_why_free(&why);
	ms_report_free(&report);
	ms_trace_close(trace);
	ms_trace_close(companion);
	heap_checks_free(&s.checks);
	report_outputs_free(&s.outputs);
	tool_window_free(&s.window);
	return status;
}
