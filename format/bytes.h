/*
 * bytes.h - little-endian integers at any address.
 *
 * Everything in a trace is little-endian, and so is every machine that memscope runs on: a load is one unaligned move.
 * Thread- and signal-safe.
 */
#ifndef MS_FORMAT_BYTES_H
#define MS_FORMAT_BYTES_H

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "loads and stores below copy bytes as they are");

#define MS_BYTES_TYPE(bits)                                                                                            \
	static inline uint##bits##_t ms_load##bits(const void *p)                                                      \
	{                                                                                                              \
		uint##bits##_t v;                                                                                      \
		memcpy(&v, p, sizeof(v));                                                                              \
		return v;                                                                                              \
	}                                                                                                              \
	static inline void ms_store##bits(void *p, uint##bits##_t v)                                                   \
	{                                                                                                              \
		memcpy(p, &v, sizeof(v));                                                                              \
	}
MS_BYTES_TYPE(16)
MS_BYTES_TYPE(32)
MS_BYTES_TYPE(64)
#undef MS_BYTES_TYPE

#endif
