/*
 * micro_pairs - malloc/free pairs at the bottom of a call chain.
 *
 *   micro_pairs -t THREADS -d DEPTH -s SECONDS
 *
 * DEPTH calls lie between the thread's entry and malloc. The lowest four of them (fewer at depth < 6) are walked anew for
 * each pair, along a path chosen at random between two functions, and the whole chain for every 64th pair: a recorder
 * that remembers the stack above must still see the part that changed, as in a real program.
 */
#include "micro.h"

#define PAIRS_PER_DESCENT 64
#define VARIED_FRAMES 4

static NOINLINE void pair(uint32_t r)
{
	void *volatile p = malloc(16 + r % 496);
	free(p);
}

static NOINLINE void left(uint32_t r, int depth);

static NOINLINE void right(uint32_t r, int depth)
{
	if (depth <= 1)
		pair(r);
	else if (r >> depth & 1)
		left(r, depth - 1);
	else
		right(r, depth - 1);
	__asm__ volatile("" ::: "memory"); /* keeps the call a call */
}

static NOINLINE void left(uint32_t r, int depth)
{
	if (depth <= 1)
		pair(r);
	else if (r >> depth & 1)
		right(r, depth - 1);
	else
		left(r, depth - 1);
	__asm__ volatile("" ::: "memory");
}

static NOINLINE void descend(uint32_t *random, int depth, int varied)
{
	if (depth > 0) {
		descend(random, depth - 1, varied);
	} else {
		for (int i = 0; i < PAIRS_PER_DESCENT; i++)
			left(micro_random(random), varied);
	}
	__asm__ volatile("" ::: "memory");
}

static void *body(void *arg)
{
	struct micro_thread *t = arg;
	uint32_t random = (uint32_t)t->number + 1;
	int below = t->options->depth_frames - 2; /* without body and pair */
	int varied = below > VARIED_FRAMES ? VARIED_FRAMES : below > 1 ? below - 1 : 1;
	int chain = below - varied - 1;
	uint64_t events = 0;
	pthread_barrier_wait(&micro_gate);
	while (!micro_stopped()) {
		descend(&random, chain > 0 ? chain : 0, varied);
		events += 2 * PAIRS_PER_DESCENT;
	}
	t->events = events;
	return NULL;
}

int main(int argc, char **argv)
{
	struct micro_options o = {.threads = 1, .depth_frames = 5, .seconds = 0.4};
	micro_parse(&o, argc, argv);
	return micro_run(&o, body);
}
