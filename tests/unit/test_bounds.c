/*
 * Every row of libc_rows.h against a made-up pool of one block: a call that fits is silent, one character more, a start before the
 * block, and a freed block are one piece of evidence each, with the right address, length and access; results and errno are
 * libc's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "record/preload/guard/bounds.h"

/* Macros of stdio.h when optimizing. */
#undef fread_unlocked
#undef fwrite_unlocked

#define KEPT_ERRNO 1234

/* ---- the pool ---- */

#define POOL_BYTES ((size_t)1 << 20)
#define BLOCK_AT 8192u
#define GROUND 4096u /* on either side of a block */

uint64_t guard_low, guard_span;
static unsigned char *memory;
static struct guard_block blocks[2];
static size_t block_count;

static bool find(uint64_t address, struct guard_block *block)
{
	for (size_t i = 0; i < block_count; i++)
		if (address >= blocks[i].start - GROUND && address < blocks[i].start + blocks[i].bytes + GROUND) {
			*block = blocks[i];
			return true;
		}
	return false;
}

struct range {
	uint64_t start, bytes;
};
static struct range opened[16], closed[16];
static size_t opened_count, closed_count;

static void record_open(uint64_t start, uint64_t bytes)
{
	assert_in_range(opened_count, 0, 15);
	opened[opened_count++] = (struct range){start, bytes};
}

static void record_close(uint64_t start, uint64_t bytes)
{
	assert_in_range(closed_count, 0, 15);
	closed[closed_count++] = (struct range){start, bytes};
}

static struct ms_evidence_entry seen[16];
static const struct ms_caller *seen_caller;
static size_t seen_count;

static void record_evidence(struct ms_evidence_entry *e, const uint8_t *bytes, const uint64_t *registers, const struct ms_caller *caller)
{
	assert_null(bytes);
	assert_null(registers);
	assert_in_range(seen_count, 0, 15);
	seen[seen_count++] = *e;
	seen_caller = caller;
}

/* What bounds.c refers to; its table is replaced. */
bool guard_find(uint64_t address, struct guard_block *block)
{
	return find(address, block);
}
void guard_open(uint64_t start, uint64_t bytes)
{
	record_open(start, bytes);
}
void guard_close(uint64_t start, uint64_t bytes)
{
	record_close(start, bytes);
}
void guard_evidence(struct ms_evidence_entry *e, const uint8_t *bytes, const uint64_t *registers, const struct ms_caller *caller)
{
	record_evidence(e, bytes, registers, caller);
}
static const struct bounds_pools test_pools = {find, record_open, record_close, record_evidence};

/* ---- the functions as a program sees them ---- */

#define HERE ((const struct ms_caller *)__builtin_frame_address(0))
#define IN1(a) bounds_covered(a)
#define IN2(a, b) (bounds_covered(a) || bounds_covered(b))
#define CALL(call_name, call_width)                                                                                   \
	struct bounds_call call = {.real = &libc_real, .function = call_name, .caller = HERE, .width = call_width};   \
	struct bounds_call *C = &call;                                                                                \
	bounds_counted()
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define WRAPPED static __attribute__((unused))
#define BEFORE(result, symbol, name, width, parameters, arguments, covered, check)                                    \
	WRAPPED result wrapped_##symbol parameters                                                                    \
	{                                                                                                             \
		if (covered) {                                                                                        \
			CALL(name, width);                                                                            \
			check;                                                                                        \
		}                                                                                                     \
		return libc_real.symbol arguments;                                                                    \
	}
#define VOID(symbol, name, width, parameters, arguments, covered, check)                                              \
	WRAPPED void wrapped_##symbol parameters                                                                      \
	{                                                                                                             \
		if (covered) {                                                                                        \
			CALL(name, width);                                                                            \
			check;                                                                                        \
		}                                                                                                     \
		libc_real.symbol arguments;                                                                           \
	}
#define AROUND(result, symbol, name, width, parameters, arguments, covered, before, after)                            \
	WRAPPED result wrapped_##symbol parameters                                                                    \
	{                                                                                                             \
		result r;                                                                                             \
                                                                                                                      \
		if (!(covered))                                                                                       \
			return libc_real.symbol arguments;                                                            \
		CALL(name, width);                                                                                    \
		before;                                                                                               \
		r = libc_real.symbol arguments;                                                                       \
		after;                                                                                                \
		bounds_done(C);                                                                                       \
		return r;                                                                                             \
	}
#define PRINTF(symbol, target, name, width, parameters, last, arguments, covered, before, after)                      \
	WRAPPED int wrapped_##symbol parameters                                                                       \
	{                                                                                                             \
		va_list list;                                                                                         \
		int r;                                                                                                \
                                                                                                                      \
		va_start(list, last);                                                                                 \
		if (!(covered)) {                                                                                     \
			r = libc_real.target arguments;                                                               \
		} else {                                                                                              \
			CALL(name, width);                                                                            \
			before;                                                                                       \
			r = libc_real.target arguments;                                                               \
			after;                                                                                        \
			bounds_done(C);                                                                               \
		}                                                                                                     \
		va_end(list);                                                                                         \
		return r;                                                                                             \
	}
#include "record/preload/guard/libc_rows.h"
#undef BEFORE
#undef VOID
#undef AROUND
#undef PRINTF

/* ---- one call for each row ---- */

enum shape {
	WHOLE,  /* n characters from p are touched, and evidence names all of them that are outside */
	FIRST,  /* a string or search: evidence names the first character outside */
	SILENT, /* touches nothing that could be outside in this call; tested on its own */
};

static char other[4096];      /* memory outside of the pool: twice the same letters, without and with an end */
static wchar_t wide_other[1024];
static char large[65536];     /* a place to copy to */
static char long_link[64]; /* to a name of many letters */
static int pipe_fds[2], socket_fds[2];

/* n characters from p on: letters, the last one the terminator. */
static void text(char *p, size_t n, unsigned width)
{
	for (size_t i = 0; i < n; i++) {
		if (width == 1)
			p[i] = i + 1 < n ? 'a' : '\0';
		else
			((wchar_t *)(void *)p)[i] = i + 1 < n ? L'a' : L'\0';
	}
}
/* The same without the terminator: n letters. */
static void letters(char *p, size_t n, unsigned width)
{
	for (size_t i = 0; i < n; i++) {
		if (width == 1)
			p[i] = 'a';
		else
			((wchar_t *)(void *)p)[i] = L'a';
	}
}
static void digits(char *p, size_t n, unsigned width)
{
	text(p, n, width);
	for (size_t i = 0; i + 1 < n; i++) {
		if (width == 1)
			p[i] = '1';
		else
			((wchar_t *)(void *)p)[i] = L'1';
	}
}
static FILE *stream_of(const void *bytes, size_t n)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	assert_int_equal(write(fileno(f), bytes, n), n); /* not fwrite: the stream may become a wide one */
	assert_int_equal(lseek(fileno(f), 0, SEEK_SET), 0);
	return f;
}
static int compare_bytes(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}
static int compare_bytes_r(const void *a, const void *b, void *context)
{
	(void)context;
	return compare_bytes(a, b);
}
static void fill_pipe(size_t n)
{
	assert_int_equal(write(pipe_fds[1], other, n), n);
}
static void fill_socket(size_t n)
{
	assert_int_equal(send(socket_fds[1], other, n, 0), n);
}
static void empty(int fd, size_t n)
{
	assert_int_equal(read(fd, large, n), n);
}
static int file_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = fileno(stream_of(other, sizeof(other)));
	return fd;
}

