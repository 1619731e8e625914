/*
 * direct_rows.h - the functions of allocators that are hooked where they stand (direct.h), one row each.
 *
 * X(shape, name, size, alignment, block): what the call means, in terms of its arguments a0 .. a5, which are all integers or pointers.
 *   ALLOC      a new block: size, alignment (0 = none asked for)
 *   ZALLOC     a new block of zeros: count, size
 *   THROW      as ALLOC without alignment; instead of returning NULL it may throw
 *   FREE       the end of block
 *   REALLOC    block gets a new size (alignment is not recorded). It returns the block or NULL
 *   REALLOCF   the same; a failure ends the block
 *   INPLACE    the same, where it stands; returns how large it is then
 *   ARRAY      the same; block is where the pointer to it stands, 0 = it has worked
 *   POSIX      block = where the pointer goes, 0 = it has worked
 *   TEXT       a new block with the text that it returns; WIDE: of wchar_t
 *   DESTROY    the end of all blocks of the heap
 *
 * MS_DIRECT_C     the C functions by their standard names, in executables; with the prefixes of jemalloc everywhere
 * MS_DIRECT_JE    jemalloc's own; with and without these prefixes
 * MS_DIRECT_TC    gperftools
 * MS_DIRECT_MI    mimalloc 2
 * C++ operators: MS_REAL_NEW and MS_REAL_DELETE of real.h, in executables.
 * Source: the manual page jemalloc(3), gperftools/tcmalloc.h, mimalloc.h.
 */
#ifndef MS_PRELOAD_DIRECT_ROWS_H
#define MS_PRELOAD_DIRECT_ROWS_H

#define MS_DIRECT_C(X)                                              \
	X(ALLOC, malloc, a0, 0, 0)                                  \
	X(ZALLOC, calloc, a0, a1, 0)                                \
	X(REALLOC, realloc, a1, 0, a0)                              \
	X(REALLOC, reallocarray, product(a1, a2), 0, a0)            \
	X(REALLOCF, reallocf, a1, 0, a0)                            \
	X(FREE, free, 0, 0, a0)                                     \
	X(FREE, cfree, 0, 0, a0)                                    \
	X(FREE, free_sized, 0, 0, a0)                               \
	X(FREE, free_aligned_sized, 0, 0, a0)                       \
	X(ALLOC, aligned_alloc, a1, a0, 0)                          \
	X(ALLOC, memalign, a1, a0, 0)                               \
	X(POSIX, posix_memalign, a2, a1, a0)                        \
	X(ALLOC, valloc, a0, 4096, 0)                               \
	X(ALLOC, pvalloc, a0, 4096, 0)

#define MS_DIRECT_JE(X)                                             \
	X(ALLOC, mallocx, a0, je_alignment(a1), 0)                  \
	X(REALLOC, rallocx, a1, 0, a0)                              \
	X(INPLACE, xallocx, a1, 0, a0)                              \
	X(FREE, dallocx, 0, 0, a0)                                  \
	X(FREE, sdallocx, 0, 0, a0)

