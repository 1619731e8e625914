/*
 * type_names.h - a type of the debug information as its language writes it: "const char *", "struct list", "std::vector<int, std::allocator<int> >",
 * "int (*)[3]", "&[u8]".
 *
 * type_name(unit, type): unit is the compilation unit of the program's text that names the type (its language decides), type the DIE of the type, NULL: void.
 * What has no name is "struct {...}"; inline namespaces are left out.
 * Ownership: the text is the caller's (free). Errors: NULL without memory, or when the type is nested deeper than any real one, or damaged.
 * Thread-safety: one thread at a time per file. Source: DWARF 5, chapter 5; the declarators of C.
 *
 * type_stripped(type, out): the type behind typedefs, qualifiers and references; false when there is none.
 */
#ifndef MS_FORMAT_TYPE_NAMES_H
#define MS_FORMAT_TYPE_NAMES_H

#include <elfutils/libdw.h>
#include <stdbool.h>

char *type_name(Dwarf_Die *unit, Dwarf_Die *type);
bool type_of(Dwarf_Die *die, Dwarf_Die *type); /* DW_AT_type, also of what the DIE is an instance of */
bool type_stripped(Dwarf_Die *type, Dwarf_Die *out);

#endif
