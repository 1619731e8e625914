#include "sysmon_threads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sysmon_proc.h"

struct counted {
	uint32_t tid;                    /* 0 = free */
	uint32_t round;                  /* in which it was seen last */
	uint64_t voluntary, involuntary;
};

struct sysmon_threads {
	DIR *folder;                     /* /proc/PID/task; where it stands is where the next look goes on */
	uint32_t round;
	struct counted *table;           /* by tid, open addressing; capacity is a power of two */
	size_t capacity, count;
	struct thread_switches sum;
	bool any;
};

struct sysmon_threads *threads_open(pid_t pid)
{
	struct sysmon_threads *t = calloc(1, sizeof *t);
	char path[64];

	if (!t)
		return NULL;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	t->folder = opendir(path);
	if (!t->folder)
		t->sum.error = errno;
	return t;
}

static struct counted *place(struct counted *table, size_t capacity, uint32_t tid)
{
	size_t i = (size_t)(tid * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (capacity - 1);

	while (table[i].tid != 0 && table[i].tid != tid)
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

static bool is_there(struct sysmon_threads *t, uint32_t tid)
{
	char name[16];

	snprintf(name, sizeof name, "%u", tid);
	return faccessat(dirfd(t->folder), name, F_OK, 0) == 0;
}

/* Room for twice as many as there are. only_seen: threads that this round has not met leave, unless the list has just left them out. */
static bool rebuild(struct sysmon_threads *t, bool only_seen)
{
	size_t capacity = 64, count = 0;
	struct counted *table;

	while (capacity < 4 * (t->count + 1))
		capacity *= 2;
	table = calloc(capacity, sizeof *table);
	if (!table)
		return false;
	for (size_t i = 0; i < t->capacity; i++) {
		const struct counted *c = &t->table[i];

		if (c->tid == 0 || (only_seen && c->round != t->round && !is_there(t, c->tid)))
			continue;
		*place(table, capacity, c->tid) = *c;
		count++;
	}
	free(t->table);
	t->table = table;
	t->capacity = capacity;
	t->count = count;
	return true;
}

static void take(struct sysmon_threads *t, uint32_t tid, uint64_t voluntary, uint64_t involuntary)
{
	struct counted *c;

	if (2 * (t->count + 1) > t->capacity && !rebuild(t, false))
		return;
	c = place(t->table, t->capacity, tid);
	if (c->tid == 0)
		t->count++;
	/* A number that is used again begins anew. */
	if (c->tid == 0 || voluntary < c->voluntary || involuntary < c->involuntary)
		*c = (struct counted){.tid = tid};
	t->sum.voluntary += voluntary - c->voluntary;
	t->sum.involuntary += involuntary - c->involuntary;
	*c = (struct counted){.tid = tid, .round = t->round, .voluntary = voluntary, .involuntary = involuntary};
	t->any = true;
}

static void look_at(struct sysmon_threads *t, const char *tid, char *text, size_t room)
{
	uint64_t voluntary, involuntary;
	char path[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "%.10s/status", tid);
	fd = openat(dirfd(t->folder), path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT && errno != ESRCH) /* it has ended meanwhile */
			t->sum.error = errno;
		return;
	}
	n = read(fd, text, room);
	close(fd);
	if (n > 0 && proc_field(text, (size_t)n, "voluntary_ctxt_switches", &voluntary) &&
	    proc_field(text, (size_t)n, "nonvoluntary_ctxt_switches", &involuntary))
		take(t, (uint32_t)strtoul(tid, NULL, 10), voluntary, involuntary);
}

bool threads_look(struct sysmon_threads *t, char *text, size_t room, struct thread_switches *out)
{
	struct dirent *entry = NULL;

	for (unsigned n = 0; t->folder && n < THREADS_PER_LOOK; n++) {
		do
			entry = readdir(t->folder);
		while (entry && (entry->d_name[0] < '1' || entry->d_name[0] > '9'));
		if (!entry) {
			/* A round is over. */
			if (t->count > 0)
				(void)rebuild(t, true);
			t->round++;
			rewinddir(t->folder);
			break;
		}
		look_at(t, entry->d_name, text, room);
	}
	*out = t->sum;
	return t->any;
}

void threads_close(struct sysmon_threads *t)
{
	if (!t)
		return;
	if (t->folder)
		closedir(t->folder);
	free(t->table);
	free(t);
}
