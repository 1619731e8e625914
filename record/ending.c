#include "ending.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "summary.h"

static bool interrupted(void *context)
{
	struct signals *s = context;

	signals_handle(s, 0);
	return s->interrupted;
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

/* True when the child came to its end by itself. Signals that were sent to us are passed on to it. */
static bool await_child(pid_t child, struct signals *signals)
{
	int status;
	pid_t got;

	while ((got = waitpid(child, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		struct pollfd p = {.fd = signals->fd, .events = POLLIN};

		(void)poll(&p, 1, 1000);
		signals_handle(signals, child);
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
static bool end_in_child(struct recording *r, struct signals *signals)
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
		recording_symbolize(r, interrupted, signals);
		recording_end(r);
		*outcome = (struct outcome){.end = r->end, .stats = r->stats, .error = r->error, .stopped = r->stopped};
		_exit(0);
	}
	r->cpu_before_ns = 0;
	done = child > 0 && await_child(child, signals);
	if (done) {
		r->end = outcome->end;
		r->stats = outcome->stats;
		r->error = outcome->error;
		r->stopped = outcome->stopped;
	}
	munmap(outcome, sizeof *outcome);
	return done;
}

bool ending_run(struct recording *r, struct signals *signals)
{
	recording_drain(r);
	if (!r->process_written) {
		recording_remove(r);
		return false;
	}
	lift_limit();
	signals->interrupted = false; /* from here on it means: enough symbols */
	recording_ask_names(r, interrupted, signals);
	if (r->options->no_symbols) {
		recording_end(r);
	} else if (!r->regular) {
		recording_symbolize(r, interrupted, signals);
		recording_end(r);
	} else if (!end_in_child(r, signals)) {
		fprintf(stderr, "memscope-record: %s: the names of functions could not be resolved; memscope-trace symbolize "
		        "can add them\n", r->path);
		recording_rewind(r);
		recording_end(r);
	}
	if (!r->options->quiet)
		summary_print(r, r->options->verbose);
	return true;
}
