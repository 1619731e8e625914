/*
 * A lost chain: one block of 100 bytes that nothing points to, a list of 9 blocks of 40 bytes behind it; a chain that a global holds.
 * definite 1 block 100 bytes, indirect 9 blocks 360 bytes, reachable 5 blocks 120 bytes (24 each).
 */
#include "leak_common.h"

struct link {
	struct link *next;
	char rest[];
};
struct link *kept;

static APART struct link *chain(size_t n, size_t size)
{
	struct link *first = NULL;

	for (size_t i = 0; i < n; i++) {
		struct link *l = calloc(1, size);

		l->next = first;
		first = l;
	}
	return first;
}

static APART void lose(void)
{
	struct link *head = calloc(1, 100);

	head->next = chain(9, 40);
	keep(head);
}

int main(void)
{
	kept = chain(5, 24);
	lose();
	wipe_stack();
	wipe_registers();
	exit(0);
}
