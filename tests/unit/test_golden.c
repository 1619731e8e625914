/*
 * Traces of released format versions stay readable, for ever: tests/golden/v1/kinds.ms has one event of every kind, every
 * side table, a keyframe and an end, and is compared with what was written into it, field by field.
 *
 * The file was written by this program (MEMSCOPE_GOLDEN=tests/golden/v1/kinds.ms build/release/unit/test_golden) and is never
 * written again for the same format version: a reader that no longer reads it is broken, not the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "format/stream.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"

#define GOLDEN "tests/golden/v1/kinds.ms"
#define EVENTS_MAX 512

static const char *const command[] = {"./demo", "--input", "a file.txt", "\xff not UTF-8"};
static const char *const options[] = {"-o", "kinds.ms", "--free-stacks"};
static const struct ms_process process = {
        .command = command,
        .command_count = 4,
        .executable = "/opt/demo/bin/demo",
        .working_directory = "/home/user",
        .host = "example",
        .kernel = "Linux 6.1.0",
        .architecture = "x86_64",
        .recorder = "memscope 0.1.0",
        .allocator = "libc.so.6",
        .options = options,
        .options_count = 3,
        .pid = 4242,
        .parent_pid = 4241,
        .page_size_bytes = 4096,
        .stack_depth_limit = 64,
        .start_time_unix_ns = 1700000000123456789,
        .clock_hz = 2100000000,
        .max_size_bytes = 1 << 30,
        .clock = MS_CLOCK_SOURCE_TSC,
        .on_full = MS_ON_FULL_BLOCK,
        .free_stacks = true,
};
static const uint8_t build_id[20] = {0xde, 0xad, 0xbe, 0xef, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
static const struct ms_module modules[] = {
        {.path = "/opt/demo/bin/demo", .build_id = build_id, .build_id_bytes = 20, .load_bias = 0x555555554000,
         .start = 0x555555554000, .end = 0x555555560000},
        {.path = "/usr/lib/x86_64-linux-gnu/libc.so.6", .load_bias = 0x7ffff7c00000, .start = 0x7ffff7c00000, .end = 0x7ffff7e00000,
         .image = 1},
};
static const struct ms_thread threads[] = {{.tid = 4242, .is_main = true}, {.tid = 4250, .image = 1}};
static const struct ms_frame frames[] = {{0x555555555139, 1}, {0x555555555200, 1}, {0x7ffff7c29d90, 2}, {0x1234, 0}};
/* main <- libc; helper <- main <- libc; unknown */
static const struct ms_stack stacks[] = {{0, 3}, {1, 1}, {2, 2}, {0, 4}};
static const struct {
	uint32_t frame;
	const char *function, *linkage, *file;
	uint32_t line;
} symbols[] = {
        {1, "demo::main_loop(int)", "_ZN4demo9main_loopEi", "/src/demo.cpp", 77},
        {2, "inlined_helper", "", "/src/helper.h", 12},
        {2, "demo::help()", "_ZN4demo4helpEv", "/src/demo.cpp", 30},
        {3, "__libc_start_call_main", "", "", 0},
};
static const struct ms_end end = {
        .ended = MS_ENDED_SIGNALED, .term_signal = 11, .core_dumped = true, .symbolized = true, .lost_stacks = 3, .late_events = 2,
        .collector_cpu_ns = 5000000, .collector_rss_bytes = 1 << 20,
};

struct story {
	struct ms_event events[EVENTS_MAX];
	size_t n, keyframe_at;
	struct ms_live_block blocks[EVENTS_MAX]; /* [id]; block 0 = dead or not born */
	uint64_t block_count;
	struct ms_live_block keyframe[EVENTS_MAX]; /* the live set before event keyframe_at */
	size_t keyframe_blocks;
	uint64_t live_bytes, peak_bytes;
};

#define TEXT "worker \"one\"\n\xfe"
#define PATH "/bin/true"

static struct ms_event *add(struct story *s, uint8_t kind)
{
	struct ms_event *e = &s->events[s->n];

