/*
 * tc - gperftools' own functions, malloc and C++ operators in one program.
 *
 * Every function here is a site of its own: blocks begun / alive at the end.
 *   plain 9/4 of 100 bytes by tc_malloc · zeroed 4/0 by tc_calloc of 3 times 10 · aligned 3/3 of 300 bytes at multiples of 512 · grown 5/0 by
 *   tc_malloc, grown_by 5 reallocations by tc_realloc, freed by tc_free · as_new 6/2 of 64 bytes by tc_new, freed by
 *   tc_delete and tc_delete_sized · array 3/0 by tc_newarray · nothrow 2/0 · operator_new 7/3 of 48 bytes by new, freed by delete ·
 *   ordinary 5/1 of 70 bytes by malloc · posix 2/2 of 128 bytes.
 * One tc_new of more than there is throws, and what is allocated after that is recorded.
 */
#include <new>
#include <stdint.h>

#include <gperftools/tcmalloc.h>

#include "../known.h"

struct thing {
	char text[48];
};

SITE void *plain() { void *p = tc_malloc(100); keep(p); return p; }
SITE void *zeroed() { void *p = tc_calloc(3, 10); keep(p); return p; }
SITE void *aligned() { void *p = tc_memalign(512, 300); keep(p); return p; }
SITE void *grown() { void *p = tc_malloc(20); keep(p); return p; }
SITE void *grown_by(void *p) { p = tc_realloc(p, 2000); keep(p); return p; }
SITE void *as_new() { void *p = tc_new(64); keep(p); return p; }
SITE void *array() { void *p = tc_newarray(65); keep(p); return p; }
SITE void *nothrow_() { void *p = tc_new_nothrow(66, std::nothrow); keep(p); return p; }
SITE thing *operator_new() { thing *p = new thing; keep(p); return p; }
SITE void *ordinary() { void *p = malloc(70); keep(p); return p; }
SITE void *posix_() { void *p = nullptr; if (tc_posix_memalign(&p, 64, 128) != 0) give_up("posix"); keep(p); return p; }
SITE void *too_much() { void *p = tc_new(SIZE_MAX / 2); keep(p); return p; }

static void *held[64];

int main()
{
	size_t n = 0;

	for (int i = 0; i < 9; i++) {
		void *p = held[n] = plain();

		if (i < 5)
			tc_free(p);
		else
			n++;
	}
	for (int i = 0; i < 4; i++)
		tc_cfree(zeroed());
	for (int i = 0; i < 3; i++)
		held[n++] = aligned();
	for (int i = 0; i < 5; i++)
		tc_free(grown_by(grown()));
	try {
		too_much();
		give_up("it did not throw");
	} catch (const std::bad_alloc &) {
	}
	for (int i = 0; i < 6; i++) {
		void *p = held[n] = as_new();

		if (i < 2)
			tc_delete(p);
		else if (i < 4)
			tc_delete_sized(p, 64);
		else
			n++;
	}
	for (int i = 0; i < 3; i++)
		tc_deletearray(array());
	for (int i = 0; i < 2; i++)
		tc_delete_nothrow(nothrow_(), std::nothrow);
	for (int i = 0; i < 7; i++) {
		thing *p = operator_new();

		held[n] = p;
		if (i < 4)
			delete p;
		else
			n++;
	}
	for (int i = 0; i < 5; i++) {
		held[n] = ordinary();
		if (i < 4)
			free(held[n]);
		else
			n++;
	}
	held[n++] = posix_();
	held[n++] = posix_();
	keep(held);
	return 0;
}
