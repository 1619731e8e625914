/* test_html.c - the HTML report and comparison: the container of columns, the title, what --no-paths strips. The page itself is tested in a browser. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <zlib.h>

#include <setjmp.h>
#include <cmocka.h>

#include "fake_report.h"
#include "render/diff_render.h"
#include "render/html.h"
#include "render/html_columns.h"
#include "render/html_stacks.h"

/* ---- the page, taken apart ---------------------------------------------------------------------------------------- */

struct page {
	char *html;
	uint8_t *data;                   /* the container */
	size_t data_bytes;
	json_t *header;
	const uint8_t *body;             /* where offsets count from */
};

static uint8_t *from_base64(const char *text, size_t length, size_t *bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t *out = malloc(length);
	uint32_t bits = 0;
	unsigned count = 0;

	assert_non_null(out);
	*bytes = 0;
	for (size_t i = 0; i < length && text[i] != '='; i++) {
		const char *digit = strchr(digits, text[i]);

		assert_non_null(digit);
		bits = bits << 6 | (uint32_t)(digit - digits);
		if (++count % 4 != 1)
			out[(*bytes)++] = (uint8_t)(bits >> (6 - 2 * ((count - 1) % 4)));
	}
	return out;
}

static void unpack(struct page *p, const uint8_t *packed, size_t length)
{
	z_stream z = {0};
	size_t room = 1u << 24;
	uint32_t header;

	p->data = malloc(room);
	assert_non_null(p->data);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)packed;
	z.avail_in = (uInt)length;
	z.next_out = p->data;
	z.avail_out = (uInt)room;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	p->data_bytes = z.total_out;
	inflateEnd(&z);
	memcpy(&header, p->data, sizeof header);
	assert_int_equal((header + 4) % 8, 0);
	p->header = json_loadb((const char *)p->data + 4, header, 0, NULL);
	assert_non_null(p->header);
	p->body = p->data + 4 + header;
}

/* p->html is there: takes the data out of it. */
static void take_apart(struct page *p)
{
	static const char mark[] = "<script type=\"application/octet-stream\" id=\"data\">";
	const char *start = strstr(p->html, mark), *end;
	uint8_t *packed;
	size_t bytes;

	assert_non_null(start);
	start += strlen(mark);
	end = strchr(start, '<');
	assert_non_null(end);
	packed = from_base64(start, (size_t)(end - start), &bytes);
	unpack(p, packed, bytes);
	free(packed);
}

static void render(struct page *p, const struct ms_report *report, bool no_paths)
{
	const struct ms_html_options options = {.no_paths = no_paths};
	struct ms_error err;
	size_t size = 0;
	FILE *out = open_memstream(&p->html, &size);

	assert_non_null(out);
	assert_int_equal(ms_render_html(out, report, &options, &err), MS_OK);
	fclose(out);
	take_apart(p);
}

static void drop(struct page *p)
{
	json_decref(p->header);
	free(p->data);
	free(p->html);
}

static json_t *column_of(const struct page *p, const char *table, const char *column)
{
	json_t *found = json_object_get(json_object_get(json_object_get(json_object_get(p->header, "tables"), table), "columns"), column);

	if (!found)
		fail_msg("no column %s.%s", table, column);
	return found;
}

static double number(const struct page *p, const char *table, const char *column, size_t row)
{
	json_t *c = column_of(p, table, column);
	const char *type = json_string_value(json_array_get(c, 0));
	const uint8_t *at = p->body + json_integer_value(json_array_get(c, 1));
	unsigned width = (unsigned)atoi(type + 1) / 8;
	uint64_t value = 0;
	double wide;

	assert_int_equal((at - p->body) % 8, 0);
	if (type[0] == 'f') {
		memcpy(&wide, at + 8 * row, 8);
		return wide;
	}
	memcpy(&value, at + width * row, width);
	return (double)value;
}

static const char *text(const struct page *p, const char *table, const char *column, size_t row)
{
	json_t *strings = json_object_get(p->header, "strings");
	const char *s = (const char *)p->body + json_integer_value(json_object_get(strings, "offset"));

	for (double n = number(p, table, column, row); n > 0; n--)
		s += strlen(s) + 1;
	return s;
}

static size_t rows(const struct page *p, const char *table)
{
	return (size_t)json_integer_value(json_object_get(json_object_get(json_object_get(p->header, "tables"), table), "rows"));
}

/* ---- tests ---------------------------------------------------------------------------------------------------------- */

