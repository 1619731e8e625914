/* test_detectors.c - each detector on traces that hold its error, on twins that do not, and on traces that cannot tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/detect/detector.h"
#include "analyze/detect/fingerprint.h"
#include "analyze/free_rules.h"
#include "format/evidence.h"
#include "small_trace.h"

static struct small_trace t;
static struct ms_report report;

static int setup(void **state)
{
	(void)state;
	memset(&report, 0, sizeof report);
	small_trace_start(&t);
	return 0;
}

static void restart(const struct ms_process *facts)
{
	small_trace_free(&t);
	small_trace_start_as(&t, facts);
}

static int teardown(void **state)
{
	(void)state;
	ms_report_free(&report);
	small_trace_free(&t);
	return 0;
}

/* A free that ends no block. */
static void bad_free(uint8_t kind, uint32_t thread, uint64_t address)
{
	small_trace_event(&t, &(struct ms_event){.kind = kind, .thread = thread, .address = address});
}

static void finish(void)
{
	small_trace_report(&t, &small_trace_exited, &report);
}

static const struct ms_detector_result *detector(const char *name)
{
	for (size_t i = 0; i < report.findings.detector_count; i++)
		if (strcmp(report.findings.detectors[i].name, name) == 0)
			return &report.findings.detectors[i];
	fail_msg("there is no detector %s", name);
	return NULL;
}

static const struct ms_finding *only(const char *kind)
{
	assert_int_equal(report.findings.count, 1);
	assert_string_equal(ms_finding_kinds[report.findings.list[0].kind].name, kind);
	return &report.findings.list[0];
}

static void none(void)
{
	if (report.findings.count)
		fail_msg("there should be no finding: %s", report.findings.list[0].message);
}

static const char *function(uint32_t node)
{
	return node ? report.lines[report.nodes[node].first_line].function : "";
}

/* ---- frees of no block --------------------------------------------------------------------------------------------- */

static void test_double_free(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	const struct ms_finding *f;

	(void)state;
	small_trace_free_block(&t, MS_EV_FREE, 2, a);
	bad_free(MS_EV_FREE, 1, 0x10000 * a);
	finish();
	f = only("double-free");
	assert_int_equal(f->certainty, MS_CERTAIN);
	assert_int_equal(f->cwe, 415);
	assert_string_equal(f->message, "free of a 40-byte block that had been freed already");
	assert_int_equal(f->block.id, a);
	assert_int_equal(f->block.size_bytes, 40);
	assert_int_equal(f->block.birth_ns, 10);
	assert_int_equal(f->block.birth_thread, 1);
	assert_int_equal(f->block.free_ns, 20);
	assert_int_equal(f->block.free_thread, 2);
	assert_true(f->block.freed);
	assert_int_equal(f->time_ns, 30);
	assert_int_equal(f->thread, 1);
	assert_int_equal(f->address, 0x10000 * a);
	assert_string_equal(function(f->allocation_node), "grow");
	assert_int_equal(f->free_node, 0);
	assert_int_equal(detector("double-free")->status, MS_DETECTOR_FOUND);
	assert_int_equal(detector("double-free")->found, 1);
	assert_int_equal(detector("double-free")->checked, 2);
	assert_int_equal(detector("invalid-free")->status, MS_DETECTOR_CLEAN);
	assert_int_equal(report.findings.errors, 1);
}

/* The address is used again: the second free is that of the second block. */
static void test_address_reuse(void **state)
{
	(void)state;
	for (uint64_t id = 1; id <= 3; id++) {
		small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MALLOC, .thread = 1, .stack = 2, .size_bytes = 40, .block = id,
		                                         .address = 0x5000});
		small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .size_bytes = 40, .block = id,
		                                         .address = 0x5000});
	}
	finish();
	none();
	assert_int_equal(detector("double-free")->status, MS_DETECTOR_CLEAN);
	assert_int_equal(detector("double-free")->checked, 3);
}

static void test_interior_free(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	const struct ms_finding *f;

	(void)state;
	bad_free(MS_EV_FREE, 1, 0x10000 * a + 16);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	finish();
	f = only("invalid-free");
	assert_int_equal(f->cwe, 761);
	assert_int_equal(f->offset, 16);
	assert_int_equal(f->certainty, MS_CERTAIN);
	assert_int_equal(f->block.id, a);
	assert_false(f->block.freed);
	assert_string_equal(f->message, "free of an address 16 bytes inside a 40-byte block");
}

