/*
 * test_index.c - reading from the middle gives what reading from the start gives.
 *
 * Random traces are read twice, with an index of very short distances and without: reports of windows and moments must be the
 * same JSON to the byte, cursors must deliver the same events and live blocks. Then everything that may be wrong with an index.
 * MEMSCOPE_SEEDS=tests/fuzz/corpus/index build/release/unit/test_index writes the seeds of fuzz_index.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <xxhash.h>

#include "analyze/index_build.h"
#include "analyze/moment.h"
#include "analyze/report.h"
#include "format/stream.h"
#include "format/trace_index.h"
#include "format/trace_internal.h"
#include "keyframe_trace.h"
#include "render/json.h"

struct pair {
	struct random_trace t;
	struct keyframe_trace k;         /* instead of t, when it has a trace */
	struct ms_trace *plain, *indexed;
	struct ms_stream index;
	size_t checkpoints;
};

static void index_pair(struct pair *p, const void *bytes, size_t size, uint32_t seed, uint64_t interval)
{
	const struct ms_index_options options = {.interval = interval, .events_per_block = 1};
	struct ms_index_facts facts;
	struct ms_error err = {0};

	assert_int_equal(ms_trace_open_memory(&p->plain, bytes, size, &err), MS_OK);
	assert_int_equal(ms_trace_open_memory(&p->indexed, bytes, size, &err), MS_OK);
	ms_stream_init_memory(&p->index);
	if (ms_index_build_file(&p->index, p->plain, &options, &facts, &err))
		fail_msg("seed %u: %s", seed, err.message);
	if (ms_trace_attach_index_memory(p->indexed, p->index.memory, p->index.position, &err))
		fail_msg("seed %u: %s", seed, err.message);
	assert_int_equal(ms_trace_index(p->indexed)->checkpoints, facts.checkpoints);
	p->checkpoints = facts.checkpoints;
}

static void open_pair(struct pair *p, uint32_t seed, size_t events, uint64_t interval)
{
	memset(p, 0, sizeof *p);
	random_trace_make(&p->t, seed, events);
	index_pair(p, p->t.bytes, p->t.size, seed, interval);
}

/* With keyframes of the recorder's in many places. */
static void open_keyframe_pair(struct pair *p, uint32_t seed, size_t events, uint64_t interval, uint64_t every)
{
	memset(p, 0, sizeof *p);
	keyframe_trace_make(&p->k, seed, events, every);
	index_pair(p, p->k.stream.memory, p->k.stream.position, seed, interval);
}

static void close_pair(struct pair *p)
{
	ms_trace_close(p->plain);
	ms_trace_close(p->indexed);
	ms_stream_free(&p->index);
	if (p->k.trace)
		keyframe_trace_free(&p->k);
	else
		random_trace_free(&p->t);
}

/* ---- the same reports ---------------------------------------------------------------------------------------------- */

static char *json_of(const struct ms_trace *t, const char *from, const char *to, unsigned threads, uint32_t temporary_window)
{
	struct ms_report_options options = {.from = from, .to = to, .threads = threads, .timeline_buckets = 16,
	                                    .temporary_window = temporary_window, .timeline_by = (1u << MS_TIMELINE_GROUP_COUNT) - 1};
	struct ms_json_options json = {ms_site_key_find("peak"), 0};
	struct ms_report r;
	struct ms_error err = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (ms_report_build(&r, t, &options, &err))
		fail_msg("window %s to %s: %s", from ? from : "-", to ? to : "-", err.message);
	assert_int_equal(ms_render_json(f, &r, &json, &err), MS_OK);
	fclose(f);
	ms_report_free(&r);
	return text;
}

static void check_report(const struct pair *p, const char *from, const char *to, unsigned threads, uint32_t temporary_window)
{
	char *a = json_of(p->plain, from, to, 1, temporary_window), *b = json_of(p->indexed, from, to, threads, temporary_window);
	size_t i = 0;

	while (a[i] && a[i] == b[i])
		i++;
	if (a[i] || b[i])
		fail_msg("window %s to %s, byte %zu: without the index\n%.300s\nwith it\n%.300s", from ? from : "-", to ? to : "-", i,
		         a + (i > 150 ? i - 150 : 0), b + (i > 150 ? i - 150 : 0));
	free(a);
	free(b);
}

