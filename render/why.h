/*
 * why.h - the answer to "why is this block still there?" as text and as JSON.
 *
 * Errors: MS_E_NOMEM; MS_E_IO when the stream failed. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_WHY_H
#define MS_RENDER_WHY_H

#include <stdio.h>

#include "analyze/report.h"
#include "text.h"

#pragma GCC visibility push(default) /* part of libmemscope.so */

int ms_render_why_text(FILE *out, const struct ms_report *report, const struct ms_why *why, const struct ms_text_options *options,
                       struct ms_error *err);
int ms_render_why_json(FILE *out, const struct ms_report *report, const struct ms_why *why, struct ms_error *err);

#pragma GCC visibility pop

#endif
