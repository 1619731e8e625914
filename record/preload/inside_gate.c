/* inside_gate.c - see inside_gate.h. */
#include "inside_gate.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "clock.h"
#include "environment.h"
#include "process.h"
#include "raw.h"
#include "record/inside/inside.h"

#define WAIT_NAP_NS 50000000L
#define WAIT_MOST_NS 60000000000 /* as for a collector that stands still */
#define BUSY_NS 300000L
#define IDLE_NS 4000000L
#define RUSH_WORDS 8192u

/* record/inside; weak: the unit tests and libmemscope-guard.so have none. */
#define WEAK __attribute__((weak))
extern struct ms_arena_header *ms_inside_create(const struct ms_inside_request *request) WEAK;
extern bool ms_inside_open(struct ms_arena_header *header, uint32_t image, char *next, size_t next_bytes) WEAK;
extern size_t ms_inside_poll(void) WEAK;
extern void ms_inside_settle(void) WEAK;
extern void ms_inside_suspend(void) WEAK;
extern bool ms_inside_resume(void) WEAK;
extern void ms_inside_close(enum ms_inside_end how, int status, const char *note) WEAK;
extern bool ms_inside_wants_thread(bool has_one) WEAK;
extern void ms_inside_forget(void) WEAK;

_Atomic uint32_t ms_gate_on;

enum { FREE, TAKEN, AWAITED };
static _Atomic uint32_t lock;          /* futex word */
static _Atomic uint32_t owner;         /* tid */
static uint64_t owners_mask;           /* signals that were blocked before; the owner's */
static uint32_t depth;                 /* the owner's */

static char *stack;                    /* of who is in the recorder */
static struct {
	_Atomic uint32_t tid;          /* 0 = none, or it is about to end */
	_Atomic uint32_t alive;        /* the kernel's: its tid, 0 after its end; futex word */
	_Atomic uint32_t bell;         /* futex word */
	char *stack;
	uint64_t tls[64];              /* what %fs points to: itself, and the stack protector's word */
} thread;

/* ---- without memscope-record ----------------------------------------------------------------------------------------- */

static bool alone;
static char next_image[sizeof(MS_ENV_ARENA) + 64 + 4096];

bool ms_gate_alone(void)
{
	return alone;
}

const char *ms_gate_environment(void)
{
	return next_image[0] != '\0' ? next_image : NULL;
}

static const char *number(const char *text, uint64_t *value)
{
	for (*value = 0; *text >= '0' && *text <= '9'; text++)
		*value = *value * 10 + (uint64_t)(*text - '0');
	return *text == ':' ? text + 1 : NULL;
}

/* "@image:pid:backend:path" from the image before. Of another process: a child that was started with our environment. */
static bool from_before(const char *value, struct ms_inside_request *request, char *backend, size_t bytes)
{
	uint64_t image, pid;
	size_t length;

	if (*value != '@' || (value = number(value + 1, &image)) == NULL || (value = number(value, &pid)) == NULL)
		return false;
	length = strcspn(value, ":");
	if (value[length] != ':' || length >= bytes || pid != (uint64_t)ms_raw_getpid() || image == 0 || image > UINT32_MAX)
		return false;
	memcpy(backend, value, length);
	backend[length] = '\0';
	request->backend = backend;
	request->path = value + length + 1;
	request->image = (uint32_t)image;
	return true;
}

/* ---- in the recorder ------------------------------------------------------------------------------------------------- */

static char *make_stack(void)
{
	char *memory = ms_raw_memory(MS_INSIDE_STACK_BYTES);

	if (memory != NULL)
		ms_raw(SYS_mprotect, (long)memory, 4096, PROT_NONE, 0, 0, 0);
	return memory;
}

