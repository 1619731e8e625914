/* output_names.c - see output_names.h. */
#include "render/tools/output_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

char *output_name(const char *folder, const char *trace, const char *kind, const char *metric, const char *suffix)
{
	const char *slash = strrchr(trace, '/'), *stem = slash ? slash + 1 : trace;
	size_t length = strlen(stem), kind_length = kind ? strlen(kind) : 0;
	bool named = !kind || (strncmp(suffix + 1, kind, kind_length) == 0 && strchr(".", suffix[1 + kind_length]));
	char *name = NULL;

	if (length > 3 && strcmp(stem + length - 3, ".ms") == 0)
		length -= 3;
	if (asprintf(&name, "%s/%.*s%s%s%s%s%s", folder, (int)length, stem, metric ? "." : "", metric ? metric : "", named ? "" : ".",
	             named ? "" : kind, suffix) < 0)
		return NULL;
	return name;
}
