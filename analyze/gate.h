/*
 * gate.h - conditions on a report, or on a comparison (diff/diff_gate.h), for CI: "findings>0", "peak>64MiB", "peak>+5%".
 *
 * NAME OP NUMBER; OP is one of > >= < <= == !=; a number may have a unit (B, KiB, MiB, GiB, TiB). Names: every kind of
 * finding, and the rows of ms_gate_quantities. Findings count when they are not suppressed and not in the baseline.
 * Comparisons also know a NUMBER with a sign, which is a change, perhaps in percent, the name "live" for live-bytes, and "new:"
 * before a kind of finding, findings, errors or warnings.
 *
 * A condition about one kind of finding that the trace could not show is neither true nor false: it is unknown, and tools treat that
 * as wrong usage, for a gate that sees nothing must not let everything pass. Findings, errors and warnings count what could be seen;
 * what could not is said.
 *
 * Errors: MS_E_ARGUMENT, the message lists what there is. Ownership: text is borrowed. Thread-safety: pure functions.
 */
#ifndef MS_ANALYZE_GATE_H
#define MS_ANALYZE_GATE_H

#include "report.h"

enum ms_gate_op { MS_GATE_GREATER, MS_GATE_AT_LEAST, MS_GATE_LESS, MS_GATE_AT_MOST, MS_GATE_EQUAL, MS_GATE_NOT_EQUAL };

struct ms_gate {
	const char *text;                /* the expression as given */
	int quantity;                    /* below MS_FINDING_KIND_COUNT: that kind; else a row of ms_gate_quantities */
	enum ms_gate_op op;
	uint64_t limit;
	/* Of comparisons only. */
	bool only_new;                   /* findings that the old side does not have */
	bool relative, negative, percent; /* limit is +limit, -limit, percent of the old value */
};

#pragma GCC visibility push(default) /* part of libmemscope.so */

struct ms_gate_quantity {
	const char *name, *summary;
	uint64_t (*value)(const struct ms_report *report);
	bool bytes;                      /* the unit; else it counts */
	int kind;                        /* enum ms_finding_kind that must be observable; MS_FINDING_KIND_COUNT = none */
	uint64_t (*of_site)(const struct ms_report_site *site); /* what call paths have of it; NULL = they have none */
};
extern const struct ms_gate_quantity ms_gate_quantities[];
extern const size_t ms_gate_quantity_count;

int ms_gate_parse(struct ms_gate *gate, const char *text, struct ms_error *err);
int ms_gate_parse_change(struct ms_gate *gate, const char *text, struct ms_error *err);
/* Of a report; quantity as in struct ms_gate. */
uint64_t ms_gate_value(int quantity, const struct ms_report *report);
/* Of a sample values are estimates; *error: standard error, 0 of what is exact. False: a sample does not tell. Leaked bytes of a sample
   are those of its blocks, so they do not tell either; leaks as findings count. Of a recording that left blocks out (--cull-temporary) values
   include their sums; false where those do not tell: of a window or a part, and for blocks freed at once. */
bool ms_gate_in_sample(int quantity, const struct ms_report *report, double *error);
/* Is it a sum over kinds of findings: findings, errors, warnings? Then its value among some kinds, 1 << enum ms_finding_kind; of any other
   quantity its value. */
bool ms_gate_is_aggregate(int quantity);
uint64_t ms_gate_value_among(int quantity, const struct ms_report *report, uint32_t kinds);
bool ms_gate_is_bytes(int quantity);
/* The first finding that it counts; NULL = none, or it does not count findings. */
const struct ms_finding *ms_gate_example(int quantity, const struct ms_report *report);
/* The call path that has most of it, and how much; NULL = none has any. Ties: the first. */
const struct ms_report_site *ms_gate_largest(int quantity, const struct ms_report *report, uint64_t *share);
/* order: of the value to the limit: < 0, 0, > 0. */
bool ms_gate_compare(enum ms_gate_op op, int order);
/* The detector without which the condition says nothing, as the trace could not show what it looks for; NULL = none. */
const struct ms_detector_result *ms_gate_blind(const struct ms_gate *gate, const struct ms_report *report);
/* *value: what it was compared with. */
bool ms_gate_holds(const struct ms_gate *gate, const struct ms_report *report, uint64_t *value);


/* Judges a condition on a report. text: what was found or why nothing can be said, as words. */
#define MS_GATE_TEXT 320
enum ms_gate_verdict ms_gate_judge(const struct ms_gate *gate, const struct ms_report *report, char text[MS_GATE_TEXT]);
/* Of a condition about one kind of finding, where the recording was paused or attached to a running process: what of it could not be judged, as
   its detector says; NULL = nothing, or it is another condition. Belongs to the report. */
const char *ms_gate_limit(const struct ms_gate *gate, const struct ms_report *report);
/* Kinds of findings that the report's trace could show, 1 << enum ms_finding_kind. */
uint32_t ms_gate_kinds(const struct ms_report *report);
/* Why a kind could not be seen and what would record it; "" when it could. */
void ms_gate_remedy(const struct ms_gate *gate, const struct ms_report *report, char text[MS_GATE_TEXT]);
/* For a condition about findings, errors or warnings: "judged without ...", the kinds that are not among `kinds`; false: there are none. */
bool ms_gate_note(const struct ms_gate *gate, uint32_t kinds, char text[MS_GATE_TEXT]);

#pragma GCC visibility pop

#endif
