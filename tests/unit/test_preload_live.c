/*
 * Real programs with the library preloaded, against a mini arena: what arrives in the rings, and what the program sees. LIB
 * names the folder of the library, PROGRAMS that of the traced programs (tests/run sets both).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
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
	char output[65536];
};

static char library[4096];
static char programs[4096];

static int find_library(void **state)
{
	char here[2048];

	(void)state;
	if (getcwd(here, sizeof(here)) == NULL)
		return -1;
	if (getenv("LIB") != NULL)
		snprintf(library, sizeof(library), "%s/libmemscope-preload.so", getenv("LIB"));
	else
		snprintf(library, sizeof(library), "%s/build/lib/libmemscope-preload.so", here);
	if (getenv("PROGRAMS") != NULL)
		snprintf(programs, sizeof(programs), "%s", getenv("PROGRAMS"));
	else
		snprintf(programs, sizeof(programs), "%s/build/release/programs", here);
	return access(library, R_OK);
}

/* Runs argv with the library (and more preloads, ":..." or ""), draining while it runs. */
static void run_program(struct run *run, uint32_t flags, const char *more, const char *const argv[])
{
	struct mini_options options = {.flags = flags};
	char preload[8192], arena[256];
	char *environment[] = {preload, arena, (char *)(uintptr_t)"PATH=/usr/bin:/bin", NULL};
	ssize_t n, used = 0;
	int out[2];
	pid_t pid;

	memset(run, 0, sizeof(*run));
	assert_true(mini_open(&run->arena, &options));
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s%s", library, more);
	mini_environment(&run->arena, arena, sizeof(arena));
	assert_int_equal(pipe2(out, O_NONBLOCK | O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(out[1], 1);
		execvpe(argv[0], (char *const *)(uintptr_t)argv, environment);
		_exit(127);
	}
	close(out[1]);
	while (waitpid(pid, &run->status, WNOHANG) == 0) {
		assert_true(mini_drain(&run->arena, &run->entries));
		n = read(out[0], run->output + used, sizeof(run->output) - 1 - (size_t)used);
		used += n > 0 ? n : 0;
		usleep(200);
	}
	assert_true(mini_drain(&run->arena, &run->entries));
	while ((n = read(out[0], run->output + used, sizeof(run->output) - 1 - (size_t)used)) > 0)
		used += n;
	close(out[0]);
}

static void finish(struct run *run)
{
	mini_free(&run->entries);
	mini_close(&run->arena);
}

/* Frees that match no allocation before them, walking the entries of a program with one thread. */
static size_t unmatched_frees(const struct run *run)
{
	const struct mini_entries *e = &run->entries;
	size_t unmatched = 0;

	for (size_t i = 0; i < e->count; i++) {
		size_t k;

		if (e->at[i].kind < MS_EV_FREE || e->at[i].kind > MS_EV_FREE_ALIGNED_SIZED)
			continue;
		for (k = 0; k < i; k++)
			if (e->at[k].kind < MS_EV_FREE && e->at[k].address == e->at[i].address)
				break;
		unmatched += k == i;
	}
	return unmatched;
}

static bool names_module(const struct run *run, const char *end)
{
	uint32_t count = atomic_load(&run->arena.header->module_count);

	for (uint32_t i = 0; i < count; i++) {
		const char *path = run->arena.modules[i].path;

		if (strlen(path) >= strlen(end) && strcmp(path + strlen(path) - strlen(end), end) == 0)
			return run->arena.modules[i].build_id_bytes > 0 && path[0] == '/' &&
			       run->arena.modules[i].start < run->arena.modules[i].end;
	}
	return false;
}

static void test_ls_is_recorded(void **state)
{
	const char *const argv[] = {"ls", "-l", "/", NULL};
	struct run run;

	(void)state;
	run_program(&run, 0, "", argv);
	assert_int_equal(run.status, 0);
	assert_int_equal(atomic_load(&run.arena.header->state), MS_ARENA_RECORDING);
	assert_string_equal(run.arena.header->allocator, "libc.so.6");
	assert_true(mini_count(&run.entries, MS_EV_MALLOC) > 50);
	assert_int_equal(unmatched_frees(&run), 0);
	assert_true(names_module(&run, "/ls"));
	assert_true(names_module(&run, "/libc.so.6"));
	assert_int_equal(mini_count(&run.entries, MS_EV_MODULE_LOAD), atomic_load(&run.arena.header->module_count));
	assert_int_equal(atomic_load(&run.arena.header->slots_used), 1);
	assert_string_equal(run.arena.slots[0].name, "ls");
	finish(&run);
}

static void test_the_program_does_not_see_us(void **state)
{
	const char *const argv[] = {"env", NULL};
	struct run run;

	(void)state;
	run_program(&run, 0, "", argv);
	assert_int_equal(run.status, 0);
	assert_string_equal(run.output, "PATH=/usr/bin:/bin\n");
	finish(&run);
	/* Its own preloads stay. */
	run_program(&run, 0, ":libutil.so.1", argv);
	assert_string_equal(run.output, "LD_PRELOAD=libutil.so.1\nPATH=/usr/bin:/bin\n");
	finish(&run);
}

static void test_exec_in_the_same_process_goes_on(void **state)
{
	const char *const argv[] = {"sh", "-c", "exec env -i /bin/ls /", NULL};
	const struct mini_entry *exec;
	struct run run;

	(void)state;
	run_program(&run, 0, "", argv);
	assert_int_equal(run.status, 0);
	assert_int_equal(atomic_load(&run.arena.header->images), 3);
	assert_int_equal(mini_count(&run.entries, MS_EV_EXEC), 2);
	exec = mini_find(&run.entries, MS_EV_EXEC);
	assert_string_equal(exec->text, "/usr/bin/env");
	assert_int_equal(mini_count(&run.entries, MS_EV_IMAGE_START), 2);
	assert_true(names_module(&run, "/ls"));
	finish(&run);
}

/* More variables than stand on the stack of the hook. */
static void test_exec_with_a_large_environment(void **state)
{
	const char *const argv[] = {"sh", "-c", "exec env $(seq -f V%g=1 3000) sh -c 'exec env'", NULL};
	struct run run;

	(void)state;
	run_program(&run, 0, "", argv);
	assert_int_equal(run.status, 0);
	assert_int_equal(atomic_load(&run.arena.header->images), 4);
	assert_non_null(strstr(run.output, "V1=1\n"));
	assert_non_null(strstr(run.output, "V3000=1\n"));
	assert_null(strstr(run.output, "MEMSCOPE"));
	finish(&run);
}

static void test_exec_that_fails_is_followed_by_its_reason(void **state)
{
	const char *const argv[] = {"sh", "-c", "exec /no/such/program", NULL};
	struct run run;

	(void)state;
	run_program(&run, 0, "", argv);
	assert_true(WIFEXITED(run.status) && WEXITSTATUS(run.status) == 127);
	assert_int_equal(mini_count(&run.entries, MS_EV_EXEC), 1);
	assert_int_equal(mini_count(&run.entries, MS_EV_EXEC_FAILED), 1);
	assert_int_equal(mini_find(&run.entries, MS_EV_EXEC_FAILED)->arg[0], 2 /* ENOENT */);
	finish(&run);
}

static void test_children_run_clean(void **state)
{
	const char *const argv[] = {"sh", "-c", "env; (env); env | cat; true", NULL};
	struct run run;

	(void)state;
	run_program(&run, 0, "", argv);
	assert_int_equal(run.status, 0);
	assert_null(strstr(run.output, "MEMSCOPE"));
	assert_null(strstr(run.output, "LD_PRELOAD"));
	assert_int_equal(atomic_load(&run.arena.header->images), 1);
	assert_int_equal(mini_count(&run.entries, MS_EV_EXEC), 0);
	assert_true(mini_count(&run.entries, MS_EV_FORK) + mini_count(&run.entries, MS_EV_VFORK) >= 3);
	finish(&run);
}

static void test_operators_have_their_kinds(void **state)
{
	char program[4200];
	const char *const argv[] = {program, NULL};
	size_t of_new = 0, of_delete = 0;
	struct run run;

	(void)state;
	snprintf(program, sizeof(program), "%s/operators", programs);
	if (access(program, X_OK) != 0)
		skip();
	run_program(&run, 0, "", argv);
	assert_int_equal(run.status, 0);
	for (unsigned kind = MS_EV_NEW; kind <= MS_EV_NEW_ARRAY_ALIGNED; kind++) {
		assert_true(mini_count(&run.entries, (uint8_t)kind) > 0);
		of_new += mini_count(&run.entries, (uint8_t)kind);
	}
	for (unsigned kind = MS_EV_DELETE; kind <= MS_EV_DELETE_ARRAY_SIZED_ALIGNED; kind++)
		of_delete += mini_count(&run.entries, (uint8_t)kind);
	assert_int_equal(of_new, of_delete);
	assert_int_equal(unmatched_frees(&run), 0);
	finish(&run);
}

static void test_limits_of_address_space_are_the_programs_own(void **state)
{
	const char *const argv[] = {"sh", "-c", "ulimit -Sv 3000000; ulimit -Sv; exec sh -c 'ulimit -Sv; ls /proc/self/limits;"
						" while read -r a b c soft rest; do [ $b != address ] || echo $soft; done"
						" </proc/self/limits'",
				    NULL};
	unsigned long long ours, kernel;
	char *line;
	struct run run;

	(void)state;
	run_program(&run, 0, "", argv);
	assert_int_equal(run.status, 0);
	ours = 3000000ull * 1024;
	/* Twice what it set, once before and once after an exec; the kernel's number has the arena on top. */
	line = run.output;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(strtoull(line, &line, 10), 3000000);
		line++;
	}
	assert_true(strncmp(line, "/proc/self/limits\n", 18) == 0);
	kernel = strtoull(line + 18, NULL, 10);
	assert_int_equal(kernel, ours + run.arena.bytes);
	finish(&run);
}

