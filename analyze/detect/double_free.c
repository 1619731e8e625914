/* double_free.c - frees of blocks that had been freed. Needs nothing but the events: a block is an id, never an address. */
#include "analyze/free_rules.h"
#include "findings_build.h"
#include "from_case.h"

static int run(const struct ms_detector_context *x, struct ms_detector_result *result, struct ms_error *err)
{
	char block[MS_BLOCK_TEXT];

	result->checked = x->cases->frees - x->cases->reallocs;
	for (size_t i = 0; i < x->cases->count; i++) {
		const struct ms_case *c = &x->cases->list[i];
		struct ms_finding f;
		uint8_t certainty;
		int rc;

		if (ms_judge_free(x, c, &certainty) != MS_VERDICT_DOUBLE)
			continue;
		ms_finding_init(&f, MS_FINDING_DOUBLE_FREE);
		f.certainty = certainty;
		ms_finding_from_case(&f, x, c);
		ms_finding_say(&f, "%s of %s that had been freed already", ms_call_name(f.free_call), ms_block_text(block, &f.block));
		rc = ms_findings_add(x->findings, &f, NULL, err);
		if (rc)
			return rc;
	}
	return ms_say_frees(x, result);
}

const struct ms_detector_ops ms_detector_double_free = {
	.name = "double-free",
	.summary = "frees of blocks that had been freed",
	.unit = "free",
	.kinds = 1u << MS_FINDING_DOUBLE_FREE,
	.run = run,
};
