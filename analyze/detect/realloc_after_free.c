/* realloc_after_free.c - reallocs of blocks that had been freed. Needs nothing but the events. */
#include "findings_build.h"
#include "from_case.h"

static int run(const struct ms_detector_context *x, struct ms_detector_result *result, struct ms_error *err)
{
	char block[MS_BLOCK_TEXT];

	result->checked = x->cases->reallocs;
	for (size_t i = 0; i < x->cases->count; i++) {
		const struct ms_case *c = &x->cases->list[i];
		struct ms_finding f;
		uint8_t certainty;
		int rc;

		if (ms_judge_free(x, c, &certainty) != MS_VERDICT_REALLOC_DEAD)
			continue;
		ms_finding_init(&f, MS_FINDING_REALLOC_AFTER_FREE);
		f.certainty = certainty;
		ms_finding_from_case(&f, x, c);
		ms_finding_say(&f, "realloc of %s that had been freed already", ms_block_text(block, &f.block));
		rc = ms_findings_add(x->findings, &f, NULL, err);
		if (rc)
			return rc;
	}
	return ms_say_frees(x, result);
}

const struct ms_detector_ops ms_detector_realloc_after_free = {
	.name = "realloc-after-free",
	.summary = "reallocs of blocks that had been freed",
	.unit = "realloc",
	.kinds = 1u << MS_FINDING_REALLOC_AFTER_FREE,
	.run = run,
};