static void test_figures(void **state)
{
	struct fake_report f;
	struct page p;

	(void)state;
	fake_start(&f);
	fake_site(&f, "main>load", 10, 200);
	fake_site(&f, "main>store", 70000, 5000000000);
	fake_thread(&f, "worker", false, 3);
	fake_finish(&f);
	f.report.totals.failed_allocations = UINT64_C(1) << 53;
	render(&p, &f.report, false);
	assert_int_equal(rows(&p, "sites"), 2);
	assert_true(number(&p, "sites", "allocations", 1) == 70000);
	assert_true(number(&p, "sites", "allocated_bytes", 0) == 200);
	assert_true(number(&p, "sites", "allocated_bytes", 1) == 5e9);
	assert_true(number(&p, "totals", "allocated_bytes", 0) == 5000000200.0);
	assert_true(number(&p, "totals", "failed_allocations", 0) == 9007199254740992.0);
	assert_string_equal(text(&p, "lines", "function", (size_t)number(&p, "sites", "headline", 1)), "store");
	assert_string_equal(text(&p, "lines", "module", 0), "/opt/app");
	assert_string_equal(text(&p, "threads", "name", 0), "worker");
	assert_int_equal(rows(&p, "command"), 1);
	assert_int_equal(rows(&p, "timeline_by_site"), 0);
	drop(&p);
	fake_report_free(&f);
}

/* Nothing of the trace is markup: not in the title, and nowhere else but in the compressed data. */
static void test_hostile(void **state)
{
	static const char *const command[] = {"./<b>&", "</title><script>x</script>"};
	struct ms_process process;
	struct fake_report f;
	struct page p;

	(void)state;
	fake_start(&f);
	fake_site(&f, "main", 1, 3);
	f.report.lines[0].function = "</script><img src=x>";
	process = *f.report.trace.process;
	process.command = command;
	process.command_count = 2;
	f.report.trace.process = &process;
	render(&p, &f.report, false);
	assert_non_null(strstr(p.html, "<title>'./&lt;b&gt;&amp;' '&lt;/title&gt;&lt;script&gt;x&lt;/script&gt;' "));
	assert_null(strstr(p.html, "<img src=x>"));
	assert_string_equal(text(&p, "lines", "function", 0), "</script><img src=x>");
	assert_string_equal(text(&p, "command", "text", 1), command[1]);
	drop(&p);
	fake_report_free(&f);
}

static void test_no_paths(void **state)
{
	static const char *const command[] = {"/home/somebody/app", "/home/somebody/secret.txt"};
	struct ms_process process;
	struct fake_report f;
	struct page p;

	(void)state;
	fake_start(&f);
	fake_site(&f, "main", 1, 3);
	f.report.lines[0].file = "/home/somebody/src/app.c";
	process = *f.report.trace.process;
	process.command = command;
	process.command_count = 2;
	f.report.trace.process = &process;
	render(&p, &f.report, true);
	assert_string_equal(text(&p, "lines", "file", 0), "app.c");
	assert_string_equal(text(&p, "lines", "module", 0), "app");
	assert_string_equal(text(&p, "command", "text", 1), "secret.txt");
	assert_null(memmem(p.data, p.data_bytes, "somebody", 8));
	assert_null(strstr(p.html, "somebody"));
	drop(&p);
	fake_report_free(&f);
}

