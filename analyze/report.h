/*
 * report.h - what one replay of a trace found out, as plain structs; the only header of analyze/ that renderers see.
 *
 * Units stand in the names: *_bytes, *_ns (since the start of the recording), *_unix_ns; everything else counts.
 * Sizes are requested sizes. How blocks are counted is written in docs/ARCHITECTURE.md and schemas/report.schema.json,
 * in short:
 *   - allocations: blocks begun by an allocation call (realloc(NULL, n) and a realloc of a block that the trace does not
 *     know are allocations); frees: known blocks ended by a free (realloc(p, 0) is one); a realloc that succeeded is one
 *     reallocation and neither of both, in bytes it ends the old block and begins the new one.
 *   - live_blocks = allocations - frees - ended_by_exec.blocks;
 *     live_bytes  = allocated_bytes - freed_bytes - ended_by_exec.bytes.
 *     In a window live_bytes also has window.start_bytes; live_blocks has window.start_blocks.
 *   - a realloc to a block that was not recorded (a sample, a pause) is a free of the old one, from one that was not recorded an allocation.
 *   - a failed realloc changes nothing; a realloc that the recording saw begin but not end leaves its block alive.
 *   - a free of a block that the trace does not know is an unmatched free and nothing else.
 *   - the peak is the largest live_bytes after any event, or at the start of the window; the first time it was reached counts.
 *   - a block is temporary when its own free is among the next `temporary_window` allocation events (any allocation or
 *     free) of the thread that began it. A block ended by a realloc is not freed, so it is not temporary.
 *
 * A trace that is a sample is counted as what it is: all figures are of the sampled blocks, but those of `estimate`, which are of everything.
 *
 * Order: sites by node, threads by id; places (in a sample by the estimated peak first), functions and modules by peak bytes, then allocated bytes, then what
 * stands first in the trace; sizes by blocks, then size. Renderers sort copies.
 *
 * Ownership: ms_report_build allocates everything that the report points to, except strings, which are borrowed from
 * the trace: keep the trace open until ms_report_free. Errors: enum ms_status.
 * Thread-safety: a finished report is read-only and may be shared; building starts threads of its own.
 */
#ifndef MS_ANALYZE_REPORT_H
#define MS_ANALYZE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address_space.h"
#include "estimate.h"
#include "annotations.h"
#include "findings.h"
#include "format/errors.h"
#include "format/trace_types.h"
#include "holders.h"
#include "leaks.h"
#include "pauses.h"
#include "phases.h"
#include "system.h"
#include "timeline.h"

struct ms_cancel;
struct ms_cases;
struct ms_trace;

struct ms_report_options {
	const char *file;                /* path of the trace, for the report; NULL = "" */
	uint32_t temporary_window;       /* events; 0 = 1 */
	uint32_t timeline_buckets;       /* 0 = 120 */
	bool address_space;              /* fill report.address_space: costs a second pass */
	uint32_t timeline_by;            /* series besides the whole: bits 1u << enum ms_timeline_group */
	/*
	 * The window [from, to) of the trace that the report is about, as moments (moment.h); NULL = its start, its end. With `to` alone
	 * the report is what it would be had the recording ended there. Errors: those of ms_moment_find, and MS_E_ARGUMENT when `to` lies
	 * before `from`.
	 */
	const char *from, *to;
	unsigned threads;                /* 1: this one alone; 2: and one that decodes; 3: and one for analyses; 0 = by the CPUs and the events */
	/* Optional. Called now and then from the calling thread. */
	void (*progress)(void *arg, uint64_t events_done, uint64_t events_total);
	void *progress_arg;
	const struct ms_cancel *cancel;  /* format/cancel.h; NULL = never; then ms_report_build fails with MS_E_CANCELLED */
};
#define MS_TEMPORARY_WINDOW_MAX 65536u

