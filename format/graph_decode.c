/* graph_decode.c - heap graphs and the names of data, as trace_reader.h has them. */
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "trace_fb.h"
#include "trace_internal.h"
#include "varint.h"

/* A graph and where it stands. */
struct ms_graph_entry {
	struct ms_graph graph;
	uint32_t number;
	size_t from, to;                 /* its GraphBlocks and GraphEdges have these indices in the list of blocks */
	uint64_t offset;                 /* of the Graph block */
	struct ms_buffer roots, unscanned;
};

void ms_trace_free_graphs(struct ms_trace *t)
{
	struct ms_graph_entry *entries = (struct ms_graph_entry *)(void *)t->graphs.data;

	for (size_t i = 0; i < ms_trace_graph_count(t); i++) {
		ms_buffer_free(&entries[i].roots);
		ms_buffer_free(&entries[i].unscanned);
	}
	ms_buffer_free(&t->graphs);
}

static int load_roots(struct ms_trace *t, struct ms_graph_entry *e, struct fb_graph g, struct ms_error *err)
{
	const uint32_t count = fb_graph_roots(g).count;
	struct ms_graph_root *roots =
		ms_tables_take(&t->tables, &e->roots, (uint64_t)count * sizeof(*roots), e->offset, err);

	if (roots == NULL)
		return err->code;
	for (uint32_t i = 0; i < count; i++) {
		const struct fb_graph_root r = fb_graph_roots_at(g, i);

		roots[i] = (struct ms_graph_root){
			.kind = fb_graph_root_kind(r),
			.module = fb_graph_root_module(r),
			.thread = fb_graph_root_thread(r),
			.tid = fb_graph_root_tid(r),
			.frame = fb_graph_root_frame(r),
			.name = fb_graph_root_name(r),
			.start = fb_graph_root_start(r),
			.end = fb_graph_root_end(r),
		};
		if (roots[i].kind == 0 || roots[i].kind >= FB_ROOT_KIND_COUNT ||
		    roots[i].module > t->tables.module_count || roots[i].thread > t->tables.thread_count ||
		    roots[i].frame > t->tables.frame_count || roots[i].name > t->tables.string_count ||
		    roots[i].start > roots[i].end)
			return ms_fail(err, MS_E_CORRUPT, e->offset, "root %u of a graph is not valid", i);
	}
	e->graph.roots = roots;
	e->graph.root_count = count;
	return MS_OK;
}

static int load_unscanned(struct ms_trace *t, struct ms_graph_entry *e, struct fb_graph g, struct ms_error *err)
{
	const uint32_t count = fb_graph_unscanned(g).count;
	struct ms_unscanned *rows =
		ms_tables_take(&t->tables, &e->unscanned, (uint64_t)count * sizeof(*rows), e->offset, err);

	if (rows == NULL)
		return err->code;
	for (uint32_t i = 0; i < count; i++) {
		const struct fb_unscanned u = fb_graph_unscanned_at(g, i);

		rows[i] = (struct ms_unscanned){
			.reason = fb_unscanned_reason(u), .id = fb_unscanned_id(u), .bytes = fb_unscanned_bytes(u)};
	}
	e->graph.unscanned = rows;
	e->graph.unscanned_count = count;
	return MS_OK;
}

/* What its headers say that is there must be enough: the bodies are compared when the graph is loaded. */
static int check_counts(const struct ms_trace *t, const struct ms_graph_entry *e, struct ms_error *err)
{
	uint64_t blocks = 0, edges = 0;

	for (size_t i = e->from; i < e->to; i++) {
		const struct ms_block_info *info = &ms_trace_blocks(t)[i];

		blocks += info->kind == MS_BLOCK_GRAPH_BLOCKS ? info->count : 0;
		edges += info->kind == MS_BLOCK_GRAPH_EDGES ? info->count : 0;
	}
	if (e->graph.blocks > blocks || e->graph.edges > edges)
		return ms_fail(err, MS_E_CORRUPT, e->offset,
			       "a graph of %llu blocks and %llu edges, but %llu and %llu stand before it",
			       (unsigned long long)e->graph.blocks, (unsigned long long)e->graph.edges,
			       (unsigned long long)blocks, (unsigned long long)edges);
	if (e->graph.blocks + e->graph.root_count >= MS_MAX_GRAPH_NODES)
		return ms_fail(err, MS_E_LIMIT, e->offset, "a graph of %llu blocks and %zu roots",
			       (unsigned long long)e->graph.blocks, e->graph.root_count);
	return MS_OK;
}

