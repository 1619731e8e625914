/* timeline_json.c - see timeline_json.h. Columns, because the names of members would be most of the text otherwise. */
#include "timeline_json.h"

#include <stddef.h>
#include <stdlib.h>

#include "json_stack.h"
#include "series_rows.h"

void ms_json_timeline(struct ms_json *j, const struct ms_report *r)
{
	static const struct {
		const char *key;
		size_t offset;
	} columns[] = {
		{"start_ns", offsetof(struct ms_report_bucket, start_ns)},
		{"min_live_bytes", offsetof(struct ms_report_bucket, min_live_bytes)},
		{"max_live_bytes", offsetof(struct ms_report_bucket, max_live_bytes)},
		{"last_live_bytes", offsetof(struct ms_report_bucket, last_live_bytes)},
		{"max_live_blocks", offsetof(struct ms_report_bucket, max_live_blocks)},
		{"last_live_blocks", offsetof(struct ms_report_bucket, last_live_blocks)},
		{"blocks_begun", offsetof(struct ms_report_bucket, allocations)},
		{"blocks_ended", offsetof(struct ms_report_bucket, frees)},
		{"bytes_begun", offsetof(struct ms_report_bucket, allocated_bytes)},
		{"bytes_ended", offsetof(struct ms_report_bucket, freed_bytes)},
	};

	ms_json_object(j, "timeline");
	for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
		ms_json_array(j, columns[c].key);
		for (size_t i = 0; i < r->timeline_count; i++)
			ms_json_uint(j, NULL, *(const uint64_t *)((const char *)&r->timeline[i] + columns[c].offset));
		ms_json_end_array(j);
	}
	ms_json_end_object(j);
}

static void columns_of(struct ms_json *j, const struct ms_series_row *row)
{
#define COLUMN(key, field)                                   \
	ms_json_array(j, key);                               \
	for (size_t i = 0; i < row->cell_count; i++)         \
		ms_json_uint(j, NULL, row->cells[i].field);  \
	ms_json_end_array(j)
	COLUMN("step", bucket);
	COLUMN("min_live_bytes", min_live_bytes);
	COLUMN("max_live_bytes", max_live_bytes);
	COLUMN("last_live_bytes", last_live_bytes);
	COLUMN("last_live_blocks", last_live_blocks);
	COLUMN("blocks_begun", allocations);
	COLUMN("blocks_ended", frees);
	COLUMN("bytes_begun", allocated_bytes);
	COLUMN("bytes_ended", freed_bytes);
#undef COLUMN
}

static int group_of(struct ms_json *j, const struct ms_report *r, enum ms_timeline_group group, size_t top)
{
	size_t count = r->timeline_by[group].series_count, n = top && count > top ? top : count;
	struct ms_series_row *rows = ms_series_rows(r, group);
	int rc = rows ? MS_OK : MS_E_NOMEM;

	ms_json_object(j, ms_timeline_groups[group].name);
	ms_json_array(j, "series");
	for (size_t i = 0; rc == MS_OK && i < n; i++) {
		const struct ms_series_row *row = &rows[i];
		char *name;

		rc = ms_series_name(&name, r, group, row->key);
		if (rc)
			break;
		ms_json_object(j, NULL);
		ms_json_uint(j, "key", row->key);
		ms_json_string(j, "name", name);
		ms_json_uint(j, "peak_bytes", row->peak_bytes);
		ms_json_uint(j, "end_bytes", row->end_bytes);
		ms_json_uint(j, "end_blocks", row->end_blocks);
		ms_json_uint(j, "blocks_begun_sum", row->blocks_begun);
		ms_json_uint(j, "first_seen_ns", row->first_seen_ns);
		ms_json_uint(j, "last_seen_ns", row->last_seen_ns);
		columns_of(j, row);
		ms_json_end_object(j);
		free(name);
	}
	ms_json_end_array(j);
	ms_json_uint(j, "series_omitted", count - n);
	ms_json_end_object(j);
	free(rows);
	return rc;
}