/*
 * What the report is about. Counts and sums are of the events of the window, levels ("live") of its end, peaks the largest levels from
 * its start to its end, both included; findings, hand-overs and the like are those of its events; leaks and holders come from the last
 * heap graph taken in it. What a realloc is just taking from one address to another at either end is alive there. report.trace
 * speaks of the recording, but for the counts that say so.
 */
struct ms_report_window {
	bool given;                      /* false: the whole recording */
	uint64_t from_event, to_event;   /* its events: from_event .. to_event - 1 */
	uint64_t from_ns, to_ns;
	uint64_t start_blocks, start_bytes; /* alive at its start */
};
#define MS_TIMELINE_BUCKETS_MAX 100000u

struct ms_report_amount {
	uint64_t blocks, bytes;
};

/* ---- trace: what was recorded and how good it is ----------------------------------------------------------------- */

enum ms_report_ended {
	MS_REPORT_EXITED, MS_REPORT_SIGNALED, MS_REPORT_RUNNING, MS_REPORT_UNKNOWN, MS_REPORT_TRUNCATED
};

struct ms_report_trace {
	const char *file;
	uint32_t format_version;
	const struct ms_process *process;
	uint64_t duration_ns;            /* to the end record, or to the last event that could be read */
	enum ms_report_ended ended;
	int32_t exit_code, term_signal;  /* valid when exited, signaled */
	bool core_dumped, size_limit_reached;
	bool complete;                   /* ended, undamaged, nothing lost, within the size limit */
	uint64_t events, file_bytes;     /* events: in the window */
	uint64_t lost_events, lost_stacks, lost_threads, late_events;
	uint64_t lost_marks;             /* events that LOST records speak of; counts also where the end is missing */
	uint64_t pauses, paused_ns;      /* in the window: how often births were not recorded, and how long; report.pauses lists them */
	bool paused_before;              /* and before the window */
	uint64_t unmatched_frees, first_unmatched_ns, last_unmatched_ns; /* in the window */
	uint64_t frames, symbolized_frames;               /* distinct code addresses; of these, with a function name */
	uint64_t frame_uses, symbolized_frame_uses;       /* the same, weighted by the blocks begun under them */
	bool symbols_stored;             /* the recorder wrote symbols */
	bool damaged;
	struct ms_error damage;          /* when damaged: where reading stopped and why */
	struct ms_end guard;             /* its guard_* fields; zero when there is no end record */
	bool has_kind[256];              /* by enum ms_event_kind: there is such an event before the end of the window */
	uint32_t images;                 /* process images seen up to the end of the window: 1 + successful execs */
	uint64_t image_start_ns;         /* of the last one; 0 = there is only one */
};

/* ---- totals ------------------------------------------------------------------------------------------------------- */

struct ms_report_totals {
	uint64_t allocations, frees, reallocations;
	uint64_t allocated_bytes, freed_bytes;
	uint64_t live_blocks, live_bytes;
	uint64_t peak_bytes, peak_time_ns;
	uint64_t peak_blocks;            /* live at the moment of the byte peak */
	uint64_t most_blocks;            /* largest number of live blocks at any time */
	uint64_t unmatched_frees, temporary_allocations, zero_size_allocations;
	uint64_t failed_allocations;     /* calls that returned NULL, failed reallocs among them */
	struct ms_report_amount ended_by_exec;            /* alive when exec replaced the image: neither freed nor alive */
	uint64_t events_of_kind[256];    /* by enum ms_event_kind */
	uint32_t temporary_window;
};

/*
 * Blocks that the recording left out and summed up, because they were freed within within_ns of their birth: all other figures of the report are
 * without them, but the sites' culled_*. Sums are of periods: all that reach into the window count, whole.
 */
