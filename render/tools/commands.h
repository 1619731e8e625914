/*
 * commands.h - what the sub-commands of memscope-trace share: the table row, exit statuses, messages, parsing.
 *
 * A sub-command is one file cmd_NAME.c with one `const struct command`; memscope-trace.c lists them. Messages go to stderr
 * as "memscope-trace NAME: FILE: ..."; results to stdout.
 * Thread-safety: none; a tool is one thread.
 */
#ifndef MS_RENDER_TOOLS_COMMANDS_H
#define MS_RENDER_TOOLS_COMMANDS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "format/errors.h"

enum command_status {
	COMMAND_OK = 0,
	COMMAND_USAGE = 2,
	COMMAND_UNREADABLE = 3,          /* the trace is missing, damaged or of another kind */
	COMMAND_FAILED = 4,              /* the result could not be written */
};

struct command {
	const char *name;
	const char *summary;             /* one line for --help */
	/* argv[0] is "memscope-trace NAME". Returns an enum command_status; exits by itself on usage errors. */
	int (*run)(int argc, char **argv);
};

extern const struct command command_info, command_check, command_repair, command_symbolize, command_dump, command_snapshot,
	command_cut, command_index;

/* argp child with -h, --usage and -V, for every command's table. */
extern const struct argp_child command_common_options[];

/* argp_parse with exit status 2 for usage errors. */
void command_parse(const struct argp *argp, int argc, char **argv, void *input);

/* The end of a command's parser: the one argument TRACE, needed, and no other. ARGP_ERR_UNKNOWN for every other key. */
error_t command_take_trace(int key, char *arg, struct argp_state *state, const char **trace);

/* Prints "COMMAND: FILE: MESSAGE (offset N)" to stderr; returns COMMAND_UNREADABLE. */
int command_unreadable(const char *command, const char *file, const struct ms_error *err);
/* The same about a file that could not be written; returns COMMAND_FAILED. */
int command_unwritable(const char *command, const char *file, const struct ms_error *err);
/* One line of warning when the trace has damage (it is readable up to there); err may be NULL. */
void command_warn_damage(const char *command, const char *file, const struct ms_error *err);
/*
 * Flushes stdout. COMMAND_OK also when the reader of a pipe is gone: it has seen enough. Else a message and COMMAND_FAILED.
 */
int command_finish_output(const char *command);

/* "123" (ns), "20us", "5ms", "1.5s", "2m" to nanoseconds; false when it is not of that form. */
bool command_parse_time(const char *text, uint64_t *ns);

/* The entry of `names` (count, NULL entries skipped) that is nearest to `word`, NULL when none is near. */
const char *command_nearest(const char *word, const char *const *names, size_t count);

#endif
