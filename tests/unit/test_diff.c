/* test_diff.c - comparisons of reports: laws that hold for any two of them, what pairs and what does not, noise, conditions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/diff.h"
#include "analyze/diff/diff_gate.h"
#include "analyze/diff/edit_distance.h"
#include "analyze/diff/frame_names.h"
#include "analyze/diff/noise.h"
#include "fake_report.h"
#include "render/diff_order.h"
#include "render/diff_render.h"

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((seed >> 33) % n);
}

/* Compares one run with one run. */
static struct ms_diff compare_with(const struct fake_report *old, const struct fake_report *new, const struct ms_diff_options *options)
{
	const struct ms_report **reports = malloc(2 * sizeof *reports);
	struct ms_diff_side a = {reports, NULL, 1}, b = {reports + 1, NULL, 1};
	struct ms_diff d;
	struct ms_error err;

	reports[0] = &old->report;
	reports[1] = &new->report;
	if (ms_diff_build(&d, &a, &b, options, &err))
		fail_msg("%s", err.message);
	return d;
}

static struct ms_diff compare(const struct fake_report *old, const struct fake_report *new)
{
	return compare_with(old, new, NULL);
}

static void done(struct ms_diff *d)
{
	free((void *)d->before.reports);
	ms_diff_free(d);
}

/* ---- names -------------------------------------------------------------------------------------------------------- */

static void test_names(void **state)
{
	static const struct {
		const char *name, *full, *bare; /* bare: template arguments ignored */
	} cases[] = {
		{"parse", "parse", "parse"},
		{"parse.constprop.0", "parse", "parse"},
		{"parse.isra.0.part.3", "parse", "parse"},
		{"parse.cold", "parse", "parse"},
		{"counter.1234", "counter", "counter"},
		{"v1.2", "v1", "v1"},
		{".5", ".5", ".5"},
		{"parse(char const*, int)", "parse", "parse"},
		{"A::parse(char const*) const", "A::parse", "A::parse"},
		{"A::parse(char const*) const [clone .constprop.0]", "A::parse", "A::parse"},
		{"std::vector<int, std::allocator<int> >::push_back(int const&)", "std::vector<int, std::allocator<int> >::push_back",
		 "std::vector<>::push_back"},
		{"f(int)::{lambda(char)#2}::operator()(char) const", "f::{lambda}::operator()", "f::{lambda}::operator()"},
		{"std::_Function_handler<void (int), main::{lambda(int)#1}>::_M_invoke(int&&)",
		 "std::_Function_handler<void (int), main::{lambda(int)}>::_M_invoke", "std::_Function_handler<>::_M_invoke"},
		{"main::$_0::operator()(int) const", "main::::operator()", "main::::operator()"},
		{"(anonymous namespace)::f(int)", "(anonymous namespace)::f", "(anonymous namespace)::f"},
		{"operator new(unsigned long)", "operator new", "operator new"},
		{"operator new[](unsigned long)", "operator new[]", "operator new[]"},
		{"A::operator<<(int)", "A::operator<<", "A::operator<<"},
		{"bool operator< <char>(A<char> const&)", "bool operator< <char>", "bool operator< <>"},
		{"A::operator()(int)", "A::operator()", "A::operator()"},
		{"A::operator->() const", "A::operator->", "A::operator->"},
		{"A::operator bool() const", "A::operator bool", "A::operator bool"},
		{"operators(int)", "operators", "operators"},
		{"std::string[abi:cxx11](int)", "std::string", "std::string"},
		{"alloc::vec::Vec<T,A>::push::h0123456789abcdef", "alloc::vec::Vec<T,A>::push", "alloc::vec::Vec<>::push"},
		{"<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop", "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
		 "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop"},
		{"core::ops::FnOnce::call_once{{closure}}", "core::ops::FnOnce::call_once{{closure}}", "core::ops::FnOnce::call_once{{closure}}"},
		{"m::{closure#3}", "m::{closure}", "m::{closure}"},
		{"()", "()", "()"},
		{"(", "(", "("},
		{"<", "<", "<"},
		{"a<b<c", "a<b<c", "a<"},
		{"a>>>b", "a>>>b", "a>>>b"},
		{"operator", "operator", "operator"},
		{"f(int", "f", "f"},
	};
	char out[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t length = ms_frame_name(cases[i].name, false, out);

		assert_int_equal(length, strlen(out));
		assert_string_equal(out, cases[i].full);
		ms_frame_name(cases[i].name, true, out);
		assert_string_equal(out, cases[i].bare);
	}
}

