/* graph_take.c - see graph.h. */
#include "graph.h"

#include <linux/futex.h>
#include <string.h>
#include <time.h>

#include "inside_gate.h"
#include "graph_facts.h"
#include "graph_index.h"
#include "graph_maps.h"
#include "graph_memory.h"
#include "graph_roots.h"
#include "graph_scan.h"
#include "graph_sink.h"
#include "graph_stack.h"
#include "graph_threads.h"
#include "kernel_signal.h"
#include "process.h"
#include "raw.h"
#include "ring.h"

#define BLOCKS_NS UINT64_C(10000000000)
#define SCAN_NS UINT64_C(20000000000)
#define LOOK_NS UINT64_C(1000000000) /* whether the collector is still there */
#define NAP_NS 50000000L
#define GATE_NAP_NS 100000L
#define MODULES_MAX 4096u
#define RETRY_NS 200000L /* a signal that came into a hook comes again */
#define RETRIES_MAX 1000u

/* guard/guard.h; weak: libmemscope-preload.so is built without it. */
extern uint64_t guard_low __attribute__((weak)), guard_span __attribute__((weak));

static _Atomic uint32_t taking; /* tid of the thread that is at it */

/* Everything of one graph that outlives a function; one at a time. */
static struct {
	struct ms_held_threads threads;
	struct ms_maps maps;
	struct ms_index index;
	struct ms_roots roots;
	struct ms_sink sink;
	struct ms_scan scan;
	uint64_t registers[MS_EVIDENCE_REGISTERS];
} g;

/* ---- the collector's part ---------------------------------------------------------------------------------------- */

/* Asks for the live blocks and waits for them. */
static bool get_blocks(struct ms_arena_header *header, enum ms_graph_reason reason)
{
	uint64_t since = ms_ticks_monotonic(), looked = since, word = reason;
	uint32_t state = MS_GRAPH_IDLE;

	if (!atomic_compare_exchange_strong(&header->graph_state, &state, MS_GRAPH_WANTED))
		return false;
	ms_emit_words(MS_ENTRY_GRAPH_BEGIN, &word, 1);
	for (;;) {
		ms_gate_drain();
		/* A recorder inside does nothing unless it is asked: what is younger than its margin it does not see at once. */
		struct timespec nap = {0, atomic_load_explicit(&ms_gate_on, memory_order_relaxed) ? GATE_NAP_NS : NAP_NS};
		uint64_t now = ms_ticks_monotonic();

		state = atomic_load_explicit(&header->graph_state, memory_order_acquire);
		if (state == MS_GRAPH_READY && header->graph_count <= header->graph_capacity)
			return true;
		if (state != MS_GRAPH_WANTED || now - since > BLOCKS_NS ||
		    atomic_load_explicit(&header->state, memory_order_acquire) == MS_ARENA_STOPPED)
			break;
		if (now - looked > LOOK_NS) {
			looked = now;
			if (ms_process_collector_gone())
				break;
		}
		ms_raw(SYS_futex, (long)&header->graph_state, FUTEX_WAIT, MS_GRAPH_WANTED, (long)&nap, 0, 0);
	}
	atomic_store_explicit(&header->graph_state, MS_GRAPH_IDLE, memory_order_release);
	return false;
}

/* ---- the scan ---------------------------------------------------------------------------------------------------- */

/* The modules of this image, sorted. Few, and nearly sorted: by insertion. */
static uint32_t list_modules(struct ms_address_range *ranges)
{
	uint32_t count = atomic_load_explicit(&ms_process.header->module_count, memory_order_acquire), n = 0;

	for (uint32_t i = 0; i < count && i < ms_process.header->module_capacity && n < MODULES_MAX; i++) {
		const struct ms_module_record *m = &ms_process.modules[i];
		uint32_t at = n;

		if (m->image != ms_process.image || atomic_load_explicit(&m->unloaded, memory_order_relaxed) != 0 ||
		    m->start >= m->end)
			continue;
		for (; at > 0 && ranges[at - 1].start > m->start; at--)
			ranges[at] = ranges[at - 1];
		ranges[at] = (struct ms_address_range){m->start, m->end};
		n++;
	}
	return n;
}

static bool is_glibc(const char *allocator)
{
	return strncmp(allocator, "libc.so", 7) == 0 || strncmp(allocator, "libc-", 5) == 0;
}

/* With everything standing still. The result: is it whole? */
static bool scan(struct ms_arena_header *header, bool called)
{
	const struct ms_graph_block *blocks = (const void *)((const char *)header + header->graph_offset);
	struct ms_address_range *modules = NULL;
	struct ms_roots_input input = {
		.maps = &g.maps,
		.index = &g.index,
		.threads = &g.threads,
		.self_registers = g.registers,
		.self_called = called,
		.self_tid = (uint32_t)ms_raw_gettid(),
		.unseen = atomic_load_explicit(&header->births_unseen, memory_order_relaxed) != 0,
		.glibc = is_glibc(header->allocator),
		.arena_start = (uint64_t)(uintptr_t)header,
		.arena_end = (uint64_t)(uintptr_t)header + header->arena_bytes,
		.own_start = ms_graph_facts.own_start,
		.own_end = ms_graph_facts.own_end,
		.sink = &g.sink,
	};
	bool whole = false;

	if (&guard_low != NULL && &guard_span != NULL) {
		input.pools_start = guard_low;
		input.pools_end = guard_low + guard_span;
	}
	if (header->graph_missing > 0)
		ms_sink_unscanned(&g.sink, MS_UNSCANNED_BLOCKS, 0, header->graph_missing);
	if (!ms_index_make(&g.index, blocks, (uint32_t)header->graph_count))
		return false;
	modules = ms_raw_memory(MODULES_MAX * sizeof(*modules));
	if (modules == NULL || !ms_maps_read(&g.maps))
		goto out;
	if (!ms_roots_make(&g.roots, &input))
		goto out;
	ms_sink_roots(&g.sink, g.roots.at, g.roots.count);
	g.scan = (struct ms_scan){
		.index = &g.index,
		.maps = &g.maps,
		.sink = &g.sink,
		.roots = g.roots.at,
		.root_count = g.roots.count,
		.glibc = input.glibc,
		.allocator = {ms_graph_facts.allocator_start, ms_graph_facts.allocator_end},
		.modules = modules,
		.module_count = list_modules(modules),
		.deadline_ns = ms_ticks_monotonic() + SCAN_NS,
	};
	whole = ms_scan_run(&g.scan) && !g.threads.more && !g.roots.full;
out:
	if (modules != NULL)
		ms_raw_munmap(modules, MODULES_MAX * sizeof(*modules));
	return whole;
}

