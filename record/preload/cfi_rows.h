/*
 * cfi_rows.h - the row cache: a code address -> how to find the caller, in 8 bytes.
 *
 * Two flat tables per process, filled on demand, read without locks. Few rows differ (some hundreds in a large program),
 * so each is stored once, in ms_row_values, and ms_row_slots maps an address to its number: eight addresses to a cache
 * line. A slot is one word, address << 16 | number; it belongs to its address for ever, and number 0 means that the row
 * is not known (any more): ms_rows_forget (stack.h) puts that where code was unloaded. Two threads that find the same row
 * store the same word. Addresses outside every module are never cached: a module may be mapped there later.
 *
 * The address of a frame is its return address - 1, so that a call at the very end of a function finds that function.
 */
#ifndef MS_PRELOAD_CFI_ROWS_H
#define MS_PRELOAD_CFI_ROWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cfi.h"

/*
 * bits 63..32  signed: CFA = base + this (with ROW_DEREF: the word found there)
 * bits 31..8   signed, a multiple of 8: where the caller's rbp was saved, from the CFA (with ROW_FP_AT_FP: from rbp)
 * bits 7..0    flags and kind
 */
typedef uint64_t cfi_row;

#define ROW_BASE_RBP 0x01u /* the base is rbp, else rsp */
#define ROW_FP_SAVED 0x02u /* rbp was saved, else the caller has the same (END, SIGNAL: it does not matter) */
#define ROW_USES_FP 0x04u  /* this step reads rbp */
#define ROW_DEREF 0x08u    /* ROW_ODD only */
#define ROW_FP_AT_FP 0x10u /* ROW_ODD only */

#define ROW_KIND 0xe0u
#define ROW_SIMPLE 0x20u   /* CFA = base + offset, return address below the CFA, rbp same or saved near the CFA */
#define ROW_ODD 0x40u      /* gcc's realigned frames: CFA and rbp found through rbp */
#define ROW_END 0x60u      /* outermost frame: the return address is undefined */
#define ROW_SIGNAL 0x80u   /* made by the kernel to run a signal handler; sp points to the ucontext */
#define ROW_FULL 0xa0u     /* anything else: cfi_full.c */
#define ROW_NONE 0xc0u     /* no unwind information */

static inline int64_t row_cfa_offset(cfi_row row)
{
	return (int64_t)row >> 32;
}

static inline int64_t row_fp_offset(cfi_row row)
{
	return (int32_t)(uint32_t)row >> 8;
}

#define ROW_SLOTS (UINT64_C(1) << 18)
#define ROW_VALUES 4096u

/* Makes the table. False when it cannot be mapped. Any thread, any number of times. */
bool ms_rows_init(void);
extern _Atomic uint64_t *ms_row_slots;            /* [ROW_SLOTS], set by ms_rows_init, then constant */
extern _Atomic cfi_row ms_row_values[ROW_VALUES]; /* [0] stays 0; others are set once, by CAS */

/* Call sites of one function share cache lines and pages of the table; every 4 KiB of code start somewhere else. */
static inline uint64_t row_hash(uint64_t address)
{
	return (address >> 4) + (address >> 12) * 0x9e3779b1u;
}

/* The row when it stands at one of its first two places, else 0. */
static inline cfi_row row_lookup(const _Atomic uint64_t *slots, uint64_t address)
{
	uint64_t hash = row_hash(address), slot;

	slot = atomic_load_explicit(&slots[hash & (ROW_SLOTS - 1)], memory_order_acquire);
	if (slot >> 16 != address) {
		slot = atomic_load_explicit(&slots[(hash + 1) & (ROW_SLOTS - 1)], memory_order_acquire);
		if (slot >> 16 != address)
			return 0;
	}
	return atomic_load_explicit(&ms_row_values[slot & (ROW_VALUES - 1)], memory_order_relaxed);
}

/* The row, computed when it is not in the table; never 0. work is scratch memory of the caller. */
cfi_row ms_row_find(uint64_t address, struct cfi_work *work);

/* Packs rules into a row (in the header for the tests). */
cfi_row ms_row_pack(const struct cfi_rules *rules, bool signal_frame);

#endif
