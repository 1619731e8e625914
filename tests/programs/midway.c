/*
 * midway HOW FILE - ends while its other threads are in the middle of malloc and of the hooks.
 *
 * Breaks recorders that buffer, lock, or write an event in two steps: the last events of each thread are missing or torn, or
 * the end waits for a thread that is gone.
 *
 * Three threads allocate and free in `midway_alloc` for ever; what has returned is counted in FILE, which is mapped shared and so
 * survives everything: for each thread its allocations and its frees, 8 bytes each. After 20000 calls of each thread the main thread
 * ends the process: HOW kill, abort, _exit, exit, segv, or exec (which starts `midway after FILE`: 30 blocks in `after_alloc`, status 22).
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#include "known.h"

#define THREADS 3
static _Atomic uint64_t (*counts)[2];

SITE void *midway_alloc(size_t n) { void *p = malloc(n); keep(p); return p; }
SITE void *after_alloc(void) { void *p = malloc(26); keep(p); return p; }

static void *worker(void *number)
{
	_Atomic uint64_t *mine = counts[(long)number];
	for (uint64_t n = 1;; n++) {
		void *p = midway_alloc(16 + n % 100);
		atomic_store_explicit(&mine[0], n, memory_order_release);
		free(p);
		atomic_store_explicit(&mine[1], n, memory_order_release);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		give_up("usage: midway HOW FILE");
	if (strcmp(argv[1], "after") == 0) {
		for (int i = 0; i < 30; i++)
			after_alloc();
		return 22;
	}
	int fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || ftruncate(fd, sizeof counts[0] * THREADS))
		give_up("%s", argv[2]);
	counts = mmap(NULL, sizeof counts[0] * THREADS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (counts == MAP_FAILED)
		give_up("mmap");
	for (long i = 0; i < THREADS; i++) {
		pthread_t t;
		if (pthread_create(&t, NULL, worker, (void *)i))
			give_up("pthread_create");
	}
	for (int i = 0; i < THREADS; i++)
		while (atomic_load_explicit(&counts[i][1], memory_order_acquire) < 20000)
			usleep(50);
	if (strcmp(argv[1], "kill") == 0)
		kill(getpid(), SIGKILL);
	else if (strcmp(argv[1], "abort") == 0)
		abort();
	else if (strcmp(argv[1], "_exit") == 0)
		_exit(3);
	else if (strcmp(argv[1], "exit") == 0)
		exit(5);
	else if (strcmp(argv[1], "segv") == 0)
		*(volatile int *)8 = 1;
	else if (strcmp(argv[1], "exec") == 0)
		execl("/proc/self/exe", argv[0], "after", argv[2], (char *)NULL);
	give_up("still alive: %s", argv[1]);
}