static bool may_take(const struct ms_arena_header *header)
{
	return atomic_load_explicit(&ms_process.phase, memory_order_acquire) == MS_PHASE_RECORDING && header != NULL &&
	       header->graph_capacity > 0 && !ms_process_forked() && (pid_t)ms_raw_getpid() == ms_process.pid &&
	       atomic_load_explicit(&header->state, memory_order_acquire) != MS_ARENA_STOPPED && ms_process_thread() != NULL;
}

/* g.registers is filled. */
static bool take(struct ms_arena_header *header, enum ms_graph_reason reason, bool called)
{
	uint64_t everything = ~UINT64_C(0), mask = 0, ticks, bytes;
	bool taken = false, whole;

	/* Nothing of the program's runs on this thread meanwhile. */
	ms_raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&everything, (long)&mask, 8, 0, 0);
	ms_sink_init(&g.sink);
	ticks = ms_ticks();
	/* Where the recorder is inside, nobody may be in it when everything stands still: we are who asks it. */
	if (atomic_load_explicit(&ms_gate_on, memory_order_acquire) && !ms_gate_lock())
		goto restore;
	if (!ms_threads_stop(&g.threads))
		goto out;
	if (!get_blocks(header, reason)) {
		ms_threads_release();
		goto out;
	}
	taken = true;
	whole = false;
	bytes = 0;
	if (ms_memory_begin()) {
		whole = scan(header, called);
		bytes = ms_memory_bytes();
		ms_memory_end();
	}
	ms_threads_release();
	ms_sink_finish(&g.sink, whole, ms_ticks() - ticks, bytes);
	ms_roots_free(&g.roots);
	ms_index_free(&g.index);
	ms_maps_free(&g.maps);
	/* From here on the collector samples the process again: none of our memory is left. */
	atomic_store_explicit(&header->graph_state, MS_GRAPH_IDLE, memory_order_release);
out:
	if (atomic_load_explicit(&ms_gate_on, memory_order_acquire))
		ms_gate_unlock();
restore:
	ms_raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8, 0, 0);
	return taken;
}

static bool begin(void)
{
	uint32_t nobody = 0;

	return may_take(ms_process.header) && atomic_compare_exchange_strong(&taking, &nobody, (uint32_t)ms_raw_gettid());
}

__attribute__((noinline)) bool ms_graph_take(enum ms_graph_reason reason)
{
	bool taken;

	if (!begin())
		return false;
	ms_graph_own_registers(ms_graph_facts.own_start, ms_graph_facts.own_end, g.registers);
	taken = take(ms_process.header, reason, true);
	atomic_store_explicit(&taking, 0, memory_order_release);
	return taken;
}

bool ms_graph_take_at(enum ms_graph_reason reason, const ucontext_t *context)
{
	bool taken;

	if (!begin())
		return false;
	ms_registers_of(context, g.registers);
	taken = take(ms_process.header, reason, false);
	atomic_store_explicit(&taking, 0, memory_order_release);
	return taken;
}

/* ---- by signal --------------------------------------------------------------------------------------------------- */

/* The signal met a hook in its critical section: it shall come again in a moment. */
static bool come_again(int number)
{
	struct sigevent event;
	struct itimerspec once = {.it_value = {0, RETRY_NS}};
	int timer;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_signo = number;
	event._sigev_un._tid = (pid_t)ms_raw_gettid();
	if (ms_raw_failed(ms_raw(SYS_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&timer, 0, 0, 0)))
		return false;
	return !ms_raw_failed(ms_raw(SYS_timer_settime, timer, 0, (long)&once, 0, 0, 0));
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	static _Atomic uint32_t retries;

	if (info->si_code == SI_TIMER)
		ms_raw(SYS_timer_delete, info->si_timerid, 0, 0, 0, 0, 0);
	if (ms_tls.self->hook_sp != 0 && atomic_fetch_add_explicit(&retries, 1, memory_order_relaxed) < RETRIES_MAX &&
	    come_again(number))
		return;
	atomic_store_explicit(&retries, 0, memory_order_relaxed);
	ms_graph_take_at(MS_GRAPH_SIGNAL, context);
}

void ms_graph_start(struct ms_arena_header *header)
{
	atomic_store_explicit(&taking, 0, memory_order_relaxed); /* a forked child has the parent's */
	if (header->graph_capacity == 0)
		return;
	ms_graph_facts_find();
	if (header->graph_signal != 0) {
		struct ms_kernel_action action = ms_kernel_handler(on_signal);

		ms_kernel_sigaction(header->graph_signal, &action, NULL);
	}
}
