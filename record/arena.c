#include "arena.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inside/inside_config.h"

#define PAGE UINT64_C(4096)
#define GRANULE_BITS 4u          /* malloc aligns to 16 bytes */
#define GRANULES_OF_LINE_BITS 4u

const struct arena_geometry arena_generous = {
	.slots = 1024, .big_rings = 64, .big_ring_words = 1u << 17, .small_ring_words = 1u << 14,
	.modules = 4096, .nodes = 12u << 20, .graph_blocks = 32u << 20, .sampled = 4u << 20,
	.hash_slots = {1u << 24, 1u << 16, 1u << 19, 1u << 22, 1u << 23},
};

const struct arena_geometry arena_inside = {
	.slots = 1024, .big_rings = 64, .big_ring_words = 1u << 13, .small_ring_words = 1u << 12,
	.modules = 4096, .nodes = 12u << 20, .graph_blocks = 32u << 20, .sampled = 4u << 20,
	.hash_slots = {1u << 24, 1u << 16, 1u << 19, 1u << 22, 1u << 23},
};

const struct arena_geometry arena_tight = {
	.slots = 128, .big_rings = 8, .big_ring_words = 1u << 14, .small_ring_words = 1u << 12,
	.modules = 512, .nodes = 1u << 17, .graph_blocks = 1u << 16, .sampled = 1u << 16,
	.hash_slots = {1u << 17, 1u << 12, 1u << 13, 1u << 14, 1u << 15},
};

static uint64_t page_up(uint64_t n)
{
	return (n + PAGE - 1) & ~(PAGE - 1);
}

struct offsets {
	uint64_t slots, modules, nodes, hash[MS_HASH_LEVELS], graph, sampled, inside, rings, end;
};

static uint64_t ring_words_of(const struct arena_geometry *g, uint32_t slot)
{
	return slot < g->big_rings ? g->big_ring_words : g->small_ring_words;
}

static uint64_t ring_bytes(uint64_t words)
{
	return (words + MS_RING_SLACK_WORDS) * sizeof(uint64_t); /* a multiple of the cache line */
}

static uint64_t ring_offset(const struct arena_geometry *g, uint64_t rings, uint32_t slot)
{
	uint32_t big = slot < g->big_rings ? slot : g->big_rings;

	return rings + big * ring_bytes(g->big_ring_words) + (slot - big) * ring_bytes(g->small_ring_words);
}

static struct offsets lay_out(const struct arena_geometry *g)
{
	struct offsets o;
	uint64_t at = page_up(sizeof(struct ms_arena_header));

	o.slots = at;
	at = page_up(at + (uint64_t)g->slots * sizeof(struct ms_slot));
	o.modules = at;
	at = page_up(at + (uint64_t)g->modules * sizeof(struct ms_module_record));
	o.nodes = at;
	at = page_up(at + (uint64_t)g->nodes * sizeof(struct ms_node));
	for (unsigned i = 0; i < MS_HASH_LEVELS; i++) {
		o.hash[i] = at;
		at = page_up(at + g->hash_slots[i] * sizeof(uint64_t));
	}
	o.graph = at;
	at = page_up(at + g->graph_blocks * sizeof(struct ms_graph_block));
	o.sampled = at;
	at = page_up(at + MS_SAMPLED_BYTES(g->sampled));
	o.inside = at;
	at = page_up(at + sizeof(struct ms_inside_config));
	o.rings = at;
	o.end = page_up(ring_offset(g, at, g->slots));
	return o;
}

uint64_t arena_bytes(const struct arena_geometry *geometry)
{
	return lay_out(geometry).end;
}

/* So many bytes of addresses have one or two drawn blocks, taking blocks of 32 bytes: a line of the table has room for several times that. */
static uint8_t line_bits(const struct ms_sample_config *c, uint64_t granules)
{
	double bytes = c->sampling == MS_SAMPLING_PER_BYTE ? (double)c->bytes : 32e9 / c->per_billion;
	uint8_t bits = MS_SAMPLED_LINE_BITS;

	while (UINT64_C(1) << bits < bytes && (UINT64_C(1) << bits) < granules * 16)
		bits++;
	return bits;
}

/* A mark for a sixteenth of a line's bytes: with one or two drawn blocks in a line most of its marks are not set. */
static uint8_t granule_bits(uint8_t line)
{
	return line > GRANULE_BITS + GRANULES_OF_LINE_BITS ? line - GRANULES_OF_LINE_BITS : GRANULE_BITS;
}

int arena_create(struct arena *a, const struct arena_geometry *geometry, const struct arena_options *options,
                 struct ms_error *err)
{
	struct offsets o = lay_out(geometry);
	struct ms_arena_header *h;
	struct stat st;

	*a = (struct arena){.geometry = *geometry, .bytes = o.end, .rings_offset = o.rings};
	a->fd = options->attached ? fcntl(options->fd, F_DUPFD_CLOEXEC, 3) :
	                            memfd_create("memscope-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (a->fd < 0)
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot create shared memory: %s", strerror(errno));
	if (ftruncate(a->fd, (off_t)o.end) != 0 || fcntl(a->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0 ||
	    fstat(a->fd, &st) != 0) {
		ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot size %llu bytes of shared memory: %s", (unsigned long long)o.end,
		        strerror(errno));
		goto fail_size;
	}
	a->inode = st.st_ino;
	a->base = mmap(NULL, o.end, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, a->fd, 0);
	if (a->base == MAP_FAILED) {
		ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot map %llu bytes of shared memory: %s", (unsigned long long)o.end,
		        strerror(errno));
		goto fail_map;
	}
	h = a->header = (struct ms_arena_header *)(void *)a->base;
	a->slots = (struct ms_slot *)(void *)(a->base + o.slots);
	a->modules = (struct ms_module_record *)(void *)(a->base + o.modules);
	a->nodes = (struct ms_node *)(void *)(a->base + o.nodes);
	a->graph = (struct ms_graph_block *)(void *)(a->base + o.graph);