static unsigned windows, used;

static void check_windows(uint32_t seed, size_t events, unsigned times)
{
	struct pair p;
	size_t count;

	if (seed % 2)
		open_pair(&p, seed, events, 1 + seed % 40);
	else
		open_keyframe_pair(&p, seed, events, 1 + seed % 40, 20 + seed % 60);
	count = ms_trace_event_count(p.plain);
	for (unsigned i = 0; i < times; i++, windows++) {
		size_t a = (seed * 7919u + i * 104729u) % count, b = (seed * 31u + i * 15485863u) % count;
		char from[40], to[40];

		snprintf(from, sizeof from, "event:%zu", a < b ? a : b);
		snprintf(to, sizeof to, "event:%zu", a < b ? b : a);
		used += ms_trace_place_before(p.indexed, (a < b ? a : b) + 1) != NULL;
		check_report(&p, from, i % 5 ? to : NULL, 1 + i % 3, i % 7 == 6 ? 3 : 0);
	}
	check_report(&p, NULL, NULL, 1, 0);
	close_pair(&p);
}

static void test_windows(void **state)
{
	(void)state;
	windows = used = 0;
	for (uint32_t seed = 1; seed <= 240; seed++)
		check_windows(seed, 1 + seed % 300, 4);
	check_windows(9101, 6000, 60);
	assert_true(windows >= 1000);
	assert_true(used >= 300);
}

/* ---- the same events ----------------------------------------------------------------------------------------------- */

/* All that comes from the event on must be the same, element by element. */
static void check_events(const struct pair *p, uint64_t first, uint32_t columns)
{
	struct ms_cursor *a, *b;
	struct ms_batch x = {0}, y = {0};
	const struct ms_live_block *live_x, *live_y;
	struct ms_error err = {0};
	uint32_t i = 0, k = 0;
	size_t n_x, n_y;

	/* Without a keyframe in the trace, this one reads from the start. */
	assert_int_equal(ms_cursor_open(&a, p->plain, columns, first, 1, &err), MS_OK);
	assert_int_equal(ms_cursor_open(&b, p->indexed, columns, first, 1 + first % 2, &err), MS_OK);
	assert_int_equal(ms_cursor_live(a, &live_x, &n_x, &err), MS_OK);
	assert_int_equal(ms_cursor_live(b, &live_y, &n_y, &err), MS_OK);
	assert_int_equal(n_x, n_y);
	if (n_x)
		assert_memory_equal(live_x, live_y, n_x * sizeof *live_x);
	for (;; i++, k++) {
		if (i == x.count) {
			assert_int_equal(ms_cursor_next(a, &x, &err), MS_OK);
			i = 0;
		}
		if (k == y.count) {
			assert_int_equal(ms_cursor_next(b, &y, &err), MS_OK);
			k = 0;
		}
		if (!x.count || !y.count)
			break;
		assert_int_equal(x.first_event + i, y.first_event + k);
#define SAME(member) assert_int_equal(x.member[i], y.member[k])
		SAME(kind);
		SAME(time_ns);
		SAME(thread);
		SAME(size_bytes);
		SAME(block);
		SAME(stack);
		SAME(birth_stack);
		SAME(birth_thread);
		SAME(birth_ns);
		SAME(birth_kind);
		if (columns & MS_COLUMN_ADDRESS)
			SAME(address);
#undef SAME
	}
	assert_int_equal(x.count, y.count);
	ms_cursor_close(a);
	ms_cursor_close(b);
}

