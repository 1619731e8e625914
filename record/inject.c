#include "inject.h"

#include <elf.h>
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "say.h"
#include "tick_clock.h"

#define STOP_NS UINT64_C(2000000000)    /* a thread that sleeps uninterruptibly does not stop */
#define CALL_NS UINT64_C(10000000000)
#define NAP_NS 50000
#define TELL_NS UINT64_C(5000000000)
#define SYSCALL_BYTES 2                 /* 0f 05 */
#define NO_CALL UINT64_MAX              /* orig_rax: no system call to begin again */
#define RED_ZONE 128
#define FLAG_DIRECTION 0x400u
#define FLAG_TRAP 0x100u

/* Faults come from what the thread runs; blocked, they would kill it. */
#define FAULTS (UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1) | UINT64_C(1) << (SIGILL - 1) | \
                UINT64_C(1) << (SIGFPE - 1) | UINT64_C(1) << (SIGTRAP - 1) | UINT64_C(1) << (SIGSYS - 1))

/* Linux ends them with EINTR when a tracer stops the thread, handler or not: signal(7). */
static const long never_restarted[] = {
	SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_semop, SYS_semtimedop, SYS_msgrcv, SYS_msgsnd, SYS_io_getevents,
	SYS_io_pgetevents, SYS_rt_sigtimedwait,
};

static const long waiting_calls[] = {
	SYS_read, SYS_readv, SYS_pread64, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg, SYS_accept, SYS_accept4, SYS_connect, SYS_write, SYS_writev,
	SYS_sendto, SYS_sendmsg, SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_nanosleep,
	SYS_clock_nanosleep, SYS_pause, SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_wait4, SYS_waitid, SYS_semop, SYS_semtimedop, SYS_msgrcv,
	SYS_msgsnd, SYS_io_getevents, SYS_io_pgetevents, SYS_flock, SYS_restart_syscall,
};
static const unsigned waiting_futexes[] = {FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_LOCK_PI, FUTEX_WAIT_REQUEUE_PI};

static long trace(enum __ptrace_request request, pid_t tid, uint64_t address, uint64_t data)
{
	return ptrace(request, tid, (void *)(uintptr_t)address, (void *)(uintptr_t)data); // NOLINT: addresses of another process
}

/* ---- waiting ----------------------------------------------------------------------------------------------------------- */

enum stop { STOP_NONE, STOP_CALL, STOP_EVENT, STOP_GROUP, STOP_SIGNAL, STOP_GONE };

/* The next stop of the thread, within the time. */
static enum stop await(struct inject *in, uint64_t timeout_ns, int *signal_)
{
	uint64_t until = tick_clock_now(MS_CLOCK_MONOTONIC) + timeout_ns;
	const struct timespec nap = {0, NAP_NS};
	uint64_t patience = tick_clock_now(MS_CLOCK_MONOTONIC) + TELL_NS;
	int status;

	*signal_ = 0;
	for (;;) {
		pid_t got = waitpid(in->tid, &status, __WALL | WNOHANG);

		if (got == in->tid)
			break;
		if (got < 0 && errno != EINTR)
			return STOP_GONE;
		if (tick_clock_now(MS_CLOCK_MONOTONIC) >= until)
			return STOP_NONE;
		if (tick_clock_now(MS_CLOCK_MONOTONIC) >= patience && !in->told) {
			in->told = true;
			say("thread %ld of process %ld waits, for a lock of the dynamic linker perhaps, in what it was made to run; waiting for it",
			    (long)in->tid, (long)in->pid);
		}
		nanosleep(&nap, NULL);
	}
	if (!WIFSTOPPED(status))
		return STOP_GONE;
	*signal_ = WSTOPSIG(status);
	if (*signal_ == (SIGTRAP | 0x80))
		return STOP_CALL;
	if (status >> 16 == PTRACE_EVENT_STOP)
		return *signal_ == SIGTRAP ? STOP_EVENT : STOP_GROUP;
	return STOP_SIGNAL;
}

