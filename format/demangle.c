/* demangle.c - see demangle.h. */
#include "format/demangle.h"

#include <ctype.h>
#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

/* A name can be made to expand without bound; nobody reads more, and a string of a trace has a limit. */
#define LINKAGE_MAX (64u << 10)
#define READABLE_MAX (64u << 10)

char *ms_demangle(const char *linkage)
{
	const int options = DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP;
	char *name;

	/* "_Z" C++ and legacy Rust, "_R" Rust v0, "_D" D, "_GLOBAL_" C++ constructors of a file */
	if (linkage[0] != '_' || strnlen(linkage, LINKAGE_MAX) == LINKAGE_MAX)
		return NULL;
	if (linkage[1] == 'D' && (isdigit((unsigned char)linkage[2]) || strcmp(linkage, "_Dmain") == 0))
		name = cplus_demangle(linkage, options | DMGL_DLANG);
	else
		name = cplus_demangle(linkage, options | DMGL_AUTO);
	if (name && strlen(name) > READABLE_MAX) {
		free(name);
		name = NULL;
	}
	return name;
}
