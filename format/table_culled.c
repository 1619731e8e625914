/* table_culled.c - the table of table_decode.h that holds sums over blocks that are no events. */
#include <stdlib.h>

#include "limits.h"
#include "table_decode.h"

enum { STACK, ALLOCATIONS, REALLOCATIONS, BYTES, LIFETIME, COLUMNS };

/* Adds the row to the sum of all; false: it is not valid, or there is no such sum. */
static bool add_up(struct ms_culled_row *sum, const struct ms_culled_row *row)
{
	uint64_t blocks;

	return !__builtin_add_overflow(row->allocations, row->reallocations, &blocks) && blocks > 0 &&
	       !__builtin_add_overflow(sum->allocations, row->allocations, &sum->allocations) &&
	       !__builtin_add_overflow(sum->reallocations, row->reallocations, &sum->reallocations) &&
	       !__builtin_add_overflow(sum->allocations, sum->reallocations, &blocks) &&
	       !__builtin_add_overflow(sum->bytes, row->bytes, &sum->bytes) &&
	       !__builtin_add_overflow(sum->lifetime_ns, row->lifetime_ns, &sum->lifetime_ns);
}

static int add_rows(struct ms_tables *t, uint64_t *const columns[COLUMNS], uint32_t count, uint64_t offset, struct ms_error *err)
{
	struct ms_culled_row sum = t->culled.sum;
	struct ms_culled_row *rows = ms_tables_take(t, &t->culled.rows, (uint64_t)count * sizeof(*rows), offset, err);

	if (rows == NULL)
		return err->code;
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t stack = columns[STACK][i];

		rows[i] = (struct ms_culled_row){
			.allocations = columns[ALLOCATIONS][i],
			.reallocations = columns[REALLOCATIONS][i],
			.bytes = columns[BYTES][i],
			.lifetime_ns = columns[LIFETIME][i],
			.stack = (uint32_t)stack,
		};
		if (stack > t->stack_count || (i > 0 && stack <= columns[STACK][i - 1]) || !add_up(&sum, &rows[i])) {
			t->culled.rows.size -= (size_t)count * sizeof(*rows);
			return ms_fail(err, MS_E_CORRUPT, offset, "sums of culled blocks: row %u is not valid (stack %llu of %u)", i,
				       (unsigned long long)stack, t->stack_count);
		}
	}
	t->culled.sum = sum;
	return MS_OK;
}

int ms_tables_add_culled(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_culled v = {body};
	const struct {
		struct fb_column column;
		const char *name;
	} sources[COLUMNS] = {
		[STACK] = {fb_culled_stacks(v), "stacks"},
		[ALLOCATIONS] = {fb_culled_allocations(v), "allocations"},
		[REALLOCATIONS] = {fb_culled_reallocations(v), "reallocations"},
		[BYTES] = {fb_culled_bytes(v), "bytes"},
		[LIFETIME] = {fb_culled_lifetimes(v), "lifetimes"},
	};
	const uint32_t count = fb_column_count(sources[STACK].column);
	const struct ms_culled c = {
		.from_ns = fb_culled_from_ns(v),
		.to_ns = fb_culled_to_ns(v),
		.row_count = count,
		.peak_bytes = fb_culled_peak_bytes(v),
		.peak_ns = fb_culled_peak_ns(v),
		.young_bytes = fb_culled_young_bytes(v),
		.early_events = fb_culled_early_events(v),
	};
	uint64_t *columns[COLUMNS] = {NULL}, early;
	struct ms_culled *period;
	int rc = MS_OK;

	if (count > MS_MAX_CULLED)
		return ms_fail(err, MS_E_LIMIT, offset, "%u rows of culled blocks", count);
	if (c.from_ns < t->culled.to_ns || c.to_ns < c.from_ns || c.to_ns > MS_MAX_TIME_NS || c.peak_ns > c.to_ns ||
	    __builtin_add_overflow(t->culled.early_events, c.early_events, &early))
		return ms_fail(err, MS_E_CORRUPT, offset, "culled blocks from %llu to %llu, peak at %llu, after those until %llu",
			       (unsigned long long)c.from_ns, (unsigned long long)c.to_ns, (unsigned long long)c.peak_ns,
			       (unsigned long long)t->culled.to_ns);
	for (unsigned i = 0; i < COLUMNS && rc == MS_OK; i++) {
		columns[i] = ms_tables_column(t, sources[i].column, count, sources[i].name, offset, err);
		rc = columns[i] != NULL ? MS_OK : err->code;
	}
	if (rc == MS_OK)
		rc = add_rows(t, columns, count, offset, err);
	for (unsigned i = 0; i < COLUMNS; i++)
		free(columns[i]);
	if (rc != MS_OK)
		return rc;
	period = ms_tables_take(t, &t->culled.periods, sizeof(*period), offset, err);
	if (period == NULL)
		return err->code;
	*period = c;
	t->culled.early_events = early;
	t->culled.to_ns = c.to_ns;
	return MS_OK;
}

void ms_tables_finish_culled(struct ms_tables *t)
{
	struct ms_culled *periods = (struct ms_culled *)(void *)t->culled.periods.data;
	const struct ms_culled_row *rows = (const struct ms_culled_row *)(const void *)t->culled.rows.data;

	for (size_t i = 0; i < t->culled.periods.size / sizeof(*periods); i++) {
		periods[i].rows = rows;
		rows += periods[i].row_count;
	}
}
