/*
 * test_walk_odd.c - frames that need more than pc, sp and rbp (FULL), frames without unwind information, frame pointers
 * that lead astray, stacks switched under a function: the right stack where there is one, a clean stop where there is not.
 */
#include "tests/unit/stack_fixture.h"

static struct stack_fixture fixture;

static void capture(void)
{
	check_stack(&fixture);
	KEEP();
}

typedef void through_fn(void (*)(void));
#define ASM_FUNCTION(name, code)                                                                                       \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n.align 16\n" #name ":\n" code "\n.size " #name       \
		", . - " #name "\n")

/* ---- FULL -------------------------------------------------------------------------------------------------------- */

/* The CFA stands in rbx. */
ASM_FUNCTION(cfa_in_rbx, ".cfi_startproc\n"
			 "push %rbx\n.cfi_def_cfa_offset 16\n.cfi_offset rbx, -16\n"
			 "mov %rsp, %rbx\n.cfi_def_cfa_register rbx\n"
			 "sub $200, %rsp\nand $-64, %rsp\n"
			 "call *%rdi\n"
			 "mov %rbx, %rsp\n.cfi_def_cfa_register rsp\n"
			 "pop %rbx\n.cfi_def_cfa_offset 8\nret\n.cfi_endproc");
through_fn cfa_in_rbx;

/* The CFA stands in r14, which the functions called from here save and use for something else. */
ASM_FUNCTION(cfa_in_r14, ".cfi_startproc\n"
			 "push %r14\n.cfi_def_cfa_offset 16\n.cfi_offset r14, -16\n"
			 "mov %rsp, %r14\n.cfi_def_cfa_register r14\n"
			 "sub $72, %rsp\nand $-32, %rsp\n"
			 "call *%rdi\n"
			 "mov %r14, %rsp\n.cfi_def_cfa_register rsp\n"
			 "pop %r14\n.cfi_def_cfa_offset 8\nret\n.cfi_endproc");
through_fn cfa_in_r14;

/* OpenSSL's habit: the CFA is *(rsp + 8) + 8. */
ASM_FUNCTION(cfa_in_memory, ".cfi_startproc\n"
			    "mov %rsp, %rax\n.cfi_def_cfa_register rax\n"
			    "sub $72, %rsp\nand $-64, %rsp\n"
			    "mov %rax, 8(%rsp)\n"
			    ".cfi_escape 0x0f, 5, 0x77, 8, 0x06, 0x23, 8\n"
			    "call *%rdi\n"
			    "mov 8(%rsp), %rsp\n.cfi_def_cfa rsp, 8\n"
			    "ret\n.cfi_endproc");
through_fn cfa_in_memory;

/* rbp is saved by an expression with a computation, and the return address with another. */
ASM_FUNCTION(rbp_by_expression, ".cfi_startproc\n"
				"push %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset rbp, -16\n"
				"sub $32, %rsp\n.cfi_def_cfa_offset 48\n"
				"mov $0x1234, %ebp\n"
				".cfi_escape 0x10, 6, 4, 0x77, 16, 0x23, 16\n" /* at rsp + 16 + 16 */
				".cfi_escape 0x10, 16, 2, 0x77, 40\n"           /* RA at rsp + 40 */
				"call *%rdi\n"
				"add $32, %rsp\n.cfi_def_cfa_offset 16\n.cfi_offset rbp, -16\n"
				"pop %rbp\n.cfi_def_cfa_offset 8\nret\n.cfi_endproc");
through_fn rbp_by_expression;

static NOINLINE uint64_t uses_callee_saved(void (*next)(void))
{
	uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;

	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
	next();
	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
	return a + b + c + d + e + f;
}

static void busy_capture(void)
{
	uses_callee_saved(capture);
	uses_callee_saved(capture);
	KEEP();
}

static void in_rbx(void)
{
	cfa_in_rbx(busy_capture);
	KEEP();
}

static void in_rbx_twice(void)
{
	cfa_in_rbx(in_rbx);
	uses_callee_saved(in_rbx);
	KEEP();
}

static void in_r14(void)
{
	cfa_in_r14(in_rbx_twice);
	KEEP();
}

static void full_rules(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		cfa_in_rbx(capture);
		cfa_in_r14(capture);
		cfa_in_r14(busy_capture);
		cfa_in_memory(busy_capture);
		cfa_in_memory(in_r14);
		rbp_by_expression(busy_capture);
		rbp_by_expression(in_r14);
		in_r14();
	}
	assert_int_equal(atomic_load(&fixture.arena.header->unwind_stops), 0);
}

