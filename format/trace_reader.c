#include "trace_reader.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "trace_fb.h"
#include "trace_index.h"
#include "trace_internal.h"

/* ---- the list of blocks ------------------------------------------------------------------------------------------ */

static void damaged(struct ms_trace *t, const struct ms_error *why)
{
	if (t->damage.code == MS_OK)
		t->damage = *why;
}

static int add_block(struct ms_buffer *blocks, const struct ms_block_info *info, struct ms_error *err)
{
	if (ms_buffer_append(blocks, info, sizeof(*info)) != 0)
		return ms_fail(err, MS_E_NOMEM, info->offset, "no memory for the list of blocks");
	return MS_OK;
}

static struct ms_block_info info_of(const struct ms_block_header *h, uint64_t offset)
{
	return (struct ms_block_info){
		.offset = offset,
		.stored_bytes = h->stored_bytes,
		.raw_bytes = h->raw_bytes,
		.first_time_ns = h->first_time_ns,
		.last_time_ns = h->last_time_ns,
		.first_event = h->first_event,
		.count = h->count,
		.kind = h->kind,
	};
}

int ms_listed_block_header(const struct ms_source *source, const struct ms_block_info *info, struct ms_block_header *header,
			   struct ms_error *err)
{
	struct ms_block_info again;
	int rc = ms_block_load(header, source, info->offset, err);

	if (rc != MS_OK)
		return rc;
	again = info_of(header, info->offset);
	if (again.stored_bytes != info->stored_bytes || again.raw_bytes != info->raw_bytes ||
	    again.first_time_ns != info->first_time_ns || again.last_time_ns != info->last_time_ns ||
	    again.first_event != info->first_event || again.count != info->count || again.kind != info->kind)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "the block is not the one that the index describes");
	return MS_OK;
}

int ms_trace_block_header(const struct ms_trace *t, const struct ms_block_info *info, struct ms_block_header *header,
			  struct ms_error *err)
{
	return ms_listed_block_header(&t->source, info, header, err);
}

/* Takes the list from the Index block. It must describe the file without gaps, from the first block to itself. */
int ms_read_block_list(struct ms_buffer *blocks, const struct ms_source *source, struct ms_unpacker *u, struct ms_error *err)
{
	struct ms_buffer buffer = {0};
	struct ms_block_header header;
	struct ms_fb_vector entries;
	uint64_t index_offset, expected = MS_FILE_HEADER_BYTES;
	const uint8_t *bytes, *body;
	int rc;

	if (source->size < MS_FILE_HEADER_BYTES + MS_FOOTER_BYTES)
		return ms_fail(err, MS_E_NOT_FOUND, source->size, "the file is too short for an index");
	bytes = ms_source_read(source, source->size - MS_FOOTER_BYTES, MS_FOOTER_BYTES, &buffer, err);
	rc = bytes != NULL ? ms_footer_load(&index_offset, bytes, source->size, err) : MS_E_IO;
	ms_buffer_free(&buffer);
	if (rc != MS_OK)
		return rc;
	rc = ms_block_load(&header, source, index_offset, err);
	if (rc == MS_OK && header.kind != MS_BLOCK_INDEX)
		rc = ms_fail(err, MS_E_CORRUPT, index_offset, "the footer points to a %s block",
			     ms_block_kind_name(header.kind));
	if (rc == MS_OK)
		rc = ms_block_unpack(u, source, index_offset, &header, NULL, &body, err);
	if (rc != MS_OK)
		return rc;
	entries = fb_index_entries((struct fb_index){body});
	for (uint32_t i = 0; i < entries.count; i++) {
		struct fb_index_entry e;
		struct ms_block_info info;

		memcpy(&e, entries.data + i * sizeof(e), sizeof(e));
		info = (struct ms_block_info){
			.offset = e.offset,
			.stored_bytes = e.stored_bytes,
			.raw_bytes = e.raw_bytes,
			.first_time_ns = e.first_time_ns,
			.last_time_ns = e.last_time_ns,
			.first_event = e.first_event,
			.count = e.count,
			.kind = e.kind,
		};
		if (e.offset != expected || e.stored_bytes > MS_MAX_STORED_BYTES || e.raw_bytes > MS_MAX_RAW_BYTES ||
		    e.first_time_ns > e.last_time_ns || e.kind == MS_BLOCK_INDEX)
			return ms_fail(err, MS_E_CORRUPT, index_offset, "entry %u of the index is not valid", i);
		expected += MS_BLOCK_HEADER_BYTES + e.stored_bytes;
		rc = add_block(blocks, &info, err);
		if (rc != MS_OK)
			return rc;
	}
	if (expected != index_offset)
		return ms_fail(err, MS_E_CORRUPT, index_offset, "the index does not describe the whole file");
	return MS_OK;
}

