/*
 * test_query_limits.c - what questions cost, counted in events read, and how they are stopped: by time, memory, an interrupt, from
 * inside a replay, too; that what a table looks at itself changes no answer; and that nothing but reading is let through, however it is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "analyze/moment.h"
#include "analyze/query/query.h"
#include "analyze/report.h"
#include "event_gen.h"
#include "format/cancel.h"
#include "format/container.h"
#include "format/trace_reader.h"

#define EVENTS 40000u
#define PER_BLOCK 50u
#define PER_KEYFRAME 1000u

/* A trace of many small blocks of the file, shared by the tests. */
static struct {
	struct gen gen;
	struct ms_stream stream;
	struct ms_trace *trace;
} shared;

static int make_trace(void **state)
{
	const struct gen_options options = {.events_per_block = PER_BLOCK, .keyframe_every = PER_KEYFRAME};
	struct ms_error err;

	(void)state;
	gen_init(&shared.gen, 77, EVENTS, false);
	gen_write(&shared.gen, &shared.stream, &options);
	return ms_trace_open_memory(&shared.trace, shared.stream.memory, shared.stream.position, &err);
}

static int free_trace(void **state)
{
	(void)state;
	ms_trace_close(shared.trace);
	ms_stream_free(&shared.stream);
	gen_free(&shared.gen);
	return 0;
}

static struct ms_query *open_query(const struct ms_query_options *options)
{
	struct ms_query *q;
	struct ms_error err;

	if (ms_query_open(&q, shared.trace, options, &err))
		fail_msg("%s", err.message);
	return q;
}

/* All rows; *last: the first column of the last one, 0 when it is no integer. */
static int run(struct ms_query *q, const char *sql, int64_t *last, struct ms_error *err)
{
	struct ms_value v;
	bool row = true;
	int rc = ms_query_prepare(q, sql, err);

	*last = 0;
	while (rc == MS_OK && row) {
		rc = ms_query_step(q, &row, err);
		if (rc == MS_OK && row) {
			ms_query_value(q, 0, &v);
			*last = v.kind == MS_VALUE_INT ? v.integer : 0;
		}
	}
	return rc;
}

