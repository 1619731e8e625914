/* Calls in another process: a forked child, whose functions stand where ours do. Where ptrace is not permitted, nothing can be tested. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "record/inject.h"

#define STACK_BYTES 65536

static struct {
	volatile uint64_t sum, calls, stop;
} *shared;
static unsigned char stack[STACK_BYTES] __attribute__((aligned(64)));

/* What the child is made to run; it overwrites what a stopped computation holds in registers. */
__attribute__((noinline)) uint64_t called(uint64_t a, uint64_t b, uint64_t c);
uint64_t called(uint64_t a, uint64_t b, uint64_t c)
{
	volatile double x = (double)a * 3.5;

	errno = ERANGE;
	shared->calls++;
	(void)getppid();
	(void)!write(-1, "", 0);
	return a + b * 10 + c * 100 + (x < 0);
}

/* Never returns by itself. */
__attribute__((noinline)) uint64_t waits(uint64_t a, uint64_t b, uint64_t c);
uint64_t waits(uint64_t a, uint64_t b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	for (;;)
		(void)poll(NULL, 0, 1000);
}

/* Computes; ends with status 9 when a value came back wrong. */
static void child(int pipe_fd)
{
	double x = 1.0;
	uint64_t n = 0;
	char c;

	if (read(pipe_fd, &c, 1) != 1)
		_exit(8);
	errno = 0;
	while (!shared->stop) {
		x = x * 2.0 / 2.0;
		n += 3;
		if (x < 0.99 || x > 1.01 || n % 3 != 0)
			_exit(9);
		shared->sum = n;
	}
	_exit(7);
}

struct state {
	struct inject in;
	pid_t pid;
	int memory, pipe_fd;
};

static int setup(void **state)
{
	struct state *s = calloc(1, sizeof *s);
	char path[64];
	int ends[2];

	*state = s;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!s || shared == MAP_FAILED || pipe(ends) != 0)
		return -1;
	s->pid = fork();
	if (s->pid == 0)
		child(ends[0]);
	close(ends[0]);
	s->pipe_fd = ends[1];
	snprintf(path, sizeof path, "/proc/%ld/mem", (long)s->pid);
	s->memory = open(path, O_RDWR);
	/* A syscall instruction: behind that number, in libc's syscall(). */
	for (const unsigned char *p = (const unsigned char *)(uintptr_t)&syscall; s->in.gadget == 0; p++)
		if (p[0] == 0x0f && p[1] == 0x05)
			s->in.gadget = (uint64_t)(uintptr_t)p;
	return 0;
}

static int teardown(void **state)
{
	struct state *s = *state;

	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->memory);
	close(s->pipe_fd);
	munmap(shared, 4096);
	free(s);
	return 0;
}

static void stop(struct state *s)
{
	struct ms_error err = {0};
	int status = inject_stop(&s->in, s->pid, s->pid, s->memory, &err);

	if (status == MS_E_UNSUPPORTED)
		skip();
	if (status != MS_OK)
		fail_msg("%s", err.message);
}

static void call(struct state *s)
{
	const uint64_t arguments[3] = {1, 2, 3}, six[6] = {0};
	struct ms_error err = {0};
	uint64_t result = 0;
	int64_t value = 0;

	assert_int_equal(inject_syscall(&s->in, SYS_getpid, six, &value, &err), MS_OK);
	assert_int_equal(value, s->pid);
	assert_int_equal(inject_syscall(&s->in, SYS_close, (const uint64_t[6]){UINT32_MAX, 0, 0, 0, 0, 0}, &value, &err), MS_OK);
	assert_int_equal(value, -EBADF);
	if (inject_call(&s->in, (uint64_t)(uintptr_t)called, arguments, (uint64_t)(uintptr_t)(stack + STACK_BYTES), UINT64_C(10000000000),
	                &result, &err) != MS_OK)
		fail_msg("%s", err.message);
	assert_int_equal(result, 321);
}

/* In read: it goes on reading. */
static void test_in_a_system_call(void **state)
{
	struct state *s = *state;
	int status;

	for (uint64_t i = 1; i <= 5; i++) {
		do { /* until the child is there */
			inject_release(&s->in);
			stop(s);
		} while (!inject_in_call(&s->in));
		call(s);
		inject_release(&s->in);
		assert_int_equal(shared->calls, i);
	}
	shared->stop = 1;
	assert_int_equal(write(s->pipe_fd, "x", 1), 1);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

/* In the midst of a computation: it comes to no other result. */
static void test_in_a_computation(void **state)
{
	struct state *s = *state;
	uint64_t before;
	int status;

	assert_int_equal(write(s->pipe_fd, "x", 1), 1);
	while (shared->sum == 0)
		usleep(1000);
	for (uint64_t i = 1; i <= 20; i++) {
		stop(s);
		call(s);
		inject_release(&s->in);
		before = shared->sum;
		while (shared->sum == before)
			usleep(100);
	}
	assert_int_equal(shared->calls, 20);
	shared->stop = 1;
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

/* What does not return is given up, and the thread goes on where it was. */
static void test_no_return(void **state)
{
	struct state *s = *state;
	const uint64_t arguments[3] = {0};
	struct ms_error err = {0};
	uint64_t result, before;

	assert_int_equal(write(s->pipe_fd, "x", 1), 1);
	while (shared->sum == 0)
		usleep(1000);
	stop(s);
	assert_int_equal(inject_call(&s->in, (uint64_t)(uintptr_t)waits, arguments, (uint64_t)(uintptr_t)(stack + STACK_BYTES), UINT64_C(50000000),
	                             &result, &err), MS_E_FULL);
	inject_release(&s->in);
	before = shared->sum;
	while (shared->sum == before)
		usleep(100);
	stop(s);
	call(s);
	inject_release(&s->in);
}

static void test_gone(void **state)
{
	struct state *s = *state;
	struct ms_error err = {0};

	kill(s->pid, SIGKILL);
	while (waitpid(s->pid, NULL, 0) != s->pid)
		;
	assert_int_equal(inject_stop(&s->in, s->pid, s->pid, s->memory, &err), MS_E_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_in_a_system_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_a_computation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_return, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
