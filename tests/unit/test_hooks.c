/*
 * The hooks against a table of made-up real functions: one event for each call, of the right kind and with the right
 * arguments, at the right moment; result and errno untouched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks_fixture.h"
#include "record/preload/modules.h"
#include "record/preload/threads.h"

#define KEPT_ERRNO 1234

static struct mini_arena arena;
static struct mini_entries entries;
static struct ms_real real;

/* ---- the made-up allocator: a fixed address, or failure ---- */

static _Alignas(64) unsigned char memory[4096];
static int fail_calls;           /* so many allocations return NULL */
static uint64_t head_at_free;    /* what had been published when the real free was called */
static uint64_t head_at_malloc;

static uint64_t published(void)
{
	return ms_tls.self->slot == NULL ? 0 : atomic_load(&ms_tls.self->slot->head);
}

static void *give(void)
{
	head_at_malloc = published();
	if (fail_calls > 0) {
		fail_calls--;
		errno = ENOMEM;
		return NULL;
	}
	return memory + 64;
}

static void *fake_malloc(size_t size)
{
	(void)size;
	return give();
}
static void *fake_calloc(size_t count, size_t size)
{
	(void)count;
	(void)size;
	return give();
}
static void *fake_realloc(void *block, size_t size)
{
	(void)block;
	head_at_free = published();
	return size == 0 ? NULL : give();
}
static void *fake_aligned(size_t alignment, size_t size)
{
	(void)alignment;
	(void)size;
	return give();
}
static int fake_posix_memalign(void **out, size_t alignment, size_t size)
{
	void *block = give();

	(void)alignment;
	(void)size;
	if (block == NULL)
		return ENOMEM;
	*out = block;
	return 0;
}
static void fake_free(void *block)
{
	(void)block;
	head_at_free = published();
	errno = KEPT_ERRNO;
}

/* ---- made-up operators that call malloc and free as libstdc++'s do: through the hooks ---- */

static __attribute__((noinline)) void *exported_malloc(size_t size)
{
	void *block = ms_hook_malloc(&real, size, HERE);

	__asm__ volatile("");
	return block;
}
static __attribute__((noinline)) void *exported_memalign(size_t alignment, size_t size)
{
	void *block = ms_hook_aligned_alloc(&real, alignment, size, HERE);

	__asm__ volatile("");
	return block;
}
static __attribute__((noinline)) void exported_free(void *block)
{
	ms_hook_free(&real, block, HERE);
	__asm__ volatile("");
}
static __attribute__((noinline)) void *exported_new(size_t size)
{
	void *block = ms_hook_new_m(&real, HERE, size, 0, NULL);

	__asm__ volatile("");
	return block;
}
static __attribute__((noinline)) void exported_delete(void *block)
{
	ms_hook_delete_p(&real, HERE, block, 0, 0, NULL);
	__asm__ volatile("");
}

static int new_retries;       /* how often the made-up new tries again, as after a new_handler */
static jmp_buf *new_throws;   /* where it leaves to when it cannot */
static void *(*new_handler_does)(void);

static void *lib_new(size_t size)
{
	void *block;
	int tries = 0;

	while ((block = exported_malloc(size == 0 ? 1 : size)) == NULL) {
		if (new_handler_does != NULL)
			new_handler_does();
		if (tries++ == new_retries)
			longjmp(*new_throws, 1);
	}
	return block;
}
static void *lib_new_nothrow(size_t size, const void *tag)
{
	static jmp_buf here; /* not on the stack: the operator's own frames are small */

	(void)tag;
	new_throws = &here;
	return setjmp(here) != 0 ? NULL : exported_new(size);
}
static void *lib_new_array(size_t size)
{
	return exported_new(size);
}
static void *lib_new_aligned(size_t size, size_t alignment)
{
	return exported_memalign(alignment, (size + alignment - 1) & ~(alignment - 1));
}
static void *pool_new(size_t size)
{
	(void)size;
	return give();
}
static void lib_delete(void *block)
{
	exported_free(block);
}
static void lib_delete_array(void *block)
{
	exported_delete(block);
}
static void lib_delete_sized(void *block, size_t size)
{
	(void)size;
	exported_delete(block);
}
static void lib_delete_sized_aligned(void *block, size_t size, size_t alignment)
{
	(void)size;
	(void)alignment;
	exported_free(block);
}
static void pool_delete(void *block)
{
	fake_free(block);
}

