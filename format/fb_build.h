/*
 * fb_build.h - builds a FlatBuffer.
 *
 * The buffer grows from its end to its start: children first, then the table that refers to them, the root last. A
 * ms_fb_ref is the distance of an object's first byte from the end of the buffer; 0 means none. Tables do not nest:
 * between ms_fb_table_begin and ms_fb_table_end only ms_fb_set* may be called. Scalars equal to their default are left
 * out. Used through the generated helpers of trace_fb.h.
 *
 * Errors stick: after one (out of memory, more than MS_FB_MAX_BYTES) everything returns 0 and ms_fb_finish NULL.
 * Ownership: the buffer belongs to the builder until the next ms_fb_reset or ms_fb_free.
 * Thread-safety: one thread at a time. Not signal-safe.
 * Source of the format: flatbuffers.dev, "FlatBuffer Internals".
 */
#ifndef MS_FORMAT_FB_BUILD_H
#define MS_FORMAT_FB_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS_FB_MAX_BYTES (UINT32_C(1) << 30)
#define MS_FB_MAX_SLOTS 64

typedef uint32_t ms_fb_ref;

struct ms_fb_builder {
	uint8_t *memory;
	size_t capacity;
	size_t used;                       /* bytes, at the end of memory */
	size_t align;                      /* largest alignment so far */
	bool failed;
	unsigned slots;                    /* of the table being built */
	uint32_t slot_at[MS_FB_MAX_SLOTS]; /* ref of each field, 0 = absent */
	uint32_t table_end;                /* used when the table was begun */
};

/* Zero-initialise before the first use. */
void ms_fb_reset(struct ms_fb_builder *b);
void ms_fb_free(struct ms_fb_builder *b);

/* count elements of size bytes each, aligned to align. */
ms_fb_ref ms_fb_put_vector(struct ms_fb_builder *b, const void *elements, size_t size, size_t count, size_t align);
/* The same, elements not written: *room is where the caller must put size * count bytes before the next call. */
ms_fb_ref ms_fb_put_room(struct ms_fb_builder *b, size_t size, size_t count, size_t align, uint8_t **room);
ms_fb_ref ms_fb_put_string(struct ms_fb_builder *b, const char *bytes, size_t length);
/* Vector of tables or strings. */
ms_fb_ref ms_fb_put_refs(struct ms_fb_builder *b, const ms_fb_ref *refs, size_t count);

void ms_fb_table_begin(struct ms_fb_builder *b, unsigned slots);
void ms_fb_set8(struct ms_fb_builder *b, unsigned slot, uint8_t v, uint8_t absent);
void ms_fb_set16(struct ms_fb_builder *b, unsigned slot, uint16_t v, uint16_t absent);
void ms_fb_set32(struct ms_fb_builder *b, unsigned slot, uint32_t v, uint32_t absent);
void ms_fb_set64(struct ms_fb_builder *b, unsigned slot, uint64_t v, uint64_t absent);
void ms_fb_set_ref(struct ms_fb_builder *b, unsigned slot, ms_fb_ref ref); /* 0: left absent */
ms_fb_ref ms_fb_table_end(struct ms_fb_builder *b);

/* The finished buffer, aligned relative to its start; identifier is 4 bytes or NULL. */
const uint8_t *ms_fb_finish(struct ms_fb_builder *b, ms_fb_ref root, const char *identifier, size_t *size);

#endif
