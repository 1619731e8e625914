/*
 * Property: a reader takes any file. What it accepts it reads to the end or to an error with an offset, from the start
 * and from the middle.
 * Checksums are made right first, else nothing behind them would ever be reached.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "format/block.h"
#include "format/bytes.h"
#include "format/trace_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

/* Reads all events from `first` on and every value of them; the sum keeps the compiler from leaving that out. */
static volatile uint64_t sink;
static void digest(const struct ms_trace *t, uint64_t first)
{
	struct ms_cursor *c;
	struct ms_batch b;
	struct ms_error err;
	uint64_t sum = 1;

	if (ms_cursor_open(&c, t, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, first, 1, &err) != MS_OK)
		return;
	for (;;) {
		const struct ms_live_block *live;
		size_t n;

		if (ms_cursor_next(c, &b, &err) != MS_OK) {
			if (err.offset == MS_NO_OFFSET || err.message[0] == 0)
				abort();
			break;
		}
		if (b.count == 0) {
			if (ms_cursor_live(c, &live, &n, &err) != MS_OK)
				abort();
			break;
		}
		for (uint32_t i = 0; i < b.count; i++)
			sum = sum * 31 + b.kind[i] + b.time_ns[i] + b.thread[i] + b.size_bytes[i] + b.block[i] + b.stack[i] +
			      b.birth_stack[i] + b.birth_ns[i] + b.address[i] + b.arg[i][0] + b.arg[i][1];
	}
	ms_cursor_close(c);
	sink = sum;
}

static void touch_tables(const struct ms_trace *t)
{
	size_t sum = 0, n;

	for (uint32_t id = 0; id <= ms_trace_string_count(t) + 1; id++)
		sum += strlen(ms_trace_string(t, id));
	for (uint32_t id = 1; id <= ms_trace_module_count(t); id++) {
		const struct ms_module *m = ms_trace_module(t, id);

		sum += strlen(m->path);
		for (size_t i = 0; i < m->build_id_bytes; i++)
			sum += m->build_id[i];
	}
	for (uint32_t id = 1; id <= ms_trace_stack_count(t); id++) {
		if (ms_trace_stack(t, id)->parent >= id || ms_trace_frame(t, ms_trace_stack(t, id)->frame) == NULL)
			abort();
	}
	for (uint32_t id = 0; id <= ms_trace_frame_count(t) + 1; id++) {
		const struct ms_symbol *s = ms_trace_symbols(t, id, &n);

		for (size_t i = 0; i < n; i++)
			sum += strlen(ms_trace_string(t, s[i].function)) + s[i].line;
	}
	for (size_t i = 0; i < ms_trace_process(t)->command_count; i++)
		sum += strlen(ms_trace_process(t)->command[i]);
	sink = sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	struct ms_trace *t;
	struct ms_error err;

	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	make_checksums_right(bytes, size);
	if (ms_trace_open_memory(&t, bytes, size, &err) == MS_OK) {
		touch_tables(t);
		digest(t, 0);
		/* From the middle: through a keyframe, where there is one. */
		digest(t, ms_trace_event_count(t) / 2);
		ms_trace_close(t);
	} else if (err.message[0] == 0) {
		abort();
	}
	free(bytes);
	return 0;
}
