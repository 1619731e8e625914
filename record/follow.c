#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector.h"
#include "ending.h"
#include "say.h"
#include "trace_output.h"

#define PF_FORKNOEXEC 0x40ul /* linux/sched.h: forked, has not executed a program since */

/* ---- what /proc says about the child ----------------------------------------------------------------------------- */

struct child_facts {
	char comm[64], executable[PATH_MAX];
	char command_line[4096];
	const char *command[128];
	size_t command_count;
	pid_t parent;
	bool forked;
};

static size_t read_proc(pid_t pid, const char *what, char *buffer, size_t bytes)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, buffer, bytes - 1);
		close(fd);
	}
	buffer[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static void read_facts(struct child_facts *f, pid_t pid)
{
	char stat[1024], link[64], *p;
	size_t n;
	ssize_t length;
	long parent = 0;
	unsigned long flags = 0;

	memset(f, 0, sizeof *f);
	read_proc(pid, "comm", f->comm, sizeof f->comm);
	f->comm[strcspn(f->comm, "\n")] = '\0';
	for (p = f->comm; *p; p++)
		if (*p == '/')
			*p = '_'; /* it becomes part of a file name */
	n = read_proc(pid, "cmdline", f->command_line, sizeof f->command_line);
	for (size_t i = 0; i < n && f->command_count < sizeof f->command / sizeof *f->command;
	     i += strlen(f->command_line + i) + 1)
		f->command[f->command_count++] = f->command_line + i;
	/* A program that writes its title over its arguments leaves zeros behind it. */
	while (f->command_count > 1 && f->command[f->command_count - 1][0] == '\0')
		f->command_count--;
	snprintf(link, sizeof link, "/proc/%ld/exe", (long)pid);
	length = readlink(link, f->executable, sizeof f->executable - 1);
	f->executable[length > 0 ? length : 0] = '\0';
	read_proc(pid, "stat", stat, sizeof stat);
	p = strrchr(stat, ')');
	if (p && sscanf(p, ") %*c %ld %*d %*d %*d %*d %lu", &parent, &flags) == 2) {
		f->parent = (pid_t)parent;
		f->forked = flags & PF_FORKNOEXEC;
	}
}

/* ---- the child collector ----------------------------------------------------------------------------------------- */

static void reply(const struct recording *parent, uint32_t value)
{
	struct ms_arena_header *h = parent->arena.header;

	atomic_store_explicit(&h->child_collector, (uint32_t)getpid(), memory_order_relaxed);
	atomic_store_explicit(&h->child_reply, value, memory_order_release);
	syscall(SYS_futex, &h->child_reply, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void record_child(struct follow *f, pid_t pid)
{
	struct recording r;
	struct app_process app;
	struct child_facts facts;
	struct ms_error error = {0};
	struct utsname host;
	struct follow own = {.options = f->options, .signals = f->signals};
	struct options options = *f->options;
	char *path;

	/* Children that do the same must not draw the same: what they are added up to would have the error of one of them. */
	if (options.sample.config.sampling != MS_SAMPLING_ALL)
		options.sample.config.seed += (uint64_t)pid;
	app_process_followed(&app, pid);
	read_facts(&facts, pid);
	memset(&host, 0, sizeof host);
	uname(&host);
	path = output_expand(f->options->output,
	                     &(struct output_names){.pid = pid, .program = facts.comm, .host = host.nodename, .time = time(NULL)},
	                     !output_pattern_has_pid(f->options->output));
	if (!path || recording_prepare(&r, &options, &error) != MS_OK)
		goto refuse;
	if (recording_open(&r, path, &app, &(struct recording_facts){
		.command = facts.command, .command_count = facts.command_count, .executable = facts.executable,
		.pid = pid, .parent_pid = facts.parent, .inherited_heap = facts.forked,
	}, &error) != MS_OK)
		goto refuse;
	reply(f->parent, (uint32_t)r.arena.fd + 1);

	own.parent = &r;
	collector_run(&(struct collector){
		.recording = &r, .app = &app, .signals = f->signals, .child_asks = follow_child_asks,
		.housekeeping = follow_reap, .context = &own,
	});
	if (!r.ended)
		ending_run(&r, f->signals, 0); /* false: it never came back for the arena */
	auto_export_finish(&r.export, f->signals, f->options->quiet);
	follow_wait(&own);
	return;

refuse:
	reply(f->parent, UINT32_MAX);
	say("process %ld is not recorded: %s", (long)pid, error.message);
}

void follow_child_asks(void *context, pid_t child)
{
	struct follow *f = context;
	pid_t collector;

	if (f->count == f->capacity) {
		size_t capacity = f->capacity ? f->capacity * 2 : 16;
		pid_t *collectors = realloc(f->collectors, capacity * sizeof *collectors);

		if (!collectors)
			goto refuse;
		f->collectors = collectors;
		f->capacity = capacity;
	}
	fflush(stderr);
	collector = fork();
	if (collector < 0)
		goto refuse;
	if (collector == 0) {
		/* The parent's trace and arena are not ours; its arena stays mapped for the reply. */
		recording_let_go(f->parent);
		record_child(f, child);
		_exit(0);
	}
	f->collectors[f->count++] = collector;
	return;

refuse:
	reply(f->parent, UINT32_MAX);
}

void follow_reap(void *context)
{
	struct follow *f = context;

	for (size_t i = 0; i < f->count;) {
		if (waitpid(f->collectors[i], NULL, WNOHANG) == f->collectors[i])
			f->collectors[i] = f->collectors[--f->count];
		else
			i++;
	}
}

void follow_wait(struct follow *f)
{
	for (size_t i = 0; i < f->count; i++)
		while (waitpid(f->collectors[i], NULL, 0) < 0 && errno == EINTR)
			;
	free(f->collectors);
	f->collectors = NULL;
	f->count = f->capacity = 0;
}
