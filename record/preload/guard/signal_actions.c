/*
 * signal_actions.c - see signal_actions.h.
 */
#include "signal_actions.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "record/preload/elf_lookup.h"
#include "record/preload/process.h"
#include "record/preload/raw.h"

#define SIGNALS 65
#define SIG_HOLD_HANDLER ((signal_handler)2)
#define WRITER_SPINS 100000u

#define FAULT_BIT(number) (UINT64_C(1) << ((number)-1))
#define FAULT_BITS (FAULT_BIT(SIGSEGV) | FAULT_BIT(SIGBUS))

/* ---- libc's functions ------------------------------------------------------------------------------------------- */

static struct real_signals table;
static _Atomic bool table_ready;

const struct real_signals *real_signals(void)
{
	struct ms_lookup wanted[] = {
#define X(result, name, parameters) {#name, NULL},
		REAL_SIGNAL_FUNCTIONS(X)
#undef X
	};

	if (atomic_load_explicit(&table_ready, memory_order_acquire))
		return &table;
	ms_lookup(wanted, sizeof(wanted) / sizeof(wanted[0]), false);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) /* function pointers only: one word each */
		__atomic_store_n((void **)&table + i, wanted[i].address, __ATOMIC_RELAXED);
	atomic_store_explicit(&table_ready, true, memory_order_release);
	return &table;
}

/* ---- what the program has set ----------------------------------------------------------------------------------- */

/* Two places in turn: a handler that copies one is not in the way of a thread that writes the other. */
struct view {
	struct sigaction action[2];
	_Atomic uint32_t current;
	signal_action_handler ours;    /* NULL: not owned */
};
static struct view views[SIGNALS];
static _Atomic uint64_t stripped[SIGNALS]; /* fault signals that the program wanted in the mask of a signal that is not owned */
static _Atomic uint32_t writer;

static __thread uint64_t blocked;      /* fault signals that this thread believes to have blocked */
static _Atomic uint32_t owner;         /* pid of the process whose memory this is */

/* A forked child that nobody has noticed yet has memory of its own. */
bool signal_in_vfork_child(void)
{
	uint32_t now = (uint32_t)ms_raw_getpid();

	if (atomic_load_explicit(&owner, memory_order_relaxed) == now)
		return false;
	if (!ms_process_forked())
		return true;
	atomic_store_explicit(&owner, now, memory_order_relaxed);
	return false;
}

void signal_after_fork(void)
{
	atomic_store_explicit(&owner, (uint32_t)ms_raw_getpid(), memory_order_relaxed);
}

static bool is_owned(int number)
{
	return number > 0 && number < SIGNALS && views[number].ours != NULL;
}

static struct sigaction view_of(int number)
{
	struct view *view = &views[number];

	return view->action[atomic_load_explicit(&view->current, memory_order_acquire) & 1];
}

static uint64_t *mask_word(sigset_t *set)
{
	return (uint64_t *)(void *)set;
}

/* Only its own thread's signals could find the lock held by their own thread: they are blocked meanwhile. */
static void set_view(int number, const struct sigaction *action)
{
	struct view *view = &views[number];
	uint64_t all = UINT64_MAX & ~FAULT_BITS, before;
	uint32_t next;

	ms_raw(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)&before, 8, 0, 0);
	for (unsigned i = 0; i < WRITER_SPINS && atomic_exchange_explicit(&writer, 1, memory_order_acquire) != 0; i++)
		ms_raw(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	next = atomic_load_explicit(&view->current, memory_order_relaxed) + 1;
	view->action[next & 1] = *action;
	atomic_store_explicit(&view->current, next, memory_order_release);
	atomic_store_explicit(&writer, 0, memory_order_release);
	ms_raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, 8, 0, 0);
}