static void *fake_mmap(void *address, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	(void)bytes;
	(void)prot;
	(void)flags;
	(void)fd;
	(void)offset;
	return address == NULL ? memory : MAP_FAILED;
}
static int munmap_result;
static int fake_munmap(void *address, size_t bytes)
{
	(void)address;
	(void)bytes;
	head_at_free = published();
	return munmap_result;
}
static void *fake_mremap(void *address, size_t old_bytes, size_t new_bytes, int flags, ...)
{
	(void)address;
	(void)old_bytes;
	(void)new_bytes;
	(void)flags;
	return memory + 128;
}
static int fake_brk(void *address)
{
	return address == NULL ? -1 : 0;
}
static void *fake_sbrk(intptr_t increment)
{
	(void)increment;
	return memory;
}

static void attach(uint32_t flags, uint32_t slots)
{
	struct mini_options options = {.flags = flags, .slots = slots};

	real = (struct ms_real){
		.malloc = fake_malloc,
		.calloc = fake_calloc,
		.realloc = fake_realloc,
		.free = fake_free,
		.aligned_alloc = fake_aligned,
		.memalign = fake_aligned,
		.posix_memalign = fake_posix_memalign,
		.valloc = fake_malloc,
		.pvalloc = fake_malloc,
		.mmap = fake_mmap,
		.munmap = fake_munmap,
		.mremap = fake_mremap,
		.brk = fake_brk,
		.sbrk = fake_sbrk,
		.new_m = lib_new,
		.new_array_m = lib_new_array,
		.new_mt = lib_new_nothrow,
		.new_ma = lib_new_aligned,
		.new_array_ma = lib_new_aligned,
		.delete_p = lib_delete,
		.delete_array_p = lib_delete_array,
		.delete_pm = lib_delete_sized,
		.delete_array_pm = lib_delete_sized,
		.delete_pma = lib_delete_sized_aligned,
		.delete_array_pma = lib_delete_sized_aligned,
		.delete_pa = lib_delete_sized,
		.delete_array_pa = lib_delete_sized,
	};
	fail_calls = 0;
	new_retries = 0;
	new_handler_does = NULL;
	munmap_result = 0;
	fixture_attach(&arena, &options);
	ms_emit_args(MS_EV_FORK, 1, 0); /* takes the slot and announces the modules */
	fixture_drain(&arena, &entries);
	entries.count = 0;
}

static void detach(void)
{
	mini_free(&entries);
	fixture_detach(&arena);
}

static void drain(void)
{
	fixture_drain(&arena, &entries);
}

/* The next entry is the n-th since attach. */
static void assert_entry(size_t n, uint8_t kind, uint64_t address, uint64_t size, uint64_t arg0, uint64_t arg1)
{
	assert_true(n < entries.count);
	assert_int_equal(entries.at[n].kind, kind);
	assert_int_equal(entries.at[n].address, address);
	assert_int_equal(entries.at[n].size, size);
	assert_int_equal(entries.at[n].arg[0], arg0);
	assert_int_equal(entries.at[n].arg[1], arg1);
	if (n > 0 && entries.at[n].slot == entries.at[n - 1].slot)
		assert_true(entries.at[n].ticks >= entries.at[n - 1].ticks);
}

#define BLOCK ((uint64_t)(uintptr_t)(memory + 64))

/* ---- allocation ---- */

static void test_malloc_writes_three_words_after_the_call(void **state)
{
	uint64_t head;

	(void)state;
	attach(0, 0);
	head = published();
	errno = KEPT_ERRNO;
	assert_ptr_equal(exported_malloc(48), memory + 64);
	assert_int_equal(errno, KEPT_ERRNO);
	assert_int_equal(head_at_malloc, head);
	assert_int_equal(published(), head + 3);
	drain();
	assert_int_equal(entries.count, 1);
	assert_entry(0, MS_EV_MALLOC, BLOCK, 48, 0, 0);
	detach();
}

static void test_the_stack_begins_at_the_caller(void **state)
{
	uint64_t pcs[64];
	size_t depth;

	(void)state;
	attach(0, 0);
	exported_malloc(1);
	exported_malloc(1);
	drain();
	depth = mini_stack(&arena, entries.at[0].stack, pcs, 64);
	assert_true(depth >= 2);
	/* The hook's caller is this function. */
	assert_true(pcs[0] > (uintptr_t)test_the_stack_begins_at_the_caller);
	assert_true(pcs[0] < (uintptr_t)test_the_stack_begins_at_the_caller + 4096);
	/* Two places of one function: same parents. */
	assert_int_not_equal(entries.at[0].stack, entries.at[1].stack);
	assert_int_equal(arena.nodes[entries.at[0].stack].parent, arena.nodes[entries.at[1].stack].parent);
	detach();
}

