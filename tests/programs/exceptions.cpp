/*
 * exceptions - throws through recorded frames, and longjmps over them.
 *
 * Breaks recorders that patch return addresses (the unwinder then finds a stranger), and those that trust what they
 * remember of frames which are gone.
 *
 * 1000 rounds: `dive` 1 to 10 deep, 1 allocation in `throw_alloc` at the bottom, throw, caught in main, freed there; then `climb` (same shape,
 * same depth) with 1 allocation in `catch_alloc`, freed. 500 rounds of setjmp, `leap` with 1 allocation in `jump_alloc`,
 * longjmp, freed. 100 times std::bad_alloc. 2500 allocations and frees; `throw_alloc` only ever under `dive`, `catch_alloc` only under
 * `climb`.
 */
#include <csetjmp>
#include <new>
#include <stdexcept>

#include "known.h"

static void *held;
static std::jmp_buf back;

SITE void throw_alloc() { held = malloc(121); keep(held); }
SITE void catch_alloc() { held = malloc(122); keep(held); }
SITE void jump_alloc() { held = malloc(123); keep(held); }

SITE void dive(int depth)
{
	if (depth > 1) {
		dive(depth - 1);
	} else {
		throw_alloc();
		throw std::runtime_error("bottom");
	}
	keep(&depth);
}

SITE void climb(int depth)
{
	if (depth > 1)
		climb(depth - 1);
	else
		catch_alloc();
	keep(&depth);
}

SITE void leap(int depth)
{
	if (depth > 1) {
		leap(depth - 1);
	} else {
		jump_alloc();
		if (held)
			std::longjmp(back, 1);
	}
	keep(&depth);
}

int main()
{
	for (int i = 0; i < 1000; i++) {
		try {
			dive(1 + i % 10);
			give_up("nothing was thrown");
		} catch (const std::runtime_error &) {
			free(held);
		}
		climb(1 + i % 10);
		free(held);
	}
	for (volatile int i = 0; i < 500; i = i + 1) {
		if (!setjmp(back))
			leap(1 + i % 10);
		free(held);
	}
	volatile size_t huge = static_cast<size_t>(-1) / 4;
	for (int i = 0; i < 100; i++) {
		try {
			keep(::operator new(huge));
			give_up("a huge new did not throw");
		} catch (const std::bad_alloc &) {
		}
	}
	say(1, "done\n");
	return 0;
}