int ms_trace_add_graph(struct ms_trace *t, size_t index, const uint8_t *body, struct ms_error *err)
{
	const struct fb_graph g = {body};
	struct ms_graph_entry e = {
		.graph = {.reason = fb_graph_reason(g),
			  .complete = fb_graph_complete(g),
			  .time_ns = fb_graph_time_ns(g),
			  .event = fb_graph_event(g),
			  .pause_ns = fb_graph_pause_ns(g),
			  .scanned_bytes = fb_graph_scanned_bytes(g),
			  .blocks = fb_graph_blocks(g),
			  .edges = fb_graph_edges(g)},
		.number = fb_graph_graph(g),
		.from = t->graph_from,
		.to = index,
		.offset = ms_trace_blocks(t)[index].offset,
	};
	const struct ms_graph_entry *before = (const struct ms_graph_entry *)(const void *)t->graphs.data;
	const size_t count = ms_trace_graph_count(t);
	int rc = MS_OK;

	if (e.number <= (count > 0 ? before[count - 1].number : 0) || e.graph.reason >= FB_GRAPH_REASON_COUNT ||
	    e.graph.event > t->events || (count > 0 && e.graph.event < before[count - 1].graph.event) ||
	    e.graph.time_ns > MS_MAX_TIME_NS || (count > 0 && e.graph.time_ns < before[count - 1].graph.time_ns))
		return ms_fail(err, MS_E_CORRUPT, e.offset, "graph %u at event %llu is not valid", e.number,
			       (unsigned long long)e.graph.event);
	if (sizeof(e) > t->tables.budget)
		return ms_fail(err, MS_E_LIMIT, e.offset, "more graphs than the size of the trace can explain");
	rc = load_roots(t, &e, g, err);
	if (rc == MS_OK)
		rc = load_unscanned(t, &e, g, err);
	if (rc == MS_OK)
		rc = check_counts(t, &e, err);
	if (rc == MS_OK && ms_buffer_append(&t->graphs, &e, sizeof(e)) != 0)
		rc = ms_fail(err, MS_E_NOMEM, e.offset, "no memory for a graph");
	if (rc != MS_OK) {
		ms_buffer_free(&e.roots);
		ms_buffer_free(&e.unscanned);
		return rc;
	}
	t->tables.budget -= sizeof(e);
	t->graph_from = index + 1;
	return MS_OK;
}

size_t ms_trace_graph_count(const struct ms_trace *t)
{
	return t->graphs.size / sizeof(struct ms_graph_entry);
}

static const struct ms_graph_entry *entry(const struct ms_trace *t, size_t index)
{
	return index < ms_trace_graph_count(t) ? (const struct ms_graph_entry *)(const void *)t->graphs.data + index
					       : NULL;
}

const struct ms_graph *ms_trace_graph(const struct ms_trace *t, size_t index)
{
	const struct ms_graph_entry *e = entry(t, index);

	return e != NULL ? &e->graph : NULL;
}

/* ---- blocks and edges -------------------------------------------------------------------------------------------- */

/* The arrays of struct ms_graph_data while they are filled, and how far. */
struct filling {
	const struct ms_graph_entry *entry;
	uint64_t *block, *first_word;
	uint32_t *source, *target;
	uint64_t *source_offset, *target_offset;
	uint8_t *flags;
	uint64_t blocks, edges;
	uint64_t *values[4];             /* scratch: the rows of one block of the file */
};

static int column(uint64_t *out, struct fb_column c, uint32_t count, const char *what, uint64_t offset,
		  struct ms_error *err)
{
	struct ms_fb_vector data = fb_column_data(c);

