/*
 * symbol_helper.h - a process beside the collector that reads debug information while the program still runs.
 *
 * Reading the debug information of a program may take longer than the program runs. The helper sees the
 * arena: it resolves the code addresses of new stack nodes when the CPUs have nothing better to do (SCHED_IDLE; SCHED_BATCH where it could not come back from there), and so
 * has everything at hand when the recording ends and asks for the names of the frames of the trace. It is a process, because
 * libdw ends its process when memory runs out, and may crash on a damaged file; then the names are resolved as if
 * it had never been (record/ending.h).
 *
 * The frames are handed over in one shared file, the names come back in another one, for which every length is checked.
 *
 * Ownership: symbol_helper_stop frees everything and is needed after a successful start; a helper that was never started
 * (all zero) may be stopped, too. Errors: none are reported: without a helper there is just no answer.
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_SYMBOL_HELPER_H
#define MS_RECORD_SYMBOL_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"
#include "format/symbols.h"

/* What it is asked for: a code address in the module with this index of the arena's records. */
struct symbol_question {
	uint64_t address;
	uint32_t module;                 /* UINT32_MAX = in none */
	uint32_t name_bytes;             /* not 0: the type of the variable of this name is asked for; the name follows, in as many
	                                    questions as it takes (symbol_question_name) */
};
#define SYMBOL_NAME_MOST 1024u       /* bytes of a name; for a longer one there is no answer */

/* Questions that a name of so many bytes takes behind its own. */
static inline size_t symbol_question_name(size_t name_bytes)
{
	return (name_bytes + sizeof(struct symbol_question) - 1) / sizeof(struct symbol_question);
}

struct symbol_helper {
	pid_t pid;                       /* 0 = none */
	int go_fd;                       /* one byte: answer now */
	int question_fd, answer_fd;      /* memfds */
	const uint8_t *answers;          /* mapped, after symbol_helper_ask */
	size_t map_bytes, answer_bytes, at;
};

/* Starts it. Of the caller's files it keeps none. */
void symbol_helper_start(struct symbol_helper *h, const struct arena *arena);

/* Puts the questions. interrupted (NULL allowed) is asked now and then: true gives up.
   False: no answers. *cpu_ns: what it has used, when it has answered. */
bool symbol_helper_ask(struct symbol_helper *h, const struct symbol_question *questions, size_t count,
                       bool (*interrupted)(void *), void *context, uint64_t *cpu_ns);

/* Whatever is left of the answers is not taken. */
void symbol_helper_skip(struct symbol_helper *h);

/* The answer to the next question, in order: its lines as ms_symbolizer_resolve gives them, or one line with the type as `function`; valid until the next call; at most
   max of them. SIZE_MAX: there is none (any more). */
size_t symbol_helper_next(struct symbol_helper *h, struct ms_symbol_line *lines, size_t max);

void symbol_helper_stop(struct symbol_helper *h);

#endif
