/* memscope-diff.c - what changed between two runs, or two sets of runs: options, reports, one comparison, renderers. */
#include <argp.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/companion.h"
#include "analyze/diff.h"
#include "analyze/diff/diff_gate.h"
#include "analyze/suppressions.h"
#include "format/trace_reader.h"
#include "format/version.h"
#include "render/diff_render.h"
#include "render/tools/diff_outputs.h"
#include "render/tools/index_option.h"
#include "render/tools/progress.h"
#include "render/tools/tool_options.h"

enum { KEY_SORT = 256, KEY_TOP, KEY_FRAMES, KEY_EXACT, KEY_WIDTH, KEY_TEMPLATES, KEY_TEMPORARY,
       KEY_SUPPRESSIONS, KEY_FAIL_ON, KEY_AT, KEY_VS, KEY_WINDOW, KEY_VS_WINDOW, KEY_ALIGN, KEY_USAGE };

static const struct argp_option option_table[] = {
	{NULL, 0, NULL, 0, "Content:", 2},
	{"sort", KEY_SORT, "METRIC", 0,
	 "Only what changed in METRIC, by how much (metrics are listed below); default: all, by the largest share that a change has in the total of its metric", 0},
	{"top", KEY_TOP, "N", 0, "Rows per table, 0 = all (default: 10, in JSON 200; HTML has all)", 0},
	{"frames", KEY_FRAMES, "N", 0, "Lines per call path in text and Markdown, 0 = all (default: 16)", 0},
	{"exact", KEY_EXACT, NULL, 0, "Text: bytes in full instead of KiB, MiB, GiB", 0},
	{"width", KEY_WIDTH, "N", 0, "Text: characters per line, 0 = unlimited (default: the terminal's, else 100)", 0},
	{"ignore-templates", KEY_TEMPLATES, NULL, 0, "Functions are the same whatever their template arguments", 0},
	{"temporary-window", KEY_TEMPORARY, "N", 0,
	 "A block is temporary when its thread frees it within its next N allocation events (default: 1)", 0},
	{"at", KEY_AT, "MOMENT", 0,
	 "With --vs and one TRACE: the old side is the trace as if the recording had ended at MOMENT: a time (12.5s, 300ms), event:N, mark:TEXT, snapshot:NAME, live>100MiB, blocks>1000, peak, start, end, 50%", 0},
	{"vs", KEY_VS, "MOMENT", 0, "The new side, likewise", 0},
	{"window", KEY_WINDOW, "MOMENT:MOMENT", 0,
	 "Of every trace only what happened between these moments; one left out is the start or the end. With --vs-window: of the old side", 0},
	{"vs-window", KEY_VS_WINDOW, "MOMENT:MOMENT", 0, "The same for the new side; with one TRACE that is its other window", 0},
	{"align", KEY_ALIGN, "start|share", 0,
	 "Text, HTML, plots: how the curves of the runs stand below or over each other: by time since their start (default), or each over the whole line", 0},
	{NULL, 0, NULL, 0, "Checks:", 3},
	{"fail-on", KEY_FAIL_ON, "EXPR", 0, "Exit with status 1 when EXPR holds, as in 'peak>+5%', 'allocations>+0', 'new:leak-definite>0'; may be given again", 0},
	{"suppressions", KEY_SUPPRESSIONS, "FILE", 0,
	 "Leave out the findings that FILE names, in the syntax of LeakSanitizer or Valgrind; may be given again", 0},
	{NULL, 0, NULL, 0, "Other:", 4},
	{"quiet", 'q', NULL, 0, "No progress, no notes on standard error, but why a condition holds", 0},
	{"verbose", 'v', NULL, 0, "Say which trace is being read", 0},
	{"help", 'h', NULL, 0, "Print this help", 0},
	{"usage", KEY_USAGE, NULL, 0, "Print the options in short", 0},
	{"version", 'V', NULL, 0, "Print the version", 0},
	{0},
};

struct run {
	const char *file;
	const char *from, *to;           /* moments; NULL = its start, its end */
	bool after;
	bool built;
	struct ms_trace *trace, *companion;
	struct ms_report report;
};

struct settings {
	struct run *runs;
	size_t run_count;
	struct diff_outputs outputs;
	const char *at, *vs;
	struct tool_window window, vs_window;
	bool quiet, verbose, top_given, width_given;
	struct ms_diff_render_options render;
	struct ms_diff_options diff;
	struct ms_report_options report;
	const char **suppression_files;
	size_t suppression_file_count;
	struct ms_gate *gates;
	size_t gate_count;
	struct progress progress;
	struct index_option index;
};

