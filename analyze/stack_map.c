/*
 * stack_map.c - merges stacks that read the same: first frames, then nodes, each through one hash table.
 */
#include "stack_map.h"

#include <stdlib.h>
#include <string.h>

#include "allocator_frames.h"
#include "format/trace_reader.h"
#include "mix64.h"

/* Open addressing; slots hold index + 1 of what the caller keeps elsewhere. At most half full. */
struct index_table {
	uint32_t *slots;
	size_t mask;
};

static int table_create(struct index_table *t, size_t entries)
{
	size_t capacity = 16;

	while (capacity < entries * 2)
		capacity *= 2;
	t->slots = calloc(capacity, sizeof *t->slots);
	t->mask = capacity - 1;
	return t->slots ? MS_OK : MS_E_NOMEM;
}

static const char *text(const char *s)
{
	return s && *s ? s : "";
}

/* ---- modules: the same path is the same module, whatever the image ------------------------------------------------ */

static int merge_modules(const struct ms_trace *trace, const char ***out)
{
	uint32_t count = ms_trace_module_count(trace);
	const char **path = calloc((size_t)count + 1, sizeof *path);
	struct index_table t = {0};

	if (!path || table_create(&t, count)) {
		free(path);
		return MS_E_NOMEM;
	}
	path[0] = "";
	for (uint32_t id = 1; id <= count; id++) {
		const struct ms_module *m = ms_trace_module(trace, id);
		const char *p = text(m ? m->path : NULL);
		uint64_t h = 0;

		for (const char *c = p; *c; c++)
			h = h * 31 + (unsigned char)*c;
		if (!*p) {
			path[id] = "";
			continue;
		}
		for (size_t slot = ms_mix64(h) & t.mask;; slot = (slot + 1) & t.mask) {
			if (t.slots[slot] == 0) {
				t.slots[slot] = id;
				path[id] = p;
				break;
			}
			if (strcmp(path[t.slots[slot]], p) == 0) {
				path[id] = path[t.slots[slot]];
				break;
			}
		}
	}
	free(t.slots);
	*out = path;
	return MS_OK;
}

/* ---- frames ------------------------------------------------------------------------------------------------------- */

struct frame_build {
	uint32_t *frame_of_id;           /* distinct frame by frame id */
	uint32_t *first_line, *line_count; /* of a distinct frame */
	size_t frames, lines, line_capacity;
	struct ms_report_line *line;
};

static int append_line(struct frame_build *b, const struct ms_report_line *line)
{
	if (b->lines == b->line_capacity) {
		size_t capacity = b->line_capacity ? b->line_capacity * 2 : 1024;
		struct ms_report_line *grown = realloc(b->line, capacity * sizeof *grown);

		if (!grown || capacity > UINT32_MAX) {
			free(grown ? grown : b->line);
			b->line = NULL;
			return MS_E_NOMEM;
		}
		b->line = grown;
		b->line_capacity = capacity;
	}
	b->line[b->lines++] = *line;
	return MS_OK;
}

/* Appends the lines of frame id at the end of b->line. */
static int append_frame(struct frame_build *b, const struct ms_trace *trace, uint32_t id, const char *const *module_path)
{
	const struct ms_frame *f = ms_trace_frame(trace, id);
	const struct ms_module *m = f ? ms_trace_module(trace, f->module) : NULL;
	size_t n = 0, named = 0;
	const struct ms_symbol *s = ms_trace_symbols(trace, id, &n);
	struct ms_report_line line = {
		.function = "",
		.linkage_name = "",
		.file = "",
		.module = m ? module_path[f->module] : "",
		.offset = f ? f->address - (m ? m->load_bias : 0) : 0,
	};

	for (size_t i = 0; i < n; i++)
		named += s[i].function != 0 || s[i].file != 0;
	if (named == 0)
		return append_line(b, &line);
	for (size_t i = 0; i < n; i++) {
		line.function = text(ms_trace_string(trace, s[i].function));
		line.linkage_name = text(ms_trace_string(trace, s[i].linkage_name));
		line.file = text(ms_trace_string(trace, s[i].file));
		line.line = s[i].line;
		line.inlined = i + 1 < n;
		line.allocator = ms_is_allocator_frame(line.function);
		if (append_line(b, &line))
			return MS_E_NOMEM;
	}
	return MS_OK;
}

/* Strings of a trace are interned: equal text, equal pointer. (If a writer does not, lines merge less, no more.) */
static bool same_line(const struct ms_report_line *a, const struct ms_report_line *b)
{
	if (a->function != b->function || a->file != b->file || a->line != b->line || a->module != b->module)
		return false;
	return *a->function || *a->file || a->offset == b->offset;
}