	assert_true(s->n < EVENTS_MAX);
	*e = (struct ms_event){
	        .kind = kind,
	        .time_ns = s->n * 1000 + (s->n % 7) * 13,
	        .thread = 1 + (uint32_t)(s->n % 5 == 4),
	};
	s->n++;
	if (ms_event_kinds[kind].class_ != MS_CLASS_OTHER)
		e->stack = (uint32_t)(s->n % 5); /* 0 = none among them */
	for (unsigned i = 0; i < ms_event_kinds[kind].args; i++)
		e->arg[i] = 3 + i + kind % 3;
	return e;
}

static void add_alloc(struct story *s, uint8_t kind, uint64_t address, uint64_t size_bytes)
{
	struct ms_event *e = add(s, kind);

	e->address = address;
	e->size_bytes = size_bytes;
	e->block = ++s->block_count;
	s->live_bytes += size_bytes;
	if (s->live_bytes > s->peak_bytes)
		s->peak_bytes = s->live_bytes;
	s->blocks[e->block] = (struct ms_live_block){.block = e->block, .address = address, .size_bytes = size_bytes,
	                                             .birth_ns = e->time_ns, .stack = e->stack, .thread = e->thread, .kind = kind};
}

static void add_free(struct story *s, uint8_t kind, uint64_t block)
{
	struct ms_event *e = add(s, kind);

	e->address = block ? s->blocks[block].address : 0x7fff00001234;
	e->size_bytes = s->blocks[block].size_bytes;
	e->block = block;
	s->live_bytes -= e->size_bytes;
	s->blocks[block] = (struct ms_live_block){0};
}

/* Every kind, in an order that could have happened; text and path are the string ids of TEXT and PATH. */
static void tell(struct story *s, uint32_t text, uint32_t path)
{
	uint64_t next_free = 1;

	memset(s, 0, sizeof *s);
	add(s, MS_EV_THREAD_START);
	for (unsigned k = 0; k < 256; k++)
		if (ms_event_kinds[k].class_ == MS_CLASS_ALLOC && k != MS_EV_REALLOC && k != MS_EV_REALLOC_FAILED)
			for (unsigned i = 0; i < 3; i++)
				add_alloc(s, (uint8_t)k, 0x555555570000 + s->block_count * 64, i == 2 ? 0 : 10 + k);
	for (unsigned k = 0; k < 256; k++)
		if (ms_event_kinds[k].class_ == MS_CLASS_FREE && k != MS_EV_REALLOC_FREE)
			add_free(s, (uint8_t)k, next_free++);
	add_free(s, MS_EV_FREE, 0);
	s->keyframe_at = s->n;
	for (uint64_t id = 1; id <= s->block_count; id++)
		if (s->blocks[id].block)
			s->keyframe[s->keyframe_blocks++] = s->blocks[id];
	uint64_t moved = next_free++, kept = next_free++;
	struct ms_live_block old = s->blocks[kept];
	add_free(s, MS_EV_REALLOC_FREE, moved);
	s->events[s->n - 1].thread = 1;
	add_alloc(s, MS_EV_REALLOC, 0x555555580000, 1 << 20);
	s->events[s->n - 1].thread = 1;
	s->blocks[s->block_count].thread = 1;
	add_free(s, MS_EV_REALLOC_FREE, kept);
	s->events[s->n - 1].thread = 1;
	add_alloc(s, MS_EV_REALLOC_FAILED, old.address, old.size_bytes);
	s->events[s->n - 1].thread = 1;
	s->blocks[s->block_count].thread = 1;
	for (unsigned k = 0; k < 256; k++) {
		unsigned class_ = ms_event_kinds[k].class_;

		if (class_ != MS_CLASS_FAIL && class_ != MS_CLASS_MAP && class_ != MS_CLASS_OTHER)
			continue;
		struct ms_event *e = add(s, (uint8_t)k);
		if (class_ == MS_CLASS_FAIL || class_ == MS_CLASS_MAP)
			e->size_bytes = 4096 * k;
		if (class_ == MS_CLASS_MAP)
			e->address = 0x7fffe0000000 + 0x10000ull * k;
	}
	/* arguments that are ids, and numbers of full width */
	for (size_t i = 0; i < s->n; i++) {
		struct ms_event *e = &s->events[i];

		switch (e->kind) {
		case MS_EV_THREAD_NAME:
		case MS_EV_MARK:
			e->arg[0] = text;
			break;
		case MS_EV_EXEC:
			e->arg[0] = path;
			break;
		case MS_EV_MODULE_LOAD:
		case MS_EV_MODULE_UNLOAD:
			e->arg[0] = 1 + i % 2;
			break;
		case MS_EV_ALLOC_FAILED:
			e->arg[0] = MS_EV_CALLOC;
			break;
		case MS_EV_MMAP:
			e->arg[0] = 3;
			e->arg[1] = 0x22;
			break;
		case MS_EV_MREMAP:
			e->arg[0] = 0x7fffdeadb000;
			break;
		case MS_EV_SBRK:
			e->arg[0] = UINT64_MAX; /* zigzag of INT64_MIN */
			break;
		}
	}
}

