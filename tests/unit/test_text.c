/* test_text.c - the text report, whole, of a trace that can be checked by eye; and its options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/text.h"
#include "small_trace.h"

static struct small_trace t;
static struct ms_report report;

/* main keeps 2 MiB, parse grows a buffer by realloc, a worker frees blocks of main, one block is temporary. */
static int make_report(void **state)
{
	uint64_t a, b, c;
	uint32_t name;

	(void)state;
	small_trace_start(&t);
	name = ms_writer_string(t.writer, "work\033[31mer", 11);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_THREAD_NAME, .thread = 2, .arg = {name}});
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 2 << 20);
	a = small_trace_alloc(&t, MS_EV_NEW, 1, 4, 100000);
	small_trace_free_block(&t, MS_EV_DELETE, 2, a);
	b = small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 1000);
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, 1, b);
	b = small_trace_alloc(&t, MS_EV_REALLOC, 1, 3, 3000);
	c = small_trace_alloc(&t, MS_EV_CALLOC, 2, 2, 24);
	small_trace_free_block(&t, MS_EV_FREE, 2, c);
	small_trace_free_block(&t, MS_EV_FREE, 1, b);
	small_trace_free_block(&t, MS_EV_FREE, 1, 0);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MMAP, .thread = 1, .size_bytes = 8192, .arg = {3, 0x22}});
	small_trace_report(&t, &small_trace_exited, &report);
	report.trace.file_bytes = 1234; /* the only number here that depends on the compressor */
	return 0;
}

static int free_report(void **state)
{
	(void)state;
	ms_report_free(&report);
	small_trace_free(&t);
	return 0;
}

static char *render(const struct ms_text_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct ms_error err;

	assert_int_equal(ms_render_text(f, &report, options, &err), MS_OK);
	fclose(f);
	return text;
}

