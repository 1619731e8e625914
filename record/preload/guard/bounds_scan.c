/*
 * bounds_scan.c - strings that are read up to something in them: the end of a span, a token, a number. They are looked at
 * only when no terminator stands in their block, which is next to never: plain loops will do.
 */
#include <langinfo.h>

#include "bounds.h"

/* A string whose block ends before the string does. */
struct cut {
	const struct bounds_call *call;
	struct bounds_place place;
};

static bool is_cut(struct cut *cut, const struct bounds_call *call, const void *s)
{
	cut->call = call;
	cut->place = bounds_place(call, s);
	return cut->place.room != SIZE_MAX && (cut->place.room == 0 || bounds_length(call, s, cut->place.room) == cut->place.room);
}

static uint32_t character(const struct bounds_call *call, uint64_t at, size_t i)
{
	return call->width == 1 ? ((const unsigned char *)(uintptr_t)at)[i] : ((const uint32_t *)(uintptr_t)at)[i];
}

/* Position of the first character from i on that is (wanted) or is not in the set; room if there is none. */
static size_t next(const struct cut *cut, size_t i, const void *set, size_t set_chars, bool wanted)
{
	for (; i < cut->place.room; i++) {
		uint32_t c = character(cut->call, cut->place.at, i);
		bool in = false;

		for (size_t k = 0; k < set_chars && !in; k++)
			in = character(cut->call, (uint64_t)(uintptr_t)set, k) == c;
		if (in == wanted)
			break;
	}
	return i;
}

/*
 * Characters of the set in its block. If it does not end there, more of it is read: by the functions for bytes in any case,
 * because they make a table of it first; by the wide ones when a character is looked for that is not among the known ones. Of an
 * empty string no character is looked for. until_in: the function ends at the first character in the set.
 */
static size_t read_set(const struct bounds_call *call, const void *s, const void *set, bool until_in)
{
	struct bounds_place place_set = bounds_place(call, set);
	struct cut cut = {call, bounds_place(call, s)};
	size_t chars = place_set.room == 0 ? 0 : bounds_length(call, set, place_set.room);

	if (chars < place_set.room || cut.place.room == 0 || character(call, cut.place.at, 0) == 0)
		return chars;
	cut.place.room = until_in ? 1 : bounds_length(call, s, cut.place.room);
	if (call->width == 1 || next(&cut, 0, set, chars, false) < cut.place.room)
		bounds_touch_next(call, &place_set);
	return chars;
}

void bounds_string_span(const struct bounds_call *call, const void *s, const void *set, bool until_in)
{
	struct cut cut;
	size_t chars;

	if (s == NULL)
		return;
	chars = read_set(call, s, set, until_in);
	if (is_cut(&cut, call, s) && next(&cut, 0, set, chars, until_in) == cut.place.room)
		bounds_touch_next(call, &cut.place);
}

/* Without s the function goes on where it was, which may be the end: nothing is certain. */
void bounds_token(const struct bounds_call *call, const void *s, const void *set)
{
	struct cut cut;
	size_t chars;

	if (s == NULL)
		return;
	chars = read_set(call, s, set, false);
	if (is_cut(&cut, call, s) && next(&cut, next(&cut, 0, set, chars, false), set, chars, true) == cut.place.room)
		bounds_touch_next(call, &cut.place);
}

/* ---- numbers ---- */

static bool is_space(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static unsigned digit(uint32_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

/*
 * Reads on behind the block when every character in it continues a number. What a floating number may look like beyond
 * digits and a point is left out: then nothing is certain.
 */
void bounds_number(const struct bounds_call *call, const void *s, int base)
{
	struct cut cut;
	size_t i = 0, room;
	bool point = false;

	if (!is_cut(&cut, call, s))
		return;
	room = cut.place.room;
#define AT(i) character(call, cut.place.at, i)
	while (i < room && is_space(AT(i)))
		i++;
	if (i < room && (AT(i) == '-' || AT(i) == '+'))
		i++;
	if ((base == 0 || base == 16) && i + 1 < room && AT(i) == '0' && (AT(i + 1) | 0x20) == 'x') {
		base = 16;
		i += 2;
	} else if (base == 0) {
		base = i < room && AT(i) == '0' ? 8 : 10;
	}
	for (; i < room; i++) {
		if (base == BOUNDS_FLOAT && !point && AT(i) == '.' && nl_langinfo(RADIXCHAR)[0] == '.')
			point = true;
		else if (digit(AT(i)) >= (base == BOUNDS_FLOAT ? 10 : (unsigned)base))
			return;
	}
#undef AT
	bounds_touch_next(call, &cut.place);
}

/* ---- conversions ---- */

/* Beyond ASCII it depends on the locale how far a conversion comes; an ASCII character becomes one of the other kind. */
static void converted(const struct bounds_call *call, const void *s, size_t n)
{
	struct cut cut;

	if (!is_cut(&cut, call, s) || n <= cut.place.room)
		return;
	for (size_t i = 0; i < cut.place.room; i++)
		if (character(call, cut.place.at, i) >= 0x80)
			return;
	bounds_touch_next(call, &cut.place);
}

void bounds_multibyte(const struct bounds_call *call, const void *s, size_t n)
{
	struct bounds_call narrow = *call;

	narrow.width = 1;
	converted(&narrow, s, n);
}

void bounds_wide(const struct bounds_call *call, const void *s, size_t n)
{
	struct bounds_call wide = *call;

	wide.width = sizeof(wchar_t);
	converted(&wide, s, n);
}
