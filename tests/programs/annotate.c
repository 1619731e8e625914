/*
 * annotate - every annotation of memscope.h from C, on known blocks; says on stdout what a recording of it must hold, a line per event, in order, with
 * the addresses of the blocks (0: none). `annotate storm`: four threads track, open scopes and work for tasks at once, through places that nobody has
 * used before, with signals whose handler does the same; says how many events of each sort there are. `annotate fork`: annotates, forks, annotates in
 * the child under the same ids. Not recorded it says the same and does nothing else.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../record/include/memscope.h"

struct list {
	struct list *next;
	char *text;
	const char *names[2];
};
typedef struct { int x; } point;

static point *origin;
static char names_of[3][8];
void *unseen; /* 77 bytes, begun while paused; not static: it shall be in memory */

static void say(const char *what, const void *block, const char *rest)
{
	if (block)
		printf("%s %p%s%s\n", what, block, *rest ? " " : "", rest);
	else
		printf("%s 0%s%s\n", what, *rest ? " " : "", rest);
}

static void variables(void)
{
	char *text = malloc(10);
	const char *copy = malloc(11);
	struct list *head = calloc(1, sizeof *head);
	int (*table)[3] = malloc(sizeof *table);
	void (**calls)(int, char *) = malloc(sizeof *calls);
	char *volatile inside = text + 1;
	int *on_stack = &(int){7};
	char made[] = "made 0";

	origin = malloc(sizeof *origin);
	head->text = malloc(12);
	MEMSCOPE_TRACK(text); say("track text|char *", text, "");
	MEMSCOPE_TRACK(copy); say("track copy|const char *", copy, "");
	MEMSCOPE_TRACK(head); say("track head|struct list *", head, "");
	MEMSCOPE_TRACK(head->text); say("track head->text|char *", head->text, "");
	MEMSCOPE_TRACK(table); say("track table|int (*)[3]", table, "");
	MEMSCOPE_TRACK(calls); say("track calls|void (**)(int, char *)", calls, "");
	MEMSCOPE_TRACK(origin); say("track origin|point *", origin, "");
	MEMSCOPE_TRACK(inside); say("track inside|char *volatile", NULL, "");
	MEMSCOPE_TRACK(on_stack); say("track on_stack|int *", NULL, "");
	MEMSCOPE_TRACK_AS(text, "the text", "utf8"); say("track the text|utf8", text, "");
	MEMSCOPE_TRACK_AS(text, "no type", NULL); say("track no type|", text, "");
	for (int i = 0; i < 3; i++) {
		char *again = malloc(20);

		made[5] = (char)('0' + i);
		MEMSCOPE_TRACK(again); say("track again|char *", again, "");
		memscope_track(again, made, i == 2 ? NULL : "typed");
		printf("track %s|%s %p\n", made, i == 2 ? "" : "typed", (void *)again);
		free(again);
	}
	MEMSCOPE_CLONE(text, copy), printf("clone %p %p\n", (void *)text, (const void *)copy);
	MEMSCOPE_MOVE(text, head, 10), printf("move %p %p\nmove-size 10\n", (void *)text, (void *)head);
	MEMSCOPE_MOVE(head, text, 0), printf("move %p %p\n", (void *)head, (void *)text);
	MEMSCOPE_BORROW(text), say("borrow", text, "");
	MEMSCOPE_RETURN(text), say("return", text, "");
	free(text);
	MEMSCOPE_BORROW(text), say("borrow", NULL, "");
	free((void *)copy);
	free(head->text);
	free(head);
	free(table);
	free(calls);
}

static int scoped(int deep)
{
	MEMSCOPE_SCOPE(__func__);
	puts("scope-begin scoped");
	if (deep == 0) {
		puts("scope-end scoped");
		return 0;
	}
	{
		MEMSCOPE_SCOPE("inner");
		puts("scope-begin inner");
		scoped(deep - 1);
		puts("scope-end inner");
	}
	snprintf(names_of[0], sizeof names_of[0], "by %d", deep);
	memscope_scope_begin(names_of[0]), printf("scope-begin %s\n", names_of[0]);
	memset(names_of[0], 'x', 7);
	memscope_scope_end(), puts("scope-end ");
	puts("scope-end scoped");
	return deep;
}