struct ms_report_culled {
	uint64_t within_ns;              /* 0: no block was left out, and the rest is 0 */
	uint64_t allocations, reallocations, bytes; /* bytes: of both */
	uint64_t mean_lifetime_ns;
	uint64_t from_ns, to_ns;         /* of the periods; both 0: there are none */
	uint64_t peak_bytes, peak_time_ns; /* highest live bytes with the culled blocks */
	uint64_t young_bytes;            /* the culled blocks alive at once were no more bytes than that */
	uint64_t early_events;           /* were written before they were as old as within_ns: blocks freed in time may be among them */
};

/* ---- stacks: shared by all sites ---------------------------------------------------------------------------------- */

/* One line of source (or one bare address) of a frame. */
struct ms_report_line {
	const char *function;            /* "" = unknown */
	const char *linkage_name;        /* mangled; "" = the same as function, or unknown */
	const char *file;                /* "" = unknown */
	const char *module;              /* path, "" = unknown */
	uint64_t offset;                 /* return address minus the module's load bias */
	uint32_t line;                   /* 0 = unknown */
	bool inlined;                    /* inlined into the line after it */
	bool allocator;                  /* allocates for its caller (allocator_frames.h): not the headline */
};

/*
 * Stacks as a tree: a node is a frame called by its parent's frame. Call paths that read the same (same functions, files
 * and lines; bare addresses: same module and offset) are one node, whatever their addresses. parent < index; node 0 is
 * the empty stack.
 */
struct ms_report_node {
	uint32_t parent;
	uint32_t first_line, line_count; /* into lines[]: innermost inline level first */
};

/* ---- sites -------------------------------------------------------------------------------------------------------- */

/* A site is a call path (a node) under which blocks were begun. */
struct ms_report_site {
	uint32_t node;                   /* its call path, and its id in reports */
	uint64_t allocations, reallocations; /* blocks begun here by each; they sum up to the totals */
	uint64_t allocated_bytes;
	uint64_t frees;                  /* blocks of this site that were freed */
	uint64_t live_blocks, live_bytes;
	uint64_t peak_blocks, peak_bytes; /* share of the global peak */
	uint64_t own_peak_bytes;         /* largest live_bytes of this site alone */
	uint64_t temporary_allocations;
	uint64_t ended_blocks;           /* blocks freed or reallocated: those with a lifetime */
	uint64_t mean_lifetime_ns;       /* of these; 0 when there are none */
	struct ms_path_estimate estimate; /* of everything, when the trace is a sample */
	uint64_t culled_blocks, culled_bytes; /* begun here, by realloc too, and left out of everything else */
};

/*
 * All sites with the same headline (see ms_report_headline): a place in the source, whatever led there. Deep programs have
 * thousands of call paths to a dozen places.
 */
struct ms_report_place {
	const struct ms_report_line *line;   /* the headline; NULL = no stack */
	const struct ms_report_line *caller; /* of a bare address: the named function that it was called from, or NULL */
	uint32_t node;                   /* of its site with the largest share of the peak; ties: allocated bytes, node */
	uint64_t sites;                  /* call paths that lead here */
	uint64_t peak_sites, live_sites, temporary_sites; /* those of them with a share of the peak, of what lives, with temporary blocks */
	uint64_t allocations;            /* blocks begun, by realloc too */
	uint64_t allocated_bytes;
	uint64_t live_blocks, live_bytes;
	uint64_t peak_blocks, peak_bytes; /* share of the global peak */
	uint64_t temporary_allocations;
	struct ms_path_estimate estimate; /* of everything, when the trace is a sample */
};

/* A function, whatever called it: own = it is innermost, inclusive = it is anywhere on the path (recursion counts once). */
struct ms_report_function {
	const char *function;            /* "" = all frames of the module without a name */
	const char *module;
	uint64_t own_allocations, own_allocated_bytes, own_live_bytes, own_peak_bytes, own_temporary_allocations;
	uint64_t allocations, allocated_bytes, live_bytes, peak_bytes, temporary_allocations; /* inclusive */
};

