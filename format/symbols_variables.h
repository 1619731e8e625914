/*
 * symbols_variables.h - the type of a variable from the debug information, by its name and the code that sees it.
 *
 * address: in the file, inside the code that names the variable. name: a name, or one with what selects a part of it: *name, name.member,
 * name->member, name[...], &name is not one. Looked up from the innermost block of code outwards: locals and parameters of the function, through
 * inlined calls; what a closure has captured; members of the object (this, self); variables of the file. Optimised code may have lost the extent of
 * blocks: then a name counts that has one type everywhere in the function.
 *
 * Ownership: the text is the caller's (free). NULL: not found, not said, or no memory. Thread-safety: one thread at a time.
 * Source: DWARF 5, sections 3.5 (blocks), 4.1 (variables); libdw.
 */
#ifndef MS_FORMAT_SYMBOLS_VARIABLES_H
#define MS_FORMAT_SYMBOLS_VARIABLES_H

#include <stdint.h>

#include "format/symbols_dwarf.h"

char *symbols_variable_type(struct symbols_dwarf *d, uint64_t address, const char *name);

#endif
