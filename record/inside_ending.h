/*
 * inside_ending.h - the last steps of a recording that was made inside the program: names, how the program really ended, summary.
 *
 * The program has written its traces itself, one for each image (exec). When it is gone, memscope-record writes each anew, with
 * names and with the end that it knows from the kernel, and puts it in the place of the first one; a process of its own does that,
 * because libdw ends its process when it runs out of memory. If that fails the trace stays as it was. A trace without an end, of a program that was
 * killed, stays one without; the events that were still in the rings are counted and said.
 *
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_INSIDE_ENDING_H
#define MS_RECORD_INSIDE_ENDING_H

#include "recording.h"
#include "signals.h"

/* r: made by recording_prepare, its program is gone. path: of the first image's trace. False: it was never recorded. */
bool inside_ending_run(struct recording *r, const struct app_process *app, const char *path, struct signals *signals);

#endif
