/*
 * export_formats.h - the formats, one row each; exports.c makes the tables of them.
 *
 * X(name): `const struct ms_export ms_export_<name>`, defined in the format's own file. Pure data; thread-safe.
 */
#ifndef MS_EXPORT_FORMATS_H
#define MS_EXPORT_FORMATS_H

#include "export.h"

#define MS_EXPORT_FORMATS(X) \
	X(folded)   \
	X(pprof)    \
	X(sarif)    \
	X(junit)    \
	X(gitlab)   \
	X(speedscope) \
	X(svg)      \
	X(csv)      \
	X(valgrind_xml) \
	X(dhat)     \
	X(callgrind) \
	X(jeprof)   \
	X(heaptrack) \
	X(massif)   \
	X(chrome)

/* Of comparisons. */
#define MS_DIFF_EXPORT_FORMATS(X) \
	X(folded_diff)

#define X(name) extern const struct ms_export ms_export_##name;
MS_EXPORT_FORMATS(X)
MS_DIFF_EXPORT_FORMATS(X)
#undef X

#endif
