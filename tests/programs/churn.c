/*
 * churn EVENTS [KEEP] - many events that compress badly, from one thread.
 *
 * EVENTS/2 allocations of pseudo-random size in `churn_alloc`, each freed after a pseudo-random while, all freed at the end.
 * With KEEP, that many more blocks of 64 bytes in `keep_alloc` stay. Prints a checksum of the contents, exit status 0.
 */
#include <stdint.h>

#include "known.h"

#define SLOTS 4096

SITE void *churn_alloc(size_t n) { void *p = malloc(n); keep(p); return p; }
SITE void *keep_alloc(void) { void *p = malloc(64); keep(p); return p; }

int main(int argc, char **argv)
{
	long events = argc > 1 ? atol(argv[1]) : 100000, kept = argc > 2 ? atol(argv[2]) : 0;
	static unsigned char *slots[SLOTS];
	uint64_t state = 88172645463325252u, sum = 0;
	for (long i = 0; i < events / 2; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		unsigned char **slot = &slots[state % SLOTS];
		if (*slot)
			sum = sum * 31 + **slot;
		free(*slot);
		*slot = churn_alloc(1 + (state >> 20) % 2000);
		**slot = (unsigned char)i;
	}
	for (int i = 0; i < SLOTS; i++)
		free(slots[i]);
	for (long i = 0; i < kept; i++)
		keep_alloc();
	say(1, "sum %016llx\nexe %ld %ld\n", (unsigned long long)sum, events / 2 + kept, events / 2);
	return 0;
}