/* ---- stacks switched under a function --------------------------------------------------------------------------- */

ASM_FUNCTION(call_on_stack, ".cfi_startproc\n"
			    "push %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset rbp, -16\n"
			    "mov %rsp, %rbp\n.cfi_def_cfa_register rbp\n"
			    "mov %rsi, %rsp\n"
			    "call *%rdi\n"
			    "mov %rbp, %rsp\npop %rbp\n.cfi_def_cfa rsp, 8\nret\n.cfi_endproc");
void call_on_stack(void (*next)(void), void *top);

static char *other_stack;

static void switch_again(void)
{
	call_on_stack(busy_capture, other_stack + 0x8000);
	call_on_stack(in_r14, other_stack + 0x8000);
	KEEP();
}

static void switched_stacks(void **state)
{
	(void)state;
	if (SANITIZED)
		skip(); /* asan takes the switch for a wild jump */
	other_stack = mmap(NULL, 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(other_stack != MAP_FAILED);
	for (int i = 0; i < 3; i++) {
		call_on_stack(capture, other_stack + 0x10000);
		call_on_stack(busy_capture, other_stack + 0x10000);
		call_on_stack(switch_again, other_stack + 0x10000);
		capture();
	}
	munmap(other_stack, 0x10000);
	capture();
	assert_int_equal(atomic_load(&fixture.arena.header->unwind_stops), 0);
}

/* ---- no unwind information ------------------------------------------------------------------------------------------ */

/* void (*)(next, argument of next): keeps a frame pointer. As bytes, because it is also copied to where no module is. */
static const unsigned char keeps_frame_pointer[] = {
	0x55,             /* push %rbp */
	0x48, 0x89, 0xe5, /* mov %rsp, %rbp */
	0x48, 0x89, 0xf8, /* mov %rdi, %rax */
	0x48, 0x89, 0xf7, /* mov %rsi, %rdi */
	0xff, 0xd0,       /* call *%rax */
	0x5d,             /* pop %rbp */
	0xc3,             /* ret */
};
#define AFTER_CALL 12

/* The same in a module, without CFI. */
ASM_FUNCTION(no_cfi, "push %rbp\nmov %rsp, %rbp\nmov %rdi, %rax\nmov %rsi, %rdi\ncall *%rax\npop %rbp\nret");
void no_cfi(void (*next)(void), void (*argument)(void));

/* Without CFI and with something else in rbp: where the stack goes on cannot be known. */
ASM_FUNCTION(no_cfi_no_fp, "push %rbp\nmov %rsi, %rbp\ncall *%rdi\npop %rbp\nret");
void no_cfi_no_fp(void (*next)(void), uint64_t rbp);

/* With CFI that believes in rbp, and a wrong rbp. */
ASM_FUNCTION(lying_rbp, ".cfi_startproc\n"
			"push %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset rbp, -16\n"
			"mov %rsp, %rbp\n.cfi_def_cfa_register rbp\n"
			"push %rbp\npush %rbp\n"
			"mov %rsi, %rbp\n"
			"call *%rdi\n"
			"pop %rbp\npop %rbp\npop %rbp\n.cfi_def_cfa rsp, 8\nret\n.cfi_endproc");
void lying_rbp(void (*next)(void), uint64_t rbp);

static uint32_t node;
static struct stack_list list;

static HOOK_ATTRIBUTES void capture_ours(void)
{
	uint32_t fresh_node;

	ms_walker_forget(fixture.forgetful);
	node = ms_stack_capture(fixture.walker, HOOK_PC, HOOK_SP, HOOK_FP, 0);
	fresh_node = ms_stack_capture(fixture.forgetful, HOOK_PC, HOOK_SP, HOOK_FP, 0);
	assert_int_not_equal(node, 0);
	assert_int_equal(node, fresh_node);
	list_of_node(&fixture.arena.trie, node, &list);
	KEEP();
}

static uint64_t pc_flags(uint32_t n)
{
	return atomic_load(&fixture.arena.trie.nodes[n].pc_flags);
}

static void capture_through(void)
{
	capture_ours();
	KEEP();
}

static void module_code_with_frame_pointer(void **state)
{
	uint32_t outside, n, inferred = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		capture_ours();
		outside = list.count;
		no_cfi((void (*)(void))no_cfi, capture_through);
		/* capture_through, no_cfi twice, this function and what is outside of it */
		assert_int_equal(list.count, outside + 3);
		assert_true(list.pc[1] - (uint64_t)no_cfi < 32 && list.pc[2] == list.pc[1]);
		for (n = node, inferred = 0; n; n = fixture.arena.trie.nodes[n].parent)
			inferred += (pc_flags(n) & MS_NODE_INFERRED) != 0;
		assert_int_equal(inferred, 2); /* the second no_cfi and this function */
	}
}

