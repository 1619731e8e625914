/* test_walk.c - captured stacks of many shapes equal libunwind's, with and without remembered frames. */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/unit/stack_fixture.h"

static struct stack_fixture fixture;

#define O0 __attribute__((optimize("O0")))
#define O2 __attribute__((optimize("O2", "omit-frame-pointer")))

/* ---- frame layouts ----------------------------------------------------------------------------------------------- */

static O0 NOINLINE void plain_o0(void (*next)(void))
{
	next();
	KEEP();
}

static O2 NOINLINE void plain_o2(void (*next)(void))
{
	next();
	KEEP();
}

/* Keeps something of its own in rbp and the other callee-saved registers over the call. */
static O2 NOINLINE uint64_t busy_o2(void (*next)(void), uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	a *= 3, b *= 5, c *= 7, d *= 11, e *= 13;
	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
	next();
	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));
	return a + b + c + d + e;
}

static O2 NOINLINE void with_alloca(void (*next)(void), size_t bytes)
{
	char *p = alloca(bytes);

	USE(p);
	next();
	USE(p);
}

static O2 NOINLINE void large_frame(void (*next)(void))
{
	char big[300000];

	USE(big);
	next();
	USE(big);
}

static O2 NOINLINE void aligned_64(void (*next)(void))
{
	_Alignas(64) char line[64];

	USE(line);
	next();
	USE(line);
}

static O0 NOINLINE void aligned_64_o0(void (*next)(void))
{
	_Alignas(64) char line[64];

	USE(line);
	next();
	USE(line);
}

/* Realigned and of variable size: CFA and rbp are DWARF expressions. */
static O2 NOINLINE void aligned_alloca(void (*next)(void), size_t bytes, int a, int b, int c, int d, int e)
{
	_Alignas(128) char line[128];
	char *p = alloca(bytes + (size_t)(a + b + c + d + e));

	USE(line);
	USE(p);
	next();
	USE(line);
	USE(p);
}

static O2 NOINLINE __attribute__((force_align_arg_pointer)) void realigned(void (*next)(void))
{
	char local[100];

	USE(local);
	next();
	USE(local);
}

static void capture(void)
{
	check_stack(&fixture);
	KEEP();
}

static void shape_o0(void)
{
	plain_o0(capture);
	KEEP();
}
static void shape_o2(void)
{
	plain_o2(shape_o0);
	KEEP();
}
static void shape_busy(void)
{
	for (uint64_t i = 0; i < 3; i++)
		busy_o2(shape_o2, i, i + 1, i + 2, i + 3, i + 4);
	KEEP();
}
static void shape_alloca(void)
{
	for (size_t bytes = 1; bytes < 5000; bytes *= 7)
		with_alloca(shape_busy, bytes);
}
static void shape_aligned(void)
{
	aligned_64(shape_alloca);
	aligned_64_o0(shape_alloca);
}
static void shape_aligned_alloca(void)
{
	aligned_alloca(shape_aligned, 10, 1, 2, 3, 4, 5);
	aligned_alloca(capture, 1000, 1, 2, 3, 4, 5);
}
static void shape_realigned(void)
{
	realigned(shape_aligned_alloca);
	realigned(capture);
}
static void shape_large(void)
{
	large_frame(shape_realigned);
	KEEP();
}

static void frame_shapes(void **state)
{
	(void)state;
	capture();
	capture();
	shape_o2();
	shape_busy();
	shape_alloca();
	shape_aligned();
	shape_aligned_alloca();
	shape_realigned();
	shape_large();
	capture();
	assert_int_equal(atomic_load(&fixture.arena.header->lost_stacks), 0);
	assert_int_equal(atomic_load(&fixture.arena.header->unwind_stops), 0);
}

static int compare_and_capture(const void *a, const void *b)
{
	static unsigned calls;

	if (calls++ % 16 == 0)
		capture();
	return *(const int *)a - *(const int *)b;
}

static void through_libc(void **state)
{
	int numbers[300], key = 17, *found;

	(void)state;
	for (int i = 0; i < 300; i++)
		numbers[i] = i * 7919 % 301;
	qsort(numbers, 300, sizeof(int), compare_and_capture);
	for (int i = 1; i < 300; i++)
		assert_true(numbers[i - 1] <= numbers[i]);
	found = bsearch(&key, numbers, 300, sizeof(int), compare_and_capture);
	assert_non_null(found);
	assert_int_equal(*found, 17);
}

