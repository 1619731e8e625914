/*
 * export_kinds.h - the answer to --export=list: the kinds of a table of exports, their metrics and usual suffixes, on standard output; then the program
 * ends, with status 4 when that could not be written.
 *
 * Ownership: list is borrowed. Thread-safety: one thread.
 */
#ifndef MS_TOOLS_EXPORT_KINDS_H
#define MS_TOOLS_EXPORT_KINDS_H

#include "render/export/export.h"

_Noreturn void export_kinds_print(const struct ms_export *const *list, size_t count);

#endif
