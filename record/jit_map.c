/* jit_map.c - see jit_map.h. */
#include "jit_map.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TMP "/tmp" /* where perf looks for maps */

/* The pid in the innermost namespace, and the effective user, from /proc/PID/status. */
static void read_status(struct jit_map *m, pid_t pid)
{
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof line, f)) {
		unsigned real, effective;

		if (sscanf(line, "Uid: %u %u", &real, &effective) == 2)
			m->uid = effective;
		if (strncmp(line, "NSpid:", 6) == 0) {
			const char *last = strrchr(line, '\t');
			int value = last ? atoi(last + 1) : 0;

			if (value > 0)
				m->pid = value;
		}
	}
	fclose(f);
}

void jit_map_open(struct jit_map *m, pid_t pid)
{
	char path[64];

	*m = (struct jit_map){.pid = pid, .uid = geteuid()};
	read_status(m, pid);
	snprintf(path, sizeof path, "/proc/%ld/root%s", (long)pid, TMP); /* as the program sees it */
	m->tmp_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (m->tmp_fd < 0)
		m->tmp_fd = open(TMP, O_PATH | O_DIRECTORY | O_CLOEXEC);
	m->open = m->tmp_fd >= 0;
}

/* ---- the text ---------------------------------------------------------------------------------------------------- */

#define SHORTEST_LINE 6u /* "0 1 f\n" */

struct entry {
	uint64_t start, size;
	const char *name;
};

/* Hexadecimal, with or without 0x, then a space. False: it is none, or too large. */
static bool take_number(const char **at, const char *end, uint64_t *value)
{
	const char *p = *at, *first;

	if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	for (first = p, *value = 0; p < end && p - first <= 16; p++) {
		unsigned digit;

		if (*p >= '0' && *p <= '9')
			digit = (unsigned)(*p - '0');
		else if ((*p | 32) >= 'a' && (*p | 32) <= 'f')
			digit = (unsigned)((*p | 32) - 'a') + 10;
		else
			break;
		*value = *value << 4 | digit;
	}
	if (p == first || p - first > 16 || p >= end || *p != ' ')
		return false;
	while (p < end && *p == ' ')
		p++;
	*at = p;
	return true;
}

/* text[bytes] may be written. At most (bytes + 1) / SHORTEST_LINE entries. */
static size_t parse(char *text, size_t bytes, struct entry *entries)
{
	char *at = text, *end = text + bytes;
	size_t count = 0;

	while (at < end) {
		char *line_end = memchr(at, '\n', (size_t)(end - at));
		struct entry e;
		const char *p = at;
		size_t length;

		if (!line_end)
			line_end = end;
		*line_end = '\0';
		if (take_number(&p, line_end, &e.start) && take_number(&p, line_end, &e.size) && e.size > 0 &&
		    e.start + e.size > e.start && *p != '\0') {
			e.name = p;
			length = strlen(p);
			if (length > JIT_NAME_BYTES)
				length = JIT_NAME_BYTES;
			while (length > 0 && (p[length - 1] == ' ' || p[length - 1] == '\r'))
				length--;
			text[(size_t)(p - text) + length] = '\0';
			if (length > 0)
				entries[count++] = e;
		}
		at = line_end + 1;
	}
	return count;
}

/* The first address that is not less. */
static size_t find(const uint64_t *addresses, size_t count, uint64_t wanted)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addresses[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* next[i] = an address at or behind i that may still be without a name; count = none. Halves its way on each look. */
static size_t unnamed(size_t *next, size_t i)
{
	while (next[i] != i) {
		next[i] = next[next[i]];
		i = next[i];
	}
	return i;
}

size_t jit_map_names(char *text, size_t bytes, const uint64_t *addresses, const char **names, size_t count)
{
	size_t entries_count, named = 0;
	struct entry *entries = NULL;
	size_t *next = malloc((count + 1) * sizeof *next);

	for (size_t i = 0; i < count; i++)
		names[i] = NULL;
	entries = malloc((bytes / SHORTEST_LINE + 1) * sizeof *entries);
	if (!entries || !next)
		goto done;
	entries_count = parse(text, bytes, entries);
	for (size_t i = 0; i <= count; i++)
		next[i] = i;
	/* The last one first: what has a name keeps it. A return address stands behind its call. */
	for (size_t e = entries_count; e-- > 0 && named < count;) {
		const struct entry *entry = &entries[e];
		size_t i = unnamed(next, find(addresses, count, entry->start + 1));

		while (i < count && addresses[i] - 1 - entry->start < entry->size) {
			names[i] = entry->name;
			named++;
			next[i] = i + 1;
			i = unnamed(next, i);
		}
	}
done:
	free(entries);
	free(next);
	return named;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static char *read_all(int fd, size_t bytes, size_t *got)
{
	char *text = malloc(bytes + 1);

	*got = 0;
	while (text && *got < bytes) {
		ssize_t n = read(fd, text + *got, bytes - *got);

		if (n <= 0)
			break;
		*got += (size_t)n;
	}
	return text;
}

size_t jit_map_read(struct jit_map *m, const uint64_t *addresses, const char **names, size_t count)
{
	char name[64];
	struct stat st;
	size_t bytes, named = 0;
	int fd;

	for (size_t i = 0; i < count; i++)
		names[i] = NULL;
	if (!m->open || m->text || count == 0)
		return 0;
	snprintf(name, sizeof name, "perf-%d.map", (int)m->pid);
	fd = openat(m->tmp_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid == m->uid || st.st_uid == 0) && st.st_size > 0 &&
	    (uint64_t)st.st_size <= JIT_MAP_BYTES) {
		m->text = read_all(fd, (size_t)st.st_size, &bytes);
		if (m->text)
			named = jit_map_names(m->text, bytes, addresses, names, count);
	}
	close(fd);
	return named;
}

void jit_map_close(struct jit_map *m)
{
	if (m->open)
		close(m->tmp_fd);
	free(m->text);
	*m = (struct jit_map){0};
}
