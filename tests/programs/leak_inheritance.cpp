/*
 * Multiple inheritance: a pointer to the second base points into the object, at its second vtable pointer, and counts as one to its start.
 * held: an object of 2 bases, by its second base; a std::string in it with characters of its own. A lost one. One held by its plain middle.
 */
#include "leak_common.h"

#include <string>

struct left {
	virtual ~left() {}
	long l = 1;
};
struct right {
	virtual ~right() {}
	long r = 2;
};
struct both : left, right {
	std::string name = "a name that is too long to stand in the string itself";
	long tail = 3;
};
right *held;
long *middle;

static APART void make()
{
	held = new both;
	keep(new both);
	middle = &(new both)->tail;
}

int main()
{
	make();
	wipe_stack();
	wipe_registers();
	exit(0);
}
