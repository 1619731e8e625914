/* kernel_signal.c - see kernel_signal.h. */
#include "kernel_signal.h"

#include "raw.h"

#define FLAG_RESTORER UINT64_C(0x04000000)
#define FAULTS (UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1))

void ms_kernel_restore(void);
__asm__(".text\n"
	".globl ms_kernel_restore\n"
	".hidden ms_kernel_restore\n"
	".type ms_kernel_restore, @function\n"
	"	nop\n" /* unwinders look up the byte before the return address, and know the instructions that follow */
	"ms_kernel_restore:\n"
	"	mov $15, %rax\n" /* SYS_rt_sigreturn */
	"	syscall\n"
	".size ms_kernel_restore, . - ms_kernel_restore\n");

struct ms_kernel_action ms_kernel_handler(void (*handler)(int, siginfo_t *, void *))
{
	return (struct ms_kernel_action){.handler = handler,
					 .flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK | FLAG_RESTORER,
					 .restorer = ms_kernel_restore,
					 .mask = ~FAULTS};
}

long ms_kernel_sigaction(int number, const struct ms_kernel_action *action, struct ms_kernel_action *old)
{
	return ms_raw(SYS_rt_sigaction, number, (long)action, (long)old, 8, 0, 0);
}

void ms_kernel_chain(const struct ms_kernel_action *action, int number, siginfo_t *info, void *context)
{
	uintptr_t handler = (uintptr_t)action->handler;

	if (handler != (uintptr_t)SIG_DFL && handler != (uintptr_t)SIG_IGN)
		action->handler(number, info, context);
	else
		ms_kernel_sigaction(number, action, NULL);
}
