/*
 * test_x86_code.c - instructions against objdump as the referee, and moved functions against themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/preload/x86_code.h"

/* Every instruction that objdump finds in the library's functions, as long as it says. Data between functions is none. */
static void compare_library(const char *path, unsigned long least)
{
	char command[512], line[1024], previous[1024] = "";
	struct stat st;
	const uint8_t *file;
	unsigned long at = 0, last = 0, compared = 0;
	long delta = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	FILE *f;

	if (fd < 0)
		skip();
	assert_int_equal(fstat(fd, &st), 0);
	file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(file != MAP_FAILED);
	/* Where .text stands in the file. */
	snprintf(command, sizeof command, "objdump -h -j .text '%s'", path);
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		unsigned long size, vma, lma, offset;

		if (sscanf(line, " %*d .text %lx %lx %lx %lx", &size, &vma, &lma, &offset) == 4)
			delta = (long)offset - (long)vma;
	}
	pclose(f);
	snprintf(command, sizeof command, "objdump -d -j .text --no-show-raw-insn '%s'", path);
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		char *end;
		struct x86_instruction i;

		if (line[0] != ' ') {
			last = 0;
			continue;
		}
		at = strtoul(line, &end, 16);
		if (*end != ':') {
			last = 0;
			continue;
		}
		if (last != 0 && !strstr(previous, "(bad)") && !strstr(previous, ".byte")) {
			if (!x86_decode(file + (last + (unsigned long)delta), 15, &i))
				fail_msg("%s: not known: %s", path, previous);
			/* objdump shows a prefix that an instruction has no use for as one of its own; the processor does not. */
			if (i.bytes != at - last && !strstr(previous, "rex") && !strstr(previous, "data16") &&
			    file[last + (unsigned long)delta] != 0x9b /* fwait, an instruction of its own */)
				fail_msg("%s: %u bytes, not %lu: %s", path, i.bytes, at - last, previous);
			compared++;
		}
		last = at;
		memcpy(previous, line, sizeof previous);
	}
	pclose(f);
	munmap((void *)(uintptr_t)file, (size_t)st.st_size);
	close(fd);
	assert_true(compared >= least);
}

/* Missing libraries are other tests' concern: libc is always there. */
#define LIBRARIES "/usr/lib/x86_64-linux-gnu/"

static void lengths_in_libc(void **state)
{
	(void)state;
	compare_library(LIBRARIES "libc.so.6", 100000);
}
static void lengths_in_libm(void **state)
{
	(void)state;
	compare_library(LIBRARIES "libm.so.6", 50000);
}
static void lengths_in_jemalloc(void **state)
{
	(void)state;
	compare_library(LIBRARIES "libjemalloc.so.2", 50000);
}
static void lengths_in_mimalloc(void **state)
{
	(void)state;
	compare_library(LIBRARIES "libmimalloc.so.2", 5000);
}

/* ---- moved functions --------------------------------------------------------------------------------------------- */

__attribute__((noipa, used)) static int plain(int a, int b)
{
	return a * 3 + b;
}
static int table[] = {5, 7, 11, 13};
__attribute__((noipa, used)) static int from_data(int a, int b)
{
	return table[a & 3] + b;
}
__attribute__((noipa, used)) static int with_branch(int a, int b)
{
	if (a == 0)
		return b;
	return plain(a, b) + from_data(b, a);
}

/* Functions whose first instructions are each of the kinds that have to change. */
extern int x86_test_call(int, int), x86_test_jump(int, int), x86_test_short_branch(int, int), x86_test_far_branch(int, int);
extern int x86_test_memory(int, int), x86_test_call_memory(int, int), x86_test_return(int, int), x86_test_loop(int, int), x86_test_inside(int, int);
#define FUNCTION(name, body) ".globl " name "\n.type " name ", @function\n.balign 16\n" name ":\n" body ".size " name ", . - " name "\n.balign 16\n"
__asm__(".text\n"
	".type x86_test_add, @function\nx86_test_add: lea (%rdi,%rsi), %eax\n ret\n"
	FUNCTION("x86_test_call", "call x86_test_add\n add $1, %eax\n ret\n")
	FUNCTION("x86_test_jump", "jmp x86_test_add\n")
	FUNCTION("x86_test_short_branch", "test %edi, %edi\n je 1f\n lea (%rdi,%rsi), %eax\n ret\n1: mov $77, %eax\n ret\n")
	FUNCTION("x86_test_far_branch", "test %edi, %edi\n.byte 0x0f, 0x84\n.long 1f - . - 4\n lea (%rdi,%rsi), %eax\n ret\n1: mov $78, %eax\n ret\n")
	FUNCTION("x86_test_memory", "cmpl $9, x86_test_word(%rip)\n sete %al\n movzbl %al, %eax\n add %edi, %eax\n ret\n")
	FUNCTION("x86_test_call_memory", "sub $8, %rsp\n call *x86_test_pointer(%rip)\n add $8, %rsp\n add $2, %eax\n ret\n")
	FUNCTION("x86_test_return", "ret\n")
	FUNCTION("x86_test_loop", "xor %eax, %eax\n1: inc %eax\n dec %edi\n jnz 1b\n ret\n")
	FUNCTION("x86_test_inside", "xor %eax, %eax\n jrcxz 2f\n2: inc %eax\n ret\n")
	".data\n.balign 8\nx86_test_word: .long 9\n.balign 8\nx86_test_pointer: .quad x86_test_add\n.text\n");

