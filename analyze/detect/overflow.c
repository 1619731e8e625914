/*
 * overflow.c - accesses beyond the end of a block or before its start. Needs a guard: redzones see writes afterwards, pages and
 * libc calls see the access itself.
 */
#include "access_case.h"

#define KINDS (1u << MS_FINDING_HEAP_OVERFLOW | 1u << MS_FINDING_HEAP_UNDERFLOW)

static int run(const struct ms_detector_context *x, struct ms_detector_result *result, struct ms_error *err)
{
	int rc = ms_add_accesses(x, KINDS, err);

	return rc ? rc : ms_say_guard(x, result);
}

const struct ms_detector_ops ms_detector_overflow = {
	.name = "overflow",
	.summary = "accesses beyond the end of a block or before its start",
	.unit = "check",
	.kinds = KINDS,
	.run = run,
};
