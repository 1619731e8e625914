/*
 * event_gen.h - random but consistent streams of events, with what a reader must say about each, for tests of the
 * trace format; and a trace of them in memory.
 */
#ifndef MS_TESTS_EVENT_GEN_H
#define MS_TESTS_EVENT_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/events.h"
#include "format/stream.h"
#include "format/trace_types.h"

/* What ms_cursor_next must resolve for an event. */
struct gen_birth {
	uint64_t size_bytes, birth_ns;
	uint32_t stack, thread;
	uint8_t kind;
};

struct gen {
	uint64_t state;              /* of the random numbers */
	uint32_t threads, stacks, frames, strings, modules;
	bool free_stacks;
	bool odd;                    /* also rare kinds: failed reallocs, unmatched frees, mappings, huge sizes, execs */
	uint64_t time_ns, next_block;
	struct ms_live_block *live;  /* sorted by id */
	size_t live_count, live_capacity;
	struct ms_event *events;
	struct gen_birth *births;
	size_t count;
};

uint64_t gen_random(struct gen *g);
/* n events from a seed. */
void gen_init(struct gen *g, uint64_t seed, size_t n, bool odd);
void gen_free(struct gen *g);

/* How the trace is cut; 0 = default. A keyframe stands before the events at multiples of keyframe_every. */
struct gen_options {
	uint32_t events_per_block;
	size_t keyframe_every;
	bool no_end;
};
/* The events as a trace in s (a memory stream that the caller frees). Asserts on every error. */
void gen_write(struct gen *g, struct ms_stream *s, const struct gen_options *options);

/* Asserts that reading from event `first` gives exactly the events from there on; returns how many were read. The
   trace may be cut: then fewer is fine, but not different. */
struct ms_trace;
size_t gen_compare(const struct gen *g, const struct ms_trace *t, size_t first, unsigned threads, uint32_t columns,
		   bool whole);

#endif
