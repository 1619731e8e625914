#include "attachment.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "attach_safe.h"
#include "preload/late/late.h"
#include "tick_clock.h"

#define NS_PER_MS UINT64_C(1000000)
#define SAFE_NS (10000 * NS_PER_MS)     /* a thread must come to a good place within that time */
#define BROKEN_NS (500 * NS_PER_MS)     /* so long only one whose stack was followed to its end */
/* Loading reads files, and waits for locks that other threads hold. One that is given up has its registers back, but keeps what it has locked
   of the dynamic linker: rather wait. */
#define CALL_NS (60000 * NS_PER_MS)
#define END_NS (5000 * NS_PER_MS)
#define STACK_BYTES (512u << 10)        /* of dlopen */
#define THREADS_MOST 4096
#define RTLD_PRIVATE 0x80000000u        /* __RTLD_DLOPEN of glibc, for its internal dlopen */

static void nap(uint64_t ns)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
}

static uint64_t now_ns(void)
{
	return tick_clock_now(MS_CLOCK_MONOTONIC);
}

/* ---- a thread at a good place --------------------------------------------------------------------------------------------- */

static int stop_safely(struct attachment *a, struct ms_error *err)
{
	struct attach_target *t = &a->target;
	struct safe *safe = safe_open(t->pid);
	pid_t *threads = malloc(THREADS_MOST * sizeof *threads);
	uint64_t begun = now_ns();
	int status = MS_OK;

	if (!safe || !threads) {
		status = ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "the modules of process %ld cannot be read", (long)t->pid);
		goto out;
	}
	for (;;) {
		size_t count = attach_target_threads(t->pid, threads, THREADS_MOST);
		uint64_t waited = now_ns() - begun;

		for (size_t i = 0; i < count; i++) {
			enum safe_answer answer;

			status = inject_stop(&a->inject, t->pid, threads[i], t->memory, err);
			if (status == MS_E_NOT_FOUND)
				continue; /* the thread has ended */
			if (status != MS_OK)
				goto out;
			answer = safe_place(safe, threads[i], inject_waits(&a->inject));
			if (answer == SAFE_YES || (answer == SAFE_BROKEN && waited > BROKEN_NS && inject_waits(&a->inject)))
				goto out;
			inject_release(&a->inject);
		}
		if (attach_target_image(t->pid) != t->image) {
			status = ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "process %ld has ended", (long)t->pid);
			goto out;
		}
		if (waited > SAFE_NS) {
			status = ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET,
			                 "process %ld cannot be attached to: within 10 seconds no thread was found outside of the allocator and the "
			                 "dynamic linker, which loading a library needs", (long)t->pid);
			goto out;
		}
		nap(NS_PER_MS);
	}
out:
	free(threads);
	safe_close(safe);
	return status;
}

/* ---- loading ------------------------------------------------------------------------------------------------------------------ */

static int call(struct attachment *a, uint64_t function, uint64_t x, uint64_t y, uint64_t stack_top, uint64_t *result, struct ms_error *err)
{
	const uint64_t arguments[3] = {x, y, 0};

	return inject_call(&a->inject, function, arguments, stack_top, CALL_NS, result, err);
}

/* What dlerror says about it, and it is said by that: the program finds no error that is not its own. */
static void explain(struct attachment *a, const char *path, uint64_t stack_top, struct ms_error *err)
{
	struct ms_error ignored = {0};
	uint64_t text = 0;
	char why[300] = "";

	if (a->target.dlerror && call(a, a->target.dlerror, 0, 0, stack_top, &text, &ignored) == MS_OK && text) {
		for (size_t i = 0; i + 1 < sizeof why && inject_read(&a->inject, text + i, &why[i], 1) && why[i]; i++)
			why[i + 1] = '\0';
	}
	ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "process %ld cannot load %s%s%s", (long)a->target.pid, path, why[0] ? ": " : "", why);
}

