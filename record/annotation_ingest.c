#include "annotation_ingest.h"

#include <stdlib.h>
#include <string.h>

#include "arena_layout.h"
#include "format/errors.h"
#include "format/events.h"

bool annotation_kind(uint8_t kind)
{
	return (kind >= MS_EV_TRACK && kind <= MS_EV_POOL_DESTROY) || kind == MS_ENTRY_PLACE || kind == MS_EV_SNAPSHOT;
}

static void forget_places(struct annotations *a)
{
	for (size_t i = 0; i < a->place_count; i++)
		free(a->place[i].untyped);
	a->place_count = 0;
	id_map_clear(&a->places);
}

void annotation_image(struct annotations *a)
{
	forget_places(a);
	id_map_clear(&a->tasks);
	id_map_clear(&a->pools);
}

void annotations_free(struct annotations *a)
{
	for (size_t i = 0; i < a->nest_count; i++)
		free(a->nests[i].tasks);
	free(a->nests);
	forget_places(a);
	free(a->place);
	for (size_t i = 0; i < a->untyped_count; i++)
		free((char *)(uintptr_t)a->untyped[i].name);
	free(a->untyped);
	ms_intern_free(&a->variables);
	id_map_free(&a->places);
	id_map_free(&a->tasks);
	id_map_free(&a->pools);
	*a = (struct annotations){0};
}

/* ---- words of an entry ---- */

struct words {
	const uint64_t *at, *end;
	bool missing;
};

static uint64_t take(struct words *w)
{
	if (w->at == w->end) {
		w->missing = true;
		return 0;
	}
	return *w->at++;
}

struct text {
	const char *bytes;
	size_t length;
};

static struct text take_bytes(struct words *w)
{
	uint64_t length = take(w);
	const char *bytes = (const char *)w->at;

	if (length > (uint64_t)(w->end - w->at) * sizeof *w->at) {
		w->missing = true;
		return (struct text){"", 0};
	}
	w->at += (length + 7) / 8;
	return (struct text){bytes, (size_t)length};
}

static uint32_t string_of(struct ms_writer *writer, struct text text)
{
	return ms_writer_string(writer, text.bytes, text.length);
}

/* A text as a string id. */
static uint32_t take_text(struct words *w, struct ms_writer *writer)
{
	return string_of(writer, take_bytes(w));
}

static void say(struct annotation_events *out, uint8_t kind, uint64_t arg0, uint64_t arg1)
{
	out->event[out->count].kind = kind;
	out->event[out->count].arg[0] = arg0;
	out->event[out->count++].arg[1] = arg1;
}

/* ---- places and variables ---- */

static int describe(struct annotations *a, struct ms_writer *writer, struct words *w)
{
	uint64_t key = take(w), line = take(w), index;
	struct text name = take_bytes(w);
	uint32_t type = take_text(w, writer), file = take_text(w, writer);
	struct annotation_place *place;

	if (w->missing || key == 0 || line > UINT32_MAX)
		return MS_E_CORRUPT;
	index = id_map_get(&a->places, key);
	if (index == 0) {
		if (a->place_count == a->place_capacity) {
			size_t capacity = a->place_capacity ? 2 * a->place_capacity : 64;
			struct annotation_place *grown = realloc(a->place, capacity * sizeof *grown);

			if (!grown)
				return MS_E_NOMEM;
			a->place = grown;
			a->place_capacity = capacity;
		}
		if (!id_map_put(&a->places, key, a->place_count + 1))
			return MS_E_NOMEM;
		index = ++a->place_count;
		a->place[index - 1].untyped = NULL;
	}
	place = &a->place[index - 1];
	free(place->untyped);
	*place = (struct annotation_place){.name = string_of(writer, name), .type = type, .file = file, .line = (uint32_t)line};
	/* Without memory the variable has no type: nothing more is lost. */
	place->untyped = type == 0 && name.length > 0 ? strndup(name.bytes, name.length) : NULL;
	return MS_OK;
}

