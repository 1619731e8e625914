#include "columns.h"

#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "trace_fb.h"
#include "varint.h"

/* ---- encoding ---------------------------------------------------------------------------------------------------- */

/* No codec needs more than this for one value. */
#define MAX_VALUE_BYTES (2 * MS_VARINT_MAX_BYTES)

static bool narrow(const uint64_t *values, uint32_t count)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < count; i++)
		all |= values[i];
	return all <= UINT8_MAX;
}

/* Appends what follows the bytes of a Patched column: its `count` patches, which are overwritten. */
uint8_t *ms_column_put_patches(uint8_t *p, uint64_t *patches, uint32_t count)
{
	while (count > 0) {
		uint32_t more = 0;

		for (uint32_t i = 0; i < count; i++)
			*p++ = (uint8_t)patches[i];
		for (uint32_t i = 0; i < count; i++) {
			uint64_t rest = patches[i] >> 8;

			*p++ = rest < MS_PATCHED ? (uint8_t)rest : MS_PATCHED;
			if (rest >= MS_PATCHED)
				patches[more++] = rest - MS_PATCHED;
		}
		count = more;
	}
	return p;
}

/* Values shifted right by `shift`. NULL: out of memory. */
static uint8_t *put_patched(uint8_t *p, const uint64_t *values, uint32_t count, unsigned shift)
{
	uint64_t *patches = malloc(((size_t)count + 1) * sizeof(*patches));
	uint32_t patch_count = 0;

	if (patches == NULL)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t v = values[i] >> shift;

		*p++ = v < MS_PATCHED ? (uint8_t)v : MS_PATCHED;
		if (v >= MS_PATCHED)
			patches[patch_count++] = v - MS_PATCHED;
	}
	p = ms_column_put_patches(p, patches, patch_count);
	free(patches);
	return p;
}

int ms_column_encode(struct ms_buffer *out, uint8_t codec, const uint64_t *values, uint32_t count)
{
	uint8_t *p = ms_buffer_room(out, (size_t)count * MAX_VALUE_BYTES + 1);
	uint64_t before = 0;

	if (p == NULL)
		return MS_E_NOMEM;
	switch (codec) {
	case FB_CODEC_U8:
		if (!narrow(values, count))
			return MS_E_ARGUMENT;
		for (uint32_t i = 0; i < count; i++)
			*p++ = (uint8_t)values[i];
		break;
	case FB_CODEC_VARINT:
		for (uint32_t i = 0; i < count; i++)
			p = ms_varint_put(p, values[i]);
		break;
	case FB_CODEC_ZIGZAG_VARINT:
		for (uint32_t i = 0; i < count; i++)
			p = ms_varint_put(p, ms_zigzag(values[i]));
		break;
	case FB_CODEC_SPLIT8:
		for (uint32_t i = 0; i < count; i++)
			*p++ = (uint8_t)values[i];
		/* fall through */
	case FB_CODEC_PATCHED:
		p = put_patched(p, values, count, codec == FB_CODEC_SPLIT8 ? 8 : 0);
		if (p == NULL)
			return MS_E_NOMEM;
		break;
	case FB_CODEC_RUN:
		for (uint32_t i = 0; i < count;) {
			uint32_t run = 1;

			while (i + run < count && values[i + run] == values[i])
				run++;
			p = ms_varint_put(p, values[i]);
			p = ms_varint_put(p, run);
			i += run;
		}
		break;
	case FB_CODEC_U64:
		for (uint32_t i = 0; i < count; i++, p += 8)
			ms_store64(p, values[i]);
		break;
	case FB_CODEC_DELTA:
		for (uint32_t i = 0; i < count; i++) {
			p = ms_varint_put(p, ms_zigzag(values[i] - before));
			before = values[i];
		}
		break;
	default:
		return MS_E_UNSUPPORTED;
	}
	out->size = (size_t)(p - out->data);
	return MS_OK;
}

int ms_column_encode32(struct ms_buffer *out, uint8_t codec, const uint32_t *values, uint32_t count)
{
	uint64_t *wide = malloc(((size_t)count + 1) * sizeof(*wide));
	int rc;

	if (wide == NULL)
		return MS_E_NOMEM;
	for (uint32_t i = 0; i < count; i++)
		wide[i] = values[i];
	rc = ms_column_encode(out, codec, wide, count);
	free(wide);
	return rc;
}

