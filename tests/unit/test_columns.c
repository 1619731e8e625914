/* Column codecs and LEB128: round trips, exact bytes, and everything that is not a valid encoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event_gen.h"
#include "format/columns.h"
#include "format/varint.h"
#include "trace_fb.h"

#define MAX_COUNT 700

static void varint_bytes(void **state)
{
	static const struct {
		uint64_t v;
		uint8_t bytes[10];
		size_t size;
	} cases[] = {
		{0, {0}, 1},
		{127, {0x7f}, 1},
		{128, {0x80, 1}, 2},
		{300, {0xac, 2}, 2},
		{UINT64_MAX, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[MS_VARINT_MAX_BYTES];
		uint64_t v = 1;

		assert_int_equal(ms_varint_put(bytes, cases[i].v) - bytes, cases[i].size);
		assert_memory_equal(bytes, cases[i].bytes, cases[i].size);
		assert_ptr_equal(ms_varint_get(bytes, bytes + cases[i].size, &v), bytes + cases[i].size);
		assert_int_equal(v, cases[i].v);
		/* One byte less is cut. */
		assert_null(ms_varint_get(bytes, bytes + cases[i].size - 1, &v));
	}
}

static void varint_invalid(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t size;
	} cases[] = {
		{{0x80, 0}, 2},                                                            /* 0, not in its shortest form */
		{{0xff, 0x80, 0}, 3},
		{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}, 10},           /* more than 64 bits */
		{{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}, 11},     /* more than 10 bytes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t v;

		assert_null(ms_varint_get(cases[i].bytes, cases[i].bytes + cases[i].size, &v));
	}
}

static void zigzag(void **state)
{
	static const int64_t values[] = {0, -1, 1, -2, 2, INT64_MAX, INT64_MIN};
	static const uint64_t codes[] = {0, 1, 2, 3, 4, UINT64_MAX - 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		assert_int_equal(ms_zigzag((uint64_t)values[i]), codes[i]);
		assert_int_equal((int64_t)ms_unzigzag(codes[i]), values[i]);
	}
}

/* Values of many shapes: all small, mostly small, all sizes, runs, close to the limits of the element. */
static void make_values(struct gen *g, uint64_t *values, uint32_t count, unsigned shape, unsigned bits)
{
	const uint64_t limit = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	uint64_t run = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t r = gen_random(g), v = 0;

		switch (shape) {
		case 0:
			v = r % 100;
			break;
		case 1:
			v = r % 40 == 0 ? gen_random(g) >> gen_random(g) % 64 : r % 255;
			break;
		case 2:
			v = r >> gen_random(g) % 64;
			break;
		case 3:
			run = r % 9 == 0 ? gen_random(g) : run;
			v = run;
			break;
		case 4:
			v = limit - r % 3;
			break;
		case 5:
			v = 250 + r % 10;
			break;
		}
		values[i] = v & limit;
	}
}

static int decode(unsigned bits, void *out, uint32_t count, uint8_t codec, const uint8_t *bytes, size_t size)
{
	switch (bits) {
	case 64:
		return ms_column_decode64(out, count, codec, bytes, size);
	case 32:
		return ms_column_decode32(out, count, codec, bytes, size);
	default:
		return ms_column_decode8(out, count, codec, bytes, size);
	}
}

static uint64_t element(const void *out, unsigned bits, uint32_t i)
{
	return bits == 64 ? ((const uint64_t *)out)[i] : bits == 32 ? ((const uint32_t *)out)[i] : ((const uint8_t *)out)[i];
}

static void round_trips(void **state)
{
	static const unsigned widths[] = {64, 32, 8};
	struct gen g = {.state = 1};
	uint64_t values[MAX_COUNT], out[MAX_COUNT + 1];

	(void)state;
	for (unsigned codec = 0; codec < FB_CODEC_COUNT; codec++) {
		for (unsigned round = 0; round < 300; round++) {
			unsigned bits = widths[round % 3];
			uint32_t count = (uint32_t)(round < 20 ? round : gen_random(&g) % MAX_COUNT);
			struct ms_buffer encoded = {0};
			uint8_t *exact;

			make_values(&g, values, count, codec == FB_CODEC_U8 ? 0 : round % 6, bits);
			assert_int_equal(ms_column_encode(&encoded, (uint8_t)codec, values, count), MS_OK);
			/* A copy of exactly its size: a sanitizer sees a read behind it. */
			exact = malloc(encoded.size + 1);
			assert_non_null(exact);
			memcpy(exact + 1, encoded.data, encoded.size);
			out[count] = 0x1234;
			assert_int_equal(decode(bits, out, count, (uint8_t)codec, exact + 1, encoded.size), MS_OK);
			for (uint32_t i = 0; i < count; i++)
				assert_int_equal(element(out, bits, i), values[i]);
			if (bits == 64)
				assert_int_equal(out[count], 0x1234);
			/* Neither more nor fewer bytes, nor another number of values. */
			if (encoded.size > 0)
				assert_int_equal(decode(bits, out, count, (uint8_t)codec, exact + 1, encoded.size - 1), MS_E_CORRUPT);
			if (count > 0 && codec != FB_CODEC_PATCHED && codec != FB_CODEC_SPLIT8)
				assert_int_equal(decode(bits, out, count - 1, (uint8_t)codec, exact + 1, encoded.size), MS_E_CORRUPT);
			free(exact);
			ms_buffer_free(&encoded);
		}
	}
}

static void encode32(void **state)
{
	static const uint32_t values[] = {1, 2, UINT32_MAX, 7};
	struct ms_buffer encoded = {0};
	uint32_t out[4];

	(void)state;
	assert_int_equal(ms_column_encode32(&encoded, FB_CODEC_DELTA, values, 4), MS_OK);
	assert_int_equal(ms_column_decode32(out, 4, FB_CODEC_DELTA, encoded.data, encoded.size), MS_OK);
	assert_memory_equal(out, values, sizeof(values));
	ms_buffer_free(&encoded);
}