static void test_sizes_from_zero_to_all_bits(void **state)
{
	static const uint64_t sizes[] = {0, 1, 0xfffffffe, 0xffffffff, 0x100000000, UINT64_MAX};
	size_t count = sizeof(sizes) / sizeof(sizes[0]);

	(void)state;
	attach(0, 0);
	for (size_t i = 0; i < count; i++)
		exported_malloc(sizes[i]);
	drain();
	assert_int_equal(entries.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_entry(i, MS_EV_MALLOC, BLOCK, sizes[i], 0, 0);
		assert_int_equal(entries.at[i].words, sizes[i] >= 0xffffffff ? 4 : 3);
	}
	detach();
}

static void test_every_allocation_call_has_its_kind(void **state)
{
	void *out = NULL;

	(void)state;
	attach(0, 0);
	errno = KEPT_ERRNO;
	ms_hook_calloc(&real, 3, 5, HERE);
	ms_hook_aligned_alloc(&real, 64, 128, HERE);
	ms_hook_memalign(&real, 24, 7, HERE);
	assert_int_equal(ms_hook_posix_memalign(&real, &out, 4096, 9, HERE), 0);
	assert_ptr_equal(out, memory + 64);
	ms_hook_valloc(&real, 10, HERE);
	ms_hook_pvalloc(&real, 11, HERE);
	ms_hook_reallocarray(&real, NULL, 4, 6, HERE);
	assert_int_equal(errno, KEPT_ERRNO);
	drain();
	assert_int_equal(entries.count, 7);
	assert_entry(0, MS_EV_CALLOC, BLOCK, 15, 0, 0);
	assert_entry(1, MS_EV_ALIGNED_ALLOC, BLOCK, 128, 6, 0);
	assert_entry(2, MS_EV_MEMALIGN, BLOCK, 7, 5, 0);
	assert_entry(3, MS_EV_POSIX_MEMALIGN, BLOCK, 9, 12, 0);
	assert_entry(4, MS_EV_VALLOC, BLOCK, 10, 0, 0);
	assert_entry(5, MS_EV_PVALLOC, BLOCK, 11, 0, 0);
	assert_entry(6, MS_EV_REALLOC_NEW, BLOCK, 24, 0, 0);
	detach();
}

static void test_failures_say_what_was_tried(void **state)
{
	void *out = memory;

	(void)state;
	attach(0, 0);
	fail_calls = 8;
	errno = 0;
	assert_null(exported_malloc(100));
	assert_int_equal(errno, ENOMEM);
	assert_null(ms_hook_calloc(&real, SIZE_MAX, 16, HERE));
	assert_null(ms_hook_aligned_alloc(&real, 8, 5, HERE));
	assert_null(ms_hook_memalign(&real, 8, 5, HERE));
	assert_int_equal(ms_hook_posix_memalign(&real, &out, 16, 5, HERE), ENOMEM);
	assert_ptr_equal(out, memory);
	assert_null(ms_hook_valloc(&real, 5, HERE));
	assert_null(ms_hook_pvalloc(&real, 5, HERE));
	assert_null(ms_hook_realloc(&real, NULL, 6, HERE));
	errno = 0;
	assert_null(ms_hook_reallocarray(&real, NULL, SIZE_MAX, 2, HERE));
	assert_int_equal(errno, ENOMEM);
	drain();
	assert_int_equal(entries.count, 9);
	assert_entry(0, MS_EV_ALLOC_FAILED, 0, 100, MS_EV_MALLOC, 0);
	assert_entry(1, MS_EV_ALLOC_FAILED, 0, UINT64_MAX, MS_EV_CALLOC, 0);
	assert_entry(2, MS_EV_ALLOC_FAILED, 0, 5, MS_EV_ALIGNED_ALLOC, 0);
	assert_entry(3, MS_EV_ALLOC_FAILED, 0, 5, MS_EV_MEMALIGN, 0);
	assert_entry(4, MS_EV_ALLOC_FAILED, 0, 5, MS_EV_POSIX_MEMALIGN, 0);
	assert_entry(5, MS_EV_ALLOC_FAILED, 0, 5, MS_EV_VALLOC, 0);
	assert_entry(6, MS_EV_ALLOC_FAILED, 0, 5, MS_EV_PVALLOC, 0);
	assert_entry(7, MS_EV_ALLOC_FAILED, 0, 6, MS_EV_REALLOC_NEW, 0);
	assert_entry(8, MS_EV_ALLOC_FAILED, 0, UINT64_MAX, MS_EV_REALLOC_NEW, 0);
	detach();
}

/* ---- free and realloc ---- */

