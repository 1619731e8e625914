/*
 * micro_annotate - malloc/free pairs of which each is in a scope, worked for by a task, tracked, borrowed and returned: seven annotations a pair.
 *
 *   micro_annotate -t THREADS -s SECONDS
 *
 * micro_annotate_off is the same program with MEMSCOPE_DISABLE: what the annotations cost where nobody records is the difference.
 */
#include "micro.h"

#include "../record/include/memscope.h"

static NOINLINE void pair(uint32_t r)
{
	MEMSCOPE_SCOPE("pair");
	MEMSCOPE_TASK(r & 7, "pair");
	char *p = malloc(16 + r % 496);

	MEMSCOPE_TRACK(p);
	MEMSCOPE_BORROW(p);
	*(char *volatile)p = 1;
	MEMSCOPE_RETURN(p);
	free(p);
}

static void *body(void *arg)
{
	struct micro_thread *t = arg;
	uint32_t random = (uint32_t)t->number + 1;
	uint64_t events = 0;

	pthread_barrier_wait(&micro_gate);
	while (!micro_stopped()) {
		for (int i = 0; i < 64; i++)
			pair(micro_random(&random));
		events += 2 * 64;
	}
	t->events = events;
	return NULL;
}

int main(int argc, char **argv)
{
	struct micro_options o = {.threads = 1, .depth_frames = 1, .seconds = 0.4};

	micro_parse(&o, argc, argv);
	return micro_run(&o, body);
}
