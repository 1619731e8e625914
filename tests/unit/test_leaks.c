/*
 * test_leaks.c - a small heap whose graph can be drawn on paper, through the trace and back: leaks, holders, ways, findings; and what is
 * said when there is no graph. Growth on runs written by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/suppressions.h"
#include "format/evidence.h"
#include "render/json.h"
#include "render/text.h"
#include "render/why.h"
#include "small_trace.h"

#define EDGE(from, at, to, into, flag) {from, at, to, into, flag}
struct edge {
	uint32_t source;
	uint64_t offset;
	uint32_t target;
	uint64_t into;
	uint8_t flags;
};

/*
 * Blocks by position (ids are one more, but for the freed block 9):
 *   0 <- global cache; 0 -> 1 -> 2 (interior pointer)      100, 50, 60 bytes, of grow
 *   3 -> 4        lost                                     30, 20, of parse > grow
 *   5 <-> 6       a lost cycle                             10, 11, of grow
 *   7 <- frame of parse() in thread 2                      70, of parse > grow
 *   8 <- data without a symbol, and registers of thread 1  80, of grow
 */
#define BLOCKS 9u
static const uint64_t ids[BLOCKS] = {1, 2, 3, 4, 5, 6, 7, 8, 10};
static const struct edge edges[] = {
	EDGE(0, 8, 1, 0, 0), EDGE(1, 0, 2, 16, 0), EDGE(3, 8, 4, 0, 0), EDGE(5, 0, 6, 8, 0), EDGE(6, 3, 5, 0, 0),
	EDGE(BLOCKS + 0, 0x10, 0, 0, 0), EDGE(BLOCKS + 0, 0x800, 8, 0, 0), EDGE(BLOCKS + 1, 24, 7, 0, 0), EDGE(BLOCKS + 2, 0, 8, 0, 0),
};
#define EDGES (sizeof edges / sizeof *edges)

static void write_heap(struct small_trace *t)
{
	static const uint64_t sizes[] = {100, 50, 60, 30, 20, 10, 11, 70, 5, 80};
	static const uint32_t stacks[] = {2, 2, 2, 3, 3, 2, 2, 3, 2, 2};

	small_trace_start(t);
	for (unsigned i = 0; i < 10; i++)
		small_trace_alloc(t, MS_EV_MALLOC, i == 7 ? 2 : 1, stacks[i], sizes[i]);
	small_trace_free_block(t, MS_EV_FREE, 1, 9);
}

static void write_graph(struct small_trace *t, uint8_t reason, const struct ms_unscanned *unscanned, size_t unscanned_count)
{
	struct ms_graph_root roots[] = {
		{.kind = MS_ROOT_DATA, .module = 1, .start = 0x410000, .end = 0x412000},
		{.kind = MS_ROOT_STACK, .thread = 2, .tid = 43, .frame = 2, .start = 0x7f00, .end = 0x7f80},
		{.kind = MS_ROOT_REGISTERS, .thread = 1, .tid = 42, .start = 0, .end = 144},
	};
	struct ms_graph facts = {
		.reason = reason, .complete = true, .time_ns = t->now_ns, .pause_ns = 1234, .scanned_bytes = 8192, .roots = roots,
		.root_count = 3, .unscanned = unscanned, .unscanned_count = unscanned_count,
	};
	uint64_t words[BLOCKS] = {[1] = 0x415010}, offset[EDGES], into[EDGES];
	uint32_t source[EDGES], target[EDGES];
	uint8_t flags[EDGES];
	struct ms_error err = {0};

	for (size_t i = 0; i < EDGES; i++) {
		source[i] = edges[i].source;
		target[i] = edges[i].target;
		offset[i] = edges[i].offset;
		into[i] = edges[i].into;
		flags[i] = edges[i].flags;
	}
	if (ms_writer_graph_begin(t->writer, &facts, &err) ||
	    ms_writer_graph_data(t->writer, &(struct ms_graph_data){.block_count = BLOCKS, .block = ids, .first_word = words}, &err) ||
	    ms_writer_graph_data(t->writer, &(struct ms_graph_data){.edge_count = EDGES, .source = source, .target = target,
	                                                            .source_offset = offset, .target_offset = into, .flags = flags}, &err) ||
	    ms_writer_graph_end(t->writer, &facts, &err))
		fail_msg("%s", err.message);
}

