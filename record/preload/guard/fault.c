/*
 * fault.c - SIGSEGV and SIGBUS: an access to a closed page of the page pool becomes evidence, and the page opens, so that the
 * program goes on as it would have; any other fault is the program's own.
 */
#include "fault.h"

#include <ucontext.h>

#include "guard.h"
#include "pages.h"
#include "signal_actions.h"

#define PAGE_FAULT_WRITE 2 /* in the processor's error code (REG_ERR) */

/* In the order of MS_EVIDENCE_REGISTERS. */
static const uint8_t register_order[MS_EVIDENCE_REGISTERS] = {
	REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12,
	REG_R13, REG_R14, REG_R15, REG_RIP, REG_EFL,
};

static void report(uint64_t address, const struct guard_block *block, const ucontext_t *context)
{
	const greg_t *gregs = context->uc_mcontext.gregs;
	struct ms_evidence_entry e = {
		.kind = MS_EVIDENCE_FAULT, .check = MS_CHECK_ACCESS, .freed = block->freed, .address = address,
		.access = (gregs[REG_ERR] & PAGE_FAULT_WRITE) != 0 ? MS_ACCESS_WRITE : MS_ACCESS_READ,
		.register_count = MS_EVIDENCE_REGISTERS, .block_address = block->start, .block_bytes = block->bytes,
	};
	/* A stack begins with a return address, which is looked up one byte lower: one byte higher it is this instruction. */
	struct ms_caller at = {.fp = (uint64_t)gregs[REG_RBP], .pc = (uint64_t)gregs[REG_RIP] + 1};
	uint64_t registers[MS_EVIDENCE_REGISTERS];

	for (unsigned i = 0; i < MS_EVIDENCE_REGISTERS; i++)
		registers[i] = (uint64_t)gregs[register_order[i]];
	guard_evidence_at(&e, NULL, registers, &at, (uint64_t)gregs[REG_RSP]);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	uint64_t address = (uintptr_t)info->si_addr;
	struct guard_block block;

	if (info->si_code > 0 && guard_covers(address)) {
		switch (guard_pages_fault(address, &block)) {
		case PAGE_FAULT_REPORT:
			report(address, &block, context);
			return;
		case PAGE_FAULT_OPENED:
			return;
		case PAGE_FAULT_FOREIGN:
			break;
		}
	}
	fatal_check(number, info, context);
	signal_pass_on(number, info, context);
}

void faults_start(void)
{
	signal_own(SIGSEGV, on_fault, false);
	signal_own(SIGBUS, on_fault, false);
}
