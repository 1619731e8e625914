#include "fb_build.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

void ms_fb_reset(struct ms_fb_builder *b)
{
	b->used = 0;
	b->align = 1;
	b->failed = false;
	b->slots = 0;
}

void ms_fb_free(struct ms_fb_builder *b)
{
	free(b->memory);
	*b = (struct ms_fb_builder){0};
}

static uint8_t *front(struct ms_fb_builder *b)
{
	return b->memory + b->capacity - b->used;
}

static bool make_room(struct ms_fb_builder *b, size_t room)
{
	size_t capacity = b->capacity ? b->capacity : 1024;
	uint8_t *memory;

	if (b->failed)
		return false;
	if (room <= b->capacity - b->used)
		return true;
	if (room > MS_FB_MAX_BYTES - b->used) {
		b->failed = true;
		return false;
	}
	while (capacity - b->used < room)
		capacity *= 2;
	memory = malloc(capacity);
	if (memory == NULL) {
		b->failed = true;
		return false;
	}
	if (b->used > 0)
		memcpy(memory + capacity - b->used, front(b), b->used);
	free(b->memory);
	b->memory = memory;
	b->capacity = capacity;
	return true;
}

/*
 * Takes size bytes at the front, after padding such that the first of them will be aligned once the whole buffer is
 * (its end is what refs count from, and ms_fb_finish pads its length to the largest alignment).
 */
static uint8_t *prepend(struct ms_fb_builder *b, size_t size, size_t align)
{
	size_t padding;

	if (size > MS_FB_MAX_BYTES || !make_room(b, size + align)) {
		b->failed = true;
		return NULL;
	}
	if (align > b->align)
		b->align = align;
	padding = -(b->used + size) & (align - 1);
	b->used += padding;
	memset(front(b), 0, padding);
	b->used += size;
	return front(b);
}

ms_fb_ref ms_fb_put_room(struct ms_fb_builder *b, size_t size, size_t count, size_t align, uint8_t **room)
{
	size_t bytes = size * count;
	uint8_t *p;

	*room = NULL;
	if (count > MS_FB_MAX_BYTES || bytes > MS_FB_MAX_BYTES) {
		b->failed = true;
		return 0;
	}
	/* The length stands right before the elements and wants alignment 4. */
	if (prepend(b, bytes, align < 4 ? 4 : align) == NULL)
		return 0;
	p = prepend(b, 4, 4);
	if (p == NULL)
		return 0;
	ms_store32(p, (uint32_t)count);
	*room = p + 4;
	return (ms_fb_ref)b->used;
}

ms_fb_ref ms_fb_put_vector(struct ms_fb_builder *b, const void *elements, size_t size, size_t count, size_t align)
{
	uint8_t *room;
	ms_fb_ref ref = ms_fb_put_room(b, size, count, align, &room);

	if (ref != 0 && count > 0)
		memcpy(room, elements, size * count);
	return ref;
}

ms_fb_ref ms_fb_put_string(struct ms_fb_builder *b, const char *bytes, size_t length)
{
	uint8_t *p;

	if (length >= MS_FB_MAX_BYTES) {
		b->failed = true;
		return 0;
	}
	/* Length, bytes and the zero behind them are one piece, aligned at its start. */
	p = prepend(b, 4 + length + 1, 4);
	if (p == NULL)
		return 0;
	ms_store32(p, (uint32_t)length);
	if (length > 0)
		memcpy(p + 4, bytes, length);
	p[4 + length] = 0;
	return (ms_fb_ref)b->used;
}

ms_fb_ref ms_fb_put_refs(struct ms_fb_builder *b, const ms_fb_ref *refs, size_t count)
{
	uint8_t *room;
	ms_fb_ref vector = ms_fb_put_room(b, 4, count, 4, &room);

	if (vector == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t at = vector - 4 - 4 * (uint32_t)i; /* ref of element i */

		if (refs[i] == 0 || refs[i] >= at) {
			b->failed = true;
			return 0;
		}
		ms_store32(room + 4 * i, at - refs[i]);
	}
	return vector;
}

void ms_fb_table_begin(struct ms_fb_builder *b, unsigned slots)
{
	if (slots > MS_FB_MAX_SLOTS) {
		b->failed = true;
		slots = 0;
	}
	b->slots = slots;
	memset(b->slot_at, 0, sizeof(b->slot_at));
	b->table_end = (uint32_t)b->used;
}

static uint8_t *prepend_field(struct ms_fb_builder *b, unsigned slot, size_t size)
{
	uint8_t *p = slot < b->slots ? prepend(b, size, size) : NULL;

	if (p != NULL)
		b->slot_at[slot] = (uint32_t)b->used;
	else
		b->failed = true;
	return p;
}

#define SETTER(bits)                                                                                                   \
	void ms_fb_set##bits(struct ms_fb_builder *b, unsigned slot, uint##bits##_t v, uint##bits##_t absent)          \
	{                                                                                                              \
		uint8_t *p;                                                                                            \
                                                                                                                       \
		if (v != absent && (p = prepend_field(b, slot, sizeof(v))) != NULL)                                    \
			memcpy(p, &v, sizeof(v));                                                                      \
	}
SETTER(8)
SETTER(16)
SETTER(32)
SETTER(64)
#undef SETTER

void ms_fb_set_ref(struct ms_fb_builder *b, unsigned slot, ms_fb_ref ref)
{
	uint8_t *p;

	if (ref == 0)
		return;
	p = prepend_field(b, slot, 4);
	if (p != NULL)
		ms_store32(p, (uint32_t)b->used - ref);
}

ms_fb_ref ms_fb_table_end(struct ms_fb_builder *b)
{
	unsigned slots = b->slots;
	uint32_t table, table_bytes;
	uint8_t *p = prepend(b, 4, 4); /* distance to the vtable, known below */

	if (p == NULL)
		return 0;
	table = (uint32_t)b->used;
	table_bytes = table - b->table_end;
	while (slots > 0 && b->slot_at[slots - 1] == 0)
		slots--;
	p = prepend(b, 4 + 2 * slots, 2);
	if (p == NULL || table_bytes > UINT16_MAX) {
		b->failed = true;
		return 0;
	}
	ms_store16(p, (uint16_t)(4 + 2 * slots));
	ms_store16(p + 2, (uint16_t)table_bytes);
	for (unsigned i = 0; i < slots; i++)
		ms_store16(p + 4 + 2 * i, b->slot_at[i] != 0 ? (uint16_t)(table - b->slot_at[i]) : 0);
	ms_store32(b->memory + b->capacity - table, (uint32_t)b->used - table);
	b->slots = 0;
	return table;
}

const uint8_t *ms_fb_finish(struct ms_fb_builder *b, ms_fb_ref root, const char *identifier, size_t *size)
{
	size_t header = identifier != NULL ? 8 : 4;
	uint8_t *p = prepend(b, header, b->align > 8 ? b->align : 8);

	if (p == NULL || root == 0 || b->failed)
		return NULL;
	ms_store32(p, (uint32_t)b->used - root);
	if (identifier != NULL)
		memcpy(p + 4, identifier, 4);
	*size = b->used;
	return p;
}
