/*
 * heap_underflow - writes and reads before the start of a block, freed later or never.
 */
#include <fcntl.h>

#include "zoo.h"

SITE static char *make_block(size_t n) { return memset(malloc(n), 'a', n); }
SITE static void drop(void *p) { free(p); }

SITE static void put1(char *p, long i)
{
	p[i] = 'x'; /* BUG */
}
SITE static void put8(uint64_t *p, long i)
{
	p[i] = UINT64_C(0x7878787878787878); /* BUG */
}
SITE static int get1(const char *p, long i)
{
	return p[i]; /* BUG */
}
SITE static uint64_t get8(const uint64_t *p, long i)
{
	return p[i]; /* BUG */
}

/* expect: case=one_byte kind=heap-underflow size=40 offset=-1 access=write alloc=make_block error=put1 way=store */
CASE(one_byte)
{
	char *p = make_block(40);
	put1(p, bug ? -1 : 0);
	drop(p);
}

/* expect: case=one_byte_of_33 kind=heap-underflow size=33 offset=-1 access=write alloc=make_block error=put1 way=store */
CASE(one_byte_of_33)
{
	char *p = make_block(33);
	put1(p, bug ? -1 : 0);
	drop(p);
}

/* expect: case=eight kind=heap-underflow size=64 offset=-8 access=write alloc=make_block error=put8 way=store */
CASE(eight)
{
	char *p = make_block(64);
	put8((uint64_t *)p, bug ? -1 : 0);
	drop(p);
}

/* expect: case=sixteen kind=heap-underflow size=56 offset=-16 access=write alloc=make_block error=put8 way=store */
CASE(sixteen)
{
	char *p = make_block(56);
	put8((uint64_t *)p, bug ? -2 : 0);
	drop(p);
}

/* expect: case=large kind=heap-underflow size=20000 offset=-8 access=write alloc=make_block error=put8 way=store */
CASE(large)
{
	char *p = make_block(20000);
	put8((uint64_t *)p, bug ? -1 : 0);
	drop(p);
}

static char *volatile never_freed;
/* expect: case=kept kind=heap-underflow size=48 offset=-8 access=write alloc=make_block error=put8 way=store */
CASE(kept)
{
	never_freed = make_block(48);
	put8((uint64_t *)never_freed, bug ? -1 : 0);
}

static char *volatile never_freed_too;
/* expect: case=kept_one kind=heap-underflow size=39 offset=-1 access=write alloc=make_block error=put1 way=store */
CASE(kept_one)
{
	never_freed_too = make_block(39);
	put1(never_freed_too, bug ? -1 : 0);
}

SITE static void fill_down(char *p, long from, long to)
{
	for (long i = from; i >= to; i--)
		p[i] = 'x'; /* BUG */
}
/* expect: case=loop kind=heap-underflow size=32 offset=-1 damage=-16 access=write alloc=make_block error=fill_down way=store */
CASE(loop)
{
	char *p = make_block(32);
	fill_down(p, 31, bug ? -16 : 0);
	drop(p);
}

SITE static void *store_there(void *p)
{
	put8(p, -1);
	return NULL;
}
SITE static void *store_inside(void *p)
{
	put8(p, 0);
	return NULL;
}
/* expect: case=thread kind=heap-underflow size=80 offset=-8 access=write alloc=make_block error=put8 way=store */
CASE(thread)
{
	char *p = make_block(80);
	in_thread(bug ? store_there : store_inside, p);
	drop(p);
}

/* expect: case=read_one kind=heap-underflow size=40 offset=-1 access=read alloc=make_block error=get1 way=load */
CASE(read_one)
{
	char *p = make_block(40);
	keep((void *)(intptr_t)get1(p, bug ? -1 : 0));
	drop(p);
}

/* expect: case=read_eight kind=heap-underflow size=96 offset=-8 access=read alloc=make_block error=get8 way=load */
CASE(read_eight)
{
	char *p = make_block(96);
	keep((void *)get8((uint64_t *)p, bug ? -1 : 0));
	drop(p);
}

/* expect: case=read_32 kind=heap-underflow size=72 offset=-32 access=read alloc=make_block error=get8 way=load */
CASE(read_32)
{
	char *p = make_block(72);
	keep((void *)get8((uint64_t *)p, bug ? -4 : 0));
	drop(p);
}

