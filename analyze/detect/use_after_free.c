/*
 * use_after_free.c - accesses to blocks that had been freed. Needs a guard: poison in the quarantine sees writes afterwards,
 * pages and libc calls see the access itself.
 */
#include "access_case.h"

static int run(const struct ms_detector_context *x, struct ms_detector_result *result, struct ms_error *err)
{
	int rc = ms_add_accesses(x, 1u << MS_FINDING_USE_AFTER_FREE, err);

	return rc ? rc : ms_say_guard(x, result);
}

const struct ms_detector_ops ms_detector_use_after_free = {
	.name = "use-after-free",
	.summary = "accesses to blocks that had been freed",
	.unit = "check",
	.kinds = 1u << MS_FINDING_USE_AFTER_FREE,
	.run = run,
};
