/* Evidence, heap graphs and names of data: what goes in comes out, whatever the cut; and nothing else is accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/evidence.h"
#include "format/limits.h"
#include "format/stream.h"
#include "format/trace_internal.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"
#include "trace_fb.h"

struct rng {
	uint64_t state;
};

static uint64_t next(struct rng *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state;
}

static uint64_t below(struct rng *r, uint64_t n)
{
	return next(r) % n;
}

/* A number of any magnitude. */
static uint64_t any(struct rng *r)
{
	return next(r) >> below(r, 64);
}

#define MODULES 3
#define THREADS 2
#define FRAMES 9
#define STACKS 9
#define TEXTS 5

struct graph {
	struct ms_graph facts;
	struct ms_graph_root roots[20];
	struct ms_unscanned unscanned[4];
	uint32_t blocks;
	uint64_t edges;
	uint64_t *block, *first_word, *source_offset, *target_offset;
	uint32_t *source, *target;
	uint8_t *flags;
};

struct file {
	struct ms_stream stream;
	struct ms_writer *writer;
	struct ms_error err;
	uint64_t time_ns, block;
};

static void open_file(struct file *f, const struct ms_writer_options *options)
{
	static const char *const command[] = {"program"};
	const struct ms_process process = {.command = command,
					   .command_count = 1,
					   .guard = MS_GUARD_SAMPLE,
					   .guard_side = MS_SIDE_ALTERNATE,
					   .guard_sample_rate = 5000,
					   .companion = "other.ms",
					   .graph_at_exit = true};

	*f = (struct file){.time_ns = 1000};
	ms_stream_init_memory(&f->stream);
	assert_int_equal(ms_writer_open(&f->writer, &f->stream, options, &f->err), MS_OK);
	assert_int_equal(ms_writer_process(f->writer, &process, &f->err), MS_OK);
	for (unsigned i = 1; i <= TEXTS; i++)
		assert_int_equal(ms_writer_string(f->writer, "abcdefgh", i), i);
	for (unsigned i = 1; i <= MODULES; i++)
		assert_int_equal(ms_writer_module(f->writer, &(struct ms_module){.start = i << 20, .end = (i + 1) << 20}),
				 i);
	for (unsigned i = 1; i <= THREADS; i++)
		assert_int_equal(ms_writer_thread(f->writer, &(struct ms_thread){.tid = 100 + i}), i);
	for (unsigned i = 1; i <= FRAMES; i++)
		assert_int_equal(ms_writer_frame(f->writer, 0x1000 + i, 1), i);
	for (unsigned i = 1; i <= STACKS; i++)
		assert_int_equal(ms_writer_stack(f->writer, i - 1, i), i);
}

static void put_events(struct file *f, struct rng *r, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct ms_event e = {.kind = MS_EV_MALLOC,
				     .time_ns = f->time_ns += below(r, 100),
				     .thread = 1 + (uint32_t)below(r, THREADS),
				     .stack = (uint32_t)below(r, STACKS + 1),
				     .size_bytes = any(r),
				     .address = any(r),
				     .block = ++f->block};

		assert_int_equal(ms_writer_events(f->writer, &e, 1, &f->err), MS_OK);
	}
}

static struct ms_trace *finish(struct file *f)
{
	const struct ms_end end = {.time_ns = f->time_ns,
				   .guard_page_blocks = 1,
				   .guard_canary_blocks = 2,
				   .guard_plain_blocks = 3,
				   .guard_checks = 4,
				   .guard_calls = 5,
				   .guard_dropped = 6};
	struct ms_trace *t;

	if (ms_writer_end(f->writer, &end, &f->err) != MS_OK)
		fail_msg("%s", f->err.message);
	ms_writer_close(f->writer);
	if (ms_trace_open_memory(&t, f->stream.memory, f->stream.position, &f->err) != MS_OK)
		fail_msg("%s", f->err.message);
	if (ms_trace_damage(t) != NULL)
		fail_msg("%s", ms_trace_damage(t)->message);
	return t;
}

/* ---- evidence ---------------------------------------------------------------------------------------------------- */

