/*
 * Samples of the process: what goes in comes out, nothing else is accepted, and what the report makes of it. The golden trace
 * tests/golden/v2/samples.ms was written by write_story (MEMSCOPE_GOLDEN=FILE writes it again).
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyze/report.h"
#include "format/bytes.h"
#include "format/limits.h"
#include "format/stream.h"
#include "format/trace_writer.h"
#include "hostile_block.h"
#include "small_trace.h"

static uint32_t intern(struct ms_writer *w, const char *s)
{
	return ms_writer_string(w, s, strlen(s));
}

static uint32_t add_series(struct ms_writer *w, const char *name, uint8_t unit, bool cumulative, const char *reason)
{
	return ms_writer_series(w, &(struct ms_series){.name = intern(w, name), .source = intern(w, "/proc"), .unit = unit,
						       .cumulative = cumulative, .reason = intern(w, reason)});
}

/* ---- roundtrip ----------------------------------------------------------------------------------------------------- */

#define SAMPLES 9000u /* more than one block */

static uint64_t value_of(uint32_t id, uint64_t i)
{
	return id == 3 ? UINT64_MAX - i : i * i * id;
}

static bool has_value(uint32_t id, uint64_t i)
{
	return id == 1 || (id == 2 && i % 10 == 0) || (id == 3 && i > 4000 && i % 3);
}

static void write_many(struct ms_writer *w)
{
	struct ms_error err;

	assert_int_equal(add_series(w, "a", MS_UNIT_BYTES, false, ""), 1);
	assert_int_equal(add_series(w, "b", MS_UNIT_NANOSECONDS, true, ""), 2);
	assert_int_equal(add_series(w, "c", MS_UNIT_PERCENT, false, ""), 3);
	assert_int_equal(add_series(w, "d", MS_UNIT_COUNT, false, "Permission denied"), 4);
	for (uint64_t i = 0; i < SAMPLES; i++) {
		uint32_t ids[4];
		uint64_t values[4];
		size_t n = 0;

		for (uint32_t id = 1; id <= 4; id++)
			if (has_value(id, i)) {
				ids[n] = id;
				values[n++] = value_of(id, i);
			}
		assert_int_equal(ms_writer_sample(w, i * 1000, ids, values, n, &err), MS_OK);
		if (i % 1000 == 0)
			assert_int_equal(ms_writer_flush(w, &err), MS_OK);
	}
}

static void check_many(const struct ms_trace *t)
{
	assert_int_equal(ms_trace_series_count(t), 4);
	assert_null(ms_trace_series(t, 0));
	assert_null(ms_trace_series(t, 5));
	assert_int_equal(ms_trace_series(t, 3)->unit, MS_UNIT_PERCENT);
	assert_true(ms_trace_series(t, 2)->cumulative && !ms_trace_series(t, 1)->cumulative);
	assert_string_equal(ms_trace_string(t, ms_trace_series(t, 4)->reason), "Permission denied");
	for (uint32_t id = 0; id <= 5; id++) {
		size_t n, at = 0;
		const struct ms_sample *s = ms_trace_samples(t, id, &n);

		for (uint64_t i = 0; i < SAMPLES; i++) {
			if (!has_value(id, i))
				continue;
			assert_true(at < n);
			assert_int_equal(s[at].time_ns, i * 1000);
			assert_true(s[at].value == value_of(id, i));
			at++;
		}
		assert_int_equal(at, n);
	}
}

static void roundtrip(void **state)
{
	struct small_trace t;
	struct ms_stream copy;
	struct ms_writer *w;
	struct ms_trace *again;
	struct ms_error err;

	(void)state;
	small_trace_start(&t);
	write_many(t.writer);
	small_trace_open(&t, &small_trace_exited);
	assert_null(ms_trace_damage(t.trace));
	check_many(t.trace);
	/* a copy of the blocks */
	ms_stream_init_memory(&copy);
	assert_int_equal(ms_writer_open(&w, &copy, NULL, &err), MS_OK);
	assert_int_equal(ms_writer_copy(w, t.trace, NULL, NULL, &err), MS_OK);
	assert_int_equal(ms_writer_end(w, &small_trace_exited, &err), MS_OK);
	ms_writer_close(w);
	assert_int_equal(ms_trace_open_memory(&again, copy.memory, copy.position, &err), MS_OK);
	check_many(again);
	ms_trace_close(again);
	ms_stream_free(&copy);
	small_trace_free(&t);
}

