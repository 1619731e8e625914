/*
 * use_after_free - freed blocks that are written and read: soon, long after, after realloc moved them, by libc, in another thread.
 */
#include <fcntl.h>

#include "zoo.h"

SITE static char *make_block(size_t n) { return memset(malloc(n), 'a', n); }
SITE static void drop(void *p) { free(p); }

SITE static void put1(char *p, size_t i)
{
	p[i] = 'x'; /* BUG */
}
SITE static void put8(uint64_t *p, size_t i)
{
	p[i] = UINT64_C(0x7878787878787878); /* BUG */
}
SITE static int get1(const char *p, size_t i)
{
	return p[i]; /* BUG */
}
SITE static uint64_t get8(const uint64_t *p, size_t i)
{
	return p[i]; /* BUG */
}

/* expect: case=write_first kind=use-after-free size=40 offset=0 access=write alloc=make_block free=drop error=put1 way=freed-store */
CASE(write_first)
{
	char *p = make_block(40);
	if (bug)
		drop(p);
	put1(p, 0);
	if (!bug)
		drop(p);
}

/* expect: case=write_last kind=use-after-free size=129 offset=128 access=write alloc=make_block free=drop error=put1 way=freed-store */
CASE(write_last)
{
	char *p = make_block(129);
	if (bug)
		drop(p);
	put1(p, 128);
	if (!bug)
		drop(p);
}

/* expect: case=write_eight kind=use-after-free size=64 offset=24 access=write alloc=make_block free=drop error=put8 way=freed-store */
CASE(write_eight)
{
	char *p = make_block(64);
	if (bug)
		drop(p);
	put8((uint64_t *)p, 3);
	if (!bug)
		drop(p);
}

/* expect: case=write_large kind=use-after-free size=100000 offset=800 access=write alloc=make_block free=drop error=put8 way=freed-store */
CASE(write_large)
{
	char *p = make_block(100000);
	if (bug)
		drop(p);
	put8((uint64_t *)p, 100);
	if (!bug)
		drop(p);
}

/* expect: case=write_far kind=use-after-free size=100000 offset=80000 access=write alloc=make_block free=drop error=put8 way=freed-far */
CASE(write_far)
{
	char *p = make_block(100000);
	if (bug)
		drop(p);
	put8((uint64_t *)p, 10000);
	if (!bug)
		drop(p);
}

SITE static void fill(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = 'x'; /* BUG */
}
/* expect: case=write_loop kind=use-after-free size=50 offset=0 access=write alloc=make_block free=drop error=fill way=freed-store */
CASE(write_loop)
{
	char *p = make_block(50);
	if (bug)
		drop(p);
	fill(p, 50);
	if (!bug)
		drop(p);
}

SITE static void churn(int n)
{
	for (int i = 0; i < n; i++) {
		char *p = malloc(1000 + (size_t)i);
		memset(p, 1, 1000);
		free(p);
	}
}
/* expect: case=write_later kind=use-after-free size=72 offset=8 access=write alloc=make_block free=drop error=put8 way=freed-store */
CASE(write_later)
{
	char *p = make_block(72);
	if (bug)
		drop(p);
	churn(300);
	put8((uint64_t *)p, 1);
	if (!bug)
		drop(p);
}

SITE static char *grow_block(char *p, size_t n) { return realloc(p, n); }
/* expect: case=write_moved kind=use-after-free size=48 offset=16 access=write alloc=make_block free=grow_block error=put8 way=freed-store */
CASE(write_moved)
{
	char *p = make_block(48), *in_the_way = make_block(48);
	char *q = grow_block(p, 5000);
	put8((uint64_t *)(bug ? p : q), 2);
	drop(q);
	drop(in_the_way);
}

SITE static char *make_next(size_t n) { return memset(malloc(n), 'a', n); }
/* An allocator that is not watched gives the next block the same address. */
/* expect: case=write_reused kind=use-after-free size=40 offset=24 access=write alloc=make_block free=drop error=put8 way=freed-store */
CASE(write_reused)
{
	char *p = make_block(40);
	if (bug)
		drop(p);
	char *q = make_next(40);
	put8((uint64_t *)p, 3);
	drop(q);
	if (!bug)
		drop(p);
}

SITE static void *write_it(void *p)
{
	put8(p, 1);
	return NULL;
}
/* expect: case=write_thread kind=use-after-free size=56 offset=8 access=write alloc=make_block free=drop error=put8 way=freed-store */
CASE(write_thread)
{
	char *p = make_block(56);
	if (bug)
		drop(p);
	in_thread(write_it, p);
	if (!bug)
		drop(p);
}

/* expect: case=read_first kind=use-after-free size=40 offset=0 access=read alloc=make_block free=drop error=get1 way=freed-load */
CASE(read_first)
{
	char *p = make_block(40);
	if (bug)
		drop(p);
	keep((void *)(intptr_t)get1(p, 0));
	if (!bug)
		drop(p);
}

/* expect: case=read_eight kind=use-after-free size=200 offset=192 access=read alloc=make_block free=drop error=get8 way=freed-load */
CASE(read_eight)
{
	char *p = make_block(200);
	if (bug)
		drop(p);
	keep((void *)get8((uint64_t *)p, 24));
	if (!bug)
		drop(p);
}