/* ---- decoding ---------------------------------------------------------------------------------------------------- */

/*
 * Each decoder is written once for all widths of elements and inlined into the function for its width, where `bits` is
 * a constant. Most values of most columns take one byte, so varints are looked at eight at a time: eight bytes without
 * a continuation bit are eight values.
 */
#define INLINE static inline __attribute__((always_inline))
#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS  UINT64_C(0x0101010101010101)

INLINE void put(void *out, uint32_t i, unsigned bits, uint64_t v)
{
	if (bits == 64)
		((uint64_t *)out)[i] = v;
	else if (bits == 32)
		((uint32_t *)out)[i] = (uint32_t)v;
	else
		((uint8_t *)out)[i] = (uint8_t)v;
}

INLINE uint64_t get(const void *out, uint32_t i, unsigned bits)
{
	if (bits == 64)
		return ((const uint64_t *)out)[i];
	return bits == 32 ? ((const uint32_t *)out)[i] : ((const uint8_t *)out)[i];
}

INLINE bool fits(uint64_t v, unsigned bits)
{
	return v >> (bits - 1) >> 1 == 0;
}

INLINE const uint8_t *varints(void *out, unsigned bits, uint32_t count, const uint8_t *p, const uint8_t *end)
{
	uint32_t i = 0;
	uint64_t v;

	while (i < count) {
		while (count - i >= 8 && end - p >= 8 && (ms_load64(p) & HIGH_BITS) == 0) {
			for (unsigned k = 0; k < 8; k++)
				put(out, i + k, bits, p[k]);
			i += 8;
			p += 8;
		}
		for (unsigned k = 0; k < 8 && i < count; k++, i++) {
			if (p < end && *p < 0x80) {
				put(out, i, bits, *p++);
				continue;
			}
			p = ms_varint_get(p, end, &v);
			if (p == NULL || !fits(v, bits))
				return NULL;
			put(out, i, bits, v);
		}
	}
	return p;
}

static inline uint32_t count_patched(const uint8_t *p, uint32_t count)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++)
		n += p[i] == MS_PATCHED;
	return n;
}

static inline bool has_patched(uint64_t eight_bytes)
{
	uint64_t inverted = ~eight_bytes; /* is one of its bytes 0? */

	return ((inverted - LOW_BITS) & ~inverted & HIGH_BITS) != 0;
}

#define MAX_LEVELS 9 /* of patches of patches: each takes 8 bits off a 64-bit value */

/*
 * The levels are found from the first to the last and put together from the last to the first, each in the place of
 * its successor: a level has at least as many values as the one after it, so going backwards nothing is overwritten
 * that is still needed.
 */
INLINE const uint8_t *patched(void *out, unsigned bits, uint32_t count, const uint8_t *p, const uint8_t *end)
{
	struct {
		const uint8_t *bytes, *low; /* low bytes of the patches of this level */
		uint32_t count, patches;
	} level[MAX_LEVELS];
	unsigned levels = 0;

	for (uint32_t n = count; n > 0 || levels == 0; n = level[levels - 1].patches) {
		if (levels == MAX_LEVELS || (size_t)(end - p) < n)
			return NULL;
		level[levels].bytes = p;
		level[levels].count = n;
		level[levels].patches = count_patched(p, n);
		p += n;
		if ((size_t)(end - p) < level[levels].patches)
			return NULL;
		level[levels].low = p;
		p += level[levels].patches;
		levels++;
	}
	while (levels-- > 0) {
		const uint8_t *bytes = level[levels].bytes, *low = level[levels].low;
		uint32_t i = level[levels].count, patch = level[levels].patches;

		while (i > 0) {
			while (i >= 8 && (patch == 0 || !has_patched(ms_load64(bytes + i - 8)))) {
				i -= 8;
				for (unsigned k = 0; k < 8; k++)
					put(out, i + k, bits, bytes[i + k]);
			}
			for (unsigned k = 0; k < 8 && i > 0; k++) {
				uint64_t v = bytes[--i];

				if (v == MS_PATCHED) {
					uint64_t rest = get(out, --patch, bits);

					if (rest >> 56 != 0)
						return NULL;
					v += rest << 8 | low[patch];
					if (v < MS_PATCHED || !fits(v, bits))
						return NULL;
				}
				put(out, i, bits, v);
			}
		}
	}
	return p;
}

