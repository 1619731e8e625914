/*
 * hooks_made_up.h - made-up real functions for the tests of hooks: an allocator of one address, operators that call it through the hooks as
 * libstdc++'s do, calls of the address space; and what the hooks wrote. For one file per test program.
 */
#ifndef MS_TEST_HOOKS_MADE_UP_H
#define MS_TEST_HOOKS_MADE_UP_H

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

/* No test program needs all of it. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"

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

#endif
