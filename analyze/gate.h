/*
 * gate.h - conditions on a report, for CI: "findings>0", "peak>64MiB", "leak-definite>=1".
 *
 * NAME OP NUMBER; OP is one of > >= < <= == !=; a number may have a unit (B, KiB, MiB, GiB, TiB). Names: every kind of
 * finding, and the rows of ms_gate_quantities. Findings count when they are not suppressed and not in the baseline.
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
};

#pragma GCC visibility push(default) /* part of libmemscope.so */

struct ms_gate_quantity {
	const char *name, *summary;
	uint64_t (*value)(const struct ms_report *report);
};
extern const struct ms_gate_quantity ms_gate_quantities[];
extern const size_t ms_gate_quantity_count;

int ms_gate_parse(struct ms_gate *gate, const char *text, struct ms_error *err);
/* *value: what it was compared with. */
bool ms_gate_holds(const struct ms_gate *gate, const struct ms_report *report, uint64_t *value);

#pragma GCC visibility pop

#endif
