/* The slab pool under threads that exchange blocks, threads that end, signal handlers and forks. */
#include "slab_fixture.h"

/* ---- threads ---- */

#define THREADS 4
#define HELD 512
static _Atomic(uint8_t *) exchange[64]; /* blocks that change hands: size in the first two bytes, then the size's low byte */
static _Atomic bool stop_now;
static _Atomic unsigned wrong_bytes;

static void fill_block(uint8_t *p, size_t bytes)
{
	memset(p, (int)(bytes * 31 & 0xff), bytes);
	memcpy(p, &(uint16_t){(uint16_t)bytes}, 2);
}

static void check_block(const uint8_t *p)
{
	uint16_t bytes;

	memcpy(&bytes, p, 2);
	for (size_t i = 2; i < bytes; i++)
		if (p[i] != (bytes * 31 & 0xff))
			atomic_fetch_add(&wrong_bytes, 1);
	if (guard_usable_size(p) != bytes)
		atomic_fetch_add(&wrong_bytes, 1);
}

static void *work(void *argument)
{
	uint8_t *held[HELD] = {NULL};
	uint64_t r = (uintptr_t)argument * 88172645463325252u + 1;

	for (unsigned i = 0; i < 60000; i++) {
		unsigned at;
		size_t bytes;

		r ^= r << 13, r ^= r >> 7, r ^= r << 17;
		at = (unsigned)(r >> 20) % HELD;
		bytes = (r >> 32) % ((r & 15) == 0 ? 3000 : 200) + 2;
		if (held[at] == NULL) {
			held[at] = new_block(bytes);
			fill_block(held[at], bytes);
		} else if ((r & 3) == 0) {
			check_block(held[at]);
			held[at] = new_size(held[at], bytes);
			fill_block(held[at], bytes);
		} else if ((r & 3) == 1) {
			held[at] = atomic_exchange(&exchange[at % 64], held[at]);
		} else {
			check_block(held[at]);
			end_block(held[at]);
			held[at] = NULL;
		}
	}
	for (unsigned i = 0; i < HELD; i++) {
		if (held[i] == NULL)
			continue;
		check_block(held[i]);
		end_block(held[i]);
	}
	return NULL;
}

static void *sweep(void *argument)
{
	(void)argument;
	while (!atomic_load(&stop_now))
		guard_check(MS_CHECK_INTERVAL, NULL);
	return NULL;
}

static size_t drain_until(pthread_t *threads, unsigned count)
{
	size_t found = 0;

	for (unsigned i = 0; i < count; i++) {
		while (pthread_tryjoin_np(threads[i], NULL) == EBUSY) {
			found += no_evidence();
			usleep(200);
		}
	}
	return found + no_evidence();
}

static void test_threads(void **state)
{
	pthread_t threads[THREADS], sweeper;
	size_t found;

	(void)state;
	no_evidence();
	stop_now = false;
	assert_int_equal(pthread_create(&sweeper, NULL, sweep, NULL), 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
	found = drain_until(threads, THREADS);
	atomic_store(&stop_now, true);
	found += drain_until(&sweeper, 1);
	assert_int_equal(found, 0);
	assert_int_equal(wrong_bytes, 0);
	for (unsigned i = 0; i < 64; i++) {
		if (exchange[i] == NULL)
			continue;
		check_block(exchange[i]);
		end_block(exchange[i]);
		exchange[i] = NULL;
	}
	assert_int_equal(wrong_bytes, 0);
	assert_int_equal(no_evidence(), 0);
}

/* One thread allocates, another one frees: the slots go round. */
static void *consume(void *argument)
{
	(void)argument;
	while (!atomic_load(&stop_now)) {
		for (unsigned i = 0; i < 64; i++) {
			uint8_t *p = atomic_exchange(&exchange[i], NULL);

			if (p != NULL)
				end_block(p);
		}
	}
	return NULL;
}

static void test_imbalance_is_bounded(void **state)
{
	uint32_t chunks = atomic_load(&slab_chunks_used);
	pthread_t thread;

	(void)state;
	stop_now = false;
	assert_int_equal(pthread_create(&thread, NULL, consume, NULL), 0);
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t *p = new_block(700), *none = NULL;

		while (!atomic_compare_exchange_weak(&exchange[i % 64], &none, p)) {
			none = NULL;
			sched_yield();
		}
		if (i % 256 == 0)
			no_evidence();
	}
	atomic_store(&stop_now, true);
	assert_int_equal(drain_until(&thread, 1), 0);
	for (unsigned i = 0; i < 64; i++)
		end_block(atomic_exchange(&exchange[i], NULL));
	/* 200,000 blocks are 200 MB; what may be needed is the quarantine, the caches and a chunk of slack. */
	assert_true(atomic_load(&slab_chunks_used) - chunks <= 4);
}

