/*
 * Functions that read and write text, against a made-up pool of one block: only what they touch counts, on both sides, in bytes and wide
 * characters; formats, sets, and results that say how much was touched.
 */
#include "bounds_fixture.h"

static void test_only_what_is_touched(void **state)
{
	char *p;
	void *rest;

	(void)state;
	/* Comparisons end at the first difference, searches at what they look for, whatever the limit. */
	p = one_block(8, false, false);
	memcpy(p, "abcdefgh", 8);
	strcpy(large, "abx");
	assert_true(wrapped_memcmp(p, large, 100) < 0);
	assert_true(wrapped_strncmp(p, "abcx", 100) < 0);
	assert_true(wrapped_strcmp("abcdefgi", p) > 0);
	assert_true(wrapped_strcasecmp(p, "ABCDEFGI") < 0);
	assert_ptr_equal(wrapped_memchr(p, 'h', SIZE_MAX), p + 7);
	assert_ptr_equal(wrapped_rawmemchr(p, 'h'), p + 7);
	assert_ptr_equal(wrapped_strchr(p, 'h'), p + 7);
	assert_ptr_equal(wrapped_strstr(p, "gh"), p + 6);
	assert_ptr_equal(wrapped_strcasestr(p, "GH"), p + 6);
	assert_ptr_equal(wrapped_memmem(p, 100, "gh", 2), p + 6);
	assert_int_equal(wrapped_strcspn(p, "h"), 7);
	assert_int_equal(wrapped_strspn(p, "abcdefg"), 7);
	assert_ptr_equal(wrapped_strpbrk(p, "xh"), p + 7);
	assert_int_equal(wrapped_strnlen(p, 8), 8);
	rest = p;
	assert_ptr_equal(wrapped_strsep(&rest, "h"), p);
	assert_ptr_equal(wrapped_memccpy(large, p, 'd', 100), large + 4);
	memcpy(p, "12,,,,,,", 8);
	assert_int_equal(wrapped_atoi(p), 12);
	assert_true(wrapped_strtod(p, NULL) == 12);
	memcpy(p, "..abcd..", 8);
	assert_ptr_equal(wrapped_strtok_r(p, ".", &rest), p + 2);
	assert_null(wrapped_strsep(&(void *){NULL}, "h"));
	memcpy(p, "abcdefgh", 8);
	assert_null(wrapped_memmem(p, 8, large, 100)); /* longer than what it is looked for in */
	silent("searches", "inside");
	/* The needle is read as far as it matches. */
	assert_null(wrapped_strstr("xyz", p));
	silent("strstr", "a needle that differs at once");
	p[8] = '\0';
	assert_non_null(wrapped_strstr("__abcdefgh__", p));
	expect("strstr", "a needle without an end", MS_ACCESS_READ, at(8), 1, false);
	/* A copy up to a byte writes up to it. */
	p = one_block(4, false, false);
	assert_ptr_equal(wrapped_memccpy(p, "ab,cdef", ',', 100), p + 3);
	silent("memccpy", "up to the byte");
	wrapped_memccpy(p, "abcde,", ',', 100);
	expect("memccpy", "up to a byte behind", MS_ACCESS_WRITE, at(4), 2, false);
}

static void test_appends(void **state)
{
	char *p;

	(void)state;
	p = one_block(8, false, false);
	strcpy(p, "abcd");
	wrapped_strcat(p, "efg");
	assert_string_equal(p, "abcdefg");
	silent("strcat", "that fits");
	p[4] = '\0';
	wrapped_strcat(p, "efghij");
	expect("strcat", "behind", MS_ACCESS_WRITE, at(8), 3, false);
	p = one_block(8, false, false);
	strcpy(p, "abcd");
	wrapped_strncat(p, "efghij", 3);
	silent("strncat", "that fits");
	p[4] = '\0';
	wrapped___strncat_chk(p, "efghij", 4, SIZE_MAX);
	expect("strncat", "behind", MS_ACCESS_WRITE, at(8), 1, false);
	p[4] = '\0';
	wrapped___strcat_chk(p, "efgh", SIZE_MAX);
	expect("strcat", "fortified", MS_ACCESS_WRITE, at(8), 1, false);
	p = one_block(32, false, false);
	wcscpy(W(p), L"abcd");
	wrapped_wcscat(p, L"efg");
	silent("wcscat", "that fits");
	W(p)[4] = 0;
	wrapped_wcsncat(p, L"efghi", 5);
	expect("wcsncat", "behind", MS_ACCESS_WRITE, at(32), 8, false);
	W(p)[4] = 0;
	wrapped___wcscat_chk(p, L"efgh", SIZE_MAX);
	expect("wcscat", "fortified", MS_ACCESS_WRITE, at(32), 4, false);
	/* What it is appended to has no end: that is read, and where the rest goes is not known. */
	p = one_block(4, false, false);
	strcpy(p, "abcdef");
	wrapped_strcat(p, "g");
	expect("strcat", "to a string without an end", MS_ACCESS_READ, at(4), 1, false);
}

