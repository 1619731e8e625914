/*
 * jit_map.h - names of functions that the program generated itself: the map that JIT compilers write for perf,
 * /tmp/perf-PID.map, one line per function: start and size in hexadecimal, then the name.
 *
 * jit_map_open is called while the program lives: it remembers the program's /tmp (its root may be another one) and its pid
 * there (the innermost pid namespace), which are gone when it has ended. jit_map_read is called at the end.
 * Of several entries that cover one address the last one in the file counts: compilers append, and code is replaced.
 * A name therefore is what the address meant last, not what it meant at each event.
 *
 * The file is written by the program, in a folder that everybody writes to: it has to be a regular file of the program's user or of
 * root, no link, of at most JIT_MAP_BYTES; lines that are none are skipped; a range may not run over the end of the address space.
 *
 * Ownership: names belong to the struct until jit_map_close. Errors: no file, no memory: no names. No locale.
 * Thread-safety: one thread at a time. Not signal-safe.
 * Source of the format: linux/tools/perf/Documentation/jit-interface.txt.
 */
#ifndef MS_RECORD_JIT_MAP_H
#define MS_RECORD_JIT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define JIT_MAP_BYTES (UINT64_C(128) << 20)
#define JIT_NAME_BYTES 1023u /* longer names are cut */

struct jit_map {
	bool open;
	int tmp_fd;                      /* the program's /tmp, if open */
	pid_t pid;                       /* as the program sees itself */
	uid_t uid;                       /* whose it is */
	char *text;                      /* of the file; names are cut out of it */
};

/* pid: of the program, as this process sees it. */
void jit_map_open(struct jit_map *m, pid_t pid);

/*
 * names[i] = the name of the code that returns to addresses[i], NULL = none. addresses ascending; names is all overwritten.
 * The map of another struct or an earlier call is not looked at again. Returns how many names there are.
 */
size_t jit_map_read(struct jit_map *m, const uint64_t *addresses, const char **names, size_t count);

/* The same for a text in memory, which is changed (names get their end; text[bytes] is written, too) and must live as long as they do. */
size_t jit_map_names(char *text, size_t bytes, const uint64_t *addresses, const char **names, size_t count);

/* Also for a struct that was zeroed and never opened. */
void jit_map_close(struct jit_map *m);

#endif
