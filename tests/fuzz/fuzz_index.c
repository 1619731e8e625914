/*
 * Property: whatever the index of a trace claims, it is refused, or reading with it ends with a result or with an error that says why;
 * and what is taken out of the trace with it (trace_part.h) is a whole trace.
 * Input: the trace, then the index, which begins where the input says for the last time that a file of memscope does, without its Index
 * block and footer. Those are made here, and what binds the index to the trace is made right, else nothing behind them would ever be reached.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/moment.h"
#include "analyze/player.h"
#include "analyze/query/query.h"
#include "analyze/report.h"
#include "analyze/snapshot.h"
#include "checksums.h"
#include "format/fb_build.h"
#include "format/stream.h"
#include "format/trace_index.h"
#include "format/trace_internal.h"
#include "format/trace_part.h"
#include "format/trace_reader.h"
#include "format/writer_internal.h"
#include "render/json.h"
#include "trace_fb.h"

#define MOST_NS 50000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- an index file of its blocks ---------------------------------------------------------------------------------- */

/* Field number `field` of a verified table, when it is there. */
static uint8_t *field(const uint8_t *table, unsigned number)
{
	const uint8_t *vtable = table - (int32_t)ms_load32(table);
	unsigned at = 4 + 2 * number;

	at = at + 2 <= ms_load16(vtable) ? ms_load16(vtable + at) : 0;
	return at ? (uint8_t *)(uintptr_t)table + at : NULL;
}

/* Length and checksum of the trace, and its events, as the index must have them: the first three fields of TraceIndex. */
static void bind(uint8_t *payload, size_t size, const struct ms_trace *t)
{
	uint8_t *copy = malloc(size), *at;
	const uint8_t *body;
	uint64_t values[3] = {ms_trace_file_bytes(t), 0, ms_trace_event_count(t)};
	struct ms_error err;

	if (!copy || ms_trace_fingerprint(t, &values[1], &err))
		abort();
	memcpy(copy, payload, size);
	if (ms_block_body(copy, size, MS_BLOCK_TRACE_INDEX, &body, &err) == MS_OK)
		for (unsigned i = 0; i < 3; i++)
			if ((at = field(body, i)) != NULL)
				ms_store64(payload + (at - copy), values[i]);
	free(copy);
}

static void list_block(struct ms_buffer *entries, const uint8_t *h, uint64_t offset)
{
	const struct fb_index_entry e = {
		.offset = offset, .stored_bytes = ms_load32(h + 8), .raw_bytes = ms_load32(h + 12), .first_time_ns = ms_load64(h + 16),
		.last_time_ns = ms_load64(h + 24), .first_event = ms_load64(h + 32), .count = ms_load32(h + 40), .kind = ms_load16(h + 4),
	};

	if (ms_buffer_append(entries, &e, sizeof e))
		abort();
}

/* The caller frees *file. */
static size_t finish_index(uint8_t **file, const uint8_t *blocks, size_t size, const struct ms_trace *t)
{
	struct ms_fb_builder b = {0};
	struct ms_buffer entries = {0};
	struct ms_block_header header = {.kind = MS_BLOCK_INDEX};
	size_t at = MS_FILE_HEADER_BYTES, raw_bytes;
	const uint8_t *raw;
	ms_fb_ref body, root;
	uint8_t *out = calloc(1, size + MS_FILE_HEADER_BYTES);

	if (!out)
		abort();
	memcpy(out, blocks, size);
	while (size >= at + MS_BLOCK_HEADER_BYTES && ms_load32(out + at + 8) <= size - at - MS_BLOCK_HEADER_BYTES) {
		uint32_t stored = ms_load32(out + at + 8);

		if (ms_load16(out + at + 4) == MS_BLOCK_TRACE_INDEX && out[at + 6] == MS_CODEC_NONE)
			bind(out + at + MS_BLOCK_HEADER_BYTES, stored, t);
		list_block(&entries, out + at, at);
		at += MS_BLOCK_HEADER_BYTES + stored;
	}
	body = ms_index_build(&b, &entries);
	fb_start_block(&b);
	fb_block_set_body(&b, body);
	fb_block_set_body_type(&b, MS_BLOCK_INDEX);
	root = fb_finish_block(&b);
	raw = ms_fb_finish(&b, root, FB_IDENTIFIER, &raw_bytes);
	out = realloc(out, at + MS_BLOCK_HEADER_BYTES + raw_bytes + MS_FOOTER_BYTES);
	if (!raw || !out)
		abort();
	header.codec = MS_CODEC_NONE;
	header.stored_bytes = header.raw_bytes = (uint32_t)raw_bytes;
	header.count = (uint32_t)(entries.size / sizeof(struct fb_index_entry));
	header.payload_hash = XXH3_64bits(raw, raw_bytes);
	ms_block_header_store(out + at, &header);
	memcpy(out + at + MS_BLOCK_HEADER_BYTES, raw, raw_bytes);
	size = at + MS_BLOCK_HEADER_BYTES + raw_bytes;
	make_checksums_right(out, size);
	ms_footer_store(out + size, at, size + MS_FOOTER_BYTES);
	ms_fb_free(&b);
	ms_buffer_free(&entries);
	*file = out;
	return size + MS_FOOTER_BYTES;
}

