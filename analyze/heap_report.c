/* heap_report.c - is there a graph, what may be said from it, and what weakens it. */
#include "heap_report.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "annotation_pass.h"
#include "format/evidence.h"
#include "format/trace_reader.h"
#include "places.h"

/* Why there is nothing to say; the graph was looked for before. */
static const char *why_no_graph(const struct ms_report *r, const struct ms_trace *trace)
{
	if (r->window.given && ms_trace_graph_count(trace))
		return "no heap graph was taken within the window";
	if (r->trace.process->part.kind != MS_PART_WHOLE)
		return "there is no heap graph in this part of the recording";
	if (r->trace.process->capture.attached)
		return "attached to a running process: blocks from before are not known, nor what they point to";
	switch (r->trace.ended) {
	case MS_REPORT_TRUNCATED:
		return "the record ends before the program did; frees may be missing";
	case MS_REPORT_SIGNALED:
		return r->trace.process->guard == MS_GUARD_OFF && r->trace.term_signal != SIGKILL
		               ? "the program was killed by a signal before a heap graph was taken (with a guard, one is taken at a crash)"
		               : "the program was killed by a signal before a heap graph was taken";
	case MS_REPORT_RUNNING:
		return "the program was still running when the recording stopped";
	default:
		break;
	}
	if (!ms_trace_process(trace)->graph_at_exit)
		return "it was recorded without a heap graph (--graph=exit takes one)";
	if (r->trace.size_limit_reached)
		return "the recording was stopped, as its file could not grow, before a heap graph was taken";
	return "the program ended in a way that left no room for a heap graph";
}

/* How many graphs there are up to the last one of the window; 0 when it has none. */
static size_t graphs_until(const struct ms_report *r, const struct ms_trace *trace)
{
	size_t n = ms_trace_graph_count(trace);

	while (n && ms_trace_graph(trace, n - 1)->event > r->window.to_event)
		n--;
	return n && ms_trace_graph(trace, n - 1)->event >= r->window.from_event ? n : 0;
}

static void doubts(struct ms_report_leaks *l, const struct ms_graph *facts, const struct ms_report *r)
{
	for (size_t i = 0; i < facts->unscanned_count; i++) {
		const struct ms_unscanned *u = &facts->unscanned[i];

		switch (u->reason) {
		case MS_UNSCANNED_THREAD:
			l->unscanned_threads++;
			break;
		case MS_UNSCANNED_RANGE:
			l->unscanned_ranges++;
			l->unscanned_bytes += u->bytes;
			break;
		case MS_UNSCANNED_TIME:
			l->doubts |= MS_DOUBT_TIME;
			break;
		default:
			l->doubts |= MS_DOUBT_BLOCKS;
			break;
		}
	}
	l->doubts |= l->unscanned_threads ? MS_DOUBT_UNSCANNED_THREADS : 0;
	l->doubts |= l->unscanned_ranges ? MS_DOUBT_UNSCANNED_RANGES : 0;
	l->doubts |= l->unscanned_blocks ? MS_DOUBT_BLOCKS : 0;
	l->doubts |= l->unknown_blocks ? MS_DOUBT_UNKNOWN : 0;
	l->doubts |= facts->complete ? 0 : MS_DOUBT_INCOMPLETE;
	l->doubts |= r->trace.process->inherited_heap ? MS_DOUBT_INHERITED : 0;
	l->doubts |= ms_is_sample(r->trace.process) || r->trace.process->capture.attached || r->trace.pauses ? MS_DOUBT_UNSEEN : 0;
	l->doubts |= r->trace.lost_events || r->trace.lost_threads ? MS_DOUBT_LOST : 0;
}

static int report_holders(struct ms_report *r, const struct ms_heap_graph *g, size_t node_count, struct ms_error *err)
{
	uint32_t *place_of_node = calloc(node_count + 1, sizeof *place_of_node);
	int rc = place_of_node ? ms_places_of_nodes(r, place_of_node, err)
	                       : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu call paths", node_count);

	if (rc == MS_OK)
		rc = ms_collect_holders(&r->holders, g, node_count, place_of_node, err);
	for (size_t i = 0; rc == MS_OK && i < r->holders.holding_count; i++)
		for (uint32_t k = 0; k < r->holders.holdings[i].top_count; k++) {
			struct ms_held_place *p = &r->holders.holdings[i].top[k];

			p->line = r->places[p->place].line;
			p->caller = r->places[p->place].caller;
		}
	free(place_of_node);
	return rc;
}

