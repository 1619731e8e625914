/*
 * dlclose_reuse - allocates in a library, unloads it, loads another one at the same address, allocates there.
 *
 * Breaks recorders that know a frame by its address alone: the second library's stacks get the names of the first, or none.
 *
 * 3 rounds: libunload_a.so, 10 allocations of 101 bytes in `unload_a_alloc`; libunload_b.so at the same address, 20
 * allocations of 202 bytes in `unload_b_alloc`. Half of each library's blocks are freed before its dlclose, the others
 * after. In all 30 and 60 allocations, all freed. Gives up when the kernel does not reuse the address.
 */
#include <dlfcn.h>

#include "known.h"

static void *blocks[20];
static size_t left;

static void *load_and_run(const char *library, int times, size_t size_bytes)
{
	void *h = dlopen(library, RTLD_NOW);
	if (!h)
		give_up("%s", dlerror());
	void *(*run)(size_t);
	*(void **)&run = dlsym(h, "run");
	if (!run)
		give_up("%s", dlerror());
	for (int i = 0; i < times; i++)
		blocks[i] = run(size_bytes);
	for (int i = 0; i < times / 2; i++)
		free(blocks[i]);
	void *at = *(void **)&run;
	dlclose(h);
	for (int i = times / 2; i < times; i++, left++)
		free(blocks[i]);
	return at;
}

int main(void)
{
	for (int round = 0; round < 3; round++) {
		void *a = load_and_run("libunload_a.so", 10, 101);
		void *b = load_and_run("libunload_b.so", 20, 202);
		if (a != b)
			give_up("the address was not reused: %p %p", a, b);
	}
	say(1, "same address\n");
	return 0;
}