INLINE const uint8_t *split8(void *out, unsigned bits, uint32_t count, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *low = p;
	uint64_t all = 0;

	if ((size_t)(end - p) < count)
		return NULL;
	p = patched(out, bits, count, p + count, end);
	if (p == NULL)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t high = get(out, i, bits);

		all |= high;
		put(out, i, bits, high << 8 | low[i]);
	}
	return all >> (bits - 8) == 0 ? p : NULL;
}

INLINE const uint8_t *runs(void *out, unsigned bits, uint32_t count, const uint8_t *p, const uint8_t *end)
{
	uint32_t i = 0;
	uint64_t v, run;

	while (i < count) {
		p = ms_varint_get(p, end, &v);
		if (p == NULL || !fits(v, bits))
			return NULL;
		p = ms_varint_get(p, end, &run);
		if (p == NULL || run == 0 || run > count - i)
			return NULL;
		for (uint32_t stop = i + (uint32_t)run; i < stop; i++)
			put(out, i, bits, v);
	}
	return p;
}

INLINE const uint8_t *zigzags(void *out, unsigned bits, uint32_t count, const uint8_t *p, const uint8_t *end, bool sum)
{
	uint64_t v, value = 0;

	for (uint32_t i = 0; i < count; i++) {
		p = ms_varint_get(p, end, &v);
		if (p == NULL)
			return NULL;
		value = sum ? value + ms_unzigzag(v) : ms_unzigzag(v);
		if (!fits(value, bits))
			return NULL;
		put(out, i, bits, value);
	}
	return p;
}

INLINE const uint8_t *fixed(void *out, unsigned bits, unsigned bytes, uint32_t count, const uint8_t *p,
			    const uint8_t *end)
{
	if ((size_t)(end - p) / bytes < count)
		return NULL;
	for (uint32_t i = 0; i < count; i++, p += bytes) {
		uint64_t v = bytes == 8 ? ms_load64(p) : *p;

		if (!fits(v, bits))
			return NULL;
		put(out, i, bits, v);
	}
	return p;
}

INLINE int decode(void *out, unsigned bits, uint32_t count, uint8_t codec, const uint8_t *p, size_t size)
{
	static const uint8_t empty;
	const uint8_t *end;

	if (p == NULL)
		p = &empty;
	end = p + size;
	switch (codec) {
	case FB_CODEC_U8:
		p = fixed(out, bits, 1, count, p, end);
		break;
	case FB_CODEC_VARINT:
		p = varints(out, bits, count, p, end);
		break;
	case FB_CODEC_ZIGZAG_VARINT:
		p = zigzags(out, bits, count, p, end, false);
		break;
	case FB_CODEC_PATCHED:
		p = patched(out, bits, count, p, end);
		break;
	case FB_CODEC_SPLIT8:
		p = split8(out, bits, count, p, end);
		break;
	case FB_CODEC_RUN:
		p = runs(out, bits, count, p, end);
		break;
	case FB_CODEC_U64:
		p = fixed(out, bits, 8, count, p, end);
		break;
	case FB_CODEC_DELTA:
		p = zigzags(out, bits, count, p, end, true);
		break;
	default:
		return MS_E_UNSUPPORTED;
	}
	return p == end ? MS_OK : MS_E_CORRUPT;
}

int ms_column_decode64(uint64_t *out, uint32_t count, uint8_t codec, const uint8_t *bytes, size_t size)
{
	return decode(out, 64, count, codec, bytes, size);
}

int ms_column_decode32(uint32_t *out, uint32_t count, uint8_t codec, const uint8_t *bytes, size_t size)
{
	return decode(out, 32, count, codec, bytes, size);
}

int ms_column_decode8(uint8_t *out, uint32_t count, uint8_t codec, const uint8_t *bytes, size_t size)
{
	return decode(out, 8, count, codec, bytes, size);
}