/* The library's file as the process would open it: 0 = the same as ours. */
static bool sees_file(const struct attachment *a, const char *library)
{
	char path[PATH_MAX + 64];
	struct stat ours, theirs;

	return snprintf(path, sizeof path, "/proc/%ld/root%s", (long)a->target.pid, library) < (int)sizeof path && stat(library, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

static uint64_t symbol(struct attachment *a, uint64_t handle, uint64_t scratch, const char *name, uint64_t stack_top, struct ms_error *err)
{
	uint64_t address = 0;

	if (!inject_write(&a->inject, scratch, name, strlen(name) + 1) ||
	    call(a, a->target.dlsym, handle, scratch, stack_top, &address, err) != MS_OK)
		return 0;
	return address;
}

static int load_with(struct attachment *a, const char *path, uint64_t stack, struct ms_error *err)
{
	uint64_t top = stack + STACK_BYTES, scratch = stack, handle = 0, mode = RTLD_NOW | (a->target.private_dlopen ? RTLD_PRIVATE : 0);
	int status;

	if (!inject_write(&a->inject, scratch, path, strlen(path) + 1))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "the memory of process %ld cannot be written", (long)a->target.pid);
	status = call(a, a->target.dlopen, scratch, mode, top, &handle, err);
	if (status != MS_OK)
		return status;
	if (handle == 0) {
		explain(a, path, top, err);
		return MS_E_UNSUPPORTED;
	}
	a->enter = symbol(a, handle, scratch, "memscope_attach_enter", top, err);
	a->leave = symbol(a, handle, scratch, "memscope_attach_leave", top, err);
	a->stack = symbol(a, handle, scratch, "memscope_attach_stack", top, err);
	if (!a->enter || !a->leave || !a->stack)
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "%s is not the library of this memscope-record", path);
	return MS_OK;
}

static int load(struct attachment *a, const char *library, struct ms_error *err)
{
	static const uint64_t nothing[6];
	uint64_t place = 0, stack;
	int64_t mapped = 0, ignored;
	int saved_errno = 0, status;
	struct ms_error second = {0};

	if (!sees_file(a, library))
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET,
		               "process %ld does not find %s: it lives in another file system (a container); put the file there, at the same path, "
		               "as a bind mount", (long)a->target.pid, library);
	status = inject_syscall(&a->inject, SYS_mmap, (const uint64_t[6]){0, STACK_BYTES, PROT_READ | PROT_WRITE,
	                                                                 MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0}, &mapped, err);
	if (status != MS_OK)
		return status;
	if (mapped < 0 && mapped > -4096)
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "process %ld gets no memory: %s", (long)a->target.pid, strerror((int)-mapped));
	stack = (uint64_t)mapped;
	/* What dlopen does to errno is not the program's. */
	if (a->target.errno_location && call(a, a->target.errno_location, 0, 0, stack + STACK_BYTES, &place, &second) == MS_OK)
		(void)inject_read(&a->inject, place, &saved_errno, sizeof saved_errno);
	status = load_with(a, library, stack, err);
	if (place)
		(void)inject_write(&a->inject, place, &saved_errno, sizeof saved_errno);
	/* A thread that is still inside dlopen needs its stack. */
	if (status != MS_E_FULL)
		(void)inject_syscall(&a->inject, SYS_munmap, (const uint64_t[6]){stack, STACK_BYTES, nothing[0], 0, 0, 0}, &ignored, &second);
	a->loaded = status == MS_OK;
	return status;
}

static int make_arena(struct attachment *a, struct ms_error *err)
{
	char path[64];
	int status;

	if (!inject_write(&a->inject, a->stack, "memscope-arena", sizeof "memscope-arena"))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "the memory of process %ld cannot be written", (long)a->target.pid);
	status = inject_syscall(&a->inject, SYS_memfd_create, (const uint64_t[6]){a->stack, MFD_CLOEXEC | MFD_ALLOW_SEALING, 0, 0, 0, 0},
	                        &a->arena_number, err);
	if (status != MS_OK)
		return status;
	if (a->arena_number < 0)
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "process %ld gets no shared memory: %s", (long)a->target.pid,
		               strerror((int)-a->arena_number));
	snprintf(path, sizeof path, "/proc/%ld/fd/%ld", (long)a->target.pid, (long)a->arena_number);
	a->arena_fd = open(path, O_RDWR | O_CLOEXEC);
	if (a->arena_fd < 0)
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "the shared memory of process %ld cannot be opened: %s", (long)a->target.pid,
		               strerror(errno));
	return MS_OK;
}

