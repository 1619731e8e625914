/*
 * process.c - the life of the recording inside one process.
 *
 * State table. "wiped" = the memory with MADV_WIPEONFORK reads zero, which is how a forked child is noticed whichever
 * way it was forked: ms_tls.self then points to a struct without a slot, so the next event takes the slow path.
 *
 *   phase      what is happening                      hooks                    leaves when
 *   ---------  -------------------------------------  -----------------------  --------------------------------------------
 *   NEW        libc may not be initialised; real.c    forward                  the first event after the real functions are
 *              may still look for its functions                                found, or our constructor: STARTING
 *   STARTING   one thread reads the environment,      forward, record          arena mapped and modules listed: RECORDING;
 *              maps the arena, lists the modules      nothing                  no arena, or one of another process: OFF
 *   RECORDING  threads take slots as they come        record                   collector gone or header.state STOPPED: OFF;
 *                                                                              wiped: STARTING (the child's own start)
 *   OFF        for ever                               forward
 *
 *   event                 what happens
 *   --------------------  -----------------------------------------------------------------------------------------
 *   thread ends           key destructor marks slot.ended; later destructors still record; the collector recycles
 *                         the slot when the kernel's thread is gone (threads.c)
 *   process ends          nothing has to be done: what is published is in the arena, whichever way the process ends. By exit,
 *                         quick_exit or _exit: the guard's last check and the heap graph before it (process_exit.c)
 *   fork                  parent: FORK event. Child: its first event, or our hook, finds the memory wiped. The arena is
 *                         unmapped, or other memory put in its place when a hook was interrupted (ring.h). With --follow
 *                         it asks for an arena of its own and starts again as image 0 of that one, else OFF
 *   vfork                 the child shares our memory and is not wiped: it acts as the parent's thread, which waits
 *   exec, same process    EXEC event; the environment carries the arena on; the new image attaches as image n + 1,
 *                         publishes IMAGE_START (hooks_exec.c)
 *   exec in a child       without --follow the environment is clean; with it, the new image's pid is not the arena's, so
 *                         it asks for an arena of its own
 *   dlclose               modules that are gone: MODULE_UNLOAD, their stack nodes retired (modules.c)
 *   collector dies        noticed by threads that wait for room: state STOPPED, OFF
 *   attach, detach        libmemscope-attach.so: NEW or OFF becomes STARTING, RECORDING when memscope-record begins, OFF when it
 *                         leaves, any number of times; a forked child puts the calls back (late/)
 *
 * What the library may call, besides raw system calls (raw.h): dl_iterate_phdr (at start, and when a C++ operator is
 * first used: it locks), _dl_find_object (no lock), getauxval, pthread_key_create,
 * pthread_key_delete, __cxa_atexit and __cxa_at_quick_exit (once, in the constructor), pthread_setspecific for the first 32 keys (no allocation), pthread_equal, pthread_self, the vDSO's
 * clock_gettime, memcpy memmove memset memcmp strlen strcmp strncmp strrchr strcspn, and the real functions behind the hooks.
 */
#include "process.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "direct.h"
#include "elf_lookup.h"
#include "environment.h"
#include "hooks_exec.h"
#include "address_limit.h"
#include "births.h"
#include "inside_gate.h"
#include "graph.h"
#include "modules.h"
#include "process_exit.h"
#include "raw.h"
#include "real.h"
#include "threads.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#define PAGE_BYTES UINT64_C(4096)
#define ALIVE 1u

struct ms_process ms_process;

/* ---- hand-over of a followed child ---- */

/*
 * With --follow the parent waits in fork until the child has its arena or has none: a parent that ends at once (a daemon's)
 * would take the collector away that the child still has to ask. Shared by the processes of one arena and their children;
 * the child stores its pid, the parent waits on the word.
 */
#define READY_WORDS 1024u
#define READY_NAP_NS 20000000L
#define READY_NAPS 60 /* 1.2 s: a little more than the child waits for its answer */
static _Atomic uint32_t *ready_words;

static void make_ready_words(void)
{
	long at;

	if ((ms_process.flags & MS_FLAG_FOLLOW) == 0)
		return;
	at = ms_raw_mmap(NULL, READY_WORDS * sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!ms_raw_failed(at))
		ready_words = (_Atomic uint32_t *)at;
}