static uint32_t intern(struct ms_writer *w, const char *s)
{
	return ms_writer_string(w, s, strlen(s));
}

static void write_story(struct ms_stream *stream)
{
	static struct story s;
	struct ms_writer *w;
	struct ms_error err;
	struct ms_end last = end;

	assert_int_equal(ms_writer_open(&w, stream, NULL, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &process, &err), MS_OK);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ms_writer_module(w, &modules[i]), i + 1);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ms_writer_thread(w, &threads[i]), i + 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(ms_writer_frame(w, frames[i].address, frames[i].module), i + 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(ms_writer_stack(w, stacks[i].parent, stacks[i].frame), i + 1);
	tell(&s, intern(w, TEXT), intern(w, PATH));
	assert_int_equal(ms_writer_events(w, s.events, s.keyframe_at, &err), MS_OK);
	assert_int_equal(ms_writer_keyframe(w, s.keyframe, s.keyframe_blocks, &err), MS_OK);
	assert_int_equal(ms_writer_events(w, s.events + s.keyframe_at, s.n - s.keyframe_at, &err), MS_OK);
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		struct ms_symbol symbol = {.frame = symbols[i].frame, .function = intern(w, symbols[i].function),
		                           .linkage_name = intern(w, symbols[i].linkage), .file = intern(w, symbols[i].file),
		                           .line = symbols[i].line};
		assert_int_equal(ms_writer_symbol(w, &symbol, &err), MS_OK);
	}
	last.peak_bytes = s.peak_bytes;
	last.time_ns = s.events[s.n - 1].time_ns + 5;
	if (ms_writer_end(w, &last, &err) != MS_OK)
		fail_msg("%s", err.message);
	ms_writer_close(w);
}

/* ---- reading it again ------------------------------------------------------------------------------------------- */

static void check_process(const struct ms_process *p)
{
	assert_int_equal(p->command_count, process.command_count);
	for (size_t i = 0; i < p->command_count; i++)
		assert_string_equal(p->command[i], command[i]);
	assert_int_equal(p->options_count, process.options_count);
	for (size_t i = 0; i < p->options_count; i++)
		assert_string_equal(p->options[i], options[i]);
	assert_string_equal(p->executable, process.executable);
	assert_string_equal(p->working_directory, process.working_directory);
	assert_string_equal(p->host, process.host);
	assert_string_equal(p->kernel, process.kernel);
	assert_string_equal(p->architecture, process.architecture);
	assert_string_equal(p->recorder, process.recorder);
	assert_string_equal(p->allocator, process.allocator);
	assert_int_equal(p->pid, process.pid);
	assert_int_equal(p->parent_pid, process.parent_pid);
	assert_int_equal(p->page_size_bytes, process.page_size_bytes);
	assert_int_equal(p->stack_depth_limit, process.stack_depth_limit);
	assert_int_equal(p->start_time_unix_ns, process.start_time_unix_ns);
	assert_int_equal(p->clock_hz, process.clock_hz);
	assert_int_equal(p->max_size_bytes, process.max_size_bytes);
	assert_int_equal(p->clock, process.clock);
	assert_int_equal(p->on_full, process.on_full);
	assert_int_equal(p->free_stacks, process.free_stacks);
	assert_int_equal(p->inherited_heap, process.inherited_heap);
}

