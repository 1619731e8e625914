/* cfi_rows.c - see cfi_rows.h. */
#include <stddef.h>

#include "cfi_rows.h"
#include "raw.h"
#include "stack.h"
#include "stack_bounds.h"

#define PROBES 16u
#define ADDRESS_END (UINT64_C(1) << 47)

_Atomic uint64_t *ms_row_slots;
_Atomic cfi_row ms_row_values[ROW_VALUES];

/* Modules that were handed to ms_module_seen, by map_start. Any thread, by CAS. */
#define SEEN_SLOTS 1024u
#define SEEN_FREE 0u
#define SEEN_UNLOADED 1u /* free, but others of the same hash may follow */
static _Atomic uint64_t seen_modules[SEEN_SLOTS];

bool ms_rows_init(void)
{
	_Atomic uint64_t *none = NULL, *slots;

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

/* The number of a row, which is put into the table of values when it is new; 0 when there is no room. */
static uint32_t number_of(cfi_row row)
{
	uint32_t first = (uint32_t)((row * UINT64_C(0x9e3779b97f4a7c15)) >> 40);

	for (uint32_t i = 0; i < PROBES; i++) {
		uint32_t number = (first + i) & (ROW_VALUES - 1);
		cfi_row owner = 0;

		if (number == 0)
			continue;
		if (atomic_compare_exchange_strong_explicit(&ms_row_values[number], &owner, row, memory_order_release,
							    memory_order_relaxed) ||
		    owner == row)
			return number;
	}
	return 0;
}

/* The slot of an address, or the free one that it would take; NULL when its places are taken by others. */
static _Atomic uint64_t *slot_of(uint64_t address, uint64_t *content)
{
	uint64_t first = row_hash(address);

	for (uint32_t i = 0; i < PROBES; i++) {
		_Atomic uint64_t *slot = &ms_row_slots[(first + i) & (ROW_SLOTS - 1)];

		*content = atomic_load_explicit(slot, memory_order_acquire);
		if (*content == 0 || *content >> 16 == address)
			return slot;
	}
	return NULL;
}

static void store(uint64_t address, cfi_row row)
{
	uint64_t content, wanted = address << 16 | number_of(row);
	_Atomic uint64_t *slot;

	if (!(wanted & 0xffff))
		return;
	do
		slot = slot_of(address, &content);
	while (slot && !atomic_compare_exchange_strong_explicit(slot, &content, wanted, memory_order_release,
								memory_order_relaxed));
}

cfi_row ms_row_find(uint64_t address, struct cfi_work *work)
{
	const cfi_row none = ROW_NONE | ROW_USES_FP;
	struct cfi_module module;
	uint64_t content;
	cfi_row row;

	if (address >= ADDRESS_END)
		return none;
	if (slot_of(address, &content) && content & 0xffff)
		return atomic_load_explicit(&ms_row_values[content & (ROW_VALUES - 1)], memory_order_relaxed);
	if (!ms_cfi_module(address, &module))
		return none;
	announce(&module);
	row = compute(&module, address, work);
	store(address, row);
	return row;
}

void ms_rows_forget(uint64_t start, uint64_t end)
{
	if (!__atomic_load_n(&ms_row_slots, __ATOMIC_ACQUIRE))
		return;
	for (uint64_t i = 0; i < ROW_SLOTS; i++) {
		uint64_t content = atomic_load_explicit(&ms_row_slots[i], memory_order_relaxed);

		if (content && (content >> 16) - start < end - start)
			atomic_store_explicit(&ms_row_slots[i], content & ~UINT64_C(0xffff), memory_order_relaxed);
	}
	for (uint32_t i = 0; i < SEEN_SLOTS; i++) {
		uint64_t module = atomic_load_explicit(&seen_modules[i], memory_order_relaxed);

		if (module - start < end - start)
			atomic_compare_exchange_strong(&seen_modules[i], &module, SEEN_UNLOADED);
	}
}
