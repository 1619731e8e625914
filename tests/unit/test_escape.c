/* Strings from a trace are hostile: JSON stays valid, a terminal stays safe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "format/errors.h"
#include "render/escape.h"

static char *escaped(int (*f)(FILE *, const char *), const char *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *m = open_memstream(&text, &n);

	assert_non_null(m);
	assert_int_equal(f(m, s), MS_OK);
	fclose(m);
	return text;
}

static void check(int (*f)(FILE *, const char *), const char *in, const char *expected)
{
	char *text = escaped(f, in);

	assert_string_equal(text, expected);
	if (f == ms_escape_text)
		assert_int_equal(ms_escape_text_width(in) <= strlen(text), 1);
	free(text);
}

static void test_json(void **state)
{
	(void)state;
	check(ms_escape_json, NULL, "\"\"");
	check(ms_escape_json, "plain", "\"plain\"");
	check(ms_escape_json, "a\"b\\c\n\t\r\x01", "\"a\\\"b\\\\c\\n\\t\\r\\u0001\"");
	check(ms_escape_json, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
	check(ms_escape_json, "x\xffy\xc3", "\"x\\ufffdy\\ufffd\"");
	check(ms_escape_json, "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* a surrogate */
	check(ms_escape_json, "\xc0\xaf", "\"\\ufffd\\ufffd\"");            /* overlong */
}

/* The referee: whatever the bytes are, jansson reads the result as one JSON string. */
static void test_json_is_always_valid(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		char s[24];
		int n = rand_r(&seed) % 23;

		for (int i = 0; i < n; i++)
			s[i] = (char)(1 + rand_r(&seed) % 255);
		s[n] = '\0';
		char *text = escaped(ms_escape_json, s);
		json_error_t e;
		json_t *j = json_loads(text, JSON_DECODE_ANY, &e);
		if (!json_is_string(j))
			fail_msg("jansson refuses %s: %s", text, e.text);
		json_decref(j);
		free(text);
	}
}

static void test_text(void **state)
{
	(void)state;
	check(ms_escape_text, NULL, "");
	check(ms_escape_text, "caf\xc3\xa9 \"x\"", "caf\xc3\xa9 \"x\"");
	check(ms_escape_text, "\x1b[2Jx\n\x7f\\", "\\x1b[2Jx\\n\\x7f\\\\");
	check(ms_escape_text, "\xc2\x9b" "31m", "\\xc2\\x9b31m"); /* CSI as a C1 control */
	assert_int_equal(ms_escape_text_width("\xc3\xa9\x1b"), 5);
}

static void test_write_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(ms_escape_json(full, "x"), MS_E_IO);
	assert_int_equal(ms_escape_text(full, "x"), MS_E_IO);
	fclose(full);
}

static void test_words(void **state)
{
	static const char *const words[] = {"./app", "--name=x", "a b", "", "it's", "tab\t", "100%"};
	char *text = NULL;
	size_t size = 0;
	FILE *m = open_memstream(&text, &size);

	(void)state;
	assert_non_null(m);
	assert_int_equal(ms_escape_words(m, words, sizeof words / sizeof *words), MS_OK);
	fclose(m);
	assert_string_equal(text, "./app --name=x 'a b' '' \"it's\" 'tab\\t' 100%");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_words),
		cmocka_unit_test(test_json),
	        cmocka_unit_test(test_json_is_always_valid),
	        cmocka_unit_test(test_text),
	        cmocka_unit_test(test_write_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
