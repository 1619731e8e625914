/*
 * Traces of released format versions stay readable, for ever: tests/golden/v1/kinds.ms has one event of every kind, every
 * side table, a keyframe and an end, and is compared with what was written into it, field by field. v2/kinds.ms has what
 * version 2 added as well: evidence, a heap graph, names of data; v3/kinds.ms what version 3 added: annotations, how it was captured.
 *
 * The files were written by this program (MEMSCOPE_GOLDEN=tests/golden/v3/kinds.ms build/release/unit/test_golden) and are never
 * written again for the same format version: a reader that no longer reads one is broken, not the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "format/evidence.h"
#include "format/stream.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"

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
/* What version 2 added to it. */
#define COMPANION "kinds.start.ms"
static void add_guard(struct ms_process *p)
{
	p->guard = MS_GUARD_FULL;
	p->guard_side = MS_SIDE_START;
	p->guard_sample_rate = 77;
	p->companion = COMPANION;
	p->graph_at_exit = true;
}
/* And version 3. */
static const struct ms_capture capture = {
        .backend = "lockfree", .backend_reason = "the default", .preset = "demo", .attached = true, .sampling = MS_SAMPLING_PER_BYTE,
        .sample_per_billion = 5, .sample_bytes = 1 << 19, .sample_seed = UINT64_MAX, .cull_ns = 1000000,
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

static const struct ms_end guard_end = {
        .guard_page_blocks = 11, .guard_canary_blocks = 12, .guard_plain_blocks = 13, .guard_checks = 14, .guard_calls = 15,
        .guard_dropped = 16,
};
static const uint8_t damage[] = {0x41, 0x42, 0, 0xff};
static const uint64_t registers[MS_EVIDENCE_REGISTERS] = {1, 2, 3, 4, 5, 6, 7, 0x7fffffffe000, 9, 10, 11, 12, 13, 14, 15, INT64_MAX,
                                                          0x555555555139, 0x246};
static const struct ms_evidence evidence[] = {
        {.kind = MS_EVIDENCE_DAMAGE, .access = MS_ACCESS_WRITE, .check = MS_CHECK_FREE, .expected = 0xa5, .byte_count = 4,
         .address = 0x555555570018, .length_bytes = 4, .block_address = 0x555555570000, .block_bytes = 24, .last_good_ns = 500,
         .stack = 2, .bytes = damage},
        {.kind = MS_EVIDENCE_FAULT, .access = MS_ACCESS_READ, .check = MS_CHECK_ACCESS, .freed = true, .register_count = MS_EVIDENCE_REGISTERS,
         .address = 0x7fffe0000000, .block_address = 0x7fffe0000000, .block_bytes = 8, .stack = 3, .registers = registers},
        {.kind = MS_EVIDENCE_BOUNDS, .access = MS_ACCESS_WRITE, .address = 0x555555570040, .length_bytes = 100,
         .block_address = 0x555555570040, .block_bytes = 26, .stack = 3},
        {.kind = MS_EVIDENCE_REFUSED_FREE, .check = MS_CHECK_FREE, .address = 0x1234},
        {.kind = MS_EVIDENCE_FREED_STACK, .check = MS_CHECK_FREE, .freed = true, .address = 0x555555570080,
         .block_address = 0x555555570080, .block_bytes = 27, .stack = 1},
};
#define EVIDENCE (sizeof evidence / sizeof *evidence)
#define FUNCTION "memcpy" /* of evidence 3 */
static const struct ms_graph_root roots[] = {
        {.kind = MS_ROOT_DATA, .module = 1, .start = 0x555555558000, .end = 0x555555559000},
        {.kind = MS_ROOT_STACK, .thread = 1, .tid = 4242, .frame = 2, .start = 0x7fffffffd000, .end = 0x7fffffffe000},
        {.kind = MS_ROOT_REGISTERS, .thread = 2, .tid = 4250, .end = 144},
        {.kind = MS_ROOT_TLS, .tid = 4260, .start = 0x7ffff7d00000, .end = 0x7ffff7d01000},
        {.kind = MS_ROOT_MAPPING, .name = 1, .start = 0x7ffff0000000, .end = 0x7ffff0100000},
};
#define ROOTS (sizeof roots / sizeof *roots)
static const struct ms_unscanned unscanned[] = {{MS_UNSCANNED_THREAD, 4270, 0}, {MS_UNSCANNED_RANGE, 0x7ffff1000000, 4096}};
static const struct ms_graph graph = {
        .reason = MS_GRAPH_SIGNAL, .complete = true, .pause_ns = 123456, .scanned_bytes = 1 << 20, .roots = roots, .root_count = ROOTS,
        .unscanned = unscanned, .unscanned_count = 2,
};
/* Blocks 37, 38, 36 at positions 0, 1, 2. */
#define NODES 3
#define EDGES 8
static const uint64_t node[NODES] = {37, 38, 36}, first_word[NODES] = {0, 0x555555557010, 0x555555557010};
static const uint32_t source[EDGES] = {0, 0, 1, 2, 3, 4, 5, 7}, target[EDGES] = {1, 2, 0, 2, 0, 2, 1, 2};
static const uint64_t source_offset[EDGES] = {0, 8, 16, 0, 0x20, 0xff8, 136, 0xffff8},
                      target_offset[EDGES] = {0, 0, 4, 8, 0, 16, 0, 0};
static const uint8_t flags[EDGES] = {0, 0, 0, MS_EDGE_NEWARRAY, 0, MS_EDGE_MULTIPLE_INHERITANCE, 0, 0};
static const struct ms_graph_data graph_data = {
        .block_count = NODES, .edge_count = EDGES, .block = node, .first_word = first_word, .source = source, .target = target,
        .source_offset = source_offset, .target_offset = target_offset, .flags = flags,
};
static const struct ms_data_symbol data_symbols[] = {
        {.address = 0x555555557000, .size_bytes = 40, .module = 1}, {.address = 0x555555558020, .size_bytes = 8, .module = 1},
};
static const char *const data_names[] = {"vtable for demo::Shape", "demo::head"};

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
/* The first version with events of this kind. */
static uint32_t version_of(unsigned kind)
{
	if (kind == MS_EV_EVIDENCE)
		return 2;
	return (kind >= MS_EV_POOL_ALLOC && kind <= MS_EV_POOL_FREE) || (kind >= MS_EV_PAUSE && kind <= MS_EV_REALLOC_OUT) ||
	               kind >= MS_EV_TRACK ? 3 : 1;
}

static void tell(struct story *s, uint32_t version, uint32_t text, uint32_t path)
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
		if (version_of(k) > version)
			continue;
		struct ms_event *e = add(s, (uint8_t)k);
		if (class_ == MS_CLASS_FAIL || class_ == MS_CLASS_MAP)
			e->size_bytes = 4096 * k;
		if (class_ == MS_CLASS_MAP)
			e->address = 0x7fffe0000000 + 0x10000ull * k;
	}
	for (size_t i = 1; i < EVIDENCE && version >= 2; i++)
		add(s, MS_EV_EVIDENCE);
	/* arguments that are ids, and numbers of full width */
	const uint64_t id[] = {[MS_REF_STRING] = text, [MS_REF_MODULE] = 1, [MS_REF_VARIABLE] = 1, [MS_REF_BLOCK] = 1};
	uint64_t evidences = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct ms_event *e = &s->events[i];

		for (unsigned k = 0; k < ms_event_kinds[e->kind].args; k++) {
			unsigned ref = ms_event_kinds[e->kind].ref[k];

			if (ref == MS_REF_EVIDENCE)
				e->arg[k] = ++evidences;
			else if (ref != MS_REF_NUMBER)
				e->arg[k] = id[ref] + (ref == MS_REF_MODULE ? i % 2 : ref == MS_REF_VARIABLE || ref == MS_REF_BLOCK ? k : 0);
		}
		switch (e->kind) {
		case MS_EV_EXEC:
			e->arg[0] = path;
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

static void write_evidence(struct ms_writer *w)
{
	for (size_t i = 0; i < EVIDENCE; i++) {
		struct ms_evidence e = evidence[i];

		e.function = e.kind == MS_EVIDENCE_BOUNDS ? intern(w, FUNCTION) : 0;
		assert_int_equal(ms_writer_evidence(w, &e), i + 1);
	}
}

static void write_graph(struct ms_writer *w, uint64_t time_ns)
{
	struct ms_data_symbol names[2] = {data_symbols[0], data_symbols[1]};
	struct ms_graph facts = graph;
	struct ms_error err;

	facts.time_ns = time_ns;
	assert_int_equal(ms_writer_graph_begin(w, &facts, &err), MS_OK);
	assert_int_equal(ms_writer_graph_data(w, &graph_data, &err), MS_OK);
	assert_int_equal(ms_writer_graph_end(w, &facts, &err), MS_OK);
	for (size_t i = 0; i < 2; i++)
		names[i].name = intern(w, data_names[i]);
	assert_int_equal(ms_writer_data_symbols(w, names, 2, &err), MS_OK);
}

static void write_story(struct ms_stream *stream)
{
	static struct story s;
	struct ms_writer *w;
	struct ms_error err;
	struct ms_process first = process;
	struct ms_end last = guard_end;
	uint32_t text, path;

	add_guard(&first);
	first.capture = capture;
	last.ended = end.ended;
	last.term_signal = end.term_signal;
	last.core_dumped = end.core_dumped;
	last.symbolized = end.symbolized;
	last.lost_stacks = end.lost_stacks;
	last.late_events = end.late_events;
	last.collector_cpu_ns = end.collector_cpu_ns;
	last.collector_rss_bytes = end.collector_rss_bytes;
	assert_int_equal(ms_writer_open(&w, stream, NULL, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &first, &err), MS_OK);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ms_writer_module(w, &modules[i]), i + 1);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ms_writer_thread(w, &threads[i]), i + 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(ms_writer_frame(w, frames[i].address, frames[i].module), i + 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(ms_writer_stack(w, stacks[i].parent, stacks[i].frame), i + 1);
	text = intern(w, TEXT);
	path = intern(w, PATH);
	tell(&s, 3, text, path);
	write_evidence(w);
	assert_int_equal(ms_writer_variable(w, &(struct ms_variable){.name = text, .file = path, .line = 77, .frame = 2}), 1);
	assert_int_equal(ms_writer_variable(w, &(struct ms_variable){.name = path, .type = text}), 2);
	assert_int_equal(ms_writer_events(w, s.events, s.keyframe_at, &err), MS_OK);
	assert_int_equal(ms_writer_keyframe(w, s.keyframe, s.keyframe_blocks, &err), MS_OK);
	assert_int_equal(ms_writer_events(w, s.events + s.keyframe_at, s.n - s.keyframe_at, &err), MS_OK);
	write_graph(w, s.events[s.n - 1].time_ns);
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		struct ms_symbol symbol = {.frame = symbols[i].frame, .function = intern(w, symbols[i].function),
		                           .linkage_name = intern(w, symbols[i].linkage), .file = intern(w, symbols[i].file),
		                           .line = symbols[i].line};
		assert_int_equal(ms_writer_symbol(w, &symbol, &err), MS_OK);
	}
	assert_int_equal(ms_writer_variable_type(w, 1, path, &err), MS_OK);
	last.peak_bytes = s.peak_bytes;
	last.time_ns = s.events[s.n - 1].time_ns + 5;
	if (ms_writer_end(w, &last, &err) != MS_OK)
		fail_msg("%s", err.message);
	ms_writer_close(w);
}

