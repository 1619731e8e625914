// flags: -lctorlib
/*
 * ctor_early - allocates before any library was initialised, and after main.
 *
 * Breaks recorders that get ready in a constructor: the dynamic linker runs .preinit_array of the executable and the
 * constructors of other libraries first.
 *
 *   .preinit_array     5 blocks in `preinit_alloc`, freed by main
 *   libctorlib.so     25 blocks in `ctor_alloc`, kept; its destructor 3 in `dtor_alloc`, freed
 *   constructor here   7 blocks in `exe_ctor_alloc`, kept
 *   main              11 blocks in `main_alloc`, freed
 *   destructor here    4 blocks in `exe_dtor_alloc`, freed
 */
#include "known.h"

int ctorlib_linked(void);
static void *kept[5];

SITE void *preinit_alloc(void) { void *p = malloc(500); keep(p); return p; }
SITE void *exe_ctor_alloc(void) { void *p = malloc(70); keep(p); return p; }
SITE void *main_alloc(void) { void *p = malloc(110); keep(p); return p; }
SITE void *exe_dtor_alloc(void) { void *p = malloc(40); keep(p); return p; }

static void preinit(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	for (int i = 0; i < 5; i++)
		kept[i] = preinit_alloc();
}
__attribute__((section(".preinit_array"), used)) static void (*const preinit_entry)(int, char **, char **) = preinit;

__attribute__((constructor)) static void ctor(void)
{
	for (int i = 0; i < 7; i++)
		exe_ctor_alloc();
}

__attribute__((destructor)) static void dtor(void)
{
	for (int i = 0; i < 4; i++)
		free(exe_dtor_alloc());
}

int main(void)
{
	if (!ctorlib_linked())
		give_up("libctorlib.so");
	for (int i = 0; i < 5; i++)
		free(kept[i]);
	for (int i = 0; i < 11; i++)
		free(main_alloc());
	say(1, "exe %d %d\n", 5 + 7 + 11 + 4, 5 + 11 + 4);
	return 0;
}
