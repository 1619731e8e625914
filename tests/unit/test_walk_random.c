/*
 * test_walk_random.c - property: on random walks up and down a call graph of frames of every shape, the walker that
 * remembers gives the same node as one that starts from nothing, and the stack is libunwind's.
 */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>

#include "tests/unit/stack_fixture.h"

#define O0 __attribute__((optimize("O0")))
#define O2 __attribute__((optimize("O2", "omit-frame-pointer")))
#define O2_FP __attribute__((optimize("O2", "no-omit-frame-pointer")))

struct wanderer {
	struct stack_fixture *fixture;
	struct ms_walker *walker, *forgetful;
	struct stack_list ours, theirs; /* large enough from the start: also used in a signal handler */
	uint64_t random;
	uint32_t captures, enough, referee_every, signals;
};

static __thread struct wanderer *me;

static uint32_t dice(uint32_t sides)
{
	me->random ^= me->random << 13;
	me->random ^= me->random >> 7;
	me->random ^= me->random << 17;
	return (uint32_t)(me->random >> 33) % sides;
}

static HOOK_ATTRIBUTES void look(void)
{
	uint64_t pc = HOOK_PC, sp = HOOK_SP, fp = HOOK_FP;
	struct ms_trie *trie = &me->fixture->arena.trie;
	uint32_t node = ms_stack_capture(me->walker, pc, sp, fp, 0), fresh_node;

	assert_int_not_equal(node, 0);
	ms_walker_forget(me->forgetful);
	fresh_node = ms_stack_capture(me->forgetful, pc, sp, fp, 0);
	assert_int_equal(node, fresh_node);
	if (me->captures++ % me->referee_every == 0) {
		list_of_node(trie, node, &me->ours);
		list_of_libunwind(pc, sp, &me->theirs);
		if (!lists_equal(&me->ours, &me->theirs)) {
			list_print("ours", &me->ours);
			list_print("libunwind", &me->theirs);
		}
		assert_true(lists_equal(&me->ours, &me->theirs));
	}
	KEEP();
}

static void wander(uint32_t depth);

static O2 NOINLINE void small(uint32_t depth)
{
	wander(depth);
	KEEP();
	if (dice(2)) {
		wander(depth / 2);
		KEEP();
	}
}

static O0 NOINLINE void unoptimized(uint32_t depth)
{
	for (uint32_t i = 0; i <= dice(2); i++)
		wander(depth);
}

static O2_FP NOINLINE void keeps_fp(uint32_t depth)
{
	look();
	wander(depth);
	KEEP();
}

static O2 NOINLINE uint64_t busy(uint32_t depth)
{
	uint64_t a = dice(100), b = dice(100), c = dice(100), d = dice(100), e = dice(100), f = dice(100);

	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
	wander(depth);
	__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
	look();
	return a + b + c + d + e + f;
}

static O2 NOINLINE void variable(uint32_t depth)
{
	char *p = alloca(1 + dice(600));

	USE(p);
	wander(depth);
	USE(p);
}

static O2 NOINLINE void aligned(uint32_t depth)
{
	_Alignas(64) char line[64];

	USE(line);
	wander(depth);
	USE(line);
}

static O2 NOINLINE void aligned_variable(uint32_t depth, int a, int b, int c, int d, int e, int f)
{
	_Alignas(128) char line[128];
	char *p = alloca((size_t)(1 + (a + b + c + d + e + f) % 300));

	USE(line);
	USE(p);
	wander(depth);
	look();
	USE(line);
	USE(p);
}

static __thread uint32_t sort_depth;

static int compare(const void *a, const void *b)
{
	uint32_t depth = sort_depth;

	if (depth) {
		sort_depth = 0;
		wander(depth);
	}
	return *(const int *)a - *(const int *)b;
}

static O2 NOINLINE void through_qsort(uint32_t depth)
{
	int numbers[5];

	for (int i = 0; i < 5; i++)
		numbers[i] = (int)dice(100);
	sort_depth = depth;
	qsort(numbers, 5, sizeof(int), compare);
	sort_depth = 0;
}

static __thread uint32_t handler_depth;

static void handler(int number)
{
	(void)number;
	wander(handler_depth);
	KEEP();
}

static O2 NOINLINE void through_signal(uint32_t depth)
{
	if (me->signals >= 3)
		return;
	me->signals++;
	handler_depth = depth;
	raise(SIGUSR1);
	me->signals--;
}

