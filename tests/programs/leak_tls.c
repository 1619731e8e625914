/*
 * Pointers in thread-local storage: of main a block of 128 bytes; of a living thread one of 256 bytes; of a thread that has ended one of 512 bytes,
 * lost. By pthread_setspecific a block of 64 bytes.
 */
#include "leak_common.h"

#include <pthread.h>
#include <semaphore.h>

__thread void *mine;
static sem_t ready, never;
static pthread_key_t key;

static APART void hold(size_t size)
{
	mine = calloc(1, size);
}

static void *stays(void *arg)
{
	hold(256);
	wipe_stack();
	sem_post(&ready);
	sem_wait(&never);
	return arg;
}

static void *ends(void *arg)
{
	hold(512);
	return arg;
}

int main(void)
{
	pthread_t thread;

	sem_init(&ready, 0, 0);
	sem_init(&never, 0, 0);
	hold(128);
	pthread_key_create(&key, NULL);
	pthread_setspecific(key, calloc(1, 64));
	pthread_create(&thread, NULL, ends, NULL);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, stays, NULL);
	sem_wait(&ready);
	wipe_stack();
	wipe_registers();
	exit(0);
}
