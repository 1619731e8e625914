/*
 * from_case.h - what the detectors share: a case judged, and turned into the facts of a finding.
 *
 * Pure functions of the context; thread-safe.
 */
#ifndef MS_ANALYZE_FROM_CASE_H
#define MS_ANALYZE_FROM_CASE_H

#include "detector.h"

enum ms_verdict {
	MS_VERDICT_NONE,                 /* no wrong free: another case, or nothing that can be judged */
	MS_VERDICT_DOUBLE,               /* of a block that was freed before */
	MS_VERDICT_REALLOC_DEAD,         /* realloc of a block that was freed before */
	MS_VERDICT_INSIDE,               /* of an address inside a block */
	MS_VERDICT_INSIDE_DEAD,          /* of an address inside a block that was freed before */
	MS_VERDICT_NEVER,                /* of an address that no allocation returned */
	MS_VERDICT_UNJUDGED,             /* of an address that may have been allocated where the trace did not see it */
};

/* What a free that ended no block was. *certainty: enum ms_certainty. */
enum ms_verdict ms_judge_free(const struct ms_detector_context *context, const struct ms_case *c, uint8_t *certainty);

/* Fills in time, thread, address, offset, block, stacks, evidence with its bytes and registers. */
void ms_finding_from_case(struct ms_finding *f, const struct ms_detector_context *context, const struct ms_case *c);

/* "a 40-byte block" into buffer; returns it. */
#define MS_BLOCK_TEXT 48
const char *ms_block_text(char buffer[MS_BLOCK_TEXT], const struct ms_finding_block *block);

/* Adds to the reason of a detector that judges frees what was not looked at or lets certainty fall; MS_E_NOMEM. */
int ms_say_frees(const struct ms_detector_context *context, struct ms_detector_result *result);

#endif
