/* inside_ending.c - see inside_ending.h. */
#include "inside_ending.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format/symbolize_trace.h"
#include "format/symbols.h"
#include "format/trace_reader.h"
#include "inside/inside_config.h"
#include "say.h"
#include "summary.h"
#include "trace_output.h"

/* Entries that were published and never read. What the app wrote over is not counted. */
static uint64_t entries_left(const struct arena *a)
{
	uint32_t used = atomic_load_explicit(&a->header->slots_used, memory_order_acquire);
	uint64_t n = 0;

	for (uint32_t i = 0; i < used && i < a->geometry.slots; i++) {
		const uint64_t *ring = arena_ring(a, i), words = arena_ring_words(a, i);
		uint64_t at = atomic_load_explicit(&a->slots[i].tail, memory_order_relaxed);
		uint64_t head = atomic_load_explicit(&a->slots[i].head, memory_order_acquire);

		if (atomic_load_explicit(&a->slots[i].state, memory_order_relaxed) != MS_SLOT_LIVE || head - at > words)
			continue;
		while (at < head) {
			uint32_t length = MS_ENTRY_WORDS(ring[(at & (words - 1)) + 1]);

			if (length < 2)
				break;
			n++;
			at += length;
		}
	}
	return n;
}

/* The end as the kernel knows it. Only of the last image: those before ended in an exec. A recording that ended before its program stays one. */
static void tell_end(struct ms_end *end, const struct app_process *app)
{
	if (end->ended == MS_ENDED_RUNNING)
		return;
	end->ended = !app->status_known ? MS_ENDED_UNKNOWN : app_process_signaled(app) ? MS_ENDED_SIGNALED : MS_ENDED_EXITED;
	end->exit_code = app_process_exit_code(app);
	end->term_signal = app_process_signal(app);
	end->core_dumped = app_process_core_dumped(app);
}

static int copy_to(int fd, const struct recording *r, const struct ms_trace *t, const struct ms_end *end, struct ms_error *err)
{
	const struct ms_symbolizer_options options = {.debuginfod = r->options->debuginfod, .c_library_by_name = true};
	struct ms_stream stream;
	struct ms_writer *w;
	struct ms_end own;
	int rc;

	ms_stream_init_fd(&stream, fd);
	rc = ms_writer_open(&w, &stream, &(struct ms_writer_options){.level = r->options->level}, err);
	if (rc != MS_OK)
		return rc;
	if (!r->options->no_symbols) {
		rc = ms_symbolize_trace(w, t, &options, end, NULL, err);
	} else {
		rc = ms_writer_copy(w, t, NULL, NULL, err);
		if (rc == MS_OK && end)
			own = *end;
		if (rc == MS_OK)
			rc = ms_writer_end(w, end ? &own : NULL, err);
	}
	ms_writer_close(w);
	return rc;
}

/* Writes the trace again beside itself and puts that in its place. */
static int rewrite(const struct recording *r, const struct app_process *app, const char *path, bool last)
{
	size_t length = strlen(path);
	char *name = malloc(length + sizeof ".XXXXXX");
	struct ms_error error = {0};
	struct ms_trace *t = NULL;
	struct ms_end end;
	int fd, rc;

	if (!name)
		return MS_E_NOMEM;
	memcpy(name, path, length);
	memcpy(name + length, ".XXXXXX", sizeof ".XXXXXX");
	rc = ms_trace_open(&t, path, &error);
	if (rc != MS_OK)
		goto fail_open;
	fd = mkstemp(name);
	if (fd < 0) {
		rc = ms_fail(&error, MS_E_IO, MS_NO_OFFSET, "%s", strerror(errno));
		goto fail_file;
	}
	if (ms_trace_end(t)) {
		end = *ms_trace_end(t);
		if (last)
			tell_end(&end, app);
	}
	rc = copy_to(fd, r, t, ms_trace_end(t) ? &end : NULL, &error);
	if (close(fd) != 0 && rc == MS_OK)
		rc = ms_fail(&error, MS_E_IO, MS_NO_OFFSET, "%s", strerror(errno));
	if (rc == MS_OK && rename(name, path) != 0)
		rc = ms_fail(&error, MS_E_IO, MS_NO_OFFSET, "%s", strerror(errno));
	if (rc != MS_OK)
		unlink(name);
fail_file:
	ms_trace_close(t);
fail_open:
	if (rc != MS_OK)
		say("%s: %s", path, error.message);
	free(name);
	return rc;
}

/* In a process of its own. Signals that end programs end it: the trace is there. */
static bool rewrite_in_child(const struct recording *r, const struct app_process *app, const char *path, bool last, struct signals *signals)
{
	pid_t child, got;
	int status = 0;

	fflush(stderr);
	child = fork();
	if (child == 0) {
		status = rewrite(r, app, path, last);
		fflush(stderr);
		_exit(status == MS_OK ? 0 : 1);
	}
	if (child < 0)
		return false;
	while ((got = waitpid(child, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		struct pollfd p = {.fd = signals->fd, .events = POLLIN};

		(void)poll(&p, 1, 5);
		signals_handle(signals, child);
	}
	return got == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void say_summary(const struct recording *r, const char *path)
{
	struct ms_error error;
	struct ms_trace *t;
	struct stat st;
	char peak[32], size[32];
	const struct ms_end *end;
	uint64_t events, left;

	if (ms_trace_open(&t, path, &error) != MS_OK) {
		say("%s: %s", path, error.message);
		return;
	}
	end = ms_trace_end(t);
	events = ms_trace_event_count(t);
	left = end ? 0 : entries_left(&r->arena) +
	                 atomic_load_explicit(&ms_inside_config_of(r->arena.header)->unwritten, memory_order_relaxed);
	if (stat(path, &st) != 0)
		st.st_size = 0;
	fprintf(stderr, "memscope-record: %s: %" PRIu64 " events, peak %s, %s, %.2f bytes/event, %" PRIu64 " lost", path, events,
	        end ? summary_bytes(end->peak_bytes, peak, sizeof peak) : "unknown", summary_bytes((uint64_t)st.st_size, size, sizeof size),
	        events ? (double)st.st_size / (double)events : 0, (end ? end->lost_events : 0) + left);
	if (left > 0)
		fprintf(stderr, " (they were still in the program, which was killed)");
	if (end && end->size_limit_reached)
		fprintf(stderr, ", incomplete: it reached its limit");
	fputc('\n', stderr);
	ms_trace_close(t);
}

bool inside_ending_run(struct recording *r, const struct app_process *app, const char *path, struct signals *signals)
{
	uint32_t images = atomic_load_explicit(&r->arena.header->images, memory_order_acquire);
	bool any = false;

	for (uint32_t i = 0; i < images; i++) {
		char *name = output_of_image(path, i);
		struct stat st;

		if (name && stat(name, &st) == 0 && st.st_size > 0) {
			any = true;
			if (!rewrite_in_child(r, app, name, i + 1 == images, signals) && !r->options->no_symbols)
				fprintf(stderr, "memscope-record: %s: the names of functions could not be resolved; memscope-trace symbolize can "
				        "add them\n", name);
			if (!r->options->quiet)
				say_summary(r, name);
		}
		free(name);
	}
	if (!any)
		(void)unlink(path);
	return any;
}
