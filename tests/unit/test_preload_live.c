/*
 * Real programs with the library preloaded, against a mini arena: what arrives is counted exactly. LIB names the folder of
 * the library, PROGRAMS that of the traced programs (tests/run sets both).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mini_arena.h"

struct run {
	struct mini_arena arena;
	struct mini_entries entries;
	int status;
};

/* Runs argv with the library, draining while it runs. */
static void run_program(struct run *run, uint32_t flags, char *const argv[])
{
	struct mini_options options = {.flags = flags};
	char preload[4096], arena[256];
	const char *lib = getenv("LIB");
	pid_t pid;

	memset(run, 0, sizeof(*run));
	assert_true(mini_open(&run->arena, &options));
	if (lib != NULL)
		snprintf(preload, sizeof(preload), "LD_PRELOAD=%s/libmemscope-preload.so", lib);
	else
		snprintf(preload, sizeof(preload), "LD_PRELOAD=%s/build/lib/libmemscope-preload.so", getcwd(arena, 200));
	mini_environment(&run->arena, arena, sizeof(arena));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *environment[] = {preload, arena, "PATH=/usr/bin:/bin", "HOME=/", NULL};

		freopen("/dev/null", "w", stdout);
		execvpe(argv[0], argv, environment);
		_exit(127);
	}
	while (waitpid(pid, &run->status, WNOHANG) == 0) {
		assert_true(mini_drain(&run->arena, &run->entries));
		usleep(200);
	}
	assert_true(mini_drain(&run->arena, &run->entries));
}

static void finish(struct run *run)
{
	mini_free(&run->entries);
	mini_close(&run->arena);
}

static void test_ls_is_recorded(void **state)
{
	char *argv[] = {"ls", "-l", "/", NULL};
	struct run run;

	(void)state;
	run_program(&run, 0, argv);
	assert_int_equal(run.status, 0);
	assert_int_equal(atomic_load(&run.arena.header->state), MS_ARENA_RECORDING);
	assert_string_equal(run.arena.header->allocator, "libc.so.6");
	assert_true(mini_count(&run.entries, MS_EV_MALLOC) > 50);
	assert_true(mini_count(&run.entries, MS_EV_FREE) > 10);
	assert_true(mini_count(&run.entries, MS_EV_MODULE_LOAD) >= 4);
	finish(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ls_is_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
