/* stack_trie.c - the stack trie in the arena: see arena_layout.h for the layout, stack.h for the contract. */
#include "stack.h"

/*
 * A module that is loaded, used and unloaded again and again at one address would fill the hash lines of its frames
 * with retired nodes. So the number of times that a range was retired goes into the hash of its addresses. Any thread
 * writes (dlclose hook), any thread reads; entries are only added. Ranges beyond the last entry are not counted: after
 * some 40 reloads their hash lines are full and their stacks are lost, and counted as such.
 */
#define RETIRED_RANGES 64u
static struct {
	_Atomic uint64_t start, end;
	_Atomic uint32_t times;
} retired[RETIRED_RANGES];
static _Atomic uint32_t retired_count;

void ms_trie_attach(struct ms_trie *trie, void *base, uint32_t image)
{
	struct ms_arena_header *header = base;
	char *bytes = base;

	trie->header = header;
	trie->nodes = (struct ms_node *)(void *)(bytes + header->nodes_offset);
	for (uint32_t level = 0; level < MS_HASH_LEVELS; level++) {
		trie->hash[level] = (_Atomic uint64_t *)(void *)(bytes + header->hash[level].offset);
		trie->line_mask[level] = header->hash[level].slot_count / MS_HASH_LINE - 1;
	}
	trie->capacity = header->node_capacity;
	trie->image = image;
}

static uint32_t generation(uint64_t pc)
{
	uint32_t count = atomic_load_explicit(&retired_count, memory_order_acquire), sum = 0;

	if (count > RETIRED_RANGES)
		count = RETIRED_RANGES;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t start = atomic_load_explicit(&retired[i].start, memory_order_relaxed);
		uint64_t end = atomic_load_explicit(&retired[i].end, memory_order_relaxed);

		if (pc - start < end - start)
			sum += atomic_load_explicit(&retired[i].times, memory_order_relaxed);
	}
	return sum;
}

/* A parent has one child on average, so level 0 is half full: a few in a hundred overflow. */
#define PARENTS_PER_LINE 4u

static uint64_t hash_child(uint32_t parent, uint64_t pc_flags, uint32_t image, uint32_t times)
{
	uint64_t h = pc_flags ^ (uint64_t)image << 49 ^ (uint64_t)times << 40;

	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93) + parent;
	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

/*
 * First slot of the child's line in a level. Level 0 goes by the parent: nodes are numbered as they are met, so neighbours
 * in the call tree are neighbours in the table, a program that comes by again finds them in few cache lines, and as
 * much memory is touched as there are nodes. The children of a large family, and what is left over, scatter in the levels
 * after it, by a different product in each.
 */
static _Atomic uint64_t *line_of(const struct ms_trie *trie, uint32_t level, uint32_t parent, uint64_t hash)
{
	static const uint32_t multiplier[MS_HASH_LEVELS] = {0x9e3779b1u, 0x85ebca6bu, 0xc2b2ae35u, 0x27d4eb2fu, 0x165667b1u};
	uint64_t mixed = (hash & 0xffffffff) * multiplier[level];

	if (level == 0)
		return trie->hash[0] + (parent / PARENTS_PER_LINE & trie->line_mask[0]) * MS_HASH_LINE;
	return trie->hash[level] + (mixed >> 24 & trie->line_mask[level]) * MS_HASH_LINE;
}

static bool is_child(const struct ms_trie *trie, uint32_t node, uint32_t parent, uint64_t pc_flags)
{
	const struct ms_node *n = &trie->nodes[node];

	return atomic_load_explicit(&n->pc_flags, memory_order_acquire) == pc_flags && n->parent == parent &&
	       n->image == trie->image;
}

