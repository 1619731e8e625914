/*
 * program.h - which file a command means, and whether the recording library can be loaded into it.
 *
 * Ownership: struct program is the caller's; nothing to free. Thread-safety: reentrant. Not signal-safe.
 */
#ifndef MS_RECORD_PROGRAM_H
#define MS_RECORD_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum program_kind {
	PROGRAM_DYNAMIC,     /* the dynamic linker starts it: the library can be preloaded */
	PROGRAM_STATIC,      /* no dynamic linker */
	PROGRAM_FOREIGN,     /* an ELF file of another architecture */
	PROGRAM_PRIVILEGED,  /* set-user-ID and the like: the dynamic linker ignores LD_PRELOAD */
	PROGRAM_SANITIZED,   /* brings a sanitizer that replaces malloc itself and does not start, or crashes, behind us */
	PROGRAM_UNKNOWN,     /* neither ELF nor a script: the kernel or the shell decides */
};

struct program {
	char path[PATH_MAX];             /* what to execute */
	char image[PATH_MAX];            /* the ELF file that runs: path, or the interpreter of a script */
	enum program_kind kind;
};

/*
 * Looks the command up like execvp and probes it. Returns 0, or MS_EXIT_NOT_FOUND / MS_EXIT_NOT_EXECUTABLE
 * (record/options.h) and a message without newline. search = the value of $PATH, NULL = the system's default.
 */
int program_resolve(struct program *p, const char *command, const char *search, char *message, size_t message_bytes);

/* Probes the file p->path alone. */
void program_probe(struct program *p);

/* One sentence for a kind that cannot be recorded, "" for the others. */
const char *program_obstacle(enum program_kind kind);

#endif