static void refused(void **state)
{
	static const struct ms_region overlapping[] = {{.start = 0, .end = 0x2000}, {.start = 0x1000, .end = 0x3000}};
	static const struct ms_region inverted[] = {{.start = 0x2000, .end = 0x1000}};
	static const struct ms_region nameless[] = {{.start = 0, .end = 0x1000, .name = 99999}};
	struct ms_error err;

	(void)state;
	for (unsigned what = 0; what < 9; what++) {
		const uint32_t ids[] = {what == 1 ? 2 : 1, 1};
		const uint64_t values[] = {5, 6};
		struct ms_footprint f = {.complete = true, .region_count = 1 + (what == 4)};
		struct small_trace t;
		int rc = MS_OK;

		small_trace_start(&t);
		assert_int_equal(add_series(t.writer, "a", MS_UNIT_BYTES, false, ""), 1);
		f.regions = what == 4 ? overlapping : what == 5 ? inverted : nameless;
		switch (what) {
		case 0: /* twice the same series */
		case 1: /* one that there is not */
			rc = ms_writer_sample(t.writer, 1, ids, values, 2, &err);
			break;
		case 2: /* backwards */
			assert_int_equal(ms_writer_sample(t.writer, 5, ids, values, 1, &err), MS_OK);
			rc = ms_writer_sample(t.writer, 4, ids, values, 1, &err);
			break;
		case 3:
			rc = ms_writer_sample(t.writer, MS_MAX_TIME_NS + 1, ids, values, 1, &err);
			break;
		case 4:
		case 5:
		case 6:
			rc = ms_writer_footprint(t.writer, &f, &err);
			break;
		case 7:
			rc = ms_writer_series(t.writer, &(struct ms_series){.name = 0}) ? MS_OK : ms_writer_status(t.writer);
			break;
		case 8:
			rc = ms_writer_series(t.writer, &(struct ms_series){.name = 1, .unit = 4}) ? MS_OK : ms_writer_status(t.writer);
			break;
		}
		assert_int_equal(rc, MS_E_ARGUMENT);
		ms_writer_close(t.writer);
		ms_stream_free(&t.stream);
	}
}

static void regions_in_order(const struct ms_tables *tables)
{
	const struct ms_region *r = (const struct ms_region *)(const void *)tables->samples.regions.data;

	for (size_t k = 1; k < tables->samples.regions.size / sizeof *r; k++)
		assert_true(r[k].start >= r[k - 1].end && r[k].end >= r[k].start);
}

static void finish_samples(struct ms_tables *tables)
{
	struct ms_error err;

	assert_int_equal(ms_tables_finish_samples(tables, &err), MS_OK);
}

/* Never a crash, an order that is not, or an id that is not. */
static void hostile(void **state)
{
	static struct ms_region regions[2] = {{.start = 0x1000, .end = 0x5000, .resident_bytes = 4096},
					      {.start = 0x8000, .end = 0x9000, .flags = 3}};
	struct small_trace t;
	struct ms_error err;
	struct ms_tables empty = {.budget = 1 << 20};

	(void)state;
	small_trace_start(&t);
	add_series(t.writer, "a", MS_UNIT_BYTES, false, "");
	add_series(t.writer, "b", MS_UNIT_BYTES, false, "");
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(ms_writer_sample(t.writer, i * 10, (const uint32_t[]){1, 2}, (const uint64_t[]){i, 7}, 1 + i % 2, &err), MS_OK);
	assert_int_equal(ms_writer_footprint(t.writer, &(struct ms_footprint){.time_ns = 3, .regions = regions, .region_count = 2}, &err), MS_OK);
	small_trace_open(&t, &small_trace_exited);
	empty.string_count = ms_trace_string_count(t.trace);
	change_every_byte(t.trace, MS_BLOCK_SAMPLES, &empty, regions_in_order, finish_samples);
	small_trace_free(&t);
}

