// flags: -lresolver_user -lresolver
/*
 * early_resolver.c - uses a library whose indirect function is resolved before preloaded libraries are relocated (lib/resolver.c).
 * A preloaded library that exports memcpy or strlen and reaches the real ones through a pointer in its data crashes here.
 * Makes one allocation and frees it.
 */
#include <stdio.h>
#include <stdlib.h>

extern int (*volatile resolved_early)(void);

int main(void)
{
	static char buffer[64];

	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	free(malloc(10));
	puts(resolved_early() ? "right" : "wrong");
	return 0;
}