static const char whole[] =
	"./app -x\n"
	"process 42 on box, 2026-01-01 00:00:00 UTC, 130 ns, exited with status 0\n"
	"app.ms: 12 events in 1.21 KiB, 102.83 bytes per event\n"
	"\n"
	"QUALITY  complete: every event from start to end is in the trace\n"
	"  ! 1 free of unknown blocks, from 110 ns to 110 ns after the start\n"
	"  lost events 0, unmatched frees 1, sampling none, guard none\n"
	"  frames with a function name: 100 % of 4, weighted by blocks 100 %\n"
	"\n"
	"HEAP ERRORS  none found where they can be seen\n"
	"  double-free         none found, among 4 frees: 1 free of unknown blocks could not be judged\n"
	"  invalid-free        none found, among 5 frees: 1 free of unknown blocks could not be judged\n"
	"  mismatched-free     none found, among 4 frees\n"
	"  realloc-after-free  none found, among 1 realloc: 1 free of unknown blocks could not be judged\n"
	"  overflow            not observable: record with --guard=canary or --guard=full\n"
	"  use-after-free      not observable: record with --guard=canary or --guard=full\n"
	"  leak                not observable: it was recorded without a heap graph (--graph=exit takes one)\n"
	"  safety              facts of 4 frees, no findings: 1 freed by another thread; modules need\n"
	"                      --free-stacks\n"
	"\n"
	"TOTALS\n"
	"  peak                 2.10 MiB  in 2 blocks, after 30 ns\n"
	"  alive at end         2.00 MiB  in 1 block\n"
	"  allocated            2.10 MiB  by 4 allocations and 1 reallocation\n"
	"  freed                 102 KiB  by 3 frees and 1 reallocation\n"
	"  temporary                   2  of 5 blocks (40.0 %), freed by their thread's next event\n"
	"\n"
	"  @@@@\n"
	"  0 s       130 ns\n"
	"\n"
	"PEAK  what the 2.10 MiB after 30 ns were made of\n"
	"   share  at the peak  blocks  paths  site  where\n"
	"  95.4 %     2.00 MiB       1      1    #2  grow (app.cc:30)\n"
	"   4.6 %     97.7 KiB       1      1    #5  main (app.cc:10)\n"
	"\n"
	"LEAKS  not observable: it was recorded without a heap graph (--graph=exit takes one)\n"
	"  which of the 2.00 MiB in 1 block that were alive at the end leaked is not known\n"
	"\n"
	"ALIVE AT THE END  2.00 MiB in 1 block\n"
	"  share     alive  blocks  of begun  paths  site  where\n"
	"  100 %  2.00 MiB       1    25.0 %      1    #2  grow (app.cc:30)\n"
	"\n"
	"TEMPORARY  2 blocks freed at once\n"
	"  temporary  of begun  begun  paths  site  where\n"
	"          2    50.0 %      4      2    #2  grow (app.cc:30)\n"
	"\n"
	"THREADS  what each allocated; how many blocks it ended, of its own and of others\n"
	"  allocated  blocks  own peak     alive  temporary  ended own  of others  thread\n"
	"   2.10 MiB       4  2.10 MiB  2.00 MiB          1          2          0  42 main\n"
	"       24 B       1      24 B       0 B          1          1          1  43 work\\x1b[31mer\n"
	"\n"
	"SITES  call paths by share of the peak\n"
	"\n"
	"  #2  peak 2.00 MiB (95.4 %), own peak 2.00 MiB, alive 2.00 MiB in 1\n"
	"      allocated 2.00 MiB in 2, temporary 1, mean lifetime 10 ns\n"
	"      grow (/src/app.cc:30)\n"
	"      main (/src/app.cc:10)\n"
	"\n"
	"  #5  peak 97.7 KiB (4.6 %), own peak 97.7 KiB, alive 0 B in 0\n"
	"      allocated 97.7 KiB in 1, temporary 0, mean lifetime 10 ns\n"
	"      operator new(unsigned long) (/src/app.cc:40)\n"
	"      main (/src/app.cc:10)\n"
	"\n"
	"FUNCTIONS  with everything that they call, by share of the peak\n"
	"      peak   share  own peak share  allocated  blocks  function\n"
	"  2.10 MiB   100 %           0.0 %   2.10 MiB       5  main (app)\n"
	"  2.00 MiB  95.4 %          95.4 %   2.00 MiB       4  grow (app)\n"
	"  97.7 KiB   4.6 %           4.6 %   97.7 KiB       1  operator new (app)\n"
	"       0 B   0.0 %           0.0 %   3.91 KiB       2  parse (app)\n"
	"\n"
	"MODULES  whose code asked for the memory\n"
	"      peak  share     alive  allocated  blocks  temporary  module\n"
	"  2.10 MiB  100 %  2.00 MiB   2.10 MiB       5          2  /opt/app\n"
	"\n"
	"SIZES  of all blocks begun\n"
	"            size  blocks   share     bytes     alive\n"
	"      16 to 31 B       1  20.0 %      24 B       0 B  ########################\n"
	"  512 to 1,023 B       1  20.0 %   1,000 B       0 B  ########################\n"
	"      < 4.00 KiB       1  20.0 %  2.93 KiB       0 B  ########################\n"
	"       < 128 KiB       1  20.0 %  97.7 KiB       0 B  ########################\n"
	"      < 4.00 MiB       1  20.0 %  2.00 MiB  2.00 MiB  ########################\n"
	"  most frequent: 24 B x 1, 1,000 B x 1, 3,000 B x 1, 100,000 B x 1, 2,097,152 B x 1\n"
	"  slack by rounding (derived): 16 B (< 0.1 %) of all; alive at the end: 8 B (< 0.1 %)\n"
	"\n"
	"LIFETIMES  of blocks that were freed or reallocated\n"
	"    lived  blocks   share     bytes\n"
	"  < 16 ns       3  75.0 %  98.7 KiB  ########################\n"
	"  < 32 ns       1  25.0 %  2.93 KiB  ########\n"
	"\n"
	"GROWTH  not judged: the run is shorter than 10 s\n"
	"\n"
	"MAPPINGS  the program's own, not part of the totals\n"
	"  call         count     bytes\n"
	"  mmap             1  8.00 KiB  mapped\n"
	"    anonymous      1  8.00 KiB  of these\n"
	"\n"
	"SYSTEM  not observable: it was recorded without samples of the process (--monitor)\n"
	"\n"
	"SAFETY  facts worth a look, no errors by themselves\n"
	"  blocks     bytes  allocated by thread  freed by thread\n"
	"       1  97.7 KiB  42 main              43 work\\x1b[31mer\n";

static void test_whole_report(void **state)
{
	char *text = render(&(struct ms_text_options){.top = 10, .frames = 16, .width = 100});

	(void)state;
	assert_string_equal(text, whole);
	free(text);
}

/* A program that allocates nothing: sections say so, and have no head without a body. */
static void test_nothing(void **state)
{
	char *text;

	(void)state;
	free_report(NULL);
	small_trace_start(&t);
	small_trace_report(&t, &small_trace_exited, &report);
	text = render(&(struct ms_text_options){.width = 100});
	assert_non_null(strstr(text, "\nPEAK  nothing was alive at any time\n\n"));
	assert_non_null(strstr(text, "\nSITES  none\n\nFUNCTIONS  none\n\nMODULES  none\n\nSIZES  none\n\nLIFETIMES  no block was freed\n\n"));
	free(text);
	free_report(NULL);
	make_report(NULL); /* for the others */
}