typedef void jit_fn(void *next, void *argument);

static void code_outside_of_modules(void **state)
{
	unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t outside;
	jit_fn *jit;

	(void)state;
	if (code == MAP_FAILED)
		skip(); /* the system forbids writable code */
	memcpy(code, keeps_frame_pointer, sizeof(keeps_frame_pointer));
	jit = (jit_fn *)(void *)code;
	for (int i = 0; i < 3; i++) {
		capture_ours();
		outside = list.count;
		jit((void *)jit, (void *)capture_through);
		assert_int_equal(list.count, outside + 3);
		assert_int_equal(list.pc[1], (uint64_t)code + AFTER_CALL);
		assert_int_equal(list.pc[2], (uint64_t)code + AFTER_CALL);
	}
	munmap(code, 4096);
	capture_ours();
	assert_int_equal(list.count, outside);
}

static void frame_pointers_that_lead_astray(void **state)
{
	static uint64_t loop[4];
	char *pages = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t here = (uint64_t)__builtin_frame_address(0);
	uint64_t bad[] = {
		1, 8, 4096, 0xfff8, (uint64_t)-1, (uint64_t)-16, UINT64_C(1) << 47, (UINT64_C(1) << 47) - 8,
		UINT64_C(0x8000000000000000), here + 1, here + 4, here - 4096, here - 8, (uint64_t)&loop, (uint64_t)pages,
		(uint64_t)pages + 4096 - 8, (uint64_t)pages + 4096 - 16, (uint64_t)pages + 8192 - 8, (uint64_t)pages + 8192,
		(uint64_t)capture_ours,
	};
	uint64_t stops;

	(void)state;
	assert_true(pages != MAP_FAILED);
	assert_int_equal(mprotect(pages + 4096, 8192, PROT_NONE), 0);
	memset(pages, 0xa5, 4096);
	loop[0] = (uint64_t)loop;
	loop[1] = (uint64_t)capture_ours + 4; /* a frame that is its own caller */
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		stops = atomic_load(&fixture.arena.header->unwind_stops);
		no_cfi_no_fp(capture_ours, bad[i]);
		assert_true(list.count >= 1 && list.count < 200);
		assert_true(list.pc[0] - (uint64_t)no_cfi_no_fp < 32);
		if (bad[i] - (here - 65536) > 131072) /* on this stack anything may happen to look like a frame */
			assert_true(atomic_load(&fixture.arena.header->unwind_stops) > stops);
		lying_rbp(capture_ours, bad[i]);
		assert_true(list.count >= 1 && list.count < 200);
		assert_true(list.pc[0] - (uint64_t)lying_rbp < 32);
	}
	munmap(pages, 12288);
	/* 0 is the mark of an outermost frame: no stop. */
	stops = atomic_load(&fixture.arena.header->unwind_stops);
	no_cfi_no_fp(capture_ours, 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(atomic_load(&fixture.arena.header->unwind_stops), stops);
}

/* The outermost frame has no unwind information; whether there is more outside depends on memory that changes. */
static void end_that_moves(void **state)
{
	volatile uint64_t chain[2] = {0, 0};
	uint32_t counts[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		chain[1] = i & 1 ? (uint64_t)no_cfi_no_fp + 4 : 0;
		no_cfi_no_fp(capture_ours, (uint64_t)chain);
		counts[i] = list.count;
	}
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 2);
	assert_int_equal(counts[2], 1);
	assert_int_equal(counts[3], 2);
}

/* ---- what only the saved rbp tells -------------------------------------------------------------------------------------- */

/*
 * padded() leaves `pad` bytes alone, rbp_based() leaves `room` bytes: with pad + room constant, all inside is at the same
 * place, and the old return address of rbp_based() still stands where it was, in the padding. Only its rbp, as saved by the
 * function that it calls, shows that its frame moved and that it was called from elsewhere.
 */
