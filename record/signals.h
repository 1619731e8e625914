/*
 * signals.h - what memscope-record does with signals while a program runs under it.
 *
 * The terminal sends SIGINT, SIGQUIT, SIGTSTP and SIGHUP to the whole foreground group: the program gets them itself and
 * decides, the recorder only stays out of the way. A signal that a process sent to the recorder (kill, timeout,
 * a service manager) was meant for the program: it is forwarded. A signal sent by kill to the whole group reaches the
 * program twice; nothing tells the two cases apart.
 *
 * All of these signals are blocked and read from a signalfd. signals_restore gives a child process exactly the mask and
 * dispositions that memscope-record inherited.
 *
 * Errors: MS_E_IO. Thread-safety: one thread. signals_restore is async-signal-safe.
 */
#ifndef MS_RECORD_SIGNALS_H
#define MS_RECORD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "format/errors.h"

struct signals {
	int fd;                          /* signalfd, close-on-exec; -1 before signals_open */
	sigset_t inherited_mask;
	struct sigaction inherited_pipe, inherited_xfsz, inherited_chld;
	uint64_t stop_requested_ns;      /* CLOCK_MONOTONIC when the terminal sent a stop (Ctrl-Z); 0 = it did not */
	bool interrupted;                /* a signal that ends programs was seen */
	int own;                         /* a signal that is for us and never passed on; 0 = none */
	unsigned own_count;              /* how often it came */
};

/* own: see struct signals. */
int signals_open(struct signals *s, int own, struct ms_error *err);
void signals_restore(const struct signals *s);
/* Reads what has arrived; forwards to pid what was sent to us alone (pid 0: nobody to forward to). */
void signals_handle(struct signals *s, pid_t pid);
void signals_close(struct signals *s);

#endif
