/*
 * size_mismatched_free - C23's free_sized and free_aligned_sized with a wrong size. A libc without them has no such program; these
 * call free then, and only the recorded run has the bug.
 */
#include "zoo.h"

extern void free_sized(void *, size_t) __attribute__((weak));
extern void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));

SITE static char *make_block(size_t n) { return malloc(n); }
SITE static char *make_aligned(size_t n) { return aligned_alloc(64, n); }
SITE static void drop(void *p, size_t n)
{
	if (free_sized)
		free_sized(p, n); /* BUG */
	else
		free(p);
}
SITE static void drop_aligned(void *p, size_t n)
{
	if (free_aligned_sized)
		free_aligned_sized(p, 64, n); /* BUG */
	else
		free(p);
}

/* expect: case=smaller kind=size-mismatched-free size=40 alloc=make_block error=drop way=bad-free */
CASE(smaller) { drop(make_block(40), bug ? 32 : 40); }

/* expect: case=larger kind=size-mismatched-free size=200 alloc=make_block error=drop way=bad-free */
CASE(larger) { drop(make_block(200), bug ? 4096 : 200); }

/* expect: case=aligned kind=size-mismatched-free size=192 alloc=make_aligned error=drop_aligned way=bad-free */
CASE(aligned) { drop_aligned(make_aligned(192), bug ? 128 : 192); }

SITE static char *dup_name(void) { return strdup("name"); }
/* expect: case=libc kind=size-mismatched-free size=5 alloc=dup_name error=drop way=bad-free */
CASE(libc) { drop(dup_name(), bug ? 4 : 5); /* strlen without its end */ }

SITE static void drop_all(char **table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		drop(table[i], 24);
}
/* expect: case=loop kind=size-mismatched-free size=25 alloc=make_block error=drop way=bad-free */
CASE(loop)
{
	char *table[4];
	for (size_t i = 0; i < 4; i++)
		table[i] = make_block(bug && i == 1 ? 25 : 24);
	drop_all(table, 4);
}

SITE static void *drop_there(void *p)
{
	drop(p, 48);
	return NULL;
}
/* expect: case=thread kind=size-mismatched-free size=96 alloc=make_block error=drop way=bad-free */
CASE(thread) { in_thread(drop_there, make_block(bug ? 96 : 48)); }

ZOO_MAIN(ZOO(smaller), ZOO(larger), ZOO(aligned), ZOO(libc), ZOO(loop), ZOO(thread))
