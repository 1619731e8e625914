/*
 * ending.h - the last steps of a recording: drain, symbols, end, summary.
 *
 * Symbols are resolved in a process of their own: debug information is read by libdw, which ends its process when it runs
 * out of memory, and may crash on a damaged file. Where the helper (symbol_helper.h) has answered everything, that is it. Else a child writes symbols
 * and end; if it fails, the parent takes back what the child wrote and writes the end alone. (An output that cannot be taken back, like a pipe, has no
 * such insurance.)
 *
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_ENDING_H
#define MS_RECORD_ENDING_H

#include "recording.h"
#include "signals.h"

/* The program of r is gone, or it goes on without a recording (recording_stop was called). False: it never came, and the file was removed.
   program: who gets signals that are sent to us meanwhile; 0 = nobody, and a signal that ends programs cuts the symbols short. Those who
   asked for the stop are answered. */
bool ending_run(struct recording *r, struct signals *signals, pid_t program);

#endif
