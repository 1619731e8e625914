/*
 * mi - mimalloc's own functions and malloc.
 *
 * Every function here is a site of its own: blocks begun / alive at the end.
 *   plain 9/4 of 100 bytes · zeroed 4/0 of 30 · counted 3/0 of 5 times 7 · small 3/1 of 24 · aligned 3/3 of 300 bytes at multiples of 512 ·
 *   grown 5/0, grown_by 5 reallocations to 2000 bytes · counted_by 2 reallocations to 3 times 50 · as_new 4/1 of 64 bytes · text 3/1 of
 *   6 bytes · cut 1/0 of 4 bytes · in_heap 6/1 of 80 bytes, of which one is freed, one grows (heap_grown), 3 go with their heap and one
 *   stays in a heap that is deleted · ordinary 5/1 of 70 bytes by malloc · posix 2/2 of 128 bytes · page 1/1 of 10 bytes.
 */
#include <stdint.h>

#include <mimalloc.h>

#include "../known.h"

SITE void *plain(void) { void *p = mi_malloc(100); keep(p); return p; }
SITE void *zeroed(void) { void *p = mi_zalloc(30); keep(p); return p; }
SITE void *counted(void) { void *p = mi_calloc(5, 7); keep(p); return p; }
SITE void *small(void) { void *p = mi_malloc_small(24); keep(p); return p; }
SITE void *grown(void) { void *p = mi_mallocn(2, 10); keep(p); return p; }
SITE void *grown_by(void *p) { p = mi_realloc(p, 2000); keep(p); return p; }
SITE void *counted_by(void *p) { p = mi_recalloc(p, 3, 50); keep(p); return p; }
SITE void *as_new(void) { void *p = mi_new(64); keep(p); return p; }
SITE void *text(void) { void *p = mi_strdup("hello"); keep(p); return p; }
SITE void *cut(void) { void *p = mi_strndup("hello", 3); keep(p); return p; }
SITE void *in_heap(mi_heap_t *heap) { void *p = mi_heap_malloc(heap, 80); keep(p); return p; }
SITE void *heap_grown(mi_heap_t *heap, void *p) { p = mi_heap_realloc(heap, p, 3000); keep(p); return p; }
SITE void *ordinary(void) { void *p = malloc(70); keep(p); return p; }
#ifdef ALIGNED
SITE void *aligned(void) { void *p = mi_malloc_aligned(300, 512); keep(p); return p; }
SITE void *posix_(void) { void *p = NULL; if (mi_posix_memalign(&p, 64, 128) != 0) give_up("posix"); keep(p); return p; }
SITE void *page(void) { void *p = mi_valloc(10); keep(p); return p; }
#endif

static void *held[64];

int main(void)
{
	size_t n = 0;
	mi_heap_t *heap, *deleted;

	for (int i = 0; i < 9; i++) {
		held[n] = plain();
		if (i < 5)
			mi_free(held[n]);
		else
			n++;
	}
	for (int i = 0; i < 4; i++)
		mi_free_size(zeroed(), 30);
	for (int i = 0; i < 3; i++)
		mi_free(counted());
	for (int i = 0; i < 3; i++) {
		held[n] = small();
		if (i < 2)
			mi_free(held[n]);
		else
			n++;
	}
	for (int i = 0; i < 5; i++) {
		void *p = grown_by(grown());

		if (i < 2)
			p = counted_by(p);
		mi_free(p);
	}
	for (int i = 0; i < 4; i++) {
		held[n] = as_new();
		if (i < 3)
			mi_free(held[n]);
		else
			n++;
	}
	mi_free(text());
	free(text());
	held[n++] = text();
	mi_free(cut());
	heap = mi_heap_new();
	mi_free(in_heap(heap));
	heap_grown(heap, in_heap(heap));
	for (int i = 0; i < 3; i++)
		in_heap(heap);
	mi_heap_destroy(heap);
	deleted = mi_heap_new();
	held[n++] = in_heap(deleted);
	mi_heap_delete(deleted);
	for (int i = 0; i < 5; i++) {
		held[n] = ordinary();
		if (i < 4)
			free(held[n]);
		else
			n++;
	}
#ifdef ALIGNED
	for (int i = 0; i < 3; i++) {
		held[n] = aligned();
		if ((uintptr_t)held[n++] % 512 != 0)
			give_up("alignment");
	}
	held[n++] = posix_();
	held[n++] = posix_();
	held[n++] = page();
#endif
	keep(held);
	return 0;
}
