/* diff_order.c - see diff_order.h. */
#include "diff_order.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text_style.h"

typedef unsigned __int128 wide;

const struct ms_diff_total *ms_diff_total_of(const struct ms_diff *d, const char *name)
{
	for (size_t i = 0; i < d->total_count; i++)
		if (strcmp(d->totals[i].name, name) == 0)
			return &d->totals[i];
	return NULL;
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static int by_importance(const void *a, const void *b)
{
	const struct ms_diff_ranked *x = a, *y = b;

	if (x->share != y->share)
		return x->share > y->share ? -1 : 1;
	if (x->amount != y->amount)
		return x->amount > y->amount ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

struct ms_diff_ranked *ms_diff_rank(const struct ms_diff *d, unsigned metric, size_t *count)
{
	struct ms_diff_ranked *list = calloc(d->row_count + 1, sizeof *list);
	uint64_t whole[MS_DIFF_METRIC_COUNT];
	size_t n = 0;

	*count = 0;
	if (!list)
		return NULL;
	for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++) {
		const struct ms_diff_total *t = ms_diff_total_of(d, ms_diff_metrics[m].name);

		whole[m] = t->value.before.median > t->value.after.median ? t->value.before.median : t->value.after.median;
	}
	for (size_t i = 0; i < d->row_count; i++) {
		struct ms_diff_ranked best = {.row = (uint32_t)i};
		bool any = false;

		for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++) {
			const struct ms_diff_value *v = &d->rows[i].value[m];
			struct ms_diff_ranked r = {.row = (uint32_t)i, .metric = (uint8_t)m, .change = v->change};

			if ((metric < MS_DIFF_METRIC_COUNT && m != metric) || !ms_diff_is_change(v->change))
				continue;
			r.amount = apart(v->before.median, v->after.median);
			/* Medians of call paths need not add up to the median of the total. */
			r.share = whole[m] == 0 || r.amount > whole[m] ? 1ull << 32 : (uint64_t)(((wide)r.amount << 32) / whole[m]);
			if (!any || r.share > best.share)
				best = r;
			any = true;
		}
		if (any)
			list[n++] = best;
	}
	qsort(list, n, sizeof *list, by_importance);
	*count = n;
	return list;
}

const char *ms_diff_change_name(uint8_t change)
{
	static const char *const names[MS_DIFF_CHANGES] = {"same", "grown", "shrunk", "new", "gone", "noise"};

	return names[change];
}

const char *ms_diff_pairing_name(uint8_t pairing)
{
	static const char *const names[] = {"exact", "fuzzy", "merged", "unpaired"};

	return names[pairing];
}

const char *ms_diff_amount(char text[MS_DIFF_TEXT], uint64_t old, uint64_t new, bool bytes, bool exact)
{
	char number[MS_UNIT_TEXT];

	if (bytes)
		ms_unit_bytes(number, apart(old, new), exact);
	else
		ms_unit_count(number, apart(old, new));
	snprintf(text, MS_DIFF_TEXT, "%s%s", new > old ? "+" : new < old ? "-" : "", number);
	return text;
}

const char *ms_diff_percent(char text[MS_DIFF_TEXT], uint64_t old, uint64_t new)
{
	uint64_t tenths;

	if (old == 0)
		return strcpy(text, new ? "new" : "");
	if (new / 10 >= old) {
		snprintf(text, MS_DIFF_TEXT, "x %" PRIu64, new / old);
		return text;
	}
	tenths = (uint64_t)(((wide)apart(old, new) * 1000 + old / 2) / old);
	if (old == new)
		return strcpy(text, "");
	if (tenths == 0)
		return strcpy(text, new > old ? "< +0.1 %" : "> -0.1 %");
	snprintf(text, MS_DIFF_TEXT, "%c%" PRIu64 ".%" PRIu64 " %%", new > old ? '+' : '-', tenths / 10, tenths % 10);
	return text;
}

const struct ms_report *ms_diff_example(const struct ms_diff *d, const struct ms_diff_row *row, uint32_t *node)
{
	*node = row->after.sites ? row->after.node : row->before.node;
	return row->after.sites ? ms_diff_new_report(d, row) : ms_diff_old_report(d, row);
}

char *ms_diff_place(const struct ms_diff *d, const struct ms_diff_row *row)
{
	uint32_t node;
	const struct ms_report *report = ms_diff_example(d, row, &node);
	const struct ms_report_line *line = ms_report_headline(report, node), *before;
	char *now = ms_text_place(line, NULL), *was, *both = NULL;

	if (!now || row->pairing == MS_DIFF_EXACT || !row->before.sites || !row->after.sites)
		return now;
	before = ms_report_headline(ms_diff_old_report(d, row), row->before.node);
	if (!line || !before || strcmp(line->function, before->function) == 0)
		return now;
	was = ms_text_place(before, NULL);
	if (!was || asprintf(&both, "%s (was %s)", now, was) < 0)
		both = NULL;
	free(was);
	free(now);
	return both;
}
