/* part_ids.c - see part_ids.h. */
#include "part_ids.h"

#include <stdlib.h>
#include <string.h>

#include "trace_internal.h"

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the ids of a part");
}

int ms_part_ids_open(struct ms_part_ids *p, struct ms_writer *w, const struct ms_trace *from, struct ms_error *err)
{
	*p = (struct ms_part_ids){
		.w = w, .from = from,
		.strings = calloc((size_t)ms_trace_string_count(from) + 1, sizeof(uint32_t)),
		.frames = calloc((size_t)ms_trace_frame_count(from) + 1, sizeof(uint32_t)),
		.stacks = calloc((size_t)ms_trace_stack_count(from) + 1, sizeof(uint32_t)),
		.evidence = calloc((size_t)ms_trace_evidence_count(from) + 1, sizeof(uint32_t)),
		.variables = calloc((size_t)ms_trace_variable_count(from) + 1, sizeof(uint32_t)),
		.frame_of = calloc((size_t)ms_trace_frame_count(from) + 1, sizeof(uint32_t)),
		.path = calloc((size_t)ms_trace_stack_count(from) + 1, sizeof(uint32_t)),
	};
	if (p->strings && p->frames && p->stacks && p->evidence && p->variables && p->frame_of && p->path)
		return MS_OK;
	ms_part_ids_free(p);
	return no_memory(err);
}

void ms_part_ids_free(struct ms_part_ids *p)
{
	free(p->strings);
	free(p->frames);
	free(p->stacks);
	free(p->evidence);
	free(p->variables);
	free(p->frame_of);
	free(p->path);
	free(p->start);
	memset(p, 0, sizeof(*p));
}

int ms_part_status(const struct ms_part_ids *p, struct ms_error *err)
{
	/* A writer that has failed says why when it is asked for more. */
	return ms_writer_status(p->w) != MS_OK ? ms_writer_flush(p->w, err) : MS_OK;
}

/* ---- tables --------------------------------------------------------------------------------------------------------- */

uint32_t ms_part_string(struct ms_part_ids *p, uint32_t id)
{
	if (id == 0 || id > ms_trace_string_count(p->from))
		return 0;
	if (p->strings[id] == 0) {
		const char *s = ms_trace_string(p->from, id);

		p->strings[id] = ms_writer_string(p->w, s, strlen(s));
	}
	return p->strings[id];
}

uint32_t ms_part_frame(struct ms_part_ids *p, uint32_t id)
{
	if (id == 0)
		return 0;
	if (p->frames[id] == 0) {
		const struct ms_frame *f = ms_trace_frame(p->from, id);

		p->frames[id] = ms_writer_frame(p->w, f->address, f->module);
		p->frame_of[p->frames[id]] = id;
	}
	return p->frames[id];
}

uint32_t ms_part_stack(struct ms_part_ids *p, uint32_t id)
{
	uint32_t depth = 0, parent;

	for (; id != 0 && p->stacks[id] == 0; id = ms_trace_stack(p->from, id)->parent)
		p->path[depth++] = id;
	parent = id != 0 ? p->stacks[id] : 0;
	while (depth > 0) {
		id = p->path[--depth];
		p->stacks[id] = ms_writer_stack(p->w, parent, ms_part_frame(p, ms_trace_stack(p->from, id)->frame));
		parent = p->stacks[id];
		if (parent == 0)
			return 0; /* the writer failed */
	}
	return parent;
}

uint32_t ms_part_evidence(struct ms_part_ids *p, uint32_t id)
{
	if (p->evidence[id] == 0) {
		struct ms_evidence e = *ms_trace_evidence(p->from, id);

		e.stack = ms_part_stack(p, e.stack);
		e.function = ms_part_string(p, e.function);
		p->evidence[id] = ms_writer_evidence(p->w, &e);
	}
	return p->evidence[id];
}

