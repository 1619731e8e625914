/*
 * Sums of culled blocks in a trace: what goes in comes out, also in a part and a copy; nothing else is accepted, and no bytes that a block of the
 * file may hold break what a reader promises. MEMSCOPE_SEED=FILE writes the seed `culled` of fuzz_trace again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/limits.h"
#include "format/stream.h"
#include "format/trace_part.h"
#include "format/trace_writer.h"
#include "hostile_block.h"
#include "small_trace.h"

static const struct ms_culled_row first_rows[] = {
	{.stack = 0, .allocations = 1, .bytes = 3, .lifetime_ns = 10},
	{.stack = 2, .reallocations = 300, .bytes = UINT64_C(1) << 40, .lifetime_ns = 400},
	{.stack = 3, .allocations = 7, .reallocations = 1},
};
static const struct ms_culled_row second_rows[] = {{.stack = 1, .allocations = UINT64_C(1) << 33, .bytes = 1, .lifetime_ns = 1}};
static const struct ms_culled periods[] = {
	{.from_ns = 0, .to_ns = 1000, .rows = first_rows, .row_count = 3, .peak_bytes = 1 << 20, .peak_ns = 500, .young_bytes = 99},
	{.from_ns = 1000, .to_ns = 5000, .rows = second_rows, .row_count = 1, .peak_bytes = 5, .peak_ns = 5000, .early_events = 12},
	{.from_ns = 6000, .to_ns = 6000},
};

static void same_rows(const struct ms_culled *got, const struct ms_culled *want)
{
	assert_int_equal(got->from_ns, want->from_ns);
	assert_int_equal(got->to_ns, want->to_ns);
	assert_int_equal(got->peak_bytes, want->peak_bytes);
	assert_int_equal(got->peak_ns, want->peak_ns);
	assert_int_equal(got->young_bytes, want->young_bytes);
	assert_int_equal(got->early_events, want->early_events);
	assert_int_equal(got->row_count, want->row_count);
	for (size_t i = 0; i < want->row_count; i++) {
		assert_int_equal(got->rows[i].stack, want->rows[i].stack);
		assert_int_equal(got->rows[i].allocations, want->rows[i].allocations);
		assert_int_equal(got->rows[i].reallocations, want->rows[i].reallocations);
		assert_int_equal(got->rows[i].bytes, want->rows[i].bytes);
		assert_int_equal(got->rows[i].lifetime_ns, want->rows[i].lifetime_ns);
	}
}

static void write_periods(struct small_trace *t)
{
	struct ms_error err;

	small_trace_start(t);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ms_writer_culled(t->writer, &periods[i], &err), MS_OK);
}

static void roundtrip(void **state)
{
	const char *path = getenv("MEMSCOPE_SEED");
	struct small_trace t;

	(void)state;
	write_periods(&t);
	small_trace_open(&t, &small_trace_exited);
	assert_int_equal(ms_trace_culled_count(t.trace), 3);
	assert_null(ms_trace_culled(t.trace, 3));
	for (size_t i = 0; i < 3; i++)
		same_rows(ms_trace_culled(t.trace, i), &periods[i]);
	if (path) {
		FILE *f = fopen(path, "wb");

		assert_non_null(f);
		assert_int_equal(fwrite(t.stream.memory, 1, t.stream.position, f), t.stream.position);
		assert_int_equal(fclose(f), 0);
	}
	small_trace_free(&t);
}

/* A part has the sums that reach into it, with its own stacks; a copy has all. */
static void in_parts(void **state)
{
	struct small_trace t;

	(void)state;
	write_periods(&t);
	small_trace_open(&t, &small_trace_exited);
	for (unsigned copy = 0; copy < 2; copy++) {
		const struct ms_part_request request = {.from_ns = 1000, .to_ns = 1500};
		const struct ms_writer_options options = {.part = copy == 0};
		struct ms_stream stream;
		struct ms_writer *w;
		struct ms_trace *out;
		struct ms_error err;

		ms_stream_init_memory(&stream);
		assert_int_equal(ms_writer_open(&w, &stream, &options, &err), MS_OK);
		if (copy) {
			assert_int_equal(ms_writer_copy(w, t.trace, NULL, NULL, &err), MS_OK);
			assert_int_equal(ms_writer_end(w, ms_trace_end(t.trace), &err), MS_OK);
		} else if (ms_write_part(w, t.trace, &request, &err) != MS_OK) {
			fail_msg("%s", err.message);
		}
		assert_int_equal(ms_trace_open_memory(&out, stream.memory, stream.position, &err), MS_OK);
		assert_null(ms_trace_damage(out));
		assert_int_equal(ms_trace_culled_count(out), copy ? 3 : 1);
		for (size_t i = 0; copy && i < 3; i++)
			same_rows(ms_trace_culled(out, i), &periods[i]);
		if (!copy) {
			assert_int_equal(ms_trace_culled(out, 0)->rows[0].allocations, second_rows[0].allocations);
			assert_int_equal(ms_trace_frame(out, ms_trace_stack(out, ms_trace_culled(out, 0)->rows[0].stack)->frame)->address,
			                 ms_trace_frame(t.trace, ms_trace_stack(t.trace, 1)->frame)->address);
		}
		ms_trace_close(out);
		ms_writer_close(w);
		ms_stream_free(&stream);
	}
	small_trace_free(&t);
}

