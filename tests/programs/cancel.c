/*
 * cancel - threads that are cancelled with blocks in their hands.
 *
 * Breaks recorders that lose what a thread had not flushed, or whose lock dies with the thread.
 *
 * 200 threads, each: 3 blocks in `thread_alloc`, then waits; when cancelled, its cleanup handler frees 2 and allocates 1 in
 * `cleanup_alloc`, and a key destructor frees the remaining 2. 800 allocations, 800 frees. The last 50 threads are cancelled at
 * once, while they allocate and free in `busy_alloc` (cancellation waits for a cancellation point): prints `busy N`.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "known.h"

static pthread_key_t key;
static atomic_long busy;

SITE void *thread_alloc(void) { void *p = malloc(61); keep(p); return p; }
SITE void *cleanup_alloc(void) { void *p = malloc(62); keep(p); return p; }
SITE void *busy_alloc(void) { void *p = malloc(63); keep(p); return p; }

struct held {
	void *block[4];
	atomic_int waiting;
};
static struct held held[200];

static void cleanup(void *arg)
{
	struct held *h = arg;
	free(h->block[0]);
	free(h->block[1]);
	h->block[3] = cleanup_alloc();
}

static void gone(void *arg)
{
	struct held *h = arg;
	free(h->block[2]);
	free(h->block[3]);
}

static void *body(void *arg)
{
	struct held *h = arg;
	for (int i = 0; i < 3; i++)
		h->block[i] = thread_alloc();
	pthread_setspecific(key, h);
	pthread_cleanup_push(cleanup, h);
	atomic_store(&h->waiting, 1);
	for (;;) {
		if (h - held >= 150) {
			free(busy_alloc());
			atomic_fetch_add(&busy, 1);
			pthread_testcancel();
		} else {
			pause();
		}
	}
	pthread_cleanup_pop(0);
	return NULL;
}

int main(void)
{
	pthread_key_create(&key, gone);
	for (int i = 0; i < 200; i++) {
		pthread_t t;
		void *result;
		if (pthread_create(&t, NULL, body, &held[i]))
			give_up("pthread_create");
		while (!atomic_load(&held[i].waiting))
			usleep(50);
		pthread_cancel(t);
		pthread_join(t, &result);
		if (result != PTHREAD_CANCELED)
			give_up("thread %d was not cancelled", i);
	}
	say(1, "busy %ld\nexe %ld %ld\n", (long)busy, 800 + (long)busy, 800 + (long)busy);
	return 0;
}