static void test_interior_of_dead(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	const struct ms_finding *f;

	(void)state;
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	bad_free(MS_EV_FREE, 1, 0x10000 * a + 8);
	finish();
	f = only("invalid-free");
	assert_int_equal(f->certainty, MS_INFERRED);
	assert_true(f->block.freed);
}

static void test_never_allocated(void **state)
{
	const struct ms_finding *f;

	(void)state;
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	bad_free(MS_EV_FREE, 2, 0x7fff1234);
	finish();
	f = only("invalid-free");
	assert_int_equal(f->cwe, 590);
	assert_int_equal(f->certainty, MS_INFERRED);
	assert_false(f->block.known);
	assert_int_equal(f->address, 0x7fff1234);
}

/* Blocks born before the trace began, or while events were lost, are freed as unknown ones: that proves nothing. */
static void test_unknown_is_not_judged(void **state)
{
	(void)state;
	restart(&(struct ms_process){.inherited_heap = true});
	bad_free(MS_EV_FREE, 1, 0x7fff1234);
	bad_free(MS_EV_FREE, 1, 0x7fff5678);
	finish();
	none();
	assert_non_null(strstr(detector("invalid-free")->reason, "2 frees of unknown blocks could not be judged"));
	assert_non_null(strstr(detector("invalid-free")->reason, "inherited"));
	ms_report_free(&report);
	restart(&(struct ms_process){0});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_LOST, .thread = 1, .arg = {7}});
	bad_free(MS_EV_FREE, 1, 0x7fff1234);
	finish();
	none();
	assert_non_null(strstr(detector("invalid-free")->reason, "events were lost"));
}

/* A block that was left out may have died there: what an address was is inferred, or not judged. */
static void test_frees_of_culled_blocks(void **state)
{
	const struct ms_process facts = {.capture = {.cull_ns = 1000}};
	uint64_t a;

	(void)state;
	restart(&facts);
	bad_free(MS_EV_FREE, 1, 0x7fff1234);
	finish();
	none();
	assert_non_null(strstr(detector("invalid-free")->reason, "1 free of unknown blocks could not be judged"));
	assert_non_null(strstr(detector("invalid-free")->reason, "--cull-temporary"));
	ms_report_free(&report);
	restart(&facts);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	bad_free(MS_EV_FREE, 1, 0x10000 * a + 8);
	finish();
	none();
	ms_report_free(&report);
	restart(&facts);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	bad_free(MS_EV_FREE, 1, 0x10000 * a);
	finish();
	assert_int_equal(only("double-free")->certainty, MS_INFERRED);
}

static void test_double_free_with_losses(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);

	(void)state;
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_LOST, .thread = 1, .arg = {7}});
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	bad_free(MS_EV_FREE, 1, 0x10000 * a);
	finish();
	assert_int_equal(only("double-free")->certainty, MS_INFERRED);
}

/* So is one that was born and died while the recorder was attached; but the program may call a malloc that is not hooked. */
static void test_attached(void **state)
{
	uint64_t a;

	(void)state;
	restart(&(struct ms_process){.capture = {.attached = true}});
	bad_free(MS_EV_FREE, 1, 0x7fff1234);
	finish();
	none();
	assert_non_null(strstr(detector("invalid-free")->reason, "1 free of unknown blocks could not be judged"));
	assert_non_null(strstr(detector("invalid-free")->reason, "blocks from before the recording are not known"));
	ms_report_free(&report);
	restart(&(struct ms_process){.capture = {.attached = true}});
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	bad_free(MS_EV_FREE, 1, 0x10000 * a);
	finish();
	assert_int_equal(only("double-free")->certainty, MS_INFERRED);
	ms_report_free(&report);
	/* Inside a block that died: another may have been cut out of it. */
	restart(&(struct ms_process){.capture = {.attached = true}});
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 4000);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	bad_free(MS_EV_FREE, 1, 0x10000 * a + 64);
	finish();
	none();
}

