/*
 * Property: the payload of a block, whatever it holds, is refused or safe to use. The first byte is the kind of the block,
 * the rest its FlatBuffer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/block.h"
#include "format/event_decode.h"
#include "format/table_decode.h"
#include "format/trace_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_events(const uint8_t *body)
{
	static const struct ms_id_limits limits = {.strings = 10, .modules = 10, .threads = 10, .stacks = 1000, .evidence = 10};
	static struct ms_decoded *d;
	struct ms_error err;

	if (d == NULL && ms_decoded_create(&d, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, &err) != MS_OK)
		return;
	if (ms_events_decode(d, body, &limits, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, 0, &err) == MS_OK) {
		for (uint32_t i = 0; i < d->count; i++) {
			if (ms_event_kinds[d->kind[i]].name == NULL || d->thread[i] - 1 >= limits.threads ||
			    d->stack[i] > limits.stacks || (i > 0 && d->time_ns[i] < d->time_ns[i - 1]))
				abort();
		}
	} else if (err.message[0] == 0) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ms_tables tables = {.budget = 1 << 20, .string_count = 0};
	const uint8_t *body;
	struct ms_error err;
	uint8_t *aligned;
	unsigned kind;

	if (size < 1)
		return 0;
	kind = data[0];
	aligned = malloc(size);
	if (aligned == NULL)
		return 0;
	memcpy(aligned, data + 1, size - 1);
	if (ms_block_body(aligned, size - 1, kind, &body, &err) == MS_OK) {
		if (kind == MS_BLOCK_EVENTS)
			decode_events(body);
		/* Twice: the second time ids do not continue. */
		for (int i = 0; i < 2; i++) {
			if (ms_tables_add(&tables, kind, body, 0, &err) != MS_OK && err.message[0] == 0)
				abort();
		}
		ms_tables_finish(&tables, &err);
		ms_tables_free(&tables);
	}
	free(aligned);
	return 0;
}
