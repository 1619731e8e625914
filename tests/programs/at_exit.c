/*
 * at_exit [quick] - allocates in exit handlers.
 *
 * Breaks recorders that close their file in an exit handler of their own: what comes later is lost.
 *
 * 10 atexit handlers, 2 on_exit handlers, 6 at_quick_exit handlers: 3 blocks each in `handler_alloc`, of which 1 is freed.
 * exit: 36 allocations, 12 frees. quick_exit: 18 allocations, 6 frees. Exit status 2.
 */
#include "known.h"

SITE void *handler_alloc(void) { void *p = malloc(36); keep(p); return p; }

static void handler(void)
{
	handler_alloc();
	handler_alloc();
	free(handler_alloc());
}

static void handler2(int status, void *unused)
{
	(void)unused;
	if (status == 2)
		handler();
}

int main(int argc, char **argv)
{
	(void)argv;
	for (int i = 0; i < 10; i++)
		atexit(handler);
	on_exit(handler2, NULL);
	on_exit(handler2, NULL);
	for (int i = 0; i < 6; i++)
		at_quick_exit(handler);
	if (argc > 1) {
		say(1, "exe 18 6\n");
		quick_exit(2);
	}
	say(1, "exe 36 12\n");
	exit(2);
}
