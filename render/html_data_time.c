/* html_data_time.c - what the HTML page gets about the course of time and about sizes: series, system, address space, distributions. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/events.h"
#include "html_series.h"
#include "html_tables.h"

MS_HTML_ROWS(bucket_rows, r->timeline, r->timeline_count)
#define B(field) MS_COLUMN(struct ms_report_bucket, #field, field)
static const struct ms_html_column bucket_columns[] = {
	B(start_ns), B(min_live_bytes), B(max_live_bytes), B(last_live_bytes), B(max_live_blocks), B(last_live_blocks),
	MS_COLUMN(struct ms_report_bucket, "blocks_begun", allocations), MS_COLUMN(struct ms_report_bucket, "blocks_ended", frees),
	B(allocated_bytes), B(freed_bytes),
};

/* ---- series by key (html_series.c): which groups were asked for; an empty table can also mean that there was no block -- */

struct group_row {
	const char *name, *summary;
	uint8_t wanted;
	uint64_t merged;                 /* keys that share one series */
};
static void *group_rows(const struct ms_report *r, size_t *count, bool *owned)
{
	struct group_row *rows = calloc(MS_TIMELINE_GROUP_COUNT, sizeof *rows);

	*count = MS_TIMELINE_GROUP_COUNT;
	*owned = true;
	for (size_t i = 0; rows && i < MS_TIMELINE_GROUP_COUNT; i++)
		rows[i] = (struct group_row){
			ms_timeline_groups[i].name, ms_timeline_groups[i].summary, r->timeline_by[i].series != NULL,
			ms_html_series_merged(&r->timeline_by[i], ms_html_cells_max(i)),
		};
	return rows;
}
static const struct ms_html_column group_columns[] = {
	MS_COLUMN(struct group_row, "name", name), MS_COLUMN(struct group_row, "summary", summary), MS_COLUMN(struct group_row, "wanted", wanted),
	MS_COLUMN(struct group_row, "merged", merged),
};

/* Names of the calls that series "by family" are keyed by. */
struct kind_row {
	uint32_t number;
	const char *name;
};
static void *kind_rows(const struct ms_report *r, size_t *count, bool *owned)
{
	struct kind_row *rows = calloc(256, sizeof *rows);
	size_t n = 0;

	(void)r;
	*owned = true;
	*count = 1;
	for (uint32_t k = 0; rows && k < 256; k++)
		if (ms_event_kinds[k].name)
			rows[n++] = (struct kind_row){k, ms_event_kinds[k].name};
	if (rows)
		*count = n;
	return rows;
}
static const struct ms_html_column kind_columns[] = {
	MS_COLUMN(struct kind_row, "number", number), MS_COLUMN(struct kind_row, "name", name),
};

/* ---- phases: from mark to mark ------------------------------------------------------------------------------------- */

MS_HTML_ROWS(phase_rows, r->phases.list, r->phases.count)
#define H(field) MS_COLUMN(struct ms_phase, #field, field)
static const struct ms_html_column phase_columns[] = {
	H(name), H(from_ns), H(to_ns), H(from_event), H(to_event), H(allocations), H(reallocations), H(frees), H(allocated_bytes), H(freed_bytes),
	H(start_blocks), H(start_bytes), H(end_blocks), H(end_bytes), H(peak_bytes), H(peak_ns), H(kept_blocks), H(kept_bytes), H(kept_sites),
};
struct phase_site_row {
	uint32_t phase, node;
	uint64_t blocks, bytes;
};
static void *phase_site_rows(const struct ms_report *r, size_t *count, bool *owned)
{
	struct phase_site_row *rows = calloc(r->phases.count * MS_PHASE_SITES + 1, sizeof *rows);
	size_t n = 0;

	*owned = true;
	*count = 1;
	for (size_t i = 0; rows && i < r->phases.count; i++)
		for (size_t k = 0; k < MS_PHASE_SITES && r->phases.list[i].sites[k].blocks; k++) {
			const struct ms_phase_site *s = &r->phases.list[i].sites[k];

			rows[n++] = (struct phase_site_row){(uint32_t)i, s->node, s->blocks, s->bytes};
		}
	if (rows)
		*count = n;
	return rows;
}
#define J(field) MS_COLUMN(struct phase_site_row, #field, field)
static const struct ms_html_column phase_site_columns[] = {J(phase), J(node), J(blocks), J(bytes)};

/* ---- snapshots and pauses ------------------------------------------------------------------------------------------ */

