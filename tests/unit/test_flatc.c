/*
 * flatc, the official FlatBuffers compiler, as the referee: it must decode every block that we write, with the values that
 * we wrote, and we must read what it encodes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "analyze/index_build.h"
#include "event_gen.h"
#include "format/event_decode.h"
#include "format/stream.h"
#include "format/trace_index.h"
#include "format/trace_internal.h"
#include "random_trace.h"
#include "trace_fb.h"

#define SCHEMA "schemas/trace.fbs"

static char folder[] = "/tmp/test_flatc.XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* separator: "--" before a binary file. */
static void flatc(const char *options, const char *separator, const char *input)
{
	char command[512];

	snprintf(command, sizeof(command), "flatc %s -o %s " SCHEMA " %s %s/%s", options, folder, separator, folder, input);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static size_t read_file(const char *name, uint8_t *bytes, size_t room)
{
	char path[128];
	FILE *f;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	size = fread(bytes, 1, room, f);
	assert_int_equal(fclose(f), 0);
	return size;
}

static json_t *decode_numbers(const uint8_t *raw, size_t size, size_t flags)
{
	char path[128];
	json_error_t why;
	json_t *json;

	write_file("block.bin", raw, size);
	flatc("--json --strict-json --raw-binary --defaults-json", "--", "block.bin");
	snprintf(path, sizeof(path), "%s/block.json", folder);
	json = json_load_file(path, JSON_ALLOW_NUL | flags, &why);
	if (json == NULL)
		fail_msg("flatc's JSON: %s", why.text);
	return json;
}

static json_t *decode_with_flatc(const uint8_t *raw, size_t size)
{
	return decode_numbers(raw, size, 0);
}

static uint64_t number(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_integer(v))
		fail_msg("%s is no number", key);
	return (uint64_t)json_integer_value(v);
}

static void same_text(const json_t *object, const char *key, const char *expected)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_string_equal(text != NULL ? text : "", expected);
}

/* A column as flatc sees it against the same column as our accessors see it. */
static void same_column(const json_t *body, const char *key, struct fb_column column)
{
	static const char *const codecs[] = {"U8", "Varint", "ZigzagVarint", "Patched", "Run", "U64", "Delta", "Split8"};
	const json_t *json = json_object_get(body, key);
	struct ms_fb_vector data = fb_column_data(column);
	const json_t *bytes;

	_Static_assert(sizeof(codecs) / sizeof(codecs[0]) == FB_CODEC_COUNT, "a name for each codec");
	if (column.at == NULL) {
		assert_null(json);
		return;
	}
	same_text(json, "codec", codecs[fb_column_codec(column)]);
	assert_int_equal(number(json, "count"), fb_column_count(column));
	bytes = json_object_get(json, "data");
	assert_int_equal(json_array_size(bytes), data.count);
	for (uint32_t i = 0; i < data.count; i++)
		assert_int_equal(json_integer_value(json_array_get(bytes, i)), data.data[i]);
}

static void same_events(const json_t *body, struct fb_events e)
{
	assert_int_equal(number(body, "count"), fb_events_count(e));
	assert_int_equal(number(body, "first_event"), fb_events_first_event(e));
	assert_int_equal(number(body, "first_block"), fb_events_first_block(e));
	assert_int_equal(number(body, "first_time_ns"), fb_events_first_time_ns(e));
	same_column(body, "kinds", fb_events_kinds(e));
	same_column(body, "times", fb_events_times(e));
	same_column(body, "threads", fb_events_threads(e));
	same_column(body, "sizes", fb_events_sizes(e));
	same_column(body, "stacks", fb_events_stacks(e));
	same_column(body, "addresses", fb_events_addresses(e));
	same_column(body, "frees", fb_events_frees(e));
	same_column(body, "raw_addresses", fb_events_raw_addresses(e));
	same_column(body, "args", fb_events_args(e));
}

