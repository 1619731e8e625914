/* test_suppressions.c - both syntaxes, what they match, what is unused; conditions, baselines, and suppressions that we write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyze/baseline.h"
#include "analyze/embedded_suppressions.h"
#include "analyze/gate.h"
#include "analyze/suppressions.h"
#include "format/evidence.h"
#include "render/json.h"
#include "render/suppression_file.h"
#include "small_trace.h"

static struct small_trace t;
static struct ms_report report;
static const struct ms_process whole; /* no sample */

/*
 * Three findings: a double free (error stack main > parse > grow, of a block of main > grow), an overflow by memcpy
 * (main > grow), and damage to a block of main > operator new.
 */
static int setup(void **state)
{
	static const uint8_t bytes[1] = {1};
	uint64_t a, b, c;

	(void)state;
	small_trace_start_as(&t, &(struct ms_process){.guard = MS_GUARD_CANARY, .free_stacks = true});
	a = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	b = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	c = small_trace_alloc(&t, MS_EV_NEW, 1, 4, 40);
	small_trace_free_block(&t, MS_EV_FREE, 1, a);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .stack = 3, .address = 0x10000 * a});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_EVIDENCE, .thread = 1, .arg = {ms_writer_evidence(t.writer,
		&(struct ms_evidence){.kind = MS_EVIDENCE_BOUNDS, .access = MS_ACCESS_WRITE, .address = 0x10000 * b + 40,
		                      .length_bytes = 4, .stack = 2, .block_address = 0x10000 * b, .block_bytes = 40,
		                      .function = ms_writer_string(t.writer, "memcpy", 6)})}});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_EVIDENCE, .thread = 1, .arg = {ms_writer_evidence(t.writer,
		&(struct ms_evidence){.kind = MS_EVIDENCE_DAMAGE, .check = MS_CHECK_EXIT, .address = 0x10000 * c - 1, .length_bytes = 1,
		                      .stack = 1, .block_address = 0x10000 * c, .block_bytes = 40, .bytes = bytes, .byte_count = 1})}});
	small_trace_report(&t, &small_trace_exited, &report);
	assert_int_equal(report.findings.count, 3);
	assert_int_equal(report.findings.errors, 3);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ms_report_free(&report);
	small_trace_free(&t);
	return 0;
}

/* Which findings the text suppresses, as bits by kind. */
static uint32_t suppressed(const char *text)
{
	struct ms_suppressions *s;
	struct ms_error err = {0};
	uint32_t bits = 0;

	assert_int_equal(ms_suppressions_new(&s, &err), MS_OK);
	if (ms_suppressions_parse(s, "file", text, &err) || ms_suppress(&report, s, &err))
		fail_msg("%s", err.message);
	ms_suppressions_free(s);
	for (size_t i = 0; i < report.findings.count; i++)
		if (report.findings.list[i].suppressed_by)
			bits |= 1u << report.findings.list[i].kind;
	for (size_t i = 0; i < report.findings.suppression_count; i++) {
		free(report.findings.suppressions[i].name);
		free(report.findings.suppressions[i].file);
	}
	free(report.findings.suppressions);
	report.findings.suppressions = NULL;
	report.findings.suppression_count = 0;
	return bits;
}

#define DOUBLE (1u << MS_FINDING_DOUBLE_FREE)
#define OVER (1u << MS_FINDING_HEAP_OVERFLOW)
#define UNDER (1u << MS_FINDING_HEAP_UNDERFLOW)

