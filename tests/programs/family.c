/*
 * family - the whole malloc family, each function with a size of its own.
 *
 * Breaks recorders that do not know memalign and pvalloc (their frees then match nothing) or panic in valloc.
 *
 * One call each, freed unless said otherwise; sizes are as requested:
 *   malloc 7001  calloc 2x3501=7002  realloc(NULL) 7003  then realloc to 7004  posix_memalign(64) 7005
 *   aligned_alloc(128) 7040  memalign(256) 7006  valloc 7007  pvalloc 7008  reallocarray(NULL, 7, 1001)=7007
 *   reallocarray(that, 7, 1002)=7014  strdup of 6999 characters: 7000 bytes, allocated inside libc
 *   malloc, calloc, posix_memalign, aligned_alloc of SIZE_MAX/4: fail
 * From the executable: 9 allocations (malloc calloc realloc posix_memalign aligned_alloc memalign valloc pvalloc and
 * reallocarray, the latter called through libc or not), strdup's is made by libc; 10 frees.
 */
#include <malloc.h>
#include <stdint.h>

#include "known.h"

static void check(void *p, size_t alignment)
{
	if (!p || (uintptr_t)p % alignment)
		give_up("%p is not aligned to %zu", p, alignment);
	memset(p, 1, 7000);
	keep(p);
	free(p);
}

SITE void use_malloc(void) { check(malloc(7001), 16); }
SITE void use_calloc(void) { check(calloc(2, 3501), 16); }
SITE void use_realloc(void) { void *p = realloc(NULL, 7003); keep(p); check(realloc(p, 7004), 16); }
SITE void use_posix_memalign(void)
{
	void *p = NULL;
	if (posix_memalign(&p, 64, 7005))
		give_up("posix_memalign");
	check(p, 64);
}
SITE void use_aligned_alloc(void) { check(aligned_alloc(128, 7040), 128); }
SITE void use_memalign(void) { check(memalign(256, 7006), 256); }
SITE void use_valloc(void) { check(valloc(7007), 4096); }
SITE void use_pvalloc(void) { check(pvalloc(7008), 4096); }
SITE void use_reallocarray(void)
{
	void *p = reallocarray(NULL, 7, 1001);
	keep(p);
	check(reallocarray(p, 7, 1002), 16);
}
SITE void use_strdup(void)
{
	static char text[7000];
	memset(text, 'a', 6999);
	check(strdup(text), 16);
}
SITE void use_failing(void)
{
	volatile size_t huge = SIZE_MAX / 4;
	void *p = NULL;
	if (malloc(huge) || calloc(huge, 1) || posix_memalign(&p, 64, huge) == 0 || aligned_alloc(64, huge))
		give_up("a huge allocation succeeded");
	/* nmemb * size overflows */
	if (calloc(huge, 8) || reallocarray(NULL, huge, 8))
		give_up("an overflowing allocation succeeded");
}

int main(void)
{
	use_malloc();
	use_calloc();
	use_realloc();
	use_posix_memalign();
	use_aligned_alloc();
	use_memalign();
	use_valloc();
	use_pvalloc();
	use_reallocarray();
	use_strdup();
	use_failing();
	void *p = malloc(10);
	if (malloc_usable_size(p) < 10 || malloc_usable_size(NULL) != 0)
		give_up("malloc_usable_size");
	free(p);
	say(1, "done\n");
	return 0;
}