static void test_partial_characters(void **state)
{
	char *p;

	(void)state;
	p = one_block(10, false, false); /* 2.5 characters */
	letters(p, 3, 4);
	W(p)[3] = 0;
	wrapped_wcslen(p);
	expect("wcslen", "in a block of 10 bytes", MS_ACCESS_READ, at(10), 2, false);
	wrapped_wmemset(p, L'x', 3);
	expect("wmemset", "in a block of 10 bytes", MS_ACCESS_WRITE, at(10), 2, false);
	p = one_block(0, false, false);
	wrapped_memset(p, 0, 0);
	silent("memset", "nothing in an empty block");
	wrapped_memset(p, 0, 1);
	expect("memset", "an empty block", MS_ACCESS_WRITE, at(0), 1, false);
}

static void test_both_sides(void **state)
{
	char *p;

	(void)state;
	/* Source and destination in blocks of ours: a piece of evidence for each. */
	p = one_block(8, false, false);
	blocks[1] = (struct guard_block){blocks[0].start + 3 * GROUND, 16, false, false};
	block_count = 2;
	wrapped_memcpy((char *)(uintptr_t)blocks[1].start, p, 20);
	assert_int_equal(seen_count, 2);
	assert_int_equal(seen[0].access, MS_ACCESS_WRITE);
	assert_int_equal(seen[0].block_address, blocks[1].start);
	assert_int_equal(seen[0].address, blocks[1].start + 16);
	assert_int_equal(seen[0].length_bytes, 4);
	assert_int_equal(seen[1].access, MS_ACCESS_READ);
	assert_int_equal(seen[1].length_bytes, 12);
	seen_count = 0;
	/* From the ground of one block into the next one: that one is meant. */
	blocks[1].start = blocks[0].start + 8 + GROUND;
	wrapped_memset((char *)(uintptr_t)blocks[1].start - 8, 0, 16);
	assert_int_equal(seen_count, 1);
	assert_int_equal(seen[0].block_address, blocks[1].start);
	assert_int_equal(seen[0].address, blocks[1].start - 8);
	assert_int_equal(seen[0].length_bytes, 8);
}

static void test_backwards(void **state)
{
	char *p;

	(void)state;
	p = one_block(8, false, false);
	memcpy(p, "abcdefgh", 8);
	assert_ptr_equal(wrapped_memrchr(p - 8, 'b', 16), p + 1);
	silent("memrchr", "found inside");
	assert_null(wrapped_memrchr(p - 8, 'z', 16));
	expect("memrchr", "past the start", MS_ACCESS_READ, at(-1), 1, false);
	assert_ptr_equal(wrapped_memrchr(p, 'a', 12), p);
	expect("memrchr", "from behind", MS_ACCESS_READ, at(11), 1, false);
	blocks[0].freed = true;
	wrapped_memrchr(p, 'a', 8);
	expect("memrchr", "freed", MS_ACCESS_READ, at(7), 1, true);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int base;
		bool goes_on;
	} numbers[] = {
		{"1234", 10, true}, {" -12", 10, true}, {"12 4", 10, false}, {"12ab", 10, false}, {"12ab", 16, true}, {"0x1f", 0, true},
		{"0x1f", 10, false}, {"0127", 0, true}, {"0129", 0, false}, {"1279", 8, false}, {"zzzz", 36, true}, {"    ", 10, true},
		{"12.5", BOUNDS_FLOAT, true}, {"1.5.", BOUNDS_FLOAT, false}, {"12e5", BOUNDS_FLOAT, false}, {"   +", BOUNDS_FLOAT, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		char *p = one_block(4, false, false);

		memcpy(p, numbers[i].text, 4);
		p[4] = '\0';
		if (numbers[i].base == BOUNDS_FLOAT)
			assert_true(wrapped_strtod(p, NULL) == strtod(p, NULL));
		else
			assert_int_equal(wrapped_strtol(p, NULL, numbers[i].base), strtol(p, NULL, numbers[i].base));
		if (numbers[i].goes_on)
			expect("strtol", numbers[i].text, MS_ACCESS_READ, at(4), 1, false);
		else
			silent("strtol", numbers[i].text);
	}
}

