/* test_detectors_guard.c - what guards saw: damage, refused frees, accesses; and what no guard could see. */
#include "detectors_fixture.h"
#include "format/evidence.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_refused_double_free), TEST(test_refused_inside), TEST(test_damage), TEST(test_underflow),
		TEST(test_bounds_and_damage), TEST(test_furthest_write), TEST(test_fault), TEST(test_use_after_free),
		TEST(test_full_mode_on_both_sides), TEST(test_freed_stack), TEST(test_empty_sample), TEST(test_not_observable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
