/* graph_roots.c - see graph_roots.h. */
#include "graph_roots.h"

#include <string.h>

#include "cfi.h"
#include "graph_facts.h"
#include "graph_memory.h"
#include "graph_stack.h"
#include "own_memory.h"
#include "raw.h"
#include "stack.h"

#define ROOTS_MAX (1u << 18)
#define ROOTS_MIN (1u << 12)
#define CARVES_MAX (1u << 18)
#define CARVES_MIN (1u << 14)
#define MAPPING_MAX (UINT64_C(64) << 30) /* larger ones are reserved for something, as the shadow of a sanitizer is */
#define PTHREAD_BYTES 2304u             /* libc's struct of a thread, from the thread pointer on */
#define ARENA_ALIGN (UINT64_C(64) << 20) /* glibc: a heap of another arena starts at a multiple of this */
#define CHUNK_FLAGS UINT64_C(7)
#define CHUNK_MAPPED UINT64_C(2)
#define CHUNK_OTHER_ARENA UINT64_C(4)

/* What is no root, or already one. */
struct carve {
	uint64_t start, end;
};

struct builder {
	struct ms_roots *roots;
	const struct ms_roots_input *in;
	struct carve *carves;
	uint32_t carve_count, carve_capacity;
	/* The thread whose stack is walked now. */
	uint32_t tid;
	uint64_t tp;
	struct carve stack;            /* the mapping that libc made for it; empty: not known */
	bool stack_seen;               /* a range of it is a root */
};

static uint64_t page_down(uint64_t address)
{
	return address & ~(MS_PAGE - 1);
}

static uint64_t page_up(uint64_t address)
{
	return page_down(address + MS_PAGE - 1);
}

static void carve(struct builder *b, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	if (b->carve_count < b->carve_capacity)
		b->carves[b->carve_count++] = (struct carve){start, end};
	else
		b->roots->full = true;
}

static struct ms_graph_root_range *add(struct builder *b, uint8_t kind, uint64_t start, uint64_t end)
{
	struct ms_graph_root_range *r;

	b->roots->full |= b->roots->count == b->roots->capacity;
	if (start >= end || b->roots->count == b->roots->capacity)
		return NULL;
	r = &b->roots->at[b->roots->count++];
	*r = (struct ms_graph_root_range){.kind = kind, .start = start, .end = end};
	return r;
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

/*
 * The mapping of a thread's stack as libc notes it in the thread's own struct: start and bytes, next to each other.
 * Where in the struct depends on the version; the two numbers are unmistakable: the mapping ends right behind the struct.
 */
static struct carve stack_mapping(uint64_t tp)
{
	uint64_t start, bytes = 0;