static bool is_handler(const struct sigaction *action)
{
	return (action->sa_flags & SA_SIGINFO) != 0 || (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* Gives the kernel our handler, as the program's would be called. */
static int install(int number, const struct sigaction *action)
{
	struct sigaction ours = {.sa_flags = SA_ONSTACK | SA_RESTART | SA_SIGINFO};

	/* Nothing to be seen for us in a signal that is ignored, and an image after exec shall find it ignored. */
	if (!is_handler(action) && action->sa_handler == SIG_IGN && (FAULT_BIT(number) & FAULT_BITS) == 0)
		return real_signals()->sigaction(number, action, NULL);
	if (is_handler(action)) {
		ours.sa_mask = action->sa_mask;
		ours.sa_flags = (action->sa_flags & ~(int)SA_RESETHAND) | SA_SIGINFO;
	}
	*mask_word(&ours.sa_mask) &= ~FAULT_BITS;
	ours.sa_sigaction = views[number].ours;
	return real_signals()->sigaction(number, &ours, NULL);
}

void signal_own(int number, signal_action_handler handler, bool only_default)
{
	struct sigaction now;

	if (number <= 0 || number >= SIGNALS || real_signals()->sigaction == NULL ||
	    real_signals()->sigaction(number, NULL, &now) != 0 || (only_default && (is_handler(&now) || now.sa_handler == SIG_IGN)))
		return;
	signal_after_fork();
	set_view(number, &now);
	views[number].ours = handler;
	if (install(number, &now) != 0)
		views[number].ours = NULL;
}

bool signal_has_handler(int number)
{
	struct sigaction action = view_of(number);

	return is_handler(&action);
}

/* ---- passing on ------------------------------------------------------------------------------------------------- */

/* Faults of an instruction come again when it is executed again. */
static bool comes_again(int number, const siginfo_t *info)
{
	return info->si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE);
}

bool signal_is_fatal(int number, const siginfo_t *info)
{
	struct sigaction action = view_of(number);

	return !is_handler(&action) && (action.sa_handler == SIG_DFL || comes_again(number, info));
}

/* The default action: when the instruction is executed again, or the signal comes again, after our return. */
static void pass_to_kernel(int number, siginfo_t *info)
{
	struct sigaction none = {.sa_handler = SIG_DFL};

	real_signals()->sigaction(number, &none, NULL);
	if (!comes_again(number, info))
		ms_raw(SYS_rt_tgsigqueueinfo, ms_raw_getpid(), ms_raw_gettid(), number, (long)info, 0, 0);
}

void signal_pass_on(int number, siginfo_t *info, void *context)
{
	struct sigaction action = view_of(number), none = {.sa_handler = SIG_DFL};

	if (!is_handler(&action)) {
		if (signal_is_fatal(number, info))
			pass_to_kernel(number, info);
		return;
	}
	if ((action.sa_flags & (int)SA_RESETHAND) != 0) {
		set_view(number, &none);
		install(number, &none);
	}
	if ((action.sa_flags & SA_SIGINFO) != 0)
		action.sa_sigaction(number, info, context);
	else
		action.sa_handler(number);
}

/* Is our handler what the kernel has? Not when the signal is really ignored, or a child of vfork has set something. */
static bool is_installed(int number)
{
	struct sigaction now;

	return real_signals()->sigaction(number, NULL, &now) == 0 && is_handler(&now) && now.sa_sigaction == views[number].ours;
}

static bool is_ignored(int number)
{
	struct sigaction action = view_of(number);

	return is_owned(number) && !is_handler(&action) && action.sa_handler == SIG_IGN;
}

void signal_before_exec(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	for (int number = 1; number < SIGNALS; number++)
		if (is_ignored(number) && is_installed(number))
			real_signals()->sigaction(number, &ignore, NULL);
}

void signal_after_failed_exec(void)
{
	for (int number = 1; number < SIGNALS; number++) {
		struct sigaction action = view_of(number), now;

		if (is_ignored(number) && real_signals()->sigaction(number, NULL, &now) == 0 && !is_handler(&now) &&
		    now.sa_handler == SIG_IGN)
			install(number, &action);
	}
}

/* ---- the interposed functions ----------------------------------------------------------------------------------- */

/* A signal that is not owned: only its mask is not quite what the program wants. */
static int pass_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	uint64_t wanted = 0, before;
	struct sigaction changed;
	int result;

	if (number <= 0 || number >= SIGNALS || views[SIGSEGV].ours == NULL)
		return real_signals()->sigaction(number, action, old);
	before = atomic_load_explicit(&stripped[number], memory_order_relaxed);
	if (action != NULL) {
		changed = *action;
		wanted = *mask_word(&changed.sa_mask) & FAULT_BITS;
		*mask_word(&changed.sa_mask) &= ~FAULT_BITS;
		action = &changed;
	}
	result = real_signals()->sigaction(number, action, old);
	if (result == 0 && old != NULL)
		*mask_word(&old->sa_mask) |= before;
	if (result == 0 && action != NULL && !signal_in_vfork_child())
		atomic_store_explicit(&stripped[number], wanted, memory_order_relaxed);
	return result;
}