/* X(symbol, width, access, shape, statements): p and n as in the shape. */
#define W(p) ((wchar_t *)(void *)(p))
#define SAME(name, ...) assert_true(wrapped_##name(__VA_ARGS__) == name(__VA_ARGS__))
#define CASES(X)                                                                                                      \
	X(memcpy, 1, WRITE, WHOLE, assert_ptr_equal(wrapped_memcpy(p, other, n), p); assert_memory_equal(p, other, n)) \
	X(memmove, 1, WRITE, WHOLE, wrapped_memmove(p, other, n))                                                     \
	X(mempcpy, 1, WRITE, WHOLE, assert_ptr_equal(wrapped_mempcpy(p, other, n), p + n))                            \
	X(__mempcpy, 1, READ, WHOLE, wrapped___mempcpy(large, p, n))                                                  \
	X(wmemcpy, 4, WRITE, WHOLE, wrapped_wmemcpy(p, wide_other, n))                                                \
	X(wmemmove, 4, READ, WHOLE, wrapped_wmemmove(large, p, n))                                                    \
	X(wmempcpy, 4, WRITE, WHOLE, wrapped_wmempcpy(p, wide_other, n))                                              \
	X(__memcpy_chk, 1, READ, WHOLE, wrapped___memcpy_chk(large, p, n, SIZE_MAX))                                  \
	X(__memmove_chk, 1, WRITE, WHOLE, wrapped___memmove_chk(p, other, n, SIZE_MAX))                               \
	X(__mempcpy_chk, 1, WRITE, WHOLE, wrapped___mempcpy_chk(p, other, n, SIZE_MAX))                               \
	X(__wmemcpy_chk, 4, WRITE, WHOLE, wrapped___wmemcpy_chk(p, wide_other, n, SIZE_MAX))                          \
	X(__wmemmove_chk, 4, WRITE, WHOLE, wrapped___wmemmove_chk(p, wide_other, n, SIZE_MAX))                        \
	X(__wmempcpy_chk, 4, WRITE, WHOLE, wrapped___wmempcpy_chk(p, wide_other, n, SIZE_MAX))                        \
	X(bcopy, 1, WRITE, WHOLE, wrapped_bcopy(other, p, n))                                                         \
	X(swab, 1, WRITE, SILENT, wrapped_swab(other, p, 4))                                                          \
	X(memccpy, 1, WRITE, WHOLE, assert_null(wrapped_memccpy(p, other, 'z', n)))                                   \
	X(memset, 1, WRITE, WHOLE, assert_ptr_equal(wrapped_memset(p, 'x', n), p))                                    \
	X(__memset_chk, 1, WRITE, WHOLE, wrapped___memset_chk(p, 'x', n, SIZE_MAX))                                   \
	X(wmemset, 4, WRITE, WHOLE, wrapped_wmemset(p, L'x', n))                                                      \
	X(__wmemset_chk, 4, WRITE, WHOLE, wrapped___wmemset_chk(p, L'x', n, SIZE_MAX))                                \
	X(bzero, 1, WRITE, WHOLE, wrapped_bzero(p, n))                                                                \
	X(explicit_bzero, 1, WRITE, WHOLE, wrapped_explicit_bzero(p, n))                                              \
	X(__explicit_bzero_chk, 1, WRITE, WHOLE, wrapped___explicit_bzero_chk(p, n, SIZE_MAX))                        \
	X(memfrob, 1, WRITE, WHOLE, wrapped_memfrob(p, n))                                                            \
	X(memcmp, 1, READ, FIRST, memcpy(p, other, n); assert_int_equal(wrapped_memcmp(p, other, n), 0))              \
	X(__memcmpeq, 1, READ, FIRST, memcpy(p, other, n); assert_int_equal(wrapped_memcmp(p, other, n), 0))          \
	X(bcmp, 1, READ, FIRST, memcpy(p, other, n); assert_int_equal(wrapped_bcmp(other, p, n), 0))                  \
	X(wmemcmp, 4, READ, FIRST, wmemcpy(W(p), wide_other, n); assert_int_equal(wrapped_wmemcmp(p, wide_other, n), 0)) \
	X(memchr, 1, READ, FIRST, letters(p, n, 1); SAME(memchr, p, 'z', n))                                          \
	X(wmemchr, 4, READ, FIRST, letters(p, n, 4); assert_null(wrapped_wmemchr(p, L'z', n)))                        \
	X(rawmemchr, 1, READ, FIRST, letters(p, n, 1); p[n - 1] = 'z'; assert_ptr_equal(wrapped_rawmemchr(p, 'z'), p + n - 1)) \
	X(__rawmemchr, 1, READ, FIRST, letters(p, n, 1); p[n - 1] = 'z'; wrapped___rawmemchr(p, 'z'))                 \
	X(memrchr, 1, READ, SILENT, letters(p, n, 1); SAME(memrchr, p, 'z', n))                                       \
	X(memmem, 1, READ, FIRST, letters(p, n, 1); SAME(memmem, p, n, "z", 1))                                       \
	X(qsort, 1, READ, WHOLE, wrapped_qsort(p, n, 1, compare_bytes))                                               \
	X(qsort_r, 1, READ, WHOLE, wrapped_qsort_r(p, n, 1, compare_bytes_r, NULL))                                   \
	X(bsearch, 1, READ, SILENT, letters(p, n, 1); assert_non_null(wrapped_bsearch("a", p, n, 1, compare_bytes)))  \
	X(strlen, 1, READ, FIRST, text(p, n, 1); assert_int_equal(wrapped_strlen(p), n - 1))                          \
	X(wcslen, 4, READ, FIRST, text(p, n, 4); assert_int_equal(wrapped_wcslen(p), n - 1))                          \
	X(strdup, 1, READ, FIRST, text(p, n, 1); free(wrapped_strdup(p)))                                             \
	X(__strdup, 1, READ, FIRST, text(p, n, 1); free(wrapped___strdup(p)))                                         \
	X(wcsdup, 4, READ, FIRST, text(p, n, 4); free(wrapped_wcsdup(p)))                                             \
	X(puts, 1, READ, SILENT, (void)0)                                                                             \
	X(strnlen, 1, READ, FIRST, letters(p, n, 1); assert_int_equal(wrapped_strnlen(p, n), n))                      \
	X(wcsnlen, 4, READ, FIRST, letters(p, n, 4); assert_int_equal(wrapped_wcsnlen(p, n), n))                      \
	X(strndup, 1, READ, FIRST, letters(p, n, 1); free(wrapped_strndup(p, n)))                                     \
	X(__strndup, 1, READ, FIRST, letters(p, n, 1); free(wrapped___strndup(p, n)))                                 \
	X(fputs, 1, READ, FIRST, text(p, n, 1); wrapped_fputs(p, sink))                                               \
	X(fputs_unlocked, 1, READ, FIRST, text(p, n, 1); wrapped_fputs_unlocked(p, sink))                             \
	X(fputws, 4, READ, FIRST, text(p, n, 4); wrapped_fputws(p, wide_sink))                                        \
	X(fputws_unlocked, 4, READ, FIRST, text(p, n, 4); wrapped_fputws_unlocked(p, wide_sink))                      \
	X(strcpy, 1, WRITE, WHOLE, text(large, n, 1); assert_ptr_equal(wrapped_strcpy(p, large), p); assert_string_equal(p, large)) \
	X(stpcpy, 1, WRITE, WHOLE, text(large, n, 1); assert_ptr_equal(wrapped_stpcpy(p, large), p + n - 1))          \
	X(__stpcpy, 1, WRITE, WHOLE, text(large, n, 1); wrapped___stpcpy(p, large))                                   \
	X(wcscpy, 4, WRITE, WHOLE, text(large, n, 4); wrapped_wcscpy(p, large))                                       \
	X(wcpcpy, 4, READ, FIRST, text(p, n, 4); wrapped_wcpcpy(large, p))                                            \
	X(strcat, 1, WRITE, SILENT, (void)0)                                                                          \
	X(wcscat, 4, WRITE, SILENT, (void)0)                                                                          \
	X(__strcpy_chk, 1, WRITE, WHOLE, text(large, n, 1); wrapped___strcpy_chk(p, large, SIZE_MAX))                 \
	X(__stpcpy_chk, 1, READ, FIRST, text(p, n, 1); wrapped___stpcpy_chk(large, p, SIZE_MAX))                      \
	X(__wcscpy_chk, 4, WRITE, WHOLE, text(large, n, 4); wrapped___wcscpy_chk(p, large, SIZE_MAX))                 \
	X(__wcpcpy_chk, 4, WRITE, WHOLE, text(large, n, 4); wrapped___wcpcpy_chk(p, large, SIZE_MAX))                 \
	X(__strcat_chk, 1, READ, FIRST, text(p, n, 1); *large = 0; wrapped___strcat_chk(large, p, SIZE_MAX))          \
	X(__wcscat_chk, 4, READ, FIRST, text(p, n, 4); *W(large) = 0; wrapped___wcscat_chk(large, p, SIZE_MAX))       \
	X(strncpy, 1, WRITE, WHOLE, wrapped_strncpy(p, "a", n))                                                       \
	X(stpncpy, 1, WRITE, WHOLE, wrapped_stpncpy(p, "a", n))                                                       \
	X(__stpncpy, 1, READ, FIRST, letters(p, n, 1); wrapped___stpncpy(large, p, n))                                \
	X(wcsncpy, 4, WRITE, WHOLE, wrapped_wcsncpy(p, L"a", n))                                                      \
	X(wcpncpy, 4, READ, FIRST, letters(p, n, 4); wrapped_wcpncpy(large, p, n))                                    \
	X(strncat, 1, READ, FIRST, letters(p, n, 1); *large = 0; wrapped_strncat(large, p, n))                        \
	X(wcsncat, 4, READ, FIRST, letters(p, n, 4); *W(large) = 0; wrapped_wcsncat(large, p, n))                     \
	X(__strncpy_chk, 1, WRITE, WHOLE, wrapped___strncpy_chk(p, "a", n, SIZE_MAX))                                 \
	X(__stpncpy_chk, 1, WRITE, WHOLE, wrapped___stpncpy_chk(p, "a", n, SIZE_MAX))                                 \
	X(__wcsncpy_chk, 4, WRITE, WHOLE, wrapped___wcsncpy_chk(p, L"a", n, SIZE_MAX))                                \
	X(__wcpncpy_chk, 4, WRITE, WHOLE, wrapped___wcpncpy_chk(p, L"a", n, SIZE_MAX))                                \
	X(__strncat_chk, 1, READ, FIRST, letters(p, n, 1); *large = 0; wrapped___strncat_chk(large, p, n, SIZE_MAX))  \
	X(__wcsncat_chk, 4, READ, FIRST, letters(p, n, 4); *W(large) = 0; wrapped___wcsncat_chk(large, p, n, SIZE_MAX)) \
	X(strcmp, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); SAME(strcmp, p, large))                           \
	X(strcoll, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); SAME(strcoll, p, large))                         \
	X(strverscmp, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); SAME(strverscmp, p, large))                   \
	X(strcasecmp, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); large[0] &= 0x5f; SAME(strcasecmp, large, p)) \
	X(__strcasecmp, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); wrapped___strcasecmp(large, p))             \
	X(wcscmp, 4, READ, FIRST, text(p, n, 4); text(large, n, 4); SAME(wcscmp, W(p), W(large)))                     \
	X(wcscoll, 4, READ, FIRST, text(p, n, 4); text(large, n, 4); SAME(wcscoll, W(p), W(large)))                   \
	X(wcscasecmp, 4, READ, FIRST, text(p, n, 4); text(large, n, 4); SAME(wcscasecmp, W(p), W(large)))             \
	X(strcoll_l, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); wrapped_strcoll_l(p, large, locale))           \
	X(strcasecmp_l, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); wrapped_strcasecmp_l(p, large, locale))     \
	X(wcscoll_l, 4, READ, FIRST, text(p, n, 4); text(large, n, 4); wrapped_wcscoll_l(p, large, locale))           \
	X(wcscasecmp_l, 4, READ, FIRST, text(p, n, 4); text(large, n, 4); wrapped_wcscasecmp_l(p, large, locale))     \
	X(strncmp, 1, READ, FIRST, letters(p, n, 1); letters(large, n + 1, 1); SAME(strncmp, p, large, n))            \
	X(strncasecmp, 1, READ, FIRST, letters(p, n, 1); letters(large, n + 1, 1); SAME(strncasecmp, p, large, n))    \
	X(wcsncmp, 4, READ, FIRST, letters(p, n, 4); letters(large, n + 1, 4); SAME(wcsncmp, W(p), W(large), n))      \
	X(wcsncasecmp, 4, READ, FIRST, letters(p, n, 4); letters(large, n + 1, 4); SAME(wcsncasecmp, W(p), W(large), n)) \
	X(strncasecmp_l, 1, READ, FIRST, letters(p, n, 1); letters(large, n + 1, 1); wrapped_strncasecmp_l(p, large, n, locale)) \
	X(wcsncasecmp_l, 4, READ, FIRST, letters(p, n, 4); letters(large, n + 1, 4); wrapped_wcsncasecmp_l(p, large, n, locale)) \
	X(strchr, 1, READ, FIRST, text(p, n, 1); SAME(strchr, p, 'z'))                                                \
	X(index, 1, READ, FIRST, text(p, n, 1); SAME(index, p, 'z'))                                                  \
	X(strchrnul, 1, READ, FIRST, text(p, n, 1); SAME(strchrnul, p, 'z'))                                          \
	X(strrchr, 1, READ, FIRST, text(p, n, 1); SAME(strrchr, p, 'a'))                                              \
	X(rindex, 1, READ, FIRST, text(p, n, 1); SAME(rindex, p, 'a'))                                                \
	X(wcschr, 4, READ, FIRST, text(p, n, 4); SAME(wcschr, W(p), L'z'))                                            \
	X(wcschrnul, 4, READ, FIRST, text(p, n, 4); SAME(wcschrnul, W(p), L'z'))                                      \
	X(wcsrchr, 4, READ, FIRST, text(p, n, 4); SAME(wcsrchr, W(p), L'a'))                                          \
	X(strstr, 1, READ, FIRST, text(p, n, 1); SAME(strstr, p, "z"))                                                \
	X(strcasestr, 1, READ, FIRST, text(p, n, 1); SAME(strcasestr, p, "z"))                                        \
	X(__strcasestr, 1, READ, FIRST, text(p, n, 1); wrapped___strcasestr(p, "z"))                                  \
	X(wcsstr, 4, READ, FIRST, text(p, n, 4); SAME(wcsstr, W(p), L"z"))                                            \
	X(wcswcs, 4, READ, FIRST, text(p, n, 4); wrapped_wcswcs(p, L"z"))                                             \
	X(strspn, 1, READ, FIRST, text(p, n, 1); SAME(strspn, p, "a"))                                                \
	X(strcspn, 1, READ, FIRST, text(p, n, 1); SAME(strcspn, p, "xyz"))                                            \
	X(strpbrk, 1, READ, FIRST, text(p, n, 1); SAME(strpbrk, p, "xyz"))                                            \
	X(wcsspn, 4, READ, FIRST, text(p, n, 4); SAME(wcsspn, W(p), L"a"))                                            \
	X(wcscspn, 4, READ, FIRST, text(p, n, 4); SAME(wcscspn, W(p), L"z"))                                          \
	X(wcspbrk, 4, READ, FIRST, text(p, n, 4); SAME(wcspbrk, W(p), L"z"))                                          \
	X(strtok, 1, READ, FIRST, text(p, n, 1); wrapped_strtok(p, "z"))                                              \
	X(strtok_r, 1, READ, FIRST, void *rest = p; text(p, n, 1); wrapped_strtok_r(NULL, "z", &rest))                \
	X(__strtok_r, 1, READ, FIRST, void *rest = NULL; text(p, n, 1); wrapped___strtok_r(p, "z", &rest))                   \
	X(wcstok, 4, READ, FIRST, void *rest = NULL; text(p, n, 4); wrapped_wcstok(p, L"z", &rest))                          \
	X(strsep, 1, READ, FIRST, void *rest = p; text(p, n, 1); assert_ptr_equal(wrapped_strsep(&rest, "z"), p))     \
	X(atoi, 1, READ, FIRST, digits(p, n, 1); SAME(atoi, p))                                                       \
	X(atol, 1, READ, FIRST, digits(p, n, 1); SAME(atol, p))                                                       \
	X(atoll, 1, READ, FIRST, digits(p, n, 1); SAME(atoll, p))                                                     \
	X(atof, 1, READ, FIRST, digits(p, n, 1); SAME(atof, p))                                                       \
	X(strtol, 1, READ, FIRST, digits(p, n, 1); wrapped_strtol(p, NULL, 0))                                        \
	X(strtoul, 1, READ, FIRST, digits(p, n, 1); wrapped_strtoul(p, NULL, 10))                                     \
	X(strtoll, 1, READ, FIRST, digits(p, n, 1); wrapped_strtoll(p, NULL, 2))                                      \
	X(strtoull, 1, READ, FIRST, digits(p, n, 1); wrapped_strtoull(p, NULL, 16))                                   \
	X(strtoimax, 1, READ, FIRST, digits(p, n, 1); wrapped_strtoimax(p, NULL, 10))                                 \
	X(strtoumax, 1, READ, FIRST, digits(p, n, 1); wrapped_strtoumax(p, NULL, 10))                                 \
	X(wcstol, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstol(p, NULL, 10))                                       \
	X(wcstoul, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstoul(p, NULL, 10))                                     \
	X(wcstoll, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstoll(p, NULL, 10))                                     \
	X(wcstoull, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstoull(p, NULL, 10))                                   \
	X(strtod, 1, READ, FIRST, digits(p, n, 1); wrapped_strtod(p, NULL))                                           \
	X(strtof, 1, READ, FIRST, digits(p, n, 1); wrapped_strtof(p, NULL))                                           \
	X(strtold, 1, READ, FIRST, digits(p, n, 1); wrapped_strtold(p, NULL))                                         \
	X(wcstod, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstod(p, NULL))                                           \
	X(wcstof, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstof(p, NULL))                                           \
	X(wcstold, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstold(p, NULL))                                         \
	X(strxfrm, 1, WRITE, WHOLE, text(large, n, 1); assert_int_equal(wrapped_strxfrm(p, large, n + 8), n - 1))     \
	X(wcsxfrm, 4, WRITE, WHOLE, text(large, n, 4); wrapped_wcsxfrm(p, large, n + 8))                              \
	X(strxfrm_l, 1, READ, FIRST, text(p, n, 1); wrapped_strxfrm_l(large, p, n + 8, locale))                       \
	X(wcsxfrm_l, 4, READ, FIRST, text(p, n, 4); wrapped_wcsxfrm_l(large, p, n + 8, locale))                       \
	X(mbstowcs, 4, WRITE, WHOLE, text(large, n, 1); assert_int_equal(wrapped_mbstowcs(p, large, n + 8), n - 1))   \
	X(__mbstowcs_chk, 4, WRITE, WHOLE, text(large, n + 8, 1); wrapped___mbstowcs_chk(p, large, n, SIZE_MAX))      \
	X(wcstombs, 1, WRITE, WHOLE, text(large, n, 4); assert_int_equal(wrapped_wcstombs(p, large, n + 8), n - 1))   \
	X(__wcstombs_chk, 1, WRITE, WHOLE, text(large, n + 8, 4); wrapped___wcstombs_chk(p, large, n, SIZE_MAX))      \
	X(mbsrtowcs, 4, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n, 1); wrapped_mbsrtowcs(p, &s, n + 8, &state)) \
	X(__mbsrtowcs_chk, 1, READ, FIRST, const void *s = p; mbstate_t state = {0}; text(p, n, 1); wrapped___mbsrtowcs_chk(large, &s, n + 8, &state, SIZE_MAX)) \
	X(wcsrtombs, 1, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n, 4); wrapped_wcsrtombs(p, &s, n + 8, &state)) \
	X(__wcsrtombs_chk, 4, READ, FIRST, const void *s = p; mbstate_t state = {0}; text(p, n, 4); wrapped___wcsrtombs_chk(large, &s, n + 8, &state, SIZE_MAX)) \
	X(mbsnrtowcs, 4, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n + 8, 1); wrapped_mbsnrtowcs(p, &s, n, n + 8, &state)) \
	X(__mbsnrtowcs_chk, 4, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n + 8, 1); wrapped___mbsnrtowcs_chk(p, &s, n, n + 8, &state, SIZE_MAX)) \
	X(wcsnrtombs, 1, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n + 8, 4); wrapped_wcsnrtombs(p, &s, n, n + 8, &state)) \
	X(__wcsnrtombs_chk, 1, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n + 8, 4); wrapped___wcsnrtombs_chk(p, &s, n, n + 8, &state, SIZE_MAX)) \
	X(wcrtomb, 1, WRITE, SILENT, (void)0)                                                                         \
	X(__wcrtomb_chk, 1, WRITE, SILENT, (void)0)                                                                   \
	X(wctomb, 1, WRITE, SILENT, (void)0)                                                                          \
	X(__wctomb_chk, 1, WRITE, SILENT, (void)0)                                                                    \
	X(strftime, 1, WRITE, WHOLE, struct tm tm = {0}; text(large, n, 1); assert_int_equal(wrapped_strftime(p, n + 8, large, &tm), n - 1)) \
	X(strftime_l, 1, WRITE, WHOLE, struct tm tm = {0}; text(large, n, 1); wrapped_strftime_l(p, n + 8, large, &tm, locale)) \
	X(wcsftime, 4, WRITE, WHOLE, struct tm tm = {0}; text(large, n, 4); wrapped_wcsftime(p, n + 8, large, &tm))   \
	X(wcsftime_l, 4, READ, FIRST, struct tm tm = {0}; text(p, n, 4); wrapped_wcsftime_l(large, n + 8, p, &tm, locale)) \
	X(sprintf, 1, WRITE, WHOLE, text(large, n, 1); assert_int_equal(wrapped_sprintf(p, "%s", large), n - 1))      \
	X(snprintf, 1, WRITE, WHOLE, text(large, n + 9, 1); assert_int_equal(wrapped_snprintf(p, n, "%s", large), n + 8)) \
	X(swprintf, 4, WRITE, WHOLE, text(large, n, 4); assert_int_equal(wrapped_swprintf(p, n + 8, L"%ls", large), n - 1)) \
	X(__sprintf_chk, 1, WRITE, WHOLE, text(large, n, 1); wrapped___sprintf_chk(p, 0, SIZE_MAX, "%s", large))      \
	X(__snprintf_chk, 1, WRITE, WHOLE, text(large, n, 1); wrapped___snprintf_chk(p, n + 8, 0, SIZE_MAX, "%s", large)) \
	X(__swprintf_chk, 4, WRITE, WHOLE, text(large, n, 4); wrapped___swprintf_chk(p, n + 8, 0, SIZE_MAX, L"%ls", large)) \
	X(vsprintf, 1, WRITE, WHOLE, text(large, n, 1); list_call(NUMBER_vsprintf, p, n, "%s", large))                    \
	X(vsnprintf, 1, WRITE, WHOLE, text(large, n, 1); list_call(NUMBER_vsnprintf, p, n + 8, "%s", large))              \
	X(vswprintf, 4, WRITE, WHOLE, text(large, n, 4); list_call(NUMBER_vswprintf, p, n + 8, L"%ls", large))            \
	X(__vsprintf_chk, 1, WRITE, WHOLE, text(large, n, 1); list_call(NUMBER___vsprintf_chk, p, n, "%s", large))        \
	X(__vsnprintf_chk, 1, WRITE, WHOLE, text(large, n, 1); list_call(NUMBER___vsnprintf_chk, p, n + 8, "%s", large))  \
	X(__vswprintf_chk, 4, WRITE, WHOLE, text(large, n, 4); list_call(NUMBER___vswprintf_chk, p, n + 8, L"%ls", large)) \
	X(vprintf, 1, READ, SILENT, (void)0)                                                                          \
	X(printf, 1, READ, SILENT, (void)0)                                                                           \
	X(vwprintf, 4, READ, SILENT, (void)0)                                                                         \
	X(wprintf, 4, READ, SILENT, (void)0)                                                                          \
	X(__vprintf_chk, 1, READ, SILENT, (void)0)                                                                    \
	X(__printf_chk, 1, READ, SILENT, (void)0)                                                                     \
	X(__vwprintf_chk, 4, READ, SILENT, (void)0)                                                                   \
	X(__wprintf_chk, 4, READ, SILENT, (void)0)                                                                    \
	X(fprintf, 1, READ, FIRST, text(p, n, 1); wrapped_fprintf(sink, "%d %s", 1, p))                               \
	X(vfprintf, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER_vfprintf, p, n, "%s", p))                         \
	X(__fprintf_chk, 1, READ, FIRST, letters(p, n, 1); wrapped___fprintf_chk(sink, 0, "%.*s", (int)n, p))         \
	X(__vfprintf_chk, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER___vfprintf_chk, p, n, "%s", p))             \
	X(fwprintf, 4, READ, FIRST, text(p, n, 4); wrapped_fwprintf(wide_sink, L"%f %ls", 1.0, p))                    \
	X(vfwprintf, 4, READ, FIRST, text(p, n, 4); list_call(NUMBER_vfwprintf, p, n, L"%S", p))                      \
	X(__fwprintf_chk, 4, READ, FIRST, text(p, n, 4); wrapped___fwprintf_chk(wide_sink, 0, L"%ls", p))             \
	X(__vfwprintf_chk, 4, READ, FIRST, text(p, n, 4); list_call(NUMBER___vfwprintf_chk, p, n, L"%ls", p))         \
	X(dprintf, 4, READ, FIRST, text(p, n, 4); wrapped_dprintf(null_fd, "%ls", p))                                 \
	X(vdprintf, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER_vdprintf, p, n, "%s", p))                         \
	X(__dprintf_chk, 1, READ, FIRST, text(p, n, 1); wrapped___dprintf_chk(null_fd, 0, p))                         \
	X(__vdprintf_chk, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER___vdprintf_chk, p, n, "%s", p))             \
	X(asprintf, 1, READ, FIRST, void *out; text(p, n, 1); assert_int_equal(wrapped_asprintf(&out, "%s", p), n - 1); free(out)) \
	X(vasprintf, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER_vasprintf, p, n, "%s", p))                       \
	X(__asprintf_chk, 1, READ, FIRST, void *out; text(p, n, 1); wrapped___asprintf_chk(&out, 0, "%s", p); free(out)) \
	X(__vasprintf_chk, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER___vasprintf_chk, p, n, "%s", p))           \
	X(sscanf, 1, READ, FIRST, int i; digits(p, n, 1); assert_int_equal(wrapped_sscanf(p, "%1d", &i), 1); assert_int_equal(i, 1)) \
	X(vsscanf, 1, READ, FIRST, int i; digits(p, n, 1); assert_int_equal(list_call(NUMBER_vsscanf, p, n, "%1d", &i), 1)) \
	X(__isoc99_sscanf, 1, READ, FIRST, int i; digits(p, n, 1); wrapped___isoc99_sscanf(p, "%1d", &i))             \
	X(__isoc99_vsscanf, 1, READ, FIRST, int i; digits(p, n, 1); list_call(NUMBER___isoc99_vsscanf, p, n, "%1d", &i)) \
	X(swscanf, 4, READ, FIRST, int i; digits(p, n, 4); assert_int_equal(wrapped_swscanf(p, L"%1d", &i), 1))       \
	X(vswscanf, 4, READ, FIRST, int i; digits(p, n, 4); list_call(NUMBER_vswscanf, p, n, L"%1d", &i))             \
	X(__isoc99_swscanf, 4, READ, FIRST, int i; digits(p, n, 4); wrapped___isoc99_swscanf(p, L"%1d", &i))          \
	X(__isoc99_vswscanf, 4, READ, FIRST, int i; digits(p, n, 4); list_call(NUMBER___isoc99_vswscanf, p, n, L"%1d", &i)) \
	X(fgets, 1, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped_fgets(p, (int)n + 8, f); fclose(f))      \
	X(fgets_unlocked, 1, WRITE, WHOLE, FILE *f = stream_of(other, n + 8); wrapped_fgets_unlocked(p, (int)n, f); fclose(f)) \
	X(fgetws, 4, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped_fgetws(p, (int)n + 8, f); fclose(f))    \
	X(fgetws_unlocked, 4, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped_fgetws_unlocked(p, (int)n + 8, f); fclose(f)) \
	X(__fgets_chk, 1, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped___fgets_chk(p, SIZE_MAX, (int)n + 8, f); fclose(f)) \
	X(__fgets_unlocked_chk, 1, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped___fgets_unlocked_chk(p, SIZE_MAX, (int)n + 8, f); fclose(f)) \
	X(__fgetws_chk, 4, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped___fgetws_chk(p, SIZE_MAX, (int)n + 8, f); fclose(f)) \
	X(__fgetws_unlocked_chk, 4, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped___fgetws_unlocked_chk(p, SIZE_MAX, (int)n + 8, f); fclose(f)) \
	X(gets, 1, WRITE, SILENT, (void)0)                                                                            \
	X(__gets_chk, 1, WRITE, SILENT, (void)0)                                                                      \
	X(fread, 1, WRITE, WHOLE, FILE *f = stream_of(other, n); assert_int_equal(wrapped_fread(p, 1, n + 8, f), n); fclose(f)) \
	X(fread_unlocked, 1, WRITE, WHOLE, FILE *f = stream_of(other, n); wrapped_fread_unlocked(p, 1, n + 8, f); fclose(f)) \
	X(__fread_chk, 1, WRITE, WHOLE, FILE *f = stream_of(other, n); wrapped___fread_chk(p, SIZE_MAX, 1, n, f); fclose(f)) \
	X(__fread_unlocked_chk, 1, WRITE, WHOLE, FILE *f = stream_of(other, n); wrapped___fread_unlocked_chk(p, SIZE_MAX, 1, n, f); fclose(f)) \
	X(fwrite, 1, READ, WHOLE, assert_int_equal(wrapped_fwrite(p, 1, n, sink), n))                                 \
	X(fwrite_unlocked, 1, READ, WHOLE, assert_int_equal(wrapped_fwrite_unlocked(p, n, 1, sink), 1))               \
	X(read, 1, WRITE, WHOLE, fill_pipe(n); assert_int_equal(wrapped_read(pipe_fds[0], p, n + 100), n))            \
	X(__read_chk, 1, WRITE, WHOLE, fill_pipe(n); wrapped___read_chk(pipe_fds[0], p, n, SIZE_MAX))                 \
	X(pread, 1, WRITE, WHOLE, assert_int_equal(wrapped_pread(file_fd(), p, n, 0), n))                             \
	X(pread64, 1, WRITE, WHOLE, wrapped_pread64(file_fd(), p, n + 1, (off_t)(sizeof(other) - n)))                 \
	X(__pread_chk, 1, WRITE, WHOLE, wrapped___pread_chk(file_fd(), p, n, 0, SIZE_MAX))                            \
	X(__pread64_chk, 1, WRITE, WHOLE, wrapped___pread64_chk(file_fd(), p, n, 0, SIZE_MAX))                        \
	X(write, 1, READ, WHOLE, assert_int_equal(wrapped_write(pipe_fds[1], p, n), n); empty(pipe_fds[0], n))        \
	X(pwrite, 1, READ, WHOLE, wrapped_pwrite(file_fd(), p, n, 0))                                                 \
	X(pwrite64, 1, READ, WHOLE, wrapped_pwrite64(file_fd(), p, n, 0))                                             \
	X(send, 1, READ, WHOLE, wrapped_send(socket_fds[1], p, n, 0); empty(socket_fds[0], n))                        \
	X(sendto, 1, READ, WHOLE, wrapped_sendto(socket_fds[1], p, n, 0, NULL, 0); empty(socket_fds[0], n))           \
	X(getrandom, 1, WRITE, WHOLE, wrapped_getrandom(p, n, 0))                                                     \
	X(readlink, 1, WRITE, WHOLE, assert_int_equal(wrapped_readlink(long_link, p, n), n))                   \
	X(__readlink_chk, 1, WRITE, WHOLE, wrapped___readlink_chk(long_link, p, n, SIZE_MAX))                  \
	X(readlinkat, 1, WRITE, WHOLE, wrapped_readlinkat(AT_FDCWD, long_link, p, n))                          \
	X(__readlinkat_chk, 1, WRITE, WHOLE, wrapped___readlinkat_chk(AT_FDCWD, long_link, p, n, SIZE_MAX))    \
	X(recv, 1, WRITE, WHOLE, fill_socket(n); assert_int_equal(wrapped_recv(socket_fds[0], p, n + 100, 0), n))     \
	X(__recv_chk, 1, WRITE, WHOLE, fill_socket(n); wrapped___recv_chk(socket_fds[0], p, n, SIZE_MAX, 0))          \
	X(recvfrom, 1, WRITE, WHOLE, fill_socket(n); wrapped_recvfrom(socket_fds[0], p, n, 0, NULL, NULL))            \
	X(__recvfrom_chk, 1, WRITE, WHOLE, fill_socket(n); wrapped___recvfrom_chk(socket_fds[0], p, n, SIZE_MAX, 0, NULL, NULL)) \
	X(readv, 1, WRITE, WHOLE, struct iovec v[2] = {{large, 3}, {p, n + 50}}; fill_pipe(n + 3); assert_int_equal(wrapped_readv(pipe_fds[0], v, 2), n + 3)) \
	X(writev, 1, READ, WHOLE, struct iovec v[2] = {{large, 3}, {p, n}}; assert_int_equal(wrapped_writev(pipe_fds[1], v, 2), n + 3); empty(pipe_fds[0], n + 3)) \
	X(preadv, 1, WRITE, WHOLE, struct iovec v = {p, n}; wrapped_preadv(file_fd(), &v, 1, 0))                      \
	X(preadv64, 1, WRITE, WHOLE, struct iovec v = {p, n}; wrapped_preadv64(file_fd(), &v, 1, 0))                  \
	X(pwritev, 1, READ, WHOLE, struct iovec v = {p, n}; wrapped_pwritev(file_fd(), &v, 1, 0))                     \
	X(pwritev64, 1, READ, WHOLE, struct iovec v = {p, n}; wrapped_pwritev64(file_fd(), &v, 1, 0))                 \
	X(recvmsg, 1, WRITE, WHOLE, struct iovec v = {p, n}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1}; fill_socket(n); assert_int_equal(wrapped_recvmsg(socket_fds[0], &m, 0), n)) \
	X(sendmsg, 1, READ, WHOLE, struct iovec v = {p, n}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1}; assert_int_equal(wrapped_sendmsg(socket_fds[1], &m, 0), n); empty(socket_fds[0], n)) \
	X(getcwd, 1, WRITE, SILENT, (void)0)                                                                          \
	X(__getcwd_chk, 1, WRITE, SILENT, (void)0)                                                                    \
	X(inet_ntop, 1, WRITE, SILENT, (void)0)                                                                       \
	X(realpath, 1, WRITE, SILENT, (void)0)                                                                        \
	X(__realpath_chk, 1, WRITE, SILENT, (void)0)                                                                  \
	X(gethostname, 1, WRITE, SILENT, (void)0)                                                                     \
	X(__gethostname_chk, 1, WRITE, SILENT, (void)0)

