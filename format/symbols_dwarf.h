/*
 * symbols_dwarf.h - what an address of an ELF file is in its debug information: functions, inline chain, file, line.
 *
 * libdw's own walk from an address to its scopes reads a compilation unit's whole tree for each address. Here the ranges
 * of the units are read once per file, and the functions and inlined calls of a unit once, when the first address of
 * it is asked for, into a flat array; after that a lookup is a few binary searches.
 *
 * Ownership: symbols_dwarf_close frees; lines and names are borrowed (names until close, lines until the next lookup).
 * Errors: MS_E_NOMEM; damaged debug information gives fewer answers. Thread-safety: one thread at a time.
 * Source: DWARF 5, sections 2.17 (ranges), 3.3.8 (inlined subroutines); libdw.
 */
#ifndef MS_FORMAT_SYMBOLS_DWARF_H
#define MS_FORMAT_SYMBOLS_DWARF_H

#include <stddef.h>
#include <stdint.h>

#include "format/symbols.h"
#include "format/symbols_elf.h"

struct symbols_dwarf;

/* elf (borrowed) has debug information. */
int symbols_dwarf_open(struct symbols_dwarf **out, const struct symbols_elf *elf);
/*
 * Lines of the chain at `address`, innermost first (the caller may complete them); *n = 0 when the unit is unknown. When no
 * function covers the address but the line table does, there is one line without function.
 */
int symbols_dwarf_resolve(struct symbols_dwarf *d, uint64_t address, struct ms_symbol_line **lines, size_t *n);
/* The functions and inlined calls around `address`, innermost first, at most `most`; *unit: the DIE of their unit. 0 when there is none, or no memory. */
size_t symbols_dwarf_scopes(struct symbols_dwarf *d, uint64_t address, Dwarf_Die *unit, Dwarf_Die *scopes, size_t most);
void symbols_dwarf_close(struct symbols_dwarf *d); /* NULL allowed */

#endif
