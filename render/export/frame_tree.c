/* frame_tree.c - see frame_tree.h. */
#include "frame_tree.h"

#include <stdlib.h>
#include <string.h>

#include "export_names.h"
#include "format/intern.h"

struct build {
	struct ms_frame_tree *tree;
	struct ms_intern names, edges;   /* edges: (parent, name) -> frame */
	size_t frame_capacity, name_capacity;
};

/* Room for one more element; NULL: no memory, the list stays. */
static void *grow(void *list, size_t *capacity, size_t count, size_t size)
{
	size_t wanted = *capacity ? *capacity * 2 : 256;
	void *grown;

	if (count < *capacity)
		return list;
	grown = realloc(list, wanted * size);
	if (grown)
		*capacity = wanted;
	return grown;
}

static bool room_for_name(struct build *b)
{
	char **grown = grow(b->tree->names, &b->name_capacity, b->tree->name_count, sizeof *grown);

	if (grown)
		b->tree->names = grown;
	return grown;
}

static bool room_for_frame(struct build *b)
{
	struct ms_tree_frame *grown = grow(b->tree->frames, &b->frame_capacity, b->tree->frame_count, sizeof *grown);

	if (grown)
		b->tree->frames = grown;
	return grown;
}

/* UINT32_MAX: no memory. Ids of the table start at 1, and so do names. */
static uint32_t name_of(struct build *b, const struct ms_report_line *line)
{
	char buffer[MS_EXPORT_FRAME];
	const char *text = ms_export_frame(buffer, line);
	bool is_new;
	uint32_t id;

	if (!room_for_name(b))
		return UINT32_MAX;
	id = ms_intern(&b->names, text, strlen(text), &is_new);
	if (id == 0)
		return UINT32_MAX;
	if (is_new) {
		char *copy = strdup(text);

		if (!copy)
			return UINT32_MAX;
		b->tree->names[b->tree->name_count++] = copy;
	}
	return id;
}

/* The child of `parent` with the name of the line; UINT32_MAX: no memory. */
static uint32_t child_of(struct build *b, uint32_t parent, const struct ms_report_line *line)
{
	struct ms_frame_tree *t = b->tree;
	uint32_t edge[2] = {parent, name_of(b, line)}, id;
	bool is_new;

	if (edge[1] == UINT32_MAX || !room_for_frame(b))
		return UINT32_MAX;
	id = ms_intern(&b->edges, edge, sizeof edge, &is_new);
	if (id == 0)
		return UINT32_MAX;
	if (is_new) {
		t->frames[t->frame_count++] = (struct ms_tree_frame){.parent = parent, .name = edge[1]};
		if (t->frames[parent].first_child)
			t->frames[t->frames[parent].last_child].next = id;
		else
			t->frames[parent].first_child = id;
		t->frames[parent].last_child = id;
	}
	return id;
}

static int add_paths(struct build *b, const struct ms_report *r, const struct ms_weight *weights, size_t count, struct ms_error *err)
{
	uint32_t *frame_of = calloc(r->node_count + 1, sizeof *frame_of); /* 1 = on a path, then the frame */
	int rc = MS_E_NOMEM;

	if (!frame_of)
		goto done;
	for (size_t i = 0; i < count; i++)
		frame_of[weights[i].node] = 1;
	for (size_t n = r->node_count; n-- > 1;) /* parent < index: what hangs on n was seen before n */
		if (frame_of[n])
			frame_of[r->nodes[n].parent] = 1;
	if (r->node_count)
		frame_of[0] = 0;
	for (size_t n = 1; n < r->node_count; n++) {
		uint32_t frame = frame_of[r->nodes[n].parent];

		if (!frame_of[n])
			continue;
		for (uint32_t l = r->nodes[n].line_count; l-- > 0;) {
			frame = child_of(b, frame, &r->lines[r->nodes[n].first_line + l]);
			if (frame == UINT32_MAX)
				goto done;
		}
		frame_of[n] = frame;
		if (b->tree->frame_count > INT32_MAX) {
			rc = MS_E_LIMIT;
			goto done;
		}
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t frame = frame_of[weights[i].node];

		if (frame == 0 && (frame = child_of(b, 0, NULL)) == UINT32_MAX)
			goto done;
		b->tree->frames[frame].own += weights[i].value;
	}
	rc = MS_OK;
done:
	free(frame_of);
	return rc ? ms_fail(err, rc, MS_NO_OFFSET, "%s for a tree of %zu call paths", ms_strerror(rc), count) : MS_OK;
}

int ms_frame_tree_build(struct ms_frame_tree *out, const struct ms_report *report, const struct ms_weight *weights, size_t count,
                        struct ms_error *err)
{
	struct build b = {.tree = out};
	int rc = MS_E_NOMEM;

	memset(out, 0, sizeof *out);
	if (!room_for_frame(&b) || !room_for_name(&b) || !(out->names[0] = strdup(""))) {
		ms_fail(err, rc, MS_NO_OFFSET, "no memory for a tree of call paths");
		goto done;
	}
	out->name_count = 1;
	out->frames[0] = (struct ms_tree_frame){0};
	out->frame_count = 1;
	rc = add_paths(&b, report, weights, count, err);
	for (size_t i = out->frame_count; rc == MS_OK && i-- > 0;) {
		out->frames[i].total += out->frames[i].own;
		if (i)
			out->frames[out->frames[i].parent].total += out->frames[i].total;
	}
done:
	ms_intern_free(&b.names);
	ms_intern_free(&b.edges);
	if (rc)
		ms_frame_tree_free(out);
	return rc;
}

void ms_frame_tree_free(struct ms_frame_tree *tree)
{
	for (size_t i = 0; i < tree->name_count; i++)
		free(tree->names[i]);
	free(tree->names);
	free(tree->frames);
	memset(tree, 0, sizeof *tree);
}

uint32_t ms_frame_next(const struct ms_frame_tree *t, uint32_t frame, size_t *depth)
{
	if (t->frames[frame].first_child) {
		++*depth;
		return t->frames[frame].first_child;
	}
	while (frame && !t->frames[frame].next) {
		frame = t->frames[frame].parent;
		--*depth;
	}
	return frame ? t->frames[frame].next : 0;
}
