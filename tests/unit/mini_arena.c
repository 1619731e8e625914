/*
 * mini_arena.c - a small arena and a consumer for tests of the hooks.
 */
#include "mini_arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_SLOTS 65536u
#define NODES 65536u
#define MODULES 512u

static const struct {
	uint8_t class_, args;
} kinds[256] = {
#define X(number, id, name, class_, args) [number] = {MS_CLASS_##class_, args},
	MS_EVENT_KINDS(X)
#undef X
};

static uint64_t place(uint64_t *at, uint64_t bytes)
{
	uint64_t offset = (*at + 4095) & ~UINT64_C(4095);

	*at = offset + bytes;
	return offset;
}

bool mini_open(struct mini_arena *arena, const struct mini_options *options)
{
	uint32_t slots = options->slots != 0 ? options->slots : 16;
	uint32_t words = options->ring_words != 0 ? options->ring_words : 16384;
	uint64_t at = 4096, slots_at, modules_at, nodes_at, hash_at[MS_HASH_LEVELS], rings_at;
	struct ms_arena_header *h;
	struct stat status;

	slots_at = place(&at, slots * sizeof(struct ms_slot));
	modules_at = place(&at, MODULES * sizeof(struct ms_module_record));
	nodes_at = place(&at, NODES * sizeof(struct ms_node));
	for (unsigned i = 0; i < MS_HASH_LEVELS; i++)
		hash_at[i] = place(&at, HASH_SLOTS * 8);
	rings_at = place(&at, (uint64_t)slots * (words + MS_RING_SLACK_WORDS) * 8);
	arena->bytes = (at + 4095) & ~UINT64_C(4095);
	arena->fd = memfd_create("mini-arena", 0);
	if (arena->fd < 0 || ftruncate(arena->fd, (off_t)arena->bytes) != 0 || fstat(arena->fd, &status) != 0)
		return false;
	arena->inode = status.st_ino;
	h = mmap(NULL, arena->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, arena->fd, 0);
	if (h == MAP_FAILED)
		return false;
	arena->header = h;
	arena->slots = (struct ms_slot *)((char *)h + slots_at);
	arena->modules = (struct ms_module_record *)((char *)h + modules_at);
	arena->nodes = (struct ms_node *)((char *)h + nodes_at);
	h->magic = MS_ARENA_MAGIC;
	h->version = MS_ARENA_VERSION;
	h->flags = options->flags;
	h->arena_bytes = arena->bytes;
	h->clock = options->clock;
	h->guard = options->guard;
	h->collector_pid = options->collector_pid != 0 ? options->collector_pid : (uint32_t)getpid();
	h->slot_count = slots;
	h->slots_offset = slots_at;
	h->module_capacity = MODULES;
	h->modules_offset = modules_at;
	h->node_capacity = NODES;
	h->nodes_offset = nodes_at;
	for (unsigned i = 0; i < MS_HASH_LEVELS; i++) {
		h->hash[i].offset = hash_at[i];
		h->hash[i].slot_count = HASH_SLOTS;
	}
	atomic_store(&h->node_count, 1);
	for (uint32_t i = 0; i < slots; i++) {
		arena->slots[i].ring_offset = rings_at + (uint64_t)i * (words + MS_RING_SLACK_WORDS) * 8;
		arena->slots[i].ring_words = words;
	}
	return true;
}

void mini_close(struct mini_arena *arena)
{
	munmap(arena->header, arena->bytes);
	close(arena->fd);
}

void mini_environment(const struct mini_arena *arena, char *text, size_t bytes)
{
	snprintf(text, bytes, MS_ENV_ARENA "=%d:%llu:/proc/%d/fd/%d", arena->fd, (unsigned long long)arena->inode,
		 (int)getpid(), arena->fd);
}

static struct mini_entry *append(struct mini_entries *out)
{
	if (out->count == out->room) {
		out->room = out->room != 0 ? out->room * 2 : 1024;
		out->at = realloc(out->at, out->room * sizeof(*out->at));
		if (out->at == NULL)
			abort();
	}
	memset(&out->at[out->count], 0, sizeof(*out->at));
	return &out->at[out->count++];
}

static bool has_text(uint8_t kind)
{
	return kind == MS_EV_THREAD_NAME || kind == MS_EV_EXEC || kind == MS_EV_MARK;
}

/* EVIDENCE: the struct, then its bytes, then its registers. */
static bool decode_evidence(const uint64_t *w, struct mini_entry *e)
{
	const struct ms_evidence_entry *found = &e->evidence;
	unsigned bytes_at = 2 + MS_ENTRY_EVIDENCE_WORDS;

	if (e->words < bytes_at)
		return false;
	memcpy(&e->evidence, &w[2], sizeof(e->evidence));
	if (found->byte_count > MS_EVIDENCE_BYTES || found->register_count > MS_EVIDENCE_REGISTERS ||
	    bytes_at + (found->byte_count + 7u) / 8 + found->register_count != e->words)
		return false;
	memcpy(e->seen, &w[bytes_at], found->byte_count);
	memcpy(e->registers, &w[bytes_at + (found->byte_count + 7u) / 8], found->register_count * sizeof(uint64_t));
	return true;
}

