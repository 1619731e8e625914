/* Context switches of the threads of this process: they count, stay counted when a thread has ended, and more threads than a look takes. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/sysmon_threads.h"

static pthread_barrier_t begun, over;

/* Nearly every nap is a voluntary switch: on a busy machine the time is over before the thread sleeps, or it is driven out first. */
static void *nap(void *times)
{
	const struct timespec t = {.tv_nsec = 20000};
	struct rusage usage;

	do {
		nanosleep(&t, NULL);
		getrusage(RUSAGE_THREAD, &usage);
	} while (usage.ru_nvcsw < *(const int *)times);
	pthread_barrier_wait(&begun);
	pthread_barrier_wait(&over);
	return NULL;
}

static void run(struct sysmon_threads *t, unsigned threads, int times, struct thread_switches *during, unsigned looks)
{
	pthread_t *list = calloc(threads, sizeof *list);
	char text[4096];

	assert_non_null(list);
	pthread_barrier_init(&begun, NULL, threads + 1);
	pthread_barrier_init(&over, NULL, threads + 1);
	for (unsigned i = 0; i < threads; i++)
		assert_int_equal(pthread_create(&list[i], NULL, nap, &times), 0);
	pthread_barrier_wait(&begun);
	for (unsigned i = 0; i < looks; i++) {
		struct thread_switches before = *during;

		assert_true(threads_look(t, text, sizeof text, during));
		assert_true(during->voluntary >= before.voluntary && during->involuntary >= before.involuntary);
	}
	pthread_barrier_wait(&over);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(list[i], NULL);
	pthread_barrier_destroy(&begun);
	pthread_barrier_destroy(&over);
	free(list);
}

static void sums(void **state)
{
	struct sysmon_threads *t = threads_open(getpid());
	struct thread_switches first = {0}, during = {0}, after;
	char text[4096];

	(void)state;
	assert_non_null(t);
	assert_true(threads_look(t, text, sizeof text, &first));
	during = first;
	run(t, 4, 200, &during, 1);
	assert_true(during.voluntary >= first.voluntary + 4 * 200);
	/* the threads are gone, what they did is not; once and not twice */
	for (int i = 0; i < 5; i++) {
		assert_true(threads_look(t, text, sizeof text, &after));
		assert_true(after.voluntary >= during.voluntary);
		assert_true(after.voluntary < during.voluntary + 4 * 200);
	}
	threads_close(t);
}

static void many(void **state)
{
	enum { THREADS = 3 * THREADS_PER_LOOK };
	struct sysmon_threads *t = threads_open(getpid());
	struct thread_switches sum = {0};

	(void)state;
	assert_non_null(t);
	run(t, THREADS, 3, &sum, 1);
	assert_true(sum.voluntary >= 3 * (THREADS_PER_LOOK - 2) && sum.voluntary > 0);
	run(t, THREADS, 3, &sum, 8);
	assert_true(sum.voluntary >= 3 * THREADS + 3 * (THREADS_PER_LOOK - 2));
	threads_close(t);
}

static void gone(void **state)
{
	struct sysmon_threads *t = threads_open(0x7fffffff);
	struct thread_switches sum;
	char text[4096];

	(void)state;
	assert_non_null(t);
	assert_false(threads_look(t, text, sizeof text, &sum));
	assert_true(sum.error != 0 && sum.voluntary == 0);
	threads_close(t);
	threads_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sums), cmocka_unit_test(many), cmocka_unit_test(gone)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
