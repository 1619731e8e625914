/*
 * cfi.h - DWARF call frame information of x86_64 code: from a code address to the rules that recover its caller.
 *
 * ms_cfi_find looks the address up (the loader's _dl_find_object, then the sorted table in .eh_frame_hdr) and runs the
 * CFA program of its FDE up to that address. The result holds the rules of all 17 registers; cfi_rows.c packs the common
 * shapes into 8 bytes, cfi_full.c applies any of them.
 *
 * Every read is checked against the readable segment of the module that it must lie in; damaged tables give an error,
 * never a crash. Async-signal-safe, no locks, no memory but the caller's. The formats: System V ABI for AMD64 (DWARF
 * register numbers, .eh_frame, .eh_frame_hdr), DWARF 5 section 6.4, the LSB's text on .eh_frame.
 */
#ifndef MS_PRELOAD_CFI_H
#define MS_PRELOAD_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cfi_register { CFI_RBP = 6, CFI_RSP = 7, CFI_RA = 16, CFI_REGISTERS = 17 };

enum cfi_rule_kind {
	CFI_SAME = 0,       /* the register keeps its value (also: nothing said) */
	CFI_UNDEFINED,      /* not recoverable; of CFI_RA: this is the outermost frame */
	CFI_AT_CFA,         /* saved at CFA + value */
	CFI_IS_CFA,         /* equals CFA + value */
	CFI_REGISTER,       /* equals register number `value` */
	CFI_AT_EXPRESSION,  /* saved at the address that the expression computes (CFA is pushed first) */
	CFI_IS_EXPRESSION,  /* equals what the expression computes (CFA is pushed first) */
};

struct cfi_bytes {
	const uint8_t *start, *end;
};

struct cfi_rule {
	uint32_t kind; /* enum cfi_rule_kind */
	int64_t value;
	struct cfi_bytes expression; /* borrowed from the module */
};

/* The rules at one address. The CFA is register + offset, or what the expression computes when it is not empty. */
struct cfi_rules {
	uint64_t cfa_register;
	int64_t cfa_offset;
	struct cfi_bytes cfa_expression;
	struct cfi_rule registers[CFI_REGISTERS];
};

#define CFI_REMEMBER_DEPTH 8

/* Work space of one lookup, about 6 KiB: lives in the walker, because a hook may run on a small signal stack. */
struct cfi_work {
	struct cfi_rules rules; /* the result */
	bool signal_frame;      /* augmentation 'S': the frame was made by the kernel for a signal handler */
	/* private to cfi_find.c and cfi_run.c */
	struct cfi_rules initial; /* after the CIE's instructions, for DW_CFA_restore */
	struct cfi_rules remembered[CFI_REMEMBER_DEPTH];
};

/* A module in memory, as the loader knows it. */
struct cfi_module {
	uint64_t map_start, map_end; /* mapped range, may have holes */
	const void *link_map;
	const uint8_t *eh_frame_hdr; /* NULL: has no unwind table */
};

enum cfi_status {
	CFI_OK = 0,
	CFI_NO_MODULE,      /* no module is mapped at this address */
	CFI_NO_FDE,         /* the module has no entry for the address */
	CFI_BAD,            /* the entry is damaged or uses something unknown */
};

/* The module mapped at an address. False when there is none. */
bool ms_cfi_module(uint64_t address, struct cfi_module *module);

/* Fills work->rules for the instruction at `address` in `module`. Returns CFI_OK, CFI_NO_FDE or CFI_BAD. */
enum cfi_status ms_cfi_find(const struct cfi_module *module, uint64_t address, struct cfi_work *work);

/* ---- within cfi_*.c ------------------------------------------------------------------------------------------- */

/* What the instructions of an FDE need from its CIE. */
struct cfi_cie {
	struct cfi_bytes instructions;
	uint64_t code_align;
	int64_t data_align;
	uint8_t fde_encoding;
	bool has_augmentation; /* 'z' */
	bool signal_frame;
};

/* Runs the CIE's, then the FDE's instructions up to `address` (code starts at `start`). CFI_OK or CFI_BAD. */
enum cfi_status ms_cfi_run(const struct cfi_cie *cie, struct cfi_bytes fde, uint64_t start, uint64_t address,
			   struct cfi_work *work);

/* A cursor over bytes that were not written by us. After an overrun `bad` is set and all reads give 0. */
struct cfi_reader {
	const uint8_t *at, *end;
	bool bad;
};

static inline uint64_t cfi_fixed(struct cfi_reader *r, unsigned bytes)
{
	uint64_t value = 0;

	if ((size_t)(r->end - r->at) < bytes) {
		r->at = r->end;
		r->bad = true;
		return 0;
	}
	__builtin_memcpy(&value, r->at, bytes);
	r->at += bytes;
	return value;
}

static inline uint64_t cfi_uleb(struct cfi_reader *r)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)cfi_fixed(r, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && !r->bad);
	return value;
}

static inline int64_t cfi_sleb(struct cfi_reader *r)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)cfi_fixed(r, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && !r->bad);
	if (shift < 64 && (byte & 0x40))
		value |= ~UINT64_C(0) << shift;
	return (int64_t)value;
}

/* A pointer in one of the DW_EH_PE_ encodings; data_base = what DW_EH_PE_datarel counts from. */
uint64_t ms_cfi_pointer(struct cfi_reader *r, uint8_t encoding, uint64_t data_base);

/* Length-prefixed block, as expressions and augmentation data are. */
static inline struct cfi_bytes cfi_block(struct cfi_reader *r)
{
	uint64_t length = cfi_uleb(r);
	struct cfi_bytes block = {r->at, r->at};

	if (r->bad || (uint64_t)(r->end - r->at) < length) {
		r->at = r->end;
		r->bad = true;
		return block;
	}
	block.end = r->at += length;
	return block;
}

#endif
