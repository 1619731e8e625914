/*
 * detector.h - the table behind which every detector stands.
 *
 * Detectors run after the replay. What they judge was collected on the way: cases (cases.h), the report so far, the tables of
 * the trace. A detector adds its findings to the list (findings_build.h) and says in *result how much it looked at and, when the trace
 * cannot answer, why, with the option that would make it answer. Adding one: docs/HOWTO_ADD_DETECTOR.md.
 *
 * result: name and summary are filled in; status becomes FOUND or CLEAN by itself (found is counted after merging) unless the
 * detector sets NOT_OBSERVABLE. It sets checked, unit and, by ms_detector_say, the reason (also beside FOUND and CLEAN:
 * what limits the answer).
 *
 * Errors: enum ms_status; the report fails. Thread-safety: one thread. Ownership: context is borrowed for the call.
 */
#ifndef MS_ANALYZE_DETECTOR_H
#define MS_ANALYZE_DETECTOR_H

#include "analyze/cases.h"
#include "analyze/findings.h"
#include "analyze/report.h"
#include "analyze/stack_map.h"
#include "format/trace_reader.h"

struct ms_findings_build;

struct ms_detector_context {
	const struct ms_trace *trace;
	const struct ms_stack_map *stacks;
	struct ms_report *report;        /* read it; nodes and lines are there already */
	const struct ms_cases *cases;
	struct ms_findings_build *findings;
};

struct ms_detector_ops {
	const char *name;                /* Required. Unique; lower case, digits and '-'. */
	const char *summary;             /* Required. One line for people. */
	const char *unit;                /* Required. What it checks, one noun without s. */
	uint32_t kinds;                  /* Bits 1 << enum ms_finding_kind: its findings; no two detectors share one. */
	/* Required. */
	int (*run)(const struct ms_detector_context *context, struct ms_detector_result *result, struct ms_error *err);
};

extern const struct ms_detector_ops *const ms_detectors[];
extern const size_t ms_detector_count;

/* MS_OK when the list is well formed, else MS_E_ARGUMENT. */
int ms_detector_check(const struct ms_detector_ops *const *list, size_t count, struct ms_error *err);

/* Runs the list: fills report->findings. */
int ms_detect(const struct ms_detector_ops *const *list, size_t count, struct ms_report *report, const struct ms_trace *trace,
              const struct ms_stack_map *stacks, const struct ms_cases *cases, struct ms_error *err);

/* Adds a sentence to result->reason; MS_E_NOMEM. */
int ms_detector_say(struct ms_detector_result *result, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
