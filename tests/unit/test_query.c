/*
 * test_query.c - SQL over traces: the same numbers as the report, the same rows whether a condition is pushed down or not, snapshots
 * against a replay by hand, and statements that must be refused.
 *
 * A plus sign before a column keeps SQLite from handing the condition to the table, so that "+alloc_ns" is the referee of "alloc_ns".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/query/query.h"
#include "analyze/query/query_blocks.h"
#include "analyze/report.h"
#include "event_gen.h"
#include "random_trace.h"
#include "small_trace.h"

#define SEEDS 150

/* The first column of the first row; the row must be there. Formats are those of printf. */
static int64_t ask(struct ms_query *q, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int64_t ask(struct ms_query *q, const char *format, ...)
{
	char sql[1024];
	struct ms_value v;
	struct ms_error err;
	va_list args;
	bool row;

	va_start(args, format);
	vsnprintf(sql, sizeof sql, format, args);
	va_end(args);
	if (ms_query_prepare(q, sql, &err) || ms_query_step(q, &row, &err))
		fail_msg("%s: %s", sql, err.message);
	if (!row)
		fail_msg("%s: no row", sql);
	ms_query_value(q, 0, &v);
	if (v.kind == MS_VALUE_NULL)
		return 0;
	if (v.kind != MS_VALUE_INT)
		fail_msg("%s: no integer but '%s'", sql, v.text);
	return v.integer;
}

static int refused(struct ms_query *q, const char *sql, struct ms_error *err)
{
	bool row;
	int rc = ms_query_prepare(q, sql, err);

	return rc ? rc : ms_query_step(q, &row, err);
}

static uint32_t pick(uint32_t *random, uint32_t n)
{
	*random = *random * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)*random * n >> 32);
}

static void open_random(struct random_trace *t, uint32_t seed, size_t events, struct ms_trace **trace, struct ms_query **q)
{
	struct ms_error err;

	random_trace_make(t, seed, events);
	if (ms_trace_open_memory(trace, t->bytes, t->size, &err) || ms_query_open(q, *trace, NULL, &err))
		fail_msg("seed %u: %s", seed, err.message);
}

/* ---- the report's numbers ----------------------------------------------------------------------------------------- */

/* The peak may be reached by a step that no event makes: a realloc that an exec or the end cut short is taken back. Then no
   moment between two events has it. */
static bool has_peak(struct ms_query *q, int64_t peak)
{
	int64_t level = 0, most = 0;
	struct ms_error err;
	struct ms_value v[4];
	bool row;

	assert_int_equal(ms_query_prepare(q, "SELECT class, kind, size, block FROM events", &err), MS_OK);
	while (ms_query_step(q, &row, &err) == MS_OK && row) {
		for (unsigned i = 0; i < 4; i++)
			ms_query_value(q, i, &v[i]);
		if (strcmp(v[0].text, "alloc") == 0)
			level += v[2].integer;
		else if (strcmp(v[0].text, "free") == 0 && v[3].kind == MS_VALUE_INT)
			level -= v[2].integer;
		else if (strcmp(v[1].text, "image-start") == 0)
			level = 0;
		most = level > most ? level : most;
	}
	return most > 0 && most == peak;
}

