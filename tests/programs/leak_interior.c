/*
 * Interior pointers: a global points 40 bytes into a block of 200, whose start points to a block of 50; another global points to the start
 * of a block that points into the middle of one of 70. A pointer one past the end is none.
 * possible 3 blocks 320 bytes, reachable 1 block 24 bytes, definite 1 block 30 bytes.
 */
#include "leak_common.h"

char *inside, *past;
void **table;

static APART void make(void)
{
	char *big = calloc(1, 200), *lost = calloc(1, 30);

	*(void **)big = calloc(1, 50);
	inside = big + 40;
	table = calloc(1, 24);
	table[1] = (char *)calloc(1, 70) + 13;
	past = lost + 30;
}

int main(void)
{
	make();
	wipe_stack();
	wipe_registers();
	exit(0);
}
