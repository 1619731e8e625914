#include "trace_writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "stream.h"
#include "trace_fb.h"
#include "version.h"
#include "writer_internal.h"

#define DEFAULT_LEVEL 3
#define DEFAULT_KEYFRAME_EVENTS (UINT64_C(8) << 20)
/* A keyframe is due again after this many events per live block: it then costs little beside the events. */
#define KEYFRAME_EVENTS_PER_BLOCK 16
/* A table is written when this much waits, even if no event refers to it yet. */
#define PENDING_LIMIT (512u << 10)
#define KEYFRAME_PART (256u << 10) /* entries of one Keyframe block */
#define END_BYTES 1024             /* room kept for the End block */

static int stick(struct ms_writer *w, int code)
{
	if (w->status == MS_OK)
		w->status = code;
	return code;
}

/* What a call that found an earlier error returns. */
int ms_writer_stuck(const struct ms_writer *w, struct ms_error *err)
{
	if (err != NULL)
		*err = w->error;
	return w->status;
}

int ms_writer_no_memory(struct ms_writer *w, struct ms_error *err)
{
	ms_fail(&w->error, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the records of the trace");
	stick(w, MS_E_NOMEM);
	return ms_writer_stuck(w, err);
}

/* Misuse by the caller; sticks like any other error. */
int ms_writer_misuse(struct ms_writer *w, struct ms_error *err, const char *format, ...)
{
	char message[200];
	va_list ap;

	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	ms_fail(&w->error, MS_E_ARGUMENT, MS_NO_OFFSET, "%s", message);
	stick(w, MS_E_ARGUMENT);
	return ms_writer_stuck(w, err);
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

/* An upper bound of what ms_writer_end writes after everything else. */
static uint64_t tail_bytes(const struct ms_writer *w)
{
	uint64_t index = w->index.size + 2 * sizeof(struct fb_index_entry);

	/* The index as if it did not compress. */
	return END_BYTES + MS_BLOCK_HEADER_BYTES + index + index / 64 + 1024 + MS_FOOTER_BYTES;
}

/* Makes a block of the body and writes it. With `last`, the room kept for the end may be used. */
static int put_block(struct ms_writer *w, struct ms_block_header *header, ms_fb_ref body, bool last,
		     struct fb_index_entry *entry, struct ms_error *err)
{
	struct ms_fb_builder *b = &w->builder;
	const uint8_t *raw;
	size_t raw_bytes;
	ms_fb_ref root;
	int rc;

	fb_start_block(b);
	fb_block_set_body(b, body);
	fb_block_set_body_type(b, (uint8_t)header->kind);
	root = fb_finish_block(b);
	raw = body != 0 ? ms_fb_finish(b, root, FB_IDENTIFIER, &raw_bytes) : NULL;
	if (raw == NULL)
		return ms_writer_no_memory(w, err);
	rc = ms_pack(&w->packer, header, raw, raw_bytes, &w->error);
	if (rc != MS_OK)
		goto fail;
	if (!last && w->options.max_size_bytes != 0 &&
	    w->stream->position + w->packer.out.size + tail_bytes(w) > w->options.max_size_bytes) {
		rc = ms_fail(&w->error, MS_E_FULL, w->stream->position, "the trace reached its limit of %llu bytes",
			     (unsigned long long)w->options.max_size_bytes);
		goto fail;
	}
	*entry = (struct fb_index_entry){
		.offset = w->stream->position,
		.first_time_ns = header->first_time_ns,
		.last_time_ns = header->last_time_ns,
		.first_event = header->first_event,
		.stored_bytes = header->stored_bytes,
		.raw_bytes = header->raw_bytes,
		.count = header->count,
		.kind = header->kind,
	};
	rc = ms_stream_write(w->stream, w->packer.out.data, w->packer.out.size, &w->error);
	if (rc != MS_OK)
		goto fail;
	return MS_OK;
fail:
	stick(w, rc);
	return ms_writer_stuck(w, err);
}

/* The same, and remembers the block for the index. */
int ms_writer_put_block(struct ms_writer *w, struct ms_block_header header, ms_fb_ref body, bool last,
		       struct ms_error *err)
{
	struct fb_index_entry entry;
	int rc = put_block(w, &header, body, last, &entry, err);

	if (rc == MS_OK && ms_buffer_append(&w->index, &entry, sizeof(entry)) != 0)
		return ms_writer_no_memory(w, err);
	return rc;
}

static int write_table(struct ms_writer *w, unsigned kind, struct ms_error *err)
{
	struct ms_pending *p = &w->pending.table[kind];
	int rc;

	if (p->count == 0)
		return MS_OK;
	ms_fb_reset(&w->builder);
	rc = ms_writer_put_block(w,
			 (struct ms_block_header){.kind = (uint16_t)kind,
						  .count = p->count,
						  .first_time_ns = w->last_time_ns,
						  .last_time_ns = w->last_time_ns},
			 ms_pending_build(&w->pending, kind, &w->builder), false, err);
	if (rc == MS_OK)
		ms_pending_clear(p);
	return rc;
}

/* In the order in which the kinds are numbered, each table refers only to those before it. */
int ms_writer_put_tables(struct ms_writer *w, unsigned last_kind, struct ms_error *err)
{
	int rc = MS_OK;

	for (unsigned kind = MS_BLOCK_STRINGS; kind <= last_kind && rc == MS_OK; kind++)
		rc = write_table(w, kind, err);
	return rc;
}

int ms_writer_put_events(struct ms_writer *w, struct ms_error *err)
{
	uint32_t count = ms_event_encoder_count(w->encoder);
	int rc;

	if (count == 0)
		return MS_OK;
	rc = ms_writer_put_tables(w, MS_BLOCK_STACKS, err);
	if (rc == MS_OK)
		rc = ms_writer_put_evidence(w, err);
	if (rc != MS_OK)
		return rc;
	ms_fb_reset(&w->builder);
	rc = ms_writer_put_block(w,
			 (struct ms_block_header){.kind = MS_BLOCK_EVENTS,
						  .count = count,
						  .first_event = w->events - count,
						  .first_time_ns = ms_event_encoder_first_time(w->encoder),
						  .last_time_ns = w->last_time_ns},
			 ms_event_encoder_finish(w->encoder, &w->builder), false, err);
	if (rc != MS_OK)
		return rc;
	w->events_written = w->events;
	w->blocks_written = w->blocks;
	ms_event_encoder_reset(w->encoder, w->events, w->blocks + 1, w->free_stacks);
	return MS_OK;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

int ms_writer_open(struct ms_writer **out, struct ms_stream *stream, const struct ms_writer_options *options,
		   struct ms_error *err)
{
	static const struct ms_file_header header = {.format_version = MS_FORMAT_VERSION,
						     .min_reader_version = MS_FORMAT_MIN_READER};
	struct ms_writer *w = calloc(1, sizeof(*w));
	uint8_t bytes[MS_FILE_HEADER_BYTES];
	int rc;

	if (w == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a writer");
	w->stream = stream;
	if (options != NULL)
		w->options = *options;
	if (w->options.level == 0)
		w->options.level = DEFAULT_LEVEL;
	if (w->options.events_per_block == 0)
		w->options.events_per_block = MS_MAX_EVENTS_PER_BLOCK;
	if (w->options.keyframe_events == 0)
		w->options.keyframe_events = DEFAULT_KEYFRAME_EVENTS;
	if (w->options.events_per_block > MS_MAX_EVENTS_PER_BLOCK) {
		rc = ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "%u events per block are more than %u",
			     w->options.events_per_block, MS_MAX_EVENTS_PER_BLOCK);
		goto fail_options;
	}
	rc = ms_packer_init(&w->packer, w->options.level, err);
	if (rc != MS_OK)
		goto fail_options;
	rc = ms_event_encoder_create(&w->encoder, w->options.events_per_block, err);
	if (rc != MS_OK)
		goto fail_encoder;
	ms_event_encoder_reset(w->encoder, 0, 1, false);
	ms_pending_init(&w->pending);
	ms_file_header_store(bytes, &header);
	rc = ms_stream_write(stream, bytes, sizeof(bytes), err);
	if (rc != MS_OK)
		goto fail_write;
	*out = w;
	return MS_OK;

fail_write:
	ms_event_encoder_destroy(w->encoder);
fail_encoder:
	ms_packer_free(&w->packer);
fail_options:
	free(w);
	return rc;
}

void ms_writer_close(struct ms_writer *w)
{
	if (w == NULL)
		return;
	ms_event_encoder_destroy(w->encoder);
	ms_packer_free(&w->packer);
	ms_fb_free(&w->builder);
	ms_pending_free(&w->pending);
	ms_evidence_rows_free(&w->evidence_rows);
	ms_graph_rows_free(&w->graph);
	ms_intern_free(&w->strings);
	ms_buffer_free(&w->index);
	free(w);
}

static ms_fb_ref put_text(struct ms_fb_builder *b, const char *text)
{
	return text != NULL && *text != 0 ? ms_fb_put_string(b, text, strlen(text)) : 0;
}

static ms_fb_ref put_texts(struct ms_fb_builder *b, const char *const *texts, size_t count)
{
	ms_fb_ref *refs = malloc((count + 1) * sizeof(*refs)), vector = 0;

	if (refs == NULL) {
		b->failed = true;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		refs[i] = ms_fb_put_string(b, texts[i], strlen(texts[i]));
	vector = ms_fb_put_refs(b, refs, count);
	free(refs);
	return vector;
}

int ms_writer_process(struct ms_writer *w, const struct ms_process *p, struct ms_error *err)
{
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref command, options, executable, directory, host, kernel, architecture, recorder, allocator, companion;
	int rc;

	if (w->status != MS_OK)
		return ms_writer_stuck(w, err);
	if (w->process_written)
		return ms_writer_misuse(w, err, "process facts are written once");
	ms_fb_reset(b);
	command = put_texts(b, p->command, p->command_count);
	options = put_texts(b, p->options, p->options_count);
	executable = put_text(b, p->executable);
	directory = put_text(b, p->working_directory);
	host = put_text(b, p->host);
	kernel = put_text(b, p->kernel);
	architecture = put_text(b, p->architecture);
	recorder = put_text(b, p->recorder);
	allocator = put_text(b, p->allocator);
	companion = put_text(b, p->companion);
	fb_start_process(b);
	fb_process_set_start_time_unix_ns(b, p->start_time_unix_ns);
	fb_process_set_clock_hz(b, p->clock_hz);
	fb_process_set_max_size_bytes(b, p->max_size_bytes);
	fb_process_set_command(b, command);
	fb_process_set_executable(b, executable);
	fb_process_set_working_directory(b, directory);
	fb_process_set_host(b, host);
	fb_process_set_kernel(b, kernel);
	fb_process_set_architecture(b, architecture);
	fb_process_set_recorder(b, recorder);
	fb_process_set_options(b, options);
	fb_process_set_allocator(b, allocator);
	fb_process_set_pid(b, p->pid);
	fb_process_set_parent_pid(b, p->parent_pid);
	fb_process_set_page_size_bytes(b, p->page_size_bytes);
	fb_process_set_stack_depth_limit(b, p->stack_depth_limit);
	fb_process_set_clock(b, p->clock);
	fb_process_set_on_full(b, p->on_full);
	fb_process_set_free_stacks(b, p->free_stacks);
	fb_process_set_inherited_heap(b, p->inherited_heap);
	fb_process_set_guard(b, p->guard);
	fb_process_set_guard_side(b, p->guard_side);
	fb_process_set_guard_sample_rate(b, p->guard_sample_rate);
	fb_process_set_companion(b, companion);
	fb_process_set_graph_at_exit(b, p->graph_at_exit);
	rc = ms_writer_put_block(w, (struct ms_block_header){.kind = MS_BLOCK_PROCESS, .count = 1}, fb_finish_process(b), false,
			 err);
	if (rc != MS_OK)
		return rc;
	w->process_written = true;
	w->free_stacks = p->free_stacks;
	ms_event_encoder_reset(w->encoder, 0, 1, w->free_stacks);
	return MS_OK;
}

/* ---- side tables ------------------------------------------------------------------------------------------------- */

/* After a record was added to a table: writes the table when much of it waits. False on error. */
static bool added(struct ms_writer *w, unsigned kind, int rc)
{
	if (rc != MS_OK)
		return ms_writer_no_memory(w, NULL) == MS_OK;
	if (ms_pending_bytes(&w->pending.table[kind]) < PENDING_LIMIT)
		return true;
	return ms_writer_put_tables(w, kind, NULL) == MS_OK;
}

/* True when a record can be added. */
bool ms_writer_ready(struct ms_writer *w)
{
	if (w->status == MS_OK && !w->process_written)
		ms_writer_misuse(w, NULL, "process facts come first");
	if (w->status == MS_OK && w->ended)
		ms_writer_misuse(w, NULL, "the trace has ended");
	return w->status == MS_OK;
}

uint32_t ms_writer_string(struct ms_writer *w, const char *bytes, size_t length)
{
	bool is_new;
	uint32_t id;

	if (length == 0 || !ms_writer_ready(w))
		return 0;
	if (length > MS_MAX_STRING_BYTES)
		length = MS_MAX_STRING_BYTES;
	id = ms_intern(&w->strings, bytes, length, &is_new);
	if (id == 0) {
		ms_writer_no_memory(w, NULL);
		return 0;
	}
	if (is_new && !added(w, MS_BLOCK_STRINGS, ms_pending_string(&w->pending, bytes, length)))
		return 0;
	return id;
}

uint32_t ms_writer_module(struct ms_writer *w, const struct ms_module *m)
{
	uint32_t path = m->path != NULL ? ms_writer_string(w, m->path, strlen(m->path)) : 0;

	if (!ms_writer_ready(w))
		return 0;
	if (m->build_id_bytes > MS_MAX_BUILD_ID_BYTES) {
		ms_writer_misuse(w, NULL, "a build-id of %zu bytes", m->build_id_bytes);
		return 0;
	}
	return added(w, MS_BLOCK_MODULES, ms_pending_module(&w->pending, path, m)) ? ++w->modules : 0;
}

uint32_t ms_writer_thread(struct ms_writer *w, const struct ms_thread *thread)
{
	if (!ms_writer_ready(w))
		return 0;
	return added(w, MS_BLOCK_THREADS, ms_pending_thread(&w->pending, thread)) ? ++w->threads : 0;
}

uint32_t ms_writer_frame(struct ms_writer *w, uint64_t address, uint32_t module)
{
	if (!ms_writer_ready(w))
		return 0;
	if (module > w->modules) {
		ms_writer_misuse(w, NULL, "a frame names module %u of %u", module, w->modules);
		return 0;
	}
	return added(w, MS_BLOCK_FRAMES, ms_pending_frame(&w->pending, address, module)) ? ++w->frames : 0;
}

uint32_t ms_writer_stack(struct ms_writer *w, uint32_t parent, uint32_t frame)
{
	if (!ms_writer_ready(w))
		return 0;
	if (parent > w->stacks || frame == 0 || frame > w->frames) {
		ms_writer_misuse(w, NULL, "a stack names parent %u of %u, frame %u of %u", parent, w->stacks, frame, w->frames);
		return 0;
	}
	return added(w, MS_BLOCK_STACKS, ms_pending_stack(&w->pending, parent, frame)) ? ++w->stacks : 0;
}

int ms_writer_symbol(struct ms_writer *w, const struct ms_symbol *s, struct ms_error *err)
{
	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	if (s->frame == 0 || s->frame > w->frames || s->frame < w->last_symbol_frame)
		return ms_writer_misuse(w, err, "a symbol names frame %u of %u, after frame %u", s->frame, w->frames,
			      w->last_symbol_frame);
	if (s->function > w->strings.count || s->linkage_name > w->strings.count || s->file > w->strings.count)
		return ms_writer_misuse(w, err, "a symbol names a string that does not exist");
	w->last_symbol_frame = s->frame;
	if (!added(w, MS_BLOCK_SYMBOLS, ms_pending_symbol(&w->pending, s)))
		return ms_writer_stuck(w, err);
	return MS_OK;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static bool valid_args(const struct ms_writer *w, const struct ms_event *e)
{
	switch (e->kind) {
	case MS_EV_THREAD_NAME:
	case MS_EV_EXEC:
	case MS_EV_MARK:
		return e->arg[0] <= w->strings.count;
	case MS_EV_MODULE_LOAD:
	case MS_EV_MODULE_UNLOAD:
		return e->arg[0] <= w->modules;
	case MS_EV_EVIDENCE:
		return e->arg[0] - 1 < w->evidence;
	default:
		return true;
	}
}

static int refuse_event(struct ms_writer *w, const struct ms_event *e, struct ms_error *err)
{
	return ms_writer_misuse(w, err,
		      "event %llu is not valid: kind %u, time %llu after %llu, thread %u of %u, stack %u of %u, block %llu "
		      "of %llu",
		      (unsigned long long)w->events, e->kind, (unsigned long long)e->time_ns,
		      (unsigned long long)w->last_time_ns, e->thread, w->threads, e->stack, w->stacks,
		      (unsigned long long)e->block, (unsigned long long)w->blocks);
}

static inline void note_realloc(struct ms_writer *w, const struct ms_event *e)
{
	uint32_t *slot = &w->in_realloc[e->thread % MS_REALLOC_SLOTS];

	if (__builtin_expect(e->kind == MS_EV_REALLOC_FREE, 0)) {
		w->in_realloc_count += *slot == 0;
		*slot = e->thread;
	} else if (__builtin_expect(*slot == e->thread, 0)) {
		*slot = 0;
		w->in_realloc_count--;
	}
}

int ms_writer_events(struct ms_writer *w, const struct ms_event *events, size_t n, struct ms_error *err)
{
	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	if (w->copied)
		return ms_writer_misuse(w, err, "events cannot follow a copied trace");
	if (w->graph_open)
		return ms_writer_misuse(w, err, "events cannot stand inside a graph");
	for (const struct ms_event *e = events; e < events + n; e++) {
		unsigned class_ = ms_event_kinds[e->kind].class_;
		bool is_alloc = class_ == MS_CLASS_ALLOC;

		if (class_ == MS_CLASS_NONE || e->time_ns < w->last_time_ns || e->time_ns > MS_MAX_TIME_NS || e->thread - 1 >= w->threads ||
		    e->stack > w->stacks || (is_alloc && e->block != w->blocks + 1) ||
		    (class_ == MS_CLASS_FREE && e->block > w->blocks) ||
		    (class_ == MS_CLASS_OTHER && !valid_args(w, e)))
			return refuse_event(w, e, err);
		ms_event_encoder_add(w->encoder, e);
		note_realloc(w, e);
		w->last_time_ns = e->time_ns;
		w->blocks += is_alloc;
		w->events++;
		if (ms_event_encoder_count(w->encoder) == w->options.events_per_block) {
			int rc = ms_writer_put_events(w, err);

			if (rc != MS_OK)
				return rc;
		}
	}
	return MS_OK;
}

bool ms_writer_wants_keyframe(const struct ms_writer *w, uint64_t live_blocks)
{
	uint64_t events = w->events - w->keyframe_event;
	uint64_t wait = w->options.keyframe_events;

	if (live_blocks > wait / KEYFRAME_EVENTS_PER_BLOCK)
		wait = live_blocks * KEYFRAME_EVENTS_PER_BLOCK;
	/* Rather between two reallocs; but not for ever. */
	return events >= wait && (w->in_realloc_count == 0 || events >= 2 * wait);
}

static ms_fb_ref build_keyframe(struct ms_writer *w, const struct ms_live_block *blocks, uint32_t count, uint64_t total)
{
	struct ms_fb_builder *b = &w->builder;
	uint64_t *values = malloc(((size_t)count + 1) * sizeof(*values));
	ms_fb_ref ids, addresses, sizes, stacks, threads, kinds, times;

	ms_fb_reset(b);
	if (values == NULL) {
		b->failed = true;
		return 0;
	}
#define COLUMN(name, codec, member)                                                                                    \
	for (uint32_t i = 0; i < count; i++)                                                                           \
		values[i] = blocks[i].member;                                                                          \
	name = ms_build_column(b, codec, values, count)
	COLUMN(ids, FB_CODEC_DELTA, block);
	COLUMN(addresses, FB_CODEC_DELTA, address);
	COLUMN(sizes, FB_CODEC_VARINT, size_bytes);
	COLUMN(stacks, FB_CODEC_VARINT, stack);
	COLUMN(threads, FB_CODEC_RUN, thread);
	COLUMN(kinds, FB_CODEC_U8, kind);
	COLUMN(times, FB_CODEC_DELTA, birth_ns);
#undef COLUMN
	free(values);
	fb_start_keyframe(b);
	fb_keyframe_set_event(b, w->events);
	fb_keyframe_set_time_ns(b, w->last_time_ns);
	fb_keyframe_set_live_blocks(b, total);
	fb_keyframe_set_next_block(b, w->blocks + 1);
	fb_keyframe_set_blocks(b, ids);
	fb_keyframe_set_addresses(b, addresses);
	fb_keyframe_set_sizes(b, sizes);
	fb_keyframe_set_stacks(b, stacks);
	fb_keyframe_set_threads(b, threads);
	fb_keyframe_set_kinds(b, kinds);
	fb_keyframe_set_times(b, times);
	return fb_finish_keyframe(b);
}

int ms_writer_keyframe(struct ms_writer *w, const struct ms_live_block *blocks, size_t n, struct ms_error *err)
{
	size_t done = 0;
	int rc;

	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	for (size_t i = 0; i < n; i++) {
		if (blocks[i].block > w->blocks || blocks[i].block <= (i > 0 ? blocks[i - 1].block : 0) ||
		    blocks[i].stack > w->stacks || blocks[i].thread - 1 >= w->threads ||
		    ms_event_kinds[blocks[i].kind].class_ != MS_CLASS_ALLOC)
			return ms_writer_misuse(w, err, "live block %zu of a keyframe is not valid", i);
	}
	rc = ms_writer_put_events(w, err);
	do {
		size_t left = n - done;
		uint32_t part = left < KEYFRAME_PART ? (uint32_t)left : KEYFRAME_PART;

		if (rc != MS_OK)
			return rc;
		rc = ms_writer_put_block(w,
				 (struct ms_block_header){.kind = MS_BLOCK_KEYFRAME,
							  .count = part,
							  .first_event = w->events,
							  .first_time_ns = w->last_time_ns,
							  .last_time_ns = w->last_time_ns},
				 build_keyframe(w, blocks + done, part, n), false, err);
		done += part;
	} while (done < n);
	w->keyframe_event = w->events;
	memset(w->in_realloc, 0, sizeof(w->in_realloc));
	w->in_realloc_count = 0;
	return rc;
}

int ms_writer_flush(struct ms_writer *w, struct ms_error *err)
{
	int rc;

	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	rc = ms_writer_put_events(w, err);
	if (rc == MS_OK)
		rc = ms_writer_put_tables(w, MS_BLOCK_SYMBOLS, err);
	return rc == MS_OK ? ms_writer_put_evidence(w, err) : rc;
}

/* ---- end --------------------------------------------------------------------------------------------------------- */

static ms_fb_ref build_end(struct ms_writer *w, const struct ms_end *end)
{
	struct ms_fb_builder *b = &w->builder;

	ms_fb_reset(b);
	fb_start_end(b);
	fb_end_set_time_ns(b, end->time_ns);
	fb_end_set_events(b, w->events_written);
	fb_end_set_blocks(b, w->blocks_written);
	fb_end_set_lost_events(b, end->lost_events);
	fb_end_set_lost_stacks(b, end->lost_stacks);
	fb_end_set_late_events(b, end->late_events);
	fb_end_set_lost_threads(b, end->lost_threads);
	fb_end_set_peak_bytes(b, end->peak_bytes);
	fb_end_set_collector_cpu_ns(b, end->collector_cpu_ns);
	fb_end_set_collector_rss_bytes(b, end->collector_rss_bytes);
	fb_end_set_exit_code(b, end->exit_code);
	fb_end_set_term_signal(b, end->term_signal);
	fb_end_set_ended(b, end->ended);
	fb_end_set_core_dumped(b, end->core_dumped);
	fb_end_set_size_limit_reached(b, end->size_limit_reached || w->status == MS_E_FULL);
	fb_end_set_symbolized(b, end->symbolized);
	fb_end_set_guard_page_blocks(b, end->guard_page_blocks);
	fb_end_set_guard_canary_blocks(b, end->guard_canary_blocks);
	fb_end_set_guard_plain_blocks(b, end->guard_plain_blocks);
	fb_end_set_guard_checks(b, end->guard_checks);
	fb_end_set_guard_calls(b, end->guard_calls);
	fb_end_set_guard_dropped(b, end->guard_dropped);
	return fb_finish_end(b);
}

/* Index and footer in one write: without the footer the index would be of no use. */
static int write_index(struct ms_writer *w, struct ms_error *err)
{
	struct ms_block_header header = {.kind = MS_BLOCK_INDEX,
					 .count = (uint32_t)(w->index.size / sizeof(struct fb_index_entry))};
	const uint64_t offset = w->stream->position;
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref entries, root;
	const uint8_t *raw;
	size_t raw_bytes;
	uint8_t *footer;
	int rc;

	ms_fb_reset(b);
	entries = ms_fb_put_vector(b, w->index.data, sizeof(struct fb_index_entry), header.count, 8);
	fb_start_index(b);
	fb_index_set_entries(b, entries);
	root = fb_finish_index(b);
	fb_start_block(b);
	fb_block_set_body(b, root);
	fb_block_set_body_type(b, MS_BLOCK_INDEX);
	root = fb_finish_block(b);
	raw = ms_fb_finish(b, root, FB_IDENTIFIER, &raw_bytes);
	if (raw == NULL)
		return ms_writer_no_memory(w, err);
	/* More blocks than an index can hold: readers then scan the headers. */
	if (raw_bytes > MS_MAX_RAW_BYTES)
		return MS_OK;
	rc = ms_pack(&w->packer, &header, raw, raw_bytes, &w->error);
	if (rc == MS_OK) {
		footer = ms_buffer_room(&w->packer.out, MS_FOOTER_BYTES);
		if (footer == NULL)
			return ms_writer_no_memory(w, err);
		ms_footer_store(footer, offset, offset + w->packer.out.size + MS_FOOTER_BYTES);
		rc = ms_stream_write(w->stream, w->packer.out.data, w->packer.out.size + MS_FOOTER_BYTES, &w->error);
	}
	if (rc != MS_OK) {
		stick(w, rc);
		return ms_writer_stuck(w, err);
	}
	return MS_OK;
}

int ms_writer_end(struct ms_writer *w, const struct ms_end *end, struct ms_error *err)
{
	int rc;

	/* A full trace can still be ended: that is what the room was kept for. */
	if (w->status == MS_OK && ms_writer_flush(w, err) != MS_OK && w->status != MS_E_FULL)
		return w->status;
	if (w->status != MS_OK && w->status != MS_E_FULL)
		return ms_writer_stuck(w, err);
	if (w->ended)
		return ms_writer_misuse(w, err, "the trace has ended");
	rc = MS_OK;
	if (end != NULL)
		rc = ms_writer_put_block(w,
				 (struct ms_block_header){.kind = MS_BLOCK_END,
							  .count = 1,
							  .first_time_ns = end->time_ns,
							  .last_time_ns = end->time_ns},
				 build_end(w, end), true, err);
	if (rc == MS_OK)
		rc = write_index(w, err);
	if (rc != MS_OK)
		return rc;
	w->ended = true;
	return MS_OK;
}

struct ms_writer_stats ms_writer_stats(const struct ms_writer *w)
{
	return (struct ms_writer_stats){
		.bytes = w->stream->position,
		.events = w->status == MS_OK ? w->events : w->events_written,
		.blocks = w->status == MS_OK ? w->blocks : w->blocks_written,
		.frames = w->frames,
		.stacks = w->stacks,
		.strings = w->strings.count,
		.modules = w->modules,
		.threads = w->threads,
	};
}

int ms_writer_status(const struct ms_writer *w)
{
	return w->status;
}
