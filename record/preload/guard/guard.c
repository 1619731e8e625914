/*
 * guard.c - the malloc family over the pools.
 */
#include "guard.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bounds.h"
#include "fault.h"
#include "guard_bytes.h"
#include "pages.h"
#include "record/preload/address_limit.h"
#include "record/preload/elf_lookup.h"
#include "record/preload/process.h"
#include "record/preload/raw.h"
#include "signal_actions.h"

#define MOST_RESERVED (UINT64_C(1) << 38)
#define LEAST_RESERVED (UINT64_C(1) << 26)
#define RESERVE_ALIGN (UINT64_C(2) << 20)
#define POLL_CALLS 256u                /* allocations of a thread between two looks at header.guard_check_wanted */
#define CALLER_DISTANCE 8192u          /* hooks stand no further above us on the stack */

uint64_t guard_low, guard_span, guard_side_bytes;
struct ms_real guard_under;
bool guard_under_is_glibc;
static struct ms_guard_config config;
const struct ms_guard_config *guard_config = &config;

static uint64_t pages_low;             /* the slab pool lies below, the page pool from here on */
static bool has_slab, has_pages;
static _Atomic uint32_t checks_done;   /* guard_check_wanted as last seen */
static _Atomic uint64_t plain_blocks, counted_plain;
static size_t (*usable_size_under)(void *);
static __thread uint32_t calls;

static const struct guard_pool *pool_of(const void *p)
{
	return (uintptr_t)p < pages_low ? &guard_slab : &guard_pages;
}

bool guard_find(uint64_t address, struct guard_block *block)
{
	if (!guard_covers(address))
		return false;
	return address < pages_low ? has_slab && guard_slab.find(address, block) :
				     has_pages && guard_pages.find(address, block);
}

/* Of the hook that called us. Another one, of a signal handler that interrupted it, has left its own there: not above us. */
static const struct ms_caller *hooks_caller(void)
{
	uint64_t here = (uintptr_t)__builtin_frame_address(0), at = (uintptr_t)ms_tls.caller;

	return at > here && at - here < CALLER_DISTANCE ? ms_tls.caller : NULL;
}

/* ---- checks ----------------------------------------------------------------------------------------------------- */

static void count_all(void)
{
	struct ms_arena_header *header = ms_process.header;
	uint64_t plain = atomic_load_explicit(&plain_blocks, memory_order_relaxed);

	if (header == NULL)
		return;
	if (has_slab)
		guard_slab.count(header);
	if (has_pages)
		guard_pages.count(header);
	atomic_fetch_add_explicit(&header->guard_plain_blocks, plain - atomic_exchange(&counted_plain, plain),
				  memory_order_relaxed);
	bounds_count(header);
}

void guard_check(enum ms_check_kind why, const struct ms_caller *caller)
{
	if (has_slab)
		guard_slab.check(why, caller);
	if (has_pages)
		guard_pages.check(why, caller);
	count_all();
}

static __attribute__((noinline)) void poll(void)
{
	struct ms_arena_header *header = ms_process.header;
	uint32_t wanted, done = atomic_load_explicit(&checks_done, memory_order_relaxed);

	if (header == NULL || ms_process_forked())
		return;
	count_all();
	wanted = atomic_load_explicit(&header->guard_check_wanted, memory_order_relaxed);
	if (wanted != done && atomic_compare_exchange_strong(&checks_done, &done, wanted))
		guard_check(MS_CHECK_INTERVAL, NULL);
}

void guard_before_exec(void)
{
	if (guard_span != 0)
		guard_check(MS_CHECK_EXIT, NULL);
}

/* A child of vfork has descriptors of its own: closing ours there would do nothing for the pages, which are its parent's. */
void guard_before_shut_in(void)
{
	if (has_pages && !signal_in_vfork_child())
		ground_shut_in();
}

void guard_exit(void)
{
	static _Atomic uint32_t done;

	if (guard_span == 0 || ms_process.header == NULL || ms_process.pid != (pid_t)ms_raw_getpid() ||
	    atomic_exchange(&done, 1) != 0)
		return;
	guard_check(MS_CHECK_EXIT, NULL);
}

/* ---- allocating ------------------------------------------------------------------------------------------------- */

/* From a pool; NULL: none has it. align: as asked for, 0 by malloc: then the alignment of the largest type; for a page, where
   every byte counts, of a type of this size. */
static inline void *take(size_t bytes, size_t asked)
{
	size_t align = asked != 0 ? asked : 16, by_size = asked != 0 ? asked : 1;
	void *block = NULL;

	if (MS_UNLIKELY(++calls % POLL_CALLS == 0))
		poll();
	switch (config.mode) {
	case MS_GUARD_CANARY:
		block = guard_slab.allocate(bytes, align);
		if (MS_UNLIKELY(block == NULL) && has_pages)
			block = guard_pages.allocate(bytes, align);
		break;
	case MS_GUARD_FULL:
		if (has_pages && guard_pages_wanted(bytes))
			block = guard_pages.allocate(bytes, by_size);
		if (block == NULL)
			block = guard_slab.allocate(bytes, align);
		break;
	case MS_GUARD_SAMPLE: /* in production nobody shall meet an odd pointer */
		if (has_pages && guard_pages_wanted(bytes))
			block = guard_pages.allocate(bytes, align);
		break;
	default:
		break;
	}
	return block;
}