	if (fb_column_count(c) != count ||
	    ms_column_decode64(out, count, fb_column_codec(c), data.data, data.count) != MS_OK)
		return ms_fail(err, MS_E_CORRUPT, offset, "column %s of a graph does not decode (codec %u, %u values, %u expected)",
			       what, fb_column_codec(c), fb_column_count(c), count);
	return MS_OK;
}

static int fill_blocks(struct filling *f, struct fb_graph_blocks b, const struct ms_block_info *info,
		       struct ms_error *err)
{
	const uint32_t count = info->count, words = fb_column_count(fb_graph_blocks_words(b));
	uint64_t position = 0;
	int rc;

	if (fb_graph_blocks_first(b) != f->blocks || f->edges > 0 || count > f->entry->graph.blocks - f->blocks ||
	    words > count)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "%u blocks of a graph from %llu on, after %llu of %llu", count,
			       (unsigned long long)fb_graph_blocks_first(b), (unsigned long long)f->blocks,
			       (unsigned long long)f->entry->graph.blocks);
	rc = column(f->block + f->blocks, fb_graph_blocks_ids(b), count, "ids", info->offset, err);
	if (rc == MS_OK)
		rc = column(f->values[0], fb_graph_blocks_word_positions(b), words, "word_positions", info->offset, err);
	if (rc == MS_OK)
		rc = column(f->values[1], fb_graph_blocks_words(b), words, "words", info->offset, err);
	for (uint32_t i = 0; i < count && rc == MS_OK; i++) {
		if (f->block[f->blocks + i] == 0)
			rc = ms_fail(err, MS_E_CORRUPT, info->offset, "a block of a graph has no id");
	}
	for (uint32_t i = 0; i < words && rc == MS_OK; i++) {
		if ((i > 0 && f->values[0][i] == 0) || f->values[0][i] >= count - position)
			return ms_fail(err, MS_E_CORRUPT, info->offset, "the first words of a graph are out of order");
		position += f->values[0][i];
		f->first_word[f->blocks + position] = f->values[1][i];
	}
	f->blocks += count;
	return rc;
}

/* A source and its offset: in range, and not before the edge before. */
static bool valid_source(const struct filling *f, uint64_t source, uint64_t offset)
{
	const struct ms_graph *g = &f->entry->graph;
	const uint64_t e = f->edges;

	if (source >= g->blocks + g->root_count)
		return false;
	if (e > 0 && (source < f->source[e - 1] || (source == f->source[e - 1] && offset < f->source_offset[e - 1])))
		return false;
	if (source >= g->blocks) {
		const struct ms_graph_root *r = &g->roots[source - g->blocks];

		return offset < r->end - r->start;
	}
	return true;
}

enum { EDGE_SOURCE, EDGE_SOURCE_OFFSET, EDGE_TARGET, EDGE_FLAGS };

static int fill_edges(struct filling *f, struct fb_graph_edges b, const struct ms_block_info *info,
		      struct ms_error *err)
{
	const struct ms_graph *g = &f->entry->graph;
	const uint32_t count = info->count;
	uint64_t source = 0, offset = 0, target = 0;
	struct ms_fb_vector flags = fb_column_data(fb_graph_edges_flags(b));
	int rc;