static void test_free_is_published_before_the_call(void **state)
{
	uint64_t head;

	(void)state;
	attach(0, 0);
	head = published();
	exported_free(memory + 64);
	assert_int_equal(head_at_free, head + 2);
	assert_int_equal(errno, KEPT_ERRNO);
	exported_free(NULL);
	assert_int_equal(published(), head + 2);
	ms_hook_free_sized(&real, memory + 64, 77, HERE);
	ms_hook_free_aligned_sized(&real, memory + 64, 32, 78, HERE);
	drain();
	assert_int_equal(entries.count, 3);
	assert_entry(0, MS_EV_FREE, BLOCK, 0, 0, 0);
	assert_int_equal(entries.at[0].stack, 0);
	assert_entry(1, MS_EV_FREE_SIZED, BLOCK, 0, 77, 0);
	assert_entry(2, MS_EV_FREE_ALIGNED_SIZED, BLOCK, 0, 78, 5);
	detach();
}

static void test_frees_carry_stacks_when_asked(void **state)
{
	uint64_t pc;

	(void)state;
	attach(MS_FLAG_FREE_STACKS, 0);
	exported_free(memory + 64);
	ms_hook_delete_pma(&real, HERE, memory + 64, 9, 64, NULL);
	drain();
	assert_int_equal(entries.count, 2);
	assert_int_equal(mini_stack(&arena, entries.at[0].stack, &pc, 1), 1);
	assert_true(pc > (uintptr_t)test_frees_carry_stacks_when_asked);
	assert_entry(1, MS_EV_DELETE_SIZED_ALIGNED, BLOCK, 0, 9, 6);
	assert_int_not_equal(entries.at[1].stack, 0);
	detach();
}

static void test_realloc_is_a_free_before_and_an_allocation_after(void **state)
{
	uint64_t head;

	(void)state;
	attach(0, 0);
	head = published();
	ms_hook_realloc(&real, memory + 64, 10, HERE);
	assert_int_equal(head_at_free, head + 2);
	ms_hook_realloc(&real, memory + 64, 0, HERE);
	fail_calls = 1;
	errno = 0;
	assert_null(ms_hook_realloc(&real, memory + 64, 20, HERE));
	assert_int_equal(errno, ENOMEM);
	assert_null(ms_hook_reallocarray(&real, memory + 64, SIZE_MAX, 4, HERE));
	drain();
	assert_int_equal(entries.count, 7);
	assert_entry(0, MS_EV_REALLOC_FREE, BLOCK, 0, 0, 0);
	assert_entry(1, MS_EV_REALLOC, BLOCK, 10, 0, 0);
	assert_entry(2, MS_EV_REALLOC_ZERO, BLOCK, 0, 0, 0);
	assert_entry(3, MS_EV_REALLOC_FREE, BLOCK, 0, 0, 0);
	assert_entry(4, MS_EV_REALLOC_FAILED, BLOCK, 0, 0, 0);
	assert_entry(5, MS_EV_REALLOC_FREE, BLOCK, 0, 0, 0);
	assert_entry(6, MS_EV_REALLOC_FAILED, BLOCK, 0, 0, 0);
	detach();
}

static void *realloc_to_a_minimal_block(void *block, size_t size)
{
	(void)size;
	return block;
}

static void test_realloc_to_zero_that_gives_a_block(void **state)
{
	(void)state;
	attach(0, 0);
	real.realloc = realloc_to_a_minimal_block;
	assert_ptr_equal(ms_hook_realloc(&real, memory + 64, 0, HERE), memory + 64);
	drain();
	assert_int_equal(entries.count, 2);
	assert_entry(0, MS_EV_REALLOC_ZERO, BLOCK, 0, 0, 0);
	assert_entry(1, MS_EV_MALLOC, BLOCK, 0, 0, 0);
	detach();
}

/* ---- C++ operators ---- */

