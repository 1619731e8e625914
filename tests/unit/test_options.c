/* The command line of memscope-record and the names of its files. */
#include <argp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "format/container.h"
#include "record/options.h"
#include "record/trace_output.h"

static int parse(struct options *o, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return options_parse(argc, argv, ARGP_NO_EXIT | ARGP_NO_ERRS, o);
}
#define PARSE(o, ...) parse(o, (char *[]){(char *)"memscope-record", __VA_ARGS__, NULL})
#define A(s) (char *)(uintptr_t)(s)

static void defaults(void **context)
{
	struct options o;

	(void)context;
	assert_int_equal(PARSE(&o, A("prog")), 0);
	assert_string_equal(o.output, "memscope.%e.%p.ms");
	assert_false(o.quiet || o.follow || o.free_stacks || o.drop || o.no_symbols || o.debuginfod || o.discard || o.no_stacks);
	assert_int_equal(o.verbose, 0);
	assert_int_equal(o.level, 0);
	assert_int_equal(o.stack_depth, 0);
	assert_int_equal(o.max_size_bytes, 0);
	assert_int_equal(o.monitor_ns, 100000000);
	assert_string_equal(o.program[0], "prog");
	assert_null(o.program[1]);
	assert_int_equal(o.given_count, 0);
}

static void monitor(void **context)
{
	static const char *const wrong[] = {"--monitor=0", "--monitor=", "--monitor=-1", "--monitor=3600001", "--monitor=10ms", "--monitor=on"};
	struct options o;

	(void)context;
	assert_int_equal(PARSE(&o, A("--monitor=off"), A("prog")), 0);
	assert_int_equal(o.monitor_ns, 0);
	assert_int_equal(PARSE(&o, A("--monitor"), A("7"), A("prog")), 0);
	assert_int_equal(o.monitor_ns, 7000000);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_not_equal(PARSE(&o, A(wrong[i]), A("prog")), 0);
}

static void control_and_snapshots(void **context)
{
	static const char *const wrong[] = {"--snapshot-heap=0", "--snapshot-heap=x", "--snapshot-rss=-1", "--snapshot-every=1us", "--snapshot-signal=TERM",
	                                    "--snapshot-signal=CHLD"};
	struct options o;

	(void)context;
	assert_int_equal(PARSE(&o, A("prog")), 0);
	assert_null(o.control);
	assert_null(o.auto_export);
	assert_true(!o.snapshots.heap_bytes && !o.snapshots.rss_bytes && !o.snapshots.every_ns && !o.snapshots.signal);
	assert_int_equal(PARSE(&o, A("--snapshot-heap=2M"), A("--snapshot-rss=1G"), A("--snapshot-every=10s"), A("--snapshot-signal=SIGUSR2"),
	                       A("--auto-export=json=out"), A("prog")), 0);
	assert_int_equal(o.snapshots.heap_bytes, 2 << 20);
	assert_int_equal(o.snapshots.rss_bytes, 1 << 30);
	assert_int_equal(o.snapshots.every_ns, 10000000000);
	assert_int_equal(o.snapshots.signal, SIGUSR2);
	assert_string_equal(o.auto_export, "json=out");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_not_equal(PARSE(&o, A(wrong[i]), A("prog")), 0);
	assert_int_not_equal(PARSE(&o, A("--monitor=off"), A("--snapshot-rss=1M"), A("prog")), 0);
	assert_int_equal(PARSE(&o, A("--control"), A("x.ms"), A("mark"), A("--not an option")), 0);
	assert_string_equal(o.control, "x.ms");
	assert_string_equal(o.program[0], "mark");
	assert_string_equal(o.program[1], "--not an option");
	assert_int_not_equal(PARSE(&o, A("--control=x.ms")), 0);
	assert_int_not_equal(PARSE(&o, A("--control=x.ms"), A("prog")), 0);
}

static void every_option(void **context)
{
	struct options o;

	(void)context;
	assert_int_equal(PARSE(&o, A("-o"), A("x.%p"), A("-qvv"), A("--follow"), A("--stack-depth=64"), A("--free-stacks"),
	                       A("--level"), A("19"), A("--max-size=3M"), A("--on-full=drop"), A("--no-symbols"),
	                       A("--debuginfod"), A("--discard"), A("--no-stacks"), A("prog"), A("a")), 0);
	assert_string_equal(o.output, "x.%p");
	assert_true(o.quiet && o.follow && o.free_stacks && o.drop && o.no_symbols && o.debuginfod && o.discard && o.no_stacks);
	assert_int_equal(o.verbose, 2);
	assert_int_equal(o.level, 19);
	assert_int_equal(o.stack_depth, 64);
	assert_int_equal(o.max_size_bytes, 3 << 20);
	assert_string_equal(o.program[0], "prog");
	assert_string_equal(o.program[1], "a");
	assert_int_equal(o.given_count, 14);
	assert_string_equal(o.given[0], "-o");
	assert_string_equal(o.given[13], "--no-stacks");
	assert_int_equal(PARSE(&o, A("--on-full=drop"), A("--on-full=block"), A("prog")), 0);
	assert_false(o.drop);
}