	if (f->blocks != g->blocks || count > g->edges - f->edges)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "%u edges of a graph after %llu of %llu and %llu blocks of %llu",
			       count, (unsigned long long)f->edges, (unsigned long long)g->edges,
			       (unsigned long long)f->blocks, (unsigned long long)g->blocks);
	rc = column(f->values[EDGE_SOURCE], fb_graph_edges_sources(b), count, "sources", info->offset, err);
	if (rc == MS_OK)
		rc = column(f->values[EDGE_SOURCE_OFFSET], fb_graph_edges_source_offsets(b), count, "source_offsets",
			    info->offset, err);
	if (rc == MS_OK)
		rc = column(f->values[EDGE_TARGET], fb_graph_edges_targets(b), count, "targets", info->offset, err);
	if (rc == MS_OK)
		rc = column(f->target_offset + f->edges, fb_graph_edges_target_offsets(b), count, "target_offsets",
			    info->offset, err);
	if (rc != MS_OK)
		return rc;
	if (fb_column_count(fb_graph_edges_flags(b)) != count ||
	    ms_column_decode8(f->flags + f->edges, count, fb_column_codec(fb_graph_edges_flags(b)), flags.data,
			      flags.count) != MS_OK)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "column flags of a graph does not decode");
	for (uint32_t i = 0; i < count; i++, f->edges++) {
		const bool first = i == 0 || f->values[EDGE_SOURCE][i] != 0;

		source += f->values[EDGE_SOURCE][i];
		offset = f->values[EDGE_SOURCE_OFFSET][i] + (first ? 0 : offset);
		target = ms_unzigzag(f->values[EDGE_TARGET][i]) + (first && source < g->blocks ? source : target);
		if (target >= g->blocks || !valid_source(f, source, offset))
			return ms_fail(err, MS_E_CORRUPT, info->offset, "edge %llu of a graph is not valid",
				       (unsigned long long)f->edges);
		f->source[f->edges] = (uint32_t)source;
		f->source_offset[f->edges] = offset;
		f->target[f->edges] = (uint32_t)target;
	}
	return MS_OK;
}

static int fill(struct filling *f, const struct ms_trace *t, struct ms_unpacker *u, const struct ms_block_info *info,
		struct ms_error *err)
{
	const bool edges = info->kind == MS_BLOCK_GRAPH_EDGES;
	struct ms_block_header header;
	const uint8_t *body;
	uint32_t number;
	int rc = ms_trace_block_header(t, info, &header, err);

	if (rc == MS_OK)
		rc = ms_block_unpack(u, &t->source, info->offset, &header, NULL, &body, err);
	if (rc != MS_OK)
		return rc;
	number = edges ? fb_graph_edges_graph((struct fb_graph_edges){body})
		       : fb_graph_blocks_graph((struct fb_graph_blocks){body});
	if (number != f->entry->number)
		return MS_OK; /* of a graph that was not finished */
	if (info->count > MS_MAX_GRAPH_ROWS)
		return ms_fail(err, MS_E_LIMIT, info->offset, "%u rows in one block of a graph", info->count);
	return edges ? fill_edges(f, (struct fb_graph_edges){body}, info, err)
		     : fill_blocks(f, (struct fb_graph_blocks){body}, info, err);
}

/* All arrays; any of them may be NULL afterwards, then memory is short. */
static bool allocate(struct filling *f)
{
	const size_t blocks = (size_t)f->entry->graph.blocks + 1, edges = (size_t)f->entry->graph.edges + 1;
	const size_t most = blocks > edges ? blocks : edges, rows = most < MS_MAX_GRAPH_ROWS ? most : MS_MAX_GRAPH_ROWS;
	bool there = true;

	f->block = malloc(blocks * sizeof(*f->block));
	f->first_word = calloc(blocks, sizeof(*f->first_word));
	f->source = malloc(edges * sizeof(*f->source));
	f->target = malloc(edges * sizeof(*f->target));
	f->source_offset = malloc(edges * sizeof(*f->source_offset));
	f->target_offset = malloc(edges * sizeof(*f->target_offset));
	f->flags = malloc(edges);
	for (unsigned i = 0; i < sizeof(f->values) / sizeof(f->values[0]); i++) {
		f->values[i] = malloc(rows * sizeof(uint64_t));
		there = there && f->values[i] != NULL;
	}
	return there && f->block != NULL && f->first_word != NULL && f->source != NULL && f->target != NULL &&
	       f->source_offset != NULL && f->target_offset != NULL && f->flags != NULL;
}

#define BLOCK_BYTES 16u
#define EDGE_BYTES 25u

