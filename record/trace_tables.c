#include "trace_tables.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static size_t node_map_bytes(const struct trace_tables *t)
{
	return (size_t)t->arena->geometry.nodes * sizeof *t->stack_of_node;
}

int trace_tables_init(struct trace_tables *t, const struct arena *arena, struct ms_writer *writer)
{
	void *map;

	*t = (struct trace_tables){.arena = arena, .writer = writer};
	map = mmap(NULL, node_map_bytes(t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return MS_E_NOMEM;
	t->stack_of_node = map;
	t->frame_hash_size = 4096;
	t->frame_hash = calloc(t->frame_hash_size, sizeof *t->frame_hash);
	if (!t->frame_hash) {
		trace_tables_free(t);
		return MS_E_NOMEM;
	}
	return MS_OK;
}

void trace_tables_free(struct trace_tables *t)
{
	if (t->stack_of_node)
		munmap(t->stack_of_node, node_map_bytes(t));
	for (uint32_t i = 0; i < t->module_count; i++) {
		free((void *)(uintptr_t)t->modules[i].module.path);
		free((void *)(uintptr_t)t->modules[i].module.build_id);
	}
	free(t->modules);
	free(t->ranges);
	free(t->frames);
	free(t->frame_hash);
	free(t->path);
	t->path = NULL;
	t->stack_of_node = NULL;
	t->modules = NULL;
	t->ranges = NULL;
	t->frames = NULL;
	t->frame_hash = NULL;
	t->module_count = 0;
}

/* ---- modules ----------------------------------------------------------------------------------------------------- */

/* Takes over the records that the app added since. */
static void read_modules(struct trace_tables *t)
{
	uint32_t count = atomic_load_explicit(&t->arena->header->module_count, memory_order_acquire);

	if (count > t->arena->geometry.modules)
		count = t->arena->geometry.modules;
	if (count > t->module_capacity) {
		uint32_t capacity = t->module_capacity ? t->module_capacity : 64;
		struct trace_module *modules;
		uint32_t *ranges;

		while (capacity < count)
			capacity *= 2;
		modules = realloc(t->modules, capacity * sizeof *modules);
		if (!modules)
			return;
		t->modules = modules;
		ranges = realloc(t->ranges, capacity * sizeof *ranges);
		if (!ranges)
			return;
		t->ranges = ranges;
		t->module_capacity = capacity;
	}
	for (; t->module_count < count; t->module_count++) {
		const struct ms_module_record *r = &t->arena->modules[t->module_count];
		struct trace_module *m = &t->modules[t->module_count];
		size_t id_bytes = r->build_id_bytes;
		char *path = strndup(r->path, sizeof r->path);
		uint8_t *build_id = NULL;

		if (!path)
			return; /* tried again at the next need */

		if (id_bytes > sizeof r->build_id)
			id_bytes = 0;
		if (id_bytes && (build_id = malloc(id_bytes)))
			memcpy(build_id, r->build_id, id_bytes);
		*m = (struct trace_module){.module = {
			.path = path,
			.build_id = build_id,
			.build_id_bytes = build_id ? id_bytes : 0,
			.load_bias = r->load_bias,
			.start = r->start,
			.end = r->end,
			.image = r->image,
		}};
	}
}

static uint32_t write_module(struct trace_tables *t, struct trace_module *m)
{
	if (m->id == 0) {
		m->id = ms_writer_module(t->writer, &m->module);
		if (m->id > t->written_count)
			t->written_count = m->id;
	}
	return m->id;
}

uint32_t trace_tables_module(struct trace_tables *t, uint64_t index)
{
	if (index >= t->module_count)
		read_modules(t);
	return index < t->module_count ? write_module(t, &t->modules[index]) : 0;
}

uint32_t trace_tables_load(struct trace_tables *t, uint64_t index)
{
	uint32_t id = trace_tables_module(t, index);

	if (index < t->module_count)
		t->modules[index].loaded = 1;
	t->ranges_seen = UINT32_MAX;
	return id;
}

void trace_tables_unload(struct trace_tables *t, uint64_t index)
{
	if (index >= t->module_count)
		read_modules(t);
	if (index < t->module_count)
		t->modules[index].unloaded = 1;
	t->ranges_seen = UINT32_MAX;
}

/* ranges: the modules of this image that are loaded now, by start; of two that overlap the later record wins (stands
   later). Records whose MODULE_LOAD has not passed may lie in the future: the app is ahead of us. */
static void build_ranges(struct trace_tables *t)
{
	t->range_count = 0;
	for (uint32_t i = 0; i < t->module_count; i++) {
		const struct trace_module *m = &t->modules[i];
		uint32_t at;

		if (!m->loaded || m->unloaded || m->module.image != t->image || m->module.start >= m->module.end)
			continue;
		for (at = t->range_count; at > 0; at--) {
			if (t->modules[t->ranges[at - 1]].module.start <= m->module.start)
				break;
			t->ranges[at] = t->ranges[at - 1];
		}
		t->ranges[at] = i;
		t->range_count++;
	}
	t->ranges_seen = t->module_count;
}

static bool covers(const struct trace_module *m, uint64_t pc)
{
	return m->module.start <= pc && pc < m->module.end;
}

static uint32_t search_ranges(const struct trace_tables *t, uint64_t pc)
{
	uint32_t low = 0, high = t->range_count;

	while (low < high) { /* first range with start > pc */
		uint32_t middle = low + (high - low) / 2;
		if (t->modules[t->ranges[middle]].module.start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && covers(&t->modules[t->ranges[low - 1]], pc) ? t->ranges[low - 1] + 1 : 0;
}

/* Index + 1 of the module that pc belongs to now. */
static uint32_t find_module(struct trace_tables *t, uint64_t pc, uint32_t image)
{
	uint32_t found;

	if (t->ranges_seen != t->module_count)
		build_ranges(t);
	if (image == t->image && (found = search_ranges(t, pc)) != 0)
		return found;
	/* Another thread's MODULE_LOAD may pass a moment after the first event from the module: the next one to come. */
	read_modules(t);
	for (uint32_t i = 0; i < t->module_count; i++)
		if (!t->modules[i].loaded && !t->modules[i].unloaded && t->modules[i].module.image == image &&
		    covers(&t->modules[i], pc))
			return i + 1;
	for (uint32_t i = t->module_count; i-- > 0;)
		if (t->modules[i].module.image == image && covers(&t->modules[i], pc))
			return i + 1;
	return 0;
}

uint32_t trace_tables_module_at(struct trace_tables *t, uint64_t address)
{
	uint32_t found = find_module(t, address, t->image);

	return found ? write_module(t, &t->modules[found - 1]) : 0;
}

void trace_tables_image(struct trace_tables *t, uint32_t image)
{
	t->image = image;
	t->ranges_seen = UINT32_MAX;
}

/* ---- frames ------------------------------------------------------------------------------------------------------ */

static size_t frame_home(const struct trace_tables *t, uint64_t address, uint32_t module)
{
	uint64_t h = (address ^ (uint64_t)module << 48) * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h >> 20) & (t->frame_hash_size - 1);
}

static void frame_hash_put(struct trace_tables *t, uint32_t id)
{
	size_t i = frame_home(t, t->frames[id - 1].address, t->frames[id - 1].module);

	while (t->frame_hash[i])
		i = (i + 1) & (t->frame_hash_size - 1);
	t->frame_hash[i] = id;
}

static bool frames_grow(struct trace_tables *t)
{
	if (t->frame_count == t->frame_capacity) {
		size_t capacity = t->frame_capacity ? t->frame_capacity * 2 : 1024;
		struct ms_frame *frames = realloc(t->frames, capacity * sizeof *frames);

		if (!frames)
			return false;
		t->frames = frames;
		t->frame_capacity = capacity;
	}
	if ((t->frame_count + 1) * 2 > t->frame_hash_size) {
		uint32_t *hash = calloc(t->frame_hash_size * 2, sizeof *hash);

		if (!hash)
			return false;
		free(t->frame_hash);
		t->frame_hash = hash;
		t->frame_hash_size *= 2;
		for (uint32_t id = 1; id <= t->frame_count; id++)
			frame_hash_put(t, id);
	}
	return true;
}

static uint32_t frame_id(struct trace_tables *t, uint64_t address, uint32_t image)
{
	uint32_t found = find_module(t, address, image), module, id;

	module = found ? write_module(t, &t->modules[found - 1]) : 0;
	for (size_t i = frame_home(t, address, module); (id = t->frame_hash[i]) != 0; i = (i + 1) & (t->frame_hash_size - 1))
		if (t->frames[id - 1].address == address && t->frames[id - 1].module == module)
			return id;
	if (!frames_grow(t))
		return 0;
	id = ms_writer_frame(t->writer, address, module);
	if (id != t->frame_count + 1)
		return 0; /* the writer failed */
	t->frames[t->frame_count++] = (struct ms_frame){.address = address, .module = module};
	frame_hash_put(t, id);
	return id;
}

uint32_t trace_tables_frame(struct trace_tables *t, uint64_t pc)
{
	return frame_id(t, pc, t->image);
}

/* ---- stacks ------------------------------------------------------------------------------------------------------ */

static bool path_push(struct trace_tables *t, size_t n, uint32_t node)
{
	if (n == t->path_capacity) {
		size_t capacity = t->path_capacity ? t->path_capacity * 2 : 256;
		uint32_t *path = realloc(t->path, capacity * sizeof *path);

		if (!path)
			return false;
		t->path = path;
		t->path_capacity = capacity;
	}
	t->path[n] = node;
	return true;
}

uint32_t trace_tables_stack(struct trace_tables *t, uint32_t node)
{
	uint32_t id = 0;
	size_t depth = 0;

	if (node >= t->arena->geometry.nodes)
		return 0;
	/* Up to the first node that is known, then down again. Parents are older than their children; anything else was
	   scribbled over and ends the stack. */
	while (node != 0 && (id = t->stack_of_node[node]) == 0) {
		uint32_t parent = t->arena->nodes[node].parent;

		if (!path_push(t, depth++, node))
			return 0;
		node = parent < node ? parent : 0;
	}
	while (depth > 0) {
		const struct ms_node *n = &t->arena->nodes[t->path[--depth]];
		uint64_t pc = atomic_load_explicit(&n->pc_flags, memory_order_acquire) & MS_NODE_PC_MASK;
		uint32_t frame = frame_id(t, pc, n->image);

		if (frame == 0 || (id = ms_writer_stack(t->writer, id, frame)) == 0)
			return 0;
		t->stack_of_node[t->path[depth]] = id;
	}
	return id;
}
