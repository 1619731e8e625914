/*
 * storm FOLDER [SECONDS] - threads that allocate, reallocate and free as fast as they can, also each other's blocks, until FOLDER/go exists.
 *
 * Four threads of `storm_alloc`; each keeps 64 slots, and puts every eighth block into a slot that all share, where another thread frees it. Creates FOLDER/ready with its
 * process id when all run. At the end everything is freed; prints `allocations N`. SECONDS (default 60): gives up after so long, status 3.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <time.h>

#include "known.h"

#define THREADS 4
static void *_Atomic shared[256];
static atomic_bool over;
static atomic_ulong allocations;

SITE void *storm_alloc(size_t n) { void *p = malloc(n); keep(p); return p; }

static void *work(void *arg)
{
	unsigned long seed = (unsigned long)arg, n = 0;
	void *slots[64] = {0};

	while (!atomic_load_explicit(&over, memory_order_relaxed)) {
		unsigned i = (seed = seed * 6364136223846793005ul + 1442695040888963407ul) >> 58, s = seed >> 50 & 255;

		if (slots[i] && i % 16 == 0) {
			slots[i] = realloc(slots[i], 16 + (seed >> 40 & 255));
			continue;
		}
		free(slots[i]);
		slots[i] = storm_alloc(16 + (seed >> 40 & 255));
		if (++n % 8 == 0)
			slots[i] = atomic_exchange(&shared[s], slots[i]);
	}
	for (unsigned i = 0; i < 64; i++)
		free(slots[i]);
	atomic_fetch_add(&allocations, n);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	char path[4096], to[4096], text[32];
	struct stat st;
	long limit = argc > 2 ? atol(argv[2]) : 60;
	time_t start = time(NULL);
	int fd;

	if (argc < 2)
		give_up("usage: storm FOLDER [SECONDS]");
	for (unsigned long i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)(i + 1)))
			give_up("pthread_create");
	snprintf(path, sizeof path, "%s/ready.tmp", argv[1]);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	snprintf(text, sizeof text, "%d\n", (int)getpid());
	say(fd, "%s", text);
	close(fd);
	snprintf(to, sizeof to, "%s/ready", argv[1]);
	if (rename(path, to))
		give_up("rename");
	snprintf(path, sizeof path, "%s/go", argv[1]);
	while (stat(path, &st)) {
		if (time(NULL) - start > limit)
			exit(3);
		usleep(2000);
	}
	atomic_store(&over, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 256; i++)
		free(shared[i]);
	say(1, "allocations %lu\n", atomic_load(&allocations));
	return 0;
}
