/* table_samples.c - what was measured of the process, as trace_reader.h has it: series, their values, footprints. */
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "table_decode.h"

void ms_tables_free_samples(struct ms_tables *t)
{
	struct ms_sample_tables *s = &t->samples;

	ms_buffer_free(&s->series);
	ms_buffer_free(&s->points);
	ms_buffer_free(&s->point_series);
	ms_buffer_free(&s->starts);
	ms_buffer_free(&s->footprints);
	ms_buffer_free(&s->regions);
}

static int add_series(struct ms_tables *t, struct fb_samples v, uint64_t offset, struct ms_error *err)
{
	const uint32_t count = fb_samples_series(v).count;

	for (uint32_t i = 0; i < count; i++) {
		const struct fb_series_entry e = fb_samples_series_at(v, i);
		struct ms_series *row;
		int rc = ms_tables_check_first(fb_series_entry_id(e), t->samples.count, 1, "series", offset, err);

		if (rc != MS_OK)
			return rc;
		if (t->samples.count >= MS_MAX_SERIES)
			return ms_fail(err, MS_E_LIMIT, offset, "more than %u series", MS_MAX_SERIES);
		if (fb_series_entry_unit(e) >= FB_UNIT_COUNT || fb_series_entry_name(e) == 0 ||
		    fb_series_entry_name(e) > t->string_count || fb_series_entry_source(e) > t->string_count ||
		    fb_series_entry_reason(e) > t->string_count)
			return ms_fail(err, MS_E_CORRUPT, offset, "series %u is not valid", fb_series_entry_id(e));
		row = ms_tables_take(t, &t->samples.series, sizeof(*row), offset, err);
		if (row == NULL)
			return err->code;
		*row = (struct ms_series){
			.name = fb_series_entry_name(e),
			.source = fb_series_entry_source(e),
			.reason = fb_series_entry_reason(e),
			.unit = fb_series_entry_unit(e),
			.cumulative = fb_series_entry_cumulative(e),
		};
		t->samples.count++;
	}
	return MS_OK;
}

static int add_points(struct ms_tables *t, struct fb_series_values v, const uint64_t *times, uint32_t samples, uint64_t offset,
		      struct ms_error *err)
{
	const uint32_t id = fb_series_values_series(v), count = fb_column_count(fb_series_values_values(v));
	uint64_t *values, *positions = NULL, position = 0;
	struct ms_sample *points;
	uint32_t *ids;
	int rc = MS_OK;

	values = ms_tables_column(t, fb_series_values_values(v), count, "values", offset, err);
	if (values == NULL)
		return err->code;
	if (fb_series_values_positions(v).at != NULL) {
		positions = ms_tables_column(t, fb_series_values_positions(v), count, "positions", offset, err);
		rc = positions != NULL ? MS_OK : err->code;
	} else if (count != samples) {
		rc = ms_fail(err, MS_E_CORRUPT, offset, "series %u has %u values for %u samples", id, count, samples);
	}
	for (uint32_t i = 0; rc == MS_OK && positions != NULL && i < count; i++) {
		if (positions[i] >= samples - position || (i > 0 && positions[i] == 0))
			rc = ms_fail(err, MS_E_CORRUPT, offset, "value %u of series %u is that of no sample", i, id);
		positions[i] = position += positions[i];
	}
	if (rc != MS_OK)
		goto done;
	points = ms_tables_take(t, &t->samples.points, (uint64_t)count * sizeof(*points), offset, err);
	ids = points != NULL ? ms_tables_take(t, &t->samples.point_series, (uint64_t)count * sizeof(*ids), offset, err) : NULL;
	if (ids == NULL) {
		rc = err->code;
		goto done;
	}
	for (uint32_t i = 0; i < count; i++) {
		points[i] = (struct ms_sample){.time_ns = times[positions != NULL ? positions[i] : i], .value = values[i]};
		ids[i] = id;
	}
done:
	free(values);
	free(positions);
	return rc;
}

