/*
 * From the environment variable to a mapped arena: what is taken, and everything that is refused. And the lookup of the
 * real functions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mini_arena.h"
#include "record/preload/attach_arena.h"
#include "record/preload/elf_lookup.h"

static void test_the_text_form(void **state)
{
	static const char *const wrong[] = {
		"", ":", "3", "3:", "3:4", "3:4:", "3:4:relative", "x:4:/p", "3:x:/p", "3:4/p", "99999999999:4:/p",
		"3:99999999999999999999999:/p", ":4:/p", "-:4:/p",
	};
	struct ms_arena_place place;
	char text[256], long_path[400];
	size_t length;

	(void)state;
	assert_true(ms_arena_parse("12:34567890123:/proc/9/fd/3", &place));
	assert_int_equal(place.fd, 12);
	assert_int_equal(place.inode, 34567890123);
	assert_string_equal(place.path, "/proc/9/fd/3");
	length = ms_arena_format(&place, text, sizeof(text));
	assert_int_equal(length, strlen(text));
	assert_string_equal(text, "MEMSCOPE_ARENA=-1:34567890123:/proc/9/fd/3");
	assert_true(ms_arena_parse(text + strlen("MEMSCOPE_ARENA="), &place));
	assert_int_equal(place.fd, -1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (ms_arena_parse(wrong[i], &place))
			fail_msg("accepted: %s", wrong[i]);
	memset(long_path, 'p', sizeof(long_path));
	memcpy(long_path, "3:4:/", 5);
	long_path[399] = '\0';
	assert_false(ms_arena_parse(long_path, &place));
	ms_arena_format(&place, text, 20);
	assert_int_equal(strlen(text), 19);
}

/* The place of a mini arena. dup: the descriptor that is given away, because mapping closes it. */
static struct ms_arena_place place_of(const struct mini_arena *arena, bool with_fd)
{
	struct ms_arena_place place = {.fd = with_fd ? dup(arena->fd) : -1, .inode = arena->inode};

	snprintf(place.path, sizeof(place.path), "/proc/%d/fd/%d", (int)getpid(), arena->fd);
	return place;
}

static void test_an_arena_is_mapped_by_descriptor_and_by_path(void **state)
{
	struct mini_options options = {0};
	struct mini_arena arena;

	(void)state;
	assert_true(mini_open(&arena, &options));
	for (int with_fd = 0; with_fd < 2; with_fd++) {
		struct ms_arena_place place = place_of(&arena, with_fd);
		struct ms_arena_header *header;
		uint64_t bytes = 0;

		header = ms_arena_map(&place, &bytes);
		assert_non_null(header);
		assert_int_equal(bytes, arena.bytes);
		header->start_ticks = 4711u + (unsigned)with_fd;
		assert_int_equal(arena.header->start_ticks, 4711 + with_fd);
		assert_int_equal(munmap(header, bytes), 0);
		if (with_fd)
			assert_int_equal(fcntl(place.fd, F_GETFD), -1); /* closed */
		assert_int_equal(ms_arena_still_there(&place), 1);
	}
	mini_close(&arena);
}

static void test_what_is_no_arena_is_refused(void **state)
{
	static const struct {
		size_t offset;
		uint64_t value;
		unsigned bytes;
	} lies[] = {
#define LIE(field, value) {offsetof(struct ms_arena_header, field), value, sizeof(((struct ms_arena_header *)0)->field)}
		LIE(magic, 1), LIE(version, 99), LIE(arena_bytes, UINT64_C(1) << 40), LIE(slot_count, 0), LIE(slot_count, UINT32_MAX),
		LIE(slots_offset, UINT64_MAX - 7), LIE(slots_offset, 4097), LIE(modules_offset, UINT64_C(1) << 50),
		LIE(module_capacity, UINT32_MAX), LIE(nodes_offset, UINT64_MAX - 4095), LIE(node_capacity, UINT32_MAX),
		LIE(node_capacity, 0), LIE(clock, 7), LIE(hash[0].slot_count, 3), LIE(hash[4].slot_count, 0),
		LIE(hash[2].offset, UINT64_C(1) << 60), LIE(hash[1].slot_count, UINT64_C(1) << 63),
#undef LIE
	};
	struct mini_options options = {0};
	struct ms_arena_place place;
	struct mini_arena arena;
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		assert_true(mini_open(&arena, &options));
		memcpy((char *)arena.header + lies[i].offset, &lies[i].value, lies[i].bytes);
		place = place_of(&arena, i % 2 != 0);
		if (ms_arena_map(&place, &bytes) != NULL)
			fail_msg("accepted lie %zu", i);
		mini_close(&arena);
	}
	assert_true(mini_open(&arena, &options));
	place = place_of(&arena, false);
	place.inode++;
	assert_null(ms_arena_map(&place, &bytes));
	assert_int_equal(ms_arena_still_there(&place), 0);
	snprintf(place.path, sizeof(place.path), "/no/such/file");
	assert_null(ms_arena_map(&place, &bytes));
	assert_int_equal(ms_arena_still_there(&place), 0);
	snprintf(place.path, sizeof(place.path), "/dev/null");
	assert_null(ms_arena_map(&place, &bytes));
	mini_close(&arena);
}