static void refused(void **state)
{
	static const struct ms_culled_row twice[] = {{.stack = 1, .allocations = 1}, {.stack = 1, .allocations = 1}};
	static const struct ms_culled_row unknown[] = {{.stack = 99, .allocations = 1}};
	static const struct ms_culled_row empty[] = {{.stack = 1, .bytes = 1}};
	static const struct ms_culled wrong[] = {
		{.from_ns = 7000, .to_ns = 7000, .rows = twice, .row_count = 2},
		{.from_ns = 7000, .to_ns = 7000, .rows = unknown, .row_count = 1},
		{.from_ns = 7000, .to_ns = 7000, .rows = empty, .row_count = 1},
		{.from_ns = 5999, .to_ns = 7000},
		{.from_ns = 7000, .to_ns = 6999},
		{.from_ns = 7000, .to_ns = MS_MAX_TIME_NS + 1},
		{.from_ns = 7000, .to_ns = 7001, .peak_ns = 7002},
		{.from_ns = 7000, .to_ns = 7000, .rows = twice, .row_count = MS_MAX_CULLED + 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct small_trace t;
		struct ms_error err;

		write_periods(&t);
		assert_int_equal(ms_writer_culled(t.writer, &wrong[i], &err), MS_E_ARGUMENT);
		ms_writer_close(t.writer);
		ms_stream_free(&t.stream);
	}
}

/* Sums over the file that 64 bits do not hold are refused by the reader. */
static void too_large(void **state)
{
	const struct ms_culled_row row = {.stack = 1, .allocations = UINT64_C(1) << 63, .bytes = 1};
	struct small_trace t;
	struct ms_error err;

	(void)state;
	write_periods(&t);
	for (uint64_t i = 0; i < 2; i++) {
		const struct ms_culled c = {.from_ns = 7000 + i, .to_ns = 7000 + i, .rows = &row, .row_count = 1};

		assert_int_equal(ms_writer_culled(t.writer, &c, &err), MS_OK);
	}
	assert_int_equal(ms_writer_end(t.writer, &small_trace_exited, &err), MS_OK);
	assert_int_equal(ms_trace_open_memory(&t.trace, t.stream.memory, t.stream.position, &err), MS_OK);
	assert_int_equal(ms_trace_damage(t.trace)->code, MS_E_CORRUPT);
	assert_int_equal(ms_trace_culled_count(t.trace), 4);
	small_trace_free(&t);
}

static void rows_in_order(const struct ms_tables *tables)
{
	const struct ms_culled_row *r = (const struct ms_culled_row *)(const void *)tables->culled.rows.data;

	for (size_t k = 0; k < tables->culled.rows.size / sizeof *r; k++)
		assert_true(r[k].stack <= 3 && (k == 0 || r[k].stack > r[k - 1].stack) && r[k].allocations + r[k].reallocations > 0);
}

static void hostile(void **state)
{
	const struct ms_tables empty = {.budget = 1 << 20, .stack_count = 3};
	struct small_trace t;

	(void)state;
	write_periods(&t);
	small_trace_open(&t, &small_trace_exited);
	change_every_byte(t.trace, MS_BLOCK_CULLED, &empty, rows_in_order, ms_tables_finish_culled);
	small_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roundtrip),
		cmocka_unit_test(in_parts),
		cmocka_unit_test(refused),
		cmocka_unit_test(too_large),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
