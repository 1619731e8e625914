/* text_culled.c - the section about blocks that the recording left out (memscope-record --cull-temporary). */
#include <inttypes.h>
#include <stdlib.h>

#include "report_names.h"
#include "text_style.h"

struct ranked {
	uint64_t bytes;
	uint32_t index;
};

static int by_bytes(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return (a->index > b->index) - (a->index < b->index);
}

/* Nothing for a recording that wrote every block. */
int ms_text_culled(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"bytes", MS_RIGHT}, {"share", MS_RIGHT}, {"culled", MS_RIGHT}, {"recorded", MS_RIGHT}, {"site", MS_RIGHT}, {"where", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	const struct ms_report_culled *c = &r->culled;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], d[MS_UNIT_TEXT], id[16];
	struct ms_table table;
	struct ranked *order;
	size_t n = 0, shown;
	int rc;

	if (!c->within_ns)
		return 0;
	if (!c->allocations && !c->reallocations) {
		ms_text_heading(t, "CULLED", "no block was left out: none was freed within %s of its birth without anything else being told of it", ms_unit_duration(a, c->within_ns));
		return 0;
	}
	ms_text_heading(t, "CULLED", "%s freed within %s of their birth, %s on average", ms_unit_of(a, c->allocations + c->reallocations, "block"),
	                ms_unit_duration(b, c->within_ns), ms_unit_duration(d, c->mean_lifetime_ns));
	order = malloc((r->site_count + 1) * sizeof *order);
	if (!order)
		return MS_E_NOMEM;
	for (size_t i = 0; i < r->site_count; i++)
		if (r->sites[i].culled_blocks)
			order[n++] = (struct ranked){r->sites[i].culled_bytes, (uint32_t)i};
	qsort(order, n, sizeof *order, by_bytes);
	shown = t->options.top && n > t->options.top ? t->options.top : n;
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < shown; i++) {
		const struct ms_report_site *s = &r->sites[order[i].index];

		ms_cell_bytes(t, &table, s->culled_bytes);
		ms_cell_share(&table, s->culled_bytes, c->bytes);
		ms_cell_count(&table, s->culled_blocks);
		ms_cell_count(&table, s->allocations + s->reallocations);
		snprintf(id, sizeof id, "#%" PRIu32, s->node);
		ms_table_cell(&table, id);
		ms_cell_owned(&table, ms_text_place(ms_report_headline(r, s->node), NULL));
	}
	free(order);
	rc = ms_text_print(t, &table);
	ms_text_more(t, n - shown, "more site");
	return rc;
}