static void test_results_say(void **state)
{
	char *p;
	struct in_addr address = {htonl(0x7f000001)};
	int pair[2];

	(void)state;
	/* The size argument may lie; only what was written counts. */
	p = one_block(8, false, false);
	assert_int_equal(wrapped_snprintf(p, 1000, "%s", "1234567"), 7);
	fill_pipe(8);
	assert_int_equal(wrapped_read(pipe_fds[0], p, 1000), 8);
	assert_int_equal(wrapped_read(-1, p, 1000), -1);
	assert_int_equal(errno, EBADF);
	assert_null(wrapped_getcwd(p, 1));
	assert_int_equal(errno, ERANGE);
	assert_int_equal(wrapped_strftime(p, 1000, "", &(struct tm){0}), 0);
	silent("output", "shorter than the size says");
	assert_int_equal(wrapped_snprintf(NULL, 0, "%s", "12"), 2);
	assert_int_equal(wrapped_swprintf(p, 1, L"%ls", L"long"), -1);
	silent("swprintf", "that did not fit");
	wrapped_inet_ntop(AF_INET, &address, p, 1000);
	expect("inet_ntop", "127.0.0.1", MS_ACCESS_WRITE, at(8), 2, false);
	p = one_block(1, false, false);
	assert_ptr_equal(wrapped_realpath("/", p), p);
	expect("realpath", "/", MS_ACCESS_WRITE, at(1), 1, false);
	assert_ptr_equal(wrapped___realpath_chk("/", p, SIZE_MAX), p);
	expect("realpath", "fortified", MS_ACCESS_WRITE, at(1), 1, false);
	free(wrapped_realpath("/", NULL));
	assert_int_equal(chdir("/"), 0);
	assert_ptr_equal(wrapped_getcwd(p, 1000), p);
	expect("getcwd", "/", MS_ACCESS_WRITE, at(1), 1, false);
	wrapped___getcwd_chk(p, 1000, SIZE_MAX);
	expect("getcwd", "fortified", MS_ACCESS_WRITE, at(1), 1, false);
	assert_int_equal(wrapped_gethostname(p, 1000), 0);
	expect("gethostname", "", MS_ACCESS_WRITE, at(1), strlen(p), false);
	wrapped___gethostname_chk(p, 1000, SIZE_MAX);
	expect("gethostname", "fortified", MS_ACCESS_WRITE, at(1), strlen(p), false);
	p = one_block(1, true, false);
	assert_int_equal(wrapped_wctomb(p, L'a'), 1);
	expect("wctomb", "freed", MS_ACCESS_WRITE, at(0), 1, true);
	wrapped___wctomb_chk(p, L'a', SIZE_MAX);
	expect("wctomb", "fortified", MS_ACCESS_WRITE, at(0), 1, true);
	wrapped_wcrtomb(p, L'a', &(mbstate_t){0});
	expect("wcrtomb", "freed", MS_ACCESS_WRITE, at(0), 1, true);
	wrapped___wcrtomb_chk(p, L'a', &(mbstate_t){0}, SIZE_MAX);
	expect("wcrtomb", "fortified", MS_ACCESS_WRITE, at(0), 1, true);
	p = one_block(4, false, false);
	wrapped_swab(other, p, 7); /* pairs only */
	expect("swab", "6 bytes", MS_ACCESS_WRITE, at(4), 2, false);
	memcpy(p, "abcdefgh", 8);
	assert_ptr_equal(wrapped_bsearch("f", p, 8, 1, compare_bytes), p + 5);
	expect("bsearch", "found behind", MS_ACCESS_READ, at(5), 1, false);
	assert_ptr_equal(wrapped_bsearch("b", p, 4, 1, compare_bytes), p + 1);
	silent("bsearch", "found inside");
	/* A truncated datagram: the result is its length, not that of the buffer. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(send(pair[1], "123456789", 9, 0), 9);
	assert_int_equal(wrapped_recv(pair[0], p, 4, MSG_TRUNC), 9);
	silent("recv", "truncated");
	close(pair[0]);
	close(pair[1]);
}

static void test_formats(void **state)
{
	char *p = one_block(8, false, false);
	int *stored;

	(void)state;
	memcpy(p, "abcdefgh", 9); /* 8 characters in the block, the terminator behind it */
	/* The arguments before it take their places, whatever their types. */
	wrapped_fprintf(sink, "%%%d%-5ld%+llu%hhd%c%5.2f%Lg%a%p%zu%jd%td%m%*d%.*f%s%n", 1, 2l, 3ull, 4, 'c', 1.0, 2.0l, 3.0, (void *)p,
			(size_t)5, (intmax_t)6, (ptrdiff_t)7, 8, 9, 3, 4.0, p, (int *)(void *)large);
	expect("fprintf", "after many arguments", MS_ACCESS_READ, at(8), 1, false);
	assert_string_equal(seen[0].function, "fprintf");
	/* A precision ends the string; a negative one is none. */
	wrapped_fprintf(sink, "%.8s%.*s%.3s", p, 8, p, p);
	silent("fprintf", "with a precision");
	wrapped_fprintf(sink, "%.*s", -1, p);
	expect("fprintf", "negative precision", MS_ACCESS_READ, at(8), 1, false);
	wrapped_fprintf(sink, "%.9s", p);
	expect("fprintf", "precision behind", MS_ACCESS_READ, at(8), 1, false);
	wrapped_fprintf(sink, "%p%s%s", (void *)p, "outside", (char *)NULL);
	silent("fprintf", "no string of the pool");
	/* The walk ends at what it does not know: no guess about later arguments. */
	wrapped_fprintf(sink, "%2$s%1$s", p, "x");
	wrapped_fprintf(sink, "%1$*2$d%3$s", 1, 2, p);
	silent("fprintf", "positions");
	wrapped_fprintf(sink, "%ls%s", L"\x20ac", p);
	silent("fprintf", "after a conversion that may fail");
	/* Converted strings, where ASCII makes it certain. */
	wrapped_fwprintf(wide_sink, L"%s", p);
	expect("fwprintf", "narrow", MS_ACCESS_READ, at(8), 1, false);
	p[0] = '\xff';
	wrapped_fwprintf(wide_sink, L"%s", p);
	silent("fwprintf", "that fails to convert");
	stored = (int *)(void *)p;
	wrapped_fprintf(sink, "abc%n", stored);
	assert_int_equal(*stored, 3);
	silent("fprintf", "%n inside");
	wrapped_fprintf(sink, "abc%ln", (long *)(void *)(p + 4));
	expect("fprintf", "%ln", MS_ACCESS_WRITE, at(8), 4, false);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* whose snprintf would read it */
	/* None at all: libc's business. */
	assert_int_equal(wrapped_snprintf(p, 8, NULL), -1);
	assert_int_equal(errno, EINVAL);
	silent("snprintf", "no format");
#endif
	/* Formats without an end, or freed. */
	memcpy(p, "abcdefgh", 9);
	wrapped_fprintf(sink, p);
	expect("fprintf", "a format", MS_ACCESS_READ, at(8), 1, false);
	memcpy(p, "abcdefg%", 8);
	memcpy(p + 8, "s", 2);
	wrapped_fprintf(sink, p, "x");
	expect("fprintf", "a format that ends in a conversion", MS_ACCESS_READ, at(8), 1, false);
	one_block(8, true, false);
	memcpy(p, "abc", 4);
	wrapped_fprintf(sink, "%s", p);
	expect("fprintf", "freed", MS_ACCESS_READ, at(0), 1, true);
	wrapped_fprintf(sink, p);
	expect("fprintf", "a freed format", MS_ACCESS_READ, at(0), 1, true);
}

