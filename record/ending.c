#include "ending.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"
#include "summary.h"

/* Who gets signals that are sent to us while the recording is ended. */
struct audience {
	struct signals *signals;
	pid_t program;                   /* 0: it is gone, they are for us */
};

static bool interrupted(void *context)
{
	struct audience *a = context;

	signals_handle(a->signals, a->program);
	return a->program == 0 && a->signals->interrupted;
}

/* The limit on address space is meant for the program. */
static void lift_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_AS, &limit);
	}
}

/* True when the child came to its end by itself. Signals that were sent to us are passed on to it, or to the program. */
static bool await_child(pid_t child, struct audience *a)
{
	int status;
	pid_t got;

	while ((got = waitpid(child, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		struct pollfd p = {.fd = a->signals->fd, .events = POLLIN};

		(void)poll(&p, 1, 1000);
		signals_handle(a->signals, a->program ? a->program : child);
	}
	return got == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What the child tells the parent about the file that it has finished. */
struct outcome {
	struct ms_end end;
	struct ms_writer_stats stats;
	struct ms_error error;
	bool stopped;
};

/* False: the file is as it was before. */
static bool end_in_child(struct recording *r, struct audience *a)
{
	struct outcome *outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	bool done;

	if (outcome == MAP_FAILED)
		return false;
	r->cpu_before_ns = recording_cpu_ns();
	fflush(stderr);
	child = fork();
	if (child == 0) {
		/* The collector reads the signals; what was meant for the program does not end this. */
		recording_symbolize(r, a->program ? NULL : interrupted, a);
		recording_end(r);
		*outcome = (struct outcome){.end = r->end, .stats = r->stats, .error = r->error, .stopped = r->stopped};
		_exit(0);
	}
	r->cpu_before_ns = 0;
	done = child > 0 && await_child(child, a);
	if (done) {
		r->end = outcome->end;
		r->stats = outcome->stats;
		r->error = outcome->error;
		r->stopped = outcome->stopped;
	}
	munmap(outcome, sizeof *outcome);
	return done;
}

/* Of a stop that was asked for: to those who asked. */
static void tell(struct recording *r)
{
	char size[32], text[sizeof r->error.message + 40];

	if (!r->control)
		return;
	if (r->stopped)
		snprintf(text, sizeof text, "the trace is incomplete: %s", r->error.message);
	else
		snprintf(text, sizeof text, "stopped, the trace is complete: %" PRIu64 " events, %s", r->stats.events,
		         summary_bytes(r->stats.bytes, size, sizeof size));
	control_answer_waiting(r->control, !r->stopped, text);
}

bool ending_run(struct recording *r, struct signals *signals, pid_t program)
{
	struct audience a = {signals, program};

	r->ended = true;
	if (r->control)
		control_shut(r->control);
	recording_drain(r);
	if (!r->process_written) {
		recording_remove(r);
		return false;
	}
	lift_limit();
	signals->interrupted = false; /* from here on it means: enough symbols */
	recording_ask_names(r, interrupted, &a);
	if (r->options->no_symbols) {
		recording_end(r);
	} else if (!r->regular || r->names_at_hand) {
		recording_symbolize(r, interrupted, &a);
		recording_end(r);
	} else if (!end_in_child(r, &a)) {
		fprintf(stderr, "memscope-record: %s: the names of functions could not be resolved; memscope-trace symbolize "
		        "can add them\n", r->path);
		recording_rewind(r);
		recording_end(r);
	}
	symbol_helper_stop(&r->helper); /* the program may go on for long */
	tell(r);
	if (!r->options->quiet)
		summary_print(r, r->options->verbose);
	if (r->options->auto_export && r->regular && ms_writer_status(r->writer) != MS_E_IO)
		auto_export_start(&r->export, r->options->auto_export, r->path, signals);
	else if (r->options->auto_export)
		say("%s: no reports by --auto-export: the trace is no file that can be read again", r->path);
	return true;
}