static FILE *sink, *wide_sink;
static locale_t locale;
static int null_fd;

#define LIST_vsprintf wrapped_vsprintf(p, format, list)
#define LIST_vsnprintf wrapped_vsnprintf(p, n, format, list)
#define LIST_vswprintf wrapped_vswprintf(p, n, format, list)
#define LIST___vsprintf_chk wrapped___vsprintf_chk(p, 0, SIZE_MAX, format, list)
#define LIST___vsnprintf_chk wrapped___vsnprintf_chk(p, n, 0, SIZE_MAX, format, list)
#define LIST___vswprintf_chk wrapped___vswprintf_chk(p, n, 0, SIZE_MAX, format, list)
#define LIST_vsscanf wrapped_vsscanf(p, format, list)
#define LIST___isoc99_vsscanf wrapped___isoc99_vsscanf(p, format, list)
#define LIST_vswscanf wrapped_vswscanf(p, format, list)
#define LIST___isoc99_vswscanf wrapped___isoc99_vswscanf(p, format, list)
#define LIST_vfprintf wrapped_vfprintf(sink, format, list)
#define LIST___vfprintf_chk wrapped___vfprintf_chk(sink, 0, format, list)
#define LIST_vfwprintf wrapped_vfwprintf(wide_sink, format, list)
#define LIST___vfwprintf_chk wrapped___vfwprintf_chk(wide_sink, 0, format, list)
#define LIST_vdprintf wrapped_vdprintf(null_fd, format, list)
#define LIST___vdprintf_chk wrapped___vdprintf_chk(null_fd, 0, format, list)
#define LIST_vprintf wrapped_vprintf(format, list)
#define LIST___vprintf_chk wrapped___vprintf_chk(0, format, list)
#define LIST_vwprintf wrapped_vwprintf(format, list)
#define LIST___vwprintf_chk wrapped___vwprintf_chk(0, format, list)
#define LIST_vasprintf wrapped_vasprintf(&out, format, list)
#define LIST___vasprintf_chk wrapped___vasprintf_chk(&out, 0, format, list)
enum list_function {
#define LISTS(X)                                                                                                      \
	X(vsscanf) X(__isoc99_vsscanf) X(vswscanf) X(__isoc99_vswscanf)                                               \
	X(vfprintf) X(__vfprintf_chk) X(vfwprintf) X(__vfwprintf_chk) X(vdprintf) X(__vdprintf_chk) X(vprintf)        \
	X(__vprintf_chk) X(vwprintf) X(__vwprintf_chk) X(vasprintf) X(__vasprintf_chk)                                \
	X(vsprintf) X(vsnprintf) X(vswprintf) X(__vsprintf_chk) X(__vsnprintf_chk) X(__vswprintf_chk)
#define X(name) NUMBER_##name,
	LISTS(X)
#undef X
};
static int list_call(enum list_function function, char *p, size_t n, const void *format, ...)
{
	void *out = NULL;
	va_list list;
	int result = -1;

	va_start(list, format);
	switch (function) {
#define X(name)                                                                                                       \
	case NUMBER_##name:                                                                                           \
		result = LIST_##name;                                                                                 \
		break;
		LISTS(X)
#undef X
	}
	va_end(list);
	free(out);
	return result;
}