/* Whatever the name: no longer than it was, and normal names are their own normal names. */
static void test_names_random(void **state)
{
	static const char letters[] = "ab<>()[]{}#$_:.&0123456789 ~,operatorlambdaconst";
	char name[41], once[41], twice[41];

	(void)state;
	seed = 3;
	for (int round = 0; round < 20000; round++) {
		size_t n = 1 + random_below(40);

		for (size_t i = 0; i < n; i++)
			name[i] = letters[random_below(sizeof letters - 1)];
		name[n] = '\0';
		for (int bare = 0; bare < 2; bare++) {
			assert_in_range(ms_frame_name(name, bare, once), 1, n);
			assert_in_range(ms_frame_name(once, bare, twice), 1, n);
		}
	}
}

/* ---- distance ----------------------------------------------------------------------------------------------------- */

static uint32_t plain_distance(const uint32_t *a, size_t n, const uint32_t *b, size_t m, const uint32_t *tails)
{
	uint32_t cost[20][20];

	for (size_t i = 0; i <= n; i++) {
		for (size_t k = 0; k <= m; k++) {
			uint32_t best = UINT32_MAX;

			if (!i && !k)
				best = 0;
			if (i && cost[i - 1][k] + 2 < best)
				best = cost[i - 1][k] + 2;
			if (k && cost[i][k - 1] + 2 < best)
				best = cost[i][k - 1] + 2;
			if (i && k) {
				uint32_t c = a[i - 1] == b[k - 1] ? 0 : tails[a[i - 1]] == tails[b[k - 1]] ? 1 : 3;

				if (cost[i - 1][k - 1] + c < best)
					best = cost[i - 1][k - 1] + c;
			}
			cost[i][k] = best;
		}
	}
	return cost[n][m];
}

static void test_distance(void **state)
{
	static const uint32_t tails[] = {0, 1, 1, 2, 3, 4};

	(void)state;
	seed = 7;
	for (int round = 0; round < 20000; round++) {
		uint32_t a[18], b[18];
		size_t n = random_below(12), m = random_below(12);
		uint32_t expected;
		struct ms_edit e, back;

		for (size_t i = 0; i < n; i++)
			a[i] = 1 + random_below(5);
		for (size_t i = 0; i < m; i++)
			b[i] = 1 + random_below(5);
		expected = plain_distance(a, n, b, m, tails);
		e = ms_edit_distance(a, n, b, m, tails, 1000);
		back = ms_edit_distance(b, m, a, n, tails, 1000);
		assert_false(e.far);
		assert_int_equal(e.cost, expected);
		assert_int_equal(back.cost, expected);
		assert_true(e.equal <= n && e.equal <= m);
		assert_true(e.edits >= (n > m ? n - m : m - n));
		e = ms_edit_distance(a, n, b, m, tails, 6);
		assert_int_equal(e.far, expected > 6);
		if (!e.far)
			assert_int_equal(e.cost, expected);
	}
}

/* ---- laws --------------------------------------------------------------------------------------------------------- */

#define VOCABULARY 40u

static void random_path(char *path, size_t depth)
{
	char *at = path + sprintf(path, "main");

	for (size_t i = 0; i < depth; i++)
		at += sprintf(at, ">f%u", random_below(VOCABULARY));
}

static void random_report(struct fake_report *f, unsigned sites)
{
	char path[200];

	fake_start(f);
	for (unsigned i = 0; i < sites; i++) {
		random_path(path, 1 + random_below(6));
		fake_site(f, path, 1 + random_below(50), random_below(4000));
		if (random_below(8) == 0)
			fake_leak(f, (uint8_t)random_below(MS_LEAK_KINDS), i, 1 + random_below(100));
	}
	f->report.leaks.observable = true;
	fake_detector(f, ~0u, MS_DETECTOR_CLEAN);
	fake_thread(f, "app", true, random_below(100));
	for (unsigned i = 0; i < 4; i++) {
		char name[8];

		sprintf(name, "w%u", random_below(5));
		fake_thread(f, name, false, random_below(100));
	}
	fake_finish(f);
}

