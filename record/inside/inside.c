/* inside.c - see inside.h. */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "format/version.h"
#include "inside_config.h"
#include "inside_file.h"
#include "inside_libc.h"
#include "record/backends.h"
#include "record/preload/raw.h"
#include "record/recording.h"
#include "record/trace_output.h"
#include "record/who_drains.h"

#define COMMAND_BYTES 16384u
#define COMMAND_MOST 1024u

static struct {
	struct options options;
	struct recording recording;
	struct app_process app;
	bool open;
	uint32_t first_image;          /* of this arena: images before had others */
	struct who_drains who;
	char command_line[COMMAND_BYTES];
	const char *command[COMMAND_MOST];
	size_t command_count;
	char executable[PATH_MAX];
	const char *given[MS_INSIDE_GIVEN_BYTES / 2];
} inside;

/* ---- who we are ----------------------------------------------------------------------------------------------------- */

static size_t read_file(const char *path, char *text, size_t bytes)
{
	long fd = ms_raw(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0), n;
	size_t used = 0;

	if (ms_raw_failed(fd))
		return 0;
	while (used < bytes - 1 && (n = ms_raw(SYS_read, fd, (long)(text + used), (long)(bytes - 1 - used), 0, 0, 0)) > 0)
		used += (size_t)n;
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
	text[used] = '\0';
	return used;
}

static void read_facts(void)
{
	size_t bytes = read_file("/proc/self/cmdline", inside.command_line, sizeof inside.command_line);
	long length = ms_raw(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)inside.executable, sizeof inside.executable - 1, 0, 0);

	inside.command_count = 0;
	for (size_t i = 0; i < bytes && inside.command_count < COMMAND_MOST; i += strlen(inside.command_line + i) + 1)
		inside.command[inside.command_count++] = inside.command_line + i;
	inside.executable[ms_raw_failed(length) ? 0 : length] = '\0';
}

/* ---- without memscope-record ---------------------------------------------------------------------------------------- */

static bool choose(const struct ms_inside_request *request, struct options *o)
{
	const char *name = request->backend ? request->backend : "";

	o->backend = MS_BACKEND_CORE;
	o->backend_reason = "the default without memscope-record";
	if (!*name)
		return true;
	o->backend_reason = "MEMSCOPE_BACKEND";
#define X(id, text)                                                                                                     \
	if (strcmp(name, text) == 0) {                                                                                 \
		o->backend = MS_BACKEND_##id;                                                                          \
		return MS_BACKEND_##id != MS_BACKEND_LOCKFREE;                                                         \
	}
	MS_BACKENDS(X)
#undef X
	return false;
}

/* The file name, made absolute: the program may change its folder. NULL: no memory, or no name. */
static char *absolute_path(const char *pattern)
{
	char reason[160], folder[PATH_MAX], *name, *path;
	struct utsname host;
	struct timespec now;

	if (!output_pattern_valid(pattern, reason, sizeof reason))
		return NULL;
	memset(&host, 0, sizeof host);
	uname(&host);
	clock_gettime(CLOCK_REALTIME, &now);
	name = output_expand(pattern, &(struct output_names){
		.pid = getpid(), .program = inside.command_count > 0 ? inside.command[0] : "", .host = host.nodename, .time = now.tv_sec,
	}, false);
	if (!name || *name == '/')
		return name;
	if (!getcwd(folder, sizeof folder)) {
		free(name);
		return NULL;
	}
	path = malloc(strlen(folder) + strlen(name) + 2);
	if (path) {
		memcpy(path, folder, strlen(folder));
		path[strlen(folder)] = '/';
		memcpy(path + strlen(folder) + 1, name, strlen(name) + 1);
	}
	free(name);
	return path;
}

struct ms_arena_header *ms_inside_create(const struct ms_inside_request *request)
{
	struct options *o = &inside.options;
	struct ms_error error;
	char *path;

	*o = (struct options){.output = request->path, .no_symbols = true};
	guard_options_init(&o->guard);
	if (!choose(request, o))
		return NULL;
	read_facts();
	path = request->image > 0 ? strdup(request->path) : absolute_path(request->path);
	if (!path || strlen(path) >= PATH_MAX)
		return NULL;
	if (recording_prepare(&inside.recording, o, &error) != MS_OK) {
		free(path);
		return NULL;
	}
	ms_inside_config_fill(&inside.recording, path);
	free(path);
	/* The mapping is enough. */
	close(inside.recording.arena.fd);
	inside.first_image = request->image;
	return inside.recording.arena.header;
}

/* ---- the recording --------------------------------------------------------------------------------------------------- */

static void take_options(const struct ms_inside_config *c)
{
	const char *at = c->given;
	uint32_t n = 0;

	inside.options = c->options;
	inside.options.backend_reason = c->reason;
	inside.options.sample.preset = c->preset[0] != '\0' ? c->preset : NULL;
	inside.options.output = c->path;
	inside.options.auto_export = inside.options.control = NULL;
	inside.options.monitor_ns = 0;
	inside.options.program = NULL;
	inside.options.plugin = NULL;
	inside.options.no_symbols = true;
	while (n < c->given_count && n < sizeof inside.given / sizeof *inside.given && at < c->given + sizeof c->given) {
		inside.given[n++] = at;
		at += strlen(at) + 1;
	}
	inside.options.given = (char **)(uintptr_t)inside.given;
	inside.options.given_count = n;
}

