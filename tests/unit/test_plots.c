/* What figures are made of: the tables, names that are harmless and short, units, levels by place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/plot/place_series.h"
#include "render/plot/plot.h"
#include "render/plot/plot_script.h"
#include "render/plot/plot_text.h"

static const char *drawable(const struct ms_plot_input *in)
{
	(void)in;
	return NULL;
}
static int nothing(FILE *data, FILE *script, const struct ms_plot_input *in, struct ms_error *err)
{
	(void)data, (void)script, (void)in, (void)err;
	return MS_OK;
}

static void tables_are_checked(void **state)
{
	static const struct ms_plot good = {.name = "a-1", .title = "A", .missing = drawable, .write = nothing};
	struct ms_plot bad[8];
	const struct ms_plot *list[2] = {&good, NULL};
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_plot_check(ms_plots, ms_plot_count, &err), MS_OK);
	assert_int_equal(ms_plot_check(ms_diff_plots, ms_diff_plot_count, &err), MS_OK);
	assert_true(ms_plot_count >= 8 && ms_diff_plot_count >= 2);
	assert_int_equal(ms_plot_check(list, 1, &err), MS_OK);
	assert_int_equal(ms_plot_check(list, 2, &err), MS_E_ARGUMENT);
	list[1] = &good;
	assert_int_equal(ms_plot_check(list, 2, &err), MS_E_ARGUMENT);
	assert_non_null(strstr(err.message, "two figures are named 'a-1'"));
	for (size_t i = 0; i < 8; i++)
		bad[i] = good;
	bad[0].name = "";
	bad[1].name = "A";
	bad[2].name = "../x";
	bad[3].title = NULL;
	bad[4].title = "one\ntwo";
	bad[5].missing = NULL;
	bad[6].write = NULL;
	bad[7].timeline_by = 1u << MS_TIMELINE_GROUP_COUNT;
	for (size_t i = 0; i < 8; i++) {
		list[0] = &bad[i];
		assert_int_equal(ms_plot_check(list, 1, &err), MS_E_ARGUMENT);
	}
}

static void text_is_harmless(void **state)
{
	char buffer[64], every[256], tiny[4];
	size_t n = 0;

	(void)state;
	assert_string_equal(ms_plot_clean(buffer, sizeof buffer, "a'b\"c`d\\e%n{^_@&~}$(x)", 60), "a’b”c‘d∖e%n{^_@&~}$(x)");
	assert_string_equal(ms_plot_clean(buffer, sizeof buffer, "a\nb\t\x1b\x7f\xc2\x9b\xff\xe2\x80\xa8\xe2\x81\xa6z", 60),
	                    "a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
	for (int c = 1; c < 256; c++)
		every[n++] = (char)c;
	every[n] = '\0';
	char *all = malloc(2000);
	ms_plot_clean(all, 2000, every, 2000);
	assert_null(strpbrk(all, "'\"`\\\n\r\t\x1b\x7f"));
	assert_non_null(strstr(all, "xyz{|}~"));
	free(all);
	/* cut by characters, by bytes, and not at all */
	assert_string_equal(ms_plot_clean(buffer, sizeof buffer, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 4), "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f");
	assert_string_equal(ms_plot_clean(buffer, sizeof buffer, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 3), "\xc3\xa4\xc3\xb6…");
	assert_string_equal(ms_plot_clean(buffer, 8, "abcdefgh", 60), "abc…");
	assert_string_equal(ms_plot_clean(tiny, sizeof tiny, "abc", 60), "…");
	assert_string_equal(ms_plot_clean(tiny, sizeof tiny, "", 60), "");
}

