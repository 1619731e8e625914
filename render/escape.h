/*
 * escape.h - the one place that makes strings from a trace safe to print.
 *
 * Strings in a trace come from the traced program (paths, symbols, thread names, arguments) and may hold any byte.
 *   ms_escape_json: a JSON string with its quotes (RFC 8259). Bytes that are no valid UTF-8 become U+FFFD.
 *   ms_escape_text: for terminals and log files: control characters and invalid UTF-8 become \n, \t, \r or \xNN and a
 *                   backslash becomes \\, so that no name can move the cursor or forge a line.
 *
 * s: NUL-terminated, borrowed; NULL counts as "". Errors: 0, or MS_E_IO when the stream failed (ferror is set then).
 * Thread-safety: the caller owns the stream (unlocked stdio). Does not allocate.
 */
#ifndef MS_RENDER_ESCAPE_H
#define MS_RENDER_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

int ms_escape_json(FILE *out, const char *s);
int ms_escape_text(FILE *out, const char *s);

/* Words of a command line for the eye: separated by blanks, in quotes where a shell would want some ('' when empty; "
   around words that hold a single quote), each by ms_escape_text. */
int ms_escape_words(FILE *out, const char *const *words, size_t count);

/* Length in bytes of the valid UTF-8 sequence at s (1..4), 0 when there is none. s is NUL-terminated. */
size_t ms_utf8_length(const char *s);

/* Columns that ms_escape_text(s) takes on a terminal, counting one per character. */
size_t ms_escape_text_width(const char *s);

#endif
