/* pauses_text.c - the section about snapshots and pauses: one row each. */
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "text_style.h"

static int print_snapshots(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"after", MS_RIGHT}, {"event", MS_RIGHT}, {"alive", MS_RIGHT}, {"in blocks", MS_RIGHT}, {"asked by", MS_LEFT}, {"snapshot", MS_LEFT},
	};
	const struct ms_report_snapshots *s = &t->report->snapshots;
	size_t n = t->options.top && s->count > t->options.top ? t->options.top : s->count;
	struct ms_table table;
	int rc;

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_report_snapshot *r = &s->list[i];

		ms_cell_duration(&table, r->time_ns);
		ms_cell_count(&table, r->event);
		ms_cell_bytes(t, &table, r->live_bytes);
		ms_cell_count(&table, r->live_blocks);
		ms_table_cell(&table, ms_asked_by_name(r->asked_by));
		ms_cell_owned(&table, *r->name ? ms_text_escaped(r->name) : strdup("(no name)"));
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, s->snapshots - n, "more snapshot");
	return rc;
}

static int print_pauses(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"paused from", MS_RIGHT}, {"for", MS_RIGHT}, {"events", MS_RIGHT}, {"asked by", MS_LEFT}, {"resumed by", MS_LEFT},
	};
	const struct ms_report_pauses *p = &t->report->pauses;
	size_t n = t->options.top && p->count > t->options.top ? t->options.top : p->count;
	struct ms_table table;
	int rc;

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_report_pause *r = &p->list[i];

		ms_cell_duration(&table, r->from_ns);
		ms_cell_duration(&table, r->to_ns - r->from_ns);
		ms_cell_count(&table, r->to_event - r->from_event);
		ms_table_cell(&table, r->began_before ? "(before)" : ms_asked_by_name(r->asked_by));
		ms_table_cell(&table, r->ended ? ms_asked_by_name(r->resumed_by) : "(not)");
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, p->pauses - n, "more pause");
	return rc;
}

int ms_text_snapshots(struct ms_text *t)
{
	const struct ms_report *r = t->report;
	int rc = MS_OK;

	if (!r->snapshots.snapshots && !r->pauses.pauses) {
		if (t->options.sections)
			ms_text_heading(t, "SNAPSHOTS", "none, and no pause");
		return MS_OK;
	}
	ms_text_heading(t, "SNAPSHOTS", "%s", r->snapshots.snapshots ? "moments to look at: --at snapshot:NAME" : "none; pauses of the recording");
	if (r->snapshots.snapshots)
		rc = print_snapshots(t);
	return rc == MS_OK && r->pauses.pauses ? print_pauses(t) : rc;
}
