/* inside_libc.c - see inside_libc.h. Names and parameters are libc's. */
#include "inside_libc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "inside_file.h"
#include "record/preload/raw.h"

int in_errno;

long in_result(long raw)
{
	if (!ms_raw_failed(raw))
		return raw;
	in_errno = (int)-raw;
	return -1;
}

int *in___errno_location(void);
int *in___errno_location(void)
{
	return &in_errno;
}

/* Of the stack protector in archives that were compiled with it: nothing sensible can follow, and nothing may be printed. */
void in___stack_chk_fail(void) __attribute__((noreturn));
void in___stack_chk_fail(void)
{
	__builtin_trap();
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static int real_fd(int fd)
{
	return fd == INSIDE_FD ? inside_file_real() : fd;
}

int in_open(const char *path, int flags, ...);
int in_open(const char *path, int flags, ...)
{
	return (int)in_result(ms_raw(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, 0600, 0, 0));
}

int in_close(int fd);
int in_close(int fd)
{
	return fd == INSIDE_FD ? inside_file_close() : (int)in_result(ms_raw(SYS_close, fd, 0, 0, 0, 0, 0));
}

ssize_t in_write(int fd, const void *bytes, size_t size);
ssize_t in_write(int fd, const void *bytes, size_t size)
{
	return fd == INSIDE_FD ? inside_file_write(bytes, size) : in_result(ms_raw(SYS_write, fd, (long)bytes, (long)size, 0, 0, 0));
}

ssize_t in_read(int fd, void *bytes, size_t size);
ssize_t in_read(int fd, void *bytes, size_t size)
{
	return in_result(ms_raw(SYS_read, real_fd(fd), (long)bytes, (long)size, 0, 0, 0));
}

ssize_t in_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t in_pread(int fd, void *bytes, size_t size, off_t offset)
{
	return in_result(ms_raw(SYS_pread64, real_fd(fd), (long)bytes, (long)size, offset, 0, 0));
}

/* Writes of the trace say where; only streams ask. */
off_t in_lseek(int fd, off_t offset, int whence);
off_t in_lseek(int fd, off_t offset, int whence)
{
	return fd == INSIDE_FD ? offset : in_result(ms_raw(SYS_lseek, fd, offset, whence, 0, 0, 0));
}

int in_ftruncate(int fd, off_t bytes);
int in_ftruncate(int fd, off_t bytes)
{
	return fd == INSIDE_FD ? inside_file_cut((uint64_t)bytes) : (int)in_result(ms_raw(SYS_ftruncate, fd, bytes, 0, 0, 0, 0));
}

int in_fsync(int fd);
int in_fsync(int fd)
{
	return (int)in_result(ms_raw(SYS_fsync, real_fd(fd), 0, 0, 0, 0, 0));
}

int in_fcntl(int fd, int command, long argument);
int in_fcntl(int fd, int command, long argument)
{
	return (int)in_result(ms_raw(SYS_fcntl, real_fd(fd), command, argument, 0, 0, 0));
}

int in_fstat(int fd, struct stat *st);
int in_fstat(int fd, struct stat *st)
{
	return (int)in_result(ms_raw(SYS_newfstatat, real_fd(fd), (long)"", (long)st, AT_EMPTY_PATH, 0, 0));
}

int in_fstatvfs(int fd, struct statvfs *out);
int in_fstatvfs(int fd, struct statvfs *out)
{
	struct statfs fs;

	if (in_result(ms_raw(SYS_fstatfs, real_fd(fd), (long)&fs, 0, 0, 0, 0)) != 0)
		return -1;
	memset(out, 0, sizeof *out);
	out->f_frsize = fs.f_frsize != 0 ? (unsigned long)fs.f_frsize : (unsigned long)fs.f_bsize;
	out->f_blocks = fs.f_blocks;
	out->f_bavail = fs.f_bavail;
	return 0;
}

int in_unlink(const char *path);
int in_unlink(const char *path)
{
	return (int)in_result(ms_raw(SYS_unlink, (long)path, 0, 0, 0, 0, 0));
}

char *in_getcwd(char *path, size_t bytes);
char *in_getcwd(char *path, size_t bytes)
{
	/* A folder outside of the root has a name that does not begin with a slash. */
	return in_result(ms_raw(SYS_getcwd, (long)path, (long)bytes, 0, 0, 0, 0)) > 0 && path[0] == '/' ? path : NULL;
}

/* ---- memory, limits, the machine ------------------------------------------------------------------------------------ */

void *in_mmap(void *address, size_t bytes, int prot, int flags, int fd, off_t offset);
void *in_mmap(void *address, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	long at = in_result(ms_raw_mmap(address, bytes, prot, flags, fd, offset));

	if (at != -1) {
		ms_own_add((uint64_t)at, bytes);
		in_memory_take((int64_t)(flags & (MAP_SHARED | MAP_NORESERVE) ? 0 : bytes));
	}
	return (void *)at;
}

int in_munmap(void *address, size_t bytes);
int in_munmap(void *address, size_t bytes)
{
	return (int)in_result(ms_raw_munmap(address, bytes));
}

void *in_mremap(void *address, size_t old_bytes, size_t bytes, int flags, ...);
void *in_mremap(void *address, size_t old_bytes, size_t bytes, int flags, ...)
{
	long at = in_result(ms_raw(SYS_mremap, (long)address, (long)old_bytes, (long)bytes, flags, 0, 0));

	if (at != -1) {
		in_memory_take((int64_t)bytes - (int64_t)old_bytes);
		ms_own_remove((uint64_t)(uintptr_t)address, old_bytes);
		ms_own_add((uint64_t)at, bytes);
	}
	return (void *)at;
}

int in_madvise(void *address, size_t bytes, int advice);
int in_madvise(void *address, size_t bytes, int advice)
{
	return (int)in_result(ms_raw_madvise(address, bytes, advice));
}

int in_memfd_create(const char *name, unsigned flags);
int in_memfd_create(const char *name, unsigned flags)
{
	return (int)in_result(ms_raw(SYS_memfd_create, (long)name, flags, 0, 0, 0, 0));
}

int in_getrlimit(int resource, struct rlimit *limit);
int in_getrlimit(int resource, struct rlimit *limit)
{
	return (int)in_result(ms_raw(SYS_prlimit64, 0, resource, 0, (long)limit, 0, 0));
}

int in_setrlimit(int resource, const struct rlimit *limit);
int in_setrlimit(int resource, const struct rlimit *limit)
{
	return (int)in_result(ms_raw(SYS_prlimit64, 0, resource, (long)limit, 0, 0, 0));
}

/* Of the recorder alone: what its malloc has taken from the kernel. */
int in_getrusage(int who, struct rusage *usage);
int in_getrusage(int who, struct rusage *usage)
{
	(void)who;
	memset(usage, 0, sizeof *usage);
	usage->ru_maxrss = (long)(in_memory_bytes / 1024);
	return 0;
}

uint64_t in_cpu_ns;
static uint64_t cpu_begun;

static uint64_t thread_cpu(void)
{
	struct timespec t = {0, 0};

	ms_raw(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, (long)&t, 0, 0, 0, 0);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t in_cpu_since(void)
{
	return cpu_begun != 0 ? thread_cpu() - cpu_begun : 0;
}

void in_cpu_begin(void)
{
	cpu_begun = thread_cpu();
}

void in_cpu_end(void)
{
	in_cpu_ns += in_cpu_since();
	cpu_begun = 0;
}

int in_clock_gettime(clockid_t clock, struct timespec *time);
int in_clock_gettime(clockid_t clock, struct timespec *time)
{
	if (clock == CLOCK_PROCESS_CPUTIME_ID) {
		uint64_t ns = in_cpu_ns + in_cpu_since();

		*time = (struct timespec){(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
		return 0;
	}
	return (int)in_result(ms_raw(SYS_clock_gettime, clock, (long)time, 0, 0, 0, 0));
}

pid_t in_getpid(void);
pid_t in_getpid(void)
{
	return (pid_t)ms_raw_getpid();
}

int in_uname(struct utsname *u);
int in_uname(struct utsname *u)
{
	return (int)in_result(ms_raw(SYS_uname, (long)u, 0, 0, 0, 0, 0));
}

/* Asked for the size of a page only. */
long in_sysconf(int name);
long in_sysconf(int name)
{
	return name == _SC_PAGESIZE ? 4096 : -1;
}

long in_syscall(long number, long a, long b, long c, long d, long e, long f);
long in_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	return in_result(ms_raw(number, a, b, c, d, e, f));
}

/* Of archives that were compiled with checks: the size has been checked already where it is constant. */
void *in___memcpy_chk(void *to, const void *from, size_t bytes, size_t room);
void *in___memcpy_chk(void *to, const void *from, size_t bytes, size_t room)
{
	if (bytes > room)
		__builtin_trap();
	return memcpy(to, from, bytes);
}

/* ---- text ----------------------------------------------------------------------------------------------------------- */

char *in_strncpy(char *to, const char *from, size_t bytes);
char *in_strncpy(char *to, const char *from, size_t bytes)
{
	size_t length = strlen(from);

	memcpy(to, from, length < bytes ? length : bytes);
	if (length < bytes)
		memset(to + length, 0, bytes - length);
	return to;
}

char *in_strndup(const char *text, size_t most);
char *in_strndup(const char *text, size_t most)
{
	size_t length = 0;
	char *copy;

	while (length < most && text[length] != '\0')
		length++;
	copy = in_malloc(length + 1);
	if (copy != NULL) {
		memcpy(copy, text, length);
		copy[length] = '\0';
	}
	return copy;
}

char *in_strdup(const char *text);
char *in_strdup(const char *text)
{
	return in_strndup(text, SIZE_MAX - 1);
}

char *in_strerror(int number);
char *in_strerror(int number)
{
	static const struct { int number; const char *text; } known[] = {
		{ENOSPC, "No space left on device"}, {EDQUOT, "Disk quota exceeded"}, {EFBIG, "File too large"}, {EIO, "Input/output error"},
		{EACCES, "Permission denied"}, {ENOENT, "No such file or directory"}, {ENOMEM, "Cannot allocate memory"},
		{ESTALE, "the program has closed the file, and it cannot be opened again"}, {EROFS, "Read-only file system"},
	};
	static char other[24];

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].number == number)
			return (char *)(uintptr_t)known[i].text;
	in_snprintf(other, sizeof other, "error %d", number);
	return other;
}

struct sink {
	char *text;
	size_t room, length;           /* length counts what would not fit, too */
};

static void put(struct sink *s, char c)
{
	if (s->length + 1 < s->room)
		s->text[s->length] = c;
	s->length++;
}

static void put_number(struct sink *s, uint64_t value, bool negative, unsigned base, int width, char fill)
{
	char digits[24];
	int n = 0;

	do
		digits[n++] = "0123456789abcdef"[value % base];
	while ((value /= base) != 0);
	if (negative)
		digits[n++] = '-';
	for (; width > n; width--)
		put(s, fill);
	while (n > 0)
		put(s, digits[--n]);
}

int in_vsnprintf(char *text, size_t bytes, const char *format, va_list args)
{
	struct sink s = {text, bytes, 0};

	for (const char *f = format; *f != '\0'; f++) {
		int width = 0, precision = -1, longs = 0;
		char fill = ' ';

		if (*f != '%') {
			put(&s, *f);
			continue;
		}
		f++;
		if (*f == '0')
			fill = *f++;
		for (; *f >= '0' && *f <= '9'; f++)
			width = width * 10 + *f - '0';
		if (*f == '.') {
			f++;
			precision = 0;
			if (*f == '*') {
				precision = va_arg(args, int);
				f++;
			}
			for (; *f >= '0' && *f <= '9'; f++)
				precision = precision * 10 + *f - '0';
		}
		for (; *f == 'l' || *f == 'z' || *f == 'j' || *f == 'h'; f++)
			longs += *f != 'h';
		switch (*f) {
		case 's': {
			const char *t = va_arg(args, const char *);

			for (int i = 0; t != NULL && t[i] != '\0' && (precision < 0 || i < precision); i++)
				put(&s, t[i]);
			break;
		}
		case 'c':
			put(&s, (char)va_arg(args, int));
			break;
		case 'd':
		case 'i': {
			int64_t v = longs ? va_arg(args, long) : va_arg(args, int);

			put_number(&s, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0, 10, width, fill);
			break;
		}
		case 'u':
		case 'x':
			put_number(&s, longs ? va_arg(args, unsigned long) : va_arg(args, unsigned), false, *f == 'x' ? 16 : 10, width, fill);
			break;
		default: /* the percent sign; of anything else the letter */
			if (*f == '\0')
				f--;
			else
				put(&s, *f);
			break;
		}
	}
	if (bytes > 0)
		text[s.length < bytes ? s.length : bytes - 1] = '\0';
	return (int)s.length;
}

int in_snprintf(char *text, size_t bytes, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = in_vsnprintf(text, bytes, format, args);
	va_end(args);
	return n;
}

/* ---- stdio ---------------------------------------------------------------------------------------------------------- */

FILE *in_stderr;

int in_fprintf(FILE *f, const char *format, ...);
int in_fprintf(FILE *f, const char *format, ...)
{
	(void)f;
	(void)format;
	return 0;
}

/* One small file of the kernel at a time, of which the first line is read. */
static int stdio_fd = -1;

FILE *in_fopen(const char *path, const char *mode);
FILE *in_fopen(const char *path, const char *mode)
{
	(void)mode;
	if (stdio_fd >= 0)
		return NULL;
	stdio_fd = in_open(path, O_RDONLY);
	return stdio_fd < 0 ? NULL : (FILE *)(void *)&stdio_fd;
}

char *in_fgets(char *line, int bytes, FILE *f);
char *in_fgets(char *line, int bytes, FILE *f)
{
	long n = in_read(*(int *)(void *)f, line, (size_t)bytes - 1), i = 0;

	if (n <= 0)
		return NULL;
	while (i < n && line[i] != '\n')
		i++;
	line[i < n ? i + 1 : n] = '\0';
	return line;
}

int in_fclose(FILE *f);
int in_fclose(FILE *f)
{
	int fd = *(int *)(void *)f;

	stdio_fd = -1;
	return in_close(fd);
}

/* ---- sorting -------------------------------------------------------------------------------------------------------- */

typedef int compare_fn(const void *, const void *);

static void swap(char *a, char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = a[i];

		a[i] = b[i];
		b[i] = c;
	}
}

