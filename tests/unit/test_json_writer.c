/* test_json_writer.c - what is written is JSON: jansson is the referee. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "render/json_writer.h"

static char *text;
static size_t size;
static FILE *stream;
static struct ms_json j;

static void start(unsigned pretty_depth)
{
	stream = open_memstream(&text, &size);
	ms_json_init(&j, stream, pretty_depth);
}

static json_t *parsed(void)
{
	json_error_t error;
	json_t *root;

	fclose(stream);
	root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("%s at line %d: %s", error.text, error.line, text);
	return root;
}

static void test_layout(void **state)
{
	(void)state;
	start(2);
	ms_json_object(&j, NULL);
	ms_json_uint(&j, "a", 1);
	ms_json_array(&j, "list");
	ms_json_object(&j, NULL);
	ms_json_uint(&j, "x", 1);
	ms_json_uint(&j, "y", 2);
	ms_json_end_object(&j);
	ms_json_object(&j, NULL);
	ms_json_end_object(&j);
	ms_json_end_array(&j);
	ms_json_array(&j, "empty");
	ms_json_end_array(&j);
	ms_json_end_object(&j);
	json_decref(parsed());
	assert_string_equal(text, "{\n \"a\": 1,\n \"list\": [\n  {\"x\": 1, \"y\": 2},\n  {}\n ],\n \"empty\": []\n}\n");
	free(text);
}

static void test_values(void **state)
{
	json_t *root;

	(void)state;
	start(0);
	ms_json_object(&j, NULL);
	ms_json_string(&j, "s", "q\"\\\n\t\x01 \xff é");
	ms_json_string(&j, "null", NULL);
	ms_json_int(&j, "i", -5);
	ms_json_bool(&j, "b", true);
	ms_json_null(&j, "n");
	ms_json_hex(&j, "h", 0xffffffffff600000);
	ms_json_share(&j, "share", 1, 3);
	ms_json_share(&j, "nearly", 999999999, 1000000000);
	ms_json_share(&j, "all", 7, 7);
	ms_json_share(&j, "none", 0, 0);
	ms_json_end_object(&j);
	root = parsed();
	assert_string_equal(json_string_value(json_object_get(root, "s")), "q\"\\\n\t\x01 \xef\xbf\xbd é");
	assert_true(json_is_null(json_object_get(root, "null")));
	assert_int_equal(json_integer_value(json_object_get(root, "i")), -5);
	assert_true(json_is_true(json_object_get(root, "b")));
	assert_string_equal(json_string_value(json_object_get(root, "h")), "0xffffffffff600000");
	assert_non_null(strstr(text, "\"share\": 0.333333"));
	assert_non_null(strstr(text, "\"nearly\": 0.999999"));
	assert_non_null(strstr(text, "\"all\": 1.000000"));
	assert_true(json_is_null(json_object_get(root, "none")));
	json_decref(root);
	free(text);
}

/* jansson cannot hold these: one reason why the writer is our own. */
static void test_exact_integers(void **state)
{
	(void)state;
	start(0);
	ms_json_array(&j, NULL);
	ms_json_uint(&j, NULL, UINT64_MAX);
	ms_json_uint(&j, NULL, 9007199254740993);
	ms_json_end_array(&j);
	fclose(stream);
	assert_string_equal(text, "[18446744073709551615, 9007199254740993]\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_exact_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