static void test_same(void **state)
{
	(void)state;
	for (seed = 1; seed < 20; seed++) {
		uint64_t start = seed;
		struct fake_report a;
		struct ms_diff d;

		random_report(&a, 200);
		d = compare(&a, &a);
		assert_int_equal(d.row_count, 0);
		assert_int_equal(d.paths_fuzzy, 0);
		assert_int_equal(d.paths_unchanged, d.paths_old);
		assert_int_equal(d.paths_old, d.paths_new);
		assert_int_equal(d.new_finding_count + d.fixed_finding_count, 0);
		for (size_t i = 0; i < d.total_count; i++)
			assert_int_equal(d.totals[i].value.change, MS_DIFF_SAME);
		for (size_t i = 0; i < d.thread_count; i++)
			assert_int_equal(d.threads[i].allocations.change, MS_DIFF_SAME);
		done(&d);
		fake_report_free(&a);
		seed = start;
	}
}

/* What call paths changed by adds up to what the totals changed by; and the other way round everything is the other way round. */
static void test_sums_and_antisymmetry(void **state)
{
	static const uint8_t opposite[MS_DIFF_CHANGES] = {MS_DIFF_SAME, MS_DIFF_SHRUNK, MS_DIFF_GROWN, MS_DIFF_GONE, MS_DIFF_NEW, MS_DIFF_NOISE};

	(void)state;
	for (unsigned round = 1; round < 40; round++) {
		struct fake_report a, b;
		struct ms_diff d, back;

		seed = round * 1000;
		random_report(&a, 20 + random_below(300));
		random_report(&b, 20 + random_below(300));
		d = compare(&a, &b);
		back = compare(&b, &a);
		for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++) {
			const struct ms_diff_total *t = ms_diff_total_of(&d, ms_diff_metrics[m].name);
			uint64_t rows = 0; /* modulo 2^64, as the difference of the totals */

			for (size_t i = 0; i < d.row_count; i++)
				rows += d.rows[i].value[m].after.median - d.rows[i].value[m].before.median;
			assert_int_equal(rows, t->value.after.median - t->value.before.median);
			assert_int_equal(d.summary[m].amount[MS_DIFF_GROWN] + d.summary[m].amount[MS_DIFF_NEW] - d.summary[m].amount[MS_DIFF_SHRUNK] -
			                     d.summary[m].amount[MS_DIFF_GONE], rows);
			for (unsigned c = 0; c < MS_DIFF_CHANGES; c++) {
				assert_int_equal(d.summary[m].paths[c], back.summary[m].paths[opposite[c]]);
				assert_int_equal(d.summary[m].amount[c], back.summary[m].amount[opposite[c]]);
			}
		}
		assert_int_equal(d.row_count, back.row_count);
		assert_int_equal(d.paths_fuzzy, back.paths_fuzzy);
		for (size_t i = 0; i < d.total_count; i++)
			assert_int_equal(opposite[d.totals[i].value.change], back.totals[i].value.change);
		assert_int_equal(d.thread_count, back.thread_count);
		for (size_t i = 0; i < d.thread_count; i++)
			assert_int_equal(opposite[d.threads[i].presence], back.threads[i].presence);
		done(&d);
		done(&back);
		fake_report_free(&a);
		fake_report_free(&b);
	}
}

/* ---- pairs -------------------------------------------------------------------------------------------------------- */

#define DEPTH 12u

/*
 * Random programs; in the new one each path has `edits` frames more, less or under another name, in places chosen at random. Names
 * of the edits are from the same vocabulary or are made up. Innermost and outermost stay. All must pair: nothing changes.
 */
static void edit_paths(unsigned paths, unsigned edits, bool made_up)
{
	struct fake_report a, b;
	struct ms_diff d;

	fake_start(&a);
	fake_start(&b);
	for (unsigned i = 0; i < paths; i++) {
		unsigned name[2 * DEPTH], n = DEPTH, blocks = 1 + random_below(1000), bytes = random_below(100000);
		char path[500], *at = path;

		for (unsigned k = 0; k < n; k++)
			name[k] = random_below(VOCABULARY);
		for (int side = 0; side < 2; side++) {
			at = path + sprintf(path, "main");
			for (unsigned k = 0; k < n; k++)
				at += sprintf(at, name[k] < VOCABULARY ? ">f%u" : ">made_up_%u", name[k]);
			sprintf(at, ">leaf%u", i % 50);
			fake_site(side ? &b : &a, path, blocks, bytes);
			for (unsigned e = 0; e < edits && side == 0; e++) {
				unsigned where = random_below(n), what = made_up ? VOCABULARY + random_below(30) : random_below(VOCABULARY);

				switch (random_below(3)) {
				case 0:
					memmove(name + where + 1, name + where, (n++ - where) * sizeof *name);
					name[where] = what;
					break;
				case 1:
					memmove(name + where, name + where + 1, (--n - where) * sizeof *name);
					break;
				default:
					name[where] = what;
				}
			}
		}
	}
	fake_finish(&a);
	fake_finish(&b);
	d = compare(&a, &b);
	if (d.row_count)
		fail_msg("%zu of %u paths with %u edits did not pair as constructed", d.row_count, paths, edits);
	assert_false(d.pairing_limited);
	done(&d);
	fake_report_free(&a);
	fake_report_free(&b);
}

