/*
 * attach.h - memscope-record -p: records a process that runs already, for a while or until it ends.
 *
 * A keeper, a process of its own that waits for nothing but the end of this one, puts the calls of the recorded process back when
 * memscope-record is killed.
 *
 * Returns the exit status: 0; MS_EXIT_NOT_FOUND = there is no such process; MS_EXIT_NOT_EXECUTABLE = it cannot be recorded so;
 * MS_EXIT_FAILURE. What went wrong is said on stderr. Thread-safety: none. Not signal-safe.
 */
#ifndef MS_RECORD_ATTACH_H
#define MS_RECORD_ATTACH_H

#include "options.h"

int attach_run(const struct options *o);

#endif