/* As a child of a followed program asks; the collector's part is played by a second process. */
static void test_a_child_asks_for_its_own_arena(void **state)
{
	struct mini_options options = {.flags = MS_FLAG_FOLLOW};
	struct mini_arena parent, own;
	struct ms_arena_place place;
	uint32_t asking = 0;
	pid_t child;

	(void)state;
	assert_true(mini_open(&parent, &options));
	assert_true(mini_open(&own, &options));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		while ((asking = atomic_load(&parent.header->child_pid)) == 0)
			usleep(100);
		atomic_store(&parent.header->child_collector, asking);
		atomic_store(&parent.header->child_reply, (uint32_t)own.fd + 1);
		_exit(0);
	}
	assert_true(ms_arena_ask(parent.header, &place));
	assert_int_equal(place.inode, own.inode);
	assert_int_equal(atomic_load(&parent.header->child_pid), 0);
	assert_int_equal(atomic_load(&parent.header->child_reply), 0);
	/* Nobody answers: a second, not for ever; the request stays marked as ours. */
	assert_false(ms_arena_ask(parent.header, &place));
	assert_int_equal(atomic_load(&parent.header->child_pid), (uint32_t)getpid());
	mini_close(&own);
	mini_close(&parent);
}

static void test_functions_are_found_as_the_loader_finds_them(void **state)
{
	struct ms_lookup wanted[] = {{"posix_spawn", NULL}, {"dlclose", NULL}, {"execveat", NULL}, {"cmocka_no_such", NULL},
				     {"_cmocka_run_group_tests", NULL}, {"errno", NULL}};

	(void)state;
	ms_lookup(wanted, sizeof(wanted) / sizeof(wanted[0]), false);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(wanted[i].address, dlsym(RTLD_NEXT, wanted[i].name));
	assert_null(wanted[3].address);
	assert_ptr_equal(wanted[4].address, dlsym(RTLD_DEFAULT, wanted[4].name));
	assert_null(wanted[5].address); /* no function */
}

/* Kernels since 6.11 have a getrandom of their own in the vDSO, with other arguments. */
static void test_the_kernels_library_has_its_own_names_alone(void **state)
{
	struct ms_lookup wanted[] = {{"getrandom", NULL}, {"clock_gettime", NULL}, {"__vdso_clock_gettime", NULL}};

	(void)state;
	ms_lookup(wanted, sizeof(wanted) / sizeof(wanted[0]), true);
	assert_ptr_equal(wanted[0].address, dlsym(RTLD_DEFAULT, "getrandom"));
	assert_ptr_equal(wanted[1].address, dlsym(RTLD_DEFAULT, "clock_gettime"));
	if (getauxval(AT_SYSINFO_EHDR) != 0)
		assert_non_null(wanted[2].address);
}

static void test_functions_of_a_loaded_library_are_found(void **state)
{
	struct ms_lookup wanted = {"_Znwm", NULL};
	void *handle = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);

	(void)state;
	if (handle == NULL)
		skip();
	ms_lookup(&wanted, 1, true);
	assert_non_null(wanted.address);
	dlclose(handle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_text_form),
		cmocka_unit_test(test_an_arena_is_mapped_by_descriptor_and_by_path),
		cmocka_unit_test(test_what_is_no_arena_is_refused),
		cmocka_unit_test(test_a_child_asks_for_its_own_arena),
		cmocka_unit_test(test_functions_are_found_as_the_loader_finds_them),
		cmocka_unit_test(test_the_kernels_library_has_its_own_names_alone),
		cmocka_unit_test(test_functions_of_a_loaded_library_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
