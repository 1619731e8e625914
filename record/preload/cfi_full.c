/* cfi_full.c - see cfi_full.h. */
#include "cfi_full.h"

/* A walk that gets nowhere ends: steps that do not move outwards on the same stack (signal frames, switched stacks). */
#define SIDE_STEPS 64u

#define BIT(register) (1u << (register))
#define CALLEE_SAVED (BIT(3) | BIT(CFI_RBP) | BIT(CFI_RSP) | BIT(12) | BIT(13) | BIT(14) | BIT(15) | BIT(CFI_RA))

bool ms_machine_load(struct cfi_machine *machine, uint64_t address, uint64_t *value)
{
	const struct stack_range *stack = &machine->bounds->current;

	if (!(address - stack->low < stack->high - stack->low && stack->high - address >= 8) &&
	    !(ms_memory_readable(address) && ms_memory_readable(address + 7)))
		return false;
	*value = stack_load(address);
	return true;
}

/* The kernel's frame is read as it is laid out, not through its CFI: some C libraries have none. */
static bool leave_signal_frame(struct cfi_machine *machine)
{
	/* ucontext order: r8 .. r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip */
	static const uint8_t order[] = {8, 9, 10, 11, 12, 13, 14, 15, 5, 4, CFI_RBP, 3, 1, 0, 2, CFI_RSP, CFI_RA};
	uint64_t at = machine->registers[CFI_RSP] + UCONTEXT_GREGS;

	for (unsigned i = 0; i < sizeof(order); i++)
		if (!ms_machine_load(machine, at + i * 8, &machine->registers[order[i]]))
			return false;
	machine->known = BIT(CFI_REGISTERS) - 1;
	machine->interrupted = true;
	return true;
}

static bool recover(struct cfi_machine *machine, const struct cfi_rule *rule, uint64_t cfa, uint64_t *value)
{
	uint64_t at;

	switch (rule->kind) {
	case CFI_AT_CFA:
		return ms_machine_load(machine, cfa + (uint64_t)rule->value, value);
	case CFI_IS_CFA:
		*value = cfa + (uint64_t)rule->value;
		return true;
	case CFI_REGISTER:
		if ((uint64_t)rule->value >= CFI_REGISTERS || !(machine->known & BIT(rule->value)))
			return false;
		*value = machine->registers[rule->value];
		return true;
	case CFI_AT_EXPRESSION:
		return ms_cfi_evaluate(machine, rule->expression, &cfa, &at) && ms_machine_load(machine, at, value);
	case CFI_IS_EXPRESSION:
		return ms_cfi_evaluate(machine, rule->expression, &cfa, value);
	default:
		return false;
	}
}

bool ms_machine_step(struct cfi_machine *machine, struct cfi_work *work)
{
	const struct cfi_rules *rules = &work->rules;
	uint64_t address = machine->registers[CFI_RA] - !machine->interrupted;
	uint64_t next[CFI_REGISTERS], cfa;
	uint32_t known = 0;
	struct cfi_module module;

	if (!ms_cfi_module(address, &module) || ms_cfi_find(&module, address, work) != CFI_OK)
		return false;
	if (rules->registers[CFI_RA].kind == CFI_UNDEFINED)
		return false;
	if (work->signal_frame)
		return leave_signal_frame(machine);
	if (rules->cfa_expression.start) {
		if (!ms_cfi_evaluate(machine, rules->cfa_expression, NULL, &cfa))
			return false;
	} else {
		if (rules->cfa_register >= CFI_REGISTERS || !(machine->known & BIT(rules->cfa_register)))
			return false;
		cfa = machine->registers[rules->cfa_register] + (uint64_t)rules->cfa_offset;
	}
	for (unsigned i = 0; i < CFI_REGISTERS; i++) {
		const struct cfi_rule *rule = &rules->registers[i];

		if (rule->kind == CFI_UNDEFINED)
			continue;
		if (rule->kind != CFI_SAME) {
			if (recover(machine, rule, cfa, &next[i]))
				known |= BIT(i);
		} else if (i == CFI_RSP) {
			next[i] = cfa;
			known |= BIT(i);
		} else if (i != CFI_RA && (machine->known & CALLEE_SAVED & BIT(i))) {
			next[i] = machine->registers[i];
			known |= BIT(i);
		}
	}
	if (!(known & BIT(CFI_RA)) || !(known & BIT(CFI_RSP)))
		return false;
	for (unsigned i = 0; i < CFI_REGISTERS; i++)
		if (known & BIT(i))
			machine->registers[i] = next[i];
	machine->known = known;
	machine->interrupted = false;
	return true;
}

/* Noinline: the captured stack pointer must be that of a frame of its own. */
__attribute__((noinline)) bool ms_full_step(struct cfi_machine *machine, struct cfi_work *work, uint64_t *pc,
					    uint64_t *sp, uint64_t *fp)
{
	uint64_t *registers = machine->registers;
	uint32_t side_steps = 0;

	__asm__ volatile("movq %%rbx, 24(%0)\n\t"
			 "movq %%rbp, 48(%0)\n\t"
			 "movq %%rsp, 56(%0)\n\t"
			 "movq %%r12, 96(%0)\n\t"
			 "movq %%r13, 104(%0)\n\t"
			 "movq %%r14, 112(%0)\n\t"
			 "movq %%r15, 120(%0)\n\t"
			 "leaq 0f(%%rip), %%rax\n"
			 "0:\tmovq %%rax, 128(%0)"
			 :
			 : "r"(registers)
			 : "rax", "memory");
	machine->known = CALLEE_SAVED;
	machine->interrupted = true;
	while (registers[CFI_RSP] != *sp || registers[CFI_RA] + machine->interrupted != *pc) {
		uint64_t before = registers[CFI_RSP];

		if (!ms_machine_step(machine, work))
			return false;
		if (registers[CFI_RSP] <= before && ++side_steps > SIDE_STEPS)
			return false;
	}
	if (!ms_machine_step(machine, work))
		return false;
	*pc = registers[CFI_RA] + machine->interrupted;
	*sp = registers[CFI_RSP];
	*fp = machine->known & BIT(CFI_RBP) ? registers[CFI_RBP] : 0;
	return true;
}
