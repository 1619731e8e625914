/*
 * plugin.h - the caller's side of include/memscope_backend.h: loads a shared object and hands it what is written into the trace.
 *
 * It stands behind the writer as its observer, so it gets exactly the records and events of the file, before they are compressed.
 *
 * Ownership: plugin_close frees and unloads (NULL allowed); it calls end if plugin_end has not. Errors: plugin_open: MS_E_UNSUPPORTED with a
 * reason (no such object, another ABI, or what init says). Later errors are said once on stderr, and the object is not called any more.
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_PLUGIN_H
#define MS_RECORD_PLUGIN_H

#include "format/errors.h"
#include "format/trace_types.h"

struct ms_writer;
struct plugin;

int plugin_open(struct plugin **out, const char *path, const char *trace, struct ms_error *err);
/* Before anything is added to the writer. */
void plugin_watch(struct plugin *p, struct ms_writer *writer);
/* After the last event; the writer is not watched any more. */
void plugin_end(struct plugin *p, struct ms_writer *writer, const struct ms_end *end);
void plugin_close(struct plugin *p);

#endif