static void random_evidence(struct rng *r, struct ms_evidence *e, uint8_t *bytes, uint64_t *registers)
{
	*e = (struct ms_evidence){
		.kind = 1 + (uint8_t)below(r, 5),
		.access = (uint8_t)below(r, 3),
		.check = (uint8_t)below(r, 8),
		.freed = next(r) & 1,
		.expected = (uint8_t)next(r),
		.byte_count = (uint8_t)below(r, MS_EVIDENCE_BYTES + 1),
		.register_count = next(r) & 1 ? MS_EVIDENCE_REGISTERS : 0,
		.address = any(r),
		.length_bytes = any(r),
		.block_address = any(r),
		.block_bytes = any(r),
		.last_good_ns = any(r),
		.stack = (uint32_t)below(r, STACKS + 1),
		.function = (uint32_t)below(r, TEXTS + 1),
		.bytes = bytes,
		.registers = registers,
	};
	for (unsigned i = 0; i < MS_EVIDENCE_BYTES; i++)
		bytes[i] = (uint8_t)next(r);
	for (unsigned i = 0; i < MS_EVIDENCE_REGISTERS; i++)
		registers[i] = any(r);
}

static void same_evidence(const struct ms_evidence *want, const struct ms_evidence *got)
{
	struct ms_evidence a = *want, b;

	assert_non_null(got);
	b = *got;
	assert_memory_equal(a.bytes, b.bytes, a.byte_count);
	assert_memory_equal(a.registers, b.registers, 8 * (size_t)a.register_count);
	a.bytes = b.bytes = NULL;
	a.registers = b.registers = NULL;
#define SAME(field) assert_int_equal(a.field, b.field)
	SAME(kind);
	SAME(access);
	SAME(check);
	SAME(freed);
	SAME(expected);
	SAME(byte_count);
	SAME(register_count);
	SAME(address);
	SAME(length_bytes);
	SAME(block_address);
	SAME(block_bytes);
	SAME(last_good_ns);
	SAME(stack);
	SAME(function);
#undef SAME
}

static void evidence_comes_back(void **state)
{
	enum { ROWS = 3000 };
	static struct ms_evidence rows[ROWS];
	static uint8_t bytes[ROWS][MS_EVIDENCE_BYTES];
	static uint64_t registers[ROWS][MS_EVIDENCE_REGISTERS];
	struct rng r = {4711};
	struct ms_cursor *c;
	struct ms_batch batch;
	struct ms_trace *t;
	struct file f;
	uint64_t seen = 0;

	(void)state;
	open_file(&f, &(struct ms_writer_options){.events_per_block = 700});
	for (uint32_t i = 0; i < ROWS; i++) {
		struct ms_event e = {.kind = MS_EV_EVIDENCE, .thread = 1, .arg = {i + 1}};

		random_evidence(&r, &rows[i], bytes[i], registers[i]);
		assert_int_equal(ms_writer_evidence(f.writer, &rows[i]), i + 1);
		if (next(&r) & 1)
			put_events(&f, &r, 1);
		e.time_ns = f.time_ns;
		assert_int_equal(ms_writer_events(f.writer, &e, 1, &f.err), MS_OK);
	}
	t = finish(&f);
	assert_int_equal(ms_trace_process(t)->guard, MS_GUARD_SAMPLE);
	assert_int_equal(ms_trace_process(t)->guard_side, MS_SIDE_ALTERNATE);
	assert_int_equal(ms_trace_process(t)->guard_sample_rate, 5000);
	assert_string_equal(ms_trace_process(t)->companion, "other.ms");
	assert_true(ms_trace_process(t)->graph_at_exit);
	assert_int_equal(ms_trace_end(t)->guard_page_blocks, 1);
	assert_int_equal(ms_trace_end(t)->guard_canary_blocks, 2);
	assert_int_equal(ms_trace_end(t)->guard_plain_blocks, 3);
	assert_int_equal(ms_trace_end(t)->guard_checks, 4);
	assert_int_equal(ms_trace_end(t)->guard_calls, 5);
	assert_int_equal(ms_trace_end(t)->guard_dropped, 6);
	assert_int_equal(ms_trace_evidence_count(t), ROWS);
	assert_null(ms_trace_evidence(t, 0));
	assert_null(ms_trace_evidence(t, ROWS + 1));
	for (uint32_t i = 0; i < ROWS; i++)
		same_evidence(&rows[i], ms_trace_evidence(t, i + 1));
	assert_int_equal(ms_cursor_open(&c, t, MS_COLUMN_ARGS, 0, 1, &f.err), MS_OK);
	while (ms_cursor_next(c, &batch, &f.err) == MS_OK && batch.count > 0) {
		for (uint32_t i = 0; i < batch.count; i++) {
			if (batch.kind[i] == MS_EV_EVIDENCE)
				assert_int_equal(batch.arg[i][0], ++seen);
		}
	}
	assert_int_equal(seen, ROWS);
	ms_cursor_close(c);
	ms_trace_close(t);
	ms_stream_free(&f.stream);
}

