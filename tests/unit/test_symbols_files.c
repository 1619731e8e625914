/* Where symbolization finds debug information, and what it does without: files replaced and missing, separate, shared, fetched, damaged. */
#include "symbols_fixture.h"

static void test_replaced_and_missing(void **state)
{
	const struct ms_symbol_line *lines;
	struct ms_symbolizer *s;
	struct program p, none;
	uint64_t address;

	(void)state;
	write_file("c.c", c_source);
	assert_int_equal(run("cd %s && gcc -O2 -g -Wl,--build-id c.c -o replaced", folder), 0);
	describe(&p, "replaced");
	address = p.module.load_bias + address_of(&p, "mark_inner") + 1;
	/* another build in its place: its symbols would be lies */
	assert_int_equal(run("cd %s && gcc -O1 -g -Wl,--build-id c.c -o replaced", folder), 0);
	s = symbolizer(NULL, false);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 0);
	/* the recorder saw none, the file has one: another file */
	none = p;
	none.module.build_id_bytes = 0;
	assert_int_equal(ms_symbolizer_resolve(s, &none.module, address, &lines), 0);
	ms_symbolizer_close(s);
	/* the file is gone, is a folder, is no ELF file, would block */
	s = symbolizer(NULL, false);
	assert_int_equal(run("cd %s && rm replaced && mkdir -p d && echo text > text && mkfifo fifo", folder), 0);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 0);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {"d", "text", "fifo"};
		char path[512];

		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		p.module.path = path;
		assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 0);
	}
	p.module.path = "";
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 0);
	p.module.path = "[vdso]";
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 0);
	ms_symbolizer_close(s);
}

/* A program without a build-id is used when the recorder saw none either. */
static void test_no_build_id(void **state)
{
	struct ms_symbolizer *s = symbolizer(NULL, false);
	struct program p;

	(void)state;
	write_file("c.c", c_source);
	assert_int_equal(run("cd %s && gcc -O2 -g -Wl,--build-id=none c.c -o anonymous", folder), 0);
	describe(&p, "anonymous");
	assert_int_equal(p.module.build_id_bytes, 0);
	check_c(s, &p);
	ms_symbolizer_close(s);
}

/* Splits `from` into a stripped program and a debug file; labels go with the symbol table. */
static void split_debug(const char *from, const char *to, const char *debug, const char *link_flag)
{
	assert_int_equal(run("cd %s && objcopy --only-keep-debug %s %s && cp %s %s && strip %s && objcopy %s %s", folder, from,
	                     debug, from, to, to, link_flag, to), 0);
}

static void hex_of(const struct program *p, char *hex)
{
	for (size_t i = 0; i < p->module.build_id_bytes; i++)
		sprintf(hex + 2 * i, "%02x", p->build_id[i]);
}

static void test_separate_debug_file(void **state)
{
	const struct ms_symbol_line *lines;
	struct ms_symbolizer *s;
	struct program full, p;
	char hex[130], debug_directory[600];
	uint64_t address;

	(void)state;
	write_file("c.c", c_source);
	assert_int_equal(run("cd %s && gcc -O2 -g -Wl,--build-id c.c -o full", folder), 0);
	describe(&full, "full");
	hex_of(&full, hex);
	split_debug("full", "bare", "bare.debugfile", "--remove-section=.comment");
	describe(&p, "bare");
	assert_int_equal(p.module.build_id_bytes, 20);
	snprintf(debug_directory, sizeof debug_directory, "%s/debug", folder);
	address = p.module.load_bias + address_of(&full, "mark_inner") + 1;
	s = symbolizer(debug_directory, false);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 0);
	ms_symbolizer_close(s);

	/* by build-id */
	assert_int_equal(run("mkdir -p %s/.build-id/%.2s && cp %s/bare.debugfile %s/.build-id/%.2s/%s.debug", debug_directory, hex,
	                     folder, debug_directory, hex, hex + 2), 0);
	s = symbolizer(debug_directory, false);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 3);
	expect_line(&lines[0], "inner", "c.c", line_with(c_source, "MARK(mark_inner)"));
	expect_line(&lines[2], "outer", "c.c", line_with(c_source, "calls middle"));
	/* and alone, when the program itself is gone */
	p.module.path = "/nonexistent/bare";
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 3);
	expect_line(&lines[1], "middle", "c.c", line_with(c_source, "calls inner"));
	ms_symbolizer_close(s);
	/* a debug file of another build under the right name is not used */
	assert_int_equal(run("cd %s && gcc -O1 -g -Wl,--build-id c.c -o other && cp other %s/.build-id/%.2s/%s.debug", folder,
	                     debug_directory, hex, hex + 2), 0);
	s = symbolizer(debug_directory, false);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 0);
	ms_symbolizer_close(s);
}