static void compare_totals(struct ms_query *q, const struct ms_report_totals *t)
{
	assert_int_equal(ask(q, "SELECT count(*) FROM blocks"), t->allocations + t->reallocations);
	assert_int_equal(ask(q, "SELECT sum(size) FROM blocks"), t->allocated_bytes);
	assert_int_equal(ask(q, "SELECT count(*) FROM blocks WHERE ended = 'free'"), t->frees);
	assert_int_equal(ask(q, "SELECT sum(size) FROM blocks WHERE ended IN ('free', 'realloc')"), t->freed_bytes);
	assert_int_equal(ask(q, "SELECT count(*) FROM blocks WHERE ended = 'exec'"), t->ended_by_exec.blocks);
	assert_int_equal(ask(q, "SELECT sum(size) FROM blocks WHERE ended = 'exec'"), t->ended_by_exec.bytes);
	assert_int_equal(ask(q, "SELECT count(*) FROM blocks WHERE ended IS NULL"), t->live_blocks);
	assert_int_equal(ask(q, "SELECT sum(size) FROM blocks WHERE +alive = 1"), t->live_bytes);
	assert_int_equal(ask(q, "SELECT sum(size) FROM blocks WHERE alive = 1"), t->live_bytes);
	assert_int_equal(ask(q, "SELECT sum(temporary) FROM blocks"), t->temporary_allocations);
	assert_int_equal(ask(q, "SELECT count(DISTINCT id) FROM blocks"), t->allocations + t->reallocations);
	if (has_peak(q, (int64_t)t->peak_bytes)) {
		assert_int_equal(ask(q, "SELECT sum(size) FROM snapshot('peak')"), t->peak_bytes);
		assert_int_equal(ask(q, "SELECT count(*) FROM snapshot('peak')"), t->peak_blocks);
	}
	assert_int_equal(ask(q, "SELECT sum(size) FROM snapshot('end')"), t->live_bytes);
	assert_int_equal(ask(q, "SELECT count(*) FROM snapshot('start')"), 0);
	assert_int_equal(ask(q, "SELECT sum(bytes) FROM diff('start', 'end')"), t->live_bytes);
	assert_int_equal(ask(q, "SELECT max(max_live_bytes) FROM timeline('100ns')"), t->peak_bytes);
	assert_int_equal(ask(q, "SELECT max(max_live_blocks) FROM timeline('100ns')"), t->most_blocks);
	assert_int_equal(ask(q, "SELECT sum(blocks_begun) FROM timeline('1us')"), t->allocations + t->reallocations);
	assert_int_equal(ask(q, "SELECT sum(bytes_ended) FROM timeline('70ns')"), t->freed_bytes);
	for (int g = 0; g < MS_TIMELINE_GROUP_COUNT; g++) {
		const char *by = ms_timeline_groups[g].name;

		assert_int_equal(ask(q, "SELECT sum(bytes_begun) FROM series('90ns', '%s')", by), t->allocated_bytes);
		assert_int_equal(ask(q, "SELECT sum(bytes_ended) FROM series('1us', '%s')", by), t->freed_bytes);
		assert_int_equal(ask(q, "SELECT sum(blocks_begun) FROM series('70ns', '%s')", by), t->allocations + t->reallocations);
	}
	assert_int_equal(ask(q, "SELECT live_bytes FROM totals"), t->live_bytes);
}

static void compare_sites(struct ms_query *q, const struct ms_report *r)
{
	for (size_t i = 0; i < r->site_count; i++) {
		const struct ms_report_site *s = &r->sites[i];

		assert_int_equal(ask(q, "SELECT sum(size) FROM blocks WHERE site = %u", s->node), s->allocated_bytes);
		assert_int_equal(ask(q, "SELECT sum(size) FROM blocks WHERE site = %u AND alive = 1", s->node), s->live_bytes);
		if (has_peak(q, (int64_t)r->totals.peak_bytes))
			assert_int_equal(ask(q, "SELECT sum(size) FROM snapshot('peak') WHERE site = %u", s->node), s->peak_bytes);
		assert_int_equal(ask(q, "SELECT own_peak_bytes FROM sites WHERE id = %u", s->node), s->own_peak_bytes);
		assert_int_equal(ask(q, "SELECT max(max_live_bytes) FROM series('80ns', 'site') WHERE key = %u", s->node), s->own_peak_bytes);
		assert_int_equal(ask(q, "SELECT sum(temporary) FROM blocks WHERE site = %u", s->node), s->temporary_allocations);
	}
	assert_int_equal(ask(q, "SELECT count(*) FROM sites"), r->site_count);
}

