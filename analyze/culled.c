/* culled.c - see culled.h. */
#include "culled.h"

#include <stdlib.h>

static void add(struct ms_culled_row *sum, const struct ms_culled_row *row)
{
	sum->allocations += row->allocations;
	sum->reallocations += row->reallocations;
	sum->bytes += row->bytes;
	sum->lifetime_ns += row->lifetime_ns;
}

int ms_culled_by_node(struct ms_culled_row **out, struct ms_report_culled *every, const struct ms_trace *trace, const struct ms_stack_map *stacks,
                      uint64_t from_ns, uint64_t to_ns, struct ms_error *err)
{
	struct ms_culled_row sum = {0};
	bool first = true;

	*out = NULL;
	*every = (struct ms_report_culled){.within_ns = ms_trace_process(trace)->capture.cull_ns};
	for (size_t i = 0; i < ms_trace_culled_count(trace); i++) {
		const struct ms_culled *c = ms_trace_culled(trace, i);

		if (c->to_ns < from_ns || c->from_ns > to_ns || (c->to_ns == from_ns && c->from_ns < from_ns))
			continue;
		if (!*out && !(*out = calloc(stacks->node_count, sizeof **out)))
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the culled blocks of %zu call paths", stacks->node_count);
		for (size_t k = 0; k < c->row_count; k++) {
			add(&(*out)[stacks->node_of_stack[c->rows[k].stack]], &c->rows[k]);
			add(&sum, &c->rows[k]);
		}
		if (first)
			every->from_ns = c->from_ns;
		first = false;
		every->to_ns = c->to_ns;
		if (c->peak_bytes > every->peak_bytes) {
			every->peak_bytes = c->peak_bytes;
			every->peak_time_ns = c->peak_ns;
		}
		if (c->young_bytes > every->young_bytes)
			every->young_bytes = c->young_bytes;
		every->early_events += c->early_events;
	}
	every->allocations = sum.allocations;
	every->reallocations = sum.reallocations;
	every->bytes = sum.bytes;
	if (sum.allocations + sum.reallocations)
		every->mean_lifetime_ns = sum.lifetime_ns / (sum.allocations + sum.reallocations);
	return MS_OK;
}