/* Without memory for a copy: by heap. */
static void sort_in_place(char *at, size_t n, size_t size, compare_fn *compare)
{
	for (size_t end = n, start = n / 2; end > 1;) {
		size_t i;

		if (start > 0) {
			start--;
		} else {
			end--;
			swap(at, at + end * size, size);
		}
		for (i = start; 2 * i + 1 < end;) {
			size_t child = 2 * i + 1;

			if (child + 1 < end && compare(at + child * size, at + (child + 1) * size) < 0)
				child++;
			if (compare(at + i * size, at + child * size) >= 0)
				break;
			swap(at + i * size, at + child * size, size);
			i = child;
		}
	}
}

static void merge_halves(char *to, const char *a, const char *a_end, const char *b, const char *b_end, size_t size, compare_fn *compare)
{
	while (a < a_end && b < b_end) {
		const char **less = compare(b, a) < 0 ? &b : &a;

		memcpy(to, *less, size);
		*less += size;
		to += size;
	}
	memcpy(to, a, (size_t)(a_end - a));
	memcpy(to + (a_end - a), b, (size_t)(b_end - b));
}

void in_qsort(void *base, size_t n, size_t size, compare_fn *compare);
void in_qsort(void *base, size_t n, size_t size, compare_fn *compare)
{
	char *from = base, *copy = n > 1 ? in_malloc(n * size) : NULL, *to = copy;

	if (copy == NULL) {
		sort_in_place(base, n, size, compare);
		return;
	}
	for (size_t run = 1; run < n; run *= 2) {
		for (size_t i = 0; i < n; i += 2 * run) {
			size_t middle = i + run < n ? i + run : n, end = i + 2 * run < n ? i + 2 * run : n;

			merge_halves(to + i * size, from + i * size, from + middle * size, from + middle * size, from + end * size, size,
				     compare);
		}
		char *next = to;
		to = from;
		from = next;
	}
	if (from != base)
		memcpy(base, from, n * size);
	in_free(copy);
}