/* In a child process a block that was born and died there is known. */
static void test_double_free_in_child(void **state)
{
	uint64_t a;

	(void)state;
	restart(&(struct ms_process){.inherited_heap = true, .free_stacks = true});
	a = small_trace_alloc(&t, MS_EV_NEW, 1, 3, 40);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_DELETE, .thread = 1, .stack = 2, .size_bytes = 40, .block = a,
	                                         .address = 0x10000 * a});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_DELETE, .thread = 1, .stack = 1, .address = 0x10000 * a});
	finish();
	assert_int_equal(only("double-free")->certainty, MS_CERTAIN);
	assert_string_equal(report.findings.list[0].message, "operator delete of a 40-byte block that had been freed already");
	assert_string_equal(function(report.findings.list[0].free_node), "grow");
	assert_string_equal(function(report.findings.list[0].error_node), "main");
	assert_string_equal(function(report.findings.list[0].allocation_node), "grow");
}

static void test_realloc_after_free(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);

	(void)state;
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	bad_free(MS_EV_REALLOC_FREE, 1, 0x10000 * a);
	finish();
	assert_string_equal(only("realloc-after-free")->message, "realloc of a 40-byte block that had been freed already");
	assert_int_equal(detector("realloc-after-free")->checked, 1);
	assert_int_equal(detector("double-free")->checked, 1);
}

/* A realloc ends the old block: freeing it afterwards is a double free; freeing the new one is not. */
static void test_free_after_realloc(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40), b;

	(void)state;
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, 1, a);
	b = small_trace_alloc(&t, MS_EV_REALLOC, 1, 2, 80);
	bad_free(MS_EV_FREE, 1, 0x10000 * a);
	small_trace_free_block(&t, MS_EV_FREE, 1, b);
	finish();
	assert_int_equal(only("double-free")->block.id, a);
	assert_int_equal(report.findings.list[0].block.free_kind, MS_EV_REALLOC_FREE);
}

/* After a realloc that failed the block lives on: freeing it once is right, twice is the double free of the same block. */
static void test_failed_realloc(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40), again;

	(void)state;
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, 1, a);
	again = t.next_block++;
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_REALLOC_FAILED, .thread = 1, .stack = 3, .size_bytes = 40,
	                                         .block = again, .address = 0x10000 * a});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .block = again, .size_bytes = 40,
	                                         .address = 0x10000 * a});
	bad_free(MS_EV_FREE, 1, 0x10000 * a);
	finish();
	assert_int_equal(only("double-free")->block.id, a);
	assert_int_equal(report.findings.list[0].block.birth_ns, 10);
	assert_int_equal(report.findings.list[0].block.birth_kind, MS_EV_MALLOC);
}

/* exec replaces the heap: an address of before means nothing. */
static void test_exec_forgets(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);

	(void)state;
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_IMAGE_START, .thread = 1, .arg = {1}});
	bad_free(MS_EV_FREE, 1, 0x10000 * a);
	finish();
	assert_int_equal(only("invalid-free")->cwe, 590);
}

static void test_merging(void **state)
{
	uint64_t a, b;
	char first[MS_FINGERPRINT_TEXT];

	(void)state;
	for (int i = 0; i < 5; i++) {
		a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40 + (uint64_t)i);
		small_trace_free_block(&t, MS_EV_FREE, 1, a);
		bad_free(MS_EV_FREE, 1, 0x10000 * a);
	}
	b = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	small_trace_free_block(&t, MS_EV_FREE, 1, b);
	bad_free(MS_EV_FREE, 1, 0x10000 * b);
	finish();
	assert_int_equal(report.findings.count, 2);
	assert_int_equal(report.findings.list[0].count, 5);
	assert_int_equal(report.findings.list[0].time_ns, 30);
	assert_int_equal(report.findings.list[0].last_ns, 150);
	assert_int_equal(report.findings.list[1].count, 1);
	assert_string_not_equal(report.findings.list[0].fingerprint, report.findings.list[1].fingerprint);
	/* The same in another run, at other addresses. */
	strcpy(first, report.findings.list[0].fingerprint);
	ms_report_free(&report);
	restart(&(struct ms_process){0});
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 9);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 99);
	small_trace_free_block(&t, MS_EV_FREE, 2, a);
	bad_free(MS_EV_FREE, 1, 0x10000 * a);
	finish();
	assert_string_equal(only("double-free")->fingerprint, first);
}

