/*
 * truths - small amounts whose every figure can be worked out by hand.
 *
 * Breaks analyses that take the allocation site for the block ("temporary": heaptrack says 1001 where the truth is 0), see
 * a peak only at a free or within a per cent (massif: 289 bytes for a true 295), or lend an address reused to the old block.
 *
 *   pairs      100 times: malloc(10) in `pair_alloc`, free at once: 100 temporary
 *   crossed   1000 times: a = malloc(20), b = malloc(20) in `crossed_alloc`, free(a), free(b): 2000 blocks, 0 temporary
 *   peak       rise_alloc 50000 and freed; then peak_alloc 70000, small_alloc 295 - the peak: 70295 bytes - and again, after the
 *              free of peak_alloc, last_alloc 60000 (kept until the end of this part): own peaks 50000, 70000, 295, 60000;
 *              shares of the global peak 0, 70000, 295, 0
 *   unknown    5 blocks from __libc_malloc, past the hooks, in no site; freed with free: 5 unmatched frees
 *   reused     3 blocks in `first_life` freed past the hooks (__libc_free), then 3 in `second_life` at the same addresses, freed
 *              with free: the first three are still alive as far as anybody can know
 *   handover   a second thread allocates 40 blocks of 30 bytes in `handed_alloc`; the main thread frees them
 * Allocations 100 + 2000 + 4 + 6 + 40 = 2150 in these sites; alive at the end: 3 blocks of first_life, 33 bytes each.
 */
#include <pthread.h>

#include "known.h"

extern void *__libc_malloc(size_t size_bytes);
extern void __libc_free(void *p);

SITE void *pair_alloc(void) { void *p = malloc(10); keep(p); return p; }
SITE void *crossed_alloc(void) { void *p = malloc(20); keep(p); return p; }
SITE void *rise_alloc(void) { void *p = malloc(50000); keep(p); return p; }
SITE void *peak_alloc(void) { void *p = malloc(70000); keep(p); return p; }
SITE void *small_alloc(void) { void *p = malloc(295); keep(p); return p; }
SITE void *last_alloc(void) { void *p = malloc(60000); keep(p); return p; }
SITE void *first_life(void) { void *p = malloc(33); keep(p); return p; }
SITE void *second_life(void) { void *p = malloc(33); keep(p); return p; }
SITE void *handed_alloc(void) { void *p = malloc(30); keep(p); return p; }

static void *handed[40];

static void *hand_over(void *unused)
{
	for (int i = 0; i < 40; i++)
		handed[i] = handed_alloc();
	return unused;
}

int main(void)
{
	for (int i = 0; i < 100; i++)
		free(pair_alloc());
	for (int i = 0; i < 1000; i++) {
		void *a = crossed_alloc(), *b = crossed_alloc();
		free(a);
		free(b);
	}

	free(rise_alloc());
	void *p = peak_alloc(), *s = small_alloc();
	free(p);
	void *l = last_alloc();
	free(l);
	free(s);

	for (int i = 0; i < 5; i++)
		free(__libc_malloc(900));

	void *one[3], *two[3];
	for (int i = 0; i < 3; i++)
		one[i] = first_life();
	for (int i = 3; i-- > 0;)
		__libc_free(one[i]);
	for (int i = 0; i < 3; i++) {
		two[i] = second_life();
		if (two[i] != one[i])
			give_up("libc did not reuse the address");
	}
	for (int i = 0; i < 3; i++)
		free(two[i]);

	pthread_t t;
	if (pthread_create(&t, NULL, hand_over, NULL))
		give_up("pthread_create");
	pthread_join(t, NULL);
	for (int i = 0; i < 40; i++)
		free(handed[i]);
	say(1, "done\n");
	return 0;
}
