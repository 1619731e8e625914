/* test_symbol_helper.c - the process that reads debug information: what it answers equals what the symbolizer says, and bad
   answers are no answers. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <link.h>

#include <cmocka.h>

#include "record/symbol_helper.h"

static const struct arena_geometry small = {
	.slots = 4, .big_rings = 1, .big_ring_words = 1024, .small_ring_words = 512, .modules = 8, .nodes = 1024, .graph_blocks = 16,
	.hash_slots = {1024, 1024, 1024, 1024, 1024},
};

static __attribute__((noinline)) int first_marker(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

static __attribute__((noinline)) int second_marker(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 2;
}

static void take_build_id(struct ms_module_record *r, const char *at, size_t bytes)
{
	const char *end = at + bytes;

	while (end - at >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) n;

		memcpy(&n, at, sizeof n);
		at += sizeof n + ((n.n_namesz + 3) & ~3u);
		if (n.n_type == NT_GNU_BUILD_ID && n.n_descsz <= sizeof r->build_id) {
			r->build_id_bytes = (uint8_t)n.n_descsz;
			memcpy(r->build_id, at, n.n_descsz);
		}
		at += (n.n_descsz + 3) & ~3u;
	}
}

/* This executable as module record 0. */
static int describe(struct dl_phdr_info *info, size_t size, void *context)
{
	struct arena *a = context;
	struct ms_module_record *r = &a->modules[0];

	(void)size;
	r->load_bias = info->dlpi_addr;
	r->start = UINT64_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_NOTE)
			take_build_id(r, (const char *)(info->dlpi_addr + p->p_vaddr), p->p_memsz);
		if (p->p_type != PT_LOAD)
			continue;
		if (info->dlpi_addr + p->p_vaddr < r->start)
			r->start = info->dlpi_addr + p->p_vaddr;
		r->end = info->dlpi_addr + p->p_vaddr + p->p_memsz;
	}
	assert_true(readlink("/proc/self/exe", r->path, sizeof r->path - 1) > 0);
	atomic_store(&a->header->module_count, 1);
	return 1;
}

static void open_arena(struct arena *a)
{
	struct ms_error err = {0};

	assert_int_equal(arena_create(a, &small, &(struct arena_options){.clock = MS_CLOCK_MONOTONIC}, &err), MS_OK);
	dl_iterate_phdr(describe, a);
}

/* Types of variables are asked for behind the frames, by name. */
static void test_types_of_variables(void **state)
{
	struct arena a;
	struct symbol_helper h;
	static const char *const names[] = {"small", "not there", "a name that takes more than one question, and is nobody's"};
	static const char *const types[] = {"const struct arena_geometry", NULL, NULL};
	struct symbol_question q[16] = {{(uint64_t)(uintptr_t)second_marker + 2, 0, 0}};
	struct ms_symbol_line line[256];
	uint64_t cpu_ns = 0;
	size_t n = 1;

	(void)state;
	open_arena(&a);
	for (size_t i = 0; i < 3; i++) {
		q[n++] = (struct symbol_question){(uint64_t)(uintptr_t)first_marker + 2, 0, (uint32_t)strlen(names[i])};
		memcpy(&q[n], names[i], strlen(names[i]));
		n += symbol_question_name(strlen(names[i]));
	}
	q[n++] = (struct symbol_question){(uint64_t)(uintptr_t)first_marker + 2, UINT32_MAX, 1}; /* in no module */
	memcpy(&q[n++], "a", 1);
	symbol_helper_start(&h, &a);
	assert_true(symbol_helper_ask(&h, q, n, NULL, NULL, &cpu_ns));
	assert_true(symbol_helper_next(&h, line, 256) > 0);
	assert_string_equal(line[0].function, "second_marker");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(symbol_helper_next(&h, line, 1), types[i] != NULL);
		if (types[i])
			assert_string_equal(line[0].function, types[i]);
	}
	assert_int_equal(symbol_helper_next(&h, line, 1), 0);
	assert_true(symbol_helper_next(&h, line, 1) == SIZE_MAX);
	symbol_helper_stop(&h);
	/* A name that is longer than any goes unanswered, with all the rest. */
	symbol_helper_start(&h, &a);
	q[1].name_bytes = SYMBOL_NAME_MOST + 1;
	assert_false(symbol_helper_ask(&h, q, n, NULL, NULL, &cpu_ns));
	symbol_helper_stop(&h);
	arena_close(&a);
}