	for (uint64_t at = tp; at < tp + PTHREAD_BYTES - 8; at += 8) {
		if (!ms_memory_word(at, &start) || !ms_memory_word(at + 8, &bytes))
			break;
		if (start != 0 && start % MS_PAGE == 0 && start < tp && bytes >= MS_PAGE && bytes < UINT64_C(1) << 46 &&
		    start + bytes > tp && start + bytes <= page_up(tp + PTHREAD_BYTES) + MS_PAGE)
			return (struct carve){start, start + bytes};
	}
	return (struct carve){0, 0};
}

static uint64_t stack_high(void *context, uint64_t sp)
{
	struct builder *b = context;
	const struct ms_region *region = ms_maps_find(b->in->maps, sp);
	uint64_t high;
	uint32_t block;

	if (region == NULL || (region->flags & MS_REGION_READ) == 0)
		return 0;
	if (sp >= b->stack.start && sp < b->stack.end)
		return b->tp - ms_graph_facts.static_tls_bytes > sp ? b->tp - ms_graph_facts.static_tls_bytes : b->stack.end;
	high = region->end;
	/* A stack of the program's own making: in a block, or in a mapping where blocks follow. */
	block = ms_index_find((struct ms_index *)(uintptr_t)b->in->index, sp);
	if (block != MS_NO_BLOCK)
		return (b->in->index->blocks[block].address + b->in->index->blocks[block].size_bytes) & ~UINT64_C(7);
	block = ms_index_from(b->in->index, sp);
	if (block < b->in->index->count && b->in->index->blocks[block].address < high)
		high = b->in->index->blocks[block].address & ~UINT64_C(7);
	for (size_t i = 0; i < b->in->threads->count; i++) {
		const struct ms_held_thread *t = &b->in->threads->at[i];
		uint64_t low = t->thread_pointer - ms_graph_facts.static_tls_bytes;

		if (t->held && low > sp && low < high)
			high = low & ~UINT64_C(7);
	}
	return high;
}

static bool stack_range(void *context, uint64_t start, uint64_t end, uint64_t pc)
{
	struct builder *b = context;
	const struct ms_region *region = ms_maps_find(b->in->maps, end - 1);
	struct ms_graph_root_range *r;

	if (region == NULL)
		return false;
	if (start < region->start)
		start = region->start;
	r = add(b, MS_ROOT_STACK, start, end);
	if (r == NULL)
		return false;
	r->tid = b->tid;
	r->pc = pc;
	carve(b, start, end);
	b->stack_seen |= start >= b->stack.start && start < b->stack.end;
	return true;
}

static void add_tls(struct builder *b)
{
	const struct ms_region *region = ms_maps_find(b->in->maps, b->tp);
	uint64_t low = b->tp - ms_graph_facts.static_tls_bytes, high = b->tp + PTHREAD_BYTES;
	uint64_t own = b->tp + (uint64_t)ms_graph_facts.own_tls_offset;
	struct ms_graph_root_range *r;

	if (region == NULL || (region->flags & MS_REGION_READ) == 0)
		return;
	low = low < region->start ? region->start : low & ~UINT64_C(7);
	if (b->stack.end > high)
		high = b->stack.end;
	high = high > region->end ? region->end : high;
	carve(b, low, high);
	if (ms_graph_facts.own_tls_bytes > 0 && own >= low && own < high) {
		r = add(b, MS_ROOT_TLS, low, own);
		if (r != NULL)
			r->tid = b->tid;
		low = (own + ms_graph_facts.own_tls_bytes + 7) & ~UINT64_C(7);
	}
	r = add(b, MS_ROOT_TLS, low, high);
	if (r != NULL)
		r->tid = b->tid;
}

static void add_thread(struct builder *b, uint32_t tid, const uint64_t *registers, uint64_t tp, bool called)
{
	struct ms_stack_ops ops = {.high = stack_high, .range = stack_range, .called = called};
	const struct ms_region *region = ms_maps_find(b->in->maps, registers[MS_REG_RSP]);
	struct ms_graph_root_range *r = add(b, MS_ROOT_REGISTERS, 0, MS_EVIDENCE_REGISTERS * 8);

	if (r == NULL)
		return;
	r->tid = tid;
	r->registers = registers;
	b->tid = tid;
	b->tp = tp;
	b->stack = stack_mapping(tp);
	b->stack_seen = false;
	ms_graph_walk(registers, &ops, b);
	add_tls(b);
	if (b->stack_seen) /* and what is below the stack pointer is nothing */
		carve(b, b->stack.start, b->stack.end);
	else if (region != NULL && strcmp(region->name, "[stack]") == 0)
		carve(b, region->start, region->end);
}

static bool seen_before(const struct ms_held_threads *threads, size_t i, uint64_t self_tp)
{
	if (threads->at[i].thread_pointer == self_tp)
		return true;
	for (size_t j = 0; j < i; j++)
		if (threads->at[j].held && threads->at[j].thread_pointer == threads->at[i].thread_pointer)
			return true;
	return false;
}

static void add_threads(struct builder *b)
{
	const struct ms_held_threads *threads = b->in->threads;

	add_thread(b, b->in->self_tid, b->in->self_registers, ms_thread_pointer(), b->in->self_called);
	for (size_t i = 0; i < threads->count; i++) {
		const struct ms_held_thread *t = &threads->at[i];

		if (!t->held)
			ms_sink_unscanned(b->in->sink, MS_UNSCANNED_THREAD, t->tid, 0);
		else if (!seen_before(threads, i, ms_thread_pointer()))
			add_thread(b, t->tid, t->registers, t->thread_pointer, false);
	}
}

/* ---- stacks that libc keeps -------------------------------------------------------------------------------------- */

/* Does the struct of a thread name one of those that did not stop? */
static bool may_be_alive(const struct builder *b, uint64_t tp)
{
	for (uint64_t at = tp; at < tp + PTHREAD_BYTES; at += 8) {
		uint64_t word;

		if (!ms_memory_word(at, &word))
			return true;
		for (size_t i = 0; i < b->in->threads->count; i++) {
			uint32_t tid = b->in->threads->at[i].tid;

			if ((uint32_t)word == tid || (uint32_t)(word >> 32) == tid)
				return true;
		}
	}
	return false;
}

/* The stack of a thread that has ended stays mapped for the next one, its struct at the upper end: that knows its own address. */
static void carve_kept_stack(struct builder *b, const struct ms_region *region)
{
	uint64_t from = page_down(region->end - PTHREAD_BYTES), first, self;
	struct carve mapping;

	if (region->end - region->start < 2 * MS_PAGE)
		return;
	for (uint64_t tp = from; tp < region->end - 64; tp += 64) {
		if (!ms_memory_word(tp, &first) || first != tp || !ms_memory_word(tp + 16, &self) || self != tp)
			continue;
		mapping = stack_mapping(tp);
		if (mapping.start <= region->start && mapping.end == region->end && !may_be_alive(b, tp)) {
			carve(b, region->start, region->end);
			add(b, MS_ROOT_TLS, tp + 8, tp + 16); /* the vector of thread-local storage is kept with it */
		}
		return;
	}
}

/* ---- the heap ---------------------------------------------------------------------------------------------------- */

/* The memory that glibc has for the block, by what stands before it. Empty when it makes no sense. */
static struct carve glibc_extent(const struct ms_region *region, uint64_t block)
{
	struct carve none = {0, 0}, e = none;
	uint64_t size, before, header[2];

