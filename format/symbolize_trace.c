/* symbolize_trace.c - see symbolize_trace.h. */
#include "symbolize_trace.h"

#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "evidence.h"
#include "symbols.h"
#include "trace_reader.h"
#include "trace_writer.h"

/* Tables of the reader as arrays; the caller frees. NULL: no memory. */
static struct ms_frame *all_frames(const struct ms_trace *t)
{
	uint32_t n = ms_trace_frame_count(t);
	struct ms_frame *frames = malloc(((size_t)n + 1) * sizeof *frames);

	for (uint32_t i = 0; frames && i < n; i++)
		frames[i] = *ms_trace_frame(t, i + 1);
	return frames;
}

static struct ms_module *all_modules(const struct ms_trace *t)
{
	uint32_t n = ms_trace_module_count(t);
	struct ms_module *modules = malloc(((size_t)n + 1) * sizeof *modules);

	for (uint32_t i = 0; modules && i < n; i++)
		modules[i] = *ms_trace_module(t, i + 1);
	return modules;
}

static bool is_not_symbols(void *context, const struct ms_block_info *block)
{
	(void)context;
	return block->kind != MS_BLOCK_SYMBOLS;
}

/* The variables without a type. */
static struct ms_untyped *all_untyped(const struct ms_trace *t, size_t *count)
{
	uint32_t n = ms_trace_variable_count(t);
	struct ms_untyped *untyped = malloc(((size_t)n + 1) * sizeof *untyped);

	*count = 0;
	for (uint32_t i = 1; untyped && i <= n; i++) {
		const struct ms_variable *v = ms_trace_variable(t, i);

		if (v->type == 0 && v->name != 0 && v->frame != 0)
			untyped[(*count)++] = (struct ms_untyped){.variable = i, .frame = v->frame, .name = ms_trace_string(t, v->name)};
	}
	return untyped;
}

/* ---- data of heap graphs ------------------------------------------------------------------------------------------- */

#define DATA_BATCH 4096u

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint32_t module_of(const struct ms_module *modules, uint32_t count, uint32_t image, uint64_t address)
{
	for (uint32_t i = count; i-- > 0;)
		if (modules[i].image == image && modules[i].start <= address && address < modules[i].end)
			return i + 1;
	return 0;
}

/* Addresses that a graph would have named: fields of data that point to blocks, and what blocks point to first. NULL: none, or no memory for more. */
static uint64_t *addresses_of(const struct ms_trace *t, size_t graph, size_t *count)
{
	const struct ms_graph *facts = ms_trace_graph(t, graph);
	struct ms_graph_data data;
	struct ms_error ignored;
	uint64_t *out;
	size_t n = 0;

	*count = 0;
	if (ms_trace_graph_load(t, graph, &data, &ignored) != MS_OK)
		return NULL;
	out = malloc(((size_t)data.edge_count + data.block_count + 1) * sizeof *out);
	for (uint64_t i = 0; out && i < data.edge_count; i++) {
		const struct ms_graph_root *r;

		if (data.source[i] < data.block_count)
			continue;
		r = &facts->roots[data.source[i] - data.block_count];
		if (r->kind == MS_ROOT_DATA)
			out[n++] = r->start + data.source_offset[i];
	}
	for (uint32_t i = 0; out && i < data.block_count; i++)
		if (data.first_word[i] != 0)
			out[n++] = data.first_word[i];
	ms_graph_data_free(&data);
	if (out)
		qsort(out, n, sizeof *out, by_value);
	*count = n;
	return out;
}

static int write_data(struct ms_writer *w, const struct ms_trace *t, size_t graph, const struct ms_module *modules, struct ms_symbolizer *s,
                      struct ms_error *err)
{
	struct ms_data_symbol *symbols = malloc(DATA_BATCH * sizeof *symbols);
	uint32_t count = ms_trace_module_count(t), image = count > 0 ? modules[count - 1].image : 0;
	uint64_t *addresses, done = 0;
	size_t address_count, n = 0;
	int rc = MS_OK;

	addresses = addresses_of(t, graph, &address_count);
	for (size_t i = 0; symbols && addresses && i < address_count && rc == MS_OK; i++) {
		struct ms_symbol_data data;
		uint32_t module;

		if (addresses[i] < done || ms_trace_data_symbol(t, 0, addresses[i]) ||
		    !(module = module_of(modules, count, image, addresses[i])) ||
		    !ms_symbolizer_data(s, &modules[module - 1], addresses[i], &data) || data.address < done ||
		    data.address + data.size_bytes < data.address)
			continue;
		done = data.address + data.size_bytes;
		symbols[n++] = (struct ms_data_symbol){
			.address = data.address, .size_bytes = data.size_bytes, .module = module,
			.name = ms_writer_string(w, data.name, strlen(data.name)),
		};
		if (n == DATA_BATCH) {
			rc = ms_writer_data_symbols(w, symbols, n, err);
			n = 0;
		}
	}
	if (rc == MS_OK && n > 0)
		rc = ms_writer_data_symbols(w, symbols, n, err);
	free(symbols);
	free(addresses);
	return rc;
}

/* Of the last graph alone: it is the one that reports show. */
static int write_all_data(struct ms_writer *w, const struct ms_trace *t, const struct ms_module *modules,
                          const struct ms_symbolizer_options *options, struct ms_error *err)
{
	/* Unpacking debug information costs more than everything else here. */
	struct ms_symbolizer_options tables_only = *options;
	struct ms_symbolizer *s = NULL;
	int rc;

	if (ms_trace_graph_count(t) == 0)
		return MS_OK;
	tables_only.tables_only = true;
	rc = ms_symbolizer_open(&s, &tables_only, err);
	if (rc == MS_OK)
		rc = write_data(w, t, ms_trace_graph_count(t) - 1, modules, s, err);
	ms_symbolizer_close(s);
	return rc;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------ */

int ms_symbolize_trace(struct ms_writer *w, const struct ms_trace *t, const struct ms_symbolizer_options *options, const struct ms_end *end,
                       struct ms_symbolize_counts *counts, struct ms_error *err)
{
	struct ms_symbolize_counts ignored;
	struct ms_untyped *untyped;
	struct ms_frame *frames = all_frames(t);
	struct ms_module *modules = all_modules(t);
	struct ms_symbolizer *s = NULL;
	struct ms_end own;
	int rc = MS_OK;

	if (!counts)
		counts = &ignored;
	memset(counts, 0, sizeof *counts);
	untyped = all_untyped(t, &counts->types_wanted);
	if (!frames || !modules || !untyped)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u frames", ms_trace_frame_count(t));
	if (!rc)
		rc = ms_symbolizer_open(&s, options, err);
	if (!rc)
		rc = ms_writer_copy(w, t, is_not_symbols, NULL, err);
	if (!rc)
		rc = ms_write_symbols(w, s, frames, ms_trace_frame_count(t), modules, ms_trace_module_count(t), t, &counts->symbols, err);
	if (!rc)
		rc = ms_write_variable_types(w, s, untyped, counts->types_wanted, frames, ms_trace_frame_count(t), modules,
		                             ms_trace_module_count(t), &counts->types_found, err);
	if (!rc)
		rc = write_all_data(w, t, modules, options, err);
	if (!rc && !end)
		end = ms_trace_end(t);
	if (!rc && end) {
		own = *end;
		own.symbolized = true;
		rc = ms_writer_end(w, &own, err);
	} else if (!rc) {
		rc = ms_writer_end(w, NULL, err);
	}
	ms_symbolizer_close(s);
	free(frames);
	free(modules);
	free(untyped);
	return rc;
}