int ms_trace_graph_load(const struct ms_trace *t, size_t index, struct ms_graph_data *out, struct ms_error *err)
{
	const struct ms_graph_entry *e = entry(t, index);
	const uint64_t budget = MS_GRAPH_MEMORY(t->source.size);
	struct filling f = {.entry = e};
	struct ms_unpacker u = {0};
	struct ms_error own;
	int rc = MS_OK;

	*out = (struct ms_graph_data){0};
	err = err != NULL ? err : &own;
	if (e == NULL)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "graph %zu of %zu", index, ms_trace_graph_count(t));
	if (e->graph.blocks > budget / BLOCK_BYTES || e->graph.edges > (budget - e->graph.blocks * BLOCK_BYTES) / EDGE_BYTES)
		return ms_fail(err, MS_E_LIMIT, e->offset,
			       "a graph of %llu blocks and %llu edges takes more memory than the size of the trace can explain",
			       (unsigned long long)e->graph.blocks, (unsigned long long)e->graph.edges);
	if (!allocate(&f))
		rc = ms_fail(err, MS_E_NOMEM, e->offset, "no memory for a graph of %llu blocks and %llu edges",
			     (unsigned long long)e->graph.blocks, (unsigned long long)e->graph.edges);
	for (size_t i = e->from; i < e->to && rc == MS_OK; i++) {
		const struct ms_block_info *info = &ms_trace_blocks(t)[i];

		if (info->kind == MS_BLOCK_GRAPH_BLOCKS || info->kind == MS_BLOCK_GRAPH_EDGES)
			rc = fill(&f, t, &u, info, err);
	}
	if (rc == MS_OK && (f.blocks != e->graph.blocks || f.edges != e->graph.edges))
		rc = ms_fail(err, MS_E_CORRUPT, e->offset, "a graph has %llu blocks of %llu and %llu edges of %llu",
			     (unsigned long long)f.blocks, (unsigned long long)e->graph.blocks,
			     (unsigned long long)f.edges, (unsigned long long)e->graph.edges);
	ms_unpacker_free(&u);
	for (unsigned i = 0; i < sizeof(f.values) / sizeof(f.values[0]); i++)
		free(f.values[i]);
	*out = (struct ms_graph_data){.block_count = (uint32_t)f.blocks,
				      .edge_count = f.edges,
				      .block = f.block,
				      .first_word = f.first_word,
				      .source = f.source,
				      .target = f.target,
				      .source_offset = f.source_offset,
				      .target_offset = f.target_offset,
				      .flags = f.flags};
	if (rc != MS_OK)
		ms_graph_data_free(out);
	return rc;
}

void ms_graph_data_free(struct ms_graph_data *d)
{
	free((void *)d->block);
	free((void *)d->first_word);
	free((void *)d->source);
	free((void *)d->target);
	free((void *)d->source_offset);
	free((void *)d->target_offset);
	free((void *)d->flags);
	*d = (struct ms_graph_data){0};
}

/* ---- names of data ----------------------------------------------------------------------------------------------- */

/* The last symbol of the module that starts at the address or before, if it covers it. */
static const struct ms_data_symbol *covering(const struct ms_data_symbol *symbols, size_t count, uint32_t module,
					     uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ms_data_symbol *s = &symbols[middle];

		if (s->module < module || (s->module == module && s->address <= address))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || symbols[low - 1].module != module)
		return NULL;
	symbols += low - 1;
	return address == symbols->address || address - symbols->address < symbols->size_bytes ? symbols : NULL;
}

const struct ms_data_symbol *ms_trace_data_symbol(const struct ms_trace *t, uint32_t module, uint64_t address)
{
	const struct ms_data_symbol *symbols = (const struct ms_data_symbol *)(const void *)t->tables.data_symbols.data;
	const size_t count = t->tables.data_symbols.size / sizeof(*symbols);

	if (module != 0)
		return covering(symbols, count, module, address);
	for (uint32_t m = 1; m <= t->tables.module_count && count > 0; m++) {
		const struct ms_data_symbol *s = covering(symbols, count, m, address);

		if (s != NULL)
			return s;
	}
	return NULL;
}