static unsigned metric(struct argp_state *state, const char *name)
{
	char names[400] = "";

	for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++) {
		if (strcmp(ms_diff_metrics[m].name, name) == 0)
			return m;
		strcat(names, m ? ", " : "");
		strcat(names, ms_diff_metrics[m].name);
	}
	argp_error(state, "no metric is named '%s': there are %s", name, names);
	return 0;
}

/* One trace: both sides are of it. */
static void twice(struct settings *s, struct argp_state *state)
{
	s->runs = tool_one_more(state, s->runs, s->run_count, sizeof *s->runs);
	s->runs[0].after = false;
	s->runs[s->run_count++] = (struct run){.file = s->runs[0].file, .after = true};
}

static void check(struct settings *s, struct argp_state *state)
{
	size_t old = 0;

	if ((s->at || s->vs) && (s->window.text || s->vs_window.text))
		argp_error(state, "--at and --vs are windows from the start: give them, or --window and --vs-window");
	if (s->at || s->vs) {
		if (!s->at || !s->vs || s->run_count != 1)
			argp_error(state, "--at and --vs go together, with one trace");
		twice(s, state);
	} else if (s->vs_window.text) {
		if (!s->window.text)
			argp_error(state, "--vs-window goes together with --window");
		if (s->run_count == 1)
			twice(s, state);
	} else if (s->window.text && s->run_count == 1) {
		argp_error(state, "one trace needs two windows: --window and --vs-window");
	}
	for (size_t i = 0; i < s->run_count; i++)
		old += !s->runs[i].after;
	/* Without "--", or with one that only ends the options: the old and the new trace. */
	if (old == 0 || old == s->run_count) {
		if (s->run_count != 2)
			argp_error(state, s->run_count < 2 ? "two traces are needed, the old one first"
			                                   : "-- must stand between the old and the new traces when there are more than two");
		s->runs[0].after = false;
		s->runs[1].after = true;
	}
	for (size_t i = 0; i < s->run_count; i++) {
		const struct tool_window *w = s->runs[i].after && s->vs_window.text ? &s->vs_window : &s->window;

		s->runs[i].from = w->from;
		s->runs[i].to = s->at ? (s->runs[i].after ? s->vs : s->at) : w->to;
	}
	diff_outputs_settle(&s->outputs, state);
	diff_outputs_need(&s->outputs, &s->report, &s->diff);
}

/* Those of all files that were given; *out is for the caller to free, also on errors. */
static int read_suppressions(const struct settings *s, struct ms_suppressions **out, struct ms_error *err)
{
	int rc;

	*out = NULL;
	rc = ms_suppressions_new(out, err);
	for (size_t i = 0; rc == MS_OK && i < s->suppression_file_count; i++)
		rc = ms_suppressions_read(*out, s->suppression_files[i], err);
	return rc;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct settings *s = state->input;
	struct ms_suppressions *suppressions;
	struct ms_error err;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &s->outputs;
		state->child_inputs[1] = &s->index;
		break;
	case KEY_SORT:
		s->render.metric = metric(state, arg);
		break;
	case KEY_TOP:
		s->render.top = tool_number(state, "top", arg, 0, UINT32_MAX);
		s->top_given = true;
		break;
	case KEY_FRAMES:
		s->render.frames = tool_number(state, "frames", arg, 0, UINT32_MAX);
		break;
	case KEY_EXACT:
		s->render.exact = true;
		break;
	case KEY_WIDTH:
		s->render.width = tool_number(state, "width", arg, 0, UINT32_MAX);
		s->width_given = true;
		break;
	case KEY_TEMPLATES:
		s->diff.ignore_templates = true;
		break;
	case KEY_TEMPORARY:
		s->report.temporary_window = (uint32_t)tool_number(state, "temporary-window", arg, 1, MS_TEMPORARY_WINDOW_MAX);
		break;
	case KEY_AT:
		tool_check_moment(state, "at", arg);
		s->at = arg;
		break;
	case KEY_VS:
		tool_check_moment(state, "vs", arg);
		s->vs = arg;
		break;
	case KEY_WINDOW:
		tool_window_parse(state, "window", arg, &s->window);
		break;
	case KEY_VS_WINDOW:
		tool_window_parse(state, "vs-window", arg, &s->vs_window);
		break;
	case KEY_ALIGN:
		if (strcmp(arg, "start") != 0 && strcmp(arg, "share") != 0)
			argp_error(state, "--align takes start or share, not '%s'", arg);
		s->render.align_share = strcmp(arg, "share") == 0;
		break;
	case KEY_FAIL_ON:
		tool_add_gate(state, &s->gates, &s->gate_count, arg, ms_gate_parse_change);
		break;
	case KEY_SUPPRESSIONS:
		s->suppression_files = tool_one_more(state, s->suppression_files, s->suppression_file_count, sizeof *s->suppression_files);
		s->suppression_files[s->suppression_file_count++] = arg;
		if (read_suppressions(s, &suppressions, &err))
			argp_error(state, "--suppressions: %s", err.message);
		ms_suppressions_free(suppressions);
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
		printf("memscope-diff %s\n", MS_VERSION);
		exit(STATUS_FINE);
	case ARGP_KEY_ARG:
		s->runs = tool_one_more(state, s->runs, s->run_count, sizeof *s->runs);
		s->runs[s->run_count++] = (struct run){.file = arg, .after = state->quoted && state->next > state->quoted};
		break;
	case ARGP_KEY_END:
		check(s, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Lists that are made from the tables which the program works with. */
static char *help_filter(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t size = 0;
	FILE *f;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC || !(f = open_memstream(&list, &size)))
		return (char *)text;
	fputs("With several runs per side, -- between them, numbers have a noise band, and only what exceeds it is a change:\n"
	      "  memscope-diff old1.ms old2.ms old3.ms -- new1.ms new2.ms new3.ms\n\nMetrics:\n", f);
	for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++)
		fprintf(f, "  %-20s  %s\n", ms_diff_metrics[m].name, ms_diff_metrics[m].title);
	fputs("\nConditions of --fail-on: NAME OP NUMBER, OP one of > >= < <= == !=. NUMBER with a sign is a change from old to new, as in +0, "
	      "+1MiB, +5%, -10%; without one it is the new value. NAME is a kind of finding, live (live-bytes), or\n", f);
	for (size_t i = 0; i < ms_gate_quantity_count; i++)
		fprintf(f, "  %-20s  %s\n", ms_gate_quantities[i].name, ms_gate_quantities[i].summary);
	fputs("'new:' before findings, errors, warnings or a kind of finding: those that the old side does not have.\nKinds of findings:", f);
	for (int k = 0; k < MS_FINDING_KIND_COUNT; k++)
		fprintf(f, "%s %s", k ? "," : "", ms_finding_kinds[k].name);
	fputs("\n\nExit status: 0 fine, 1 a condition of --fail-on holds, 2 wrong usage or a condition that these traces cannot answer, 3 a trace is "
	      "not readable, 4 the comparison could not be made or written.", f);
	fclose(f);
	return list;
}