static void same_modules(const json_t *body, struct fb_modules m)
{
	const json_t *modules = json_object_get(body, "modules");

	assert_int_equal(json_array_size(modules), fb_modules_modules(m).count);
	for (uint32_t i = 0; i < fb_modules_modules(m).count; i++) {
		const json_t *module = json_array_get(modules, i);
		struct fb_module_entry e = fb_modules_modules_at(m, i);

		assert_int_equal(number(module, "id"), fb_module_entry_id(e));
		assert_int_equal(number(module, "start"), fb_module_entry_start(e));
		assert_int_equal(number(module, "end"), fb_module_entry_end(e));
		assert_int_equal(json_array_size(json_object_get(module, "build_id")), fb_module_entry_build_id(e).count);
	}
}

static void flatc_reads_ours(void **state)
{
	const struct gen_options options = {.events_per_block = 300, .keyframe_every = 700};
	struct ms_unpacker unpacker = {0};
	struct gen g;
	struct ms_stream s;
	struct ms_trace *t;
	struct ms_error err;
	unsigned seen = 0;

	(void)state;
	/* No odd addresses: their sum would be more than a JSON integer holds in jansson. */
	gen_init(&g, 31, 1000, false);
	gen_write(&g, &s, &options);
	assert_int_equal(ms_trace_open_memory(&t, s.memory, s.position, &err), MS_OK);
	for (size_t i = 0; i < ms_trace_block_count(t); i++) {
		const struct ms_block_info *info = ms_trace_block(t, i);
		struct ms_block_header header;
		const uint8_t *at;
		const json_t *body;
		json_t *json;

		assert_int_equal(ms_block_load(&header, &t->source, info->offset, &err), MS_OK);
		assert_int_equal(ms_block_unpack(&unpacker, &t->source, info->offset, &header, NULL, &at, &err), MS_OK);
		json = decode_with_flatc(unpacker.raw.data, unpacker.raw.size);
		same_text(json, "body_type", ms_block_kind_name(info->kind));
		body = json_object_get(json, "body");
		assert_non_null(body);
		seen |= 1u << info->kind;
		switch (info->kind) {
		case MS_BLOCK_PROCESS:
			assert_int_equal(number(body, "pid"), 4711);
			same_text(body, "executable", "/usr/bin/prog");
			assert_string_equal(json_string_value(json_array_get(json_object_get(body, "command"), 1)),
					    "--with space");
			break;
		case MS_BLOCK_STRINGS:
			assert_int_equal(number(body, "first_id"), 1);
			same_column(body, "lengths", fb_strings_lengths((struct fb_strings){at}));
			break;
		case MS_BLOCK_MODULES:
			same_modules(body, (struct fb_modules){at});
			break;
		case MS_BLOCK_STACKS:
			same_column(body, "parents", fb_stacks_parents((struct fb_stacks){at}));
			same_column(body, "frames", fb_stacks_frames((struct fb_stacks){at}));
			break;
		case MS_BLOCK_EVENTS:
			same_events(body, (struct fb_events){at});
			break;
		case MS_BLOCK_KEYFRAME:
			assert_int_equal(number(body, "live_blocks"), fb_keyframe_live_blocks((struct fb_keyframe){at}));
			same_column(body, "blocks", fb_keyframe_blocks((struct fb_keyframe){at}));
			break;
		case MS_BLOCK_END:
			assert_int_equal(number(body, "events"), g.count);
			assert_int_equal(json_integer_value(json_object_get(body, "exit_code")), -3);
			same_text(body, "ended", "Exited");
			break;
		}
		json_decref(json);
	}
	/* Every kind but the Index, which is not in the list of blocks. */
	assert_int_equal(seen, (1u << MS_BLOCK_INDEX) - 2);
	ms_unpacker_free(&unpacker);
	ms_trace_close(t);
	ms_stream_free(&s);
	gen_free(&g);
}

