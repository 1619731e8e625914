/*
 * symbols_table.h - reads the function symbols (.symtab, .dynsym) of an open module into its interval table.
 *
 * Internal to the symbolizer. Errors: MS_E_NOMEM; damaged tables give fewer symbols.
 */
#ifndef MS_FORMAT_SYMBOLS_TABLE_H
#define MS_FORMAT_SYMBOLS_TABLE_H

struct symbols_elf;

int symbols_table_read(struct symbols_elf *e);

#endif
