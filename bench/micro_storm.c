/*
 * micro_storm - the two-thread allocation storm: one thread allocates, the other frees, and back.
 *
 *   micro_storm -s SECONDS
 *
 * Two threads hand two batches of blocks to each other. Who gets a batch frees its blocks, which the other thread
 * allocated, fills it with new ones and hands it back: each block is freed by the thread that did not allocate it, and
 * both threads are busy all the time. Waiting spins for a moment, then yields.
 */
#include "micro.h"

#include <sched.h>

#define BATCH_BLOCKS 512

struct batch {
	_Alignas(128) _Atomic int owner; /* number of the thread whose turn it is */
	void *blocks[BATCH_BLOCKS];
};

static struct batch batches[2] = {{.owner = 0}, {.owner = 1}};

static int wait_for(struct batch *b, int me)
{
	for (unsigned spins = 0; atomic_load_explicit(&b->owner, memory_order_acquire) != me; spins++) {
		if (micro_stopped())
			return 0;
		if (spins % 256 == 255)
			sched_yield();
		else
			__builtin_ia32_pause();
	}
	return 1;
}

static NOINLINE uint64_t turn(struct batch *b, uint32_t *random)
{
	uint64_t events = 0;
	for (int i = 0; i < BATCH_BLOCKS; i++) {
		if (b->blocks[i])
			events++;
		free(b->blocks[i]);
	}
	for (int i = 0; i < BATCH_BLOCKS; i++)
		b->blocks[i] = malloc(16 + micro_random(random) % 240);
	return events + BATCH_BLOCKS;
}

static void *body(void *arg)
{
	struct micro_thread *t = arg;
	uint32_t random = (uint32_t)t->number + 1;
	uint64_t events = 0;
	pthread_barrier_wait(&micro_gate);
	for (int at = t->number; !micro_stopped(); at ^= 1) {
		struct batch *b = &batches[at];
		if (!wait_for(b, t->number))
			break;
		events += turn(b, &random);
		atomic_store_explicit(&b->owner, t->number ^ 1, memory_order_release);
	}
	t->events = events;
	return NULL;
}

int main(int argc, char **argv)
{
	struct micro_options o = {.threads = 2, .depth_frames = 1, .seconds = 0.4};
	micro_parse(&o, argc, argv);
	o.threads = 2;
	return micro_run(&o, body);
}
