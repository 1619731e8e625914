/* small_trace.c - see small_trace.h. */
#include "small_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

const struct ms_end small_trace_exited = {.ended = MS_ENDED_EXITED, .symbolized = true};

void small_trace_start(struct small_trace *t)
{
	small_trace_start_as(t, &(struct ms_process){0});
}

void small_trace_start_as(struct small_trace *t, const struct ms_process *facts)
{
	const char *command[] = {"./app", "-x"};
	struct ms_process process = {
		.command = command, .command_count = 2, .executable = "/opt/app", .working_directory = "/", .host = "box",
		.kernel = "Linux 6.1", .architecture = "x86_64", .recorder = "memscope-record 0", .allocator = "libc.so.6",
		.pid = 42, .parent_pid = 1, .page_size_bytes = 4096, .start_time_unix_ns = 1767225600123456789,
		.clock_hz = 1000000000,
	};
	struct ms_error err = {0};

	process.guard = facts->guard;
	process.guard_side = facts->guard_side;
	process.guard_sample_rate = facts->guard_sample_rate;
	process.free_stacks = facts->free_stacks;
	process.inherited_heap = facts->inherited_heap;
	process.capture = facts->capture;
	process.companion = facts->companion;
	process.direct = facts->direct;
	process.direct_count = facts->direct_count;
	process.monitor_interval_ns = facts->monitor_interval_ns;
	process.capture = facts->capture;
	memset(t, 0, sizeof *t);
	t->next_block = 1;
	ms_stream_init_memory(&t->stream);
	assert_int_equal(ms_writer_open(&t->writer, &t->stream, NULL, &err), MS_OK);
	assert_int_equal(ms_writer_process(t->writer, &process, &err), MS_OK);
	t->module = ms_writer_module(t->writer, &(struct ms_module){.path = "/opt/app", .load_bias = 0x400000,
	                                                            .start = 0x400000, .end = 0x500000});
	ms_writer_thread(t->writer, &(struct ms_thread){.tid = 42, .is_main = true});
	ms_writer_thread(t->writer, &(struct ms_thread){.tid = 43});
	for (uint32_t frame = 1; frame <= 4; frame++)
		assert_int_equal(ms_writer_frame(t->writer, 0x400000 + 0x100 * frame, t->module), frame);
	assert_int_equal(ms_writer_stack(t->writer, 0, 1), 1);
	assert_int_equal(ms_writer_stack(t->writer, 1, 3), 2);
	ms_writer_stack(t->writer, 1, 2);
	/* 3 is main > parse; its child is what tests call stack 3. */
	assert_int_equal(ms_writer_stack(t->writer, 3, 3), 4);
	assert_int_equal(ms_writer_stack(t->writer, 1, 4), 5);
}

/* Stacks as the header numbers them. */
static uint32_t stack_id(uint32_t stack)
{
	static const uint32_t ids[] = {0, 1, 2, 4, 5};

	return ids[stack];
}

void small_trace_event(struct small_trace *t, const struct ms_event *event)
{
	struct ms_event e = *event;
	struct ms_error err = {0};

	t->now_ns += 10;
	e.time_ns = t->now_ns;
	e.stack = stack_id(event->stack);
	if (ms_writer_events(t->writer, &e, 1, &err))
		fail_msg("%s", err.message);
}

uint64_t small_trace_alloc(struct small_trace *t, uint8_t kind, uint32_t thread, uint32_t stack, uint64_t size)
{
	uint64_t id = t->next_block++;

	assert_true(id < 256);
	t->size_of[id] = size;
	small_trace_event(t, &(struct ms_event){.kind = kind, .thread = thread, .stack = stack, .size_bytes = size,
	                                        .block = id, .address = 0x10000 * id});
	return id;
}

void small_trace_free_block(struct small_trace *t, uint8_t kind, uint32_t thread, uint64_t block)
{
	small_trace_event(t, &(struct ms_event){.kind = kind, .thread = thread, .block = block,
	                                        .size_bytes = t->size_of[block], .address = 0x10000 * block});
}

static void write_symbols(struct small_trace *t)
{
	static const char *const functions[] = {"main", "parse(char const*)", "grow", "operator new(unsigned long)"};

	for (uint32_t frame = 1; frame <= 4; frame++) {
		const char *function = functions[frame - 1];
		struct ms_symbol symbol = {
			.frame = frame, .line = 10 * frame,
			.function = ms_writer_string(t->writer, function, strlen(function)),
			.file = ms_writer_string(t->writer, "/src/app.cc", 11),
		};

		assert_int_equal(ms_writer_symbol(t->writer, &symbol, NULL), MS_OK);
	}
}

const struct ms_trace *small_trace_open(struct small_trace *t, const struct ms_end *given)
{
	struct ms_error err = {0};

	if (given) {
		struct ms_end end = *given;

		end.time_ns = t->now_ns + 10;
		write_symbols(t);
		if (ms_writer_end(t->writer, &end, &err))
			fail_msg("%s", err.message);
	} else if (ms_writer_flush(t->writer, &err)) {
		fail_msg("%s", err.message);
	}
	ms_writer_close(t->writer);
	t->writer = NULL;
	if (ms_trace_open_memory(&t->trace, t->stream.memory, t->stream.position, &err))
		fail_msg("%s", err.message);
	return t->trace;
}

void small_trace_report(struct small_trace *t, const struct ms_end *end, struct ms_report *report)
{
	struct ms_report_options options = {.threads = 1, .timeline_buckets = 4, .file = "app.ms"};
	struct ms_error err = {0};

	if (ms_report_build(report, small_trace_open(t, end), &options, &err))
		fail_msg("%s", err.message);
}

void small_trace_free(struct small_trace *t)
{
	ms_writer_close(t->writer);
	ms_trace_close(t->trace);
	ms_stream_free(&t->stream);
	memset(t, 0, sizeof *t);
}
