/*
 * stack_pages.h - memory straight from the kernel: no hook sees it, no lock is taken, errno is not touched.
 */
#ifndef MS_PRELOAD_STACK_PAGES_H
#define MS_PRELOAD_STACK_PAGES_H

#include <stddef.h>

/* Zeroed, private, committed when touched. NULL when the kernel refuses. */
void *ms_pages_map(size_t bytes);
void ms_pages_unmap(void *pages, size_t bytes);

#endif
