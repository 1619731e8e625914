/* graph_threads.c - see graph_threads.h. */
#include "graph_threads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "inside_gate.h"
#include "kernel_signal.h"
#include "raw.h"
#include "ring.h"

#define STOP_SIGNAL 33
#define THREADS_MAX 8192u
#define PATIENCE_NS 300000000u     /* for a thread that does not answer */
#define BUSY_PATIENCE_NS 50000000u /* for one that is always in a hook: a longjmp may have left it */
#define ASK_AGAIN_NS 500000u
#define LOOK_CLOSELY_NS 3000000u
#define HELD_MAX_NS 60000000000u
#define NAP_NS 200000000L

enum state { STATE_NEW, STATE_ASKED, STATE_BUSY, STATE_HELD, STATE_GONE };

static struct ms_held_thread *threads; /* [THREADS_MAX], kept for ever: a late signal may still look at it */
static _Atomic uint32_t generation;    /* odd: a stop is on */
static _Atomic uint32_t answers;       /* futex word: +1 with every answer */
static _Atomic uint32_t insisting;     /* hold threads in hooks, too */
static _Atomic uint32_t by_tgkill;     /* signals could not be queued with a value */
static struct ms_kernel_action replaced;
static bool replaced_valid;
static size_t thread_count;

void ms_registers_of(const ucontext_t *context, uint64_t registers[MS_EVIDENCE_REGISTERS])
{
	static const uint8_t order[MS_EVIDENCE_REGISTERS] = {
		REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
		REG_R9,	 REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP, REG_EFL,
	};

	for (unsigned i = 0; i < MS_EVIDENCE_REGISTERS; i++)
		registers[i] = (uint64_t)context->uc_mcontext.gregs[order[i]];
}

/* ---- in the thread that is stopped ---- */

static void futex_wake(_Atomic uint32_t *word)
{
	ms_raw(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, INT32_MAX, 0, 0, 0);
}

static void answer(struct ms_held_thread *t, enum state state)
{
	atomic_store_explicit(&t->state, state, memory_order_release);
	atomic_fetch_add_explicit(&answers, 1, memory_order_release);
	futex_wake(&answers);
}

static void wait_for_release(uint32_t stop)
{
	uint64_t since = ms_ticks_monotonic();

	while (atomic_load_explicit(&generation, memory_order_acquire) == stop &&
	       ms_ticks_monotonic() - since < HELD_MAX_NS) {
		struct timespec nap = {0, NAP_NS};

		ms_raw(SYS_futex, (long)&generation, FUTEX_WAIT_PRIVATE, stop, (long)&nap, 0, 0);
	}
}

static struct ms_held_thread *by_tid(uint32_t tid)
{
	for (size_t i = 0; i < thread_count; i++)
		if (threads[i].tid == tid)
			return &threads[i];
	return NULL;
}

/* The entry that this signal is about; NULL: it is not ours. stale: it is, but of a stop that is over. */
static struct ms_held_thread *meant(const siginfo_t *info, uint32_t stop, bool *stale)
{
	uint64_t cookie = (uint64_t)(uintptr_t)info->si_value.sival_ptr;

	*stale = false;
	if (info->si_code == SI_TKILL && atomic_load_explicit(&by_tgkill, memory_order_relaxed))
		return (stop & 1) != 0 ? by_tid((uint32_t)ms_raw_gettid()) : NULL;
	if (info->si_code != SI_QUEUE || info->si_pid != (pid_t)ms_raw_getpid())
		return NULL;
	*stale = (uint32_t)(cookie >> 32) != stop || (stop & 1) == 0 || (uint32_t)cookie >= THREADS_MAX;
	return *stale ? NULL : &threads[(uint32_t)cookie];
}

static void on_stop(int number, siginfo_t *info, void *context)
{
	uint32_t stop = atomic_load_explicit(&generation, memory_order_acquire);
	struct ms_held_thread *t;
	bool stale;

	t = meant(info, stop, &stale);
	if (t == NULL) {
		uintptr_t old = (uintptr_t)replaced.handler;

		if (!stale && old != (uintptr_t)SIG_DFL && old != (uintptr_t)SIG_IGN)
			replaced.handler(number, info, context);
		return;
	}
	if (t->tid != (uint32_t)ms_raw_gettid() || atomic_load_explicit(&t->state, memory_order_relaxed) == STATE_HELD)
		return;
	if (ms_tls.self->hook_sp != 0 && !atomic_load_explicit(&insisting, memory_order_relaxed)) {
		answer(t, STATE_BUSY);
		return;
	}
	ms_registers_of(context, t->registers);
	t->thread_pointer = ms_thread_pointer();
	answer(t, STATE_HELD);
	wait_for_release(stop);
}