static size_t size_of(const uint8_t *function)
{
	/* Up to the return that is followed by padding or by the next function; enough for what stands above. */
	struct x86_instruction i;
	size_t at = 0;

	for (;;) {
		assert_true(x86_decode(function + at, 15, &i));
		at += i.bytes;
		if (i.flow == X86_RETURN || i.flow == X86_JUMP) {
			if (at % 16 == 0 || (x86_decode(function + at, 15, &i) && i.nothing))
				return at;
		}
	}
}

/* The function, moved to a page near it. */
static int (*moved(int (*f)(int, int)))(int, int)
{
	const uint8_t *code = (const uint8_t *)(uintptr_t)f;
	size_t size = size_of(code), room = size;
	struct x86_instruction i;
	struct x86_plan plan;
	uint8_t *page = MAP_FAILED;

	while (x86_decode(code + room, 15, &i) && i.nothing && room < size + 16)
		room += i.bytes;
	assert_true(x86_plan(code, size, room, X86_JUMP_BYTES, &plan));
	assert_true(plan.bytes >= X86_JUMP_BYTES);
	for (uint64_t shift = UINT64_C(1) << 24; page == MAP_FAILED && shift < UINT64_C(1) << 31; shift += UINT64_C(1) << 24)
		page = mmap((void *)(((uintptr_t)code & ~UINT64_C(4095)) - shift), 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	assert_true(page != MAP_FAILED);
	assert_true(x86_move(code, &plan, page, (uintptr_t)page) > 0);
	assert_int_equal(mprotect(page, 4096, PROT_READ | PROT_EXEC), 0);
	return (int (*)(int, int))(uintptr_t)page;
}

static void moved_functions_do_the_same(void **state)
{
	int (*const functions[])(int, int) = {
		plain, from_data, with_branch, x86_test_call, x86_test_jump, x86_test_short_branch, x86_test_far_branch, x86_test_memory,
	};

	(void)state;
	for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
		int (*copy)(int, int) = moved(functions[f]);

		for (int a = -3; a < 4; a++)
			assert_int_equal(copy(a, 40), functions[f](a, 40));
	}
	assert_int_equal(moved(x86_test_call_memory)(3, 4), x86_test_call_memory(3, 4));
}

static void what_cannot_move(void **state)
{
	const uint8_t *loop = (const uint8_t *)(uintptr_t)x86_test_loop, *inside = (const uint8_t *)(uintptr_t)x86_test_inside;
	const uint8_t *back = (const uint8_t *)(uintptr_t)x86_test_return;
	static const uint8_t unknown[] = {0x06, 0x90, 0x90, 0x90, 0x90, 0x90, 0xc3};
	static const uint8_t later[] = {0x90, 0x90, 0x90, 0x90, 0x90, 0x06, 0xc3};
	struct x86_plan plan;

	(void)state;
	assert_false(x86_plan(loop, size_of(loop), size_of(loop), X86_JUMP_BYTES, &plan));
	assert_false(x86_plan(inside, size_of(inside), size_of(inside), X86_JUMP_BYTES, &plan));
	assert_false(x86_plan(unknown, sizeof unknown, sizeof unknown, X86_JUMP_BYTES, &plan));
	assert_false(x86_plan(later, sizeof later, sizeof later, X86_JUMP_BYTES, &plan));
	/* A function of one byte: with the padding behind it, not without. */
	assert_false(x86_plan(back, 1, 1, X86_JUMP_BYTES, &plan));
	assert_false(x86_plan(back, 1, 4, X86_JUMP_BYTES, &plan));
	assert_true(x86_plan(back, 1, 16, X86_JUMP_BYTES, &plan));
	assert_false(x86_plan(back, 0, 16, X86_JUMP_BYTES, &plan));
}

/* Whatever the bytes are: an answer within what may be read. */
static void random_bytes(void **state)
{
	uint32_t seed = 3;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		size_t bytes = (size_t)round % 17;
		uint8_t *code = malloc(bytes + 1);
		struct x86_instruction i;

		assert_non_null(code);
		for (size_t k = 0; k < bytes; k++)
			code[k] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		code = realloc(code, bytes > 0 ? bytes : 1);
		assert_non_null(code);
		if (x86_decode(code, bytes, &i)) {
			assert_true(i.bytes > 0 && i.bytes <= bytes && i.bytes <= 15);
			assert_true(i.rip_at == 0 || i.rip_at + 4 <= i.bytes);
		}
		free(code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_in_libc), cmocka_unit_test(lengths_in_libm), cmocka_unit_test(lengths_in_jemalloc),
		cmocka_unit_test(lengths_in_mimalloc), cmocka_unit_test(moved_functions_do_the_same), cmocka_unit_test(what_cannot_move),
		cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
