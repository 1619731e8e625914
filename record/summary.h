/*
 * summary.h - what memscope-record says on stderr when a recording has ended.
 *
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_SUMMARY_H
#define MS_RECORD_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

#include "recording.h"

/* "12.3 MiB"; returns text. */
const char *summary_bytes(uint64_t bytes, char *text, size_t text_bytes);

/* One line; with verbose > 0 some more. */
void summary_print(const struct recording *r, int verbose);

#endif