/* ---- in the thread that stops them ---- */

static long ask(struct ms_held_thread *t, uint32_t stop)
{
	siginfo_t info;
	long result;

	if (!atomic_load_explicit(&by_tgkill, memory_order_relaxed)) {
		memset(&info, 0, sizeof(info));
		info.si_signo = STOP_SIGNAL;
		info.si_code = SI_QUEUE;
		info.si_pid = (pid_t)ms_raw_getpid();
		info.si_uid = (uid_t)ms_raw(SYS_getuid, 0, 0, 0, 0, 0, 0);
		info.si_value.sival_ptr = (void *)(uintptr_t)((uint64_t)stop << 32 | (uint64_t)(t - threads));
		result = ms_raw(SYS_rt_tgsigqueueinfo, ms_raw_getpid(), t->tid, STOP_SIGNAL, (long)&info, 0, 0);
		if (result != -ENOSYS && result != -EPERM)
			return result;
		atomic_store_explicit(&by_tgkill, 1, memory_order_relaxed);
	}
	return ms_raw(SYS_tgkill, ms_raw_getpid(), t->tid, STOP_SIGNAL, 0, 0, 0);
}

struct entry { /* linux_dirent64 */
	uint64_t inode;
	int64_t offset;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

/* Adds threads that are not in the list. The number of new ones, -1 when the list cannot be read. */
static int add_new(uint32_t self, bool *more)
{
	long fd = ms_raw(SYS_openat, AT_FDCWD, (long)"/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0), got;
	static _Alignas(8) char buffer[8192]; /* we may stand on a small signal stack */
	int added = 0;

	if (ms_raw_failed(fd))
		return -1;
	while ((got = ms_raw(SYS_getdents64, fd, (long)buffer, sizeof(buffer), 0, 0, 0)) > 0) {
		for (long at = 0; at < got;) {
			const struct entry *e = (const struct entry *)(const void *)(buffer + at);
			uint32_t tid = 0;

			at += e->bytes;
			for (const char *c = e->name; *c >= '0' && *c <= '9'; c++)
				tid = tid * 10 + (uint32_t)(*c - '0');
			if (tid == 0 || tid == self || tid == ms_gate_thread() || by_tid(tid) != NULL)
				continue;
			if (thread_count == THREADS_MAX) {
				*more = true;
				continue;
			}
			memset(&threads[thread_count], 0, sizeof(threads[0]));
			threads[thread_count++].tid = tid;
			added++;
		}
	}
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
	return got < 0 ? -1 : added;
}

/* One round: asks who is to be asked (again). The number of threads whose answer is awaited. */
static size_t ask_all(uint32_t stop)
{
	size_t awaited = 0;

	for (size_t i = 0; i < thread_count; i++) {
		struct ms_held_thread *t = &threads[i];
		uint32_t state = atomic_load_explicit(&t->state, memory_order_acquire);

		if (state == STATE_HELD || state == STATE_GONE)
			continue;
		awaited++;
		if (state == STATE_ASKED)
			continue;
		atomic_store_explicit(&t->state, STATE_ASKED, memory_order_relaxed); /* before it can answer */
		long result = ask(t, stop);

		if (ms_raw_failed(result))
			atomic_store_explicit(&t->state, result == -ESRCH ? STATE_GONE : STATE_NEW, memory_order_relaxed);
	}
	return awaited;
}

/* The first thread of a process stays in the list when it has ended before the others. */
static bool is_zombie(uint32_t tid)
{
	char path[48] = "/proc/self/task/", stat[128], digits[12];
	char *digit = digits + sizeof(digits) - 1;
	size_t used = strlen(path);
	long fd, got;

	*digit = '\0';
	do
		*--digit = (char)('0' + tid % 10);
	while ((tid /= 10) != 0);
	memcpy(path + used, digit, strlen(digit));
	memcpy(path + used + strlen(digit), "/stat", 6);
	fd = ms_raw(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
	if (ms_raw_failed(fd))
		return false;
	got = ms_raw(SYS_read, fd, (long)stat, sizeof(stat), 0, 0, 0);
	ms_raw(SYS_close, fd, 0, 0, 0, 0, 0);
	while (got > 2 && stat[got - 1] != ')') /* behind the name, which may contain anything */
		got--;
	return got > 2 && got + 2 < (long)sizeof(stat) && (stat[got + 1] == 'Z' || stat[got + 1] == 'X');
}

/* A thread that has ended does not answer. */
static void look_for_the_dead(bool closely)
{
	for (size_t i = 0; i < thread_count; i++)
		if (atomic_load_explicit(&threads[i].state, memory_order_relaxed) == STATE_ASKED &&
		    (ms_raw(SYS_tgkill, ms_raw_getpid(), threads[i].tid, 0, 0, 0, 0) == -ESRCH ||
		     (closely && is_zombie(threads[i].tid))))
			atomic_store_explicit(&threads[i].state, STATE_GONE, memory_order_relaxed);
}

static void collect(uint32_t stop)
{
	uint64_t since = ms_ticks_monotonic();

	for (;;) {
		uint32_t seen = atomic_load_explicit(&answers, memory_order_acquire);
		struct timespec nap = {0, ASK_AGAIN_NS};
		uint64_t waited = ms_ticks_monotonic() - since;

		if (ask_all(stop) == 0 || waited > PATIENCE_NS)
			return;
		if (waited > BUSY_PATIENCE_NS)
			atomic_store_explicit(&insisting, 1, memory_order_relaxed);
		ms_raw(SYS_futex, (long)&answers, FUTEX_WAIT_PRIVATE, seen, (long)&nap, 0, 0);
		look_for_the_dead(waited > LOOK_CLOSELY_NS);
	}
}

static bool replace_handler(void)
{
	struct ms_kernel_action ours = ms_kernel_handler(on_stop), old;

	if (ms_raw_failed(ms_kernel_sigaction(STOP_SIGNAL, NULL, &old)))
		return false;
	if (old.handler != on_stop)
		replaced = old;
	replaced_valid = !ms_raw_failed(ms_kernel_sigaction(STOP_SIGNAL, &ours, NULL));
	return replaced_valid;
}

bool ms_threads_stop(struct ms_held_threads *out)
{
	uint32_t self = (uint32_t)ms_raw_gettid(), stop;
	int added;

	*out = (struct ms_held_threads){0};
	if (threads == NULL)
		threads = ms_raw_memory(THREADS_MAX * sizeof(*threads));
	if (threads == NULL)
		return false;
	thread_count = 0;
	atomic_store_explicit(&insisting, 0, memory_order_relaxed);
	replaced_valid = false;
	added = add_new(self, &out->more);
	if (added < 0)
		return false;
	stop = atomic_fetch_add_explicit(&generation, 1, memory_order_acq_rel) + 1;
	if (added > 0 && !replace_handler()) {
		ms_threads_release();
		return false;
	}
	while (added > 0) {
		collect(stop);
		added = add_new(self, &out->more); /* those that were made by threads that were not yet stopped */
	}
	for (size_t i = 0; i < thread_count; i++)
		threads[i].held = atomic_load_explicit(&threads[i].state, memory_order_acquire) == STATE_HELD;
	for (size_t i = 0; i < thread_count;) { /* those that are no more */
		if (atomic_load_explicit(&threads[i].state, memory_order_relaxed) != STATE_GONE)
			i++;
		else
			memcpy(&threads[i], &threads[--thread_count], sizeof(threads[0]));
	}
	out->at = threads;
	out->count = thread_count;
	return true;
}

void ms_threads_release(void)
{
	bool all = true;

	for (size_t i = 0; i < thread_count; i++)
		all &= threads[i].held;
	/* A signal that is still on its way must not meet the default action, which ends the process. */
	if (replaced_valid && (all || (uintptr_t)replaced.handler != (uintptr_t)SIG_DFL))
		ms_kernel_sigaction(STOP_SIGNAL, &replaced, NULL);
	replaced_valid = false;
	atomic_fetch_add_explicit(&generation, 1, memory_order_release);
	futex_wake(&generation);
}
