/*
 * nest.h - what a thread is inside of: tasks that it entered, scopes that it began; the innermost one last.
 *
 * Inside analyze/ only. Errors: MS_E_NOMEM of ms_nest_enter. Ownership: ms_nest_free. Thread-safety: one thread at a time.
 */
#ifndef MS_ANALYZE_NEST_H
#define MS_ANALYZE_NEST_H

#include <stdint.h>
#include <stdlib.h>

#include "format/errors.h"

struct ms_nest_frame {
	uint64_t since_ns;
	uint32_t row;
};
/* Zero-initialised is empty. */
struct ms_nest {
	struct ms_nest_frame *frames;
	uint32_t count, capacity;
	uint32_t inner;                  /* row of the innermost frame, 0 = none */
};

static inline int ms_nest_enter(struct ms_nest *n, uint32_t row, uint64_t time_ns)
{
	if (n->count == n->capacity) {
		uint32_t capacity = n->capacity ? n->capacity * 2 : 8;
		struct ms_nest_frame *grown = capacity > n->capacity ? realloc(n->frames, capacity * sizeof *grown) : NULL;

		if (!grown)
			return MS_E_NOMEM;
		n->frames = grown;
		n->capacity = capacity;
	}
	n->frames[n->count++] = (struct ms_nest_frame){time_ns, row};
	n->inner = row;
	return MS_OK;
}

/* Takes frame i out. */
static inline struct ms_nest_frame ms_nest_leave(struct ms_nest *n, uint32_t i)
{
	struct ms_nest_frame frame = n->frames[i];

	n->count--;
	for (uint32_t k = i; k < n->count; k++)
		n->frames[k] = n->frames[k + 1];
	n->inner = n->count ? n->frames[n->count - 1].row : 0;
	return frame;
}

static inline void ms_nest_free(struct ms_nest *n)
{
	free(n->frames);
	*n = (struct ms_nest){0};
}

#endif
