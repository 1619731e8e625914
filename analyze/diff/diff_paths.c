/* diff_paths.c - see diff_paths.h. */
#include "analyze/diff_paths.h"

#include <stdlib.h>
#include <string.h>

#include "call_tree.h"

static int add_side(struct ms_call_tree *tree, uint32_t **frame_of, const struct ms_report *report, struct ms_error *err)
{
	*frame_of = calloc(report->node_count + 1, sizeof **frame_of);
	if (!*frame_of)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the call paths of a comparison");
	return ms_call_tree_add(tree, report, *frame_of, err);
}

int ms_diff_paths_build(struct ms_diff_paths *out, const struct ms_diff *diff, struct ms_error *err)
{
	const struct ms_diff_side *sides[2] = {&diff->before, &diff->after};
	struct ms_call_tree tree;
	int rc;

	memset(out, 0, sizeof *out);
	if (diff->before.count != 1 || diff->after.count != 1)
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "call paths of two runs are wanted: there are %zu old and %zu new ones",
		               diff->before.count, diff->after.count);
	rc = ms_call_tree_init(&tree, diff->options.ignore_templates, err);
	tree.keep_names = true;
	for (int s = 0; s < 2 && rc == MS_OK; s++)
		if (sides[s]->traces && sides[s]->traces[0])
			rc = ms_call_tree_modules(&tree, sides[s]->traces[0], err);
	for (int s = 0; s < 2 && rc == MS_OK; s++)
		rc = add_side(&tree, &out->frame_of[s], sides[s]->reports[0], err);
	if (rc == MS_OK) {
		out->frames = calloc(tree.count, sizeof *out->frames);
		if (!out->frames)
			rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u frames", tree.count);
	}
	if (rc == MS_OK) {
		out->count = tree.count;
		out->names = tree.texts;
		out->name_count = tree.text_capacity;
		tree.texts = NULL;
		tree.text_capacity = 0;
		for (uint32_t i = 0; i < tree.count; i++)
			out->frames[i] = (struct ms_diff_frame){tree.nodes[i].parent, i ? out->names[tree.nodes[i].name] : ""};
	}
	ms_call_tree_free(&tree);
	if (rc)
		ms_diff_paths_free(out);
	return rc;
}

void ms_diff_paths_free(struct ms_diff_paths *p)
{
	for (size_t i = 0; i < p->name_count; i++)
		free(p->names[i]);
	free(p->names);
	free(p->frames);
	free(p->frame_of[0]);
	free(p->frame_of[1]);
	memset(p, 0, sizeof *p);
}
