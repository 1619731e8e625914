/*
 * frame_labels.h - frames in the words of Valgrind's tools: "0x1A2B: function (file:line)", "0x1A2B: ??? (in /lib/libx.so)".
 *
 * The address is that of the call inside its module (a call path here may be several places in memory). A line without a file has the module,
 * "0x0: [no stack]" is no stack at all. Not escaped: the caller does that. Nodes with the same frame have the same first_line, by which lists of
 * frames can be made.
 *
 * Ownership: ms_frame_label allocates; NULL: no memory. Errors: none else. Thread-safety: pure functions.
 */
#ifndef MS_FRAME_LABELS_H
#define MS_FRAME_LABELS_H

#include "export.h"

/* line NULL: no stack. The caller frees it. */
char *ms_frame_label(const struct ms_export_input *input, const struct ms_report_line *line);
/* Address of the call, not of the return. */
uint64_t ms_frame_call_offset(const struct ms_report_line *line);
/* The same in memory: where the module was loaded the last time. */
uint64_t ms_frame_address(const struct ms_export_input *input, const struct ms_report_line *line);
/* Text in formats of lines: control characters become '?', what is no UTF-8 U+FFFD. */
void ms_put_line_text(FILE *out, const char *text);

#endif
