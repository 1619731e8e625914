/* What exports are made of: the tree of frames, metrics of call paths, text in XML, messages of Protocol Buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/export/export_findings.h"
#include "render/export/export_names.h"
#include "render/export/export_xml.h"
#include "render/export/frame_tree.h"
#include "render/export/protobuf.h"

/*
 * main -> { a (two call sites: nodes 2 and 3) -> new, b with i inlined into it }, and node 6 that is a bare address. Sites: 4 and 5 under the two
 * nodes of a, 3 itself, 7 (b), 6, and 0 without a stack.
 */
static struct ms_report_line lines[] = {
	{.function = "main", .linkage_name = "", .file = "m.c", .module = "/x/app", .line = 1},
	{.function = "a", .linkage_name = "", .file = "m.c", .module = "/x/app", .line = 2},
	{.function = "a", .linkage_name = "", .file = "m.c", .module = "/x/app", .line = 3},
	{.function = "operator new(unsigned long)", .linkage_name = "_Znwm", .file = "", .module = "/lib/c++.so", .offset = 9, .allocator = true},
	{.function = "", .linkage_name = "", .file = "", .module = "/lib/libx.so", .offset = 0x1a2b},
	{.function = "i", .linkage_name = "", .file = "b.h", .module = "/x/app", .line = 7, .inlined = true},
	{.function = "b", .linkage_name = "", .file = "b.c", .module = "/x/app", .line = 8},
};
static struct ms_report_node nodes[] = {
	{0, 0, 0}, {0, 0, 1}, {1, 1, 1}, {1, 2, 1}, {2, 3, 1}, {3, 3, 1}, {1, 4, 1}, {1, 5, 2},
};
static struct ms_report_site sites[] = {
	{.node = 0, .peak_bytes = 1}, {.node = 3, .peak_bytes = 2}, {.node = 4, .peak_bytes = 4}, {.node = 5, .peak_bytes = 8},
	{.node = 6, .peak_bytes = 16, .live_bytes = 5}, {.node = 7, .peak_bytes = 32},
};
static struct ms_leak leaks[] = {
	{.kind = MS_LEAK_DEFINITE, .node = 6, .blocks = 1, .bytes = 10}, {.kind = MS_LEAK_INDIRECT, .node = 6, .blocks = 2, .bytes = 20},
	{.kind = MS_LEAK_INDIRECT, .node = 4, .blocks = 3, .bytes = 30, .suppressed = true}, {.kind = MS_LEAK_POSSIBLE, .node = 7, .blocks = 4, .bytes = 40},
	{.kind = MS_LEAK_REACHABLE, .node = 5, .blocks = 5, .bytes = 50},
};
static struct ms_process process = {.executable = "/x/app", .working_directory = "/x/src2"};
static struct ms_report report = {
	.trace.process = &process,
	.nodes = nodes, .node_count = 8, .lines = lines, .line_count = 7, .sites = sites, .site_count = 6,
	.leaks = {.observable = true, .leaks = leaks, .leak_count = 5},
};

static uint32_t find(const struct ms_frame_tree *t, uint32_t parent, const char *name)
{
	for (uint32_t f = t->frames[parent].first_child; f; f = t->frames[f].next)
		if (strcmp(t->names[t->frames[f].name], name) == 0)
			return f;
	return 0;
}

static void frames_merge_by_name(void **state)
{
	const struct ms_export_metric *metric;
	struct ms_frame_tree t;
	struct ms_weight *weights;
	uint32_t main_frame, a, frames = 0;
	size_t count, depth = 0, deepest = 0;
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_export_metric_find(&metric, "peak", &err), MS_OK);
	assert_int_equal(ms_export_weights(&weights, &count, &report, metric, &err), MS_OK);
	assert_int_equal(count, 6);
	assert_int_equal(ms_frame_tree_build(&t, &report, weights, count, &err), MS_OK);
	assert_int_equal(t.frames[0].total, 63);
	assert_int_equal(t.frames[find(&t, 0, "[no stack]")].own, 1);
	main_frame = find(&t, 0, "main");
	assert_int_equal(t.frames[main_frame].own, 0);
	assert_int_equal(t.frames[main_frame].total, 62);
	a = find(&t, main_frame, "a"); /* two call sites, one frame */
	assert_int_equal(t.frames[a].own, 2);
	assert_int_equal(t.frames[a].total, 14);
	assert_int_equal(t.frames[find(&t, a, "operator new(unsigned long)")].own, 12);
	assert_int_equal(t.frames[find(&t, main_frame, "libx.so+0x1a2b")].own, 16);
	assert_int_equal(t.frames[find(&t, find(&t, main_frame, "b"), "i")].own, 32); /* inlined: a frame of its own */
	for (uint32_t f = 0; (f = ms_frame_next(&t, f, &depth)); frames++)
		deepest = depth > deepest ? depth : deepest;
	assert_int_equal(frames, t.frame_count - 1);
	assert_int_equal(depth, 0);
	assert_int_equal(deepest, 3);
	ms_frame_tree_free(&t);
	free(weights);
	assert_int_equal(ms_frame_tree_build(&t, &report, NULL, 0, &err), MS_OK);
	assert_int_equal(t.frame_count, 1);
	assert_int_equal(t.frames[0].total, 0);
	ms_frame_tree_free(&t);
}