/* ---- graphs ------------------------------------------------------------------------------------------------------ */

static void random_graph(struct graph *g, struct rng *r, uint32_t blocks, uint64_t edges)
{
	uint64_t source = 0, offset = 0;

	*g = (struct graph){.blocks = blocks, .edges = blocks > 0 ? edges : 0};
	g->block = calloc(blocks + 1, 8);
	g->first_word = calloc(blocks + 1, 8);
	g->source_offset = calloc(edges + 1, 8);
	g->target_offset = calloc(edges + 1, 8);
	g->source = calloc(edges + 1, 4);
	g->target = calloc(edges + 1, 4);
	g->flags = calloc(edges + 1, 1);
	g->facts = (struct ms_graph){.reason = (uint8_t)below(r, 4),
				     .complete = next(r) & 1,
				     .pause_ns = any(r),
				     .scanned_bytes = any(r),
				     .roots = g->roots,
				     .root_count = 1 + below(r, 20),
				     .unscanned = g->unscanned,
				     .unscanned_count = below(r, 5)};
	for (size_t i = 0; i < g->facts.root_count; i++) {
		uint64_t start = any(r) >> 1;

		g->roots[i] = (struct ms_graph_root){.kind = 1 + (uint8_t)below(r, 5),
						     .module = (uint32_t)below(r, MODULES + 1),
						     .thread = (uint32_t)below(r, THREADS + 1),
						     .tid = (uint32_t)next(r),
						     .frame = (uint32_t)below(r, FRAMES + 1),
						     .name = (uint32_t)below(r, TEXTS + 1),
						     .start = start,
						     .end = start + 1 + (any(r) >> 1)};
	}
	for (size_t i = 0; i < g->facts.unscanned_count; i++)
		g->unscanned[i] = (struct ms_unscanned){(uint8_t)next(r), any(r), any(r)};
	for (uint32_t i = 0; i < blocks; i++) {
		g->block[i] = 1 + below(r, 300);
		g->first_word[i] = below(r, 3) == 0 ? any(r) : 0;
	}
	for (uint64_t i = 0; i < g->edges; i++) {
		const uint64_t nodes = blocks + g->facts.root_count;
		const uint64_t step = below(r, 4) == 0 ? below(r, 1 + 3 * nodes / (edges + 1)) + (below(r, 9) == 0) : 0;

		if (step > 0)
			offset = 0;
		source = source + step < nodes ? source + step : nodes - 1;
		if (source >= blocks) {
			const struct ms_graph_root *root = &g->roots[source - blocks];
			const uint64_t size = root->end - root->start;

			offset = offset >= size ? 0 : offset;
			if (i > 0 && g->source[i - 1] == source && offset < g->source_offset[i - 1])
				offset = g->source_offset[i - 1];
			offset += below(r, size - offset > 16 ? 16 : size - offset);
		} else {
			offset += below(r, 3) * 8 + (below(r, 50) == 0 ? any(r) >> 8 : 0);
		}
		g->source[i] = (uint32_t)source;
		g->source_offset[i] = offset;
		g->target[i] = (uint32_t)(next(r) & 1 ? below(r, blocks) : (source + 1) % blocks);
		g->target_offset[i] = next(r) & 1 ? any(r) : 0;
		g->flags[i] = (uint8_t)(1u << below(r, 4));
	}
}

