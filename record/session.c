#include "session.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "app_process.h"
#include "auto_export.h"
#include "collector.h"
#include "ending.h"
#include "follow.h"
#include "inside/inside_config.h"
#include "inside_ending.h"
#include "launch.h"
#include "say.h"
#include "trace_output.h"
#include "program.h"
#include "recording.h"

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

/* The path of the other side's trace: "run.ms" becomes "run.start.ms". */
static char *companion_path(const char *path)
{
	size_t stem = strlen(path), length = stem;
	char *other = malloc(length + sizeof ".start");

	if (!other)
		return NULL;
	if (length > 3 && strcmp(path + length - 3, ".ms") == 0)
		stem -= 3;
	memcpy(other, path, stem);
	memcpy(other + stem, ".start", 6);
	memcpy(other + stem + 6, path + stem, length - stem + 1);
	return other;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What one run tells the next. */
struct run {
	char *path;                      /* of the trace: given, or NULL = by the pattern; then set by the first run */
	char *companion;                 /* path of the other run's trace; NULL = none, or (first run) to be found */
	bool companion_wanted;
	char executable[PATH_MAX];       /* the recording borrows it */
	bool started;                    /* the program ran */
	int term_signal;                 /* that ended it, 0 = none */
};

/* The program will write the trace: it is told where, by an absolute name. That it can be written is seen here, where somebody can be told. */
static int prepare_inside(struct run *run, struct recording *r, char *path, struct ms_error *err)
{
	char folder[PATH_MAX], *absolute = NULL;
	bool regular = true;
	int fd = -1, status = output_open(path, &fd, &regular, err);

	if (status == MS_OK)
		close(fd);
	if (status == MS_OK && !regular)
		status = ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "%s is no regular file: only --backend=lockfree writes to one", path);
	if (status == MS_OK && (!(*path == '/' ? (folder[0] = '\0', folder) : getcwd(folder, sizeof folder)) ||
	                        asprintf(&absolute, "%s%s%s", folder, *path == '/' ? "" : "/", path) < 0 || strlen(absolute) >= PATH_MAX))
		status = ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "%s: the name is too long", path);
	if (status == MS_OK)
		ms_inside_config_fill(r, absolute);
	free(absolute);
	run->path = path;
	return status;
}

/* Opens the trace of the run. path is the recording's from then on. */
static int open_trace(const struct options *o, struct run *run, struct recording *r, const struct program *program,
                      const struct app_process *app, struct ms_error *err)
{
	char *path = run->path ? strdup(run->path) : trace_path(o, app->pid);

	if (path && run->companion_wanted) {
		run->path = strdup(path);
		run->companion = companion_path(path);
	}
	if (!path || (run->companion_wanted && (!run->path || !run->companion))) {
		free(path);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "out of memory");
	}
	if (!realpath(program->path, run->executable))
		snprintf(run->executable, sizeof run->executable, "%s", program->path);
	if (o->backend != MS_BACKEND_LOCKFREE)
		return prepare_inside(run, r, path, err);
	return recording_open(r, path, app, &(struct recording_facts){
		.command = (const char *const *)o->program, .command_count = count_arguments(o->program),
		.executable = run->executable, .pid = app->pid, .parent_pid = getpid(),
		.companion = run->companion ? file_name(run->companion) : NULL,
	}, err);
}

static int run_once(const struct options *o, struct run *run)
{
	struct program program;
	struct recording recording = {.fd = -1, .arena.fd = -1};
	struct app_process app;
	struct signals signals;
	struct follow follow = {.options = o, .parent = &recording, .signals = &signals};
	struct collector collector = {.app = &app, .signals = &signals, .forward = true, .context = &follow};
	struct launch launch = {.program = &program, .arguments = o->program, .signals = &signals};
	struct ms_error error = {0};
	char message[PATH_MAX + 64], library[PATH_MAX];
	int status, exec_errno;
	bool recorded, inside = o->backend != MS_BACKEND_LOCKFREE, was_recorded;

	launch_hold_standard(launch.closed_std);
	status = program_resolve(&program, o->program[0], getenv("PATH"), message, sizeof message);
	if (status != 0) {
		say("%s", message);
		return status;
	}
	if (launch_find_library(o->guard.config.mode != MS_GUARD_OFF, library, &error) != MS_OK ||
	    signals_open(&signals, o->snapshots.signal, &error) != MS_OK) {
		say("%s", error.message);
		return MS_EXIT_FAILURE;
	}
	if (o->auto_export && auto_export_check(o->auto_export, &error) != MS_OK) {
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
	if (recorded && open_trace(o, run, &recording, &program, &app, &error) != MS_OK) {
		launch_cancel(&launch);
		say("%s", error.message);
		return MS_EXIT_FAILURE;
	}
	if (launch_go(&launch, &exec_errno, &error) != MS_OK) {
		if (recorded && inside)
			(void)unlink(run->path);
		else if (recorded)
			recording_remove(&recording);
		say("%s", error.message);
		return exec_errno == ENOENT ? MS_EXIT_NOT_FOUND : MS_EXIT_NOT_EXECUTABLE;
	}
	run->started = true;
	if (recorded && !inside) {
		collector.recording = &recording;
		if (o->follow) {
			collector.child_asks = follow_child_asks;
			collector.housekeeping = follow_reap;
		}
	}
	collector_run(&collector);
	if (inside)
		was_recorded = !recorded || inside_ending_run(&recording, &app, run->path, &signals);
	else
		was_recorded = !recorded || recording.ended || ending_run(&recording, &signals, 0);
	if (!was_recorded && !o->discard)
		say("%s was not recorded: the recording library did not start in it (LD_PRELOAD cleared, or too little address "
		    "space?)", o->program[0]);
	if (inside && recorded && was_recorded && o->auto_export)
		auto_export_start(&recording.export, o->auto_export, run->path, &signals);
	auto_export_finish(&recording.export, &signals, o->quiet);
	/* From here on signals are for us: whoever does not want to wait for followed processes may interrupt. */
	sigprocmask(SIG_SETMASK, &signals.inherited_mask, NULL);
	follow_wait(&follow);
	status = app_process_exit_status(&app);
	run->term_signal = app_process_signaled(&app) ? app_process_signal(&app) : 0;
	recording_free(&recording);
	if (inside)
		free(run->path);
	signals_close(&signals);
	return status;
}

/* Somebody wants the whole thing to end: then there is no second run. */
static bool asked_to_end(int signal_)
{
	return signal_ == SIGINT || signal_ == SIGTERM || signal_ == SIGHUP || signal_ == SIGQUIT || signal_ == SIGKILL;
}

/* Two runs of the program, one per side; the input of the second starts where that of the first did, if it can. */
static int run_both(const struct options *o)
{
	struct options side = *o;
	struct run first = {.companion_wanted = true}, second = {0};
	off_t input = lseek(STDIN_FILENO, 0, SEEK_CUR);
	int status, other;

	side.guard.config.side = MS_SIDE_END;
	status = run_once(&side, &first);
	if (first.started && first.path && !asked_to_end(first.term_signal)) {
		if (input >= 0)
			(void)lseek(STDIN_FILENO, input, SEEK_SET);
		side.guard.config.side = MS_SIDE_START;
		second.path = first.companion;
		second.companion = first.path;
		other = run_once(&side, &second);
		if (status == 0)
			status = other;
	}
	free(first.path);
	free(first.companion);
	return status;
}

int session_run(const struct options *o)
{
	struct run run = {0};

	return o->guard.both_sides ? run_both(o) : run_once(o, &run);
}