static void options_end_at_the_program(void **context)
{
	struct options o;

	(void)context;
	assert_int_equal(PARSE(&o, A("-q"), A("prog"), A("-v"), A("--help"), A("--"), A("-o"), A("x")), 0);
	assert_true(o.quiet);
	assert_int_equal(o.verbose, 0);
	assert_string_equal(o.output, "memscope.%e.%p.ms");
	assert_string_equal(o.program[1], "-v");
	assert_string_equal(o.program[3], "--");
	assert_string_equal(o.program[5], "x");
	assert_null(o.program[6]);
	assert_int_equal(o.given_count, 1);

	assert_int_equal(PARSE(&o, A("-q"), A("--"), A("-prog"), A("-q")), 0);
	assert_string_equal(o.program[0], "-prog");
	assert_string_equal(o.program[1], "-q");
	assert_int_equal(o.given_count, 1);
	assert_string_equal(o.given[0], "-q");
}

static void bad_usage_is_refused(void **context)
{
	static const char *const bad[] = {
		"--no-such-option", "--level=0", "--level=20", "--level=x", "--level=", "--stack-depth=-1", "--stack-depth=4294967296",
		"--stack-depth=1k", "--max-size=0", "--max-size=lots", "--max-size=1T", "--max-size=-5", "--on-full=perhaps",
		"--output=", "--output=a%", "--output=a%q",
	};
	struct options o;

	(void)context;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (PARSE(&o, A(bad[i]), A("prog")) == 0)
			fail_msg("%s was accepted", bad[i]);
	assert_int_not_equal(parse(&o, (char *[]){A("memscope-record"), NULL}), 0);
	assert_int_not_equal(PARSE(&o, A("-q")), 0);
	assert_int_not_equal(PARSE(&o, A("--")), 0);
}

static void sizes(void **context)
{
	uint64_t n = 0;

	(void)context;
	assert_true(options_parse_size("1", &n));
	assert_int_equal(n, 1);
	assert_true(options_parse_size("4K", &n));
	assert_int_equal(n, 4096);
	assert_true(options_parse_size("7G", &n));
	assert_int_equal(n, UINT64_C(7) << 30);
	assert_true(options_parse_size("18446744073709551615", &n));
	assert_int_equal(n, UINT64_MAX);
	assert_false(options_parse_size("18446744073709551616", &n));
	assert_false(options_parse_size("17179869184G", &n));
	assert_true(options_parse_size("17179869183G", &n));
	assert_false(options_parse_size("", &n));
	assert_true(options_parse_size("50k", &n));
	assert_int_equal(n, 51200);
	assert_true(options_parse_size("2MiB", &n));
	assert_int_equal(n, 2 << 20);
	assert_false(options_parse_size("5kB", &n));
	assert_false(options_parse_size("5iB", &n));
	assert_false(options_parse_size("5KiB ", &n));
	assert_false(options_parse_size("K", &n));
	assert_false(options_parse_size("5KB", &n));
	assert_false(options_parse_size(" 5", &n));
	assert_false(options_parse_size("+5", &n));
}

static void patterns(void **context)
{
	const struct output_names names = {.pid = 42, .program = "/usr/bin/jq", .host = "box", .time = 1700000000};
	static const struct { const char *pattern, *name; } rows[] = {
		{"memscope.%e.%p.ms", "memscope.jq.42.ms"},
		{"%h-%t%%", "box-1700000000%"},
		{"/tmp/plain", "/tmp/plain"},
		{"%%p", "%p"},
	};
	char reason[100], *name;

	(void)context;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(output_pattern_valid(rows[i].pattern, reason, sizeof reason));
		name = output_expand(rows[i].pattern, &names, false);
		assert_string_equal(name, rows[i].name);
		free(name);
	}
	name = output_expand("x.ms", &names, true);
	assert_string_equal(name, "x.ms.42");
	free(name);
	assert_true(output_pattern_has_pid("a%p"));
	assert_true(output_pattern_has_pid("%e%%%p"));
	assert_false(output_pattern_has_pid("%%p"));
	assert_false(output_pattern_has_pid("p"));
	assert_false(output_pattern_valid("50%", reason, sizeof reason));
	assert_false(output_pattern_valid("%x", reason, sizeof reason));
	assert_string_equal(reason, "'%x' is not one of %p %e %h %t %%");
}

static void files_are_private(void **context)
{
	char folder[] = "/tmp/memscope-test-XXXXXX", path[64];
	struct ms_error err;
	struct stat st;
	bool regular;
	int fd, other;

	(void)context;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(output_open(folder, &fd, &regular, &err), MS_E_IO);
	assert_non_null(strstr(err.message, "Is a directory"));
	strcpy(path, folder);
	strcat(path, "/none/x.ms");
	assert_int_equal(output_open(path, &fd, &regular, &err), MS_E_IO);
	assert_non_null(strstr(err.message, path));
	strcpy(path, folder);
	strcat(path, "/x.ms");
	umask(0);
	assert_int_equal(output_open(path, &fd, &regular, &err), MS_OK);
	assert_true(regular);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fchmod(fd, 0644), 0);
	/* What is no trace stays. */
	assert_int_equal(write(fd, "old", 3), 3);
	assert_int_equal(output_open(path, &other, &regular, &err), MS_E_IO);
	assert_non_null(strstr(err.message, "is no trace"));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(pwrite(fd, MS_FILE_MAGIC, 8, 0), 8);
	close(fd);
	assert_int_equal(output_open(path, &fd, &regular, &err), MS_OK);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 0);
	close(fd);
	unlink(path);
	rmdir(folder);
	assert_int_equal(output_open("/dev/null", &fd, &regular, &err), MS_OK);
	assert_false(regular);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(control_and_snapshots),
		cmocka_unit_test(every_option), cmocka_unit_test(monitor),
		cmocka_unit_test(options_end_at_the_program),
		cmocka_unit_test(bad_usage_is_refused),
		cmocka_unit_test(sizes),
		cmocka_unit_test(patterns),
		cmocka_unit_test(files_are_private),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