/* ---- what the report makes of it ----------------------------------------------------------------------------------- */

#define MIB (UINT64_C(1) << 20)

static void add_event(struct small_trace *t, uint8_t kind, uint64_t address, uint64_t size, uint64_t a, uint64_t b)
{
	struct ms_event e = {.kind = kind, .address = address, .size_bytes = size, .arg = {a, b}, .thread = 1};

	if (kind == MS_EV_MALLOC)
		e.block = t->next_block++;
	else if (kind == MS_EV_FREE)
		e.block = a;
	small_trace_event(t, &e);
}

static const char *const names[] = {"/bin/app", "[heap]", "[stack]", "/memfd:memscope-arena (deleted)", "/dev/shm/q", "[vdso]"};

static void write_story(struct small_trace *t)
{
	static const struct ms_process facts = {.allocator = "libc.so.6", .monitor_interval_ns = 100};
	struct ms_region regions[] = {
		{.start = 0x400000, .end = 0x500000, .resident_bytes = 0x80000, .name = 1, .flags = 7},
		{.start = 0x500000, .end = 0x501000, .resident_bytes = 0x1000, .anonymous_bytes = 0x1000, .flags = 3}, /* its bss */
		{.start = 0x600000, .end = 0x700000, .resident_bytes = 0x40000, .anonymous_bytes = 0x40000, .name = 2, .flags = 3},
		{.start = 0x10000000, .end = 0x20000000, .resident_bytes = 100 * MIB, .anonymous_bytes = 100 * MIB, .flags = 3},
		{.start = 0x30000000, .end = 0x30100000, .resident_bytes = 0x9000, .anonymous_bytes = 0x9000, .flags = 3}, /* mmap */
		{.start = 0x40000000, .end = 0x40001000, .flags = 0},
		{.start = 0x40001000, .end = 0x40801000, .resident_bytes = 0x3000, .anonymous_bytes = 0x3000, .flags = 3}, /* stack */
		{.start = 0x50000000, .end = 0x50100000, .resident_bytes = 5 * MIB, .anonymous_bytes = 5 * MIB, .flags = 3},
		{.start = 0x60000000, .end = 0x60100000, .resident_bytes = 0x5000, .name = 4, .flags = 11},
		{.start = 0x61000000, .end = 0x61100000, .resident_bytes = 0x2000, .name = 5, .flags = 11},
		{.start = 0x7ff000000000, .end = 0x7ff000100000, .resident_bytes = 0x4000, .anonymous_bytes = 0x4000, .name = 3, .flags = 3},
		{.start = 0x7ff100000000, .end = 0x7ff100001000, .resident_bytes = 0x1000, .name = 6, .flags = 5, .swapped_bytes = 77},
	};
	struct ms_footprint f = {.regions = regions, .region_count = sizeof regions / sizeof *regions, .complete = true};
	struct ms_error err;

	small_trace_start_as(t, &facts);
	for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
		if (regions[i].name)
			regions[i].name = intern(t->writer, names[regions[i].name - 1]);
	assert_int_equal(add_series(t->writer, "rss", MS_UNIT_BYTES, false, ""), 1);
	assert_int_equal(add_series(t->writer, "cpu_user", MS_UNIT_NANOSECONDS, true, ""), 2);
	assert_int_equal(add_series(t->writer, "swap", MS_UNIT_BYTES, false, "Permission denied"), 3);
	assert_int_equal(add_series(t->writer, "pss", MS_UNIT_BYTES, false, ""), 4);
	add_event(t, MS_EV_MALLOC, 0x600010, 100, 0, 0);                       /* 10 ns, block 1: chunk of 112 */
	add_event(t, MS_EV_MALLOC, 0x600080, 1, 0, 0);                         /* block 2: chunk of 32 */
	add_event(t, MS_EV_MALLOC, 0x10000010, 200 * MIB, 0, 0);               /* block 3: half of it touched */
	add_event(t, MS_EV_MALLOC, 0x600200, 5000, 0, 0);                      /* block 4 */
	add_event(t, MS_EV_FREE, 0x600200, 0, 4, 0);
	add_event(t, MS_EV_MMAP, 0x30000000, 0x1000, 3, 0x22);                 /* anonymous, private */
	add_event(t, MS_EV_MMAP, 0x50000000, 0x1000, 3, 0x22);
	add_event(t, MS_EV_MUNMAP, 0x50000000, 0x1000, 0, 0);
	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(ms_writer_sample(t->writer, 5 + i * 10, (const uint32_t[]){1, 2},
						  (const uint64_t[]){i == 4 ? 900 : 100 + i, 1000 * i}, 2, &err), MS_OK);
	f.time_ns = t->now_ns;
	assert_int_equal(ms_writer_footprint(t->writer, &f, &err), MS_OK);
	add_event(t, MS_EV_MALLOC, 0x600200, 7777, 0, 0); /* after it */
}

