/*
 * backends.h - who empties the rings of the program: the names of the backends (docs/ARCHITECTURE.md says why there are several).
 *
 * X(enum name without MS_BACKEND_, name on the command line). A backend other than these is a shared object (plugin.h).
 * Pure data.
 */
#ifndef MS_RECORD_BACKENDS_H
#define MS_RECORD_BACKENDS_H

#include "arena_layout.h"

#define MS_BACKENDS(X)                                                                                                 \
	X(LOCKFREE, "lockfree")                                                                                        \
	X(CORE, "core")                                                                                                \
	X(ASYNC, "async")                                                                                              \
	X(UNIFIED, "unified")

static inline const char *ms_backend_name(unsigned backend)
{
	switch (backend) {
#define X(id, name)                                                                                                    \
	case MS_BACKEND_##id:                                                                                          \
		return name;
		MS_BACKENDS(X)
#undef X
	}
	return "";
}

#endif