/* Memory is bounded: what is beyond the limit is counted, and said. */
static void test_too_many(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);

	(void)state;
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	for (unsigned i = 0; i < MS_CASES_MAX + 5; i++)
		bad_free(MS_EV_FREE, 1, 0x10000 * a);
	finish();
	assert_int_equal(only("double-free")->count, MS_CASES_MAX);
	assert_int_equal(detector("double-free")->checked, MS_CASES_MAX + 6);
	assert_non_null(strstr(detector("double-free")->reason, "5 more frees of unknown blocks were not looked at"));
	assert_int_equal(report.totals.unmatched_frees, MS_CASES_MAX + 5);
}

/* ---- families and sizes -------------------------------------------------------------------------------------------- */

/* The referee: for each allocation the frees that are right, by name. */
static const struct {
	uint8_t birth;
	const char *right;
} rules[] = {
	{MS_EV_MALLOC, "free realloc-free realloc-zero free_sized"},
	{MS_EV_CALLOC, "free realloc-free realloc-zero free_sized"},
	{MS_EV_REALLOC_NEW, "free realloc-free realloc-zero free_sized"},
	{MS_EV_POSIX_MEMALIGN, "free realloc-free realloc-zero"},
	{MS_EV_ALIGNED_ALLOC, "free realloc-free realloc-zero free_aligned_sized"},
	{MS_EV_MEMALIGN, "free realloc-free realloc-zero"},
	{MS_EV_VALLOC, "free realloc-free realloc-zero"},
	{MS_EV_PVALLOC, "free realloc-free realloc-zero"},
	{MS_EV_NEW, "delete delete-sized"},
	{MS_EV_NEW_ARRAY, "delete[] delete[]-sized"},
	{MS_EV_NEW_ALIGNED, "delete-aligned delete-sized-aligned"},
	{MS_EV_NEW_ARRAY_ALIGNED, "delete[]-aligned delete[]-sized-aligned"},
};

static bool is_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = words; (s = strstr(s, word)); s += n)
		if ((s == words || s[-1] == ' ') && (s[n] == ' ' || !s[n]))
			return true;
	return false;
}

static void test_families(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		for (unsigned kind = MS_EV_FREE; kind <= MS_EV_FREE_ALIGNED_SIZED; kind++) {
			bool right = is_word(rules[i].right, ms_event_kinds[kind].name);
			uint64_t a = small_trace_alloc(&t, rules[i].birth, 1, 2, 40);

			small_trace_event(&t, &(struct ms_event){.kind = (uint8_t)kind, .thread = 1, .block = a, .size_bytes = 40,
			                                         .address = 0x10000 * a, .arg = {ms_free_has_size[kind] ? 40 : 4}});
			finish();
			if (right != (report.findings.count == 0))
				fail_msg("%s of %s", ms_event_kinds[kind].name, ms_event_kinds[rules[i].birth].name);
			if (!right) {
				const struct ms_finding *f = only("mismatched-free");

				assert_int_equal(f->cwe, 762);
				assert_int_equal(f->certainty, MS_CERTAIN);
				assert_int_equal(f->block.id, a);
				assert_int_equal(f->block.address, 0x10000 * a);
				assert_int_equal(f->block.birth_kind, rules[i].birth);
				assert_int_equal(f->free_call, kind);
			}
			assert_int_equal(detector("mismatched-free")->checked, 1);
			ms_report_free(&report);
			restart(&(struct ms_process){0});
		}
	}
}

static void test_sizes(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_NEW, 1, 2, 24), b = small_trace_alloc(&t, MS_EV_NEW, 1, 2, 16);
	const struct ms_finding *f;

	(void)state;
	for (int i = 0; i < 2; i++)
		small_trace_event(&t, &(struct ms_event){.kind = MS_EV_DELETE_SIZED, .thread = 1, .block = i ? b : a,
		                                         .size_bytes = i ? 16 : 24, .address = 0x10000 * (i ? b : a), .arg = {16}});
	finish();
	f = only("size-mismatched-free");
	assert_string_equal(f->message, "operator delete with size 16 of a 24-byte block");
	assert_int_equal(f->cwe, 763);
	assert_int_equal(f->block.id, a);
	assert_int_equal(detector("mismatched-free")->found, 1);
	assert_int_equal(detector("mismatched-free")->checked, 2);
}

