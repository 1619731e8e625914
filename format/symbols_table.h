/*
 * symbols_table.h - reads the symbols (.symtab, .dynsym, also of the separate debug file) of an open module: its functions into
 * its interval table, its data into one of the caller.
 *
 * Internal to the symbolizer. Ownership: symbols_objects_free; names are borrowed from the module. Errors: MS_E_NOMEM; damaged tables give fewer symbols.
 */
#ifndef MS_FORMAT_SYMBOLS_TABLE_H
#define MS_FORMAT_SYMBOLS_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "format/symbols_intervals.h"

struct symbols_elf;

enum symbols_kind { SYMBOLS_FUNCTIONS, SYMBOLS_DATA, SYMBOLS_TLS };

struct symbols_object {
	uint64_t low, high;              /* addresses of the file; TLS: offsets in the TLS segment */
	const char *name;                /* as in symbols_function */
};

struct symbols_objects {
	struct symbols_object *v;
	size_t n;
	struct symbols_intervals ranges; /* -> index in v */
};

int symbols_table_read(struct symbols_elf *e);
/* Data symbols that have a size. kind: SYMBOLS_DATA or SYMBOLS_TLS. *out is empty after an error. */
int symbols_table_read_objects(const struct symbols_elf *e, enum symbols_kind kind, struct symbols_objects *out);
void symbols_objects_free(struct symbols_objects *o);

#endif
