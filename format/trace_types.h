/*
 * trace_types.h - the records of a trace as plain structs, shared by writer and reader.
 *
 * They mirror the tables of schemas/trace.fbs (which has the units and meanings). Strings are borrowed: from the caller
 * when writing, from the struct ms_trace (until it is closed) when reading. Thread-safety: pure data.
 */
#ifndef MS_FORMAT_TRACE_TYPES_H
#define MS_FORMAT_TRACE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "direct_allocators.h"

#include "sampling.h"

enum ms_clock_source { MS_CLOCK_SOURCE_MONOTONIC = 0, MS_CLOCK_SOURCE_TSC = 1 };
enum ms_on_full { MS_ON_FULL_BLOCK = 0, MS_ON_FULL_DROP = 1 };
enum ms_ended { MS_ENDED_RUNNING = 0, MS_ENDED_EXITED = 1, MS_ENDED_SIGNALED = 2, MS_ENDED_UNKNOWN = 3 };

/* How the events were taken, and which. */
struct ms_capture {
	const char *backend, *backend_reason; /* NULL or "" = not said (traces before backends existed) */
	const char *preset;              /* NULL or "" = none */
	bool attached;                   /* to a program that ran already */
	uint8_t sampling;                /* enum ms_sampling */
	uint32_t sample_per_billion;     /* PER_UNIT, PER_ALLOCATION: probability, 1 .. 10^9 */
	uint64_t sample_bytes;           /* PER_BYTE: mean distance of recorded bytes, at least 1 */
	uint64_t sample_seed;
	uint64_t cull_ns;                /* blocks freed within this time are summed up; 0 = none are */
};

/* Blocks may have been born that the trace does not know, so that a free which ends no known block proves nothing: the recording began in a
   running or forked program or in an allocator inside the executable, or recorded a sample. (Pauses are events: what is born while paused is not known, either.) */
#define MS_BIRTHS_UNSEEN(process) \
	((process)->inherited_heap || (process)->births_before || (process)->births_elsewhere || (process)->capture.attached || (process)->capture.sampling != MS_SAMPLING_ALL)

/* An allocator that is reached without malloc's symbol: see direct_allocators.h for family and state. */
struct ms_direct_allocator {
	const char *module;              /* file name */
	bool executable;                 /* inside the executable */
	uint8_t family, state;
	uint32_t functions;
};

enum ms_part_kind { MS_PART_WHOLE = 0, MS_PART_SNAPSHOT = 1, MS_PART_WINDOW = 2 };

/* Whether recording was paused before a part begins, and still is there: blocks may live that are not known. */
enum ms_part_paused { MS_PART_NEVER_PAUSED = 0, MS_PART_PAUSED_BEFORE = 1, MS_PART_PAUSED_AT_START = 2 };

/* Where a trace that is a part of another one (trace_part.h) was taken from. */
struct ms_part {
	uint8_t kind;                    /* enum ms_part_kind; WHOLE: it is no part, the rest is 0 */
	const char *of;                  /* file name of the other one; NULL or "" = not known */
	uint64_t from_event, to_event;   /* its events from .. to - 1 */
	uint64_t from_ns, to_ns;
	uint64_t of_events, of_ns;       /* how many it had; how long it was */
	uint8_t paused;                  /* enum ms_part_paused */
};

struct ms_process {
	const char *const *command;      /* argc strings */
	size_t command_count;
	const char *executable, *working_directory, *host, *kernel, *architecture;
	const char *recorder, *allocator;
	const char *const *options;
	size_t options_count;
	uint32_t pid, parent_pid, page_size_bytes, stack_depth_limit;
	uint64_t start_time_unix_ns, clock_hz, max_size_bytes;
	uint8_t clock;                   /* enum ms_clock_source */
	uint8_t on_full;                 /* enum ms_on_full */
	bool free_stacks, inherited_heap;
	uint8_t guard;                   /* enum ms_guard_mode, evidence.h */
	uint8_t guard_side;              /* enum ms_guard_side */
	uint32_t guard_sample_rate;      /* sample mode: one allocation in so many; else 0 */
	const char *companion;           /* file name of the trace of the other side's run; NULL or "" = none */
	bool graph_at_exit;
	uint64_t monitor_interval_ns;    /* the process was to be sampled that often; 0 = not at all */
	struct ms_part part;
	struct ms_capture capture;
	const struct ms_direct_allocator *direct;
	size_t direct_count;
	/* What these mean for blocks: constructors of libraries may have used the executable's before it was recorded; some are not recorded. */
	bool births_before, births_elsewhere;
};

struct ms_module {
	const char *path;                /* "" = unknown */
	const uint8_t *build_id;
	size_t build_id_bytes;           /* at most 64 */
	uint64_t load_bias, start, end;
	uint32_t image;
};

struct ms_thread {
	uint32_t tid, image;
	bool is_main;
	uint32_t name;                   /* string id: its name when a part begins; else 0, events tell it */
};

struct ms_frame {
	uint64_t address;                /* return address */
	uint32_t module;                 /* module id, 0 = unknown */
};

struct ms_stack {
	uint32_t parent;                 /* stack id of the caller, 0 = outermost */
	uint32_t frame;
};

struct ms_symbol {
	uint32_t frame;
	uint32_t function, linkage_name, file; /* string ids, 0 = unknown */
	uint32_t line;                   /* 0 = unknown */
};

/* A live block: what a keyframe stores and what the reader's block table holds. */
struct ms_live_block {
	uint64_t block;                  /* block id */
	uint64_t address, size_bytes;
	uint64_t birth_ns;               /* time of the allocation */
	uint32_t stack, thread;          /* of the allocation */
	uint8_t kind;                    /* enum ms_event_kind of the allocation */
	uint8_t pad[7];
};