/* Takes the list from the headers of the blocks, up to the first one that is not whole. */
static int scan_blocks(struct ms_trace *t, struct ms_error *err)
{
	struct ms_buffer *blocks = &t->blocks;
	uint64_t offset = MS_FILE_HEADER_BYTES;

	t->blocks.size = 0;
	while (offset < t->source.size) {
		struct ms_block_header header;
		struct ms_block_info info;
		struct ms_error why;
		int rc = ms_block_load(&header, &t->source, offset, &why);

		if (rc != MS_OK) {
			damaged(t, &why);
			break;
		}
		info = info_of(&header, offset);
		if (header.kind == MS_BLOCK_INDEX) {
			ms_fail(&why, MS_E_CORRUPT, offset, "there is an index, but no valid footer points to it");
			damaged(t, &why);
			break;
		}
		rc = add_block(blocks, &info, err);
		if (rc != MS_OK)
			return rc;
		offset += MS_BLOCK_HEADER_BYTES + header.stored_bytes;
	}
	return MS_OK;
}

/* ---- bodies of which there is one -------------------------------------------------------------------------------- */

static int load_texts(const char *const **out, size_t *count, struct ms_fb_vector v, uint64_t offset,
		      struct ms_error *err)
{
	const char **texts = malloc(((size_t)v.count + 1) * sizeof(*texts));

	if (texts == NULL)
		return ms_fail(err, MS_E_NOMEM, offset, "no memory for %u strings", v.count);
	for (uint32_t i = 0; i < v.count; i++)
		texts[i] = ms_fb_string(ms_fb_element(v, i));
	texts[v.count] = NULL;
	*out = texts;
	*count = v.count;
	return MS_OK;
}

static int load_process(struct ms_trace *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_process p = {body};
	struct ms_process *to = &t->process;
	int rc;

	if (t->has_process)
		return ms_fail(err, MS_E_CORRUPT, offset, "a second Process block");
	if (fb_process_clock(p) >= FB_CLOCK_SOURCE_COUNT || fb_process_on_full(p) >= FB_ON_FULL_COUNT)
		return ms_fail(err, MS_E_CORRUPT, offset, "the process has clock %u and on_full %u", fb_process_clock(p),
			       fb_process_on_full(p));
	if (fb_process_guard(p) >= FB_GUARD_MODE_COUNT || fb_process_guard_side(p) >= FB_GUARD_SIDE_COUNT)
		return ms_fail(err, MS_E_CORRUPT, offset, "the process has guard %u on side %u", fb_process_guard(p),
			       fb_process_guard_side(p));
	if (fb_process_part(p) >= FB_PART_COUNT || (fb_process_part(p) != MS_PART_WHOLE) != ms_trace_is_part(t))
		return ms_fail(err, MS_E_CORRUPT, offset, "the process says part %u, the file header %s", fb_process_part(p),
			       ms_trace_is_part(t) ? "that it is one" : "that it is none");
	rc = load_texts(&to->command, &to->command_count, fb_process_command(p), offset, err);
	if (rc == MS_OK)
		rc = load_texts(&to->options, &to->options_count, fb_process_options(p), offset, err);
	if (rc != MS_OK)
		return rc;
	to->executable = fb_process_executable(p);
	to->working_directory = fb_process_working_directory(p);
	to->host = fb_process_host(p);
	to->kernel = fb_process_kernel(p);
	to->architecture = fb_process_architecture(p);
	to->recorder = fb_process_recorder(p);
	to->allocator = fb_process_allocator(p);
	to->pid = fb_process_pid(p);
	to->parent_pid = fb_process_parent_pid(p);
	to->page_size_bytes = fb_process_page_size_bytes(p);
	to->stack_depth_limit = fb_process_stack_depth_limit(p);
	to->start_time_unix_ns = fb_process_start_time_unix_ns(p);
	to->clock_hz = fb_process_clock_hz(p);
	to->max_size_bytes = fb_process_max_size_bytes(p);
	to->clock = fb_process_clock(p);
	to->on_full = fb_process_on_full(p);
	to->free_stacks = fb_process_free_stacks(p);
	to->inherited_heap = fb_process_inherited_heap(p);
	to->guard = fb_process_guard(p);
	to->guard_side = fb_process_guard_side(p);
	to->guard_sample_rate = fb_process_guard_sample_rate(p);
	to->companion = fb_process_companion(p);
	to->monitor_interval_ns = fb_process_monitor_interval_ns(p);
	to->graph_at_exit = fb_process_graph_at_exit(p);
	to->part = (struct ms_part){
		.kind = fb_process_part(p),
		.of = fb_process_part_of(p),
		.from_event = fb_process_part_from_event(p),
		.to_event = fb_process_part_to_event(p),
		.from_ns = fb_process_part_from_ns(p),
		.to_ns = fb_process_part_to_ns(p),
		.of_events = fb_process_part_of_events(p),
		.of_ns = fb_process_part_of_ns(p),
	};
	t->has_process = true;
	return MS_OK;
}

