/*
 * tls_destructors - threads that allocate while they are being taken down.
 *
 * Breaks recorders whose own per-thread state is gone by then: they crash, allocate it anew for ever, or lose the events.
 *
 * 8 threads, each: 1 block in `body_alloc`, freed by a pthread key destructor, which allocates another in `key_alloc` and sets
 * the key again, so that it runs 3 times in all: 3 blocks in `key_alloc`, all freed by it; a C++ thread_local object
 * that allocates 2 blocks in `object_alloc` when it is destroyed and frees them. Nothing is alive at the end.
 * From the executable: 8 * 6 allocations, 8 * 6 frees.
 */
#include <pthread.h>

#include "known.h"

static pthread_key_t key;

SITE void *body_alloc() { void *p = malloc(81); keep(p); return p; }
SITE void *key_alloc() { void *p = malloc(82); keep(p); return p; }
SITE void *object_alloc() { void *p = malloc(83); keep(p); return p; }

struct state {
	int runs;
	void *block;
};
static struct state states[8];

static void key_gone(void *value)
{
	struct state *s = static_cast<struct state *>(value);
	free(s->block);
	s->block = key_alloc();
	s->runs++;
	if (s->runs < 3) {
		pthread_setspecific(key, s);
	} else {
		free(s->block);
		s->block = nullptr;
	}
}

struct object {
	int touched = 0;
	~object()
	{
		void *a = object_alloc(), *b = object_alloc();
		free(a);
		free(b);
	}
};
static thread_local object local;

static void *body(void *arg)
{
	struct state *s = static_cast<struct state *>(arg);
	s->block = body_alloc();
	local.touched = 1;
	pthread_setspecific(key, s);
	return nullptr;
}

int main()
{
	pthread_key_create(&key, key_gone);
	for (int i = 0; i < 8; i++) {
		pthread_t t;
		if (pthread_create(&t, nullptr, body, &states[i]))
			give_up("pthread_create");
		pthread_join(t, nullptr);
		if (states[i].runs != 3 || states[i].block)
			give_up("the key destructor ran %d times", states[i].runs);
	}
	say(1, "exe %d %d\n", 8 * 6, 8 * 6);
	return 0;
}
