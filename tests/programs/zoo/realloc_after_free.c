/*
 * realloc_after_free - realloc of a block that is gone: freed, or moved by an earlier realloc; by the program, by getline.
 */
#include "zoo.h"

SITE static char *make_block(size_t n) { return memset(malloc(n), 'a', n); }
SITE static void drop(void *p) { free(p); }
SITE static char *grow(char *p, size_t n) { return realloc(p, n); }
SITE static char *grow_again(char *p, size_t n)
{
	return realloc(p, n); /* BUG */
}
static void *volatile kept[8];

/* expect: case=grow kind=realloc-after-free size=40 alloc=make_block free=drop error=grow_again way=bad-free */
CASE(grow)
{
	char *p = make_block(40);
	if (bug)
		drop(p);
	kept[0] = grow_again(p, 80);
}

/* expect: case=shrink kind=realloc-after-free size=3000 alloc=make_block free=drop error=grow_again way=bad-free */
CASE(shrink)
{
	char *p = make_block(3000);
	if (bug)
		drop(p);
	kept[1] = grow_again(p, 100);
}

/* expect: case=moved kind=realloc-after-free size=56 alloc=make_block free=grow error=grow_again way=bad-free */
CASE(moved)
{
	char *p = make_block(56), *in_the_way = make_block(56);
	char *q = grow(p, 9000);
	kept[2] = in_the_way;
	kept[3] = q;
	kept[4] = grow_again(bug ? p : NULL, 10000);
}

SITE static char *append(char *p, size_t *n, size_t times)
{
	for (size_t i = 0; i < times; i++) {
		p = realloc(p, *n + 100); /* BUG */
		*n += 100;
	}
	return p;
}
/* expect: case=loop kind=realloc-after-free size=24 alloc=make_block free=drop error=append way=bad-free */
CASE(loop)
{
	size_t n = 24;
	char *p = make_block(24);
	if (bug)
		drop(p);
	kept[5] = append(p, &n, bug ? 1 : 5);
}

SITE static char *read_lines(char *line, size_t n)
{
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f)
		give_up("no file");
	if (getline(&line, &n, f) < 0) /* BUG */
		line = NULL;
	fclose(f);
	return line;
}
/* expect: case=libc kind=realloc-after-free size=8 alloc=make_block free=drop error=read_lines way=bad-free */
CASE(libc)
{
	char *p = make_block(8);
	if (bug)
		drop(p);
	kept[6] = read_lines(p, 8);
}

SITE static void *drop_there(void *p)
{
	drop(p);
	return NULL;
}
/* expect: case=thread kind=realloc-after-free size=72 alloc=make_block free=drop error=grow_again way=bad-free */
CASE(thread)
{
	char *p = make_block(72);
	in_thread(drop_there, bug ? p : NULL);
	kept[7] = grow_again(p, 7200);
}

ZOO_MAIN(ZOO(grow), ZOO(shrink), ZOO(moved), ZOO(loop), ZOO(libc), ZOO(thread))
