/*
 * leak.c - blocks that no root leads to any more, from the heap graph: one finding per call path and kind.
 *
 * Still reachable is no finding, nor is what the dynamic linker allocates for itself and points into the middle of, on purpose: the vectors
 * of threads (of one that ended from the stack that libc keeps for the next thread, which is no root), its tables of mappings.
 * Certainty: observed, because the scan read every place where a pointer could stand; inferred when it could not (then the reason says
 * what was left out), and for possible leaks, whose interior pointers may be real ones.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detector.h"
#include "findings_build.h"
#include "format/evidence.h"

#define KINDS (1u << MS_FINDING_LEAK_DEFINITE | 1u << MS_FINDING_LEAK_INDIRECT | 1u << MS_FINDING_LEAK_POSSIBLE)

static const struct {
	uint8_t finding, severity;
	const char *text;                /* after "n blocks with m bytes" */
} kinds[MS_LEAK_KINDS] = {
	[MS_LEAK_DEFINITE] = {MS_FINDING_LEAK_DEFINITE, MS_SEVERITY_ERROR, "that nothing holds any more"},
	[MS_LEAK_POSSIBLE] = {MS_FINDING_LEAK_POSSIBLE, MS_SEVERITY_WARNING, "that only pointers into the middle of blocks lead to"},
	[MS_LEAK_INDIRECT] = {MS_FINDING_LEAK_INDIRECT, MS_SEVERITY_WARNING, "that only lost blocks hold"},
};

/* Code of the dynamic linker itself asked for it, whatever the headline of the call path is. */
static bool is_dynamic_linkers(const struct ms_report *r, uint32_t node)
{
	const struct ms_report_line *line = node != 0 && r->nodes[node].line_count ? &r->lines[r->nodes[node].first_line] : NULL;
	const char *slash = line ? strrchr(line->module, '/') : NULL;

	return line && strncmp(slash ? slash + 1 : line->module, "ld-", 3) == 0;
}

/* What of a finding the list does not keep: call paths that read the same but for their lines are one finding. */
struct sum {
	uint64_t call_paths, indirect_blocks, indirect_bytes;
};

static void say(struct ms_finding *f, const struct sum *sum, const char *text)
{
	const char *s = f->leaked_blocks == 1 ? "" : "s";
	char paths[48] = "";

	if (sum->call_paths > 1)
		snprintf(paths, sizeof paths, " from %" PRIu64 " call paths", sum->call_paths);
	if (sum->indirect_blocks)
		ms_finding_say(f, "%" PRIu64 " block%s with %" PRIu64 " bytes%s %s; %" PRIu64 " more with %" PRIu64 " bytes hang on %s", f->leaked_blocks, s,
		               f->leaked_bytes, paths, text, sum->indirect_blocks, sum->indirect_bytes, f->leaked_blocks == 1 ? "it" : "them");
	else
		ms_finding_say(f, "%" PRIu64 " block%s with %" PRIu64 " bytes%s %s", f->leaked_blocks, s, f->leaked_bytes, paths, text);
}

/* sums: by position in the list of findings. */
static int add(const struct ms_detector_context *x, struct ms_leak *l, struct sum *sums, struct ms_error *err)
{
	struct ms_finding f, *kept = NULL;
	struct sum *sum;
	int rc;

	ms_finding_init(&f, kinds[l->kind].finding);
	f.severity = kinds[l->kind].severity;
	f.certainty = l->kind == MS_LEAK_POSSIBLE || x->report->leaks.doubts ? MS_INFERRED : MS_OBSERVED;
	f.time_ns = l->first_ns;
	f.last_ns = l->last_ns;
	f.thread = l->example_thread;
	f.count = l->blocks;
	f.leaked_blocks = l->blocks;
	f.leaked_bytes = l->bytes;
	f.allocation_node = l->node;
	f.block = (struct ms_finding_block){
		.known = true, .id = l->example_block, .address = l->example_address, .size_bytes = l->example_bytes,
		.birth_ns = l->example_ns, .birth_thread = l->example_thread, .birth_kind = l->example_kind,
	};
	ms_finding_say(&f, "%s", kinds[l->kind].text);
	rc = ms_findings_add(x->findings, &f, &kept, err);
	if (rc || !kept)
		return rc;
	memcpy(l->fingerprint, kept->fingerprint, sizeof l->fingerprint);
	if (l->first_ns < kept->time_ns)
		kept->time_ns = l->first_ns;
	sum = &sums[kept - x->findings->list];
	sum->call_paths++;
	sum->indirect_blocks += l->indirect_blocks;
	sum->indirect_bytes += l->indirect_bytes;
	say(kept, sum, kinds[l->kind].text);
	return kept->message ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for findings");
}