/* What version 2 added, in the golden trace that has it all. */
static void flatc_reads_guards(void **state)
{
	struct ms_unpacker unpacker = {0};
	struct ms_trace *t;
	struct ms_error err;
	unsigned seen = 0;

	(void)state;
	assert_int_equal(ms_trace_open(&t, "tests/golden/v2/kinds.ms", &err), MS_OK);
	for (size_t i = 0; i < ms_trace_block_count(t); i++) {
		const struct ms_block_info *info = ms_trace_block(t, i);
		struct ms_block_header header;
		const json_t *body, *list;
		const uint8_t *at;
		json_t *json;

		if (info->kind < MS_BLOCK_EVIDENCE && info->kind != MS_BLOCK_END)
			continue;
		seen |= 1u << info->kind;
		assert_int_equal(ms_block_load(&header, &t->source, info->offset, &err), MS_OK);
		assert_int_equal(ms_block_unpack(&unpacker, &t->source, info->offset, &header, NULL, &at, &err), MS_OK);
		json = decode_with_flatc(unpacker.raw.data, unpacker.raw.size);
		same_text(json, "body_type", ms_block_kind_name(info->kind));
		body = json_object_get(json, "body");
		switch (info->kind) {
		case MS_BLOCK_END:
			assert_int_equal(number(body, "guard_page_blocks"), 11);
			assert_int_equal(number(body, "guard_dropped"), 16);
			break;
		case MS_BLOCK_EVIDENCE:
			list = json_object_get(body, "entries");
			assert_int_equal(json_array_size(list), 5);
			body = json_array_get(list, 0);
			same_text(body, "kind", "Damage");
			same_text(body, "access", "Write");
			same_text(body, "check", "Free");
			assert_int_equal(number(body, "expected"), 0xa5);
			assert_int_equal(number(body, "last_good_ns"), 500);
			assert_int_equal(json_integer_value(json_array_get(json_object_get(body, "bytes"), 3)), 0xff);
			body = json_array_get(list, 1);
			same_text(body, "kind", "Fault");
			assert_true(json_is_true(json_object_get(body, "freed")));
			assert_int_equal(json_array_size(json_object_get(body, "registers")), 18);
			assert_int_equal(json_integer_value(json_array_get(json_object_get(body, "registers"), 17)), 0x246);
			break;
		case MS_BLOCK_GRAPH:
			same_text(body, "reason", "Signal");
			assert_int_equal(number(body, "graph"), 1);
			assert_int_equal(number(body, "event"), ms_trace_event_count(t));
			assert_int_equal(number(body, "blocks"), 3);
			assert_int_equal(number(body, "edges"), 8);
			list = json_object_get(body, "roots");
			assert_int_equal(json_array_size(list), 5);
			same_text(json_array_get(list, 3), "kind", "Tls");
			assert_int_equal(number(json_array_get(list, 1), "tid"), 4242);
			list = json_object_get(body, "unscanned");
			assert_int_equal(number(json_array_get(list, 1), "bytes"), 4096);
			break;
		case MS_BLOCK_GRAPH_BLOCKS:
			same_column(body, "ids", fb_graph_blocks_ids((struct fb_graph_blocks){at}));
			same_column(body, "word_positions", fb_graph_blocks_word_positions((struct fb_graph_blocks){at}));
			same_column(body, "words", fb_graph_blocks_words((struct fb_graph_blocks){at}));
			break;
		case MS_BLOCK_GRAPH_EDGES:
			same_column(body, "sources", fb_graph_edges_sources((struct fb_graph_edges){at}));
			same_column(body, "source_offsets", fb_graph_edges_source_offsets((struct fb_graph_edges){at}));
			same_column(body, "targets", fb_graph_edges_targets((struct fb_graph_edges){at}));
			same_column(body, "target_offsets", fb_graph_edges_target_offsets((struct fb_graph_edges){at}));
			same_column(body, "flags", fb_graph_edges_flags((struct fb_graph_edges){at}));
			break;
		case MS_BLOCK_DATA_SYMBOLS:
			list = json_object_get(body, "symbols");
			assert_int_equal(json_array_size(list), 2);
			assert_int_equal(number(json_array_get(list, 1), "address"), 0x555555558020);
			assert_int_equal(number(json_array_get(list, 0), "size_bytes"), 40);
			break;
		}
		json_decref(json);
	}
	assert_int_equal(seen, 1u << MS_BLOCK_END | 1u << MS_BLOCK_EVIDENCE | 1u << MS_BLOCK_GRAPH |
				       1u << MS_BLOCK_GRAPH_BLOCKS | 1u << MS_BLOCK_GRAPH_EDGES |
				       1u << MS_BLOCK_DATA_SYMBOLS);
	ms_unpacker_free(&unpacker);
	ms_trace_close(t);
}