static void compare_threads(struct ms_query *q, const struct ms_report *r)
{
	for (size_t i = 0; i < r->thread_count; i++) {
		const struct ms_report_thread *t = &r->threads[i];

		assert_int_equal(ask(q, "SELECT sum(size) FROM blocks WHERE thread = %u", t->id), t->allocated_bytes);
		assert_int_equal(ask(q, "SELECT count(*) FROM blocks WHERE free_thread = %u AND thread = %u", t->id, t->id), t->ended_own.blocks);
		assert_int_equal(ask(q, "SELECT ended_others_blocks FROM threads WHERE id = %u", t->id), t->ended_others.blocks);
		assert_int_equal(ask(q, "SELECT count(*) FROM events WHERE thread = %u", t->id), t->events);
	}
}

static void test_numbers_are_the_reports(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct random_trace t;
		struct ms_trace *trace;
		struct ms_query *q;
		struct ms_report r;
		struct ms_error err;

		open_random(&t, seed, 20 + seed * 7 % 600, &trace, &q);
		assert_int_equal(ms_report_build(&r, trace, NULL, &err), MS_OK);
		compare_totals(q, &r.totals);
		if (seed % 10 == 0) {
			compare_sites(q, &r);
			compare_threads(q, &r);
		}
		for (int k = 0; k < 256; k++)
			if (ms_event_kinds[k].name)
				assert_int_equal(ask(q, "SELECT count(*) FROM events WHERE kind = '%s'", ms_event_kinds[k].name),
				                 r.totals.events_of_kind[k]);
		ms_report_free(&r);
		ms_query_close(q);
		ms_trace_close(trace);
		random_trace_free(&t);
	}
}

/* ---- conditions that are pushed down ------------------------------------------------------------------------------ */

static void test_pushed_down_or_not(void **state)
{
	static const struct {
		const char *table, *column, *limit; /* the bounds are picked below this */
	} cases[] = {
		{"blocks", "alloc_ns", "max(alloc_ns)"}, {"blocks", "free_ns", "max(free_ns)"}, {"blocks", "id", "max(id)"},
		{"blocks", "size", "100000"}, {"blocks", "address", "1000000"}, {"events", "time_ns", "max(time_ns)"},
		{"events", "event", "max(event)"}, {"events", "block", "max(block)"}, {"events", "thread", "max(thread)"},
		{"stacks", "id", "max(id)"}, {"sites", "id", "max(id)"},
	};
	static const char *const operators[] = {"=", "<", "<=", ">", ">="};

	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS / 3; seed++) {
		const struct gen_options options = {.events_per_block = 50, .keyframe_every = seed % 2 ? 0 : 170};
		struct ms_stream stream;
		struct ms_trace *trace;
		struct ms_query *q;
		struct ms_error err;
		struct gen g;
		uint32_t random = seed;

		gen_init(&g, 1000 + seed, 1500, true);
		gen_write(&g, &stream, &options);
		assert_int_equal(ms_trace_open_memory(&trace, stream.memory, stream.position, &err), MS_OK);
		assert_int_equal(ms_query_open(&q, trace, NULL, &err), MS_OK);
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			for (int n = 0; n < 6; n++) {
				const char *c = cases[i].column, *first = operators[pick(&random, 5)], *second = operators[pick(&random, 5)];
				int64_t most = ask(q, "SELECT %s FROM %s LIMIT 1", cases[i].limit, cases[i].table);
				int64_t a = most > 0 ? (int64_t)((double)most * pick(&random, 1001) / 1000) : 0;
				int64_t b = a + (most > 0 ? (int64_t)((double)most * pick(&random, 200) / 1000) : 0);
				const char *value = cases[i].table[0] == 'b' ? "CAST(sum(id * (1 + temporary * 3) + size % 1009 + ifnull(lifetime_ns, 7) % 1009) AS INTEGER)" : "count(*)";

				assert_int_equal(ask(q, "SELECT %s FROM %s WHERE %s %s %lld AND %s %s %lld", value, cases[i].table, c, first,
				                     (long long)a, c, second, (long long)b),
				                 ask(q, "SELECT %s FROM %s WHERE +%s %s %lld AND +%s %s %lld", value, cases[i].table, c, first,
				                     (long long)a, c, second, (long long)b));
				/* The same without `temporary`, which lets the scan start later and skip. */
				if (cases[i].table[0] == 'b')
					assert_int_equal(ask(q, "SELECT CAST(sum(id + size %% 1009) AS INTEGER) FROM blocks WHERE %s >= %lld AND %s <= %lld", c, (long long)a, c,
					                     (long long)b),
					                 ask(q, "SELECT CAST(sum(id + size %% 1009) AS INTEGER) FROM blocks WHERE +%s >= %lld AND +%s <= %lld", c, (long long)a, c,
					                     (long long)b));
			}
		ms_query_close(q);
		ms_trace_close(trace);
		ms_stream_free(&stream);
		gen_free(&g);
	}
}

