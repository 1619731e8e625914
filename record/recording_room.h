/*
 * recording_room.h - how large the trace file may become, and how much of that is for events.
 *
 * No errors, no ownership. Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_RECORDING_ROOM_H
#define MS_RECORD_RECORDING_ROOM_H

#include "recording.h"

/* Bytes that the file may become (--max-size, ulimit -f, what is free on the disk; r->room_limit says which); UINT64_MAX = nothing is known to limit it. */
uint64_t recording_room(struct recording *r);
/* Tells r->ingest how much there is for events. */
void recording_limit_events(struct recording *r);

#endif