	if (block - 16 < region->start || !ms_memory_word(block - 8, &size) || !ms_memory_word(block - 16, &before))
		return none;
	if ((size & CHUNK_MAPPED) != 0) {
		e.start = block - 16 - before;
		e.end = block - 16 + (size & ~CHUNK_FLAGS);
		if (e.start % MS_PAGE != 0 || e.end % MS_PAGE != 0 || e.start > block)
			return none;
	} else if ((size & CHUNK_OTHER_ARENA) != 0) {
		e.start = block & ~(ARENA_ALIGN - 1); /* heap_info: arena, previous, bytes in use, bytes accessible */
		if (e.start < region->start || !ms_memory_word(e.start + 16, &header[0]) ||
		    !ms_memory_word(e.start + 24, &header[1]) || header[0] > ARENA_ALIGN || header[1] > ARENA_ALIGN)
			return none;
		e.end = e.start + page_up(header[0] > header[1] ? header[0] : header[1]);
	} else {
		return none;
	}
	return e.start >= region->start && e.end <= region->end && block < e.end ? e : none;
}

static void carve_heap(struct builder *b, const struct ms_region *region, uint64_t start)
{
	const struct ms_index *index = b->in->index;
	uint32_t i = ms_index_from(index, start);
	uint64_t done = start;

	if (strcmp(region->name, "[heap]") == 0) {
		carve(b, start, region->end);
		return;
	}
	for (; i < index->count && index->blocks[i].address < region->end; i++) {
		uint64_t at = index->blocks[i].address;
		struct carve extent;

		if (at < done || (at >= b->in->pools_start && at < b->in->pools_end))
			continue;
		if (!b->in->glibc) {
			carve(b, start, region->end);
			return;
		}
		extent = glibc_extent(region, at);
		carve(b, extent.start, extent.end);
		if (extent.end > done)
			done = extent.end;
	}
}

/* ---- everything else --------------------------------------------------------------------------------------------- */

/* Heapsort: no memory, no bad case. */
static void sift(struct carve *c, uint32_t i, uint32_t n)
{
	struct carve moved = c[i];

	for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && c[child + 1].start > c[child].start)
			child++;
		if (c[child].start <= moved.start)
			break;
		c[i] = c[child];
	}
	c[i] = moved;
}