/* The blocks of an index file, and what the columns of a checkpoint are called. */
static void flatc_reads_indexes(void **state)
{
	struct ms_unpacker unpacker = {0};
	struct random_trace random;
	struct ms_trace *t;
	struct ms_stream stream;
	struct ms_error err;
	unsigned seen = 0;

	(void)state;
	random_trace_make(&random, 4, 300);
	assert_int_equal(ms_trace_open_memory(&t, random.bytes, random.size, &err), MS_OK);
	ms_stream_init_memory(&stream);
	assert_int_equal(ms_index_build_file(&stream, t, &(struct ms_index_options){.interval = 200, .events_per_block = 1}, NULL, &err), MS_OK);
	assert_int_equal(ms_trace_attach_index_memory(t, stream.memory, stream.position, &err), MS_OK);
	for (size_t i = 0; ms_trace_index_block(t, i) != NULL; i++) {
		const struct ms_block_info *info = ms_trace_index_block(t, i);
		struct ms_block_header header;
		const json_t *body, *rows;
		const uint8_t *at;
		json_t *json;

		assert_int_equal(ms_listed_block_header(ms_trace_index_source(t), info, &header, &err), MS_OK);
		assert_int_equal(ms_block_unpack(&unpacker, ms_trace_index_source(t), info->offset, &header, NULL, &at, &err), MS_OK);
		/* A hash is more than jansson takes for an integer. */
		json = decode_numbers(unpacker.raw.data, unpacker.raw.size, info->kind == MS_BLOCK_TRACE_INDEX ? JSON_DECODE_INT_AS_REAL : 0);
		body = json_object_get(json, "body");
		same_text(json, "body_type", ms_block_kind_name(info->kind));
		seen |= 1u << info->kind;
		if (info->kind == MS_BLOCK_CHECKPOINT) {
			const struct fb_checkpoint c = {at};

			assert_int_equal(number(body, "event"), info->first_event);
			assert_int_equal(number(body, "allocated_bytes"), fb_checkpoint_allocated_bytes(c));
			same_column(body, "events_of_kind", fb_checkpoint_events_of_kind(c));
			rows = json_object_get(body, "threads");
			same_column(rows, "thread", fb_checkpoint_threads_thread(fb_checkpoint_threads(c)));
			same_column(rows, "last_block", fb_checkpoint_threads_last_block(fb_checkpoint_threads(c)));
		} else if (info->kind == MS_BLOCK_TRACE_INDEX) {
			assert_true(json_real_value(json_object_get(body, "trace_bytes")) == (double)random.size);
			assert_true(json_real_value(json_object_get(body, "peak_event")) == (double)ms_trace_index(t)->peak_event);
			assert_true(json_real_value(json_object_get(json_object_get(body, "mark_events"), "count")) ==
				    (double)ms_trace_index(t)->mark_count);
		}
		json_decref(json);
	}
	assert_int_equal(seen, 1u << MS_BLOCK_KEYFRAME | 1u << MS_BLOCK_CHECKPOINT | 1u << MS_BLOCK_TRACE_INDEX);
	ms_unpacker_free(&unpacker);
	ms_trace_close(t);
	ms_stream_free(&stream);
	random_trace_free(&random);
}

