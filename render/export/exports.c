/* exports.c - the table of formats: see export.h. */
#include <string.h>

#include "export.h"
#include "export_formats.h"

const struct ms_export *const ms_exports[] = {
#define X(name) &ms_export_##name,
	MS_EXPORT_FORMATS(X)
#undef X
};
const size_t ms_export_count = sizeof ms_exports / sizeof *ms_exports;

const struct ms_export *const ms_diff_exports[] = {
#define X(name) &ms_export_##name,
	MS_DIFF_EXPORT_FORMATS(X)
#undef X
};
const size_t ms_diff_export_count = sizeof ms_diff_exports / sizeof *ms_diff_exports;

/* " a, b, c" into text, as much as it holds. */
static void append(char *text, size_t size, const char *name, bool first)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", first ? "" : ", ", name);
}

static int find(const struct ms_export **out, const char **metric, const struct ms_export *const *list, size_t count, const char *text,
                struct ms_error *err)
{
	size_t length = strcspn(text, ":");
	const struct ms_export *found = NULL;
	char names[200] = "";

	for (size_t i = 0; i < count; i++) {
		append(names, sizeof names, list[i]->name, i == 0);
		if (strlen(list[i]->name) == length && memcmp(list[i]->name, text, length) == 0)
			found = list[i];
	}
	if (!found)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "no export is named '%.*s': there are %s",
		               (int)(length < 30 ? length : 30), text, names);
	*out = found;
	*metric = NULL;
	if (!text[length])
		return MS_OK;
	names[0] = '\0';
	for (const char *const *m = found->metrics; m && *m; m++) {
		append(names, sizeof names, *m, m == found->metrics);
		if (strcmp(*m, text + length + 1) == 0)
			*metric = *m;
	}
	if (*metric)
		return MS_OK;
	if (!found->metrics)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'%s' has no metrics to choose from", found->name);
	return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'%s' has no metric '%.30s': there are %s", found->name, text + length + 1, names);
}

int ms_export_find(const struct ms_export **out, const char **metric, const char *text, struct ms_error *err)
{
	return find(out, metric, ms_exports, ms_export_count, text, err);
}

int ms_diff_export_find(const struct ms_export **out, const char **metric, const char *text, struct ms_error *err)
{
	return find(out, metric, ms_diff_exports, ms_diff_export_count, text, err);
}

int ms_export_check(const struct ms_export *const *list, size_t count, struct ms_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	for (size_t i = 0; i < count; i++) {
		const struct ms_export *e = list[i];

		if (!e || !e->name || !*e->name || e->name[strspn(e->name, letters)])
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "export %zu has no proper name", i);
		if (!e->summary || !*e->summary || strchr(e->summary, '\n'))
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "export '%s' has no summary of one line", e->name);
		if (!e->suffix || e->suffix[0] != '.' || !e->suffix[1])
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "export '%s' has no suffix", e->name);
		if (!e->write == !e->write_diff)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "export '%s' writes nothing", e->name);
		if (e->metrics && !e->metrics[0])
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "export '%s' has an empty list of metrics", e->name);
		for (const char *const *m = e->metrics; m && *m; m++)
			for (const char *const *n = e->metrics; n < m; n++)
				if (strcmp(*m, *n) == 0)
					return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "export '%s' has two metrics '%s'", e->name, *m);
		if (e->timeline_by >> MS_TIMELINE_GROUP_COUNT)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "export '%s' needs a group of the timeline that there is not", e->name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(list[j]->name, e->name) == 0)
				return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "two exports are named '%s'", e->name);
	}
	return MS_OK;
}
