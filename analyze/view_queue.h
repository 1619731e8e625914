/*
 * view_queue.h - hands views from the thread that makes them to the thread that analyses them.
 *
 * A ring of a few views with room for their arrays. One producer, one consumer: the producer takes room
 * (ms_view_queue_room), lets steps.c fill it, and passes it on (ms_view_queue_push copies what still points elsewhere);
 * the consumer calls its function on one view after the other, in order, on a thread of the queue's own.
 *
 * Errors: the first failure of the function ends the consumer and comes back from the next push and from close.
 * Ownership: the queue owns its ring and its thread. Thread-safety: one producer.
 */
#ifndef MS_ANALYZE_VIEW_QUEUE_H
#define MS_ANALYZE_VIEW_QUEUE_H

#include "analysis.h"
#include "steps.h"

struct ms_view_queue;

typedef int ms_view_function(void *context, const struct ms_view *view, struct ms_error *err);

/* MS_E_UNSUPPORTED when no thread can be had (*out is NULL then; nothing is in *err): work without one. */
int ms_view_queue_open(struct ms_view_queue **out, ms_view_function *function, void *context, struct ms_error *err);
/* Room for the next view; waits until there is some. */
struct ms_view_room *ms_view_queue_room(struct ms_view_queue *q);
/* The view that was made in the room taken last. */
int ms_view_queue_push(struct ms_view_queue *q, const struct ms_view *view, struct ms_error *err);
/* Waits until all views are through (drain) or only for the one in work; frees the queue. NULL allowed: MS_OK. */
int ms_view_queue_close(struct ms_view_queue *q, bool drain, struct ms_error *err);

#endif