static const struct row {
	const char *symbol;
} rows[] = {
#define BEFORE(result, symbol, ...) {#symbol},
#define VOID(symbol, ...) {#symbol},
#define AROUND(result, symbol, ...) {#symbol},
#define PRINTF(symbol, ...) {#symbol},
#include "record/preload/guard/libc_rows.h"
#undef BEFORE
#undef VOID
#undef AROUND
#undef PRINTF
};

#define X(symbol, width, access, shape, ...)                                                                          \
	static void case_##symbol(char *p, size_t n)                                                                  \
	{                                                                                                             \
		(void)p;                                                                                              \
		(void)n;                                                                                              \
		__VA_ARGS__;                                                                                          \
	}
CASES(X)
#undef X

static const struct a_case {
	const char *symbol;
	unsigned width;
	uint8_t access;
	enum shape shape;
	void (*call)(char *p, size_t n);
} cases[] = {
#define X(symbol, width, access, shape, ...) {#symbol, width, MS_ACCESS_##access, shape, case_##symbol},
	CASES(X)
#undef X
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- the tests ---- */

static char *block_start;

/* One block of so many bytes; nothing seen so far. */
static char *one_block(size_t bytes, bool freed, bool by_page)
{
	block_start = (char *)memory + BLOCK_AT;
	memset(memory, 0xcb, POOL_BYTES);
	blocks[0] = (struct guard_block){(uint64_t)(uintptr_t)block_start, bytes, freed, by_page};
	block_count = 1;
	seen_count = opened_count = closed_count = 0;
	errno = KEPT_ERRNO;
	return block_start;
}

static void expect(const char *symbol, const char *what, uint8_t access, uint64_t at, uint64_t bytes, bool freed)
{
	const struct ms_evidence_entry *e = &seen[0];

	if (seen_count != 1 || e->kind != MS_EVIDENCE_BOUNDS || e->check != MS_CHECK_ACCESS || e->access != access || e->address != at ||
	    e->length_bytes != bytes || e->freed != freed || e->block_address != blocks[0].start || e->block_bytes != blocks[0].bytes ||
	    e->node != 0 || e->byte_count != 0 || e->register_count != 0 || e->last_good_ticks != 0)
		fail_msg("%s, %s: %zu pieces of evidence; kind %u access %u at %+ld, %lu bytes, freed %u; expected access %u at %+ld, %lu bytes",
			 symbol, what, seen_count, e->kind, e->access, (long)(e->address - blocks[0].start), (unsigned long)e->length_bytes,
			 e->freed, access, (long)(at - blocks[0].start), (unsigned long)bytes);
	assert_non_null(seen_caller);
	assert_in_range(strlen(e->function), 3, sizeof(e->function) - 1);
	seen_count = 0;
}

static void silent(const char *symbol, const char *what)
{
	if (seen_count != 0)
		fail_msg("%s, %s: evidence of %s at %+ld, %lu bytes", symbol, what, seen[0].function, (long)(seen[0].address - blocks[0].start),
			 (unsigned long)seen[0].length_bytes);
}

#define CHARS 12u

static void test_every_row_has_a_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool found = strncmp(rows[i].symbol, "__isoc23_", 9) == 0; /* libc may not have them; rows like the others */

		for (size_t k = 0; k < COUNT(cases) && !found; k++)
			found = strcmp(rows[i].symbol, cases[k].symbol) == 0;
		if (!found)
			fail_msg("no case for %s", rows[i].symbol);
	}
}

