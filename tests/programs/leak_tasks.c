/*
 * Two tasks of one thread lose memory, in a scope of one name: "tidy" frees 1 block of 70 bytes and keeps one of 30 in a global, "sloppy" loses a chain, one block
 * of 100 bytes with 4 of 40 behind it. A realloc in "sloppy" takes over a block of "tidy" and loses it: 1 of 200 bytes. In no task: 1 of 24 is lost.
 * definite of sloppy: 2 blocks 300 bytes, indirect 4 blocks 160 bytes; of tidy: none; of no task: 1 block 24 bytes.
 */
#include "leak_common.h"

#include "../../record/include/memscope.h"

struct link {
	struct link *next;
	char rest[];
};
void *kept;
static void *passed;

static APART void tidy(void)
{
	MEMSCOPE_TASK(1, "tidy");
	MEMSCOPE_SCOPE("work");
	void *p = malloc(70);

	keep(p);
	free(p);
	kept = malloc(30);
	passed = malloc(20);
	keep(passed);
}

static APART void sloppy(void)
{
	MEMSCOPE_TASK(2, "sloppy");
	MEMSCOPE_SCOPE("work");
	struct link *head = calloc(1, 100);
	void *p = realloc(passed, 200);

	passed = NULL;
	keep(p);
	for (int i = 0; i < 4; i++) {
		struct link *l = calloc(1, 40);

		l->next = head->next;
		head->next = l;
	}
	keep(head);
}

static APART void lose(void)
{
	keep(calloc(1, 24));
}

int main(void)
{
	tidy();
	sloppy();
	lose();
	wipe_stack();
	wipe_registers();
	exit(0);
}
