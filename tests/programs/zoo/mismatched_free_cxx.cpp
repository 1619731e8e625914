// flags: -fno-builtin -Wno-mismatched-new-delete
/*
 * mismatched_free_cxx - blocks given back to another family than the one they came from.
 */
#include <new>

#include "zoo.h"

SITE char *by_malloc(size_t n) { return static_cast<char *>(malloc(n)); }
SITE char *by_calloc(size_t n) { return static_cast<char *>(calloc(n, 1)); }
SITE char *by_strdup(const char *s) { return strdup(s); }
SITE char *by_new(size_t n) { return static_cast<char *>(::operator new(n)); }
SITE char *by_new_array(size_t n) { return new char[n]; }
SITE char *by_aligned_new(size_t n) { return static_cast<char *>(::operator new(n, std::align_val_t{64})); }

SITE void to_free(char *p)
{
	free(p); /* BUG */
}
SITE void to_delete(char *p)
{
	::operator delete(p); /* BUG */
}
SITE void to_delete_array(char *p)
{
	delete[] p; /* BUG */
}

// expect: case=malloc_delete kind=mismatched-free size=40 alloc=by_malloc error=to_delete way=bad-free
CASE(malloc_delete) { (bug ? to_delete : to_free)(by_malloc(40)); }

// expect: case=malloc_delete_array kind=mismatched-free size=41 alloc=by_malloc error=to_delete_array way=bad-free
CASE(malloc_delete_array) { (bug ? to_delete_array : to_free)(by_malloc(41)); }

// expect: case=calloc_delete kind=mismatched-free size=64 alloc=by_calloc error=to_delete way=bad-free
CASE(calloc_delete) { (bug ? to_delete : to_free)(by_calloc(64)); }

// expect: case=new_free kind=mismatched-free size=24 alloc=by_new error=to_free way=bad-free
CASE(new_free) { (bug ? to_free : to_delete)(by_new(24)); }

// expect: case=new_array_free kind=mismatched-free size=77 alloc=by_new_array error=to_free way=bad-free
CASE(new_array_free) { (bug ? to_free : to_delete_array)(by_new_array(77)); }

// expect: case=new_delete_array kind=mismatched-free size=32 alloc=by_new error=to_delete_array way=bad-free
CASE(new_delete_array) { (bug ? to_delete_array : to_delete)(by_new(32)); }

// expect: case=new_array_delete kind=mismatched-free size=100 alloc=by_new_array error=to_delete way=bad-free
CASE(new_array_delete) { (bug ? to_delete : to_delete_array)(by_new_array(100)); }

// expect: case=libc kind=mismatched-free size=10 alloc=by_strdup error=to_delete_array way=bad-free
CASE(libc) { (bug ? to_delete_array : to_free)(by_strdup("key=value")); }

SITE char *to_realloc(char *p, size_t n)
{
	return static_cast<char *>(realloc(p, n)); /* BUG */
}
// expect: case=new_realloc kind=mismatched-free size=48 alloc=by_new error=to_realloc way=bad-free
CASE(new_realloc)
{
	char *p = to_realloc(bug ? by_new(48) : by_malloc(48), 480);
	if (p)
		to_free(p);
}

SITE void to_aligned_delete(char *p)
{
	::operator delete(p, std::align_val_t{64}); /* BUG */
}
// expect: case=aligned_delete kind=mismatched-free size=192 alloc=by_aligned_new error=to_delete way=bad-free
CASE(aligned_delete) { (bug ? to_delete : to_aligned_delete)(by_aligned_new(192)); }

SITE void drop_table(char **table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		delete[] table[i]; /* BUG */
}
// expect: case=loop kind=mismatched-free size=59 alloc=by_malloc error=drop_table way=bad-free
CASE(loop)
{
	char *table[5];
	for (size_t i = 0; i < 5; i++)
		table[i] = bug && i == 3 ? by_malloc(59) : by_new_array(50 + i);
	drop_table(table, 5);
}

SITE void *free_there(void *p)
{
	to_free(static_cast<char *>(p));
	return nullptr;
}
// expect: case=thread kind=mismatched-free size=88 alloc=by_new error=to_free way=bad-free
CASE(thread) { in_thread(free_there, bug ? by_new(88) : by_malloc(88)); }

ZOO_MAIN(ZOO(malloc_delete), ZOO(malloc_delete_array), ZOO(calloc_delete), ZOO(new_free), ZOO(new_array_free),
	 ZOO(new_delete_array), ZOO(new_array_delete), ZOO(libc), ZOO(new_realloc), ZOO(aligned_delete), ZOO(loop), ZOO(thread))