/* A node of our own, complete but known to nobody. 0 when there is none left. */
static uint32_t new_node(struct ms_trie *trie, uint32_t parent, uint64_t pc_flags)
{
	_Atomic uint32_t *count = &trie->header->node_count;
	struct ms_node *n;
	uint32_t node;

	/* Looked at first, so that a full trie is not written to and the counter cannot wrap. */
	if (atomic_load_explicit(count, memory_order_relaxed) >= trie->capacity)
		return 0;
	node = atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
	if (node == 0 || node >= trie->capacity)
		return 0;
	n = &trie->nodes[node];
	n->parent = parent;
	n->image = trie->image;
	atomic_store_explicit(&n->pc_flags, pc_flags, memory_order_release);
	return node;
}

uint32_t ms_trie_child(struct ms_trie *trie, uint32_t parent, uint64_t pc_flags)
{
	uint64_t hash = hash_child(parent, pc_flags, trie->image, generation((pc_flags & MS_NODE_PC_MASK) - 1));
	uint64_t tag = hash & ~UINT64_C(0xffffffff);
	uint32_t ours = 0;

	for (uint32_t level = 0; level < MS_HASH_LEVELS; level++) {
		_Atomic uint64_t *line = line_of(trie, level, parent, hash);

		for (uint32_t i = 0; i < MS_HASH_LINE; i++) {
			uint64_t slot = atomic_load_explicit(&line[i], memory_order_acquire);

			if (slot == 0) {
				if (!ours)
					ours = new_node(trie, parent, pc_flags);
				if (!ours)
					goto full;
				if (atomic_compare_exchange_strong_explicit(&line[i], &slot, tag | ours,
									    memory_order_acq_rel, memory_order_acquire))
					return ours;
			}
			/* Somebody else's, or just filled by somebody else: perhaps with the same child. */
			if ((slot ^ tag) >> 32 == 0 && is_child(trie, (uint32_t)slot, parent, pc_flags))
				return (uint32_t)slot;
		}
	}
full:
	atomic_fetch_add_explicit(&trie->header->lost_stacks, 1, memory_order_relaxed);
	return 0;
}

static void count_retirement(uint64_t start, uint64_t end)
{
	uint32_t count = atomic_load_explicit(&retired_count, memory_order_acquire);

	for (uint32_t i = 0; i < count && i < RETIRED_RANGES; i++) {
		if (atomic_load_explicit(&retired[i].start, memory_order_relaxed) != start ||
		    atomic_load_explicit(&retired[i].end, memory_order_relaxed) != end)
			continue;
		atomic_fetch_add_explicit(&retired[i].times, 1, memory_order_relaxed);
		return;
	}
	/* The counter is taken before the entry is written: until then the entry covers nothing. */
	count = atomic_fetch_add_explicit(&retired_count, 1, memory_order_acq_rel);
	if (count >= RETIRED_RANGES) {
		atomic_store_explicit(&retired_count, RETIRED_RANGES, memory_order_relaxed);
		return;
	}
	atomic_store_explicit(&retired[count].start, start, memory_order_relaxed);
	atomic_store_explicit(&retired[count].times, 1, memory_order_relaxed);
	atomic_store_explicit(&retired[count].end, end, memory_order_release);
}

void ms_trie_retire(struct ms_trie *trie, uint64_t start, uint64_t end)
{
	uint32_t count = atomic_load_explicit(&trie->header->node_count, memory_order_acquire);

	if (count > trie->capacity)
		count = trie->capacity;
	for (uint32_t node = 1; node < count; node++) {
		struct ms_node *n = &trie->nodes[node];
		uint64_t pc = atomic_load_explicit(&n->pc_flags, memory_order_acquire);

		/* A return address may be the very end of the module, its call the last instruction. */
		if (!(pc & MS_NODE_RETIRED) && (pc & MS_NODE_PC_MASK) - 1 - start < end - start && n->image == trie->image)
			atomic_fetch_or_explicit(&n->pc_flags, MS_NODE_RETIRED, memory_order_release);
	}
	count_retirement(start, end);
	atomic_fetch_add_explicit(&trie->header->unload_epoch, 1, memory_order_release);
}
