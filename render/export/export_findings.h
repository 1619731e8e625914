/*
 * export_findings.h - what formats about problems share: a rule per kind of finding, where a finding is, whether it counts.
 *
 * Ownership: everything is borrowed from the report. Errors: none. Thread-safety: pure functions.
 */
#ifndef MS_EXPORT_FINDINGS_H
#define MS_EXPORT_FINDINGS_H

#include <stdbool.h>

#include "export.h"

struct ms_export_rule {
	const char *name;                /* "DoubleFree" */
	const char *title;               /* what happened, in a few words */
	const char *text;                /* what it means */
	const char *help;                /* what to do about it */
};

extern const struct ms_export_rule ms_export_rules[MS_FINDING_KIND_COUNT];

/* The call path by which a finding is known: of the wrong call or access, else of the allocation. A node of ms_finding_home. */
uint32_t ms_export_finding_node(const struct ms_finding *finding);
/* Where a person looks first on a call path: the innermost line whose file lies in ms_export_root, else the innermost with a source
   file that is no allocator's, else the headline; NULL for node 0. */
const struct ms_report_line *ms_export_user_line(const struct ms_export_input *input, const struct ms_report *home, uint32_t node);
/* Not suppressed, and not known from the baseline. */
bool ms_export_counts(const struct ms_finding *finding);
/* The call paths of a finding in the order in which they happened, those that there are. */
struct ms_export_path {
	uint32_t node;
	const char *what;                /* "allocated here", "freed here", "the error is here" */
};
#define MS_EXPORT_PATHS 3
size_t ms_export_finding_paths(struct ms_export_path paths[MS_EXPORT_PATHS], const struct ms_finding *finding);
/* What is to be said of a condition that holds: "it is 6690 bytes; the largest part, 3490, is from one call path". To be freed; NULL: no memory. */
char *ms_export_violation(const struct ms_export_condition *condition);
/* The program: its executable, or the first word of its command. */
const char *ms_export_program(const struct ms_report *report);

#endif