static void test_valgrind(void **state)
{
	static const struct {
		const char *text;
		uint32_t bits;
	} cases[] = {
		{"{\n name\n Memcheck:Free\n fun:free\n fun:grow\n fun:parse\n fun:main\n}\n", DOUBLE},
		{"{\n name\n Memcheck:Free\n fun:grow\n}\n", DOUBLE},                     /* without the family's function */
		{"{\n name\n Memcheck:Free\n fun:free\n fun:g?ow\n ...\n fun:ma*\n}", DOUBLE},
		{"{\n name\n Memcheck:Free\n ...\n fun:parse(char const*)\n}", DOUBLE},
		{"{\n name\n Memcheck:Free\n fun:parse\n}", 0},                           /* not innermost */
		{"{\n name\n Memcheck:Free\n fun:free\n fun:main\n}", 0},
		{"{\n name\n Memcheck:Free\n fun:realloc\n fun:grow\n}", 0},
		{"{\n name\n Memcheck:Free\n fun:grow\n fun:parse\n fun:main\n fun:more\n}", 0},
		{"{\n name\n Memcheck:Free\n ...\n obj:/opt/app\n}", DOUBLE},
		{"{\n name\n Memcheck:Free\n ...\n obj:*.so\n}", 0},
		{"{\n name\n Memcheck:Free\n fun:grow\n src:app.cc:20\n}", DOUBLE},
		{"{\n name\n Memcheck:Free\n fun:grow\n src:app.cc:21\n}", 0},
		{"{\n name\n Memcheck:Addr4\n fun:memcpy\n fun:grow\n fun:main\n}", OVER},
		{"{\n name\n Memcheck:Addr1\n fun:grow\n}", OVER},                        /* whatever the size */
		{"{\n name\n Memcheck:Addr8\n ...\n}", OVER | UNDER},
		{"{\n name\n Memcheck:Addr8\n fun:_Znwm\n fun:operator new\n fun:main\n}", UNDER}, /* damage: its allocation */
		{"{\n name\n Memcheck:Leak\n ...\n}", 0},
		{"{\n name\n Memcheck:Cond\n ...\n}", 0},
		{"{\n name\n Memcheck:Param\n write(buf)\n ...\n}", 0},
		{"{\n name\n Helgrind:Free\n ...\n}", 0},
		{"{\n name\n Helgrind,Memcheck:Free\n ...\n}", DOUBLE},
		{"# comment\n\n  {\n  name\n  # inside\n  Memcheck:Free\n  ...\n  }\n", DOUBLE},
		{"leak:grow\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t bits = suppressed(cases[i].text);

		if (bits != cases[i].bits)
			fail_msg("%s suppresses %x, not %x", cases[i].text, bits, cases[i].bits);
	}
}

static void test_leaks(void **state)
{
	static const struct {
		const char *text;
		bool matches;
	} cases[] = {
		{"leak:grow", true}, {"leak:^grow$", true}, {"leak:^gro", true}, {"leak:row$", true}, {"leak:^row", false},
		{"leak:g*w", true}, {"leak:app.cc", true}, {"leak:/opt/app", true}, {"leak:parse", false}, {"leak:malloc", false},
		{"{\n n\n Memcheck:Leak\n match-leak-kinds: definite\n fun:malloc\n fun:grow\n}", true},
		{"{\n n\n Memcheck:Leak\n match-leak-kinds: possible,indirect\n fun:malloc\n fun:grow\n}", false},
		{"{\n n\n Memcheck:Leak\n match-leak-kinds: all\n ...\n fun:main\n}", true},
		{"{\n n\n Memcheck:Leak\n match-leak-kinds: reachable\n ...\n}", false},
	};
	uint32_t node = 0;

	(void)state;
	for (size_t i = 0; i < report.site_count; i++)
		if (report.sites[i].allocations == 2)
			node = report.sites[i].node;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ms_suppressions *s;
		struct ms_error err = {0};

		assert_int_equal(ms_suppressions_new(&s, &err), MS_OK);
		if (ms_suppressions_parse(s, "file", cases[i].text, &err))
			fail_msg("%s", err.message);
		if ((ms_suppressions_match(s, &report, MS_FINDING_LEAK_DEFINITE, MS_EV_MALLOC, node) != 0) != cases[i].matches)
			fail_msg("%s", cases[i].text);
		assert_int_equal(ms_suppressions_match(s, &report, MS_FINDING_DOUBLE_FREE, MS_EV_FREE, node), 0);
		ms_suppressions_free(s);
	}
}

