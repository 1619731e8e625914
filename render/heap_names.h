/*
 * heap_names.h - names that text and JSON share about heap graphs: kinds of leaks, of roots, holders.
 *
 * Pure functions; thread-safe. ms_text_holder allocates its result: the caller frees it; NULL: no memory.
 */
#ifndef MS_RENDER_HEAP_NAMES_H
#define MS_RENDER_HEAP_NAMES_H

#include "analyze/report.h"

const char *ms_leak_kind_name(uint8_t kind);     /* "definite", "possible", "indirect", "reachable" */
const char *ms_root_kind_name(uint8_t kind);     /* "global", "stack", "registers", "tls", "mapping"; else "unknown" */

const char *ms_held_what_name(uint8_t what);     /* "holder", "shared", "lost", "blocks": enum ms_held_what */

/* "global cache in libfoo.so", "parse() in thread 43 worker", "registers of thread 42 main", ...; escaped. */
char *ms_text_holder(const struct ms_report *report, const struct ms_holder *holder);

#endif