struct ms_end {
	uint64_t time_ns;
	uint8_t ended;                   /* enum ms_ended */
	bool core_dumped, size_limit_reached, symbolized;
	int32_t exit_code, term_signal;
	uint64_t events, blocks;
	uint64_t lost_events, lost_stacks, late_events, lost_threads;
	uint64_t peak_bytes, collector_cpu_ns, collector_rss_bytes;
	uint64_t guard_page_blocks, guard_canary_blocks, guard_plain_blocks; /* protected by a page, by redzones, not at all */
	uint64_t guard_checks, guard_calls, guard_dropped;
	const char *backend_note;        /* how the backend chose between its ways; NULL or "" = nothing */
};

/* What a guard saw (enums: evidence.h). The event of kind EVIDENCE that names it has time and thread. */
struct ms_evidence {
	uint8_t kind, access, check;
	bool freed;                      /* the block had been freed */
	uint8_t expected;                /* DAMAGE: what the bytes should have been */
	uint8_t byte_count, register_count;
	uint64_t address, length_bytes;  /* first byte concerned; 0 bytes = not known */
	uint64_t block_address, block_bytes; /* 0 = no block */
	uint64_t last_good_ns;           /* DAMAGE: last clean check, 0 = none since birth or free */
	uint32_t stack;
	uint32_t function;               /* string id, 0 = none */
	const uint8_t *bytes;            /* byte_count of them */
	const uint64_t *registers;       /* register_count of them */
};

/* A place that tracks a variable. All but line are ids, 0 = none. */
struct ms_variable {
	uint32_t name, type, file;       /* string ids */
	uint32_t line;
	uint32_t frame;
};

struct ms_graph_root {
	uint8_t kind;                    /* enum ms_root_kind, evidence.h */
	uint32_t module, thread, tid, frame, name;
	uint64_t start, end;
};

struct ms_unscanned {
	uint8_t reason;                  /* enum ms_unscanned_reason, evidence.h */
	uint64_t id, bytes;
};

/* A heap graph: the facts and roots. */
struct ms_graph {
	uint8_t reason;                  /* enum ms_graph_reason, evidence.h */
	bool complete;
	uint64_t time_ns, event, pause_ns, scanned_bytes;
	uint64_t blocks, edges;
	const struct ms_graph_root *roots;
	size_t root_count;
	const struct ms_unscanned *unscanned;
	size_t unscanned_count;
};

/*
 * Its blocks and edges as arrays. A block is known by its position here, 0 .. blocks - 1, in order of addresses. source[i] is
 * the position of a block, or `block_count` + index of a root. Edges are sorted by source, then source_offset.
 */
struct ms_graph_data {
	uint32_t block_count;
	uint64_t edge_count;
	const uint64_t *block;           /* [block_count] block ids */
	const uint64_t *first_word;      /* [block_count] first word of the block if it points into a module, else 0 */
	const uint32_t *source, *target; /* [edge_count] */
	const uint64_t *source_offset, *target_offset;
	const uint8_t *flags;            /* enum ms_edge_flag */
};

enum ms_unit { MS_UNIT_BYTES = 0, MS_UNIT_COUNT = 1, MS_UNIT_NANOSECONDS = 2, MS_UNIT_PERCENT = 3 };

/* Something that is measured again and again. All but unit and cumulative are string ids. */
struct ms_series {
	uint32_t name, source;
	uint32_t reason;                 /* why it could not be observed; 0 = it could */
	uint8_t unit;                    /* enum ms_unit */
	bool cumulative;                 /* grows from the start of the process: only differences say something */
};

struct ms_sample {
	uint64_t time_ns, value;
};

enum ms_region_flag { MS_REGION_READ = 1, MS_REGION_WRITE = 2, MS_REGION_EXECUTE = 4, MS_REGION_SHARED = 8 };

/* A mapping of the process: addresses [start, end), bytes of it in memory, of these anonymous, and swapped out. */
struct ms_region {
	uint64_t start, end;
	uint64_t resident_bytes, anonymous_bytes, swapped_bytes;
	uint32_t name;                   /* string id; 0 = without a name */
	uint8_t flags;                   /* enum ms_region_flag */
};

/* The address space at a moment; regions ascend by address and do not overlap. */
struct ms_footprint {
	uint64_t time_ns;
	const struct ms_region *regions;
	size_t region_count;
	bool complete;                   /* false: there were more mappings than are kept */
};

/* Sums over blocks under one stack that are no events (struct ms_capture.cull_ns). */
struct ms_culled_row {
	uint64_t allocations;            /* blocks begun by an allocation */
	uint64_t reallocations;          /* begun by a realloc of a culled block */
	uint64_t bytes, lifetime_ns;     /* of both */
	uint32_t stack;                  /* of these births; 0 = none */
};

/* Those that ended after from_ns, until to_ns; rows ascend by stack. */
struct ms_culled {
	uint64_t from_ns, to_ns;
	const struct ms_culled_row *rows;
	size_t row_count;
	uint64_t peak_bytes, peak_ns;    /* highest sum of all live blocks, culled ones included, in that time; and when */
	uint64_t young_bytes;            /* the most bytes of blocks not older than cull_ns: culled ones at once were no more */
	uint64_t early_events;           /* written before they were that old */
};

struct ms_data_symbol {
	uint64_t address, size_bytes;    /* runtime address of the object */
	uint32_t module;
	uint32_t name;                   /* string id */
};

#endif
