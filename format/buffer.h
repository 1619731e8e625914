/*
 * buffer.h - a growable array of bytes.
 *
 * Zero-initialised is empty. ms_buffer_room makes sure that `room` more bytes fit after `size` and returns where, or
 * NULL (out of memory; the buffer is unchanged). Memory belongs to the buffer until ms_buffer_free; growing moves it.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_FORMAT_BUFFER_H
#define MS_FORMAT_BUFFER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct ms_buffer {
	uint8_t *data;
	size_t size, capacity; /* bytes */
};

static inline uint8_t *ms_buffer_room(struct ms_buffer *b, size_t room)
{
	if (room > b->capacity - b->size) {
		size_t capacity = b->capacity ? b->capacity : 256;
		uint8_t *data;

		if (room > SIZE_MAX / 4 - b->size)
			return NULL;
		while (capacity < b->size + room)
			capacity *= 2;
		data = realloc(b->data, capacity);
		if (data == NULL)
			return NULL;
		b->data = data;
		b->capacity = capacity;
	}
	return b->data + b->size;
}

/* 0, or -1 when out of memory. */
static inline int ms_buffer_append(struct ms_buffer *b, const void *bytes, size_t size)
{
	uint8_t *p;

	if (size == 0)
		return 0; /* room for nothing in an empty buffer is NULL, too */
	p = ms_buffer_room(b, size);
	if (p == NULL)
		return -1;
	memcpy(p, bytes, size);
	b->size += size;
	return 0;
}

static inline void ms_buffer_free(struct ms_buffer *b)
{
	free(b->data);
	*b = (struct ms_buffer){0};
}

#endif