/* Of the C library names are enough where lines would have to be unpacked from another file: nobody waits for those. */
static void test_c_library_by_name(void **state)
{
	static const struct {
		const char *soname;
		bool separate, by_name;
		unsigned lines;
		const char *call;        /* line of the outermost; NULL: none */
	} cases[] = {
		{"libc.so.6", true, true, 1, NULL}, {"libc.so.6", true, false, 1, "calls middle"}, {"libc.so.6", false, true, 3, "calls middle"},
		{"libm.so.6", true, true, 1, NULL}, {"libc.so.66", true, true, 3, "calls middle"},
	};

	(void)state;
	write_file("c.c", c_source);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct ms_symbol_line *lines;
		struct ms_symbolizer *s;
		struct ms_error err;
		struct program full, p;
		uint64_t address;

		assert_int_equal(run("cd %s && gcc -O2 -g -fPIC -shared -Wl,--build-id,-soname,%s c.c -o library", folder, cases[i].soname), 0);
		describe(&full, "library");
		split_debug("library", "stripped", "stripped.dbg", "--add-gnu-debuglink=stripped.dbg");
		describe(&p, cases[i].separate ? "stripped" : "library");
		address = p.module.load_bias + address_of(&full, "mark_inner") + 1;
		assert_int_equal(ms_symbolizer_open(&s, &(struct ms_symbolizer_options){.c_library_by_name = cases[i].by_name}, &err), MS_OK);
		assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), cases[i].lines);
		lines += cases[i].lines - 1;
		assert_string_equal(lines->function, "outer");
		if (cases[i].call) {
			expect_line(lines, "outer", "c.c", line_with(c_source, cases[i].call));
		} else {
			assert_string_equal(lines->file, "");
			assert_int_equal(lines->line, 0);
		}
		ms_symbolizer_close(s);
	}
}

static void test_debuglink(void **state)
{
	const char *const places[] = {".", ".debug", NULL};
	const struct ms_symbol_line *lines;
	char debug_directory[600], place[700];
	struct program full, p;
	uint64_t address;

	(void)state;
	snprintf(debug_directory, sizeof debug_directory, "%s/debug2", folder);
	write_file("c.c", c_source);
	for (int with_id = 0; with_id < 2; with_id++) {
		assert_int_equal(run("cd %s && gcc -O2 -g -Wl,--build-id%s c.c -o full", folder, with_id ? "" : "=none"), 0);
		describe(&full, "full");
		split_debug("full", "linked", "linked.dbg", "--add-gnu-debuglink=linked.dbg");
		describe(&p, "linked");
		address = p.module.load_bias + address_of(&full, "mark_inner") + 1;
		assert_int_equal(run("cd %s && mv linked.dbg kept.dbg", folder), 0);
		for (size_t i = 0; i < 3; i++) {
			struct ms_symbolizer *s = symbolizer(debug_directory, false);

			snprintf(place, sizeof place, "%s%s", places[i] ? places[i] : "debug2", places[i] ? "" : folder);
			assert_int_equal(run("cd %s && mkdir -p %s && cp kept.dbg %s/linked.dbg", folder, place, place), 0);
			assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 3);
			expect_line(&lines[1], "middle", "c.c", line_with(c_source, "calls inner"));
			ms_symbolizer_close(s);
			/* one byte more: neither the checksum nor, with another build, the build-id is right */
			s = symbolizer(debug_directory, false);
			if (with_id)
				assert_int_equal(run("cd %s && gcc -O1 -g -Wl,--build-id c.c -o %s/linked.dbg", folder, place), 0);
			else
				assert_int_equal(run("cd %s && echo >> %s/linked.dbg", folder, place), 0);
			assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 0);
			ms_symbolizer_close(s);
			assert_int_equal(run("cd %s && rm %s/linked.dbg", folder, place), 0);
		}
	}
}