static void free_graph(struct graph *g)
{
	free(g->block);
	free(g->first_word);
	free(g->source_offset);
	free(g->target_offset);
	free(g->source);
	free(g->target);
	free(g->flags);
}

static struct ms_graph_data slice(const struct graph *g, uint64_t blocks_from, uint64_t blocks, uint64_t edges_from,
				  uint64_t edges)
{
	return (struct ms_graph_data){.block_count = (uint32_t)blocks,
				      .edge_count = edges,
				      .block = g->block + blocks_from,
				      .first_word = g->first_word + blocks_from,
				      .source = g->source + edges_from,
				      .target = g->target + edges_from,
				      .source_offset = g->source_offset + edges_from,
				      .target_offset = g->target_offset + edges_from,
				      .flags = g->flags + edges_from};
}

/* In pieces of any size; the roots are told at the beginning, at the end, or both. */
static void write_graph(struct file *f, struct rng *r, struct graph *g)
{
	struct ms_graph begin = g->facts, end = g->facts;
	unsigned when = (unsigned)below(r, 3);

	g->facts.time_ns = end.time_ns = begin.time_ns = f->time_ns;
	g->facts.event = ms_writer_stats(f->writer).events;
	begin.root_count = when == 0 ? 0 : begin.root_count;
	end.root_count = when == 1 ? 0 : end.root_count;
	assert_int_equal(ms_writer_graph_begin(f->writer, &begin, &f->err), MS_OK);
	for (uint64_t at = 0, n; at < g->blocks; at += n) {
		struct ms_graph_data part;

		n = 1 + below(r, g->blocks - at);
		part = slice(g, at, n, 0, 0);
		assert_int_equal(ms_writer_graph_data(f->writer, &part, &f->err), MS_OK);
	}
	for (uint64_t at = 0, n; at < g->edges; at += n) {
		struct ms_graph_data part;

		n = 1 + below(r, g->edges - at);
		part = slice(g, 0, 0, at, n);
		if (ms_writer_graph_data(f->writer, &part, &f->err) != MS_OK)
			fail_msg("%s", f->err.message);
	}
	if (ms_writer_graph_end(f->writer, &end, &f->err) != MS_OK)
		fail_msg("%s", f->err.message);
}

static void same_graph(const struct graph *g, const struct ms_trace *t, size_t index)
{
	const struct ms_graph *got = ms_trace_graph(t, index);
	struct ms_graph_data d;
	struct ms_error err;

	assert_non_null(got);
#define SAME(field) assert_int_equal(g->facts.field, got->field)
	SAME(reason);
	SAME(complete);
	SAME(time_ns);
	SAME(event);
	SAME(pause_ns);
	SAME(scanned_bytes);
	SAME(root_count);
	SAME(unscanned_count);
#undef SAME
	assert_int_equal(got->blocks, g->blocks);
	assert_int_equal(got->edges, g->edges);
	for (size_t i = 0; i < got->root_count; i++) {
#define SAME(field) assert_int_equal(g->roots[i].field, got->roots[i].field)
		SAME(kind);
		SAME(module);
		SAME(thread);
		SAME(tid);
		SAME(frame);
		SAME(name);
		SAME(start);
		SAME(end);
#undef SAME
	}
	for (size_t i = 0; i < got->unscanned_count; i++) {
		assert_int_equal(g->unscanned[i].reason, got->unscanned[i].reason);
		assert_int_equal(g->unscanned[i].id, got->unscanned[i].id);
		assert_int_equal(g->unscanned[i].bytes, got->unscanned[i].bytes);
	}
	if (ms_trace_graph_load(t, index, &d, &err) != MS_OK)
		fail_msg("%s", err.message);
	assert_int_equal(d.block_count, g->blocks);
	assert_int_equal(d.edge_count, g->edges);
	assert_memory_equal(d.block, g->block, 8 * (size_t)g->blocks);
	assert_memory_equal(d.first_word, g->first_word, 8 * (size_t)g->blocks);
	assert_memory_equal(d.source, g->source, 4 * (size_t)g->edges);
	assert_memory_equal(d.target, g->target, 4 * (size_t)g->edges);
	assert_memory_equal(d.source_offset, g->source_offset, 8 * (size_t)g->edges);
	assert_memory_equal(d.target_offset, g->target_offset, 8 * (size_t)g->edges);
	assert_memory_equal(d.flags, g->flags, (size_t)g->edges);
	ms_graph_data_free(&d);
	ms_graph_data_free(&d);
}

