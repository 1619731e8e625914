/*
 * arena.h - the collector's side of the shared arena: creates it and knows where everything stands.
 *
 * The geometry is kept privately: the app can scribble over every byte of the arena, so nothing that the collector
 * uses to address memory is read back from it.
 *
 * Ownership: arena_close unmaps and closes. Errors: MS_E_IO with the system's reason. Thread-safety: one thread at a
 * time; the shared fields are atomics (record/arena_layout.h). Not signal-safe.
 */
#ifndef MS_RECORD_ARENA_H
#define MS_RECORD_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena_layout.h"
#include "format/errors.h"

/* How large the parts are. Rings come in two sizes: the first big_rings slots have the big ones. */
struct arena_geometry {
	uint32_t slots, big_rings;
	uint32_t big_ring_words, small_ring_words; /* powers of two */
	uint32_t modules, nodes;
	uint64_t graph_blocks;                     /* live blocks that a heap graph can have */
	uint64_t sampled;                          /* granules of sampled blocks, a power of two; 0: no samples */
	uint64_t hash_slots[MS_HASH_LEVELS];       /* powers of two */
};

extern const struct arena_geometry arena_generous; /* about 1.1 GiB of address space, committed when touched */
extern const struct arena_geometry arena_inside;   /* the same with small rings, for a recorder inside the program: what waits in a ring is
                                                      lost with the program, and each thread empties its own soon */
extern const struct arena_geometry arena_tight;    /* for programs under a limit of address space: 10 MiB */

uint64_t arena_bytes(const struct arena_geometry *geometry);

struct arena_options {
	uint32_t flags;                  /* enum ms_arena_flag */
	uint32_t clock;                  /* enum ms_arena_clock */
	uint32_t stack_depth_limit;
	uint64_t start_ticks;
	struct ms_guard_config guard;
	bool graph_at_exit;
	uint8_t graph_signal;            /* 0 = none */
	bool attached;                   /* to a process that runs: blocks live that nobody recorded, and the memory is its own memfd */
	int fd;                          /* attached: that memfd, empty, sealable; stays the caller's */
	struct ms_sample_config sample;  /* without its table */
	uint32_t backend;                /* enum ms_backend */
};

struct arena {
	struct arena_geometry geometry;
	uint64_t bytes;
	int fd;                          /* memfd, close-on-exec; size sealed */
	uint64_t inode;
	uint8_t *base;
	struct ms_arena_header *header;
	struct ms_slot *slots;
	struct ms_module_record *modules;
	struct ms_node *nodes;
	struct ms_graph_block *graph;    /* [geometry.graph_blocks] */
	bool sampled;                    /* not every birth is recorded */
	uint64_t rings_offset;
};

int arena_create(struct arena *a, const struct arena_geometry *geometry, const struct arena_options *options,
                 struct ms_error *err);
/* Gives the memory back that whoever else has the arena mapped would hold; what is read then is zero. */
void arena_empty(struct arena *a);
/* The arena that stands at base already, made by somebody else; MS_E_UNSUPPORTED when its parts are not ours. It has no descriptor. */
int arena_adopt(struct arena *a, void *base, const struct arena_geometry *geometry, struct ms_error *err);
void arena_close(struct arena *a);

uint64_t arena_ring_words(const struct arena *a, uint32_t slot);
const uint64_t *arena_ring(const struct arena *a, uint32_t slot);

/* Hooks pass through from now on, for ever; threads that wait are released. */
void arena_stop(struct arena *a);
/* Wakes every thread that waits for room. */
void arena_wake(struct arena *a);
/* Gives a drained slot of a finished thread back to the app. */
void arena_recycle(struct arena *a, uint32_t slot);

#endif