static int64_t ask(struct ms_query *q, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int64_t ask(struct ms_query *q, const char *format, ...)
{
	char sql[600];
	int64_t value;
	struct ms_error err;
	va_list args;

	va_start(args, format);
	vsnprintf(sql, sizeof sql, format, args);
	va_end(args);
	if (run(q, sql, &value, &err))
		fail_msg("%s: %s", sql, err.message);
	return value;
}

/* ---- what is read ------------------------------------------------------------------------------------------------- */

/* Every @ becomes the number. */
static void expand(char *out, size_t size, const char *template, uint64_t number)
{
	size_t at = 0;

	for (; *template && at + 24 < size; template++)
		if (*template == '@')
			at += (size_t)snprintf(out + at, size - at, "%llu", (unsigned long long)number);
		else
			out[at++] = *template;
	out[at] = '\0';
}

/* A condition reads at most from the keyframe before to the end of what it is about, and a block of the file to look a time up. */
static void test_narrow_questions_read_little(void **state)
{
	static const unsigned events[] = {1, 999, 1000, 1001, 20333, 39900};
	static const struct {
		const char *sql;
		enum { EVENT, TIME, ID } what;
		unsigned most;
	} cases[] = {
		{"SELECT count(*) FROM events WHERE event = @", EVENT, PER_KEYFRAME + 2 * PER_BLOCK},
		{"SELECT sum(size) FROM events WHERE event BETWEEN @ AND @ + 200", EVENT, PER_KEYFRAME + 200 + 2 * PER_BLOCK},
		{"SELECT sum(address) FROM snapshot('event:@')", EVENT, PER_KEYFRAME + 3 * PER_BLOCK},
		{"SELECT count(*) FROM snapshot('event:@') WHERE size > 100 AND address > 5 AND thread = 1 AND family = 'malloc'", EVENT,
		 PER_KEYFRAME + 3 * PER_BLOCK},
		{"SELECT sum(born_blocks) FROM diff('event:@', 'event:@')", EVENT, 2 * (PER_KEYFRAME + 3 * PER_BLOCK)},
		{"SELECT count(*) FROM events WHERE time_ns = @", TIME, PER_KEYFRAME + 3 * PER_BLOCK},
		{"SELECT count(*) FROM events WHERE time_ns > @ - 10 AND time_ns < @ + 10", TIME, PER_KEYFRAME + 20 * PER_BLOCK},
		{"SELECT sum(size) FROM snapshot('@ns')", TIME, PER_KEYFRAME + 3 * PER_BLOCK},
		{"SELECT count(*) FROM blocks WHERE id = @ AND size >= 0", ID, 2 * PER_KEYFRAME + 6 * PER_BLOCK},
	};
	struct ms_query *q = open_query(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
		/* a block that began there or later and lived for less than 500 events */
		const uint64_t numbers[] = {
			[EVENT] = events[i], [TIME] = (uint64_t)ask(q, "SELECT time_ns FROM events WHERE event = %u", events[i]),
			[ID] = (uint64_t)ask(q, "SELECT ifnull(max(block), 0) FROM events WHERE event BETWEEN %u AND %u AND class = 'free' AND kind != 'realloc-free' "
			                        "AND birth_kind != 'realloc' AND birth_ns >= (SELECT time_ns FROM events WHERE event = %u)",
			                     events[i], events[i] + 90, events[i] < 500 ? 0 : events[i] - 500),
		};

		for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
			uint64_t before, read;
			char sql[300];

			if (cases[k].what == ID && !numbers[ID])
				continue; /* none there: those of other places are looked at */
			expand(sql, sizeof sql, cases[k].sql, numbers[cases[k].what]);
			before = ms_trace_events_read(shared.trace);
			ask(q, "%s", sql);
			read = ms_trace_events_read(shared.trace) - before;
			if (read > cases[k].most)
				fail_msg("%s: %llu events read", sql, (unsigned long long)read);
		}
	}
	ms_query_close(q);
}

static bool in_range(const struct ms_live_block *b, const struct ms_birth_range *r)
{
	return b->block >= r->low_id && b->block <= r->high_id && b->birth_ns >= r->low_ns && b->birth_ns <= r->high_ns;
}

/* Conditions that a table may look at give the rows that they give without it, whatever the collation. */
static void test_collations(void **state)
{
	static const char *const tables[][2] = {{"blocks", "family"}, {"events", "kind"}, {"events", "class"}, {"snapshot('50%')", "family"}};
	static const char *const conditions[] = {"= 'MALLOC' COLLATE NOCASE", "= 'malloc  ' COLLATE RTRIM", "= 'ALLOC' COLLATE NOCASE", "= 'malloc'",
	                                         "COLLATE NOCASE IN ('MALLOC', 'FREE')"};
	struct ms_query *q = open_query(NULL);
	unsigned some = 0;

	(void)state;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (size_t k = 0; k < sizeof conditions / sizeof *conditions; k++) {
			int64_t count = ask(q, "SELECT count(*) FROM %s WHERE +%s %s", tables[i][0], tables[i][1], conditions[k]);

			if (ask(q, "SELECT count(*) FROM %s WHERE %s %s", tables[i][0], tables[i][1], conditions[k]) != count)
				fail_msg("%s %s: %lld rows are expected", tables[i][1], conditions[k], (long long)count);
			some += count > 0;
		}
	assert_true(some > 10);
	ms_query_close(q);
}