static void graphs_come_back(void **state)
{
	enum { GRAPHS = 3 };

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct rng r = {seed * 0x9e3779b97f4a7c15u};
		struct graph g[GRAPHS];
		struct ms_trace *t;
		struct file f;

		open_file(&f, &(struct ms_writer_options){.events_per_block = 64});
		put_events(&f, &r, 300);
		for (unsigned i = 0; i < GRAPHS; i++) {
			random_graph(&g[i], &r, (uint32_t)below(&r, 400), below(&r, 1500));
			write_graph(&f, &r, &g[i]);
			put_events(&f, &r, (unsigned)below(&r, 100));
		}
		t = finish(&f);
		assert_int_equal(ms_trace_graph_count(t), GRAPHS);
		assert_null(ms_trace_graph(t, GRAPHS));
		for (unsigned i = GRAPHS; i-- > 0;) {
			same_graph(&g[i], t, i);
			free_graph(&g[i]);
		}
		ms_trace_close(t);
		ms_stream_free(&f.stream);
	}
}

/* More than one block of the file each. */
static void large_graph(void **state)
{
	struct rng r = {5};
	struct ms_trace *t;
	struct graph g;
	struct file f;

	(void)state;
	open_file(&f, NULL);
	put_events(&f, &r, 300);
	random_graph(&g, &r, 2 * MS_MAX_GRAPH_ROWS + 1, 3 * MS_MAX_GRAPH_ROWS);
	write_graph(&f, &r, &g);
	t = finish(&f);
	same_graph(&g, t, 0);
	free_graph(&g);
	ms_trace_close(t);
	ms_stream_free(&f.stream);
}

/* ---- names of data ----------------------------------------------------------------------------------------------- */

/* The definition, over all symbols: of those of the module that start at the address or before, the last, if it covers it. */
static const struct ms_data_symbol *reference(const struct ms_data_symbol *symbols, size_t n, uint32_t module,
					      uint64_t address)
{
	const struct ms_data_symbol *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (symbols[i].module == module && symbols[i].address <= address &&
		    (best == NULL || symbols[i].address > best->address))
			best = &symbols[i];
	}
	if (best != NULL && best->address != address && address - best->address >= best->size_bytes)
		best = NULL;
	return best;
}

static void data_symbols_are_found(void **state)
{
	enum { SYMBOLS = 300 };

	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct rng r = {seed};
		struct ms_data_symbol symbols[SYMBOLS];
		bool taken[MODULES + 1][4 * SYMBOLS] = {{false}};
		uint64_t address = 0;
		struct ms_trace *t;
		struct file f;

		open_file(&f, NULL);
		put_events(&f, &r, 10);
		for (unsigned i = 0; i < SYMBOLS; i++) {
			symbols[i] = (struct ms_data_symbol){.size_bytes = below(&r, 4),
							     .module = 1 + (uint32_t)below(&r, MODULES),
							     .name = (uint32_t)below(&r, TEXTS + 1)};
			do
				address += below(&r, 3);
			while (taken[symbols[i].module][address]);
			taken[symbols[i].module][address] = true;
			symbols[i].address = address;
		}
		assert_int_equal(ms_writer_data_symbols(f.writer, symbols, 100, &f.err), MS_OK);
		assert_int_equal(ms_writer_data_symbols(f.writer, symbols + 100, SYMBOLS - 100, &f.err), MS_OK);
		t = finish(&f);
		for (uint64_t a = 0; a < address + 10; a++) {
			bool any_module = false;

			for (uint32_t m = 1; m <= MODULES; m++) {
				const struct ms_data_symbol *want = reference(symbols, SYMBOLS, m, a);
				const struct ms_data_symbol *got = ms_trace_data_symbol(t, m, a);

				assert_int_equal(want != NULL, got != NULL);
				any_module = any_module || want != NULL;
				if (want != NULL) {
					assert_int_equal(want->address, got->address);
					assert_int_equal(want->size_bytes, got->size_bytes);
					assert_int_equal(want->module, got->module);
					assert_int_equal(want->name, got->name);
				}
			}
			assert_int_equal(any_module, ms_trace_data_symbol(t, 0, a) != NULL);
		}
		ms_trace_close(t);
		ms_stream_free(&f.stream);
	}
}

