/* cfi_run.c - the interpreter of CFA programs (DWARF 5 section 6.4.2 and the GNU additions). See cfi.h. */
#include "cfi.h"

enum {
	CFA_ADVANCE_LOC = 0x40, /* these three carry an operand in the low 6 bits */
	CFA_OFFSET = 0x80,
	CFA_RESTORE = 0xc0,
	CFA_HIGH = 0xc0,

	CFA_NOP = 0x00,
	CFA_SET_LOC = 0x01,
	CFA_ADVANCE_LOC1 = 0x02,
	CFA_ADVANCE_LOC2 = 0x03,
	CFA_ADVANCE_LOC4 = 0x04,
	CFA_OFFSET_EXTENDED = 0x05,
	CFA_RESTORE_EXTENDED = 0x06,
	CFA_UNDEFINED = 0x07,
	CFA_SAME_VALUE = 0x08,
	CFA_REGISTER = 0x09,
	CFA_REMEMBER_STATE = 0x0a,
	CFA_RESTORE_STATE = 0x0b,
	CFA_DEF_CFA = 0x0c,
	CFA_DEF_CFA_REGISTER = 0x0d,
	CFA_DEF_CFA_OFFSET = 0x0e,
	CFA_DEF_CFA_EXPRESSION = 0x0f,
	CFA_EXPRESSION = 0x10,
	CFA_OFFSET_EXTENDED_SF = 0x11,
	CFA_DEF_CFA_SF = 0x12,
	CFA_DEF_CFA_OFFSET_SF = 0x13,
	CFA_VAL_OFFSET = 0x14,
	CFA_VAL_OFFSET_SF = 0x15,
	CFA_VAL_EXPRESSION = 0x16,
	CFA_GNU_ARGS_SIZE = 0x2e,
	CFA_GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
};

/* Products and sums of numbers from the file: wrap, never overflow. */
static int64_t scaled(uint64_t factor, int64_t align)
{
	return (int64_t)(factor * (uint64_t)align);
}

/* Registers that we do not track (vector registers, flags) are parsed and forgotten. */
static void set_rule(struct cfi_rules *rules, uint64_t number, enum cfi_rule_kind kind, int64_t value,
		     struct cfi_bytes expression)
{
	if (number < CFI_REGISTERS)
		rules->registers[number] = (struct cfi_rule){kind, value, expression};
}

static void restore_rule(struct cfi_work *work, uint64_t number)
{
	if (number < CFI_REGISTERS)
		work->rules.registers[number] = work->initial.registers[number];
}

/* Runs until the location passes `address` or the instructions end. */
static enum cfi_status run(const struct cfi_cie *cie, struct cfi_bytes code, uint64_t location, uint64_t address,
			   struct cfi_work *work)
{
	const struct cfi_bytes none = {NULL, NULL};
	struct cfi_reader r = {code.start, code.end, false};
	struct cfi_rules *rules = &work->rules;
	unsigned depth = 0;