static uint32_t section(const char *names)
{
	struct ms_error err;
	uint32_t bits;

	assert_int_equal(ms_text_sections_parse(names, &bits, &err), MS_OK);
	return bits;
}

static void test_sections(void **state)
{
	char *text = render(&(struct ms_text_options){.sections = section("live,timeline"), .width = 100});
	struct ms_error err;
	uint32_t bits;

	(void)state;
	assert_non_null(strstr(text, "ALIVE AT THE END"));
	assert_non_null(strstr(text, "TIMELINE"));
	assert_null(strstr(text, "QUALITY"));
	assert_null(strstr(text, "PEAK"));
	free(text);
	assert_int_equal(ms_text_sections_parse("peak,nonsense", &bits, &err), MS_E_ARGUMENT);
	assert_non_null(strstr(err.message, "'nonsense'"));
	assert_non_null(strstr(err.message, "quality, verdict, findings, totals, peak, leaks"));
	assert_int_equal(ms_text_sections_parse("", &bits, &err), MS_E_ARGUMENT);
	assert_int_equal(ms_text_sections_parse("peak,", &bits, &err), MS_E_ARGUMENT);
	assert_int_equal(section("quality"), 1);
}

static void test_exact_and_utf8(void **state)
{
	char *text = render(&(struct ms_text_options){.exact = true, .utf8 = true, .width = 100});

	(void)state;
	assert_non_null(strstr(text, "2,197,152 B"));
	assert_null(strstr(text, "MiB"));
	assert_non_null(strstr(text, "█"));
	free(text);
}

/* Nothing but ASCII when UTF-8 is not asked for, no control characters ever, no line wider than asked for. */
static void test_plain_lines(void **state)
{
	char *text = render(&(struct ms_text_options){.width = 100, .frames = 2});
	size_t column = 0;

	(void)state;
	for (const char *s = text; *s; s++) {
		column = *s == '\n' ? 0 : column + 1;
		assert_true(column <= 100);
		assert_true((unsigned char)*s < 0x7f);
		assert_true(*s == '\n' || *s >= ' ');
	}
	assert_non_null(strstr(text, "work\\x1b[31mer"));
	free(text);
}

static void test_bold(void **state)
{
	char *text = render(&(struct ms_text_options){.bold = true, .width = 100});

	(void)state;
	assert_non_null(strstr(text, "\033[1mQUALITY\033[0m"));
	free(text);
}

static void test_top(void **state)
{
	char *text = render(&(struct ms_text_options){.top = 1, .width = 100, .sections = section("peak,sites,threads")});

	(void)state;
	assert_non_null(strstr(text, "1 more site: "));
	assert_non_null(strstr(text, "1 more thread\n"));
	free(text);
}

/* Of a record without an end nobody knows what would still have been freed. */
static void test_truncated(void **state)
{
	struct small_trace cut;
	struct ms_report saved = report;
	char *text;

	(void)state;
	small_trace_start(&cut);
	small_trace_alloc(&cut, MS_EV_MALLOC, 1, 2, 100);
	small_trace_report(&cut, NULL, &report);
	text = render(&(struct ms_text_options){.width = 100});
	assert_non_null(strstr(text, "QUALITY  truncated"));
	assert_non_null(strstr(text, "ALIVE AT THE END OF THE RECORD"));
	assert_non_null(strstr(text, "end not recorded"));
	assert_non_null(strstr(text, "LEAKS  not observable: the record ends before the program did"));
	assert_null(strstr(text, "lost:"));
	assert_null(strstr(text, "exited"));
	free(text);
	ms_report_free(&report);
	small_trace_free(&cut);
	report = saved;
}

