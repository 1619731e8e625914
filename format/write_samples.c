/* write_samples.c - ms_writer_series, _sample and _footprint of trace_writer.h: what was measured of the process. */
#include <stdlib.h>

#include "limits.h"
#include "trace_fb.h"
#include "writer_internal.h"

#define SAMPLES_PER_BLOCK 4096u /* far below MS_MAX_SAMPLES: they wait in memory */

/* A value of the sample at this position among those that wait. */
struct sample_value {
	uint64_t value;
	uint32_t series, position;
};

void ms_sample_rows_free(struct ms_sample_rows *r)
{
	ms_buffer_free(&r->series);
	ms_buffer_free(&r->times.buffer);
	ms_buffer_free(&r->values);
}

static const uint64_t *numbers(const struct ms_numbers *n)
{
	return (const uint64_t *)(const void *)n->buffer.data;
}

static ms_fb_ref build_series(struct ms_writer *w, ms_fb_ref *refs)
{
	const struct ms_series *rows = (const struct ms_series *)(const void *)w->samples.series.data;
	const uint32_t count = (uint32_t)(w->samples.series.size / sizeof(*rows));
	struct ms_fb_builder *b = &w->builder;

	for (uint32_t i = 0; i < count; i++) {
		fb_start_series_entry(b);
		fb_series_entry_set_id(b, w->series - count + 1 + i);
		fb_series_entry_set_name(b, rows[i].name);
		fb_series_entry_set_source(b, rows[i].source);
		fb_series_entry_set_reason(b, rows[i].reason);
		fb_series_entry_set_unit(b, rows[i].unit);
		fb_series_entry_set_cumulative(b, rows[i].cumulative);
		refs[i] = fb_finish_series_entry(b);
	}
	return ms_fb_put_refs(b, refs, count);
}

/* The values of one series; 0 when it has none or there is no memory. columns: room for two of all samples. */
static ms_fb_ref build_values(struct ms_writer *w, uint32_t series, uint64_t *columns)
{
	const struct sample_value *rows = (const struct sample_value *)(const void *)w->samples.values.data;
	const size_t row_count = w->samples.values.size / sizeof(*rows);
	const uint32_t samples = ms_numbers_count(&w->samples.times);
	uint64_t *positions = columns, *values = columns + samples;
	struct ms_fb_builder *b = &w->builder;
	uint32_t count = 0, last = 0;
	ms_fb_ref positions_ref = 0, values_ref;

	for (size_t i = 0; i < row_count; i++) {
		if (rows[i].series != series)
			continue;
		positions[count] = rows[i].position - last;
		last = rows[i].position;
		values[count++] = rows[i].value;
	}
	if (count == 0)
		return 0;
	values_ref = ms_build_column(b, FB_CODEC_DELTA, values, count);
	if (count < samples)
		positions_ref = ms_build_column(b, FB_CODEC_VARINT, positions, count);
	fb_start_series_values(b);
	fb_series_values_set_series(b, series);
	fb_series_values_set_positions(b, positions_ref);
	fb_series_values_set_values(b, values_ref);
	return fb_finish_series_values(b);
}

