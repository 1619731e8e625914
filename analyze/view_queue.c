/* view_queue.c - see view_queue.h. */
#include "view_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define VIEWS 6 /* in the ring: enough that neither side waits for the other's hiccups, few enough for the cache */

struct ms_view_queue {
	ms_view_function *function;
	void *context;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t pushed, done;           /* views; under lock */
	bool waiting;                    /* the other side sleeps; under lock */
	bool ended, cancelled;           /* under lock */
	int status;                      /* of the consumer; under lock */
	struct ms_error error;
	struct ms_view view[VIEWS];
	struct ms_view_room room[VIEWS];
};

static void wait(struct ms_view_queue *q)
{
	q->waiting = true;
	pthread_cond_wait(&q->changed, &q->lock);
}

static void wake(struct ms_view_queue *q)
{
	if (q->waiting) {
		q->waiting = false;
		pthread_cond_signal(&q->changed);
	}
}

static void *consume(void *argument)
{
	struct ms_view_queue *q = argument;
	int rc = MS_OK;

	pthread_mutex_lock(&q->lock);
	while (rc == MS_OK && !q->cancelled) {
		const struct ms_view *view = &q->view[q->done % VIEWS];

		if (q->done == q->pushed) {
			if (q->ended)
				break;
			wait(q);
			continue;
		}
		pthread_mutex_unlock(&q->lock);
		rc = q->function(q->context, view, &q->error);
		pthread_mutex_lock(&q->lock);
		q->done++;
		q->status = rc;
		wake(q);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

int ms_view_queue_open(struct ms_view_queue **out, ms_view_function *function, void *context, struct ms_error *err)
{
	struct ms_view_queue *q = calloc(1, sizeof *q);

	*out = NULL;
	if (!q)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to replay the trace");
	q->function = function;
	q->context = context;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	if (pthread_create(&q->thread, NULL, consume, q)) {
		pthread_cond_destroy(&q->changed);
		pthread_mutex_destroy(&q->lock);
		free(q);
		return MS_E_UNSUPPORTED;
	}
	*out = q;
	return MS_OK;
}

struct ms_view_room *ms_view_queue_room(struct ms_view_queue *q)
{
	struct ms_view_room *room;

	pthread_mutex_lock(&q->lock);
	while (q->pushed - q->done == VIEWS && q->status == MS_OK)
		wait(q);
	room = &q->room[q->pushed % VIEWS];
	pthread_mutex_unlock(&q->lock);
	return room;
}

/* Copies an array into the room unless it is there already. */
#define OWN(field)                                                            \
	do {                                                                      \
		if (v->field && (const void *)v->field != (const void *)room->field) { \
			memcpy(room->field, v->field, v->count * sizeof room->field[0]);  \
			own->field = room->field;                                         \
		}                                                                     \
	} while (0)

int ms_view_queue_push(struct ms_view_queue *q, const struct ms_view *v, struct ms_error *err)
{
	struct ms_view_room *room = &q->room[q->pushed % VIEWS];
	struct ms_view *own = &q->view[q->pushed % VIEWS];
	int rc;

	*own = *v;
	OWN(step);
	OWN(kind);
	OWN(time_ns);
	OWN(thread);
	OWN(stack);
	OWN(size_bytes);
	OWN(block);
	OWN(site);
	OWN(birth_thread);
	OWN(birth_ns);
	OWN(birth_kind);
	OWN(family);
	OWN(birth_stack);
	OWN(live_bytes);
	OWN(live_blocks);
	OWN(address);
	OWN(from);
	if (v->arg) {
		memcpy(room->arg, v->arg, v->count * sizeof room->arg[0]);
		own->arg = (const uint64_t(*)[2])room->arg;
	}
	pthread_mutex_lock(&q->lock);
	rc = q->status;
	if (rc && err)
		*err = q->error;
	q->pushed++;
	wake(q);
	pthread_mutex_unlock(&q->lock);
	return rc;
}

int ms_view_queue_close(struct ms_view_queue *q, bool drain, struct ms_error *err)
{
	int rc;

	if (!q)
		return MS_OK;
	pthread_mutex_lock(&q->lock);
	q->ended = true;
	q->cancelled = !drain;
	wake(q);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	rc = q->status;
	if (rc && err)
		*err = q->error;
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q);
	return rc;
}