/* What a keyframe counts is what a cursor finds alive there. */
static void test_keyframes_count(void **state)
{
	const uint64_t end_ns = ms_trace_last_time_ns(shared.trace);
	unsigned keyframes = 0, counted = 0;
	uint64_t count;
	struct ms_error err;

	(void)state;
	for (size_t i = 0; i < ms_trace_block_count(shared.trace); i++) {
		const struct ms_block_info *b = ms_trace_block(shared.trace, i);
		const struct ms_live_block *live;
		struct ms_cursor *c;
		size_t n;

		if (b->kind != MS_BLOCK_KEYFRAME) {
			assert_int_equal(ms_trace_keyframe_count(shared.trace, i, &(struct ms_birth_range){0}, &count, &err), MS_E_ARGUMENT);
			continue;
		}
		assert_int_equal(ms_cursor_open(&c, shared.trace, 0, b->first_event, 1, &err), MS_OK);
		assert_int_equal(ms_cursor_live(c, &live, &n, &err), MS_OK);
		for (unsigned k = 0; k < 8; k++) {
			const struct ms_birth_range range = {k % 3 ? b->first_event / (k + 1) : 0, k % 2 ? b->first_event / 2 : UINT64_MAX,
			                                     k & 4 ? end_ns / 5 : 0, k % 5 == 3 ? end_ns / 2 : UINT64_MAX};
			uint64_t truth = 0;

			for (size_t m = 0; m < n; m++)
				truth += in_range(&live[m], &range);
			assert_int_equal(ms_trace_keyframe_count(shared.trace, i, &range, &count, &err), MS_OK);
			assert_int_equal(count, truth);
			counted += truth > 0 && truth < n;
		}
		ms_cursor_close(c);
		keyframes++;
	}
	assert_int_equal(keyframes, EVENTS / PER_KEYFRAME - 1);
	assert_true(counted > keyframes);
}

/* A block that lives over many keyframes: the live blocks are loaded where the pass starts and where it goes on, not at each keyframe
   between. */
static void test_hops_load_little(void **state)
{
	struct ms_query *q = open_query(NULL);
	const uint64_t id = (uint64_t)ask(q, "SELECT id FROM blocks WHERE ended = 'free' ORDER BY lifetime_ns DESC LIMIT 1"),
	               most = (uint64_t)ask(q, "SELECT most_blocks FROM totals"),
	               events = (uint64_t)ask(q, "SELECT max(event) - min(event) FROM events WHERE block = %llu", (unsigned long long)id);
	uint64_t loaded = ms_trace_live_loaded(shared.trace), read = ms_trace_events_read(shared.trace);

	(void)state;
	assert_true(events > 6 * PER_KEYFRAME);
	assert_int_equal(ask(q, "SELECT count(*) FROM blocks WHERE id = %llu", (unsigned long long)id), 1);
	assert_true(ms_trace_live_loaded(shared.trace) - loaded <= 2 * most);
	assert_true(ms_trace_events_read(shared.trace) - read < 3 * PER_KEYFRAME);
	ms_query_close(q);
}

/* Tables beside the events read none; the counter sees what is read, and the peak is looked for once. */
static void test_what_the_counter_sees(void **state)
{
	struct ms_query *q = open_query(NULL);
	uint64_t before = ms_trace_events_read(shared.trace);

	(void)state;
	ask(q, "SELECT count(path) FROM stacks");
	ask(q, "SELECT count(*) FROM frames, modules, monitor, samples, footprints, regions");
	assert_int_equal(ms_trace_events_read(shared.trace), before);
	ask(q, "SELECT count(*) FROM blocks");
	assert_true(ms_trace_events_read(shared.trace) >= before + EVENTS);
	before = ms_trace_events_read(shared.trace);
	ask(q, "SELECT count(*) FROM snapshot('peak')");
	assert_true(ms_trace_events_read(shared.trace) >= before + EVENTS);
	before = ms_trace_events_read(shared.trace);
	ask(q, "SELECT count(*) FROM snapshot('peak')");
	assert_true(ms_trace_events_read(shared.trace) <= before + PER_KEYFRAME + 2 * PER_BLOCK);
	before = ms_trace_events_read(shared.trace);
	ask(q, "SELECT live_bytes FROM totals");
	assert_true(ms_trace_events_read(shared.trace) >= before + EVENTS);
	before = ms_trace_events_read(shared.trace);
	ask(q, "SELECT count(*) FROM sites, threads, findings");
	assert_int_equal(ms_trace_events_read(shared.trace), before);
	ms_query_close(q);
}

