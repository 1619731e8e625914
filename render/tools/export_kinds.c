/* export_kinds.c - see export_kinds.h. */
#include "export_kinds.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void export_kinds_print(const struct ms_export *const *list, size_t count)
{
	puts("Kinds of --export KIND[:METRIC]=FILE, and what their files usually end with:");
	for (size_t i = 0; i < count; i++) {
		const struct ms_export *e = list[i];

		printf("  %-13s %s (%s)\n", e->name, e->summary, e->suffix);
		for (const char *const *m = e->metrics; m && *m; m++)
			printf("%s%s%s", m == e->metrics ? "                :METRIC is one of " : ", ", *m, m == e->metrics ? " (default)" : "");
		if (e->metrics)
			putchar('\n');
	}
	exit(fflush(stdout) ? 4 : 0);
}
