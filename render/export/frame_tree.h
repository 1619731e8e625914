/*
 * frame_tree.h - weighted call paths as a tree from the root on, merged by the names of frames; inlined frames are frames.
 *
 * Frame 0 is the root above everything and has no name; parent < index; children stand in the order in which the report has them.
 * Sums: own is of call paths that end here, total is own and that of all below.
 *
 * Ownership: ms_frame_tree_free; names are borrowed from the report or owned by the tree. Errors: MS_E_NOMEM; MS_E_LIMIT: more than
 * 2^31 frames. Thread-safety: a finished tree is read-only.
 */
#ifndef MS_FRAME_TREE_H
#define MS_FRAME_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "export_metrics.h"

struct ms_tree_frame {
	uint32_t parent, first_child, last_child, next; /* frames; 0 = none */
	uint32_t name;                   /* into names */
	uint64_t own, total;
};

struct ms_frame_tree {
	struct ms_tree_frame *frames;
	size_t frame_count;
	char **names;                    /* unescaped, each once; names[0] is "" */
	size_t name_count;
};

int ms_frame_tree_build(struct ms_frame_tree *out, const struct ms_report *report, const struct ms_weight *weights, size_t count,
                        struct ms_error *err);
void ms_frame_tree_free(struct ms_frame_tree *tree);
/* The frame after this one, each before its children, or 0 at the end; *depth (of the frame, 1 below the root) goes with it. */
uint32_t ms_frame_next(const struct ms_frame_tree *tree, uint32_t frame, size_t *depth);

#endif