/* ---- what is not accepted ---------------------------------------------------------------------------------------- */

/* Cut anywhere, the trace has its first graphs, whole, and its first evidence; never a part of one. */
static void every_cut(void **state)
{
	struct rng r = {99};
	struct graph g[2];
	struct file f;
	struct ms_trace *t;
	size_t graphs_before = 0;
	uint32_t evidence_before = 0;

	(void)state;
	open_file(&f, NULL);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t bytes[MS_EVIDENCE_BYTES];
		uint64_t registers[MS_EVIDENCE_REGISTERS];
		struct ms_evidence e;

		put_events(&f, &r, 300);
		random_evidence(&r, &e, bytes, registers);
		assert_int_equal(ms_writer_evidence(f.writer, &e), i + 1);
		random_graph(&g[i], &r, 50, 120);
		write_graph(&f, &r, &g[i]);
	}
	ms_trace_close(finish(&f));
	for (size_t size = 0; size <= f.stream.position; size++) {
		uint8_t *copy = malloc(size + 1); /* of its own, so that a sanitizer sees a read behind it */

		assert_non_null(copy);
		memcpy(copy, f.stream.memory, size);
		if (ms_trace_open_memory(&t, copy, size, &f.err) == MS_OK) {
			assert_true(ms_trace_graph_count(t) >= graphs_before);
			assert_true(ms_trace_evidence_count(t) >= evidence_before);
			graphs_before = ms_trace_graph_count(t);
			evidence_before = ms_trace_evidence_count(t);
			for (size_t i = 0; i < graphs_before; i++)
				same_graph(&g[i], t, i);
			ms_trace_close(t);
		}
		free(copy);
	}
	assert_int_equal(graphs_before, 2);
	assert_int_equal(evidence_before, 2);
	free_graph(&g[0]);
	free_graph(&g[1]);
	ms_stream_free(&f.stream);
}

/* A graph that was begun and not finished is none; what follows is not disturbed. */
static void unfinished_graph(void **state)
{
	struct rng r = {3};
	struct ms_trace *t;
	struct graph g;
	struct file f;

	(void)state;
	open_file(&f, NULL);
	put_events(&f, &r, 300);
	random_graph(&g, &r, 100, 300);
	assert_int_equal(ms_writer_graph_begin(f.writer, &g.facts, &f.err), MS_OK);
	assert_int_equal(ms_writer_graph_data(f.writer, &(struct ms_graph_data){.block_count = 100, .block = g.block}, &f.err),
			 MS_OK);
	t = finish(&f);
	assert_int_equal(ms_trace_graph_count(t), 0);
	free_graph(&g);
	ms_trace_close(t);
	ms_stream_free(&f.stream);
}

static void writer_refuses_evidence(const struct ms_evidence *e)
{
	struct file f;

	open_file(&f, NULL);
	assert_int_equal(ms_writer_evidence(f.writer, e), 0);
	assert_int_equal(ms_writer_status(f.writer), MS_E_ARGUMENT);
	ms_writer_close(f.writer);
	ms_stream_free(&f.stream);
}

static void writer_refuses_graph(const struct ms_graph *facts, const struct ms_graph_data *data)
{
	struct rng r = {8};
	struct file f;
	int rc;

	open_file(&f, NULL);
	put_events(&f, &r, 10);
	rc = ms_writer_graph_begin(f.writer, facts, &f.err);
	if (rc == MS_OK)
		rc = ms_writer_graph_data(f.writer, data, &f.err);
	if (rc == MS_OK)
		rc = ms_writer_graph_end(f.writer, facts, &f.err);
	assert_int_equal(rc, MS_E_ARGUMENT);
	assert_int_equal(ms_writer_status(f.writer), MS_E_ARGUMENT);
	ms_writer_close(f.writer);
	ms_stream_free(&f.stream);
}