static void flatc_reads_samples(void **state)
{
	struct ms_unpacker unpacker = {0};
	struct ms_trace *t;
	struct ms_error err;
	unsigned seen = 0;

	(void)state;
	assert_int_equal(ms_trace_open(&t, "tests/golden/v2/samples.ms", &err), MS_OK);
	for (size_t i = 0; i < ms_trace_block_count(t); i++) {
		const struct ms_block_info *info = ms_trace_block(t, i);
		struct ms_block_header header;
		const json_t *body, *list;
		const uint8_t *at;
		json_t *json;

		if (info->kind != MS_BLOCK_SAMPLES)
			continue;
		assert_int_equal(ms_block_load(&header, &t->source, info->offset, &err), MS_OK);
		assert_int_equal(ms_block_unpack(&unpacker, &t->source, info->offset, &header, NULL, &at, &err), MS_OK);
		json = decode_with_flatc(unpacker.raw.data, unpacker.raw.size);
		same_text(json, "body_type", "Samples");
		body = json_object_get(json, "body");
		list = json_object_get(body, "footprints");
		if (json_array_size(list) > 0) {
			const struct fb_footprint f = fb_samples_footprints_at((struct fb_samples){at}, 0);

			body = json_array_get(list, 0);
			assert_int_equal(number(body, "time_ns"), 80);
			assert_true(json_is_true(json_object_get(body, "complete")));
			same_column(body, "starts", fb_footprint_starts(f));
			same_column(body, "sizes", fb_footprint_sizes(f));
			same_column(body, "resident", fb_footprint_resident(f));
			same_column(body, "anonymous", fb_footprint_anonymous(f));
			same_column(body, "swapped", fb_footprint_swapped(f));
			same_column(body, "flags", fb_footprint_flags(f));
			same_column(body, "names", fb_footprint_names(f));
			seen |= 1;
		} else {
			same_column(body, "times", fb_samples_times((struct fb_samples){at}));
			list = json_object_get(body, "series");
			assert_int_equal(json_array_size(list), 4);
			same_text(json_array_get(list, 1), "unit", "Nanoseconds");
			assert_true(json_is_true(json_object_get(json_array_get(list, 1), "cumulative")));
			list = json_object_get(body, "values");
			assert_int_equal(json_array_size(list), 2);
			assert_int_equal(number(json_array_get(list, 1), "series"), 2);
			same_column(json_array_get(list, 1), "values",
				    fb_series_values_values(fb_samples_values_at((struct fb_samples){at}, 1)));
			seen |= 2;
		}
		json_decref(json);
	}
	assert_int_equal(seen, 3);
	ms_unpacker_free(&unpacker);
	ms_trace_close(t);
}

static size_t encode_with_flatc(const char *json, uint8_t *bytes, size_t room)
{
	write_file("block.json", json, strlen(json));
	flatc("-b", "", "block.json");
	return read_file("block.bin", bytes, room);
}

