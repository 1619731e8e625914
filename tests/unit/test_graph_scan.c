/* The parts of the heap graph inside the program that can be looked at alone: address map, index of blocks, reading, heuristics. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/preload/graph_index.h"
#include "record/preload/graph_maps.h"
#include "record/preload/graph_memory.h"
#include "record/preload/graph_scan.h"
#include "record/preload/own_memory.h"
#include "record/preload/raw.h"

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

/* ---- address map ------------------------------------------------------------------------------------------------- */

static bool parse(const char *line, struct ms_region *r)
{
	return ms_maps_parse(line, strlen(line), r);
}

static void lines_of_the_map(void **context)
{
	struct ms_region r;

	(void)context;
	assert_true(parse("7f0c12345000-7f0c12346000 rw-p 00001000 fe:01 1234                       /usr/lib/a b.so", &r));
	assert_int_equal(r.start, 0x7f0c12345000);
	assert_int_equal(r.end, 0x7f0c12346000);
	assert_int_equal(r.flags, MS_REGION_READ | MS_REGION_WRITE);
	assert_int_equal(r.inode, 1234);
	assert_int_equal(r.name_bytes, strlen("/usr/lib/a b.so"));
	assert_memory_equal(r.name, "/usr/lib/a b.so", r.name_bytes);

	assert_true(parse("00400000-00401000 r-xs 00000000 00:00 0 ", &r));
	assert_int_equal(r.flags, MS_REGION_READ | MS_REGION_EXEC | MS_REGION_SHARED);
	assert_int_equal(r.name_bytes, 0);
	assert_true(parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]", &r));
	assert_int_equal(r.end, 0xffffffffff601000);

	const char *bad[] = {"", "x", "1-", "1-2", "1-2 rw-p", "2-1 rw-p 0 0:0 1", "1-2 rw-p 0 0 1", "1-2 rw-p 0 0:0 ",
			     "1-2rw-p 0 0:0 1", "11111111111111111-2 rw-p 0 0:0 1", "1-1 rw-p 0 0:0 1"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(parse(bad[i], &r));
}

static void the_map_of_this_process(void **context)
{
	char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct ms_region *r;
	struct ms_maps maps;
	int local = 0;

	(void)context;
	assert_int_equal(mprotect(page + 4096, 4096, PROT_READ), 0);
	assert_true(ms_maps_read(&maps));
	assert_true(maps.count > 5);
	for (size_t i = 1; i < maps.count; i++)
		assert_true(maps.regions[i - 1].end <= maps.regions[i].start);
	r = ms_maps_find(&maps, (uint64_t)(uintptr_t)page + 4096);
	assert_non_null(r);
	assert_int_equal(r->start, (uintptr_t)page + 4096);
	assert_int_equal(r->end, (uintptr_t)page + 8192);
	assert_int_equal(r->flags, MS_REGION_READ);
	assert_int_equal(r->inode, 0);
	r = ms_maps_find(&maps, (uint64_t)(uintptr_t)&local);
	assert_non_null(r);
	assert_string_equal(r->name, "[stack]");
	r = ms_maps_find(&maps, (uint64_t)(uintptr_t)the_map_of_this_process);
	assert_non_null(r);
	assert_non_null(strstr(r->name, "test_graph_scan"));
	assert_true((r->flags & MS_REGION_EXEC) != 0);
	assert_null(ms_maps_find(&maps, 0));
	assert_null(ms_maps_find(&maps, UINT64_C(1) << 62));
	ms_maps_free(&maps);
	munmap(page, 3 * 4096);
}

/* ---- our own memory ---------------------------------------------------------------------------------------------- */

static bool is_own(uint64_t address)
{
	uint64_t start, end;

	for (uint32_t i = 0; ms_own_at(i, &start, &end); i++)
		if (address - start < end - start)
			return true;
	return false;
}

static void own_memory_is_listed(void **context)
{
	char *a = ms_raw_memory(3 * 4096), *b = ms_raw_memory(1);

	(void)context;
	assert_true(is_own((uintptr_t)a) && is_own((uintptr_t)a + 3 * 4096 - 1) && is_own((uintptr_t)b + 4095));
	ms_raw_munmap(a + 4096, 2 * 4096);
	assert_true(is_own((uintptr_t)a));
	assert_false(is_own((uintptr_t)a + 4096));
	ms_raw_munmap(a, 4096);
	assert_false(is_own((uintptr_t)a));
	assert_true(is_own((uintptr_t)b));
	ms_raw_munmap(b, 1);
	assert_false(is_own((uintptr_t)b));
}

/* ---- index ------------------------------------------------------------------------------------------------------- */

static uint32_t find_slowly(const struct ms_graph_block *blocks, uint32_t n, uint64_t address)
{
	for (uint32_t i = n; i-- > 0;)
		if (address == blocks[i].address || address - blocks[i].address < blocks[i].size_bytes)
			return i;
	return MS_NO_BLOCK;
}

static uint32_t from_slowly(const struct ms_graph_block *blocks, uint32_t n, uint64_t address)
{
	uint32_t i = 0;

	while (i < n && blocks[i].address < address)
		i++;
	return i;
}

static void index_finds_what_a_search_finds(void **context)
{
	enum { MAX = 400 };
	struct ms_graph_block blocks[MAX];
	uint64_t hits = 0;

	(void)context;
	for (int round = 0; round < 300; round++) {
		uint32_t n = (uint32_t)(next_random() % MAX);
		uint64_t at = 0x10000000 + next_random() % 5000;
		struct ms_index index;

		for (uint32_t i = 0; i < n; i++) {
			uint64_t kind = next_random() % 64, size = kind == 0 ? 3 << 20 : kind < 4 ? 0 : kind < 12 ? next_random() % 9000 : next_random() % 100;

			blocks[i] = (struct ms_graph_block){at, size};
			at += (size > 0 ? size : 1) + (kind == 5 ? UINT64_C(1) << 33 : kind == 6 ? 2 << 20 : kind % 2 ? 0 : next_random() % 64);
		}
		assert_true(ms_index_make(&index, blocks, n));
		assert_false(index.overlaps);
		for (uint32_t k = 0; k < 2000; k++) {
			uint64_t address = k % 4 == 0 || n == 0 ? 0x10000000 + next_random() % (at - 0x10000000 + 100) :
							 blocks[next_random() % n].address + next_random() % 130 - 20;
			uint32_t expected = find_slowly(blocks, n, address);

			assert_int_equal(ms_index_find(&index, address), expected);
			assert_int_equal(ms_index_from(&index, address), from_slowly(blocks, n, address));
			hits += expected != MS_NO_BLOCK;
		}
		assert_int_equal(ms_index_find(&index, 0), MS_NO_BLOCK);
		assert_int_equal(ms_index_find(&index, UINT64_MAX), MS_NO_BLOCK);
		ms_index_free(&index);
	}
	assert_true(hits > 100000);
}

static void a_block_inside_another(void **context)
{
	const struct ms_graph_block blocks[] = {{0x1000, 0x1000}, {0x1100, 0x10}, {0x1200, 0x10}, {0x3000, 8}};
	struct ms_index index;

	(void)context;
	assert_true(ms_index_make(&index, blocks, 4));
	assert_int_equal(ms_index_find(&index, 0x1108), 1);
	assert_int_equal(ms_index_find(&index, 0x1110), 0);
	assert_int_equal(ms_index_find(&index, 0x1fff), 0);
	assert_int_equal(ms_index_find(&index, 0x2000), MS_NO_BLOCK);
	assert_int_equal(ms_index_find(&index, 0x3007), 3);
	ms_index_free(&index);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t programs_handler_ran;
static sigjmp_buf back;

static void programs_handler(int number)
{
	(void)number;
	programs_handler_ran = 1;
	siglongjmp(back, 1);
}

static void memory_that_is_not_there(void **context)
{
	char path[] = "/tmp/memscope-graph-XXXXXX";
	int fd = mkstemp(path);
	uint64_t *file, *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), word;
	struct sigaction action = {.sa_handler = programs_handler}, old, now;
	enum ms_page_state why;

	(void)context;
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(ftruncate(fd, 4096), 0);
	file = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	file[1] = 42;
	page[0] = 7;
	page[512] = 8;
	munmap(&page[512], 4096);
	sigaction(SIGSEGV, &action, &old);
	assert_true(ms_memory_begin());
	assert_int_equal(ms_memory_page((uint64_t)(uintptr_t)page, &why)[0], 7);
	assert_null(ms_memory_page((uint64_t)(uintptr_t)page + 4096, &why));
	assert_true(why == MS_PAGE_FAULT || why == MS_PAGE_ABSENT);
	assert_false(ms_memory_word((uint64_t)(uintptr_t)page + 4096, &word));
	assert_null(ms_memory_page((uint64_t)(uintptr_t)page + 8192, &why)); /* never touched */
	assert_int_equal(why, MS_PAGE_ABSENT);
	assert_int_equal(ms_memory_page((uint64_t)(uintptr_t)file, &why)[1], 42);
	assert_false(ms_memory_word((uint64_t)(uintptr_t)file + 4096, &word)); /* beyond the end of the file */
	assert_true(ms_memory_word((uint64_t)(uintptr_t)file + 8, &word));
	assert_int_equal(word, 42);
	assert_int_equal(ms_memory_bytes(), 2 * 4096);
	if (sigsetjmp(back, 1) == 0) /* a write to what was unmapped: a fault that is not ours is the program's */
		*(volatile uint64_t *)((volatile char *)page + 4096) = 1;
	assert_int_equal(programs_handler_ran, 1);
	ms_memory_end();
	sigaction(SIGSEGV, &old, &now);
	assert_ptr_equal(now.sa_handler, programs_handler);
	munmap(page, 4096);
	munmap(&page[1024], 4096);
	munmap(file, 8192);
	close(fd);
}

/* ---- heuristics -------------------------------------------------------------------------------------------------- */

/* What a compiler makes of virtual functions: pointers to code in memory that only the loader writes. */
static void a_function(void) {}
static void another_function(void) {}
static void (*const vtable[])(void) = {a_function, another_function};
static void (*const second_vtable[])(void) = {another_function, a_function};
static void (*writable_table[])(void) = {a_function, another_function};

static void interior_pointers(void **context)
{
	uint64_t memory[16] = {0};
	struct ms_graph_block block = {(uint64_t)(uintptr_t)memory, 64};
	struct ms_maps maps;

	(void)context;
	assert_true(ms_maps_read(&maps));
#define FLAGS(offset) ms_scan_heuristics(&maps, &block, offset)
	assert_int_equal(FLAGS(8), 0);
	memory[0] = 56; /* the rest of the block */
	assert_int_equal(FLAGS(8), MS_EDGE_LENGTH64 | MS_EDGE_NEWARRAY);
	assert_int_equal(FLAGS(16), 0);
	memory[0] = 7; /* elements of 8 bytes */
	assert_int_equal(FLAGS(8), MS_EDGE_NEWARRAY);
	memory[0] = 5;
	assert_int_equal(FLAGS(8), 0);
	memory[0] = 57;
	assert_int_equal(FLAGS(8), 0);

	memory[0] = 10; /* length, capacity, owners, characters and a 0 */
	memory[1] = 39;
	assert_int_equal(FLAGS(24), MS_EDGE_STDSTRING);
	memory[0] = 40;
	assert_int_equal(FLAGS(24), 0);
	memory[0] = 10;
	memory[1] = 38;
	assert_int_equal(FLAGS(24), 0);

	memset(memory, 0, sizeof memory);
	memory[0] = (uint64_t)(uintptr_t)vtable;
	assert_int_equal(FLAGS(16), 0);
	memory[2] = (uint64_t)(uintptr_t)second_vtable;
	assert_int_equal(FLAGS(16), MS_EDGE_MULTIPLE_INHERITANCE);
	assert_int_equal(FLAGS(20), 0);
	memory[2] = (uint64_t)(uintptr_t)writable_table;
	assert_int_equal(FLAGS(16), 0);
	memory[2] = (uint64_t)(uintptr_t)a_function; /* code, but no table of it */
	assert_int_equal(FLAGS(16), 0);
	memory[2] = 0xffffffff00000000;
	assert_int_equal(FLAGS(16), 0);
#undef FLAGS
	ms_maps_free(&maps);
	(void)writable_table;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_map),
		cmocka_unit_test(the_map_of_this_process),
		cmocka_unit_test(own_memory_is_listed),
		cmocka_unit_test(index_finds_what_a_search_finds),
		cmocka_unit_test(a_block_inside_another),
		cmocka_unit_test(memory_that_is_not_there),
		cmocka_unit_test(interior_pointers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
