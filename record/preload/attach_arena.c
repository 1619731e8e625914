/*
 * attach_arena.c - the way from an environment variable to a mapped arena.
 */
#include "attach_arena.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "address_limit.h"
#include "raw.h"

#define ASK_NAP_NS 1000000L
#define ASK_NAPS 1000 /* one second */

/* ---- the text form ---- */

static const char *parse_number(const char *text, uint64_t *number)
{
	const char *start = text;

	for (*number = 0; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*text - '0'), number))
			return NULL;
	return text == start ? NULL : text;
}

static char *format_number(char *end, uint64_t number)
{
	do
		*--end = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	return end;
}

bool ms_arena_parse(const char *value, struct ms_arena_place *place)
{
	uint64_t fd = 0;
	bool none = value[0] == '-';

	value = parse_number(value + none, &fd);
	if (value == NULL || *value != ':' || fd > INT32_MAX)
		return false;
	place->fd = none ? -1 : (int)fd;
	value = parse_number(value + 1, &place->inode);
	if (value == NULL || *value != ':' || value[1] != '/' || strlen(value + 1) >= sizeof(place->path))
		return false;
	memcpy(place->path, value + 1, strlen(value + 1) + 1);
	return true;
}

static size_t put(char *text, size_t room, size_t used, const char *more)
{
	size_t length = strlen(more);

	if (used + length + 1 > room)
		length = room - 1 - used;
	memcpy(text + used, more, length);
	text[used + length] = '\0';
	return used + length;
}

size_t ms_arena_format(const struct ms_arena_place *place, char *text, size_t bytes)
{
	char digits[24];
	size_t used;

	digits[sizeof(digits) - 1] = '\0';
	used = put(text, bytes, 0, MS_ENV_ARENA "=-1:");
	used = put(text, bytes, used, format_number(digits + sizeof(digits) - 1, place->inode));
	used = put(text, bytes, used, ":");
	return put(text, bytes, used, place->path);
}

/* ---- opening and checking ---- */

static bool has_inode(int fd, uint64_t inode)
{
	struct stat status;

	return ms_raw(SYS_newfstatat, fd, (long)"", (long)&status, AT_EMPTY_PATH, 0, 0) == 0 && status.st_ino == inode;
}

static int open_place(const struct ms_arena_place *place)
{
	long fd;

	if (place->fd >= 0 && has_inode(place->fd, place->inode))
		return place->fd;
	fd = ms_raw(SYS_openat, AT_FDCWD, (long)place->path, O_RDWR | O_CLOEXEC, 0, 0, 0);
	if (ms_raw_failed(fd))
		return -1;
	if (has_inode((int)fd, place->inode))
		return (int)fd;
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
	return -1;
}

static bool within(uint64_t offset, uint64_t count, uint64_t bytes_each, uint64_t arena_bytes)
{
	return offset % 8 == 0 && offset <= arena_bytes && count <= (arena_bytes - offset) / bytes_each;
}

static bool is_sane(const struct ms_arena_header *h, uint64_t file_bytes)
{
	uint64_t bytes = h->arena_bytes;

	if (h->magic != MS_ARENA_MAGIC || h->version != MS_ARENA_VERSION || bytes > file_bytes || h->slot_count == 0 ||
	    h->clock > MS_CLOCK_MONOTONIC || h->node_capacity == 0)
		return false;
	if (!within(h->slots_offset, h->slot_count, sizeof(struct ms_slot), bytes) ||
	    !within(h->modules_offset, h->module_capacity, sizeof(struct ms_module_record), bytes) ||
	    !within(h->nodes_offset, h->node_capacity, sizeof(struct ms_node), bytes) ||
	    !within(h->graph_offset, h->graph_capacity, sizeof(struct ms_graph_block), bytes) ||
	    !within(h->sample.sampled_offset, h->sample.sampled_count / MS_SAMPLED_GRANULES, MS_SAMPLED_BYTES(MS_SAMPLED_GRANULES), bytes) ||
	    (h->sample.sampled_count & (h->sample.sampled_count - 1)) != 0 ||
	    (h->sample.sampled_offset != 0 && (h->sample.sampled_offset % 4096 != 0 || h->sample.sampled_offset < h->slots_offset + h->slot_count * sizeof(struct ms_slot) ||
					       h->sample.sampled_count < MS_SAMPLED_LEAST || h->sample.line_bits < MS_SAMPLED_LINE_BITS ||
					       h->sample.line_bits > 40 || h->sample.granule_bits < 4 || h->sample.granule_bits > h->sample.line_bits - 3)))
		return false;
	for (unsigned i = 0; i < MS_HASH_LEVELS; i++) {
		uint64_t slots = h->hash[i].slot_count;

		if (slots < MS_HASH_LINE || (slots & (slots - 1)) != 0 || !within(h->hash[i].offset, slots, 8, bytes))
			return false;
	}
	return true;
}

