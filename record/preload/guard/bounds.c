/*
 * bounds.c - a touched range against the block on whose ground it lies, and the table of real functions.
 */
#include "bounds.h"

#include "record/preload/elf_lookup.h"
#include "record/preload/process.h"

#define SHARDS 256u
#define OPEN_BYTES UINT64_C(65536)  /* a range without an end is opened so far */
#define STRING_OPEN UINT64_C(4096)  /* how far an unterminated string may go on: the guard page reads as zeros */

static const struct bounds_pools pools = {guard_find, guard_open, guard_close, guard_evidence};
const struct bounds_pools *bounds_pools = &pools;

/* ---- counting ---------------------------------------------------------------------------------------------------- */

/* One line per thread slot, so that nobody shares; the last one for all threads without a slot of their own. */
static struct {
	_Alignas(64) _Atomic uint64_t calls;
} shards[SHARDS + 1];
static _Atomic uint64_t reported;

void bounds_counted(void)
{
	const struct ms_thread *t = ms_tls.self;

	if (t->slot != NULL && t->index < SHARDS)
		atomic_store_explicit(&shards[t->index].calls,
				      atomic_load_explicit(&shards[t->index].calls, memory_order_relaxed) + 1, memory_order_relaxed);
	else
		atomic_fetch_add_explicit(&shards[SHARDS].calls, 1, memory_order_relaxed);
}

/* How many there are that were not reported, which they are from now on. */
static uint64_t unreported(void)
{
	uint64_t calls = 0;

	for (size_t i = 0; i <= SHARDS; i++)
		calls += atomic_load_explicit(&shards[i].calls, memory_order_relaxed);
	return calls - atomic_exchange_explicit(&reported, calls, memory_order_relaxed);
}

void bounds_start(void)
{
	unreported();
}

void bounds_count(struct ms_arena_header *header)
{
	atomic_fetch_add_explicit(&header->guard_calls, unreported(), memory_order_relaxed);
}

/* ---- the real functions ------------------------------------------------------------------------------------------ */

struct libc_real libc_real;

static const struct {
	const char *symbol;
	size_t offset;
} members[] = {
#define ROW(symbol) {#symbol, offsetof(struct libc_real, symbol)},
#define BEFORE(result, symbol, name, width, parameters, arguments, covered, check) ROW(symbol)
#define VOID(symbol, name, width, parameters, arguments, covered, check) ROW(symbol)
#define AROUND(result, symbol, name, width, parameters, arguments, covered, before, after) ROW(symbol)
#define PRINTF(symbol, real, name, width, parameters, last, arguments, covered, before, after)
#include "libc_rows.h"
#undef BEFORE
#undef VOID
#undef AROUND
#undef PRINTF
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))
_Static_assert(sizeof(struct libc_real) == MEMBERS * sizeof(void *), "a row for each member");

void bounds_resolve(void)
{
	struct ms_lookup wanted[MEMBERS];

	for (size_t i = 0; i < MEMBERS; i++) {
		wanted[i].name = members[i].symbol;
		wanted[i].address = NULL;
	}
	ms_lookup(wanted, MEMBERS, false);
	for (size_t i = 0; i < MEMBERS; i++)
		if (wanted[i].address != NULL)
			__atomic_store_n((void **)((char *)&libc_real + members[i].offset), wanted[i].address, __ATOMIC_RELAXED);
}

/* ---- ranges ------------------------------------------------------------------------------------------------------ */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

