#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app_process.h"
#include "attachment.h"
#include "auto_export.h"
#include "collector.h"
#include "control_server.h"
#include "ending.h"
#include "launch.h"
#include "recording.h"
#include "say.h"
#include "trace_output.h"

#define IMAGE_NS UINT64_C(50000000) /* so often: is it the same program still? */

struct attach {
	const struct options *options;
	struct attachment attachment;
	struct recording recording;
	struct app_process app;
	struct signals signals;
	uint64_t until_ns, image_ns;
	bool replaced;                   /* it executes another program now */
	pid_t keeper;
	int keeper_fd;                   /* closed by the end of this process, whichever way */
};

static int status_of(int code)
{
	return code == MS_E_NOT_FOUND ? MS_EXIT_NOT_FOUND : code == MS_E_UNSUPPORTED || code == MS_E_FULL ? MS_EXIT_NOT_EXECUTABLE : MS_EXIT_FAILURE;
}

/* One recorder at a time: the name lives as long as somebody holds the socket. -1 = taken. */
static int reserve(pid_t pid)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), length;

	if (fd < 0)
		return -1;
	length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "memscope-attach-%ld", (long)pid);
	if (bind(fd, (const struct sockaddr *)(const void *)&name, (socklen_t)(sizeof name.sun_family + 1 + (size_t)length)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- the keeper ---------------------------------------------------------------------------------------------------------- */

static void keep(struct attach *a, int pipe_fd)
{
	struct ms_error ignored = {0};
	char word;
	ssize_t n;

	prctl(PR_SET_NAME, "memscope-keeper", 0, 0, 0);
	close(a->recording.fd);
	control_close(a->recording.control); /* whoever asks for the recording asks memscope-record, and finds nobody when it is gone */
	while ((n = read(pipe_fd, &word, 1)) < 0 && errno == EINTR)
		;
	if (n == 0) { /* not a word: killed */
		(void)attachment_end(&a->attachment, &ignored);
		arena_stop(&a->recording.arena);
		arena_empty(&a->recording.arena);
	}
	_exit(0);
}

static void start_keeper(struct attach *a)
{
	int ends[2];

	a->keeper_fd = -1;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	fflush(NULL);
	a->keeper = fork();
	if (a->keeper == 0) {
		setsid();
		close(ends[1]);
		keep(a, ends[0]);
	}
	close(ends[0]);
	if (a->keeper < 0)
		close(ends[1]);
	else
		a->keeper_fd = ends[1];
}

static void dismiss_keeper(struct attach *a)
{
	if (a->keeper_fd < 0)
		return;
	(void)!write(a->keeper_fd, "d", 1);
	close(a->keeper_fd);
	a->keeper_fd = -1;
	while (waitpid(a->keeper, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- the recording -------------------------------------------------------------------------------------------------------- */

static bool leave_now(void *context)
{
	struct attach *a = context;
	uint64_t now = tick_clock_now(MS_CLOCK_MONOTONIC);

	if (now >= a->image_ns) {
		uint64_t image = attach_target_image(a->attachment.target.pid);

		a->image_ns = now + IMAGE_NS;
		a->replaced = image != 0 && image != a->attachment.target.image; /* 0: it ends; how, the kernel tells when it has ended */
	}
	return a->replaced || a->signals.interrupted || a->recording.stop_asked || a->recording.stopped || (a->until_ns && now >= a->until_ns);
}

static int begin(struct attach *a, const char *library, struct ms_error *err)
{
	const struct attach_target *t = &a->attachment.target;
	struct recording *r = &a->recording;
	struct utsname host;
	int64_t slots;
	char *path;
	int status = attachment_load(&a->attachment, library, err);

	if (status != MS_OK)
		return status;
	memset(&host, 0, sizeof host);
	uname(&host);
	status = recording_prepare_attached(r, a->options, a->attachment.arena_fd, t->address_space_limited, err);
	if (status != MS_OK)
		goto cancel;
	path = output_expand(a->options->output, &(struct output_names){.pid = t->pid, .program = t->name, .host = host.nodename, .time = time(NULL)},
	                     false);
	if (!path) {
		status = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "out of memory");
		goto cancel;
	}
	status = recording_open(r, path, &a->app, &(struct recording_facts){
		.command = t->command, .command_count = t->command_count, .executable = t->executable, .pid = t->pid,
		.parent_pid = t->parent, .directory = t->directory, .attached = true,
	}, err);
	if (status != MS_OK)
		goto cancel;
	status = attachment_begin(&a->attachment, &slots, err);
	if (status != MS_OK)
		goto remove;
	if (a->options->verbose > 0)
		say("attached to process %ld (%s): %ld calls are recorded", (long)t->pid, t->name, (long)slots);
	return MS_OK;

remove:
	recording_remove(r);
cancel:
	attachment_cancel(&a->attachment);
	recording_free(r);
	return status;
}

static int record(struct attach *a)
{
	struct recording *r = &a->recording;
	struct collector collector = {.recording = r, .app = &a->app, .signals = &a->signals, .leave = leave_now, .context = a};
	struct ms_error error = {0};
	int status = 0;

	start_keeper(a);
	a->until_ns = a->options->duration_ns ? tick_clock_now(MS_CLOCK_MONOTONIC) + a->options->duration_ns : 0;
	collector_run(&collector);
	/* The trace ends before the first call is put back: with some of them, it would tell of frees without allocations. */
	if (!a->app.gone) {
		r->stop_asked = true;
		recording_stop(r);
	}
	if (!a->app.gone && !a->replaced && attachment_end(&a->attachment, &error) != MS_OK && error.code != MS_E_NOT_FOUND) {
		say("%s", error.message);
		status = MS_EXIT_FAILURE;
	}
	if (status == 0)
		dismiss_keeper(a);
	if (a->replaced)
		say("process %ld executes another program now: the recording ends there", (long)a->app.pid);
	if (!ending_run(r, &a->signals, 0)) {
		say("nothing was recorded");
		status = MS_EXIT_FAILURE;
	}
	arena_empty(&r->arena);
	if (a->keeper_fd >= 0)
		close(a->keeper_fd); /* it tries once more */
	return status;
}

int attach_run(const struct options *o)
{
	struct attach *a = calloc(1, sizeof *a);
	struct ms_error error = {0};
	char library[PATH_MAX];
	bool closed[3];
	int status, name = -1;

	if (!a) {
		say("out of memory");
		return MS_EXIT_FAILURE;
	}
	if (o->auto_export && auto_export_check(o->auto_export, &error) != MS_OK) {
		say("%s", error.message);
		free(a);
		return MS_EXIT_FAILURE;
	}
	launch_hold_standard(closed);
	a->options = o;
	a->keeper_fd = -1;
	a->attachment.target.memory = -1;
	status = launch_find_attach_library(library, &error);
	if (status != MS_OK)
		goto fail;
	status = attach_target_open(&a->attachment.target, o->attach_pid, library, &error);
	if (status != MS_OK)
		goto fail;
	name = reserve(o->attach_pid);
	if (name < 0) {
		status = ms_fail(&error, MS_E_UNSUPPORTED, MS_NO_OFFSET, "process %ld is being recorded already", (long)o->attach_pid);
		goto fail;
	}
	app_process_followed(&a->app, o->attach_pid);
	status = signals_open(&a->signals, o->snapshots.signal, &error);
	if (status != MS_OK)
		goto fail;
	status = begin(a, library, &error);
	if (status != MS_OK)
		goto fail_begin;
	status = record(a);
	auto_export_finish(&a->recording.export, &a->signals, o->quiet);
	recording_free(&a->recording);
	signals_close(&a->signals);
	app_process_close(&a->app);
	attach_target_close(&a->attachment.target);
	if (a->attachment.arena_fd >= 0)
		close(a->attachment.arena_fd);
	close(name);
	free(a);
	return status;

fail_begin:
	signals_close(&a->signals);
	app_process_close(&a->app);
fail:
	say("%s", error.message);
	attach_target_close(&a->attachment.target);
	if (name >= 0)
		close(name);
	free(a);
	return status_of(status);
}