static void test_errors(void **state)
{
	static const char *const texts[][2] = {
		{"leak:x\nnonsense\n", "file:2"}, {"{\n", "file:1"}, {"{\n}\n", "file:2"}, {"{\n n\n}\n", "file:3"},
		{"{\n n\n Memcheck:Free\n}\n", "at least one frame"}, {"{\n n\n Memcheck:Free\n fun:x\n", "file:4"},
		{"{\n n\n Memcheck:Free\n what\n}\n", "file:4"}, {"leak:\n", "file:1"},
		{"{\n n\n Memcheck:Leak\n match-leak-kinds: some\n ...\n}", "file:4"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct ms_suppressions *s;
		struct ms_error err = {0};

		assert_int_equal(ms_suppressions_new(&s, &err), MS_OK);
		assert_int_equal(ms_suppressions_parse(s, "file", texts[i][0], &err), MS_E_ARGUMENT);
		if (!strstr(err.message, texts[i][1]))
			fail_msg("'%s' for %s", err.message, texts[i][0]);
		ms_suppressions_free(s);
	}
}

static void test_counts(void **state)
{
	struct ms_suppressions *s;
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_suppressions_new(&s, &err), MS_OK);
	assert_int_equal(ms_suppressions_parse(s, "one.supp", "{\nmine\nMemcheck:Free\n...\n}\nleak:never\n", &err), MS_OK);
	assert_int_equal(ms_suppress(&report, s, &err), MS_OK);
	ms_suppressions_free(s);
	assert_int_equal(report.findings.suppression_count, 2);
	assert_string_equal(report.findings.suppressions[0].name, "mine");
	assert_int_equal(report.findings.suppressions[0].findings, 1);
	assert_string_equal(report.findings.suppressions[1].name, "leak:never");
	assert_int_equal(report.findings.suppressions[1].findings, 0);
	assert_int_equal(report.findings.suppressions[1].line, 6);
	assert_int_equal(report.findings.errors, 2);
	assert_int_equal(report.findings.suppressed, 1);
	for (size_t i = 0; i < report.findings.detector_count; i++)
		if (strcmp(report.findings.detectors[i].name, "double-free") == 0) {
			assert_int_equal(report.findings.detectors[i].found, 0);
			assert_int_equal(report.findings.detectors[i].suppressed, 1);
		}
}

/* What we write suppresses just what it was written for. */
static void test_generated(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_render_suppressions(f, &report, &err), MS_OK);
	fclose(f);
	assert_int_equal(suppressed(text), DOUBLE | OVER | UNDER);
	assert_non_null(strstr(text, "   Memcheck:Free\n   fun:free\n   fun:grow\n   fun:parse(char const*)\n   fun:main\n}\n"));
	assert_non_null(strstr(text, "   Memcheck:Addr4\n   fun:memcpy\n   fun:grow\n   fun:main\n}\n"));
	*strstr(text, "# heap-overflow") = '\0';
	assert_int_equal(suppressed(text), DOUBLE);
	free(text);
}

static void test_globs(void **state)
{
	(void)state;
	assert_true(ms_glob("", ""));
	assert_true(ms_glob("*", ""));
	assert_true(ms_glob("a*b*c", "aXbYbZc"));
	assert_false(ms_glob("a*b*c", "aXbYbZcd"));
	assert_true(ms_glob("?x", "yx"));
	assert_false(ms_glob("?", ""));
	assert_false(ms_glob("a", "ab"));
}