/* Calls what with argument on the stack. */
static void on_stack(char *bottom, void (*what)(void *), void *argument)
{
	char *top = bottom + MS_INSIDE_STACK_BYTES - 64;

	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "movq %[top], %%rsp\n\t"
			 "call *%[what]\n\t"
			 "movq %%rbx, %%rsp"
			 : "+D"(argument), [top] "+S"(top), [what] "+d"(what)
			 :
			 : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
			   "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value, long ns)
{
	struct timespec nap = {0, ns};

	ms_raw(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, value, (long)&nap, 0, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
	ms_raw(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

static void set_mask(const uint64_t *mask, uint64_t *before)
{
	ms_raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)mask, (long)before, sizeof *mask, 0, 0);
}

bool ms_gate_lock(void)
{
	const uint64_t everything = ~UINT64_C(0);
	uint32_t self = (uint32_t)ms_raw_gettid(), wanted = TAKEN, nobody = FREE;
	uint64_t since = 0, before;

	/* A child of vfork has our memory and another process's numbers: the recorder is the parent's. */
	if (!atomic_load_explicit(&ms_gate_on, memory_order_acquire) || (pid_t)ms_raw_getpid() != ms_process.pid)
		return false;
	if (atomic_load_explicit(&owner, memory_order_relaxed) == self) {
		depth++;
		return true;
	}
	for (;;) {
		set_mask(&everything, &before);
		if (wanted == TAKEN ? atomic_compare_exchange_strong(&lock, &nobody, TAKEN) : atomic_exchange(&lock, AWAITED) == FREE)
			break;
		nobody = FREE;
		set_mask(&before, NULL);
		if (since == 0)
			since = ms_ticks_monotonic();
		else if (ms_ticks_monotonic() - since > WAIT_MOST_NS)
			return false;
		if (wanted == AWAITED)
			futex_wait(&lock, AWAITED, WAIT_NAP_NS);
		wanted = AWAITED;
	}
	atomic_store_explicit(&owner, self, memory_order_relaxed);
	owners_mask = before;
	depth = 1;
	if (atomic_load_explicit(&ms_gate_on, memory_order_acquire))
		return true;
	ms_gate_unlock(); /* it ended while we waited */
	return false;
}

void ms_gate_unlock(void)
{
	uint64_t mask = owners_mask;

	if (--depth > 0)
		return;
	atomic_store_explicit(&owner, 0, memory_order_relaxed);
	if (atomic_exchange(&lock, FREE) == AWAITED)
		futex_wake(&lock);
	set_mask(&mask, NULL);
}

static void poll_once(void *words)
{
	*(size_t *)words = ms_inside_poll();
}

void ms_gate_drain(void)
{
	size_t words;

	if (atomic_load_explicit(&ms_gate_on, memory_order_relaxed))
		on_stack(stack, poll_once, &words);
}

/* ---- the thread of async --------------------------------------------------------------------------------------------- */

static void thread_loop(void)
{
	long nap = BUSY_NS;
	bool wanted = true;

	ms_raw(SYS_prctl, PR_SET_NAME, (long)"memscope", 0, 0, 0, 0);
	while (wanted && atomic_load_explicit(&ms_gate_on, memory_order_acquire)) {
		uint32_t bell = atomic_load_explicit(&thread.bell, memory_order_acquire);
		size_t words = 0;

		if (ms_gate_lock()) {
			words = ms_inside_poll();
			wanted = ms_inside_wants_thread(true);
			if (!wanted)
				atomic_store_explicit(&thread.tid, 0, memory_order_release);
			ms_gate_unlock();
		}
		if (words > 0)
			nap = BUSY_NS;
		else if (nap < IDLE_NS)
			nap += nap / 4;
		if (wanted && words < RUSH_WORDS)
			futex_wait(&thread.bell, bell, nap);
	}
}

/* The new thread comes out of the call with 0 on its own stack, runs and ends without ever returning. */
static long clone_thread(char *top)
{
	const unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
	                            CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	long result;
	register long r10 __asm__("r10") = (long)&thread.alive;
	register long r8 __asm__("r8") = (long)thread.tls;

	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "call *%[loop]\n\t"
			 "movl $60, %%eax\n\t" /* SYS_exit */
			 "xorl %%edi, %%edi\n\t"
			 "syscall\n"
			 "1:"
			 : "=a"(result)
			 : "0"(SYS_clone), "D"(flags), "S"(top), "d"(&thread.alive), "r"(r10), "r"(r8), [loop] "r"(thread_loop)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

/* In the lock, signals blocked: the thread inherits that. */
static void start_thread(void)
{
	long tid;

	/* The one before may have left the lock, and still be on its stack. */
	if (atomic_load_explicit(&thread.tid, memory_order_relaxed) != 0 || atomic_load_explicit(&thread.alive, memory_order_acquire) != 0)
		return;
	if (thread.stack == NULL)
		thread.stack = make_stack();
	if (thread.stack == NULL)
		return;
	thread.tls[0] = thread.tls[2] = (uint64_t)(uintptr_t)thread.tls; /* its own address; the C library's place for the thread */
	__asm__("movq %%fs:0x28, %0" : "=r"(thread.tls[5]));
	tid = clone_thread(thread.stack + MS_INSIDE_STACK_BYTES - 64);
	if (!ms_raw_failed(tid))
		atomic_store_explicit(&thread.tid, (uint32_t)tid, memory_order_release);
}

uint32_t ms_gate_thread(void)
{
	return atomic_load_explicit(&thread.tid, memory_order_acquire);
}

/* ---- start ----------------------------------------------------------------------------------------------------------- */

struct creation {
	struct ms_inside_request request;
	struct ms_arena_header *header;
};

static void create(void *context)
{
	struct creation *c = context;

	c->header = ms_inside_create(&c->request);
}

struct ms_arena_header *ms_gate_create(void)
{
	const char *before = ms_env_initial(MS_ENV_ARENA);
	struct creation c = {.request = {.path = ms_env_initial(MS_ENV_OUT), .backend = ms_env_initial(MS_ENV_BACKEND)}};
	const uint64_t everything = ~UINT64_C(0);
	uint64_t mask;
	char backend[32];

	if (ms_inside_create == NULL)
		return NULL;
	if (before != NULL ? !from_before(before, &c.request, backend, sizeof(backend)) : c.request.path == NULL || *c.request.path == '\0')
		return NULL;
	stack = stack != NULL ? stack : make_stack();
	if (stack == NULL)
		return NULL;
	set_mask(&everything, &mask);
	on_stack(stack, create, &c);
	set_mask(&mask, NULL);
	alone = c.header != NULL;
	if (alone)
		ms_env_keep_library();
	return c.header;
}

struct opening {
	struct ms_arena_header *header;
	uint32_t image;
	bool open;
};

static void open_recorder(void *context)
{
	struct opening *o = context;

	o->open = ms_inside_open(o->header, o->image, alone ? next_image : NULL, alone ? sizeof(next_image) : 0);
}

bool ms_gate_start(struct ms_arena_header *header, uint32_t image)
{
	struct opening o = {.header = header, .image = image};
	const uint64_t everything = ~UINT64_C(0);
	uint64_t mask;

	if (header->backend == MS_BACKEND_LOCKFREE)
		return true;
	if (ms_inside_open == NULL)
		return false;
	stack = stack != NULL ? stack : make_stack();
	if (stack == NULL)
		return false;
	set_mask(&everything, &mask);
	on_stack(stack, open_recorder, &o);
	if (o.open) {
		atomic_store_explicit(&lock, FREE, memory_order_relaxed);
		atomic_store_explicit(&ms_gate_on, 1, memory_order_release);
		if (ms_inside_wants_thread(false))
			start_thread();
	}
	set_mask(&mask, NULL);
	return o.open;
}

/* ---- what the hooks call --------------------------------------------------------------------------------------------- */

static void poll_and_choose(void *context)
{
	(void)context;
	ms_inside_poll();
	if (ms_inside_wants_thread(ms_gate_thread() != 0))
		start_thread();
}

bool ms_gate_make_room(void)
{
	if (!atomic_load_explicit(&ms_gate_on, memory_order_acquire))
		return false;
	/* Who holds the lock is the only one who can. */
	if (ms_gate_thread() != 0 && atomic_load_explicit(&owner, memory_order_relaxed) != (uint32_t)ms_raw_gettid()) {
		atomic_fetch_add_explicit(&thread.bell, 1, memory_order_release);
		futex_wake(&thread.bell);
		return false;
	}
	if (!ms_gate_lock())
		return false;
	on_stack(stack, poll_and_choose, NULL);
	ms_gate_unlock();
	return true;
}

struct end {
	enum ms_inside_end how;
	int status;
	const char *note;
};

static void close_recorder(void *context)
{
	const struct end *e = context;

	ms_inside_close(e->how, e->status, e->note);
}

static bool finish(struct end *e)
{
	if (ms_process_forked() || !ms_gate_lock())
		return false;
	on_stack(stack, close_recorder, e);
	atomic_store_explicit(&ms_gate_on, 0, memory_order_release);
	ms_process_stop();
	ms_gate_unlock();
	return true;
}

void ms_gate_exits(bool known, int status)
{
	finish(&(struct end){known ? MS_INSIDE_EXITS : MS_INSIDE_ENDS, status, NULL});
}

void ms_gate_shuts_in(void)
{
	struct timespec nap = {0, WAIT_NAP_NS};
	uint32_t tid;

	if (!finish(&(struct end){MS_INSIDE_GOES_ON, 0,
	                          "the recording ended before the program: it was about to forbid itself system calls (prctl)"}))
		return;
	/* The thread is not to meet the filter, either. */
	atomic_fetch_add_explicit(&thread.bell, 1, memory_order_release);
	futex_wake(&thread.bell);
	for (int naps = 0; naps < 20 && (tid = atomic_load_explicit(&thread.alive, memory_order_acquire)) != 0; naps++)
		ms_raw(SYS_futex, (long)&thread.alive, FUTEX_WAIT, tid, (long)&nap, 0, 0);
}

static void settle(void *context)
{
	(void)context;
	ms_inside_settle();
}

void ms_gate_aborts(void)
{
	if (ms_process_forked() || !ms_gate_lock())
		return;
	on_stack(stack, settle, NULL);
	ms_gate_unlock();
}

static void suspend(void *context)
{
	(void)context;
	ms_inside_suspend();
}

void ms_gate_before_exec(void)
{
	if (!ms_gate_lock())
		return;
	/* The lock is kept: what comes now would stand behind the end. Signals go on: they are the next image's, too. */
	on_stack(stack, suspend, NULL);
	set_mask(&owners_mask, NULL);
}

static void resume(void *going)
{
	*(bool *)going = ms_inside_resume();
}

void ms_gate_exec_failed(void)
{
	bool going = true;

	if (atomic_load_explicit(&owner, memory_order_relaxed) != (uint32_t)ms_raw_gettid() ||
	    !atomic_load_explicit(&ms_gate_on, memory_order_relaxed))
		return;
	on_stack(stack, resume, &going);
	if (!going) {
		atomic_store_explicit(&ms_gate_on, 0, memory_order_release);
		ms_process_stop();
	}
	ms_gate_unlock();
}

void ms_gate_forked(void)
{
	atomic_store_explicit(&ms_gate_on, 0, memory_order_relaxed);
	atomic_store_explicit(&owner, 0, memory_order_relaxed);
	atomic_store_explicit(&lock, FREE, memory_order_relaxed);
	atomic_store_explicit(&thread.tid, 0, memory_order_relaxed);
	atomic_store_explicit(&thread.alive, 0, memory_order_relaxed); /* not in this process */
	depth = 0;
	if (ms_inside_forget != NULL)
		ms_inside_forget();
}