static void check_tables(const struct ms_trace *t)
{
	assert_int_equal(ms_trace_module_count(t), 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct ms_module *m = ms_trace_module(t, i + 1);

		assert_string_equal(m->path, modules[i].path);
		assert_int_equal(m->build_id_bytes, modules[i].build_id_bytes);
		if (m->build_id_bytes)
			assert_memory_equal(m->build_id, modules[i].build_id, m->build_id_bytes);
		assert_int_equal(m->load_bias, modules[i].load_bias);
		assert_int_equal(m->start, modules[i].start);
		assert_int_equal(m->end, modules[i].end);
		assert_int_equal(m->image, modules[i].image);
	}
	assert_int_equal(ms_trace_thread_count(t), 2);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(ms_trace_thread(t, i + 1)->tid, threads[i].tid);
		assert_int_equal(ms_trace_thread(t, i + 1)->image, threads[i].image);
		assert_int_equal(ms_trace_thread(t, i + 1)->is_main, threads[i].is_main);
	}
	assert_int_equal(ms_trace_frame_count(t), 4);
	assert_int_equal(ms_trace_stack_count(t), 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(ms_trace_frame(t, i + 1)->address, frames[i].address);
		assert_int_equal(ms_trace_frame(t, i + 1)->module, frames[i].module);
		assert_int_equal(ms_trace_stack(t, i + 1)->parent, stacks[i].parent);
		assert_int_equal(ms_trace_stack(t, i + 1)->frame, stacks[i].frame);
	}
}

static void check_symbols(const struct ms_trace *t)
{
	size_t at = 0;

	for (uint32_t id = 1; id <= 4; id++) {
		size_t n;
		const struct ms_symbol *s = ms_trace_symbols(t, id, &n);

		for (size_t i = 0; i < n; i++, at++) {
			assert_in_range(at, 0, sizeof symbols / sizeof *symbols - 1);
			assert_int_equal(symbols[at].frame, id);
			assert_string_equal(ms_trace_string(t, s[i].function), symbols[at].function);
			assert_string_equal(ms_trace_string(t, s[i].linkage_name), symbols[at].linkage);
			assert_string_equal(ms_trace_string(t, s[i].file), symbols[at].file);
			assert_int_equal(s[i].line, symbols[at].line);
		}
	}
	assert_int_equal(at, sizeof symbols / sizeof *symbols);
}

/* Events from `first` on, through a cursor that starts there. */
static void check_events(const struct ms_trace *t, const struct story *s, uint64_t first)
{
	struct ms_cursor *c;
	struct ms_batch b;
	struct ms_error err;
	uint64_t at = first;

	if (ms_cursor_open(&c, t, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, first, 1, &err) != MS_OK)
		fail_msg("cursor at %lu: %s", (unsigned long)first, err.message);
	for (;;) {
		if (ms_cursor_next(c, &b, &err) != MS_OK)
			fail_msg("event %lu: %s", (unsigned long)at, err.message);
		if (!b.count)
			break;
		assert_int_equal(b.first_event, at);
		for (uint32_t i = 0; i < b.count; i++, at++) {
			const struct ms_event *e = &s->events[at];
			unsigned class_ = ms_event_kinds[e->kind].class_;

			assert_in_range(at, 0, s->n - 1);
			assert_int_equal(b.kind[i], e->kind);
			assert_int_equal(b.time_ns[i], e->time_ns);
			assert_int_equal(b.thread[i], e->thread);
			assert_int_equal(b.stack[i], e->stack);
			assert_int_equal(b.block[i], e->block);
			assert_int_equal(b.address[i], e->address);
			if (class_ != MS_CLASS_OTHER)
				assert_int_equal(b.size_bytes[i], e->size_bytes);
			for (unsigned k = 0; k < ms_event_kinds[e->kind].args; k++)
				assert_int_equal(b.arg[i][k], e->arg[k]);
			if (class_ == MS_CLASS_FREE && e->block) {
				const struct ms_event *birth = s->events;

				while (ms_event_kinds[birth->kind].class_ != MS_CLASS_ALLOC || birth->block != e->block)
					birth++;
				assert_int_equal(b.birth_ns[i], birth->time_ns);
				assert_int_equal(b.birth_kind[i], birth->kind);
				assert_int_equal(b.birth_thread[i], birth->thread);
				assert_int_equal(b.birth_stack[i], birth->stack);
			}
		}
	}
	assert_int_equal(at, s->n);
	ms_cursor_close(c);
}

