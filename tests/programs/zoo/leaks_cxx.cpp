// flags: -fno-builtin
/*
 * leaks_cxx - objects that are lost by release, by an exception, without a virtual destructor, by a cycle of shared_ptr.
 */
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "zoo.h"

struct thing {
	long a = 1, b = 2, c = 3;
};
SITE thing *make_thing() { return new thing; }
SITE void drop(thing *t) { delete t; }

// expect: case=released kind=leak-definite size=24 alloc=make_thing way=leak
CASE(released)
{
	std::unique_ptr<thing> p(make_thing());
	if (bug)
		keep(p.release());
}

SITE void may_throw(bool now)
{
	if (now)
		throw std::runtime_error("thrown");
}
SITE void work(bool bug)
{
	thing *t = make_thing();
	may_throw(bug); // t is lost with the frame
	drop(t);
}
// expect: case=thrown_past kind=leak-definite size=24 alloc=make_thing way=leak
CASE(thrown_past)
{
	try {
		work(bug);
	} catch (const std::exception &) {
	}
}

SITE char *make_chars(size_t n) { return static_cast<char *>(memset(new char[n], 'a', n)); }
SITE void lose_loop(size_t n, bool bug)
{
	for (size_t i = 0; i < n; i++) {
		char *p = make_chars(33);
		keep(p);
		if (!bug)
			delete[] p;
	}
}
// expect: case=array_loop kind=leak-definite size=33 count=4 alloc=make_chars way=leak
CASE(array_loop) { lose_loop(4, bug); }

SITE void *lose(void *arg)
{
	thing *t = make_thing();
	if (!arg)
		drop(t);
	t = nullptr;
	scrub();
	return t;
}
static char yes;
// expect: case=thread kind=leak-definite size=24 alloc=make_thing way=leak
CASE(thread) { in_thread(lose, bug ? &yes : nullptr); }

struct shape {
	long kind = 1;
	~shape() {} // not virtual
};
struct polygon : shape {
	long *corners;
	__attribute__((noipa)) polygon() : corners(new long[6]()) {}
	~polygon() { delete[] corners; }
};
SITE polygon *make_polygon() { return new polygon; }
// expect: case=members kind=leak-definite size=16 alloc=make_polygon way=leak
// expect: case=members kind=leak-indirect size=48 alloc=polygon::polygon way=leak
CASE(members)
{
	polygon *p = make_polygon();
	keep(p);
	if (!bug)
		delete p;
}

struct text_list {
	std::vector<char *> lines;
};
SITE text_list *make_list() { return new text_list; }
SITE void reserve_lines(text_list *l, size_t n) { l->lines.reserve(n); }
// expect: case=container kind=leak-definite size=24 alloc=make_list way=leak
// expect: case=container kind=leak-indirect size=64 alloc=reserve_lines way=leak
// expect: case=container kind=leak-indirect size=33 count=3 alloc=make_chars way=leak
CASE(container)
{
	text_list *l = make_list();
	reserve_lines(l, 8);
	for (int i = 0; i < 3; i++)
		l->lines.push_back(make_chars(33));
	if (!bug) {
		for (char *line : l->lines)
			delete[] line;
		delete l;
	}
}

struct ring {
	ring *peer = nullptr;
	long pad[3] = {};
};
SITE ring *make_ring() { return new ring; }
// expect: case=cycle kind=leak-definite size=32 alloc=make_ring way=leak
// expect: case=cycle kind=leak-indirect size=32 alloc=make_ring way=leak
CASE(cycle)
{
	ring *a = make_ring(), *b = make_ring();
	a->peer = b;
	b->peer = a;
	if (!bug) {
		delete a;
		delete b;
	}
}

static long *volatile middle;
SITE long *make_longs(size_t n)
{
	long *p = new long[n];
	for (size_t i = 0; i < n; i++)
		p[i] = 0x6161616161616161;
	return p;
}
// expect: case=middle kind=leak-possible size=72 alloc=make_longs way=leak
CASE(middle)
{
	long *p = make_longs(9);
	if (bug)
		middle = p + 5;
	else
		delete[] p;
}

ZOO_MAIN(ZOO(released), ZOO(thrown_past), ZOO(array_loop), ZOO(thread), ZOO(members), ZOO(container), ZOO(cycle), ZOO(middle))
