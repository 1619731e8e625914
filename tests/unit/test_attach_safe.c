/* Where a thread may be made to load a library: a forked child is stopped in system calls of its C library. Where ptrace is not permitted,
   nothing can be tested. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "record/attach_safe.h"

#define THREADS 8
#define STACK_BYTES ((size_t)32 << 20) /* eight of them are more than the C library keeps */

static void *nothing(void *unused)
{
	return unused;
}

/* Joins give stacks back with the lock of all stacks held, which loading a library takes. */
static void joins(void)
{
	pthread_t threads[THREADS];
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (;;) {
		for (int i = 0; i < THREADS; i++)
			if (pthread_create(&threads[i], &attributes, nothing, NULL) != 0)
				_exit(9);
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
	}
}

static void polls(void)
{
	for (;;)
		(void)poll(NULL, 0, 10);
}

static void allocates(void)
{
	for (;;) {
		char *p = malloc(STACK_BYTES); /* by mmap */

		__asm__ volatile("" : : "r"(p) : "memory");
		free(p);
	}
}

static pid_t start(void (*work)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(60);
		work();
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD) != 0) { // NOLINT: an option, not an address
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		skip();
	}
	assert_int_equal(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), 0);
	return pid;
}

/* Lets it run until it enters this system call with at least that as its second argument. */
static void run_until(pid_t pid, long number, uint64_t least)
{
	for (;;) {
		struct user_regs_struct regs;
		int status;

		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status))
			fail_msg("the child ended with wait status %d", status);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			assert_int_equal(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
			if ((long)regs.orig_rax == number && regs.rsi >= least)
				return;
		}
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
	}
}

static enum safe_answer answer(pid_t pid, bool waits)
{
	struct safe *safe = safe_open(pid);
	enum safe_answer found;

	assert_non_null(safe);
	found = safe_place(safe, pid, waits);
	safe_close(safe);
	return found;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_a_join_that_unmaps_a_stack(void **state)
{
	pid_t pid = start(joins);

	(void)state;
	run_until(pid, SYS_munmap, STACK_BYTES);
	assert_int_equal(answer(pid, false), SAFE_NO);
	end(pid);
}

static void test_a_free(void **state)
{
#if defined(__SANITIZE_ADDRESS__)
	(void)state;
	skip(); /* its malloc is not the C library's; programs with it are not attached to */
#endif
	pid_t pid = start(allocates);

	(void)state;
	run_until(pid, SYS_munmap, STACK_BYTES);
	assert_int_equal(answer(pid, false), SAFE_NO);
	end(pid);
}

static void test_a_call_that_waits(void **state)
{
	pid_t pid = start(polls);

	(void)state;
	run_until(pid, SYS_poll, 0);
	assert_int_equal(answer(pid, true), SAFE_YES);
	assert_int_equal(answer(pid, false), SAFE_YES); /* poll has a name */
	end(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_join_that_unmaps_a_stack),
		cmocka_unit_test(test_a_free),
		cmocka_unit_test(test_a_call_that_waits),
	};

	return cmocka_run_group_tests_name("attach_safe", tests, NULL, NULL);
}
