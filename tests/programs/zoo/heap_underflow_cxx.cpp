// flags: -fno-builtin
/*
 * heap_underflow_cxx - before the start of blocks from operator new.
 */
#include <algorithm>
#include <cstring>
#include <vector>

#include "zoo.h"

SITE long *make_longs(size_t n)
{
	long *p = new long[n];
	std::fill_n(p, n, 7);
	keep(p);
	return p;
}
SITE void drop_longs(long *p) { delete[] p; }
SITE void put_long(long *p, long i)
{
	p[i] = 0x7878787878787878; /* BUG */
}
SITE long get_long(const long *p, long i)
{
	return p[i]; /* BUG */
}

// expect: case=array kind=heap-underflow size=56 offset=-8 access=write alloc=make_longs error=put_long way=store
CASE(array)
{
	long *p = make_longs(7);
	put_long(p, bug ? -1 : 0);
	drop_longs(p);
}

SITE void shift_down(long *p, long n)
{
	for (long i = n; i >= 0; i--)
		p[i - 1] = i; /* BUG */
}
// expect: case=loop kind=heap-underflow size=80 offset=-8 access=write alloc=make_longs error=shift_down way=store
CASE(loop)
{
	long *p = make_longs(10);
	shift_down(p + (bug ? 0 : 1), 8);
	drop_longs(p);
}

SITE void grow_vector(std::vector<long> &v, size_t n) { v.reserve(n); }
// expect: case=before_begin kind=heap-underflow size=96 offset=-8 access=read alloc=grow_vector error=get_long way=load
CASE(before_begin)
{
	std::vector<long> v;
	grow_vector(v, 12);
	v.resize(12, 1);
	keep(reinterpret_cast<void *>(get_long(v.data(), bug ? -1 : 0)));
}

SITE long last_smaller(const long *p, long i, long value)
{
	while (p[i] > value) /* BUG */
		i--;
	return i;
}
// expect: case=sentinel kind=heap-underflow size=64 offset=-8 access=read alloc=make_longs error=last_smaller way=load
CASE(sentinel)
{
	long *p = make_longs(8);
	if (!bug)
		p[0] = 1;
	keep(reinterpret_cast<void *>(last_smaller(p, bug ? -1 : 7, bug ? 0x7fffffffffffffff : 3)));
	drop_longs(p);
}

SITE void insert_front(long *p, long back)
{
	memmove(p - back, p, 3 * sizeof *p); /* BUG */
}
// expect: case=memmove kind=heap-underflow size=72 offset=-8 access=write alloc=make_longs error=insert_front way=libc
CASE(memmove)
{
	long *p = make_longs(9);
	insert_front(p, bug ? 1 : 0);
	drop_longs(p);
}

SITE void *store_there(void *p)
{
	put_long(static_cast<long *>(p), -1);
	return nullptr;
}
SITE void *store_inside(void *p)
{
	put_long(static_cast<long *>(p), 0);
	return nullptr;
}
static long *volatile never_freed;
// expect: case=thread kind=heap-underflow size=40 offset=-8 access=write alloc=make_longs error=put_long way=store
CASE(thread)
{
	never_freed = make_longs(5);
	in_thread(bug ? store_there : store_inside, never_freed);
}

ZOO_MAIN(ZOO(array), ZOO(loop), ZOO(before_begin), ZOO(sentinel), ZOO(memmove), ZOO(thread))
