/*
 * bounds_memory.c - what the functions for memory touch.
 */
#include "bounds.h"

static void reads(const struct bounds_call *call, const void *p, size_t n)
{
	bounds_touch(call, MS_ACCESS_READ, (uint64_t)(uintptr_t)p, bounds_product(n, call->width));
}

static void writes(const struct bounds_call *call, const void *p, size_t n)
{
	bounds_touch(call, MS_ACCESS_WRITE, (uint64_t)(uintptr_t)p, bounds_product(n, call->width));
}

/* The write first: of one block, evidence of one call is kept once. */
void bounds_copy(const struct bounds_call *call, const void *to, const void *from, size_t n)
{
	writes(call, to, n);
	reads(call, from, n);
}

/* The first value ends it. In what cannot be looked at, one byte is certain. */
void bounds_copy_until(const struct bounds_call *call, const void *to, const void *from, int value, size_t n)
{
	struct bounds_place place = bounds_place(call, from);
	size_t within = n < place.room ? n : place.room;
	const char *found = within > 0 ? call->real->memchr(from, value, within) : NULL;

	if (found != NULL) {
		writes(call, to, (size_t)(found - (const char *)from) + 1);
	} else if (within < n) {
		bounds_touch_next(call, &place);
		writes(call, to, within + 1);
	} else {
		writes(call, to, n);
	}
}

void bounds_fill(const struct bounds_call *call, const void *to, size_t n)
{
	writes(call, to, n);
}

void bounds_compare(const struct bounds_call *call, const void *a, const void *b, size_t n)
{
	struct bounds_place place_a = bounds_place(call, a);
	struct bounds_place place_b = bounds_place(call, b);
	size_t within = place_a.room < place_b.room ? place_a.room : place_b.room;

	if (n <= within || (within > 0 && call->real->memcmp(a, b, within * call->width) != 0))
		return;
	if (place_a.room == within)
		bounds_touch_next(call, &place_a);
	if (place_b.room == within)
		bounds_touch_next(call, &place_b);
}

void bounds_find(const struct bounds_call *call, const void *at, uint32_t value, size_t n)
{
	struct bounds_place place = bounds_place(call, at);

	if (n <= place.room)
		return;
	if (place.room > 0 && (call->width == 1 ? call->real->memchr(at, (int)value, place.room)
						 : call->real->wmemchr(at, (wchar_t)value, place.room)) != NULL)
		return;
	bounds_touch_next(call, &place);
}

/* From the end: the last byte is certain, the one before the block if nothing in the block is the value. */
void bounds_find_last(const struct bounds_call *call, const void *at, int value, size_t n)
{
	uint64_t start = (uint64_t)(uintptr_t)at;
	struct guard_block block;

	if (n == 0 || n > UINT64_MAX - start || bounds_touch(call, MS_ACCESS_READ, start + n - 1, 1))
		return;
	if (!guard_covers(start) || !bounds_pools->find(start + n - 1, &block) || block.freed || start >= block.start ||
	    start + n <= block.start || start + n > block.start + block.bytes)
		return;
	if (call->real->memrchr((const void *)(uintptr_t)block.start, value, start + n - block.start) == NULL)
		bounds_touch(call, MS_ACCESS_READ, block.start - 1, 1);
}

/* glibc prepares a table from the whole of what it looks for, unless that cannot fit. */
void bounds_find_bytes(const struct bounds_call *call, const void *hay, size_t n, const void *needle, size_t m)
{
	struct bounds_place place = bounds_place(call, hay);

	if (m == 0 || m > n)
		return;
	reads(call, needle, m);
	if (n <= place.room || bounds_place(call, needle).room < m)
		return;
	if (place.room >= m && call->real->memmem(hay, place.room, needle, m) != NULL)
		return;
	bounds_touch_next(call, &place);
}

/* Every element is compared with another one. */
void bounds_sort(const struct bounds_call *call, const void *base, size_t n, size_t bytes)
{
	if (n > 1)
		reads(call, base, bounds_product(n, bytes));
}