static int add_values(struct ms_tables *t, struct fb_samples v, uint64_t offset, struct ms_error *err)
{
	const uint32_t count = fb_samples_values(v).count, samples = fb_column_count(fb_samples_times(v));
	uint64_t *times, last = t->samples.time_ns;
	uint32_t id = 0;
	int rc = MS_OK;

	if (samples > MS_MAX_SAMPLES)
		return ms_fail(err, MS_E_LIMIT, offset, "%u samples in a block", samples);
	if (samples == 0)
		return count == 0 ? MS_OK : ms_fail(err, MS_E_CORRUPT, offset, "values of %u series without samples", count);
	times = ms_tables_column(t, fb_samples_times(v), samples, "times", offset, err);
	if (times == NULL)
		return err->code;
	for (uint32_t i = 0; i < samples && rc == MS_OK; i++) {
		if (times[i] < last || times[i] > MS_MAX_TIME_NS)
			rc = ms_fail(err, MS_E_CORRUPT, offset, "a sample at %llu after one at %llu",
				     (unsigned long long)times[i], (unsigned long long)last);
		last = times[i];
	}
	for (uint32_t i = 0; i < count && rc == MS_OK; i++) {
		const struct fb_series_values values = fb_samples_values_at(v, i);

		if (fb_series_values_series(values) <= id || fb_series_values_series(values) > t->samples.count)
			rc = ms_fail(err, MS_E_CORRUPT, offset, "values of series %u of %u after those of %u",
				     fb_series_values_series(values), t->samples.count, id);
		else
			rc = add_points(t, values, times, samples, offset, err);
		id = fb_series_values_series(values);
	}
	free(times);
	t->samples.time_ns = last;
	return rc;
}

enum { START, SIZE, RESIDENT, ANONYMOUS, SWAPPED, FLAGS, NAME, COLUMNS };

/* Rows of columns into regions, checked. */
static int make_regions(struct ms_tables *t, uint64_t *const columns[COLUMNS], uint32_t count, uint64_t offset,
			struct ms_error *err)
{
	struct ms_region *regions = ms_tables_take(t, &t->samples.regions, (uint64_t)count * sizeof(*regions), offset, err);
	uint64_t end = 0;

	if (regions == NULL)
		return err->code;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t row[COLUMNS], start;

		for (unsigned c = 0; c < COLUMNS; c++)
			row[c] = columns[c][i];
		if (__builtin_add_overflow(end, row[START], &start) || __builtin_add_overflow(start, row[SIZE], &end) ||
		    row[ANONYMOUS] > row[RESIDENT] || row[FLAGS] > 15 || row[NAME] > t->string_count) {
			t->samples.regions.size -= (size_t)count * sizeof(*regions);
			return ms_fail(err, MS_E_CORRUPT, offset, "mapping %u of a footprint is not valid", i);
		}
		regions[i] = (struct ms_region){
			.start = start,
			.end = end,
			.resident_bytes = row[RESIDENT],
			.anonymous_bytes = row[ANONYMOUS],
			.swapped_bytes = row[SWAPPED],
			.name = (uint32_t)row[NAME],
			.flags = (uint8_t)row[FLAGS],
		};
	}
	return MS_OK;
}