/* ---- moments ------------------------------------------------------------------------------------------------------ */

/* Sum over the blocks that live after an event, event by event. */
static int64_t replay(struct ms_query *q, const char *what, unsigned event)
{
	return ask(q,
	           "SELECT ifnull(sum(CASE class WHEN 'alloc' THEN %s ELSE -%s END), 0) FROM events "
	           "WHERE event <= %u AND (class = 'alloc' OR (class = 'free' AND block IS NOT NULL)) AND "
	           "event > (SELECT ifnull(max(event), -1) FROM events WHERE kind = 'image-start' AND event <= %u)",
	           what, what, event, event);
}

static void test_snapshots_equal_replay(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= SEEDS / 3; seed++) {
		struct random_trace t;
		struct ms_trace *trace;
		struct ms_query *q;
		uint32_t random = seed;
		uint32_t events;

		open_random(&t, 2000 + seed, 400, &trace, &q);
		events = (uint32_t)ms_trace_event_count(trace) - 1;
		for (int n = 0; n < 20 && events; n++) {
			unsigned e = pick(&random, events), e2 = pick(&random, events);
			int64_t ns = ask(q, "SELECT time_ns FROM events WHERE event = %u", e);
			int64_t bytes = replay(q, "size", e), blocks = replay(q, "1", e), until;

			assert_int_equal(ask(q, "SELECT sum(size) FROM snapshot('event:%u')", e), bytes);
			assert_int_equal(ask(q, "SELECT count(*) FROM snapshot('event:%u')", e), blocks);
			until = ask(q, "SELECT max(event) FROM events WHERE time_ns <= %lld", (long long)ns);
			assert_int_equal(ask(q, "SELECT total(size) = (SELECT total(size) FROM snapshot('event:%lld')) FROM snapshot('%lldns')",
			                     (long long)until, (long long)ns),
			                 1);
			/* diff is set arithmetic on two snapshots */
			assert_int_equal(ask(q, "SELECT sum(born_bytes) FROM diff('event:%u', 'event:%u')", e, e2),
			                 ask(q, "SELECT sum(size) FROM snapshot('event:%u') WHERE id NOT IN (SELECT id FROM snapshot('event:%u'))", e2, e));
			assert_int_equal(ask(q, "SELECT sum(bytes) FROM diff('event:%u', 'event:%u')", e, e2),
			                 ask(q, "SELECT sum(size) FROM snapshot('event:%u')", e2) - ask(q, "SELECT sum(size) FROM snapshot('event:%u')", e));
		}
		ms_query_close(q);
		ms_trace_close(trace);
		random_trace_free(&t);
	}
}

