// flags: -fno-builtin
/*
 * use_after_free_cxx - dangling iterators, references, strings, objects.
 */
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "zoo.h"

struct account {
	long id, balance;
	char name[24];
};
SITE account *make_account() { return new account{1, 2, "name"}; }
SITE void close_account(account *a) { delete a; }
SITE void pay(account *a)
{
	a->balance = 0x7878787878787878; /* BUG */
}
SITE long balance(const account *a)
{
	return a->balance; /* BUG */
}

// expect: case=write_deleted kind=use-after-free size=40 offset=8 access=write alloc=make_account free=close_account error=pay way=freed-store
CASE(write_deleted)
{
	account *a = make_account();
	if (bug)
		close_account(a);
	pay(a);
	if (!bug)
		close_account(a);
}

// expect: case=read_deleted kind=use-after-free size=40 offset=8 access=read alloc=make_account free=close_account error=balance way=freed-load
CASE(read_deleted)
{
	account *a = make_account();
	if (bug)
		close_account(a);
	keep(reinterpret_cast<void *>(balance(a)));
	if (!bug)
		close_account(a);
}

SITE void *pay_there(void *a)
{
	pay(static_cast<account *>(a));
	return nullptr;
}
// expect: case=thread kind=use-after-free size=40 offset=8 access=write alloc=make_account free=close_account error=pay way=freed-store
CASE(thread)
{
	account *a = make_account();
	if (bug)
		close_account(a);
	in_thread(pay_there, a);
	if (!bug)
		close_account(a);
}

SITE void grow_vector(std::vector<long> &v, size_t n) { v.reserve(n); }
SITE void bump(long *p)
{
	*p += 100; /* BUG */
}
// expect: case=iterator kind=use-after-free size=48 offset=24 access=write alloc=grow_vector free=grow_vector error=bump way=freed-store
CASE(iterator)
{
	std::vector<long> v;
	grow_vector(v, 6);
	v.resize(6, 1);
	long *stale = &v[3];
	grow_vector(v, 1000);
	bump(bug ? stale : &v[3]);
}

SITE long first_of(const long *p, size_t n)
{
	long s = 0;
	for (size_t i = 0; i < n; i++)
		s += p[i]; /* BUG */
	return s;
}
SITE long *make_longs(size_t n)
{
	long *p = new long[n];
	for (size_t i = 0; i < n; i++)
		p[i] = 1;
	return p;
}
SITE void drop_longs(long *p) { delete[] p; }
// expect: case=read_array kind=use-after-free size=72 offset=0 access=read alloc=make_longs free=drop_longs error=first_of way=freed-load
CASE(read_array)
{
	long *p = make_longs(9);
	if (bug)
		drop_longs(p);
	keep(reinterpret_cast<void *>(first_of(p, 9)));
	if (!bug)
		drop_longs(p);
}

SITE std::string *make_text() { return new std::string(60, 'x'); }
SITE void drop_text(std::string *s) { delete s; }
SITE size_t length(const char *p)
{
	return strlen(p); /* BUG */
}
// expect: case=c_str kind=use-after-free size=61 offset=0 access=read alloc=make_text free=drop_text error=length way=freed-libc
CASE(c_str)
{
	std::string *s = make_text();
	const char *text = s->c_str();
	if (bug)
		drop_text(s);
	keep(reinterpret_cast<void *>(length(text)));
	if (!bug)
		drop_text(s);
}

SITE void rename_account(account *a)
{
	strcpy(a->name, "another"); /* BUG */
}
// expect: case=strcpy kind=use-after-free size=40 offset=16 access=write alloc=make_account free=close_account error=rename_account way=freed-libc
CASE(strcpy)
{
	account *a = make_account();
	if (bug)
		close_account(a);
	rename_account(a);
	if (!bug)
		close_account(a);
}

ZOO_MAIN(ZOO(write_deleted), ZOO(read_deleted), ZOO(thread), ZOO(iterator), ZOO(read_array), ZOO(c_str), ZOO(strcpy))
