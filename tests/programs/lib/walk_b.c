/*
 * walk_b.c - one of two libraries that are alike but for the size of one stack frame: whoever keeps unwind information
 * of an address over dlclose takes the one for the other. Used by tests/unit/test_walk_modules.c.
 */
void call_through(void (*next)(void));
__asm__(".text\n.globl call_through\n.type call_through, @function\n.align 64\n"
	"call_through:\n.cfi_startproc\n"
	"sub $56, %rsp\n.cfi_def_cfa_offset 64\n"
	"call *%rdi\n"
	"add $56, %rsp\n.cfi_def_cfa_offset 8\n"
	"ret\n.cfi_endproc\n.size call_through, . - call_through\n");
