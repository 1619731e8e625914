/*
 * Lost cycles: a ring of 4 blocks of 32 bytes; a block of 48 bytes that points to itself; a doubly linked pair of 64 bytes with a block of
 * 16 bytes hanging on it. Of each cycle one block is definite and the others are indirect; a ring of 3 blocks of 56 bytes is held.
 * definite 3 blocks 144 bytes, indirect 5 blocks 176 bytes, reachable 3 blocks 168 bytes.
 */
#include "leak_common.h"

struct node {
	struct node *next, *back;
	void *data;
};
struct node *held;

static APART struct node *ring(unsigned n, size_t size)
{
	struct node *first = calloc(1, size), *last = first;

	for (unsigned i = 1; i < n; i++) {
		last->next = calloc(1, size);
		last->next->back = last;
		last = last->next;
	}
	last->next = first;
	first->back = last;
	return first;
}

static APART void lose(void)
{
	struct node *pair = ring(2, 64);

	ring(4, 32);
	ring(1, 48);
	pair->data = calloc(1, 16);
	keep(pair);
}

int main(void)
{
	held = ring(3, 56);
	lose();
	wipe_stack();
	wipe_registers();
	exit(0);
}
