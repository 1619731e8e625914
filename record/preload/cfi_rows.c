/* cfi_rows.c - see cfi_rows.h. */
#include <stddef.h>

#include "cfi_rows.h"
#include "raw.h"
#include "stack.h"
#include "stack_bounds.h"

#define PROBES 16u
#define ADDRESS_END (UINT64_C(1) << 47)

struct row_slot *ms_row_slots;

/* Modules that were handed to ms_module_seen, by map_start. Any thread, by CAS. */
#define SEEN_SLOTS 1024u
#define SEEN_FREE 0u
#define SEEN_UNLOADED 1u /* free, but others of the same hash may follow */
static _Atomic uint64_t seen_modules[SEEN_SLOTS];

bool ms_rows_init(void)
{
	struct row_slot *none = NULL, *slots;

	if (__atomic_load_n(&ms_row_slots, __ATOMIC_ACQUIRE))
		return true;
	slots = ms_raw_memory(ROW_SLOTS * sizeof(*slots));
	if (!slots)
		return false;
	if (!__atomic_compare_exchange_n(&ms_row_slots, &none, slots, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		ms_raw_munmap(slots, ROW_SLOTS * sizeof(*slots));
	return true;
}

static cfi_row pack(uint8_t flags, int64_t cfa_offset, int64_t fp_offset)
{
	return (uint64_t)cfa_offset << 32 | (((uint64_t)fp_offset << 8) & 0xffffff00u) | flags;
}

/* The expression is `breg6 offset` or `breg7 offset`, with or without a deref at the end. */
static bool simple_expression(struct cfi_bytes code, unsigned *base, int64_t *offset, bool *deref)
{
	enum { OP_DEREF = 0x06, OP_BREG0 = 0x70 };
	struct cfi_reader r = {code.start, code.end, false};

	*base = (unsigned)cfi_fixed(&r, 1) - OP_BREG0;
	if (*base != CFI_RBP && *base != CFI_RSP)
		return false;
	*offset = cfi_sleb(&r);
	*deref = !r.bad && r.at < r.end && *r.at == OP_DEREF;
	return !r.bad && r.at + *deref == r.end;
}

static bool fits(int64_t value, unsigned bits)
{
	return value >= -(INT64_C(1) << (bits - 1)) && value < INT64_C(1) << (bits - 1);
}

cfi_row ms_row_pack(const struct cfi_rules *rules, bool signal_frame)
{
	const cfi_row full = ROW_FULL | ROW_USES_FP;
	const struct cfi_rule *ra = &rules->registers[CFI_RA], *rsp = &rules->registers[CFI_RSP];
	const struct cfi_rule *rbp = &rules->registers[CFI_RBP];
	int64_t cfa_offset = rules->cfa_offset, fp_offset = 0;
	unsigned base = (unsigned)rules->cfa_register;
	uint8_t flags = ROW_SIMPLE;
	bool deref = false;

	if (ra->kind == CFI_UNDEFINED)
		return ROW_END | ROW_FP_SAVED;
	if (signal_frame)
		return ROW_SIGNAL | ROW_FP_SAVED;
	if (ra->kind != CFI_AT_CFA || ra->value != -8)
		return full;
	if (rsp->kind != CFI_SAME && !(rsp->kind == CFI_IS_CFA && rsp->value == 0))
		return full;
	if (rules->cfa_expression.start) {
		if (!simple_expression(rules->cfa_expression, &base, &cfa_offset, &deref))
			return full;
	} else if (rules->cfa_register != CFI_RBP && rules->cfa_register != CFI_RSP) {
		return full;
	}
	if (deref)
		flags = ROW_ODD | ROW_DEREF;
	if (base == CFI_RBP)
		flags |= ROW_BASE_RBP | ROW_USES_FP;

	switch (rbp->kind) {
	case CFI_SAME:
	case CFI_UNDEFINED:
		break;
	case CFI_AT_CFA:
		fp_offset = rbp->value;
		flags |= ROW_FP_SAVED;
		break;
	case CFI_AT_EXPRESSION: {
		bool also_deref;

		if (!simple_expression(rbp->expression, &base, &fp_offset, &also_deref) || also_deref || base != CFI_RBP)
			return full;
		flags = (uint8_t)((flags & ~ROW_KIND) | ROW_ODD | ROW_FP_SAVED | ROW_FP_AT_FP | ROW_USES_FP);
		break;
	}
	default:
		return full;
	}
	if (!fits(cfa_offset, 32) || !fits(fp_offset, 24) || fp_offset % 8 != 0 || (rbp->kind == CFI_AT_CFA && fp_offset == 0))
		return full;
	return pack(flags, cfa_offset, fp_offset);
}

/* The first walk through a module announces it. When the set is full, modules are announced again and again. */
static void announce(const struct cfi_module *module)
{
	uint32_t first = (uint32_t)(module->map_start >> 12) * 0x9e3779b1u >> 22;
	uint64_t start;

	for (uint32_t i = 0; i < PROBES; i++) {
		start = atomic_load_explicit(&seen_modules[(first + i) % SEEN_SLOTS], memory_order_relaxed);
		if (start == module->map_start)
			return;
		if (start == SEEN_FREE)
			break;
	}
	for (uint32_t i = 0; i < PROBES; i++) {
		_Atomic uint64_t *slot = &seen_modules[(first + i) % SEEN_SLOTS];

		start = atomic_load_explicit(slot, memory_order_relaxed);
		if (start != SEEN_FREE && start != SEEN_UNLOADED)
			continue;
		if (atomic_compare_exchange_strong(slot, &start, module->map_start))
			break;
		if (start == module->map_start)
			return;
	}
	/* The loader rounds the start down to the alignment of the segments; nothing need be mapped there. */
	if (ms_memory_readable(module->map_start))
		ms_module_seen(module->map_start, module->map_end, module->link_map);
}

static cfi_row compute(const struct cfi_module *module, uint64_t address, struct cfi_work *work)
{
	if (ms_cfi_find(module, address, work) != CFI_OK)
		return ROW_NONE | ROW_USES_FP;
	return ms_row_pack(&work->rules, work->signal_frame);
}

cfi_row ms_row_find(uint64_t address, struct cfi_work *work)
{
	uint64_t first = row_hash(address);
	_Atomic cfi_row *place = NULL;
	struct cfi_module module;
	cfi_row row;

	for (uint32_t i = 0; i < PROBES; i++) {
		struct row_slot *slot = &ms_row_slots[(first + i) & (ROW_SLOTS - 1)];
		uint64_t owner = atomic_load_explicit(&slot->address, memory_order_relaxed);

		if (owner == 0)
			break;
		if (owner == address) {
			row = atomic_load_explicit(&slot->row, memory_order_relaxed);
			if (row != 0)
				return row;
			place = &slot->row;
			break;
		}
	}
	if (address >= ADDRESS_END || !ms_cfi_module(address, &module))
		return ROW_NONE | ROW_USES_FP;
	announce(&module);
	row = compute(&module, address, work);
	for (uint32_t i = 0; !place && i < PROBES; i++) {
		struct row_slot *slot = &ms_row_slots[(first + i) & (ROW_SLOTS - 1)];
		uint64_t owner = 0;

		if (atomic_compare_exchange_strong_explicit(&slot->address, &owner, address, memory_order_relaxed,
							    memory_order_relaxed) ||
		    owner == address)
			place = &slot->row;
	}
	if (place)
		atomic_store_explicit(place, row, memory_order_relaxed);
	return row;
}

void ms_rows_forget(uint64_t start, uint64_t end)
{
	if (!__atomic_load_n(&ms_row_slots, __ATOMIC_ACQUIRE))
		return;
	for (uint64_t i = 0; i < ROW_SLOTS; i++) {
		struct row_slot *slot = &ms_row_slots[i];
		uint64_t address = atomic_load_explicit(&slot->address, memory_order_relaxed);

		if (address - start < end - start)
			atomic_store_explicit(&slot->row, 0, memory_order_relaxed);
	}
	for (uint32_t i = 0; i < SEEN_SLOTS; i++) {
		uint64_t module = atomic_load_explicit(&seen_modules[i], memory_order_relaxed);

		if (module - start < end - start)
			atomic_compare_exchange_strong(&seen_modules[i], &module, SEEN_UNLOADED);
	}
}
