// flags: -fno-builtin
/*
 * heap_overflow_cxx - past the end of blocks from operator new: arrays, containers, algorithms.
 */
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "zoo.h"

SITE int *make_ints(size_t n)
{
	int *p = new int[n];
	std::fill_n(p, n, 7);
	keep(p);
	return p;
}
SITE void drop_ints(int *p) { delete[] p; }

SITE void put_int(int *p, size_t i)
{
	p[i] = 1; /* BUG */
}
SITE int get_int(const int *p, size_t i)
{
	return p[i]; /* BUG */
}

// expect: case=array kind=heap-overflow size=36 offset=36 access=write alloc=make_ints error=put_int way=store
CASE(array)
{
	int *p = make_ints(9);
	put_int(p, bug ? 9 : 8);
	drop_ints(p);
}

SITE void count_down(int *p, int n)
{
	for (int i = 0; i <= n; i++)
		p[i] = n - i; /* BUG */
}
// expect: case=fence kind=heap-overflow size=48 offset=48 access=write alloc=make_ints error=count_down way=store
CASE(fence)
{
	int *p = make_ints(12);
	count_down(p, bug ? 12 : 11);
	drop_ints(p);
}

struct record {
	long id;
	char name[13];
};
SITE record *make_record() { return new record{1, "name"}; }
SITE void name_record(record *r, size_t i)
{
	reinterpret_cast<char *>(r)[i] = 'x'; /* BUG */
}
// expect: case=object kind=heap-overflow size=24 offset=24 access=write alloc=make_record error=name_record way=store
CASE(object)
{
	record *r = make_record();
	name_record(r, bug ? 24 : 20);
	delete r;
}

SITE void grow_vector(std::vector<int> &v, size_t n) { v.reserve(n); }
// expect: case=vector kind=heap-overflow size=40 offset=40 access=write alloc=grow_vector error=put_int way=store
CASE(vector)
{
	std::vector<int> v;
	grow_vector(v, 10);
	put_int(v.data(), bug ? 10 : 9);
}

// expect: case=vector_read kind=heap-overflow size=44 offset=44 access=read alloc=grow_vector error=get_int way=load
CASE(vector_read)
{
	std::vector<int> v;
	grow_vector(v, 11);
	v.resize(11, 3);
	keep(reinterpret_cast<void *>(static_cast<intptr_t>(get_int(v.data(), bug ? 11 : 10))));
}

SITE long add_up(const int *p, const int *end)
{
	long s = 0;
	for (; p != end; ++p)
		s += *p; /* BUG */
	return s;
}
// expect: case=iterators kind=heap-overflow size=80 offset=80 access=read alloc=make_ints error=add_up way=load
CASE(iterators)
{
	int *p = make_ints(20);
	keep(reinterpret_cast<void *>(add_up(p, p + (bug ? 26 : 20))));
	drop_ints(p);
}

SITE char *make_chars(size_t n)
{
	char *p = new char[n];
	std::memset(p, 'a', n);
	return p;
}
SITE void append(char *p, const std::string &s)
{
	memcpy(p, s.data(), s.size()); /* BUG */
}
// expect: case=string kind=heap-overflow size=37 offset=37 access=write alloc=make_chars error=append way=libc
CASE(string)
{
	std::unique_ptr<char[]> p(make_chars(37));
	append(p.get(), std::string(bug ? 45 : 37, 'x'));
}

SITE size_t length(const char *p)
{
	return strlen(p); /* BUG */
}
// expect: case=unterminated kind=heap-overflow size=23 offset=23 access=read alloc=make_chars error=length way=libc
CASE(unterminated)
{
	std::unique_ptr<char[]> p(make_chars(23));
	if (!bug)
		p[22] = '\0';
	keep(reinterpret_cast<void *>(length(p.get())));
}

SITE void *store_there(void *p)
{
	put_int(static_cast<int *>(p), 5);
	return nullptr;
}
SITE void *store_inside(void *p)
{
	put_int(static_cast<int *>(p), 4);
	return nullptr;
}
// expect: case=thread kind=heap-overflow size=20 offset=20 access=write alloc=make_ints error=put_int way=store
CASE(thread)
{
	int *p = make_ints(5);
	in_thread(bug ? store_there : store_inside, p);
	drop_ints(p);
}

ZOO_MAIN(ZOO(array), ZOO(fence), ZOO(object), ZOO(vector), ZOO(vector_read), ZOO(iterators), ZOO(string), ZOO(unterminated),
	 ZOO(thread))
