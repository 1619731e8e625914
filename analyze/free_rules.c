/* free_rules.c - see free_rules.h. */
#include "free_rules.h"

#include "format/events.h"

enum {
	PLAIN = 1,             /* malloc, calloc, realloc */
	ALIGNED_ALLOC = 2,     /* the one that free_aligned_sized may end */
	ALIGNED = 4,           /* the other aligned ones of C and POSIX */
	NEW = 8, NEW_ARRAY = 16, NEW_ALIGNED = 32, NEW_ARRAY_ALIGNED = 64,
	ANY_C = PLAIN | ALIGNED_ALLOC | ALIGNED,
};

/*
 * X(kind of the allocation, family, call, right free). A block whose realloc failed while the trace did not know it
 * (REALLOC_FAILED) is of any family: not listed.
 */
#define ALLOCATIONS(X)                                                                          \
	X(MALLOC, PLAIN, "malloc", "free")                                                          \
	X(CALLOC, PLAIN, "calloc", "free")                                                          \
	X(REALLOC_NEW, PLAIN, "realloc", "free")                                                    \
	X(REALLOC, PLAIN, "realloc", "free")                                                        \
	X(POSIX_MEMALIGN, ALIGNED, "posix_memalign", "free")                                        \
	X(ALIGNED_ALLOC, ALIGNED_ALLOC, "aligned_alloc", "free")                                    \
	X(MEMALIGN, ALIGNED, "memalign", "free")                                                    \
	X(VALLOC, ALIGNED, "valloc", "free")                                                        \
	X(PVALLOC, ALIGNED, "pvalloc", "free")                                                      \
	X(NEW, NEW, "operator new", "operator delete")                                              \
	X(NEW_ARRAY, NEW_ARRAY, "operator new[]", "operator delete[]")                              \
	X(NEW_ALIGNED, NEW_ALIGNED, "operator new with alignment", "operator delete with alignment") \
	X(NEW_ARRAY_ALIGNED, NEW_ARRAY_ALIGNED, "operator new[] with alignment", "operator delete[] with alignment")

/* X(kind of the free, families that it may end, has a size, call) */
#define FREES(X)                                                                                \
	X(FREE, ANY_C, 0, "free")                                                                   \
	X(REALLOC_FREE, ANY_C, 0, "realloc")                                                        \
	X(REALLOC_ZERO, ANY_C, 0, "realloc")                                                        \
	X(DELETE, NEW, 0, "operator delete")                                                        \
	X(DELETE_ARRAY, NEW_ARRAY, 0, "operator delete[]")                                          \
	X(DELETE_SIZED, NEW, 1, "operator delete with size")                                        \
	X(DELETE_ARRAY_SIZED, NEW_ARRAY, 1, "operator delete[] with size")                          \
	X(DELETE_ALIGNED, NEW_ALIGNED, 0, "operator delete with alignment")                         \
	X(DELETE_ARRAY_ALIGNED, NEW_ARRAY_ALIGNED, 0, "operator delete[] with alignment")           \
	X(DELETE_SIZED_ALIGNED, NEW_ALIGNED, 1, "operator delete with size and alignment")          \
	X(DELETE_ARRAY_SIZED_ALIGNED, NEW_ARRAY_ALIGNED, 1, "operator delete[] with size and alignment") \
	X(FREE_SIZED, PLAIN, 1, "free_sized")                                                       \
	X(FREE_ALIGNED_SIZED, ALIGNED_ALLOC, 1, "free_aligned_sized")

const uint8_t ms_family_of_kind[256] = {
#define X(kind, family, call, right) [MS_EV_##kind] = family,
	ALLOCATIONS(X)
#undef X
};

const uint8_t ms_families_freed_by[256] = {
	[0 ... MS_EV_FREE - 1] = 0xff,
#define X(kind, families, sized, call) [MS_EV_##kind] = families,
	FREES(X)
#undef X
	[MS_EV_FREE_ALIGNED_SIZED + 1 ... 255] = 0xff,
};
_Static_assert(MS_EV_FREE_ALIGNED_SIZED - MS_EV_FREE == 12, "a kind of free is missing in FREES");

const uint8_t ms_free_has_size[256] = {
#define X(kind, families, sized, call) [MS_EV_##kind] = sized,
	FREES(X)
#undef X
};

const char *ms_call_name(uint8_t kind)
{
	static const char *const names[256] = {
#define X(kind, family, call, right) [MS_EV_##kind] = call,
		ALLOCATIONS(X)
#undef X
#define X(kind, families, sized, call) [MS_EV_##kind] = call,
		FREES(X)
#undef X
		[MS_EV_REALLOC_FAILED] = "realloc",
	};

	return names[kind] ? names[kind] : "";
}

const char *ms_right_free(uint8_t birth_kind)
{
	static const char *const names[256] = {
#define X(kind, family, call, right) [MS_EV_##kind] = right,
		ALLOCATIONS(X)
#undef X
	};

	return names[birth_kind] ? names[birth_kind] : "";
}
