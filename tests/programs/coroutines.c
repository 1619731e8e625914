/*
 * coroutines - makecontext and swapcontext: several stacks in one thread, and one stack used by two coroutines in turn.
 *
 * Breaks unwinders that trust what they remember of a stack which has changed, and those that cannot find its end.
 *
 * 10 coroutines run interleaved with main, 20 turns each: 1 block of 110 bytes per turn in `coro_alloc` below `coro_body`,
 * 200 in all. main allocates 1 block of 111 bytes in `main_alloc` per turn: 200. Then one stack is reused by 30 coroutines, in turn
 * `red_body` and `blue_body` of the same shape, which allocate in `shared_alloc` (112 bytes): 15 stacks of each colour.
 * Everything is freed where it was allocated.
 */
#include <ucontext.h>

#include "known.h"

#define COROUTINES 10
#define TURNS 20
static ucontext_t home, contexts[COROUTINES], reused;
static char stacks[COROUTINES][65536] __attribute__((aligned(16)));

SITE void coro_alloc(void) { void *p = malloc(110); keep(p); free(p); }
SITE void main_alloc(void) { void *p = malloc(111); keep(p); free(p); }
SITE void shared_alloc(void) { void *p = malloc(112); keep(p); free(p); }

SITE void coro_turn(int number, int turn)
{
	if (turn % 2) {
		coro_alloc();
		keep(&turn);
	} else {
		char pad[200];
		keep(pad);
		coro_alloc();
		keep(pad);
	}
	swapcontext(&contexts[number], &home);
}

SITE void coro_body(int number)
{
	for (int turn = 0; turn < TURNS; turn++)
		coro_turn(number, turn);
	keep(&number);
}

SITE void red_body(void) { shared_alloc(); keep(&home); }
SITE void blue_body(void) { shared_alloc(); keep(&home); }

int main(void)
{
	for (int i = 0; i < COROUTINES; i++) {
		getcontext(&contexts[i]);
		contexts[i].uc_stack.ss_sp = stacks[i];
		contexts[i].uc_stack.ss_size = sizeof stacks[i];
		contexts[i].uc_link = &home;
		makecontext(&contexts[i], (void (*)(void))coro_body, 1, i);
	}
	for (int turn = 0; turn < TURNS; turn++)
		for (int i = 0; i < COROUTINES; i++) {
			main_alloc();
			swapcontext(&home, &contexts[i]);
		}
	for (int i = 0; i < 30; i++) {
		getcontext(&reused);
		reused.uc_stack.ss_sp = stacks[0];
		reused.uc_stack.ss_size = sizeof stacks[0];
		reused.uc_link = &home;
		makecontext(&reused, i % 2 ? red_body : blue_body, 0);
		swapcontext(&home, &reused);
	}
	say(1, "exe 430 430\n");
	return 0;
}