static void write_names(struct small_trace *t)
{
	struct ms_data_symbol names[] = {
		{.address = 0x410000, .size_bytes = 0x20, .module = 1, .name = ms_writer_string(t->writer, "cache", 5)},
		{.address = 0x415000, .size_bytes = 0x28, .module = 1, .name = ms_writer_string(t->writer, "vtable for app::Foo", 19)},
	};

	assert_int_equal(ms_writer_data_symbols(t->writer, names, 2, NULL), MS_OK);
}

static const struct ms_leak *group(const struct ms_report *r, enum ms_leak_kind kind, uint64_t bytes)
{
	for (size_t i = 0; i < r->leaks.leak_count; i++)
		if (r->leaks.leaks[i].kind == kind && r->leaks.leaks[i].bytes == bytes)
			return &r->leaks.leaks[i];
	fail_msg("no group of kind %d with %llu bytes", kind, (unsigned long long)bytes);
	return NULL;
}

static void assert_amount(const struct ms_report *r, enum ms_leak_kind kind, uint64_t blocks, uint64_t bytes)
{
	assert_int_equal(r->leaks.kind[kind].blocks, blocks);
	assert_int_equal(r->leaks.kind[kind].bytes, bytes);
}

static void test_leaks_of_a_heap_on_paper(void **state)
{
	struct small_trace t;
	struct ms_report r;
	const struct ms_leak *l;

	(void)state;
	write_heap(&t);
	write_graph(&t, MS_GRAPH_EXIT, NULL, 0);
	write_names(&t);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_true(r.leaks.observable);
	assert_int_equal(r.leaks.doubts, 0);
	assert_int_equal(r.leaks.unscanned_blocks, 0);
	assert_amount(&r, MS_LEAK_REACHABLE, 4, 100 + 50 + 70 + 80);
	assert_amount(&r, MS_LEAK_POSSIBLE, 1, 60);
	assert_amount(&r, MS_LEAK_DEFINITE, 2, 30 + 10);
	assert_amount(&r, MS_LEAK_INDIRECT, 2, 20 + 11);
	assert_int_equal(r.leaks.cycles, 1);
	assert_int_equal(r.leaks.cycle_blocks, 2);

	/* Same call path, two kinds: the lost one has what hangs on it. */
	l = group(&r, MS_LEAK_DEFINITE, 30);
	assert_int_equal(l->indirect_blocks, 1);
	assert_int_equal(l->indirect_bytes, 20);
	assert_int_equal(l->first_block, 4);
	assert_int_equal(l->first_ns, 40);
	assert_int_equal(l->cycle_count, 0);
	assert_string_equal(ms_report_headline(&r, l->node)->function, "grow");
	/* The cycle stands for itself, with the offsets of its pointers. */
	l = group(&r, MS_LEAK_DEFINITE, 10);
	assert_int_equal(l->in_cycle_blocks, 1);
	assert_int_equal(l->cycle_count, 2);
	assert_int_equal(l->cycle[0].block, 6);
	assert_int_equal(l->cycle[0].offset, 0);
	assert_int_equal(l->cycle[0].target_offset, 8);
	assert_int_equal(l->cycle[1].block, 7);
	assert_int_equal(l->cycle[1].offset, 3);
	assert_int_equal(l->example_address, 0x60000);
	assert_int_equal(l->example_retained_bytes, 21);
	assert_string_equal(group(&r, MS_LEAK_REACHABLE, 230)->fingerprint, "");
	ms_report_free(&r);
	small_trace_free(&t);
}

static const struct ms_finding *finding(const struct ms_report *r, enum ms_finding_kind kind, uint64_t bytes)
{
	for (size_t i = 0; i < r->findings.count; i++)
		if (r->findings.list[i].kind == kind && r->findings.list[i].leaked_bytes == bytes)
			return &r->findings.list[i];
	fail_msg("no such finding");
	return NULL;
}

static const struct ms_detector_result *detector(const struct ms_report *r)
{
	for (size_t i = 0; i < r->findings.detector_count; i++)
		if (strcmp(r->findings.detectors[i].name, "leak") == 0)
			return &r->findings.detectors[i];
	fail_msg("there is no leak detector");
	return NULL;
}