static void misuse(void **state)
{
	const uint64_t ids[] = {1, 2, 11}, offsets[] = {8, 0, 72};
	const uint32_t zeros[3] = {0}, nodes[] = {0, 1, 2, 3};
	const struct ms_graph_root root = {.kind = MS_ROOT_REGISTERS, .end = 72};
	const struct ms_graph none = {.roots = &root, .root_count = 1};
	const struct ms_graph_root bad_roots[] = {{.kind = 0, .end = 1},
						  {.kind = FB_ROOT_KIND_COUNT, .end = 1},
						  {.kind = 1, .module = MODULES + 1},
						  {.kind = 1, .thread = THREADS + 1},
						  {.kind = 1, .frame = FRAMES + 1},
						  {.kind = 1, .name = TEXTS + 1},
						  {.kind = 1, .start = 2, .end = 1}};
	struct ms_event event = {.kind = MS_EV_EVIDENCE, .thread = 1, .arg = {1}};
	struct file f;

	(void)state;
	writer_refuses_evidence(&(struct ms_evidence){.kind = 0});
	writer_refuses_evidence(&(struct ms_evidence){.kind = FB_EVIDENCE_KIND_COUNT});
	writer_refuses_evidence(&(struct ms_evidence){.kind = 1, .access = 3});
	writer_refuses_evidence(&(struct ms_evidence){.kind = 1, .check = 8});
	writer_refuses_evidence(&(struct ms_evidence){.kind = 1, .byte_count = 65});
	writer_refuses_evidence(&(struct ms_evidence){.kind = 1, .register_count = 19});
	writer_refuses_evidence(&(struct ms_evidence){.kind = 1, .stack = STACKS + 1});
	writer_refuses_evidence(&(struct ms_evidence){.kind = 1, .function = TEXTS + 1});
	/* events that name evidence that is not there */
	for (uint64_t id = 0; id < 2; id++) {
		event.arg[0] = id;
		open_file(&f, NULL);
		assert_int_equal(ms_writer_events(f.writer, &event, 1, &f.err), MS_E_ARGUMENT);
		ms_writer_close(f.writer);
		ms_stream_free(&f.stream);
	}
	/* a block that was not born; a target and a source that are not there; order of sources, of offsets; outside of a root */
	writer_refuses_graph(&none, &(struct ms_graph_data){.block_count = 3, .block = ids});
#define EDGES_(n, sources, targets)                                                                                    \
	&(struct ms_graph_data){.block_count = 2,	  .block = ids,		    .edge_count = n, .source = sources,         \
				.source_offset = offsets, .target_offset = offsets, .target = targets}
	writer_refuses_graph(&none, EDGES_(1, zeros, nodes + 2));
	writer_refuses_graph(&none, EDGES_(1, nodes + 3, zeros));
	writer_refuses_graph(&none, EDGES_(2, ((const uint32_t[]){1, 0}), zeros));
	writer_refuses_graph(&none, EDGES_(2, zeros, zeros));
	writer_refuses_graph(&none, EDGES_(3, nodes, zeros));
#undef EDGES_
	for (size_t i = 0; i < sizeof(bad_roots) / sizeof(bad_roots[0]); i++)
		writer_refuses_graph(&(struct ms_graph){.roots = &bad_roots[i], .root_count = 1},
				     &(struct ms_graph_data){.block_count = 2, .block = ids});
	writer_refuses_graph(&(struct ms_graph){.reason = FB_GRAPH_REASON_COUNT},
			     &(struct ms_graph_data){.block_count = 2, .block = ids});
	/* events inside a graph, a graph inside a graph, data outside */
	open_file(&f, NULL);
	assert_int_equal(ms_writer_graph_begin(f.writer, &none, &f.err), MS_OK);
	event.kind = MS_EV_THREAD_START;
	assert_int_equal(ms_writer_events(f.writer, &event, 1, &f.err), MS_E_ARGUMENT);
	ms_writer_close(f.writer);
	ms_stream_free(&f.stream);
	open_file(&f, NULL);
	assert_int_equal(ms_writer_graph_begin(f.writer, &none, &f.err), MS_OK);
	assert_int_equal(ms_writer_graph_begin(f.writer, &none, &f.err), MS_E_ARGUMENT);
	ms_writer_close(f.writer);
	ms_stream_free(&f.stream);
	open_file(&f, NULL);
	assert_int_equal(ms_writer_graph_end(f.writer, &none, &f.err), MS_E_ARGUMENT);
	ms_writer_close(f.writer);
	ms_stream_free(&f.stream);
}

