/*
 * snapshot.h - any instant of a trace: what was alive, what had been counted; and what changed between two instants.
 *
 * A struct ms_snapshots stands at an instant (moment.h finds one from text) and goes to others. Ids and addresses are those of the trace;
 * a site is a node of struct ms_report, as in its lists and in SQL (sites.id).
 *
 *   what is alive     the blocks as ms_cursor_live tells them. A block between the two halves of a realloc is not among them: it
 *                     stands apart in `moving`, since reports count it as alive
 *   what was counted  with MS_SNAPSHOT_COUNTS: totals and threads, the numbers of ms_report_build with `to` at that instant
 *
 * What it costs:
 *   going forward     events in between; it starts at a keyframe or checkpoint (see below) when that is nearer
 *   going back        the events since the last keyframe before the instant; with counts since the last checkpoint of an index
 *                     (format/trace_index.h): keyframes have no counts, so without an index all events before it
 *   a difference      the same to its first instant, then every event between the two: realloc's ways are followed there
 *   memory            32 bytes per live block, 48 more for each in the list that ms_snapshot_at returns, and a ledger per thread; a difference
 *                     48 bytes per block of its first instant, 104 per row, and 88 per call path of the trace
 *
 * A part of a trace (ms_process.part) has counted nothing when it begins; what is alive then counts as alive.
 *
 * Ownership: a snapshot's arrays belong to the struct ms_snapshots until the next call with it; counts and differences to the caller until
 * their free function. Strings are the trace's. The trace must stay open.
 * Errors: MS_E_ARGUMENT (an instant behind the last event; counts that were not asked for; `to` before `from`), MS_E_NOMEM, and what reading
 * events says. After an error the next call starts afresh. Thread-safety: one thread at a time; the trace is only read.
 */
#ifndef MS_ANALYZE_SNAPSHOT_H
#define MS_ANALYZE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "moment.h"
#include "report.h"

struct ms_snapshots;

enum ms_snapshot_flags {
	MS_SNAPSHOT_COUNTS = 1u << 0,    /* totals and threads are wanted, and `moving` */
};

struct ms_snapshot {
	struct ms_instant at;
	const struct ms_live_block *blocks; /* alive, by id */
	size_t count;
	uint64_t bytes;                  /* of these */
	const struct ms_live_block *moving; /* alive, too: inside a realloc; by id. Only with MS_SNAPSHOT_COUNTS */
	size_t moving_count;
};

struct ms_snapshot_counts {
	struct ms_report_totals totals;  /* live_blocks = count + moving_count of the snapshot */
	struct ms_report_thread *threads; /* by id */
	size_t thread_count;
};

/*
 * What became of a block between two instants. Each block of the first instant is the `from` of one row, each of the second the `to`
 * of one; DIED and BORN have only one of them. So blocks(from) - DIED + BORN = blocks(to).
 */
enum ms_fate {
	MS_FATE_DIED,                    /* alive at the first instant only */
	MS_FATE_BORN,                    /* at the second only, and not made of one of the first by realloc */
	MS_FATE_SURVIVED,                /* as it was; with another id when a realloc of it failed */
	MS_FATE_GREW, MS_FATE_SHRANK,    /* by realloc, once or more often */
	MS_FATE_MOVED,                   /* by realloc, to the same size; perhaps to the same address */
	MS_FATE_COUNT
};

struct ms_snapshot_change {
	uint8_t fate;                    /* enum ms_fate */
	uint32_t from_site, to_site;     /* 0 where there is no block, too */
	struct ms_live_block from, to;   /* block 0: there is none */
};

/* Per site: from.blocks - died.blocks - moved_from.blocks + born.blocks + moved_to.blocks = to.blocks; the same in bytes. */
struct ms_snapshot_site {
	uint32_t site;
	struct ms_report_amount from, to; /* alive at the instants */
	struct ms_report_amount died, born, survived;
	struct ms_report_amount moved_from, moved_to; /* GREW, SHRANK, MOVED: as old blocks of this site, as new ones */
};

struct ms_snapshot_diff {
	struct ms_instant from, to;
	struct ms_snapshot_change *changes; /* by id of `from`; then those that were born, by id */
	size_t change_count;
	struct ms_snapshot_site *sites;  /* by site; those with a block at one of the instants */
	size_t site_count;
	struct ms_snapshot_site all;     /* the sum; site 0 */
	struct ms_report_amount fates[MS_FATE_COUNT]; /* bytes: of `to`; DIED: of `from` */
	uint64_t grown_bytes, shrunk_bytes; /* by how much blocks that GREW, SHRANK changed */
	uint64_t new_address;            /* of those that GREW, SHRANK or MOVED: how many have another address */
};

#pragma GCC visibility push(default) /* part of libmemscope.so */
/* flags: enum ms_snapshot_flags. Stands at the start; reads no events. */
int ms_snapshots_open(struct ms_snapshots **out, const struct ms_trace *trace, unsigned flags, struct ms_error *err);
/* Goes to the instant. Of *at only `event` matters; `time_ns` is passed on. */
int ms_snapshot_at(struct ms_snapshots *s, const struct ms_instant *at, struct ms_snapshot *out, struct ms_error *err);
/* What was counted up to where it stands. */
int ms_snapshot_counts(struct ms_snapshots *s, struct ms_snapshot_counts *out, struct ms_error *err);
void ms_snapshot_counts_free(struct ms_snapshot_counts *counts);
/* Goes to `from`, then to `to`. */
int ms_snapshot_diff_build(struct ms_snapshot_diff *out, struct ms_snapshots *s, const struct ms_instant *from, const struct ms_instant *to,
                           struct ms_error *err);
void ms_snapshot_diff_free(struct ms_snapshot_diff *diff);
void ms_snapshots_close(struct ms_snapshots *s); /* NULL allowed */

/* The block of a snapshot with this id; NULL: none (moving ones are not looked at). */
const struct ms_live_block *ms_snapshot_find(const struct ms_snapshot *snapshot, uint64_t block);
#pragma GCC visibility pop

#endif