SITE static long sum_down(const char *p, long from, long to)
{
	long s = 0;
	for (long i = from; i >= to; i--)
		s += p[i]; /* BUG */
	return s;
}
/* expect: case=read_loop kind=heap-underflow size=24 offset=-1 access=read alloc=make_block error=sum_down way=load */
CASE(read_loop)
{
	char *p = make_block(24);
	keep((void *)sum_down(p, 23, bug ? -4 : 0));
	drop(p);
}

SITE static void *load_there(void *p)
{
	get1(p, -1);
	return NULL;
}
SITE static void *load_inside(void *p)
{
	get1(p, 0);
	return NULL;
}
/* expect: case=read_thread kind=heap-underflow size=104 offset=-1 access=read alloc=make_block error=get1 way=load */
CASE(read_thread)
{
	char *p = make_block(104);
	in_thread(bug ? load_there : load_inside, p);
	drop(p);
}

static char other[64] = "0123456789";

/* expect: case=memcpy kind=heap-underflow size=40 offset=-8 access=write alloc=make_block error=case_memcpy way=libc */
CASE(memcpy)
{
	char *p = make_block(40);
	memcpy(p - (bug ? 8 : 0), other, 16); /* BUG */
	drop(p);
}

/* expect: case=memset kind=heap-underflow size=51 offset=-1 access=write alloc=make_block error=case_memset way=libc */
CASE(memset)
{
	char *p = make_block(51);
	memset(p - (bug ? 1 : 0), 'x', 20); /* BUG */
	drop(p);
}

/* expect: case=strcpy kind=heap-underflow size=40 offset=-4 access=write alloc=make_block error=case_strcpy way=libc */
CASE(strcpy)
{
	char *p = make_block(40);
	strcpy(p - (bug ? 4 : 0), other); /* BUG */
	drop(p);
}

/* expect: case=sprintf kind=heap-underflow size=64 offset=-2 access=write alloc=make_block error=case_sprintf way=libc */
CASE(sprintf)
{
	char *p = make_block(64);
	sprintf(p - (bug ? 2 : 0), "%s", other); /* BUG */
	drop(p);
}

/* expect: case=wmemset kind=heap-underflow size=48 offset=-4 access=write alloc=make_block error=case_wmemset way=libc */
CASE(wmemset)
{
	char *p = make_block(48);
	wmemset((wchar_t *)p - (bug ? 1 : 0), L'x', 4); /* BUG */
	drop(p);
}

/* expect: case=memmove_kept kind=heap-underflow size=60 offset=-16 access=write alloc=make_block error=case_memmove_kept way=libc */
CASE(memmove_kept)
{
	static char *volatile kept;
	kept = make_block(60);
	memmove(kept - (bug ? 16 : 0), kept + 4, 32); /* BUG */
}

/* expect: case=read kind=heap-underflow size=42 offset=-8 access=write alloc=make_block error=case_read way=libc */
CASE(read)
{
	char *p = make_block(42);
	int fd = open("/proc/self/exe", O_RDONLY);
	if (read(fd, p - (bug ? 8 : 0), 32) != 32) /* BUG */
		give_up("read");
	close(fd);
	drop(p);
}

/* expect: case=memcpy_from kind=heap-underflow size=40 offset=-16 access=read alloc=make_block error=case_memcpy_from way=libc */
CASE(memcpy_from)
{
	char *p = make_block(40);
	memcpy(other, p - (bug ? 16 : 0), 24); /* BUG */
	drop(p);
}

/* expect: case=memcmp kind=heap-underflow size=88 offset=-8 access=read alloc=make_block error=case_memcmp way=libc */
CASE(memcmp)
{
	char *p = make_block(88);
	keep((void *)(intptr_t)memcmp(other, p - (bug ? 8 : 0), 16)); /* BUG */
	drop(p);
}

ZOO_MAIN(ZOO(one_byte), ZOO(one_byte_of_33), ZOO(eight), ZOO(sixteen), ZOO(large), ZOO(kept), ZOO(kept_one), ZOO(loop),
	 ZOO(thread), ZOO(read_one), ZOO(read_eight), ZOO(read_32), ZOO(read_loop), ZOO(read_thread), ZOO(memcpy), ZOO(memset),
	 ZOO(strcpy), ZOO(sprintf), ZOO(wmemset), ZOO(memmove_kept), ZOO(read), ZOO(memcpy_from), ZOO(memcmp))
