/* What stands for libc inside a program: malloc, sorting, printf, and the file whose descriptor the program may close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The sources themselves: no library for tests has them. */
#include "record/inside/inside_file.c"
#include "record/inside/inside_libc.c"
#include "record/inside/inside_memory.c"

static uint32_t next(uint32_t *state)
{
	return *state = *state * 1664525u + 1013904223u;
}

#define HELD 400

/* Blocks keep their bytes, are aligned, do not overlap, and memory comes back. */
static void memory(void **state)
{
	static struct { unsigned char *at; size_t bytes; unsigned char fill; } held[HELD];
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < 60000; i++) {
		unsigned k = next(&random) >> 8;
		size_t bytes = (next(&random) >> 8) % (i % 50 == 0 ? 900000 : i % 7 == 0 ? 9000 : 300);
		unsigned slot = k % HELD;

		for (size_t j = 0; j < held[slot].bytes; j += 1 + held[slot].bytes / 50)
			assert_int_equal(held[slot].at[j], held[slot].fill);
		if (k & 0x10000 && held[slot].at) {
			size_t kept = bytes < held[slot].bytes ? bytes : held[slot].bytes;

			held[slot].at = in_realloc(held[slot].at, bytes);
			assert_non_null(held[slot].at);
			for (size_t j = 0; j < kept; j += 1 + kept / 50)
				assert_int_equal(held[slot].at[j], held[slot].fill);
		} else {
			in_free(held[slot].at);
			held[slot].at = k & 0x20000 ? in_calloc(1, bytes) : in_malloc(bytes);
			assert_non_null(held[slot].at);
			for (size_t j = 0; k & 0x20000 && j < bytes; j++)
				assert_int_equal(held[slot].at[j], 0);
		}
		assert_int_equal((uintptr_t)held[slot].at % 16, 0);
		held[slot].bytes = bytes;
		held[slot].fill = (unsigned char)i;
		memset(held[slot].at, held[slot].fill, bytes);
	}
	/* 400 blocks of at most 900 kB: what is freed is used again. */
	assert_true(in_memory_bytes < UINT64_C(400) << 20);
	for (int i = 0; i < HELD; i++)
		in_free(held[i].at);
	assert_null(in_malloc(SIZE_MAX - 5));
	assert_null(in_calloc(SIZE_MAX / 2, 3));
}

/* Every size is in a class that holds it, and classes ascend. */
static void classes(void **state)
{
	unsigned before = 0;

	(void)state;
	for (uint64_t bytes = 17; bytes <= LARGE; bytes += bytes < 5000 ? 1 : 501) {
		uint64_t rounded;
		unsigned k = class_of(bytes, &rounded);

		assert_true(k < CLASSES && k >= before && rounded >= bytes && rounded % 16 == 0);
		assert_true(rounded <= bytes + bytes / 4 + 16);
		before = k;
	}
}

static int by_first(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sorting(void **state)
{
	static uint32_t items[5000][3];
	uint32_t random = 7;

	(void)state;
	for (size_t n = 0; n < 5000; n = n * 2 + 1) {
		for (int in_place = 0; in_place < 2; in_place++) {
			uint64_t sum = 0, after = 0;

			for (size_t i = 0; i < n; i++) {
				items[i][0] = next(&random) % (uint32_t)(n / 2 + 1);
				items[i][1] = items[i][2] = items[i][0] * 3;
				sum += items[i][0];
			}
			if (in_place)
				sort_in_place((char *)items, n, sizeof items[0], by_first);
			else
				in_qsort(items, n, sizeof items[0], by_first);
			for (size_t i = 0; i < n; i++) {
				assert_true(i == 0 || items[i - 1][0] <= items[i][0]);
				assert_int_equal(items[i][2], items[i][0] * 3);
				after += items[i][0];
			}
			assert_int_equal(sum, after);
		}
	}
}

#define SAME(...)                                                                                                      \
	do {                                                                                                           \
		char ours[96], theirs[96];                                                                             \
		int a = in_snprintf(ours, sizeof ours, __VA_ARGS__), b = snprintf(theirs, sizeof theirs, __VA_ARGS__); \
		assert_int_equal(a, b);                                                                                \
		assert_string_equal(ours, theirs);                                                                     \
	} while (0)

static void text(void **state)
{
	const char *volatile longer = "longer than that";
	char small[8], none = 'x';

	(void)state;
	SAME("plain %% text");
	SAME("%s|%.3s|%.*s|%c", "word", "word", 2, "word", 'z');
	SAME("%d %i %d", -1, INT32_MIN, INT32_MAX);
	SAME("%u %x %08x %5u", UINT32_MAX, 0xabcdefu, 0x12u, 42u);
	SAME("%ld %lu %llu %zu %lx", INT64_MIN, UINT64_MAX, (unsigned long long)UINT64_MAX, (size_t)7, 0xfeedul);
	assert_int_equal(in_snprintf(small, sizeof small, "%s", longer), 16);
	assert_string_equal(small, "longer ");
	assert_int_equal(in_snprintf(&none, 0, "%d", 123), 3);
	assert_int_equal(none, 'x');
	in_strncpy(small, "ab", sizeof small);
	assert_memory_equal(small, "ab\0\0\0\0\0", 8);
	assert_string_equal(in_strerror(ENOSPC), "No space left on device");
	assert_string_equal(in_strerror(12345), "error 12345");
}

static void descriptor_taken_away(void **state)
{
	char path[] = "/tmp/memscope.inside.XXXXXX", other[] = "/tmp/memscope.other.XXXXXX", bytes[32] = "";
	const char magic[] = MS_FILE_MAGIC;
	struct ms_error err;
	int fd = mkstemp(path), theirs, real;
	FILE *f;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(inside_file_open(path, &err), MS_OK);
	assert_true(inside_file_real() >= LOWEST_FD || inside_file_real() >= 3);
	assert_int_equal(in_write(INSIDE_FD, magic, 8), 8);
	/* The program closes it, and gets the number for a file of its own. */
	real = inside_file_real();
	theirs = mkstemp(other);
	assert_int_equal(dup2(theirs, real), real);
	assert_int_equal(in_write(INSIDE_FD, "more", 4), 4);
	assert_int_not_equal(inside_file_real(), real);
	assert_int_equal(lseek(theirs, 0, SEEK_END), 0);
	/* Back to an earlier end. */
	assert_int_equal(in_ftruncate(INSIDE_FD, 10), 0);
	assert_int_equal(in_write(INSIDE_FD, "XY", 2), 2);
	/* Gone for good: an error, and nobody's file is touched. */
	real = inside_file_real();
	close(real);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fread(bytes, 1, sizeof bytes, f), 12);
	assert_memory_equal(bytes, magic, 8);
	assert_memory_equal(bytes + 8, "moXY", 4);
	fclose(f);
	unlink(path);
	assert_int_equal(in_write(INSIDE_FD, "lost", 4), -1);
	assert_int_equal(in_errno, ESTALE);
	inside_file_forget();
	/* What is no trace stays. */
	assert_int_equal(write(theirs, "precious", 8), 8);
	assert_int_equal(inside_file_open(other, &err), MS_E_IO);
	assert_int_equal(lseek(theirs, 0, SEEK_END), 8);
	assert_int_equal(inside_file_open("/dev/null", &err), MS_E_IO);
	assert_int_equal(inside_file_open("/no/such/folder/x.ms", &err), MS_E_IO);
	close(theirs);
	unlink(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory),
		cmocka_unit_test(classes),
		cmocka_unit_test(sorting),
		cmocka_unit_test(text),
		cmocka_unit_test(descriptor_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