static int load_end(struct ms_trace *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_end e = {body};

	if (fb_end_ended(e) >= FB_ENDED_COUNT)
		return ms_fail(err, MS_E_CORRUPT, offset, "the program ended in way %u", fb_end_ended(e));
	if (fb_end_events(e) != t->events)
		return ms_fail(err, MS_E_CORRUPT, offset, "the end counts %llu events, the blocks have %llu",
			       (unsigned long long)fb_end_events(e), (unsigned long long)t->events);
	t->end = (struct ms_end){
		.time_ns = fb_end_time_ns(e),
		.ended = fb_end_ended(e),
		.core_dumped = fb_end_core_dumped(e),
		.size_limit_reached = fb_end_size_limit_reached(e),
		.symbolized = fb_end_symbolized(e),
		.exit_code = fb_end_exit_code(e),
		.term_signal = fb_end_term_signal(e),
		.events = fb_end_events(e),
		.blocks = fb_end_blocks(e),
		.lost_events = fb_end_lost_events(e),
		.lost_stacks = fb_end_lost_stacks(e),
		.late_events = fb_end_late_events(e),
		.lost_threads = fb_end_lost_threads(e),
		.peak_bytes = fb_end_peak_bytes(e),
		.collector_cpu_ns = fb_end_collector_cpu_ns(e),
		.collector_rss_bytes = fb_end_collector_rss_bytes(e),
		.guard_page_blocks = fb_end_guard_page_blocks(e),
		.guard_canary_blocks = fb_end_guard_canary_blocks(e),
		.guard_plain_blocks = fb_end_guard_plain_blocks(e),
		.guard_checks = fb_end_guard_checks(e),
		.guard_calls = fb_end_guard_calls(e),
		.guard_dropped = fb_end_guard_dropped(e),
	};
	t->has_end = true;
	return MS_OK;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* Checks that an Events or Keyframe block continues where the one before it stopped. */
static int check_sequence(const struct ms_trace *t, const struct ms_block_info *info, struct ms_error *err)
{
	if (t->has_end)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "a block after the end");
	if (info->first_event != t->events)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "%s start at event %llu, %llu is expected",
			       ms_block_kind_name(info->kind), (unsigned long long)info->first_event,
			       (unsigned long long)t->events);
	if (info->first_time_ns < t->last_time_ns)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "%s start before the events before them end",
			       ms_block_kind_name(info->kind));
	return MS_OK;
}

static int load_block(struct ms_trace *t, struct ms_unpacker *u, size_t index, struct ms_error *err)
{
	const struct ms_block_info *info = &ms_trace_blocks(t)[index];
	struct ms_block_header header;
	const uint8_t *body;
	int rc;

	if (!t->has_process && info->kind != MS_BLOCK_PROCESS)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "the first block is not Process but %s",
			       ms_block_kind_name(info->kind));
	switch (info->kind) {
	case MS_BLOCK_EVENTS:
	case MS_BLOCK_KEYFRAME:
		rc = check_sequence(t, info, err);
		if (rc == MS_OK && info->kind == MS_BLOCK_EVENTS) {
			t->events += info->count;
			t->last_time_ns = info->last_time_ns;
		}
		if (rc == MS_OK && info->kind == MS_BLOCK_KEYFRAME && ms_trace_is_part(t) && info->first_event == 0) {
			t->last_time_ns = info->last_time_ns; /* a snapshot has no events */
			t->start_blocks += info->count;
		}
		return rc;
	case MS_BLOCK_PROCESS:
	case MS_BLOCK_STRINGS:
	case MS_BLOCK_MODULES:
	case MS_BLOCK_THREADS:
	case MS_BLOCK_FRAMES:
	case MS_BLOCK_STACKS:
	case MS_BLOCK_SYMBOLS:
	case MS_BLOCK_END:
	case MS_BLOCK_EVIDENCE:
	case MS_BLOCK_GRAPH: /* its GraphBlocks and GraphEdges stay in the file */
	case MS_BLOCK_DATA_SYMBOLS:
	case MS_BLOCK_SAMPLES:
		break;
	default:
		return MS_OK; /* a later version may know it; features that matter are in the file header */
	}
	rc = ms_trace_block_header(t, info, &header, err);
	if (rc == MS_OK)
		rc = ms_block_unpack(u, &t->source, info->offset, &header,
				     info->kind == MS_BLOCK_PROCESS ? &t->process_raw : NULL, &body, err);
	if (rc != MS_OK)
		return rc;
	if (info->kind == MS_BLOCK_PROCESS)
		return load_process(t, body, info->offset, err);
	if (info->kind == MS_BLOCK_END)
		return load_end(t, body, info->offset, err);
	if (info->kind == MS_BLOCK_GRAPH)
		return ms_trace_add_graph(t, index, body, err);
	return ms_tables_add(&t->tables, info->kind, body, info->offset, err);
}