static void test_new_through_malloc_is_one_event(void **state)
{
	uint64_t pc;

	(void)state;
	attach(0, 0);
	exported_new(40);
	exported_new(0);
	ms_hook_new_array_m(&real, HERE, 50, 0, NULL);
	ms_hook_new_ma(&real, HERE, 50, 64, NULL);
	ms_hook_new_array_ma(&real, HERE, 64, 64, NULL);
	ms_hook_new_mt(&real, HERE, 60, 0, memory);
	exported_malloc(40);
	drain();
	assert_int_equal(entries.count, 7);
	assert_entry(0, MS_EV_NEW, BLOCK, 40, 0, 0);
	assert_int_equal(mini_stack(&arena, entries.at[0].stack, &pc, 1), 1);
	assert_true(pc > (uintptr_t)test_new_through_malloc_is_one_event);
	assert_true(pc < (uintptr_t)test_new_through_malloc_is_one_event + 4096);
	assert_entry(1, MS_EV_NEW, BLOCK, 0, 0, 0);
	assert_entry(2, MS_EV_NEW_ARRAY, BLOCK, 50, 0, 0);
	assert_entry(3, MS_EV_NEW_ALIGNED, BLOCK, 50, 6, 0);
	assert_entry(4, MS_EV_NEW_ARRAY_ALIGNED, BLOCK, 64, 6, 0);
	assert_entry(5, MS_EV_NEW, BLOCK, 60, 0, 0);
	assert_entry(6, MS_EV_MALLOC, BLOCK, 40, 0, 0);
	detach();
}

static void test_new_of_another_allocator_is_one_event(void **state)
{
	(void)state;
	attach(0, 0);
	real.new_m = pool_new;
	real.delete_p = pool_delete;
	exported_new(40);
	exported_delete(memory + 64);
	exported_malloc(40);
	exported_free(memory + 64);
	drain();
	assert_int_equal(entries.count, 4);
	assert_entry(0, MS_EV_NEW, BLOCK, 40, 0, 0);
	assert_entry(1, MS_EV_DELETE, BLOCK, 0, 0, 0);
	assert_entry(2, MS_EV_MALLOC, BLOCK, 40, 0, 0);
	assert_entry(3, MS_EV_FREE, BLOCK, 0, 0, 0);
	detach();
}

static void test_delete_is_one_event_before_the_call(void **state)
{
	uint64_t head;

	(void)state;
	attach(0, 0);
	head = published();
	exported_delete(memory + 64);
	assert_int_equal(head_at_free, head + 2);
	exported_delete(NULL);
	ms_hook_delete_array_p(&real, HERE, memory + 64, 0, 0, NULL);
	ms_hook_delete_pm(&real, HERE, memory + 64, 8, 0, NULL);
	ms_hook_delete_array_pm(&real, HERE, memory + 64, 16, 0, NULL);
	ms_hook_delete_pa(&real, HERE, memory + 64, 0, 64, NULL);
	ms_hook_delete_array_pma(&real, HERE, memory + 64, 24, 32, NULL);
	exported_free(memory + 64);
	drain();
	assert_int_equal(entries.count, 7);
	assert_entry(0, MS_EV_DELETE, BLOCK, 0, 0, 0);
	assert_entry(1, MS_EV_DELETE_ARRAY, BLOCK, 0, 0, 0);
	assert_entry(2, MS_EV_DELETE_SIZED, BLOCK, 0, 8, 0);
	assert_entry(3, MS_EV_DELETE_ARRAY_SIZED, BLOCK, 0, 16, 0);
	assert_entry(4, MS_EV_DELETE_ALIGNED, BLOCK, 0, 6, 0);
	assert_entry(5, MS_EV_DELETE_ARRAY_SIZED_ALIGNED, BLOCK, 0, 24, 5);
	assert_entry(6, MS_EV_FREE, BLOCK, 0, 0, 0);
	detach();
}

static void *handler_allocates(void)
{
	exported_malloc(7);
	return exported_new(9);
}

static void test_new_that_retries_after_a_handler(void **state)
{
	(void)state;
	attach(0, 0);
	new_retries = 1;
	new_handler_does = handler_allocates;
	fail_calls = 1;
	assert_ptr_equal(exported_new(40), memory + 64);
	drain();
	assert_int_equal(entries.count, 4);
	assert_entry(0, MS_EV_ALLOC_FAILED, 0, 40, MS_EV_NEW, 0);
	assert_entry(1, MS_EV_MALLOC, BLOCK, 7, 0, 0);
	assert_entry(2, MS_EV_NEW, BLOCK, 9, 0, 0);
	assert_entry(3, MS_EV_NEW, BLOCK, 40, 0, 0);
	detach();
}

static void test_nothing_is_left_behind_by_a_throw(void **state)
{
	jmp_buf here;

	(void)state;
	attach(0, 0);
	fail_calls = 1;
	new_throws = &here;
	if (setjmp(here) == 0)
		exported_new(40);
	/* Same size as the one that failed: still a malloc. */
	exported_malloc(40);
	exported_new(40);
	fail_calls = 1;
	assert_null(ms_hook_new_mt(&real, HERE, 40, 0, memory));
	drain();
	assert_int_equal(entries.count, 4);
	assert_entry(0, MS_EV_ALLOC_FAILED, 0, 40, MS_EV_NEW, 0);
	assert_entry(1, MS_EV_MALLOC, BLOCK, 40, 0, 0);
	assert_entry(2, MS_EV_NEW, BLOCK, 40, 0, 0);
	assert_entry(3, MS_EV_ALLOC_FAILED, 0, 40, MS_EV_NEW, 0);
	detach();
}

