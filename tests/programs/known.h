/*
 * known.h - what the traced programs share: call sites that keep their name, and output without malloc.
 *
 * A traced program knows how many times each of its sites allocates. Tests select the sites of a report by function
 * name, so that what libc allocates at start-up does not matter, and compare exact numbers. Before it ends, a program
 * prints `exe ALLOCATIONS FREES`: the calls made from the executable itself, which tests/programs/count counts too.
 */
#ifndef MS_TESTS_PROGRAMS_KNOWN_H
#define MS_TESTS_PROGRAMS_KNOWN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A function that the compiler neither inlines nor clones nor looks into: a frame with this name. */
#define SITE __attribute__((noipa))

/* The compiler must assume that the pointer is used. */
static inline void keep(const void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

/* printf to a descriptor, at most 511 bytes, without stdio's buffer (which malloc would pay for). */
__attribute__((format(printf, 2, 3), unused)) static void say(int fd, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n > (int)sizeof text - 1)
		n = sizeof text - 1;
	if (write(fd, text, (size_t)n) != n)
		_exit(99);
}

/* The program cannot show what it should show. */
__attribute__((format(printf, 1, 2), noreturn, unused)) static void give_up(const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	say(2, "gave up: %s\n", text);
	_exit(98);
}

#endif