/* Debian's debug packages share what they have in common through dwz: names come from a second debug file. */
static void test_dwz(void **state)
{
	const struct ms_symbol_line *lines;
	struct ms_symbolizer *s;
	struct program full, p;
	uint64_t address;

	(void)state;
	if (run("dwz --version >/dev/null 2>&1") != 0) {
		print_message("no dwz\n");
		skip();
	}
	write_file("cxx.cpp", cxx_source);
	assert_int_equal(run("cd %s && g++ -O2 -g -Wl,--build-id cxx.cpp -o full && g++ -O2 -g -DX -Wl,--build-id cxx.cpp -o full2 &&"
	                     " objcopy --only-keep-debug full shared1.dbg && objcopy --only-keep-debug full2 shared2.dbg &&"
	                     " dwz -m common.dbg -M %s/common.dbg shared1.dbg shared2.dbg 2>/dev/null &&"
	                     " cp full shared && strip shared && objcopy --add-gnu-debuglink=shared1.dbg shared", folder, folder), 0);
	describe(&full, "full");
	describe(&p, "shared");
	address = p.module.load_bias + address_of(&full, "mark_add") + 1;
	s = symbolizer(NULL, false);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 1);
	expect_line(&lines[0], "shop::cart<long>::add(long const&)", "cxx.cpp", line_with(cxx_source, "mark_add"));
	ms_symbolizer_close(s);
	/* without it: the symbol table still has the function, as the compiler's copy that it is */
	assert_int_equal(run("rm %s/common.dbg", folder), 0);
	s = symbolizer(NULL, false);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 1);
	assert_ptr_equal(strstr(lines[0].function, "shop::cart<long>::add(long const&)"), lines[0].function);
	ms_symbolizer_close(s);
}

/* The servers in $DEBUGINFOD_URLS are asked only when the caller says so. */
static void test_debuginfod_only_when_asked(void **state)
{
	const struct ms_symbol_line *lines;
	struct ms_symbolizer *s;
	struct program full, p;
	char hex[130], value[600];
	uint64_t address;

	(void)state;
	write_file("c.c", c_source);
	assert_int_equal(run("cd %s && gcc -O2 -g -Wl,--build-id c.c -o full", folder), 0);
	describe(&full, "full");
	hex_of(&full, hex);
	split_debug("full", "served", "served.dbg", "--remove-section=.comment");
	describe(&p, "served");
	address = p.module.load_bias + address_of(&full, "mark_inner") + 1;
	assert_int_equal(run("cd %s && mkdir -p server/buildid/%s && mv served.dbg server/buildid/%s/debuginfo", folder, hex, hex), 0);
	snprintf(value, sizeof value, "file://%s/server", folder);
	setenv("DEBUGINFOD_URLS", value, 1);
	snprintf(value, sizeof value, "%s/cache", folder);
	setenv("DEBUGINFOD_CACHE_PATH", value, 1);

	s = symbolizer("/nonexistent", false);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 0);
	ms_symbolizer_close(s);
	assert_int_not_equal(access(value, F_OK), 0); /* nobody touched the client's cache */

	s = symbolizer("/nonexistent", true);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 3);
	expect_line(&lines[0], "inner", "c.c", line_with(c_source, "MARK(mark_inner)"));
	ms_symbolizer_close(s);
	unsetenv("DEBUGINFOD_URLS");
	unsetenv("DEBUGINFOD_CACHE_PATH");
}

/* Damaged ELF and DWARF: any answer, no crash (the sanitizer variants look closer). */
static void test_damaged_files(void **state)
{
	struct program p;
	uint8_t *bytes;
	struct stat st;
	unsigned seed = 3;
	char path[512];
	int fd;

	(void)state;
	write_file("c.c", c_source);
	assert_int_equal(run("cd %s && gcc -O2 -g -Wl,--build-id c.c -o damaged", folder), 0);
	describe(&p, "damaged");
	assert_int_equal(stat(p.path, &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	fd = open(p.path, O_RDONLY);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	uint64_t inner = p.module.load_bias + address_of(&p, "mark_inner") + 1;
	snprintf(path, sizeof path, "%s/flipped", folder);
	p.module.path = path;
	for (int round = 0; round < 400; round++) {
		struct ms_symbolizer *s = symbolizer("/nonexistent", false);
		const struct ms_symbol_line *lines;
		size_t length = (size_t)st.st_size, n;

		for (int i = 0; i < 4; i++) /* flips add up over the rounds */
			bytes[0x400 + (size_t)rand_r(&seed) % (length - 0x400)] ^= (uint8_t)(1u << rand_r(&seed) % 8);
		if (round % 10 == 9)
			length = (size_t)rand_r(&seed) % length;
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(write(fd, bytes, length), (ssize_t)length);
		close(fd);
		n = ms_symbolizer_resolve(s, &p.module, inner, &lines);
		for (size_t i = 0; i < n; i++)
			assert_true(strlen(lines[i].function) + strlen(lines[i].file) < 1u << 20);
		ms_symbolizer_resolve(s, &p.module, p.module.load_bias + 0x1001, &lines);
		ms_symbolizer_close(s);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced_and_missing),
		cmocka_unit_test(test_no_build_id),
		cmocka_unit_test(test_separate_debug_file),
		cmocka_unit_test(test_c_library_by_name),
		cmocka_unit_test(test_debuglink),
		cmocka_unit_test(test_dwz),
		cmocka_unit_test(test_debuginfod_only_when_asked),
		cmocka_unit_test(test_damaged_files),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