static void test_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cases[i].shape == SILENT)
			continue;
		cases[i].call(one_block(CHARS * cases[i].width, false, false), CHARS);
		silent(cases[i].symbol, "as long as its block");
		cases[i].call(one_block(CHARS * cases[i].width, false, true) + 2 * cases[i].width, CHARS - 2);
		silent(cases[i].symbol, "at the end of its block");
		if (opened_count != closed_count)
			fail_msg("%s: opened %zu, closed %zu", cases[i].symbol, opened_count, closed_count);
	}
}

static void test_behind(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct a_case *c = &cases[i];
		uint64_t end;

		if (c->shape == SILENT)
			continue;
		c->call(one_block(CHARS * c->width, false, false), CHARS + 1);
		end = blocks[0].start + blocks[0].bytes;
		expect(c->symbol, "one character behind", c->access, end, c->width, false);
		c->call(one_block(CHARS * c->width, false, false), CHARS + 40);
		expect(c->symbol, "40 characters behind", c->access, end, (c->shape == WHOLE ? 40 : 1) * c->width, false);
		c->call(one_block(CHARS * c->width, false, false) + (CHARS + 2) * c->width, 3);
		expect(c->symbol, "all of it behind", c->access, end + 2 * c->width, (c->shape == WHOLE ? 3 : 1) * c->width, false);
	}
}