/* ---- address space ---- */

static void test_mappings(void **state)
{
	uint64_t head;

	(void)state;
	attach(0, 0);
	assert_ptr_equal(ms_hook_mmap(&real, NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0, HERE), memory);
	assert_ptr_equal(ms_hook_mmap(&real, memory, 8192, PROT_READ, MAP_PRIVATE, -1, 0, HERE), MAP_FAILED);
	head = published();
	assert_int_equal(ms_hook_munmap(&real, (void *)0x7000, UINT64_C(0x123456789), HERE), 0);
	assert_int_equal(head_at_free, head + 4);
	munmap_result = -1;
	assert_int_equal(ms_hook_munmap(&real, (void *)0x7001, 4096, HERE), -1);
	assert_int_equal(ms_hook_munmap(&real, (void *)0x7000, 4096, HERE), -1);
	ms_hook_mremap(&real, memory, 10, 20, 0, NULL, HERE);
	assert_int_equal(ms_hook_brk(&real, NULL, HERE), -1);
	assert_int_equal(ms_hook_brk(&real, memory, HERE), 0);
	ms_hook_sbrk(&real, -3, HERE);
	ms_hook_sbrk(&real, 0, HERE);
	drain();
	assert_int_equal(entries.count, 7);
	assert_entry(0, MS_EV_MMAP, (uintptr_t)memory, 8192, PROT_READ, MAP_PRIVATE);
	assert_entry(1, MS_EV_MUNMAP, 0x7000, UINT64_C(0x123456789), 0, 0);
	assert_entry(2, MS_EV_MUNMAP, 0x7000, 4096, 0, 0);
	assert_entry(3, MS_EV_MMAP, 0x7000, 4096, 0, 0);
	assert_entry(4, MS_EV_MREMAP, (uintptr_t)(memory + 128), 20, (uintptr_t)memory, 10);
	assert_entry(5, MS_EV_BRK, (uintptr_t)memory, 0, 0, 0);
	assert_entry(6, MS_EV_SBRK, (uintptr_t)memory, 0, 5, 0);
	detach();
}

/* ---- signal handlers ---- */

/* As if a signal handler ran inside the critical section of a hook further out. */
static void interrupt_hook(struct ms_thread *t)
{
	t->hook_sp = UINT64_MAX;
	atomic_store(&t->slot->in_hook, 1);
}

static void test_a_handler_inside_a_hook_writes_into_the_second_ring(void **state)
{
	struct ms_thread *self;

	(void)state;
	attach(0, 0);
	self = ms_tls.self;
	interrupt_hook(self);
	exported_malloc(5);
	exported_free(memory + 64);
	assert_non_null(self->nested);
	assert_int_equal(self->nested->slot->nested, 1);
	assert_int_equal(self->nested->slot->tid, self->slot->tid);
	assert_int_equal(atomic_load(&self->nested->slot->in_hook), 0);
	/* A third level has nowhere to go. */
	interrupt_hook(self->nested);
	exported_malloc(6);
	assert_int_equal(atomic_load(&self->nested->slot->lost), 1);
	ms_ring_leave(self->nested, self->nested->slot);
	ms_ring_leave(self, self->slot);
	exported_malloc(7);
	drain();
	assert_int_equal(entries.count, 3);
	assert_int_equal(entries.at[0].slot, 0);
	assert_int_equal(entries.at[0].size, 7);
	assert_entry(1, MS_EV_MALLOC, BLOCK, 5, 0, 0);
	assert_int_equal(entries.at[1].slot, 1);
	detach();
}

static void test_a_hook_whose_frame_is_gone_is_abandoned(void **state)
{
	(void)state;
	attach(0, 0);
	interrupt_hook(ms_tls.self);
	ms_tls.self->hook_sp = (uintptr_t)__builtin_frame_address(0) - 4096; /* left by siglongjmp */
	exported_malloc(5);
	assert_int_equal(atomic_load(&ms_tls.self->slot->in_hook), 0);
	assert_null(ms_tls.self->nested);
	exported_malloc(6);
	/* Far above: another stack, as far as anybody can tell. */
	interrupt_hook(ms_tls.self);
	ms_tls.self->hook_sp = (uintptr_t)__builtin_frame_address(0) - (64u << 20);
	exported_malloc(7);
	assert_int_equal(atomic_load(&ms_tls.self->slot->in_hook), 1);
	ms_ring_leave(ms_tls.self, ms_tls.self->slot);
	drain();
	assert_int_equal(entries.count, 3);
	assert_entry(1, MS_EV_MALLOC, BLOCK, 6, 0, 0);
	assert_int_not_equal(entries.at[1].stack, 0);
	assert_int_equal(entries.at[2].slot, 1);
	detach();
}

