/*
 * symbols_elf.h - the ELF file of a module, its separate debug file and its function symbols.
 *
 * Ownership: symbols_elf_open allocates, symbols_elf_close frees (NULL allowed); names returned are borrowed until then.
 * Errors: MS_E_NOMEM, and MS_E_NOT_FOUND when no file with the recorded build-id is at hand.
 * Thread-safety: one thread at a time. Opens only regular files.
 * Source: ELF gABI; build-id and .gnu_debuglink as in the GDB manual, "Debugging Information in Separate Files".
 */
#ifndef MS_FORMAT_SYMBOLS_ELF_H
#define MS_FORMAT_SYMBOLS_ELF_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/symbols_intervals.h"

struct symbols_debuginfod;

/* Where separate debug files are looked for. */
struct symbols_search {
	const char *debug_directory;
	struct symbols_debuginfod *debuginfod; /* NULL: no server is asked */
	bool tables_only;                /* the debug information itself is not opened */
	bool c_library_by_name;          /* nor that of glibc's libraries when it stands in a separate file */
};

struct symbols_file {
	int fd;                          /* -1 = not open */
	Elf *elf;
	char *path;
};

struct symbols_range {
	uint64_t low, high;
};

struct symbols_function {
	const char *name;                /* linkage name in a string table of the file; may end in "@VERSION" */
};

struct symbols_elf {
	struct symbols_file main;        /* the module, or its debug file alone when the module is not at hand */
	struct symbols_file debug;       /* separate debug file */
	struct symbols_file alternate;   /* what dwz moved out of it */
	bool c_library;                  /* one of glibc's, with debug information in a separate file */
	Dwarf *dwarf;                    /* NULL = no debug information */
	Dwarf *alternate_dwarf;
	struct symbols_range *code;      /* executable segments */
	size_t code_count;
	struct symbols_function *functions;
	size_t function_count;
	struct symbols_intervals function_ranges; /* -> index in functions */
};

int symbols_elf_open(struct symbols_elf **out, const char *path, const uint8_t *build_id, size_t build_id_bytes,
                     const struct symbols_search *search);
void symbols_elf_close(struct symbols_elf *e);

/* True when [low, high) lies within one executable segment. */
bool symbols_elf_is_code(const struct symbols_elf *e, uint64_t low, uint64_t high);
/* Name of the function symbol that covers an address of the file; NULL when none does. */
const char *symbols_elf_function(const struct symbols_elf *e, uint64_t address);

/* ---- debuginfod: loaded on first use, absent without libdebuginfod.so.1 ---- */
struct symbols_debuginfod *symbols_debuginfod_open(void);
/* File descriptor of the debug file, which the caller closes; -1 when no server has it. */
int symbols_debuginfod_find(struct symbols_debuginfod *d, const uint8_t *build_id, size_t build_id_bytes);
void symbols_debuginfod_close(struct symbols_debuginfod *d); /* NULL allowed */

#endif
