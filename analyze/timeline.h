/*
 * timeline.h - result structs about the heap over time: the whole of it, and by what it is made of.
 *
 * Part of the report (report.h); what holds there holds here. Time is cut into buckets of equal length: bucket i covers
 * [start_ns of i, start_ns of i + 1). Levels (live bytes and blocks) keep their least and their largest value in each bucket, the
 * level at its start included, so that no peak is lost by the resolution.
 *
 * Series by site, thread, ... are sparse: a bucket in which nothing happened to a key has no cell; the level is there the `last` of the
 * cell before it (0 before the first one). Keys are sorted, cells are in order of time, and at every bucket the last levels of all
 * series of a group add up to those of the whole.
 */
#ifndef MS_ANALYZE_TIMELINE_H
#define MS_ANALYZE_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

struct ms_report_bucket {
	uint64_t start_ns;
	uint64_t min_live_bytes, max_live_bytes, last_live_bytes;
	uint64_t max_live_blocks, last_live_blocks;
	uint64_t allocations, frees;     /* blocks begun; blocks ended; reallocs that succeed count in both */
	uint64_t allocated_bytes, freed_bytes; /* of these; over all buckets they add up to those of report->totals */
};

/* What series are made by. Each is one bit of ms_report_options.timeline_by. */
#define MS_TIMELINE_GROUPS(X)                                                                                          \
	X(SITE, "site", "call path: its node")                                                                         \
	X(THREAD, "thread", "thread that began the blocks: its id")                                                    \
	X(MODULE, "module", "module of the headline of the call path: index into report->modules")                     \
	X(SIZE, "size", "size class: index into report->size_classes")                                                 \
	X(FAMILY, "family", "call that began the block: number of its event kind (format/events.h)")

enum ms_timeline_group {
#define X(id, name, summary) MS_TIMELINE_##id,
	MS_TIMELINE_GROUPS(X)
#undef X
	MS_TIMELINE_GROUP_COUNT
};

/*
 * Cells of one group; series that need more make ms_report_build fail with MS_E_LIMIT: rather a clear refusal than series whose
 * buckets are others than those of the whole.
 */
#define MS_TIMELINE_CELLS_MAX (1u << 24)

/* What happened to one key in one bucket. */
struct ms_timeline_cell {
	uint32_t bucket;
	uint32_t allocations, frees;     /* blocks begun and ended; at UINT32_MAX they stop */
	uint64_t min_live_bytes, max_live_bytes, last_live_bytes, last_live_blocks;
	uint64_t allocated_bytes, freed_bytes;
};

struct ms_timeline_series {
	uint32_t key;
	size_t first_cell, cell_count;   /* into cells of the group */
};

struct ms_timeline_group_series {
	struct ms_timeline_series *series; /* NULL: not asked for */
	size_t series_count;
	struct ms_timeline_cell *cells;
	size_t cell_count;
};

struct ms_timeline_group_info {
	const char *name, *summary;
};

#pragma GCC visibility push(default) /* part of libmemscope.so */
extern const struct ms_timeline_group_info ms_timeline_groups[MS_TIMELINE_GROUP_COUNT];

/*
 * Merges neighbours so that at most n buckets are left: least and largest levels, last levels and sums are those of what was merged.
 * out: room for n, may be `in` itself. Returns how many there are: n, or count when that is less. Pure.
 */
size_t ms_timeline_decimate(struct ms_report_bucket *out, size_t n, const struct ms_report_bucket *in, size_t count);
/*
 * The same of one series over `count` buckets: cells are numbered by the new buckets then. out: room for n or cell_count cells,
 * whichever is less; may be `cells` itself. Returns how many cells there are.
 */
size_t ms_timeline_decimate_cells(struct ms_timeline_cell *out, size_t n, size_t count, const struct ms_timeline_cell *cells,
                                  size_t cell_count);
#pragma GCC visibility pop

#endif