/* By the module of the innermost frame that is no allocator wrapper. "allocations" counts blocks begun. */
struct ms_report_module {
	const char *module;              /* "" = unknown */
	uint64_t allocations, allocated_bytes, live_blocks, live_bytes, peak_bytes, temporary_allocations;
	uint64_t sites;
};

/* ---- threads ------------------------------------------------------------------------------------------------------ */

struct ms_report_thread {
	uint32_t id, tid, image;
	bool is_main;
	const char *name;                /* the last one given, "" = none */
	uint64_t start_ns, end_ns;       /* its start and end where recorded, else its first and last event */
	bool ended;                      /* its end was recorded */
	uint64_t events;
	/* Ledger 1: what it allocated, wherever it was freed. */
	uint64_t allocations, reallocations, allocated_bytes;
	uint64_t live_blocks, live_bytes, peak_bytes; /* of blocks that it began; the peak is its own */
	uint64_t temporary_allocations;
	/* Ledger 2: what it ended (frees and reallocs), whoever had allocated it. */
	uint64_t frees;
	struct ms_report_amount ended_own, ended_others;
	uint64_t unmatched_frees;
};

/* ---- distributions ------------------------------------------------------------------------------------------------ */

struct ms_report_size_class {
	uint64_t min_bytes, max_bytes;   /* inclusive; class 0 holds size 0 alone */
	uint64_t blocks, bytes;          /* begun */
	uint64_t live_blocks, live_bytes;
	uint64_t usable_bytes, live_usable_bytes; /* the same blocks as the allocator rounds them (usable.h); 0 without report.usable_rule */
};
struct ms_report_size {
	uint64_t size_bytes, blocks;
};
struct ms_report_lifetime {
	uint64_t min_ns, max_ns;         /* inclusive */
	uint64_t blocks, bytes;          /* ended by a free or a realloc */
};
/* Blocks of one size class that lived for one class of time: what size_classes and lifetimes are made of. */
struct ms_report_size_lifetime {
	uint8_t size_class, lifetime_class; /* into size_classes, lifetimes */
	uint64_t blocks, bytes;          /* ended by a free or a realloc; never 0 blocks */
};

/* ---- mappings: the program's own mmap family, never part of the totals -------------------------------------------- */

struct ms_report_mappings {
	uint64_t mmaps, mapped_bytes;
	uint64_t anonymous_mmaps, anonymous_bytes;        /* of these */
	uint64_t munmaps, unmapped_bytes;
	uint64_t mremaps, mremap_grown_bytes, mremap_shrunk_bytes;
	uint64_t brks;                   /* brk and sbrk calls */
	uint64_t sbrk_grown_bytes, sbrk_shrunk_bytes;
};

/* ---- frees of unknown blocks -------------------------------------------------------------------------------------- */

/* Where frees of unknown blocks came from, when the trace records stacks of frees. */
struct ms_report_unmatched {
	uint32_t node;
	uint64_t frees;
};

/* ---- safety: facts worth a look, none of them an error by itself --------------------------------------------------- */

/* Blocks that one thread allocated and another ended (free or realloc). */
struct ms_report_handover {
	uint32_t from, to;               /* thread ids */
	uint64_t blocks, bytes;
};
/* Blocks that the code of one module allocated and that of another ended. Needs stacks of frees. */
struct ms_report_boundary {
	const char *from, *to;           /* module paths */
	uint64_t blocks, bytes;
	uint32_t allocation_node, free_node; /* of the first one */
};
/* Requests for nothing, for 1 TiB and more, or for as much as a negative number makes (over 2^63 - 1). */
enum ms_odd_size_kind { MS_ODD_ZERO, MS_ODD_HUGE, MS_ODD_NEGATIVE };
struct ms_report_odd_size {
	uint8_t kind;                    /* enum ms_odd_size_kind */
	bool failed;                     /* the call returned NULL */
	uint32_t node;
	uint64_t requests;
	uint64_t first_bytes, first_ns;  /* the first request */
};
struct ms_report_safety {
	struct ms_report_handover *handovers; /* each list: most blocks first */
	size_t handover_count;
	struct ms_report_boundary *boundaries;
	size_t boundary_count;
	struct ms_report_odd_size *odd_sizes;
	size_t odd_size_count;
	uint64_t frees, frees_with_stack; /* blocks ended; of these, with the stack of the free */
	uint64_t omitted;                /* blocks and requests of rows beyond what is kept */
};

