/* snapshot_internal.h - what snapshot.c and snapshot_diff.c share. Not for others. */
#ifndef MS_ANALYZE_SNAPSHOT_INTERNAL_H
#define MS_ANALYZE_SNAPSHOT_INTERNAL_H

#include "analysis.h"
#include "format/trace_reader.h"
#include "snapshot.h"
#include "steps.h"

#define MS_SNAPSHOT_ANALYSES 2

struct ms_snapshots {
	const struct ms_trace *trace;
	bool counts;
	struct ms_stack_map map;
	bool has_map;
	struct ms_cursor *cursor;        /* NULL: nowhere */
	uint64_t position;               /* event before which it stands */
	bool midway;                     /* counting began at a checkpoint */
	struct ms_instant at;
	struct ms_steps *steps;          /* with counts; else only while a difference is made */
	struct ms_view_room *room;
	void *states[MS_SNAPSHOT_ANALYSES]; /* with counts */
	struct ms_live_block *moves;     /* with counts: what reallocs took, in order; those that are over may still be there */
	size_t move_count, move_capacity;
};

/* The last event at or before this one at which a cursor can start without reading others; 0 = the beginning. */
uint64_t ms_nearest_start(const struct ms_trace *t, uint64_t event);
/* Makes s->map. */
int ms_snapshots_map(struct ms_snapshots *s, struct ms_error *err);
/* From where it stands on to an event at or behind that. After an error it stands nowhere. */
int ms_snapshots_advance(struct ms_snapshots *s, uint64_t event, struct ms_error *err);
int ms_snapshots_seek(struct ms_snapshots *s, const struct ms_instant *at, struct ms_error *err);

#endif
