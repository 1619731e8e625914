/* Which file a command means and whether it can be recorded: with ELF files made on the spot. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/options.h"
#include "record/program.h"

static char folder[] = "/tmp/memscope-test-XXXXXX";
static char path[128];

static void put(const char *name, const void *bytes, size_t size, mode_t mode)
{
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static enum program_kind probe(const char *name)
{
	static struct program p;

	snprintf(p.path, sizeof p.path, "%s/%s", folder, name);
	program_probe(&p);
	return p.kind;
}

struct elf {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	Elf64_Dyn dynamic[2];
};

static struct elf make_elf(uint32_t first, uint32_t second)
{
	struct elf e = {.header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = offsetof(struct elf, segments), .e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
	}};
	e.segments[0].p_type = first;
	e.segments[1].p_type = second;
	for (int i = 0; i < 2; i++) {
		e.segments[i].p_offset = offsetof(struct elf, dynamic);
		e.segments[i].p_filesz = sizeof e.dynamic;
	}
	return e;
}

static void elf_files(void **context)
{
	struct elf e = make_elf(PT_LOAD, PT_INTERP);

	(void)context;
	put("dynamic", &e, sizeof e, 0755);
	assert_int_equal(probe("dynamic"), PROGRAM_DYNAMIC);
	e = make_elf(PT_LOAD, PT_LOAD);
	put("static", &e, sizeof e, 0755);
	assert_int_equal(probe("static"), PROGRAM_STATIC);
	e = make_elf(PT_LOAD, PT_DYNAMIC); /* static-pie */
	e.dynamic[0].d_tag = DT_FLAGS_1;
	put("static-pie", &e, sizeof e, 0755);
	assert_int_equal(probe("static-pie"), PROGRAM_STATIC);
	e.dynamic[1].d_tag = DT_SONAME; /* ld.so */
	put("loader", &e, sizeof e, 0755);
	assert_int_equal(probe("loader"), PROGRAM_DYNAMIC);
	e = make_elf(PT_LOAD, PT_INTERP);
	e.header.e_machine = EM_AARCH64;
	put("foreign", &e, sizeof e, 0755);
	assert_int_equal(probe("foreign"), PROGRAM_FOREIGN);
	e.header.e_machine = EM_386;
	e.header.e_ident[EI_CLASS] = ELFCLASS32;
	put("old", &e, sizeof e, 0755);
	assert_int_equal(probe("old"), PROGRAM_FOREIGN);
	e = make_elf(PT_LOAD, PT_INTERP);
	put("cut", &e, offsetof(struct elf, segments) + 10, 0755);
	assert_int_equal(probe("cut"), PROGRAM_UNKNOWN);
	e.header.e_phoff = UINT64_MAX - 3;
	put("wild", &e, sizeof e, 0755);
	assert_int_equal(probe("wild"), PROGRAM_UNKNOWN);
	assert_int_equal(strlen(program_obstacle(PROGRAM_DYNAMIC)), 0);
	assert_int_equal(strlen(program_obstacle(PROGRAM_UNKNOWN)), 0);
	assert_non_null(strstr(program_obstacle(PROGRAM_STATIC), "static"));
}

static void privileged_files(void **context)
{
	struct elf e = make_elf(PT_LOAD, PT_INTERP);

	(void)context;
	put("setuid-own", &e, sizeof e, 04755);
	assert_int_equal(probe("setuid-own"), PROGRAM_DYNAMIC); /* our own: no rights are gained */
	if (getuid() != 0)
		skip();
	put("setuid-other", &e, sizeof e, 0755);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(chmod(path, 04755), 0);
	assert_int_equal(probe("setuid-other"), PROGRAM_PRIVILEGED);
	assert_int_equal(chmod(path, 02755), 0);
	assert_int_equal(probe("setuid-other"), PROGRAM_PRIVILEGED);
	assert_int_equal(chmod(path, 02745), 0); /* without execution by the group it is a lock, not a right */
	assert_int_equal(probe("setuid-other"), PROGRAM_DYNAMIC);
}

static void scripts(void **context)
{
	struct elf e = make_elf(PT_LOAD, PT_LOAD);
	char text[200];

	(void)context;
	put("interpreter", &e, sizeof e, 0755);
	snprintf(text, sizeof text, "#! %s/interpreter -x\necho\n", folder);
	put("script", text, strlen(text), 0755);
	assert_int_equal(probe("script"), PROGRAM_STATIC);
	snprintf(text, sizeof text, "#!%s/script", folder);
	put("outer", text, strlen(text), 0755);
	assert_int_equal(probe("outer"), PROGRAM_STATIC);
	snprintf(text, sizeof text, "#!%s/loop\n", folder);
	put("loop", text, strlen(text), 0755);
	assert_int_equal(probe("loop"), PROGRAM_UNKNOWN);
	put("plain", "echo hello\n", 11, 0755);
	assert_int_equal(probe("plain"), PROGRAM_UNKNOWN);
	put("empty", "", 0, 0755);
	assert_int_equal(probe("empty"), PROGRAM_UNKNOWN);
	put("bare", "#!", 2, 0755);
	assert_int_equal(probe("bare"), PROGRAM_UNKNOWN);
}

static void lookup(void **context)
{
	static struct program p;
	struct elf e = make_elf(PT_LOAD, PT_INTERP);
	char search[128], message[200], expected[160];

	(void)context;
	put("found", &e, sizeof e, 0755);
	put("locked", &e, sizeof e, 0644);
	snprintf(search, sizeof search, "/nonexistent:%s", folder);
	snprintf(expected, sizeof expected, "%s/found", folder);
	assert_int_equal(program_resolve(&p, "found", search, message, sizeof message), 0);
	assert_string_equal(p.path, expected);
	assert_string_equal(p.image, expected);
	assert_int_equal(p.kind, PROGRAM_DYNAMIC);
	assert_int_equal(program_resolve(&p, expected, "", message, sizeof message), 0);

	assert_int_equal(program_resolve(&p, "none", search, message, sizeof message), MS_EXIT_NOT_FOUND);
	assert_non_null(strstr(message, "none"));
	assert_int_equal(program_resolve(&p, "", search, message, sizeof message), MS_EXIT_NOT_FOUND);
	assert_int_equal(program_resolve(&p, "/nonexistent/x", search, message, sizeof message), MS_EXIT_NOT_FOUND);
	snprintf(expected, sizeof expected, "%s/found/x", folder);
	assert_int_equal(program_resolve(&p, expected, search, message, sizeof message), MS_EXIT_NOT_FOUND);
	assert_int_equal(program_resolve(&p, folder, search, message, sizeof message), MS_EXIT_NOT_EXECUTABLE);
	assert_int_equal(program_resolve(&p, "locked", search, message, sizeof message), MS_EXIT_NOT_EXECUTABLE);
	assert_int_equal(program_resolve(&p, "/dev/null", search, message, sizeof message), MS_EXIT_NOT_EXECUTABLE);

	/* an empty element of the path is the current folder */
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(program_resolve(&p, "found", "/nonexistent:", message, sizeof message), 0);
	assert_string_equal(p.path, "./found");
	assert_int_equal(program_resolve(&p, "sh", NULL, message, sizeof message), 0);
	assert_int_equal(chdir("/"), 0);
}

static int set_up(void **context)
{
	(void)context;
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **context)
{
	char command[128];

	(void)context;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_files),
		cmocka_unit_test(privileged_files),
		cmocka_unit_test(scripts),
		cmocka_unit_test(lookup),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
