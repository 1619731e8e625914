/* test_evidence_ingest.c - evidence entries of a ring become records of the trace; what the app may have scribbled over does not. */
#include "format/evidence.h"
#include "ingest_fixture.h"
#include "record/evidence_ingest.h"

/* The entry's words behind word 1: 5 bytes and the registers 100 .. 117. Returns their number. */
static size_t build(uint64_t words[64], struct ms_evidence_entry e)
{
	size_t n = MS_ENTRY_EVIDENCE_WORDS;

	memset(words, 0, 64 * sizeof *words);
	memcpy(words, &e, sizeof e);
	memcpy(words + n, "\x01\x02\x03\x04\x05", 5);
	n++;
	for (unsigned i = 0; i < MS_EVIDENCE_REGISTERS; i++)
		words[n++] = 100 + i;
	return n;
}

static struct ms_evidence_entry good(void)
{
	struct ms_evidence_entry e = {
		.kind = MS_EVIDENCE_BOUNDS, .access = MS_ACCESS_WRITE, .check = MS_CHECK_ACCESS, .freed = 1, .expected = 0xcb,
		.byte_count = 5, .register_count = MS_EVIDENCE_REGISTERS, .address = 0x5000, .length_bytes = 7,
		.block_address = 0x4fd8, .block_bytes = 40, .last_good_ticks = 1234, .function = "memcpy",
	};
	return e;
}

static void test_that_every_field_arrives(void **state)
{
	struct rig r;
	uint64_t words[64];
	size_t n = build(words, good());
	const struct ms_evidence *e;
	const struct ms_end end = {.ended = MS_ENDED_EXITED};

	(void)state;
	rig_open(&r, NULL);
	assert_int_equal(evidence_ingest(&r.ingest.tables, r.writer, &r.clock, words, n), 1);
	assert_int_equal(evidence_ingest(&r.ingest.tables, r.writer, &r.clock, words, n), 2);
	assert_true(evidence_shows_error(words));
	assert_int_equal(ms_writer_end(r.writer, &end, &r.err), MS_OK);
	assert_int_equal(ms_trace_open_memory(&r.trace, r.stream.memory, r.stream.position, &r.err), MS_OK);
	assert_int_equal(ms_trace_evidence_count(r.trace), 2);
	e = ms_trace_evidence(r.trace, 1);
	assert_non_null(e);
	assert_int_equal(e->kind, MS_EVIDENCE_BOUNDS);
	assert_int_equal(e->access, MS_ACCESS_WRITE);
	assert_int_equal(e->check, MS_CHECK_ACCESS);
	assert_true(e->freed);
	assert_int_equal(e->expected, 0xcb);
	assert_int_equal(e->address, 0x5000);
	assert_int_equal(e->length_bytes, 7);
	assert_int_equal(e->block_address, 0x4fd8);
	assert_int_equal(e->block_bytes, 40);
	assert_int_equal(e->last_good_ns, tick_clock_ns(&r.clock, 1234));
	assert_int_equal(e->stack, 0);
	assert_string_equal(ms_trace_string(r.trace, e->function), "memcpy");
	assert_int_equal(e->byte_count, 5);
	assert_memory_equal(e->bytes, "\x01\x02\x03\x04\x05", 5);
	assert_int_equal(e->register_count, MS_EVIDENCE_REGISTERS);
	assert_int_equal(e->registers[0], 100);
	assert_int_equal(e->registers[17], 117);
	close_rig(&r);
}

static void test_that_nonsense_is_refused(void **state)
{
	struct rig r;
	uint64_t words[64];
	size_t n;

	(void)state;
	rig_open(&r, NULL);
	n = build(words, good());
	for (size_t short_ = 0; short_ < n; short_++)
		assert_int_equal(evidence_ingest(&r.ingest.tables, r.writer, &r.clock, words, short_), 0);
	for (int field = 0; field < 5; field++) {
		struct ms_evidence_entry e = good();

		if (field == 0)
			e.kind = 0;
		if (field == 1)
			e.kind = 200;
		if (field == 2)
			e.access = 3;
		if (field == 3)
			e.check = 99;
		if (field == 4)
			e.register_count = 17;
		n = build(words, e);
		assert_int_equal(evidence_ingest(&r.ingest.tables, r.writer, &r.clock, words, n), 0);
	}
	{
		struct ms_evidence_entry e = good();

		e.byte_count = 65;
		build(words, e);
		assert_int_equal(evidence_ingest(&r.ingest.tables, r.writer, &r.clock, words, 64), 0);
		e = good();
		memset(e.function, 'x', sizeof e.function); /* no end: cut */
		n = build(words, e);
		assert_int_equal(evidence_ingest(&r.ingest.tables, r.writer, &r.clock, words, n), 1);
		e = good();
		e.kind = MS_EVIDENCE_FREED_STACK;
		n = build(words, e);
		assert_int_equal(evidence_ingest(&r.ingest.tables, r.writer, &r.clock, words, n), 2);
		assert_false(evidence_shows_error(words)); /* of a sampled block alone */
	}
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_that_every_field_arrives),
		cmocka_unit_test(test_that_nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
