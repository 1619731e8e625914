#include "system_json.h"

#include <stddef.h>

static const char *unit_name(uint8_t unit)
{
	static const char *const names[] = {
		[MS_UNIT_BYTES] = "bytes", [MS_UNIT_COUNT] = "count", [MS_UNIT_NANOSECONDS] = "ns", [MS_UNIT_PERCENT] = "percent",
	};

	return unit < sizeof names / sizeof *names ? names[unit] : "count";
}

static void column(struct ms_json *j, const char *key, const struct ms_system_series *s, size_t count, size_t offset)
{
	ms_json_array(j, key);
	for (size_t i = 0; i < count; i++) {
		if (s->bins[i].samples)
			ms_json_uint(j, NULL, *(const uint64_t *)(const void *)((const char *)&s->bins[i] + offset));
		else
			ms_json_null(j, NULL);
	}
	ms_json_end_array(j);
}

static void series(struct ms_json *j, const struct ms_report *r, const struct ms_system_series *s)
{
	ms_json_object(j, NULL);
	ms_json_string(j, "name", s->name);
	ms_json_string(j, "unit", unit_name(s->unit));
	ms_json_string(j, "source", s->source);
	ms_json_bool(j, "cumulative", s->cumulative);
	ms_json_string(j, "status", s->reason ? "not_observable" : "observed");
	ms_json_string(j, "reason", s->reason);
	ms_json_uint(j, "samples", s->samples);
	if (s->reason) {
		static const char *const keys[] = {"first_ns", "last_ns", "first", "last", "min", "max", "max_ns", "timeline"};

		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			ms_json_null(j, keys[i]);
	} else {
		ms_json_uint(j, "first_ns", s->first_ns);
		ms_json_uint(j, "last_ns", s->last_ns);
		ms_json_uint(j, "first", s->first);
		ms_json_uint(j, "last", s->last);
		ms_json_uint(j, "min", s->min);
		ms_json_uint(j, "max", s->max);
		ms_json_uint(j, "max_ns", s->max_ns);
		ms_json_object(j, "timeline");
		column(j, "min", s, r->timeline_count, offsetof(struct ms_system_bin, min));
		column(j, "max", s, r->timeline_count, offsetof(struct ms_system_bin, max));
		column(j, "last", s, r->timeline_count, offsetof(struct ms_system_bin, last));
		ms_json_end_object(j);
	}
	ms_json_end_object(j);
}

void ms_json_system(struct ms_json *j, const struct ms_report *r)
{
	ms_json_uint(j, "monitor_interval_ns", r->system.interval_ns);
	ms_json_string(j, "system_reason", r->system.reason);
	ms_json_array(j, "system");
	for (size_t i = 0; i < r->system.series_count; i++)
		series(j, r, &r->system.series[i]);
	ms_json_end_array(j);
}

void ms_json_reconciliation(struct ms_json *j, const struct ms_report *r, size_t top)
{
	const struct ms_report_reconciliation *c = &r->reconciliation;
	size_t n = top && c->mapping_count > top ? top : c->mapping_count;

	ms_json_object(j, "reconciliation");
	ms_json_string(j, "status", c->reason ? "not_observable" : "derived");
	ms_json_string(j, "reason", c->reason);
	if (c->reason) {
		ms_json_end_object(j);
		return;
	}
	ms_json_uint(j, "time_ns", c->time_ns);
	ms_json_bool(j, "complete", c->complete);
	ms_json_uint(j, "resident_bytes", c->resident_bytes);
	ms_json_uint(j, "swapped_bytes", c->swapped_bytes);
	ms_json_uint(j, "live_blocks", c->live_blocks);
	ms_json_uint(j, "live_bytes", c->live_bytes);
	ms_json_uint(j, "untouched_bytes", c->untouched_bytes);
	ms_json_array(j, "rows");
	for (size_t i = 0; i < c->row_count; i++) {
		ms_json_object(j, NULL);
		ms_json_string(j, "name", c->rows[i].name);
		ms_json_string(j, "basis", c->rows[i].basis);
		ms_json_string(j, "note", c->rows[i].note);
		ms_json_uint(j, "bytes", c->rows[i].bytes);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_array(j, "mappings");
	for (size_t i = 0; i < n; i++) {
		ms_json_object(j, NULL);
		ms_json_string(j, "name", *c->mappings[i].name ? c->mappings[i].name : NULL);
		ms_json_string(j, "row", c->mappings[i].row);
		ms_json_uint(j, "mappings", c->mappings[i].mappings);
		ms_json_uint(j, "resident_bytes", c->mappings[i].resident_bytes);
		ms_json_uint(j, "swapped_bytes", c->mappings[i].swapped_bytes);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_uint(j, "mappings_omitted", c->mapping_count - n);
	ms_json_end_object(j);
}