/* What the image before has left: its threads are gone, and what they lost is in its trace. */
static void clear_after_exec(struct arena *a)
{
	uint32_t used = atomic_load_explicit(&a->header->slots_used, memory_order_acquire);

	for (uint32_t i = 0; i < used && i < a->geometry.slots; i++)
		if (atomic_load_explicit(&a->slots[i].state, memory_order_acquire) == MS_SLOT_LIVE)
			arena_recycle(a, i);
	atomic_store_explicit(&a->header->lost_events, 0, memory_order_relaxed);
	atomic_store_explicit(&a->header->lost_threads, 0, memory_order_relaxed);
	atomic_store_explicit(&a->header->lost_stacks, 0, memory_order_relaxed);
	atomic_store_explicit(&a->header->graph_state, MS_GRAPH_IDLE, memory_order_relaxed);
}

static uint32_t count_cores(void)
{
	uint64_t mask[128] = {0};
	long bytes = ms_raw(SYS_sched_getaffinity, 0, sizeof mask, (long)mask, 0, 0, 0);
	uint32_t n = 0;

	for (long i = 0; i < bytes / 8; i++)
		n += (uint32_t)__builtin_popcountll(mask[i]);
	return n > 0 ? n : 1;
}

bool ms_inside_open(struct ms_arena_header *header, uint32_t image, char *next, size_t next_bytes)
{
	const struct ms_inside_config *c = ms_inside_config_of(header);
	struct recording *r = &inside.recording;
	struct ms_error error;
	char *path;

	if (c->bytes != sizeof *c)
		return false;
	read_facts();
	take_options(c);
	if (recording_adopt(r, header, &inside.options, c, &error) != MS_OK)
		return false;
	if (image > 0)
		clear_after_exec(&r->arena);
	inside.app = (struct app_process){.pid = getpid(), .pidfd = -1};
	image += inside.first_image;
	if (next)
		next[snprintf(next, next_bytes, MS_ENV_ARENA "=@%u:%ld:%s:%s", image + 1, (long)inside.app.pid,
		              ms_backend_name(inside.options.backend), c->path) < (int)next_bytes ? next_bytes - 1 : 0] = '\0';
	who_drains_init(&inside.who, count_cores());
	path = output_of_image(c->path, image);
	if (!path || recording_open(r, path, &inside.app, &(struct recording_facts){
		.command = inside.command, .command_count = inside.command_count, .executable = inside.executable,
		.pid = inside.app.pid, .parent_pid = (pid_t)ms_raw(SYS_getppid, 0, 0, 0, 0, 0, 0),
		.recorder = "libmemscope-preload " MS_VERSION,
	}, &error) != MS_OK)
		return false;
	inside.open = true;
	return true;
}

static void note_unwritten(void)
{
	struct recording *r = &inside.recording;

	atomic_store_explicit(&ms_inside_config_of(r->arena.header)->unwritten,
	                      merge_waiting(&r->ingest.merge) + r->ingest.batch_count + ms_writer_pending(r->writer), memory_order_relaxed);
}

size_t ms_inside_poll(void)
{
	size_t words = 0;

	in_cpu_begin();
	if (inside.open && !inside.recording.resumable)
		words = recording_poll(&inside.recording);
	if (inside.open && inside.recording.writer)
		note_unwritten();
	in_cpu_end();
	return words;
}

void ms_inside_settle(void)
{
	if (!inside.open || inside.recording.resumable)
		return;
	recording_settle(&inside.recording);
	if (inside.recording.writer)
		note_unwritten();
}

static void note_who_drained(void)
{
	inside.recording.backend_note = inside.options.backend == MS_BACKEND_UNIFIED ? inside.who.note : NULL;
}

void ms_inside_suspend(void)
{
	if (!inside.open)
		return;
	note_who_drained();
	inside.recording.resumable = true;
	recording_settle(&inside.recording);
	inside.recording.end_ns = inside.recording.ingest.last_ns;
	(void)recording_end(&inside.recording);
}

bool ms_inside_resume(void)
{
	struct recording *r = &inside.recording;

	r->resumable = false;
	inside.open = inside.open && recording_resume(r);
	if (!inside.open && r->arena.header)
		arena_stop(&r->arena);
	return inside.open;
}

void ms_inside_close(enum ms_inside_end how, int status, const char *note)
{
	struct recording *r = &inside.recording;

	if (!inside.open)
		return;
	inside.app.gone = how != MS_INSIDE_GOES_ON;
	inside.app.status_known = how == MS_INSIDE_EXITS;
	inside.app.status = (status & 0xff) << 8;
	note_who_drained();
	if (note)
		r->backend_note = note;
	in_cpu_begin();
	recording_drain(r);
	(void)recording_end(r);
	arena_stop(&r->arena);
	inside.open = false;
}

bool ms_inside_wants_thread(bool has_one)
{
	const struct recording *r = &inside.recording;

	if (!inside.open || inside.options.backend != MS_BACKEND_UNIFIED)
		return inside.open && inside.options.backend == MS_BACKEND_ASYNC;
	if (!tick_clock_ready(&r->clock))
		return has_one;
	return who_drains_thread(&inside.who, has_one, tick_clock_ns(&r->clock, tick_clock_now(r->clock.source)), r->slots.drained_words,
	                         r->slots.live);
}

void ms_inside_forget(void)
{
	inside.open = false;
	inside_file_forget();
}
