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
/* A table is written when this much waits, even if no event refers to it yet. */
#define PENDING_LIMIT (512u << 10)
/* Samples come slowly: a block of its own is worth the room for so many. */
#define SAMPLES_PER_FLUSH 50
#define END_BYTES 1024             /* room kept for the End block */

int ms_writer_stick(struct ms_writer *w, int code)
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
	ms_writer_stick(w, MS_E_NOMEM);
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
	ms_writer_stick(w, MS_E_ARGUMENT);
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
	ms_writer_stick(w, rc);
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
	if (rc == MS_OK)
		rc = ms_writer_put_variables(w, err);
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
	const struct ms_file_header header = {.format_version = MS_FORMAT_VERSION,
					      .min_reader_version = MS_FORMAT_MIN_READER,
					      .must_understand = options != NULL && options->part ? MS_FEATURE_PART : 0};
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
	ms_buffer_free(&w->variable_rows);
	ms_buffer_free(&w->variable_types);
	ms_graph_rows_free(&w->graph);
	ms_sample_rows_free(&w->samples);
	ms_intern_free(&w->strings);
	ms_buffer_free(&w->index);
	free(w);
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

void ms_writer_observe(struct ms_writer *w, const struct ms_writer_observer *observer)
{
	w->observer = observer ? *observer : (struct ms_writer_observer){0};
}

/* Calls the observer's function, if it has one. */
#define OBSERVE(w, function, ...)                                                                                      \
	do {                                                                                                           \
		if (__builtin_expect((w)->observer.function != NULL, 0))                                               \
			(w)->observer.function((w)->observer.context, __VA_ARGS__);                                    \
	} while (0)

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
	if (is_new)
		OBSERVE(w, string, id, bytes, length);
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
	if (!added(w, MS_BLOCK_MODULES, ms_pending_module(&w->pending, path, m)))
		return 0;
	OBSERVE(w, module, w->modules + 1, m);
	return ++w->modules;
}

uint32_t ms_writer_thread(struct ms_writer *w, const struct ms_thread *thread)
{
	if (!ms_writer_ready(w))
		return 0;
	if (thread->name > w->strings.count) {
		ms_writer_misuse(w, NULL, "a thread names string %u of %u", thread->name, w->strings.count);
		return 0;
	}
	if (!added(w, MS_BLOCK_THREADS, ms_pending_thread(&w->pending, thread)))
		return 0;
	OBSERVE(w, thread, w->threads + 1, thread);
	return ++w->threads;
}

uint32_t ms_writer_frame(struct ms_writer *w, uint64_t address, uint32_t module)
{
	if (!ms_writer_ready(w))
		return 0;
	if (module > w->modules) {
		ms_writer_misuse(w, NULL, "a frame names module %u of %u", module, w->modules);
		return 0;
	}
	if (!added(w, MS_BLOCK_FRAMES, ms_pending_frame(&w->pending, address, module)))
		return 0;
	OBSERVE(w, frame, w->frames + 1, address, module);
	return ++w->frames;
}

uint32_t ms_writer_stack(struct ms_writer *w, uint32_t parent, uint32_t frame)
{
	if (!ms_writer_ready(w))
		return 0;
	if (parent > w->stacks || frame == 0 || frame > w->frames) {
		ms_writer_misuse(w, NULL, "a stack names parent %u of %u, frame %u of %u", parent, w->stacks, frame, w->frames);
		return 0;
	}
	if (!added(w, MS_BLOCK_STACKS, ms_pending_stack(&w->pending, parent, frame)))
		return 0;
	OBSERVE(w, stack, w->stacks + 1, parent, frame);
	return ++w->stacks;
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

static bool valid_arg(const struct ms_writer *w, unsigned ref, uint64_t arg)
{
	switch (ref) {
	case MS_REF_STRING:
		return arg <= w->strings.count;
	case MS_REF_MODULE:
		return arg <= w->modules;
	case MS_REF_EVIDENCE:
		return arg - 1 < w->evidence;
	case MS_REF_VARIABLE:
		return arg - 1 < w->variables;
	case MS_REF_BLOCK:
		return arg <= w->blocks;
	default:
		return true;
	}
}

static bool valid_args(const struct ms_writer *w, const struct ms_event *e)
{
	const struct ms_event_kind_info *kind = &ms_event_kinds[e->kind];

	return valid_arg(w, kind->ref[0], e->arg[0]) && valid_arg(w, kind->ref[1], e->arg[1]);
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
	if (w->options.part && !w->started)
		return ms_writer_misuse(w, err, "a part begins with what is alive");
	if (w->graph_open)
		return ms_writer_misuse(w, err, "events cannot stand inside a graph");
	OBSERVE(w, events, events, n);
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

int ms_writer_flush(struct ms_writer *w, struct ms_error *err)
{
	int rc;

	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	rc = ms_writer_put_events(w, err);
	if (rc == MS_OK)
		rc = ms_writer_put_tables(w, MS_BLOCK_SYMBOLS, err);
	if (rc == MS_OK)
		rc = ms_writer_put_evidence(w, err);
	if (rc == MS_OK)
		rc = ms_writer_put_variables(w, err);
	return rc == MS_OK ? ms_writer_put_samples(w, SAMPLES_PER_FLUSH, err) : rc;
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

uint32_t ms_writer_pending(const struct ms_writer *w)
{
	return ms_event_encoder_count(w->encoder);
}

int ms_writer_status(const struct ms_writer *w)
{
	return w->status;
}