static void child_is_ready(_Atomic uint32_t *words)
{
	uint32_t pid = (uint32_t)ms_raw_getpid();

	if (words == NULL)
		return;
	atomic_store_explicit(&words[pid % READY_WORDS], pid, memory_order_release);
	ms_raw(SYS_futex, (long)&words[pid % READY_WORDS], FUTEX_WAKE, INT32_MAX, 0, 0, 0);
}

static void wait_for_child(pid_t child)
{
	_Atomic uint32_t *word;

	if (ready_words == NULL || atomic_load_explicit(&ms_process.phase, memory_order_relaxed) != MS_PHASE_RECORDING)
		return;
	word = &ready_words[(uint32_t)child % READY_WORDS];
	for (int naps = 0; naps < READY_NAPS; naps++) {
		struct timespec nap = {0, READY_NAP_NS};
		uint32_t seen = atomic_load_explicit(word, memory_order_acquire);

		if (seen == (uint32_t)child)
			return;
		ms_raw(SYS_futex, (long)word, FUTEX_WAIT, seen, (long)&nap, 0, 0);
	}
}

/* ---- start ---- */

/* The structs of all threads, and the word that says which process they belong to. */
static bool make_private_memory(uint32_t slot_count)
{
	size_t bytes = sizeof(struct ms_thread_set) + (size_t)slot_count * sizeof(struct ms_thread);
	struct ms_thread_set *set = ms_late_set != NULL ? ms_late_set(slot_count) : NULL;

	if (set == NULL) {
		set = ms_raw_memory(bytes);
		if (set == NULL)
			return false;
		if (ms_raw_failed(ms_raw_madvise(set, bytes, MADV_WIPEONFORK))) {
			ms_raw_munmap(set, bytes);
			return false;
		}
	}
	set->count = slot_count;
	atomic_store_explicit(&set->alive, ALIVE, memory_order_relaxed);
	ms_process.set = set;
	if (ms_late_adopt != NULL)
		ms_late_adopt(set);
	return true;
}

/* Set while a followed child starts: what it has from its parent. */
static struct ms_modules_saved *parents_modules;

static void find_clock(uint32_t clock)
{
	struct ms_lookup vdso = {"__vdso_clock_gettime", NULL};

	ms_clock = clock;
	if (ms_clock_vdso != NULL)
		return;
	ms_lookup(&vdso, 1, true);
	ms_clock_vdso = (int (*)(clockid_t, struct timespec *))vdso.address;
}

/* An executable that defines malloc comes before every library, for our own calls, too: we do not see what it allocates. */
static void name_allocator(struct ms_arena_header *header)
{
	struct ms_lookup first = {"malloc", NULL};

	ms_lookup(&first, 1, true);
	ms_module_name_at(first.address != NULL ? first.address : (const void *)ms_real.malloc, header->allocator, sizeof(header->allocator));
}

bool ms_process_attach(void *base, uint32_t image)
{
	struct ms_arena_header *header = base;

	if (!make_private_memory(header->slot_count))
		return false;
	ms_process.image = image;
	ms_process.flags = header->flags;
	ms_process.pid = (pid_t)ms_raw_getpid();
	ms_process.collector_pid = (pid_t)header->collector_pid;
	ms_process.arena_bytes = header->arena_bytes;
	ms_process.header = header;
	ms_process.slots = (struct ms_slot *)((char *)base + header->slots_offset);
	ms_process.modules = (struct ms_module_record *)((char *)base + header->modules_offset);
	if (image > 0)
		ms_sampled_clear(header);
	ms_births_attach(header);
	find_clock(header->clock);
	ms_trie_attach(&ms_process.trie, base, image);
	ms_threads_start();
	if (parents_modules != NULL)
		ms_modules_inherit(parents_modules);
	else
		ms_modules_start();
	parents_modules = NULL;
	if (!ms_is_late())
		ms_limits_attached(header);
	make_ready_words();
	if (image == 0)
		name_allocator(header);
	ms_direct_start(header, image == 0);
	atomic_store_explicit(&header->told, 1, memory_order_release);
	if (header->guard.mode != MS_GUARD_OFF && guard_start != NULL)
		guard_start(header);
	ms_graph_start(header);
	if (!ms_gate_start(header, image))
		return false;
	atomic_store_explicit(&ms_process.phase, MS_PHASE_RECORDING, memory_order_release);
	if (image > 0)
		ms_emit_args(MS_EV_IMAGE_START, 1, image);
	return true;
}

