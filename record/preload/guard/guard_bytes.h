/*
 * guard_bytes.h - filling and copying without the library's memset and memcpy, which the guard library interposes itself
 * and compares with the blocks that they touch.
 *
 * Sizes in bytes; ranges do not overlap. Async-signal-safe.
 */
#ifndef MS_PRELOAD_GUARD_BYTES_H
#define MS_PRELOAD_GUARD_BYTES_H

#include <emmintrin.h>
#include <stddef.h>
#include <stdint.h>

#define GUARD_STRING_BYTES 512u /* from here on the string instructions win over single stores */

static inline void guard_set(void *at, uint8_t value, size_t bytes)
{
	uint8_t *p = at;

	if (bytes >= GUARD_STRING_BYTES) {
		__asm__ volatile("rep stosb" : "+D"(p), "+c"(bytes) : "a"(value) : "memory");
		return;
	}
	__m128i pattern = _mm_set1_epi8((char)value);
	if (bytes >= 16) {
		uint8_t *last = p + bytes - 16;

		for (; p < last; p += 16)
			_mm_storeu_si128((__m128i *)(void *)p, pattern);
		_mm_storeu_si128((__m128i *)(void *)last, pattern);
	} else if (bytes >= 8) {
		_mm_storel_epi64((__m128i *)(void *)p, pattern);
		_mm_storel_epi64((__m128i *)(void *)(p + bytes - 8), pattern);
	} else {
		for (; bytes > 0; bytes--, p++)
			*(volatile uint8_t *)p = value; /* volatile: or the loop becomes a call of memset */
	}
}

static inline void guard_copy(void *to, const void *from, size_t bytes)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

#endif