static void test_that_its_answers_are_those_of_the_symbolizer(void **state)
{
	struct arena a;
	struct symbol_helper h;
	struct ms_symbolizer *s = NULL;
	struct ms_error err = {0};
	struct symbol_question q[] = {
		{(uint64_t)(uintptr_t)first_marker + 2, 0, 0}, {(uint64_t)(uintptr_t)second_marker + 2, 0, 0}, {4711, UINT32_MAX, 0},
		{4711, 77, 0},
	};
	const char *const names[] = {"first_marker", "second_marker"};
	struct ms_symbol_line lines[256];
	uint64_t cpu_ns = 0;

	(void)state;
	open_arena(&a);
	atomic_store(&a.nodes[1].pc_flags, q[0].address);
	atomic_store(&a.header->node_count, 2);
	symbol_helper_start(&h, &a);
	assert_true(h.pid > 0);
	usleep(30000); /* it looks at the node meanwhile */
	assert_true(symbol_helper_ask(&h, q, 4, NULL, NULL, &cpu_ns));
	assert_true(cpu_ns > 0);
	assert_int_equal(ms_symbolizer_open(&s, NULL, &err), MS_OK);
	for (size_t i = 0; i < 2; i++) {
		struct ms_module module = {.path = a.modules[0].path, .load_bias = a.modules[0].load_bias,
		                           .start = a.modules[0].start, .end = a.modules[0].end,
		                           .build_id = a.modules[0].build_id, .build_id_bytes = a.modules[0].build_id_bytes};
		const struct ms_symbol_line *expected;
		size_t n = ms_symbolizer_resolve(s, &module, q[i].address, &expected);

		assert_true(n > 0);
		assert_int_equal(symbol_helper_next(&h, lines, 256), n);
		assert_string_equal(lines[n - 1].function, names[i]);
		for (size_t k = 0; k < n; k++) {
			assert_string_equal(lines[k].function, expected[k].function);
			assert_string_equal(lines[k].linkage_name, expected[k].linkage_name);
			assert_string_equal(lines[k].file, expected[k].file);
			assert_int_equal(lines[k].line, expected[k].line);
		}
	}
	assert_int_equal(symbol_helper_next(&h, lines, 256), 0);
	assert_int_equal(symbol_helper_next(&h, lines, 256), 0);
	assert_true(symbol_helper_next(&h, lines, 256) == SIZE_MAX);
	ms_symbolizer_close(s);
	symbol_helper_stop(&h);
	arena_close(&a);
}

static void test_that_bad_answers_are_none(void **state)
{
	struct { uint32_t n, line, length; char text[12]; } one = {1, 7, 3, "abc"};
	struct symbol_helper h = {.go_fd = -1, .question_fd = -1, .answer_fd = -1};
	struct ms_symbol_line lines[4];
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t bytes[64];
	size_t whole;

	(void)state;
	/* One frame, one line, three texts: "abc", "", "". */
	memcpy(bytes, &one, 12);
	memcpy(bytes + 12, "abc\0\0\0\0\0\0\0\0\0\0", 14);
	whole = 12 + 4 + 5 + 5;
	for (size_t cut = 0; cut <= whole; cut++) {
		memcpy(page, bytes, sizeof bytes);
		h.answers = page;
		h.answer_bytes = cut;
		h.at = 0;
		if (cut < whole)
			assert_true(symbol_helper_next(&h, lines, 4) == SIZE_MAX);
		else
			assert_int_equal(symbol_helper_next(&h, lines, 4), 1);
		assert_true(symbol_helper_next(&h, lines, 4) == SIZE_MAX);
	}
	assert_string_equal(lines[0].function, "abc");
	assert_int_equal(lines[0].line, 7);
	/* More lines than there is room for, a length beyond the end, a text that does not end. */
	for (int kind = 0; kind < 3; kind++) {
		memcpy(page, bytes, sizeof bytes);
		if (kind == 0)
			page[0] = 5;
		if (kind == 1)
			memset(page + 8, 0xff, 4);
		if (kind == 2)
			page[15] = 'x';
		h.at = 0;
		h.answer_bytes = whole;
		assert_true(symbol_helper_next(&h, lines, 4) == SIZE_MAX);
	}
	munmap(page, 4096);
}

static bool at_once(void *context)
{
	(void)context;
	return true;
}

static void test_that_it_can_be_given_up(void **state)
{
	struct arena a;
	struct symbol_helper h, never = {0};
	struct symbol_question *q = calloc(100000, sizeof *q);
	struct ms_symbol_line lines[4];
	uint64_t cpu_ns;

	(void)state;
	assert_non_null(q);
	open_arena(&a);
	for (size_t i = 0; i < 100000; i++)
		q[i].address = a.modules[0].start + i;
	symbol_helper_start(&h, &a);
	(void)symbol_helper_ask(&h, q, 100000, at_once, NULL, &cpu_ns);
	symbol_helper_stop(&h);
	assert_int_equal(h.pid, 0);
	assert_true(symbol_helper_next(&h, lines, 4) == SIZE_MAX);
	symbol_helper_stop(&never);
	/* One that is killed answers nothing, and one that was cut off in the middle of its answer nothing either. */
	for (int half = 0; half < 2; half++) {
		symbol_helper_start(&h, &a);
		if (half)
			assert_int_equal(write(h.answer_fd, "\2\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24), 24);
		kill(h.pid, SIGKILL);
		assert_false(symbol_helper_ask(&h, q, 3, NULL, NULL, &cpu_ns));
		assert_true(symbol_helper_next(&h, lines, 4) == SIZE_MAX);
		symbol_helper_stop(&h);
	}
	assert_false(symbol_helper_ask(&never, q, 1, NULL, NULL, &cpu_ns));
	arena_close(&a);
	free(q);
	assert_int_equal(first_marker(1) + second_marker(1), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types_of_variables),
		cmocka_unit_test(test_that_its_answers_are_those_of_the_symbolizer),
		cmocka_unit_test(test_that_bad_answers_are_none),
		cmocka_unit_test(test_that_it_can_be_given_up),
	};

	(void)signal(SIGPIPE, SIG_IGN); /* as in the recorder: a question may find nobody */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