static uint64_t row(const struct ms_report *r, const char *name)
{
	for (size_t i = 0; i < r->reconciliation.row_count; i++)
		if (strcmp(r->reconciliation.rows[i].name, name) == 0)
			return r->reconciliation.rows[i].bytes;
	fail_msg("no row %s", name);
	return 0;
}

static void check_story(const struct ms_report *r)
{
	const struct ms_system_series *rss = ms_system_find(&r->system, "rss"), *cpu = ms_system_find(&r->system, "cpu_user");
	const struct ms_report_reconciliation *c = &r->reconciliation;
	uint64_t sum = 0, samples = 0;

	assert_null(r->system.reason);
	assert_int_equal(r->system.interval_ns, 100);
	assert_int_equal(r->system.series_count, 4);
	assert_null(ms_system_find(&r->system, "threads"));
	assert_null(rss->reason);
	assert_int_equal(rss->samples, 10);
	assert_int_equal(rss->max, 900);
	assert_int_equal(rss->max_ns, 45);
	assert_int_equal(rss->min, 100);
	assert_int_equal(rss->last_ns, 95);
	assert_true(cpu->cumulative);
	assert_int_equal(cpu->last, 9000);
	for (size_t i = 0; i < r->timeline_count; i++)
		samples += rss->bins[i].samples;
	assert_int_equal(samples, 10);
	assert_string_equal(ms_system_find(&r->system, "swap")->reason, "Permission denied");
	assert_non_null(strstr(ms_system_find(&r->system, "pss")->reason, "no sample"));

	assert_null(c->reason);
	assert_true(c->complete);
	assert_int_equal(c->time_ns, 80);
	assert_int_equal(c->live_blocks, 3);
	assert_int_equal(c->live_bytes, 200 * MIB + 101);
	assert_int_equal(c->untouched_bytes, 100 * MIB);
	assert_int_equal(c->swapped_bytes, 77);
	for (size_t i = 0; i < c->row_count; i++)
		sum += c->rows[i].bytes;
	assert_int_equal(sum, c->resident_bytes);
	assert_int_equal(row(r, "requested"), 100 * MIB + 101);
	assert_int_equal(row(r, "slack"), 12 + 31);
	assert_int_equal(row(r, "allocator"), 0x40000 - 101 - 43);
	assert_int_equal(row(r, "mmap"), 0x9000);
	assert_int_equal(row(r, "files"), 0x80000 + 0x1000);
	assert_int_equal(row(r, "stacks"), 0x3000 + 0x4000);
	assert_int_equal(row(r, "shared"), 0x2000);
	assert_int_equal(row(r, "recorder"), 0x5000);
	assert_int_equal(row(r, "other"), 0x1000);
	assert_int_equal(row(r, "unexplained"), 5 * MIB);
	assert_string_equal(c->mappings[0].name, "");
	assert_string_equal(c->mappings[0].row, "requested");
	assert_int_equal(c->mappings[0].resident_bytes, 100 * MIB);
}

