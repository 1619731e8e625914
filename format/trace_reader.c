/* trace_reader.c - opens a trace: the list of its blocks, then what every reader needs of them; see trace_reader.h. */
#include "trace_reader.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "trace_fb.h"
#include "trace_index.h"
#include "trace_internal.h"

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

static int load_direct(struct ms_process *to, struct fb_process p, uint64_t offset, struct ms_error *err)
{
	uint32_t count = fb_process_direct(p).count;
	struct ms_direct_allocator *list = calloc((size_t)count + 1, sizeof *list);

	if (list == NULL)
		return ms_fail(err, MS_E_NOMEM, offset, "no memory for %u allocators", count);
	to->direct = list;
	if (count > MS_DIRECT_MAX)
		return ms_fail(err, MS_E_CORRUPT, offset, "the process has %u allocators", count);
	for (uint32_t i = 0; i < count; i++) {
		const struct fb_direct_allocator a = fb_process_direct_at(p, i);

		list[i] = (struct ms_direct_allocator){
			.module = fb_direct_allocator_module(a),
			.executable = fb_direct_allocator_executable(a),
			.family = fb_direct_allocator_family(a),
			.state = fb_direct_allocator_state(a),
			.functions = fb_direct_allocator_functions(a),
		};
		if (list[i].family >= MS_DIRECT_FAMILIES || list[i].state >= MS_DIRECT_STATE_COUNT)
			return ms_fail(err, MS_E_CORRUPT, offset, "allocator %u of the process has family %u and state %u", i, list[i].family,
				       list[i].state);
		to->births_before |= list[i].executable;
		to->births_elsewhere |= list[i].state != MS_DIRECT_HOOKED;
	}
	to->direct_count = count;
	return MS_OK;
}

static bool valid_sampling(struct fb_process p)
{
	switch (fb_process_sampling(p)) {
	case FB_SAMPLING_ALL:
		return true;
	case FB_SAMPLING_PER_ALLOCATION:
	case FB_SAMPLING_PER_UNIT:
		return fb_process_sample_per_billion(p) - 1 < 1000000000;
	case FB_SAMPLING_PER_BYTE:
		return fb_process_sample_bytes(p) > 0;
	default:
		return false;
	}
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
	if (!valid_sampling(p))
		return ms_fail(err, MS_E_CORRUPT, offset, "the process has sampling %u, %u of 10^9 allocations, a byte of %llu",
			       fb_process_sampling(p), fb_process_sample_per_billion(p),
			       (unsigned long long)fb_process_sample_bytes(p));
	rc = load_texts(&to->command, &to->command_count, fb_process_command(p), offset, err);
	if (rc == MS_OK)
		rc = load_texts(&to->options, &to->options_count, fb_process_options(p), offset, err);
	if (rc == MS_OK)
		rc = load_direct(to, p, offset, err);
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
		.paused = fb_process_part_paused(p) <= MS_PART_PAUSED_AT_START ? fb_process_part_paused(p) : MS_PART_PAUSED_AT_START,
	};
	to->capture = (struct ms_capture){
		.backend = fb_process_backend(p),
		.backend_reason = fb_process_backend_reason(p),
		.preset = fb_process_preset(p),
		.attached = fb_process_attached(p),
		.sampling = fb_process_sampling(p),
		.sample_per_billion = fb_process_sample_per_billion(p),
		.sample_bytes = fb_process_sample_bytes(p),
		.sample_seed = fb_process_sample_seed(p),
		.cull_ns = fb_process_cull_ns(p),
	};
	t->has_process = true;
	return MS_OK;
}

#define END_NOTE_BYTES 1000

static int load_end(struct ms_trace *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_end e = {body};
	const char *note = fb_end_backend_note(e);

	if (fb_end_ended(e) >= FB_ENDED_COUNT)
		return ms_fail(err, MS_E_CORRUPT, offset, "the program ended in way %u", fb_end_ended(e));
	if (fb_end_events(e) != t->events)
		return ms_fail(err, MS_E_CORRUPT, offset, "the end counts %llu events, the blocks have %llu",
			       (unsigned long long)fb_end_events(e), (unsigned long long)t->events);
	/* The block is not kept. */
	if (note != NULL && *note != 0) {
		free(t->end_note);
		t->end_note = strndup(note, END_NOTE_BYTES);
		if (t->end_note == NULL)
			return ms_fail(err, MS_E_NOMEM, offset, "no memory for the end");
	}
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
		.backend_note = t->end_note,
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
	case MS_BLOCK_VARIABLES:
	case MS_BLOCK_CULLED:
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
			ms_trace_damaged(t, &why);
		rc = ms_scan_blocks(t, err);
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
	free(t->end_note);
	free((void *)t->process.direct);
	free(t);
}