static int gone(struct inject *in, struct ms_error *err)
{
	if (!in->runs) /* else it is no stop that is missing: the thread runs what it was made to run, and must be brought back */
		in->stopped = false;
	return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "process %ld has ended", (long)in->pid);
}

/* ---- registers ------------------------------------------------------------------------------------------------------------ */

static bool get_registers(struct inject *in, struct user_regs_struct *regs)
{
	return trace(PTRACE_GETREGS, in->tid, 0, (uintptr_t)regs) == 0;
}

static bool set_registers(struct inject *in, const struct user_regs_struct *regs)
{
	return trace(PTRACE_SETREGS, in->tid, 0, (uintptr_t)regs) == 0;
}

static bool get_state(struct inject *in)
{
	struct iovec io = {in->state, sizeof in->state};

	if (trace(PTRACE_GETREGSET, in->tid, NT_X86_XSTATE, (uintptr_t)&io) != 0 || io.iov_len == sizeof in->state)
		return false;
	in->state_bytes = io.iov_len;
	return true;
}

static bool set_state(struct inject *in)
{
	struct iovec io = {in->state, in->state_bytes};

	return trace(PTRACE_SETREGSET, in->tid, NT_X86_XSTATE, (uintptr_t)&io) == 0;
}

/* Line "name:\t<hexadecimal>" of /proc/PID/task/TID/status; 0 = not there. */
static uint64_t status_mask(const struct inject *in, const char *name)
{
	char path[64], line[256];
	uint64_t mask = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/task/%ld/status", (long)in->pid, (long)in->tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof line, f))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			mask = strtoull(line + strlen(name) + 1, NULL, 16);
	fclose(f);
	return mask;
}

/* ---- stop and release ------------------------------------------------------------------------------------------------------ */

static void detach(struct inject *in)
{
	trace(PTRACE_DETACH, in->tid, 0, 0);
	in->stopped = in->changed = false;
}

int inject_stop(struct inject *in, pid_t pid, pid_t tid, int memory, struct ms_error *err)
{
	uint64_t gadget = in->gadget;
	int signal_;

	*in = (struct inject){.pid = pid, .tid = tid, .memory = memory, .gadget = gadget};
	if (trace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD) != 0) {
		if (errno == ESRCH)
			return gone(in, err);
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "process %ld may not be traced: %s", (long)pid, strerror(errno));
	}
	trace(PTRACE_INTERRUPT, tid, 0, 0);
	for (;;) {
		switch (await(in, STOP_NS, &signal_)) {
		case STOP_GONE:
			return gone(in, err);
		case STOP_NONE:
			/* It is traced until it stops; then it is let go by the kernel when this process ends. Waited for once more elsewhere. */
			return ms_fail(err, MS_E_FULL, MS_NO_OFFSET, "thread %ld does not stop: it waits in the kernel", (long)tid);
		case STOP_GROUP:
			trace(PTRACE_DETACH, tid, 0, 0);
			return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET,
			               "process %ld is stopped; it has to run (kill -CONT %ld) for a library to be loaded into it",
			               (long)pid, (long)pid);
		case STOP_CALL:
			trace(PTRACE_INTERRUPT, tid, 0, 0); /* every stop is taken for the one that was asked for */
			trace(PTRACE_CONT, tid, 0, 0);
			continue;
		case STOP_SIGNAL: /* the program's own: it gets it, and the stop comes after */
			trace(PTRACE_INTERRUPT, tid, 0, 0);
			trace(PTRACE_CONT, tid, 0, (uint64_t)signal_);
			continue;
		case STOP_EVENT:
			break;
		}
		break;
	}
	in->blocked = status_mask(in, "SigBlk");
	if (!get_registers(in, &in->saved) || !get_state(in) ||
	    trace(PTRACE_GETSIGMASK, tid, sizeof in->saved_mask, (uintptr_t)&in->saved_mask) != 0) {
		trace(PTRACE_DETACH, tid, 0, 0);
		return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "the registers of thread %ld cannot be read: %s", (long)tid,
		               strerror(errno));
	}
	in->at_call = in->saved.orig_rax != NO_CALL;
	in->stopped = true;
	return MS_OK;
}

