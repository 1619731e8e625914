/*
 * control_client.h - memscope-record --control: asks the recorder of a trace for something, and says what it answered.
 *
 * trace: path of the trace that is being recorded. words: the command and its text, NULL-terminated (--control takes them where else the
 * program stands): pause, resume, snapshot [NAME], mark TEXT, stop, status. The answer goes to standard output (status) or is silence with
 * quiet; reasons go to standard error.
 * Waits up to CONTROL_WAIT_MS for an answer, for stop until the trace is complete. Returns 0, or MS_EXIT_FAILURE (options.h) when it was not done.
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_CONTROL_CLIENT_H
#define MS_RECORD_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define CONTROL_WAIT_MS 30000

/* Does the command take what follows it? Else reason says what is wrong. words[0] may be NULL. */
bool control_words_valid(char *const *words, char *reason, size_t reason_bytes);

int control_ask(const char *trace, char *const *words, bool quiet);

#endif
