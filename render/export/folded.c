/*
 * folded.c - folded stacks: "root;child;leaf N" per line, for flamegraph.pl, inferno, speedscope and the like.
 *
 * Format: the text that flamegraph.pl reads. A name can hold neither ';' nor a newline: ';' becomes ':', control characters '?', and what
 * is no UTF-8 U+FFFD. Lines are unique.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_metrics.h"
#include "export_formats.h"
#include "export_names.h"
#include "frame_tree.h"

/* The path of one frame, from the root on. path: room for its depth. A line that starts with '#' would be a comment. */
static void put_path(FILE *out, const struct ms_frame_tree *tree, uint32_t frame, size_t depth, uint32_t *path)
{
	for (size_t i = depth; i-- > 0; frame = tree->frames[frame].parent)
		path[i] = tree->frames[frame].name;
	if (tree->names[path[0]][0] == '#')
		putc('_', out);
	for (size_t i = 0; i < depth; i++) {
		if (i)
			putc(';', out);
		ms_put_folded_name(out, tree->names[path[i]]);
	}
}

static int write_folded(FILE *out, const struct ms_export_input *input, struct ms_error *err)
{
	const struct ms_export_metric *metric;
	struct ms_frame_tree tree = {0};
	struct ms_weight *weights = NULL;
	uint32_t *path = NULL;
	size_t count = 0, depth = 0, deepest = 1;
	int rc = ms_export_metric_find(&metric, input->metric, err);

	if (rc || (rc = ms_export_weights(&weights, &count, input->report, metric, err)) ||
	    (rc = ms_frame_tree_build(&tree, input->report, weights, count, err)))
		goto done;
	for (uint32_t f = 0; (f = ms_frame_next(&tree, f, &depth));)
		deepest = depth > deepest ? depth : deepest;
	path = malloc(deepest * sizeof *path);
	if (!path) {
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a call path of %zu frames", deepest);
		goto done;
	}
	depth = 0;
	for (uint32_t f = 0; (f = ms_frame_next(&tree, f, &depth));) {
		if (tree.frames[f].own == 0)
			continue;
		put_path(out, &tree, f, depth, path);
		fprintf(out, " %" PRIu64 "\n", tree.frames[f].own);
	}
	if (ferror(out))
		rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write");
done:
	free(path);
	free(weights);
	ms_frame_tree_free(&tree);
	return rc;
}

const struct ms_export ms_export_folded = {
	.name = "folded",
	.summary = "folded stacks, one call path per line: flamegraph.pl, inferno, speedscope, Perfetto",
	.suffix = ".folded",
	.metrics = ms_export_metric_names,
	.write = write_folded,
};
