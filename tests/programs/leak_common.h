/* What the leak-shaped programs share: they end inside a function, so that the frames of main are there, and wipe what calls left behind. */
#ifndef MS_TESTS_LEAK_COMMON_H
#define MS_TESTS_LEAK_COMMON_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APART __attribute__((noipa))

/* The compiler must assume that what p points to is read. */
static inline __attribute__((unused)) void keep(const void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

/* Overwrites the stack below the caller's frame: no stale pointer stays in it. */
static APART __attribute__((unused)) void wipe_stack(void)
{
	volatile unsigned char room[8192];

	for (size_t i = 0; i < sizeof room; i++)
		room[i] = 0;
}

/* The registers that functions keep, too; what is live in the caller is saved by it. */
static APART __attribute__((unused)) void wipe_registers(void)
{
	__asm__ volatile("" ::: "rbx", "r12", "r13", "r14", "r15", "memory");
}

#endif
