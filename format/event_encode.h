/*
 * event_encode.h - turns events into the columns of one Events block.
 *
 * ms_event_encoder_add appends one event at a time, straight into the encoded columns; ms_event_encoder_finish makes the
 * FlatBuffer. The events must have been checked (trace_writer.c does): block ids dense, times not decreasing.
 * Errors: MS_E_NOMEM from init and finish; adding cannot fail.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_FORMAT_EVENT_ENCODE_H
#define MS_FORMAT_EVENT_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "errors.h"
#include "events.h"
#include "fb_build.h"
#include "limits.h"

struct ms_event_encoder;

/* For blocks of at most max_events; empty after the first reset. */
int ms_event_encoder_create(struct ms_event_encoder **out, uint32_t max_events, struct ms_error *err);
void ms_event_encoder_destroy(struct ms_event_encoder *e); /* NULL allowed */
/* Starts an empty block: ordinal of its first event, id of the first block allocated in it. */
void ms_event_encoder_reset(struct ms_event_encoder *e, uint64_t first_event, uint64_t first_block, bool free_stacks);
/* The caller stops at max_events. */
void ms_event_encoder_add(struct ms_event_encoder *e, const struct ms_event *event);
uint32_t ms_event_encoder_count(const struct ms_event_encoder *e);
uint64_t ms_event_encoder_first_time(const struct ms_event_encoder *e);
/* The Events table; 0 when the builder failed. */
ms_fb_ref ms_event_encoder_finish(struct ms_event_encoder *e, struct ms_fb_builder *b);

#endif
