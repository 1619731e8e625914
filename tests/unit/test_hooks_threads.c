/* The hooks under signal handlers, in threads that come and go, and in children: nothing is lost, nothing of the parent is touched. */
#include "hooks_made_up.h"

/* ---- signal handlers ---- */

/* As if a signal handler ran inside the critical section of a hook further out. */
static void interrupt_hook(struct ms_thread *t)
{
	t->hook_sp = UINT64_MAX;
	atomic_store(&t->slot->in_hook, 1);
}

static void test_a_handler_inside_a_hook_writes_into_the_second_ring(void **state)
{
	struct ms_thread *self;

	(void)state;
	attach(0, 0);
	self = ms_tls.self;
	interrupt_hook(self);
	exported_malloc(5);
	exported_free(memory + 64);
	assert_non_null(self->nested);
	assert_int_equal(self->nested->slot->nested, 1);
	assert_int_equal(self->nested->slot->tid, self->slot->tid);
	assert_int_equal(atomic_load(&self->nested->slot->in_hook), 0);
	/* A third level has nowhere to go. */
	interrupt_hook(self->nested);
	exported_malloc(6);
	assert_int_equal(atomic_load(&self->nested->slot->lost), 1);
	ms_ring_leave(self->nested, self->nested->slot);
	ms_ring_leave(self, self->slot);
	exported_malloc(7);
	drain();
	assert_int_equal(entries.count, 3);
	assert_int_equal(entries.at[0].slot, 0);
	assert_int_equal(entries.at[0].size, 7);
	assert_entry(1, MS_EV_MALLOC, BLOCK, 5, 0, 0);
	assert_int_equal(entries.at[1].slot, 1);
	detach();
}

static void test_a_hook_whose_frame_is_gone_is_abandoned(void **state)
{
	(void)state;
	attach(0, 0);
	interrupt_hook(ms_tls.self);
	ms_tls.self->hook_sp = (uintptr_t)__builtin_frame_address(0) - 4096; /* left by siglongjmp */
	exported_malloc(5);
	assert_int_equal(atomic_load(&ms_tls.self->slot->in_hook), 0);
	assert_null(ms_tls.self->nested);
	exported_malloc(6);
	/* Far above: another stack, as far as anybody can tell. */
	interrupt_hook(ms_tls.self);
	ms_tls.self->hook_sp = (uintptr_t)__builtin_frame_address(0) - (64u << 20);
	exported_malloc(7);
	assert_int_equal(atomic_load(&ms_tls.self->slot->in_hook), 1);
	ms_ring_leave(ms_tls.self, ms_tls.self->slot);
	drain();
	assert_int_equal(entries.count, 3);
	assert_entry(1, MS_EV_MALLOC, BLOCK, 6, 0, 0);
	assert_int_not_equal(entries.at[1].stack, 0);
	assert_int_equal(entries.at[2].slot, 1);
	detach();
}

static volatile sig_atomic_t handled;

static void allocate_in_handler(int signal_number)
{
	int saved_errno = errno;

	(void)signal_number;
	exported_malloc(1000);
	exported_free(memory + 64);
	handled++;
	errno = saved_errno;
}

static void test_no_event_is_lost_to_real_signals(void **state)
{
	struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
	size_t mallocs = 0, in_handler = 0;

	(void)state;
	attach(0, 0);
	handled = 0;
	signal(SIGALRM, allocate_in_handler);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 300000 || handled < 50; i++) {
		exported_malloc(1);
		exported_free(memory + 64);
		mallocs++;
		if (i % 1000 == 999) {
			/* Drained from here: handlers only write. */
			drain();
			for (size_t k = 0; k < entries.count; k++) {
				if (entries.at[k].kind != MS_EV_MALLOC)
					continue;
				if (entries.at[k].size == 1)
					mallocs--;
				else
					in_handler++;
			}
			entries.count = 0;
		}
	}
	setitimer(ITIMER_REAL, &never, NULL);
	drain();
	for (size_t k = 0; k < entries.count; k++) {
		if (entries.at[k].kind == MS_EV_MALLOC && entries.at[k].size == 1)
			mallocs--;
		else if (entries.at[k].kind == MS_EV_MALLOC)
			in_handler++;
	}
	assert_int_equal(mallocs, 0);
	assert_int_equal(in_handler, handled);
	signal(SIGALRM, SIG_DFL);
	detach();
}

/* ---- threads and processes ---- */

static void *one_event(void *argument)
{
	exported_malloc((size_t)(uintptr_t)argument);
	return ms_tls.self;
}

static void test_threads_take_slots_and_recycled_ones_with_their_memory(void **state)
{
	void *first = NULL, *again = NULL;
	pthread_t thread;

	(void)state;
	attach(0, 3);
	assert_int_equal(pthread_create(&thread, NULL, one_event, (void *)11), 0);
	pthread_join(thread, &first);
	assert_int_equal(atomic_load(&arena.slots[1].ended), 1);
	assert_int_not_equal(arena.slots[1].tid, arena.slots[0].tid);
	drain();
	mini_recycle(&arena, 1);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(pthread_create(&thread, NULL, one_event, (void *)12), 0);
		pthread_join(thread, &again);
		assert_ptr_equal(first, again);
		drain();
		mini_recycle(&arena, 1);
	}
	assert_int_equal(atomic_load(&arena.header->slots_used), 2);
	assert_int_equal(mini_count(&entries, MS_EV_MALLOC), 101);
	detach();
}