struct snapshot_row {
	const char *name, *asked_by;
	uint64_t time_ns, event, live_blocks, live_bytes;
};
static void *snapshot_rows(const struct ms_report *r, size_t *count, bool *owned)
{
	struct snapshot_row *rows = calloc(r->snapshots.count + 1, sizeof *rows);

	*owned = true;
	*count = rows ? r->snapshots.count : 1;
	for (size_t i = 0; rows && i < r->snapshots.count; i++) {
		const struct ms_report_snapshot *s = &r->snapshots.list[i];

		rows[i] = (struct snapshot_row){s->name, ms_asked_by_name(s->asked_by), s->time_ns, s->event, s->live_blocks, s->live_bytes};
	}
	return rows;
}
#define N(field) MS_COLUMN(struct snapshot_row, #field, field)
static const struct ms_html_column snapshot_columns[] = {N(name), N(asked_by), N(time_ns), N(event), N(live_blocks), N(live_bytes)};
MS_HTML_ROWS(pause_rows, r->pauses.list, r->pauses.count)
#define P(field) MS_COLUMN(struct ms_report_pause, #field, field)
static const struct ms_html_column pause_columns[] = {P(from_ns), P(to_ns), P(from_event), P(to_event)};

/* ---- system -------------------------------------------------------------------------------------------------------- */

MS_HTML_ROWS(system_row, &r->system, 1)
static const struct ms_html_column system_columns[] = {
	MS_COLUMN(struct ms_report_system, "reason", reason), MS_COLUMN(struct ms_report_system, "interval_ns", interval_ns),
};
MS_HTML_ROWS(system_series_rows, r->system.series, r->system.series_count)
#define Y(field) MS_COLUMN(struct ms_system_series, #field, field)
static const struct ms_html_column system_series_columns[] = {
	Y(name), Y(source), Y(reason), Y(unit), Y(cumulative), Y(samples), Y(first_ns), Y(last_ns), Y(first), Y(last), Y(min), Y(max), Y(max_ns),
};
struct bin_row {
	uint32_t series, bucket;
	uint64_t min, max, last, samples;
};
static void *system_bin_rows(const struct ms_report *r, size_t *count, bool *owned)
{
	const struct ms_report_system *s = &r->system;
	struct bin_row *rows;
	size_t n = 0;

	for (size_t k = 0; k < s->series_count; k++)
		for (size_t i = 0; s->series[k].bins && i < r->timeline_count; i++)
			n += s->series[k].bins[i].samples != 0;
	*count = n;
	*owned = true;
	rows = calloc(n + 1, sizeof *rows);
	n = 0;
	for (size_t k = 0; rows && k < s->series_count; k++)
		for (size_t i = 0; s->series[k].bins && i < r->timeline_count; i++) {
			const struct ms_system_bin *b = &s->series[k].bins[i];

			if (b->samples)
				rows[n++] = (struct bin_row){(uint32_t)k, (uint32_t)i, b->min, b->max, b->last, b->samples};
		}
	return rows;
}
#define I(field) MS_COLUMN(struct bin_row, #field, field)
static const struct ms_html_column system_bin_columns[] = {I(series), I(bucket), I(min), I(max), I(last), I(samples)};

MS_HTML_ROWS(reconciliation_row, &r->reconciliation, 1)
#define R(field) MS_COLUMN(struct ms_report_reconciliation, #field, field)
static const struct ms_html_column reconciliation_columns[] = {
	R(reason), R(time_ns), R(complete), R(resident_bytes), R(swapped_bytes), R(live_blocks), R(live_bytes), R(untouched_bytes),
};
MS_HTML_ROWS(reconcile_rows, r->reconciliation.rows, r->reconciliation.row_count)
#define O(field) MS_COLUMN(struct ms_reconcile_row, #field, field)
static const struct ms_html_column reconcile_columns[] = {O(name), O(basis), O(note), O(bytes)};
MS_HTML_ROWS(reconcile_mapping_rows, r->reconciliation.mappings, r->reconciliation.mapping_count)
#define G(field) MS_COLUMN(struct ms_reconcile_mapping, #field, field)
static const struct ms_html_column reconcile_mapping_columns[] = {
	MS_COLUMN_AS_PATH(struct ms_reconcile_mapping, "name", name), G(row), G(mappings), G(resident_bytes), G(swapped_bytes),
};

/* ---- address space ------------------------------------------------------------------------------------------------- */

MS_HTML_ROWS(address_row, &r->address_space, 1)
#define A(field) MS_COLUMN(struct ms_report_address_space, #field, field)
static const struct ms_html_column address_columns[] = {A(reason), A(usable_rule), A(bin_count)};
MS_HTML_ROWS(moment_rows, r->address_space.moments, r->address_space.moment_count)
#define M(field) MS_COLUMN(struct ms_address_moment, #field, field)
static const struct ms_html_column moment_columns[] = {
	M(time_ns), M(event), M(live_blocks), M(live_bytes), M(usable_bytes), M(occupied_pages), M(heap_pages), M(largest_hole_bytes),
};
MS_HTML_ROWS(region_rows, r->address_space.regions, r->address_space.region_count)
#define Q(field) MS_COLUMN(struct ms_address_region, #field, field)
static const char *region_start(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	(void)r;
	snprintf(room, MS_COLUMN_TEXT_ROOM, "0x%" PRIx64, ((const struct ms_address_region *)row)->start);
	return room;
}
static uint64_t region_bytes(const struct ms_report *r, const void *row)
{
	const struct ms_address_region *region = row;

	(void)r;
	return region->end - region->start;
}
static const struct ms_html_column region_columns[] = {
	MS_COLUMN_OF_TEXT("start", region_start), MS_COLUMN_OF_NUMBER("bytes", region_bytes), MS_COLUMN_AS_PATH(struct ms_address_region, "name", name), Q(first_bin), Q(bin_count), Q(bin_bytes),
};
MS_HTML_ROWS(occupancy_rows, r->address_space.occupancy, r->address_space.moment_count * r->address_space.bin_count)
static const struct ms_html_column occupancy_columns[] = {{"bytes", MS_COLUMN_U64, 0, NULL, NULL}};