/* A block that no pool had. */
static void *plain(void *block)
{
	if (block != NULL && config.mode != MS_GUARD_SAMPLE) {
		guard_foreign_add(block);
		atomic_fetch_add_explicit(&plain_blocks, 1, memory_order_relaxed);
	}
	return block;
}

static bool is_power(size_t align)
{
	return align != 0 && (align & (align - 1)) == 0;
}

static void *guard_malloc(size_t size)
{
	void *block = take(size, 0);

	return MS_LIKELY(block != NULL) ? block : plain(guard_under.malloc(size));
}

static void *guard_calloc(size_t count, size_t size)
{
	size_t bytes;
	void *block;

	if (MS_UNLIKELY(__builtin_mul_overflow(count, size, &bytes)))
		return guard_under.calloc(count, size);
	block = take(bytes, 0);
	if (MS_UNLIKELY(block == NULL))
		return plain(guard_under.calloc(count, size));
	if ((uintptr_t)block < pages_low || !guard_pages_zeroed(bytes))
		guard_set(block, 0, bytes);
	return block;
}

static void *guard_memalign(size_t align, size_t size)
{
	void *block = is_power(align) ? take(size, align) : NULL;

	return block != NULL ? block : plain(guard_under.memalign(align, size));
}

static void *guard_aligned_alloc(size_t align, size_t size)
{
	void *block = is_power(align) ? take(size, align) : NULL;

	return block != NULL ? block : plain(guard_under.aligned_alloc(align, size));
}

static int guard_posix_memalign(void **out, size_t align, size_t size)
{
	void *block = is_power(align) && align % sizeof(void *) == 0 ? take(size, align) : NULL;
	int result = 0;

	if (block != NULL) {
		*out = block;
	} else {
		result = guard_under.posix_memalign(out, align, size);
		if (result == 0)
			plain(*out);
	}
	return result;
}

static void *guard_valloc(size_t size)
{
	void *block = take(size, 4096);

	return block != NULL ? block : plain(guard_under.valloc(size));
}

static void *guard_pvalloc(size_t size)
{
	void *block = size <= PTRDIFF_MAX - 4095 ? take((size + 4095) & ~(size_t)4095, 4096) : NULL;

	return block != NULL ? block : plain(guard_under.pvalloc(size));
}

/* ---- freeing ---------------------------------------------------------------------------------------------------- */

static __attribute__((noinline, cold)) void refuse(void *p, enum ms_check_kind why, const struct ms_caller *caller)
{
	struct ms_evidence_entry e = {.kind = MS_EVIDENCE_REFUSED_FREE, .check = (uint8_t)why, .address = (uintptr_t)p};
	struct guard_block block;

	if (guard_find((uintptr_t)p, &block)) {
		e.block_address = block.start;
		e.block_bytes = block.bytes;
		e.freed = block.freed;
	}
	guard_evidence(&e, NULL, NULL, caller);
}

static __attribute__((noinline)) void free_foreign(void *p, const struct ms_caller *caller)
{
	if (p == NULL || config.mode == MS_GUARD_SAMPLE || guard_foreign_take(p))
		guard_under.free(p);
	else
		refuse(p, MS_CHECK_FREE, caller);
}

static void guard_free(void *p)
{
	const struct ms_caller *caller = hooks_caller();

	if (MS_UNLIKELY(!guard_covers((uintptr_t)p))) {
		free_foreign(p, caller);
		return;
	}
	if (MS_UNLIKELY(pool_of(p)->release(p, MS_CHECK_FREE, caller) != GUARD_TAKEN))
		refuse(p, MS_CHECK_FREE, caller);
}

static void guard_free_sized(void *p, size_t size)
{
	(void)size;
	guard_free(p);
}

static void guard_free_aligned_sized(void *p, size_t align, size_t size)
{
	(void)align;
	(void)size;
	guard_free(p);
}

static void *realloc_foreign(void *p, size_t size, const struct ms_caller *caller)
{
	void *block;

	if (config.mode == MS_GUARD_SAMPLE)
		return guard_under.realloc(p, size);
	if (!guard_foreign_take(p)) {
		refuse(p, MS_CHECK_REALLOC, caller);
		return size != 0 ? guard_malloc(size) : NULL;
	}
	block = guard_under.realloc(p, size);
	if (block != NULL || size != 0)
		guard_foreign_add(block != NULL ? block : p);
	return block;
}

/*
 * A realloc of a pointer that is no live block gets a new block: the program goes on with what it asked for, and what it
 * believes to be its old contents is nobody's.
 */