bool inject_in_call(const struct inject *in)
{
	return in->at_call;
}

bool inject_waits(const struct inject *in)
{
	if (!in->at_call)
		return false;
	for (size_t i = 0; i < sizeof waiting_calls / sizeof *waiting_calls; i++)
		if ((long)in->saved.orig_rax == waiting_calls[i])
			return true;
	for (size_t i = 0; i < sizeof waiting_futexes / sizeof *waiting_futexes; i++)
		if ((long)in->saved.orig_rax == SYS_futex && (in->saved.rsi & FUTEX_CMD_MASK) == waiting_futexes[i])
			return true;
	return false;
}

/* EINTR by our stop, not by a signal. */
static void begin_again(struct inject *in, struct user_regs_struct *regs)
{
	uint64_t waiting = (status_mask(in, "SigPnd") | status_mask(in, "ShdPnd")) & ~in->blocked;

	if (!in->at_call || (int64_t)regs->rax != -EINTR || waiting != 0)
		return;
	for (size_t i = 0; i < sizeof never_restarted / sizeof *never_restarted; i++) {
		if ((long)regs->orig_rax != never_restarted[i])
			continue;
		regs->rax = regs->orig_rax;
		regs->rip -= SYSCALL_BYTES;
		regs->orig_rax = NO_CALL;
		return;
	}
}

/* Into a stop after which the kernel looks at an interrupted system call again. */
static bool to_event_stop(struct inject *in)
{
	int signal_ = 0;

	trace(PTRACE_INTERRUPT, in->tid, 0, 0);
	if (!in->runs) /* else it would be let out of the very stop that is asked for */
		trace(PTRACE_CONT, in->tid, 0, 0);
	for (;;) {
		switch (await(in, STOP_NS, &signal_)) {
		case STOP_EVENT:
		case STOP_GROUP:
			return true;
		case STOP_SIGNAL: /* of a fault, where it returned to nowhere; or one that cannot be blocked */
			trace(PTRACE_INTERRUPT, in->tid, 0, 0); /* every stop is taken for the one that was asked for */
			trace(PTRACE_CONT, in->tid, 0, signal_ == SIGSTOP ? SIGSTOP : 0);
			continue;
		case STOP_CALL:
			trace(PTRACE_INTERRUPT, in->tid, 0, 0);
			trace(PTRACE_CONT, in->tid, 0, 0);
			continue;
		case STOP_NONE:
		case STOP_GONE:
			return false;
		}
	}
}

void inject_release(struct inject *in)
{
	struct user_regs_struct regs = in->saved;

	if (!in->stopped)
		return;
	if (in->changed && !to_event_stop(in)) {
		in->stopped = false;
		return;
	}
	begin_again(in, &regs);
	if (in->changed || regs.orig_rax != in->saved.orig_rax) {
		set_registers(in, &regs);
		set_state(in);
		trace(PTRACE_SETSIGMASK, in->tid, sizeof in->saved_mask, (uintptr_t)&in->saved_mask);
	}
	detach(in);
}

/* ---- running something ------------------------------------------------------------------------------------------------------ */

static bool begin(struct inject *in, const struct user_regs_struct *regs)
{
	uint64_t mask = ~FAULTS;

	if (!in->changed && trace(PTRACE_SETSIGMASK, in->tid, sizeof mask, (uintptr_t)&mask) != 0)
		return false;
	in->changed = true;
	return set_registers(in, regs);
}

