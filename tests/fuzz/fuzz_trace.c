/*
 * Property: a reader takes any file. What it accepts it reads to the end or to an error with an offset, from the start
 * and from the middle.
 * Checksums are made right first, else nothing behind them would ever be reached.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "checksums.h"
#include "format/block.h"
#include "format/trace_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads all events from `first` on and every value of them; the sum keeps the compiler from leaving that out. */
static volatile uint64_t sink;
static void digest(const struct ms_trace *t, uint64_t first)
{
	struct ms_cursor *c;
	struct ms_batch b;
	struct ms_error err;
	uint64_t sum = 1;

	if (ms_cursor_open(&c, t, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, first, 1, &err) != MS_OK)
		return;
	for (;;) {
		const struct ms_live_block *live;
		size_t n;

		if (ms_cursor_next(c, &b, &err) != MS_OK) {
			if (err.offset == MS_NO_OFFSET || err.message[0] == 0)
				abort();
			break;
		}
		if (b.count == 0) {
			if (ms_cursor_live(c, &live, &n, &err) != MS_OK)
				abort();
			break;
		}
		for (uint32_t i = 0; i < b.count; i++)
			sum = sum * 31 + b.kind[i] + b.time_ns[i] + b.thread[i] + b.size_bytes[i] + b.block[i] + b.stack[i] +
			      b.birth_stack[i] + b.birth_ns[i] + b.address[i] + b.arg[i][0] + b.arg[i][1];
	}
	ms_cursor_close(c);
	sink = sum;
}

static void touch_tables(const struct ms_trace *t)
{
	size_t sum = 0, n;

	for (uint32_t id = 0; id <= ms_trace_string_count(t) + 1; id++)
		sum += strlen(ms_trace_string(t, id));
	for (uint32_t id = 1; id <= ms_trace_module_count(t); id++) {
		const struct ms_module *m = ms_trace_module(t, id);

		sum += strlen(m->path);
		for (size_t i = 0; i < m->build_id_bytes; i++)
			sum += m->build_id[i];
	}
	for (uint32_t id = 1; id <= ms_trace_stack_count(t); id++) {
		if (ms_trace_stack(t, id)->parent >= id || ms_trace_frame(t, ms_trace_stack(t, id)->frame) == NULL)
			abort();
	}
	for (uint32_t id = 0; id <= ms_trace_frame_count(t) + 1; id++) {
		const struct ms_symbol *s = ms_trace_symbols(t, id, &n);

		for (size_t i = 0; i < n; i++)
			sum += strlen(ms_trace_string(t, s[i].function)) + s[i].line;
	}
	for (size_t i = 0; i < ms_trace_process(t)->command_count; i++)
		sum += strlen(ms_trace_process(t)->command[i]);
	sink = sum;
}

/* What a loaded graph promises holds: positions in range, sorted, edges of roots inside them. */
static void touch_graph(const struct ms_trace *t, size_t index)
{
	const struct ms_graph *g = ms_trace_graph(t, index);
	struct ms_graph_data d;
	struct ms_error err;
	uint64_t sum = 0;

	for (size_t i = 0; i < g->root_count; i++) {
		if (g->roots[i].module > ms_trace_module_count(t) || g->roots[i].thread > ms_trace_thread_count(t) ||
		    g->roots[i].frame > ms_trace_frame_count(t) || g->roots[i].start > g->roots[i].end)
			abort();
		sum += strlen(ms_trace_string(t, g->roots[i].name));
	}
	for (size_t i = 0; i < g->unscanned_count; i++)
		sum += g->unscanned[i].id;
	if (ms_trace_graph_load(t, index, &d, &err) != MS_OK) {
		if (err.message[0] == 0 || d.block != NULL)
			abort();
		return;
	}
	for (uint32_t i = 0; i < d.block_count; i++)
		sum += d.block[i] + d.first_word[i];
	for (uint64_t i = 0; i < d.edge_count; i++) {
		if (d.target[i] >= d.block_count || d.source[i] >= d.block_count + g->root_count ||
		    (i > 0 && (d.source[i] < d.source[i - 1] ||
			       (d.source[i] == d.source[i - 1] && d.source_offset[i] < d.source_offset[i - 1]))))
			abort();
		if (d.source[i] >= d.block_count &&
		    d.source_offset[i] >= g->roots[d.source[i] - d.block_count].end - g->roots[d.source[i] - d.block_count].start)
			abort();
		sum += d.target_offset[i] + d.flags[i];
	}
	ms_graph_data_free(&d);
	sink = sum;
}

