/*
 * columns.h - encodes and decodes a column: a vector of unsigned integers as bytes.
 *
 * The codecs are enum Codec of trace.fbs (FB_CODEC_* of trace_fb.h); docs/FORMAT.md, "Column encodings", has the byte
 * tables. A decoder takes any codec, wants exactly `count` values out of exactly `size` bytes, and checks that every
 * value fits the element type.
 * Errors: MS_E_CORRUPT (bytes do not decode), MS_E_UNSUPPORTED (unknown codec), MS_E_NOMEM (encoders).
 * Thread-safety: no state. The decoders allocate nothing.
 */
#ifndef MS_FORMAT_COLUMNS_H
#define MS_FORMAT_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "errors.h"

#define MS_PATCHED 255 /* a byte of codec Patched that stands for a value of 255 or more */

/* Appends the encoded values to *out. */
int ms_column_encode(struct ms_buffer *out, uint8_t codec, const uint64_t *values, uint32_t count);
int ms_column_encode32(struct ms_buffer *out, uint8_t codec, const uint32_t *values, uint32_t count);

/*
 * For who writes the bytes of a Patched column itself: appends to p what follows them, the values of 255 and more, given
 * less 255 each, and overwrites these. Takes at most MS_PATCH_BYTES for each. Returns the end.
 */
#define MS_PATCH_BYTES 18
uint8_t *ms_column_put_patches(uint8_t *p, uint64_t *patches, uint32_t count);

int ms_column_decode64(uint64_t *out, uint32_t count, uint8_t codec, const uint8_t *bytes, size_t size);
int ms_column_decode32(uint32_t *out, uint32_t count, uint8_t codec, const uint8_t *bytes, size_t size);
int ms_column_decode8(uint8_t *out, uint32_t count, uint8_t codec, const uint8_t *bytes, size_t size);

#endif