/* A tail call leaves no frame: both unwinders must agree on that too. */
static O2 NOINLINE void tail_caller(void (*next)(void))
{
	KEEP();
	next();
}

static void tail_calls(void **state)
{
	(void)state;
	tail_caller(capture);
	tail_caller(shape_o2);
	KEEP();
}

/* ---- recursion ----------------------------------------------------------------------------------------------------- */

static O2 NOINLINE unsigned recurse(unsigned depth, unsigned every, void (*at)(void))
{
	volatile unsigned local = depth;

	if (depth % every == 0)
		at();
	if (depth)
		recurse(depth - 1, every, at);
	if (depth % every == 1)
		at();
	return local;
}

static void recursion_10(void **state)
{
	(void)state;
	recurse(10, 1, capture);
	recurse(10, 1, capture);
}

static void recursion_2000(void **state)
{
	(void)state;
	recurse(2000, 500, capture);
}

#ifdef __SANITIZE_THREAD__
#define DEEP 20000u /* its own shadow stack ends at 65536 */
#else
#define DEEP 100000u
#endif

static uint32_t deepest;

static HOOK_ATTRIBUTES void capture_only(void)
{
	deepest = ms_stack_capture(fixture.walker, HOOK_PC, HOOK_SP, HOOK_FP, 0);
	assert_int_not_equal(deepest, 0);
}

static void *deep_thread(void *unused)
{
	struct ms_walker *keep = fixture.walker;
	uint32_t frames = 0;

	(void)unused;
	fixture.walker = ms_walker_create(&fixture.arena.trie);
	recurse(DEEP, DEEP / 2, capture);
	recurse(DEEP, DEEP + 1, capture_only); /* at the two deepest levels only, the last of them with depth 1 */
	for (uint32_t node = deepest; node; node = fixture.arena.trie.nodes[node].parent)
		frames++;
	ms_walker_destroy(fixture.walker);
	fixture.walker = keep;
	return (void *)(uintptr_t)frames;
}

static void recursion_very_deep(void **state)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *frames;

	(void)state;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, (size_t)256 << 20);
	assert_int_equal(pthread_create(&thread, &attributes, deep_thread, NULL), 0);
	assert_int_equal(pthread_join(thread, &frames), 0);
	pthread_attr_destroy(&attributes);
	assert_true((uintptr_t)frames >= DEEP + 3); /* deep_thread, start_thread, clone3; more under sanitizers */
	assert_true((uintptr_t)frames <= DEEP + 5);
}

/* ---- signals ------------------------------------------------------------------------------------------------------- */

static void handler(int number)
{
	(void)number;
	capture();
	shape_o2();
	recurse(5, 2, capture);
}

static void raise_signal(void)
{
	raise(SIGUSR1);
	KEEP();
}

/* The interrupted instruction is the first of a function: nothing is pushed yet, pc - 1 is another function. */
__asm__(".text\n.globl trap_at_entry\n.type trap_at_entry, @function\n.align 16\n"
	"nop\n" /* filler that belongs to nobody */
	"trap_at_entry:\n.cfi_startproc\n"
	"ud2\n"
	"ret\n.cfi_endproc\n.size trap_at_entry, . - trap_at_entry\n");
void trap_at_entry(void);

static void skip_ud2(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)number;
	(void)info;
	capture();
	u->uc_mcontext.gregs[REG_RIP] += 2;
}

/* A call of a null pointer: the frame that called, at its return address, follows the signal frame. */
static void (*volatile null_function)(void);
static uint64_t after_null_call;
static uint32_t null_call_found;

static HOOK_ATTRIBUTES void skip_null_call(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	uint64_t *sp = (uint64_t *)u->uc_mcontext.gregs[REG_RSP];
	uint32_t node = ms_stack_capture(fixture.walker, HOOK_PC, HOOK_SP, HOOK_FP, 0);

	(void)number;
	(void)info;
	after_null_call = *sp;
	list_of_node(&fixture.arena.trie, node, &fixture.ours);
	for (uint32_t i = 0; i < fixture.ours.count; i++)
		null_call_found += fixture.ours.pc[i] == after_null_call;
	u->uc_mcontext.gregs[REG_RIP] = (greg_t)*sp;
	u->uc_mcontext.gregs[REG_RSP] += 8;
}

static NOINLINE void call_null(void)
{
	null_function();
	KEEP();
}