static volatile sig_atomic_t handled;

static void allocate_in_handler(int signal_number)
{
	int saved_errno = errno;

	(void)signal_number;
	exported_malloc(1000);
	exported_free(memory + 64);
	handled++;
	errno = saved_errno;
}

static void test_no_event_is_lost_to_real_signals(void **state)
{
	struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
	size_t mallocs = 0, in_handler = 0;

	(void)state;
	attach(0, 0);
	handled = 0;
	signal(SIGALRM, allocate_in_handler);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 300000 || handled < 50; i++) {
		exported_malloc(1);
		exported_free(memory + 64);
		mallocs++;
		if (i % 1000 == 999) {
			/* Drained from here: handlers only write. */
			drain();
			for (size_t k = 0; k < entries.count; k++) {
				if (entries.at[k].kind != MS_EV_MALLOC)
					continue;
				if (entries.at[k].size == 1)
					mallocs--;
				else
					in_handler++;
			}
			entries.count = 0;
		}
	}
	setitimer(ITIMER_REAL, &never, NULL);
	drain();
	for (size_t k = 0; k < entries.count; k++) {
		if (entries.at[k].kind == MS_EV_MALLOC && entries.at[k].size == 1)
			mallocs--;
		else if (entries.at[k].kind == MS_EV_MALLOC)
			in_handler++;
	}
	assert_int_equal(mallocs, 0);
	assert_int_equal(in_handler, handled);
	signal(SIGALRM, SIG_DFL);
	detach();
}

/* ---- threads and processes ---- */

static void *one_event(void *argument)
{
	exported_malloc((size_t)(uintptr_t)argument);
	return ms_tls.self;
}

static void test_threads_take_slots_and_recycled_ones_with_their_memory(void **state)
{
	void *first = NULL, *again = NULL;
	pthread_t thread;

	(void)state;
	attach(0, 3);
	assert_int_equal(pthread_create(&thread, NULL, one_event, (void *)11), 0);
	pthread_join(thread, &first);
	assert_int_equal(atomic_load(&arena.slots[1].ended), 1);
	assert_int_not_equal(arena.slots[1].tid, arena.slots[0].tid);
	drain();
	mini_recycle(&arena, 1);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(pthread_create(&thread, NULL, one_event, (void *)12), 0);
		pthread_join(thread, &again);
		assert_ptr_equal(first, again);
		drain();
		mini_recycle(&arena, 1);
	}
	assert_int_equal(atomic_load(&arena.header->slots_used), 2);
	assert_int_equal(mini_count(&entries, MS_EV_MALLOC), 101);
	detach();
}

static void test_a_thread_without_a_slot_is_counted(void **state)
{
	pthread_t thread;
	void *self;

	(void)state;
	attach(MS_FLAG_DROP, 1);
	assert_int_equal(pthread_create(&thread, NULL, one_event, (void *)11), 0);
	pthread_join(thread, &self);
	assert_ptr_equal(self, &ms_thread_empty);
	assert_int_equal(atomic_load(&arena.header->lost_threads), 1);
	assert_int_equal(atomic_load(&arena.header->lost_events), 1);
	drain();
	assert_int_equal(entries.count, 0);
	detach();
}

static void child_events(void)
{
	exported_malloc(1);
	exported_free(memory + 64);
	exported_new(2);
	_exit(atomic_load(&ms_process.phase) == MS_PHASE_OFF && ms_tls.self->slot == NULL ? 0 : 1);
}

static void test_a_forked_child_passes_through(void **state)
{
	uint64_t head;
	int status;
	pid_t pid;

	(void)state;
	attach(0, 0);
	head = published();
	pid = (pid_t)syscall(SYS_fork);
	if (pid == 0)
		child_events();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(published(), head);
	pid = ms_hook_fork(fork);
	if (pid == 0)
		child_events();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	drain();
	assert_int_equal(entries.count, 1);
	assert_entry(0, MS_EV_FORK, 0, 0, (uint64_t)pid, 0);
	detach();
}

