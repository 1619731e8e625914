/* occupancy.c - see occupancy.h. */
#include "occupancy.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "format/trace_reader.h"

#define PAGE ((uint64_t)MS_ADDRESS_PAGE_BYTES)

/* ---- regions ------------------------------------------------------------------------------------------------------- */

/* How many regions gaps of this many pages leave; written when there is an array. */
static size_t cut(const struct ms_page_set *pages, uint64_t gap, struct ms_address_region *regions)
{
	size_t n = 0;

	for (size_t i = 0; i < pages->count; i++) {
		const struct ms_page_span *s = &pages->spans[i];
		bool first = i == 0 || s->page - (s[-1].page + s[-1].count) >= gap;

		if (first && regions)
			regions[n] = (struct ms_address_region){.start = s->page * PAGE, .name = ""};
		n += first;
		if (regions)
			regions[n - 1].end = (s->page + s->count) * PAGE;
	}
	return n;
}

static uint64_t pages_of(const struct ms_address_region *r)
{
	return (r->end - r->start) / PAGE;
}

/* How many bins there are when no region may have more than `most`. */
static uint64_t bins_with(const struct ms_report_address_space *space, uint64_t most)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < space->region_count; i++) {
		uint64_t pages = pages_of(&space->regions[i]);

		sum += pages < most ? pages : most;
	}
	return sum;
}

static void share_bins(struct ms_report_address_space *space)
{
	uint64_t low = 1, high = MS_ADDRESS_BINS_MAX; /* the most that fits is in [low, high]: there are fewer regions than bins */

	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;

		if (bins_with(space, middle) <= MS_ADDRESS_BINS_MAX)
			low = middle;
		else
			high = middle - 1;
	}
	for (size_t i = 0; i < space->region_count; i++) {
		struct ms_address_region *r = &space->regions[i];
		uint64_t pages = pages_of(r), each = (pages + low - 1) / low;

		r->bin_bytes = each * PAGE;
		r->first_bin = space->bin_count;
		r->bin_count = (uint32_t)((pages + each - 1) / each);
		space->bin_count += r->bin_count;
	}
}

int ms_regions_build(struct ms_report_address_space *out, const struct ms_page_set *pages)
{
	uint64_t gap = MS_ADDRESS_GAP_BYTES / PAGE;

	while (cut(pages, gap, NULL) > MS_ADDRESS_REGIONS_MAX)
		gap *= 2;
	out->regions = calloc(cut(pages, gap, NULL) + 1, sizeof *out->regions);
	if (!out->regions)
		return MS_E_NOMEM;
	out->region_count = cut(pages, gap, out->regions);
	out->bin_count = 0;
	share_bins(out);
	return MS_OK;
}

/* ---- names --------------------------------------------------------------------------------------------------------- */

/* The name of the mapping that has most of the region; NULL: no mapping has any of it. */
static const char *name_in(const struct ms_footprint *f, const struct ms_address_region *r, const struct ms_trace *trace)
{
	const char *name = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < f->region_count && f->regions[i].start < r->end; i++) {
		uint64_t start = f->regions[i].start > r->start ? f->regions[i].start : r->start;
		uint64_t end = f->regions[i].end < r->end ? f->regions[i].end : r->end;

		if (end > start && end - start > most) {
			most = end - start;
			name = ms_trace_string(trace, f->regions[i].name);
		}
	}
	return name;
}

void ms_regions_name(struct ms_report_address_space *out, const struct ms_trace *trace)
{
	for (size_t i = 0; i < out->region_count; i++) {
		const char *name = NULL;

		/* The newest that knows it: a region may be gone by the last one. */
		for (size_t k = ms_trace_footprint_count(trace); k-- > 0 && !name;)
			name = name_in(ms_trace_footprint(trace, k), &out->regions[i], trace);
		out->regions[i].name = name ? name : "";
	}
}

/* ---- bins ---------------------------------------------------------------------------------------------------------- */

/* Pages [page, page + count) of a run, all in this region. */
static void add_run(uint64_t *bins, const struct ms_address_region *r, const struct ms_page_map *m, const struct ms_page_run *run)
{
	uint64_t each = r->bin_bytes / PAGE, page = run->page - r->start / PAGE, end = page + run->count;

	for (uint64_t from = page; page < end;) {
		uint64_t bin = page / each, stop = (bin + 1) * each < end ? (bin + 1) * each : end, sum = 0;

		if (run->at == MS_PAGES_FULL)
			sum = (stop - page) * PAGE;
		else
			for (uint64_t i = page - from; i < stop - from; i++)
				sum += m->bytes[run->at + i];
		bins[r->first_bin + bin] += sum;
		page = stop;
	}
}

void ms_occupancy_add(uint64_t *bins, const struct ms_report_address_space *space, const struct ms_page_map *m)
{
	const struct ms_address_region *r = space->regions;

	for (size_t i = 0; i < m->run_count; i++) {
		while (m->runs[i].page * PAGE >= r->end)
			r++;
		add_run(bins, r, m, &m->runs[i]);
	}
}
