/*
 * mix64.h - a 64-bit finaliser for hash tables over integers and pointers.
 * Source: the constants of splitmix64 (Steele, Lea, Flood 2014). Pure function.
 */
#ifndef MS_ANALYZE_MIX64_H
#define MS_ANALYZE_MIX64_H

#include <stdint.h>

static inline uint64_t ms_mix64(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

#endif
