#include "evidence_ingest.h"

#include <string.h>

#include "format/evidence.h"

static bool known_kind(uint8_t kind)
{
	switch (kind) {
#define X(number, id, name) case MS_EVIDENCE_##id:
	MS_EVIDENCE_KINDS(X)
#undef X
		return true;
	default:
		return false;
	}
}

static bool known_check(uint8_t check)
{
	switch (check) {
#define X(number, id, name) case MS_CHECK_##id:
	MS_CHECK_KINDS(X)
#undef X
		return true;
	default:
		return false;
	}
}

uint32_t evidence_ingest(struct trace_tables *tables, struct ms_writer *writer, const struct tick_clock *clock,
                         const uint64_t *words, size_t count)
{
	struct ms_evidence_entry e;
	struct ms_evidence evidence;
	size_t byte_words;

	if (count < MS_ENTRY_EVIDENCE_WORDS)
		return 0;
	memcpy(&e, words, sizeof e);
	byte_words = ((size_t)e.byte_count + 7) / 8;
	if (!known_kind(e.kind) || !known_check(e.check) || e.access > MS_ACCESS_WRITE || e.byte_count > MS_EVIDENCE_BYTES ||
	    (e.register_count != 0 && e.register_count != MS_EVIDENCE_REGISTERS) ||
	    count < MS_ENTRY_EVIDENCE_WORDS + byte_words + e.register_count)
		return 0;
	evidence = (struct ms_evidence){
		.kind = e.kind, .access = e.access, .check = e.check, .freed = e.freed != 0, .expected = e.expected,
		.byte_count = e.byte_count, .register_count = e.register_count,
		.address = e.address, .length_bytes = e.length_bytes,
		.block_address = e.block_address, .block_bytes = e.block_bytes,
		.last_good_ns = e.last_good_ticks ? tick_clock_ns(clock, e.last_good_ticks) : 0,
		.stack = trace_tables_stack(tables, e.node),
		.bytes = (const uint8_t *)(words + MS_ENTRY_EVIDENCE_WORDS),
		.registers = words + MS_ENTRY_EVIDENCE_WORDS + byte_words,
	};
	e.function[sizeof e.function - 1] = '\0';
	evidence.function = ms_writer_string(writer, e.function, strlen(e.function));
	return ms_writer_evidence(writer, &evidence);
}

bool evidence_shows_error(const uint64_t *words)
{
	struct ms_evidence_entry e;

	memcpy(&e, words, sizeof e);
	return e.kind != MS_EVIDENCE_FREED_STACK;
}
