/*
 * evidence.c - from what a guard saw to an entry in the thread's ring.
 */
#include <signal.h>

#include "guard.h"
#include "guard_bytes.h"
#include "record/preload/process.h"
#include "record/preload/raw.h"

#define SEEN 4096u                 /* places remembered, a power of two; what is forgotten is published again */
#define MOST_PER_BLOCK 8u
#define WORDS (MS_ENTRY_EVIDENCE_WORDS + MS_EVIDENCE_BYTES / 8 + MS_EVIDENCE_REGISTERS)

/* Hash of a sort of error, a block and a place; and how often that sort for that block: hash << 8 | count. Racing writers lose
   a note, no more. What is dropped has been recorded before: at least one of its sort for its block. */
static _Atomic uint64_t seen_places[SEEN], seen_blocks[SEEN];

static uint64_t mix(uint64_t h, uint64_t value)
{
	h = (h ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* A stack is told by the places of the call and of its caller's frame: within one frame of the program the same call. */
static bool is_repeated(const struct ms_evidence_entry *e, const struct ms_caller *caller)
{
	uint64_t subject = e->block_address != 0 ? e->block_address : e->address;
	uint64_t sort = (uint64_t)e->kind << 16 | (uint64_t)e->access << 8 | (uint64_t)e->freed << 1 | (e->address < e->block_address);
	uint64_t block = mix(mix(mix(mix(1, subject), e->block_bytes), e->reserved2), sort) << 8;
	uint64_t place = mix(mix(block, caller != NULL ? caller->pc : 0), caller != NULL ? caller->fp : 0);
	_Atomic uint64_t *of_block = &seen_blocks[block >> 52 & (SEEN - 1)], *of_place = &seen_places[place >> 52 & (SEEN - 1)];
	uint64_t known = atomic_load_explicit(of_block, memory_order_relaxed);

	/* Damage is repaired when it is found: the same again is new. */
	if (e->kind != MS_EVIDENCE_DAMAGE) {
		if (atomic_load_explicit(of_place, memory_order_relaxed) == place)
			return true;
		atomic_store_explicit(of_place, place, memory_order_relaxed);
	}
	if ((known ^ block) >> 8 != 0)
		known = block;
	if ((known & 0xff) >= MOST_PER_BLOCK)
		return true;
	atomic_store_explicit(of_block, known + 1, memory_order_relaxed);
	return false;
}

/* --on-error=abort: as abort does it, which libc may not be asked to do from here: a handler of the program runs first. */
static void end_program(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} none = {SIG_DFL, 0, NULL, 0};
	uint64_t abort_bit = UINT64_C(1) << (SIGABRT - 1);

	ms_raw(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&abort_bit, 0, 8, 0, 0);
	ms_raw(SYS_tgkill, ms_raw_getpid(), ms_raw_gettid(), SIGABRT, 0, 0, 0);
	ms_raw(SYS_rt_sigaction, SIGABRT, (long)&none, 0, 8, 0, 0);
	ms_raw(SYS_tgkill, ms_raw_getpid(), ms_raw_gettid(), SIGABRT, 0, 0, 0);
}

void guard_evidence(struct ms_evidence_entry *e, const uint8_t *bytes, const uint64_t *registers,
		    const struct ms_caller *caller)
{
	guard_evidence_at(e, bytes, registers, caller, 0);
}

void guard_evidence_at(struct ms_evidence_entry *e, const uint8_t *bytes, const uint64_t *registers,
		       const struct ms_caller *caller, uint64_t sp)
{
	struct ms_arena_header *header = ms_process.header;
	uint64_t words[WORDS] = {0};
	unsigned count = MS_ENTRY_EVIDENCE_WORDS;

	if (header == NULL || atomic_load_explicit(&ms_process.phase, memory_order_acquire) != MS_PHASE_RECORDING ||
	    ms_process_forked())
		return;
	if (is_repeated(e, caller)) {
		atomic_fetch_add_explicit(&header->guard_dropped, 1, memory_order_relaxed);
		return;
	}
	e->node = 0;
	e->reserved2 = 0;
	guard_copy(words, e, sizeof(*e));
	if (e->byte_count != 0)
		guard_copy(words + count, bytes, e->byte_count);
	count += (e->byte_count + 7u) / 8;
	if (e->register_count != 0)
		guard_copy(words + count, registers, e->register_count * sizeof(uint64_t));
	count += e->register_count;

	struct ms_entry entry = {.kind = MS_EV_EVIDENCE, .shape = MS_SHAPE_WORDS, .address = e->address, .words = words,
				 .arg = {count, offsetof(struct ms_evidence_entry, node) / 8}, .caller = caller, .sp = sp};
	ms_emit_slow(&entry);
	if (guard_config->on_error != 0 && e->kind != MS_EVIDENCE_FREED_STACK)
		end_program();
}