static void test_edits(void **state)
{
	(void)state;
	for (seed = 100; seed < 110; seed++) {
		uint64_t start = seed;

		edit_paths(300, 1, false);
		edit_paths(300, 1, true);
		edit_paths(300, 2, false);
		edit_paths(300, 3, true);
		seed = start;
	}
}

struct site {
	const char *path;
	unsigned blocks, bytes;
};

static void make(struct fake_report *f, const struct site *sites)
{
	fake_start(f);
	for (; sites->path; sites++)
		fake_site(f, sites->path, sites->blocks, sites->bytes);
	fake_finish(f);
}

static void test_pairs(void **state)
{
	static const struct {
		const char *what;
		struct site old[4], new[4];
		unsigned changed;            /* rows */
		const char *changes;         /* of allocations, sorted by row: names */
	} cases[] = {
		{"inlined, with the frame of the inlined function", {{"main>load>parse", 10, 100}}, {{"main>load>~parse", 10, 100}}, 0, ""},
		{"inlined, without", {{"main>load>helper", 10, 100}}, {{"main>load", 10, 100}}, 0, ""},
		{"inlined, into a path that allocates itself", {{"main>load>helper", 70, 600}, {"main>load", 140, 60}}, {{"main>load", 210, 660}}, 0, ""},
		{"removed, and that path did not take its blocks", {{"main>load>helper", 10, 100}, {"main>load", 4, 40}}, {{"main>load", 4, 40}}, 1, "gone"},
		{"two helpers into one path", {{"main>load>one", 70, 600}, {"main>load>two", 140, 60}}, {{"main>load", 210, 660}}, 0, ""},
		{"renamed", {{"main>load>parse>old_name", 10, 100}}, {{"main>load>parse>new_name", 10, 100}}, 0, ""},
		{"renamed and more of it", {{"main>run>load>parse>old_name", 10, 100}}, {{"main>run>load>parse>new_name", 15, 150}}, 1, "grown"},
		{"the same with less in common", {{"main>load>parse>old_name", 10, 100}}, {{"main>load>parse>new_name", 15, 150}}, 2, "gone new"},
		{"another one with other numbers", {{"main>run>load>parse>old_name", 10, 100}}, {{"main>run>load>parse>new_name", 1000, 9000}}, 2,
		 "gone new"},
		{"nothing in common but main", {{"main>a", 10, 100}}, {{"main>b", 12, 100}}, 2, "gone new"},
		{"the namespace moved", {{"main>x::load>x::parse", 10, 100}}, {{"main>y::load>y::parse", 12, 120}}, 1, "grown"},
		{"recursion", {{"main>walk>walk>walk>leaf", 10, 100}}, {{"main>walk>walk>leaf", 10, 100}}, 0, ""},
		{"outside of main", {{"_start>libc>main>f", 10, 100}}, {{"_begin>main>f", 10, 100}}, 0, ""},
		{"the same names are summed", {{"main>f", 70, 600}, {"main>f", 140, 60}}, {{"main>f", 210, 660}}, 0, ""},
		{"the cheaper of two pairs", {{"main>load>parse>helper", 10, 100}},
		 {{"main>load>parse", 10, 100}, {"main>load>parse>dup", 10, 100}}, 1, "new"},
		{"an extra copy", {{"main>load>add", 10, 100}}, {{"main>load>add", 10, 100}, {"main>load>add>dup", 10, 100}}, 1, "new"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fake_report a, b;
		struct ms_diff d;
		char changes[100] = "";

		make(&a, cases[i].old);
		make(&b, cases[i].new);
		d = compare(&a, &b);
		for (uint8_t c = MS_DIFF_GONE; c > 0; c--) {
			static const uint8_t order[] = {0, MS_DIFF_SHRUNK, MS_DIFF_GROWN, MS_DIFF_NEW, MS_DIFF_GONE};

			for (size_t k = 0; k < d.row_count; k++)
				if (d.rows[k].value[MS_DIFF_ALLOCATIONS].change == order[c])
					sprintf(changes + strlen(changes), "%s%s", *changes ? " " : "", ms_diff_change_name(order[c]));
		}
		if (d.row_count != cases[i].changed || strcmp(changes, cases[i].changes) != 0)
			fail_msg("%s: %zu rows, %s", cases[i].what, d.row_count, changes);
		done(&d);
		fake_report_free(&a);
		fake_report_free(&b);
	}
}

static void test_templates(void **state)
{
	static const struct site old[] = {{"main>vec<int>::grow(int)", 10, 100}, {0}}, new[] = {{"main>vec<long>::grow(long)", 10, 100}, {0}};
	struct ms_diff_options ignore = {.ignore_templates = true};
	struct fake_report a, b;
	struct ms_diff d;

	(void)state;
	make(&a, old);
	make(&b, new);
	d = compare_with(&a, &b, &ignore);
	assert_int_equal(d.row_count, 0);
	assert_int_equal(d.paths_fuzzy, 0);
	done(&d);
	d = compare(&a, &b);
	assert_int_equal(d.paths_fuzzy, 1); /* similar, and the same numbers */
	done(&d);
	fake_report_free(&a);
	fake_report_free(&b);
}

/* Comparisons are limited, and that is said; what was exact stays exact. */
static void test_limit(void **state)
{
	struct ms_diff_options few = {.comparisons = 5};
	struct fake_report a, b;
	struct ms_diff d;

	(void)state;
	fake_start(&a);
	fake_start(&b);
	for (unsigned i = 0; i < 100; i++) {
		char path[100];

		sprintf(path, "main>a%u>b>c>leaf", i);
		fake_site(&a, path, 1 + i, 10);
		sprintf(path, "main>b>a%u>c>leaf", i);
		fake_site(&b, path, 1 + i, 10);
		fake_site(&a, "main>same", 1, 1);
		fake_site(&b, "main>same", 1, 1);
	}
	fake_finish(&a);
	fake_finish(&b);
	d = compare_with(&a, &b, &few);
	assert_true(d.pairing_limited);
	assert_in_range(d.row_count, 190, 200);
	assert_int_equal(d.paths_unchanged, 201 - d.row_count - d.paths_fuzzy + d.paths_fuzzy - (200 - d.row_count) / 2);
	done(&d);
	fake_report_free(&a);
	fake_report_free(&b);
}

/* ---- noise -------------------------------------------------------------------------------------------------------- */

static void test_noise(void **state)
{
	static const struct {
		uint64_t old[3], new[3];
		size_t old_count, new_count;
		uint8_t change;
		uint64_t old_median, new_median;
	} cases[] = {
		{{5}, {5}, 1, 1, MS_DIFF_SAME, 5, 5},
		{{5}, {6}, 1, 1, MS_DIFF_GROWN, 5, 6},
		{{6}, {5}, 1, 1, MS_DIFF_SHRUNK, 6, 5},
		{{7, 5, 6}, {6, 5, 7}, 3, 3, MS_DIFF_NOISE, 6, 6},
		{{7, 5, 6}, {9, 8, 8}, 3, 3, MS_DIFF_NOISE, 6, 8},      /* a gap of 1, bands of 2 */
		{{7, 5, 6}, {12, 10, 11}, 3, 3, MS_DIFF_GROWN, 6, 11},  /* a gap of 3 */
		{{7, 5, 6}, {9, 9, 9}, 3, 3, MS_DIFF_NOISE, 6, 9},      /* a gap of 2 */
		{{5, 5}, {6, 6}, 2, 2, MS_DIFF_GROWN, 5, 6},
		{{5, 6}, {1}, 2, 1, MS_DIFF_SHRUNK, 5, 1},
		{{UINT64_MAX}, {0}, 1, 1, MS_DIFF_SHRUNK, UINT64_MAX, 0},
		{{0, UINT64_MAX}, {3}, 2, 1, MS_DIFF_NOISE, 0, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t old[3], new[3];
		struct ms_diff_value v;

		memcpy(old, cases[i].old, sizeof old);
		memcpy(new, cases[i].new, sizeof new);
		v = ms_noise_value(old, cases[i].old_count, new, cases[i].new_count, true, true);
		assert_int_equal(v.change, cases[i].change);
		assert_int_equal(v.before.median, cases[i].old_median);
		assert_int_equal(v.after.median, cases[i].new_median);
	}
	assert_int_equal(ms_noise_value((uint64_t[]){0}, 1, (uint64_t[]){4}, 1, false, true).change, MS_DIFF_NEW);
	assert_int_equal(ms_noise_value((uint64_t[]){4}, 1, (uint64_t[]){0}, 1, true, false).change, MS_DIFF_GONE);
}

/* Three runs against two: a path that wavers, one that grew beyond that, one that is in some runs only. */
static void test_several_runs(void **state)
{
	static const unsigned wavers[] = {100, 110, 105, 108, 103}, grows[] = {50, 52, 51, 80, 81}, rare[] = {0, 7, 0, 7, 0};
	struct fake_report runs[5];
	const struct ms_report *reports[5];
	struct ms_diff_side old = {reports, NULL, 3}, new = {reports + 3, NULL, 2};
	struct ms_diff d;
	struct ms_error err;

	(void)state;
	for (int i = 0; i < 5; i++) {
		fake_start(&runs[i]);
		fake_site(&runs[i], "main>waver>a", wavers[i], 10);
		fake_site(&runs[i], "main>grow>b", grows[i], 10);
		if (rare[i])
			fake_site(&runs[i], "main>rare>c", rare[i], 1);
		fake_finish(&runs[i]);
		reports[i] = &runs[i].report;
	}
	assert_int_equal(ms_diff_build(&d, &old, &new, NULL, &err), MS_OK);
	assert_int_equal(d.summary[MS_DIFF_ALLOCATIONS].paths[MS_DIFF_NOISE], 2);
	assert_int_equal(d.summary[MS_DIFF_ALLOCATIONS].paths[MS_DIFF_GROWN], 1);
	assert_int_equal(d.summary[MS_DIFF_ALLOCATIONS].amount[MS_DIFF_GROWN], 80 - 51);
	ms_diff_free(&d);
	old.count = 0;
	assert_int_equal(ms_diff_build(&d, &old, &new, NULL, &err), MS_E_ARGUMENT);
	for (int i = 0; i < 5; i++)
		fake_report_free(&runs[i]);
}

/* ---- findings, threads, conditions -------------------------------------------------------------------------------- */

static enum ms_gate_verdict gate(const struct ms_diff *d, const char *text)
{
	char found[MS_GATE_TEXT];
	struct ms_error err;
	struct ms_gate g;

	if (ms_gate_parse_change(&g, text, &err))
		fail_msg("%s", err.message);
	return ms_diff_gate(&g, d, found);
}

static void test_findings_and_gates(void **state)
{
	struct fake_report a, b;
	struct ms_diff d;

	(void)state;
	fake_start(&a);
	fake_start(&b);
	fake_site(&a, "main>f", 100, 1000);
	fake_site(&b, "main>f", 104, 900);
	fake_finish(&a);
	fake_finish(&b);
	fake_detector(&a, 1u << MS_FINDING_DOUBLE_FREE | 1u << MS_FINDING_LEAK_DEFINITE, MS_DETECTOR_FOUND);
	fake_detector(&b, 1u << MS_FINDING_DOUBLE_FREE | 1u << MS_FINDING_LEAK_DEFINITE | 1u << MS_FINDING_HEAP_OVERFLOW, MS_DETECTOR_FOUND);
	fake_detector(&b, 1u << MS_FINDING_INVALID_FREE, MS_DETECTOR_NOT_OBSERVABLE);
	fake_finding(&a, MS_FINDING_DOUBLE_FREE, "double-free-1");
	fake_finding(&a, MS_FINDING_LEAK_DEFINITE, "leak-definite-1");
	fake_finding(&b, MS_FINDING_DOUBLE_FREE, "double-free-1");
	fake_finding(&b, MS_FINDING_DOUBLE_FREE, "double-free-2");
	fake_finding(&b, MS_FINDING_HEAP_OVERFLOW, "heap-overflow-1");
	d = compare(&a, &b);
	assert_int_equal(d.common_findings, 1);
	assert_int_equal(d.new_finding_count, 2);
	assert_string_equal(d.new_findings[0].finding->fingerprint, "double-free-2");
	assert_true(d.new_findings[0].comparable);
	assert_false(d.new_findings[1].comparable);
	assert_int_equal(d.fixed_finding_count, 1);
	assert_string_equal(d.fixed_findings[0].finding->fingerprint, "leak-definite-1");

	assert_int_equal(gate(&d, "allocations>+0"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "allocations>+4"), MS_GATE_FAILS);
	assert_int_equal(gate(&d, "allocations>=+4"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "allocations>+3%"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "allocations>+4%"), MS_GATE_FAILS);
	assert_int_equal(gate(&d, "allocations == +4 %"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "allocations>100"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "allocations<=104"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "allocated-bytes<-99"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "allocated-bytes<-100"), MS_GATE_FAILS);
	assert_int_equal(gate(&d, "allocated-bytes<=-10%"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "live>+1KiB"), MS_GATE_FAILS);
	assert_int_equal(gate(&d, "live<-0"), MS_GATE_HOLDS);
	/* Two on both sides of what both could find; the overflow, which only the new one could, counts in plain conditions alone. */
	assert_int_equal(gate(&d, "findings>+0"), MS_GATE_FAILS);
	assert_int_equal(gate(&d, "errors==+0"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "findings>2"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "findings>3"), MS_GATE_FAILS);
	assert_int_equal(gate(&d, "failed-allocations>+1000%"), MS_GATE_FAILS);
	assert_int_equal(gate(&d, "double-free>+0"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "new:double-free>1"), MS_GATE_FAILS);
	assert_int_equal(gate(&d, "new:double-free>0"), MS_GATE_HOLDS);
	assert_int_equal(gate(&d, "new:leak-definite>0"), MS_GATE_FAILS);
	assert_int_equal(gate(&d, "new:heap-overflow>0"), MS_GATE_UNKNOWN); /* the old one could not see it */
	assert_int_equal(gate(&d, "new:invalid-free>0"), MS_GATE_UNKNOWN);
	assert_int_equal(gate(&d, "new:findings>0"), MS_GATE_UNKNOWN);
	assert_int_equal(gate(&d, "invalid-free>+0"), MS_GATE_UNKNOWN);
	assert_int_equal(gate(&d, "leak-possible-bytes>0"), MS_GATE_UNKNOWN);
	done(&d);
	fake_report_free(&a);
	fake_report_free(&b);
}

static void test_threads(void **state)
{
	struct fake_report a, b;
	struct ms_diff d;

	(void)state;
	fake_start(&a);
	fake_start(&b);
	fake_thread(&a, "app", true, 10);
	fake_thread(&a, "worker", false, 5);
	fake_thread(&a, "worker", false, 6);
	fake_thread(&a, "timer", false, 1);
	fake_thread(&b, "app2", true, 12);
	fake_thread(&b, "worker", false, 11);
	fake_thread(&b, "app", false, 3);
	d = compare(&a, &b);
	assert_int_equal(d.thread_count, 4);
	assert_true(d.threads[0].is_main);
	assert_string_equal(d.threads[0].name, "app2");
	assert_int_equal(d.threads[0].allocations.change, MS_DIFF_GROWN);
	assert_string_equal(d.threads[1].name, "app");
	assert_int_equal(d.threads[1].presence, MS_DIFF_NEW);
	assert_string_equal(d.threads[2].name, "timer");
	assert_int_equal(d.threads[2].presence, MS_DIFF_GONE);
	assert_int_equal(d.threads[3].presence, MS_DIFF_SAME);
	assert_int_equal(d.threads[3].allocations.change, MS_DIFF_SAME);
	assert_int_equal(d.threads[3].threads.change, MS_DIFF_SHRUNK);
	done(&d);
	fake_report_free(&a);
	fake_report_free(&b);
}

/* ---- rendering ---------------------------------------------------------------------------------------------------- */

static char *render(const struct ms_diff *d, int (*renderer)(FILE *, const struct ms_diff *, const struct ms_diff_render_options *, struct ms_error *))
{
	struct ms_diff_render_options options = {.metric = MS_DIFF_METRIC_COUNT, .top = 0, .frames = 16, .width = 100};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct ms_error err;

	assert_int_equal(renderer(f, d, &options, &err), MS_OK);
	fclose(f);
	return text;
}

/* Names from a trace are hostile: no line of Markdown, no escape sequence, no table cell is theirs to make. */
static void test_markdown(void **state)
{
	struct fake_report a, b;
	struct ms_diff d;
	char *text;

	(void)state;
	fake_start(&a);
	fake_start(&b);
	fake_site(&a, "main>kept", 1, 1);
	fake_site(&b, "main>kept", 1, 1);
	fake_site(&b, "main>`a|b\n# c\033[2J<img src=x>", 100, 1000);
	fake_finish(&a);
	fake_finish(&b);
	d = compare(&a, &b);
	text = render(&d, ms_render_diff_markdown);
	assert_null(strstr(text, "\n# c"));
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "| `'a\\|b\\n# c\\x1b[2J"));
	free(text);
	done(&d);
	fake_report_free(&a);
	fake_report_free(&b);
}