#define MS_DIRECT_TC(X)                                             \
	X(ALLOC, tc_malloc, a0, 0, 0)                               \
	X(ALLOC, tc_malloc_skip_new_handler, a0, 0, 0)              \
	X(ZALLOC, tc_calloc, a0, a1, 0)                             \
	X(REALLOC, tc_realloc, a1, 0, a0)                           \
	X(FREE, tc_free, 0, 0, a0)                                  \
	X(FREE, tc_cfree, 0, 0, a0)                                 \
	X(FREE, tc_free_sized, 0, 0, a0)                            \
	X(ALLOC, tc_memalign, a1, a0, 0)                            \
	X(POSIX, tc_posix_memalign, a2, a1, a0)                     \
	X(ALLOC, tc_valloc, a0, 4096, 0)                            \
	X(ALLOC, tc_pvalloc, a0, 4096, 0)                           \
	X(THROW, tc_new, a0, 0, 0)                                  \
	X(ALLOC, tc_new_nothrow, a0, 0, 0)                          \
	X(THROW, tc_newarray, a0, 0, 0)                             \
	X(ALLOC, tc_newarray_nothrow, a0, 0, 0)                     \
	X(THROW, tc_new_aligned, a0, 0, 0)                          \
	X(ALLOC, tc_new_aligned_nothrow, a0, a1, 0)                 \
	X(THROW, tc_newarray_aligned, a0, 0, 0)                     \
	X(ALLOC, tc_newarray_aligned_nothrow, a0, a1, 0)            \
	X(FREE, tc_delete, 0, 0, a0)                                \
	X(FREE, tc_delete_sized, 0, 0, a0)                          \
	X(FREE, tc_delete_nothrow, 0, 0, a0)                        \
	X(FREE, tc_delete_aligned, 0, 0, a0)                        \
	X(FREE, tc_delete_sized_aligned, 0, 0, a0)                  \
	X(FREE, tc_delete_aligned_nothrow, 0, 0, a0)                \
	X(FREE, tc_deletearray, 0, 0, a0)                           \
	X(FREE, tc_deletearray_sized, 0, 0, a0)                     \
	X(FREE, tc_deletearray_nothrow, 0, 0, a0)                   \
	X(FREE, tc_deletearray_aligned, 0, 0, a0)                   \
	X(FREE, tc_deletearray_sized_aligned, 0, 0, a0)             \
	X(FREE, tc_deletearray_aligned_nothrow, 0, 0, a0)

