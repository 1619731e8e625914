/* heap_checks.c - see heap_checks.h. */
#include "heap_checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/baseline.h"
#include "render/export/export_findings.h"
#include "render/export/export_names.h"
#include "render/text_style.h"
#include "render/tools/tool_options.h"

enum { KEY_SUPPRESSIONS = 1024, KEY_GENERATE, KEY_FAIL_ON, KEY_BASELINE };

static const struct argp_option option_table[] = {
	{"suppressions", KEY_SUPPRESSIONS, "FILE", 0,
	 "Leave out what FILE names, in the syntax of LeakSanitizer or Valgrind; may be given again", 0},
	{"gen-suppressions", KEY_GENERATE, "FILE", OPTION_ARG_OPTIONAL,
	 "Write a suppression for each finding, to FILE or standard output, instead of the text report", 0},
	{"fail-on", KEY_FAIL_ON, "EXPR", 0,
	 "Exit with status 1 when EXPR holds, as in 'findings>0', 'double-free>0', 'peak>64MiB', and with 2 when the trace cannot show what it is about; may be given again", 0},
	{"baseline", KEY_BASELINE, "FILE", 0,
	 "Only findings that are not in FILE, a JSON report of before, count for --fail-on; the others are marked as known", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct heap_checks *c = state->input;
	struct ms_error err;

	switch (key) {
	case KEY_SUPPRESSIONS:
		if ((!c->suppressions && ms_suppressions_new(&c->suppressions, &err)) ||
		    ms_suppressions_read(c->suppressions, arg, &err))
			argp_error(state, "--suppressions: %s", err.message);
		return 0;
	case KEY_GENERATE:
		c->generate = true;
		c->generate_file = arg;
		return 0;
	case KEY_FAIL_ON:
		tool_add_gate(state, &c->gates, &c->gate_count, arg, ms_gate_parse);
		return 0;
	case KEY_BASELINE:
		c->baseline = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp heap_checks_argp = {option_table, parse, NULL, NULL, NULL, NULL, NULL};

int heap_checks_apply(struct heap_checks *c, struct ms_report *report, const struct ms_trace *trace, struct ms_error *err)
{
	int rc = c->suppressions ? MS_OK : ms_suppressions_new(&c->suppressions, err);

	if (rc == MS_OK)
		rc = tool_suppress("memscope-analyze", NULL, c->suppressions, report, trace, err);
	return rc == MS_OK && c->baseline ? ms_baseline_apply(report, c->baseline, err) : rc;
}

/* Of the call path that has most of it, else of the first finding that counts; 0: neither. */
static uint32_t place_of(const struct ms_gate *gate, const struct ms_report *report, uint64_t *share)
{
	const struct ms_report_site *site = ms_gate_largest(gate->quantity, report, share);
	const struct ms_finding *f = ms_gate_example(gate->quantity, report);

	if (site)
		return site->node;
	return f && ms_finding_home(report, f) == report ? ms_export_finding_node(f) : 0;
}

/* "; the largest part, 3490, from copy_name (records.c:9)" after what was found; nothing where no call path has a share. */
static void say_most(const struct ms_gate *gate, const struct ms_report *report)
{
	uint64_t share;
	const struct ms_report_site *site = ms_gate_largest(gate->quantity, report, &share);
	const struct ms_report_line *line = site ? ms_report_headline(report, site->node) : NULL;
	char *function = line && *line->function ? ms_text_escaped(line->function) : NULL;
	char *file = line && *line->file ? ms_text_escaped(ms_export_base(line->file)) : NULL;

	if (function && file)
		fprintf(stderr, "; the largest part, %" PRIu64 ", from %s (%s:%" PRIu32 ")", share, function, file, line->line);
	else if (function)
		fprintf(stderr, "; the largest part, %" PRIu64 ", from %s", share, function);
	free(function);
	free(file);
}

enum ms_gate_verdict heap_checks_judge(const struct heap_checks *c, const struct ms_report *report)
{
	enum ms_gate_verdict worst = MS_GATE_FAILS;
	char text[MS_GATE_TEXT];

	for (size_t i = 0; i < c->gate_count; i++) {
		enum ms_gate_verdict verdict = ms_gate_judge(&c->gates[i], report, text);

		if (verdict == MS_GATE_HOLDS) {
			fprintf(stderr, "memscope-analyze: --fail-on '%s' holds: %s", c->gates[i].text, text);
			say_most(&c->gates[i], report);
			fputc('\n', stderr);
		}
		else if (verdict == MS_GATE_UNKNOWN)
			fprintf(stderr, "memscope-analyze: --fail-on '%s' cannot be judged: %s\n", c->gates[i].text, text);
		else if (ms_gate_note(&c->gates[i], ms_gate_kinds(report), text))
			fprintf(stderr, "memscope-analyze: --fail-on '%s' does not hold, %s: not observable in this trace\n", c->gates[i].text, text);
		else if (ms_gate_limit(&c->gates[i], report))
			fprintf(stderr, "memscope-analyze: --fail-on '%s' does not hold as far as can be judged: %s\n", c->gates[i].text,
			        ms_gate_limit(&c->gates[i], report));
		if (verdict == MS_GATE_HOLDS || worst == MS_GATE_FAILS)
			worst = verdict;
	}
	return worst;
}

struct ms_export_condition *heap_checks_conditions(const struct heap_checks *c, const struct ms_report *report)
{
	/* One piece of memory: the list, then a text for each. */
	struct ms_export_condition *list = calloc(c->gate_count + 1, sizeof *list + MS_GATE_TEXT);

	for (size_t i = 0; list && i < c->gate_count; i++) {
		char *text = (char *)(list + c->gate_count + 1) + i * MS_GATE_TEXT;
		enum ms_gate_verdict verdict = ms_gate_judge(&c->gates[i], report, text);

		list[i].text = c->gates[i].text;
		list[i].holds = verdict == MS_GATE_HOLDS;
		list[i].value = ms_gate_value(c->gates[i].quantity, report);
		list[i].bytes = ms_gate_is_bytes(c->gates[i].quantity);
		list[i].reason = verdict == MS_GATE_UNKNOWN ? text : NULL;
		list[i].node = place_of(&c->gates[i], report, &list[i].share);
	}
	return list;
}

void heap_checks_free(struct heap_checks *c)
{
	ms_suppressions_free(c->suppressions);
	free(c->gates);
}
