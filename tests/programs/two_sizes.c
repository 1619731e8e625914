/* two_sizes - 50,000 blocks of 16 bytes by one call path, 400 of 64 KiB by another. All stay. */
#include <stdlib.h>

static void *volatile kept[50400];

static __attribute__((noinline)) void *small(void)
{
	void *block = malloc(16);

	__asm__ volatile("" ::: "memory");
	return block;
}

static __attribute__((noinline)) void *large(void)
{
	void *block = malloc(65536);

	__asm__ volatile("" ::: "memory");
	return block;
}

int main(void)
{
	for (int i = 0; i < 50000; i++)
		kept[i] = small();
	for (int i = 0; i < 400; i++)
		kept[50000 + i] = large();
	return 0;
}