/* Stored cells give back what the analysis said: levels with jumps that no allocation explains, gaps, several series. */
static void test_cells(void **state)
{
	struct ms_timeline_series series[] = {{.key = 3, .first_cell = 0, .cell_count = 2}, {.key = 7, .first_cell = 2, .cell_count = 1}};
	struct ms_timeline_cell cells[] = {
		{.bucket = 2, .allocations = 3, .frees = 1, .min_live_bytes = 0, .max_live_bytes = 90, .last_live_bytes = 60, .last_live_blocks = 2,
		 .allocated_bytes = 90, .freed_bytes = 30},
		{.bucket = 9, .max_live_bytes = 60, .last_live_bytes = 0, .last_live_blocks = 0}, /* gone by exec */
		{.bucket = 0, .allocations = 1, .max_live_bytes = 25, .last_live_bytes = 25, .last_live_blocks = 2, .allocated_bytes = 5}, /* 20 before the window */
	};
	struct fake_report f;
	struct page p;

	(void)state;
	fake_start(&f);
	f.report.timeline_by[MS_TIMELINE_THREAD] = (struct ms_timeline_group_series){series, 2, cells, 3};
	render(&p, &f.report, false);
	f.report.timeline_by[MS_TIMELINE_THREAD] = (struct ms_timeline_group_series){0};
	assert_int_equal(rows(&p, "timeline_by_thread"), 2);
	for (size_t i = 0, c = 0; i < 2; i++) {
		double level = 0, blocks = 0, bucket = 0;

		for (size_t k = 0; k < series[i].cell_count; k++, c++) {
			double before = level;

			bucket += number(&p, "timeline_by_thread_cells", "step", c);
			level += number(&p, "timeline_by_thread_cells", "allocated_bytes", c) - number(&p, "timeline_by_thread_cells", "freed_bytes", c) -
			         number(&p, "timeline_by_thread_cells", "gone_bytes", c);
			blocks += number(&p, "timeline_by_thread_cells", "allocations", c) - number(&p, "timeline_by_thread_cells", "frees", c) -
			          number(&p, "timeline_by_thread_cells", "gone_blocks", c);
			assert_true(bucket == cells[c].bucket);
			assert_true(level == cells[c].last_live_bytes);
			assert_true(blocks == cells[c].last_live_blocks);
			assert_true((before > level ? before : level) + number(&p, "timeline_by_thread_cells", "excess_bytes", c) == cells[c].max_live_bytes);
		}
	}
	drop(&p);
	fake_report_free(&f);
}

static void test_unwritable(void **state)
{
	const struct ms_html_options options = {0};
	FILE *full = fopen("/dev/full", "w");
	struct fake_report f;
	struct ms_error err;

	(void)state;
	assert_non_null(full);
	fake_start(&f);
	assert_int_equal(ms_render_html(full, &f.report, &options, &err), MS_E_IO);
	fclose(full);
	fake_report_free(&f);
}

static void test_directories(void **state)
{
	(void)state;
	assert_string_equal(ms_path_without_directories("/usr/lib/libc.so.6"), "libc.so.6");
	assert_string_equal(ms_path_without_directories("[heap]"), "[heap]");
	assert_string_equal(ms_path_without_directories(""), "");
	assert_string_equal(ms_path_without_directories("a/b"), "b");
}

/* ---- comparisons ------------------------------------------------------------------------------------------------- */

static void render_diff(struct page *p, const struct ms_report *const *reports, size_t old, size_t new, bool unchanged, bool no_paths)
{
	const struct ms_diff_side before = {reports, NULL, old}, after = {reports + old, NULL, new};
	const struct ms_diff_options how = {.keep_unchanged = unchanged};
	const struct ms_diff_condition condition = {"peak>+0", MS_GATE_HOLDS, "it is 7"};
	const struct ms_diff_render_options options = {
		.metric = MS_DIFF_METRIC_COUNT, .no_paths = no_paths, .align_share = true, .conditions = &condition, .condition_count = 1};
	struct ms_diff diff;
	struct ms_error err;
	size_t size = 0;
	FILE *out = open_memstream(&p->html, &size);

	assert_non_null(out);
	assert_int_equal(ms_diff_build(&diff, &before, &after, &how, &err), MS_OK);
	assert_int_equal(ms_render_diff_html(out, &diff, &options, &err), MS_OK);
	fclose(out);
	ms_diff_free(&diff);
	take_apart(p);
}

static bool has_column(const struct page *p, const char *table, const char *column)
{
	return json_object_get(json_object_get(json_object_get(json_object_get(p->header, "tables"), table), "columns"), column) != NULL;
}

/* The functions of a stack in the page's tree, innermost first, each followed by a blank. */
static const char *stack_text(const struct page *p, double node, char room[200])
{
	room[0] = '\0';
	for (size_t n = (size_t)node; n; n = (size_t)number(p, "nodes", "parent", n))
		for (size_t i = 0; i < (size_t)number(p, "nodes", "line_count", n); i++) {
			strcat(room, text(p, "lines", "function", (size_t)number(p, "nodes", "first_line", n) + i));
			strcat(room, " ");
		}
	return room;
}