static void test_mismatches_merge(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		small_trace_free_block(&t, MS_EV_FREE, 1, small_trace_alloc(&t, MS_EV_NEW_ARRAY, 1, 2, 24));
	finish();
	assert_int_equal(only("mismatched-free")->count, 50);
	assert_int_equal(report.findings.list[0].last_ns, 1000);
	assert_string_equal(report.findings.list[0].message,
	                    "free of a 24-byte block that operator new[] allocated: it wants operator delete[]");
}

/* ---- evidence ------------------------------------------------------------------------------------------------------ */

static void saw(uint32_t thread, const struct ms_evidence *given)
{
	struct ms_evidence e = *given;

	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_EVIDENCE, .thread = thread,
	                                         .arg = {ms_writer_evidence(t.writer, &e)}});
}

static const struct ms_process canary = {.guard = MS_GUARD_CANARY, .free_stacks = true};
static const struct ms_process full = {.guard = MS_GUARD_FULL, .free_stacks = true};

static void finish_guarded(void)
{
	struct ms_end end = small_trace_exited;

	end.guard_checks = 70;
	end.guard_calls = 7;
	small_trace_report(&t, &end, &report);
}

static void test_refused_double_free(void **state)
{
	uint64_t a;
	const struct ms_finding *f;

	(void)state;
	restart(&canary);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	bad_free(MS_EV_FREE, 2, 0x10000 * a);
	saw(2, &(struct ms_evidence){.kind = MS_EVIDENCE_REFUSED_FREE, .check = MS_CHECK_FREE, .freed = true, .stack = 1,
	                             .address = 0x10000 * a, .block_address = 0x10000 * a, .block_bytes = 40});
	finish_guarded();
	f = only("double-free");
	assert_int_equal(f->count, 1);
	assert_int_equal(f->evidence, MS_EVIDENCE_REFUSED_FREE);
	assert_string_equal(function(f->error_node), "main");
	assert_int_equal(f->block.id, a);
	assert_int_equal(f->thread, 2);
}

/* The guard knows its blocks even where the trace does not. */
static void test_refused_inside(void **state)
{
	(void)state;
	restart(&canary);
	bad_free(MS_EV_FREE, 1, 0x9008);
	saw(1, &(struct ms_evidence){.kind = MS_EVIDENCE_REFUSED_FREE, .check = MS_CHECK_FREE, .address = 0x9008,
	                             .block_address = 0x9000, .block_bytes = 100});
	finish_guarded();
	assert_int_equal(only("invalid-free")->cwe, 761);
	assert_int_equal(report.findings.list[0].offset, 8);
	assert_int_equal(report.findings.list[0].certainty, MS_CERTAIN);
	assert_int_equal(report.findings.list[0].block.id, 0);
}

static void test_damage(void **state)
{
	static const uint8_t bytes[] = {'A', 'B', 0};
	uint64_t a;
	const struct ms_finding *f;

	(void)state;
	restart(&canary);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	saw(1, &(struct ms_evidence){.kind = MS_EVIDENCE_DAMAGE, .check = MS_CHECK_FREE, .expected = 0xfa, .byte_count = 3,
	                             .bytes = bytes, .address = 0x10000 * a + 44, .length_bytes = 3, .stack = 3,
	                             .block_address = 0x10000 * a, .block_bytes = 40});
	finish_guarded();
	f = only("heap-overflow");
	assert_string_equal(f->message, "3 bytes overwritten 4 bytes past the end of a 40-byte block");
	assert_int_equal(f->certainty, MS_OBSERVED);
	assert_int_equal(f->cwe, 122);
	assert_int_equal(f->access, MS_ACCESS_WRITE);
	assert_int_equal(f->offset, 44);
	assert_int_equal(f->block.id, a);
	assert_false(f->block.freed);
	assert_int_equal(f->byte_count, 3);
	assert_memory_equal(f->bytes, bytes, 3);
	assert_int_equal(f->expected, 0xfa);
	assert_true(f->has_window);
	assert_int_equal(f->last_good_ns, 10);
	assert_int_equal(f->damage_seen_ns, 30);
	assert_int_equal(detector("overflow")->status, MS_DETECTOR_FOUND);
	assert_int_equal(detector("use-after-free")->status, MS_DETECTOR_CLEAN);
	assert_int_equal(detector("use-after-free")->checked, 77);
	assert_non_null(strstr(detector("use-after-free")->reason, "--guard=full"));
}

