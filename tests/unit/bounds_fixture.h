/*
 * bounds_fixture.h - what the tests of bounds.c share: a made-up pool of one block, what is written down of evidence and pages, the wrapped
 * functions of libc_rows.h as a program sees them, files and pipes to call them with. For one file per test program: it defines what
 * bounds.c refers to.
 */
#ifndef MS_TEST_BOUNDS_FIXTURE_H
#define MS_TEST_BOUNDS_FIXTURE_H

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

/* No test program needs all of it. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"

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

#define W(p) ((wchar_t *)(void *)(p))
#define SAME(name, ...) assert_true(wrapped_##name(__VA_ARGS__) == name(__VA_ARGS__))

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

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

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

static uint64_t at(long offset)
{
	return blocks[0].start + (uint64_t)offset;
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

#endif