/* Maps the arena at the place and attaches, if it is for this process: nobody's yet, or ours from before an exec. */
static bool attach_to(const struct ms_arena_place *place)
{
	struct ms_arena_header *header;
	uint32_t pid = (uint32_t)ms_raw_getpid();
	uint32_t owner = 0;
	uint64_t bytes;

	header = ms_arena_map(place, &bytes);
	if (header == NULL)
		return false;
	if (atomic_load_explicit(&header->state, memory_order_acquire) == MS_ARENA_STOPPED)
		goto refuse;
	if (!atomic_compare_exchange_strong(&header->app_pid, &owner, pid) && owner != pid) {
		struct ms_arena_place own;
		bool given = (header->flags & MS_FLAG_FOLLOW) != 0 && ms_arena_ask(header, &own);

		ms_raw_munmap(header, bytes);
		ms_limits_restore();
		return given && attach_to(&own);
	}
	ms_process.place = *place;
	ms_process.place.fd = -1;
	atomic_store_explicit(&header->state, MS_ARENA_RECORDING, memory_order_release);
	if (ms_process_attach(header, atomic_fetch_add_explicit(&header->images, 1, memory_order_release)))
		return true;
	/* It stays where it is: what has been installed looks at it, and finds that nobody records. */
	ms_limits_restore();
	return false;
refuse:
	ms_raw_munmap(header, bytes);
	ms_limits_restore();
	return false;
}

/* Without memscope-record. */
static bool start_alone(void)
{
	struct ms_arena_header *header = ms_gate_create();

	if (header == NULL)
		return false;
	atomic_store_explicit(&header->app_pid, (uint32_t)ms_raw_getpid(), memory_order_relaxed);
	atomic_store_explicit(&header->state, MS_ARENA_RECORDING, memory_order_release);
	ms_process.place.fd = -1;
	return ms_process_attach(header, atomic_fetch_add_explicit(&header->images, 1, memory_order_release));
}

void ms_process_start(void)
{
	uint32_t phase = MS_PHASE_NEW;
	struct ms_arena_place place;
	const char *value;
	int saved_errno = errno;

	if (!ms_real_resolve() ||
	    !atomic_compare_exchange_strong(&ms_process.phase, &phase, MS_PHASE_STARTING))
		return;
	value = ms_env_initial(MS_ENV_ARENA);
	if ((value == NULL || !ms_arena_parse(value, &place) || !attach_to(&place)) && !start_alone())
		ms_process_stop();
	errno = saved_errno;
}

/* The first call into us may come earlier (constructors of other libraries allocate); this is for programs that never
   allocate, and the moment at which libc's environ is there to be cleaned. */
__attribute__((constructor(101))) static void start(void)
{
	if (ms_is_late())
		return;
	ms_process_start();
	ms_process_watch_exit();
	if ((ms_env_initial(MS_ENV_ARENA) != NULL || ms_gate_alone()) && (ms_process.flags & MS_FLAG_FOLLOW) == 0)
		ms_env_hide(environ);
}

/* ---- end ---- */

void ms_process_stop(void)
{
	atomic_store_explicit(&ms_process.phase, MS_PHASE_OFF, memory_order_release);
	if (ms_late_stopped != NULL)
		ms_late_stopped();
}

bool ms_process_has(const struct ms_thread *t)
{
	return ms_process.set != NULL && t >= ms_process.set->threads && t < ms_process.set->threads + ms_process.set->count;
}

bool ms_process_collector_gone(void)
{
	long alive;

	if (atomic_load_explicit(&ms_gate_on, memory_order_relaxed))
		return false;
	alive = ms_raw(SYS_kill, ms_process.collector_pid, 0, 0, 0, 0, 0);

	/* A zombie, or another process with the same number, does not hold the arena. */
	return alive == -ESRCH || (ms_process.place.inode != 0 && ms_arena_still_there(&ms_process.place) == 0);
}

/* ---- fork ---- */

