// flags: -rdynamic
/*
 * dlsym_wrap - defines dlsym itself, and its dlsym calls malloc.
 *
 * Breaks recorders that find the real malloc with dlsym: the program's dlsym comes first, its malloc comes back to the
 * recorder, which is not ready (endless recursion), and RTLD_NEXT means "after the program", which is the recorder itself.
 *
 * The wrapper allocates 1 block in `wrapper_alloc` per call and frees it. From main it is called 10 times, while
 * `in_main` is set, through `main_dlsym_alloc` instead: 10 allocations, 10 frees, exactly. Then main allocates 12 blocks
 * in `main_alloc`, freed.
 */
#include <dlfcn.h>

#include "known.h"

static int in_main;

SITE void *wrapper_alloc(void) { void *p = malloc(90); keep(p); return p; }
SITE void *main_dlsym_alloc(void) { void *p = malloc(91); keep(p); return p; }
SITE void *main_alloc(void) { void *p = malloc(120); keep(p); return p; }

void *dlsym(void *handle, const char *name)
{
	static void *(*real)(void *, const char *);
	if (!real) {
		*(void **)&real = dlvsym(RTLD_DEFAULT, "dlsym", "GLIBC_2.34");
		/* The default version may be found as this function itself: then ask the older one. */
		if (!real || real == dlsym)
			*(void **)&real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
		if (!real)
			give_up("no real dlsym");
	}
	void *p = in_main ? main_dlsym_alloc() : wrapper_alloc();
	void *found = real(handle, name);
	free(p);
	return found;
}

int main(void)
{
	in_main = 1;
	for (int i = 0; i < 10; i++)
		if (!dlsym(RTLD_DEFAULT, "strlen"))
			give_up("strlen not found");
	in_main = 0;
	for (int i = 0; i < 12; i++)
		free(main_alloc());
	say(1, "done\n");
	return 0;
}
