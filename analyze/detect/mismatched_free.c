/*
 * mismatched_free.c - frees by a function of another family than the allocation (free_rules.h), and sized frees with another
 * size than that of the block. Needs nothing but the events; every free that ends a block of the trace is compared.
 *
 * CWE-762 is mismatched routines; for a wrong size CWE-763 stands, release by the right function called incorrectly.
 */
#include <inttypes.h>

#include "analyze/free_rules.h"
#include "findings_build.h"
#include "from_case.h"

static int run(const struct ms_detector_context *x, struct ms_detector_result *result, struct ms_error *err)
{
	const struct ms_cases *cases = x->cases;
	char block[MS_BLOCK_TEXT];
	uint64_t omitted = cases->omitted[MS_CASE_MISMATCHED] + cases->omitted[MS_CASE_WRONG_SIZE];

	result->checked = cases->frees - cases->seen[MS_CASE_UNMATCHED];
	for (size_t i = 0; i < cases->count; i++) {
		const struct ms_case *c = &cases->list[i];
		struct ms_finding f;
		int rc;

		if (c->kind == MS_CASE_MISMATCHED) {
			ms_finding_init(&f, MS_FINDING_MISMATCHED_FREE);
			ms_finding_from_case(&f, x, c);
			ms_finding_say(&f, "%s of %s that %s allocated: it wants %s", ms_call_name(f.free_call),
			               ms_block_text(block, &f.block), ms_call_name(f.block.birth_kind),
			               ms_right_free(f.block.birth_kind));
		} else if (c->kind == MS_CASE_WRONG_SIZE) {
			ms_finding_init(&f, MS_FINDING_SIZE_MISMATCHED_FREE);
			ms_finding_from_case(&f, x, c);
			f.length_bytes = c->argument;
			ms_finding_say(&f, "%s %" PRIu64 " of %s", ms_call_name(f.free_call), c->argument,
			               ms_block_text(block, &f.block));
		} else {
			continue;
		}
		f.certainty = MS_CERTAIN;
		f.block.freed = false; /* it was alive when the call came */
		f.block.free_kind = 0;
		rc = ms_findings_add(x->findings, &f, NULL, err);
		if (rc)
			return rc;
	}
	if (omitted && ms_detector_say(result, "%" PRIu64 " more mismatches were not kept", omitted))
		return MS_E_NOMEM;
	return MS_OK;
}

const struct ms_detector_ops ms_detector_mismatched_free = {
	.name = "mismatched-free",
	.summary = "frees by a function of another family, or with a wrong size",
	.unit = "free",
	.kinds = 1u << MS_FINDING_MISMATCHED_FREE | 1u << MS_FINDING_SIZE_MISMATCHED_FREE,
	.run = run,
};