/* ---- reading with it ---------------------------------------------------------------------------------------------- */

static void must_say_why(int rc, const struct ms_error *err)
{
	if (rc != MS_OK && (err->code != rc || !err->message[0]))
		abort();
}

static void look_at_moments(const struct ms_trace *t)
{
	static const char *const moments[] = {"peak", "live>1000", "blocks>3", "mark:text2", "50%", "end"};
	struct ms_instant at;
	struct ms_error err;

	for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
		int rc = ms_moment_find(&at, moments[i], t, &err);

		must_say_why(rc, &err);
		if (rc == MS_OK && at.event > ms_trace_event_count(t))
			abort();
	}
}

static void look_at_snapshots(const struct ms_trace *t)
{
	const uint64_t events = ms_trace_event_count(t);
	struct ms_snapshots *s;
	struct ms_snapshot snapshot;
	struct ms_snapshot_counts counts;
	struct ms_snapshot_diff diff;
	struct ms_error err;
	int rc = ms_snapshots_open(&s, t, MS_SNAPSHOT_COUNTS, &err);

	if (rc)
		abort();
	for (uint64_t i = 0; i < 4; i++) {
		rc = ms_snapshot_at(s, &(struct ms_instant){events * (i * 3 % 4) / 3, 0}, &snapshot, &err);
		must_say_why(rc, &err);
		if (rc)
			continue;
		for (size_t k = 0; k < snapshot.count; k++)
			if (snapshot.blocks[k].stack > ms_trace_stack_count(t) || !ms_trace_thread(t, snapshot.blocks[k].thread))
				abort();
		rc = ms_snapshot_counts(s, &counts, &err);
		must_say_why(rc, &err);
		if (rc == MS_OK)
			ms_snapshot_counts_free(&counts);
	}
	rc = ms_snapshot_diff_build(&diff, s, &(struct ms_instant){events / 3, 0}, &(struct ms_instant){events * 2 / 3, 0}, &err);
	must_say_why(rc, &err);
	if (rc == MS_OK)
		ms_snapshot_diff_free(&diff);
	ms_snapshots_close(s);
}

static void play(const struct ms_trace *t)
{
	struct ms_player_event event = {.kind = 1};
	const struct ms_live_block *live;
	struct ms_player *p;
	struct ms_error err;
	size_t n;
	int rc = ms_player_open(&p, t, &err);

	must_say_why(rc, &err);
	if (rc)
		return;
	rc = ms_player_seek(p, &(struct ms_instant){ms_trace_event_count(t) / 2, 0}, &err);
	for (unsigned i = 0; rc == MS_OK && event.kind && i < 20; i++)
		rc = ms_player_step(p, &event, &err);
	if (rc == MS_OK)
		rc = ms_player_live(p, &live, &n, &err);
	must_say_why(rc, &err);
	ms_player_close(p);
}

static void report(const struct ms_trace *t)
{
	const struct ms_report_options options = {.threads = 1, .timeline_buckets = 3, .from = "60%", .timeline_by = (1u << MS_TIMELINE_GROUP_COUNT) - 1};
	struct ms_report r;
	struct ms_error err = {0};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int rc = ms_report_build(&r, t, &options, &err);

	must_say_why(rc, &err);
	if (rc == MS_OK) {
		if (!f || ms_render_json(f, &r, &(struct ms_json_options){.top = 2}, &err))
			abort();
		ms_report_free(&r);
	}
	fclose(f);
	free(text);
}

