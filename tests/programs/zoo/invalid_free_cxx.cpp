// flags: -fno-builtin -Wno-delete-non-virtual-dtor
/*
 * invalid_free_cxx - delete through a base that does not stand first, delete of an array behind its count, of what was not newed.
 */
#include <string>

#include "zoo.h"

static void *volatile kept[8];

struct left {
	long a = 1;
};
struct right {
	long b = 2;
};
struct both : left, right {
	long c = 3;
};
SITE both *make_both() { return new both; }
SITE void drop_both(both *p) { delete p; }
SITE void drop_right(right *p)
{
	::operator delete(p); /* BUG */
}
// expect: case=second_base kind=invalid-free size=24 offset=8 alloc=make_both error=drop_right way=bad-free
CASE(second_base)
{
	both *p = make_both();
	kept[0] = p;
	if (bug)
		drop_right(p);
	else
		drop_both(p);
}

struct counted {
	std::string s;
	~counted() { keep(&s); }
};
SITE counted *make_array(size_t n) { return new counted[n]; }
SITE void drop_array(counted *p) { delete[] p; }
SITE void drop_first(counted *p)
{
	::operator delete(static_cast<void *>(p)); /* BUG */
}
// expect: case=behind_count kind=invalid-free size=136 offset=8 alloc=make_array error=drop_first way=bad-free
CASE(behind_count)
{
	counted *p = make_array(4);
	kept[1] = p;
	if (bug)
		drop_first(p);
	else
		drop_array(p);
}

SITE void drop_local(both *p)
{
	delete p; /* BUG */
}
// expect: case=stack kind=invalid-free error=drop_local way=bad-free-nowhere
CASE(stack)
{
	alignas(16) both local;
	keep(&local);
	drop_local(bug ? &local : nullptr);
}

alignas(16) static both fixed;
SITE void *drop_there(void *p)
{
	drop_local(static_cast<both *>(p));
	return nullptr;
}
// expect: case=thread kind=invalid-free error=drop_local way=bad-free-nowhere
CASE(thread)
{
	in_thread(drop_there, bug ? &fixed : nullptr);
}

SITE char *make_chars(size_t n) { return new char[n]; }
SITE void drop_chars(char *p)
{
	delete[] p; /* BUG */
}
SITE char *after_blanks(char *p)
{
	while (*p == ' ')
		p++;
	return p;
}
// expect: case=loop kind=invalid-free size=50 offset=5 alloc=make_chars error=drop_chars way=bad-free
CASE(loop)
{
	char *p = make_chars(50);
	memset(p, ' ', 5);
	p[5] = 'x';
	kept[2] = p;
	drop_chars(bug ? after_blanks(p) : p);
}

ZOO_MAIN(ZOO(second_base), ZOO(behind_count), ZOO(stack), ZOO(thread), ZOO(loop))
