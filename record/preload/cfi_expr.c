/* cfi_expr.c - DWARF expressions as call frame information uses them (DWARF 5 section 2.5). See cfi_full.h. */
#include "cfi_full.h"

enum {
	OP_ADDR = 0x03,
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08,
	OP_CONST1S = 0x09,
	OP_CONST2U = 0x0a,
	OP_CONST2S = 0x0b,
	OP_CONST4U = 0x0c,
	OP_CONST4S = 0x0d,
	OP_CONST8U = 0x0e,
	OP_CONST8S = 0x0f,
	OP_CONSTU = 0x10,
	OP_CONSTS = 0x11,
	OP_DUP = 0x12,
	OP_DROP = 0x13,
	OP_OVER = 0x14,
	OP_PICK = 0x15,
	OP_SWAP = 0x16,
	OP_ROT = 0x17,
	OP_ABS = 0x19,
	OP_AND = 0x1a,
	OP_DIV = 0x1b,
	OP_MINUS = 0x1c,
	OP_MOD = 0x1d,
	OP_MUL = 0x1e,
	OP_NEG = 0x1f,
	OP_NOT = 0x20,
	OP_OR = 0x21,
	OP_PLUS = 0x22,
	OP_PLUS_UCONST = 0x23,
	OP_SHL = 0x24,
	OP_SHR = 0x25,
	OP_SHRA = 0x26,
	OP_XOR = 0x27,
	OP_BRA = 0x28,
	OP_EQ = 0x29,
	OP_GE = 0x2a,
	OP_GT = 0x2b,
	OP_LE = 0x2c,
	OP_LT = 0x2d,
	OP_NE = 0x2e,
	OP_SKIP = 0x2f,
	OP_LIT0 = 0x30,
	OP_LIT31 = 0x4f,
	OP_BREG0 = 0x70,
	OP_BREG31 = 0x8f,
	OP_BREGX = 0x92,
	OP_DEREF_SIZE = 0x94,
	OP_NOP = 0x96,
};

#define MAX_STEPS 1000u /* branches may loop */

/* Two operands, a under b. False for a division by zero and for what is no such operator. */
static bool binary(uint8_t op, uint64_t a, uint64_t b, uint64_t *result)
{
	int64_t sa = (int64_t)a, sb = (int64_t)b;

	switch (op) {
	case OP_AND:
		*result = a & b;
		return true;
	case OP_DIV:
		if (b == 0)
			return false;
		*result = sb == -1 ? -a : (uint64_t)(sa / sb);
		return true;
	case OP_MINUS:
		*result = a - b;
		return true;
	case OP_MOD:
		if (b == 0)
			return false;
		*result = a % b;
		return true;
	case OP_MUL:
		*result = a * b;
		return true;
	case OP_OR:
		*result = a | b;
		return true;
	case OP_PLUS:
		*result = a + b;
		return true;
	case OP_SHL:
		*result = b < 64 ? a << b : 0;
		return true;
	case OP_SHR:
		*result = b < 64 ? a >> b : 0;
		return true;
	case OP_SHRA:
		*result = (uint64_t)(sa >> (b < 64 ? b : 63));
		return true;
	case OP_XOR:
		*result = a ^ b;
		return true;
	case OP_EQ:
		*result = a == b;
		return true;
	case OP_NE:
		*result = a != b;
		return true;
	case OP_GE:
		*result = sa >= sb;
		return true;
	case OP_GT:
		*result = sa > sb;
		return true;
	case OP_LE:
		*result = sa <= sb;
		return true;
	case OP_LT:
		*result = sa < sb;
		return true;
	default:
		return false;
	}
}

/* Operators that only push a constant or a register plus a constant. False: none of them, or register not known. */
static bool operand(const struct cfi_machine *machine, struct cfi_reader *r, uint8_t op, uint64_t *value)
{
	uint64_t number;

	if (op >= OP_LIT0 && op <= OP_LIT31) {
		*value = op - OP_LIT0;
		return true;
	}
	if ((op >= OP_BREG0 && op <= OP_BREG31) || op == OP_BREGX) {
		number = op == OP_BREGX ? cfi_uleb(r) : (uint64_t)(op - OP_BREG0);
		if (number >= CFI_REGISTERS || !(machine->known & 1u << number))
			return false;
		*value = machine->registers[number] + (uint64_t)cfi_sleb(r);
		return true;
	}
	switch (op) {
	case OP_CONST1U:
		*value = cfi_fixed(r, 1);
		return true;
	case OP_CONST1S:
		*value = (uint64_t)(int64_t)(int8_t)cfi_fixed(r, 1);
		return true;
	case OP_CONST2U:
		*value = cfi_fixed(r, 2);
		return true;
	case OP_CONST2S:
		*value = (uint64_t)(int64_t)(int16_t)cfi_fixed(r, 2);
		return true;
	case OP_CONST4U:
		*value = cfi_fixed(r, 4);
		return true;
	case OP_CONST4S:
		*value = (uint64_t)(int64_t)(int32_t)cfi_fixed(r, 4);
		return true;
	case OP_ADDR:
	case OP_CONST8U:
	case OP_CONST8S:
		*value = cfi_fixed(r, 8);
		return true;
	case OP_CONSTU:
		*value = cfi_uleb(r);
		return true;
	case OP_CONSTS:
		*value = (uint64_t)cfi_sleb(r);
		return true;
	default:
		return false;
	}
}

