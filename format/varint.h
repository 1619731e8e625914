/*
 * varint.h - LEB128 and zigzag, bounded.
 *
 * A number is stored 7 bits at a time, low bits first, the top bit of a byte says that another one follows: 1 to 10
 * bytes. Only the shortest form is valid: a last byte of 0 after another byte is an error, and so are bits beyond 64.
 * Zigzag maps signed numbers to unsigned ones so that small magnitudes stay small: 0, -1, 1, -2 -> 0, 1, 2, 3.
 * Thread- and signal-safe.
 */
#ifndef MS_FORMAT_VARINT_H
#define MS_FORMAT_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define MS_VARINT_MAX_BYTES 10

static inline uint64_t ms_zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static inline uint64_t ms_unzigzag(uint64_t v)
{
	return v >> 1 ^ -(v & 1);
}

/* Writes v at p, where there is room for MS_VARINT_MAX_BYTES; returns the end. */
static inline uint8_t *ms_varint_put(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

/* Reads a number of [p, end) into *v; returns the byte after it, NULL when it is cut or not valid. */
static inline const uint8_t *ms_varint_get(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
	uint64_t sum = 0;

	for (unsigned shift = 0; shift < 70 && p < end; shift += 7) {
		uint8_t byte = *p++;

		sum |= (uint64_t)(byte & 0x7f) << (shift & 63);
		if (byte < 0x80) {
			if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1))
				return NULL;
			*v = sum;
			return p;
		}
	}
	return NULL;
}

#endif