/* ---- reading it again ------------------------------------------------------------------------------------------- */

static void check_capture(const struct ms_capture *got, uint32_t version)
{
	struct ms_capture want = {.backend = "", .backend_reason = "", .preset = ""};

	if (version >= 3)
		want = capture;
	assert_string_equal(got->backend, want.backend);
	assert_string_equal(got->backend_reason, want.backend_reason);
	assert_string_equal(got->preset, want.preset);
	assert_int_equal(got->attached, want.attached);
	assert_int_equal(got->sampling, want.sampling);
	assert_int_equal(got->sample_per_billion, want.sample_per_billion);
	assert_int_equal(got->sample_bytes, want.sample_bytes);
	assert_int_equal(got->sample_seed, want.sample_seed);
	assert_int_equal(got->cull_ns, want.cull_ns);
}

static void check_variables(const struct ms_trace *t, uint32_t version, uint32_t text, uint32_t path)
{
	const struct ms_variable *v = ms_trace_variable(t, 1), *other = ms_trace_variable(t, 2);

	assert_int_equal(ms_trace_variable_count(t), version < 3 ? 0 : 2);
	assert_null(ms_trace_variable(t, 3));
	if (version < 3)
		return;
	assert_int_equal(v->name, text);
	assert_int_equal(v->type, path); /* found later */
	assert_int_equal(v->file, path);
	assert_int_equal(v->line, 77);
	assert_int_equal(v->frame, 2);
	assert_int_equal(other->name, path);
	assert_int_equal(other->type, text);
	assert_int_equal(other->file, 0);
	assert_int_equal(other->line, 0);
	assert_int_equal(other->frame, 0);
}