static void test_gates(void **state)
{
	static const struct {
		const char *text;
		int holds;                       /* -1: no condition */
	} cases[] = {
		{"findings>0", 1}, {"findings>2", 1}, {"findings>3", 0}, {"findings>=3", 1}, {"findings==3", 1}, {"findings!=3", 0},
		{"findings<3", 0}, {"findings<=3", 1}, {"double-free>0", 1}, {"double-free > 0", 1}, {"use-after-free>0", 0},
		{"peak>64MiB", 0}, {"peak>=120B", 1}, {"peak<1KiB", 1}, {"live-blocks>=10", 0}, {"live-blocks==2", 1}, {"errors>0", 1},
		{"warnings>0", 0}, {"lost-events==0", 1}, {"unmatched-frees==1", 1}, {"allocations==3", 1},
		{"nonsense>0", -1}, {"findings", -1}, {"findings>", -1}, {"findings>x", -1}, {"findings>1kB", -1}, {"", -1},
		{">0", -1}, {"peak>99999999999999999999", -1}, {"peak>99999999TiB", -1}, {"findings>-1", -1}, {"findings=3", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ms_gate gate;
		struct ms_error err;
		uint64_t value;
		int rc = ms_gate_parse(&gate, cases[i].text, &err);

		if ((rc == MS_OK) != (cases[i].holds >= 0) || (rc && rc != MS_E_ARGUMENT))
			fail_msg("%s: status %d", cases[i].text, rc);
		if (rc == MS_OK && ms_gate_holds(&gate, &report, &value) != cases[i].holds)
			fail_msg("%s: value %llu", cases[i].text, (unsigned long long)value);
	}
}

/* What a trace cannot show is neither true nor false. */
static void test_what_cannot_be_judged(void **state)
{
	struct ms_detector_result detectors[] = {
		{.name = "double-free", .kinds = 1u << MS_FINDING_DOUBLE_FREE, .status = MS_DETECTOR_CLEAN, .reason = (char *)""},
		{.name = "leak", .kinds = 1u << MS_FINDING_LEAK_DEFINITE, .status = MS_DETECTOR_NOT_OBSERVABLE, .reason = (char *)"it was killed"},
		{.name = "overflow", .kinds = 1u << MS_FINDING_HEAP_OVERFLOW, .status = MS_DETECTOR_NOT_OBSERVABLE, .reason = (char *)"record with --guard=full"},
	};
	static const struct {
		const char *text;
		enum ms_gate_verdict verdict;
		const char *says;
	} cases[] = {
		{"leak-definite>0", MS_GATE_UNKNOWN, "it was killed; --graph=exit"}, {"leak-definite==0", MS_GATE_UNKNOWN, "--graph=exit"},
		{"leak-definite-bytes>1", MS_GATE_UNKNOWN, "--graph=exit"}, {"heap-overflow>0", MS_GATE_UNKNOWN, "--guard=full"},
		{"double-free>7", MS_GATE_FAILS, "it is 0"}, {"double-free==0", MS_GATE_HOLDS, "it is 0"}, {"findings>0", MS_GATE_FAILS, "it is 0"},
	};
	struct ms_report blind = {.trace.process = &whole, .findings = {.detectors = detectors, .detector_count = 3}};
	char text[MS_GATE_TEXT];
	struct ms_gate gate;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(ms_gate_parse(&gate, cases[i].text, NULL), MS_OK);
		assert_int_equal(ms_gate_judge(&gate, &blind, text), cases[i].verdict);
		if (!strstr(text, cases[i].says))
			fail_msg("%s: %s", cases[i].text, text);
	}
	assert_int_equal(ms_gate_kinds(&blind), 1u << MS_FINDING_DOUBLE_FREE);
	assert_true(ms_gate_note(&gate, ms_gate_kinds(&blind), text));
	assert_non_null(strstr(text, "heap-overflow"));
	assert_null(strstr(text, "double-free"));
	assert_false(ms_gate_note(&gate, (1u << MS_FINDING_KIND_COUNT) - 1, text));
	assert_int_equal(ms_gate_parse(&gate, "peak>1", NULL), MS_OK);
	assert_false(ms_gate_note(&gate, 0, text));
}

/* Where a person looks first: the call path with the largest part of a sum, the first finding that counts. */
static void test_where_to_look(void **state)
{
	struct ms_report_site sites[] = {
		{.node = 1, .peak_bytes = 5, .allocations = 9, .live_blocks = 1}, {.node = 2, .peak_bytes = 70, .allocations = 9, .live_bytes = 3},
		{.node = 3, .peak_bytes = 6, .reallocations = 4, .allocated_bytes = 8, .temporary_allocations = 2},
	};
	struct ms_finding found[] = {
		{.kind = MS_FINDING_DOUBLE_FREE, .severity = MS_SEVERITY_ERROR, .is_new = true, .suppressed_by = 1},
		{.kind = MS_FINDING_LEAK_POSSIBLE, .severity = MS_SEVERITY_WARNING, .is_new = true},
		{.kind = MS_FINDING_DOUBLE_FREE, .severity = MS_SEVERITY_ERROR, .is_new = true},
	};
	struct ms_report r = {.trace.process = &whole, .sites = sites, .site_count = 3, .findings = {.list = found, .count = 3}, .totals = {.peak_bytes = 81}};
	static const struct {
		const char *text;
		int site, finding;
		uint64_t share;
		bool bytes;
	} cases[] = {
		{"peak>0", 1, -1, 70, true}, {"allocations>0", 0, -1, 9, false}, {"reallocations>0", 2, -1, 4, false}, {"live-blocks>0", 0, -1, 1, false},
		{"live-bytes>0", 1, -1, 3, true}, {"allocated-bytes>0", 2, -1, 8, true}, {"temporary>0", 2, -1, 2, false},
		{"leak-definite-bytes>0", -1, -1, 0, true}, {"lost-events>0", -1, -1, 0, false}, {"findings>0", -1, 1, 0, false}, {"errors>0", -1, 2, 0, false},
		{"warnings>0", -1, 1, 0, false}, {"double-free>0", -1, 2, 0, false}, {"invalid-free>0", -1, -1, 0, false},
	};
	char text[MS_GATE_TEXT];
	struct ms_gate gate;
	struct ms_error err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t share;
		const struct ms_report_site *site;
		const struct ms_finding *finding;

		assert_int_equal(ms_gate_parse(&gate, cases[i].text, &err), MS_OK);
		site = ms_gate_largest(gate.quantity, &r, &share);
		finding = ms_gate_example(gate.quantity, &r);
		if ((site ? site - sites : -1) != cases[i].site || share != cases[i].share)
			fail_msg("%s: site %d, share %d", cases[i].text, site ? (int)(site - sites) : -1, (int)share);
		if ((finding ? finding - found : -1) != cases[i].finding)
			fail_msg("%s: finding %d", cases[i].text, finding ? (int)(finding - found) : -1);
		assert_int_equal(ms_gate_is_bytes(gate.quantity), cases[i].bytes);
	}
	assert_int_equal(ms_gate_parse(&gate, "peak>80B", &err), MS_OK);
	assert_int_equal(ms_gate_judge(&gate, &r, text), MS_GATE_HOLDS);
	assert_string_equal(text, "it is 81 bytes");
	/* What belongs to memscope-diff is named. */
	assert_int_equal(ms_gate_parse(&gate, "peak>+5%", &err), MS_E_ARGUMENT);
	assert_non_null(strstr(err.message, "memscope-diff"));
	assert_int_equal(ms_gate_parse(&gate, "new:errors>0", &err), MS_E_ARGUMENT);
	assert_non_null(strstr(err.message, "memscope-diff"));
}

