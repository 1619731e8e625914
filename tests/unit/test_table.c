/* test_table.c - aligned columns, cut lines, and the curve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "render/spark.h"
#include "render/table.h"

static const struct ms_column columns[] = {{"n", MS_RIGHT}, {"left", MS_LEFT}, {"where", MS_LEFT}};

static char *print(const char *const *cells, size_t count, size_t width, bool utf8)
{
	struct ms_table t;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	ms_table_init(&t, columns, 3);
	for (size_t i = 0; i < count; i++)
		ms_table_cell(&t, cells[i]);
	assert_int_equal(ms_table_print(&t, f, 2, width, utf8), 0);
	fclose(f);
	return text;
}

static void expect(const char *const *cells, size_t count, size_t width, bool utf8, const char *wanted)
{
	char *text = print(cells, count, width, utf8);

	assert_string_equal(text, wanted);
	free(text);
}

static void test_alignment(void **state)
{
	const char *cells[] = {"1", "ab", "here", "1,000", "c", "there and back"};

	(void)state;
	expect(cells, 6, 0, true,
	       "      n  left  where\n"
	       "      1  ab    here\n"
	       "  1,000  c     there and back\n");
	expect(NULL, 0, 0, true, "  n  left  where\n");
}

static void test_cut(void **state)
{
	const char *cells[] = {"1", "b", "0123456789abcdefghij"};
	const char *accents[] = {"1", "b", "ééééééééééééééééééé"};

	(void)state;
	expect(cells, 3, 28, true, "  n  left  where\n  1  b     0123456789abcdef…\n");
	expect(cells, 3, 28, false, "  n  left  where\n  1  b     0123456789abcd...\n");
	expect(cells, 3, 31, true, "  n  left  where\n  1  b     0123456789abcdefghij\n");
	expect(accents, 3, 28, true, "  n  left  where\n  1  b     éééééééééééééééé…\n");
	expect(cells, 3, 5, true, "  n  left  where\n  1  b     0123456789abcde…\n"); /* the last column stays readable */
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(ms_text_width(""), 0);
	assert_int_equal(ms_text_width("aé…"), 3);
	assert_int_equal(ms_text_width("\xff\xfe"), 2);
}

static char *spark(const uint64_t *values, size_t count, uint64_t maximum, size_t width, bool utf8)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	ms_spark(f, values, count, maximum, width, utf8);
	fclose(f);
	return text;
}

static void test_spark(void **state)
{
	const uint64_t ramp[] = {0, 1, 25, 26, 50, 99, 100}, pairs[] = {0, 8, 8, 0, 1, 1};
	static const struct {
		bool utf8;
		const char *text;
	} cases[] = {{true, " ▁▂▃▄██"}, {false, " .:-=@@"}};

	(void)state;
	for (int i = 0; i < 2; i++) {
		char *text = spark(ramp, 7, 100, 50, cases[i].utf8);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
	char *text = spark(pairs, 6, 8, 3, false); /* neighbours share a character: the largest shows */

	assert_string_equal(text, "@@.");
	free(text);
	text = spark(pairs, 6, 0, 3, false);
	assert_string_equal(text, "   ");
	free(text);
	text = spark((const uint64_t[]){UINT64_MAX}, 1, UINT64_MAX, 1, false);
	assert_string_equal(text, "@");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_spark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
