// flags: -lstdc++
/*
 * mismatched_free - a C program that gives objects of a C++ library back with free, and its own to the library's delete. The
 * library's operators by their link names: what a C header of a C++ library amounts to.
 */
#include "zoo.h"

void *_Znwm(size_t);   /* operator new(size_t) */
void *_Znam(size_t);   /* operator new[](size_t) */
void _ZdlPv(void *);   /* operator delete(void *) */
void _ZdaPv(void *);   /* operator delete[](void *) */

SITE static char *make_block(size_t n) { return malloc(n); }
SITE static char *library_make(size_t n) { return _Znwm(n); }
SITE static char *library_make_array(size_t n) { return _Znam(n); }
SITE static void drop(void *p)
{
	free(p); /* BUG */
}
SITE static void library_drop(void *p)
{
	_ZdlPv(p); /* BUG */
}
SITE static void library_drop_array(void *p)
{
	_ZdaPv(p); /* BUG */
}

/* expect: case=made_there kind=mismatched-free size=40 alloc=library_make error=drop way=bad-free */
CASE(made_there) { (bug ? drop : library_drop)(library_make(40)); }

/* expect: case=array_made_there kind=mismatched-free size=99 alloc=library_make_array error=drop way=bad-free */
CASE(array_made_there) { (bug ? drop : library_drop_array)(library_make_array(99)); }

/* expect: case=made_here kind=mismatched-free size=64 alloc=make_block error=library_drop way=bad-free */
CASE(made_here) { (bug ? library_drop : drop)(make_block(64)); }

SITE static char *dup_name(void) { return strdup("name"); }
/* expect: case=libc kind=mismatched-free size=5 alloc=dup_name error=library_drop_array way=bad-free */
CASE(libc) { (bug ? library_drop_array : drop)(dup_name()); }

SITE static void *drop_there(void *p)
{
	drop(p);
	return NULL;
}
/* expect: case=thread kind=mismatched-free size=72 alloc=library_make error=drop way=bad-free */
CASE(thread) { in_thread(drop_there, bug ? library_make(72) : make_block(72)); }

ZOO_MAIN(ZOO(made_there), ZOO(array_made_there), ZOO(made_here), ZOO(libc), ZOO(thread))
