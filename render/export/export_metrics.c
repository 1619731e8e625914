/* export_metrics.c - see export_metrics.h. */
#include "export_metrics.h"

#include <stdlib.h>
#include <string.h>

#define SITE_METRICS(X)                                                                  \
	X(peak, "peak", "share of the peak", true, s->peak_bytes)                            \
	X(peak_blocks, "peak-blocks", "blocks alive at the peak", false, s->peak_blocks)     \
	X(live, "live", "alive at the end", true, s->live_bytes)                             \
	X(live_blocks, "live-blocks", "blocks alive at the end", false, s->live_blocks)      \
	X(allocated, "allocated", "bytes allocated", true, s->allocated_bytes)               \
	X(allocations, "allocations", "blocks begun", false, s->allocations + s->reallocations) \
	X(temporary, "temporary", "temporary blocks", false, s->temporary_allocations)
#define LEAK_METRICS(X)                                                                                 \
	X(leaked, "leaked", "leaked", true, is_lost(l) ? l->bytes : 0)                                      \
	X(leaked_blocks, "leaked-blocks", "blocks leaked", false, is_lost(l) ? l->blocks : 0)               \
	X(possibly_leaked, "possibly-leaked", "possibly leaked", true, is_possible(l) ? l->bytes : 0)       \
	X(possibly_leaked_blocks, "possibly-leaked-blocks", "blocks possibly leaked", false, is_possible(l) ? l->blocks : 0)

static bool is_lost(const struct ms_leak *l)
{
	return !l->suppressed && (l->kind == MS_LEAK_DEFINITE || l->kind == MS_LEAK_INDIRECT);
}

static bool is_possible(const struct ms_leak *l)
{
	return !l->suppressed && l->kind == MS_LEAK_POSSIBLE;
}

#define X(id, name, title, bytes, expression) \
	static uint64_t of_##id(const struct ms_report_site *s) { return expression; }
SITE_METRICS(X)
#undef X
#define X(id, name, title, bytes, expression) \
	static uint64_t of_##id(const struct ms_leak *l) { return expression; }
LEAK_METRICS(X)
#undef X

const struct ms_export_metric ms_export_metrics[] = {
#define X(id, name, title, bytes, expression) {name, title, bytes, of_##id, NULL},
	SITE_METRICS(X)
#undef X
#define X(id, name, title, bytes, expression) {name, title, bytes, NULL, of_##id},
	LEAK_METRICS(X)
#undef X
};
const size_t ms_export_metric_count = sizeof ms_export_metrics / sizeof *ms_export_metrics;

const char *const ms_export_metric_names[] = {
#define X(id, name, title, bytes, expression) name,
	SITE_METRICS(X) LEAK_METRICS(X)
#undef X
	NULL,
};

int ms_export_metric_find(const struct ms_export_metric **out, const char *name, struct ms_error *err)
{
	for (size_t i = 0; i < ms_export_metric_count; i++) {
		if (name && strcmp(name, ms_export_metrics[i].name) != 0)
			continue;
		*out = &ms_export_metrics[i];
		return MS_OK;
	}
	return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "there is no metric '%.60s'", name);
}

static int by_node(const void *pa, const void *pb)
{
	const struct ms_weight *a = pa, *b = pb;

	return (a->node > b->node) - (a->node < b->node);
}

int ms_export_weights(struct ms_weight **out, size_t *count, const struct ms_report *r, const struct ms_export_metric *metric,
                      struct ms_error *err)
{
	size_t rows = metric->of_site ? r->site_count : r->leaks.leak_count, n = 0, kept = 0;
	struct ms_weight *list;

	if (!metric->of_site && !r->leaks.observable)
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "'%s' cannot be exported: leaks are not observable in this trace: %s",
		               metric->name, r->leaks.reason);
	list = malloc((rows + 1) * sizeof *list);
	if (!list)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu call paths", rows);
	for (size_t i = 0; i < rows; i++) {
		uint64_t value = metric->of_site ? metric->of_site(&r->sites[i]) : metric->of_leak(&r->leaks.leaks[i]);

		if (value)
			list[n++] = (struct ms_weight){metric->of_site ? r->sites[i].node : r->leaks.leaks[i].node, value};
	}
	qsort(list, n, sizeof *list, by_node);
	for (size_t i = 0; i < n; i++) { /* leaks of two kinds may have one call path */
		if (kept && list[kept - 1].node == list[i].node)
			list[kept - 1].value += list[i].value;
		else
			list[kept++] = list[i];
	}
	*out = list;
	*count = kept;
	return MS_OK;
}
