/*
 * graph_api - asks for a heap graph through memscope.h; prints how many were taken, so it prints `graphs 0` when it is not
 * recorded. Blocks: one list of 10 nodes that lives at the first graph and is freed before the second, one block for ever.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../record/include/memscope.h"

struct node {
	struct node *next;
	long value;
};

static struct node *list;
static void *forever;

int main(void)
{
	int graphs = 0;

	forever = malloc(333);
	for (int i = 0; i < 10; i++) {
		struct node *n = malloc(sizeof *n);

		n->next = list;
		n->value = i;
		list = n;
	}
	graphs += memscope_graph();
	while (list) {
		struct node *next = list->next;

		free(list);
		list = next;
	}
	graphs += memscope_graph();
	printf("forever %p\ngraphs %d\n", forever, graphs);
	return 0;
}
