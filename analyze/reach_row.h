/*
 * reach_row.h - arrays of rows that grow as rows come. Inside analyze/ only.
 *
 * The array belongs to the caller (free). Errors: MS_E_NOMEM, the array is as it was. Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_REACH_ROW_H
#define MS_ANALYZE_REACH_ROW_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"

/* Makes array *a hold element `index`; new ones are zero. */
static inline int ms_reach(void **a, uint32_t *capacity, size_t size, uint32_t index)
{
	uint64_t wanted = *capacity ? *capacity : 64;
	void *grown;

	if (index < *capacity)
		return MS_OK;
	while (wanted <= index)
		wanted *= 2;
	grown = wanted < UINT32_MAX ? realloc(*a, wanted * size) : NULL;
	if (!grown)
		return MS_E_NOMEM;
	memset((char *)grown + *capacity * size, 0, (wanted - *capacity) * size);
	*a = grown;
	*capacity = (uint32_t)wanted;
	return MS_OK;
}

#endif
