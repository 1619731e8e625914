/*
 * cxx - all of operator new and delete, called by their symbols: the C++ library is the one that it is linked with.
 *
 * Every function here is a site of its own: blocks begun / alive at the end, all of 40 bytes.
 *   plain 5/1 · array 4/1 · nothrow 3/1 · aligned 3/1 (at multiples of 128) · sized 3/1 · ordinary 3/1 by malloc.
 */
#include <stdint.h>

#include "../known.h"

extern void *_Znwm(size_t), *_Znam(size_t), *_ZnwmRKSt9nothrow_t(size_t, const void *), *_ZnwmSt11align_val_t(size_t, size_t);
extern void _ZdlPv(void *), _ZdaPv(void *), _ZdlPvRKSt9nothrow_t(void *, const void *), _ZdlPvSt11align_val_t(void *, size_t), _ZdlPvm(void *, size_t);

SITE void *plain(void) { void *p = _Znwm(40); keep(p); return p; }
SITE void *array(void) { void *p = _Znam(40); keep(p); return p; }
SITE void *nothrow(void) { void *p = _ZnwmRKSt9nothrow_t(40, ""); keep(p); return p; }
SITE void *aligned(void) { void *p = _ZnwmSt11align_val_t(40, 128); keep(p); return p; }
SITE void *sized(void) { void *p = _Znwm(40); keep(p); return p; }
SITE void *ordinary(void) { void *p = malloc(40); keep(p); return p; }

static void *held[16];

int main(void)
{
	int n = 0;

	for (int i = 0; i < 4; i++)
		_ZdlPv(plain());
	held[n++] = plain();
	for (int i = 0; i < 3; i++)
		_ZdaPv(array());
	held[n++] = array();
	for (int i = 0; i < 2; i++) {
		_ZdlPvRKSt9nothrow_t(nothrow(), "");
		_ZdlPvSt11align_val_t(aligned(), 128);
		_ZdlPvm(sized(), 40);
		free(ordinary());
	}
	held[n++] = nothrow();
	held[n++] = aligned();
	held[n++] = sized();
	held[n++] = ordinary();
	if ((uintptr_t)held[3] % 128 != 0)
		give_up("alignment");
	keep(held);
	return 0;
}