static void story(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	write_story(&t);
	small_trace_report(&t, &small_trace_exited, &r);
	check_story(&r);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void golden(void **state)
{
	struct ms_trace *t;
	struct ms_report r;
	struct ms_error err;

	(void)state;
	if (ms_trace_open(&t, "tests/golden/v2/samples.ms", &err) != MS_OK)
		fail_msg("%s", err.message);
	assert_null(ms_trace_damage(t));
	assert_int_equal(ms_report_build(&r, t, NULL, &err), MS_OK);
	check_story(&r);
	ms_report_free(&r);
	ms_trace_close(t);
}

/* Samples at 5, 15, ... 95 ns; a window has its own and no others. */
static void window(void **state)
{
	static const struct {
		const char *from, *to;
		uint64_t samples, first_ns, last_ns, max;
	} cases[] = {{"20ns", "60ns", 4, 25, 55, 900}, {"60ns", NULL, 4, 65, 95, 109}, {NULL, "35ns", 4, 5, 35, 103}, {"46ns", "54ns", 0, 0, 0, 0}};
	struct ms_trace *t;
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_trace_open(&t, "tests/golden/v2/samples.ms", &err), MS_OK);
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		const struct ms_report_options options = {.from = cases[k].from, .to = cases[k].to};
		const struct ms_system_series *rss;
		struct ms_report r;
		uint64_t binned = 0;

		assert_int_equal(ms_report_build(&r, t, &options, &err), MS_OK);
		rss = ms_system_find(&r.system, "rss");
		assert_int_equal(rss->samples, cases[k].samples);
		assert_int_equal(rss->first_ns, cases[k].first_ns);
		assert_int_equal(rss->last_ns, cases[k].last_ns);
		assert_int_equal(rss->max, cases[k].max);
		for (size_t i = 0; rss->bins && i < r.timeline_count; i++)
			binned += rss->bins[i].samples;
		assert_int_equal(binned, cases[k].samples);
		if (cases[k].samples)
			assert_null(rss->reason);
		else
			assert_string_equal(rss->reason, "no sample was taken in the window");
		ms_report_free(&r);
	}
	ms_trace_close(t);
}

static void nothing_to_see(void **state)
{
	static const struct ms_process off = {.allocator = "libc.so.6"}, wanted = {.monitor_interval_ns = 5};
	struct small_trace t;
	struct ms_report r;

	(void)state;
	small_trace_start_as(&t, &off);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_non_null(strstr(r.system.reason, "without samples"));
	assert_non_null(strstr(r.reconciliation.reason, "without samples"));
	ms_report_free(&r);
	small_trace_free(&t);
	small_trace_start_as(&t, &wanted);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_non_null(strstr(r.system.reason, "before the first sample"));
	assert_non_null(r.reconciliation.reason);
	ms_report_free(&r);
	small_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roundtrip), cmocka_unit_test(refused), cmocka_unit_test(hostile), cmocka_unit_test(story),
		cmocka_unit_test(golden), cmocka_unit_test(window), cmocka_unit_test(nothing_to_see),
	};
	const char *path = getenv("MEMSCOPE_GOLDEN");

	if (path) {
		struct small_trace t;
		FILE *f = fopen(path, "wxb");
		struct ms_end end = small_trace_exited;

		write_story(&t);
		end.peak_bytes = 200 * MIB + 101 + 7777;
		small_trace_open(&t, &end);
		if (!f || fwrite(t.stream.memory, 1, t.stream.position, f) != t.stream.position || fclose(f) != 0)
			return 1;
		small_trace_free(&t);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