static void test_sets(void **state)
{
	char *p = one_block(4, false, false), *w;
	void *rest;

	(void)state;
	memcpy(p, "abcd", 5);
	/* The functions for bytes read the set as a whole, if there is anything to look for. */
	wrapped_strspn("abx", p);
	expect("strspn", "the set", MS_ACCESS_READ, at(4), 1, false);
	wrapped_strtok((char[]){"xyz"}, p);
	expect("strtok", "the set", MS_ACCESS_READ, at(4), 1, false);
	assert_int_equal(wrapped_strcspn("", p), 0);
	assert_null(wrapped_strtok_r((char[]){""}, p, &rest));
	silent("strcspn", "of nothing");
	/* The wide ones character by character. */
	w = one_block(16, false, false);
	wmemcpy(W(w), L"abcd", 5);
	assert_int_equal(wrapped_wcsspn(L"abc", w), 3);
	assert_int_equal(wrapped_wcscspn(L"axyz", w), 0);
	assert_non_null(wrapped_wcspbrk(L"b", w));
	silent("wcsspn", "found in the known part of the set");
	wrapped_wcsspn(L"abx", w);
	expect("wcsspn", "the set", MS_ACCESS_READ, at(16), 4, false);
	wrapped_wcspbrk(L"xa", w);
	expect("wcspbrk", "the set", MS_ACCESS_READ, at(16), 4, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_is_touched),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_partial_characters),
		cmocka_unit_test(test_both_sides),
		cmocka_unit_test(test_backwards),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_results_say),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