int attachment_load(struct attachment *a, const char *library, struct ms_error *err)
{
	struct attach_target *t = &a->target;
	int status;

	a->inject = (struct inject){.gadget = t->gadget};
	a->arena_fd = -1;
	a->arena_number = -1;
	status = stop_safely(a, err);
	if (status != MS_OK)
		return status;
	if (t->ours.path[0]) {
		a->enter = attach_target_symbol(t->pid, &t->ours, "memscope_attach_enter");
		a->leave = attach_target_symbol(t->pid, &t->ours, "memscope_attach_leave");
		a->stack = attach_target_symbol(t->pid, &t->ours, "memscope_attach_stack");
	}
	if (!a->enter || !a->leave || !a->stack)
		status = load(a, library, err);
	if (status == MS_OK)
		status = make_arena(a, err);
	if (status != MS_OK)
		attachment_cancel(a);
	return status;
}

void attachment_cancel(struct attachment *a)
{
	struct ms_error ignored = {0};
	int64_t result;

	if (a->inject.stopped && !a->inject.runs && a->arena_number >= 0) /* one that still runs something can make no call: a descriptor stays */
		(void)inject_syscall(&a->inject, SYS_close, (const uint64_t[6]){(uint64_t)a->arena_number}, &result, &ignored);
	a->arena_number = -1;
	if (a->arena_fd >= 0)
		close(a->arena_fd);
	a->arena_fd = -1;
	inject_release(&a->inject);
}

/* ---- begin and end --------------------------------------------------------------------------------------------------------------- */

int attachment_begin(struct attachment *a, int64_t *slots, struct ms_error *err)
{
	uint64_t result = 0;
	int status = call(a, a->enter, (uint64_t)a->arena_number, 0, a->stack + MS_LATE_STACK_BYTES, &result, err);

	*slots = (int64_t)result;
	if (status != MS_OK)
		return status; /* the caller cancels */
	a->arena_number = -1; /* closed by the library */
	inject_release(&a->inject);
	if (*slots > 0)
		return MS_OK;
	switch (*slots) {
	case MS_LATE_BUSY:
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "process %ld is being recorded already", (long)a->target.pid);
	case MS_LATE_INSIDE:
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "a thread of process %ld has not left the recording before yet; try again",
		               (long)a->target.pid);
	case MS_LATE_NO_SLOTS:
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "process %ld calls no allocator that can be hooked", (long)a->target.pid);
	case MS_LATE_ARENA:
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET,
		               "process %ld cannot map the shared memory of a recording (a limit on its address space, or the library of another "
		               "version in it)", (long)a->target.pid);
	default:
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "process %ld gets no memory for its threads", (long)a->target.pid);
	}
}

/* With any thread, at any place. */
static int end_once(struct attachment *a, const pid_t *threads, size_t count, int64_t *result, struct ms_error *err)
{
	int status = ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "process %ld has no thread that runs", (long)a->target.pid);
	uint64_t value = 0;

	for (size_t i = 0; i < count; i++) {
		status = inject_stop(&a->inject, a->target.pid, threads[i], a->target.memory, err);
		if (status == MS_E_NOT_FOUND)
			continue;
		if (status != MS_OK)
			return status;
		status = call(a, a->leave, 0, 0, a->stack + MS_LATE_STACK_BYTES, &value, err);
		*result = (int64_t)value;
		inject_release(&a->inject);
		return status;
	}
	return status;
}

int attachment_end(struct attachment *a, struct ms_error *err)
{
	uint64_t until = now_ns() + END_NS;
	pid_t *threads = malloc(THREADS_MOST * sizeof *threads);
	int64_t result = MS_LATE_BUSY;
	int status;

	if (!threads)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "out of memory");
	do {
		if (attach_target_image(a->target.pid) != a->target.image) {
			status = ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "process %ld has ended", (long)a->target.pid);
			break;
		}
		status = end_once(a, threads, attach_target_threads(a->target.pid, threads, THREADS_MOST), &result, err);
		if (status == MS_OK && result >= 0)
			break;
		status = ms_fail(err, status == MS_OK ? MS_E_FULL : status, MS_NO_OFFSET, "process %ld cannot be left: %s", (long)a->target.pid,
		                 status == MS_OK ? "a thread is changing its calls" : "none of its threads can be stopped");
		nap(NS_PER_MS);
	} while (now_ns() < until);
	free(threads);
	return status;
}
