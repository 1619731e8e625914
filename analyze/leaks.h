/*
 * leaks.h - leaks of a heap graph, and sites that grow, as plain structs.
 *
 * Kinds are those of Memcheck (analyze/graph/reach.h has the definitions). A trace without a usable graph has no leaks to
 * speak of: then `observable` is false, and `alive` is what was alive at the end, which is no more than that.
 *
 * Units stand in the names; bytes are requested sizes. Groups: by kind (definite, possible, indirect, reachable), then bytes with
 * what hangs on them, then node. Ownership: belongs to the struct ms_report. Thread-safety: pure data.
 */
#ifndef MS_ANALYZE_LEAKS_H
#define MS_ANALYZE_LEAKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "findings.h"

enum ms_leak_kind { MS_LEAK_DEFINITE, MS_LEAK_POSSIBLE, MS_LEAK_INDIRECT, MS_LEAK_REACHABLE, MS_LEAK_KINDS };

struct ms_leak_amount {
	uint64_t blocks, bytes;
};

/* One edge of a cycle: at `offset` of the block stands a pointer to target_offset of the next one. */
struct ms_leak_link {
	uint64_t block;                  /* block id */
	uint64_t offset, target_offset;
};
#define MS_LEAK_CYCLE_LINKS 8u

/* The blocks of one kind that were begun under one call path. */
struct ms_leak {
	uint8_t kind;                    /* enum ms_leak_kind */
	bool suppressed;
	uint32_t node;                   /* call path: index into nodes of the report */
	uint64_t blocks, bytes;
	uint64_t indirect_blocks, indirect_bytes; /* definite: indirectly lost blocks that hang on them */
	uint64_t in_cycle_blocks;        /* definite, indirect: blocks of the group that lie on a cycle of lost blocks */
	uint64_t first_block, last_block; /* the ones born first and last: block ids, which count allocations */
	uint64_t first_ns, last_ns;      /* when */
	uint64_t min_bytes, max_bytes;
	uint64_t frequent_bytes, frequent_blocks; /* the most frequent size, the smaller one of equals; how many have it */
	/* The example: the one that retains most, the one born first of equals. */
	uint64_t example_block, example_address, example_bytes, example_retained_bytes, example_ns;
	uint32_t example_thread;         /* that allocated it: thread id */
	uint8_t example_kind;            /* enum ms_event_kind of its allocation */
	uint32_t example_position;       /* in the graph */
	const char *type;                /* C++ class of the example by its vtable; NULL = not known */
	/* A shortest cycle through the example: its first links; cycle_count = its length in blocks, 0 = it lies on none. */
	uint64_t cycle_count;
	struct ms_leak_link cycle[MS_LEAK_CYCLE_LINKS];
	char fingerprint[MS_FINGERPRINT_TEXT]; /* of its finding; "" = it is none (reachable, or beyond the limit of findings) */
};

enum ms_leak_doubt {                 /* what weakens what is said about leaks */
	MS_DOUBT_UNSCANNED_THREADS = 1u << 0, /* registers of some threads are not known */
	MS_DOUBT_UNSCANNED_RANGES = 1u << 1,  /* some memory could not be read, or changed while it was read */
	MS_DOUBT_TIME = 1u << 2,         /* the scan stopped early */
	MS_DOUBT_BLOCKS = 1u << 3,       /* some live blocks are not in the graph */
	MS_DOUBT_INCOMPLETE = 1u << 4,   /* the scan was not finished */
	MS_DOUBT_INHERITED = 1u << 5,    /* a forked child: blocks born before the fork are not known */
	MS_DOUBT_UNKNOWN = 1u << 7,      /* some blocks of the graph are not alive by the events */
	MS_DOUBT_UNSEEN = 1u << 8,       /* not all blocks were recorded: what the others point to counts as held */
	MS_DOUBT_LOST = 1u << 6,         /* events were lost: some blocks may be missing, or freed */
};