static void touch_samples(const struct ms_trace *t)
{
	uint64_t sum = 0;

	for (uint32_t id = 1; id <= ms_trace_series_count(t); id++) {
		const struct ms_series *s = ms_trace_series(t, id);
		size_t n;
		const struct ms_sample *samples = ms_trace_samples(t, id, &n);

		if (s->name == 0 || s->unit > MS_UNIT_PERCENT)
			abort();
		sum += strlen(ms_trace_string(t, s->name)) + strlen(ms_trace_string(t, s->source)) + strlen(ms_trace_string(t, s->reason));
		for (size_t i = 0; i < n; i++) {
			if (i > 0 && samples[i].time_ns < samples[i - 1].time_ns)
				abort();
			sum += samples[i].value;
		}
	}
	for (size_t i = 0; i < ms_trace_footprint_count(t); i++) {
		const struct ms_footprint *f = ms_trace_footprint(t, i);

		for (size_t k = 0; k < f->region_count; k++) {
			const struct ms_region *r = &f->regions[k];

			if (r->end < r->start || (k > 0 && r->start < r[-1].end) || r->anonymous_bytes > r->resident_bytes)
				abort();
			sum += r->swapped_bytes + strlen(ms_trace_string(t, r->name));
		}
	}
	sink = sum;
}

static void touch_culled(const struct ms_trace *t)
{
	uint64_t blocks = 0, to_ns = 0;

	for (size_t i = 0; i < ms_trace_culled_count(t); i++) {
		const struct ms_culled *c = ms_trace_culled(t, i);

		if (c->from_ns < to_ns || c->to_ns < c->from_ns || c->peak_ns > c->to_ns)
			abort();
		to_ns = c->to_ns;
		for (size_t k = 0; k < c->row_count; k++) {
			const struct ms_culled_row *r = &c->rows[k];
			uint64_t both = r->allocations + r->reallocations;

			if (r->stack > ms_trace_stack_count(t) || (k > 0 && r->stack <= r[-1].stack) || both == 0 || blocks + both < blocks)
				abort();
			blocks += both;
		}
	}
	sink = blocks;
}

static void touch_evidence(const struct ms_trace *t)
{
	uint64_t sum = 0;

	for (uint32_t id = 1; id <= ms_trace_evidence_count(t); id++) {
		const struct ms_evidence *e = ms_trace_evidence(t, id);

		if (e->stack > ms_trace_stack_count(t) || e->kind == 0)
			abort();
		sum += strlen(ms_trace_string(t, e->function));
		for (unsigned i = 0; i < e->byte_count; i++)
			sum += e->bytes[i];
		for (unsigned i = 0; i < e->register_count; i++)
			sum += e->registers[i];
	}
	for (uint64_t address = 0x555555557000; address < 0x555555558100; address += 8) {
		const struct ms_data_symbol *s = ms_trace_data_symbol(t, (uint32_t)(address >> 3) % 3, address);

		if (s != NULL && (s->address > address || ms_trace_module(t, s->module) == NULL))
			abort();
		sum += s != NULL ? strlen(ms_trace_string(t, s->name)) : 0;
	}
	sink = sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	struct ms_trace *t;
	struct ms_error err;

	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	make_checksums_right(bytes, size);
	if (ms_trace_open_memory(&t, bytes, size, &err) == MS_OK) {
		touch_tables(t);
		touch_evidence(t);
		touch_samples(t);
		touch_culled(t);
		for (size_t i = 0; i < ms_trace_graph_count(t); i++)
			touch_graph(t, i);
		digest(t, 0);
		/* From the middle: through a keyframe, where there is one. */
		digest(t, ms_trace_event_count(t) / 2);
		ms_trace_close(t);
	} else if (err.message[0] == 0) {
		abort();
	}
	free(bytes);
	return 0;
}