static void test_underflow(void **state)
{
	static const uint8_t bytes[8] = {1};
	uint64_t a;

	(void)state;
	restart(&canary);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 8);
	saw(1, &(struct ms_evidence){.kind = MS_EVIDENCE_DAMAGE, .check = MS_CHECK_EXIT, .byte_count = 1, .bytes = bytes,
	                             .address = 0x10000 * a - 24, .length_bytes = 1, .block_address = 0x10000 * a,
	                             .block_bytes = 8, .last_good_ns = 15});
	finish_guarded();
	assert_string_equal(only("heap-underflow")->message, "1 byte overwritten 24 bytes before an 8-byte block");
	assert_int_equal(report.findings.list[0].offset, -24);
	assert_int_equal(report.findings.list[0].last_good_ns, 15);
	assert_int_equal(report.findings.list[0].cwe, 124);
}

/* The call that did it and the damage that it left are one finding; a second check of the same damage adds none. */
static void test_bounds_and_damage(void **state)
{
	static const uint8_t bytes[2] = {'x', 'y'};
	uint64_t a, b;
	const struct ms_finding *f;

	(void)state;
	restart(&canary);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	b = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	saw(1, &(struct ms_evidence){.kind = MS_EVIDENCE_BOUNDS, .access = MS_ACCESS_WRITE, .address = 0x10000 * a,
	                             .length_bytes = 42, .stack = 1, .block_address = 0x10000 * a, .block_bytes = 40,
	                             .function = ms_writer_string(t.writer, "memcpy", 6)});
	for (int i = 0; i < 3; i++)
		saw(2, &(struct ms_evidence){.kind = MS_EVIDENCE_DAMAGE, .check = MS_CHECK_INTERVAL, .byte_count = 2, .bytes = bytes,
		                             .address = 0x10000 * a + 40, .length_bytes = 2, .block_address = 0x10000 * a,
		                             .block_bytes = 40});
	finish_guarded();
	f = only("heap-overflow");
	assert_string_equal(f->message, "memcpy: write of 42 bytes, 2 of them past the end of a 40-byte block");
	assert_true(f->confirmed);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->certainty, MS_CERTAIN);
	assert_string_equal(f->function, "memcpy");
	assert_memory_equal(f->bytes, bytes, 2);
	assert_string_equal(function(f->error_node), "main");
	/* Damage of another block is another finding. */
	ms_report_free(&report);
	restart(&canary);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	b = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	saw(1, &(struct ms_evidence){.kind = MS_EVIDENCE_BOUNDS, .access = MS_ACCESS_WRITE, .address = 0x10000 * a,
	                             .length_bytes = 42, .stack = 1, .block_address = 0x10000 * a, .block_bytes = 40});
	saw(2, &(struct ms_evidence){.kind = MS_EVIDENCE_DAMAGE, .byte_count = 2, .bytes = bytes, .address = 0x10000 * b + 40,
	                             .length_bytes = 2, .block_address = 0x10000 * b, .block_bytes = 40});
	finish_guarded();
	assert_int_equal(report.findings.count, 2);
}

/* Two calls write beyond the same block: the damage is that of the one that went further; a read is an error of its own. */
static void test_furthest_write(void **state)
{
	static const uint8_t bytes[8] = {'x'};
	static const struct {
		const char *function;
		uint8_t access;
		uint64_t length;
	} calls[] = {{"strcpy", MS_ACCESS_WRITE, 1}, {"memset", MS_ACCESS_WRITE, 8}, {"memcmp", MS_ACCESS_READ, 20}};
	uint64_t a;

	(void)state;
	restart(&canary);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	for (int i = 0; i < 3; i++)
		saw(1, &(struct ms_evidence){.kind = MS_EVIDENCE_BOUNDS, .access = calls[i].access, .address = 0x10000 * a + 40,
		                             .length_bytes = calls[i].length, .stack = 1, .block_address = 0x10000 * a,
		                             .block_bytes = 40,
		                             .function = ms_writer_string(t.writer, calls[i].function, strlen(calls[i].function))});
	saw(1, &(struct ms_evidence){.kind = MS_EVIDENCE_DAMAGE, .check = MS_CHECK_EXIT, .byte_count = 8, .bytes = bytes,
	                             .address = 0x10000 * a + 40, .length_bytes = 8, .block_address = 0x10000 * a, .block_bytes = 40});
	finish_guarded();
	assert_int_equal(report.findings.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct ms_finding *f = &report.findings.list[i];

		assert_string_equal(f->function, calls[i].function);
		assert_int_equal(f->confirmed, i == 1);
		assert_int_equal(f->cwe, i == 2 ? 126 : 122);
	}
	assert_string_equal(report.findings.list[0].message, "strcpy: write of 1 byte just past the end of a 40-byte block");
}