static void with_handler(int number, int flags, void (*simple)(int), void (*full)(int, siginfo_t *, void *),
			 void (*run)(void))
{
	struct sigaction action = {.sa_flags = flags}, old;

	if (full) {
		action.sa_sigaction = full;
		action.sa_flags |= SA_SIGINFO;
	} else {
		action.sa_handler = simple;
	}
	assert_int_equal(sigaction(number, &action, &old), 0);
	run();
	assert_int_equal(sigaction(number, &old, NULL), 0);
}

static void raise_nested(void)
{
	aligned_64(raise_signal);
	busy_o2(raise_signal, 1, 2, 3, 4, 5);
	with_alloca(raise_signal, 100);
}

static void signal_frames(void **state)
{
	(void)state;
	with_handler(SIGUSR1, 0, handler, NULL, raise_signal);
	with_handler(SIGUSR1, 0, handler, NULL, raise_nested);
	capture();
}

static void signal_at_function_entry(void **state)
{
	(void)state;
	with_handler(SIGILL, 0, NULL, skip_ud2, trap_at_entry);
	capture();
}

static void null_call(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		with_handler(SIGSEGV, 0, NULL, skip_null_call, call_null);
		assert_true(after_null_call - (uint64_t)call_null < 64);
		assert_int_equal(null_call_found, 1);
		null_call_found = 0;
	}
}

static void on_alternate_stack(void)
{
	static char memory[1 << 16];
	stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)}, old;

	assert_int_equal(sigaltstack(&stack, &old), 0);
	with_handler(SIGUSR1, SA_ONSTACK, handler, NULL, raise_signal);
	with_handler(SIGUSR1, SA_ONSTACK, handler, NULL, raise_nested);
	with_handler(SIGUSR1, SA_ONSTACK, handler, NULL, raise_nested);
	assert_int_equal(sigaltstack(&old, NULL), 0);
}

static void signal_on_alternate_stack(void **state)
{
	(void)state;
	on_alternate_stack();
	capture();
}

/* ---- other stacks --------------------------------------------------------------------------------------------------- */

static void *in_thread(void *unused)
{
	struct ms_walker *keep = fixture.walker;

	(void)unused;
	fixture.walker = ms_walker_create(&fixture.arena.trie);
	shape_large();
	recurse(50, 7, capture);
	on_alternate_stack();
	ms_walker_destroy(fixture.walker);
	fixture.walker = keep;
	return NULL;
}

static void thread_stacks(void **state)
{
	pthread_t thread;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&thread, NULL, in_thread, NULL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	assert_int_equal(atomic_load(&fixture.arena.header->unwind_stops), 0);
}

static ucontext_t main_context, coroutine[12];
static unsigned turn;

static void yield_turn(void)
{
	unsigned self = turn;

	capture();
	swapcontext(&coroutine[self], &main_context);
	capture();
}

static void coroutine_main(void)
{
	capture();
	recurse(6, 2, yield_turn);
	capture();
}

static void coroutines(void **state)
{
	const unsigned count = sizeof(coroutine) / sizeof(coroutine[0]);
	const size_t bytes = 1 << 16;
	char *memory;

	(void)state;
	if (SANITIZED)
		skip(); /* the sanitizers must be told of every switch */
	memory = mmap(NULL, bytes * count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(getcontext(&coroutine[i]), 0);
		if (i % 2) /* some with a guard page, some without: then neighbours are one mapping */
			assert_int_equal(mprotect(memory + i * bytes, 4096, PROT_NONE), 0);
		coroutine[i].uc_stack.ss_sp = memory + i * bytes;
		coroutine[i].uc_stack.ss_size = bytes;
		coroutine[i].uc_link = &main_context;
		makecontext(&coroutine[i], coroutine_main, 0);
	}
	/* recurse() yields at depths 6, 4, 2, 0 going down and 1, 3, 5 going up; once more to return. */
	for (unsigned round = 0; round < 8; round++)
		for (turn = 0; turn < count; turn++) {
			assert_int_equal(swapcontext(&main_context, &coroutine[turn]), 0);
			capture();
		}
	munmap(memory, bytes * count);
	/* The remembered frames of the last coroutine are unmapped now. */
	capture();
}

/* ---- what the proof must notice --------------------------------------------------------------------------------------- */

static uint32_t seen_node;

static O2 NOINLINE void leaf(void)
{
	seen_node = check_stack(&fixture);
	KEEP();
}

static O2 NOINLINE void middle(void)
{
	leaf();
	KEEP();
}