	while (r.at < r.end && location <= address) {
		uint8_t byte = (uint8_t)cfi_fixed(&r, 1);
		uint64_t number;

		switch (byte & CFA_HIGH) {
		case CFA_ADVANCE_LOC:
			location += (byte & 0x3f) * cie->code_align;
			continue;
		case CFA_OFFSET:
			set_rule(rules, byte & 0x3f, CFI_AT_CFA, scaled(cfi_uleb(&r), cie->data_align), none);
			continue;
		case CFA_RESTORE:
			restore_rule(work, byte & 0x3f);
			continue;
		}
		switch (byte) {
		case CFA_NOP:
			break;
		case CFA_SET_LOC:
			location = ms_cfi_pointer(&r, cie->fde_encoding, 0);
			break;
		case CFA_ADVANCE_LOC1:
			location += cfi_fixed(&r, 1) * cie->code_align;
			break;
		case CFA_ADVANCE_LOC2:
			location += cfi_fixed(&r, 2) * cie->code_align;
			break;
		case CFA_ADVANCE_LOC4:
			location += cfi_fixed(&r, 4) * cie->code_align;
			break;
		case CFA_OFFSET_EXTENDED:
			number = cfi_uleb(&r);
			set_rule(rules, number, CFI_AT_CFA, scaled(cfi_uleb(&r), cie->data_align), none);
			break;
		case CFA_OFFSET_EXTENDED_SF:
			number = cfi_uleb(&r);
			set_rule(rules, number, CFI_AT_CFA, scaled((uint64_t)cfi_sleb(&r), cie->data_align), none);
			break;
		case CFA_GNU_NEGATIVE_OFFSET_EXTENDED:
			number = cfi_uleb(&r);
			set_rule(rules, number, CFI_AT_CFA, scaled(-cfi_uleb(&r), cie->data_align), none);
			break;
		case CFA_VAL_OFFSET:
			number = cfi_uleb(&r);
			set_rule(rules, number, CFI_IS_CFA, scaled(cfi_uleb(&r), cie->data_align), none);
			break;
		case CFA_VAL_OFFSET_SF:
			number = cfi_uleb(&r);
			set_rule(rules, number, CFI_IS_CFA, scaled((uint64_t)cfi_sleb(&r), cie->data_align), none);
			break;
		case CFA_RESTORE_EXTENDED:
			restore_rule(work, cfi_uleb(&r));
			break;
		case CFA_UNDEFINED:
			set_rule(rules, cfi_uleb(&r), CFI_UNDEFINED, 0, none);
			break;
		case CFA_SAME_VALUE:
			set_rule(rules, cfi_uleb(&r), CFI_SAME, 0, none);
			break;
		case CFA_REGISTER:
			number = cfi_uleb(&r);
			set_rule(rules, number, CFI_REGISTER, (int64_t)cfi_uleb(&r), none);
			break;
		case CFA_EXPRESSION:
			number = cfi_uleb(&r);
			set_rule(rules, number, CFI_AT_EXPRESSION, 0, cfi_block(&r));
			break;
		case CFA_VAL_EXPRESSION:
			number = cfi_uleb(&r);
			set_rule(rules, number, CFI_IS_EXPRESSION, 0, cfi_block(&r));
			break;
		case CFA_REMEMBER_STATE:
			if (depth == CFI_REMEMBER_DEPTH)
				return CFI_BAD;
			work->remembered[depth++] = *rules;
			break;
		case CFA_RESTORE_STATE:
			if (depth == 0)
				return CFI_BAD;
			*rules = work->remembered[--depth];
			break;
		case CFA_DEF_CFA:
			rules->cfa_register = cfi_uleb(&r);
			rules->cfa_offset = (int64_t)cfi_uleb(&r);
			rules->cfa_expression = none;
			break;
		case CFA_DEF_CFA_SF:
			rules->cfa_register = cfi_uleb(&r);
			rules->cfa_offset = scaled((uint64_t)cfi_sleb(&r), cie->data_align);
			rules->cfa_expression = none;
			break;
		case CFA_DEF_CFA_REGISTER:
			rules->cfa_register = cfi_uleb(&r);
			rules->cfa_expression = none;
			break;
		case CFA_DEF_CFA_OFFSET:
			rules->cfa_offset = (int64_t)cfi_uleb(&r);
			break;
		case CFA_DEF_CFA_OFFSET_SF:
			rules->cfa_offset = scaled((uint64_t)cfi_sleb(&r), cie->data_align);
			break;
		case CFA_DEF_CFA_EXPRESSION:
			rules->cfa_expression = cfi_block(&r);
			break;
		case CFA_GNU_ARGS_SIZE: /* for throwing only */
			(void)cfi_uleb(&r);
			break;
		default:
			return CFI_BAD;
		}
		if (r.bad)
			return CFI_BAD;
	}
	return r.bad ? CFI_BAD : CFI_OK;
}

enum cfi_status ms_cfi_run(const struct cfi_cie *cie, struct cfi_bytes fde, uint64_t start, uint64_t address,
			   struct cfi_work *work)
{
	enum cfi_status status;

	__builtin_memset(&work->rules, 0, sizeof(work->rules));
	status = run(cie, cie->instructions, start, start, work);
	if (status != CFI_OK)
		return status;
	work->initial = work->rules;
	return run(cie, fde, start, address, work);
}