int signal_hook_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	struct sigaction before, now;

	if (!is_owned(number))
		return pass_sigaction(number, action, old);
	before = view_of(number);
	if (action != NULL && signal_in_vfork_child()) {
		if (real_signals()->sigaction(number, action, NULL) != 0)
			return -1;
		if (old != NULL)
			*old = before;
		return 0;
	}
	if (action != NULL) {
		now = *action;
		set_view(number, &now);
		if (install(number, &now) != 0) {
			set_view(number, &before);
			return -1;
		}
	}
	if (old != NULL)
		*old = before;
	return 0;
}

static signal_handler set_simply(int number, signal_handler handler, int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;

	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	if ((flags & SA_NODEFER) == 0)
		*mask_word(&action.sa_mask) = FAULT_BIT(number);
	return signal_hook_sigaction(number, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

signal_handler signal_hook_signal(int number, signal_handler handler)
{
	return is_owned(number) ? set_simply(number, handler, SA_RESTART) : real_signals()->signal(number, handler);
}

signal_handler signal_hook_sysv_signal(int number, signal_handler handler)
{
	return is_owned(number) ? set_simply(number, handler, (int)SA_RESETHAND | SA_NODEFER) :
				  real_signals()->sysv_signal(number, handler);
}

signal_handler signal_hook_sigset(int number, signal_handler handler)
{
	struct sigaction action = {.sa_handler = handler}, old;
	sigset_t set, before;

	if (!is_owned(number))
		return real_signals()->sigset(number, handler);
	sigemptyset(&set);
	sigaddset(&set, number);
	if (signal_hook_mask(real_signals()->sigprocmask, handler == SIG_HOLD_HANDLER ? SIG_BLOCK : SIG_UNBLOCK, &set, &before) != 0 ||
	    signal_hook_sigaction(number, handler == SIG_HOLD_HANDLER ? NULL : &action, &old) != 0)
		return SIG_ERR;
	return sigismember(&before, number) ? SIG_HOLD_HANDLER : old.sa_handler;
}

int signal_hook_sigignore(int number)
{
	struct sigaction action = {.sa_handler = SIG_IGN};

	return is_owned(number) ? signal_hook_sigaction(number, &action, NULL) : real_signals()->sigignore(number);
}

int signal_hook_mask(int (*real)(int, const sigset_t *, sigset_t *), int how, const sigset_t *set, sigset_t *old)
{
	uint64_t before = blocked, bits;
	sigset_t changed;
	int result;

	if (views[SIGSEGV].ours == NULL)
		return real(how, set, old);
	if (set != NULL) {
		changed = *set;
		bits = *mask_word(&changed) & FAULT_BITS;
		if (how != SIG_UNBLOCK) /* in a handler for one of them it is blocked indeed */
			*mask_word(&changed) &= ~FAULT_BITS;
		result = real(how, &changed, old);
		bits = how == SIG_BLOCK ? before | bits : how == SIG_UNBLOCK ? before & ~bits : bits;
		if (result == 0 && bits != before && !signal_in_vfork_child())
			blocked = bits;
	} else {
		result = real(how, NULL, old);
	}
	if (result == 0 && old != NULL)
		*mask_word(old) |= before;
	return result;
}