static void test_events(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 120; seed++) {
		struct pair p;

		if (seed % 2)
			open_pair(&p, seed + 500, 1 + seed * 4, 1 + seed % 50);
		else
			open_keyframe_pair(&p, seed + 500, 2 + seed * 4, 1 + seed % 50, 20 + seed);
		for (unsigned i = 0; i < 8; i++)
			check_events(&p, (seed * 7919u + i * 104729u) % (ms_trace_event_count(p.plain) + 1), i % 2 ? MS_COLUMN_ADDRESS : 0);
		close_pair(&p);
	}
}

/* ---- moments ------------------------------------------------------------------------------------------------------- */

/* A report up to the moment is above the value; one up to the event before it never was. */
static void check_above(const struct pair *p, const char *text, const struct ms_instant *at)
{
	const bool blocks = text[0] == 'b';
	struct ms_moment m;
	struct ms_report r;
	struct ms_error err = {0};
	char to[40];

	if (strncmp(text, "live>", 5) != 0 && !blocks)
		return;
	assert_int_equal(ms_moment_parse(&m, text, &err), MS_OK);
	if (at->event == 0)
		return;
	snprintf(to, sizeof to, "event:%llu", (unsigned long long)(at->event - 1));
	assert_int_equal(ms_report_build(&r, p->plain, &(struct ms_report_options){.to = to, .threads = 1}, &err), MS_OK);
	assert_true((blocks ? r.totals.live_blocks : r.totals.live_bytes) > m.value);
	ms_report_free(&r);
	if (at->event == 1)
		return;
	snprintf(to, sizeof to, "event:%llu", (unsigned long long)(at->event - 2));
	assert_int_equal(ms_report_build(&r, p->plain, &(struct ms_report_options){.to = to, .threads = 1}, &err), MS_OK);
	/* At the end of a report what is inside a realloc counts as alive: its level just before may be higher than it was. */
	if (r.totals.peak_time_ns < at->time_ns && r.totals.events_of_kind[MS_EV_REALLOC_FREE] == 0)
		assert_true((blocks ? r.totals.most_blocks : r.totals.peak_bytes) <= m.value);
	ms_report_free(&r);
}

static void test_moments(void **state)
{
	static const char *const moments[] = {"peak", "mark:text1", "mark:text2", "mark:text3", "mark:text4", "mark:", "mark:no", "50%", "end", "live>0",
	                                       "live>100KiB", "live>1MiB", "live>3000000B", "blocks>3", "blocks>12", "blocks>30"};
	unsigned found = 0, above = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 200; seed++) {
		struct pair p;

		open_pair(&p, seed + 900, 1 + seed % 250, 20);
		for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
			struct ms_instant a = {0}, b = {0};
			struct ms_error err = {0};
			int x = ms_moment_find(&a, moments[i], p.plain, &err), y = ms_moment_find(&b, moments[i], p.indexed, &err);

			assert_int_equal(x, y);
			if (x == MS_OK) {
				assert_int_equal(a.event, b.event);
				assert_int_equal(a.time_ns, b.time_ns);
				found += i < 5;
				above += i > 8;
				check_above(&p, moments[i], &a);
			}
		}
		close_pair(&p);
	}
	assert_true(found > 300);
	assert_true(above > 300);
}

static void test_level_text(void **state)
{
	static const char *const wrong[] = {"live>", "live>x", "live>5XB", "live>5 KiB", "blocks>", "blocks>5KiB", "live>-1", "live>16777216TiB", "live"};
	struct ms_moment m;
	struct ms_error err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(ms_moment_parse(&m, wrong[i], &err), MS_E_ARGUMENT);
	assert_int_equal(ms_moment_parse(&m, "live>3MiB", &err), MS_OK);
	assert_int_equal(m.kind, MS_MOMENT_LIVE);
	assert_true(m.value == 3u << 20);
	assert_int_equal(ms_moment_parse(&m, "blocks>7", &err), MS_OK);
	assert_int_equal(m.kind, MS_MOMENT_BLOCKS);
	assert_true(m.value == 7);
}

/* ---- an index that must not be used -------------------------------------------------------------------------------- */