static void *guard_realloc(void *p, size_t size)
{
	const struct ms_caller *caller = hooks_caller();
	const struct guard_pool *pool;
	struct guard_block block;
	void *moved;

	if (p == NULL)
		return guard_malloc(size);
	if (!guard_covers((uintptr_t)p))
		return realloc_foreign(p, size, caller);
	pool = pool_of(p);
	if (size != 0 && pool->resize != NULL && pool->resize(p, size, caller))
		return p;
	if (!guard_find((uintptr_t)p, &block) || block.freed || block.start != (uintptr_t)p) {
		refuse(p, MS_CHECK_REALLOC, caller);
		return size != 0 ? guard_malloc(size) : NULL;
	}
	moved = size != 0 ? guard_malloc(size) : NULL;
	if (size != 0 && moved == NULL)
		return NULL;
	if (moved != NULL)
		guard_copy(moved, p, size < block.bytes ? size : block.bytes);
	if (pool->release(p, MS_CHECK_REALLOC, caller) != GUARD_TAKEN)
		refuse(p, MS_CHECK_REALLOC, caller);
	return moved;
}

size_t guard_usable_size(const void *p)
{
	struct guard_block block;

	if (guard_find((uintptr_t)p, &block))
		return !block.freed && block.start == (uintptr_t)p ? block.bytes : 0;
	if (p == NULL || guard_covers((uintptr_t)p))
		return 0;
	if (usable_size_under == NULL) {
		struct ms_lookup wanted = {"malloc_usable_size", NULL};

		ms_lookup(&wanted, 1, false);
		usable_size_under = (size_t (*)(void *))wanted.address;
	}
	return usable_size_under != NULL ? usable_size_under((void *)(uintptr_t)p) : 0;
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

/* The range, and the pools in it. False: not all of it could be had; nothing is left mapped but small change. */
static bool reserve(uint64_t bytes, bool without_pages)
{
	long at = ms_raw_mmap(NULL, bytes + RESERVE_ALIGN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (ms_raw_failed(at))
		return false;
	guard_side_bytes = 0;
	guard_low = ((uint64_t)at + RESERVE_ALIGN - 1) & ~(RESERVE_ALIGN - 1);
	pages_low = guard_low + bytes / 4;
	has_slab = guard_slab.start(guard_low, bytes / 4, &config);
	has_pages = has_slab && guard_pages.start(pages_low, bytes - bytes / 4, &config);
	if (has_pages || (has_slab && without_pages)) {
		guard_span = bytes;
		guard_side_bytes += bytes + RESERVE_ALIGN;
		return true;
	}
	has_slab = false;
	ms_raw_munmap((void *)at, bytes + RESERVE_ALIGN);
	return false;
}

/* As much as there is; less is enough for a while. The pools' own tables take less than a quarter more. */
static bool reserve_some(void)
{
	uint64_t room = ms_limits_guard_begins(MOST_RESERVED + MOST_RESERVED / 4), bytes = MOST_RESERVED;

	while (bytes > LEAST_RESERVED && bytes + bytes / 4 > room)
		bytes /= 2;
	for (; bytes >= LEAST_RESERVED && bytes + bytes / 4 <= room; bytes /= 2)
		if (reserve(bytes, bytes / 2 < LEAST_RESERVED))
			break;
	ms_limits_guard_took(guard_span != 0 ? guard_side_bytes : 0);
	return guard_span != 0;
}

static void take_over(void)
{
	guard_under = ms_real;
	ms_real.malloc = guard_malloc;
	ms_real.calloc = guard_calloc;
	ms_real.realloc = guard_realloc;
	ms_real.aligned_alloc = guard_aligned_alloc;
	ms_real.posix_memalign = guard_posix_memalign;
	ms_real.memalign = guard_memalign;
	ms_real.valloc = guard_valloc;
	ms_real.pvalloc = guard_pvalloc;
	ms_real.free_sized = guard_free_sized;
	ms_real.free_aligned_sized = guard_free_aligned_sized;
	ms_real.free = guard_free;
}

bool guard_start(struct ms_arena_header *header)
{
	if (guard_span != 0) { /* a followed child: the pools are its parent's and go on */
		atomic_store_explicit(&checks_done, atomic_load(&header->guard_check_wanted), memory_order_relaxed);
		bounds_start();
		return true;
	}
	config = header->guard;
	guard_under_is_glibc = strncmp(header->allocator, "libc.so", 7) == 0 || strncmp(header->allocator, "libc-", 5) == 0;
	if (config.mode == MS_GUARD_OFF || !reserve_some()) {
		config.mode = MS_GUARD_OFF;
		atomic_fetch_add_explicit(&header->guard_plain_blocks, 1, memory_order_relaxed);
		return false;
	}
	take_over();
	if (has_pages)
		faults_start();
	fatal_start(&config);
	return true;
}

void guard_before_fork(void)
{
	if (has_slab)
		guard_slab.before_fork();
	if (has_pages)
		guard_pages.before_fork();
}

void guard_after_fork(bool child)
{
	if (has_slab)
		guard_slab.after_fork(child);
	if (has_pages)
		guard_pages.after_fork(child);
	guard_foreign_after_fork(child);
	if (child)
		signal_after_fork();
}