bool ms_process_forked(void)
{
	return ms_process.set != NULL && atomic_load_explicit(&ms_process.set->alive, memory_order_relaxed) != ALIVE;
}

static uint64_t whole_pages(uint64_t bytes)
{
	return (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

/*
 * Code of ours that a signal handler interrupted may still go through pointers that it has in registers. So memory stays where the arena
 * was, but no longer the arena: in a hook all of it; else, as nobody knows whether it was in our code, what is looked at outside of
 * that: the header, the slots, the table of a sample.
 */
static void leave_parents_arena(bool hook_interrupted)
{
	struct ms_arena_header *header = ms_process.header;
	uint64_t bytes = ms_process.arena_bytes, head = whole_pages(header->slots_offset + header->slot_count * sizeof(struct ms_slot));
	uint64_t table = header->sample.sampled_offset, table_end = whole_pages(table + MS_SAMPLED_BYTES(header->sample.sampled_count));

	if (table == 0)
		table = table_end = head;
	ms_process.header = NULL;
	ms_births_detach();
	ms_raw_mmap(header, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	if (!hook_interrupted) {
		if (table > head)
			ms_raw_munmap((char *)header + head, table - head);
		if (bytes > table_end)
			ms_raw_munmap((char *)header + table_end, bytes - table_end);
	}
	if (!ms_is_late())
		ms_limits_detached();
}

/* In a forked child, on its only thread. */
static void start_child(bool hook_interrupted)
{
	uint32_t phase = MS_PHASE_RECORDING;
	struct ms_arena_place place;
	bool follow = (ms_process.flags & MS_FLAG_FOLLOW) != 0;
	_Atomic uint32_t *parents_words = ready_words;

	if (guard_after_fork != NULL)
		guard_after_fork(true);
	ms_gate_forked();
	if (!atomic_compare_exchange_strong(&ms_process.phase, &phase, MS_PHASE_STARTING))
		return;
	ms_tls = (struct ms_tls){.self = (struct ms_thread *)(uintptr_t)&ms_thread_empty};
	follow = follow && ms_arena_ask(ms_process.header, &place);
	parents_modules = follow ? ms_modules_save() : NULL;
	leave_parents_arena(hook_interrupted);
	ms_process.set = NULL;
	ready_words = NULL;
	if (ms_late_forked != NULL)
		ms_late_forked();
	if (!follow || !attach_to(&place)) {
		if (!hook_interrupted && !ms_is_late())
			ms_limits_arena_unmapped();
		ms_process_stop();
	}
	child_is_ready(parents_words);
	if (parents_words != NULL)
		ms_raw_munmap(parents_words, READY_WORDS * sizeof(uint32_t));
}

pid_t ms_hook_fork(pid_t (*fork_like)(void))
{
	bool hook_interrupted = ms_tls.self->hook_sp != 0;
	pid_t child;

	if (guard_before_fork != NULL)
		guard_before_fork();
	child = fork_like();
	if (guard_after_fork != NULL)
		guard_after_fork(child == 0);
	if (child > 0) {
		ms_emit_args(MS_EV_FORK, 1, (uint64_t)child);
		wait_for_child(child);
	}
	if (child == 0 && ms_process_forked()) {
		int saved_errno = errno;

		start_child(hook_interrupted);
		errno = saved_errno;
	}
	return child;
}

long ms_vfork_parent(long result)
{
	ms_exec_release();
	if (result > 0) {
		ms_emit_args(MS_EV_VFORK, 1, (uint64_t)result);
		return result;
	}
	errno = (int)-result;
	return -1;
}

/* ---- the way in ---- */

struct ms_thread *ms_process_thread(void)
{
	switch ((enum ms_phase)atomic_load_explicit(&ms_process.phase, memory_order_acquire)) {
	case MS_PHASE_NEW:
		ms_process_start();
		break;
	case MS_PHASE_RECORDING:
		if (ms_process_forked())
			start_child(true);
		break;
	case MS_PHASE_STARTING:
	case MS_PHASE_OFF:
		return NULL;
	}
	if (atomic_load_explicit(&ms_process.phase, memory_order_acquire) != MS_PHASE_RECORDING)
		return NULL;
	return ms_tls.self->slot != NULL ? ms_tls.self : ms_thread_attach();
}