/* ---- being stopped ------------------------------------------------------------------------------------------------ */

static bool third_time(void *arg)
{
	return ++*(unsigned *)arg == 3;
}

static void test_replays_are_cancelled(void **state)
{
	unsigned asked = 0;
	const struct ms_cancel cancel = {third_time, &asked};
	const struct ms_report_options options = {.threads = 1, .cancel = &cancel}, threaded = {.threads = 3, .cancel = &cancel};
	uint64_t before = ms_trace_events_read(shared.trace);
	struct ms_report report;
	struct ms_instant at;
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_report_build(&report, shared.trace, &options, &err), MS_E_CANCELLED);
	assert_true(ms_trace_events_read(shared.trace) - before < 10 * PER_BLOCK);
	assert_null(report.sites);
	asked = 0;
	assert_int_equal(ms_report_build(&report, shared.trace, &threaded, &err), MS_E_CANCELLED);
	asked = 0;
	before = ms_trace_events_read(shared.trace);
	assert_int_equal(ms_moment_find_or_cancel(&at, "peak", shared.trace, &cancel, &err), MS_E_CANCELLED);
	assert_true(ms_trace_events_read(shared.trace) - before < 20 * PER_BLOCK);
	asked = 4; /* never */
	assert_int_equal(ms_moment_find_or_cancel(&at, "peak", shared.trace, &cancel, &err), MS_OK);
	assert_int_equal(ms_report_build(&report, shared.trace, &options, &err), MS_OK);
	ms_report_free(&report);
}

struct interrupter {
	struct ms_query *query;
	uint64_t from;
};

/* Interrupts once some of the events have been read. */
static void *interrupt(void *arg)
{
	const struct interrupter *i = arg;

	while (ms_trace_events_read(shared.trace) < i->from + 2 * PER_BLOCK)
		sched_yield();
	ms_query_interrupt(i->query);
	return NULL;
}

/* The thread may be late; once in so many times it is not. */
static void test_interrupted_inside(void **state)
{
	static const char *const statements[] = {
		"SELECT live_bytes FROM totals", "SELECT count(*) FROM snapshot('peak')", "SELECT count(*) FROM snapshot('end')",
		"SELECT count(*) FROM timeline('1s')", "SELECT count(*) FROM blocks", "SELECT count(*) FROM events",
	};

	(void)state;
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
		int rc = MS_OK;

		for (int n = 0; n < 500 && rc == MS_OK; n++) {
			struct ms_query *q = open_query(NULL);
			struct interrupter by = {q, ms_trace_events_read(shared.trace)};
			struct ms_error err;
			pthread_t thread;
			int64_t ignored;

			assert_int_equal(pthread_create(&thread, NULL, interrupt, &by), 0);
			rc = run(q, statements[i], &ignored, &err);
			pthread_join(thread, NULL);
			ms_query_close(q);
		}
		if (rc != MS_E_CANCELLED)
			fail_msg("%s: status %d", statements[i], rc);
	}
}