static void test_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct a_case *c = &cases[i];

		if (c->shape == SILENT)
			continue;
		for (unsigned chars = 1; chars <= 32; chars += 7) {
			c->call(one_block(CHARS * c->width, false, false) - chars * c->width, chars + 4);
			expect(c->symbol, "from before the start", c->access, blocks[0].start - chars * c->width,
			       (c->shape == WHOLE ? chars : 1) * c->width, false);
		}
	}
}

static void test_freed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct a_case *c = &cases[i];

		if (c->shape == SILENT)
			continue;
		c->call(one_block(CHARS * c->width, true, true) + c->width, CHARS - 2);
		expect(c->symbol, "freed", c->access, blocks[0].start + c->width, (c->shape == WHOLE ? CHARS - 2 : 1) * c->width, true);
		assert_true(opened_count > 0);
	}
}

/* ---- cases of their own ---- */

static uint64_t at(long offset)
{
	return blocks[0].start + (uint64_t)offset;
}

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

static void test_streams(void **state)
{
	int out = dup(STDOUT_FILENO), in = dup(STDIN_FILENO), fds[2];
	char *p;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "1234567\nabcdefgh\n", 17), 17);
	assert_int_equal(dup2(fds[0], STDIN_FILENO), 0);
	p = one_block(8, false, false);
	assert_ptr_equal(wrapped_gets(p), p);
	assert_string_equal(p, "1234567");
	silent("gets", "that fits");
	assert_ptr_equal(wrapped___gets_chk(p, SIZE_MAX), p);
	expect("gets", "behind", MS_ACCESS_WRITE, at(8), 1, false);
	dup2(in, STDIN_FILENO);
	fflush(stdout);
	assert_int_equal(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
	strcpy(p, "1234567");
	wrapped_puts(p);
	silent("puts", "that fits");
	strcpy(p, "12345678");
	wrapped_puts(p);
	wrapped_printf("%s", p);
	wrapped___printf_chk(0, "%s", p);
	assert_int_equal(list_call(NUMBER_vprintf, p, 0, "%s", p), 8);
	assert_int_equal(list_call(NUMBER___vprintf_chk, p, 0, "%s", p), 8);
	/* The stream is one of bytes; the string is looked at before. */
	assert_int_equal(wrapped_wprintf(L"%s", p), -1);
	assert_int_equal(wrapped___wprintf_chk(0, L"%s", p), -1);
	assert_int_equal(list_call(NUMBER_vwprintf, p, 0, L"%s", p), -1);
	assert_int_equal(list_call(NUMBER___vwprintf_chk, p, 0, L"%s", p), -1);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	assert_int_equal(seen_count, 9);
	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(seen[i].address, at(8));
		assert_int_equal(seen[i].length_bytes, 1);
	}
	assert_string_equal(seen[1].function, "printf");
	assert_string_equal(seen[3].function, "vprintf");
	assert_string_equal(seen[8].function, "vwprintf");
	close(fds[0]);
	close(fds[1]);
	close(out);
	close(in);
}