/* Of what the report of before knows, nothing counts; suppressed findings do not count either. */
static void test_baseline(void **state)
{
	char path[] = "/tmp/memscope-baseline-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	struct ms_gate gate;
	struct ms_error err;
	uint64_t value;

	(void)state;
	report.findings.count = 2; /* one finding is not in it */
	assert_int_equal(ms_render_json(f, &report, &(struct ms_json_options){.top = 1}, &err), MS_OK);
	fclose(f);
	report.findings.count = 3;
	assert_int_equal(ms_baseline_apply(&report, path, &err), MS_OK);
	assert_false(report.findings.list[0].is_new);
	assert_false(report.findings.list[1].is_new);
	assert_true(report.findings.list[2].is_new);
	assert_int_equal(ms_gate_parse(&gate, "findings>0", &err), MS_OK);
	assert_true(ms_gate_holds(&gate, &report, &value));
	assert_int_equal(value, 1);
	report.findings.list[2].suppressed_by = 1;
	assert_false(ms_gate_holds(&gate, &report, &value));
	f = fopen(path, "w");
	fputs("{\"findings\": [{}]}", f);
	fclose(f);
	assert_int_equal(ms_baseline_apply(&report, path, &err), MS_E_CORRUPT);
	f = fopen(path, "w");
	fputs("no report", f);
	fclose(f);
	assert_int_equal(ms_baseline_apply(&report, path, &err), MS_E_CORRUPT);
	unlink(path);
	assert_int_equal(ms_baseline_apply(&report, path, &err), MS_E_IO);
}

static void test_returned_constant(void **state)
{
	static const struct {
		const char *code;
		size_t size;
		uint64_t value;
	} cases[] = {
		{"\x48\x8d\x05\x10\x00\x00\x00\xc3", 8, 0x1000 + 7 + 0x10},
		{"\x48\x8d\x05\xf0\xff\xff\xff\xc3", 8, 0x1000 + 7 - 0x10},
		{"\xf3\x0f\x1e\xfa\x55\x48\x89\xe5\x48\x8d\x05\x01\x00\x00\x00\x5d\xc3", 17, 0x1000 + 15 + 1},
		{"\xb8\x34\x12\x40\x00\xc3", 6, 0x401234},
		{"\x48\xc7\xc0\x34\x12\x40\x00\xc3", 8, 0x401234},
		{"\x48\x8d\x05\x10\x00\x00\x00\x90", 8, 0},      /* goes on */
		{"\x48\x8d\x05\x10\x00\x00\x00", 7, 0},          /* cut */
		{"\x55\x48\x89\xe5\xb8\x34\x12\x40\x00\xc3", 10, 0}, /* the frame is not left */
		{"\xe8\x34\x12\x40\x00\xc3", 6, 0}, {"", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(ms_returned_constant((const uint8_t *)cases[i].code, cases[i].size, 0x1000), cases[i].value);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_valgrind), TEST(test_leaks), TEST(test_errors), TEST(test_counts), TEST(test_generated), TEST(test_globs),
		TEST(test_gates), TEST(test_what_cannot_be_judged), TEST(test_where_to_look), TEST(test_baseline), TEST(test_returned_constant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
