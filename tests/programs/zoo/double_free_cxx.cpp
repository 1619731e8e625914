// flags: -fno-builtin
/*
 * double_free_cxx - objects and arrays that are deleted twice, owners that both think they own.
 */
#include <memory>

#include "zoo.h"

struct thing {
	long a = 1, b = 2;
};
SITE thing *make_thing() { return new thing; }
SITE thing *make_things(size_t n) { return new thing[n]; }
SITE void drop(thing *t) { delete t; }
SITE void drop_all(thing *t) { delete[] t; }
SITE void drop_again(thing *t)
{
	delete t; /* BUG */
}
SITE void drop_all_again(thing *t)
{
	delete[] t; /* BUG */
}

// expect: case=object kind=double-free size=16 alloc=make_thing free=drop error=drop_again way=bad-free
CASE(object)
{
	thing *t = make_thing();
	drop(t);
	drop_again(bug ? t : nullptr);
}

// expect: case=array kind=double-free size=112 alloc=make_things free=drop_all error=drop_all_again way=bad-free
CASE(array)
{
	thing *t = make_things(7);
	drop_all(t);
	drop_all_again(bug ? t : nullptr);
}

SITE void end_owner(std::unique_ptr<thing> *owner)
{
	owner->reset(); /* BUG */
}
// expect: case=two_owners kind=double-free size=16 alloc=make_thing free=end_owner error=end_owner way=bad-free
CASE(two_owners)
{
	thing *t = make_thing();
	std::unique_ptr<thing> a(t), b(bug ? t : nullptr);
	end_owner(&a);
	end_owner(&b);
}

struct holder {
	thing *held;
	explicit holder(thing *t) : held(t) {}
	__attribute__((noipa)) ~holder()
	{
		delete held; /* BUG */
	}
};
// expect: case=copied kind=double-free size=16 alloc=make_thing free=holder::~holder error=holder::~holder way=bad-free
CASE(copied)
{
	holder a(make_thing());
	if (bug) {
		holder b(a); // the compiler's copy owns the same object
		keep(&b);
	}
	keep(&a);
}

SITE void *drop_there(void *t)
{
	drop_again(static_cast<thing *>(t));
	return nullptr;
}
// expect: case=thread kind=double-free size=16 alloc=make_thing free=drop error=drop_again way=bad-free
CASE(thread)
{
	thing *t = make_thing();
	drop(t);
	in_thread(drop_there, bug ? t : nullptr);
}

ZOO_MAIN(ZOO(object), ZOO(array), ZOO(two_owners), ZOO(copied), ZOO(thread))
