/* test_html.c - the HTML report: the container of columns, the title, what --no-paths strips. The page itself is tested in a browser. */
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
#include "render/html.h"
#include "render/html_columns.h"

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

static void render(struct page *p, const struct ms_report *report, bool no_paths)
{
	const struct ms_html_options options = {.no_paths = no_paths};
	static const char mark[] = "<script type=\"application/octet-stream\" id=\"data\">";
	size_t size = 0, bytes;
	const char *start, *end;
	struct ms_error err;
	uint8_t *packed;
	FILE *out = open_memstream(&p->html, &size);

	assert_non_null(out);
	assert_int_equal(ms_render_html(out, report, &options, &err), MS_OK);
	fclose(out);
	start = strstr(p->html, mark);
	assert_non_null(start);
	start += strlen(mark);
	end = strchr(start, '<');
	assert_non_null(end);
	packed = from_base64(start, (size_t)(end - start), &bytes);
	unpack(p, packed, bytes);
	free(packed);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures), cmocka_unit_test(test_hostile), cmocka_unit_test(test_no_paths), cmocka_unit_test(test_cells),
		cmocka_unit_test(test_unwritable), cmocka_unit_test(test_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
