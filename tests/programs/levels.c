/*
 * levels FOLDER - a heap that rises and falls in known steps, for snapshots by its level.
 *
 * Every block is 1 MiB, in `level_alloc`. Rises to 10 blocks, waits for FOLDER/go1, frees down to 1, waits for FOLDER/go2, rises to 5, waits for FOLDER/go3, frees all.
 * Before each wait it creates FOLDER/ready1, 2, 3. Pages of the first 10 blocks are touched.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "known.h"

SITE void *level_alloc(void) { void *p = malloc(1 << 20); keep(p); return p; }

static void wait_for(const char *folder, int step)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof path, "%s/ready%d", folder, step);
	close(open(path, O_WRONLY | O_CREAT, 0644));
	snprintf(path, sizeof path, "%s/go%d", folder, step);
	while (stat(path, &st))
		usleep(2000);
}

int main(int argc, char **argv)
{
	void *blocks[10];
	int n = 0;

	if (argc != 2)
		give_up("usage: levels FOLDER");
	while (n < 10)
		memset(blocks[n++] = level_alloc(), 1, 1 << 20);
	wait_for(argv[1], 1);
	while (n > 1)
		free(blocks[--n]);
	wait_for(argv[1], 2);
	while (n < 5)
		blocks[n++] = level_alloc();
	wait_for(argv[1], 3);
	while (n > 0)
		free(blocks[--n]);
	return 0;
}
