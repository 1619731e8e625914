/*
 * sampled.c - for samples: one thread, few libraries, sizes and lives in every mix, so that what is drawn can be computed from a full
 * recording. Breaks: samplers that draw by address, that lose the frees of sampled blocks, or that end a block with the free of
 * another one at the same address.
 *
 *   small()   40000 blocks of 1 .. 128 bytes, each freed at once
 *   medium()  4000 blocks of 1000 .. 3000 bytes, half of them freed in another order
 *   large()   12 blocks of 4 MiB, 6 of them freed
 *   grow()    200 buffers that grow by realloc from 16 bytes to 16 KiB (10 reallocs), half of them freed
 *   none()    300 blocks of 0 bytes
 */
#include <stdlib.h>

#define KEEP __attribute__((noinline))

static void *volatile kept[8192];
static unsigned kept_count;

static unsigned next(void)
{
	static unsigned state = 12345;

	state = state * 1103515245u + 12345u;
	return state >> 16 & 0x7fff;
}

KEEP static void small(void)
{
	for (int i = 0; i < 40000; i++)
		free(malloc(1 + next() % 128));
}

KEEP static void medium(void)
{
	void *blocks[4000];

	for (int i = 0; i < 4000; i++)
		blocks[i] = malloc(1000 + next() % 2001);
	for (int i = 0; i < 2000; i++)
		free(blocks[(i * 7) % 2000]);
	for (int i = 2000; i < 4000; i++)
		kept[kept_count++] = blocks[i];
}

KEEP static void large(void)
{
	for (int i = 0; i < 12; i++) {
		void *block = malloc(4 << 20);

		if (i % 2)
			kept[kept_count++] = block;
		else
			free(block);
	}
}

KEEP static void grow(void)
{
	for (int i = 0; i < 200; i++) {
		char *buffer = malloc(16);

		for (size_t n = 32; n <= 16384; n *= 2)
			buffer = realloc(buffer, n);
		if (i % 2)
			free(buffer);
		else
			kept[kept_count++] = buffer;
	}
}

KEEP static void none(void)
{
	for (int i = 0; i < 300; i++)
		kept[kept_count++] = malloc(0);
}

int main(void)
{
	small();
	medium();
	large();
	grow();
	none();
	return kept_count == 0;
}