/* ---- distributions -------------------------------------------------------------------------------------------------- */

MS_HTML_ROWS(class_rows, r->size_classes, 65)
#define K(field) MS_COLUMN(struct ms_report_size_class, #field, field)
static const struct ms_html_column class_columns[] = {
	K(min_bytes), K(max_bytes), K(blocks), K(bytes), K(live_blocks), K(live_bytes),
	K(usable_bytes), K(live_usable_bytes),
};
MS_HTML_ROWS(size_rows, r->sizes, r->size_count)
static const struct ms_html_column size_columns[] = {
	MS_COLUMN(struct ms_report_size, "size_bytes", size_bytes), MS_COLUMN(struct ms_report_size, "blocks", blocks),
};
static uint64_t sizes_partial(const struct ms_report *r, const void *row)
{
	(void)row;
	return r->sizes_partial;
}
MS_HTML_ROWS(distribution_row, r, 1)
static const struct ms_html_column distribution_columns[] = {
	MS_COLUMN_OF_NUMBER("sizes_partial", sizes_partial), MS_COLUMN(struct ms_report, "usable_rule", usable_rule),
};
MS_HTML_ROWS(lifetime_rows, r->lifetimes, 65)
#define V(field) MS_COLUMN(struct ms_report_lifetime, #field, field)
static const struct ms_html_column lifetime_columns[] = {V(min_ns), V(max_ns), V(blocks), V(bytes)};
MS_HTML_ROWS(size_lifetime_rows, r->size_lifetimes, r->size_lifetime_count)
#define W(field) MS_COLUMN(struct ms_report_size_lifetime, #field, field)
static const struct ms_html_column size_lifetime_columns[] = {W(size_class), W(lifetime_class), W(blocks), W(bytes)};

static const struct ms_html_table tables[] = {
	MS_HTML_TABLE("timeline", struct ms_report_bucket, bucket_rows, bucket_columns),
	MS_HTML_TABLE("timeline_groups", struct group_row, group_rows, group_columns),
	MS_HTML_TABLE("phases", struct ms_phase, phase_rows, phase_columns),
	MS_HTML_TABLE("phase_sites", struct phase_site_row, phase_site_rows, phase_site_columns),
	MS_HTML_TABLE("snapshots", struct snapshot_row, snapshot_rows, snapshot_columns),
	MS_HTML_TABLE("pauses", struct ms_report_pause, pause_rows, pause_columns),
	MS_HTML_TABLE("event_kinds", struct kind_row, kind_rows, kind_columns),
	MS_HTML_TABLE("system", struct ms_report_system, system_row, system_columns),
	MS_HTML_TABLE("system_series", struct ms_system_series, system_series_rows, system_series_columns),
	MS_HTML_TABLE("system_bins", struct bin_row, system_bin_rows, system_bin_columns),
	MS_HTML_TABLE("reconciliation", struct ms_report_reconciliation, reconciliation_row, reconciliation_columns),
	MS_HTML_TABLE("reconciliation_rows", struct ms_reconcile_row, reconcile_rows, reconcile_columns),
	MS_HTML_TABLE("reconciliation_mappings", struct ms_reconcile_mapping, reconcile_mapping_rows, reconcile_mapping_columns),
	MS_HTML_TABLE("address_space", struct ms_report_address_space, address_row, address_columns),
	MS_HTML_TABLE("address_moments", struct ms_address_moment, moment_rows, moment_columns),
	MS_HTML_TABLE("address_regions", struct ms_address_region, region_rows, region_columns),
	MS_HTML_TABLE("address_occupancy", uint64_t, occupancy_rows, occupancy_columns),
	MS_HTML_TABLE("sizes", struct ms_report_size_class, class_rows, class_columns),
	MS_HTML_TABLE("top_sizes", struct ms_report_size, size_rows, size_columns),
	MS_HTML_TABLE("distributions", struct ms_report, distribution_row, distribution_columns),
	MS_HTML_TABLE("lifetimes", struct ms_report_lifetime, lifetime_rows, lifetime_columns),
	MS_HTML_TABLE("size_lifetimes", struct ms_report_size_lifetime, size_lifetime_rows, size_lifetime_columns),
};
const struct ms_html_list ms_html_time_tables = MS_HTML_LIST(tables);