uint32_t ms_part_variable(struct ms_part_ids *p, uint32_t id)
{
	if (p->variables[id] == 0) {
		struct ms_variable v = *ms_trace_variable(p->from, id);

		v.name = ms_part_string(p, v.name);
		v.type = ms_part_string(p, v.type);
		v.file = ms_part_string(p, v.file);
		v.frame = ms_part_frame(p, v.frame);
		p->variables[id] = ms_writer_variable(p->w, &v);
	}
	return p->variables[id];
}

/* ---- blocks --------------------------------------------------------------------------------------------------------- */

int ms_part_blocks(struct ms_part_ids *p, const struct ms_live_block *blocks, size_t n, uint64_t next_block, struct ms_error *err)
{
	p->start = malloc((n + 1) * sizeof(*p->start));
	if (p->start == NULL)
		return no_memory(err);
	for (size_t i = 0; i < n; i++)
		p->start[i] = blocks[i].block;
	p->start_count = n;
	p->next_block = next_block;
	return MS_OK;
}

uint64_t ms_part_block(const struct ms_part_ids *p, uint64_t id)
{
	size_t low = 0, high = p->start_count;

	if (id == 0)
		return 0;
	if (id >= p->next_block)
		return id - p->next_block + p->start_count + 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->start[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->start_count && p->start[low] == id ? low + 1 : 0;
}

/* ---- samples -------------------------------------------------------------------------------------------------------- */

static int footprints(struct ms_part_ids *p, uint64_t from_ns, uint64_t to_ns, struct ms_error *err)
{
	int rc = MS_OK;

	for (size_t i = 0; rc == MS_OK && i < ms_trace_footprint_count(p->from); i++) {
		struct ms_footprint f = *ms_trace_footprint(p->from, i);
		struct ms_region *regions;

		if (f.time_ns < from_ns || f.time_ns > to_ns)
			continue;
		regions = malloc((f.region_count + 1) * sizeof(*regions));
		if (regions == NULL)
			return no_memory(err);
		for (size_t k = 0; k < f.region_count; k++) {
			regions[k] = f.regions[k];
			regions[k].name = ms_part_string(p, regions[k].name);
		}
		f.regions = regions;
		rc = ms_part_status(p, err);
		if (rc == MS_OK)
			rc = ms_writer_footprint(p->w, &f, err);
		free(regions);
	}
	return rc;
}

/* Where the values of a series have been read up to. */
struct reading {
	const struct ms_sample *samples;
	size_t count;
};

/* The samples of all series, one time after the other. */
static int samples(struct ms_part_ids *p, struct reading *at, uint32_t n, const uint32_t *new_ids, uint64_t to_ns, struct ms_error *err)
{
	uint32_t *ids = calloc((size_t)n + 1, sizeof(*ids));
	uint64_t *values = calloc((size_t)n + 1, sizeof(*values));
	int rc = ids && values ? MS_OK : no_memory(err);

	while (rc == MS_OK) {
		uint64_t next = UINT64_MAX;
		size_t k = 0;

		for (uint32_t i = 0; i < n; i++)
			if (at[i].count > 0 && at[i].samples->time_ns < next)
				next = at[i].samples->time_ns;
		if (next > to_ns)
			break;
		for (uint32_t i = 0; i < n; i++) {
			if (at[i].count == 0 || at[i].samples->time_ns != next)
				continue;
			ids[k] = new_ids[i];
			values[k++] = at[i].samples->value;
			at[i].samples++;
			at[i].count--;
		}
		rc = ms_writer_sample(p->w, next, ids, values, k, err);
	}
	free(ids);
	free(values);
	return rc;
}

int ms_part_samples(struct ms_part_ids *p, uint64_t from_ns, uint64_t to_ns, struct ms_error *err)
{
	const uint32_t n = ms_trace_series_count(p->from);
	struct reading *at = calloc((size_t)n + 1, sizeof(*at));
	uint32_t *ids = calloc((size_t)n + 1, sizeof(*ids));
	int rc = at && ids ? MS_OK : no_memory(err);

	for (uint32_t i = 0; rc == MS_OK && i < n; i++) {
		struct ms_series s = *ms_trace_series(p->from, i + 1);

		s.name = ms_part_string(p, s.name);
		s.source = ms_part_string(p, s.source);
		s.reason = ms_part_string(p, s.reason);
		ids[i] = ms_writer_series(p->w, &s);
		rc = ms_part_status(p, err);
		at[i].samples = ms_trace_samples(p->from, i + 1, &at[i].count);
		while (at[i].count > 0 && at[i].samples->time_ns < from_ns) {
			at[i].samples++;
			at[i].count--;
		}
	}
	if (rc == MS_OK)
		rc = samples(p, at, n, ids, to_ns, err);
	if (rc == MS_OK)
		rc = footprints(p, from_ns, to_ns, err);
	free(at);
	free(ids);
	return rc;
}

/* ---- culled blocks --------------------------------------------------------------------------------------------------- */

static int by_stack(const void *a, const void *b)
{
	uint32_t x = ((const struct ms_culled_row *)a)->stack, y = ((const struct ms_culled_row *)b)->stack;
	return (x > y) - (x < y);
}

int ms_part_culled(struct ms_part_ids *p, uint64_t from_ns, uint64_t to_ns, struct ms_error *err)
{
	int rc = MS_OK;

	for (size_t i = 0; rc == MS_OK && i < ms_trace_culled_count(p->from); i++) {
		struct ms_culled c = *ms_trace_culled(p->from, i);
		struct ms_culled_row *rows;

		if (c.to_ns <= from_ns || c.from_ns >= to_ns)
			continue;
		rows = malloc((c.row_count + 1) * sizeof(*rows));
		if (rows == NULL)
			return no_memory(err);
		for (size_t k = 0; k < c.row_count; k++) {
			rows[k] = c.rows[k];
			rows[k].stack = ms_part_stack(p, rows[k].stack);
		}
		qsort(rows, c.row_count, sizeof(*rows), by_stack);
		c.rows = rows;
		rc = ms_part_status(p, err);
		if (rc == MS_OK)
			rc = ms_writer_culled(p->w, &c, err);
		free(rows);
	}
	return rc;
}

/* ---- names ---------------------------------------------------------------------------------------------------------- */

static int data_names(struct ms_part_ids *p, struct ms_error *err)
{
	const struct ms_buffer *all = &p->from->tables.data_symbols;
	const struct ms_data_symbol *from = (const struct ms_data_symbol *)(const void *)all->data;
	size_t n = all->size / sizeof(*from);
	int rc = MS_OK;

	/* One call per module: within a call they ascend by address. */
	for (size_t first = 0, end; rc == MS_OK && first < n; first = end) {
		struct ms_data_symbol *symbols;

		for (end = first + 1; end < n && end - first < 4096 && from[end].module == from[first].module; end++)
			;
		symbols = malloc((end - first) * sizeof(*symbols));
		if (symbols == NULL)
			return no_memory(err);
		for (size_t i = first; i < end; i++) {
			symbols[i - first] = from[i];
			symbols[i - first].name = ms_part_string(p, from[i].name);
		}
		rc = ms_part_status(p, err);
		if (rc == MS_OK)
			rc = ms_writer_data_symbols(p->w, symbols, end - first, err);
		free(symbols);
	}
	return rc;
}

int ms_part_names(struct ms_part_ids *p, struct ms_error *err)
{
	uint32_t frames = ms_writer_stats(p->w).frames;
	int rc = p->graphs > 0 ? data_names(p, err) : MS_OK;

	for (uint32_t id = 1; rc == MS_OK && id <= frames; id++) {
		size_t n;
		const struct ms_symbol *s = ms_trace_symbols(p->from, p->frame_of[id], &n);

		for (size_t i = 0; rc == MS_OK && i < n; i++) {
			const struct ms_symbol named = {
				.frame = id, .function = ms_part_string(p, s[i].function), .linkage_name = ms_part_string(p, s[i].linkage_name),
				.file = ms_part_string(p, s[i].file), .line = s[i].line,
			};

			rc = ms_part_status(p, err);
			if (rc == MS_OK)
				rc = ms_writer_symbol(p->w, &named, err);
		}
	}
	return rc;
}
