/* libctorlib.so - a library that allocates in its constructor and its destructor: 25 blocks in `ctor_alloc`, all kept, and
 * 3 blocks in `dtor_alloc`, freed. Linked into ctor_early. */
#include <stdlib.h>

__attribute__((noipa)) void *ctor_alloc(void)
{
	void *p = malloc(250);
	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}

__attribute__((noipa)) void *dtor_alloc(void)
{
	void *p = malloc(30);
	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}

__attribute__((constructor(101))) static void ctor(void)
{
	for (int i = 0; i < 25; i++)
		ctor_alloc();
}

__attribute__((destructor)) static void dtor(void)
{
	for (int i = 0; i < 3; i++)
		free(dtor_alloc());
}

int ctorlib_linked(void);
int ctorlib_linked(void)
{
	return 1;
}