size_t bounds_product(size_t a, size_t b)
{
	size_t product;

	return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

/*
 * What begins behind one block and reaches into the next begins before the next: a pointer to the front of a block comes from
 * that block, however near the other one is.
 */
static void prefer_next(uint64_t start, uint64_t end, struct guard_block *block)
{
	struct guard_block last;

	if (start >= block->start + block->bytes && guard_covers(end - 1) && bounds_pools->find(end - 1, &last) && last.start > start &&
	    last.start < end)
		*block = last;
}

/* The part of the range that is to be reported: all of it in a freed block, else the first run of bytes outside. */
static bool part_outside(const struct guard_block *block, uint64_t start, uint64_t end, uint64_t *address, uint64_t *bytes)
{
	uint64_t block_end = block->start + block->bytes;

	*address = start;
	*bytes = end - start;
	if (block->freed || end <= block->start || start >= block_end)
		return true;
	if (start < block->start) {
		*bytes = block->start - start;
		return true;
	}
	*address = block_end;
	*bytes = end - block_end;
	return end > block_end;
}

/* Apart, so that calls that stay inside do not pay for it. */
static __attribute__((noinline)) void report(const struct bounds_call *call, enum ms_access_kind access, const struct guard_block *block,
					     uint64_t address, uint64_t bytes)
{
	struct ms_evidence_entry e = {.kind = MS_EVIDENCE_BOUNDS, .access = (uint8_t)access, .check = MS_CHECK_ACCESS,
				      .freed = block->freed, .address = address, .length_bytes = bytes,
				      .block_address = block->start, .block_bytes = block->bytes};

	for (size_t i = 0; i < sizeof(e.function) - 1 && call->function[i] != '\0'; i++)
		e.function[i] = call->function[i];
	bounds_pools->evidence(&e, NULL, NULL, call->caller);
}

bool bounds_touch_of(const struct bounds_call *call, enum ms_access_kind access, uint64_t start, uint64_t bytes, struct guard_block block)
{
	uint64_t end = bytes <= UINT64_MAX - start ? start + bytes : UINT64_MAX;
	uint64_t address, bytes_outside;

	if (bytes == 0)
		return false;
	prefer_next(start, end, &block);
	if (!part_outside(&block, start, end, &address, &bytes_outside))
		return false;
	report(call, access, &block, address, bytes_outside);
	if (block.by_page)
		bounds_pools->open(start, least(end - start, OPEN_BYTES));
	return true;
}

bool bounds_touch(const struct bounds_call *call, enum ms_access_kind access, uint64_t start, uint64_t bytes)
{
	uint64_t last = bytes <= UINT64_MAX - start ? start + bytes - 1 : UINT64_MAX - 1;
	struct guard_block block;

	if (bytes == 0 || !guard_covers(start) ||
	    (!bounds_pools->find(start, &block) && !(guard_covers(last) && bounds_pools->find(last, &block))))
		return false;
	return bounds_touch_of(call, access, start, bytes, block);
}

/* A division by a variable would be the dearest part of a comparison. */
static size_t whole_characters(const struct bounds_call *call, uint64_t bytes)
{
	return call->width == 1 ? bytes : bytes / sizeof(wchar_t);
}

struct bounds_place bounds_place(const struct bounds_call *call, const void *p)
{
	struct bounds_place place = {.at = (uint64_t)(uintptr_t)p, .room = SIZE_MAX};
	struct guard_block block;

	if (!bounds_covered(p) || !bounds_pools->find(place.at, &block))
		return place;
	if (block.freed || place.at < block.start || place.at - block.start >= block.bytes)
		place.room = 0;
	else
		place.room = whole_characters(call, block.start + block.bytes - place.at);
	return place;
}

void bounds_touch_next(const struct bounds_call *call, const struct bounds_place *place)
{
	uint64_t at = place->at + place->room * call->width;
	struct guard_block block;

	if (bounds_touch(call, MS_ACCESS_READ, at, call->width) && bounds_pools->find(at, &block) && block.by_page)
		bounds_pools->open(at, STRING_OPEN);
}

size_t bounds_length(const struct bounds_call *call, const void *p, size_t max)
{
	/* Not SIZE_MAX: p + max must not wrap in implementations that add them. */
	size_t most = whole_characters(call, SIZE_MAX - (uint64_t)(uintptr_t)p);

	max = max < most ? max : most;
	return call->width == 1 ? call->real->strnlen(p, max) : call->real->wcsnlen(p, max);
}
