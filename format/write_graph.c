/*
 * write_graph.c - the heap graph calls of trace_writer.h: its blocks and edges collected and cut into GraphBlocks and
 * GraphEdges blocks, then its Graph block; and the names of data.
 *
 * An edge is stored as differences to what the edges of most heaps look like: docs/FORMAT.md, "Heap graphs".
 */
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "trace_fb.h"
#include "varint.h"
#include "writer_internal.h"

#define DATA_SYMBOLS_PER_BLOCK 16384

static struct ms_numbers *columns_of(struct ms_graph_rows *g, unsigned i)
{
	struct ms_numbers *all[] = {&g->id,	   &g->word_position, &g->word,		 &g->source,
				    &g->source_offset, &g->target,	      &g->target_offset, &g->flags,
				    &g->root_source,   &g->root_offset};

	return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

void ms_graph_rows_free(struct ms_graph_rows *g)
{
	for (unsigned i = 0; columns_of(g, i) != NULL; i++)
		ms_buffer_free(&columns_of(g, i)->buffer);
	ms_buffer_free(&g->roots);
}

/* Empties it, keeps the memory. */
static void restart(struct ms_graph_rows *g)
{
	for (unsigned i = 0; columns_of(g, i) != NULL; i++)
		columns_of(g, i)->buffer.size = 0;
	g->roots.size = 0;
	g->blocks = g->edges = 0;
	g->last_word_position = 0;
	g->last_source = g->last_source_offset = g->last_target = 0;
	g->greatest_source = g->last_offset = 0;
}

static ms_fb_ref put_column(struct ms_fb_builder *b, uint8_t codec, struct ms_numbers *n)
{
	ms_fb_ref ref = ms_build_column(b, codec, (const uint64_t *)(const void *)n->buffer.data, ms_numbers_count(n));

	n->buffer.size = 0;
	return ref;
}

static int put_part(struct ms_writer *w, uint16_t kind, uint32_t count, ms_fb_ref body, struct ms_error *err)
{
	return ms_writer_put_block(w,
				   (struct ms_block_header){.kind = kind,
							    .count = count,
							    .first_time_ns = w->last_time_ns,
							    .last_time_ns = w->last_time_ns},
				   body, false, err);
}

static int put_blocks(struct ms_writer *w, struct ms_error *err)
{
	struct ms_graph_rows *g = &w->graph;
	const uint32_t count = ms_numbers_count(&g->id);
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref ids, positions, words;

	if (count == 0)
		return MS_OK;
	ms_fb_reset(b);
	ids = put_column(b, FB_CODEC_DELTA, &g->id);
	positions = put_column(b, FB_CODEC_PATCHED, &g->word_position);
	words = put_column(b, FB_CODEC_DELTA, &g->word);
	fb_start_graph_blocks(b);
	fb_graph_blocks_set_graph(b, w->graphs);
	fb_graph_blocks_set_first(b, g->blocks - count);
	fb_graph_blocks_set_ids(b, ids);
	fb_graph_blocks_set_word_positions(b, positions);
	fb_graph_blocks_set_words(b, words);
	g->last_word_position = g->blocks;
	return put_part(w, MS_BLOCK_GRAPH_BLOCKS, count, fb_finish_graph_blocks(b), err);
}

static int put_edges(struct ms_writer *w, struct ms_error *err)
{
	struct ms_graph_rows *g = &w->graph;
	const uint32_t count = ms_numbers_count(&g->source);
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref sources, source_offsets, targets, target_offsets, flags;

	if (count == 0)
		return MS_OK;
	ms_fb_reset(b);
	sources = put_column(b, FB_CODEC_PATCHED, &g->source);
	source_offsets = put_column(b, FB_CODEC_PATCHED, &g->source_offset);
	targets = put_column(b, FB_CODEC_PATCHED, &g->target);
	target_offsets = put_column(b, FB_CODEC_PATCHED, &g->target_offset);
	flags = put_column(b, FB_CODEC_RUN, &g->flags);
	fb_start_graph_edges(b);
	fb_graph_edges_set_graph(b, w->graphs);
	fb_graph_edges_set_sources(b, sources);
	fb_graph_edges_set_source_offsets(b, source_offsets);
	fb_graph_edges_set_targets(b, targets);
	fb_graph_edges_set_target_offsets(b, target_offsets);
	fb_graph_edges_set_flags(b, flags);
	g->last_source = g->last_source_offset = g->last_target = 0;
	return put_part(w, MS_BLOCK_GRAPH_EDGES, count, fb_finish_graph_edges(b), err);
}

int ms_writer_graph_begin(struct ms_writer *w, const struct ms_graph *graph, struct ms_error *err)
{
	int rc;

	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	if (w->graph_open || w->copied)
		return ms_writer_misuse(w, err, "a graph begins inside another one or after a copied trace");
	if (graph->event > w->events)
		return ms_writer_misuse(w, err, "a graph stands before event %llu of %llu", (unsigned long long)graph->event,
					(unsigned long long)w->events);
	rc = ms_writer_put_events(w, err);
	if (rc != MS_OK)
		return rc;
	restart(&w->graph);
	if (ms_buffer_append(&w->graph.roots, graph->roots, graph->root_count * sizeof(*graph->roots)) != 0)
		return ms_writer_no_memory(w, err);
	w->graph.event = graph->event != 0 ? graph->event : w->events;
	w->graphs++;
	w->graph_open = true;
	return MS_OK;
}

static int add_block(struct ms_writer *w, uint64_t id, uint64_t word, struct ms_error *err)
{
	struct ms_graph_rows *g = &w->graph;

	if (id == 0 || id > w->blocks || g->edges > 0 || g->blocks >= MS_MAX_GRAPH_NODES)
		return ms_writer_misuse(w, err, "block %llu of %llu of a graph, after %llu edges, is not valid",
					(unsigned long long)id, (unsigned long long)w->blocks,
					(unsigned long long)g->edges);
	if (ms_numbers_add(&g->id, id) != 0)
		return ms_writer_no_memory(w, err);
	if (word != 0) {
		if (ms_numbers_add(&g->word_position, g->blocks - g->last_word_position) != 0 ||
		    ms_numbers_add(&g->word, word) != 0)
			return ms_writer_no_memory(w, err);
		g->last_word_position = g->blocks;
	}
	g->blocks++;
	return ms_numbers_count(&g->id) == MS_MAX_GRAPH_ROWS ? put_blocks(w, err) : MS_OK;
}

static int add_edge(struct ms_writer *w, const struct ms_graph_data *d, uint64_t i, struct ms_error *err)
{
	struct ms_graph_rows *g = &w->graph;
	const uint64_t source = d->source[i], target = d->target[i];
	const bool starts_block = ms_numbers_count(&g->source) == 0;
	const bool first = starts_block || source != g->last_source;
	const uint64_t expected = first && source < g->blocks ? source : g->last_target;

	if (target >= g->blocks || source < g->greatest_source ||
	    (g->edges > 0 && source == g->greatest_source && d->source_offset[i] < g->last_offset))
		return ms_writer_misuse(w, err, "edge %llu of a graph from %llu to %llu of %llu blocks is not valid",
					(unsigned long long)g->edges, (unsigned long long)source,
					(unsigned long long)target, (unsigned long long)g->blocks);
	if (ms_numbers_add(&g->source, source - g->last_source) != 0 ||
	    ms_numbers_add(&g->source_offset, d->source_offset[i] - (first ? 0 : g->last_source_offset)) != 0 ||
	    ms_numbers_add(&g->target, ms_zigzag((int64_t)(target - expected))) != 0 ||
	    ms_numbers_add(&g->target_offset, d->target_offset[i]) != 0 ||
	    ms_numbers_add(&g->flags, d->flags != NULL ? d->flags[i] : 0) != 0)
		return ms_writer_no_memory(w, err);
	if (source >= g->blocks &&
	    (ms_numbers_add(&g->root_source, source - g->blocks) != 0 ||
	     ms_numbers_add(&g->root_offset, d->source_offset[i]) != 0))
		return ms_writer_no_memory(w, err);
	g->last_source = g->greatest_source = source;
	g->last_source_offset = g->last_offset = d->source_offset[i];
	g->last_target = target;
	g->edges++;
	return ms_numbers_count(&g->source) == MS_MAX_GRAPH_ROWS ? put_edges(w, err) : MS_OK;
}

int ms_writer_graph_data(struct ms_writer *w, const struct ms_graph_data *data, struct ms_error *err)
{
	int rc = MS_OK;

	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	if (!w->graph_open)
		return ms_writer_misuse(w, err, "blocks and edges belong between begin and end of a graph");
	for (uint32_t i = 0; i < data->block_count && rc == MS_OK; i++)
		rc = add_block(w, data->block[i], data->first_word != NULL ? data->first_word[i] : 0, err);
	if (rc == MS_OK && data->edge_count > 0)
		rc = put_blocks(w, err);
	for (uint64_t i = 0; i < data->edge_count && rc == MS_OK; i++)
		rc = add_edge(w, data, i, err);
	return rc;
}

static bool valid_root(const struct ms_writer *w, const struct ms_graph_root *r)
{
	return r->kind > 0 && r->kind < FB_ROOT_KIND_COUNT && r->module <= w->modules && r->thread <= w->threads &&
	       r->frame <= w->frames && r->name <= w->strings.count && r->start <= r->end;
}

static ms_fb_ref build_roots(struct ms_fb_builder *b, const struct ms_graph_root *roots, size_t n, ms_fb_ref *refs)
{
	for (size_t i = 0; i < n; i++) {
		fb_start_graph_root(b);
		fb_graph_root_set_start(b, roots[i].start);
		fb_graph_root_set_end(b, roots[i].end);
		fb_graph_root_set_module(b, roots[i].module);
		fb_graph_root_set_thread(b, roots[i].thread);
		fb_graph_root_set_tid(b, roots[i].tid);
		fb_graph_root_set_frame(b, roots[i].frame);
		fb_graph_root_set_name(b, roots[i].name);
		fb_graph_root_set_kind(b, roots[i].kind);
		refs[i] = fb_finish_graph_root(b);
	}
	return ms_fb_put_refs(b, refs, n);
}

static ms_fb_ref build_unscanned(struct ms_fb_builder *b, const struct ms_unscanned *u, size_t n, ms_fb_ref *refs)
{
	for (size_t i = 0; i < n; i++) {
		fb_start_unscanned(b);
		fb_unscanned_set_id(b, u[i].id);
		fb_unscanned_set_bytes(b, u[i].bytes);
		fb_unscanned_set_reason(b, u[i].reason);
		refs[i] = fb_finish_unscanned(b);
	}
	return ms_fb_put_refs(b, refs, n);
}

static ms_fb_ref build_graph(struct ms_writer *w, const struct ms_graph *graph, const struct ms_graph_root *roots,
			     size_t root_count)
{
	const size_t most = root_count > graph->unscanned_count ? root_count : graph->unscanned_count;
	ms_fb_ref *refs = malloc((most + 1) * sizeof(*refs)), roots_ref, unscanned_ref;
	struct ms_fb_builder *b = &w->builder;

	ms_fb_reset(b);
	if (refs == NULL) {
		b->failed = true;
		return 0;
	}
	roots_ref = build_roots(b, roots, root_count, refs);
	unscanned_ref = build_unscanned(b, graph->unscanned, graph->unscanned_count, refs);
	free(refs);
	fb_start_graph(b);
	fb_graph_set_time_ns(b, graph->time_ns);
	fb_graph_set_event(b, w->graph.event);
	fb_graph_set_pause_ns(b, graph->pause_ns);
	fb_graph_set_scanned_bytes(b, graph->scanned_bytes);
	fb_graph_set_blocks(b, w->graph.blocks);
	fb_graph_set_edges(b, w->graph.edges);
	fb_graph_set_graph(b, w->graphs);
	fb_graph_set_roots(b, roots_ref);
	fb_graph_set_unscanned(b, unscanned_ref);
	fb_graph_set_reason(b, graph->reason);
	fb_graph_set_complete(b, graph->complete);
	return fb_finish_graph(b);
}

/* Every edge of a root lies inside it. */
static bool inside_roots(const struct ms_graph_rows *g, const struct ms_graph_root *roots, size_t root_count)
{
	const uint64_t *sources = (const uint64_t *)(const void *)g->root_source.buffer.data;
	const uint64_t *offsets = (const uint64_t *)(const void *)g->root_offset.buffer.data;

	for (uint32_t i = 0; i < ms_numbers_count(&g->root_source); i++) {
		if (sources[i] >= root_count || offsets[i] >= roots[sources[i]].end - roots[sources[i]].start)
			return false;
	}
	return true;
}

int ms_writer_graph_end(struct ms_writer *w, const struct ms_graph *graph, struct ms_error *err)
{
	const struct ms_graph_root *roots = graph->roots;
	size_t root_count = graph->root_count;
	int rc;

	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	if (!w->graph_open)
		return ms_writer_misuse(w, err, "no graph has begun");
	if (root_count == 0) {
		roots = (const struct ms_graph_root *)(const void *)w->graph.roots.data;
		root_count = w->graph.roots.size / sizeof(*roots);
	}
	for (size_t i = 0; i < root_count; i++) {
		if (!valid_root(w, &roots[i]))
			return ms_writer_misuse(w, err, "root %zu of a graph is not valid", i);
	}
	if (root_count >= MS_MAX_GRAPH_NODES - w->graph.blocks || graph->reason >= FB_GRAPH_REASON_COUNT ||
	    !inside_roots(&w->graph, roots, root_count))
		return ms_writer_misuse(w, err, "edges up to node %llu leave a graph of %llu blocks and %zu roots",
					(unsigned long long)w->graph.greatest_source,
					(unsigned long long)w->graph.blocks, root_count);
	rc = put_blocks(w, err);
	if (rc == MS_OK)
		rc = put_edges(w, err);
	if (rc == MS_OK)
		rc = ms_writer_put_tables(w, MS_BLOCK_STACKS, err);
	if (rc == MS_OK)
		rc = put_part(w, MS_BLOCK_GRAPH, 1, build_graph(w, graph, roots, root_count), err);
	w->graph_open = false;
	return rc;
}

/* ---- names of data ----------------------------------------------------------------------------------------------- */

static ms_fb_ref build_data_symbols(struct ms_fb_builder *b, const struct ms_data_symbol *s, size_t n)
{
	ms_fb_ref *refs = malloc((n + 1) * sizeof(*refs)), vector;

	ms_fb_reset(b);
	if (refs == NULL) {
		b->failed = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		fb_start_data_symbol(b);
		fb_data_symbol_set_address(b, s[i].address);
		fb_data_symbol_set_size_bytes(b, s[i].size_bytes);
		fb_data_symbol_set_module(b, s[i].module);
		fb_data_symbol_set_name(b, s[i].name);
		refs[i] = fb_finish_data_symbol(b);
	}
	vector = ms_fb_put_refs(b, refs, n);
	free(refs);
	fb_start_data_symbols(b);
	fb_data_symbols_set_symbols(b, vector);
	return fb_finish_data_symbols(b);
}

int ms_writer_data_symbols(struct ms_writer *w, const struct ms_data_symbol *symbols, size_t n, struct ms_error *err)
{
	int rc;

	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	for (size_t i = 0; i < n; i++) {
		const struct ms_data_symbol *s = &symbols[i];

		if (s->module == 0 || s->module > w->modules || s->name > w->strings.count ||
		    s->address + s->size_bytes < s->address || (i > 0 && s->address < symbols[i - 1].address))
			return ms_writer_misuse(w, err, "data symbol %zu is not valid: module %u of %u, name %u of %u", i,
						s->module, w->modules, s->name, w->strings.count);
	}
	rc = n > 0 ? ms_writer_put_events(w, err) : MS_OK;
	if (rc == MS_OK && n > 0)
		rc = ms_writer_put_tables(w, MS_BLOCK_STACKS, err);
	for (size_t done = 0, part; done < n && rc == MS_OK; done += part) {
		part = n - done < DATA_SYMBOLS_PER_BLOCK ? n - done : DATA_SYMBOLS_PER_BLOCK;
		rc = put_part(w, MS_BLOCK_DATA_SYMBOLS, (uint32_t)part,
			      build_data_symbols(&w->builder, symbols + done, part), err);
	}
	return rc;
}