int ms_json_timeline_by(struct ms_json *j, const struct ms_report *r, size_t top)
{
	int rc = MS_OK;

	ms_json_object(j, "timeline_by");
	for (int g = 0; g < MS_TIMELINE_GROUP_COUNT && rc == MS_OK; g++)
		if (r->timeline_by[g].series)
			rc = group_of(j, r, (enum ms_timeline_group)g, top);
	ms_json_end_object(j);
	return rc;
}

void ms_json_phases(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_report_phases *p = &r->phases;

	ms_json_object(j, "phases");
	ms_json_uint(j, "marks", p->marks);
	ms_json_array(j, "list");
	for (size_t i = 0; i < p->count; i++) {
		const struct ms_phase *a = &p->list[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "name", *a->name ? a->name : NULL);
		ms_json_uint(j, "from_ns", a->from_ns);
		ms_json_uint(j, "to_ns", a->to_ns);
		ms_json_uint(j, "from_event", a->from_event);
		ms_json_uint(j, "to_event", a->to_event);
		ms_json_uint(j, "allocations", a->allocations);
		ms_json_uint(j, "reallocations", a->reallocations);
		ms_json_uint(j, "frees", a->frees);
		ms_json_uint(j, "allocated_bytes", a->allocated_bytes);
		ms_json_uint(j, "freed_bytes", a->freed_bytes);
		ms_json_uint(j, "start_blocks", a->start_blocks);
		ms_json_uint(j, "start_bytes", a->start_bytes);
		ms_json_uint(j, "end_blocks", a->end_blocks);
		ms_json_uint(j, "end_bytes", a->end_bytes);
		ms_json_uint(j, "peak_bytes", a->peak_bytes);
		ms_json_uint(j, "peak_time_ns", a->peak_ns);
		ms_json_uint(j, "kept_blocks", a->kept_blocks);
		ms_json_uint(j, "kept_bytes", a->kept_bytes);
		ms_json_uint(j, "kept_sites", a->kept_sites);
		ms_json_array(j, "sites");
		for (unsigned k = 0; k < MS_PHASE_SITES && a->sites[k].blocks; k++) {
			ms_json_object(j, NULL);
			ms_json_uint(j, "site", a->sites[k].node);
			ms_json_uint(j, "blocks", a->sites[k].blocks);
			ms_json_uint(j, "bytes", a->sites[k].bytes);
			ms_json_stack(j, "stack", r, a->sites[k].node);
			ms_json_end_object(j);
		}
		ms_json_end_array(j);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_uint(j, "omitted", p->list ? p->marks + 1 - p->count : 0);
	ms_json_end_object(j);
}

void ms_json_pauses(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_report_pauses *p = &r->pauses;

	ms_json_object(j, "pauses");
	ms_json_uint(j, "count", p->pauses);
	ms_json_uint(j, "paused_ns", p->paused_ns);
	ms_json_array(j, "list");
	for (size_t i = 0; i < p->count; i++) {
		const struct ms_report_pause *a = &p->list[i];

		ms_json_object(j, NULL);
		ms_json_uint(j, "from_ns", a->from_ns);
		ms_json_uint(j, "to_ns", a->to_ns);
		ms_json_uint(j, "from_event", a->from_event);
		ms_json_uint(j, "to_event", a->to_event);
		ms_json_string(j, "asked_by", ms_asked_by_name(a->asked_by));
		ms_json_string(j, "resumed_by", a->ended ? ms_asked_by_name(a->resumed_by) : NULL);
		ms_json_bool(j, "began_before", a->began_before);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_end_object(j);
}

void ms_json_snapshots(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_report_snapshots *s = &r->snapshots;

	ms_json_object(j, "snapshots");
	ms_json_uint(j, "count", s->snapshots);
	ms_json_array(j, "list");
	for (size_t i = 0; i < s->count; i++) {
		const struct ms_report_snapshot *a = &s->list[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "name", a->name);
		ms_json_uint(j, "time_ns", a->time_ns);
		ms_json_uint(j, "event", a->event);
		ms_json_string(j, "asked_by", ms_asked_by_name(a->asked_by));
		ms_json_uint(j, "thread", a->thread);
		ms_json_uint(j, "live_blocks", a->live_blocks);
		ms_json_uint(j, "live_bytes", a->live_bytes);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_end_object(j);
}