static void weights_of_leaks(void **state)
{
	static const struct {
		const char *metric;
		size_t count;
		uint32_t node;
		uint64_t value;
	} cases[] = {{"leaked", 1, 6, 30}, {"leaked-blocks", 1, 6, 3}, {"possibly-leaked", 1, 7, 40}, {"possibly-leaked-blocks", 1, 7, 4}, {"live", 1, 6, 5}};
	struct ms_report blind = report;
	const struct ms_export_metric *metric;
	struct ms_weight *weights;
	size_t count;
	struct ms_error err;

	(void)state;
	blind.leaks.observable = false;
	blind.leaks.reason = "no graph";
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(ms_export_metric_find(&metric, cases[i].metric, &err), MS_OK);
		assert_int_equal(ms_export_weights(&weights, &count, &report, metric, &err), MS_OK);
		assert_int_equal(count, cases[i].count);
		assert_int_equal(weights[0].node, cases[i].node);
		assert_int_equal(weights[0].value, cases[i].value);
		free(weights);
		if (metric->of_site)
			continue;
		assert_int_equal(ms_export_weights(&weights, &count, &blind, metric, &err), MS_E_UNSUPPORTED);
		assert_non_null(strstr(err.message, "no graph"));
	}
}

static void names_and_places(void **state)
{
	struct ms_export_input bare = {.report = &report, .no_paths = true}, full = {.report = &report};
	const struct ms_report_line unknown = {.function = "", .module = "", .offset = 16};
	char buffer[MS_EXPORT_FRAME];

	(void)state;
	assert_string_equal(ms_export_frame(buffer, NULL), "[no stack]");
	assert_string_equal(ms_export_frame(buffer, &lines[4]), "libx.so+0x1a2b");
	assert_string_equal(ms_export_frame(buffer, &unknown), "0x10");
	assert_string_equal(ms_export_path(&full, "/x/app"), "/x/app");
	assert_string_equal(ms_export_path(&bare, "/x/app"), "app");
	assert_string_equal(ms_export_path(&bare, "/x/"), "/x/");
	assert_string_equal(ms_export_path(&bare, ""), "");
	assert_string_equal(ms_export_title(&full), "app");
	assert_string_equal(ms_export_title(&(struct ms_export_input){.report = &report, .name = "test 7"}), "test 7");
	assert_ptr_equal(ms_export_user_line(&full, &report, 4), &lines[1]); /* not the allocator */
	assert_ptr_equal(ms_export_user_line(&full, &report, 6), &lines[0]); /* a bare address has no source, its caller does */
	assert_ptr_equal(ms_export_user_line(&full, &report, 7), &lines[5]);
	assert_null(ms_export_user_line(&full, &report, 0));
}

static void places_below_the_root(void **state)
{
	static const struct {
		const char *root, *path, *place;
		bool inside;
	} cases[] = {
		{NULL, "/x/src2/m.c", "m.c", true}, {NULL, "/x/src2/build/../src/m.c", "src/m.c", true}, {NULL, "/x/src2/../src2/./m.c", "m.c", true},
		{NULL, "/x/src2/../m.c", "/x/m.c", false}, {NULL, "/x/src25/m.c", "/x/src25/m.c", false}, {NULL, "/x/src2", "/x/src2", false},
		{NULL, "./m.c", "m.c", false}, {NULL, "../../m.c", "../../m.c", false}, {NULL, "a/../../m.c", "../m.c", false}, {NULL, "a/..", ".", false},
		{NULL, "", ".", false}, {NULL, "/../..", "/", false}, {NULL, "//x//src2//m.c", "m.c", true},
		{"/x", "/x/src2/m.c", "src2/m.c", true}, {"/x/", "/x/src2/m.c", "src2/m.c", true}, {"/y/../x/.", "/x/m.c", "m.c", true},
		{"/", "/x/m.c", "/x/m.c", false}, {"/elsewhere", "/x/src2/m.c", "/x/src2/m.c", false},
	};
	struct ms_export_input bare = {.report = &report, .no_paths = true, .source_root = "/x"};
	bool inside;
	char *place;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ms_export_input input = {.report = &report, .source_root = cases[i].root};

		place = ms_export_place(&input, cases[i].path, &inside);
		assert_string_equal(place, cases[i].place);
		assert_int_equal(inside, cases[i].inside);
		free(place);
	}
	place = ms_export_place(&bare, "/x/src2/m.c", &inside);
	assert_string_equal(place, "m.c");
	assert_false(inside);
	free(place);
}