/* NULL: 0, or it was never described (that entry was lost). */
static struct annotation_place *place_at(struct annotations *a, uint64_t key)
{
	uint64_t index = key != 0 ? id_map_get(&a->places, key) : 0;

	return index != 0 ? &a->place[index - 1] : NULL;
}

/* The string id of "name" as record/arena_layout.h has it. */
static uint32_t take_name(struct annotations *a, struct ms_writer *writer, struct words *w)
{
	uint64_t key = take(w);
	const struct annotation_place *p;

	if (key == 0)
		return take_text(w, writer);
	p = place_at(a, key);
	return p ? p->name : 0;
}

/* Its type is to be looked up at the end of the recording, if there is memory to remember that. */
static void remember_untyped(struct annotations *a, uint32_t variable, uint32_t frame, const char *name)
{
	char *own = name && *name && frame != 0 && variable != 0 ? strdup(name) : NULL;

	if (!own)
		return;
	if (a->untyped_count == a->untyped_capacity) {
		size_t capacity = a->untyped_capacity ? 2 * a->untyped_capacity : 64;
		struct ms_untyped *grown = realloc(a->untyped, capacity * sizeof *grown);

		if (!grown) {
			free(own);
			return;
		}
		a->untyped = grown;
		a->untyped_capacity = capacity;
	}
	a->untyped[a->untyped_count++] = (struct ms_untyped){.variable = variable, .frame = frame, .name = own};
}

/* *id is 0 when the writer has failed. */
static int variable_of(struct annotations *a, const struct annotation_input *in, const struct annotation_place *p, uint64_t pc, uint32_t *id)
{
	const struct ms_variable v = {.name = p->name, .type = p->type, .file = p->file, .line = p->line,
	                              .frame = pc != 0 ? trace_tables_frame(in->tables, pc) : 0};
	bool is_new;

	*id = ms_intern(&a->variables, &v, sizeof v, &is_new);
	if (*id == 0)
		return MS_E_NOMEM;
	if (is_new) {
		*id = ms_writer_variable(in->writer, &v);
		remember_untyped(a, *id, v.frame, p->untyped);
	}
	return MS_OK;
}
_Static_assert(sizeof(struct ms_variable) == 5 * sizeof(uint32_t), "compared as bytes");

static int track(struct annotations *a, const struct annotation_input *in, struct words *w, uint32_t *variable)
{
	uint64_t key = take(w), pc = take(w) & MS_NODE_PC_MASK;
	struct annotation_place *known = place_at(a, key), other = {0};
	int status;

	if (known && known->pc == pc && pc != 0 && !w->missing) {
		*variable = known->variable;
		return MS_OK;
	}
	if (key == 0) {
		struct text name = take_bytes(w);

		other.name = string_of(in->writer, name);
		other.type = take_text(w, in->writer);
		other.untyped = other.type == 0 && name.length > 0 ? strndup(name.bytes, name.length) : NULL;
	}
	status = w->missing ? MS_E_CORRUPT : variable_of(a, in, known ? known : &other, pc, variable);
	free(other.untyped);
	if (known && status == MS_OK && *variable != 0) {
		known->pc = pc;
		known->variable = *variable;
	}
	return status;
}

/* ---- blocks ---- */

static uint64_t block_at(const struct annotation_input *in, uint64_t address)
{
	const struct live_entry *b;

	address &= MS_ENTRY_ADDRESS_MASK;
	b = address != 0 ? live_table_find(in->live, address) : NULL;
	return b ? live_entry_block(b) : 0;
}

/* ---- tasks ---- */

static struct annotation_nest *nest_of(struct annotations *a, uint32_t thread)
{
	if (thread >= a->nest_count) {
		size_t count = a->nest_count ? a->nest_count : 16;
		struct annotation_nest *grown;

		while (count <= thread)
			count *= 2;
		grown = realloc(a->nests, count * sizeof *grown);
		if (!grown)
			return NULL;
		memset(grown + a->nest_count, 0, (count - a->nest_count) * sizeof *grown);
		a->nests = grown;
		a->nest_count = count;
	}
	return &a->nests[thread];
}