static void test_comparison(void **state)
{
	struct fake_report old, new;
	const struct ms_report *reports[] = {&old.report, &new.report};
	size_t grown = SIZE_MAX, fresh = SIZE_MAX, same = SIZE_MAX, gone = SIZE_MAX;
	char room[200];
	struct page p;

	(void)state;
	fake_start(&old);
	fake_site(&old, "main>load", 10, 100);
	fake_site(&old, "main>quiet", 1, 5);
	fake_site(&old, "main>old_way>take", 3, 30);
	fake_finish(&old);
	fake_start(&new);
	fake_site(&new, "main>load", 12, 130);
	fake_site(&new, "main>quiet", 1, 5);
	fake_site(&new, "main>other>deep>way", 4, 44);
	fake_finish(&new);
	for (int unchanged = 0; unchanged < 2; unchanged++) {
		render_diff(&p, reports, 1, 1, unchanged, false);
		assert_int_equal(rows(&p, "diff_rows"), 3 + unchanged);
		assert_int_equal(rows(&p, "diff_places"), 3 + unchanged);
		assert_int_equal((int)number(&p, "diff", "paths_unchanged", 0), 1);
		assert_int_equal((int)number(&p, "diff", "changed", 0), 3);
		assert_string_equal(text(&p, "diff", "align", 0), "share");
		assert_string_equal(text(&p, "diff", "ranked_by", 0), "impact");
		assert_string_equal(text(&p, "diff_conditions", "expression", 0), "peak>+0");
		assert_int_equal((int)number(&p, "diff_conditions", "verdict", 0), MS_GATE_HOLDS);
		assert_false(has_column(&p, "diff_rows", "peak.old_min"));
		assert_true(has_column(&p, "old0.totals", "peak_bytes"));
		assert_true(has_column(&p, "new0.timeline", "start_ns"));
		for (size_t i = 0; i < rows(&p, "diff_rows"); i++)
			switch ((int)number(&p, "diff_rows", "allocations.change", i)) {
			case MS_DIFF_GROWN:
				grown = i;
				break;
			case MS_DIFF_NEW:
				fresh = i;
				break;
			case MS_DIFF_GONE:
				gone = i;
				break;
			default:
				same = i;
			}
		assert_int_equal((int)number(&p, "diff_rows", "allocations.old", grown), 10);
		assert_int_equal((int)number(&p, "diff_rows", "allocations.new", grown), 12);
		assert_string_equal(stack_text(&p, number(&p, "diff_places", "old_node", grown), room), "load main ");
		assert_string_equal(stack_text(&p, number(&p, "diff_places", "new_node", grown), room), "load main ");
		assert_string_equal(stack_text(&p, number(&p, "diff_places", "new_node", fresh), room), "way deep other main ");
		assert_int_equal((int)number(&p, "diff_places", "old_node", fresh), 0);
		assert_string_equal(stack_text(&p, number(&p, "diff_places", "old_node", gone), room), "take old_way main ");
		assert_string_equal(text(&p, "lines", "function", (size_t)number(&p, "diff_places", "old_line", gone)), "take");
		assert_true(number(&p, "diff_places", "new_line", gone) == UINT32_MAX);
		if (unchanged) {
			assert_int_equal((int)number(&p, "diff_places", "rank", same), 0);
			assert_string_equal(stack_text(&p, number(&p, "diff_places", "new_node", same), room), "quiet main ");
			assert_int_equal((int)number(&p, "diff_places", "old_node", same), 0);
		}
		drop(&p);
	}
	fake_report_free(&old);
	fake_report_free(&new);
}

static void test_several(void **state)
{
	struct fake_report runs[4];
	const struct ms_report *reports[4];
	struct page p;

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		fake_start(&runs[i]);
		fake_site(&runs[i], "main>load", 10 + i + 100 * (i / 2), 100);
		fake_finish(&runs[i]);
		reports[i] = &runs[i].report;
	}
	render_diff(&p, reports, 2, 2, true, false);
	assert_int_equal((int)number(&p, "diff", "several", 0), 1);
	assert_int_equal((int)number(&p, "diff_rows", "allocations.old_min", 0), 10);
	assert_int_equal((int)number(&p, "diff_rows", "allocations.old_max", 0), 11);
	assert_int_equal((int)number(&p, "diff_rows", "allocations.new_min", 0), 112);
	assert_int_equal((int)number(&p, "diff_rows", "allocations.new_max", 0), 113);
	assert_int_equal((int)number(&p, "diff_rows", "allocations.change", 0), MS_DIFF_GROWN);
	assert_true(has_column(&p, "old1.totals", "peak_bytes"));
	assert_true(has_column(&p, "new1.trace", "file"));
	assert_false(has_column(&p, "new2.trace", "file"));
	drop(&p);
	for (int i = 0; i < 4; i++)
		fake_report_free(&runs[i]);
}

