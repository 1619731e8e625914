/* plots.c - the tables of figures: see plot.h. */
#include <string.h>

#include "plot.h"
#include "plot_figures.h"

#define X(name) &ms_plot_##name,
const struct ms_plot *const ms_plots[] = {MS_PLOT_FIGURES(X)};
const struct ms_plot *const ms_diff_plots[] = {MS_DIFF_PLOT_FIGURES(X)};
#undef X
const size_t ms_plot_count = sizeof ms_plots / sizeof *ms_plots;
const size_t ms_diff_plot_count = sizeof ms_diff_plots / sizeof *ms_diff_plots;

int ms_plot_check(const struct ms_plot *const *list, size_t count, struct ms_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	for (size_t i = 0; i < count; i++) {
		const struct ms_plot *p = list[i];

		if (!p || !p->name || !*p->name || p->name[strspn(p->name, letters)])
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "figure %zu has no proper name", i);
		if (!p->title || !*p->title || strpbrk(p->title, "\n'"))
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "figure '%s' has no title of one line", p->name);
		if (!p->missing || !p->write)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "figure '%s' does not say what it needs, or writes nothing", p->name);
		if (p->timeline_by >> MS_TIMELINE_GROUP_COUNT)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "figure '%s' needs a group of the timeline that there is not", p->name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(list[j]->name, p->name) == 0)
				return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "two figures are named '%s'", p->name);
	}
	return MS_OK;
}
