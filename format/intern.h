/*
 * intern.h - remembers which string has which id, by a 128-bit hash of its bytes.
 *
 * The strings themselves are not kept: two different strings would have to share all 128 bits of XXH3 to be confused.
 * Errors: 0 = out of memory. Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_FORMAT_INTERN_H
#define MS_FORMAT_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ms_intern_slot {
	uint64_t low, high;
	uint32_t id; /* 0 = empty */
};

/* Zero-initialised is empty. */
struct ms_intern {
	struct ms_intern_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	uint32_t count;
};

/* The id of the string; a string not seen before gets the next one, from 1, and *is_new is true. */
uint32_t ms_intern(struct ms_intern *t, const void *bytes, size_t size, bool *is_new);
void ms_intern_free(struct ms_intern *t);

#endif
