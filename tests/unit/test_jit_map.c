/* test_jit_map.c - the map of generated code: which name an address gets, whatever the file says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/jit_map.h"

/* Names of addresses by a text, which is copied so that each byte beyond its end is an error of its own. */
struct looked {
	char *text;
	const char *names[64];
	size_t found;
};

static struct looked look(const char *text, size_t bytes, const uint64_t *addresses, size_t count)
{
	struct looked l = {.text = malloc(bytes + 1)};

	assert_non_null(l.text);
	memcpy(l.text, text, bytes);
	l.found = jit_map_names(l.text, bytes, addresses, l.names, count);
	return l;
}

#define LOOK(text, ...) look(text, sizeof(text) - 1, (const uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / 8)

static void return_addresses(void **state)
{
	/* A return address stands behind its call: the first byte belongs to nobody's call, the one behind the end does. */
	struct looked l = LOOK("1000 20 f\n1020 10 g\n", 0x1000, 0x1001, 0x1020, 0x1021, 0x1030, 0x1031);

	(void)state;
	assert_int_equal(l.found, 4);
	assert_null(l.names[0]);
	assert_string_equal(l.names[1], "f");
	assert_string_equal(l.names[2], "f");
	assert_string_equal(l.names[3], "g");
	assert_string_equal(l.names[4], "g");
	assert_null(l.names[5]);
	free(l.text);
}

static void the_last_entry_counts(void **state)
{
	struct looked l = LOOK("1000 100 old\n1040 20 middle\n1050 8 last", 0x1010, 0x1045, 0x1055, 0x1065);

	(void)state;
	assert_int_equal(l.found, 4);
	assert_string_equal(l.names[0], "old");
	assert_string_equal(l.names[1], "middle");
	assert_string_equal(l.names[2], "last");
	assert_string_equal(l.names[3], "old");
	free(l.text);
	l = LOOK("1050 8 first\n1000 100 all\n", 0x1010, 0x1055);
	assert_string_equal(l.names[0], "all");
	assert_string_equal(l.names[1], "all");
	free(l.text);
}

static void names_as_they_are(void **state)
{
	struct looked l = LOOK("0x1000 0X20 LazyCompile:*f /a b.js:1\r\n2000 10   padded  \n", 0x1001, 0x2001);

	(void)state;
	assert_string_equal(l.names[0], "LazyCompile:*f /a b.js:1");
	assert_string_equal(l.names[1], "padded");
	free(l.text);
}

static void what_is_no_entry(void **state)
{
	static const char text[] = "\n\n1000\n1000 \n1000 10\n1000 10 \n1000 10  \nxyz 10 f\n1000 g0 f\n1000 0 f\n-1 10 f\n"
				   "11111111111111111 10 f\n1000 11111111111111111 f\nffffffffffffffff 2 f\n"
				   "1000 ffffffffffffffff f\n1000 10 \0hidden\n 1000 10 f\n0x 10 f\n1000\t10\tf\n";
	struct looked l = look(text, sizeof text - 1, (const uint64_t[]){0x1001, UINT64_MAX}, 2);

	(void)state;
	assert_int_equal(l.found, 0);
	free(l.text);
	l = look("", 0, (const uint64_t[]){1}, 1);
	assert_int_equal(l.found, 0);
	free(l.text);
}

static void long_names_are_cut(void **state)
{
	size_t length = 5000;
	char *text = malloc(length + 16);
	struct looked l;

	(void)state;
	assert_non_null(text);
	memcpy(text, "1000 10 ", 8);
	memset(text + 8, 'n', length);
	l = look(text, 8 + length, (const uint64_t[]){0x1001}, 1);
	assert_int_equal(l.found, 1);
	assert_int_equal(strlen(l.names[0]), JIT_NAME_BYTES);
	free(l.text);
	free(text);
}

/* Against the plain rule: for each address the last line that covers it. */
static void random_maps(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 300; round++) {
		char text[4096];
		size_t bytes = 0;
		struct { uint64_t start, size; } lines[60];
		uint64_t addresses[64];
		struct looked l;

#define DRAW(n) ((seed = seed * 1664525 + 1013904223) >> 8) % (n)
		for (unsigned i = 0; i < 60; i++) {
			lines[i].start = DRAW(200);
			lines[i].size = 1 + DRAW(60);
			bytes += (size_t)snprintf(text + bytes, sizeof text - bytes, "%x %x n%u\n", (unsigned)lines[i].start,
						  (unsigned)lines[i].size, i);
		}
		for (unsigned i = 0, at = 0; i < 64; i++)
			addresses[i] = at += 1 + DRAW(6);
		l = look(text, bytes, addresses, 64);
		for (unsigned i = 0; i < 64; i++) {
			char expected[16] = "";

			for (unsigned k = 0; k < 60; k++)
				if (addresses[i] > lines[k].start && addresses[i] <= lines[k].start + lines[k].size)
					snprintf(expected, sizeof expected, "n%u", k);
			assert_string_equal(l.names[i] ? l.names[i] : "", expected);
		}
		free(l.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(return_addresses), cmocka_unit_test(the_last_entry_counts), cmocka_unit_test(names_as_they_are),
		cmocka_unit_test(what_is_no_entry), cmocka_unit_test(long_names_are_cut), cmocka_unit_test(random_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