/* What the scan could not look at. */
static int say_doubts(const struct ms_report_leaks *l, struct ms_detector_result *result)
{
	static const struct {
		uint32_t doubt;
		const char *text;
	} texts[] = {
		{MS_DOUBT_INCOMPLETE, "the scan of the heap was not finished: pointers in what it left out are not known"},
		{MS_DOUBT_TIME, "the scan was stopped because it took too long"},
		{MS_DOUBT_INHERITED, "a forked child: pointers in blocks born before the fork are not known"},
		{MS_DOUBT_UNSEEN, "not all blocks were recorded: what the others, and free memory, point to counts as held"},
		{MS_DOUBT_LOST, "events were lost: pointers in blocks that are not known, and frees, may be missing"},
	};
	int rc = MS_OK;

	for (size_t i = 0; i < sizeof texts / sizeof *texts && rc == MS_OK; i++)
		if (l->doubts & texts[i].doubt)
			rc = ms_detector_say(result, "%s", texts[i].text);
	if (rc == MS_OK && l->unscanned_threads)
		rc = ms_detector_say(result, "registers and stacks of %" PRIu64 " thread%s could not be read", l->unscanned_threads,
		                     l->unscanned_threads == 1 ? "" : "s");
	if (rc == MS_OK && l->unscanned_ranges)
		rc = ms_detector_say(result, "%" PRIu64 " range%s of memory (%" PRIu64 " bytes) could not be read", l->unscanned_ranges,
		                     l->unscanned_ranges == 1 ? "" : "s", l->unscanned_bytes);
	if (rc == MS_OK && l->doubts & MS_DOUBT_BLOCKS)
		rc = ms_detector_say(result, "%" PRIu64 " live block%s not in the heap graph", l->unscanned_blocks,
		                     l->unscanned_blocks == 1 ? " is" : "s are");
	if (rc == MS_OK && l->unknown_blocks)
		rc = ms_detector_say(result, "%" PRIu64 " block%s of the heap graph not alive by the events", l->unknown_blocks,
		                     l->unknown_blocks == 1 ? " is" : "s are");
	return rc;
}

static int add_all(const struct ms_detector_context *x, struct ms_detector_result *result, struct ms_error *err)
{
	struct ms_report_leaks *l = &x->report->leaks;
	struct sum *sums = calloc(MS_FINDINGS_MAX, sizeof *sums);
	uint64_t linkers = 0;
	int rc = sums ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to report leaks");

	for (size_t i = 0; i < l->leak_count && rc == MS_OK; i++) {
		struct ms_leak *a = &l->leaks[i];

		if (a->kind != MS_LEAK_REACHABLE && is_dynamic_linkers(x->report, a->node))
			linkers += a->blocks;
		else if (a->kind != MS_LEAK_REACHABLE)
			rc = add(x, a, sums, err);
	}
	free(sums);
	if (rc == MS_OK && linkers)
		rc = ms_detector_say(result, "%" PRIu64 " lost block%s of the dynamic linker %s no finding: it points into %s middle",
		                     linkers, linkers == 1 ? "" : "s", linkers == 1 ? "is" : "are", linkers == 1 ? "its" : "their");
	return rc;
}

static int run(const struct ms_detector_context *x, struct ms_detector_result *result, struct ms_error *err)
{
	const struct ms_report_leaks *l = &x->report->leaks;
	int rc;

	result->checked = l->graph_blocks;
	if (!l->observable) {
		result->status = MS_DETECTOR_NOT_OBSERVABLE;
		rc = ms_detector_say(result, "%s", l->reason);
	} else {
		rc = add_all(x, result, err);
		if (rc == MS_OK)
			rc = say_doubts(l, result);
	}
	return rc == MS_E_NOMEM ? ms_fail(err, rc, MS_NO_OFFSET, "no memory to report leaks") : rc;
}

const struct ms_detector_ops ms_detector_leak = {
	.name = "leak",
	.summary = "blocks that nothing points to any more",
	.unit = "block",
	.kinds = KINDS,
	.run = run,
};
