/*
 * ending.h - the last steps of a recording: drain, symbols, end, summary, and their insurance.
 *
 * libdw ends the process when it runs out of memory (a tight RLIMIT_AS). While symbols are resolved, an exit therefore
 * means: write the end without the rest of the symbols, and leave with the status that was due.
 *
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_ENDING_H
#define MS_RECORD_ENDING_H

#include "recording.h"
#include "signals.h"

/* The program of r is gone (or never came: then the file is removed, and the result is false). exit_status is the one
   that is due. A signal that ends programs cuts the symbols short. */
bool ending_run(struct recording *r, struct signals *signals, int exit_status);

#endif