static int add_footprint(struct ms_tables *t, struct fb_footprint f, uint64_t offset, struct ms_error *err)
{
	const struct {
		struct fb_column column;
		const char *name;
	} sources[COLUMNS] = {
		[START] = {fb_footprint_starts(f), "starts"},
		[SIZE] = {fb_footprint_sizes(f), "sizes"},
		[RESIDENT] = {fb_footprint_resident(f), "resident"},
		[ANONYMOUS] = {fb_footprint_anonymous(f), "anonymous"},
		[SWAPPED] = {fb_footprint_swapped(f), "swapped"},
		[FLAGS] = {fb_footprint_flags(f), "flags"},
		[NAME] = {fb_footprint_names(f), "names"},
	};
	const uint32_t count = fb_column_count(sources[START].column);
	uint64_t *columns[COLUMNS] = {NULL};
	struct ms_footprint *row;
	int rc = MS_OK;

	if (count > MS_MAX_SAMPLES)
		return ms_fail(err, MS_E_LIMIT, offset, "a footprint of %u mappings", count);
	if (fb_footprint_time_ns(f) < t->samples.footprint_ns || fb_footprint_time_ns(f) > MS_MAX_TIME_NS)
		return ms_fail(err, MS_E_CORRUPT, offset, "a footprint at %llu after one at %llu",
			       (unsigned long long)fb_footprint_time_ns(f), (unsigned long long)t->samples.footprint_ns);
	for (unsigned c = 0; c < COLUMNS && rc == MS_OK; c++) {
		columns[c] = ms_tables_column(t, sources[c].column, count, sources[c].name, offset, err);
		rc = columns[c] != NULL ? MS_OK : err->code;
	}
	if (rc == MS_OK)
		rc = make_regions(t, columns, count, offset, err);
	for (unsigned c = 0; c < COLUMNS; c++)
		free(columns[c]);
	if (rc != MS_OK)
		return rc;
	row = ms_tables_take(t, &t->samples.footprints, sizeof(*row), offset, err);
	if (row == NULL)
		return err->code;
	*row = (struct ms_footprint){.time_ns = fb_footprint_time_ns(f), .region_count = count,
				     .complete = fb_footprint_complete(f)};
	t->samples.footprint_ns = row->time_ns;
	return MS_OK;
}

int ms_tables_add_samples(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_samples v = {body};
	const uint32_t count = fb_samples_footprints(v).count;
	int rc = add_series(t, v, offset, err);

	if (rc == MS_OK)
		rc = add_values(t, v, offset, err);
	for (uint32_t i = 0; i < count && rc == MS_OK; i++)
		rc = add_footprint(t, fb_samples_footprints_at(v, i), offset, err);
	return rc;
}

/* Sorts the points by series; within one they stand in order of time. */
static int sort_points(struct ms_sample_tables *s, struct ms_error *err)
{
	const struct ms_sample *points = (const struct ms_sample *)(const void *)s->points.data;
	const uint32_t *ids = (const uint32_t *)(const void *)s->point_series.data;
	const size_t n = s->point_series.size / sizeof(*ids), bytes = ((size_t)s->count + 2) * sizeof(uint64_t);
	uint64_t *starts = (uint64_t *)(void *)ms_buffer_room(&s->starts, bytes);
	struct ms_sample *sorted = malloc((n + 1) * sizeof(*sorted));

	if (starts == NULL || sorted == NULL) {
		free(sorted);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu samples", n);
	}
	s->starts.size = bytes;
	memset(starts, 0, bytes);
	for (size_t i = 0; i < n; i++)
		starts[ids[i] + 1]++;
	for (uint32_t id = 1; id <= s->count + 1; id++)
		starts[id] += starts[id - 1];
	for (size_t i = 0; i < n; i++)
		sorted[starts[ids[i]]++] = points[i];
	/* starts[id] is the end of a series now, which is where the next one starts. */
	memmove(starts + 1, starts, bytes - sizeof(*starts));
	starts[0] = 0;
	ms_buffer_free(&s->points);
	s->points = (struct ms_buffer){.data = (uint8_t *)sorted, .size = n * sizeof(*sorted), .capacity = (n + 1) * sizeof(*sorted)};
	ms_buffer_free(&s->point_series);
	return MS_OK;
}

int ms_tables_finish_samples(struct ms_tables *t, struct ms_error *err)
{
	struct ms_footprint *footprints = (struct ms_footprint *)(void *)t->samples.footprints.data;
	const struct ms_region *regions = (const struct ms_region *)(const void *)t->samples.regions.data;

	for (size_t i = 0; i < t->samples.footprints.size / sizeof(*footprints); i++) {
		footprints[i].regions = regions;
		regions += footprints[i].region_count;
	}
	return sort_points(&t->samples, err);
}