/* Threads that come and go leave their slots to the others. */
static void *short_life(void *argument)
{
	void *blocks[100];

	(void)argument;
	for (unsigned i = 0; i < 100; i++)
		blocks[i] = new_block(500);
	for (unsigned i = 0; i < 100; i++)
		end_block(blocks[i]);
	return NULL;
}

static void test_thread_ends(void **state)
{
	uint32_t chunks = 0;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		pthread_t thread;

		if (i == 50)
			chunks = atomic_load(&slab_chunks_used);
		assert_int_equal(pthread_create(&thread, NULL, short_life, NULL), 0);
		assert_int_equal(drain_until(&thread, 1), 0);
		for (uint32_t s = 1; s < atomic_load(&arena.header->slots_used); s++)
			if (atomic_load(&arena.slots[s].state) == MS_SLOT_LIVE)
				mini_recycle(&arena, s);
	}
	assert_true(atomic_load(&slab_chunks_used) - chunks <= 1);
}

/* ---- signals, forks ---- */

static volatile sig_atomic_t handled;

static void on_alarm(int number)
{
	void *p = new_block(100), *q = new_block(40);

	(void)number;
	memset(p, 1, 100);
	end_block(p);
	end_block(q);
	handled++;
}

static void test_signal_handler(void **state)
{
	struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = on_alarm};

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (unsigned i = 0; i < 2000000 && handled < 300; i++) {
		uint8_t *p = new_block(i % 300);

		memset(p, 2, i % 300);
		end_block(p);
		if (i % 128 == 0)
			assert_int_equal(no_evidence(), 0);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	assert_true(handled > 0);
	guard_check(MS_CHECK_REQUEST, NULL);
	assert_int_equal(no_evidence(), 0);
}

static void *churn(void *argument)
{
	(void)argument;
	while (!atomic_load(&stop_now)) {
		void *p = new_block(120);

		end_block(p);
	}
	return NULL;
}

/* Runs while the pool is held for the fork; more than a batch, so that it comes to the shared lists. */
static void at_fork(void)
{
	for (unsigned i = 0; i < 200; i++) {
		void *p = new_block(90);

		if (!guard_covers((uintptr_t)p))
			atomic_fetch_add(&wrong_bytes, 1);
		end_block(p);
	}
}

static void test_fork(void **state)
{
	pthread_t threads[2];
	uint8_t *kept = new_block(64);

	(void)state;
	memset(kept, 5, 64);
	assert_int_equal(pthread_atfork(at_fork, at_fork, at_fork), 0);
	stop_now = false;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, NULL), 0);
	for (unsigned i = 0; i < 30; i++) {
		/* Every second time the way that no hook sees. */
		pid_t child = i % 2 == 0 ? ms_hook_fork(fork) : fork();
		int status;

		assert_true(child >= 0);
		if (child == 0) {
			/* Behind our back another thread may have held the lock: then blocks come from below for a while. */
			unsigned bad = i % 2 == 0 ? atomic_load(&wrong_bytes) : 0;

			alarm(20);
			for (unsigned k = 0; k < 3000; k++) {
				uint8_t *p = new_block(k % 500);

				memset(p, 1, k % 500);
				end_block(p);
			}
			for (unsigned k = 0; k < 64; k++)
				bad += kept[k] != 5;
			end_block(kept);
			_exit(bad != 0);
		}
		while (waitpid(child, &status, WNOHANG) == 0) {
			no_evidence();
			usleep(500);
		}
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	atomic_store(&stop_now, true);
	assert_int_equal(drain_until(threads, 2), 0);
	assert_int_equal(wrong_bytes, 0);
	end_block(kept);
	assert_int_equal(no_evidence(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_imbalance_is_bounded),
		cmocka_unit_test(test_thread_ends),
		cmocka_unit_test(test_signal_handler),
		cmocka_unit_test(test_fork),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
