/*
 * test_growth.c - what is said of call paths that leak, fill a cache, go up and down, or stay: of generated traces of 40 s.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/period.h"
#include "analyze/report.h"
#include "render/json.h"
#include "render/text.h"
#include "render/units.h"
#include "small_trace.h"

#define SECOND 1000000000ull
#define TURN_NS (SECOND / 50)
#define TURNS 2000u
#define MAX_BLOCKS 20000u

struct player {
	struct small_trace t;
	uint64_t next, kept[5][MAX_BLOCKS];
	size_t count[5];
};

/* Makes a call path have so many live blocks of 100 bytes. */
static void hold(struct player *p, unsigned stack, size_t blocks)
{
	while (p->count[stack] < blocks) {
		uint64_t id = ++p->next;

		small_trace_event(&p->t, &(struct ms_event){.kind = MS_EV_MALLOC, .thread = 1, .stack = stack, .size_bytes = 100, .block = id,
		                                            .address = 0x1000 * id});
		p->kept[stack][p->count[stack]++] = id;
	}
	while (p->count[stack] > blocks) {
		uint64_t id = p->kept[stack][--p->count[stack]];

		small_trace_event(&p->t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .size_bytes = 100, .block = id, .address = 0x1000 * id});
	}
}

/* Blocks in each turn of 20 ms, 2,000 turns. */
typedef size_t levels(unsigned turn);

static struct player *play(struct ms_report *r, levels *const *shapes, unsigned count)
{
	struct player *p = calloc(1, sizeof *p);

	assert_non_null(p);
	small_trace_start(&p->t);
	for (unsigned turn = 0; turn < TURNS; turn++) {
		p->t.now_ns = turn * TURN_NS;
		for (unsigned i = 0; i < count; i++)
			if (shapes[i])
				hold(p, i + 1, shapes[i](turn));
	}
	p->t.now_ns = TURNS * TURN_NS;
	small_trace_report(&p->t, &small_trace_exited, r);
	return p;
}

static void done(struct player *p, struct ms_report *r)
{
	ms_report_free(r);
	small_trace_free(&p->t);
	free(p);
}

static size_t leak(unsigned turn)
{
	return turn < 100 ? 0 : turn - 100;
}
static size_t freed_at_exit(unsigned turn)
{
	return turn < TURNS - 1 ? leak(turn) : 0;
}
static size_t cache_freed_at_exit(unsigned turn)
{
	return turn < TURNS - 1 ? turn < 1300 ? turn / 2 : 650 : 0;
}
static size_t freed_before(unsigned turn) /* in the last window but one */
{
	return turn < TURNS - 90 ? leak(turn) : turn - 1000;
}
static size_t cache(unsigned turn)
{
	return turn < 1300 ? turn / 2 : 650;
}
static size_t sawtooth(unsigned turn) /* every 2 s */
{
	return 50 + turn % 100;
}
static size_t constant(unsigned turn)
{
	return 300 + turn % 2;
}
static size_t fast(unsigned turn) /* every 80 ms, faster than steps of 156 ms */
{
	return turn % 4 * 100;
}
static size_t noise(unsigned turn)
{
	uint64_t x = turn * 0x9e3779b97f4a7c15ull;

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 32;
	return x % 400;
}
/* A random walk: slow, so that it looks smooth, but without a period. */
static size_t walk(unsigned turn)
{
	int level = 2000;

	for (unsigned i = 0; i < turn; i++)
		level += (int)(noise(i) % 41) - 20;
	return level < 0 ? 0 : (size_t)level;
}

static const char *name(const struct ms_report *r, uint32_t node)
{
	const struct ms_report_line *line = ms_report_headline(r, node);

	return line ? line->function : "";
}

static void contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in: %.3000s", part, text);
}

