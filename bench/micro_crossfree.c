/*
 * micro_crossfree - cross-thread free: producers allocate, consumers free.
 *
 *   micro_crossfree -t THREADS -s SECONDS     (THREADS is even: half of them produce; each has its own consumer)
 *
 * The blocks travel through a ring with one producer and one consumer each. Events are counted where they happen.
 */
#include "micro.h"

#include <sched.h>

#define QUEUE_BLOCKS 4096u
#define BURST 64u

struct queue {
	_Alignas(128) _Atomic uint64_t head;
	_Alignas(128) _Atomic uint64_t tail;
	_Alignas(128) void *blocks[QUEUE_BLOCKS];
};

static struct queue queues[MICRO_MAX_THREADS / 2];

static uint64_t produce(struct queue *q, uint32_t *random)
{
	uint64_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
	if (head + BURST - atomic_load_explicit(&q->tail, memory_order_acquire) > QUEUE_BLOCKS)
		return 0;
	for (unsigned i = 0; i < BURST; i++)
		q->blocks[(head + i) % QUEUE_BLOCKS] = malloc(16 + micro_random(random) % 240);
	atomic_store_explicit(&q->head, head + BURST, memory_order_release);
	return BURST;
}

static uint64_t consume(struct queue *q)
{
	uint64_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
	uint64_t ready = atomic_load_explicit(&q->head, memory_order_acquire) - tail;
	for (uint64_t i = 0; i < ready; i++)
		free(q->blocks[(tail + i) % QUEUE_BLOCKS]);
	if (ready)
		atomic_store_explicit(&q->tail, tail + ready, memory_order_release);
	return ready;
}

static void *body(void *arg)
{
	struct micro_thread *t = arg;
	struct queue *q = &queues[t->number / 2];
	uint32_t random = (uint32_t)t->number + 1;
	uint64_t events = 0;
	unsigned idle = 0;
	pthread_barrier_wait(&micro_gate);
	while (!micro_stopped()) {
		uint64_t done = t->number % 2 == 0 ? produce(q, &random) : consume(q);
		events += done;
		if (done)
			idle = 0;
		else if (++idle % 256 == 0)
			sched_yield();
		else
			__builtin_ia32_pause();
	}
	t->events = events;
	return NULL;
}

int main(int argc, char **argv)
{
	struct micro_options o = {.threads = 2, .depth_frames = 1, .seconds = 0.4};
	micro_parse(&o, argc, argv);
	o.threads += o.threads % 2;
	return micro_run(&o, body);
}
