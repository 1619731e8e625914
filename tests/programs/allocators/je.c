/*
 * je - calls of jemalloc's own functions and of malloc. Compiled with -DJE(name)=... to the names of the library that it is linked with.
 *
 * Every function here is a site of its own: blocks begun / alive at the end.
 *   plain 10/4 of 100 bytes · aligned 8/0 of 200 bytes, at multiples of 256 · grown 5/5, grown_by 5 reallocations to 5000 bytes ·
 *   in_place 3 blocks of 1000 bytes, of which stretched makes at least one larger where it stands · ordinary 7/2 of 70 bytes by malloc ·
 *   mixed_x 3/0 by mallocx, freed by free, mixed_m 3/0 by malloc, ended by dallocx; with an argument, neither.
 */
#include <stdint.h>

#include "../known.h"

#define MALLOCX_LG_ALIGN(a) ((int)(a))
extern void *JE(mallocx)(size_t, int), *JE(rallocx)(void *, size_t, int), *JE(malloc)(size_t), *JE(realloc)(void *, size_t);
extern size_t JE(xallocx)(void *, size_t, size_t, int), JE(sallocx)(const void *, int), JE(nallocx)(size_t, int);
extern void JE(dallocx)(void *, int), JE(sdallocx)(void *, size_t, int), JE(free)(void *);

SITE void *plain(void) { void *p = JE(mallocx)(100, 0); keep(p); return p; }
SITE void *aligned(void) { void *p = JE(mallocx)(200, MALLOCX_LG_ALIGN(8)); keep(p); return p; }
SITE void *grown(void) { void *p = JE(mallocx)(50, 0); keep(p); return p; }
SITE void *grown_by(void *p) { p = JE(rallocx)(p, 5000, 0); keep(p); return p; }
SITE void *in_place(void) { void *p = JE(mallocx)(1000, 0); keep(p); return p; }
SITE size_t stretched(void *p, size_t to) { size_t n = JE(xallocx)(p, to, 0, 0); keep(p); return n; }
SITE void *ordinary(void) { void *p = JE(malloc)(70); keep(p); return p; }
SITE void *mixed_x(void) { void *p = JE(mallocx)(60, 0); keep(p); return p; }
SITE void *mixed_m(void) { void *p = JE(malloc)(60); keep(p); return p; }

static void *held[64];

int main(int argc, char **argv)
{
	size_t n = 0, stretches = 0, refusals = 0;

	for (int i = 0; i < 10; i++) {
		held[n] = plain();
		if (i < 6)
			JE(dallocx)(held[n], 0);
		else
			n++;
	}
	for (int i = 0; i < 8; i++) {
		void *p = aligned();

		if ((uintptr_t)p % 256 != 0)
			give_up("alignment");
		JE(sdallocx)(p, 200, MALLOCX_LG_ALIGN(8));
	}
	for (int i = 0; i < 5; i++)
		held[n++] = grown_by(grown());
	for (int i = 0; i < 3; i++) {
		void *p = held[n++] = in_place();

		stretches += stretched(p, 1001 + (size_t)i) >= 1001 + (size_t)i;
		refusals += stretched(p, 100000000) < 100000000;
		if (JE(sallocx)(p, 0) < 1001 || JE(nallocx)(1000, 0) < 1000)
			give_up("usable size");
	}
	for (int i = 0; i < 7; i++) {
		held[n] = ordinary();
		if (i < 5)
			JE(free)(held[n]);
		else
			n++;
	}
	for (int i = 0; i < 3 && argc == 1; i++) {
		JE(free)(mixed_x());
		JE(dallocx)(mixed_m(), 0);
	}
	keep(held);
	keep(argv);
	say(1, "stretches %zu refusals %zu\n", stretches, refusals);
	return 0;
}
