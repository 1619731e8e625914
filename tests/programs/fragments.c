/*
 * fragments COUNT SIZE - a heap with holes: what is alive keeps pages that are half empty.
 *
 * COUNT allocations of SIZE bytes in `piece_alloc`, every second one freed, the others alive at the end. Prints "live BLOCKS BYTES PAGES": how
 * many pages of 4096 bytes hold a byte of those. Exit status 0.
 */
#include <stdint.h>

#include "known.h"

SITE void *piece_alloc(size_t n) { void *p = malloc(n); keep(p); return p; }

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1000, pages = 0, live = 0;
	size_t size = argc > 2 ? (size_t)atol(argv[2]) : 1000;
	void **pieces = piece_alloc((size_t)count * sizeof *pieces);
	uintptr_t last = 0;

	for (long i = 0; i < count; i++)
		pieces[i] = piece_alloc(size);
	for (long i = 1; i < count; i += 2)
		free(pieces[i]);
	for (long i = 0; i < count; i += 2) { /* of a heap that only grew, in order of address */
		uintptr_t first = (uintptr_t)pieces[i] >> 12, end = ((uintptr_t)pieces[i] + size - 1) >> 12;

		if (first <= last)
			first = last + 1;
		pages += end >= first ? (long)(end - first + 1) : 0;
		last = end > last ? end : last;
		live++;
	}
	usleep(60000); /* so that the address space is looked at */
	say(1, "live %ld %ld %ld\nexe %ld %ld\n", live, live * (long)size, pages, count + 1, count / 2);
	return 0;
}
