/*
 * errno_kept - no hook changes errno when the real function does not.
 *
 * Breaks hooks that make system calls of their own. Checked on the main thread, on fresh threads (their first call is the slow
 * one), in bulk (the buffer fills), and for the calls that do set errno.
 * Prints `errno kept` and exits with 0, or says which call changed it and exits with 1.
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#include "known.h"

#define ODD 12345
#define UNCHANGED(call)                                                            \
	do {                                                                       \
		errno = ODD;                                                       \
		call;                                                              \
		if (errno != ODD) {                                                \
			say(1, "line %d: %s: errno %d\n", __LINE__, #call, errno); \
			_exit(1);                                                  \
		}                                                                  \
	} while (0)

static void *family(void *unused)
{
	void *p = NULL, *q = NULL;
	UNCHANGED(p = malloc(10));
	UNCHANGED(p = realloc(p, 5000));
	UNCHANGED(p = realloc(p, 20));
	UNCHANGED(free(p));
	UNCHANGED(free(NULL));
	UNCHANGED(p = calloc(3, 30));
	UNCHANGED(q = realloc(NULL, 3));
	UNCHANGED(p = realloc(p, 0));
	UNCHANGED(free(q));
	UNCHANGED(posix_memalign(&p, 64, 100));
	UNCHANGED(free(p));
	UNCHANGED(p = aligned_alloc(64, 128));
	UNCHANGED(free(p));
	UNCHANGED(p = memalign(64, 128));
	UNCHANGED(free(p));
	UNCHANGED(p = valloc(128));
	UNCHANGED(free(p));
	UNCHANGED(p = pvalloc(128));
	UNCHANGED(free(p));
	UNCHANGED(p = malloc(4 << 20)); /* mapped by malloc */
	UNCHANGED(free(p));
	UNCHANGED(p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	UNCHANGED(p = mremap(p, 8192, 16384, MREMAP_MAYMOVE));
	UNCHANGED(munmap(p, 16384));
	UNCHANGED(p = sbrk(0));
	return unused;
}

SITE void bulk(void)
{
	for (int i = 0; i < 300000; i++) {
		void *p = NULL;
		UNCHANGED(p = malloc(32));
		UNCHANGED(free(p));
	}
}

int main(void)
{
	void *p = (void *)1;
	UNCHANGED(free(malloc(1))); /* the very first */
	family(NULL);
	for (int i = 0; i < 50; i++) {
		pthread_t t;
		if (pthread_create(&t, NULL, family, NULL))
			give_up("pthread_create");
		pthread_join(t, NULL);
	}
	bulk();
	errno = 0;
	p = malloc(SIZE_MAX / 4);
	if (p || errno != ENOMEM)
		give_up("malloc: errno %d", errno);
	errno = 0;
	p = mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p != MAP_FAILED || errno != EINVAL)
		give_up("mmap: errno %d", errno);
	errno = 0;
	if (execl("/nonexistent/program", "x", (char *)NULL) != -1 || errno != ENOENT)
		give_up("exec: errno %d", errno);
	say(1, "errno kept\n");
	return 0;
}