/* The next stop at a system call. Signals that cannot be blocked are for later. */
static int next_call(struct inject *in, uint64_t timeout_ns, struct ms_error *err)
{
	int signal_;

	trace(PTRACE_SYSCALL, in->tid, 0, 0);
	for (;;) {
		switch (await(in, timeout_ns, &signal_)) {
		case STOP_CALL:
			return get_registers(in, &in->now) ? MS_OK : gone(in, err);
		case STOP_GONE:
			return gone(in, err);
		case STOP_NONE:
			in->runs = true;
			return ms_fail(err, MS_E_FULL, MS_NO_OFFSET, "thread %ld waits for something that does not come", (long)in->tid);
		case STOP_EVENT:
		case STOP_GROUP:
			trace(PTRACE_SYSCALL, in->tid, 0, 0);
			continue;
		case STOP_SIGNAL:
			if (signal_ == SIGSTOP) {
				trace(PTRACE_SYSCALL, in->tid, 0, SIGSTOP);
				continue;
			}
			return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET, "signal %d in what thread %ld was made to run", signal_,
			               (long)in->tid);
		}
	}
}

static struct user_regs_struct fresh(const struct inject *in)
{
	struct user_regs_struct regs = in->saved;

	regs.orig_rax = NO_CALL;
	regs.eflags &= ~(unsigned long long)(FLAG_DIRECTION | FLAG_TRAP);
	return regs;
}

int inject_syscall(struct inject *in, long number, const uint64_t arguments[6], int64_t *result, struct ms_error *err)
{
	struct user_regs_struct regs = fresh(in);
	int status;

	regs.rip = in->gadget;
	regs.rax = (unsigned long long)number;
	regs.rdi = arguments[0];
	regs.rsi = arguments[1];
	regs.rdx = arguments[2];
	regs.r10 = arguments[3];
	regs.r8 = arguments[4];
	regs.r9 = arguments[5];
	if (!begin(in, &regs))
		return gone(in, err);
	status = next_call(in, CALL_NS, err); /* in */
	if (status == MS_OK)
		status = next_call(in, CALL_NS, err); /* out */
	*result = (int64_t)in->now.rax;
	return status;
}

int inject_call(struct inject *in, uint64_t function, const uint64_t arguments[3], uint64_t stack_top, uint64_t timeout_ns,
                uint64_t *result, struct ms_error *err)
{
	uint64_t until = tick_clock_now(MS_CLOCK_MONOTONIC) + timeout_ns;
	struct user_regs_struct regs = fresh(in);
	uint64_t top = (stack_top & ~UINT64_C(63)) - 64, now;
	bool entering = true;
	int status;

	regs.rip = function;
	regs.rsp = top - 8;
	regs.rbp = 0;
	regs.rax = 0;
	regs.rdi = arguments[0];
	regs.rsi = arguments[1];
	regs.rdx = arguments[2];
	if (!inject_write(in, regs.rsp, &in->gadget, sizeof in->gadget))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "the memory of process %ld cannot be written: %s", (long)in->pid, strerror(errno));
	if (!begin(in, &regs))
		return gone(in, err);
	for (;; entering = !entering) {
		now = tick_clock_now(MS_CLOCK_MONOTONIC);
		status = next_call(in, now < until ? until - now : 0, err);
		if (status != MS_OK)
			return status;
		if (entering && in->now.rip == in->gadget + SYSCALL_BYTES && in->now.rsp == top)
			break;
	}
	/* It has returned: its value stands where the number of a system call would. One that does nothing is made of it. */
	*result = in->now.orig_rax;
	in->now.orig_rax = SYS_getpid;
	if (!set_registers(in, &in->now))
		return gone(in, err);
	return next_call(in, CALL_NS, err);
}

/* ---- memory ------------------------------------------------------------------------------------------------------------------- */

bool inject_read(const struct inject *in, uint64_t address, void *data, size_t bytes)
{
	return pread(in->memory, data, bytes, (off_t)address) == (ssize_t)bytes;
}

bool inject_write(const struct inject *in, uint64_t address, const void *data, size_t bytes)
{
	return pwrite(in->memory, data, bytes, (off_t)address) == (ssize_t)bytes;
}