static int load_blocks(struct ms_trace *t, struct ms_unpacker *u, struct ms_error *err)
{
	const size_t count = t->blocks.size / sizeof(struct ms_block_info);

	for (size_t i = 0; i < count; i++) {
		struct ms_error why;
		int rc = load_block(t, u, i, &why);

		if (rc == MS_E_NOMEM || (rc != MS_OK && !t->has_process)) {
			if (err != NULL)
				*err = why;
			return rc;
		}
		if (rc != MS_OK) {
			/* What follows may refer to what is not there. */
			t->damage = why;
			t->blocks.size = i * sizeof(struct ms_block_info);
			break;
		}
	}
	if (!t->has_process)
		return ms_fail(err, MS_E_TRUNCATED, t->source.size, "the file ends before its first block is whole");
	return MS_OK;
}

static int open_source(struct ms_trace *t, struct ms_error *err)
{
	struct ms_unpacker u = {0};
	struct ms_buffer buffer = {0};
	struct ms_error why;
	size_t header_bytes = t->source.size < MS_FILE_HEADER_BYTES ? (size_t)t->source.size : MS_FILE_HEADER_BYTES;
	const uint8_t *bytes = ms_source_read(&t->source, 0, header_bytes, &buffer, &why);
	int rc;

	rc = bytes != NULL ? ms_file_header_load(&t->header, bytes, header_bytes, err)
			   : ms_fail(err, why.code, why.offset, "%s", why.message);
	ms_buffer_free(&buffer);
	if (rc == MS_OK && (t->header.must_understand & MS_FEATURE_INDEX_FILE) != 0)
		rc = ms_fail(err, MS_E_FEATURE, 0, "this is the index of a trace, not a trace: name the trace that it lies beside");
	if (rc != MS_OK)
		return rc;
	t->tables.budget = MS_TABLE_MEMORY(t->source.size);
	rc = ms_read_block_list(&t->blocks, &t->source, &u, &why);
	t->has_index = rc == MS_OK;
	if (rc == MS_E_NOMEM) {
		rc = ms_fail(err, rc, why.offset, "%s", why.message);
		goto done;
	}
	if (rc != MS_OK) {
		if (rc != MS_E_NOT_FOUND)
			damaged(t, &why);
		rc = scan_blocks(t, err);
	}
	if (rc == MS_OK)
		rc = load_blocks(t, &u, err);
	if (rc == MS_OK)
		rc = ms_tables_finish(&t->tables, err);
	if (rc == MS_OK && !t->has_end && t->damage.code == MS_OK)
		ms_fail(&t->damage, MS_E_TRUNCATED, t->source.size, "the file ends without an End block");
done:
	ms_unpacker_free(&u);
	return rc;
}

static int open_trace(struct ms_trace **out, const char *path, const void *bytes, size_t size, struct ms_error *err)
{
	struct ms_trace *t = calloc(1, sizeof(*t));
	int rc = MS_OK;

	if (t == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a trace");
	t->source.fd = -1;
	if (path != NULL)
		rc = ms_source_open(&t->source, path, err);
	else
		ms_source_memory(&t->source, bytes, size);
	if (rc == MS_OK)
		rc = open_source(t, err);
	if (rc != MS_OK) {
		ms_trace_close(t);
		return rc;
	}
	*out = t;
	return MS_OK;
}

int ms_trace_open(struct ms_trace **out, const char *path, struct ms_error *err)
{
	return open_trace(out, path, NULL, 0, err);
}

int ms_trace_open_memory(struct ms_trace **out, const void *bytes, size_t size_bytes, struct ms_error *err)
{
	return open_trace(out, NULL, bytes, size_bytes, err);
}

void ms_trace_close(struct ms_trace *t)
{
	if (t == NULL)
		return;
	ms_trace_detach_index(t);
	ms_source_close(&t->source);
	ms_buffer_free(&t->blocks);
	ms_trace_free_graphs(t);
	ms_tables_free(&t->tables);
	ms_buffer_free(&t->process_raw);
	free((void *)t->process.command);
	free((void *)t->process.options);
	free(t);
}

/* ---- accessors --------------------------------------------------------------------------------------------------- */

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
