/*
 * checksums.h - makes the checksums of a changed trace right, else nothing behind them would ever be reached.
 */
#ifndef MS_TESTS_FUZZ_CHECKSUMS_H
#define MS_TESTS_FUZZ_CHECKSUMS_H

#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

#include "format/block.h"
#include "format/bytes.h"

static void make_checksums_right(uint8_t *bytes, size_t size)
{
	size_t at = MS_FILE_HEADER_BYTES;

	if (size < MS_FILE_HEADER_BYTES)
		return;
	ms_store64(bytes + 56, XXH3_64bits(bytes, 56));
	while (size - at >= MS_BLOCK_HEADER_BYTES) {
		uint32_t stored = ms_load32(bytes + at + 8);

		if (stored > size - at - MS_BLOCK_HEADER_BYTES)
			return;
		ms_store64(bytes + at + 48, XXH3_64bits(bytes + at + MS_BLOCK_HEADER_BYTES, stored));
		ms_store64(bytes + at + 56, XXH3_64bits(bytes + at, 56));
		at += MS_BLOCK_HEADER_BYTES + stored;
	}
}

#endif