static const struct argp_child children[] = {{&diff_outputs_argp, 0, "Output:", 1}, {&index_option_argp, 0, "Index:", 3}, {0}};

static const struct argp argp = {
	option_table, parse, "OLD NEW\nOLD... -- NEW...\n--at=MOMENT --vs=MOMENT TRACE\n--window=A:B --vs-window=C:D TRACE",
	"Compare traces of memscope-record: what grew, shrank, is new, is gone. Call paths are told apart by the names of their "
	"functions, so that moved code, other lines, other addresses and other folders are no change.\v", children, help_filter, NULL,
};

/* ---- the work ----------------------------------------------------------------------------------------------------- */

/* As memscope-analyze does: the user's files, and what the program itself carries. */
static int suppress(const struct settings *s, struct run *r, struct ms_error *err)
{
	struct ms_suppressions *suppressions;
	int rc = read_suppressions(s, &suppressions, err);

	if (rc == MS_OK)
		rc = tool_suppress("memscope-diff", r->file, suppressions, &r->report, r->trace, err);
	ms_suppressions_free(suppressions);
	return rc;
}

static int read_run(struct settings *s, struct run *r)
{
	struct ms_error err;
	bool unwritten = false;
	int rc;

	if (s->verbose && !s->quiet)
		fprintf(stderr, "memscope-diff: reading %s\n", r->file);
	s->report.file = s->progress.file = r->file;
	s->report.from = r->from;
	s->report.to = r->to;
	rc = ms_trace_open(&r->trace, r->file, &err);
	if (rc == MS_OK) {
		rc = index_option_use(&s->index, r->trace, r->file, "memscope-diff", s->verbose && !s->quiet, NULL, NULL, &err);
		unwritten = index_option_unwritten(rc);
	}
	if (rc == MS_OK)
		rc = ms_report_build(&r->report, r->trace, &s->report, &err);
	if (rc == MS_OK) {
		r->built = true;
		rc = ms_report_merge_companion(&r->report, r->file, &s->report, &r->companion, &err);
	}
	progress_end(&s->progress);
	if (rc == MS_OK)
		rc = suppress(s, r, &err);
	if (rc == MS_OK)
		return STATUS_FINE;
	tool_say("memscope-diff", r->file, &err);
	/* A moment or window that this trace does not have is a wrong question, not a wrong file. */
	return unwritten || rc == MS_E_NOMEM                                                ? STATUS_UNWRITTEN
	       : (r->from || r->to) && (rc == MS_E_NOT_FOUND || rc == MS_E_ARGUMENT) ? STATUS_USAGE
	                                                                                     : STATUS_UNREADABLE;
}

