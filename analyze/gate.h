/*
 * gate.h - conditions on a report, or on a comparison (diff/diff_gate.h), for CI: "findings>0", "peak>64MiB", "peak>+5%".
 *
 * NAME OP NUMBER; OP is one of > >= < <= == !=; a number may have a unit (B, KiB, MiB, GiB, TiB). Names: every kind of
 * finding, and the rows of ms_gate_quantities. Findings count when they are not suppressed and not in the baseline.
 * Comparisons also know a NUMBER with a sign, which is a change, perhaps in percent, the name "live" for live-bytes, and "new:"
 * before a kind of finding, findings, errors or warnings.
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
};
extern const struct ms_gate_quantity ms_gate_quantities[];
extern const size_t ms_gate_quantity_count;

int ms_gate_parse(struct ms_gate *gate, const char *text, struct ms_error *err);
int ms_gate_parse_change(struct ms_gate *gate, const char *text, struct ms_error *err);
/* Of a report; quantity as in struct ms_gate. */
uint64_t ms_gate_value(int quantity, const struct ms_report *report);
/* order: of the value to the limit: < 0, 0, > 0. */
bool ms_gate_compare(enum ms_gate_op op, int order);
/* The detector without which the condition says nothing, as the trace could not show what it looks for; NULL = none. */
const struct ms_detector_result *ms_gate_blind(const struct ms_gate *gate, const struct ms_report *report);
/* *value: what it was compared with. */
bool ms_gate_holds(const struct ms_gate *gate, const struct ms_report *report, uint64_t *value);

#pragma GCC visibility pop

#endif
