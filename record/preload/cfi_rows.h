/*
 * cfi_rows.h - the row cache: a code address -> how to find the caller, in 8 bytes.
 *
 * One flat table per process, filled on demand, read without locks. A slot is claimed by a compare-and-swap of its
 * address and its row is stored afterwards; two threads that compute the same row store the same value. Slots are never
 * given back; ms_rows_forget (stack.h) clears the rows of unloaded code. Addresses outside every module are never
 * cached: a module may be mapped there later.
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

struct row_slot {
	_Atomic uint64_t address;
	_Atomic cfi_row row; /* 0 = not there: ask ms_row_find */
};

#define ROW_SLOTS (UINT64_C(1) << 19)

/* The table. False when it cannot be mapped. Any thread, any number of times. */
bool ms_rows_init(void);
extern struct row_slot *ms_row_slots; /* set by ms_rows_init, then constant */

/* Neighbouring call sites share pages of the table; every 64 KiB of code start somewhere else. */
static inline uint64_t row_hash(uint64_t address)
{
	return ((address >> 2) + (address >> 16) * 0x9e3779b1u) & (ROW_SLOTS - 1);
}

/* The row when it stands at its first place, else 0. */
static inline cfi_row row_lookup(const struct row_slot *slots, uint64_t address)
{
	const struct row_slot *slot = &slots[row_hash(address)];

	if (atomic_load_explicit(&slot->address, memory_order_relaxed) != address)
		return 0;
	return atomic_load_explicit(&slot->row, memory_order_relaxed);
}

/* The row, computed when it is not in the table; never 0. work is scratch memory of the caller. */
cfi_row ms_row_find(uint64_t address, struct cfi_work *work);

/* Packs rules into a row (in the header for the tests). */
cfi_row ms_row_pack(const struct cfi_rules *rules, bool signal_frame);

#endif
