/*
 * id_map.h - from a number of the program (an address, an id of its own choice) to a number of ours.
 *
 * Keys are any 64-bit numbers, values are not 0. Open addressing; removal shifts the followers back, so that a map through which
 * millions of ids pass stays as small and fast as a fresh one.
 *
 * Ownership: id_map_free frees; a zeroed map is empty. Errors: id_map_put returns false when there is no memory; nothing has changed then.
 * Thread-safety: one thread at a time. Not signal-safe.
 */
#ifndef MS_RECORD_ID_MAP_H
#define MS_RECORD_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_map_slot {
	uint64_t key, value;             /* value 0 = empty */
};

struct id_map {
	struct id_map_slot *slots;
	size_t capacity, count;          /* a power of two, or 0 */
};

uint64_t id_map_get(const struct id_map *m, uint64_t key); /* 0: it is not there */
bool id_map_put(struct id_map *m, uint64_t key, uint64_t value);
void id_map_remove(struct id_map *m, uint64_t key);
void id_map_clear(struct id_map *m);
void id_map_free(struct id_map *m);

#endif