/* A tiny file that announces an absurd number of edges is refused before memory is taken for them. */
static void absurd_sizes(void **state)
{
	struct rng r = {21};
	struct ms_graph_data d;
	struct ms_trace *t;
	struct graph g;
	struct file f;

	(void)state;
	open_file(&f, NULL);
	put_events(&f, &r, 300);
	random_graph(&g, &r, 50, 100);
	write_graph(&f, &r, &g);
	t = finish(&f);
	/* As if headers and Graph block agreed on it. */
	((struct ms_graph *)(uintptr_t)ms_trace_graph(t, 0))->edges = UINT64_C(1) << 40;
	assert_int_equal(ms_trace_graph_load(t, 0, &d, &f.err), MS_E_LIMIT);
	assert_null(d.block);
	((struct ms_graph *)(uintptr_t)ms_trace_graph(t, 0))->edges = g.edges + 1;
	assert_int_equal(ms_trace_graph_load(t, 0, &d, &f.err), MS_E_CORRUPT);
	assert_int_equal(ms_trace_graph_load(t, 1, &d, &f.err), MS_E_ARGUMENT);
	ms_trace_close(t);
	free_graph(&g);
	ms_stream_free(&f.stream);
}

/* A copy has evidence, graphs and names as they were. */
static void copies(void **state)
{
	struct rng r = {1234};
	uint8_t bytes[MS_EVIDENCE_BYTES];
	uint64_t registers[MS_EVIDENCE_REGISTERS];
	const struct ms_data_symbol symbol = {.module = 2, .address = 77, .size_bytes = 3, .name = 4};
	const struct ms_data_symbol more = {.module = 3, .address = 777, .size_bytes = 3, .name = 5};
	struct ms_evidence e;
	struct ms_trace *t, *copy;
	struct ms_stream stream;
	struct ms_writer *w;
	struct graph g;
	struct file f;

	(void)state;
	open_file(&f, NULL);
	put_events(&f, &r, 300);
	random_evidence(&r, &e, bytes, registers);
	assert_int_equal(ms_writer_evidence(f.writer, &e), 1);
	random_graph(&g, &r, 90, 200);
	write_graph(&f, &r, &g);
	assert_int_equal(ms_writer_data_symbols(f.writer, &symbol, 1, &f.err), MS_OK);
	t = finish(&f);
	ms_stream_init_memory(&stream);
	assert_int_equal(ms_writer_open(&w, &stream, NULL, &f.err), MS_OK);
	assert_int_equal(ms_writer_copy(w, t, NULL, NULL, &f.err), MS_OK);
	assert_int_equal(ms_writer_data_symbols(w, &more, 1, &f.err), MS_OK);
	assert_int_equal(ms_writer_end(w, ms_trace_end(t), &f.err), MS_OK);
	ms_writer_close(w);
	assert_int_equal(ms_trace_open_memory(&copy, stream.memory, stream.position, &f.err), MS_OK);
	assert_null(ms_trace_damage(copy));
	assert_int_equal(ms_trace_evidence_count(copy), 1);
	same_evidence(&e, ms_trace_evidence(copy, 1));
	same_graph(&g, copy, 0);
	assert_int_equal(ms_trace_data_symbol(copy, 0, 79)->name, 4);
	assert_int_equal(ms_trace_data_symbol(copy, 3, 777)->name, 5);
	ms_trace_close(copy);
	ms_trace_close(t);
	ms_stream_free(&stream);
	free_graph(&g);
	ms_stream_free(&f.stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_comes_back),
		cmocka_unit_test(graphs_come_back),
		cmocka_unit_test(large_graph),
		cmocka_unit_test(data_symbols_are_found),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(unfinished_graph),
		cmocka_unit_test(misuse),
		cmocka_unit_test(absurd_sizes),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