static void functions_lose_their_types(void **state)
{
	static const char *const cases[][2] = {
		{"main", "main"},
		{"produce(unsigned int)", "produce"},
		{"a::b::c(std::vector<int> const&) const", "a::b::c"},
		{"std::vector<std::pair<int, char>, std::allocator<int> >::push_back(int&&)", "std::vector<…>::push_back"},
		{"void std::sort<int*, (anonymous namespace)::less>(int*, int*)", "std::sort<…>"},
		{"std::map<int, f(*)(int)>::operator[](int const&)", "std::map<…>::operator[]"},
		{"bool operator< <int>(a<int> const&, a<int> const&)", "bool operator< <…>"},
		{"x::operator()(int) const", "x::operator()"},
		{"x::operator<<(int)", "x::operator<<"},
		{"operator new(unsigned long)", "operator new"},
		{"(anonymous namespace)::f(int)", "(anonymous namespace)::f"},
		{"a<(b)1>::g<c->d>()", "a<…>::g<…>"},
		{"<alloc::vec::Vec<T> as core::clone::Clone>::clone", "<alloc::vec::Vec<…> as core::clone::Clone>::clone"},
		{"f<", "f<…>"},
		{"Catalogue::lines[abi:cxx11](int) const", "Catalogue::lines"},
		{"a[abi:", "a[abi:"},
		{"x::operator[](int)", "x::operator[]"},
		{">f", ">f"},
		{"", ""},
		{"(", "("},
	};
	char buffer[100], small[20];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(ms_plot_function(buffer, sizeof buffer, cases[i][0]), cases[i][1]);
	assert_true(strlen(ms_plot_function(small, sizeof small, "abcdefghijklmnopqrstuvwxyz<a>(b)")) < sizeof small);
	assert_true(strlen(ms_plot_function(small, sizeof small, "a<b>c<d>e<f>g<h>i<j>k<l>m<n>o<p>")) < sizeof small);
}

static void places_fit_a_legend(void **state)
{
	struct ms_report_line line = {.function = "read_record(char const*)", .linkage_name = "", .file = "/src/deep/records.c", .module = "/bin/app", .line = 11};
	char buffer[MS_PLOT_NAME], longest[600];

	(void)state;
	assert_string_equal(ms_plot_place(buffer, &line, 42), "read_record (records.c:11)");
	assert_string_equal(ms_plot_place(buffer, &line, 22), "read_record"); /* the place would take more than half */
	line.line = 0;
	assert_string_equal(ms_plot_place(buffer, &line, 42), "read_record (records.c)");
	line.file = "";
	assert_string_equal(ms_plot_place(buffer, &line, 42), "read_record (app)");
	line.function = "some::very::long::qualified::name::of::a::function(int)";
	assert_string_equal(ms_plot_place(buffer, &line, 30), "…::name::of::a::function (app)");
	line.function = "('";
	assert_string_equal(ms_plot_place(buffer, &line, 30), "(’ (app)");
	line.function = "";
	line.offset = 0x1c307;
	assert_string_equal(ms_plot_place(buffer, &line, 42), "app+0x1c307");
	assert_string_equal(ms_plot_place(buffer, NULL, 42), "[no stack]");
	memset(longest, '\xff', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	line.function = line.file = line.module = longest;
	assert_true(strlen(ms_plot_place(buffer, &line, 4000)) < sizeof buffer);
}

static void units_suit_what_is_largest(void **state)
{
	static const struct {
		uint64_t most;
		const char *name;
		double size;
	} bytes[] = {{0, "bytes", 1}, {1023, "bytes", 1}, {1024, "KiB", 1024}, {1 << 20, "MiB", 1 << 20}, {UINT64_MAX, "PiB", 1125899906842624.}},
	  times[] = {{0, "ns", 1}, {999, "ns", 1}, {1000, "\xc2\xb5s", 1e3}, {999999999, "ms", 1e6}, {299999999999, "s", 1e9}, {300000000000, "min", 60e9},
	             {18000000000000, "h", 3600e9}, {432000000000000, "days", 86400e9}};

	(void)state;
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		assert_string_equal(ms_plot_bytes(bytes[i].most).name, bytes[i].name);
		assert_true(ms_plot_bytes(bytes[i].most).size == bytes[i].size);
	}
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		assert_string_equal(ms_plot_time(times[i].most).name, times[i].name);
		assert_true(ms_plot_time(times[i].most).size == times[i].size);
	}
	assert_string_equal(ms_plot_counts(4999).name, "");
	assert_string_equal(ms_plot_counts(5000).name, "thousand ");
	assert_string_equal(ms_plot_counts(5e6).name, "million ");
}

