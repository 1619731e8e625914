/*
 * new[] of objects with destructors: the program holds the address behind the element count, which is no start of a block but counts as one.
 * An array of 10 that a global holds, one of 3 that is lost; each element owns a block of 20 bytes. An array without destructors has no count.
 */
#include "leak_common.h"

struct owner {
	char *own;
	owner() : own(static_cast<char *>(calloc(1, 20))) {}
	~owner() { free(own); }
};
owner *held;
int *plain, *middle;

static APART void make()
{
	held = new owner[10];
	keep(new owner[3]);
	plain = new int[8]();
	middle = new int[16]() + 2; /* 8 bytes into it, but no element count is there */
}

int main()
{
	make();
	wipe_stack();
	wipe_registers();
	exit(0);
}
