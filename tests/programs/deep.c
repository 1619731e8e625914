/*
 * deep DEPTH [all] - recursion: `recurse` DEPTH times, then `deep_alloc`.
 *
 * Breaks recorders that keep 64 frames: 2000 depths give 63 stacks, and all of them without main.
 *
 * Allocates (and keeps) 10 bytes at depths 1, DEPTH/2, DEPTH-1 and DEPTH; with `all` at each depth from 1 to DEPTH. A second pass
 * repeats the descent: the stacks are the same, so no more sites appear. 2 * 4 or 2 * DEPTH allocations.
 */
#include "known.h"

static int depth, all;

SITE void deep_alloc(void)
{
	keep(malloc(10));
}

SITE int recurse(int level)
{
	if (all || level == 1 || level == depth / 2 || level >= depth - 1)
		deep_alloc();
	int r = level < depth ? recurse(level + 1) + 1 : 1;
	keep(&r);
	return r;
}

int main(int argc, char **argv)
{
	depth = argc > 1 ? atoi(argv[1]) : 2000;
	all = argc > 2;
	for (volatile int pass = 0; pass < 2; pass = pass + 1) /* one call, two times */
		if (recurse(1) != depth)
			give_up("the recursion is %d deep", depth);
	say(1, "exe %d 0\n", 2 * (all ? depth : 4));
	return 0;
}