static void tasks(void)
{
	char parent[] = "parent";

	memscope_task_spawn(7, parent), puts("task-spawn 7 parent -");
	memscope_task_spawn_child(8, "child", 7), puts("task-spawn 8 child 7");
	memscope_task_spawn_child(9, "", MEMSCOPE_NO_TASK), puts("task-spawn 9  -");
	memscope_task_enter(7), puts("task-enter 7");
	memscope_task_spawn(10, "of 7"), puts("task-spawn 10 of 7 7");
	memscope_task_spawn_child(11, "orphan", MEMSCOPE_NO_TASK), puts("task-spawn 11 orphan -");
	{
		MEMSCOPE_TASK(8, "not its name");
		puts("task-enter 8");
		memscope_task_spawn(12, "of 8"), puts("task-spawn 12 of 8 8");
		puts("task-leave 8");
	}
	memscope_task_spawn(13, "of 7 again"), puts("task-spawn 13 of 7 again 7");
	memscope_task_leave(7), puts("task-leave 7");
	{
		MEMSCOPE_TASK(MEMSCOPE_ID(&origin), "unknown");
		printf("task-spawn %llu unknown -\ntask-enter %llu\n", (unsigned long long)MEMSCOPE_ID(&origin), (unsigned long long)MEMSCOPE_ID(&origin));
		printf("task-leave %llu\n", (unsigned long long)MEMSCOPE_ID(&origin));
	}
	memscope_task_end(8), puts("task-end 8");
	memscope_task_enter(8), puts("task-spawn 8  -\ntask-enter 8"); /* another one */
	memscope_task_leave(8), puts("task-leave 8");
	memscope_task_spawn_child(0, "zero", 8), puts("task-spawn 0 zero 8");
	memscope_task_end(0), puts("task-end 0");
}

static void pools(void)
{
	char *arena = malloc(4096);
	memscope_pool pool = memscope_pool_create(arena, "arena"), loose = memscope_pool_create(NULL, "");

	printf("pool-create 1 arena %p\npool-create 2  0\n", (void *)arena);
	memscope_pool_alloc(pool, arena + 16, 100), printf("pool-alloc 1 %p 100\n", (void *)(arena + 16));
	memscope_pool_alloc(loose, names_of, 3), printf("pool-alloc 2 %p 3\n", (void *)names_of);
	memscope_pool_free(pool, arena + 16), printf("pool-free 1 %p 0\n", (void *)(arena + 16));
	memscope_pool_reset(pool), puts("pool-reset 1");
	memscope_pool_destroy(pool), puts("pool-destroy 1");
	memscope_pool_destroy(loose), puts("pool-destroy 2");
	free(arena);
}

/* ---- storm ---- */

static atomic_long tracked, scopes, entered;

#define EIGHT(x) x; x; x; x; x; x; x; x
static void everything(char *block, uint64_t task)
{
	/* A place each. */
	EIGHT(MEMSCOPE_TRACK(block));
	{
		MEMSCOPE_SCOPE("storm");
		MEMSCOPE_TASK(task, "task");
		EIGHT(MEMSCOPE_TRACK_AS(block, "other", "char *"));
	}
	atomic_fetch_add(&tracked, 16);
	atomic_fetch_add(&scopes, 1);
	atomic_fetch_add(&entered, 1);
}

static void on_signal(int number)
{
	everything(NULL, 1000 + (uint64_t)number);
}

static pthread_barrier_t start;
static void *storm(void *arg)
{
	pthread_barrier_wait(&start);
	for (int i = 0; i < 250; i++) {
		char *block = malloc((size_t)i % 100 + 1);

		everything(block, (uint64_t)(uintptr_t)arg);
		if (i % 50 == 0)
			pthread_kill(pthread_self(), SIGUSR1);
		free(block);
	}
	return arg;
}

static int storms(void)
{
	pthread_t threads[4];

	signal(SIGUSR1, on_signal);
	pthread_barrier_init(&start, NULL, 4);
	for (uintptr_t i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, storm, (void *)i) != 0)
			return 1;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	printf("tracked %ld\nscopes %ld\nentered %ld\n", atomic_load(&tracked), atomic_load(&scopes), atomic_load(&entered));
	return 0;
}

static void briefly(const char *who)
{
	char *block = malloc(33);

	MEMSCOPE_SCOPE("brief");
	MEMSCOPE_TASK(5, "brief");
	MEMSCOPE_TRACK(block);
	printf("%s %d %p\n", who, (int)getpid(), (void *)block);
	fflush(stdout);
	free(block);
}

int main(int argc, char **argv)
{
	static char buffer[BUFSIZ];

	setvbuf(stdout, buffer, _IOFBF, sizeof buffer); /* no block of stdio's */
	if (argc > 1 && strcmp(argv[1], "storm") == 0)
		return storms();
	if (argc > 1 && strcmp(argv[1], "fork") == 0) {
		pid_t child;

		briefly("parent");
		child = fork();
		if (child == 0) {
			briefly("child");
			_exit(0);
		}
		return waitpid(child, NULL, 0) != child;
	}
	errno = 77;
	variables();
	scoped(2);
	tasks();
	pools();
	MEMSCOPE_MARK("a mark"), puts("mark a mark");
	memscope_snapshot("look here"), puts("snapshot look here");
	memscope_resume();
	memscope_pause(), puts("pause 0");
	memscope_pause();
	unseen = malloc(77);
	memscope_resume(), puts("resume 0");
	free(unseen);
	free(origin);
	fputs(errno == 77 ? "" : "errno lost\n", stdout);
	return 0;
}
