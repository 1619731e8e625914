/*
 * diff.h - what differs between two sides of reports (old and new, one run or several each), as plain structs.
 *
 * Call paths are paired by the names of their functions, see diff/frame_names.h and diff/pairing.h: no addresses, lines,
 * files or folders. A row is one paired call path whose numbers differ; what is equal on both sides is only counted, unless it is asked for.
 *
 * With one run per side any difference is a change. With several, each number has a band per side, minimum to maximum of
 * its runs; it is a change only when the bands do not overlap and the gap between them is wider than the wider band. What
 * differs otherwise is noise. Values of a run that is a sample are estimates; a difference within 2 standard errors is noise, whatever
 * the bands say, and what a sample cannot tell (temporary blocks, leaked bytes) is not observable. Representative of a side is its median (of an even number of runs the lower one): one that
 * was measured.
 *
 * Units: see the metrics; *_ns since the start of the recording. How blocks count: report.h. Peak is the share of a call path in
 * the global peak of its run, so that call paths add up to the total.
 *
 * Order: rows in no particular order but reproducible, renderers rank them; findings as in their reports; threads by name.
 * Ownership: ms_diff_build allocates what the diff points to, except strings and reports, which are borrowed: keep them and
 * their traces until ms_diff_free. Errors: MS_E_NOMEM, MS_E_ARGUMENT. Thread-safety: a finished diff is read-only.
 */
#ifndef MS_ANALYZE_DIFF_H
#define MS_ANALYZE_DIFF_H

#include "report.h"

struct ms_trace;

/* X(identifier, name, unit is bytes, what it is). Names are those of --fail-on where both speak of the same. */
#define MS_DIFF_METRICS(X)                                                     \
	X(PEAK, "peak", 1, "bytes at the peak")                                    \
	X(LIVE, "live-bytes", 1, "bytes alive at the end")                         \
	X(LIVE_BLOCKS, "live-blocks", 0, "blocks alive at the end")                \
	X(ALLOCATED, "allocated-bytes", 1, "bytes allocated in all")               \
	X(ALLOCATIONS, "allocations", 0, "allocations")                            \
	X(REALLOCATIONS, "reallocations", 0, "reallocations")                      \
	X(TEMPORARY, "temporary", 0, "blocks freed at once")                       \
	X(LEAK_DEFINITE, "leak-definite-bytes", 1, "bytes definitely lost")        \
	X(LEAK_INDIRECT, "leak-indirect-bytes", 1, "bytes indirectly lost")        \
	X(LEAK_POSSIBLE, "leak-possible-bytes", 1, "bytes possibly lost")

enum ms_diff_metric {
#define X(id, name, bytes, title) MS_DIFF_##id,
	MS_DIFF_METRICS(X)
#undef X
	MS_DIFF_METRIC_COUNT
};

struct ms_diff_metric_info {
	const char *name, *title;
	bool bytes;
};

enum ms_diff_change { MS_DIFF_SAME, MS_DIFF_GROWN, MS_DIFF_SHRUNK, MS_DIFF_NEW, MS_DIFF_GONE, MS_DIFF_NOISE, MS_DIFF_CHANGES };

struct ms_diff_side_value {
	uint64_t min, median, max;
};
struct ms_diff_value {
	struct ms_diff_side_value before, after;
	uint8_t change;                  /* enum ms_diff_change; totals are never new or gone */
};

enum ms_diff_pairing { MS_DIFF_EXACT, MS_DIFF_FUZZY, MS_DIFF_MERGED, MS_DIFF_UNPAIRED };

/* An example of a call path: of which run of the side (from 0), and its node there. */
struct ms_diff_path {
	uint32_t run, node;
	uint32_t sites;                  /* distinct call paths by name that were summed here; 0 = not on this side */
};

struct ms_diff_row {
	struct ms_diff_path before, after;
	uint8_t pairing;                 /* enum ms_diff_pairing: same names; similar names; several with several; one side only */
	uint32_t edits;                  /* frames inserted, removed or renamed between the two examples */
	struct ms_diff_value value[MS_DIFF_METRIC_COUNT];
};

/* A quantity of the whole report; rows of ms_gate_quantities in gate.h. Findings, errors and warnings: of the kinds that both sides could
   have found, in every run. */
