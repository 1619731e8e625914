/* trace_values.c - what an open trace has: its tables by id, counts, facts; see trace_reader.h. */
#include "trace_internal.h"

const struct ms_process *ms_trace_process(const struct ms_trace *t)
{
	return &t->process;
}

const struct ms_end *ms_trace_end(const struct ms_trace *t)
{
	return t->has_end ? &t->end : NULL;
}

const struct ms_error *ms_trace_damage(const struct ms_trace *t)
{
	return t->damage.code != MS_OK ? &t->damage : NULL;
}

bool ms_trace_is_part(const struct ms_trace *t)
{
	return (t->header.must_understand & MS_FEATURE_PART) != 0;
}

bool ms_trace_has_index(const struct ms_trace *t)
{
	return t->has_index;
}

uint64_t ms_trace_file_bytes(const struct ms_trace *t)
{
	return t->source.size;
}

uint32_t ms_trace_format_version(const struct ms_trace *t)
{
	return t->header.format_version;
}

uint32_t ms_trace_string_count(const struct ms_trace *t)
{
	return t->tables.string_count;
}

uint32_t ms_trace_module_count(const struct ms_trace *t)
{
	return t->tables.module_count;
}

uint32_t ms_trace_thread_count(const struct ms_trace *t)
{
	return t->tables.thread_count;
}

uint32_t ms_trace_frame_count(const struct ms_trace *t)
{
	return t->tables.frame_count;
}

uint32_t ms_trace_stack_count(const struct ms_trace *t)
{
	return t->tables.stack_count;
}

uint64_t ms_trace_event_count(const struct ms_trace *t)
{
	return t->events;
}

uint64_t ms_trace_last_time_ns(const struct ms_trace *t)
{
	return t->last_time_ns;
}

const char *ms_trace_string(const struct ms_trace *t, uint32_t id)
{
	if (id - 1 >= t->tables.string_count)
		return "";
	return (const char *)t->tables.string_bytes.data + ms_load64(t->tables.string_offsets.data + 8 * (size_t)(id - 1));
}

#define ELEMENT(table, type, count, id)                                                                                \
	((id) - 1 < (count) ? (const type *)(const void *)(table).data + ((id) - 1) : NULL)

const struct ms_module *ms_trace_module(const struct ms_trace *t, uint32_t id)
{
	return ELEMENT(t->tables.modules, struct ms_module, t->tables.module_count, id);
}

const struct ms_thread *ms_trace_thread(const struct ms_trace *t, uint32_t id)
{
	return ELEMENT(t->tables.threads, struct ms_thread, t->tables.thread_count, id);
}

const struct ms_frame *ms_trace_frame(const struct ms_trace *t, uint32_t id)
{
	return ELEMENT(t->tables.frames, struct ms_frame, t->tables.frame_count, id);
}

const struct ms_stack *ms_trace_stack(const struct ms_trace *t, uint32_t id)
{
	return ELEMENT(t->tables.stacks, struct ms_stack, t->tables.stack_count, id);
}

const struct ms_symbol *ms_trace_symbols(const struct ms_trace *t, uint32_t frame, size_t *n)
{
	const uint32_t *starts = (const uint32_t *)(const void *)t->tables.symbol_starts.data;

	*n = 0;
	if (frame - 1 >= t->tables.frame_count)
		return NULL;
	*n = starts[frame + 1] - starts[frame];
	return *n > 0 ? (const struct ms_symbol *)(const void *)t->tables.symbols.data + starts[frame] : NULL;
}

uint32_t ms_trace_variable_count(const struct ms_trace *t)
{
	return t->tables.variable_count;
}

const struct ms_variable *ms_trace_variable(const struct ms_trace *t, uint32_t id)
{
	return ELEMENT(t->tables.variables, struct ms_variable, t->tables.variable_count, id);
}

size_t ms_trace_culled_count(const struct ms_trace *t)
{
	return t->tables.culled.periods.size / sizeof(struct ms_culled);
}

const struct ms_culled *ms_trace_culled(const struct ms_trace *t, size_t index)
{
	return index < ms_trace_culled_count(t) ? (const struct ms_culled *)(const void *)t->tables.culled.periods.data + index : NULL;
}

uint32_t ms_trace_evidence_count(const struct ms_trace *t)
{
	return t->tables.evidence_count;
}

uint32_t ms_trace_series_count(const struct ms_trace *t)
{
	return t->tables.samples.count;
}

const struct ms_series *ms_trace_series(const struct ms_trace *t, uint32_t id)
{
	return ELEMENT(t->tables.samples.series, struct ms_series, t->tables.samples.count, id);
}

const struct ms_sample *ms_trace_samples(const struct ms_trace *t, uint32_t id, size_t *n)
{
	const struct ms_sample_tables *s = &t->tables.samples;
	const uint64_t *starts = (const uint64_t *)(const void *)s->starts.data;

	*n = 0;
	if (id - 1 >= s->count)
		return NULL;
	*n = (size_t)(starts[id + 1] - starts[id]);
	return (const struct ms_sample *)(const void *)s->points.data + starts[id];
}

size_t ms_trace_footprint_count(const struct ms_trace *t)
{
	return t->tables.samples.footprints.size / sizeof(struct ms_footprint);
}

const struct ms_footprint *ms_trace_footprint(const struct ms_trace *t, size_t index)
{
	return ELEMENT(t->tables.samples.footprints, struct ms_footprint, ms_trace_footprint_count(t), index + 1);
}

const struct ms_evidence *ms_trace_evidence(const struct ms_trace *t, uint32_t id)
{
	return ELEMENT(t->tables.evidence, struct ms_evidence, t->tables.evidence_count, id);
}

size_t ms_trace_block_count(const struct ms_trace *t)
{
	return t->blocks.size / sizeof(struct ms_block_info);
}

const struct ms_block_info *ms_trace_block(const struct ms_trace *t, size_t index)
{
	return index < ms_trace_block_count(t) ? &ms_trace_blocks(t)[index] : NULL;
}