struct node {
	struct node *next;
	long value;
};
SITE static struct node *make_node(struct node *next)
{
	struct node *n = malloc(sizeof *n);
	n->next = next;
	n->value = 1;
	return n;
}
SITE static void drop_list(struct node *n, bool bug)
{
	while (n) {
		struct node *next = n->next;
		drop(n);
		if (bug && next)
			keep(n->next); /* BUG */
		n = NULL;
		if (next)
			drop(next);
	}
}
/* expect: case=read_list kind=use-after-free size=16 offset=0 access=read alloc=make_node free=drop error=drop_list way=freed-load */
CASE(read_list)
{
	drop_list(make_node(make_node(NULL)), bug);
}

/* expect: case=read_later kind=use-after-free size=88 offset=0 access=read alloc=make_block free=drop error=get1 way=freed-load */
CASE(read_later)
{
	char *p = make_block(88);
	if (bug)
		drop(p);
	churn(300);
	keep((void *)(intptr_t)get1(p, 0));
	if (!bug)
		drop(p);
}

/* expect: case=read_moved kind=use-after-free size=48 offset=0 access=read alloc=make_block free=grow_block error=get1 way=freed-load */
CASE(read_moved)
{
	char *p = make_block(48), *in_the_way = make_block(48);
	char *q = grow_block(p, 5000);
	keep((void *)(intptr_t)get1(bug ? p : q, 0));
	drop(q);
	drop(in_the_way);
}

SITE static void *drop_it(void *p)
{
	drop(p);
	return NULL;
}
/* expect: case=read_thread kind=use-after-free size=24 offset=8 access=read alloc=make_block free=drop error=get8 way=freed-load */
CASE(read_thread)
{
	char *p = make_block(24);
	if (bug)
		in_thread(drop_it, p);
	keep((void *)get8((uint64_t *)p, 1));
	if (!bug)
		in_thread(drop_it, p);
}

static char other[64] = "0123456789";

/* expect: case=memset kind=use-after-free size=40 offset=0 access=write alloc=make_block free=drop error=case_memset way=freed-libc */
CASE(memset)
{
	char *p = make_block(40);
	if (bug)
		drop(p);
	memset(p, 'x', 40); /* BUG */
	if (!bug)
		drop(p);
}

/* expect: case=strcpy kind=use-after-free size=40 offset=4 access=write alloc=make_block free=drop error=case_strcpy way=freed-libc */
CASE(strcpy)
{
	char *p = make_block(40);
	if (bug)
		drop(p);
	strcpy(p + 4, other); /* BUG */
	if (!bug)
		drop(p);
}

/* expect: case=snprintf kind=use-after-free size=64 offset=0 access=write alloc=make_block free=drop error=case_snprintf way=freed-libc */
CASE(snprintf)
{
	char *p = make_block(64);
	if (bug)
		drop(p);
	snprintf(p, 64, "%s", other); /* BUG */
	if (!bug)
		drop(p);
}

/* expect: case=read kind=use-after-free size=32 offset=0 access=write alloc=make_block free=drop error=case_read way=freed-libc */
CASE(read)
{
	char *p = make_block(32);
	int fd = open("/proc/self/exe", O_RDONLY);
	if (bug)
		drop(p);
	if (read(fd, p, 32) != 32) /* BUG */
		give_up("read");
	close(fd);
	if (!bug)
		drop(p);
}

/* expect: case=memcpy_from kind=use-after-free size=40 offset=8 access=read alloc=make_block free=drop error=case_memcpy_from way=freed-libc */
CASE(memcpy_from)
{
	char *p = make_block(40);
	if (bug)
		drop(p);
	memcpy(other, p + 8, 16); /* BUG */
	if (!bug)
		drop(p);
}

/* expect: case=strlen kind=use-after-free size=40 offset=0 access=read alloc=make_block free=drop error=case_strlen way=freed-libc */
CASE(strlen)
{
	char *p = make_block(40);
	p[20] = '\0';
	if (bug)
		drop(p);
	keep((void *)strlen(p)); /* BUG */
	if (!bug)
		drop(p);
}

/* expect: case=write_call kind=use-after-free size=80 offset=0 access=read alloc=make_block free=drop error=case_write_call way=freed-libc */
CASE(write_call)
{
	char *p = make_block(80);
	int fd = open("/dev/null", O_WRONLY);
	if (bug)
		drop(p);
	if (write(fd, p, 80) != 80) /* BUG */
		give_up("write");
	close(fd);
	if (!bug)
		drop(p);
}

/* expect: case=wcslen kind=use-after-free size=48 offset=0 access=read alloc=make_block free=drop error=case_wcslen way=freed-libc */
CASE(wcslen)
{
	char *p = make_block(48);
	((wchar_t *)p)[6] = L'\0';
	if (bug)
		drop(p);
	keep((void *)wcslen((wchar_t *)p)); /* BUG */
	if (!bug)
		drop(p);
}

ZOO_MAIN(ZOO(write_first), ZOO(write_last), ZOO(write_eight), ZOO(write_large), ZOO(write_far), ZOO(write_loop), ZOO(write_later),
	 ZOO(write_moved), ZOO(write_reused), ZOO(write_thread), ZOO(read_first), ZOO(read_eight), ZOO(read_list), ZOO(read_later),
	 ZOO(read_moved), ZOO(read_thread), ZOO(memset), ZOO(strcpy), ZOO(snprintf), ZOO(read), ZOO(memcpy_from), ZOO(strlen),
	 ZOO(write_call), ZOO(wcslen))