#define MS_DIRECT_MI(X)                                             \
	X(ALLOC, mi_malloc, a0, 0, 0)                               \
	X(ALLOC, mi_malloc_small, a0, 0, 0)                         \
	X(ZALLOC, mi_zalloc, 1, a0, 0)                              \
	X(ZALLOC, mi_zalloc_small, 1, a0, 0)                        \
	X(ZALLOC, mi_calloc, a0, a1, 0)                             \
	X(ALLOC, mi_mallocn, product(a0, a1), 0, 0)                 \
	X(REALLOC, mi_realloc, a1, 0, a0)                           \
	X(REALLOC, mi_rezalloc, a1, 0, a0)                          \
	X(REALLOC, mi_reallocn, product(a1, a2), 0, a0)             \
	X(REALLOC, mi_recalloc, product(a1, a2), 0, a0)             \
	X(REALLOC, mi_reallocarray, product(a1, a2), 0, a0)         \
	X(REALLOCF, mi_reallocf, a1, 0, a0)                         \
	X(ARRAY, mi_reallocarr, product(a1, a2), 0, a0)             \
	X(REALLOC, mi_expand, a1, 0, a0)                            \
	X(REALLOC, mi__expand, a1, 0, a0)                           \
	X(FREE, mi_free, 0, 0, a0)                                  \
	X(FREE, mi_free_size, 0, 0, a0)                             \
	X(FREE, mi_free_size_aligned, 0, 0, a0)                     \
	X(FREE, mi_free_aligned, 0, 0, a0)                          \
	X(ALLOC, mi_memalign, a1, a0, 0)                            \
	X(ALLOC, mi_aligned_alloc, a1, a0, 0)                       \
	X(POSIX, mi_posix_memalign, a2, a1, a0)                     \
	X(ALLOC, mi_valloc, a0, 4096, 0)                            \
	X(ALLOC, mi_pvalloc, a0, 4096, 0)                           \
	X(ALLOC, mi_malloc_aligned, a0, a1, 0)                      \
	X(ALLOC, mi_malloc_aligned_at, a0, a1, 0)                   \
	X(ALLOC, mi_zalloc_aligned, a0, a1, 0)                      \
	X(ALLOC, mi_zalloc_aligned_at, a0, a1, 0)                   \
	X(ALLOC, mi_calloc_aligned, product(a0, a1), a2, 0)         \
	X(ALLOC, mi_calloc_aligned_at, product(a0, a1), a2, 0)      \
	X(REALLOC, mi_realloc_aligned, a1, 0, a0)                   \
	X(REALLOC, mi_realloc_aligned_at, a1, 0, a0)                \
	X(REALLOC, mi_rezalloc_aligned, a1, 0, a0)                  \
	X(REALLOC, mi_rezalloc_aligned_at, a1, 0, a0)               \
	X(REALLOC, mi_recalloc_aligned, product(a1, a2), 0, a0)     \
	X(REALLOC, mi_recalloc_aligned_at, product(a1, a2), 0, a0)  \
	X(REALLOC, mi_aligned_recalloc, product(a1, a2), 0, a0)     \
	X(REALLOC, mi_aligned_offset_recalloc, product(a1, a2), 0, a0) \
	X(TEXT, mi_strdup, 0, 0, 0)                                 \
	X(TEXT, mi_strndup, 0, 0, 0)                                \
	X(TEXT, mi_realpath, 0, 0, 0)                               \
	X(TEXT, mi_mbsdup, 0, 0, 0)                                 \
	X(WIDE, mi_wcsdup, 0, 0, 0)                                 \
	X(THROW, mi_new, a0, 0, 0)                                  \
	X(THROW, mi_new_n, product(a0, a1), 0, 0)                   \
	X(THROW, mi_new_aligned, a0, 0, 0)                          \
	X(ALLOC, mi_new_nothrow, a0, 0, 0)                          \
	X(ALLOC, mi_new_aligned_nothrow, a0, a1, 0)                 \
	X(REALLOC, mi_new_realloc, a1, 0, a0)                       \
	X(REALLOC, mi_new_reallocn, product(a1, a2), 0, a0)         \
	X(ALLOC, mi_heap_malloc, a1, 0, 0)                          \
	X(ALLOC, mi_heap_malloc_small, a1, 0, 0)                    \
	X(ZALLOC, mi_heap_zalloc, 1, a1, 0)                         \
	X(ZALLOC, mi_heap_calloc, a1, a2, 0)                        \
	X(ALLOC, mi_heap_mallocn, product(a1, a2), 0, 0)            \
	X(REALLOC, mi_heap_realloc, a2, 0, a1)                      \
	X(REALLOC, mi_heap_rezalloc, a2, 0, a1)                     \
	X(REALLOC, mi_heap_reallocn, product(a2, a3), 0, a1)        \
	X(REALLOC, mi_heap_recalloc, product(a2, a3), 0, a1)        \
	X(REALLOCF, mi_heap_reallocf, a2, 0, a1)                    \
	X(ALLOC, mi_heap_malloc_aligned, a1, a2, 0)                 \
	X(ALLOC, mi_heap_malloc_aligned_at, a1, a2, 0)              \
	X(ALLOC, mi_heap_zalloc_aligned, a1, a2, 0)                 \
	X(ALLOC, mi_heap_zalloc_aligned_at, a1, a2, 0)              \
	X(ALLOC, mi_heap_calloc_aligned, product(a1, a2), a3, 0)    \
	X(ALLOC, mi_heap_calloc_aligned_at, product(a1, a2), a3, 0) \
	X(REALLOC, mi_heap_realloc_aligned, a2, 0, a1)              \
	X(REALLOC, mi_heap_realloc_aligned_at, a2, 0, a1)           \
	X(REALLOC, mi_heap_rezalloc_aligned, a2, 0, a1)             \
	X(REALLOC, mi_heap_rezalloc_aligned_at, a2, 0, a1)          \
	X(REALLOC, mi_heap_recalloc_aligned, product(a2, a3), 0, a1) \
	X(REALLOC, mi_heap_recalloc_aligned_at, product(a2, a3), 0, a1) \
	X(TEXT, mi_heap_strdup, 0, 0, 0)                            \
	X(TEXT, mi_heap_strndup, 0, 0, 0)                           \
	X(TEXT, mi_heap_realpath, 0, 0, 0)                          \
	X(THROW, mi_heap_alloc_new, a1, 0, 0)                       \
	X(THROW, mi_heap_alloc_new_n, product(a1, a2), 0, 0)        \
	X(DESTROY, mi_heap_destroy, 0, 0, a0)

#endif