union first_page {
	struct ms_arena_header header;
	unsigned char page[4096];
};

static bool read_sane(int fd, union first_page *copy)
{
	struct stat status;

	return ms_raw(SYS_newfstatat, fd, (long)"", (long)&status, AT_EMPTY_PATH, 0, 0) == 0 &&
	       ms_raw(SYS_pread64, fd, (long)copy, sizeof(*copy), 0, 0, 0) == (long)sizeof(*copy) &&
	       is_sane(&copy->header, (uint64_t)status.st_size);
}

struct ms_arena_header *ms_arena_map_fd(int fd, void *old, uint64_t old_bytes, uint64_t *bytes)
{
	union first_page copy;
	long at = -1;

	if (read_sane(fd, &copy)) {
		bool fits = old != NULL && copy.header.arena_bytes == old_bytes;

		*bytes = copy.header.arena_bytes;
		at = ms_raw_mmap(fits ? old : NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | (fits ? MAP_FIXED : 0),
				 fd, 0);
		if (!ms_raw_failed(at))
			ms_raw_madvise((void *)at, *bytes, MADV_DONTDUMP);
	}
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
	return ms_raw_failed(at) ? NULL : (struct ms_arena_header *)at;
}

struct ms_arena_header *ms_arena_map(const struct ms_arena_place *place, uint64_t *bytes)
{
	union first_page copy;
	long at = -1;
	int fd = open_place(place);

	if (fd < 0)
		return NULL;
	if (!read_sane(fd, &copy) || !ms_limits_make_room(&copy.header))
		goto close_fd;
	at = ms_raw_mmap(NULL, copy.header.arena_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (ms_raw_failed(at)) {
		ms_limits_restore();
		goto close_fd;
	}
	ms_raw_madvise((void *)at, copy.header.arena_bytes, MADV_DONTDUMP);
	*bytes = copy.header.arena_bytes;
close_fd:
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
	return ms_raw_failed(at) ? NULL : (struct ms_arena_header *)at;
}

int ms_arena_still_there(const struct ms_arena_place *place)
{
	struct stat status;

	if (ms_raw(SYS_newfstatat, AT_FDCWD, (long)place->path, (long)&status, 0, 0, 0) == 0)
		return status.st_ino == place->inode;
	/* The path leads through /proc/<collector>; without /proc nothing can be told. */
	return ms_raw(SYS_faccessat, AT_FDCWD, (long)"/proc/self/fd", 0, 0, 0, 0) == 0 ? 0 : -1;
}

/* ---- asking for an arena of one's own ---- */

static void nap(void)
{
	struct timespec pause = {0, ASK_NAP_NS};

	ms_raw(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
}

/* "/proc/<pid>/fd/<n>" */
static void child_path(char *path, size_t bytes, uint32_t pid, uint32_t fd)
{
	char digits[24];
	size_t used;

	digits[sizeof(digits) - 1] = '\0';
	used = put(path, bytes, 0, "/proc/");
	used = put(path, bytes, used, format_number(digits + sizeof(digits) - 1, pid));
	used = put(path, bytes, used, "/fd/");
	put(path, bytes, used, format_number(digits + sizeof(digits) - 1, fd));
}

bool ms_arena_ask(struct ms_arena_header *parent, struct ms_arena_place *place)
{
	uint32_t pid = (uint32_t)ms_raw_getpid();
	uint32_t nobody = 0;
	uint32_t reply = 0;
	struct stat status;
	int naps = 0;

	while (!atomic_compare_exchange_strong(&parent->child_pid, &nobody, pid)) {
		if (naps++ == ASK_NAPS)
			return false;
		nobody = 0;
		nap();
	}
	while ((reply = atomic_load_explicit(&parent->child_reply, memory_order_acquire)) == 0 && naps++ < ASK_NAPS)
		nap();
	if (reply != 0 && reply != UINT32_MAX) {
		child_path(place->path, sizeof(place->path),
			   atomic_load_explicit(&parent->child_collector, memory_order_relaxed), reply - 1);
		place->fd = -1;
		place->inode = 0;
		if (ms_raw(SYS_newfstatat, AT_FDCWD, (long)place->path, (long)&status, 0, 0, 0) == 0)
			place->inode = status.st_ino;
	}
	/* An answer that comes too late must not be taken for the next child's: then the request stays ours, and the
	   collector clears it when we are gone. */
	if (reply != 0) {
		atomic_store_explicit(&parent->child_reply, 0, memory_order_release);
		atomic_store_explicit(&parent->child_pid, 0, memory_order_release);
	}
	return reply != 0 && reply != UINT32_MAX && place->inode != 0;
}
