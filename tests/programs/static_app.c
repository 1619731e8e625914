// flags: -static
/*
 * static_app - a static executable: nothing can be preloaded into it.
 *
 * Breaks wrappers that wait for the library to say hello (heaptrack hangs for ever). Allocates 10 blocks, prints
 * `static app ran`, exits with 23.
 */
#include "known.h"

int main(void)
{
	for (int i = 0; i < 10; i++)
		keep(malloc(100));
	say(1, "static app ran\n");
	return 23;
}