static void test_pages_are_opened(void **state)
{
	char *p;
	struct iovec v;

	(void)state;
	/* Before a call into the kernel that could go further than the block, and closed after it. */
	p = one_block(8, false, true);
	fill_pipe(10);
	assert_int_equal(wrapped_read(pipe_fds[0], p, 100), 10);
	assert_int_equal(seen_count, 1);
	assert_int_equal(opened_count, 2);
	assert_int_equal(opened[0].start, at(0));
	assert_int_equal(opened[0].bytes, 100);
	assert_int_equal(closed_count, 1);
	assert_int_equal(closed[0].start, at(0));
	assert_int_equal(closed[0].bytes, 100);
	/* Not for one that cannot. */
	p = one_block(8, false, true);
	fill_pipe(8);
	wrapped_read(pipe_fds[0], p, 8);
	v = (struct iovec){p, 8};
	fill_pipe(8);
	wrapped_readv(pipe_fds[0], &v, 1);
	assert_int_equal(opened_count, 0);
	v.iov_len = 9;
	fill_pipe(8);
	wrapped_readv(pipe_fds[0], &v, 1);
	assert_int_equal(opened_count, 1);
	assert_int_equal(closed_count, 1);
	silent("readv", "that was given less");
	/* A call without a limit opens what it needs, a size without a meaning a little. */
	p = one_block(8, false, true);
	wrapped_sprintf(p, "%d %s", 1234, "ab");
	assert_int_equal(opened_count, 0);
	wrapped_sprintf(p, "%d %s", 1234, "abc");
	assert_int_equal(opened_count, 2); /* before, and after evidence */
	assert_int_equal(opened[0].bytes, 9);
	assert_int_equal(closed_count, 1);
	expect("sprintf", "one byte", MS_ACCESS_WRITE, at(8), 1, false);
	p = one_block(8, false, true);
	wrapped_snprintf(p, SIZE_MAX / 4, "%d", 1);
	assert_int_equal(opened_count, 1);
	assert_in_range(opened[0].bytes, 4096, 100000);
	/* Formats only if they have no end in their block. */
	p = one_block(8, false, true);
	memcpy(p, "format", 7);
	wrapped_fprintf(sink, p);
	assert_int_equal(opened_count, 0);
	memcpy(p, "formats:", 9);
	wrapped_fprintf(sink, p);
	assert_in_range(opened_count, 1, 3);
	expect("fprintf", "a format without an end", MS_ACCESS_READ, at(8), 1, false);
	/* After evidence, so that the real call does not fault; not where there are no pages. */
	p = one_block(8, false, true);
	wrapped_memset(p, 'x', 9);
	assert_int_equal(opened_count, 1);
	assert_int_equal(closed_count, 0);
	p = one_block(8, false, false);
	wrapped_memset(p, 'x', 9);
	assert_int_equal(opened_count, 0);
}