static void variables_are_one_line(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	ms_plot_set(f, "a", "%s|%d", "'.system('touch x').'\n", 7);
	ms_plot_unit(f, "byte", ms_plot_bytes(5 << 20));
	fclose(f);
	assert_string_equal(text, "a = '’.system(’touch x’).’\xef\xbf\xbd|7'\nbyte_unit = 1048576.0\nbyte_name = 'MiB'\n");
	free(text);
}

/*
 * Four steps. Sites 1 and 3 are one place (a: two call paths), 2 is b, 4 and 5 are bare addresses at two offsets, 0 has no stack.
 */
static struct ms_report_line lines[] = {
	{.function = "a", .linkage_name = "", .file = "m.c", .module = "app", .line = 1},
	{.function = "b", .linkage_name = "", .file = "m.c", .module = "app", .line = 2},
	{.function = "", .linkage_name = "", .file = "", .module = "app", .offset = 10},
	{.function = "", .linkage_name = "", .file = "", .module = "app", .offset = 20},
};
static struct ms_report_node nodes[] = {{0, 0, 0}, {0, 0, 1}, {0, 1, 1}, {2, 0, 1}, {0, 2, 1}, {0, 3, 1}};
static struct ms_report_bucket buckets[4];
static struct ms_timeline_cell cells[] = {
	{.bucket = 0, .last_live_bytes = 10}, {.bucket = 2, .last_live_bytes = 4},  /* 1 */
	{.bucket = 1, .last_live_bytes = 7},                                        /* 2 */
	{.bucket = 1, .last_live_bytes = 5}, {.bucket = 3, .last_live_bytes = 0},   /* 3 */
	{.bucket = 3, .last_live_bytes = 7},                                        /* 4 */
	{.bucket = 0, .last_live_bytes = 1},                                        /* 5 */
	{.bucket = 0, .last_live_bytes = 0},                                        /* 0: no stack */
};
static struct ms_timeline_series series[] = {{0, 7, 1}, {1, 0, 2}, {2, 2, 1}, {3, 3, 2}, {4, 5, 1}, {5, 6, 1}};
static struct ms_report report = {
	.nodes = nodes, .node_count = 6, .lines = lines, .line_count = 4, .timeline = buckets, .timeline_count = 4,
	.timeline_by = {[MS_TIMELINE_SITE] = {series, 6, cells, 8}},
};

static void check_levels(const uint64_t *levels, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	const uint64_t expected[] = {a, b, c, d};

	assert_memory_equal(levels, expected, sizeof expected);
}

static void levels_add_up_by_place(void **state)
{
	struct ms_place_series s;
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_place_series_build(&s, &report, 3, &err), MS_OK);
	assert_int_equal(s.count, 3);
	assert_int_equal(s.others, 2);
	assert_ptr_equal(s.places[0].line, &lines[0]);
	assert_int_equal(s.places[0].node, 1);
	assert_int_equal(s.places[0].most_bytes, 15);
	check_levels(s.places[0].bytes, 10, 15, 9, 4);
	assert_int_equal(s.places[1].node, 2); /* of equals the smaller number */
	check_levels(s.places[1].bytes, 0, 7, 7, 7);
	assert_int_equal(s.places[2].node, 4);
	check_levels(s.places[2].bytes, 0, 0, 0, 7);
	check_levels(s.other_bytes, 1, 1, 1, 1);
	ms_place_series_free(&s);
	ms_place_series_free(&s);
	assert_int_equal(ms_place_series_build(&s, &report, 1, &err), MS_OK);
	assert_int_equal(s.others, 4);
	check_levels(s.other_bytes, 1, 8, 8, 15);
	ms_place_series_free(&s);
	assert_int_equal(ms_place_series_build(&s, &report, 50, &err), MS_OK);
	assert_int_equal(s.count, 5);
	assert_int_equal(s.others, 0);
	assert_null(s.places[4].line);
	ms_place_series_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_checked),
		cmocka_unit_test(text_is_harmless),
		cmocka_unit_test(functions_lose_their_types),
		cmocka_unit_test(places_fit_a_legend),
		cmocka_unit_test(units_suit_what_is_largest),
		cmocka_unit_test(variables_are_one_line),
		cmocka_unit_test(levels_add_up_by_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
