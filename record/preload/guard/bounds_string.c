/*
 * bounds_string.c - what the functions for strings touch: up to terminators, limits and first differences.
 */
#include "bounds.h"

/* How far a string is certainly read. */
struct extent {
	size_t chars;  /* before the terminator, the limit, or the end of the block */
	size_t copied; /* characters that a copy of it certainly writes, terminator included */
	bool inside;   /* all of it was within its block */
};

/* Reads a string of at most max characters; evidence when neither its end nor max comes before the end of its block. */
static struct extent scan(const struct bounds_call *call, const void *s, size_t max)
{
	struct bounds_place place = bounds_place(call, s);
	size_t within = max < place.room ? max : place.room;
	struct extent extent = {.inside = true};

	if (within > 0)
		extent.chars = bounds_length(call, s, within);
	if (extent.chars == within && within < max && place.room != SIZE_MAX) {
		bounds_touch_next(call, &place);
		extent.inside = false;
	}
	extent.copied = extent.chars + 1;
	return extent;
}

static void writes(const struct bounds_call *call, const void *to, size_t skip, size_t n)
{
	bounds_touch(call, MS_ACCESS_WRITE, (uint64_t)(uintptr_t)to + skip * call->width, bounds_product(n, call->width));
}

void bounds_string(const struct bounds_call *call, const void *s, size_t max)
{
	if (bounds_covered(s))
		scan(call, s, max);
}

void bounds_string_copy(const struct bounds_call *call, const void *to, const void *from)
{
	struct extent extent = scan(call, from, SIZE_MAX);

	writes(call, to, 0, extent.copied);
}

void bounds_string_copy_n(const struct bounds_call *call, const void *to, const void *from, size_t n)
{
	bounds_string(call, from, n);
	writes(call, to, 0, n);
}

void bounds_string_append(const struct bounds_call *call, const void *to, const void *from)
{
	struct extent head = scan(call, to, SIZE_MAX);
	struct extent tail = scan(call, from, SIZE_MAX);

	if (head.inside)
		writes(call, to, head.chars, tail.copied);
}

void bounds_string_append_n(const struct bounds_call *call, const void *to, const void *from, size_t n)
{
	struct extent head = scan(call, to, SIZE_MAX);
	struct extent tail = scan(call, from, n);

	if (head.inside)
		writes(call, to, head.chars, tail.copied);
}

/* Do the first n characters, none of them outside, differ? */
static bool differ(const struct bounds_call *call, const void *a, const void *b, size_t n, bool fold)
{
	const struct libc_real *real = call->real;

	if (call->width == 1)
		return (fold ? real->strncasecmp(a, b, n) : real->strncmp(a, b, n)) != 0;
	return (fold ? real->wcsncasecmp(a, b, n) : real->wcsncmp(a, b, n)) != 0;
}

void bounds_string_compare(const struct bounds_call *call, const void *a, const void *b, size_t max, bool fold)
{
	struct bounds_place place_a = bounds_place(call, a);
	struct bounds_place place_b = bounds_place(call, b);
	size_t within = place_a.room < place_b.room ? place_a.room : place_b.room;

	if (max <= within)
		return;
	if (within > 0 && (differ(call, a, b, within, fold) || bounds_length(call, a, within) < within))
		return;
	if (place_a.room == within)
		bounds_touch_next(call, &place_a);
	if (place_b.room == within)
		bounds_touch_next(call, &place_b);
}

void bounds_string_find(const struct bounds_call *call, const void *s, uint32_t value)
{
	struct bounds_place place = bounds_place(call, s);

	if (place.room == SIZE_MAX)
		return;
	if (place.room > 0 && (bounds_length(call, s, place.room) < place.room ||
			       (call->width == 1 ? call->real->memchr(s, (int)value, place.room)
						 : call->real->wmemchr(s, (wchar_t)value, place.room)) != NULL))
		return;
	bounds_touch_next(call, &place);
}

/* Does the needle of m characters stand in the hay of n? */
static bool stands_in(const struct bounds_call *call, const char *hay, size_t n, const void *needle, size_t m, bool fold)
{
	const struct libc_real *real = call->real;
	size_t width = call->width;

	if (!fold && width == 1)
		return real->memmem(hay, n, needle, m) != NULL;
	for (size_t i = 0; m <= n && i <= n - m; i++)
		if ((fold ? real->strncasecmp(hay + i, needle, m) : real->memcmp(hay + i * width, needle, m * width)) == 0)
			return true;
	return false;
}

/*
 * The hay is read up to the end of the first match, the needle as far as it matches anywhere. Of a needle without an end it is
 * certain that its next character is read when all that it has stands in the hay.
 */
void bounds_string_in(const struct bounds_call *call, const void *hay, const void *needle, bool fold)
{
	struct bounds_place place_h = bounds_place(call, hay);
	struct bounds_place place_n = bounds_place(call, needle);
	size_t n, m;

	n = place_h.room > 0 ? bounds_length(call, hay, place_h.room) : 0;
	m = place_n.room > 0 ? bounds_length(call, needle, place_n.room) : 0;
	if (m == place_n.room && stands_in(call, hay, n, needle, m, fold))
		bounds_touch_next(call, &place_n);
	else if (n == place_h.room && !stands_in(call, hay, n, needle, m, fold))
		bounds_touch_next(call, &place_h);
}