/* With a root, code of headers and of others is not where a person looks first. */
static void own_source_first(void **state)
{
	struct ms_report_line own[] = {
		{.function = "main", .linkage_name = "", .file = "/x/src2/main.cpp", .module = "/x/app", .line = 5},
		{.function = "std::f()", .linkage_name = "", .file = "/usr/include/c++/f.h", .module = "/x/app", .line = 6},
		{.function = "mine", .linkage_name = "", .file = "/x/src2/sub/mine.h", .module = "/x/app", .line = 7, .inlined = true},
		{.function = "std::g()", .linkage_name = "", .file = "/usr/include/c++/g.h", .module = "/x/app", .line = 8},
	};
	struct ms_report_node path[] = {{0, 0, 0}, {0, 0, 1}, {1, 1, 1}, {2, 2, 1}, {3, 3, 1}};
	struct ms_report r = {.trace.process = &process, .nodes = path, .node_count = 5, .lines = own, .line_count = 4};
	struct ms_export_input input = {.report = &r};

	(void)state;
	assert_ptr_equal(ms_export_user_line(&input, &r, 4), &own[2]);
	assert_ptr_equal(ms_export_user_line(&input, &r, 2), &own[0]);
	input.source_root = "/usr/include/";
	assert_ptr_equal(ms_export_user_line(&input, &r, 4), &own[3]);
	input.source_root = "/x/src"; /* not a directory of any of them */
	assert_ptr_equal(ms_export_user_line(&input, &r, 4), &own[3]);
}

static void text_in_xml(void **state)
{
	static const char *const cases[][2] = {
		{"", ""}, {"a b", "a b"}, {"<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"}, {"]]>", "]]&gt;"}, {"\t\n\r", "&#9;&#10;&#13;"},
		{"\x01\x1b\x7f", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, {"\xc3\xa4\xff", "\xc3\xa4\xef\xbf\xbd"}, {"\xc2\x80", "\xef\xbf\xbd"},
		{"\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd"}, {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = NULL;
		size_t size;
		FILE *f = open_memstream(&text, &size);

		ms_export_xml(f, cases[i][0]);
		fclose(f);
		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

static void messages(void **state)
{
	static const uint64_t values[] = {0, 1, 127, 128, 300, UINT64_MAX};
	/* By the encoding guide: field << 3 | type, 7 bits per byte, the least first. */
	static const uint8_t expected[] = {
		0x08, 0x96, 0x01,                      /* 1: 150 */
		0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g', /* 2: "testing" */
		0x1a, 0x03, 0x08, 0x96, 0x01,          /* 3: {1: 150} */
		0x22, 0x11, 0x00, 0x01, 0x7f, 0x80, 0x01, 0xac, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
		0x2a, 0x00,                            /* 5: "" */
		0xfa, 0x01, 0x00,                      /* 31: {} */
	};
	struct ms_pb m = {0}, inner = {0}, big = {0};

	(void)state;
	ms_pb_uint(&m, 1, 150);
	ms_pb_uint(&m, 9, 0); /* left out */
	ms_pb_bytes(&m, 2, "testing", 7);
	ms_pb_uint(&inner, 1, 150);
	ms_pb_message(&m, 3, &inner);
	assert_int_equal(inner.size, 0);
	ms_pb_packed(&m, 4, values, 6);
	ms_pb_bytes(&m, 5, "", 0);
	ms_pb_message(&m, 31, &inner);
	assert_int_equal(m.size, sizeof expected);
	assert_memory_equal(m.bytes, expected, sizeof expected);
	for (size_t i = 0; i < 10000; i++)
		ms_pb_append(&big, &m);
	assert_int_equal(big.size, 10000 * sizeof expected);
	assert_memory_equal(big.bytes + 9999 * sizeof expected, expected, sizeof expected);
	assert_false(big.failed);
	ms_pb_bytes(&big, 1, "x", SIZE_MAX / 2); /* too large: refused before a byte is read */
	assert_true(big.failed);
	ms_pb_free(&m);
	ms_pb_free(&inner);
	ms_pb_free(&big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_merge_by_name),
		cmocka_unit_test(weights_of_leaks),
		cmocka_unit_test(names_and_places), cmocka_unit_test(places_below_the_root), cmocka_unit_test(own_source_first),
		cmocka_unit_test(text_in_xml),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
