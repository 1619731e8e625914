/*
 * Calls that go further than text, against a made-up pool of one block: streams, pages that are opened for a call and closed after it, blocks that
 * another thread frees, vectors that cannot be read; errno, names and counts.
 */
#include "bounds_fixture.h"

static void test_streams(void **state)
{
	int out = dup(STDOUT_FILENO), in = dup(STDIN_FILENO), fds[2];
	char *p;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "1234567\nabcdefgh\n", 17), 17);
	assert_int_equal(dup2(fds[0], STDIN_FILENO), 0);
	p = one_block(8, false, false);
	assert_ptr_equal(wrapped_gets(p), p);
	assert_string_equal(p, "1234567");
	silent("gets", "that fits");
	assert_ptr_equal(wrapped___gets_chk(p, SIZE_MAX), p);
	expect("gets", "behind", MS_ACCESS_WRITE, at(8), 1, false);
	dup2(in, STDIN_FILENO);
	fflush(stdout);
	assert_int_equal(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
	strcpy(p, "1234567");
	wrapped_puts(p);
	silent("puts", "that fits");
	strcpy(p, "12345678");
	wrapped_puts(p);
	wrapped_printf("%s", p);
	wrapped___printf_chk(0, "%s", p);
	assert_int_equal(list_call(NUMBER_vprintf, p, 0, "%s", p), 8);
	assert_int_equal(list_call(NUMBER___vprintf_chk, p, 0, "%s", p), 8);
	/* The stream is one of bytes; the string is looked at before. */
	assert_int_equal(wrapped_wprintf(L"%s", p), -1);
	assert_int_equal(wrapped___wprintf_chk(0, L"%s", p), -1);
	assert_int_equal(list_call(NUMBER_vwprintf, p, 0, L"%s", p), -1);
	assert_int_equal(list_call(NUMBER___vwprintf_chk, p, 0, L"%s", p), -1);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	assert_int_equal(seen_count, 9);
	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(seen[i].address, at(8));
		assert_int_equal(seen[i].length_bytes, 1);
	}
	assert_string_equal(seen[1].function, "printf");
	assert_string_equal(seen[3].function, "vprintf");
	assert_string_equal(seen[8].function, "vwprintf");
	close(fds[0]);
	close(fds[1]);
	close(out);
	close(in);
}

static void test_pages_are_opened(void **state)
{
	char *p;
	struct iovec v;

	(void)state;
	/* Before a call into the kernel that could go further than the block, and closed after it. */
	p = one_block(8, false, true);
	fill_pipe(10);
	assert_int_equal(wrapped_read(pipe_fds[0], p, 100), 10);
	assert_int_equal(seen_count, 1);
	assert_int_equal(opened_count, 2);
	assert_int_equal(opened[0].start, at(0));
	assert_int_equal(opened[0].bytes, 100);
	assert_int_equal(closed_count, 1);
	assert_int_equal(closed[0].start, at(0));
	assert_int_equal(closed[0].bytes, 100);
	/* Not for one that cannot. */
	p = one_block(8, false, true);
	fill_pipe(8);
	wrapped_read(pipe_fds[0], p, 8);
	v = (struct iovec){p, 8};
	fill_pipe(8);
	wrapped_readv(pipe_fds[0], &v, 1);
	assert_int_equal(opened_count, 0);
	v.iov_len = 9;
	fill_pipe(8);
	wrapped_readv(pipe_fds[0], &v, 1);
	assert_int_equal(opened_count, 1);
	assert_int_equal(closed_count, 1);
	silent("readv", "that was given less");
	/* A call without a limit opens what it needs, a size without a meaning a little. */
	p = one_block(8, false, true);
	wrapped_sprintf(p, "%d %s", 1234, "ab");
	assert_int_equal(opened_count, 0);
	wrapped_sprintf(p, "%d %s", 1234, "abc");
	assert_int_equal(opened_count, 2); /* before, and after evidence */
	assert_int_equal(opened[0].bytes, 9);
	assert_int_equal(closed_count, 1);
	expect("sprintf", "one byte", MS_ACCESS_WRITE, at(8), 1, false);
	p = one_block(8, false, true);
	wrapped_snprintf(p, SIZE_MAX / 4, "%d", 1);
	assert_int_equal(opened_count, 1);
	assert_in_range(opened[0].bytes, 4096, 100000);
	/* Formats only if they have no end in their block. */
	p = one_block(8, false, true);
	memcpy(p, "format", 7);
	wrapped_fprintf(sink, p);
	assert_int_equal(opened_count, 0);
	memcpy(p, "formats:", 9);
	wrapped_fprintf(sink, p);
	assert_in_range(opened_count, 1, 3);
	expect("fprintf", "a format without an end", MS_ACCESS_READ, at(8), 1, false);
	/* After evidence, so that the real call does not fault; not where there are no pages. */
	p = one_block(8, false, true);
	wrapped_memset(p, 'x', 9);
	assert_int_equal(opened_count, 1);
	assert_int_equal(closed_count, 0);
	p = one_block(8, false, false);
	wrapped_memset(p, 'x', 9);
	assert_int_equal(opened_count, 0);
}