/* Another thread frees the block, and what describes the call, as soon as the bytes are written. */
static struct msghdr *message_that_ends;

static ssize_t write_and_free(int fd, const void *at, size_t n)
{
	(void)fd;
	(void)at;
	blocks[0].freed = true;
	return (ssize_t)n;
}

static ssize_t sendmsg_and_free(int fd, const struct msghdr *message, int flags)
{
	(void)fd;
	(void)message;
	(void)flags;
	blocks[0].freed = true;
	mprotect(message_that_ends, 4096, PROT_NONE);
	return 9;
}

static void test_freed_by_another_thread(void **state)
{
	const struct libc_real real = libc_real;
	struct iovec v;
	char *p;

	(void)state;
	libc_real.write = write_and_free;
	libc_real.sendmsg = sendmsg_and_free;
	p = one_block(8, false, false);
	wrapped_write(1, p, 8);
	silent("write", "of a block that was alive");
	p = one_block(8, false, true);
	wrapped_write(1, p, 9);
	expect("write", "behind a block that was alive", MS_ACCESS_READ, at(8), 1, false);
	p = one_block(8, true, false);
	wrapped_write(1, p, 8);
	expect("write", "of a freed block", MS_ACCESS_READ, at(0), 8, true);
	message_that_ends = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p = one_block(8, false, false);
	v = (struct iovec){p, 9};
	*message_that_ends = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1};
	wrapped_sendmsg(1, message_that_ends, 0);
	expect("sendmsg", "behind a block that was alive", MS_ACCESS_READ, at(8), 1, false);
	munmap(message_that_ends, 4096);
	libc_real = real;
}

static void test_bad_vectors(void **state)
{
	struct msghdr *bad = (struct msghdr *)8;

	(void)state;
	one_block(8, false, false);
	assert_int_equal(wrapped_readv(pipe_fds[0], (const struct iovec *)8, 1), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(wrapped_readv(pipe_fds[0], NULL, -1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(wrapped_sendmsg(socket_fds[0], bad, 0), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(wrapped_recvmsg(socket_fds[0], NULL, 0), -1);
	assert_int_equal(errno, EFAULT);
	silent("vectors", "that cannot be read");
}

static void test_outside_of_pools(void **state)
{
	(void)state;
	one_block(8, false, false);
	for (size_t i = 0; i < COUNT(cases); i++)
		if (cases[i].shape != SILENT)
			cases[i].call(large + 16384, CHARS);
	/* In the range of the pools, but nobody's ground. */
	block_count = 0;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (cases[i].shape != SILENT)
			cases[i].call((char *)memory + BLOCK_AT, CHARS);
	silent("any function", "outside of all blocks");
}

static void test_errno_and_names(void **state)
{
	char *p;

	(void)state;
	p = one_block(8, true, true);
	memcpy(p, "1234567", 8);
	errno = KEPT_ERRNO;
	wrapped_strlen(p);
	wrapped_memcpy(large, p, 8);
	wrapped_snprintf(p, 8, "%d", 1);
	assert_int_equal(errno, KEPT_ERRNO);
	assert_string_equal(seen[0].function, "strlen");
	assert_string_equal(seen[1].function, "memcpy");
	assert_string_equal(seen[2].function, "snprintf");
}

static void test_counts(void **state)
{
	static struct ms_arena_header header;
	char *p = one_block(8, false, false);

	(void)state;
	bounds_start();
	for (int i = 0; i < 1000; i++)
		wrapped_memset(p, 0, 8);
	wrapped_memset(large, 0, 8);
	bounds_count(&header);
	assert_int_equal(atomic_load(&header.guard_calls), 1000);
	wrapped_memset(p, 0, 8);
	bounds_count(&header);
	bounds_count(&header);
	assert_int_equal(atomic_load(&header.guard_calls), 1001);
}

static int setup(void **state)
{
	(void)state;
	memory = mmap(NULL, POOL_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || pipe(pipe_fds) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, socket_fds) != 0)
		return -1;
	guard_low = (uint64_t)(uintptr_t)memory;
	guard_span = POOL_BYTES;
	bounds_pools = &test_pools;
	bounds_resolve();
	for (size_t i = 0; i < sizeof(other); i++)
		other[i] = 'a';
	for (size_t i = 0; i < COUNT(wide_other); i++)
		wide_other[i] = L'a';
	letters(large, 200, 1);
	large[200] = '\0';
	snprintf(long_link, sizeof(long_link), "/tmp/memscope-test-%d", (int)getpid());
	if (symlink(large, long_link) != 0)
		return -1;
	null_fd = open("/dev/null", O_WRONLY);
	sink = tmpfile();
	wide_sink = tmpfile();
	locale = newlocale(LC_ALL_MASK, "C", NULL);
	return sink == NULL || wide_sink == NULL || locale == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(long_link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_has_a_case),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_freed),
		cmocka_unit_test(test_only_what_is_touched),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_partial_characters),
		cmocka_unit_test(test_both_sides),
		cmocka_unit_test(test_backwards),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_results_say),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_pages_are_opened),
		cmocka_unit_test(test_freed_by_another_thread),
		cmocka_unit_test(test_bad_vectors),
		cmocka_unit_test(test_outside_of_pools),
		cmocka_unit_test(test_errno_and_names),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
