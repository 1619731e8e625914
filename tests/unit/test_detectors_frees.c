/* test_detectors_frees.c - frees that end no block: their errors, twins without, and traces that cannot tell. */
#include "analyze/cases.h"
#include "detectors_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_double_free), TEST(test_address_reuse), TEST(test_interior_free), TEST(test_interior_of_dead),
		TEST(test_never_allocated), TEST(test_unknown_is_not_judged), TEST(test_frees_of_culled_blocks),
		TEST(test_double_free_with_losses), TEST(test_double_free_in_child), TEST(test_attached),
		TEST(test_realloc_after_free), TEST(test_free_after_realloc), TEST(test_failed_realloc), TEST(test_exec_forgets),
		TEST(test_merging), TEST(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
