/*
 * invalid_free.c - frees of addresses that are no start of a block: inside one (CWE-761), or never allocated (CWE-590).
 *
 * That nothing was ever allocated at an address follows from the events only if the trace holds every allocation: it is
 * inferred, unless a guard, which knows its blocks, refused the free; and it is not judged at all when events were lost or the heap
 * was inherited.
 */
#include <inttypes.h>

#include "analyze/free_rules.h"
#include "findings_build.h"
#include "from_case.h"

static int run(const struct ms_detector_context *x, struct ms_detector_result *result, struct ms_error *err)
{
	char block[MS_BLOCK_TEXT];

	result->checked = x->cases->frees;
	for (size_t i = 0; i < x->cases->count; i++) {
		const struct ms_case *c = &x->cases->list[i];
		struct ms_finding f;
		uint8_t certainty;
		enum ms_verdict verdict = ms_judge_free(x, c, &certainty);
		const char *call;
		int rc;

		if (verdict != MS_VERDICT_INSIDE && verdict != MS_VERDICT_INSIDE_DEAD && verdict != MS_VERDICT_NEVER)
			continue;
		ms_finding_init(&f, MS_FINDING_INVALID_FREE);
		f.certainty = certainty;
		ms_finding_from_case(&f, x, c);
		call = ms_call_name(f.free_call);
		if (verdict == MS_VERDICT_NEVER) {
			ms_finding_say(&f, "%s of an address that no allocation returned", call);
		} else if (f.offset < 0 || (uint64_t)f.offset >= f.block.size_bytes) {
			bool after = f.offset > 0;

			ms_finding_say(&f, "%s of an address %" PRIu64 " bytes %s %s", call,
			               after ? (uint64_t)f.offset - f.block.size_bytes : -(uint64_t)f.offset,
			               after ? "past the end of" : "before", ms_block_text(block, &f.block));
		} else {
			f.cwe = 761;
			ms_finding_say(&f, "%s of an address %" PRId64 " byte%s inside %s%s", call, f.offset, f.offset == 1 ? "" : "s",
			               ms_block_text(block, &f.block),
			               verdict == MS_VERDICT_INSIDE_DEAD ? " that had been freed already" : "");
		}
		rc = ms_findings_add(x->findings, &f, NULL, err);
		if (rc)
			return rc;
	}
	return ms_say_frees(x, result);
}

const struct ms_detector_ops ms_detector_invalid_free = {
	.name = "invalid-free",
	.summary = "frees of addresses that are no start of a block",
	.unit = "free",
	.kinds = 1u << MS_FINDING_INVALID_FREE,
	.run = run,
};
