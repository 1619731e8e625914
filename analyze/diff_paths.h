/*
 * diff_paths.h - all call paths of two reports in one tree, by the names by which they are compared: also those that did not change.
 *
 * Names are normalised (diff/frame_names.h), what stands outside of main is left out, a function that follows itself counts once: as in
 * struct ms_diff, but without pairing of paths whose names differ. A frame without a name is "module/0x12", or "module/" when the
 * two traces have different builds of it, "/" when the module is unknown, too.
 *
 * Ownership: ms_diff_paths_free. Errors: MS_E_NOMEM; MS_E_UNSUPPORTED when a side has several runs. Thread-safety: read-only when built.
 */
#ifndef MS_ANALYZE_DIFF_PATHS_H
#define MS_ANALYZE_DIFF_PATHS_H

#include "diff.h"

struct ms_diff_frame {
	uint32_t parent;                 /* < index; 0 = outermost */
	const char *name;                /* unescaped; [0]: "" */
};

struct ms_diff_paths {
	struct ms_diff_frame *frames;    /* [0] = the empty path */
	uint32_t count;
	uint32_t *frame_of[2];           /* old, new: by node of the report */
	char **names;                    /* what the frames point to */
	size_t name_count;
};

#pragma GCC visibility push(default) /* part of libmemscope.so */
int ms_diff_paths_build(struct ms_diff_paths *out, const struct ms_diff *diff, struct ms_error *err);
void ms_diff_paths_free(struct ms_diff_paths *paths);
#pragma GCC visibility pop

#endif
