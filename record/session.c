#include "session.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "app_process.h"
#include "collector.h"
#include "ending.h"
#include "follow.h"
#include "launch.h"
#include "trace_output.h"
#include "program.h"
#include "recording.h"

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("memscope-record: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

static size_t count_arguments(char *const *arguments)
{
	size_t n = 0;

	while (arguments[n])
		n++;
	return n;
}

static char *trace_path(const struct options *o, pid_t pid)
{
	struct utsname host;

	memset(&host, 0, sizeof host);
	uname(&host);
	return output_expand(o->output, &(struct output_names){
		.pid = pid, .program = o->program[0], .host = host.nodename, .time = time(NULL),
	}, false);
}

/* Is the arena in place? Else says why not, and the program runs unrecorded. */
static bool prepare(const struct options *o, const struct program *program, struct recording *r)
{
	const char *obstacle = program_obstacle(program->kind);
	struct ms_error error = {0};

	if (*obstacle) {
		say("%s runs unrecorded: %s", program->image, obstacle);
		return false;
	}
	if (recording_prepare(r, o, &error) != MS_OK) {
		say("%s runs unrecorded: %s", o->program[0], error.message);
		return false;
	}
	return true;
}

int session_run(const struct options *o)
{
	struct program program;
	struct recording recording = {.fd = -1, .arena.fd = -1};
	struct app_process app;
	struct signals signals;
	struct follow follow = {.options = o, .parent = &recording, .signals = &signals};
	struct collector collector = {.app = &app, .signals = &signals, .forward = true, .context = &follow};
	struct launch launch = {.program = &program, .arguments = o->program, .signals = &signals};
	struct ms_error error = {0};
	char message[PATH_MAX + 64], library[PATH_MAX], executable[PATH_MAX];
	char *path = NULL;
	int status, exec_errno;
	bool recorded;

	launch_hold_standard(launch.closed_std);
	status = program_resolve(&program, o->program[0], getenv("PATH"), message, sizeof message);
	if (status != 0) {
		say("%s", message);
		return status;
	}
	if (launch_find_library(library, &error) != MS_OK || signals_open(&signals, &error) != MS_OK) {
		say("%s", error.message);
		return MS_EXIT_FAILURE;
	}
	recorded = prepare(o, &program, &recording);
	if (recorded) {
		launch.arena = &recording.arena;
		launch.library = library;
	}
	if (launch_fork(&launch, &error) != MS_OK) {
		say("%s", error.message);
		return MS_EXIT_FAILURE;
	}
	app_process_own(&app, launch.pid);
	if (recorded) {
		if (!realpath(program.path, executable))
			snprintf(executable, sizeof executable, "%s", program.path);
		path = trace_path(o, launch.pid);
		status = path ? recording_open(&recording, path, &app, &(struct recording_facts){
			.command = (const char *const *)o->program, .command_count = count_arguments(o->program),
			.executable = executable, .pid = launch.pid, .parent_pid = getpid(),
		}, &error) : ms_fail(&error, MS_E_NOMEM, MS_NO_OFFSET, "out of memory");
		if (status != MS_OK) {
			launch_cancel(&launch);
			say("%s", error.message);
			return MS_EXIT_FAILURE;
		}
	}
	if (launch_go(&launch, &exec_errno, &error) != MS_OK) {
		if (recorded)
			recording_remove(&recording);
		say("%s", error.message);
		return exec_errno == ENOENT ? MS_EXIT_NOT_FOUND : MS_EXIT_NOT_EXECUTABLE;
	}
	if (recorded) {
		collector.recording = &recording;
		if (o->follow) {
			collector.child_asks = follow_child_asks;
			collector.housekeeping = follow_reap;
		}
	}
	collector_run(&collector);
	if (recorded && !ending_run(&recording, &signals) && !o->discard)
		say("%s was not recorded: the recording library did not start in it (LD_PRELOAD cleared, or too little address "
		    "space?)", o->program[0]);
	/* From here on signals are for us: whoever does not want to wait for followed processes may interrupt. */
	sigprocmask(SIG_SETMASK, &signals.inherited_mask, NULL);
	follow_wait(&follow);
	status = app_process_exit_status(&app);
	recording_free(&recording);
	signals_close(&signals);
	return status;
}
