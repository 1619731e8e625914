/*
 * moment.h - moments of a trace as people write them, and where in the trace they lie.
 *
 * A moment is a place between two events: after all events that came before it. Written as
 *
 *   12.5s 3ms 40us 1234567ns 2min 1h   time since the start of the recording: after the last event at or before it;
 *                                a fraction may not be finer than a nanosecond
 *   event:N                      after event N, numbered from 0 as `memscope-trace dump` does
 *   mark:TEXT                    after the first mark of the program with exactly this text
 *   snapshot:NAME                after the first snapshot with exactly this name
 *   peak                         after the event with which live bytes first reached their peak (report.h)
 *   live>SIZE blocks>N           after the first event after which live bytes, or blocks, are above it: live>100MiB; SIZE a
 *                                whole number of bytes, or of KiB, MiB, GiB, TiB
 *   start, end                   before the first event; after the last one, at the end of the recording
 *   50% 12.5%                    this share of the recording's duration, as a time (in a part of one: of the part's own); at most 6
 *                                digits after the point
 *
 * `12.5s`, `event:7` and the words must be written exactly like this, without blanks, in lower case (TEXT as it is).
 * Ownership: a parsed mark borrows its text from the string parsed. Errors: MS_E_ARGUMENT when it is not written so (the message says
 * what is expected); MS_E_NOT_FOUND when the trace has no such moment; those of the cursor and MS_E_NOMEM.
 * Cost of resolving: a time or an event reads one block of the file, a mark or a snapshot the trace up to it, the peak all of it, live> and blocks> up to
 * it; with an index the peak and marks nothing, live> and blocks> what follows one checkpoint; a mark
 * whose text the trace does not know, and the rest, nothing.
 * Thread-safety: the trace is only read.
 */
#ifndef MS_ANALYZE_MOMENT_H
#define MS_ANALYZE_MOMENT_H

#include <stdint.h>

#include "format/errors.h"

struct ms_cancel;
struct ms_trace;

enum ms_moment_kind {
	MS_MOMENT_START, MS_MOMENT_END, MS_MOMENT_PEAK, MS_MOMENT_TIME, MS_MOMENT_SHARE, MS_MOMENT_EVENT, MS_MOMENT_MARK,
	MS_MOMENT_LIVE, MS_MOMENT_BLOCKS, MS_MOMENT_SNAPSHOT
};

struct ms_moment {
	uint8_t kind;                    /* enum ms_moment_kind */
	uint64_t value;                  /* TIME: nanoseconds; SHARE: millionths of a percent; EVENT: its number; LIVE: bytes; BLOCKS: their number */
	const char *mark;                /* MARK, SNAPSHOT: its text */
};

/* Where a moment lies: events 0 .. event - 1 stand before it. */
struct ms_instant {
	uint64_t event;
	uint64_t time_ns;
};

#pragma GCC visibility push(default) /* part of libmemscope.so */
int ms_moment_parse(struct ms_moment *out, const char *text, struct ms_error *err);
int ms_moment_resolve(struct ms_instant *out, const struct ms_moment *moment, const struct ms_trace *trace, struct ms_error *err);
/* How many events have a time at or before time_ns: the ordinal of the first one after it. Decodes one block of events. */
int ms_moment_events_until(uint64_t *event, const struct ms_trace *trace, uint64_t time_ns, struct ms_error *err);
/* Both in one: from text to instant. */
int ms_moment_find(struct ms_instant *out, const char *text, const struct ms_trace *trace, struct ms_error *err);
/* The same, until it is cancelled (MS_E_CANCELLED); NULL = never. */
int ms_moment_find_or_cancel(struct ms_instant *out, const char *text, const struct ms_trace *trace, const struct ms_cancel *cancel,
                             struct ms_error *err);
#pragma GCC visibility pop

#endif
