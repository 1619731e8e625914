/*
 * findings_build.h - the list of findings while detectors fill it: fingerprints, merging, order.
 *
 * A finding is given with its kind, stacks and block; the list owns its message from then on. Merging is by fingerprint: the
 * first occurrence stays, the others are counted. What stands beyond the limit is counted as omitted.
 * Errors: MS_E_NOMEM. Thread-safety: one thread.
 */
#ifndef MS_ANALYZE_FINDINGS_BUILD_H
#define MS_ANALYZE_FINDINGS_BUILD_H

#include "analyze/findings.h"
#include "analyze/report.h"
#include "format/errors.h"

struct ms_findings_build {
	const struct ms_report *report;  /* nodes and lines */
	struct ms_finding *list;
	size_t count, capacity;
	uint32_t *table;                 /* fingerprint -> position + 1; power of two */
	size_t table_capacity;
	uint64_t omitted;
};
#define MS_FINDINGS_MAX 10000u

/* Fills in kind, cwe, severity, run, count and node 0. */
void ms_finding_init(struct ms_finding *f, enum ms_finding_kind kind);
/* message: printf-like. NULL message in f afterwards: no memory, ms_findings_add reports it. */
void ms_finding_say(struct ms_finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Takes over *f: gives it its fingerprint, merges it or appends it. *kept (may be NULL): where it is now, valid until the
   next call; NULL when it was omitted. */
int ms_findings_add(struct ms_findings_build *b, struct ms_finding *f, struct ms_finding **kept, struct ms_error *err);
/* Moves the list, ordered (errors first, then by time) and numbered, to *out. */
void ms_findings_finish(struct ms_findings_build *b, struct ms_findings *out);
/* Orders and numbers the list anew. */
void ms_findings_order(struct ms_findings *findings);
/* Counts errors, warnings, suppressed, and what each detector found, anew. */
void ms_findings_recount(struct ms_findings *findings);
void ms_findings_build_free(struct ms_findings_build *b);

#endif
