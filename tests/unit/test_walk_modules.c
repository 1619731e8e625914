/* test_walk_modules.c - stacks through libraries that come and go. */
#include <dlfcn.h>
#include <libgen.h>
#include <link.h>
#include <unistd.h>

#include "tests/unit/stack_fixture.h"

static struct stack_fixture fixture;
static uint32_t node;

static void capture(void)
{
	node = check_stack(&fixture);
	KEEP();
}

static void *open_library(const char *name)
{
	char program[4096], path[4200];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	void *handle;

	assert_true(length > 0);
	program[length] = '\0';
	snprintf(path, sizeof(path), "%s/../programs/%s", dirname(program), name);
	handle = dlopen(path, RTLD_NOW);
	if (!handle)
		fprintf(stderr, "%s\n", dlerror());
	assert_non_null(handle);
	return handle;
}

/* What the dlclose hook does. */
static void close_library(void *handle, void *code)
{
	struct dl_find_object found;

	assert_int_equal(_dl_find_object(code, &found), 0);
	assert_int_equal(dlclose(handle), 0);
	ms_rows_forget((uint64_t)found.dlfo_map_start, (uint64_t)found.dlfo_map_end);
	ms_trie_retire(&fixture.arena.trie, (uint64_t)found.dlfo_map_start, (uint64_t)found.dlfo_map_end);
	unw_flush_cache(unw_local_addr_space, 0, 0);
}

typedef void call_through_fn(void (*)(void));

/* Returns where the function was. */
static uint64_t load_call_unload(const char *name)
{
	void *handle = open_library(name);
	call_through_fn *call_through = (call_through_fn *)dlsym(handle, "call_through");
	uint64_t address = (uint64_t)call_through;
	int before;

	assert_non_null(call_through);
	capture();
	before = modules_seen;
	call_through(capture);
	call_through(capture);
	if (before) /* 0: the real ms_module_seen is linked */
		assert_int_equal(modules_seen, before + 1);
	close_library(handle, (void *)address);
	return address;
}

static void other_library_at_the_same_address(void **state)
{
	uint64_t a, b;
	uint32_t node_a, node_b;

	(void)state;
	for (int i = 0; i < 100; i++) {
		a = load_call_unload("libwalk_a.so");
		node_a = node;
		b = load_call_unload("libwalk_b.so");
		node_b = node;
		assert_int_not_equal(node_a, node_b);
		if (a != b && !SANITIZED) {
			fprintf(stderr, "the libraries were loaded at %#lx and %#lx\n", a, b);
			skip(); /* nothing was reused, so nothing was tested */
		}
	}
	assert_int_equal(atomic_load(&fixture.arena.header->lost_stacks), 0);
}

static void both_at_once(void **state)
{
	void *a = open_library("libwalk_a.so"), *b = open_library("libwalk_b.so");
	call_through_fn *through_a = (call_through_fn *)dlsym(a, "call_through");
	call_through_fn *through_b = (call_through_fn *)dlsym(b, "call_through");

	(void)state;
	for (int i = 0; i < 3; i++) {
		through_a(capture);
		through_b(capture);
	}
	close_library(a, (void *)through_a);
	through_b(capture);
	close_library(b, (void *)through_b);
	capture();
}

static int open_all(void **state)
{
	(void)state;
	fixture_open(&fixture);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	fixture_close(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_library_at_the_same_address),
		cmocka_unit_test(both_at_once),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
