/*
 * evidence_ingest.h - an EVIDENCE entry of a ring as a record of the trace.
 *
 * words: what stands behind word 1 of the entry (struct ms_evidence_entry, bytes, registers), count of them. The app may have
 * written over it: every field is checked. Returns the evidence id; 0 when the entry makes no sense or the writer has
 * failed (its status sticks).
 *
 * evidence_shows_error   of words that evidence_ingest took: is it about an error? (Who freed a sampled block is kept as evidence, too.)
 *
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_EVIDENCE_INGEST_H
#define MS_RECORD_EVIDENCE_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/trace_writer.h"
#include "tick_clock.h"
#include "trace_tables.h"

uint32_t evidence_ingest(struct trace_tables *tables, struct ms_writer *writer, const struct tick_clock *clock,
                         const uint64_t *words, size_t count);
bool evidence_shows_error(const uint64_t *words);

#endif
