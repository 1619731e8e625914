/*
 * mini_arena.h - a small arena and a consumer for tests of the hooks: what the collector does, without the collector.
 *
 * Ownership: mini_open maps and mini_close unmaps and closes. Not thread-safe but for what the arena's protocol allows.
 */
#ifndef MS_TESTS_MINI_ARENA_H
#define MS_TESTS_MINI_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/events.h"
#include "record/arena_layout.h"

struct mini_options {
	uint32_t flags;
	uint32_t slots;          /* 0: 16 */
	uint32_t ring_words;     /* 0: 16384 */
	uint32_t collector_pid;  /* 0: this process */
	uint32_t clock;
	struct ms_guard_config guard;
};

struct mini_arena {
	int fd;
	uint64_t inode;
	uint64_t bytes;
	struct ms_arena_header *header;
	struct ms_slot *slots;
	struct ms_module_record *modules;
	struct ms_node *nodes;
};

/* A decoded entry. */
struct mini_entry {
	uint64_t ticks, address, size, arg[2];
	uint32_t stack, slot, tid;
	uint8_t kind;
	uint8_t words;
	char text[512];
	struct ms_evidence_entry evidence;      /* EVIDENCE */
	uint8_t seen[MS_EVIDENCE_BYTES];
	uint64_t registers[MS_EVIDENCE_REGISTERS];
};

struct mini_entries {
	struct mini_entry *at;
	size_t count, room;
};

bool mini_open(struct mini_arena *arena, const struct mini_options *options);
void mini_close(struct mini_arena *arena);
/* "MEMSCOPE_ARENA=..." that leads a child to it, by descriptor and by path. */
void mini_environment(const struct mini_arena *arena, char *text, size_t bytes);

/* Appends what slot has published and gives the room back. False when the ring's contents make no sense. */
bool mini_drain_slot(struct mini_arena *arena, uint32_t slot, struct mini_entries *out);
bool mini_drain(struct mini_arena *arena, struct mini_entries *out);
void mini_free(struct mini_entries *entries);

/* Entries of that kind. */
size_t mini_count(const struct mini_entries *entries, uint8_t kind);
/* The first entry of that kind, NULL when there is none. */
const struct mini_entry *mini_find(const struct mini_entries *entries, uint8_t kind);
/* Return addresses of a stack, innermost first; the number of frames, at most room. */
size_t mini_stack(const struct mini_arena *arena, uint32_t node, uint64_t *pcs, size_t room);

/* What a collector does for a finished thread: pushes a drained slot on free_slots. */
void mini_recycle(struct mini_arena *arena, uint32_t slot);

#endif
