/* Loaded by attach_target while it is recorded: late_blocks(n) allocates n blocks of 64 bytes that stay. */
#include <stdlib.h>
#include <string.h>

void late_blocks(int n);

static void *kept[1000];

void late_blocks(int n)
{
	for (int i = 0; i < n && i < 1000; i++) {
		kept[i] = malloc(64);
		memset(kept[i], i, 64);
	}
}
