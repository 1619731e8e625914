/*
 * auto_export.h - --auto-export: when a recording has ended, memscope-analyze of this installation writes reports of it.
 *
 * FORMATS=DIR is handed to memscope-analyze --outputs as it is; auto_export_check asks it before the program starts whether it understands
 * that, and makes DIR if it is not there. The reports are made by a process of their own with low priority (nice 19, idle input and output), in one
 * replay. Whatever becomes of it, the exit status of memscope-record stays the program's.
 *
 * Ownership: strings are borrowed. Errors: auto_export_check: MS_E_* with a message (memscope-analyze may have said its own on standard
 * error); the others say on standard error what went wrong. Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_AUTO_EXPORT_H
#define MS_RECORD_AUTO_EXPORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "format/errors.h"
#include "signals.h"

struct auto_export {
	pid_t pid;                       /* 0 = none is under way */
	const char *trace, *wanted;
};

int auto_export_check(const char *wanted, struct ms_error *err);
/* The trace is complete, and a regular file. */
void auto_export_start(struct auto_export *e, const char *wanted, const char *trace, const struct signals *signals);
/* Waits for it. Signals that end programs end it, too; the trace is there anyway. Says where the reports are, unless quiet. */
void auto_export_finish(struct auto_export *e, struct signals *signals, bool quiet);

#endif
