/* series_text.c - the section about series by site, thread, ...: one table per group, each row with its curve. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "series_rows.h"
#include "spark.h"
#include "text_style.h"

#define CURVE 40

/* One scale for all rows of a table, so that curves can be compared. */
static char *curve(const struct ms_text *t, const struct ms_series_row *row, uint64_t maximum)
{
	uint64_t *levels = ms_series_levels(t->report, row);
	char *text = NULL;
	size_t size = 0;
	FILE *f = levels ? open_memstream(&text, &size) : NULL;

	if (f) {
		ms_spark(f, levels, t->report->timeline_count, maximum, CURVE, t->options.utf8);
		fclose(f);
	}
	free(levels);
	return text;
}

static void cell_name(const struct ms_text *t, struct ms_table *table, enum ms_timeline_group group, uint32_t key)
{
	const struct ms_report *r = t->report;
	char *name = NULL, *text = NULL, *place;

	if (group == MS_TIMELINE_SITE) {
		place = ms_text_place(ms_report_headline(r, key), NULL);
		if (place && asprintf(&text, "#%" PRIu32 " %s", key, place) < 0)
			text = NULL;
		free(place);
	} else if (ms_series_name(&name, r, group, key) == MS_OK) {
		char *escaped = ms_text_escaped(name ? name : "");

		if (escaped && group == MS_TIMELINE_THREAD && key && key <= r->thread_count) {
			if (asprintf(&text, "%" PRIu32 "%s%s", r->threads[key - 1].tid, *escaped ? " " : "", escaped) < 0)
				text = NULL;
		} else if (escaped && group == MS_TIMELINE_SIZE) {
			if (asprintf(&text, "%s B", escaped) < 0)
				text = NULL;
		} else if (escaped) {
			text = strdup(*escaped ? escaped : "(unknown)");
		}
		free(escaped);
		free(name);
	}
	ms_cell_owned(table, text);
}

static int print_group(struct ms_text *t, enum ms_timeline_group group)
{
	static const struct ms_column columns[] = {
		{"peak", MS_RIGHT}, {"at end", MS_RIGHT}, {"begun", MS_RIGHT}, {"first seen", MS_RIGHT}, {"last seen", MS_RIGHT},
		{"live bytes over time", MS_LEFT}, {"", MS_LEFT},
	};
	size_t count = t->report->timeline_by[group].series_count;
	size_t n = t->options.top && count > t->options.top ? t->options.top : count;
	struct ms_series_row *rows = ms_series_rows(t->report, group);
	struct ms_table table;
	int rc;

	if (!rows)
		return MS_E_NOMEM;
	fprintf(t->out, "  by %s\n", ms_timeline_groups[group].name);
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		ms_cell_bytes(t, &table, rows[i].peak_bytes);
		ms_cell_bytes(t, &table, rows[i].end_bytes);
		ms_cell_count(&table, rows[i].blocks_begun);
		ms_cell_duration(&table, rows[i].first_seen_ns);
		ms_cell_duration(&table, rows[i].last_seen_ns);
		ms_cell_owned(&table, curve(t, &rows[i], rows[0].peak_bytes));
		cell_name(t, &table, group, rows[i].key);
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, count - n, "more row");
	free(rows);
	return rc;
}

int ms_text_series(struct ms_text *t)
{
	bool any = false;
	int rc = MS_OK;

	for (int g = 0; g < MS_TIMELINE_GROUP_COUNT; g++)
		any |= t->report->timeline_by[g].series != NULL;
	if (!any) {
		if (t->options.sections)
			ms_text_heading(t, "SERIES", "none was asked for (--by)");
		return MS_OK;
	}
	ms_text_heading(t, "SERIES", "what live bytes were made of over time; curves of a table have one scale");
	for (int g = 0; g < MS_TIMELINE_GROUP_COUNT && rc == MS_OK; g++)
		if (t->report->timeline_by[g].series)
			rc = print_group(t, (enum ms_timeline_group)g);
	return rc;
}
