/* address_text.c - the section about fragmentation: a table of moments, and a map of addresses over these moments. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "text_style.h"

#define MAP_ROWS 32u
#define MAP_REGIONS 12u

/* ---- moments ------------------------------------------------------------------------------------------------------- */

static int print_moments(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"time", MS_RIGHT}, {"alive", MS_RIGHT}, {"blocks", MS_RIGHT}, {"in pages", MS_RIGHT}, {"external", MS_RIGHT},
		{"usable", MS_RIGHT}, {"internal", MS_RIGHT}, {"heap", MS_RIGHT}, {"largest hole", MS_RIGHT},
	};
	const struct ms_report_address_space *a = &t->report->address_space;
	struct ms_table table;

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < a->moment_count; i++) {
		const struct ms_address_moment *m = &a->moments[i];
		uint64_t room = m->occupied_pages * MS_ADDRESS_PAGE_BYTES;

		ms_cell_duration(&table, m->time_ns);
		ms_cell_bytes(t, &table, m->live_bytes);
		ms_cell_count(&table, m->live_blocks);
		ms_cell_bytes(t, &table, room);
		ms_cell_share(&table, ms_address_external_bytes(m), room);
		if (a->usable_rule) {
			ms_cell_bytes(t, &table, m->usable_bytes);
			ms_cell_share(&table, ms_address_internal_bytes(m), m->usable_bytes);
		} else {
			ms_table_cell(&table, "-");
			ms_table_cell(&table, "-");
		}
		ms_cell_bytes(t, &table, m->heap_pages * MS_ADDRESS_PAGE_BYTES);
		ms_cell_bytes(t, &table, m->largest_hole_bytes);
	}
	return ms_text_print(t, &table);
}

/* ---- map ----------------------------------------------------------------------------------------------------------- */

struct shown {
	const struct ms_address_region *region;
	uint64_t most;                   /* live bytes at any moment */
	uint32_t rows;
};

static uint64_t live_in(const struct ms_report_address_space *a, size_t moment, uint32_t from, uint32_t to)
{
	uint64_t sum = 0;

	for (uint32_t b = from; b < to; b++)
		sum += a->occupancy[moment * a->bin_count + b];
	return sum;
}

static int by_most(const void *pa, const void *pb)
{
	const struct shown *a = pa, *b = pb;

	if (a->most != b->most)
		return a->most < b->most ? 1 : -1;
	return (a->region->start > b->region->start) - (a->region->start < b->region->start);
}

static int by_start(const void *pa, const void *pb)
{
	const struct shown *a = pa, *b = pb;

	return (a->region->start > b->region->start) - (a->region->start < b->region->start);
}

/* Small regions get a row per bin, large ones share what is left of MAP_ROWS. */
static void share_rows(struct shown *list, size_t n)
{
	uint32_t each = MAP_ROWS, sum;

	do {
		sum = 0;
		for (size_t i = 0; i < n; i++) {
			list[i].rows = list[i].region->bin_count < each ? list[i].region->bin_count : each;
			sum += list[i].rows;
		}
	} while (sum > MAP_ROWS && --each);
}

/* How full: blank for nothing, the lowest sign for the least, the highest for all of it. */
static const char *sign(const struct ms_text *t, uint64_t part, uint64_t whole)
{
	static const char *const shades[] = {" ", "░", "▒", "▓", "█"}, *const ramp[] = {" ", ".", ":", "+", "#"};
	unsigned level = part >= whole ? 4 : part ? 1 + (unsigned)((unsigned __int128)part * 3 / whole) : 0;

	return (t->options.utf8 ? shades : ramp)[level];
}

/* One row of the map, after its region: its bins [from, to). */
static void add_row(struct ms_text *t, struct ms_table *table, const struct ms_address_region *r, uint32_t from, uint32_t to)
{
	const struct ms_report_address_space *a = &t->report->address_space;
	uint64_t start = r->start + from * r->bin_bytes;
	uint64_t end = to == r->bin_count ? r->end : r->start + to * r->bin_bytes;
	char address[24], *map = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&map, &size);

	snprintf(address, sizeof address, "0x%" PRIx64, start);
	ms_table_cell(table, address);
	ms_cell_bytes(t, table, end - start);
	if (f) {
		for (size_t i = 0; i < a->moment_count; i++)
			fputs(sign(t, live_in(a, i, r->first_bin + from, r->first_bin + to), end - start), f);
		fclose(f);
	}
	ms_cell_owned(table, map);
	ms_cell_owned(table, ms_text_escaped(from == 0 ? r->name : ""));
}

static int print_map(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"address", MS_RIGHT}, {"bytes", MS_RIGHT}, {"moments", MS_LEFT}, {"mapping", MS_LEFT},
	};
	const struct ms_report_address_space *a = &t->report->address_space;
	size_t n = a->region_count < MAP_REGIONS ? a->region_count : MAP_REGIONS;
	struct shown *list = calloc(a->region_count + 1, sizeof *list);
	struct ms_table table;
	int rc;

	if (!list)
		return MS_E_NOMEM;
	for (size_t i = 0; i < a->region_count; i++) {
		const struct ms_address_region *r = &a->regions[i];

		list[i].region = r;
		for (size_t k = 0; k < a->moment_count; k++) {
			uint64_t live = live_in(a, k, r->first_bin, r->first_bin + r->bin_count);

			list[i].most = live > list[i].most ? live : list[i].most;
		}
	}
	qsort(list, a->region_count, sizeof *list, by_most);
	qsort(list, n, sizeof *list, by_start);
	share_rows(list, n);
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		uint64_t bins = list[i].region->bin_count, rows = list[i].rows;

		for (uint64_t k = 0; k < rows; k++)
			add_row(t, &table, list[i].region, (uint32_t)(k * bins / rows), (uint32_t)((k + 1) * bins / rows));
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, a->region_count - n, "more region");
	free(list);
	return rc;
}

int ms_text_fragmentation(struct ms_text *t)
{
	const struct ms_report_address_space *a = &t->report->address_space;
	int rc;

	if (!a->reason && !a->moments)
		return MS_OK;
	if (a->reason) {
		ms_text_heading(t, "FRAGMENTATION", "not observable: %s", a->reason);
		return MS_OK;
	}
	ms_text_heading(t, "FRAGMENTATION", "pages of 4 KiB with a live block, and what of them no block needs");
	if (a->usable_rule)
		fprintf(t->out, "  usable: derived, %s\n", a->usable_rule);
	else
		fputs("  usable: not observable, how this allocator rounds is not known\n", t->out);
	rc = print_moments(t);
	if (rc || a->region_count == 0)
		return rc;
	putc('\n', t->out);
	return print_map(t);
}