static void test_ends_and_warnings(void **state)
{
	struct ms_report_trace saved = report.trace;
	char *text;

	(void)state;
	report.trace.ended = MS_REPORT_SIGNALED;
	report.trace.term_signal = 11;
	report.trace.core_dumped = true;
	report.trace.complete = false;
	report.trace.lost_events = 1234;
	report.trace.lost_stacks = 2;
	report.trace.late_events = 3;
	report.trace.size_limit_reached = true;
	report.trace.damaged = true;
	report.trace.damage.offset = 777;
	strcpy(report.trace.damage.message, "the block is\ncut");
	report.trace.images = 3;
	report.totals.events_of_kind[MS_EV_FORK] = 2;
	report.totals.events_of_kind[MS_EV_VFORK] = 1;
	text = render(&(struct ms_text_options){.width = 100, .sections = section("quality")});
	assert_non_null(strstr(text, "killed by signal 11 (SIGSEGV), core dumped"));
	assert_non_null(strstr(text, "QUALITY  incomplete: events were lost"));
	assert_non_null(strstr(text, "! 1,234 events lost"));
	assert_non_null(strstr(text, "! 2 events without a stack"));
	assert_non_null(strstr(text, "! 3 events late"));
	assert_non_null(strstr(text, "its file could not grow beyond what the disk had room for, or ulimit -f\n"));
	assert_non_null(strstr(text, "the block is\\ncut (offset 777)"));
	assert_non_null(strstr(text, "exec 2 times"));
	assert_non_null(strstr(text, "started at least 3 child processes: "));
	report.totals.events_of_kind[MS_EV_FORK] = report.totals.events_of_kind[MS_EV_VFORK] = 0;
	free(text);
	report.trace = saved;
}

static void test_write_error(void **state)
{
	FILE *f = fopen("/dev/full", "w");
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_render_text(f, &report, &(struct ms_text_options){.width = 100}, &err), MS_E_IO);
	fclose(f);
}

/* ---- names in one line -------------------------------------------------------------------------------------------- */

static void test_short_names(void **state)
{
	static const char *const names[][2] = {
		{"std::vector<int, std::allocator<int> >::push_back(int const&)", "std::vector<>::push_back"},
		{"operator<<(std::ostream&, X const&)", "operator<<"},
		{"S::operator()(int) const", "S::operator()"},
		{"S::operator->() const", "S::operator->"},
		{"S<A<B> >::operator<(S<B> const&)", "S<>::operator<"},
		{"(anonymous namespace)::f(int)", "(anonymous namespace)::f"},
		{"<alloc::vec::Vec<T> as core::clone::Clone>::clone", "<alloc::vec::Vec<T> as core::clone::Clone>::clone"},
		{"plain", "plain"},
		{"f(int)::{lambda(int)#1}::operator()(int) const", "f"},
		{"myoperator<int>(int)", "myoperator<>"},
		{"(odd)", "(odd)"},
	};
	struct ms_report_line line = {.file = "", .module = "/usr/lib/libx.so.1"};
	struct ms_report_place place = {.line = &line, .node = 1, .peak_bytes = 1, .allocations = 1, .sites = 1};
	struct ms_report saved = report;

	(void)state;
	report.places = &place;
	report.place_count = 1;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char wanted[120], *text;

		line.function = names[i][0];
		text = render(&(struct ms_text_options){.sections = section("peak")});
		snprintf(wanted, sizeof wanted, "#1  %s (libx.so.1)\n", names[i][1]);
		if (!strstr(text, wanted))
			fail_msg("expected %s in %s", wanted, text);
		free(text);
	}
	report = saved;
}

/* Code without names: where it is, and who with a name called it. */
static void test_bare_addresses(void **state)
{
	struct ms_report_line caller = {.function = "parse(int)", .file = "/src/p.c", .line = 7, .module = "/bin/app"};
	struct ms_report_line line = {.function = "", .file = "", .module = "/usr/lib/libx.so.1", .offset = 0x1a2b};
	struct ms_report_place place = {.line = &line, .caller = &caller, .node = 1, .peak_bytes = 1, .sites = 1};
	struct ms_report_place no_stack = {.node = 0, .peak_bytes = 1, .sites = 1};
	struct ms_report saved = report;
	char *text;

	(void)state;
	report.places = &place;
	report.place_count = 1;
	text = render(&(struct ms_text_options){.sections = section("peak")});
	assert_non_null(strstr(text, "#1  libx.so.1+0x1a2b from parse (p.c:7)\n"));
	free(text);
	line.module = "";
	place.caller = NULL;
	text = render(&(struct ms_text_options){.sections = section("peak")});
	assert_non_null(strstr(text, "#1  0x1a2b\n"));
	free(text);
	report.places = &no_stack;
	text = render(&(struct ms_text_options){.sections = section("peak")});
	assert_non_null(strstr(text, "#0  (no stack)\n"));
	free(text);
	report = saved;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_report),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_exact_and_utf8),
		cmocka_unit_test(test_plain_lines),
		cmocka_unit_test(test_bold),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_ends_and_warnings),
		cmocka_unit_test(test_write_error),
		cmocka_unit_test(test_short_names),
		cmocka_unit_test(test_bare_addresses),
	};

	return cmocka_run_group_tests(tests, make_report, free_report);
}