static bool push(struct annotation_nest *n, uint64_t task)
{
	if (n->count == n->capacity) {
		size_t capacity = n->capacity ? 2 * n->capacity : 8;
		uint64_t *grown = realloc(n->tasks, capacity * sizeof *grown);

		if (!grown)
			return false;
		n->tasks = grown;
		n->capacity = capacity;
	}
	n->tasks[n->count++] = task;
	return true;
}

/* The innermost one of this task: others may have been entered since and not been left. */
static void leave(struct annotation_nest *n, uint64_t task)
{
	for (size_t i = n->count; i-- > 0;) {
		if (n->tasks[i] == task) {
			memmove(&n->tasks[i], &n->tasks[i + 1], (n->count - i - 1) * sizeof *n->tasks);
			n->count--;
			return;
		}
	}
}

/* Events of a new task. 0: no memory. */
static uint64_t spawn(struct annotations *a, uint64_t id, uint64_t parent, uint32_t name, struct annotation_events *out)
{
	if (!id_map_put(&a->tasks, id, a->task_count + 1))
		return 0;
	a->task_count++;
	say(out, MS_EV_TASK_SPAWN, a->task_count, parent);
	if (name != 0)
		say(out, MS_EV_TASK_NAME, a->task_count, name);
	say(out, MS_EV_TASK_KEY, a->task_count, id);
	return a->task_count;
}

static uint64_t known_task(struct annotations *a, uint64_t id, uint32_t name, struct annotation_events *out)
{
	uint64_t task = id_map_get(&a->tasks, id);

	return task != 0 ? task : spawn(a, id, 0, name, out);
}

static int spawn_entry(struct annotations *a, const struct annotation_input *in, uint32_t thread, struct words *w, struct annotation_events *out)
{
	uint64_t id = take(w), whose = take(w), parent = take(w);
	uint32_t name = take_text(w, in->writer);
	const struct annotation_nest *nest = nest_of(a, thread);

	if (w->missing || whose > MS_PARENT_NONE)
		return MS_E_CORRUPT;
	if (!nest)
		return MS_E_NOMEM;
	if (whose == MS_PARENT_GIVEN)
		parent = id_map_get(&a->tasks, parent);
	else
		parent = whose == MS_PARENT_CURRENT && nest->count > 0 ? nest->tasks[nest->count - 1] : 0;
	return spawn(a, id, parent, name, out) != 0 ? MS_OK : MS_E_NOMEM;
}

static int task_entry(struct annotations *a, uint8_t kind, uint32_t thread, struct words *w, struct annotation_events *out)
{
	uint64_t id = take(w), task;
	const struct annotation_place *p = kind == MS_EV_TASK_ENTER ? place_at(a, take(w)) : NULL;
	struct annotation_nest *nest = nest_of(a, thread);

	if (w->missing)
		return MS_E_CORRUPT;
	if (!nest || (task = known_task(a, id, p ? p->name : 0, out)) == 0)
		return MS_E_NOMEM;
	if (kind == MS_EV_TASK_ENTER && !push(nest, task))
		return MS_E_NOMEM;
	if (kind == MS_EV_TASK_LEAVE)
		leave(nest, task);
	if (kind == MS_EV_TASK_END)
		id_map_remove(&a->tasks, id);
	say(out, kind, task, 0);
	return MS_OK;
}

/* ---- pools ---- */

static int new_pool(struct annotations *a, uint64_t pool, uint64_t block, uint64_t *number, struct annotation_events *out)
{
	if (!id_map_put(&a->pools, pool, a->pool_count + 1))
		return MS_E_NOMEM;
	*number = ++a->pool_count;
	say(out, MS_EV_POOL_CREATE, *number, block);
	return MS_OK;
}