int ms_writer_put_samples(struct ms_writer *w, uint32_t least, struct ms_error *err)
{
	struct ms_sample_rows *r = &w->samples;
	const uint32_t count = ms_numbers_count(&r->times);
	const uint64_t *times = numbers(&r->times);
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref series, values, times_ref = 0, *refs;
	uint64_t *columns;
	uint32_t value_count = 0;
	int rc;

	if ((count == 0 && r->series.size == 0) || count < least || w->graph_open)
		return MS_OK;
	rc = ms_writer_put_tables(w, MS_BLOCK_STRINGS, err);
	if (rc != MS_OK)
		return rc;
	refs = malloc(((size_t)w->series + 1) * sizeof(*refs));
	columns = malloc(((size_t)count + 1) * 2 * sizeof(*columns));
	if (refs == NULL || columns == NULL) {
		rc = ms_writer_no_memory(w, err);
		goto done;
	}
	ms_fb_reset(b);
	series = build_series(w, refs);
	for (uint32_t id = 1; id <= w->series; id++) {
		refs[value_count] = build_values(w, id, columns);
		value_count += refs[value_count] != 0;
	}
	values = ms_fb_put_refs(b, refs, value_count);
	if (count > 0)
		times_ref = ms_build_column(b, FB_CODEC_DELTA, times, count);
	fb_start_samples(b);
	fb_samples_set_series(b, series);
	fb_samples_set_times(b, times_ref);
	fb_samples_set_values(b, values);
	rc = ms_writer_put_block(w,
				 (struct ms_block_header){.kind = MS_BLOCK_SAMPLES,
							  .count = count,
							  .first_time_ns = count > 0 ? times[0] : w->last_time_ns,
							  .last_time_ns = count > 0 ? times[count - 1] : w->last_time_ns},
				 fb_finish_samples(b), false, err);
	if (rc == MS_OK)
		r->series.size = r->times.buffer.size = r->values.size = 0;
done:
	free(refs);
	free(columns);
	return rc;
}

bool ms_writer_in_graph(const struct ms_writer *w)
{
	return w->graph_open;
}

/* True when samples can be added. */
static bool ready(struct ms_writer *w)
{
	if (!ms_writer_ready(w))
		return false;
	if (w->copied)
		ms_writer_misuse(w, NULL, "samples cannot follow a copied trace");
	return w->status == MS_OK;
}

uint32_t ms_writer_series(struct ms_writer *w, const struct ms_series *s)
{
	if (!ready(w))
		return 0;
	if (w->series >= MS_MAX_SERIES || s->unit >= FB_UNIT_COUNT || s->name == 0 || s->name > w->strings.count ||
	    s->source > w->strings.count || s->reason > w->strings.count) {
		ms_writer_misuse(w, NULL, "series %u is not valid: unit %u, strings %u, %u and %u of %u", w->series + 1, s->unit,
				 s->name, s->source, s->reason, w->strings.count);
		return 0;
	}
	if (ms_buffer_append(&w->samples.series, s, sizeof(*s)) != 0) {
		ms_writer_no_memory(w, NULL);
		return 0;
	}
	return ++w->series;
}

int ms_writer_sample(struct ms_writer *w, uint64_t time_ns, const uint32_t *ids, const uint64_t *values, size_t n,
		     struct ms_error *err)
{
	struct ms_sample_rows *r = &w->samples;
	const uint32_t position = ms_numbers_count(&r->times);

	if (!ready(w))
		return ms_writer_stuck(w, err);
	if (time_ns < w->sample_time_ns || time_ns > MS_MAX_TIME_NS)
		return ms_writer_misuse(w, err, "a sample at %llu after one at %llu", (unsigned long long)time_ns,
					(unsigned long long)w->sample_time_ns);
	for (size_t i = 0; i < n; i++) {
		const struct sample_value row = {.value = values[i], .series = ids[i], .position = position};

		if (ids[i] == 0 || ids[i] > w->series || (i > 0 && ids[i] <= ids[i - 1]))
			return ms_writer_misuse(w, err, "a sample names series %u of %u", ids[i], w->series);
		if (ms_buffer_append(&r->values, &row, sizeof(row)) != 0)
			return ms_writer_no_memory(w, err);
	}
	if (ms_numbers_add(&r->times, time_ns) != 0)
		return ms_writer_no_memory(w, err);
	w->sample_time_ns = time_ns;
	return position + 1 >= SAMPLES_PER_BLOCK ? ms_writer_put_samples(w, 0, err) : MS_OK;
}

static bool valid_region(const struct ms_writer *w, const struct ms_region *r, uint64_t end)
{
	return r->start >= end && r->end >= r->start && r->anonymous_bytes <= r->resident_bytes && r->flags <= 15 &&
	       r->name <= w->strings.count;
}

enum { REGION_START, REGION_SIZE, REGION_RESIDENT, REGION_ANONYMOUS, REGION_SWAPPED, REGION_FLAGS, REGION_NAME, REGION_COLUMNS };