static void test_fault(void **state)
{
	uint64_t registers[MS_EVIDENCE_REGISTERS] = {11, 22}, a;
	const struct ms_finding *f;

	(void)state;
	restart(&full);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	saw(2, &(struct ms_evidence){.kind = MS_EVIDENCE_FAULT, .access = MS_ACCESS_READ, .address = 0x10000 * a + 40, .stack = 3,
	                             .block_address = 0x10000 * a, .block_bytes = 40, .registers = registers,
	                             .register_count = MS_EVIDENCE_REGISTERS});
	finish_guarded();
	f = only("heap-overflow");
	assert_string_equal(f->message, "read just past the end of a 40-byte block");
	assert_int_equal(f->cwe, 126);
	assert_int_equal(f->register_count, MS_EVIDENCE_REGISTERS);
	assert_int_equal(f->registers[1], 22);
	assert_int_equal(f->certainty, MS_CERTAIN);
	assert_false(f->has_window);
}

static void test_use_after_free(void **state)
{
	uint64_t a, b;
	const struct ms_finding *f;

	(void)state;
	restart(&full);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 2, .stack = 3, .block = a, .size_bytes = 40,
	                                         .address = 0x10000 * a});
	b = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	saw(1, &(struct ms_evidence){.kind = MS_EVIDENCE_FAULT, .access = MS_ACCESS_WRITE, .freed = true, .stack = 1,
	                             .address = 0x10000 * a + 8, .block_address = 0x10000 * a, .block_bytes = 40});
	small_trace_free_block(&t, MS_EV_FREE, 1, b);
	finish_guarded();
	f = only("use-after-free");
	assert_string_equal(f->message, "write 8 bytes inside a 40-byte block that had been freed");
	assert_int_equal(f->block.id, a);
	assert_int_equal(f->block.free_ns, 20);
	assert_int_equal(f->block.free_thread, 2);
	assert_string_equal(function(f->free_node), "grow");
	assert_string_equal(function(f->error_node), "main");
	assert_int_equal(f->cwe, 416);
	assert_int_equal(detector("overflow")->status, MS_DETECTOR_CLEAN);
	assert_non_null(strstr(detector("overflow")->reason, "on the side without a page"));
	assert_string_equal(detector("use-after-free")->reason, "");
}

/* A run for each side leaves alignment alone to be blind for. */
static void test_full_mode_on_both_sides(void **state)
{
	struct ms_process both = full;

	(void)state;
	both.companion = "other.ms";
	restart(&both);
	finish_guarded();
	assert_int_equal(detector("overflow")->status, MS_DETECTOR_CLEAN);
	assert_null(strstr(detector("overflow")->reason, "the side without a page"));
	assert_non_null(strstr(detector("overflow")->reason, "--guard-align=1 leaves none"));
}

/* Sample mode: frees carry no stack, but for sampled blocks the guard says who freed them. */
static void test_freed_stack(void **state)
{
	uint64_t a;

	(void)state;
	restart(&(struct ms_process){.guard = MS_GUARD_SAMPLE, .guard_sample_rate = 1000});
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	saw(1, &(struct ms_evidence){.kind = MS_EVIDENCE_FREED_STACK, .freed = true, .stack = 3, .address = 0x10000 * a,
	                             .block_address = 0x10000 * a, .block_bytes = 40});
	saw(1, &(struct ms_evidence){.kind = MS_EVIDENCE_FAULT, .access = MS_ACCESS_READ, .freed = true, .stack = 1,
	                             .address = 0x10000 * a, .block_address = 0x10000 * a, .block_bytes = 40});
	finish_guarded();
	assert_string_equal(function(only("use-after-free")->free_node), "parse(char const*)");
	assert_string_equal(report.findings.list[0].message, "read at the start of a 40-byte block that had been freed");
	assert_non_null(strstr(detector("overflow")->reason, "one allocation in 1000"));
}

