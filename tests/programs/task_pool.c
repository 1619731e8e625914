/*
 * task_pool [TASKS [THREADS]] - a thread pool: tasks run in three turns, mostly on another thread each time, spawn children, free and reallocate blocks of
 * each other, and leave some alive. Says for each task, and for what belongs to none, what a recording of it must hold, kept in static
 * memory by the program itself: "KEY PARENT ALLOCATED FREED LIVE BLOCKS" (0 0 ...: no task). Breaks tools that go by thread, or by who
 * frees. What libc allocates by itself is in no task and not counted.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../record/include/memscope.h"

#define MOST 20000u
#define TURNS 3u
#define SHELF 512u                       /* blocks that wait for whoever comes */

struct block {
	struct block *next;
	uint32_t owner, size;
};

static struct {
	_Atomic uint64_t allocated, freed, live, blocks;
	uint32_t parent;
} truth[MOST + 1];                       /* by key */
static struct { uint32_t task, turn; } queue[MOST * TURNS + 1];
static uint32_t queue_head, queue_tail, spawned, most, left;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static _Atomic(struct block *) shelf[SHELF];
static struct block *kept[MOST + 1];     /* of each task, alive to the end */

static void push(uint32_t task, uint32_t turn)
{
	queue[queue_tail].task = task;
	queue[queue_tail++].turn = turn;
	pthread_cond_signal(&more);
}

static void counts(uint32_t task, uint32_t size)
{
	truth[task].allocated += size;
	truth[task].live += size;
	truth[task].blocks++;
}

static void ended(uint32_t task, uint32_t size)
{
	truth[task].freed += size;
	truth[task].live -= size;
	truth[task].blocks--;
}

static struct block *take(uint32_t task, uint32_t size)
{
	struct block *b = malloc(size);

	if (!b)
		abort();
	*b = (struct block){.owner = task, .size = size};
	counts(task, size);
	return b;
}

static void give_back(struct block *b)
{
	if (!b)
		return;
	ended(b->owner, b->size);
	free(b);
}

static struct block *grow(struct block *b, uint32_t task, uint32_t size)
{
	uint32_t owner = b->owner, old = b->size;

	b = realloc(b, size);
	if (!b)
		abort();
	ended(owner, old);
	counts(task, size);
	b->owner = task;
	b->size = size;
	return b;
}

static uint32_t mix(uint32_t a, uint32_t b)
{
	uint32_t x = a * 2654435761u ^ (b + 1) * 40503u;

	x ^= x >> 13;
	x *= 2246822519u;
	return x ^ x >> 16;
}

static void spawn(uint32_t parent)
{
	uint32_t task = 0;

	pthread_mutex_lock(&lock);
	if (spawned < most)
		task = ++spawned;
	pthread_mutex_unlock(&lock);
	if (!task)
		return;
	truth[task].parent = parent;
	if (parent)
		memscope_task_spawn(task, "child"); /* of the task that this thread works for */
	else
		memscope_task_spawn(task, "request");
	pthread_mutex_lock(&lock);
	left++;
	push(task, 0);
	pthread_mutex_unlock(&lock);
}

static void turn(uint32_t task, uint32_t n)
{
	uint32_t random = mix(task, n);
	struct block *b;

	for (uint32_t i = 0; i < 2 + random % 4; i++) {
		b = take(task, 24 + mix(random, i) % 1000);
		b = atomic_exchange(&shelf[mix(random, i + 9) % SHELF], b); /* what lay there is somebody's */
		if (b && (random + i) % 5 == 0)
			b = grow(b, task, 24 + mix(random, i + 5) % 2000);
		if (b && (random + i) % 7 == 0) {
			b->next = kept[task];
			kept[task] = b;
		} else {
			give_back(b);
		}
	}
	if (n == 0 || random % 3 == 0) /* so that all of them come to be */
		spawn(task);
}

static void *work(void *unused)
{
	(void)unused;
	for (;;) {
		uint32_t task, n;

		pthread_mutex_lock(&lock);
		while (queue_head == queue_tail && left)
			pthread_cond_wait(&more, &lock);
		if (!left) {
			pthread_mutex_unlock(&lock);
			return NULL;
		}
		task = queue[queue_head].task;
		n = queue[queue_head++].turn;
		pthread_mutex_unlock(&lock);
		memscope_task_enter(task);
		turn(task, n);
		memscope_task_leave(task);
		if (n + 1 == TURNS)
			memscope_task_end(task);
		else if (task % 16 == 0)
			give_back(take(0, 100)); /* between tasks */
		pthread_mutex_lock(&lock);
		if (n + 1 < TURNS)
			push(task, n + 1);
		else if (--left == 0)
			pthread_cond_broadcast(&more);
		pthread_mutex_unlock(&lock);
	}
}

int main(int argc, char **argv)
{
	uint32_t threads = argc > 2 ? (uint32_t)atoi(argv[2]) : 4;
	pthread_t thread[64];

	most = argc > 1 ? (uint32_t)atoi(argv[1]) : 10000;
	if (most < 1 || most > MOST || threads < 1 || threads > 64)
		return 2;
	left = 1; /* the main thread is not done */
	for (uint32_t i = 0; i < threads; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	for (uint32_t i = 0; i <= most / 4; i++)
		spawn(0);
	pthread_mutex_lock(&lock);
	if (--left == 0)
		pthread_cond_broadcast(&more);
	pthread_mutex_unlock(&lock);
	for (uint32_t i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (uint32_t task = 0; task <= spawned; task++)
		printf("%u %u %llu %llu %llu %llu\n", task, truth[task].parent, (unsigned long long)truth[task].allocated, (unsigned long long)truth[task].freed,
		       (unsigned long long)truth[task].live, (unsigned long long)truth[task].blocks);
	return 0;
}