static ms_fb_ref build_footprint(struct ms_writer *w, const struct ms_footprint *f, uint64_t *columns)
{
	static const uint8_t codecs[REGION_COLUMNS] = {
		[REGION_START] = FB_CODEC_VARINT,     [REGION_SIZE] = FB_CODEC_VARINT,    [REGION_RESIDENT] = FB_CODEC_VARINT,
		[REGION_ANONYMOUS] = FB_CODEC_VARINT, [REGION_SWAPPED] = FB_CODEC_VARINT, [REGION_FLAGS] = FB_CODEC_U8,
		[REGION_NAME] = FB_CODEC_DELTA,
	};
	const uint32_t n = (uint32_t)f->region_count;
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref refs[REGION_COLUMNS];
	uint64_t end = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct ms_region *r = &f->regions[i];
		const uint64_t row[REGION_COLUMNS] = {
			[REGION_START] = r->start - end,         [REGION_SIZE] = r->end - r->start,
			[REGION_RESIDENT] = r->resident_bytes,   [REGION_ANONYMOUS] = r->anonymous_bytes,
			[REGION_SWAPPED] = r->swapped_bytes,     [REGION_FLAGS] = r->flags,
			[REGION_NAME] = r->name,
		};

		for (unsigned c = 0; c < REGION_COLUMNS; c++)
			columns[c * (size_t)n + i] = row[c];
		end = r->end;
	}
	for (unsigned c = 0; c < REGION_COLUMNS; c++)
		refs[c] = ms_build_column(b, codecs[c], columns + c * (size_t)n, n);
	fb_start_footprint(b);
	fb_footprint_set_time_ns(b, f->time_ns);
	fb_footprint_set_starts(b, refs[REGION_START]);
	fb_footprint_set_sizes(b, refs[REGION_SIZE]);
	fb_footprint_set_resident(b, refs[REGION_RESIDENT]);
	fb_footprint_set_anonymous(b, refs[REGION_ANONYMOUS]);
	fb_footprint_set_swapped(b, refs[REGION_SWAPPED]);
	fb_footprint_set_flags(b, refs[REGION_FLAGS]);
	fb_footprint_set_names(b, refs[REGION_NAME]);
	fb_footprint_set_complete(b, f->complete);
	return fb_finish_footprint(b);
}

int ms_writer_footprint(struct ms_writer *w, const struct ms_footprint *f, struct ms_error *err)
{
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref footprint, list;
	uint64_t *columns, end = 0;
	int rc;

	if (!ready(w))
		return ms_writer_stuck(w, err);
	if (w->graph_open)
		return ms_writer_misuse(w, err, "a footprint cannot stand inside a graph");
	if (f->region_count > MS_MAX_SAMPLES || f->time_ns < w->footprint_time_ns || f->time_ns > MS_MAX_TIME_NS)
		return ms_writer_misuse(w, err, "a footprint of %zu mappings at %llu after one at %llu", f->region_count,
					(unsigned long long)f->time_ns, (unsigned long long)w->footprint_time_ns);
	for (size_t i = 0; i < f->region_count; i++) {
		if (!valid_region(w, &f->regions[i], end))
			return ms_writer_misuse(w, err, "mapping %zu of a footprint is not valid", i);
		end = f->regions[i].end;
	}
	rc = ms_writer_put_tables(w, MS_BLOCK_STRINGS, err);
	if (rc != MS_OK)
		return rc;
	columns = malloc((f->region_count + 1) * REGION_COLUMNS * sizeof(*columns));
	if (columns == NULL)
		return ms_writer_no_memory(w, err);
	ms_fb_reset(b);
	footprint = build_footprint(w, f, columns);
	free(columns);
	list = ms_fb_put_refs(b, &footprint, 1);
	fb_start_samples(b);
	fb_samples_set_footprints(b, list);
	w->footprint_time_ns = f->time_ns;
	return ms_writer_put_block(w,
				   (struct ms_block_header){.kind = MS_BLOCK_SAMPLES,
							    .count = 1,
							    .first_time_ns = f->time_ns,
							    .last_time_ns = f->time_ns},
				   fb_finish_samples(b), false, err);
}