ASM_FUNCTION(rbp_based, ".cfi_startproc\n"
			"push %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset rbp, -16\n"
			"mov %rsp, %rbp\n.cfi_def_cfa_register rbp\n"
			"sub %rdx, %rsp\n"
			"call *%rdi\n"
			"leave\n.cfi_def_cfa rsp, 8\nret\n.cfi_endproc");
ASM_FUNCTION(padded, ".cfi_startproc\n"
		     "push %rbx\n.cfi_def_cfa_offset 16\n.cfi_offset rbx, -16\n"
		     "push %rbp\n.cfi_def_cfa_offset 24\n.cfi_offset rbp, -24\n"
		     "mov %rsp, %rbp\n.cfi_def_cfa_register rbp\n"
		     "sub %rsi, %rsp\n"
		     "cmp $64, %rsi\nja 2f\nje 1f\n"
		     "call rbp_based\njmp 3f\n"
		     "1: call rbp_based\njmp 3f\n"
		     "2: call rbp_based\n3:\n"
		     "mov %rbp, %rsp\npop %rbp\n.cfi_def_cfa rsp, 16\n"
		     "pop %rbx\n.cfi_def_cfa rsp, 8\nret\n.cfi_endproc");
void padded(void (*next)(void), uint64_t pad, uint64_t room);

/* Save rbp at different places and use it for something else. */
ASM_FUNCTION(saves_rbp_near, ".cfi_startproc\n"
			     "push %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset rbp, -16\n"
			     "sub $32, %rsp\n.cfi_def_cfa_offset 48\n"
			     "mov $5, %ebp\ncall capture_for_asm\n"
			     "add $32, %rsp\n.cfi_def_cfa_offset 16\n"
			     "pop %rbp\n.cfi_def_cfa_offset 8\nret\n.cfi_endproc");
ASM_FUNCTION(saves_rbp_far, ".cfi_startproc\n"
			    "sub $32, %rsp\n.cfi_def_cfa_offset 40\n"
			    "push %rbp\n.cfi_def_cfa_offset 48\n.cfi_offset rbp, -48\n"
			    "mov $7, %ebp\ncall capture_for_asm\n"
			    "pop %rbp\n.cfi_def_cfa_offset 40\n"
			    "add $32, %rsp\n.cfi_def_cfa_offset 8\nret\n.cfi_endproc");
void saves_rbp_near(void);
void saves_rbp_far(void);

void capture_for_asm(void);
__attribute__((used)) HOOK_ATTRIBUTES void capture_for_asm(void)
{
	capture_ours();
	KEEP();
}

static void saved_rbp_is_proved(void **state)
{
	static void (*const inner[])(void) = {saves_rbp_near, saves_rbp_far};
	uint64_t random = 12345;

	(void)state;
	for (int i = 0; i < 400; i++) {
		uint64_t pad;

		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		pad = (random >> 40 & 3) * 64;
		padded(inner[random >> 50 & 1], pad, 256 + 8 - pad);
	}
}

/* Whatever the hook is told, nothing is read where nothing is. */
static void nonsense_arguments(void **state)
{
	uint64_t here = (uint64_t)__builtin_frame_address(0), random = 88172645463325252u;
	uint64_t code = (uint64_t)capture_ours, libc = (uint64_t)qsort;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t values[3];

		for (int j = 0; j < 3; j++) {
			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			switch (random >> 60 & 7) {
			case 0:
				values[j] = random;
				break;
			case 1:
				values[j] = random & 0xffffffffffff;
				break;
			case 2:
				values[j] = here + (random & 0x7ff);
				break;
			case 3:
				values[j] = here - (random & 0x7f8);
				break;
			case 4:
				values[j] = code + (random & 0xfff);
				break;
			case 5:
				values[j] = libc + (random & 0xfffff);
				break;
			case 6:
				values[j] = here + (random & 0x7f8);
				break;
			default:
				values[j] = random & 0xfff;
			}
		}
		ms_stack_capture(fixture.walker, values[0], values[1], values[2], random >> 20 & 7);
	}
	capture();
}

static int open_all(void **state)
{
	(void)state;
	fixture_open(&fixture);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	free(list.pc);
	fixture_close(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_rules),
		cmocka_unit_test(switched_stacks),
		cmocka_unit_test(module_code_with_frame_pointer),
		cmocka_unit_test(code_outside_of_modules),
		cmocka_unit_test(frame_pointers_that_lead_astray),
		cmocka_unit_test(end_that_moves),
		cmocka_unit_test(saved_rbp_is_proved),
		cmocka_unit_test(nonsense_arguments),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