/* A run too short for its sample: nothing was watched, so nothing is clean. */
static void test_empty_sample(void **state)
{
	(void)state;
	restart(&(struct ms_process){.guard = MS_GUARD_SAMPLE, .guard_sample_rate = 1000});
	small_trace_free_block(&t, MS_EV_FREE, 1, small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40));
	finish();
	none();
	assert_int_equal(detector("overflow")->status, MS_DETECTOR_NOT_OBSERVABLE);
	assert_int_equal(detector("use-after-free")->status, MS_DETECTOR_NOT_OBSERVABLE);
	assert_non_null(strstr(detector("overflow")->reason, "one in 1000"));
	assert_int_equal(detector("double-free")->status, MS_DETECTOR_CLEAN);
}

static void test_not_observable(void **state)
{
	(void)state;
	small_trace_free_block(&t, MS_EV_FREE, 1, small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40));
	finish();
	none();
	assert_int_equal(detector("overflow")->status, MS_DETECTOR_NOT_OBSERVABLE);
	assert_int_equal(detector("use-after-free")->status, MS_DETECTOR_NOT_OBSERVABLE);
	assert_non_null(strstr(detector("overflow")->reason, "--guard=canary"));
	assert_int_equal(detector("double-free")->status, MS_DETECTOR_CLEAN);
}

static void test_table(void **state)
{
	struct ms_detector_ops bad = *ms_detectors[0];
	const struct ms_detector_ops *twice[] = {ms_detectors[0], &bad};
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_detector_check(ms_detectors, ms_detector_count, &err), MS_OK);
	assert_int_equal(ms_detector_check(twice, 2, &err), MS_E_ARGUMENT);
	bad.kinds = 0;
	assert_int_equal(ms_detector_check(twice, 2, &err), MS_E_ARGUMENT);
	assert_non_null(strstr(err.message, "double-free"));
	bad.name = "Other";
	assert_int_equal(ms_detector_check(twice, 2, &err), MS_E_ARGUMENT);
	bad.name = "other";
	assert_int_equal(ms_detector_check(twice, 2, &err), MS_OK);
	bad.run = NULL;
	assert_int_equal(ms_detector_check(twice, 2, &err), MS_E_ARGUMENT);
}

static void test_normal_names(void **state)
{
	static const char *const names[][2] = {
		{"plain", "plain"}, {"parse.constprop.0", "parse"}, {"f(int) [clone .isra.0]", "f(int)"}, {"hot.cold", "hot"},
		{"core::f::h0123456789abcdef", "core::f"}, {"a.part.3.lto_priv.1", "a"}, {"", ""}, {"@x", "@x"}, {"malloc@plt", "malloc"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(ms_normal_name_length(names[i][0]), strlen(names[i][1]));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_double_free), TEST(test_address_reuse), TEST(test_interior_free), TEST(test_interior_of_dead),
		TEST(test_never_allocated), TEST(test_unknown_is_not_judged), TEST(test_frees_of_culled_blocks), TEST(test_double_free_with_losses),
		TEST(test_double_free_in_child), TEST(test_attached), TEST(test_realloc_after_free), TEST(test_free_after_realloc),
		TEST(test_failed_realloc), TEST(test_exec_forgets), TEST(test_merging), TEST(test_too_many), TEST(test_families), TEST(test_sizes),
		TEST(test_mismatches_merge), TEST(test_refused_double_free), TEST(test_refused_inside), TEST(test_damage),
		TEST(test_underflow), TEST(test_bounds_and_damage), TEST(test_furthest_write), TEST(test_fault), TEST(test_use_after_free),
		TEST(test_full_mode_on_both_sides), TEST(test_freed_stack), TEST(test_empty_sample), TEST(test_not_observable), TEST(test_table), TEST(test_normal_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