int annotation_pool(struct annotations *a, uint64_t pool, uint64_t *number, struct annotation_events *out)
{
	*number = id_map_get(&a->pools, pool);
	return *number != 0 ? MS_OK : new_pool(a, pool, 0, number, out);
}

static int pool_entry(struct annotations *a, const struct annotation_input *in, uint8_t kind, uint64_t address, struct words *w,
                      struct annotation_events *out)
{
	uint64_t pool = take(w), number;
	uint32_t name = kind == MS_EV_POOL_CREATE ? take_text(w, in->writer) : 0;
	int status;

	if (w->missing)
		return MS_E_CORRUPT;
	if (kind == MS_EV_POOL_CREATE) {
		status = new_pool(a, pool, block_at(in, address), &number, out);
		if (status == MS_OK && name != 0)
			say(out, MS_EV_POOL_NAME, number, name);
		return status;
	}
	status = annotation_pool(a, pool, &number, out);
	if (status == MS_OK)
		say(out, kind, number, 0);
	if (kind == MS_EV_POOL_DESTROY)
		id_map_remove(&a->pools, pool);
	return status;
}

/* ---- all of them ---- */

static int ingest(struct annotations *a, const struct annotation_input *in, uint8_t kind, uint64_t address, uint32_t thread, struct words *w,
                  struct annotation_events *out)
{
	uint64_t block, number;
	uint32_t id;
	int status;

	switch (kind) {
	case MS_ENTRY_PLACE:
		return describe(a, in->writer, w);
	case MS_EV_TRACK:
		status = track(a, in, w, &id);
		if (status == MS_OK && id != 0)
			say(out, kind, id, block_at(in, address));
		return status;
	case MS_EV_CLONE:
		say(out, kind, block_at(in, address), block_at(in, take(w)));
		return MS_OK;
	case MS_EV_MOVE:
		block = block_at(in, take(w));
		number = take(w);
		say(out, kind, block_at(in, address), block);
		if (number != 0)
			say(out, MS_EV_MOVE_SIZE, number, 0);
		return MS_OK;
	case MS_EV_BORROW:
	case MS_EV_RETURN:
		say(out, kind, block_at(in, address), 0);
		return MS_OK;
	case MS_EV_SCOPE_BEGIN:
		say(out, kind, take_name(a, in->writer, w), 0);
		return MS_OK;
	case MS_EV_SCOPE_END: {
		const struct annotation_place *p = place_at(a, take(w));

		say(out, kind, p ? p->name : 0, 0);
		return MS_OK;
	}
	case MS_EV_SNAPSHOT:
		number = take(w);
		if (number >= MS_ASKED_COUNT)
			return MS_E_CORRUPT;
		say(out, kind, take_text(w, in->writer), number);
		return MS_OK;
	case MS_EV_TASK_SPAWN:
		return spawn_entry(a, in, thread, w, out);
	case MS_EV_TASK_ENTER:
	case MS_EV_TASK_LEAVE:
	case MS_EV_TASK_END:
		return task_entry(a, kind, thread, w, out);
	case MS_EV_POOL_CREATE:
	case MS_EV_POOL_RESET:
	case MS_EV_POOL_DESTROY:
		return pool_entry(a, in, kind, address, w, out);
	default: /* names and keys come from these */
		return MS_E_CORRUPT;
	}
}

int annotation_ingest(struct annotations *a, const struct annotation_input *in, uint8_t kind, uint64_t address, uint32_t thread,
                      const uint64_t *words, size_t count, struct annotation_events *out)
{
	struct words w = {words, words + count, false};
	int status;

	out->count = 0;
	status = ingest(a, in, kind, address, thread, &w, out);
	if (status == MS_OK && w.missing)
		status = MS_E_CORRUPT;
	if (status != MS_OK)
		out->count = 0;
	return status;
}