static uint64_t hash_line(uint64_t h, const struct ms_report_line *l)
{
	h = ms_mix64(h ^ (uintptr_t)l->function);
	h = ms_mix64(h ^ (uintptr_t)l->file ^ l->line);
	h = ms_mix64(h ^ (uintptr_t)l->module);
	return *l->function || *l->file ? h : ms_mix64(h ^ l->offset);
}

static int merge_frames(struct frame_build *b, const struct ms_trace *trace, const char *const *module_path)
{
	uint32_t count = ms_trace_frame_count(trace);
	struct index_table t = {0};
	int rc = MS_E_NOMEM;

	b->frame_of_id = calloc((size_t)count + 1, sizeof *b->frame_of_id);
	b->first_line = calloc((size_t)count + 1, sizeof *b->first_line);
	b->line_count = calloc((size_t)count + 1, sizeof *b->line_count);
	if (!b->frame_of_id || !b->first_line || !b->line_count || table_create(&t, count))
		goto done;
	for (uint32_t id = 1; id <= count; id++) {
		size_t first = b->lines, n;
		uint64_t h = 0;

		if (append_frame(b, trace, id, module_path))
			goto done;
		n = b->lines - first;
		for (size_t i = 0; i < n; i++)
			h = hash_line(h, &b->line[first + i]);
		for (size_t slot = h & t.mask;; slot = (slot + 1) & t.mask) {
			uint32_t f = t.slots[slot];
			size_t same = 0;

			if (f == 0) {
				t.slots[slot] = (uint32_t)++b->frames;
				b->first_line[b->frames - 1] = (uint32_t)first;
				b->line_count[b->frames - 1] = (uint32_t)n;
				b->frame_of_id[id] = (uint32_t)b->frames - 1;
				break;
			}
			f--;
			if (b->line_count[f] != n)
				continue;
			while (same < n && same_line(&b->line[b->first_line[f] + same], &b->line[first + same]))
				same++;
			if (same == n) {
				b->lines = first;
				b->frame_of_id[id] = f;
				break;
			}
		}
	}
	rc = MS_OK;
done:
	free(t.slots);
	return rc;
}

/* ---- nodes -------------------------------------------------------------------------------------------------------- */

static int merge_stacks(struct ms_stack_map *map, const struct frame_build *b, const struct ms_trace *trace)
{
	struct index_table t = {0};
	uint32_t count = map->stack_count;

	if (table_create(&t, count))
		return MS_E_NOMEM;
	map->frame_of_node[0] = UINT32_MAX;
	map->node_count = 1;
	for (uint32_t id = 1; id <= count; id++) {
		const struct ms_stack *s = ms_trace_stack(trace, id);
		uint32_t parent = map->node_of_stack[s->parent];
		uint32_t frame = b->frame_of_id[s->frame];

		for (size_t slot = ms_mix64((uint64_t)parent << 32 | frame) & t.mask;; slot = (slot + 1) & t.mask) {
			uint32_t n = t.slots[slot];

			if (n == 0) {
				n = (uint32_t)map->node_count++;
				t.slots[slot] = n;
				map->frame_of_node[n] = frame;
				map->nodes[n] = (struct ms_report_node){parent, b->first_line[frame], b->line_count[frame]};
			} else if (map->nodes[n].parent != parent || map->frame_of_node[n] != frame) {
				continue;
			}
			map->node_of_stack[id] = n;
			break;
		}
	}
	free(t.slots);
	return MS_OK;
}

int ms_stack_map_build(struct ms_stack_map *map, const struct ms_trace *trace, struct ms_error *err)
{
	struct frame_build b = {0};
	const char **module_path = NULL;
	int rc = MS_E_NOMEM;

	memset(map, 0, sizeof *map);
	map->stack_count = ms_trace_stack_count(trace);
	map->node_of_stack = calloc((size_t)map->stack_count + 1, sizeof *map->node_of_stack);
	map->nodes = calloc((size_t)map->stack_count + 1, sizeof *map->nodes);
	map->frame_of_node = calloc((size_t)map->stack_count + 1, sizeof *map->frame_of_node);
	if (map->node_of_stack && map->nodes && map->frame_of_node && merge_modules(trace, &module_path) == MS_OK &&
	    merge_frames(&b, trace, module_path) == MS_OK)
		rc = merge_stacks(map, &b, trace);
	map->lines = b.line;
	map->line_count = b.lines;
	map->frame_count = b.frames;
	free(b.frame_of_id);
	free(b.first_line);
	free(b.line_count);
	free(module_path);
	if (rc) {
		ms_stack_map_free(map);
		return ms_fail(err, rc, MS_NO_OFFSET, "no memory for %u stacks", ms_trace_stack_count(trace));
	}
	return MS_OK;
}

void ms_stack_map_free(struct ms_stack_map *map)
{
	free(map->node_of_stack);
	free(map->nodes);
	free(map->frame_of_node);
	free(map->lines);
	memset(map, 0, sizeof *map);
}
