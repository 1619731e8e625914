/*
 * export_names.h - what frames and files are called in every export.
 *
 * A frame is its function (demangled); without a name "libx.so+0x1a2b", or "0x1a2b" when even the module is unknown; no stack at all is
 * "[no stack]". Names come from the trace and hold any bytes: escape what is returned.
 *
 * Ownership: what is returned is borrowed from the report or stands in the buffer, unless it says otherwise. Errors: none but no memory.
 * Thread-safety: pure functions.
 */
#ifndef MS_EXPORT_NAMES_H
#define MS_EXPORT_NAMES_H

#include "export.h"

#define MS_EXPORT_FRAME 300
/* line NULL: no stack. */
const char *ms_export_frame(char buffer[MS_EXPORT_FRAME], const struct ms_report_line *line);
/* The last part of a path. */
const char *ms_export_base(const char *path);
/* A path as input->no_paths wants it; "" when unknown. */
const char *ms_export_path(const struct ms_export_input *input, const char *path);
/* The directory of the sources: input->source_root, else the program's working directory; NULL when none is known, or only "/". */
const char *ms_export_root(const struct ms_export_input *input);
/* The same path with "." and ".." resolved by words (links are not followed), and relative to the root when *inside comes back true.
   To be freed; NULL: no memory. */
char *ms_export_place(const struct ms_export_input *input, const char *path, bool *inside);
/* The recording's name: input->name, else the program's, without directories. */
const char *ms_export_title(const struct ms_export_input *input);
/* A frame in folded stacks: ';' becomes ':', control characters '?', what is no UTF-8 U+FFFD. */
void ms_put_folded_name(FILE *out, const char *name);

#endif
