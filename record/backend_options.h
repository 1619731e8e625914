/*
 * backend_options.h - the option --backend of memscope-record.
 *
 * backend_options_name: lockfree, core, async, unified, or the path of a shared object (with a slash); false: none of these.
 * backend_options_check: asked once, after the last option: false when others need a process beside the program, and reason (reason_bytes of room)
 * says which. Ownership: the path is borrowed. Thread-safety: reentrant. Not signal-safe.
 */
#ifndef MS_RECORD_BACKEND_OPTIONS_H
#define MS_RECORD_BACKEND_OPTIONS_H

#include "options.h"

bool backend_options_name(struct options *o, const char *text);
bool backend_options_check(const struct options *o, char *reason, size_t reason_bytes);

#endif
