/*
 * bounds_format.c - what a format makes the printf family read and write: the strings of %s, the numbers of %n (C11 7.21.6.1,
 * 7.29.2.1; POSIX flags, glibc's length modifiers).
 *
 * The list of arguments is walked over a copy. What is not known ends the walk, because the types of all later arguments are
 * unknown then; so does a conversion between wide and narrow characters that may fail.
 */
#include "bounds.h"

#include <errno.h>

/* Both kinds of format, and the arguments that go with it. */
struct walk {
	const struct bounds_call *call; /* NULL: only look whether there is anything to compare */
	const void *format;
	unsigned width;
	size_t room;                    /* characters of the format that may be looked at */
	size_t at;
	bool covered;
};

enum length { NONE, CHAR, SHORT, LONG, LONG_DOUBLE };

static uint32_t peek(const struct walk *w)
{
	if (w->at >= w->room)
		return 0;
	return w->width == 1 ? ((const unsigned char *)w->format)[w->at] : ((const uint32_t *)w->format)[w->at];
}

static bool is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static size_t number(struct walk *w)
{
	size_t n = 0;

	while (is_digit(peek(w))) {
		n = n < SIZE_MAX / 20 ? n * 10 + (peek(w) - '0') : n;
		w->at++;
	}
	return n;
}

static enum length length_modifier(struct walk *w)
{
	enum length length = NONE;

	for (;; w->at++) {
		switch (peek(w)) {
		case 'h':
			length = length == SHORT ? CHAR : SHORT;
			break;
		case 'l':
		case 'q':
		case 'j':
		case 'z':
		case 'Z':
		case 't':
			length = LONG;
			break;
		case 'L':
			length = LONG_DOUBLE;
			break;
		default:
			return length;
		}
	}
}

/* A string argument; of wchar_t if wide. False: it is converted, and nobody knows whether that goes well. */
static bool string(struct walk *w, const void *s, bool wide, size_t precision)
{
	struct bounds_call call;

	w->covered |= bounds_covered(s);
	if (w->call == NULL || s == NULL)
		return true;
	call = *w->call;
	call.width = wide ? sizeof(wchar_t) : 1;
	if (wide == (w->width > 1)) {
		bounds_string(&call, s, precision);
		return true;
	}
	if (wide)
		bounds_wide(&call, s, precision);
	else
		bounds_multibyte(&call, s, precision);
	return false;
}

static void stored(struct walk *w, const void *p, enum length length)
{
	static const uint8_t bytes[] = {[NONE] = 4, [CHAR] = 1, [SHORT] = 2, [LONG] = 8, [LONG_DOUBLE] = 8};

	w->covered |= bounds_covered(p);
	if (w->call != NULL)
		bounds_touch(w->call, MS_ACCESS_WRITE, (uint64_t)(uintptr_t)p, bytes[length]);
}

/* One conversion, from behind its percent sign on. False: what follows is not known. */
static bool conversion(struct walk *w, va_list list)
{
	size_t precision = SIZE_MAX;
	enum length length;
	uint32_t c;

	while ((c = peek(w)) == '-' || c == '+' || c == ' ' || c == '#' || c == '0' || c == '\'' || c == 'I')
		w->at++;
	if (c == '*') {
		w->at++;
		(void)va_arg(list, int);
		if (is_digit(peek(w)))
			return false; /* *1$ */
	}
	number(w);
	if (peek(w) == '$')
		return false;
	if (peek(w) == '.') {
		w->at++;
		if (peek(w) == '*') {
			int given = va_arg(list, int);

			w->at++;
			if (is_digit(peek(w)))
				return false;
			precision = given >= 0 ? (size_t)given : SIZE_MAX;
		} else {
			precision = number(w);
		}
	}
	length = length_modifier(w);
	c = peek(w);
	w->at++;
	switch (c) {
	case 'd':
	case 'i':
	case 'o':
	case 'u':
	case 'x':
	case 'X':
		if (length == LONG || length == LONG_DOUBLE)
			(void)va_arg(list, long);
		else
			(void)va_arg(list, int);
		return true;
	case 'c':
		(void)va_arg(list, int);
		return length != LONG && w->width == 1;
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
	case 'a':
	case 'A':
		if (length == LONG_DOUBLE)
			(void)va_arg(list, long double);
		else
			(void)va_arg(list, double);
		return true;
	case 's':
		return string(w, va_arg(list, const void *), length == LONG, precision);
	case 'S':
		return string(w, va_arg(list, const void *), true, precision);
	case 'p':
		(void)va_arg(list, void *);
		return true;
	case 'n':
		stored(w, va_arg(list, const void *), length);
		return true;
	case 'm':
	case '%':
		return true;
	default:
		return false;
	}
}

static bool walk(struct walk *w, va_list list)
{
	va_list copy;
	bool known = true;

	va_copy(copy, list);
	for (uint32_t c; known && (c = peek(w)) != 0;) {
		w->at++;
		if (c == '%')
			known = conversion(w, copy);
	}
	va_end(copy);
	return w->covered;
}

bool bounds_format_covered(const void *format, unsigned width, va_list list)
{
	struct bounds_call call = {.function = "", .width = width};
	struct walk w = {.format = format, .width = width, .covered = bounds_covered(format)};

	if (guard_span == 0 || format == NULL)
		return false;
	w.room = bounds_place(&call, format).room;
	return walk(&w, list);
}

void bounds_format(const struct bounds_call *call, const void *format, va_list list)
{
	struct walk w = {.call = call, .format = format, .width = call->width, .room = bounds_place(call, format).room};

	if (format != NULL) /* libc says EINVAL */
		walk(&w, list);
}

void bounds_may_print(struct bounds_call *call, const void *to, const void *format, va_list list)
{
	struct guard_block block;
	int saved_errno = errno, chars;
	va_list copy;

	if (!bounds_covered(to) || !bounds_pools->find((uint64_t)(uintptr_t)to, &block))
		return;
	if (!block.by_page) {
		bounds_note(call, to);
		return;
	}
	va_copy(copy, list);
	chars = call->real->vsnprintf(NULL, 0, format, copy);
	va_end(copy);
	errno = saved_errno;
	if (chars >= 0)
		bounds_may_touch(call, to, (size_t)chars + 1);
}