static void test_another_allocator_behind_us(void **state)
{
	const char *const argv[] = {"ls", "/", NULL};
	struct run run;

	(void)state;
	if (access("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", R_OK) != 0)
		skip();
	run_program(&run, 0, ":/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", argv);
	assert_int_equal(run.status, 0);
	assert_string_equal(run.arena.header->allocator, "libjemalloc.so.2");
	assert_true(mini_count(&run.entries, MS_EV_MALLOC) > 20);
	assert_int_equal(unmatched_frees(&run), 0);
	finish(&run);
}

static void test_an_arena_of_another_process_is_left_alone(void **state)
{
	const char *const argv[] = {"ls", "/", NULL};
	struct mini_arena arena;
	struct mini_options options = {0};
	char preload[4200], text[256];
	char *environment[] = {preload, text, (char *)(uintptr_t)"PATH=/usr/bin:/bin", NULL};
	int status;
	pid_t pid;

	(void)state;
	assert_true(mini_open(&arena, &options));
	atomic_store(&arena.header->app_pid, 1);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", library);
	mini_environment(&arena, text, sizeof(text));
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), 1);
		execvpe(argv[0], (char *const *)(uintptr_t)argv, environment);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(atomic_load(&arena.header->images), 0);
	assert_int_equal(atomic_load(&arena.header->slots_used), 0);
	mini_close(&arena);
}