static void test_comparison_hostile(void **state)
{
	static const char *const command[] = {"/home/somebody/<title><script>x"};
	struct ms_process process;
	struct fake_report f;
	struct page p;

	(void)state;
	fake_start(&f);
	fake_site(&f, "main>load", 1, 1);
	fake_finish(&f);
	process = *f.report.trace.process;
	process.command = command;
	process.command_count = 1;
	f.report.trace.process = &process;
	f.report.lines[0].file = "/home/somebody/app.c";
	for (int no_paths = 0; no_paths < 2; no_paths++) {
		render_diff(&p, (const struct ms_report *const[]){&f.report, &f.report}, 1, 1, true, no_paths);
		assert_null(strstr(p.html, "<script>x"));
		assert_non_null(strstr(p.html, "&lt;script&gt;x"));
		assert_int_equal(strstr(p.html, "/home/somebody") == NULL, no_paths);
		assert_string_equal(text(&p, "diff", "verdict", 0), "none: no call path changed");
		drop(&p);
	}
	fake_report_free(&f);
}

/* Only what is wanted, parents before children, lines of one frame once. */
static void test_stacks(void **state)
{
	struct ms_report_line lines[] = {{.function = "a"}, {.function = "b"}, {.function = "b2"}, {.function = "c"}};
	struct ms_report_node nodes[] = {{0}, {0, 0, 1}, {1, 1, 2}, {2, 3, 1}, {1, 3, 1}};
	struct ms_report one = {.nodes = nodes, .node_count = 5, .lines = lines, .line_count = 4}, two = one, other = one;
	struct ms_html_stacks *s = ms_html_stacks_new((const struct ms_report *const[]){&one, &two}, 2);
	struct ms_html_tree tree;
	uint32_t n;

	(void)state;
	assert_non_null(s);
	ms_html_stacks_want(s, &one, 3);
	ms_html_stacks_want(s, &two, 2);
	ms_html_stacks_want(s, &two, 4);
	ms_html_stacks_want(s, &two, 0);
	ms_html_stacks_want(s, &two, 5);
	ms_html_stacks_want(s, &other, 1);
	assert_true(ms_html_stacks_make(s));
	tree = ms_html_stacks_tree(s);
	assert_int_equal(tree.node_count, 1 + 3 + 3);
	assert_int_equal(tree.line_count, 4 + 4);
	n = ms_html_stacks_node(s, &one, 3);
	assert_string_equal(tree.lines[tree.nodes[n].first_line].function, "c");
	n = tree.nodes[n].parent;
	assert_int_equal(n, ms_html_stacks_node(s, &one, 2));
	assert_int_equal(tree.nodes[n].line_count, 2);
	assert_string_equal(tree.lines[tree.nodes[n].first_line + 1].function, "b2");
	assert_int_equal(ms_html_stacks_line(s, &one, &lines[2]), tree.nodes[n].first_line + 1);
	assert_int_equal(tree.nodes[tree.nodes[n].parent].parent, 0);
	for (n = 1; n < tree.node_count; n++)
		assert_true(tree.nodes[n].parent < n);
	assert_int_equal(ms_html_stacks_node(s, &two, 3), 0);
	assert_int_equal(ms_html_stacks_node(s, &other, 1), 0);
	assert_int_equal(ms_html_stacks_node(s, &one, 0), 0);
	assert_int_equal(ms_html_stacks_line(s, &one, NULL), UINT32_MAX);
	assert_int_equal(ms_html_stacks_line(s, &other, &lines[0]), UINT32_MAX);
	ms_html_stacks_free(s);
}

static void test_comparison_unwritable(void **state)
{
	const struct ms_diff_render_options options = {.metric = MS_DIFF_METRIC_COUNT};
	FILE *full = fopen("/dev/full", "w");
	struct fake_report f;
	const struct ms_report *reports[] = {&f.report, &f.report};
	const struct ms_diff_side a = {reports, NULL, 1}, b = {reports + 1, NULL, 1};
	struct ms_diff diff;
	struct ms_error err;

	(void)state;
	assert_non_null(full);
	fake_start(&f);
	fake_finish(&f);
	assert_int_equal(ms_diff_build(&diff, &a, &b, NULL, &err), MS_OK);
	assert_int_equal(ms_render_diff_html(full, &diff, &options, &err), MS_E_IO);
	fclose(full);
	ms_diff_free(&diff);
	fake_report_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures), cmocka_unit_test(test_hostile), cmocka_unit_test(test_no_paths), cmocka_unit_test(test_cells),
		cmocka_unit_test(test_unwritable), cmocka_unit_test(test_directories), cmocka_unit_test(test_comparison),
		cmocka_unit_test(test_several), cmocka_unit_test(test_comparison_hostile), cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_comparison_unwritable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
