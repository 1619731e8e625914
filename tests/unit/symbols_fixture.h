/*
 * symbols_fixture.h - what the tests of symbolization share: a folder of programs that are compiled here, the addresses of their marks.
 *
 * A program marks a place with a global assembly label, also inside inlined functions; `nm` tells its address. A resolver takes return
 * addresses, so the address handed over is that of the label plus one. For one file per test program.
 */
#ifndef MS_TEST_SYMBOLS_FIXTURE_H
#define MS_TEST_SYMBOLS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>

#include "format/demangle.h"
#include "format/symbols.h"
#include "format/symbols_intervals.h"

/* No test program needs all of it. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"

static char folder[] = "/tmp/memscope-symbols-XXXXXX";

__attribute__((format(printf, 1, 2))) static int run(const char *format, ...)
{
	char command[4096];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(command, sizeof command, format, ap);
	va_end(ap);
	assert_in_range(n, 1, (int)sizeof command - 1);
	return system(command);
}

static void write_file(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

struct program {
	char path[512];
	uint8_t build_id[64];
	struct ms_module module;
};

/* The module as a recorder would describe it. */
static void describe(struct program *p, const char *name)
{
	const void *id = NULL;
	ssize_t n;
	int fd;
	Elf *elf;

	memset(p, 0, sizeof *p);
	snprintf(p->path, sizeof p->path, "%s/%s", folder, name);
	fd = open(p->path, O_RDONLY);
	assert_true(fd >= 0);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	n = dwelf_elf_gnu_build_id(elf, &id);
	if (n > 0)
		memcpy(p->build_id, id, (size_t)n);
	elf_end(elf);
	close(fd);
	p->module = (struct ms_module){.path = p->path, .build_id = p->build_id, .build_id_bytes = n > 0 ? (size_t)n : 0,
	                               .load_bias = 0x7f0000000000};
}

static uint64_t address_of(const struct program *p, const char *label)
{
	char command[1024];
	uint64_t address = 0;
	FILE *f;

	snprintf(command, sizeof command, "nm '%s' | awk '$3 == \"%s\" { print $1 }'", p->path, label);
	f = popen(command, "r");
	assert_non_null(f);
	if (fscanf(f, "%lx", &address) != 1)
		fail_msg("no label %s in %s", label, p->path);
	pclose(f);
	return address;
}

/* Line of `source` that holds `marker`. */
static uint32_t line_with(const char *source, const char *marker)
{
	const char *at = strstr(source, marker);
	uint32_t line = 1;

	assert_non_null(at);
	for (const char *p = source; p < at; p++)
		line += *p == '\n';
	return line;
}

static struct ms_symbolizer *symbolizer(const char *debug_directory, bool debuginfod)
{
	struct ms_symbolizer_options options = {.debug_directory = debug_directory, .debuginfod = debuginfod};
	struct ms_symbolizer *s;

	assert_int_equal(ms_symbolizer_open(&s, &options, NULL), MS_OK);
	return s;
}

static size_t resolve(struct ms_symbolizer *s, const struct program *p, const char *label,
                      const struct ms_symbol_line **lines)
{
	return ms_symbolizer_resolve(s, &p->module, p->module.load_bias + address_of(p, label) + 1, lines);
}

static void expect_line(const struct ms_symbol_line *line, const char *function, const char *file, uint32_t number)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", folder, file);
	assert_string_equal(line->function, function);
	assert_string_equal(line->file, path);
	assert_int_equal(line->line, number);
}

static const char c_source[] = "#define MARK(name) __asm__ volatile(\".globl \" #name \"\\n\" #name \":\\n\\tnop\")\n"
                               "static inline __attribute__((always_inline)) int inner(int x)\n"
                               "{\n"
                               "	MARK(mark_inner);\n"
                               "	return x * x;\n"
                               "}\n"
                               "static inline __attribute__((always_inline)) int middle(int x)\n"
                               "{\n"
                               "	if (x) {\n"
                               "		int y = x + 1;\n"
                               "		return inner(y) + 1; /* calls inner */\n"
                               "	}\n"
                               "	return 0;\n"
                               "}\n"
                               "__attribute__((noinline)) int outer(int x)\n"
                               "{\n"
                               "	x = middle(x) - 1; /* calls middle */\n"
                               "	MARK(mark_outer);\n"
                               "	return x;\n"
                               "}\n"
                               "int main(int argc, char **argv)\n"
                               "{\n"
                               "	(void)argv;\n"
                               "	return outer(argc);\n"
                               "}\n";

static void check_c(struct ms_symbolizer *s, const struct program *p)
{
	const struct ms_symbol_line *lines;
	size_t n = resolve(s, p, "mark_inner", &lines);

	assert_int_equal(n, 3);
	expect_line(&lines[0], "inner", "c.c", line_with(c_source, "MARK(mark_inner)"));
	expect_line(&lines[1], "middle", "c.c", line_with(c_source, "calls inner"));
	expect_line(&lines[2], "outer", "c.c", line_with(c_source, "calls middle"));
	n = resolve(s, p, "mark_outer", &lines);
	assert_int_equal(n, 1);
	expect_line(&lines[0], "outer", "c.c", line_with(c_source, "MARK(mark_outer)"));
	assert_string_equal(lines[0].linkage_name, "");
}

static const char cxx_source[] = "#include <cstdlib>\n"
                                 "#include <functional>\n"
                                 "#ifndef MARK\n"
                                 "#define MARK(name) __asm__ volatile(\".globl \" #name \"\\n\" #name \":\\n\\tnop\")\n"
                                 "#endif\n"
                                 "namespace shop {\n"
                                 "template <class T> struct cart {\n"
                                 "	T total = 0;\n"
                                 "	__attribute__((noinline)) void add(const T &x) { total += x; MARK(mark_add); }\n"
                                 "};\n"
                                 "namespace {\n"
                                 "__attribute__((noinline)) int hidden(int x) { MARK(mark_hidden); return x + 1; }\n"
                                 "}\n"
                                 "struct item {\n"
                                 "	int n;\n"
                                 "	__attribute__((noinline)) item(int x) : n(x) { MARK(mark_item); }\n"
                                 "};\n"
                                 "template <class F> __attribute__((noinline)) int apply(F f) { return f(2); }\n"
                                 "}\n"
                                 "extern \"C\" __attribute__((noinline)) int plain(int x) { MARK(mark_plain); return x; }\n"
                                 "int main(int argc, char **)\n"
                                 "{\n"
                                 "	shop::cart<long> c;\n"
                                 "	c.add(argc);\n"
                                 "	shop::item i(argc);\n"
                                 "	std::function<int(int)> f = [&](int x) { MARK(mark_lambda); return x + i.n; };\n"
                                 "	return (int)c.total + shop::hidden(argc) + plain(argc) + shop::apply(f);\n"
                                 "}\n";

static int make_folder(void **state)
{
	(void)state;
	unsetenv("DEBUGINFOD_URLS");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return run("rm -rf '%s'", folder);
}

#endif