/* One entry of words; false when its length is not what its kind says. */
static bool decode(const struct mini_arena *arena, const uint64_t *w, struct mini_entry *e)
{
	unsigned n = 2;
	uint64_t length;

	e->ticks = w[0];
	e->kind = MS_ENTRY_KIND(w[1]);
	e->words = (uint8_t)MS_ENTRY_WORDS(w[1]);
	e->address = w[1] & MS_ENTRY_ADDRESS_MASK;
	if (e->kind == MS_EV_EVIDENCE)
		return decode_evidence(w, e);
	switch (kinds[e->kind].class_) {
	case MS_CLASS_ALLOC:
	case MS_CLASS_FAIL:
	case MS_CLASS_MAP:
		e->stack = (uint32_t)(w[n] >> 32);
		e->size = (uint32_t)w[n++];
		if (e->size == MS_ENTRY_SIZE_ESCAPE)
			e->size = w[n++];
		for (unsigned i = 0; i < kinds[e->kind].args; i++)
			e->arg[i] = w[n++];
		return n == e->words;
	case MS_CLASS_FREE:
		for (unsigned i = 0; i < kinds[e->kind].args; i++)
			e->arg[i] = w[n++];
		if ((arena->header->flags & MS_FLAG_FREE_STACKS) != 0)
			e->stack = (uint32_t)w[n++];
		return n == e->words;
	case MS_CLASS_OTHER:
		if (!has_text(e->kind)) {
			for (unsigned i = 0; i < kinds[e->kind].args; i++)
				e->arg[i] = w[n++];
			return n == e->words;
		}
		length = w[n++];
		if (n + (length + 7) / 8 != e->words)
			return false;
		memcpy(e->text, &w[n], length < sizeof(e->text) ? length : sizeof(e->text) - 1);
		return true;
	default:
		return false;
	}
}

bool mini_drain_slot(struct mini_arena *arena, uint32_t index, struct mini_entries *out)
{
	struct ms_slot *slot = &arena->slots[index];
	const uint64_t *ring = (const uint64_t *)((const char *)arena->header + slot->ring_offset);
	uint64_t tail = atomic_load_explicit(&slot->tail, memory_order_relaxed);
	uint64_t head = atomic_load_explicit(&slot->head, memory_order_acquire);
	bool ok = head - tail <= slot->ring_words;

	while (ok && tail != head) {
		struct mini_entry *e = append(out);

		e->slot = index;
		e->tid = slot->tid;
		ok = decode(arena, &ring[tail & (slot->ring_words - 1)], e) && e->words <= head - tail;
		tail += e->words;
	}
	atomic_store_explicit(&slot->tail, tail, memory_order_seq_cst);
	if (atomic_load_explicit(&slot->waiting, memory_order_seq_cst) != 0)
		atomic_fetch_add(&arena->header->wake, 1);
	return ok;
}

bool mini_drain(struct mini_arena *arena, struct mini_entries *out)
{
	uint32_t used = atomic_load(&arena->header->slots_used);
	bool ok = true;

	for (uint32_t i = 0; i < used; i++)
		ok = mini_drain_slot(arena, i, out) && ok;
	atomic_fetch_add(&arena->header->collector_beat, 1);
	return ok;
}

void mini_free(struct mini_entries *entries)
{
	free(entries->at);
	memset(entries, 0, sizeof(*entries));
}

size_t mini_count(const struct mini_entries *entries, uint8_t kind)
{
	size_t n = 0;

	for (size_t i = 0; i < entries->count; i++)
		n += entries->at[i].kind == kind;
	return n;
}

const struct mini_entry *mini_find(const struct mini_entries *entries, uint8_t kind)
{
	for (size_t i = 0; i < entries->count; i++)
		if (entries->at[i].kind == kind)
			return &entries->at[i];
	return NULL;
}

size_t mini_stack(const struct mini_arena *arena, uint32_t node, uint64_t *pcs, size_t room)
{
	size_t n = 0;

	for (; node != 0 && n < room; node = arena->nodes[node].parent)
		pcs[n++] = atomic_load(&arena->nodes[node].pc_flags) & MS_NODE_PC_MASK;
	return n;
}

void mini_recycle(struct mini_arena *arena, uint32_t slot)
{
	uint64_t top = atomic_load(&arena->header->free_slots);
	uint64_t next;

	atomic_store(&arena->slots[slot].state, MS_SLOT_FREE);
	do {
		atomic_store(&arena->slots[slot].next_free, (uint32_t)top);
		next = ((top >> 32) + 1) << 32 | (slot + 1);
	} while (!atomic_compare_exchange_weak(&arena->header->free_slots, &top, next));
}