struct ms_report_leaks {
	bool observable;
	const char *reason;              /* why not; static text; NULL when observable */
	uint32_t doubts;                 /* enum ms_leak_doubt */
	struct ms_leak_amount kind[MS_LEAK_KINDS];
	struct ms_leak_amount suppressed; /* of definite, possible and indirect */
	struct ms_leak_amount alive;     /* not observable: alive at the end */
	struct ms_leak *leaks;
	size_t leak_count;               /* call paths over all kinds */
	size_t paths[MS_LEAK_KINDS];     /* call paths of each kind */
	uint64_t cycles, cycle_blocks;   /* cycles of lost blocks (strongly connected components), and blocks on them */

	/* The graph. */
	size_t graph_count;              /* in the trace; the last one is what was analyzed */
	uint8_t graph_reason;            /* enum ms_graph_reason, format/evidence.h */
	uint64_t graph_ns, pause_ns, scanned_bytes;
	uint64_t graph_blocks, graph_edges, graph_roots;
	uint64_t unscanned_threads, unscanned_ranges, unscanned_bytes;
	uint64_t unscanned_blocks;       /* alive when it was taken, but not in it */
	uint64_t unknown_blocks;         /* in it, but not alive by the events: of unknown size */
};

/*
 * Suspicion from growth: how live bytes of a site moved through the windows of the second half of the run. Inferred, no leak. The
 * level of a window is the least that was alive in it.
 */
enum ms_growth_verdict {
	MS_GROWTH_LEAK,                  /* never fell before the last window, rose in most: as a leak does */
	MS_GROWTH_CACHE,                 /* rose, never fell before the last window, stayed flat through the last quarter: as a full cache */
};
struct ms_growing_site {
	uint32_t node;
	uint8_t verdict;                 /* enum ms_growth_verdict */
	uint64_t from_bytes, to_bytes;   /* least live bytes in the first and in the last window; in the last but one when
	                                    all that is freed in the last, as at an exit */
	uint64_t from_blocks, to_blocks; /* live at the end of these windows */
	uint32_t rises;                  /* windows whose least level was above that of the window before */
	uint32_t flat;                   /* windows at the end without a rise */
	uint64_t slope_bytes_per_hour;   /* least squares over the levels of the windows */
	uint64_t first_allocation_ns;    /* in the recording */
	uint64_t last_allocation_ns;     /* in the windows */
};
/*
 * A site whose level goes up and down with a regular period. The period is looked for among MS_PERIOD_STEPS mean levels of the second
 * half; it repeats at least 3 times there, spans at least 6 of them, and rises and falls once in each. Said only when the levels
 * correlate with themselves one period later to MS_PERIOD_LEAST_PERCENT, and two periods later to MS_PERIOD_TWICE_PERCENT, and their
 * means move at least half as far as the level itself: else what is faster than the steps could look like a slow period.
 */
#define MS_PERIOD_STEPS 128u
#define MS_PERIOD_LEAST_PERCENT 75u
#define MS_PERIOD_TWICE_PERCENT 60u
#define MS_PERIOD_SITES_MAX 65536u       /* sites looked at, those that change first */
struct ms_periodic_site {
	uint32_t node;
	uint32_t correlation_percent;    /* with itself, one period later */
	uint64_t period_ns;              /* as exact as a step: (to_ns - from_ns) / MS_PERIOD_STEPS */
	uint64_t low_bytes, high_bytes;  /* least and most that was alive in the second half */
};
struct ms_report_growth {
	bool observable;
	const char *reason;              /* why not; static text */
	uint32_t windows;                /* looked at: the last ones of the run */
	uint64_t window_ns;
	uint64_t from_ns, to_ns;         /* what they cover */
	uint64_t sites_checked;          /* sites with live blocks in these windows */
	struct ms_growing_site *sites;   /* MS_GROWTH_LEAK, by growth in bytes */
	size_t site_count;
	struct ms_growing_site *filled;  /* MS_GROWTH_CACHE, by growth in bytes */
	size_t filled_count;
	struct ms_periodic_site *periodic; /* by how far they move */
	size_t periodic_count;
	uint64_t period_unchecked;       /* sites that changed, but were too many to look for a period */
};

#endif