/* Operators on the entries of the stack. top = number of entries. */
static bool stack_operator(struct cfi_machine *machine, struct cfi_reader *r, uint8_t op, uint32_t *top)
{
	uint64_t *stack = machine->stack, swap;
	uint32_t n = *top, pick, size;

	switch (op) {
	case OP_DUP:
	case OP_OVER:
	case OP_PICK:
		pick = op == OP_DUP ? 0 : op == OP_OVER ? 1 : (uint32_t)cfi_fixed(r, 1);
		if (n <= pick || n == CFI_STACK_DEPTH)
			return false;
		stack[n] = stack[n - 1 - pick];
		*top = n + 1;
		return true;
	case OP_DROP:
		if (n < 1)
			return false;
		*top = n - 1;
		return true;
	case OP_SWAP:
		if (n < 2)
			return false;
		swap = stack[n - 1];
		stack[n - 1] = stack[n - 2];
		stack[n - 2] = swap;
		return true;
	case OP_ROT:
		if (n < 3)
			return false;
		swap = stack[n - 1];
		stack[n - 1] = stack[n - 2];
		stack[n - 2] = stack[n - 3];
		stack[n - 3] = swap;
		return true;
	case OP_DEREF:
	case OP_DEREF_SIZE:
		size = op == OP_DEREF ? 8 : (uint32_t)cfi_fixed(r, 1);
		if (n < 1 || size < 1 || size > 8 || !ms_machine_load(machine, stack[n - 1], &stack[n - 1]))
			return false;
		if (size < 8)
			stack[n - 1] &= (UINT64_C(1) << size * 8) - 1;
		return true;
	case OP_ABS:
	case OP_NEG:
	case OP_NOT:
	case OP_PLUS_UCONST:
		if (n < 1)
			return false;
		if (op == OP_PLUS_UCONST)
			stack[n - 1] += cfi_uleb(r);
		else if (op == OP_NOT)
			stack[n - 1] = ~stack[n - 1];
		else if (op == OP_NEG || (int64_t)stack[n - 1] < 0)
			stack[n - 1] = -stack[n - 1];
		return true;
	default:
		if (n < 2 || !binary(op, stack[n - 2], stack[n - 1], &stack[n - 2]))
			return false;
		*top = n - 1;
		return true;
	}
}

bool ms_cfi_evaluate(struct cfi_machine *machine, struct cfi_bytes expression, const uint64_t *cfa, uint64_t *result)
{
	struct cfi_reader r = {expression.start, expression.end, false};
	uint64_t *stack = machine->stack, value;
	uint32_t top = 0;

	if (cfa)
		stack[top++] = *cfa;
	for (uint32_t steps = 0; r.at < r.end; steps++) {
		uint8_t op = (uint8_t)cfi_fixed(&r, 1);

		if (steps == MAX_STEPS)
			return false;
		if (op == OP_NOP)
			continue;
		if (op == OP_SKIP || op == OP_BRA) {
			int64_t distance = (int16_t)cfi_fixed(&r, 2);

			if (r.bad || (op == OP_BRA && top < 1))
				return false;
			if (op == OP_BRA && stack[--top] == 0)
				continue;
			if (distance < expression.start - r.at || distance > r.end - r.at)
				return false;
			r.at += distance;
			continue;
		}
		if (operand(machine, &r, op, &value)) {
			if (top == CFI_STACK_DEPTH)
				return false;
			stack[top++] = value;
		} else if (!stack_operator(machine, &r, op, &top)) {
			return false;
		}
		if (r.bad)
			return false;
	}
	if (top < 1)
		return false;
	*result = stack[top - 1];
	return true;
}
