/*
 * stack_fixture.h - what the tests of the stack walker share: an arena in anonymous memory, the captured stack as a list
 * of addresses, and the same list from libunwind, the referee.
 */
#ifndef MS_TESTS_STACK_FIXTURE_H
#define MS_TESTS_STACK_FIXTURE_H

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
/* cmocka needs the four headers above */
#include <cmocka.h>

#include "record/arena_layout.h"
#include "record/preload/stack.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define NOINLINE __attribute__((noinline, noclone))
/* Something to do after a call, so that it is no tail call. */
#define KEEP() __asm__ volatile("" ::: "memory")
/* A local variable that must exist in memory. */
#define USE(array) __asm__ volatile("" : : "r"(array) : "memory")

/* modules.c has the real one; here only the number of calls matters. */
extern int modules_seen;
int modules_seen;
__attribute__((weak)) void ms_module_seen(uint64_t map_start, uint64_t map_end, const void *link_map)
{
	(void)map_start;
	(void)map_end;
	(void)link_map;
	__atomic_fetch_add(&modules_seen, 1, __ATOMIC_RELAXED);
}

struct test_arena {
	struct ms_arena_header *header;
	struct ms_trie trie;
	size_t bytes;
};

/* nodes: capacity of the trie; lines: hash lines of level 0, a power of two (each next level has half, at least 1). */
static inline struct test_arena arena_create(uint32_t nodes, uint64_t lines)
{
	struct test_arena arena = {0};
	size_t offset = 4096 + (size_t)nodes * sizeof(struct ms_node);
	struct ms_hash_level level[MS_HASH_LEVELS];

	offset = (offset + 4095) & ~(size_t)4095;
	for (unsigned i = 0; i < MS_HASH_LEVELS; i++) {
		level[i].offset = offset;
		level[i].slot_count = lines * MS_HASH_LINE;
		offset += level[i].slot_count * sizeof(uint64_t);
		if (lines > 1)
			lines /= 2;
	}
	arena.bytes = (offset + 4095) & ~(size_t)4095;
	arena.header = mmap(NULL, arena.bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(arena.header != MAP_FAILED);
	arena.header->magic = MS_ARENA_MAGIC;
	arena.header->version = MS_ARENA_VERSION;
	arena.header->node_capacity = nodes;
	arena.header->nodes_offset = 4096;
	memcpy(arena.header->hash, level, sizeof(level));
	atomic_store(&arena.header->node_count, 1);
	ms_trie_attach(&arena.trie, arena.header, 1);
	return arena;
}

static inline void arena_destroy(struct test_arena *arena)
{
	munmap(arena->header, arena->bytes);
}

/* The arguments of ms_stack_capture for the caller of the function in which this stands (it needs a frame pointer). */
#define HOOK_ATTRIBUTES __attribute__((noinline, noclone, optimize("no-omit-frame-pointer", "no-optimize-sibling-calls")))
#define HOOK_PC ((uint64_t)__builtin_return_address(0))
#define HOOK_SP ((uint64_t)__builtin_frame_address(0) + 16)
#define HOOK_FP (*(uint64_t *)__builtin_frame_address(0))

struct stack_list {
	uint32_t count, capacity;
	uint64_t *pc; /* innermost first; of interrupted frames the exact pc + 1 */
};

static inline void list_add(struct stack_list *list, uint64_t pc)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 64;
		list->pc = realloc(list->pc, list->capacity * sizeof(*list->pc));
		assert_non_null(list->pc);
	}
	list->pc[list->count++] = pc;
}

/* A node's chain of parents. */
static inline void list_of_node(const struct ms_trie *trie, uint32_t node, struct stack_list *list)
{
	for (list->count = 0; node; node = trie->nodes[node].parent)
		list_add(list, atomic_load(&trie->nodes[node].pc_flags) & ~MS_NODE_INFERRED);
}

/* libunwind's stack from the frame (pc, sp) outwards, which the caller of this function must be inside of. */
static NOINLINE __attribute__((unused)) void list_of_libunwind(uint64_t pc, uint64_t sp, struct stack_list *list)
{
	unw_context_t context;
	unw_cursor_t cursor;
	unw_word_t ip, cfa;
	int found = 0;

	list->count = 0;
	unw_getcontext(&context);
	unw_init_local(&cursor, &context);
	do {
		unw_get_reg(&cursor, UNW_REG_IP, &ip);
		unw_get_reg(&cursor, UNW_REG_SP, &cfa);
		if (ip == pc && cfa == sp)
			found = 1;
		if (found && ip == 0)
			break;
		if (found) /* libunwind says "signal frame" of the frame that the signal interrupted */
			list_add(list, ip + (unw_is_signal_frame(&cursor) > 0));
	} while (unw_step(&cursor) > 0);
}

static inline void list_print(const char *name, const struct stack_list *list)
{
	fprintf(stderr, "%s: %u frames\n", name, list->count);
	for (uint32_t i = 0; i < list->count && i < 40; i++)
		fprintf(stderr, "  %2u %#lx\n", i, (unsigned long)list->pc[i]);
}

static inline int lists_equal(const struct stack_list *a, const struct stack_list *b)
{
	return a->count == b->count && memcmp(a->pc, b->pc, a->count * sizeof(*a->pc)) == 0;
}

/* One arena and one walker for a whole test program. */
struct stack_fixture {
	struct test_arena arena;
	struct ms_walker *walker, *forgetful;
	struct stack_list ours, theirs;
	uint32_t captures;
};

static inline void fixture_open(struct stack_fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->arena = arena_create(1u << 20, 1u << 17);
	f->walker = ms_walker_create(&f->arena.trie);
	f->forgetful = ms_walker_create(&f->arena.trie);
	assert_true(f->walker && f->forgetful);
}

static inline void fixture_close(struct stack_fixture *f)
{
	ms_walker_destroy(f->walker);
	ms_walker_destroy(f->forgetful);
	arena_destroy(&f->arena);
	free(f->ours.pc);
	free(f->theirs.pc);
}

/*
 * Captures the caller's stack: the remembering walker, a walker that remembers nothing, and libunwind must agree.
 * Returns the node.
 */
static HOOK_ATTRIBUTES __attribute__((unused)) uint32_t check_stack(struct stack_fixture *f)
{
	uint64_t pc = HOOK_PC, sp = HOOK_SP, fp = HOOK_FP;
	uint32_t node = ms_stack_capture(f->walker, pc, sp, fp, 0), again, fresh_node;

	f->captures++;
	ms_walker_forget(f->forgetful);
	fresh_node = ms_stack_capture(f->forgetful, pc, sp, fp, 0);
	again = ms_stack_capture(f->walker, pc, sp, fp, 0);
	assert_int_not_equal(node, 0);
	list_of_node(&f->arena.trie, node, &f->ours);
	list_of_libunwind(pc, sp, &f->theirs);
	if (!lists_equal(&f->ours, &f->theirs)) {
		list_print("ours", &f->ours);
		list_print("libunwind", &f->theirs);
	}
	assert_true(lists_equal(&f->ours, &f->theirs));
	assert_int_equal(node, fresh_node);
	assert_int_equal(node, again);
	KEEP();
	return node;
}

#endif