static void test_moments_by_name(void **state)
{
	struct small_trace t;
	struct ms_query *q;
	struct ms_error err;
	uint64_t a;

	(void)state;
	small_trace_start(&t);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100); /* 10 ns */
	small_trace_alloc(&t, MS_EV_NEW, 2, 3, 50);         /* 20 ns */
	small_trace_free_block(&t, MS_EV_FREE, 2, a);       /* 30 ns */
	assert_int_equal(ms_query_open(&q, small_trace_open(&t, &small_trace_exited), NULL, &err), MS_OK);
	assert_int_equal(ask(q, "SELECT sum(size) FROM snapshot('9ns')"), 0);
	assert_int_equal(ask(q, "SELECT sum(size) FROM snapshot('10ns')"), 100);
	assert_int_equal(ask(q, "SELECT sum(size) FROM snapshot('0.02us')"), 150);
	assert_int_equal(ask(q, "SELECT sum(size) FROM snapshot('30ns')"), 50);
	assert_int_equal(refused(q, "SELECT * FROM snapshot('1h')", &err), MS_E_NOT_FOUND);
	assert_int_equal(ask(q, "SELECT sum(age_ns) FROM snapshot('peak')"), 10);
	assert_int_equal(refused(q, "SELECT * FROM snapshot('soon')", &err), MS_E_ARGUMENT);
	assert_non_null(strstr(err.message, "soon"));
	assert_int_equal(refused(q, "SELECT * FROM snapshot('mark:x')", &err), MS_E_NOT_FOUND);
	assert_int_equal(refused(q, "SELECT * FROM snapshot('event:99')", &err), MS_E_NOT_FOUND);
	assert_int_equal(refused(q, "SELECT * FROM snapshot", &err), MS_E_ARGUMENT);
	assert_int_equal(refused(q, "SELECT * FROM timeline('0s')", &err), MS_E_ARGUMENT);
	assert_int_equal(refused(q, "SELECT * FROM series('0s', 'site')", &err), MS_E_ARGUMENT);
	assert_int_equal(refused(q, "SELECT * FROM timeline('0%')", &err), MS_E_ARGUMENT);
	assert_int_equal(refused(q, "SELECT * FROM timeline('peak')", &err), MS_E_ARGUMENT);
	assert_int_equal(ask(q, "SELECT count(*) FROM timeline('100%%')"), 2);
	assert_int_equal(ask(q, "SELECT end_ns - start_ns FROM timeline('25%%') LIMIT 1"), ask(q, "SELECT duration_ns / 4 FROM totals"));
	assert_int_equal(ask(q, "SELECT count(DISTINCT start_ns) FROM series('100%%', 'thread')"), 1);
	assert_int_equal(refused(q, "SELECT * FROM series('1s', 'colour')", &err), MS_E_ARGUMENT);
	assert_int_equal(ask(q, "SELECT count(*) FROM series('1s', NULL)"), 0);
	assert_int_equal(ask(q, "SELECT count(*) FROM snapshot(NULL)"), 0);
	/* a function whose argument comes from another table */
	assert_int_equal(ask(q, "SELECT sum(s.size) FROM events e, snapshot('event:' || e.event) s WHERE e.event <= 1"), 250);
	ms_query_close(q);
	small_trace_free(&t);
}

/* ---- without SQL --------------------------------------------------------------------------------------------------- */

/* The number in a column of the next row; the row must be there. */
static int64_t next_int(struct ms_query *q, unsigned column)
{
	struct ms_error err;
	struct ms_value v;
	bool row;

	assert_int_equal(ms_query_step(q, &row, &err), MS_OK);
	assert_true(row);
	ms_query_value(q, column, &v);
	assert_int_equal(v.kind, MS_VALUE_INT);
	return v.integer;
}

static void no_more(struct ms_query *q)
{
	struct ms_error err;
	bool row;

	assert_int_equal(ms_query_step(q, &row, &err), MS_OK);
	assert_false(row);
}

