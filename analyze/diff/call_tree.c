/* call_tree.c - see call_tree.h. */
#include "call_tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/mix64.h"
#include "format/trace_reader.h"
#include "frame_names.h"

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the call paths of a comparison");
}

static bool reserve(void *array, size_t *capacity, size_t count, size_t size)
{
	void **at = array, *grown;
	size_t wanted = *capacity ? *capacity : 64;

	if (count < *capacity)
		return true;
	while (wanted <= count)
		wanted *= 2;
	grown = realloc(*at, wanted * size);
	if (!grown)
		return false;
	memset((char *)grown + *capacity * size, 0, (wanted - *capacity) * size);
	*at = grown;
	*capacity = wanted;
	return true;
}

int ms_call_tree_init(struct ms_call_tree *t, bool ignore_templates, struct ms_error *err)
{
	memset(t, 0, sizeof *t);
	t->ignore_templates = ignore_templates;
	t->capacity = 1024;
	t->slot_capacity = 4096;
	t->nodes = calloc(t->capacity, sizeof *t->nodes);
	t->slots = calloc(t->slot_capacity, sizeof *t->slots);
	t->count = 1;
	return t->nodes && t->slots ? MS_OK : no_memory(err);
}

void ms_call_tree_free(struct ms_call_tree *t)
{
	free(t->nodes);
	free(t->slots);
	free(t->tail_of_name);
	free(t->hash_of_name);
	free(t->build_of_module);
	for (size_t i = 0; i < t->text_capacity; i++)
		free(t->texts[i]);
	free(t->texts);
	ms_intern_free(&t->names);
	ms_intern_free(&t->tails);
	ms_intern_free(&t->modules);
	memset(t, 0, sizeof *t);
}

/* FNV-1a, finished. */
static uint64_t hash_bytes(const void *bytes, size_t count)
{
	const unsigned char *at = bytes;
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < count; i++)
		h = (h ^ at[i]) * 0x100000001b3ull;
	return ms_mix64(h);
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int ms_call_tree_modules(struct ms_call_tree *t, const struct ms_trace *trace, struct ms_error *err)
{
	uint32_t count = ms_trace_module_count(trace);

	for (uint32_t i = 1; i <= count; i++) {
		const struct ms_module *m = ms_trace_module(trace, i);
		const char *name = file_name(m->path);
		uint64_t build = m->build_id_bytes ? hash_bytes(m->build_id, m->build_id_bytes) : 0;
		bool is_new;
		uint32_t id = ms_intern(&t->modules, name, strlen(name), &is_new);

		if (!id || !reserve(&t->build_of_module, &t->module_capacity, id, sizeof *t->build_of_module))
			return no_memory(err);
		if (is_new)
			t->build_of_module[id] = build;
		else if (t->build_of_module[id] != build)
			t->build_of_module[id] = 0;
	}
	return MS_OK;
}

/* Where the last part of a qualified name starts: after the last "::" outside of brackets. */
static const char *last_part(const char *name)
{
	const char *last = name;
	int angle = 0;

	for (const char *s = name; *s; s++) {
		if (strncmp(s, "operator", 8) == 0 && (s == name || s[-1] == ':'))
			return s;
		angle += (*s == '<') - (*s == '>' && s > name && s[-1] != '-');
		if (angle <= 0 && s[0] == ':' && s[1] == ':' && s[2])
			last = s + 2;
	}
	return last;
}

static uint32_t intern_name(struct ms_call_tree *t, const char *name, size_t length)
{
	const char *tail = last_part(name);
	bool is_new;
	uint32_t id = ms_intern(&t->names, name, length, &is_new);

	if (!id || !is_new)
		return id;
	if (!reserve(&t->tail_of_name, &t->tail_capacity, id, sizeof *t->tail_of_name) ||
	    !reserve(&t->hash_of_name, &t->hash_capacity, id, sizeof *t->hash_of_name))
		return 0;
	if (t->keep_names && (!reserve(&t->texts, &t->text_capacity, id, sizeof *t->texts) || !(t->texts[id] = strndup(name, length))))
		return 0;
	t->hash_of_name[id] = hash_bytes(name, length);
	if (length == 4 && memcmp(name, "main", 4) == 0)
		t->main_name = id;
	return (t->tail_of_name[id] = ms_intern(&t->tails, tail, strlen(tail), &is_new)) ? id : 0;
}

