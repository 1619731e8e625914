// flags: -fno-builtin -Wno-delete-non-virtual-dtor
/*
 * size_mismatched_free_cxx - sized delete with another size than the block's, as written and as the compiler passes it.
 */
#include <memory>
#include <new>

#include "zoo.h"

SITE void *make_block(size_t n) { return ::operator new(n); }
SITE void drop(void *p, size_t n)
{
	::operator delete(p, n); /* BUG */
}

// expect: case=smaller kind=size-mismatched-free size=40 alloc=make_block error=drop way=bad-free
CASE(smaller) { drop(make_block(40), bug ? 24 : 40); }

// expect: case=larger kind=size-mismatched-free size=100 alloc=make_block error=drop way=bad-free
CASE(larger) { drop(make_block(100), bug ? 200 : 100); }

// expect: case=by_one kind=size-mismatched-free size=64 alloc=make_block error=drop way=bad-free
CASE(by_one) { drop(make_block(64), bug ? 63 : 64); }

SITE char *make_array(size_t n) { return static_cast<char *>(::operator new[](n)); }
SITE void drop_array(char *p, size_t n)
{
	::operator delete[](p, n); /* BUG */
}
// expect: case=array kind=size-mismatched-free size=80 alloc=make_array error=drop_array way=bad-free
CASE(array) { drop_array(make_array(80), bug ? 8 : 80); }

struct base {
	long a = 1;
};
struct derived : base {
	long b[5] = {};
};
SITE base *make_derived() { return new derived; }
SITE void drop_base(base *p)
{
	delete p; /* BUG */
}
SITE void drop_derived(base *p) { delete static_cast<derived *>(p); }
// expect: case=no_virtual_destructor kind=size-mismatched-free size=48 alloc=make_derived error=drop_base way=bad-free
CASE(no_virtual_destructor) { (bug ? drop_base : drop_derived)(make_derived()); }

SITE void drop_all(void **table, size_t n, size_t bytes)
{
	for (size_t i = 0; i < n; i++)
		::operator delete(table[i], bytes); /* BUG */
}
// expect: case=loop kind=size-mismatched-free size=33 alloc=make_block error=drop_all way=bad-free
CASE(loop)
{
	void *table[4];
	for (size_t i = 0; i < 4; i++)
		table[i] = make_block(bug && i == 2 ? 33 : 32);
	drop_all(table, 4, 32);
}

SITE void *drop_there(void *p)
{
	drop(p, 56);
	return nullptr;
}
// expect: case=thread kind=size-mismatched-free size=72 alloc=make_block error=drop way=bad-free
CASE(thread) { in_thread(drop_there, make_block(bug ? 72 : 56)); }

ZOO_MAIN(ZOO(smaller), ZOO(larger), ZOO(by_one), ZOO(array), ZOO(no_virtual_destructor), ZOO(loop), ZOO(thread))