struct ms_diff_total {
	const char *name, *summary;
	bool bytes;
	bool observable;                 /* on both sides, in every run; else the values mean nothing */
	struct ms_diff_value value;
};

/* How many call paths changed in one metric, and by how much (medians): [enum ms_diff_change]. */
struct ms_diff_summary {
	bool observable;
	uint64_t paths[MS_DIFF_CHANGES];
	uint64_t amount[MS_DIFF_CHANGES]; /* absolute */
};

struct ms_diff_finding {
	const struct ms_finding *finding; /* of the first run that has it */
	const struct ms_report *report;  /* that run; for stacks see ms_finding_home */
	uint32_t run;                    /* of its side, from 0 */
	uint32_t runs;                   /* how many runs of its side have it */
	bool comparable;                 /* the other side could have found it, in every run */
};

struct ms_diff_thread {
	const char *name;                /* "" = threads without a name; main threads are one, under the newer name */
	bool is_main;
	uint8_t presence;                /* enum ms_diff_change: same, new, gone */
	struct ms_diff_value threads, allocations, allocated_bytes, live_bytes, temporary;
};

struct ms_diff_side {
	const struct ms_report *const *reports;
	const struct ms_trace *const *traces; /* same order; NULL, or NULL entries: build-ids of modules are not known */
	size_t count;
};

struct ms_diff_options {
	bool ignore_templates;           /* template arguments play no part */
	bool keep_unchanged;             /* rows of call paths whose numbers are the same on both sides, too */
	uint64_t comparisons;            /* of fuzzy pairing, at most; 0 = MS_DIFF_COMPARISONS */
};
#define MS_DIFF_COMPARISONS 2000000u

struct ms_diff {
	struct ms_diff_side before, after;
	struct ms_diff_options options;
	struct ms_diff_total *totals;
	size_t total_count;
	struct ms_diff_summary summary[MS_DIFF_METRIC_COUNT];
	struct ms_diff_row *rows;
	size_t row_count;
	uint64_t paths_old, paths_new;   /* distinct by name, over all runs of the side */
	uint64_t paths_unchanged;        /* of which nothing differs: left out, unless keep_unchanged */
	uint64_t paths_fuzzy;            /* pairs that are not by the same names */
	bool programs_differ;            /* no run of one side is of a program that the other side has, by file name */
	bool same_recording;             /* one run a side, and both are the same part of the same recording */
	bool pairing_limited;            /* fuzzy pairing stopped at its limit: some new and gone paths may belong together */
	struct ms_diff_finding *new_findings, *fixed_findings;
	size_t new_finding_count, fixed_finding_count;
	uint64_t common_findings;        /* on both sides */
	uint32_t kinds_old, kinds_new;   /* bits 1 << enum ms_finding_kind that every run of the side could have found */
	struct ms_diff_thread *threads;
	size_t thread_count;
};

/* What became of a condition (--fail-on), for renderers. */
struct ms_diff_condition {
	const char *expression;
	uint8_t verdict;                 /* enum ms_gate_verdict; unknown: some trace cannot tell */
	const char *found;               /* as words */
};

#pragma GCC visibility push(default) /* part of libmemscope.so */

extern const struct ms_diff_metric_info ms_diff_metrics[MS_DIFF_METRIC_COUNT];

/* Compares; each side has 1 run or more. The arrays of the sides are borrowed, too. *out is all zero on error. */
int ms_diff_build(struct ms_diff *out, const struct ms_diff_side *before, const struct ms_diff_side *after,
                  const struct ms_diff_options *options, struct ms_error *err);
void ms_diff_free(struct ms_diff *diff); /* NULL allowed; leaves it all zero */

#pragma GCC visibility pop

/* What a path is an example of. */
static inline const struct ms_report *ms_diff_old_report(const struct ms_diff *d, const struct ms_diff_row *row)
{
	return d->before.reports[row->before.run];
}
static inline const struct ms_report *ms_diff_new_report(const struct ms_diff *d, const struct ms_diff_row *row)
{
	return d->after.reports[row->after.run];
}

static inline bool ms_diff_is_change(uint8_t change)
{
	return change != MS_DIFF_SAME && change != MS_DIFF_NOISE;
}

#endif