/* 0 = no memory. */
static uint32_t name_of_line(struct ms_call_tree *t, const struct ms_report_line *l)
{
	const char *module = file_name(l->module);
	char *text;
	uint32_t id;

	if (*l->function) {
		size_t length;

		text = malloc(strlen(l->function) + 1);
		if (!text)
			return 0;
		length = ms_frame_name(l->function, t->ignore_templates, text);
		id = intern_name(t, text, length);
		free(text);
		return id;
	}
	text = malloc(strlen(module) + 32);
	if (!text)
		return 0;
	/* '/' is in no function's name and in no file's: no confusion with either. */
	if (*module) {
		bool is_new;
		uint32_t m = ms_intern(&t->modules, module, strlen(module), &is_new);
		uint64_t build = m && m < t->module_capacity ? t->build_of_module[m] : 0;

		if (build)
			sprintf(text, "%s/0x%" PRIx64, module, l->offset);
		else
			sprintf(text, "%s/", module);
	} else {
		strcpy(text, "/");
	}
	id = intern_name(t, text, strlen(text));
	free(text);
	return id;
}

static size_t slot_of(const struct ms_call_tree *t, uint32_t parent, uint32_t name)
{
	size_t at = ms_mix64((uint64_t)parent << 32 | name) & (t->slot_capacity - 1);

	while (t->slots[at] && (t->nodes[t->slots[at]].parent != parent || t->nodes[t->slots[at]].name != name))
		at = (at + 1) & (t->slot_capacity - 1);
	return at;
}

static bool grow(struct ms_call_tree *t)
{
	if (t->count == t->capacity) {
		struct ms_call_node *nodes = realloc(t->nodes, (size_t)t->capacity * 2 * sizeof *nodes);

		if (!nodes || t->capacity > UINT32_MAX / 4)
			return false;
		t->nodes = nodes;
		t->capacity *= 2;
	}
	if ((size_t)t->count * 2 >= t->slot_capacity) {
		uint32_t *slots = calloc(t->slot_capacity * 2, sizeof *slots);

		if (!slots)
			return false;
		free(t->slots);
		t->slots = slots;
		t->slot_capacity *= 2;
		for (uint32_t i = 1; i < t->count; i++)
			t->slots[slot_of(t, t->nodes[i].parent, t->nodes[i].name)] = i;
	}
	return true;
}

/* The node of a call from `parent`; UINT32_MAX = no memory. */
static uint32_t step(struct ms_call_tree *t, uint32_t parent, uint32_t name, bool allocator)
{
	size_t at;

	if (name == t->main_name)
		parent = 0;
	if (t->nodes[parent].name == name)
		return parent;
	at = slot_of(t, parent, name);
	if (t->slots[at])
		return t->slots[at];
	if (!grow(t))
		return UINT32_MAX;
	t->nodes[t->count] = (struct ms_call_node){
		.parent = parent, .name = name, .depth = t->nodes[parent].depth + 1,
		.head = allocator && t->nodes[parent].head ? t->nodes[parent].head : name,
	};
	t->slots[slot_of(t, parent, name)] = t->count;
	return t->count++;
}

int ms_call_tree_add(struct ms_call_tree *t, const struct ms_report *r, uint32_t *node_of, struct ms_error *err)
{
	uint32_t *names = calloc(r->line_count + 1, sizeof *names); /* by line, 0 = not asked yet */

	if (!names)
		return no_memory(err);
	node_of[0] = 0;
	for (size_t n = 1; n < r->node_count; n++) {
		const struct ms_report_node *node = &r->nodes[n];
		uint32_t at = node_of[node->parent];

		for (uint32_t i = node->line_count; i-- && at != UINT32_MAX;) {
			uint32_t line = node->first_line + i;

			if (!names[line] && !(names[line] = name_of_line(t, &r->lines[line])))
				at = UINT32_MAX;
			else
				at = step(t, at, names[line], r->lines[line].allocator);
		}
		if (at == UINT32_MAX) {
			free(names);
			return no_memory(err);
		}
		node_of[n] = at;
	}
	free(names);
	return MS_OK;
}