/* Text and JSON say the same of it. */
static void check_renderers(const struct ms_report *r)
{
	const struct ms_report_growth *g = &r->growth;
	struct ms_text_options options = {.frames = 3, .exact = true};
	char *text = NULL, *json = NULL, part[400], a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT];
	size_t size;
	FILE *f;
	struct ms_error err;

	assert_int_equal(ms_text_sections_parse("growth", &options.sections, &err), MS_OK);
	f = open_memstream(&text, &size);
	assert_int_equal(ms_render_text(f, r, &options, NULL), MS_OK);
	fclose(f);
	f = open_memstream(&json, &size);
	assert_int_equal(ms_render_json(f, r, &(struct ms_json_options){0}, NULL), MS_OK);
	fclose(f);
	contains(text, "as a leak does: never fell before the last window, and rose in most");
	contains(text, "as a cache that is full does: rose, never fell before the last window, and stayed flat in the last 4 windows or more");
	contains(text, "goes up and down with a period (inferred)");
	for (unsigned i = 0; i < 2; i++) {
		const struct ms_growing_site *s = i ? g->filled : g->sites;

		snprintf(part, sizeof part, "%s  %s  %s/h  ", ms_unit_bytes(a, s->from_bytes, true), ms_unit_bytes(b, s->to_bytes, true),
		         ms_unit_bytes(c, s->slope_bytes_per_hour, true));
		contains(text, part);
		snprintf(part, sizeof part, "\"verdict\": \"%s\", \"from_bytes\": %" PRIu64 ", \"to_bytes\": %" PRIu64, i ? "cache_filled" : "leak_suspicion",
		         s->from_bytes, s->to_bytes);
		contains(json, part);
		snprintf(part, sizeof part, "\"slope_bytes_per_hour\": %" PRIu64 ", \"first_allocation_ns\": %" PRIu64, s->slope_bytes_per_hour,
		         s->first_allocation_ns);
		contains(json, part);
	}
	snprintf(part, sizeof part, "%s  %s  ", ms_unit_bytes(a, g->periodic[0].low_bytes, true), ms_unit_bytes(b, g->periodic[0].high_bytes, true));
	contains(text, part);
	snprintf(part, sizeof part, "\"period_ns\": %" PRIu64 ", \"correlation_percent\": %" PRIu32 ", \"low_bytes\": %" PRIu64, g->periodic[0].period_ns,
	         g->periodic[0].correlation_percent, g->periodic[0].low_bytes);
	contains(json, part);
	free(text);
	free(json);
}

static void test_verdicts(void **state)
{
	levels *const shapes[] = {leak, cache, sawtooth, constant};
	struct ms_report r;
	struct player *p = play(&r, shapes, 4);
	const struct ms_report_growth *g = &r.growth;

	(void)state;
	assert_true(g->observable);
	assert_int_equal(g->sites_checked, 4);
	assert_int_equal(g->site_count, 1); /* leak: stack 1, main */
	assert_string_equal(name(&r, g->sites[0].node), "main");
	assert_int_equal(g->sites[0].verdict, MS_GROWTH_LEAK);
	assert_int_equal(g->sites[0].rises, 15);
	assert_int_equal(g->sites[0].flat, 0);
	assert_in_range(g->sites[0].slope_bytes_per_hour, 17900000, 18100000); /* 5,000 bytes in a second */
	assert_in_range(g->sites[0].first_allocation_ns, 101 * TURN_NS, 101 * TURN_NS + 100000);
	assert_in_range(g->sites[0].last_allocation_ns, (TURNS - 1) * TURN_NS, TURNS * TURN_NS);
	assert_int_equal(g->filled_count, 1); /* cache: stack 2, main > grow */
	assert_int_equal(r.nodes[g->filled[0].node].parent, g->sites[0].node);
	assert_int_equal(g->filled[0].verdict, MS_GROWTH_CACHE);
	assert_int_equal(g->filled[0].to_bytes, 65000);
	assert_in_range(g->filled[0].flat, 9, 12);
	assert_in_range(g->filled[0].last_allocation_ns, 1290 * TURN_NS, 1310 * TURN_NS);
	assert_int_equal(g->periodic_count, 1); /* sawtooth: stack 3, main > parse > grow */
	assert_in_range(g->periodic[0].period_ns, 2 * SECOND - 40000000, 2 * SECOND + 40000000);
	assert_int_equal(g->periodic[0].low_bytes, 5000);
	assert_int_equal(g->periodic[0].high_bytes, 14900);
	assert_true(g->periodic[0].correlation_percent >= MS_PERIOD_LEAST_PERCENT);
	assert_true(g->periodic[0].node != g->filled[0].node && g->periodic[0].node != g->sites[0].node);
	assert_int_equal(r.findings.count, 0); /* suspicions are no findings */
	check_renderers(&r);
	done(p, &r);
}