static void we_read_flatcs(void **state)
{
	/* Columns in codecs that our writer does not choose for them. */
	static const char events_json[] =
		"{\"body_type\":\"Events\",\"body\":{\"count\":4,\"first_event\":10,\"first_block\":7,\"first_time_ns\":1000,"
		"\"kinds\":{\"codec\":\"Run\",\"count\":4,\"data\":[16,2,48,2]},"
		"\"times\":{\"codec\":\"Varint\",\"count\":4,\"data\":[0,5,172,2,1]},"
		"\"threads\":{\"codec\":\"U8\",\"count\":4,\"data\":[1,1,2,1]},"
		"\"sizes\":{\"codec\":\"U64\",\"count\":2,\"data\":[24,0,0,0,0,0,0,0, 40,0,0,0,0,0,0,0]},"
		"\"stacks\":{\"codec\":\"Varint\",\"count\":2,\"data\":[6,0]},"
		"\"addresses\":{\"codec\":\"Delta\",\"count\":2,\"data\":[16,15]},"
		"\"frees\":{\"codec\":\"U8\",\"count\":2,\"data\":[1,0]},"
		"\"raw_addresses\":{\"codec\":\"Varint\",\"count\":1,\"data\":[128,32]}}}";
	static const char process_json[] = "{\"body_type\":\"Process\",\"body\":{\"command\":[\"a\",\"b c\"],\"pid\":77,"
					   "\"clock\":\"Tsc\",\"executable\":\"/bin/x\",\"guard\":\"Sample\",\"guard_side\":\"Alternate\","
					   "\"guard_sample_rate\":9,\"companion\":\"other.ms\",\"graph_at_exit\":true}}";
	static const struct ms_id_limits limits = {.threads = 2, .stacks = 9};
	uint8_t bytes[4096];
	size_t size = encode_with_flatc(events_json, bytes, sizeof(bytes));
	const uint8_t *body;
	struct ms_decoded *d;
	struct ms_error err = {0};

	(void)state;
	assert_int_equal(ms_block_body(bytes, size, MS_BLOCK_EVENTS, &body, &err), MS_OK);
	assert_int_equal(ms_decoded_create(&d, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, &err), MS_OK);
	if (ms_events_decode(d, body, &limits, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, 0, &err) != MS_OK)
		fail_msg("%s", err.message);
	assert_int_equal(d->count, 4);
	assert_int_equal(d->first_event, 10);
	assert_int_equal(d->kind[1], MS_EV_MALLOC);
	assert_int_equal(d->kind[2], MS_EV_FREE);
	assert_int_equal(d->time_ns[0], 1000);
	assert_int_equal(d->time_ns[2], 1305);
	assert_int_equal(d->thread[2], 2);
	assert_int_equal(d->size_bytes[0], 24);
	assert_int_equal(d->size_bytes[1], 40);
	/* Code 6: 3 more than every stack so far (none); code 0: what follows the last two: nothing known, stack 0. */
	assert_int_equal(d->stack[0], 3);
	assert_int_equal(d->stack[1], 0);
	assert_int_equal(d->block[0], 7);
	assert_int_equal(d->block[1], 8);
	assert_int_equal(d->block[2], 8);
	assert_int_equal(d->block[3], 0);
	assert_int_equal(d->address_code[0], 8);
	assert_int_equal(d->address_code[1], 0);
	assert_int_equal(d->raw_address[0], 4096);
	ms_decoded_destroy(d);

	size = encode_with_flatc(process_json, bytes, sizeof(bytes));
	assert_int_equal(ms_block_body(bytes, size, MS_BLOCK_PROCESS, &body, &err), MS_OK);
	assert_int_equal(fb_process_pid((struct fb_process){body}), 77);
	assert_int_equal(fb_process_clock((struct fb_process){body}), FB_CLOCK_SOURCE_TSC);
	assert_string_equal(fb_process_executable((struct fb_process){body}), "/bin/x");
	assert_string_equal(fb_process_command_at((struct fb_process){body}, 1), "b c");
	assert_string_equal(fb_process_host((struct fb_process){body}), "");
	assert_int_equal(fb_process_guard((struct fb_process){body}), FB_GUARD_MODE_SAMPLE);
	assert_int_equal(fb_process_guard_side((struct fb_process){body}), FB_GUARD_SIDE_ALTERNATE);
	assert_int_equal(fb_process_guard_sample_rate((struct fb_process){body}), 9);
	assert_string_equal(fb_process_companion((struct fb_process){body}), "other.ms");
	assert_true(fb_process_graph_at_exit((struct fb_process){body}));
	/* The same bytes as another kind of block. */
	assert_int_equal(ms_block_body(bytes, size, MS_BLOCK_END, &body, &err), MS_E_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flatc_reads_ours),
		cmocka_unit_test(flatc_reads_guards),
		cmocka_unit_test(flatc_reads_indexes),
		cmocka_unit_test(flatc_reads_samples),
		cmocka_unit_test(we_read_flatcs),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
