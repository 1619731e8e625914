/* leaks_json.c - "leaks" and "growth" of the JSON report. */
#include "leaks_json.h"

#include "format/evidence.h"
#include "heap_names.h"
#include "json_stack.h"
#include "report_names.h"

static const enum ms_leak_kind order[] = {MS_LEAK_DEFINITE, MS_LEAK_INDIRECT, MS_LEAK_POSSIBLE, MS_LEAK_REACHABLE};

static void amount(struct ms_json *j, const char *key, const struct ms_leak_amount *a, bool known)
{
	if (!known) {
		ms_json_null(j, key);
		return;
	}
	ms_json_object(j, key);
	ms_json_uint(j, "blocks", a->blocks);
	ms_json_uint(j, "bytes", a->bytes);
	ms_json_end_object(j);
}

static void moment(struct ms_json *j, const char *key, uint64_t block, uint64_t time_ns)
{
	ms_json_object(j, key);
	ms_json_uint(j, "block", block);
	ms_json_uint(j, "time_ns", time_ns);
	ms_json_end_object(j);
}

static void cycle(struct ms_json *j, const struct ms_leak *l)
{
	if (l->cycle_count == 0) {
		ms_json_null(j, "cycle");
		return;
	}
	ms_json_object(j, "cycle");
	ms_json_uint(j, "length", l->cycle_count);
	ms_json_array(j, "links");
	for (uint64_t i = 0; i < l->cycle_count && i < MS_LEAK_CYCLE_LINKS; i++) {
		ms_json_object(j, NULL);
		ms_json_uint(j, "block", l->cycle[i].block);
		ms_json_uint(j, "offset", l->cycle[i].offset);
		ms_json_uint(j, "target_offset", l->cycle[i].target_offset);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_end_object(j);
}

static void leak(struct ms_json *j, const struct ms_report *r, const struct ms_leak *l)
{
	struct ms_leak_amount indirect = {l->indirect_blocks, l->indirect_bytes};

	ms_json_object(j, NULL);
	ms_json_string(j, "kind", ms_leak_kind_name(l->kind));
	ms_json_uint(j, "site", l->node);
	ms_json_uint(j, "blocks", l->blocks);
	ms_json_uint(j, "bytes", l->bytes);
	amount(j, "hanging_on", &indirect, true);
	ms_json_uint(j, "blocks_on_cycles", l->in_cycle_blocks);
	moment(j, "first", l->first_block, l->first_ns);
	moment(j, "last", l->last_block, l->last_ns);
	ms_json_object(j, "sizes");
	ms_json_uint(j, "min_bytes", l->min_bytes);
	ms_json_uint(j, "max_bytes", l->max_bytes);
	ms_json_uint(j, "most_frequent_bytes", l->frequent_bytes);
	ms_json_uint(j, "most_frequent_blocks", l->frequent_blocks);
	ms_json_end_object(j);
	ms_json_object(j, "example");
	ms_json_uint(j, "block", l->example_block);
	ms_json_hex(j, "address", l->example_address);
	ms_json_uint(j, "size_bytes", l->example_bytes);
	ms_json_uint(j, "retained_bytes", l->example_retained_bytes);
	ms_json_uint(j, "time_ns", l->example_ns);
	ms_json_uint(j, "thread", l->example_thread);
	ms_json_string(j, "type", l->type);
	ms_json_end_object(j);
	cycle(j, l);
	ms_json_bool(j, "suppressed", l->suppressed);
	ms_json_string(j, "fingerprint", *l->fingerprint ? l->fingerprint : NULL);
	ms_json_stack(j, "stack", r, l->node);
	ms_json_end_object(j);
}

static void graph(struct ms_json *j, const struct ms_report_leaks *l)
{
	if (!l->observable) {
		ms_json_null(j, "graph");
		return;
	}
	ms_json_object(j, "graph");
	ms_json_string(j, "reason", ms_graph_reason_name(l->graph_reason));
	ms_json_uint(j, "time_ns", l->graph_ns);
	ms_json_uint(j, "pause_ns", l->pause_ns);
	ms_json_uint(j, "scanned_bytes", l->scanned_bytes);
	ms_json_uint(j, "blocks", l->graph_blocks);
	ms_json_uint(j, "edges", l->graph_edges);
	ms_json_uint(j, "roots", l->graph_roots);
	ms_json_bool(j, "finished", !(l->doubts & (MS_DOUBT_INCOMPLETE | MS_DOUBT_TIME)));
	ms_json_object(j, "not_scanned");
	ms_json_uint(j, "threads", l->unscanned_threads);
	ms_json_uint(j, "ranges", l->unscanned_ranges);
	ms_json_uint(j, "bytes", l->unscanned_bytes);
	ms_json_uint(j, "blocks", l->unscanned_blocks);
	ms_json_end_object(j);
	ms_json_uint(j, "unknown_blocks", l->unknown_blocks);
	ms_json_bool(j, "weakened", l->doubts != 0);
	ms_json_end_object(j);
}

void ms_json_leaks(struct ms_json *j, const struct ms_report *r, size_t top)
{
	const struct ms_report_leaks *l = &r->leaks;
	size_t n = top && l->leak_count > top ? top : l->leak_count;

	ms_json_object(j, "leaks");
	ms_json_bool(j, "observable", l->observable);
	ms_json_string(j, "reason", l->reason);
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		amount(j, ms_leak_kind_name(order[i]), &l->kind[order[i]], l->observable);
	amount(j, "suppressed", &l->suppressed, l->observable);
	amount(j, "alive_at_end", &l->alive, true);
	ms_json_object(j, "call_paths");
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		ms_json_uint(j, ms_leak_kind_name(order[i]), l->paths[order[i]]);
	ms_json_end_object(j);
	ms_json_uint(j, "cycles", l->cycles);
	ms_json_uint(j, "blocks_on_cycles", l->cycle_blocks);
	ms_json_uint(j, "graphs", l->graph_count);
	graph(j, l);
	ms_json_array(j, "list");
	for (size_t i = 0; i < n; i++)
		leak(j, r, &l->leaks[i]);
	ms_json_end_array(j);
	ms_json_uint(j, "list_omitted", l->leak_count - n);
	ms_json_end_object(j);
}

static size_t at_most(size_t count, size_t top)
{
	return top && count > top ? top : count;
}

static void growing(struct ms_json *j, const struct ms_report *r, const char *key, const struct ms_growing_site *sites, size_t count,
                    size_t top)
{
	ms_json_array(j, key);
	for (size_t i = 0; i < at_most(count, top); i++) {
		const struct ms_growing_site *s = &sites[i];

		ms_json_object(j, NULL);
		ms_json_uint(j, "site", s->node);
		ms_json_string(j, "verdict", s->verdict == MS_GROWTH_LEAK ? "leak_suspicion" : "cache_filled");
		ms_json_uint(j, "from_bytes", s->from_bytes);
		ms_json_uint(j, "to_bytes", s->to_bytes);
		ms_json_uint(j, "from_blocks", s->from_blocks);
		ms_json_uint(j, "to_blocks", s->to_blocks);
		ms_json_uint(j, "rises", s->rises);
		ms_json_uint(j, "flat", s->flat);
		ms_json_uint(j, "slope_bytes_per_hour", s->slope_bytes_per_hour);
		ms_json_uint(j, "first_allocation_ns", s->first_allocation_ns);
		ms_json_uint(j, "last_allocation_ns", s->last_allocation_ns);
		ms_json_stack(j, "stack", r, s->node);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

void ms_json_growth(struct ms_json *j, const struct ms_report *r, size_t top)
{
	const struct ms_report_growth *g = &r->growth;

	ms_json_object(j, "growth");
	ms_json_bool(j, "observable", g->observable);
	ms_json_string(j, "reason", g->reason);
	ms_json_string(j, "certainty", "inferred");
	ms_json_uint(j, "windows", g->windows);
	ms_json_uint(j, "window_ns", g->window_ns);
	ms_json_uint(j, "from_ns", g->from_ns);
	ms_json_uint(j, "to_ns", g->to_ns);
	ms_json_uint(j, "sites_checked", g->sites_checked);
	growing(j, r, "sites", g->sites, g->site_count, top);
	ms_json_uint(j, "sites_omitted", g->site_count - at_most(g->site_count, top));
	growing(j, r, "filled", g->filled, g->filled_count, top);
	ms_json_uint(j, "filled_omitted", g->filled_count - at_most(g->filled_count, top));
	ms_json_array(j, "periodic");
	for (size_t i = 0; i < at_most(g->periodic_count, top); i++) {
		const struct ms_periodic_site *s = &g->periodic[i];

		ms_json_object(j, NULL);
		ms_json_uint(j, "site", s->node);
		ms_json_uint(j, "period_ns", s->period_ns);
		ms_json_uint(j, "correlation_percent", s->correlation_percent);
		ms_json_uint(j, "low_bytes", s->low_bytes);
		ms_json_uint(j, "high_bytes", s->high_bytes);
		ms_json_stack(j, "stack", r, s->node);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_uint(j, "periodic_omitted", g->periodic_count - at_most(g->periodic_count, top));
	ms_json_uint(j, "periodic_unchecked", g->period_unchecked);
	ms_json_end_object(j);
}