/* What is freed in the last window alone is judged by the windows before it; a fall before it is a fall. */
static void test_freed_at_exit(void **state)
{
	levels *const shapes[] = {freed_at_exit, cache_freed_at_exit, freed_before};
	struct ms_report r;
	struct player *p = play(&r, shapes, 3);
	const struct ms_report_growth *g = &r.growth;

	(void)state;
	assert_int_equal(g->sites_checked, 3);
	assert_int_equal(g->site_count, 1);
	assert_string_equal(name(&r, g->sites[0].node), "main");
	assert_int_equal(g->sites[0].verdict, MS_GROWTH_LEAK);
	assert_int_equal(g->sites[0].rises, 14);
	assert_int_equal(g->sites[0].flat, 0);
	assert_in_range(g->sites[0].slope_bytes_per_hour, 17900000, 18100000);
	assert_in_range(g->sites[0].to_blocks, 1700, 1840);  /* at the end of window 14 of 16: turn 1,937 */
	assert_in_range(g->sites[0].to_bytes, 170000, 184000); /* its least: turn 1,875 */
	assert_int_equal(g->filled_count, 1);
	assert_int_equal(g->filled[0].to_bytes, 65000);
	assert_int_equal(g->filled[0].to_blocks, 650);
	done(p, &r);
}

/* Noise, a walk, and what is faster than the steps have no period that could be told. */
static void test_no_period(void **state)
{
	levels *const shapes[] = {fast, noise, walk, constant};
	struct ms_report r;
	struct player *p = play(&r, shapes, 4);

	(void)state;
	assert_true(r.growth.observable);
	assert_int_equal(r.growth.sites_checked, 4);
	assert_int_equal(r.growth.site_count, 0);
	assert_int_equal(r.growth.filled_count, 0);
	assert_int_equal(r.growth.periodic_count, 0);
	done(p, &r);
}

/* Periods of any length in range, and shapes; just outside of it nothing is said, and never another length. */
static void test_periods(void **state)
{
	unsigned found = 0;

	(void)state;
	for (unsigned length = 1; length <= 1280; length += length / 8 + 1) /* step: 10 units */
		for (unsigned shape = 0; shape < 3; shape++) {
			struct ms_curve c;
			struct ms_period p = {0};
			bool has;

			ms_curve_start(&c, 5, 10);
			for (unsigned t = 0; t < 1280; t++) {
				unsigned at = t % length;

				ms_curve_change(&c, 5 + t, shape == 0 ? at < length / 2 : shape == 1 ? at : at < length / 2 ? at : length - at);
			}
			has = ms_curve_period(&c, &p);
			if (has) {
				double error = p.steps * 10 / length;

				assert_true(error > 0.95 && error < 1.05);
			}
			if (length >= 60 && length <= 400)
				assert_true(has);
			if (length < 30 || length > 640)
				assert_false(has);
			found += has;
		}
	assert_true(found > 30);
}

/* The least that noise can do: of many curves that have none, none gets a period. */
static void test_noise(void **state)
{
	uint64_t x = 88172645463325252ull;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct ms_curve c;
		struct ms_period p;
		int64_t level = 0;

		ms_curve_start(&c, 0, 10);
		for (unsigned t = 0; t < 1280; t += 5) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			level = i % 2 ? level + (int64_t)(x % 2001) - 1000 : (int64_t)(x % 1000);
			ms_curve_change(&c, t, level);
		}
		assert_false(ms_curve_period(&c, &p));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_freed_at_exit), cmocka_unit_test(test_no_period), cmocka_unit_test(test_periods), cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
