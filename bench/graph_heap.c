/*
 * graph_heap - a heap that is all alive at its end: N blocks of 48 bytes, each with three pointers: to the next one and to two others at random;
 * a global table points to one in a thousand. For the speed and the memory of the heap graph's analysis. Deterministic.
 *
 *   graph_heap [N]        default: 1,000,000 blocks, 3,000,000 pointers
 */
#include <stdint.h>
#include <stdlib.h>

struct node {
	struct node *near, *far[2];
	long rest[3];
};
struct node **table;

static uint64_t below(uint64_t n)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	struct node **all = malloc(n * sizeof *all);

	if (!all || n < 1000)
		return 1;
	for (size_t i = 0; i < n; i++)
		if (!(all[i] = calloc(1, sizeof **all)))
			return 1;
	for (size_t i = 0; i < n; i++) {
		all[i]->near = i + 1 < n ? all[i + 1] : NULL;
		all[i]->far[0] = all[below(n)];
		all[i]->far[1] = all[below(n)];
	}
	table = malloc(n / 1000 * sizeof *table);
	if (!table)
		return 1;
	for (size_t i = 0; i < n / 1000; i++)
		table[i] = all[i * 1000];
	free(all);
	return 0;
}
