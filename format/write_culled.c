/* write_culled.c - ms_writer_culled of trace_writer.h. */
#include <stdlib.h>

#include "limits.h"
#include "trace_fb.h"
#include "writer_internal.h"

enum { STACK, ALLOCATIONS, REALLOCATIONS, BYTES, LIFETIME, COLUMNS };

static bool valid(const struct ms_writer *w, const struct ms_culled *c)
{
	if (c->row_count > MS_MAX_CULLED || c->from_ns < w->culled_ns || c->to_ns < c->from_ns || c->to_ns > MS_MAX_TIME_NS ||
	    c->peak_ns > c->to_ns)
		return false;
	for (size_t i = 0; i < c->row_count; i++) {
		const struct ms_culled_row *r = &c->rows[i];

		if (r->stack > w->stacks || (i > 0 && r->stack <= r[-1].stack) || (r->allocations == 0 && r->reallocations == 0))
			return false;
	}
	return true;
}

int ms_writer_culled(struct ms_writer *w, const struct ms_culled *c, struct ms_error *err)
{
	static const uint8_t codecs[COLUMNS] = {
		[STACK] = FB_CODEC_DELTA,    [ALLOCATIONS] = FB_CODEC_VARINT, [REALLOCATIONS] = FB_CODEC_VARINT,
		[BYTES] = FB_CODEC_VARINT,   [LIFETIME] = FB_CODEC_VARINT,
	};
	const uint32_t n = (uint32_t)c->row_count;
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref refs[COLUMNS];
	uint64_t *columns;
	int rc;

	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	if (w->graph_open || w->copied || !valid(w, c))
		return ms_writer_misuse(w, err, "sums of culled blocks from %llu to %llu are not valid here", (unsigned long long)c->from_ns,
					(unsigned long long)c->to_ns);
	rc = ms_writer_put_tables(w, MS_BLOCK_STACKS, err);
	if (rc != MS_OK)
		return rc;
	columns = malloc(((size_t)n + 1) * COLUMNS * sizeof(*columns));
	if (columns == NULL)
		return ms_writer_no_memory(w, err);
	for (uint32_t i = 0; i < n; i++) {
		const struct ms_culled_row *r = &c->rows[i];
		const uint64_t row[COLUMNS] = {
			[STACK] = r->stack, [ALLOCATIONS] = r->allocations, [REALLOCATIONS] = r->reallocations,
			[BYTES] = r->bytes, [LIFETIME] = r->lifetime_ns,
		};

		for (unsigned k = 0; k < COLUMNS; k++)
			columns[k * (size_t)n + i] = row[k];
	}
	ms_fb_reset(b);
	for (unsigned k = 0; k < COLUMNS; k++)
		refs[k] = ms_build_column(b, codecs[k], columns + k * (size_t)n, n);
	free(columns);
	fb_start_culled(b);
	fb_culled_set_from_ns(b, c->from_ns);
	fb_culled_set_to_ns(b, c->to_ns);
	fb_culled_set_stacks(b, refs[STACK]);
	fb_culled_set_allocations(b, refs[ALLOCATIONS]);
	fb_culled_set_reallocations(b, refs[REALLOCATIONS]);
	fb_culled_set_bytes(b, refs[BYTES]);
	fb_culled_set_lifetimes(b, refs[LIFETIME]);
	fb_culled_set_peak_bytes(b, c->peak_bytes);
	fb_culled_set_peak_ns(b, c->peak_ns);
	fb_culled_set_young_bytes(b, c->young_bytes);
	fb_culled_set_early_events(b, c->early_events);
	w->culled_ns = c->to_ns;
	return ms_writer_put_block(w,
				   (struct ms_block_header){.kind = MS_BLOCK_CULLED,
							    .count = n,
							    .first_time_ns = c->from_ns,
							    .last_time_ns = c->to_ns},
				   fb_finish_culled(b), false, err);
}
