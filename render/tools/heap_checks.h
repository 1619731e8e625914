/*
 * heap_checks.h - the options of memscope-analyze about findings: suppressions, baseline, conditions for CI.
 *
 * A child parser of argp: its input is a struct heap_checks, all zero before. After the report is built, heap_checks_apply; after
 * it is written, heap_checks_judge.
 * Errors: messages on standard error. Ownership: heap_checks_free. Thread-safety: one thread.
 */
#ifndef MS_TOOLS_HEAP_CHECKS_H
#define MS_TOOLS_HEAP_CHECKS_H

#include <argp.h>

#include "analyze/gate.h"
#include "analyze/report.h"
#include "analyze/suppressions.h"
#include "render/export/export.h"

struct heap_checks {
	struct ms_suppressions *suppressions; /* NULL = none so far */
	const char *baseline;
	bool generate;
	const char *generate_file;       /* NULL = where the report goes that names no file */
	struct ms_gate *gates;
	size_t gate_count;
};

extern const struct argp heap_checks_argp;

/* Suppresses what files and the program itself name, compares with the baseline. MS_E_*. */
int heap_checks_apply(struct heap_checks *checks, struct ms_report *report, const struct ms_trace *trace, struct ms_error *err);
/* HOLDS when a condition holds, else UNKNOWN when one cannot be judged; says which on standard error. */
enum ms_gate_verdict heap_checks_judge(const struct heap_checks *checks, const struct ms_report *report);
/* How each condition went, gate_count of them, for exports; free with free(). NULL: no memory. */
struct ms_export_condition *heap_checks_conditions(const struct heap_checks *checks, const struct ms_report *report);
void heap_checks_free(struct heap_checks *checks);

#endif