	h->magic = MS_ARENA_MAGIC;
	h->version = MS_ARENA_VERSION;
	h->flags = options->flags;
	h->arena_bytes = o.end;
	h->clock = options->clock;
	h->collector_pid = (uint32_t)getpid();
	h->stack_depth_limit = options->stack_depth_limit;
	h->slot_count = geometry->slots;
	h->slots_offset = o.slots;
	h->module_capacity = geometry->modules;
	h->node_capacity = geometry->nodes;
	h->modules_offset = o.modules;
	h->nodes_offset = o.nodes;
	for (unsigned i = 0; i < MS_HASH_LEVELS; i++)
		h->hash[i] = (struct ms_hash_level){.offset = o.hash[i], .slot_count = geometry->hash_slots[i]};
	h->start_ticks = options->start_ticks;
	if (options->sample.sampling != MS_SAMPLING_ALL && geometry->sampled > 0) {
		h->sample = options->sample;
		h->sample.sampled_offset = o.sampled;
		h->sample.sampled_count = geometry->sampled;
		h->sample.line_bits = line_bits(&options->sample, geometry->sampled);
		h->sample.granule_bits = granule_bits(h->sample.line_bits);
		atomic_store_explicit(&h->births_unseen, 1, memory_order_relaxed);
		a->sampled = true;
	}
	atomic_store_explicit(&h->births, ms_births_usual(h), memory_order_relaxed);
	if (options->attached)
		atomic_store_explicit(&h->births_unseen, 1, memory_order_relaxed);
	h->guard = options->guard;
	h->graph_offset = o.graph;
	h->graph_capacity = geometry->graph_blocks;
	h->inside_offset = o.inside;
	h->backend = options->backend;
	h->graph_at_exit = options->graph_at_exit;
	h->graph_signal = options->graph_signal;
	atomic_store_explicit(&h->node_count, 1, memory_order_relaxed);
	for (uint32_t i = 0; i < geometry->slots; i++) {
		a->slots[i].ring_offset = ring_offset(geometry, o.rings, i);
		a->slots[i].ring_words = ring_words_of(geometry, i);
	}
	atomic_thread_fence(memory_order_release);
	return MS_OK;

fail_map:
fail_size:
	close(a->fd);
	a->fd = -1;
	a->base = NULL;
	return MS_E_IO;
}

void arena_empty(struct arena *a)
{
	if (a->base)
		(void)madvise(a->base, a->bytes, MADV_REMOVE);
}

int arena_adopt(struct arena *a, void *base, const struct arena_geometry *geometry, struct ms_error *err)
{
	struct offsets o = lay_out(geometry);
	struct ms_arena_header *h = base;

	if (h->arena_bytes != o.end || h->slot_count != geometry->slots || h->slots_offset != o.slots || h->inside_offset != o.inside)
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "the arena was made by another version");
	*a = (struct arena){
		.geometry = *geometry, .bytes = o.end, .fd = -1, .base = base, .header = h, .rings_offset = o.rings,
		.slots = (struct ms_slot *)(void *)((uint8_t *)base + o.slots),
		.modules = (struct ms_module_record *)(void *)((uint8_t *)base + o.modules),
		.nodes = (struct ms_node *)(void *)((uint8_t *)base + o.nodes),
		.graph = (struct ms_graph_block *)(void *)((uint8_t *)base + o.graph),
	};
	return MS_OK;
}

void arena_close(struct arena *a)
{
	if (a->base) {
		munmap(a->base, a->bytes);
		if (a->fd >= 0)
			close(a->fd);
	}
	a->base = NULL;
	a->fd = -1;
}

uint64_t arena_ring_words(const struct arena *a, uint32_t slot)
{
	return ring_words_of(&a->geometry, slot);
}

const uint64_t *arena_ring(const struct arena *a, uint32_t slot)
{
	return (const uint64_t *)(const void *)(a->base + ring_offset(&a->geometry, a->rings_offset, slot));
}

void arena_wake(struct arena *a)
{
	atomic_fetch_add_explicit(&a->header->wake, 1, memory_order_release);
	syscall(SYS_futex, &a->header->wake, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void arena_stop(struct arena *a)
{
	atomic_store_explicit(&a->header->state, MS_ARENA_STOPPED, memory_order_release);
	arena_wake(a);
}

void arena_recycle(struct arena *a, uint32_t slot)
{
	struct ms_slot *s = &a->slots[slot];
	uint64_t top, next;

	atomic_store_explicit(&s->head, 0, memory_order_relaxed);
	atomic_store_explicit(&s->tail, 0, memory_order_relaxed);
	atomic_store_explicit(&s->in_hook, 0, memory_order_relaxed);
	atomic_store_explicit(&s->lost, 0, memory_order_relaxed);
	atomic_store_explicit(&s->waiting, 0, memory_order_relaxed);
	atomic_store_explicit(&s->ended, 0, memory_order_relaxed);
	atomic_store_explicit(&s->state, MS_SLOT_FREE, memory_order_release);

	top = atomic_load_explicit(&a->header->free_slots, memory_order_relaxed);
	do {
		atomic_store_explicit(&s->next_free, (uint32_t)top, memory_order_relaxed);
		next = ((top >> 32) + 1) << 32 | (slot + 1);
	} while (!atomic_compare_exchange_weak_explicit(&a->header->free_slots, &top, next, memory_order_release,
	                                                memory_order_relaxed));
}
