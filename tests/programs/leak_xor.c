/*
 * Pointers that are not written as pointers: a list linked by XOR of its neighbours (5 blocks of 24 bytes; its ends are known), a pointer with its
 * upper bits used as a tag (80 bytes), one at an odd address (60 bytes), one in a freed block (90 bytes). All but the ends are lost.
 */
#include "leak_common.h"

struct node {
	uintptr_t both;
	char rest[16];
};
struct node *first, *last;
uint64_t tagged;
char packed[16];

static APART void make(void)
{
	struct node *before = NULL, *at = first = calloc(1, sizeof *at);
	void **gone = calloc(1, 96), *odd = calloc(1, 60);

	for (unsigned i = 1; i < 5; i++) {
		struct node *next = calloc(1, sizeof *next);

		at->both = (uintptr_t)before ^ (uintptr_t)next;
		before = at;
		at = next;
	}
	at->both = (uintptr_t)before;
	before = NULL;
	last = at;
	last->both = ~last->both; /* XOR with nothing is the pointer itself */
	first->both = ~first->both;
	tagged = (uintptr_t)calloc(1, 80) | 0xabcull << 52;
	memcpy(packed + 3, &odd, sizeof odd);
	gone[5] = calloc(1, 90);
	free(gone);
}

int main(void)
{
	make();
	wipe_stack();
	wipe_registers();
	exit(0);
}
