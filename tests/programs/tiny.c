/*
 * tiny - 100 bytes and 25 bytes, alive together, then freed: the true peak is 125 bytes, of 2 allocations.
 *
 * Breaks recorders that record themselves: heaptrack reports its own 72.7 KB as this program's peak.
 */
#include "known.h"

SITE void *tiny_alloc(size_t n) { void *p = malloc(n); keep(p); return p; }

int main(void)
{
	void *a = tiny_alloc(100), *b = tiny_alloc(25);
	free(a);
	free(b);
	return 0;
}
