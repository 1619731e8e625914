/*
 * overflow.c - accesses beyond the end of a block or before its start. Needs a guard: redzones see writes afterwards, pages and
 * libc calls see the access itself.
 */
#include "access_case.h"

#define KINDS (1u << MS_FINDING_HEAP_OVERFLOW | 1u << MS_FINDING_HEAP_UNDERFLOW)

/* What pages do not catch at once: the side that has none, and what malloc's alignment leaves beside them. */
static int say_blind_spots(const struct ms_process *p, struct ms_detector_result *result)
{
	if (p->guard != MS_GUARD_FULL)
		return MS_OK;
	if (p->companion && *p->companion)
		return ms_detector_say(result, "in the up to 15 bytes that alignment leaves between a block and its page writes are seen at the next "
		                       "check, reads not at all: --guard-align=1 leaves none");
	return ms_detector_say(result, "on the side without a page, and in the up to 15 bytes that alignment leaves before it, writes are seen "
	                       "at the next check, reads not at all: --guard-side=both and --guard-align=1 leave none");
}

static int run(const struct ms_detector_context *x, struct ms_detector_result *result, struct ms_error *err)
{
	int rc = ms_add_accesses(x, KINDS, err);

	if (rc == MS_OK)
		rc = ms_say_guard(x, result);
	return rc ? rc : say_blind_spots(ms_trace_process(x->trace), result);
}

const struct ms_detector_ops ms_detector_overflow = {
	.name = "overflow",
	.summary = "accesses beyond the end of a block or before its start",
	.unit = "check",
	.kinds = KINDS,
	.run = run,
};
