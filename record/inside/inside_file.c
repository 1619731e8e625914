/* inside_file.c - see inside_file.h. */
#include "inside_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "format/container.h"
#include "inside_libc.h"
#include "record/preload/raw.h"

#define MAGIC_BYTES 8u
#define HIGHEST_FD 1048576
#define LOWEST_FD 100


static struct {
	int fd;                        /* -1: none */
	const char *path;
	uint64_t device, inode;
	uint64_t position;
} file = {.fd = -1};

static bool is_the_file(long fd)
{
	struct stat st;

	return fd >= 0 && ms_raw(SYS_newfstatat, fd, (long)"", (long)&st, AT_EMPTY_PATH, 0, 0) == 0 && st.st_dev == file.device &&
	       st.st_ino == file.inode;
}

static uint64_t limit_of(int resource)
{
	struct rlimit limit;

	if (ms_raw_failed(ms_raw(SYS_prlimit64, 0, resource, 0, (long)&limit, 0, 0)))
		return RLIM_INFINITY;
	return limit.rlim_cur;
}

/* Out of the way of the numbers that programs expect. */
static int move_up(int fd)
{
	uint64_t limit = limit_of(RLIMIT_NOFILE);
	long from = limit > HIGHEST_FD ? HIGHEST_FD - 1 : (long)limit - 1;

	for (; from > LOWEST_FD; from -= from > LOWEST_FD + 16 ? 16 : 1) {
		long copy = ms_raw(SYS_fcntl, fd, F_DUPFD_CLOEXEC, from, 0, 0, 0);

		if (ms_raw_failed(copy))
			continue;
		ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
		return (int)copy;
	}
	return fd;
}

/* Something other than a trace, as a program is that was named by mistake. */
static bool holds_other_data(int fd, uint64_t bytes)
{
	char head[MAGIC_BYTES];
	long n = bytes == 0 ? 0 : ms_raw(SYS_pread64, fd, (long)head, sizeof head, 0, 0, 0);

	return n != 0 && (n != (long)sizeof head || memcmp(head, MS_FILE_MAGIC, sizeof head) != 0);
}

int inside_file_open(const char *path, struct ms_error *err)
{
	struct stat st;
	long fd = ms_raw(SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0600, 0, 0);

	if (ms_raw_failed(fd))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write %s", path);
	if (ms_raw_failed(ms_raw(SYS_newfstatat, fd, (long)"", (long)&st, AT_EMPTY_PATH, 0, 0)) || !S_ISREG(st.st_mode)) {
		ms_fail(err, MS_E_IO, MS_NO_OFFSET, "%s is no regular file", path);
		goto refuse;
	}
	if (holds_other_data((int)fd, (uint64_t)st.st_size)) {
		ms_fail(err, MS_E_IO, MS_NO_OFFSET, "%s exists and is no trace", path);
		goto refuse;
	}
	if (ms_raw_failed(ms_raw(SYS_ftruncate, fd, 0, 0, 0, 0, 0))) {
		ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot empty %s", path);
		goto refuse;
	}
	ms_raw(SYS_fchmod, fd, 0600, 0, 0, 0, 0);
	file.path = path;
	file.device = st.st_dev;
	file.inode = st.st_ino;
	file.position = 0;
	file.fd = move_up((int)fd);
	return MS_OK;

refuse:
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
	return MS_E_IO;
}

int inside_file_real(void)
{
	long fd;

	if (file.path == NULL)
		return -1;
	if (is_the_file(file.fd))
		return file.fd;
	/* Closed by the program. Its number may be another file's now: it is left alone. */
	fd = ms_raw(SYS_openat, AT_FDCWD, (long)file.path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0, 0, 0);
	if (ms_raw_failed(fd))
		return file.fd = -1;
	if (!is_the_file(fd)) {
		ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
		return file.fd = -1;
	}
	return file.fd = move_up((int)fd);
}

ssize_t inside_file_write(const void *bytes, size_t size)
{
	int fd = inside_file_real();
	long n;

	if (fd < 0) {
		in_errno = ESTALE;
		return -1;
	}
	if (file.position + size > limit_of(RLIMIT_FSIZE)) {
		in_errno = EFBIG;
		return -1;
	}
	n = in_result(ms_raw(SYS_pwrite64, fd, (long)bytes, (long)size, (long)file.position, 0, 0));
	if (n > 0)
		file.position += (uint64_t)n;
	return n;
}

int inside_file_cut(uint64_t bytes)
{
	int fd = inside_file_real();

	if (fd < 0) {
		in_errno = ESTALE;
		return -1;
	}
	file.position = bytes;
	return (int)in_result(ms_raw(SYS_ftruncate, fd, (long)bytes, 0, 0, 0, 0));
}

int inside_file_close(void)
{
	int fd = inside_file_real();
	long result = fd < 0 ? -ESTALE : ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);

	inside_file_forget();
	return (int)in_result(result);
}

void inside_file_forget(void)
{
	file.path = NULL;
	file.fd = -1;
}