static void test_a_child_forked_inside_a_hook_leaves_the_ring_alone(void **state)
{
	struct ms_slot *slot;
	uint64_t head;
	int status;
	pid_t pid;

	(void)state;
	attach(0, 0);
	slot = ms_tls.self->slot;
	head = published();
	interrupt_hook(ms_tls.self);
	pid = ms_hook_fork(fork);
	if (pid == 0) {
		/* What the interrupted hook would go on to do with the pointer that it has in a register. */
		atomic_store(&slot->head, head + 1000);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(atomic_load(&slot->head), head);
	ms_ring_leave(ms_tls.self, slot);
	detach();
}

static void test_a_followed_child_has_the_modules_of_its_parent(void **state)
{
	struct ms_modules_saved *saved;
	char paths[64][MS_MODULE_PATH_BYTES];
	uint32_t count;

	(void)state;
	attach(0, 0);
	count = atomic_load(&arena.header->module_count);
	assert_in_range(count, 3, 64);
	for (uint32_t i = 0; i < count; i++)
		memcpy(paths[i], arena.modules[i].path, sizeof(paths[i]));
	atomic_store(&arena.modules[1].unloaded, 1);
	saved = ms_modules_save();
	assert_non_null(saved);
	detach();
	attach(0, 0);
	ms_modules_inherit(saved);
	assert_int_equal(atomic_load(&arena.header->module_count), 2 * count - 1);
	assert_string_equal(arena.modules[count].path, paths[0]);
	for (uint32_t i = 2; i < count; i++)
		assert_string_equal(arena.modules[count + i - 1].path, paths[i]);
	exported_malloc(1);
	assert_true(mini_drain(&arena, &entries));
	assert_int_equal(mini_count(&entries, MS_EV_MODULE_LOAD), count - 1);
	detach();
}

static void test_vfork_results(void **state)
{
	(void)state;
	attach(0, 0);
	assert_int_equal(ms_vfork_parent(4711), 4711);
	assert_int_equal(ms_vfork_parent(-EAGAIN), -1);
	assert_int_equal(errno, EAGAIN);
	drain();
	assert_int_equal(entries.count, 1);
	assert_entry(0, MS_EV_VFORK, 0, 0, 4711, 0);
	detach();
}

static void test_a_thread_names_itself(void **state)
{
	struct ms_real names = {.pthread_setname_np = pthread_setname_np};

	(void)state;
	attach(0, 0);
	assert_int_equal(ms_hook_pthread_setname_np(&names, pthread_self(), "worker-15-chars"), 0);
	assert_int_equal(ms_hook_pthread_setname_np(&names, pthread_self(), "much too long a name"), ERANGE);
	drain();
	assert_int_equal(entries.count, 1);
	assert_int_equal(entries.at[0].kind, MS_EV_THREAD_NAME);
	assert_string_equal(entries.at[0].text, "worker-15-chars");
	pthread_setname_np(pthread_self(), "test_hooks");
	detach();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malloc_writes_three_words_after_the_call),
		cmocka_unit_test(test_the_stack_begins_at_the_caller),
		cmocka_unit_test(test_sizes_from_zero_to_all_bits),
		cmocka_unit_test(test_every_allocation_call_has_its_kind),
		cmocka_unit_test(test_failures_say_what_was_tried),
		cmocka_unit_test(test_free_is_published_before_the_call),
		cmocka_unit_test(test_frees_carry_stacks_when_asked),
		cmocka_unit_test(test_realloc_is_a_free_before_and_an_allocation_after),
		cmocka_unit_test(test_realloc_to_zero_that_gives_a_block),
		cmocka_unit_test(test_new_through_malloc_is_one_event),
		cmocka_unit_test(test_new_of_another_allocator_is_one_event),
		cmocka_unit_test(test_delete_is_one_event_before_the_call),
		cmocka_unit_test(test_new_that_retries_after_a_handler),
		cmocka_unit_test(test_nothing_is_left_behind_by_a_throw),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_a_handler_inside_a_hook_writes_into_the_second_ring),
		cmocka_unit_test(test_a_hook_whose_frame_is_gone_is_abandoned),
		cmocka_unit_test(test_no_event_is_lost_to_real_signals),
		cmocka_unit_test(test_threads_take_slots_and_recycled_ones_with_their_memory),
		cmocka_unit_test(test_a_thread_without_a_slot_is_counted),
		cmocka_unit_test(test_a_forked_child_passes_through),
		cmocka_unit_test(test_a_child_forked_inside_a_hook_leaves_the_ring_alone),
		cmocka_unit_test(test_a_followed_child_has_the_modules_of_its_parent),
		cmocka_unit_test(test_vfork_results),
		cmocka_unit_test(test_a_thread_names_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
