/*
 * catalogue - a little service that names what it does, on blocks of known sizes: scopes inside scopes (one left by longjmp), a task and its child,
 * a variable whose block grows and is freed by another thread, a copy of it, a pool in a block. Tests know the figures by heart
 * (tests/cli/analyze/annotations.sh); docs/QUERIES.md asks a recording of it.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "../../record/include/memscope.h"

static char *kept[16], *items, *copy;
static unsigned kept_count;
static jmp_buf back;

static void keep(size_t size)
{
	kept[kept_count] = malloc(size);
	memset(kept[kept_count++], 1, size);
}

static void parse(int round)
{
	MEMSCOPE_SCOPE("parse");
	char *line = malloc(100);

	memset(line, round, 100);
	keep(10);
	free(line);
}

static void give_up(void)
{
	memscope_scope_begin("give up");
	keep(1);
	longjmp(back, 1);
}

static void load(void)
{
	MEMSCOPE_SCOPE("load");
	keep(1000);
	keep(2000);
	for (int i = 0; i < 5; i++)
		parse(i);
	free(kept[0]);
	kept[0] = NULL;
	if (setjmp(back) == 0)
		give_up();
}

static void *answer(void *unused)
{
	(void)unused;
	memscope_task_enter(7);
	memscope_task_spawn(8, "render");
	{
		MEMSCOPE_SCOPE("render");
		memscope_task_enter(8);
		keep(300);
		free(items); /* of the main thread, which tracked it */
		memscope_task_leave(8);
	}
	keep(20);
	memscope_task_leave(7);
	memscope_task_end(8);
	return NULL;
}

static void names(void)
{
	memscope_pool pool;
	char *memory = malloc(4096);

	pool = memscope_pool_create(memory, "names");
	for (int i = 0; i < 10; i++)
		memscope_pool_alloc(pool, memory + 100 * i, 100);
	for (int i = 0; i < 4; i++)
		memscope_pool_free(pool, memory + 100 * i);
	memscope_pool_reset(pool);
	for (int i = 0; i < 3; i++)
		memscope_pool_alloc(pool, memory + 50 * i, 50);
	memscope_pool_destroy(pool);
	free(memory);
}

int main(void)
{
	pthread_t thread;

	load();
	memscope_task_spawn(7, "request");
	memscope_task_enter(7);
	items = malloc(64);
	MEMSCOPE_TRACK_AS(items, "items", "char *");
	for (size_t size = 128; size <= 512; size *= 2)
		items = realloc(items, size);
	copy = malloc(512);
	memset(items, 0, 512);
	memcpy(copy, items, 512);
	MEMSCOPE_CLONE(items, copy);
	MEMSCOPE_TRACK_AS(copy, "copy", "char *");
	memscope_task_leave(7);
	pthread_create(&thread, NULL, answer, NULL);
	pthread_join(thread, NULL);
	MEMSCOPE_BORROW(copy);
	names();
	MEMSCOPE_RETURN(copy);
	memscope_task_end(7);
	return 0;
}