static void test_filters_compose(void **state)
{
	struct small_trace t;
	struct ms_query *q;
	struct ms_error err;
	struct ms_value v;
	uint64_t a, b, c;
	bool row;

	(void)state;
	small_trace_start(&t);
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100); /* 10 ns, main > grow */
	b = small_trace_alloc(&t, MS_EV_NEW, 2, 3, 50);     /* 20 ns, main > parse > grow */
	c = small_trace_alloc(&t, MS_EV_MALLOC, 2, 2, 70);  /* 30 ns */
	small_trace_free_block(&t, MS_EV_FREE, 2, a);       /* 40 ns */
	assert_int_equal(ms_query_open(&q, small_trace_open(&t, &small_trace_exited), NULL, &err), MS_OK);
	assert_int_equal(ms_query_largest(q, NULL, 2, &err), MS_OK);
	assert_int_equal(next_int(q, 0), a);
	assert_int_equal(next_int(q, 0), c);
	no_more(q);
	assert_int_equal(ms_query_largest(q, &(struct ms_block_filter){.moment = "end", .min_bytes = 51}, 0, &err), MS_OK);
	assert_int_equal(next_int(q, 0), c);
	no_more(q);
	assert_int_equal(ms_query_largest(q, &(struct ms_block_filter){.thread = 2, .from_ns = 20, .to_ns = 30}, 0, &err), MS_OK);
	assert_int_equal(next_int(q, 0), b);
	no_more(q);
	assert_int_equal(ms_query_largest(q, &(struct ms_block_filter){.path = "*parse*", .family = "new"}, 0, &err), MS_OK);
	assert_int_equal(next_int(q, 2), 50);
	no_more(q);
	assert_int_equal(ms_query_largest(q, &(struct ms_block_filter){.family = "' OR 1 --"}, 0, &err), MS_OK);
	no_more(q);
	assert_int_equal(ms_query_grouped(q, &(struct ms_block_filter){.max_bytes = 100}, MS_BY_THREAD, 0, &err), MS_OK);
	assert_int_equal(next_int(q, 2), 120);
	assert_int_equal(next_int(q, 2), 100);
	no_more(q);
	assert_int_equal(ms_query_grouped(q, NULL, MS_BY_FUNCTION, 1, &err), MS_OK);
	assert_int_equal(next_int(q, 2), 220);
	ms_query_value(q, 0, &v);
	assert_string_equal(v.text, "grow");
	assert_int_equal(ms_query_grouped(q, NULL, MS_BY_FAMILY, 0, &err), MS_OK);
	assert_int_equal(next_int(q, 1), 2);
	assert_int_equal(next_int(q, 1), 1);
	no_more(q);
	/* time alive: a lived 30 ns, b and c to the end; at a moment: so far */
	assert_int_equal(ms_query_largest(q, &(struct ms_block_filter){.max_alive_ns = 30, .max_bytes = 100, .min_alive_ns = 30}, 0, &err), MS_OK);
	assert_int_equal(next_int(q, 0), a);
	while (ms_query_step(q, &row, &err) == MS_OK && row)
		;
	assert_int_equal(ms_query_largest(q, &(struct ms_block_filter){.moment = "30ns", .min_alive_ns = 10}, 0, &err), MS_OK);
	assert_int_equal(next_int(q, 0), a);
	assert_int_equal(next_int(q, 0), b);
	no_more(q);
	assert_int_equal(ms_query_largest(q, &(struct ms_block_filter){.min_alive_ns = UINT64_MAX}, 0, &err), MS_OK);
	no_more(q);
	assert_int_equal(ms_query_grouped(q, NULL, (enum ms_query_by)9, 0, &err), MS_E_ARGUMENT);
	ms_query_close(q);
	small_trace_free(&t);
}

/* ---- what is refused ---------------------------------------------------------------------------------------------- */

static void test_only_reading(void **state)
{
	static const char *const statements[] = {
		"ATTACH 'x.db' AS x", "PRAGMA user_version = 3", "CREATE TABLE t(a)", "CREATE TEMP TABLE t(a)", "DROP VIEW marks",
		"INSERT INTO blocks VALUES (1)", "DELETE FROM events", "UPDATE sites SET id = 1", "SELECT load_extension('x')", "VACUUM INTO 'x'",
		"SELECT 1; SELECT 2", "", "SELEC 1", "SELECT nothing FROM blocks", "BEGIN", "CREATE VIRTUAL TABLE t USING events",
		"ANALYZE", "EXPLAIN DELETE FROM events",
	};
	struct small_trace t;
	struct ms_query *q;
	struct ms_error err;

	(void)state;
	small_trace_start(&t);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);
	assert_int_equal(ms_query_open(&q, small_trace_open(&t, NULL), NULL, &err), MS_OK);
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
		if (refused(q, statements[i], &err) != MS_E_ARGUMENT)
			fail_msg("not refused: %s", statements[i]);
	assert_int_equal(ask(q, "SELECT count(*) FROM blocks; -- a comment is nothing"), 1);
	ms_query_close(q);
	small_trace_free(&t);
}

