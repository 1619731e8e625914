/*
 * fb_read.h - reading a FlatBuffer that has been verified.
 *
 * Primitives for the generated accessors (trace_fb.h). A table is a pointer to its first byte; NULL stands for a table
 * that is absent, and all its fields then have their defaults. Nothing is checked here: fb_verify.c must have accepted
 * the buffer against the same schema before.
 * Ownership: everything points into the buffer. Thread- and signal-safe.
 * Source of the format: flatbuffers.dev, "FlatBuffer Internals".
 */
#ifndef MS_FORMAT_FB_READ_H
#define MS_FORMAT_FB_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

struct ms_fb_vector {
	const uint8_t *data; /* NULL when absent */
	uint32_t count;      /* elements */
};

/* Where field number `slot` stands; NULL when it is absent. */
static inline const uint8_t *ms_fb_field(const uint8_t *table, unsigned slot)
{
	const uint8_t *vtable;
	unsigned at = 4 + 2 * slot;

	if (table == NULL)
		return NULL;
	vtable = table - (int32_t)ms_load32(table);
	if (at + 2 > ms_load16(vtable) || ms_load16(vtable + at) == 0)
		return NULL;
	return table + ms_load16(vtable + at);
}

static inline uint8_t ms_fb_get8(const uint8_t *table, unsigned slot, uint8_t absent)
{
	const uint8_t *p = ms_fb_field(table, slot);
	return p != NULL ? *p : absent;
}

static inline uint16_t ms_fb_get16(const uint8_t *table, unsigned slot, uint16_t absent)
{
	const uint8_t *p = ms_fb_field(table, slot);
	return p != NULL ? ms_load16(p) : absent;
}

static inline uint32_t ms_fb_get32(const uint8_t *table, unsigned slot, uint32_t absent)
{
	const uint8_t *p = ms_fb_field(table, slot);
	return p != NULL ? ms_load32(p) : absent;
}

static inline uint64_t ms_fb_get64(const uint8_t *table, unsigned slot, uint64_t absent)
{
	const uint8_t *p = ms_fb_field(table, slot);
	return p != NULL ? ms_load64(p) : absent;
}

/* What the offset at p points to. */
static inline const uint8_t *ms_fb_follow(const uint8_t *p)
{
	return p + ms_load32(p);
}

static inline const uint8_t *ms_fb_table(const uint8_t *table, unsigned slot)
{
	const uint8_t *p = ms_fb_field(table, slot);
	return p != NULL ? ms_fb_follow(p) : NULL;
}

static inline struct ms_fb_vector ms_fb_vector(const uint8_t *table, unsigned slot)
{
	const uint8_t *p = ms_fb_table(table, slot);
	return p != NULL ? (struct ms_fb_vector){p + 4, ms_load32(p)} : (struct ms_fb_vector){NULL, 0};
}

/* Element of a vector of offsets (tables or strings). */
static inline const uint8_t *ms_fb_element(struct ms_fb_vector v, uint32_t index)
{
	return ms_fb_follow(v.data + 4 * (size_t)index);
}

/* A string is a vector of bytes with a terminating zero behind it. "" when absent. */
static inline const char *ms_fb_string(const uint8_t *string)
{
	return string != NULL ? (const char *)string + 4 : "";
}

static inline const uint8_t *ms_fb_root(const uint8_t *buffer)
{
	return ms_fb_follow(buffer);
}

#endif
