/*
 * Pointers in the frames of stacks: main holds a block of 111 bytes, its caller in the chain of calls one of 222; two threads that wait hold one of
 * 333 bytes each, one of them its middle. A block of 444 bytes was held by a frame that is gone.
 */
#include "leak_common.h"

#include <pthread.h>
#include <semaphore.h>

static sem_t ready, never;

static APART void *make(size_t size)
{
	return calloc(1, size);
}

static void *waits(void *arg)
{
	void *volatile held = (char *)make(333) + (size_t)arg;

	wipe_stack();
	sem_post(&ready);
	sem_wait(&never);
	return held;
}

static APART void *forgets(void)
{
	void *volatile gone = make(444);

	return gone ? NULL : gone;
}

static APART void deeper(void)
{
	void *volatile held = make(222);

	wipe_stack();
	wipe_registers();
	(void)held;
	exit(0);
}

int main(void)
{
	void *volatile held = make(111);
	pthread_t thread;

	sem_init(&ready, 0, 0);
	sem_init(&never, 0, 0);
	for (size_t i = 0; i < 2; i++) {
		pthread_create(&thread, NULL, waits, (void *)(i * 16));
		sem_wait(&ready);
	}
	forgets();
	wipe_stack();
	deeper();
	return held != NULL;
}
