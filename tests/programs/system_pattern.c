/*
 * A known pattern for the system monitor: allocates and touches 200 MiB, sleeps, burns CPU for a second, reads a file of
 * 8 MiB (argument 1), frees, sleeps. Allocations: 1 of 200 MiB and 1 of 64 KiB. Breaks tools that show one number for memory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BIG ((size_t)200 << 20)
#define PIECE 65536

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	char *big = malloc(BIG), *piece = malloc(PIECE);
	volatile unsigned long sum = 0;
	double start;
	int fd;

	if (argc != 2 || !big || !piece)
		return 2;
	memset(big, 1, BIG);
	usleep(700000);
	start = cpu();
	while (cpu() - start < 1.0)
		for (int i = 0; i < 100000; i++)
			sum += (unsigned long)i;
	fd = open(argv[1], O_RDONLY);
	if (fd < 0)
		return 3;
	while (read(fd, piece, PIECE) > 0)
		;
	close(fd);
	usleep(300000);
	free(piece);
	free(big);
	usleep(500000);
	return 0;
}