static void ask(const struct ms_trace *t, const char *sql)
{
	const struct ms_query_options options = {.timeout_ns = MOST_NS, .max_memory_bytes = 64 << 20};
	struct ms_query *q;
	struct ms_error err = {0};
	bool row = true;
	int rc = ms_query_open(&q, t, &options, &err);

	if (rc)
		abort();
	rc = ms_query_prepare(q, sql, &err);
	while (rc == MS_OK && row)
		rc = ms_query_step(q, &row, &err);
	must_say_why(rc, &err);
	ms_query_close(q);
}

/* What was written of it opens, is not damaged, and can be read to its end. */
static void take_part(const struct ms_trace *t, bool snapshot)
{
	const uint64_t from = ms_trace_event_count(t) / 2, to = snapshot ? from : ms_trace_event_count(t);
	const struct ms_part_request request = {
		.file = "t.ms", .snapshot = snapshot, .from_event = from, .to_event = to, .from_ns = ms_trace_last_time_ns(t) / 2,
		.to_ns = snapshot ? ms_trace_last_time_ns(t) / 2 : UINT64_MAX >> 8,
	};
	const struct ms_writer_options options = {.part = true};
	struct ms_stream stream;
	struct ms_writer *w;
	struct ms_trace *part;
	struct ms_cursor *c;
	struct ms_batch batch = {.count = 1};
	struct ms_error err = {0};
	uint64_t events = 0;
	int rc;

	ms_stream_init_memory(&stream);
	if (ms_writer_open(&w, &stream, &options, &err))
		abort();
	rc = ms_write_part(w, t, &request, &err);
	must_say_why(rc, &err);
	ms_writer_close(w);
	if (rc == MS_OK) {
		if (ms_trace_open_memory(&part, stream.memory, stream.position, &err) || ms_trace_damage(part) ||
		    ms_cursor_open(&c, part, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, 0, 1, &err))
			abort();
		while (batch.count && ms_cursor_next(c, &batch, &err) == MS_OK)
			events += batch.count;
		if (events != to - from)
			abort();
		ms_cursor_close(c);
		ms_trace_close(part);
	}
	ms_stream_free(&stream);
}

/* One of the ways each time: every cursor costs the system a fresh chunk of memory. */
static void use(const struct ms_trace *t, uint64_t way)
{
	switch (way % 6) {
	case 0:
		look_at_moments(t);
		break;
	case 1:
		look_at_snapshots(t);
		break;
	case 2:
		play(t);
		break;
	case 3:
		report(t);
		break;
	case 4:
		take_part(t, way / 6 % 2);
		break;
	default:
		ask(t, way / 6 % 2 ? "SELECT count(*), sum(size), sum(lifetime_ns) FROM blocks WHERE id BETWEEN 20 AND 25"
		                   : "SELECT count(*), sum(size) FROM snapshot('70%')");
		break;
	}
}

/* Where the index begins. */
static size_t split(const uint8_t *data, size_t size)
{
	for (size_t at = size < 8 ? 0 : size - 8; at > 0; at--)
		if (memcmp(data + at, MS_FILE_MAGIC, 8) == 0)
			return at;
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t trace_bytes = split(data, size), index_bytes;
	uint8_t *bytes = malloc(trace_bytes + 1), *index;
	struct ms_trace *t;
	struct ms_error err;

	if (!bytes)
		return 0;
	memcpy(bytes, data, trace_bytes);
	make_checksums_right(bytes, trace_bytes);
	if (ms_trace_open_memory(&t, bytes, trace_bytes, &err) == MS_OK) {
		index_bytes = finish_index(&index, data + trace_bytes, size - trace_bytes, t);
		if (ms_trace_attach_index_memory(t, index, index_bytes, &err) == MS_OK)
			use(t, XXH3_64bits(data, size));
		else if (!err.message[0] || ms_trace_index(t))
			abort();
		ms_trace_close(t);
		free(index);
	}
	free(bytes);
	return 0;
}