/* The CFA stands in rbx: needs all registers. */
__asm__(".text\n.globl through_rbx\n.type through_rbx, @function\n.align 16\nthrough_rbx:\n.cfi_startproc\n"
	"push %rbx\n.cfi_def_cfa_offset 16\n.cfi_offset rbx, -16\n"
	"mov %rsp, %rbx\n.cfi_def_cfa_register rbx\n"
	"sub $40, %rsp\nand $-64, %rsp\n"
	"call *%rsi\n"
	"mov %rbx, %rsp\n.cfi_def_cfa_register rsp\n"
	"pop %rbx\n.cfi_def_cfa_offset 8\nret\n.cfi_endproc\n.size through_rbx, . - through_rbx\n");
void through_rbx(uint32_t depth, void (*next)(uint32_t));

/* Deep recursion in few steps. */
static O2 NOINLINE uint32_t dive(uint32_t levels, uint32_t depth)
{
	volatile uint32_t local = levels;

	if (levels == 0)
		wander(depth);
	else
		dive(levels - 1, depth);
	if (levels % 16 == 1)
		look();
	return local;
}

static NOINLINE void wander(uint32_t depth)
{
	if (dice(3) == 0)
		look();
	if (depth == 0) {
		look();
		return;
	}
	depth--;
	for (uint32_t i = 0; i <= dice(2); i++) {
		switch (dice(24)) {
		case 0:
			aligned(depth);
			break;
		case 1:
			aligned_variable(depth, 1, 2, 3, 4, (int)dice(300), 6);
			break;
		case 2:
			through_qsort(depth);
			break;
		case 3:
			through_signal(depth);
			break;
		case 4:
			through_rbx(depth, wander);
			break;
		case 5:
			dive(dice(40), depth);
			break;
		case 6:
		case 7:
		case 8:
			variable(depth);
			break;
		case 9:
		case 10:
		case 11:
			busy(depth);
			break;
		case 12:
		case 13:
		case 14:
			keeps_fp(depth);
			break;
		case 15:
		case 16:
		case 17:
			unoptimized(depth);
			break;
		case 18:
			wander(depth);
			break;
		default:
			small(depth);
		}
		if (dice(4) == 0)
			look();
	}
}

static void *wander_around(void *argument)
{
	struct wanderer *self = argument;

	me = self;
	while (self->captures < self->enough)
		wander(4 + dice(8));
	return NULL;
}

static void ready(struct wanderer *self, struct stack_fixture *fixture)
{
	self->fixture = fixture;
	self->walker = ms_walker_create(&fixture->arena.trie);
	self->forgetful = ms_walker_create(&fixture->arena.trie);
	assert_true(self->walker && self->forgetful);
	for (int i = 0; i < 10000; i++) {
		list_add(&self->ours, 0);
		list_add(&self->theirs, 0);
	}
}

static void done(struct wanderer *self)
{
	ms_walker_destroy(self->walker);
	ms_walker_destroy(self->forgetful);
	free(self->ours.pc);
	free(self->theirs.pc);
}

static void random_walks(void **state)
{
	struct stack_fixture fixture;
	struct wanderer self = {.random = 0x9e3779b97f4a7c15u, .enough = 10000,
				.referee_every = 5};

	(void)state;
	fixture_open(&fixture);
	ready(&self, &fixture);
	wander_around(&self);
	assert_true(self.captures >= self.enough);
	done(&self);
	assert_int_equal(atomic_load(&fixture.arena.header->lost_stacks), 0);
	assert_int_equal(atomic_load(&fixture.arena.header->unwind_stops), 0);
	fixture_close(&fixture);
}

/* Four threads fill one row cache and one trie; libunwind looks now and then. */
static void random_walks_in_threads(void **state)
{
	struct stack_fixture fixture;
	struct wanderer wanderers[4];
	pthread_t threads[4];

	(void)state;
	fixture_open(&fixture);
	for (unsigned i = 0; i < 4; i++) {
		wanderers[i] = (struct wanderer){.random = 77 + i, .enough = 4000,
						  .referee_every = 50};
		ready(&wanderers[i], &fixture);
		assert_int_equal(pthread_create(&threads[i], NULL, wander_around, &wanderers[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (unsigned i = 0; i < 4; i++)
		done(&wanderers[i]);
	assert_int_equal(atomic_load(&fixture.arena.header->lost_stacks), 0);
	assert_int_equal(atomic_load(&fixture.arena.header->unwind_stops), 0);
	fixture_close(&fixture);
}

static int install(void **state)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_NODEFER};

	(void)state;
	return sigaction(SIGUSR1, &action, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_walks),
		cmocka_unit_test(random_walks_in_threads),
	};

	return cmocka_run_group_tests(tests, install, NULL);
}