static void sort(struct carve *c, uint32_t n)
{
	for (uint32_t i = n / 2; i-- > 0;)
		sift(c, i, n);
	for (uint32_t i = n; i-- > 1;) {
		struct carve largest = c[0];

		c[0] = c[i];
		c[i] = largest;
		sift(c, 0, i);
	}
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_memory(const struct ms_region *region)
{
	return (!starts_with(region->name, "/dev/") || starts_with(region->name, "/dev/shm/") ||
		starts_with(region->name, "/dev/zero")) &&
	       !starts_with(region->name, "anon_inode:") && !starts_with(region->name, "[v");
}

static bool readable(const struct ms_region *region)
{
	return (region->flags & (MS_REGION_READ | MS_REGION_WRITE)) == (MS_REGION_READ | MS_REGION_WRITE);
}

/* Where the module that starts the region ends in it; its start when it is no module's. */
static uint64_t module_end(const struct ms_region *region)
{
	struct cfi_module module;
	uint64_t end;

	if (!ms_cfi_module(region->start, &module))
		return region->start;
	ms_module_seen(module.map_start, module.map_end, module.link_map);
	end = page_up(module.map_end);
	return end < region->end ? end : region->end;
}

/* Sorted and without overlaps. */
static void tidy_carves(struct builder *b)
{
	uint32_t n = 0;

	sort(b->carves, b->carve_count);
	for (uint32_t i = 0; i < b->carve_count; i++) {
		struct carve c = b->carves[i];

		if (n > 0 && c.start <= b->carves[n - 1].end) {
			if (b->carves[n - 1].end < c.end)
				b->carves[n - 1].end = c.end;
		} else {
			b->carves[n++] = c;
		}
	}
	b->carve_count = n;
}

static void add_named(struct builder *b, const struct ms_region *region, uint8_t kind, uint64_t start, uint64_t end)
{
	struct ms_graph_root_range *r = add(b, kind, start, end);

	if (r != NULL && kind == MS_ROOT_MAPPING) {
		r->name = region->name;
		r->name_bytes = region->name_bytes;
	}
}

/* [start, end) without the carves. *first: the first that may matter, for this and all that come. */
static void add_rest(struct builder *b, const struct ms_region *region, uint8_t kind, uint64_t start, uint64_t end,
		     uint32_t *first)
{
	while (*first < b->carve_count && b->carves[*first].end <= start)
		++*first;
	for (uint32_t i = *first; i < b->carve_count && b->carves[i].start < end; i++) {
		add_named(b, region, kind, start, b->carves[i].start);
		start = b->carves[i].end;
	}
	add_named(b, region, kind, start, end);
}

static void carve_regions(struct builder *b)
{
	const struct ms_maps *maps = b->in->maps;
	uint64_t start, end;

	carve(b, b->in->arena_start, b->in->arena_end);
	if (!b->in->unseen) /* else there are blocks in them that are not in the graph, and may point to some that are */
		carve(b, b->in->pools_start, b->in->pools_end);
	carve(b, b->in->own_start, b->in->own_end);
	for (uint32_t i = 0; ms_own_at(i, &start, &end); i++)
		carve(b, start, end);
	for (size_t i = 0; i < maps->count; i++) {
		const struct ms_region *region = &maps->regions[i];
		uint64_t from;

		if (!readable(region) || region->inode != 0)
			continue;
		from = module_end(region);
		if (from < region->end && !b->in->unseen)
			carve_heap(b, region, from);
		if (from == region->start && region->name[0] == '\0' && (region->flags & MS_REGION_SHARED) == 0)
			carve_kept_stack(b, region);
	}
}

static void add_regions(struct builder *b)
{
	const struct ms_maps *maps = b->in->maps;
	uint32_t first = 0;

	for (size_t i = 0; i < maps->count; i++) {
		const struct ms_region *region = &maps->regions[i];
		uint64_t data_end;

		if (!readable(region))
			continue;
		if (!is_memory(region) || region->end - region->start > MAPPING_MAX) {
			ms_sink_unscanned(b->in->sink, MS_UNSCANNED_RANGE, region->start, region->end - region->start);
			continue;
		}
		data_end = module_end(region);
		add_rest(b, region, MS_ROOT_DATA, region->start, data_end, &first);
		add_rest(b, region, MS_ROOT_MAPPING, data_end, region->end, &first);
	}
}

bool ms_roots_make(struct ms_roots *roots, const struct ms_roots_input *input)
{
	struct builder b = {.roots = roots, .in = input};
	size_t carve_bytes = 0;

	*roots = (struct ms_roots){0};
	for (uint32_t n = ROOTS_MAX; n >= ROOTS_MIN && roots->at == NULL; n /= 2) {
		roots->capacity = n;
		roots->bytes = n * sizeof(*roots->at);
		roots->at = ms_raw_memory(roots->bytes);
	}
	if (roots->at == NULL)
		return false;
	for (uint32_t n = CARVES_MAX; n >= CARVES_MIN && b.carves == NULL; n /= 2) {
		b.carve_capacity = n;
		carve_bytes = n * sizeof(*b.carves);
		b.carves = ms_raw_memory(carve_bytes);
	}
	if (b.carves == NULL) {
		ms_roots_free(roots);
		return false;
	}
	add_threads(&b);
	carve_regions(&b);
	tidy_carves(&b);
	add_regions(&b);
	ms_raw_munmap(b.carves, carve_bytes);
	return true;
}

void ms_roots_free(struct ms_roots *roots)
{
	if (roots->at != NULL)
		ms_raw_munmap(roots->at, roots->bytes);
	*roots = (struct ms_roots){0};
}