/* However many changes: no more than a comment holds. */
static void test_markdown_limit(void **state)
{
	struct fake_report a, b;
	struct ms_diff d;
	char *text;

	(void)state;
	fake_start(&a);
	fake_start(&b);
	for (unsigned i = 0; i < 3000; i++) {
		char path[200];

		sprintf(path, "main>a_function_with_a_long_name_%u>another_function_with_a_long_name_%u", i, i);
		fake_site(&b, path, 1 + i, 100);
	}
	fake_finish(&a);
	fake_finish(&b);
	d = compare(&a, &b);
	assert_int_equal(d.row_count, 3000);
	text = render(&d, ms_render_diff_markdown);
	assert_in_range(strlen(text), 10000, MS_DIFF_MARKDOWN_MAX);
	assert_non_null(strstr(text, "another_function_with_a_long_name_2999"));
	free(text);
	done(&d);
	fake_report_free(&a);
	fake_report_free(&b);
}

static void test_rank(void **state)
{
	static const struct site old[] = {{"main>big>a", 10, 100000}, {"main>busy>b", 1000, 2000}, {0}};
	static const struct site new[] = {{"main>big>a", 10, 102000}, {"main>busy>b", 1500, 3000}, {0}};
	struct fake_report a, b;
	struct ms_diff_ranked *ranked;
	struct ms_diff d;
	size_t count;

	(void)state;
	make(&a, old);
	make(&b, new);
	d = compare(&a, &b);
	ranked = ms_diff_rank(&d, MS_DIFF_METRIC_COUNT, &count); /* a third of the allocations before 2 % of the bytes */
	assert_int_equal(count, 2);
	assert_string_equal(ms_report_headline(&b.report, d.rows[ranked[0].row].after.node)->function, "b");
	free(ranked);
	ranked = ms_diff_rank(&d, MS_DIFF_ALLOCATED, &count);
	assert_int_equal(count, 2);
	assert_string_equal(ms_report_headline(&b.report, d.rows[ranked[0].row].after.node)->function, "a");
	free(ranked);
	ranked = ms_diff_rank(&d, MS_DIFF_LEAK_DEFINITE, &count);
	assert_int_equal(count, 0);
	free(ranked);
	done(&d);
	fake_report_free(&a);
	fake_report_free(&b);
}

static void test_percent(void **state)
{
	static const struct {
		uint64_t old, new;
		const char *text;
	} cases[] = {{100, 105, "+5.0 %"}, {100, 88, "-12.0 %"}, {0, 3, "new"}, {0, 0, ""}, {3, 0, "-100.0 %"}, {10, 120, "x 12"},
	             {1000000, 1000001, "< +0.1 %"}, {1000000, 999999, "> -0.1 %"}, {7, 7, ""}, {1, UINT64_MAX, "x 18446744073709551615"}};
	char text[MS_DIFF_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(ms_diff_percent(text, cases[i].old, cases[i].new), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_names_random), cmocka_unit_test(test_distance),
		cmocka_unit_test(test_same), cmocka_unit_test(test_sums_and_antisymmetry), cmocka_unit_test(test_edits),
		cmocka_unit_test(test_pairs), cmocka_unit_test(test_templates), cmocka_unit_test(test_limit), cmocka_unit_test(test_noise),
		cmocka_unit_test(test_several_runs), cmocka_unit_test(test_findings_and_gates), cmocka_unit_test(test_threads),
		cmocka_unit_test(test_markdown), cmocka_unit_test(test_markdown_limit), cmocka_unit_test(test_rank),
		cmocka_unit_test(test_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
