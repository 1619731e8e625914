/* graph_stack.c - see graph_stack.h. */
#include "graph_stack.h"

#include <string.h>

#include "cfi_full.h"
#include "graph_threads.h"

#define FRAMES_MAX 2000u /* of one thread; then the rest is one range */
#define SWITCHES_MAX 8u
#define RED_ZONE 128u
#define OWN_FRAMES_MAX 16u

/* DWARF number of the registers in evidence order, up to rip. */
static const uint8_t dwarf[17] = {0, 3, 2, 1, 4, 5, CFI_RBP, CFI_RSP, 8, 9, 10, 11, 12, 13, 14, 15, CFI_RA};

static struct {
	struct cfi_work work;
	struct cfi_machine machine;
	struct stack_bounds bounds;
} space;

static struct cfi_machine *begin(uint64_t sp, uint64_t high)
{
	memset(&space.machine, 0, sizeof(space.machine));
	memset(&space.bounds, 0, sizeof(space.bounds));
	space.bounds.current = (struct stack_range){sp & ~UINT64_C(7), high};
	space.machine.bounds = &space.bounds;
	space.machine.interrupted = true;
	return &space.machine;
}

void ms_graph_walk(const uint64_t registers[MS_EVIDENCE_REGISTERS], const struct ms_stack_ops *ops, void *context)
{
	uint64_t sp = registers[MS_REG_RSP], high = ops->high(context, sp), at = sp - (ops->called ? 0 : RED_ZONE);
	struct cfi_machine *m = begin(sp, high);
	unsigned switches = 0;

	if (high == 0)
		return;
	for (unsigned i = 0; i < 17; i++)
		m->registers[dwarf[i]] = registers[i];
	m->known = (1u << 17) - 1;
	for (unsigned frames = 0; frames < FRAMES_MAX; frames++) {
		uint64_t pc = m->registers[CFI_RA] + m->interrupted, next;

		if (!ms_machine_step(m, &space.work))
			break;
		next = m->registers[CFI_RSP];
		if (next > sp && next <= high) {
			if (!ops->range(context, at, next, pc))
				return;
			at = sp = next;
			continue;
		}
		if (++switches > SWITCHES_MAX || !ops->range(context, at, high, pc))
			return;
		sp = next;
		at = sp - RED_ZONE;
		high = ops->high(context, sp);
		if (high == 0)
			return;
		space.bounds.current = (struct stack_range){sp & ~UINT64_C(7), high};
	}
	if (at < high)
		ops->range(context, at, high, 0);
}

__attribute__((noinline)) void ms_graph_own_registers(uint64_t skip_start, uint64_t skip_end,
						      uint64_t registers[MS_EVIDENCE_REGISTERS])
{
	uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	struct cfi_machine *m = begin(here, here);
	uint64_t *r = m->registers;

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
			 : "r"(r)
			 : "rax", "memory");
	m->known = 1u << 3 | 1u << CFI_RBP | 1u << CFI_RSP | 0xf000u | 1u << CFI_RA;
	for (unsigned i = 0; i < OWN_FRAMES_MAX && ms_machine_step(m, &space.work); i++)
		if (i > 0 && r[CFI_RA] - skip_start >= skip_end - skip_start)
			break;
	memset(registers, 0, MS_EVIDENCE_REGISTERS * sizeof(*registers));
	for (unsigned i = 0; i < 17; i++)
		if ((m->known & 1u << dwarf[i]) != 0)
			registers[i] = r[dwarf[i]];
	registers[MS_REG_RIP] -= !m->interrupted;
}
