/* analyses.c - the one list of analyses, and the check of their tables. Adding one: docs/HOWTO_ADD_ANALYSIS.md. */
#include <string.h>

#include "analysis.h"

#define MS_ANALYSES(X)   \
	X(totals)            \
	X(sites)             \
	X(estimates)         \
	X(thread_ledgers)    \
	X(sizes)             \
	X(lifetimes)         \
	X(mappings)          \
	X(timeline)          \
	X(timeline_groups)   \
	X(unmatched)         \
	X(pauses)            \
	X(case_pass)         \
	X(safety)            \
	X(growth)

#define X(name) extern const struct ms_analysis_ops ms_analysis_##name;
MS_ANALYSES(X)
#undef X

const struct ms_analysis_ops *const ms_analyses[] = {
#define X(name) &ms_analysis_##name,
	MS_ANALYSES(X)
#undef X
};
const size_t ms_analysis_count = sizeof ms_analyses / sizeof *ms_analyses;

int ms_analysis_check(const struct ms_analysis_ops *const *list, size_t count, struct ms_error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct ms_analysis_ops *a = list[i];

		if (!a || !a->name || !*a->name)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "analysis %zu has no name", i);
		if (strspn(a->name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(a->name))
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "analysis name '%s': only a-z, 0-9 and '-'", a->name);
		if (!a->summary || !*a->summary)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "analysis '%s' has no summary", a->name);
		if (a->columns & ~(uint32_t)(MS_COLUMN_ADDRESS | MS_COLUMN_ARGS | MS_COLUMN_MAP_ADDRESS))
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "analysis '%s' asks for unknown columns", a->name);
		if (!a->create || !a->view || !a->finish || !a->destroy)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "analysis '%s' lacks a callback", a->name);
		for (size_t k = 0; k < i; k++)
			if (strcmp(a->name, list[k]->name) == 0)
				return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "two analyses are named '%s'", a->name);
	}
	return MS_OK;
}
