/*
 * zoo.h - what the programs of the zoo share: a table of cases, each with a bug and without it.
 *
 *   PROGRAM CASE bug|fixed     one case
 *   PROGRAM all fixed          every case without its bug, in one process
 *   PROGRAM list               the names of the cases
 *
 * Above each case stands what is to be found, for tests/cli/zoo/_zoo.py, which reads the source:
 *
 *   expect: case=NAME kind=FINDING size=BYTES offset=BYTES damage=BYTES access=read|write count=N alloc=FUNCTION free=FUNCTION
 *           error=FUNCTION way=WAY
 *
 * size: of the block. offset: first wrong byte, from the block's start; damage: lowest wrong byte, where that is another one, as a check
 * finds it. count: blocks, where that is not 1. Functions: the innermost of the program's own on the
 * stack of the allocation, of the free and of the error; the erring line carries the comment BUG. What does not apply is left out;
 * a case with several findings has several lines. kind=none: nobody can see it. WAY says how the bug comes about, and so which
 * mode can see it: the table stands in _zoo.py.
 *
 * A run that gets to its end prints `done CASE` and exits with ZOO_STATUS.
 */
#ifndef MS_TESTS_PROGRAMS_ZOO_H
#define MS_TESTS_PROGRAMS_ZOO_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

#include "../known.h"

#define ZOO_STATUS 5
#define CASE(name) SITE static void case_##name(bool bug)

struct zoo_case {
	const char *name;
	void (*run)(bool bug);
};
#define ZOO(name) {#name, case_##name}

/* Overwrites dead stack, so that no stale copy of a pointer is left in frames to come. */
__attribute__((noipa, unused)) static void scrub(void)
{
	char dead[16384];

	memset(dead, 0, sizeof dead);
	keep(dead);
}

/* Runs the function in a thread of its own and waits for its end. */
__attribute__((unused)) static void in_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, arg) != 0)
		give_up("no thread");
	pthread_join(thread, NULL);
}

static int zoo_main(int argc, char **argv, const struct zoo_case *cases, size_t count)
{
	size_t ran = 0;

	for (size_t i = 0; argc == 2 && strcmp(argv[1], "list") == 0 && i < count; i++)
		say(1, "%s\n", cases[i].name);
	if (argc == 2)
		return 0;
	if (argc != 3)
		give_up("usage: CASE bug|fixed");
	for (size_t i = 0; i < count; i++) {
		if (strcmp(argv[1], "all") != 0 && strcmp(argv[1], cases[i].name) != 0)
			continue;
		cases[i].run(strcmp(argv[2], "bug") == 0);
		scrub();
		say(1, "done %s\n", cases[i].name);
		ran++;
	}
	if (ran == 0)
		give_up("no case %s", argv[1]);
	return ZOO_STATUS;
}
#define ZOO_MAIN(...)                                                                                                 \
	int main(int argc, char **argv)                                                                               \
	{                                                                                                             \
		static const struct zoo_case cases[] = {__VA_ARGS__};                                                 \
		return zoo_main(argc, argv, cases, sizeof cases / sizeof *cases);                                     \
	}

#endif