static void test_limits(void **state)
{
	static const char *const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT %s";
	const struct ms_query_options hurry = {.timeout_ns = 20000000}, at_once = {.timeout_ns = 1}, small = {.max_memory_bytes = 16 << 20},
	                              unlimited = {.max_memory_bytes = INT64_MAX};
	struct ms_query *q = open_query(&hurry);
	struct ms_error err;
	int64_t ignored;
	char sql[200];

	(void)state;
	snprintf(sql, sizeof sql, endless, "sum(i) FROM n");
	assert_int_equal(run(q, sql, &ignored, &err), MS_E_LIMIT);
	snprintf(sql, sizeof sql, endless, "count(*) FROM n a, n b WHERE a.i = b.i");
	assert_int_equal(run(q, sql, &ignored, &err), MS_E_LIMIT);
	assert_int_equal(ask(q, "SELECT 1"), 1); /* the next statement has its own time */
	ms_query_close(q);
	q = open_query(&at_once);
	assert_int_equal(run(q, "SELECT live_bytes FROM totals", &ignored, &err), MS_E_LIMIT);
	assert_int_equal(run(q, "SELECT count(*) FROM snapshot('peak')", &ignored, &err), MS_E_LIMIT);
	assert_int_equal(run(q, "SELECT count(*) FROM blocks", &ignored, &err), MS_E_LIMIT);
	assert_int_equal(run(q, "SELECT count(*) FROM timeline('1s')", &ignored, &err), MS_E_LIMIT);
	ms_query_close(q);
	q = open_query(&small);
	snprintf(sql, sizeof sql, endless, "i, hex(zeroblob(500)) FROM n ORDER BY 2, 1");
	assert_int_equal(run(q, sql, &ignored, &err), MS_E_LIMIT);
	assert_non_null(strstr(err.message, "16 MiB"));
	assert_int_equal(run(q, "SELECT group_concat(hex(zeroblob(1000))) FROM events", &ignored, &err), MS_E_LIMIT);
	assert_int_equal(ask(q, "SELECT count(*) FROM events"), EVENTS);
	ms_query_close(q);
	q = open_query(&unlimited);
	/* texts of a row have a limit of their own */
	assert_int_equal(run(q, "SELECT length(zeroblob(1000000000))", &ignored, &err), MS_E_ARGUMENT);
	ms_query_close(q);
}

/* ---- what is refused ---------------------------------------------------------------------------------------------- */

static void test_only_reading(void **state)
{
	static const char *const statements[] = {
		"ATTACH DATABASE ':memory:' AS x", "ATTACH 'file:/etc/passwd?mode=ro' AS x", "DETACH temp", "PRAGMA temp_store = file",
		"PRAGMA table_info(blocks)", "SELECT * FROM pragma_table_info('blocks')", "SELECT * FROM pragma_database_list",
		"CREATE TABLE t AS SELECT 1", "CREATE TEMP VIEW v AS SELECT 1", "CREATE TEMP TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END",
		"CREATE VIRTUAL TABLE temp.t USING snapshot", "CREATE INDEX i ON blocks(id)", "ALTER TABLE blocks RENAME TO b", "DROP TABLE blocks",
		"VACUUM", "VACUUM INTO '/tmp/x.db'", "SAVEPOINT a", "COMMIT", "ROLLBACK", "INSERT INTO events SELECT * FROM events",
		"REPLACE INTO blocks VALUES (1)", "WITH a AS (SELECT 1) DELETE FROM blocks", "UPDATE temp.marks SET event = 1",
		"EXPLAIN PRAGMA user_version", "SELECT load_extension('/tmp/x.so')", "SELECT load_extension('/tmp/x.so', 'f')",
		"SELECT writefile('/tmp/x', 'x')", "SELECT readfile('/etc/passwd')", "SELECT edit('x')", "SELECT fts3_tokenizer('x', x'00')",
		"/* */ DELETE FROM blocks", ";DELETE FROM blocks", "SELECT 1; DELETE FROM blocks",
	};
	struct ms_query *q = open_query(NULL);
	struct ms_error err;
	int64_t ignored;

	(void)state;
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
		if (run(q, statements[i], &ignored, &err) != MS_E_ARGUMENT || !err.message[0])
			fail_msg("not refused: %s", statements[i]);
	assert_int_equal(ask(q, "SELECT count(*) FROM events"), EVENTS);
	ms_query_close(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_narrow_questions_read_little), cmocka_unit_test(test_collations), cmocka_unit_test(test_keyframes_count), cmocka_unit_test(test_hops_load_little),
		cmocka_unit_test(test_what_the_counter_sees),
		cmocka_unit_test(test_replays_are_cancelled), cmocka_unit_test(test_interrupted_inside), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_only_reading),
	};

	return cmocka_run_group_tests(tests, make_trace, free_trace);
}