static void check_trace(const struct ms_trace *t)
{
	static struct story s;
	uint32_t text = 0, path = 0;
	const struct ms_end *e = ms_trace_end(t);

	for (uint32_t id = 1; id <= ms_trace_string_count(t); id++) {
		text = strcmp(ms_trace_string(t, id), TEXT) == 0 ? id : text;
		path = strcmp(ms_trace_string(t, id), PATH) == 0 ? id : path;
	}
	assert_true(text && path);
	tell(&s, text, path);
	assert_null(ms_trace_damage(t));
	assert_true(ms_trace_has_index(t));
	assert_int_equal(ms_trace_format_version(t), 1);
	check_process(ms_trace_process(t));
	check_tables(t);
	check_symbols(t);
	assert_int_equal(ms_trace_event_count(t), s.n);
	for (uint64_t first = 0; first <= s.n; first++)
		check_events(t, &s, first);
	assert_non_null(e);
	assert_int_equal(e->time_ns, s.events[s.n - 1].time_ns + 5);
	assert_int_equal(e->events, s.n);
	assert_int_equal(e->blocks, s.block_count);
	assert_int_equal(e->ended, end.ended);
	assert_int_equal(e->term_signal, end.term_signal);
	assert_int_equal(e->core_dumped, end.core_dumped);
	assert_int_equal(e->symbolized, end.symbolized);
	assert_int_equal(e->lost_stacks, end.lost_stacks);
	assert_int_equal(e->late_events, end.late_events);
	assert_int_equal(e->peak_bytes, s.peak_bytes);
	assert_int_equal(e->collector_cpu_ns, end.collector_cpu_ns);
	assert_int_equal(e->collector_rss_bytes, end.collector_rss_bytes);
}

static void test_golden_v1(void **state)
{
	struct ms_trace *t;
	struct ms_error err;

	(void)state;
	if (ms_trace_open(&t, GOLDEN, &err) != MS_OK)
		fail_msg(GOLDEN ": %s", err.message);
	check_trace(t);
	ms_trace_close(t);
}

/* The same story through today's writer. */
static void test_what_is_written_now(void **state)
{
	struct ms_stream stream;
	struct ms_trace *t;
	struct ms_error err;

	(void)state;
	ms_stream_init_memory(&stream);
	write_story(&stream);
	if (ms_trace_open_memory(&t, stream.memory, stream.position, &err) != MS_OK)
		fail_msg("%s", err.message);
	check_trace(t);
	ms_trace_close(t);
	ms_stream_free(&stream);
}

static void test_every_kind_is_in_it(void **state)
{
	static struct story s;
	bool seen[256] = {false};

	(void)state;
	tell(&s, 1, 2);
	for (size_t i = 0; i < s.n; i++)
		seen[s.events[i].kind] = true;
	for (unsigned k = 0; k < 256; k++)
		assert_int_equal(seen[k], ms_event_kinds[k].name != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_golden_v1),
	        cmocka_unit_test(test_what_is_written_now),
	        cmocka_unit_test(test_every_kind_is_in_it),
	};
	const char *path = getenv("MEMSCOPE_GOLDEN");

	if (path) {
		struct ms_stream stream;
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);

		if (fd < 0)
			return 1;
		ms_stream_init_fd(&stream, fd);
		write_story(&stream);
		return close(fd) == 0 ? 0 : 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
