/*
 * interpose_usable.c - malloc_usable_size of the guard library: what the program asked for, because everything behind it is
 * redzone.
 */
#include <malloc.h>

#include "guard.h"

__attribute__((visibility("default"))) size_t malloc_usable_size(void *p)
{
	return guard_usable_size(p);
}
