/*
 * realloc_forms - every meaning that realloc has.
 *
 * Breaks recorders that see realloc(p, 0) as a new allocation: 100 of 100 are reported as leaks.
 *
 *   100 x realloc(malloc(10), 0)      100 allocations in `zero_malloc`, 100 frees
 *    50 x realloc(NULL, 20)            50 allocations in `null_realloc`, freed
 *    30 x realloc(malloc(30), huge)    30 allocations in `fails_malloc`: realloc fails, the block lives on, then freed
 *    40 x realloc(malloc(40), 41)      40 allocations in `grow_malloc`, 40 reallocations, not freed: 40 blocks, 41 bytes
 *     5 x free(NULL)                   nothing
 *     7 x malloc(0)                    7 allocations of size 0 in `empty_malloc`, freed
 */
#include <errno.h>
#include <stdint.h>

#include "known.h"

SITE void *zero_malloc(void) { void *p = malloc(10); keep(p); return p; }
SITE void *null_realloc(void) { void *p = realloc(NULL, 20); keep(p); return p; }
SITE void *fails_malloc(void) { void *p = malloc(30); keep(p); return p; }
SITE void *grow_malloc(void) { void *p = malloc(40); keep(p); return p; }
SITE void *empty_malloc(void) { void *p = malloc(0); keep(p); return p; }
SITE void *any_realloc(void *p, size_t n) { void *q = realloc(p, n); keep(q); return q; }

int main(void)
{
	for (int i = 0; i < 100; i++)
		if (any_realloc(zero_malloc(), 0))
			give_up("realloc(p, 0) gave a block");
	for (int i = 0; i < 50; i++)
		free(null_realloc());
	for (int i = 0; i < 30; i++) {
		char *p = fails_malloc();
		memset(p, 'x', 30);
		errno = 0;
		if (any_realloc(p, SIZE_MAX / 4) || errno != ENOMEM)
			give_up("a huge realloc did not fail with ENOMEM");
		if (p[29] != 'x')
			give_up("the block did not survive");
		free(p);
	}
	for (int i = 0; i < 40; i++)
		any_realloc(grow_malloc(), 41);
	for (int i = 0; i < 5; i++)
		free(NULL);
	for (int i = 0; i < 7; i++)
		free(empty_malloc());
	say(1, "exe 227 187\n");
	return 0;
}
