/*
 * session.h - memscope-record from its options to its exit status.
 *
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_SESSION_H
#define MS_RECORD_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "options.h"
#include "signals.h"

/* Runs and records the program; returns the exit status of memscope-record. */
int session_run(const struct options *options);

#endif