struct ms_report {
	struct ms_report_trace trace;
	struct ms_report_window window;
	struct ms_report_totals totals;
	struct ms_totals_estimate estimate; /* of everything, when the trace is a sample: ms_is_sample(trace.process) */
	struct ms_report_culled culled;

	struct ms_report_node *nodes;
	size_t node_count;
	struct ms_report_line *lines;
	size_t line_count;

	struct ms_report_site *sites;
	size_t site_count;
	struct ms_report_place *places;
	size_t place_count;
	struct ms_report_function *functions;
	size_t function_count;
	struct ms_report_module *modules;
	size_t module_count;
	struct ms_module *loaded;        /* executable and libraries, every loading of each, in the order of the trace */
	size_t loaded_count;
	struct ms_report_thread *threads;
	size_t thread_count;

	struct ms_report_size_class size_classes[65];
	struct ms_report_size *sizes;    /* exact sizes, all of them unless sizes_partial */
	size_t size_count;
	bool sizes_partial;              /* more distinct sizes than are kept: some large ones are missing */
	const char *usable_rule;         /* "glibc: ..."; NULL = not known for this allocator */
	struct ms_report_lifetime lifetimes[65]; /* class i: 2^(i-1) .. 2^i - 1 ns; class 0: 0 ns */
	struct ms_report_size_lifetime *size_lifetimes; /* by size class, then lifetime class; empty cells are left out */
	size_t size_lifetime_count;

	struct ms_report_mappings mappings;
	struct ms_report_bucket *timeline;
	size_t timeline_count;
	struct ms_timeline_group_series timeline_by[MS_TIMELINE_GROUP_COUNT];
	struct ms_report_phases phases;
	struct ms_report_pauses pauses;
	struct ms_report_snapshots snapshots;
	struct ms_report_unmatched *unmatched;
	size_t unmatched_count;

	struct ms_report_leaks leaks;
	struct ms_report_growth growth;
	struct ms_report_holders holders;

	struct ms_report_system system;
	struct ms_report_reconciliation reconciliation;
	struct ms_report_address_space address_space;

	struct ms_report_tasks tasks;
	struct ms_report_scopes scopes;
	struct ms_report_variables variables;
	struct ms_report_pools pools;

	struct ms_report_safety safety;
	struct ms_findings findings;
	struct ms_report *companion;     /* the other run's, when it was read (see ms_report_merge_companion); owned; else NULL */
	struct ms_cases *cases;          /* inside analyze/, while the report is made; NULL in a finished one */
};

#pragma GCC visibility push(default) /* part of libmemscope.so */

/* Replays the trace once and fills *out (all zero on error). Errors: MS_E_NOMEM, MS_E_ARGUMENT (an option out of range),
   MS_E_IO and MS_E_CORRUPT from reading events. */
int ms_report_build(struct ms_report *out, const struct ms_trace *trace, const struct ms_report_options *options,
                    struct ms_error *err);
void ms_report_free(struct ms_report *report); /* NULL allowed; leaves it all zero */

/* The first line of a call path, innermost first, that is no allocator wrapper (the innermost one if all are); NULL for
   node 0. What a site is called in one line. */
const struct ms_report_line *ms_report_headline(const struct ms_report *report, uint32_t node);

/* The report that holds stacks and threads of a finding in report->findings. */
static inline const struct ms_report *ms_finding_home(const struct ms_report *report, const struct ms_finding *finding)
{
	return finding->run == 2 && report->companion ? report->companion : report;
}

#pragma GCC visibility pop

#endif