/* Judges the conditions: *status becomes 1 or 2, for after the comparison was written. NULL: no memory. */
static struct ms_diff_condition *judge(const struct settings *s, const struct ms_diff *diff, char (*texts)[MS_GATE_TEXT], int *status)
{
	struct ms_diff_condition *list = calloc(s->gate_count + 1, sizeof *list);

	for (size_t i = 0; list && i < s->gate_count; i++) {
		list[i].expression = s->gates[i].text;
		list[i].verdict = (uint8_t)ms_diff_gate(&s->gates[i], diff, texts[i]);
		list[i].found = texts[i];
		if (list[i].verdict == MS_GATE_FAILS) {
			char note[MS_GATE_TEXT];

			if (ms_gate_note(&s->gates[i], diff->kinds_old & diff->kinds_new, note))
				fprintf(stderr, "memscope-diff: --fail-on '%s' does not hold, %s: not observable in every trace\n", s->gates[i].text, note);
			continue;
		}
		fprintf(stderr, "memscope-diff: --fail-on '%s' %s: %s\n", s->gates[i].text,
		        list[i].verdict == MS_GATE_HOLDS ? "holds" : "cannot be judged", texts[i]);
		if (list[i].verdict == MS_GATE_HOLDS)
			*status = STATUS_FAILED;
		else if (*status == STATUS_FINE)
			*status = STATUS_USAGE;
	}
	return list;
}

static int compare(struct settings *s, const struct ms_report **reports, const struct ms_trace **traces)
{
	struct ms_diff_side sides[2] = {{reports, traces, 0}, {NULL, NULL, 0}};
	struct ms_diff_condition *conditions = NULL;
	char (*texts)[MS_GATE_TEXT] = calloc(s->gate_count + 1, sizeof *texts);
	struct ms_diff diff = {0};
	struct ms_error err;
	int status = STATUS_FINE, verdict = STATUS_FINE;

	for (size_t i = 0; i < s->run_count; i++) {
		reports[i] = &s->runs[i].report;
		traces[i] = s->runs[i].trace;
		sides[0].count += !s->runs[i].after;
	}
	sides[1] = (struct ms_diff_side){reports + sides[0].count, traces + sides[0].count, s->run_count - sides[0].count};
	if (ms_diff_build(&diff, &sides[0], &sides[1], &s->diff, &err)) {
		fprintf(stderr, "memscope-diff: %s\n", err.message);
		status = err.code == MS_E_NOMEM ? STATUS_UNWRITTEN : STATUS_USAGE;
		goto done;
	}
	if (texts)
		conditions = judge(s, &diff, texts, &verdict);
	if (!conditions) {
		fputs("memscope-diff: no memory\n", stderr);
		status = STATUS_UNWRITTEN;
		goto done;
	}
	s->render.conditions = conditions;
	s->render.condition_count = s->gate_count;
	if (!diff_outputs_write(&s->outputs, &diff, &s->render, s->top_given, s->width_given, s->quiet))
		status = STATUS_UNWRITTEN;
	if (status == STATUS_FINE)
		status = verdict;
done:
	free(conditions);
	free(texts);
	ms_diff_free(&diff);
	return status;
}

int main(int argc, char **argv)
{
	struct settings s = {.render = {.metric = MS_DIFF_METRIC_COUNT, .frames = 16}};
	const struct ms_report **reports;
	const struct ms_trace **traces;
	int status = STATUS_FINE;

	setlocale(LC_CTYPE, "");
	argp_err_exit_status = STATUS_USAGE;
	/* In order: "--" has a meaning by its place. */
	argp_parse(&argp, argc, argv, ARGP_NO_HELP | ARGP_IN_ORDER, NULL, &s);
	signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of write(), see ms_output_commit */
	s.render.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	reports = calloc(s.run_count, sizeof *reports);
	traces = calloc(s.run_count, sizeof *traces);
	if (!reports || !traces) {
		fputs("memscope-diff: no memory\n", stderr);
		status = STATUS_UNWRITTEN;
	}
	progress_start(&s.progress, &s.report, s.quiet);
	for (size_t i = 0; i < s.run_count && status == STATUS_FINE; i++)
		status = read_run(&s, &s.runs[i]);
	if (status == STATUS_FINE)
		status = compare(&s, reports, traces);
	for (size_t i = 0; i < s.run_count; i++) {
		if (s.runs[i].built)
			ms_report_free(&s.runs[i].report);
		ms_trace_close(s.runs[i].trace);
		ms_trace_close(s.runs[i].companion);
	}
	free(reports);
	free(traces);
	free(s.runs);
	free(s.gates);
	free(s.suppression_files);
	diff_outputs_free(&s.outputs);
	tool_window_free(&s.window);
	tool_window_free(&s.vs_window);
	return status;
}
