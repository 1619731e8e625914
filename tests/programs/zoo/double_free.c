/*
 * double_free - a block that is freed a second time: directly, in a loop over a table that names it twice, by another thread,
 * after libc gave it.
 */
#include "zoo.h"

SITE static char *make_block(size_t n) { return memset(malloc(n), 'a', n); }
SITE static void drop(void *p) { free(p); }
SITE static void drop_again(void *p)
{
	free(p); /* BUG */
}

/* expect: case=twice kind=double-free size=40 alloc=make_block free=drop error=drop_again way=bad-free */
CASE(twice)
{
	char *p = make_block(40);
	drop(p);
	if (bug)
		drop_again(p);
}

/* expect: case=large kind=double-free size=300000 alloc=make_block free=drop error=drop_again way=bad-free */
CASE(large)
{
	char *p = make_block(300000), *q = make_block(100);
	drop(p);
	drop(q);
	if (bug)
		drop_again(p);
}

/* expect: case=later kind=double-free size=900 alloc=make_block free=drop error=drop_again way=bad-free */
CASE(later)
{
	char *p = make_block(900);
	drop(p);
	for (int i = 0; i < 50; i++)
		drop(make_block(10 + (size_t)i));
	if (bug)
		drop_again(p);
}

SITE static void drop_table(void **table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(table[i]); /* BUG */
}
/* expect: case=loop kind=double-free size=65 alloc=make_block free=drop_table error=drop_table way=bad-free */
CASE(loop)
{
	void *table[6];
	for (size_t i = 0; i < 6; i++)
		table[i] = make_block(60 + i);
	drop(table[2]);
	table[2] = bug ? table[5] : NULL;
	drop_table(table, 6);
}

SITE static char *make_next(size_t n) { return memset(malloc(n), 'a', n); }
static void *volatile next;
/* An allocator that is not watched gives the next block the same address: the second free ends that one, as if it were meant. */
/* expect: case=reused kind=double-free size=56 alloc=make_block free=drop error=drop_again way=bad-free-reused */
CASE(reused)
{
	char *p = make_block(56);
	drop(p);
	next = make_next(56);
	drop_again(bug ? p : NULL);
}

SITE static char *dup_name(void) { return strdup("a name that was given by libc"); }
/* expect: case=libc kind=double-free size=30 alloc=dup_name free=drop error=drop_again way=bad-free */
CASE(libc)
{
	char *p = dup_name();
	drop(p);
	if (bug)
		drop_again(p);
}

SITE static char *read_line(void)
{
	char *line = NULL;
	size_t n = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f || getline(&line, &n, f) < 0)
		give_up("getline");
	fclose(f);
	return line;
}
/* expect: case=getline kind=double-free size=120 alloc=read_line free=drop error=drop_again way=bad-free */
CASE(getline)
{
	char *p = read_line();
	drop(p);
	if (bug)
		drop_again(p);
}

SITE static void *drop_there(void *p)
{
	drop_again(p);
	return NULL;
}
/* expect: case=thread kind=double-free size=48 alloc=make_block free=drop error=drop_again way=bad-free */
CASE(thread)
{
	char *p = make_block(48);
	drop(p);
	in_thread(drop_there, bug ? p : NULL);
}

SITE static void forget(void *p)
{
	if (realloc(p, 0)) /* frees */
		give_up("realloc(p, 0) gave a block");
}
/* expect: case=realloc_zero kind=double-free size=72 alloc=make_block free=forget error=drop_again way=bad-free */
CASE(realloc_zero)
{
	char *p = make_block(72);
	forget(p);
	if (bug)
		drop_again(p);
}

ZOO_MAIN(ZOO(twice), ZOO(large), ZOO(later), ZOO(loop), ZOO(reused), ZOO(libc), ZOO(getline), ZOO(thread), ZOO(realloc_zero))
