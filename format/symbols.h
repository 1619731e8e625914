/*
 * symbols.h - addresses to functions, files and lines, and to the names of data, through libdw (elfutils) and the GNU demangler.
 *
 * A symbolizer finds the ELF file of a module by its path and its separate debug file by build-id under the debug
 * directory, by .gnu_debuglink beside the file, and (only when asked) from debuginfod servers. A file whose build-id
 * differs from the recorded one is not used; a module without a build-id is taken at its path. When the module itself is
 * gone, its debug file alone will do. Without debug information the symbol tables (.symtab, .dynsym; .gnu_debugdata is
 * not read) give the function alone; an address that no function or symbol covers stays unknown.
 *
 * Ownership: lines returned are borrowed until the next call on the same symbolizer; ms_symbolizer_close frees all.
 * Errors: MS_E_NOMEM. A module that cannot be opened is no error: its frames resolve to nothing.
 * Thread-safety: one thread at a time. Not signal-safe. Allocates; opens files.
 */
#ifndef MS_FORMAT_SYMBOLS_H
#define MS_FORMAT_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errors.h"
#include "trace_types.h"

struct ms_symbolizer;

struct ms_symbolizer_options {
	bool debuginfod;                 /* ask the servers in $DEBUGINFOD_URLS for missing debug files */
	const char *debug_directory;     /* NULL = /usr/lib/debug */
	bool c_library_by_name;          /* frames in glibc's libraries have no file and line when their debug information stands in a separate file (they have the
	                                    name of the symbol table in any case): to unpack that takes longer than many programs run */
	bool tables_only;                /* names from the symbol tables alone, also of separate debug files: all that data needs */
};

struct ms_symbol_line {
	const char *function;            /* demangled; "" = unknown */
	const char *linkage_name;        /* mangled; "" = same as function */
	const char *file;                /* as in the debug information, made absolute with its directory; "" = unknown */
	uint32_t line;                   /* 0 = unknown */
};

int ms_symbolizer_open(struct ms_symbolizer **out, const struct ms_symbolizer_options *options, struct ms_error *err);

/*
 * What the call before the return address `address` in `module` is: *lines has the inlined functions innermost first,
 * the function that was really called last. Returns their number, 0 = unknown.
 */
size_t ms_symbolizer_resolve(struct ms_symbolizer *s, const struct ms_module *module, uint64_t address,
                             const struct ms_symbol_line **lines);

struct ms_symbol_data {
	const char *name;                /* demangled ("vtable for Shape"), without a version; borrowed until the next call */
	uint64_t address, size_bytes;    /* runtime address of the object */
};

/* The object (a global or static variable, also one inside a function, a constant, a vtable) that covers a runtime address in
   the data of `module`; false when no symbol with a size does. */
bool ms_symbolizer_data(struct ms_symbolizer *s, const struct ms_module *module, uint64_t address,
                        struct ms_symbol_data *out);
/* The same for thread-local variables: `offset` and out->address count from the start of the module's TLS block. */
bool ms_symbolizer_tls(struct ms_symbolizer *s, const struct ms_module *module, uint64_t offset,
                       struct ms_symbol_data *out);

/* The declared type of a variable as the code before the return address `address` in `module` sees it: parameters, locals, captures, members of
   its object, globals; also name.member, name->member, name[...] and *name. As its language writes it; borrowed until the next call. NULL when the debug
   information does not say. */
const char *ms_symbolizer_variable_type(struct ms_symbolizer *s, const struct ms_module *module, uint64_t address, const char *name);

void ms_symbolizer_close(struct ms_symbolizer *s); /* NULL allowed */

#endif