static void test_a_thread_without_a_slot_is_counted(void **state)
{
	pthread_t thread;
	void *self;

	(void)state;
	attach(MS_FLAG_DROP, 1);
	assert_int_equal(pthread_create(&thread, NULL, one_event, (void *)11), 0);
	pthread_join(thread, &self);
	assert_ptr_equal(self, &ms_thread_empty);
	assert_int_equal(atomic_load(&arena.header->lost_threads), 1);
	assert_int_equal(atomic_load(&arena.header->lost_events), 1);
	drain();
	assert_int_equal(entries.count, 0);
	detach();
}

static void child_events(void)
{
	exported_malloc(1);
	exported_free(memory + 64);
	exported_new(2);
	_exit(atomic_load(&ms_process.phase) == MS_PHASE_OFF && ms_tls.self->slot == NULL ? 0 : 1);
}

static void test_a_forked_child_passes_through(void **state)
{
	uint64_t head;
	int status;
	pid_t pid;

	(void)state;
	attach(0, 0);
	head = published();
	pid = (pid_t)syscall(SYS_fork);
	if (pid == 0)
		child_events();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(published(), head);
	pid = ms_hook_fork(fork);
	if (pid == 0)
		child_events();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	drain();
	assert_int_equal(entries.count, 1);
	assert_entry(0, MS_EV_FORK, 0, 0, (uint64_t)pid, 0);
	detach();
}

static void test_a_child_forked_inside_a_hook_leaves_the_ring_alone(void **state)
{
	struct ms_slot *slot;
	uint64_t head;
	int status;
	pid_t pid;

	(void)state;
	attach(0, 0);
	slot = ms_tls.self->slot;
	head = published();
	interrupt_hook(ms_tls.self);
	pid = ms_hook_fork(fork);
	if (pid == 0) {
		/* What the interrupted hook would go on to do with the pointer that it has in a register. */
		atomic_store(&slot->head, head + 1000);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(atomic_load(&slot->head), head);
	ms_ring_leave(ms_tls.self, slot);
	detach();
}

static void test_a_followed_child_has_the_modules_of_its_parent(void **state)
{
	struct ms_modules_saved *saved;
	char paths[64][MS_MODULE_PATH_BYTES];
	uint32_t count;

	(void)state;
	attach(0, 0);
	count = atomic_load(&arena.header->module_count);
	assert_in_range(count, 3, 64);
	for (uint32_t i = 0; i < count; i++)
		memcpy(paths[i], arena.modules[i].path, sizeof(paths[i]));
	atomic_store(&arena.modules[1].unloaded, 1);
	saved = ms_modules_save();
	assert_non_null(saved);
	detach();
	attach(0, 0);
	ms_modules_inherit(saved);
	assert_int_equal(atomic_load(&arena.header->module_count), 2 * count - 1);
	assert_string_equal(arena.modules[count].path, paths[0]);
	for (uint32_t i = 2; i < count; i++)
		assert_string_equal(arena.modules[count + i - 1].path, paths[i]);
	exported_malloc(1);
	assert_true(mini_drain(&arena, &entries));
	assert_int_equal(mini_count(&entries, MS_EV_MODULE_LOAD), count - 1);
	detach();
}

static void test_vfork_results(void **state)
{
	(void)state;
	attach(0, 0);
	assert_int_equal(ms_vfork_parent(4711), 4711);
	assert_int_equal(ms_vfork_parent(-EAGAIN), -1);
	assert_int_equal(errno, EAGAIN);
	drain();
	assert_int_equal(entries.count, 1);
	assert_entry(0, MS_EV_VFORK, 0, 0, 4711, 0);
	detach();
}

static void test_a_thread_names_itself(void **state)
{
	struct ms_real names = {.pthread_setname_np = pthread_setname_np};

	(void)state;
	attach(0, 0);
	assert_int_equal(ms_hook_pthread_setname_np(&names, pthread_self(), "worker-15-chars"), 0);
	assert_int_equal(ms_hook_pthread_setname_np(&names, pthread_self(), "much too long a name"), ERANGE);
	drain();
	assert_int_equal(entries.count, 1);
	assert_int_equal(entries.at[0].kind, MS_EV_THREAD_NAME);
	assert_string_equal(entries.at[0].text, "worker-15-chars");
	pthread_setname_np(pthread_self(), "test_hooks");
	detach();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_handler_inside_a_hook_writes_into_the_second_ring),
		cmocka_unit_test(test_a_hook_whose_frame_is_gone_is_abandoned),
		cmocka_unit_test(test_no_event_is_lost_to_real_signals),
		cmocka_unit_test(test_threads_take_slots_and_recycled_ones_with_their_memory),
		cmocka_unit_test(test_a_thread_without_a_slot_is_counted),
		cmocka_unit_test(test_a_forked_child_passes_through),
		cmocka_unit_test(test_a_child_forked_inside_a_hook_leaves_the_ring_alone),
		cmocka_unit_test(test_a_followed_child_has_the_modules_of_its_parent),
		cmocka_unit_test(test_vfork_results),
		cmocka_unit_test(test_a_thread_names_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
