/*
 * safety_facts.c - says what the analysis in safety.c could look at. It reports facts, no findings: how many blocks crossed from one module to
 * another, and requests that no program means.
 */
#include <inttypes.h>

#include "detector.h"

static int run(const struct ms_detector_context *x, struct ms_detector_result *result, struct ms_error *err)
{
	const struct ms_report_safety *s = &x->report->safety;
	uint64_t huge = 0, crossed = 0, handed = 0;
	int rc = 0;

	for (size_t i = 0; i < s->odd_size_count; i++)
		huge += s->odd_sizes[i].kind == MS_ODD_ZERO ? 0 : s->odd_sizes[i].requests;
	for (size_t i = 0; i < s->boundary_count; i++)
		crossed += s->boundaries[i].blocks;
	for (size_t i = 0; i < s->handover_count; i++)
		handed += s->handovers[i].blocks;
	result->checked = s->frees;
	if (handed)
		rc |= ms_detector_say(result, "%" PRIu64 " freed by another thread", handed);
	if (crossed)
		rc |= ms_detector_say(result, "%" PRIu64 " freed by another module", crossed);
	if (huge)
		rc |= ms_detector_say(result, "%" PRIu64 " request%s for 1 TiB or more", huge, huge == 1 ? "" : "s");
	if (!s->frees_with_stack)
		rc |= ms_detector_say(result, "modules need --free-stacks");
	return rc ? ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for detectors") : MS_OK;
}

const struct ms_detector_ops ms_detector_safety_facts = {
	.name = "safety",
	.summary = "blocks that change hands between threads and modules, odd sizes: facts, no findings",
	.unit = "free",
	.run = run,
};