static void test_foreign(void **state)
{
	struct pair a, b;
	struct ms_trace *t;
	struct ms_error err = {0};
	uint8_t *longer;

	(void)state;
	open_pair(&a, 1, 300, 20);
	open_pair(&b, 2, 300, 20);
	assert_int_equal(ms_trace_attach_index_memory(a.plain, b.index.memory, b.index.position, &err), MS_E_NOT_FOUND);
	assert_null(ms_trace_index(a.plain));
	/* What is no index, and an index that is opened as a trace. */
	assert_int_equal(ms_trace_attach_index_memory(a.plain, b.t.bytes, b.t.size, &err), MS_E_MAGIC);
	assert_int_equal(ms_trace_open_memory(&t, a.index.memory, a.index.position, &err), MS_E_FEATURE);
	assert_non_null(strstr(err.message, "index of a trace"));
	/* The trace got longer. */
	longer = calloc(1, a.t.size + 1);
	memcpy(longer, a.t.bytes, a.t.size);
	assert_int_equal(ms_trace_open_memory(&t, longer, a.t.size + 1, &err), MS_OK);
	assert_int_equal(ms_trace_attach_index_memory(t, a.index.memory, a.index.position, &err), MS_E_NOT_FOUND);
	ms_trace_close(t);
	free(longer);
	close_pair(&a);
	close_pair(&b);
}

/* A trace that was cut off anywhere can be indexed as far as it is readable. */
static void test_truncated(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct random_trace t;
		struct pair p = {0};
		struct ms_error err = {0};
		size_t size;

		random_trace_make(&t, seed, 800);
		size = t.size - t.size * (seed % 10) / 20 - 1;
		assert_int_equal(ms_trace_open_memory(&p.plain, t.bytes, size, &err), MS_OK);
		assert_int_equal(ms_trace_open_memory(&p.indexed, t.bytes, size, &err), MS_OK);
		ms_stream_init_memory(&p.index);
		assert_int_equal(ms_index_build_file(&p.index, p.plain, &(struct ms_index_options){30, 1, NULL, NULL}, NULL, &err), MS_OK);
		assert_int_equal(ms_trace_attach_index_memory(p.indexed, p.index.memory, p.index.position, &err), MS_OK);
		assert_non_null(ms_trace_damage(p.indexed));
		if (ms_trace_event_count(p.plain) > 100) {
			check_report(&p, "event:90", NULL, 1, 0);
			check_report(&p, "50%", "80%", 1, 0);
		}
		ms_trace_close(p.plain);
		ms_trace_close(p.indexed);
		ms_stream_free(&p.index);
		random_trace_free(&t);
	}
}

/* One byte changed anywhere: the index is refused, or what it damages is not used; the report stays the same. */
static void test_damaged(void **state)
{
	struct pair p;
	struct ms_error err = {0};
	unsigned refused = 0, passed = 0;
	char *right;

	(void)state;
	open_pair(&p, 77, 400, 30);
	right = json_of(p.plain, "event:350", NULL, 1, 0);
	for (size_t at = 0; at < p.index.position; at += 1 + p.index.position / 400) {
		char *now;

		p.index.memory[at] ^= 0x41;
		if (ms_trace_attach_index_memory(p.indexed, p.index.memory, p.index.position, &err)) {
			ms_trace_detach_index(p.indexed);
			refused++;
		} else {
			passed++;
		}
		now = json_of(p.indexed, "event:350", NULL, 1, 0);
		assert_string_equal(now, right);
		free(now);
		p.index.memory[at] ^= 0x41;
	}
	assert_true(refused > 10 && passed > 10);
	for (size_t size = 0; size < p.index.position; size += 1 + p.index.position / 50)
		assert_int_not_equal(ms_trace_attach_index_memory(p.indexed, p.index.memory, size, &err), MS_OK);
	free(right);
	close_pair(&p);
}

