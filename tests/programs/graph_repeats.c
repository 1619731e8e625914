/*
 * graph_repeats - a block that points to two others many times over. Prints `NAME ADDRESS`.
 *
 *   array    held by a global; its words 0..2 point into the middle of `target`, 3..6 to its start, 7 into the middle again,
 *            8..9 to the start of `other`, 10 into the middle of `other`
 *   target   also in two globals
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

char **array, *first_global, *second_global;

int main(void)
{
	char *target = calloc(1, 100), *other = calloc(1, 100);

	array = calloc(11, sizeof *array);
	for (int i = 0; i < 11; i++)
		array[i] = i < 3 || i == 7 ? target + 40 : i < 7 ? target : i < 10 ? other : other + 40;
	first_global = second_global = target;
	printf("array %p\ntarget %p\nother %p\n", (void *)array, (void *)target, (void *)other);
	return 0;
}
