/*
 * invalid_free - free of what is no start of a block: the middle of one, the stack, static data, a mapping, nonsense.
 */
#include <sys/mman.h>

#include "zoo.h"

SITE static char *make_block(size_t n) { return memset(malloc(n), 'a', n); }
SITE static void drop(void *p) { free(p); }
SITE static void drop_wrong(void *p)
{
	free(p); /* BUG */
}

static void *volatile kept[16];

/* expect: case=inside kind=invalid-free size=64 offset=16 alloc=make_block error=drop_wrong way=bad-free */
CASE(inside)
{
	char *p = make_block(64);
	kept[0] = p;
	if (bug)
		drop_wrong(p + 16);
	else
		drop(p);
}

/* expect: case=inside_odd kind=invalid-free size=100 offset=7 alloc=make_block error=drop_wrong way=bad-free */
CASE(inside_odd)
{
	char *p = make_block(100);
	kept[1] = p;
	if (bug)
		drop_wrong(p + 7);
	else
		drop(p);
}

SITE static char *skip_spaces(char *p)
{
	while (*p == ' ')
		p++;
	return p;
}
/* expect: case=loop kind=invalid-free size=48 offset=4 alloc=make_block error=drop_wrong way=bad-free */
CASE(loop)
{
	char *p = make_block(48);
	memset(p, ' ', 4);
	kept[2] = p;
	if (bug)
		drop_wrong(skip_spaces(p));
	else
		drop(p);
}

SITE static char *dup_pair(void) { return strdup("key=value"); }
/* expect: case=libc kind=invalid-free size=10 offset=3 alloc=dup_pair error=drop_wrong way=bad-free */
CASE(libc)
{
	char *p = dup_pair();
	kept[3] = p;
	if (bug)
		drop_wrong(strchr(p, '='));
	else
		drop(p);
}

/* expect: case=stack kind=invalid-free error=drop_wrong way=bad-free-nowhere */
CASE(stack)
{
	_Alignas(16) char local[64];
	keep(local);
	if (bug)
		drop_wrong(local + 16);
}

static _Alignas(16) char global[64];
/* expect: case=global kind=invalid-free error=drop_wrong way=bad-free-nowhere */
CASE(global)
{
	if (bug)
		drop_wrong(global + 16);
}

/* expect: case=mapping kind=invalid-free error=drop_wrong way=bad-free-nowhere */
CASE(mapping)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bug)
		drop_wrong(p + 64);
	munmap(p, 8192);
}

/* expect: case=nonsense kind=invalid-free error=drop_wrong way=bad-free-nowhere */
CASE(nonsense)
{
	if (bug)
		drop_wrong((void *)(uintptr_t)0x1230);
}

/* expect: case=environment kind=invalid-free error=drop_wrong way=bad-free-nowhere */
CASE(environment)
{
	if (bug)
		drop_wrong(getenv("PATH"));
}

SITE static void *drop_there(void *p)
{
	drop_wrong(p);
	return NULL;
}
/* expect: case=thread kind=invalid-free size=80 offset=32 alloc=make_block error=drop_wrong way=bad-free */
CASE(thread)
{
	char *p = make_block(80);
	kept[4] = p;
	in_thread(drop_there, bug ? p + 32 : NULL);
	if (!bug)
		drop(p);
}

ZOO_MAIN(ZOO(inside), ZOO(inside_odd), ZOO(loop), ZOO(libc), ZOO(stack), ZOO(global), ZOO(mapping), ZOO(nonsense),
	 ZOO(environment), ZOO(thread))