static void exact_bytes(void **state)
{
	static const uint64_t values[] = {3, 255, 3, 254, 66000};
	static const struct {
		uint8_t codec;
		uint8_t bytes[40];
		size_t size;
	} cases[] = {
		{FB_CODEC_VARINT, {3, 0xff, 1, 3, 0xfe, 1, 0xd0, 0x83, 4}, 9},
		/* 66000 - 255 = 65745 = 0xd1 + 256 * 256; 256 is patched again: 255, then 1 + 256 * 0 */
		{FB_CODEC_PATCHED, {3, 255, 3, 254, 255, 0, 0xd1, 0, 255, 1, 0}, 11},
		{FB_CODEC_SPLIT8, {3, 255, 3, 254, 0xd0, 0, 0, 0, 0, 255, 2, 0}, 12},
		{FB_CODEC_RUN, {3, 1, 0xff, 1, 1, 3, 1, 0xfe, 1, 1, 0xd0, 0x83, 4, 1}, 14},
		{FB_CODEC_DELTA, {6, 0xf8, 3, 0xf7, 3, 0xf6, 3, 0xa4, 0x83, 8}, 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ms_buffer encoded = {0};

		assert_int_equal(ms_column_encode(&encoded, cases[i].codec, values, 5), MS_OK);
		assert_int_equal(encoded.size, cases[i].size);
		assert_memory_equal(encoded.data, cases[i].bytes, cases[i].size);
		ms_buffer_free(&encoded);
	}
}

static void refused(void **state)
{
	static const uint64_t big[] = {256};
	struct ms_buffer encoded = {0};
	uint64_t out[8];
	/* A run of nothing, runs that are too long or too short, a value that does not fit, an unknown codec. */
	static const struct {
		unsigned bits;
		uint32_t count;
		uint8_t codec, bytes[12];
		size_t size;
		int code;
	} cases[] = {
		{64, 2, FB_CODEC_RUN, {5, 0, 5, 2}, 4, MS_E_CORRUPT},
		{64, 2, FB_CODEC_RUN, {5, 3}, 2, MS_E_CORRUPT},
		{64, 2, FB_CODEC_RUN, {5, 1}, 2, MS_E_CORRUPT},
		{64, 1, FB_CODEC_RUN, {5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 11, MS_E_CORRUPT},
		{8, 1, FB_CODEC_VARINT, {0x80, 2}, 2, MS_E_CORRUPT},
		{8, 1, FB_CODEC_PATCHED, {255, 1, 0}, 3, MS_E_CORRUPT},
		{8, 1, FB_CODEC_SPLIT8, {0, 1}, 2, MS_E_CORRUPT},
		{8, 1, FB_CODEC_DELTA, {1}, 1, MS_E_CORRUPT},
		{32, 1, FB_CODEC_U64, {0, 0, 0, 0, 1, 0, 0, 0}, 8, MS_E_CORRUPT},
		{32, 1, FB_CODEC_VARINT, {0x80, 0x80, 0x80, 0x80, 0x10}, 5, MS_E_CORRUPT},
		{64, 1, FB_CODEC_U64, {0, 0, 0, 0, 0, 0, 0}, 7, MS_E_CORRUPT},
		{64, 1, FB_CODEC_COUNT, {0}, 1, MS_E_UNSUPPORTED},
		{64, 1, 255, {0}, 1, MS_E_UNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(decode(cases[i].bits, out, cases[i].count, cases[i].codec, cases[i].bytes, cases[i].size),
				 cases[i].code);
	assert_int_equal(ms_column_encode(&encoded, FB_CODEC_U8, big, 1), MS_E_ARGUMENT);
	assert_int_equal(ms_column_encode(&encoded, FB_CODEC_COUNT, big, 1), MS_E_UNSUPPORTED);
	ms_buffer_free(&encoded);
}

/* Patches of patches without end. */
static void patches_too_deep(void **state)
{
	uint8_t bytes[40];
	uint64_t out[1];

	(void)state;
	memset(bytes, 255, sizeof(bytes));
	for (size_t size = 1; size <= sizeof(bytes); size++)
		assert_int_equal(ms_column_decode64(out, 1, FB_CODEC_PATCHED, bytes, size), MS_E_CORRUPT);
}

/* Any bytes decode to something or to an error. */
static void garbage(void **state)
{
	struct gen g = {.state = 5};
	uint64_t out[64];
	int accepted = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t size = gen_random(&g) % 40;
		uint8_t *bytes = malloc(size + 1);
		uint64_t r = gen_random(&g);
		int rc;

		assert_non_null(bytes);
		for (size_t k = 0; k < size; k++)
			bytes[k] = (uint8_t)(r >> 50 & 1 ? gen_random(&g) | 0xf0 : gen_random(&g));
		rc = decode(r >> 40 & 1 ? 64 : r >> 41 & 1 ? 32 : 8, out, (uint32_t)(r % 64), (uint8_t)(r >> 20 & 7), bytes, size);
		assert_true(rc == MS_OK || rc == MS_E_CORRUPT);
		accepted += rc == MS_OK;
		free(bytes);
	}
	assert_true(accepted > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(varint_bytes), cmocka_unit_test(varint_invalid),   cmocka_unit_test(zigzag),
		cmocka_unit_test(round_trips),	cmocka_unit_test(encode32),	    cmocka_unit_test(exact_bytes),
		cmocka_unit_test(refused),	cmocka_unit_test(patches_too_deep), cmocka_unit_test(garbage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
