/*
 * recording_triggers.h - the snapshots that a recording takes by itself: snapshot_triggers.h, applied to a struct recording.
 *
 * triggers_init before the first entry; triggers_rss after a sample of the monitor; triggers_look about every 20 ms; triggers_signaled
 * when memscope-record got the signal for it (nothing while there is no trace to put it in). Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_RECORDING_TRIGGERS_H
#define MS_RECORD_RECORDING_TRIGGERS_H

#include "recording.h"

void triggers_init(struct recording *r);
void triggers_rss(struct recording *r);
void triggers_look(struct recording *r);
void triggers_signaled(struct recording *r);

#endif