/* What an index says of marks is bounded by what the trace can have: the first of each text. Else a small file asks for much memory. */
static void test_more_marks_than_texts(void **state)
{
	struct pair p;
	struct ms_error err = {0};
	struct ms_index_mark marks[RANDOM_TRACE_STRINGS + 60];

	(void)state;
	open_pair(&p, 4, 300, 20);
	assert_true(ms_trace_string_count(p.plain) < sizeof marks / sizeof *marks);
	for (size_t count = ms_trace_string_count(p.plain); count <= ms_trace_string_count(p.plain) + 1u; count++) {
		const struct ms_index_facts facts = {.marks = marks, .mark_count = count};
		struct ms_index_writer *w;
		struct ms_stream stream;

		for (size_t i = 0; i < count; i++)
			marks[i] = (struct ms_index_mark){.string = 1, .event = i};
		ms_stream_init_memory(&stream);
		assert_int_equal(ms_index_writer_open(&w, &stream, &err), MS_OK);
		assert_int_equal(ms_index_writer_end(w, p.plain, &facts, &err), MS_OK);
		ms_index_writer_close(w);
		assert_int_equal(ms_trace_attach_index_memory(p.plain, stream.memory, stream.position, &err),
		                 count > ms_trace_string_count(p.plain) ? MS_E_CORRUPT : MS_OK);
		ms_trace_detach_index(p.plain);
		ms_stream_free(&stream);
	}
	close_pair(&p);
}

/* ---- seeds of tests/fuzz/fuzz_index.c ------------------------------------------------------------------------------- */

/* The blocks of a file, not compressed, up to its Index. */
static void put_blocks(FILE *f, const uint8_t *bytes, size_t size)
{
	struct ms_source source;
	struct ms_unpacker u = {0};
	struct ms_block_header header;
	const uint8_t *body;
	uint64_t at = MS_FILE_HEADER_BYTES;
	struct ms_error err;

	ms_source_memory(&source, bytes, size);
	fwrite(bytes, 1, MS_FILE_HEADER_BYTES, f);
	while (ms_block_load(&header, &source, at, &err) == MS_OK && header.kind != MS_BLOCK_INDEX) {
		uint8_t start[MS_BLOCK_HEADER_BYTES];

		assert_int_equal(ms_block_unpack(&u, &source, at, &header, NULL, &body, &err), MS_OK);
		at += MS_BLOCK_HEADER_BYTES + header.stored_bytes;
		header.codec = MS_CODEC_NONE;
		header.stored_bytes = (uint32_t)u.raw.size;
		header.payload_hash = XXH3_64bits(u.raw.data, u.raw.size);
		ms_block_header_store(start, &header);
		fwrite(start, 1, sizeof start, f);
		fwrite(u.raw.data, 1, u.raw.size, f);
	}
	ms_unpacker_free(&u);
}

static void write_seeds(const char *folder)
{
	static const struct {
		const char *name;
		uint32_t seed;
		size_t events;
		uint64_t interval, keyframes;
	} seeds[] = {{"dense", 8, 60, 10, 0}, {"keyframes", 12, 200, 50, 70}, {"none", 3, 60, 1000, 0}};

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
		struct pair p;
		char path[4096];
		FILE *f;

		if (seeds[i].keyframes)
			open_keyframe_pair(&p, seeds[i].seed, seeds[i].events, seeds[i].interval, seeds[i].keyframes);
		else
			open_pair(&p, seeds[i].seed, seeds[i].events, seeds[i].interval);
		snprintf(path, sizeof path, "%s/%s", folder, seeds[i].name);
		f = fopen(path, "wb");
		assert_non_null(f);
		put_blocks(f, p.k.trace ? p.k.stream.memory : p.t.bytes, p.k.trace ? p.k.stream.position : p.t.size);
		put_blocks(f, p.index.memory, p.index.position);
		fclose(f);
		close_pair(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows), cmocka_unit_test(test_events),    cmocka_unit_test(test_moments),
		cmocka_unit_test(test_level_text), cmocka_unit_test(test_foreign), cmocka_unit_test(test_truncated), cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_more_marks_than_texts),
	};

	if (getenv("MEMSCOPE_SEEDS")) {
		write_seeds(getenv("MEMSCOPE_SEEDS"));
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
