/*
 * hostile_block.h - every byte of the payloads of one kind of block changed in turn, with the checksums made right: what a file may hold
 * that was made to do harm. The tables take it or refuse it with a reason; what they took is for `check`.
 */
#ifndef MS_TESTS_HOSTILE_BLOCK_H
#define MS_TESTS_HOSTILE_BLOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/trace_internal.h"

/* empty: the tables before each try. check and finish are called for these tables, check only when they took the block. */
static inline void change_every_byte(const struct ms_trace *trace, uint32_t kind, const struct ms_tables *empty,
                                     void (*check)(const struct ms_tables *), void (*finish)(struct ms_tables *))
{
	static const uint8_t changes[] = {1, 2, 0x80, 0xff};
	unsigned accepted = 0, rejected = 0;
	struct ms_error err;

	for (size_t i = 0; i < ms_trace_block_count(trace); i++) {
		const struct ms_block_info *info = ms_trace_block(trace, i);
		struct ms_unpacker u = {0};
		struct ms_block_header header;
		const uint8_t *body;
		uint8_t *raw;
		size_t size;

		if (info->kind != kind)
			continue;
		assert_int_equal(ms_block_load(&header, &trace->source, info->offset, &err), MS_OK);
		assert_int_equal(ms_block_unpack(&u, &trace->source, info->offset, &header, NULL, &body, &err), MS_OK);
		size = u.raw.size;
		raw = malloc(size);
		for (size_t at = 0; at < size; at++) {
			for (size_t c = 0; c < sizeof changes; c++) {
				struct ms_tables tables = *empty;

				memcpy(raw, u.raw.data, size);
				raw[at] ^= changes[c];
				if (ms_block_body(raw, size, kind, &body, &err) != MS_OK ||
				    ms_tables_add(&tables, kind, body, 0, &err) != MS_OK) {
					rejected++;
					assert_true(err.message[0] != 0);
				} else {
					accepted++;
					check(&tables);
				}
				finish(&tables);
				ms_tables_free(&tables);
			}
		}
		free(raw);
		ms_unpacker_free(&u);
	}
	assert_true(accepted > 0 && rejected > 100);
}

#endif
