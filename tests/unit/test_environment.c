/*
 * The two environment variables: found, hidden, passed on. This program is "the library" here, its name in LD_PRELOAD is "".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/preload/environment.h"

/* The name of the library as the loader knows it: of the test program "", so it never equals an entry. */
static void test_hide_takes_the_arena_out_and_keeps_the_rest(void **state)
{
	char arena[] = "MEMSCOPE_ARENA=7:8:/proc/1/fd/2";
	char preload[] = "LD_PRELOAD=libtheirs.so:/opt/x y.so";
	char home[] = "HOME=/";
	char *environment[] = {arena, preload, home, NULL, NULL};

	(void)state;
	ms_env_hide(environment);
	assert_string_equal(environment[0], "LD_PRELOAD=libtheirs.so:/opt/x y.so");
	assert_string_equal(environment[1], "HOME=/");
	assert_null(environment[2]);
	assert_null(environment[3]);
	ms_env_hide(NULL);
}

static char **build(char *const from[], const char *arena, void **memory)
{
	struct ms_env_plan plan;

	ms_env_plan(&plan, from, arena);
	assert_false(plan.as_is);
	*memory = malloc(plan.bytes);
	assert_non_null(*memory);
	return ms_env_build(&plan, *memory);
}

static void test_an_environment_without_us_goes_on_as_it_is(void **state)
{
	char home[] = "HOME=/", preload[] = "LD_PRELOAD=libtheirs.so";
	char *from[] = {home, preload, NULL};
	struct ms_env_plan plan;

	(void)state;
	ms_env_plan(&plan, from, NULL);
	assert_true(plan.as_is);
	ms_env_plan(&plan, NULL, NULL);
	assert_true(plan.as_is);
}

static void test_the_arena_is_passed_on_and_taken_out(void **state)
{
	char home[] = "HOME=/", preload[] = "LD_PRELOAD=libtheirs.so", old[] = "MEMSCOPE_ARENA=old";
	char *from[] = {home, old, preload, NULL};
	void *memory;
	char **made = build(from, "MEMSCOPE_ARENA=new", &memory);

	(void)state;
	assert_string_equal(made[0], "MEMSCOPE_ARENA=new");
	assert_string_equal(made[1], "HOME=/");
	assert_true(strncmp(made[2], "LD_PRELOAD=", 11) == 0);
	assert_non_null(strstr(made[2], "libtheirs.so"));
	assert_null(made[3]);
	free(memory);
	made = build(from, NULL, &memory);
	assert_string_equal(made[0], "HOME=/");
	assert_string_equal(made[1], "LD_PRELOAD=libtheirs.so");
	assert_null(made[2]);
	free(memory);
}

static void test_several_preload_variables_become_one(void **state)
{
	char first[] = "LD_PRELOAD=a.so", second[] = "LD_PRELOAD=b.so:c.so", empty[] = "LD_PRELOAD=";
	char *from[] = {first, empty, second, NULL};
	void *memory;
	char **made = build(from, "MEMSCOPE_ARENA=new", &memory);

	(void)state;
	assert_string_equal(made[1], "LD_PRELOAD=a.so:b.so:c.so");
	assert_null(made[2]);
	free(memory);
}

static void test_a_cleared_environment_gets_them_again(void **state)
{
	char *from[] = {NULL};
	void *memory;
	char **made = build(from, "MEMSCOPE_ARENA=new", &memory);

	(void)state;
	assert_string_equal(made[0], "MEMSCOPE_ARENA=new");
	free(memory);
	made = build(NULL, "MEMSCOPE_ARENA=new", &memory);
	assert_string_equal(made[0], "MEMSCOPE_ARENA=new");
	free(memory);
}

static void test_the_first_environment_is_found_without_libc(void **state)
{
	const char *path = ms_env_initial("PATH");

	(void)state;
	assert_non_null(path);
	assert_string_equal(path, getenv("PATH"));
	assert_null(ms_env_initial("PAT"));
	assert_null(ms_env_initial("MEMSCOPE_NO_SUCH_VARIABLE"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hide_takes_the_arena_out_and_keeps_the_rest),
		cmocka_unit_test(test_an_environment_without_us_goes_on_as_it_is),
		cmocka_unit_test(test_the_arena_is_passed_on_and_taken_out),
		cmocka_unit_test(test_several_preload_variables_become_one),
		cmocka_unit_test(test_a_cleared_environment_gets_them_again),
		cmocka_unit_test(test_the_first_environment_is_found_without_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
