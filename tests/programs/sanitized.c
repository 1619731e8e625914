// flags: -fsanitize=address
/*
 * sanitized - built with AddressSanitizer, which refuses to run behind another preloaded library.
 *
 * Breaks wrappers that preload into it all the same: the program does not even start. Prints `sanitized ran`, exits with 25.
 */
#include "known.h"

int main(void)
{
	char *p = malloc(100);
	keep(p);
	free(p);
	say(1, "sanitized ran\n");
	return 25;
}