static int list_lost(struct ms_lost_blocks *lost, const struct ms_heap_graph *g, uint64_t event, struct ms_error *err)
{
	lost->event = event;
	lost->list = calloc(g->block_count + (size_t)1, sizeof *lost->list);
	if (!lost->list)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the lost blocks");
	for (uint32_t i = 0; i < g->block_count; i++)
		if (g->kind[i] == MS_LEAK_DEFINITE || g->kind[i] == MS_LEAK_INDIRECT)
			lost->list[lost->count++] = (struct ms_lost_block){g->data.block[i], g->blocks[i].size_bytes, g->kind[i] == MS_LEAK_DEFINITE};
	return MS_OK;
}

int ms_heap_report(struct ms_report *r, const struct ms_trace *trace, const struct ms_stack_map *stacks,
                   struct ms_lost_blocks *lost, struct ms_error *err)
{
	struct ms_report_leaks *l = &r->leaks;
	struct ms_heap_graph g;
	const struct ms_graph *facts;
	int rc;

	l->graph_count = graphs_until(r, trace);
	l->alive = (struct ms_leak_amount){r->totals.live_blocks, r->totals.live_bytes};
	facts = l->graph_count ? ms_trace_graph(trace, l->graph_count - 1) : NULL;
	if (!facts) {
		l->reason = why_no_graph(r, trace);
		return MS_OK;
	}
	if (r->trace.images > 1 && facts->time_ns < r->trace.image_start_ns) {
		l->reason = "the program replaced itself by exec after the last heap graph";
		return MS_OK;
	}
	rc = ms_heap_graph_open(&g, trace, l->graph_count - 1, stacks->node_of_stack, err);
	if (rc == MS_E_CORRUPT || rc == MS_E_LIMIT || rc == MS_E_TRUNCATED || rc == MS_E_NOT_FOUND) {
		l->reason = "the heap graph in the trace is damaged";
		return MS_OK;
	}
	if (rc)
		return rc;
	l->graph_reason = facts->reason;
	l->graph_ns = facts->time_ns;
	l->pause_ns = facts->pause_ns;
	l->scanned_bytes = facts->scanned_bytes;
	l->graph_blocks = g.block_count;
	l->graph_edges = g.data.edge_count;
	l->graph_roots = facts->root_count;
	l->unscanned_blocks = g.missing_blocks;
	l->unknown_blocks = g.unknown_blocks;
	doubts(l, facts, r);
	rc = ms_group_leaks(l, &g, stacks->node_count, err);
	if (rc == MS_OK)
		rc = report_holders(r, &g, stacks->node_count, err);
	if (rc == MS_OK && lost)
		rc = list_lost(lost, &g, facts->event, err);
	l->observable = r->holders.observable = rc == MS_OK;
	ms_heap_graph_free(&g);
	return rc;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int ms_leaks_note_suppressed(struct ms_report *r, struct ms_error *err)
{
	struct ms_report_leaks *l = &r->leaks;
	const char **fingerprints = malloc((r->findings.count + 1) * sizeof *fingerprints);
	size_t n = 0;

	if (!fingerprints)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for suppressed leaks");
	for (size_t i = 0; i < r->findings.count; i++)
		if (r->findings.list[i].suppressed_by)
			fingerprints[n++] = r->findings.list[i].fingerprint;
	qsort(fingerprints, n, sizeof *fingerprints, by_text);
	l->suppressed = (struct ms_leak_amount){0, 0};
	for (size_t i = 0; i < l->leak_count; i++) {
		const char *key = l->leaks[i].fingerprint;

		l->leaks[i].suppressed = *key && n && bsearch(&key, fingerprints, n, sizeof *fingerprints, by_text);
		if (l->leaks[i].suppressed) {
			l->suppressed.blocks += l->leaks[i].blocks;
			l->suppressed.bytes += l->leaks[i].bytes;
		}
	}
	free(fingerprints);
	return MS_OK;
}

void ms_report_leaks_free(struct ms_report_leaks *l)
{
	free(l->leaks);
	memset(l, 0, sizeof *l);
}

void ms_report_holders_free(struct ms_report_holders *h)
{
	free(h->holdings);
	free(h->blocks);
	free(h->paths);
	free(h->tree);
	memset(h, 0, sizeof *h);
}