/* The same frames at the same places, but another call site somewhere in between. */
static O2 NOINLINE void two_sites(int which)
{
	if (which) {
		middle();
		__asm__ volatile("# one");
	} else {
		middle();
		__asm__ volatile("# other");
	}
}

static O2 NOINLINE void three_deep(int a, int b)
{
	if (a) {
		two_sites(b);
		__asm__ volatile("# one");
	} else {
		two_sites(b);
		__asm__ volatile("# other");
	}
}

static void other_caller_same_place(void **state)
{
	uint32_t nodes[4];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 4; i++) {
			three_deep(i & 1, i >> 1);
			if (round == 0)
				nodes[i] = seen_node;
			assert_int_equal(nodes[i], seen_node);
			for (int j = 0; j < i; j++)
				assert_int_not_equal(nodes[j], nodes[i]);
		}
	}
}

static void another_image(void **state)
{
	uint32_t before, after;

	(void)state;
	leaf();
	before = seen_node;
	fixture.arena.trie.image = 2;
	ms_walker_destroy(fixture.walker);
	fixture.walker = ms_walker_create(&fixture.arena.trie);
	leaf();
	after = seen_node;
	fixture.arena.trie.image = 1;
	ms_walker_destroy(fixture.walker);
	fixture.walker = ms_walker_create(&fixture.arena.trie);
	assert_int_not_equal(before, after);
	assert_int_equal(fixture.arena.trie.nodes[after].image, 2);
}

/* ---- depth limit --------------------------------------------------------------------------------------------------------- */

static struct ms_walker *limited[40];

/* A walker for each limit, which remembers, and one that is used for all limits in turn. */
static HOOK_ATTRIBUTES void check_limits(void)
{
	uint64_t pc = HOOK_PC, sp = HOOK_SP, fp = HOOK_FP;
	uint32_t all = ms_stack_capture(fixture.walker, pc, sp, fp, 0);
	static struct stack_list full, cut; /* kept: also used in a signal handler */

	list_of_node(&fixture.arena.trie, all, &full);
	for (uint32_t limit = 1; limit < 40; limit++) {
		uint32_t node = ms_stack_capture(limited[limit], pc, sp, fp, limit);
		uint32_t want = limit < full.count ? limit : full.count;

		list_of_node(&fixture.arena.trie, node, &cut);
		assert_int_equal(cut.count, want);
		assert_memory_equal(cut.pc, full.pc, want * sizeof(uint64_t));
		assert_int_equal(node == all, want == full.count);
		assert_int_equal(ms_stack_capture(limited[limit], pc, sp, fp, limit), node);
		assert_int_equal(ms_stack_capture(fixture.forgetful, pc, sp, fp, limit), node);
	}
	assert_int_equal(ms_stack_capture(fixture.forgetful, pc, sp, fp, 0), all);
}

static O2 NOINLINE void check_limits_busy(void)
{
	check_limits();
	busy_o2(check_limits, 1, 2, 3, 4, 5);
	aligned_alloca(check_limits, 10, 1, 2, 3, 4, 5);
	KEEP();
}

static void check_limits_in_handler(int number)
{
	(void)number;
	recurse(4, 1, check_limits);
}

static void depth_limit(void **state)
{
	(void)state;
	for (uint32_t limit = 1; limit < 40; limit++)
		limited[limit] = ms_walker_create(&fixture.arena.trie);
	recurse(12, 4, check_limits);
	recurse(50, 7, check_limits);
	recurse(50, 6, check_limits_busy);
	with_handler(SIGUSR1, 0, check_limits_in_handler, NULL, raise_nested);
	check_limits();
	recurse(3, 1, check_limits_busy);
	for (uint32_t limit = 1; limit < 40; limit++)
		ms_walker_destroy(limited[limit]);
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
	fixture_close(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_shapes),
		cmocka_unit_test(through_libc),
		cmocka_unit_test(tail_calls),
		cmocka_unit_test(recursion_10),
		cmocka_unit_test(recursion_2000),
		cmocka_unit_test(recursion_very_deep),
		cmocka_unit_test(signal_frames),
		cmocka_unit_test(signal_at_function_entry),
		cmocka_unit_test(null_call),
		cmocka_unit_test(signal_on_alternate_stack),
		cmocka_unit_test(thread_stacks),
		cmocka_unit_test(coroutines),
		cmocka_unit_test(other_caller_same_place),
		cmocka_unit_test(another_image),
		cmocka_unit_test(depth_limit),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
