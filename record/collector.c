#include "collector.h"

#include "ending.h"
#include "recording_triggers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#define HOUSEKEEPING_NS UINT64_C(20000000)
#define ABANDONED_NS UINT64_C(3000000000) /* a child that asked and died does not block the others for longer */
#define STOP_WINDOW_NS UINT64_C(5000000000)

struct loop {
	int64_t nap_ns;
	uint64_t housekeeping_ns;
	pid_t asking;
	uint64_t asking_since_ns;
};

static void answer_child(struct collector *c, struct loop *l, uint64_t now_ns)
{
	struct ms_arena_header *h = c->recording->arena.header;
	pid_t child = (pid_t)atomic_load_explicit(&h->child_pid, memory_order_acquire);

	if (child == l->asking) {
		uint32_t expected = (uint32_t)child;

		if (child != 0 && now_ns - l->asking_since_ns > ABANDONED_NS && kill(child, 0) != 0 && errno == ESRCH) {
			atomic_store_explicit(&h->child_reply, 0, memory_order_relaxed);
			atomic_compare_exchange_strong_explicit(&h->child_pid, &expected, 0, memory_order_release,
			                                        memory_order_relaxed);
		}
		return;
	}
	l->asking = child;
	l->asking_since_ns = now_ns;
	l->nap_ns = COLLECTOR_BUSY_NS; /* it waits, and others after it */
	if (child != 0 && c->child_asks)
		c->child_asks(c->context, child);
}

/* The terminal stopped the program's whole group, and us with it as far as the shell can see: what is recorded so
   far is written, then we stop, too. Its signal may reach us before or after the program has stopped. Other stops are
   the program's own affair; who continues it may not know of us. */
static void follow_stop(struct collector *c, uint64_t now_ns)
{
	int signal_ = c->app->stop_signal;
	uint64_t requested_ns = c->signals->stop_requested_ns;

	if (signal_ != SIGTTIN && signal_ != SIGTTOU && (requested_ns == 0 || now_ns - requested_ns > STOP_WINDOW_NS))
		return;
	c->app->stop_signal = 0;
	c->signals->stop_requested_ns = 0;
	if (c->recording)
		recording_pause(c->recording);
	raise(SIGSTOP);
}

static void nap(struct collector *c, int64_t ns)
{
	struct pollfd fds[2] = {{.fd = c->signals->fd, .events = POLLIN}, {.fd = c->app->pidfd, .events = POLLIN}};
	struct timespec timeout = {ns / 1000000000, ns % 1000000000};

	(void)ppoll(fds, c->app->pidfd >= 0 ? 2 : 1, &timeout, NULL);
}

/* Somebody asked for the end of the recording: the program goes on without it. */
static void end_early(struct collector *c)
{
	struct recording *r = c->recording;

	recording_stop(r);
	(void)ending_run(r, c->signals, c->forward ? c->app->pid : 0);
	r->stopped = true;
}

/* So many words are no reason to look again soon: each look takes processor time that the program may need. */
static size_t few(const struct recording *r)
{
	return r->arena.sampled && slots_free_count(&r->slots) >= r->arena.geometry.slots / 2 ? COLLECTOR_FEW_WORDS : 0;
}

void collector_run(struct collector *c)
{
	struct loop l = {.nap_ns = COLLECTOR_BUSY_NS};
	bool recording = c->recording != NULL;

	for (;;) {
		uint64_t now_ns = tick_clock_now(MS_CLOCK_MONOTONIC);
		size_t words = 0;

		signals_handle(c->signals, c->forward ? c->app->pid : 0);
		app_process_update(c->app);
		if (c->app->gone)
			return;
		if (recording && c->signals->own_count > 0)
			triggers_signaled(c->recording);
		c->signals->own_count = 0;
		if (recording) {
			words = recording_poll(c->recording);
			answer_child(c, &l, now_ns);
			recording_housekeeping(c->recording);
			if (c->leave && c->leave(c->context))
				return;
			if (c->recording->stop_asked && !c->recording->ended)
				end_early(c);
			if (c->recording->stopped)
				recording = c->recording->options->follow;
		}
		if (c->app->stop_signal)
			follow_stop(c, now_ns);
		if (c->housekeeping && now_ns >= l.housekeeping_ns) {
			c->housekeeping(c->context);
			l.housekeeping_ns = now_ns + HOUSEKEEPING_NS;
		}
		if (!recording)
			l.nap_ns = COLLECTOR_WATCH_NS;
		else if (words > few(c->recording) || c->recording->options->discard)
			l.nap_ns = COLLECTOR_BUSY_NS;
		else if (l.nap_ns < COLLECTOR_IDLE_NS)
			l.nap_ns += l.nap_ns / 4;
		/* While we worked, more came in than a nap would leave room for. */
		if (words < COLLECTOR_RUSH_WORDS)
			nap(c, l.nap_ns);
	}
}
