/*
 * Names of data. The referee is the program itself: it prints where its variables are, and the symbolizer must say the same of
 * the first and the last byte of each, from the program, and from its debug file when it was stripped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>

#include "format/symbols.h"

static char folder[] = "/tmp/memscope-symbols-data-XXXXXX";

static const char source[] =
	"#include <cstddef>\n"
	"#include <cstdint>\n"
	"#include <cstdio>\n"
	"#include <link.h>\n"
	"struct Shape { virtual int sides() { return 0; } virtual ~Shape() {} };\n"
	"namespace shapes { struct Square : Shape { int sides() override; }; int Square::sides() { return 4; }\n"
	"                   int count[3]; static char *names[5]; }\n"
	"extern \"C\" { void *head; static void *tail = &head; }\n"
	"thread_local char scratch[24]; static thread_local long depth = 7;\n"
	"static void say(const char *kind, const char *name, const void *p, size_t size)\n"
	"{ std::printf(\"%s %lx %zu %s\\n\", kind, (unsigned long)(uintptr_t)p, size, name); }\n"
	"static int bias(struct dl_phdr_info *i, size_t, void *to) { *(uintptr_t *)to = i->dlpi_addr; return 1; }\n"
	"static void *cache() { static void *last[2]; say(\"data\", \"cache()::last\", last, sizeof last); return last; }\n"
	"/* initialised variables come first */\n"
	"static uintptr_t tls_block() { return (uintptr_t)&depth; }\n"
	"int main()\n"
	"{\n"
	"	uintptr_t base; dl_iterate_phdr(bias, &base);\n"
	"	shapes::Square square;\n"
	"	say(\"bias\", \"-\", (void *)base, 0);\n"
	"	say(\"data\", \"head\", &head, sizeof head); say(\"data\", \"tail\", &tail, sizeof tail);\n"
	"	say(\"data\", \"shapes::count\", shapes::count, sizeof shapes::count);\n"
	"	say(\"data\", \"shapes::names\", shapes::names, sizeof shapes::names);\n"
	"	say(\"word\", \"vtable for shapes::Square\", *(void **)&square, 8);\n"
	"	say(\"tls\", \"scratch\", (void *)((uintptr_t)&scratch - tls_block()), sizeof scratch);\n"
	"	say(\"tls\", \"depth\", (void *)((uintptr_t)&depth - tls_block()), sizeof depth);\n"
	"	return !cache() || square.sides() != 4;\n"
	"}\n";

__attribute__((format(printf, 1, 2))) static void run(const char *format, ...)
{
	char command[2048];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(command, sizeof command, format, ap);
	va_end(ap);
	assert_in_range(n, 1, (int)sizeof command - 1);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static size_t read_build_id(const char *path, uint8_t *build_id)
{
	const void *id = NULL;
	int fd = open(path, O_RDONLY);
	ssize_t n;
	Elf *elf;

	assert_true(fd >= 0);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	n = dwelf_elf_gnu_build_id(elf, &id);
	assert_in_range(n, 8, 64);
	memcpy(build_id, id, (size_t)n);
	elf_end(elf);
	close(fd);
	return (size_t)n;
}

static void same_object(const struct ms_symbol_data *d, const char *name, uint64_t address, uint64_t size)
{
	assert_string_equal(d->name, name);
	assert_int_equal(d->address, address);
	assert_int_equal(d->size_bytes, size);
}

/* What the program says against what the symbolizer says; returns how many objects were compared. */
static unsigned compare(struct ms_symbolizer *s, const char *program)
{
	char path[512], command[600], kind[16], name[64];
	uint8_t build_id[64];
	struct ms_module module = {.path = path, .build_id = build_id};
	struct ms_symbol_data d;
	unsigned compared = 0;
	uint64_t address;
	size_t size;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, program);
	snprintf(command, sizeof command, "%s", path);
	module.build_id_bytes = read_build_id(path, build_id);
	f = popen(command, "r");
	assert_non_null(f);
	while (fscanf(f, "%15s %lx %zu %63[^\n]", kind, &address, &size, name) == 4) {
		if (strcmp(kind, "bias") == 0) {
			module.load_bias = address;
			continue;
		}
		compared++;
		if (strcmp(kind, "tls") == 0) {
			assert_true(ms_symbolizer_tls(s, &module, address, &d));
			same_object(&d, name, address, size);
			assert_true(ms_symbolizer_tls(s, &module, address + size - 1, &d));
			same_object(&d, name, address, size);
			continue;
		}
		if (!ms_symbolizer_data(s, &module, address, &d))
			fail_msg("%s is not found", name);
		if (strcmp(kind, "word") == 0) {
			/* what an object's first word points at: behind offset to top and type information */
			assert_string_equal(d.name, name);
			assert_int_equal(d.address, address - 16);
			assert_in_range(d.size_bytes, 17, 200);
			continue;
		}
		same_object(&d, name, address, size);
		assert_true(ms_symbolizer_data(s, &module, address + size - 1, &d));
		same_object(&d, name, address, size);
	}
	assert_int_equal(pclose(f), 0);
	assert_false(ms_symbolizer_data(s, &module, module.load_bias, &d));
	assert_false(ms_symbolizer_data(s, &module, 0, &d));
	assert_false(ms_symbolizer_tls(s, &module, 1 << 20, &d));
	return compared;
}

static void data_has_names(void **state)
{
	static const char *const flags[] = {"-O1", "-O0 -no-pie", "-O1 -g -fdata-sections"};

	(void)state;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		struct ms_symbolizer *s;

		run("cd %s && g++ %s -Wl,--build-id d.cpp -o d", folder, flags[i]);
		assert_int_equal(ms_symbolizer_open(&s, NULL, NULL), MS_OK);
		assert_int_equal(compare(s, "d"), 8);
		ms_symbolizer_close(s);
	}
}

static void names_from_the_debug_file(void **state)
{
	struct ms_symbolizer *s;
	struct ms_symbolizer_options options = {.debug_directory = folder};

	(void)state;
	run("cd %s && g++ -g -O1 -Wl,--build-id d.cpp -o e && objcopy --only-keep-debug e e.debug && "
	    "strip e && objcopy --add-gnu-debuglink=e.debug e", folder);
	assert_int_equal(ms_symbolizer_open(&s, &options, NULL), MS_OK);
	assert_int_equal(compare(s, "e"), 8);
	ms_symbolizer_close(s);
}

/* Without any symbols there are no names, and none is made up. */
static void no_names_without_symbols(void **state)
{
	static const uint8_t no_id;
	struct ms_symbolizer *s;
	struct ms_symbol_data d;
	struct ms_module module = {.path = "/nonexistent/program", .build_id = &no_id};

	(void)state;
	assert_int_equal(ms_symbolizer_open(&s, NULL, NULL), MS_OK);
	assert_false(ms_symbolizer_data(s, &module, 4096, &d));
	assert_false(ms_symbolizer_tls(s, &module, 0, &d));
	module.path = NULL;
	assert_false(ms_symbolizer_data(s, &module, 4096, &d));
	ms_symbolizer_close(s);
}

static int make_folder(void **state)
{
	char path[512];
	FILE *f;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/d.cpp", folder);
	f = fopen(path, "w");
	if (f == NULL)
		return -1;
	fputs(source, f);
	return fclose(f);
}

static int remove_folder(void **state)
{
	(void)state;
	run("rm -r '%s'", folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_has_names),
		cmocka_unit_test(names_from_the_debug_file),
		cmocka_unit_test(no_names_without_symbols),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
