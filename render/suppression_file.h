/*
 * suppression_file.h - writes a suppression for each finding that none suppresses yet, in Valgrind's syntax.
 *
 * What is written can be given to --suppressions as it is. Functions stand by their mangled names where they are known, frames without
 * a name by their module; a path goes up to main. Errors: MS_E_IO when the stream failed. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_SUPPRESSION_FILE_H
#define MS_RENDER_SUPPRESSION_FILE_H

#include <stdio.h>

#include "analyze/report.h"

#pragma GCC visibility push(default) /* part of libmemscope.so */
int ms_render_suppressions(FILE *out, const struct ms_report *report, struct ms_error *err);
#pragma GCC visibility pop

#endif
