/* graph_maps.c - see graph_maps.h. */
#include "graph_maps.h"

#include <fcntl.h>
#include <string.h>

#include "raw.h"

#define LINE_BYTES 4608u /* a path has 4096 at most, before it stand less than 100 */
#define BUFFER_BYTES 32768u
#define SPARE_REGIONS 64u

/* Not /proc/self: that is the first thread, and has no memory any more when that thread has ended. */
long ms_proc_open(const char *name)
{
	char path[64] = "/proc/thread-self/";
	size_t used = strlen(path);

	if (strlen(name) >= sizeof(path) - used)
		return -1;
	memcpy(path + used, name, strlen(name) + 1);
	return ms_raw(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
}

static bool hex(const char **at, const char *end, uint64_t *value)
{
	const char *from = *at;

	*value = 0;
	for (; *at < end; ++*at) {
		char c = **at;
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;

		if (digit == 16)
			break;
		*value = *value << 4 | digit;
	}
	return *at > from && *at - from <= 16;
}

static bool decimal(const char **at, const char *end, uint64_t *value)
{
	const char *from = *at;

	for (*value = 0; *at < end && **at >= '0' && **at <= '9'; ++*at)
		*value = *value * 10 + (unsigned)(**at - '0');
	return *at > from;
}

static bool skip(const char **at, const char *end, char c)
{
	if (*at == end || **at != c)
		return false;
	++*at;
	return true;
}

/* 7f0c12345000-7f0c12346000 rw-p 00001000 fe:01 1234   /path */
bool ms_maps_parse(const char *line, size_t bytes, struct ms_region *region)
{
	const char *at = line, *end = line + bytes;
	uint64_t number;

	*region = (struct ms_region){.name = ""};
	if (!hex(&at, end, &region->start) || !skip(&at, end, '-') || !hex(&at, end, &region->end) || !skip(&at, end, ' ') ||
	    end - at < 5 || region->start >= region->end)
		return false;
	region->flags = (at[0] == 'r' ? MS_REGION_READ : 0u) | (at[1] == 'w' ? MS_REGION_WRITE : 0u) |
			(at[2] == 'x' ? MS_REGION_EXEC : 0u) | (at[3] == 's' ? MS_REGION_SHARED : 0u);
	at += 4;
	if (!skip(&at, end, ' ') || !hex(&at, end, &number) || !skip(&at, end, ' ') || !hex(&at, end, &number) ||
	    !skip(&at, end, ':') || !hex(&at, end, &number) || !skip(&at, end, ' ') || !decimal(&at, end, &region->inode))
		return false;
	while (skip(&at, end, ' '))
		;
	region->name = at;
	region->name_bytes = (uint32_t)(end - at);
	return true;
}

/* Hands out the lines of a file. A line that is too long is cut. */
struct lines {
	long fd;
	size_t begin, end;
	char *buffer;
};

static bool next_line(struct lines *l, const char **line, size_t *bytes)
{
	for (;;) {
		size_t newline = l->begin;
		long got;

		while (newline < l->end && l->buffer[newline] != '\n')
			newline++;
		if (newline < l->end || newline - l->begin >= LINE_BYTES) {
			*line = l->buffer + l->begin;
			*bytes = newline - l->begin;
			l->begin = newline + (newline < l->end);
			return true;
		}
		memmove(l->buffer, l->buffer + l->begin, l->end - l->begin);
		l->end -= l->begin;
		l->begin = 0;
		got = ms_raw(SYS_read, l->fd, (long)(l->buffer + l->end), (long)(BUFFER_BYTES - l->end), 0, 0, 0);
		if (ms_raw_failed(got) || got == 0)
			return false;
		l->end += (size_t)got;
	}
}

/* maps NULL: only counts. */
static bool read_all(char *buffer, struct ms_maps *maps, size_t capacity, char *names, size_t name_room, size_t *count,
		     size_t *name_bytes)
{
	struct lines l = {.fd = ms_proc_open("maps"), .buffer = buffer};
	const char *line;
	size_t bytes;

	*count = *name_bytes = 0;
	if (ms_raw_failed(l.fd))
		return false;
	while (next_line(&l, &line, &bytes)) {
		struct ms_region region;

		if (!ms_maps_parse(line, bytes, &region))
			continue;
		if (maps != NULL) {
			if (*count == capacity)
				break;
			if (region.name_bytes + 1 > name_room - *name_bytes)
				region.name_bytes = 0;
			memcpy(names + *name_bytes, region.name, region.name_bytes);
			region.name = region.name_bytes > 0 ? names + *name_bytes : "";
			maps->regions[(*count)] = region;
		}
		++*count;
		*name_bytes += region.name_bytes > 0 ? region.name_bytes + 1 : 0;
	}
	ms_raw(SYS_close, l.fd, 0, 0, 0, 0, 0);
	return true;
}

bool ms_maps_read(struct ms_maps *maps)
{
	char *buffer = ms_raw_memory(BUFFER_BYTES);
	size_t count, names, capacity;
	bool done = false;

	*maps = (struct ms_maps){0};
	if (buffer == NULL)
		return false;
	if (!read_all(buffer, NULL, 0, NULL, 0, &count, &names))
		goto out;
	capacity = count + SPARE_REGIONS;
	names += SPARE_REGIONS * 64u + 1;
	maps->memory_bytes = capacity * sizeof(*maps->regions) + names;
	maps->memory = ms_raw_memory(maps->memory_bytes);
	if (maps->memory == NULL)
		goto out;
	maps->regions = maps->memory;
	done = read_all(buffer, maps, capacity, (char *)(maps->regions + capacity), names, &maps->count, &count);
	if (!done || maps->count == 0) {
		ms_maps_free(maps);
		done = false;
	}
out:
	ms_raw_munmap(buffer, BUFFER_BYTES);
	return done;
}

void ms_maps_free(struct ms_maps *maps)
{
	if (maps->memory != NULL)
		ms_raw_munmap(maps->memory, maps->memory_bytes);
	*maps = (struct ms_maps){0};
}

const struct ms_region *ms_maps_find(const struct ms_maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->regions[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < maps->count && maps->regions[low].start <= address ? &maps->regions[low] : NULL;
}