static void test_it_runs_without_an_arena(void **state)
{
	static const char *const arenas[] = {"A=b", "MEMSCOPE_ARENA=", "MEMSCOPE_ARENA=1:2:/dev/null", "MEMSCOPE_ARENA=junk"};

	(void)state;
	for (size_t i = 0; i < sizeof(arenas) / sizeof(arenas[0]); i++) {
		char preload[4200];
		char *environment[] = {preload, (char *)(uintptr_t)arenas[i], NULL};
		const char *const argv[] = {"true", NULL};
		int status;
		pid_t pid;

		snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", library);
		pid = fork();
		if (pid == 0) {
			execvpe(argv[0], (char *const *)(uintptr_t)argv, environment);
			_exit(127);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ls_is_recorded),
		cmocka_unit_test(test_the_program_does_not_see_us),
		cmocka_unit_test(test_exec_in_the_same_process_goes_on),
		cmocka_unit_test(test_exec_with_a_large_environment),
		cmocka_unit_test(test_exec_that_fails_is_followed_by_its_reason),
		cmocka_unit_test(test_children_run_clean),
		cmocka_unit_test(test_operators_have_their_kinds),
		cmocka_unit_test(test_limits_of_address_space_are_the_programs_own),
		cmocka_unit_test(test_another_allocator_behind_us),
		cmocka_unit_test(test_an_arena_of_another_process_is_left_alone),
		cmocka_unit_test(test_it_runs_without_an_arena),
	};

	return cmocka_run_group_tests(tests, find_library, NULL);
}