static void check_process(const struct ms_process *p, uint32_t version)
{
	struct ms_process guard = {.companion = ""};

	check_capture(&p->capture, version);
	if (version >= 2)
		add_guard(&guard);
	assert_int_equal(p->guard, guard.guard);
	assert_int_equal(p->guard_side, guard.guard_side);
	assert_int_equal(p->guard_sample_rate, guard.guard_sample_rate);
	assert_string_equal(p->companion, guard.companion);
	assert_int_equal(p->graph_at_exit, guard.graph_at_exit);
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

static void check_evidence(const struct ms_trace *t)
{
	assert_int_equal(ms_trace_evidence_count(t), EVIDENCE);
	for (uint32_t i = 0; i < EVIDENCE; i++) {
		const struct ms_evidence *want = &evidence[i], *got = ms_trace_evidence(t, i + 1);

		assert_int_equal(got->kind, want->kind);
		assert_int_equal(got->access, want->access);
		assert_int_equal(got->check, want->check);
		assert_int_equal(got->freed, want->freed);
		assert_int_equal(got->expected, want->expected);
		assert_int_equal(got->address, want->address);
		assert_int_equal(got->length_bytes, want->length_bytes);
		assert_int_equal(got->block_address, want->block_address);
		assert_int_equal(got->block_bytes, want->block_bytes);
		assert_int_equal(got->last_good_ns, want->last_good_ns);
		assert_int_equal(got->stack, want->stack);
		assert_string_equal(ms_trace_string(t, got->function), want->kind == MS_EVIDENCE_BOUNDS ? FUNCTION : "");
		assert_int_equal(got->byte_count, want->byte_count);
		if (want->byte_count)
			assert_memory_equal(got->bytes, want->bytes, want->byte_count);
		assert_int_equal(got->register_count, want->register_count);
		if (want->register_count)
			assert_memory_equal(got->registers, want->registers, 8 * (size_t)want->register_count);
	}
}

static void check_graph(const struct ms_trace *t, uint64_t event, uint64_t time_ns)
{
	const struct ms_graph *g = ms_trace_graph(t, 0);
	struct ms_graph_data d;
	struct ms_error err;

	assert_int_equal(ms_trace_graph_count(t), 1);
	assert_int_equal(g->reason, graph.reason);
	assert_int_equal(g->complete, graph.complete);
	assert_int_equal(g->time_ns, time_ns);
	assert_int_equal(g->event, event);
	assert_int_equal(g->pause_ns, graph.pause_ns);
	assert_int_equal(g->scanned_bytes, graph.scanned_bytes);
	assert_int_equal(g->blocks, NODES);
	assert_int_equal(g->edges, EDGES);
	assert_int_equal(g->root_count, ROOTS);
	for (size_t i = 0; i < ROOTS; i++) {
		assert_int_equal(g->roots[i].kind, roots[i].kind);
		assert_int_equal(g->roots[i].module, roots[i].module);
		assert_int_equal(g->roots[i].thread, roots[i].thread);
		assert_int_equal(g->roots[i].tid, roots[i].tid);
		assert_int_equal(g->roots[i].frame, roots[i].frame);
		assert_int_equal(g->roots[i].name, roots[i].name);
		assert_int_equal(g->roots[i].start, roots[i].start);
		assert_int_equal(g->roots[i].end, roots[i].end);
	}
	assert_int_equal(g->unscanned_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(g->unscanned[i].reason, unscanned[i].reason);
		assert_int_equal(g->unscanned[i].id, unscanned[i].id);
		assert_int_equal(g->unscanned[i].bytes, unscanned[i].bytes);
	}
	if (ms_trace_graph_load(t, 0, &d, &err) != MS_OK)
		fail_msg("%s", err.message);
	assert_int_equal(d.block_count, NODES);
	assert_int_equal(d.edge_count, EDGES);
	assert_memory_equal(d.block, node, sizeof node);
	assert_memory_equal(d.first_word, first_word, sizeof first_word);
	assert_memory_equal(d.source, source, sizeof source);
	assert_memory_equal(d.target, target, sizeof target);
	assert_memory_equal(d.source_offset, source_offset, sizeof source_offset);
	assert_memory_equal(d.target_offset, target_offset, sizeof target_offset);
	assert_memory_equal(d.flags, flags, sizeof flags);
	ms_graph_data_free(&d);
}

static void check_data_symbols(const struct ms_trace *t)
{
	for (size_t i = 0; i < 2; i++) {
		const struct ms_data_symbol *want = &data_symbols[i];

		for (unsigned last = 0; last < 2; last++) {
			const struct ms_data_symbol *got =
			        ms_trace_data_symbol(t, last ? 0 : 1, want->address + (last ? want->size_bytes - 1 : 0));

			assert_non_null(got);
			assert_int_equal(got->address, want->address);
			assert_int_equal(got->size_bytes, want->size_bytes);
			assert_int_equal(got->module, want->module);
			assert_string_equal(ms_trace_string(t, got->name), data_names[i]);
		}
		assert_null(ms_trace_data_symbol(t, 1, want->address - 1));
		assert_null(ms_trace_data_symbol(t, 0, want->address + want->size_bytes));
		assert_null(ms_trace_data_symbol(t, 2, want->address));
	}
}

static void check_trace(const struct ms_trace *t, uint32_t version)
{
	static struct story s;
	uint32_t text = 0, path = 0;
	const struct ms_end *e = ms_trace_end(t);

	for (uint32_t id = 1; id <= ms_trace_string_count(t); id++) {
		text = strcmp(ms_trace_string(t, id), TEXT) == 0 ? id : text;
		path = strcmp(ms_trace_string(t, id), PATH) == 0 ? id : path;
	}
	assert_true(text && path);
	tell(&s, version, text, path);
	assert_null(ms_trace_damage(t));
	assert_true(ms_trace_has_index(t));
	assert_int_equal(ms_trace_format_version(t), version);
	check_process(ms_trace_process(t), version);
	check_tables(t);
	check_variables(t, version, text, path);
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
	assert_int_equal(e->guard_page_blocks, version < 2 ? 0 : guard_end.guard_page_blocks);
	assert_int_equal(e->guard_canary_blocks, version < 2 ? 0 : guard_end.guard_canary_blocks);
	assert_int_equal(e->guard_plain_blocks, version < 2 ? 0 : guard_end.guard_plain_blocks);
	assert_int_equal(e->guard_checks, version < 2 ? 0 : guard_end.guard_checks);
	assert_int_equal(e->guard_calls, version < 2 ? 0 : guard_end.guard_calls);
	assert_int_equal(e->guard_dropped, version < 2 ? 0 : guard_end.guard_dropped);
	if (version >= 2) {
		check_evidence(t);
		check_graph(t, s.n, s.events[s.n - 1].time_ns);
		check_data_symbols(t);
	} else {
		assert_int_equal(ms_trace_evidence_count(t), 0);
		assert_int_equal(ms_trace_graph_count(t), 0);
		assert_null(ms_trace_data_symbol(t, 0, 0x555555558020));
	}
}

static void test_golden(void **state)
{
	(void)state;
	for (uint32_t version = 1; version <= 3; version++) {
		char path[64];
		struct ms_trace *t;
		struct ms_error err;

		snprintf(path, sizeof path, "tests/golden/v%u/kinds.ms", version);
		if (ms_trace_open(&t, path, &err) != MS_OK)
			fail_msg("%s: %s", path, err.message);
		check_trace(t, version);
		ms_trace_close(t);
	}
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
	check_trace(t, 3);
	ms_trace_close(t);
	ms_stream_free(&stream);
}

static void test_every_kind_is_in_it(void **state)
{
	static struct story s;
	bool seen[256] = {false};

	(void)state;
	tell(&s, 3, 1, 2);
	for (size_t i = 0; i < s.n; i++)
		seen[s.events[i].kind] = true;
	for (unsigned k = 0; k < 256; k++)
		assert_int_equal(seen[k], ms_event_kinds[k].name != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_golden),
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
