/* libunload_b.so - one of two libraries of the same layout: `unload_b_alloc` of the one stands where that of the other
 * stands. See dlclose_reuse. */
#include <stdlib.h>

__attribute__((noipa)) void *unload_b_alloc(size_t n)
{
	void *p = malloc(n);
	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}

void *run(size_t n);
__attribute__((noipa)) void *run(size_t n)
{
	void *p = unload_b_alloc(n);
	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}