/* Another thread frees the block, and what describes the call, as soon as the bytes are written. */
static struct msghdr *message_that_ends;

static ssize_t write_and_free(int fd, const void *at, size_t n)
{
	(void)fd;
	(void)at;
	blocks[0].freed = true;
	return (ssize_t)n;
}

static ssize_t sendmsg_and_free(int fd, const struct msghdr *message, int flags)
{
	(void)fd;
	(void)message;
	(void)flags;
	blocks[0].freed = true;
	mprotect(message_that_ends, 4096, PROT_NONE);
	return 9;
}

static void test_freed_by_another_thread(void **state)
{
	const struct libc_real real = libc_real;
	struct iovec v;
	char *p;

	(void)state;
	libc_real.write = write_and_free;
	libc_real.sendmsg = sendmsg_and_free;
	p = one_block(8, false, false);
	wrapped_write(1, p, 8);
	silent("write", "of a block that was alive");
	p = one_block(8, false, true);
	wrapped_write(1, p, 9);
	expect("write", "behind a block that was alive", MS_ACCESS_READ, at(8), 1, false);
	p = one_block(8, true, false);
	wrapped_write(1, p, 8);
	expect("write", "of a freed block", MS_ACCESS_READ, at(0), 8, true);
	message_that_ends = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p = one_block(8, false, false);
	v = (struct iovec){p, 9};
	*message_that_ends = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1};
	wrapped_sendmsg(1, message_that_ends, 0);
	expect("sendmsg", "behind a block that was alive", MS_ACCESS_READ, at(8), 1, false);
	munmap(message_that_ends, 4096);
	libc_real = real;
}

static void test_bad_vectors(void **state)
{
	struct msghdr *bad = (struct msghdr *)8;

	(void)state;
	one_block(8, false, false);
	assert_int_equal(wrapped_readv(pipe_fds[0], (const struct iovec *)8, 1), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(wrapped_readv(pipe_fds[0], NULL, -1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(wrapped_sendmsg(socket_fds[0], bad, 0), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(wrapped_recvmsg(socket_fds[0], NULL, 0), -1);
	assert_int_equal(errno, EFAULT);
	silent("vectors", "that cannot be read");
}

static void test_errno_and_names(void **state)
{
	char *p;

	(void)state;
	p = one_block(8, true, true);
	memcpy(p, "1234567", 8);
	errno = KEPT_ERRNO;
	wrapped_strlen(p);
	wrapped_memcpy(large, p, 8);
	wrapped_snprintf(p, 8, "%d", 1);
	assert_int_equal(errno, KEPT_ERRNO);
	assert_string_equal(seen[0].function, "strlen");
	assert_string_equal(seen[1].function, "memcpy");
	assert_string_equal(seen[2].function, "snprintf");
}

static void test_counts(void **state)
{
	static struct ms_arena_header header;
	char *p = one_block(8, false, false);

	(void)state;
	bounds_start();
	for (int i = 0; i < 1000; i++)
		wrapped_memset(p, 0, 8);
	wrapped_memset(large, 0, 8);
	bounds_count(&header);
	assert_int_equal(atomic_load(&header.guard_calls), 1000);
	wrapped_memset(p, 0, 8);
	bounds_count(&header);
	bounds_count(&header);
	assert_int_equal(atomic_load(&header.guard_calls), 1001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_pages_are_opened),
		cmocka_unit_test(test_freed_by_another_thread),
		cmocka_unit_test(test_bad_vectors),
		cmocka_unit_test(test_errno_and_names),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