static void test_values_and_limits(void **state)
{
	const struct ms_query_options hurry = {.timeout_ns = 50000000};
	struct small_trace t;
	struct ms_query *q;
	struct ms_error err;
	struct ms_value v;
	bool row;

	(void)state;
	small_trace_start(&t);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_ALLOC_FAILED, .thread = 1, .stack = 2, .size_bytes = UINT64_MAX - 1, .arg = {MS_EV_MALLOC}});
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);
	assert_int_equal(ms_query_open(&q, small_trace_open(&t, NULL), &hurry, &err), MS_OK);
	assert_int_equal(ms_query_prepare(q, "SELECT size, 1.5, NULL FROM events WHERE kind = ?1 AND size > ?2", &err), MS_OK);
	assert_int_equal(ms_query_bind_text(q, 1, "alloc-failed", &err), MS_OK);
	assert_int_equal(ms_query_bind_int(q, 2, INT64_MAX, &err), MS_OK);
	assert_int_equal(ms_query_step(q, &row, &err), MS_OK);
	assert_true(row);
	ms_query_value(q, 0, &v);
	assert_int_equal(v.kind, MS_VALUE_TEXT);
	assert_string_equal(v.text, "18446744073709551614");
	ms_query_value(q, 1, &v);
	assert_string_equal(v.text, "1.5");
	ms_query_value(q, 2, &v);
	assert_int_equal(v.kind, MS_VALUE_NULL);
	assert_int_equal(ms_query_step(q, &row, &err), MS_OK);
	assert_false(row);
	assert_int_equal(refused(q, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n", &err), MS_E_LIMIT);
	ms_query_interrupt(q);
	assert_int_equal(refused(q, "SELECT count(*) FROM blocks", &err), MS_E_CANCELLED);
	ms_query_close(q);
	small_trace_free(&t);
}

/* Any byte of a trace may be wrong: an answer or an error, nothing else. */
static void test_damaged_bytes(void **state)
{
	static const char *const statements[] = {
		"SELECT sum(size + address) FROM blocks WHERE alloc_ns > 100", "SELECT sum(size) FROM snapshot('50%')",
		"SELECT sum(arg0), max(text) FROM events", "SELECT count(path) FROM stacks", "SELECT sum(live_bytes) FROM sites",
		"SELECT sum(size) FROM blocks WHERE id = 17", "SELECT sum(bytes) FROM diff('10%', 'end')",
	};
	struct random_trace t;
	uint32_t random = 7, errors = 0;

	(void)state;
	random_trace_make(&t, 77, 3000);
	for (int n = 0; n < 400; n++) {
		uint8_t *bytes = malloc(t.size);
		struct ms_trace *trace;
		struct ms_query *q;
		struct ms_error err;

		assert_non_null(bytes);
		memcpy(bytes, t.bytes, t.size);
		for (int k = 0; k < 3; k++)
			bytes[pick(&random, (uint32_t)t.size)] ^= (uint8_t)(1u << pick(&random, 8));
		if (ms_trace_open_memory(&trace, bytes, t.size, &err) == MS_OK) {
			assert_int_equal(ms_query_open(&q, trace, NULL, &err), MS_OK);
			for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
				if (refused(q, statements[i], &err) != MS_OK) {
					errors++;
					assert_true(err.message[0] != '\0');
				}
			ms_query_close(q);
			ms_trace_close(trace);
		}
		free(bytes);
	}
	assert_true(errors > 0);
	random_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_the_reports), cmocka_unit_test(test_pushed_down_or_not),
		cmocka_unit_test(test_snapshots_equal_replay),  cmocka_unit_test(test_moments_by_name),
		cmocka_unit_test(test_only_reading),            cmocka_unit_test(test_values_and_limits),
		cmocka_unit_test(test_damaged_bytes),           cmocka_unit_test(test_filters_compose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
