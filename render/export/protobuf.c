/* protobuf.c - see protobuf.h. */
#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

static bool room(struct ms_pb *m, size_t more)
{
	size_t capacity = m->capacity ? m->capacity : 256;
	uint8_t *grown;

	if (m->failed || more > SIZE_MAX / 4 - m->size) {
		m->failed = true;
		return false;
	}
	while (capacity < m->size + more)
		capacity *= 2;
	if (capacity == m->capacity)
		return true;
	grown = realloc(m->bytes, capacity);
	if (!grown) {
		m->failed = true;
		return false;
	}
	m->bytes = grown;
	m->capacity = capacity;
	return true;
}

static void varint(struct ms_pb *m, uint64_t value)
{
	if (!room(m, 10))
		return;
	for (; value >= 0x80; value >>= 7)
		m->bytes[m->size++] = (uint8_t)(value | 0x80);
	m->bytes[m->size++] = (uint8_t)value;
}

void ms_pb_uint(struct ms_pb *m, uint32_t field, uint64_t value)
{
	if (!value)
		return;
	varint(m, (uint64_t)field << 3);
	varint(m, value);
}

void ms_pb_bytes(struct ms_pb *m, uint32_t field, const void *bytes, size_t size)
{
	varint(m, (uint64_t)field << 3 | 2);
	varint(m, size);
	if (size && room(m, size)) {
		memcpy(m->bytes + m->size, bytes, size);
		m->size += size;
	}
}

void ms_pb_packed(struct ms_pb *m, uint32_t field, const uint64_t *values, size_t count)
{
	struct ms_pb inner = {0};

	for (size_t i = 0; i < count; i++)
		varint(&inner, values[i]);
	ms_pb_message(m, field, &inner);
	ms_pb_free(&inner);
}

void ms_pb_message(struct ms_pb *m, uint32_t field, struct ms_pb *inner)
{
	m->failed |= inner->failed;
	ms_pb_bytes(m, field, inner->bytes, inner->size);
	inner->size = 0;
}

void ms_pb_append(struct ms_pb *m, const struct ms_pb *other)
{
	m->failed |= other->failed;
	if (other->size && room(m, other->size)) {
		memcpy(m->bytes + m->size, other->bytes, other->size);
		m->size += other->size;
	}
}

void ms_pb_free(struct ms_pb *m)
{
	free(m->bytes);
	memset(m, 0, sizeof *m);
}