static void test_findings(void **state)
{
	struct small_trace t;
	struct ms_report r;
	const struct ms_finding *f;

	(void)state;
	write_heap(&t);
	write_graph(&t, MS_GRAPH_EXIT, NULL, 0);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(detector(&r)->status, MS_DETECTOR_FOUND);
	assert_int_equal(detector(&r)->found, 5); /* two call paths each but possible */
	assert_int_equal(detector(&r)->checked, BLOCKS);
	f = finding(&r, MS_FINDING_LEAK_DEFINITE, 30);
	assert_int_equal(f->certainty, MS_OBSERVED);
	assert_int_equal(f->severity, MS_SEVERITY_ERROR);
	assert_int_equal(f->cwe, 401);
	assert_int_equal(f->block.id, 4);
	assert_int_equal(f->block.size_bytes, 30);
	assert_int_equal(f->block.birth_kind, MS_EV_MALLOC);
	assert_string_equal(f->message, "1 block with 30 bytes that nothing holds any more; 1 more with 20 bytes hang on it");
	assert_string_equal(f->fingerprint, group(&r, MS_LEAK_DEFINITE, 30)->fingerprint);
	assert_int_equal(finding(&r, MS_FINDING_LEAK_INDIRECT, 20)->severity, MS_SEVERITY_WARNING);
	assert_int_equal(finding(&r, MS_FINDING_LEAK_POSSIBLE, 60)->certainty, MS_INFERRED);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_suppressed_leaks(void **state)
{
	struct ms_suppressions *s;
	struct small_trace t;
	struct ms_report r;
	struct ms_error err;

	(void)state;
	write_heap(&t);
	write_graph(&t, MS_GRAPH_EXIT, NULL, 0);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(ms_suppressions_new(&s, &err), MS_OK);
	assert_int_equal(ms_suppressions_parse(s, "test", "leak:parse\n", &err), MS_OK);
	assert_int_equal(ms_suppress(&r, s, &err), MS_OK);
	assert_int_equal(detector(&r)->found, 3);
	assert_int_equal(detector(&r)->suppressed, 2);
	assert_true(group(&r, MS_LEAK_DEFINITE, 30)->suppressed);
	assert_true(group(&r, MS_LEAK_INDIRECT, 20)->suppressed);
	assert_false(group(&r, MS_LEAK_DEFINITE, 10)->suppressed);
	assert_int_equal(r.leaks.suppressed.blocks, 2);
	assert_int_equal(r.leaks.suppressed.bytes, 50);
	assert_amount(&r, MS_LEAK_DEFINITE, 2, 40); /* what leaked stays what it is */
	ms_suppressions_free(s);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_what_was_not_scanned_weakens(void **state)
{
	const struct ms_unscanned unscanned[] = {{MS_UNSCANNED_THREAD, 43, 0}, {MS_UNSCANNED_RANGE, 0x7000, 4096}, {MS_UNSCANNED_RANGE, 0x9000, 8}};
	struct small_trace t;
	struct ms_report r;

	(void)state;
	write_heap(&t);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 1000); /* alive, but not in the graph */
	write_graph(&t, MS_GRAPH_SIGNAL, unscanned, 3);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(r.leaks.doubts, MS_DOUBT_UNSCANNED_THREADS | MS_DOUBT_UNSCANNED_RANGES | MS_DOUBT_BLOCKS);
	assert_int_equal(r.leaks.unscanned_threads, 1);
	assert_int_equal(r.leaks.unscanned_bytes, 4104);
	assert_int_equal(r.leaks.unscanned_blocks, 1);
	assert_int_equal(finding(&r, MS_FINDING_LEAK_DEFINITE, 30)->certainty, MS_INFERRED);
	assert_string_equal(detector(&r)->reason, "registers and stacks of 1 thread could not be read; 2 ranges of memory (4104 bytes) could not be "
	                                          "read; 1 live block is not in the heap graph");
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_holders(void **state)
{
	struct small_trace t;
	struct ms_report r;
	const struct ms_holding *h;

	(void)state;
	write_heap(&t);
	write_graph(&t, MS_GRAPH_EXIT, NULL, 0);
	write_names(&t);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_true(r.holders.observable);
	assert_int_equal(r.holders.holding_count, 2);
	h = &r.holders.holdings[0];
	assert_int_equal(h->holder.kind, MS_ROOT_DATA);
	assert_string_equal(h->holder.name, "cache");
	assert_string_equal(h->holder.module, "/opt/app");
	assert_int_equal(h->holder.address, 0x410000);
	assert_int_equal(h->retained_blocks, 3);
	assert_int_equal(h->retained_bytes, 210);
	assert_int_equal(h->top_count, 1);
	assert_int_equal(h->top[0].blocks, 3);
	assert_string_equal(h->top[0].type, "app::Foo");
	h = &r.holders.holdings[1];
	assert_int_equal(h->holder.kind, MS_ROOT_STACK);
	assert_string_equal(h->holder.name, "parse(char const*)");
	assert_int_equal(h->holder.tid, 43);
	assert_int_equal(h->retained_bytes, 70);
	/* Data without a symbol and a register lead to the same block: neither keeps it alive alone. */
	assert_int_equal(r.holders.shared_blocks, 1);
	assert_int_equal(r.holders.shared_bytes, 80);
	assert_int_equal(r.holders.lost_bytes, 71);
	assert_int_equal(r.holders.blocks[0].block, 1);
	assert_int_equal(r.holders.blocks[0].retained_bytes, 210);
	assert_int_equal(r.holders.blocks[1].block, 10); /* 2 and 3 hang below 1 and come from the same call path */
	assert_int_equal(r.holders.paths[0].retained_bytes, 210 + 10 + 11 + 80);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_why(void **state)
{
	static const char *const nonsense[] = {"", "x", "12x", "0x", "#", "site:", "-1", "99999999999999999999", "#-3"};
	struct small_trace t;
	struct ms_report r;
	struct ms_why why;
	struct ms_error err;

	(void)state;
	write_heap(&t);
	write_graph(&t, MS_GRAPH_EXIT, NULL, 0);
	write_names(&t);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(ms_why_build(&why, &r, t.trace, "3", NULL), MS_OK);
	assert_int_equal(why.kind, MS_LEAK_POSSIBLE);
	assert_true(why.from_root);
	assert_string_equal(why.holder.name, "cache");
	assert_int_equal(why.step_count, 3);
	assert_int_equal(why.steps[0].offset, 0x10);
	assert_int_equal(why.steps[1].offset, 8);
	assert_int_equal(why.steps[1].block.block, 2);
	assert_string_equal(why.steps[1].block.type, "app::Foo");
	assert_int_equal(why.steps[2].target_offset, 16);
	assert_false(why.steps[2].start_pointer);
	assert_int_equal(why.pointers, 1);
	ms_why_free(&why);
	/* An address inside a block; a lost block begins at its head. */
	assert_int_equal(ms_why_build(&why, &r, t.trace, "0x50013", NULL), MS_OK);
	assert_int_equal(why.kind, MS_LEAK_INDIRECT);
	assert_false(why.from_root);
	assert_int_equal(why.step_count, 2);
	assert_int_equal(why.steps[0].block.block, 4);
	assert_int_equal(why.steps[1].offset, 8);
	ms_why_free(&why);
	/* A site: its block that retains most. */
	assert_int_equal(ms_why_build(&why, &r, t.trace, "site:2", NULL), MS_OK);
	assert_int_equal(why.site_node, 2);
	assert_int_equal(why.steps[why.step_count - 1].block.node, 2);
	assert_true(why.site_blocks > 0);
	ms_why_free(&why);
	for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
		assert_int_equal(ms_why_build(&why, &r, t.trace, nonsense[i], &err), MS_E_ARGUMENT);
	assert_int_equal(ms_why_build(&why, &r, t.trace, "9", &err), MS_E_ARGUMENT); /* freed */
	assert_non_null(strstr(err.message, "was not alive"));
	assert_int_equal(ms_why_build(&why, &r, t.trace, "0x50014", &err), MS_E_ARGUMENT);
	assert_int_equal(ms_why_build(&why, &r, t.trace, "#400", &err), MS_E_ARGUMENT);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* What --why prints begins like this. */
static void why_begins(const struct ms_report *r, const struct ms_trace *trace, const char *block, const char *expected)
{
	struct ms_text_options options = {.width = 100};
	char text[4096] = "";
	struct ms_why why;
	FILE *f = fmemopen(text, sizeof text, "w");

	assert_non_null(f);
	assert_int_equal(ms_why_build(&why, r, trace, block, NULL), MS_OK);
	assert_int_equal(ms_render_why_text(f, r, &why, &options, NULL), MS_OK);
	fclose(f);
	ms_why_free(&why);
	text[strlen(expected)] = '\0';
	assert_string_equal(text, expected);
}

static void test_why_as_text(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	write_heap(&t);
	write_graph(&t, MS_GRAPH_EXIT, NULL, 0);
	write_names(&t);
	small_trace_report(&t, &small_trace_exited, &r);
	why_begins(&r, t.trace, "10", "block 10 is still reachable; pointed to from 2 places\n\n  data without a name in app\n    at +");
	why_begins(&r, t.trace, "1", "block 1 is still reachable; pointed to from 1 place\n\n  global cache in app\n    at +");
	why_begins(&r, t.trace, "4", "block 4 is lost: nothing points to it\n\n  block 4, ");
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_no_graph_is_not_observable(void **state)
{
	static const struct {
		struct ms_end end;
		const char *reason;
	} cases[] = {
		{{.ended = MS_ENDED_EXITED}, "it was recorded without a heap graph"},
		{{.ended = MS_ENDED_SIGNALED, .term_signal = 9}, "the program was killed by a signal"},
		{{.ended = MS_ENDED_RUNNING}, "the program was still running"},
	};

	(void)state;
	for (size_t i = 0; i <= sizeof cases / sizeof *cases; i++) {
		const struct ms_end *end = i < sizeof cases / sizeof *cases ? &cases[i].end : NULL;
		const char *reason = end ? cases[i].reason : "the record ends before the program did";
		struct small_trace t;
		struct ms_report r;
		struct ms_why why;

		write_heap(&t);
		small_trace_report(&t, end, &r);
		assert_false(r.leaks.observable);
		assert_false(r.holders.observable);
		assert_true(strncmp(r.leaks.reason, reason, strlen(reason)) == 0);
		assert_int_equal(r.leaks.alive.blocks, 9);
		assert_int_equal(r.leaks.alive.bytes, 431);
		assert_int_equal(r.findings.count, 0);
		assert_int_equal(detector(&r)->status, MS_DETECTOR_NOT_OBSERVABLE);
		assert_int_equal(ms_why_build(&why, &r, t.trace, "1", NULL), MS_E_NOT_FOUND);
		ms_report_free(&r);
		small_trace_free(&t);
	}
}

/* What the old image pointed to says nothing about the new one. */
static void test_exec_after_the_graph(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	write_heap(&t);
	write_graph(&t, MS_GRAPH_SIGNAL, NULL, 0);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_IMAGE_START, .thread = 1});
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 7);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_false(r.leaks.observable);
	assert_int_equal(r.leaks.graph_count, 1);
	assert_non_null(strstr(r.leaks.reason, "exec"));
	assert_int_equal(r.leaks.alive.bytes, 7);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* A graph that makes no sense but is well formed: a block that was freed, one block twice, roots of nobody, offsets beyond blocks. */
static void test_a_graph_of_nonsense(void **state)
{
	static const uint64_t odd_ids[] = {1, 1, 9, 10, 5};
	struct ms_graph_root roots[] = {
		{.kind = MS_ROOT_REGISTERS, .tid = 5, .start = 0, .end = 144},
		{.kind = MS_ROOT_STACK, .start = 0, .end = 64},
		{.kind = MS_ROOT_DATA, .start = UINT64_MAX - 64, .end = UINT64_MAX},
		{.kind = MS_ROOT_MAPPING, .start = 0, .end = 64},
	};
	struct ms_graph facts = {.reason = MS_GRAPH_CRASH, .roots = roots, .root_count = 4, .time_ns = 1};
	uint32_t source[] = {0, 1, 5, 6, 7, 8}, target[] = {0, 4, 2, 2, 3, 3};
	uint64_t offset[] = {UINT64_MAX - 8, 0, 8, 8, 8, 8}, into[] = {0, 0, UINT64_MAX, 0, 0, 0};
	struct ms_text_options text_options = {.width = 100, .sections = UINT32_MAX};
	struct small_trace t;
	struct ms_report r;
	struct ms_error err;
	struct ms_why why;
	FILE *f = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(f);
	write_heap(&t);
	if (ms_writer_graph_begin(t.writer, &facts, &err) ||
	    ms_writer_graph_data(t.writer, &(struct ms_graph_data){.block_count = 5, .block = odd_ids}, &err) ||
	    ms_writer_graph_data(t.writer, &(struct ms_graph_data){.edge_count = 6, .source = source, .target = target,
	                                                           .source_offset = offset, .target_offset = into}, &err) ||
	    ms_writer_graph_end(t.writer, &facts, &err))
		fail_msg("%s", err.message);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_true(r.leaks.observable);
	assert_int_equal(r.leaks.doubts, MS_DOUBT_INCOMPLETE | MS_DOUBT_BLOCKS | MS_DOUBT_UNKNOWN);
	assert_int_equal(r.leaks.unknown_blocks, 1);
	assert_int_equal(ms_render_text(f, &r, &text_options, &err), MS_OK);
	assert_int_equal(ms_render_json(f, &r, &(struct ms_json_options){.top = 0}, &err), MS_OK);
	for (unsigned i = 0; i < sizeof odd_ids / sizeof *odd_ids; i++) {
		char id[24];

		snprintf(id, sizeof id, "%llu", (unsigned long long)odd_ids[i]);
		assert_int_equal(ms_why_build(&why, &r, t.trace, id, &err), MS_OK);
		assert_int_equal(ms_render_why_text(f, &r, &why, &text_options, &err), MS_OK);
		assert_int_equal(ms_render_why_json(f, &r, &why, &err), MS_OK);
		ms_why_free(&why);
	}
	ms_report_free(&r);
	small_trace_free(&t);
	fclose(f);
}

/* ---- growth --------------------------------------------------------------------------------------------------------- */

/* 20 s: stack 2 keeps a block of 100 bytes per turn, stack 3 builds up as much and tears it down again in each window. */
static void grow(struct small_trace *t, unsigned turns, uint64_t turn_ns, bool fall)
{
	uint64_t id = 0, kept = 0;

	small_trace_start(t);
	for (unsigned i = 0; i < turns; i++) {
		t->now_ns = i * turn_ns;
		for (unsigned k = 0; k < 2; k++) { /* more blocks than small_trace numbers */
			id++;
			small_trace_event(t, &(struct ms_event){.kind = MS_EV_MALLOC, .thread = 1, .stack = 2 + k, .size_bytes = 100, .block = id,
			                                        .address = 0x1000 * id});
			if (k == 1 || (fall && i == turns * 3 / 4))
				small_trace_event(t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .size_bytes = 100, .block = id,
				                                        .address = 0x1000 * id});
			else
				kept = id;
		}
		if (fall && i == turns * 3 / 4)
			for (unsigned k = 0; k < 200; k++, kept -= 2) /* ids of stack 2 are odd */
				small_trace_event(t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .size_bytes = 100, .block = kept,
				                                        .address = 0x1000 * kept});
	}
	t->now_ns = turns * turn_ns;
}

static void test_growth(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	grow(&t, 2000, 10000000, false);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_true(r.growth.observable);
	assert_int_equal(r.growth.windows, 16);
	assert_int_equal(r.growth.sites_checked, 2);
	assert_int_equal(r.growth.site_count, 1);
	assert_string_equal(ms_report_headline(&r, r.growth.sites[0].node)->function, "grow");
	assert_int_equal(r.growth.sites[0].rises, 15);
	assert_in_range(r.growth.sites[0].from_bytes, 99800, 100200); /* the level when the second half began */
	assert_in_range(r.growth.sites[0].to_bytes, 193000, 194200);  /* and when the last window began */
	assert_int_equal(r.growth.sites[0].to_blocks, 2000);
	assert_int_equal(r.findings.count, 0); /* a suspicion is no finding */
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_no_growth(void **state)
{
	struct small_trace t;
	struct ms_report r;

	(void)state;
	grow(&t, 2000, 10000000, true); /* it falls once */
	small_trace_report(&t, &small_trace_exited, &r);
	assert_true(r.growth.observable);
	assert_int_equal(r.growth.site_count, 0);
	ms_report_free(&r);
	small_trace_free(&t);
	grow(&t, 2000, 1000000, false); /* 2 s */
	small_trace_report(&t, &small_trace_exited, &r);
	assert_false(r.growth.observable);
	assert_string_equal(r.growth.reason, "the run is shorter than 10 s");
	ms_report_free(&r);
	small_trace_free(&t);
	grow(&t, 200, 100000000, false); /* 20 s, but 300 events in its second half */
	small_trace_report(&t, &small_trace_exited, &r);
	assert_false(r.growth.observable);
	ms_report_free(&r);
	small_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaks_of_a_heap_on_paper),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_what_was_not_scanned_weakens),
		cmocka_unit_test(test_suppressed_leaks),
		cmocka_unit_test(test_holders),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_why_as_text),
		cmocka_unit_test(test_no_graph_is_not_observable),
		cmocka_unit_test(test_exec_after_the_graph),
		cmocka_unit_test(test_a_graph_of_nonsense),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_no_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
