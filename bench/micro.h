/*
 * micro.h - what the micro benchmarks share: options, a start gate, the clock and the line that they report.
 *
 * A micro benchmark runs for a fixed time and counts what it did; it reports on stderr, after the last measured call:
 *
 *   micro events=N seconds=S
 *
 * Events are allocations + frees. Every thread counts for itself and touches no shared line while it works.
 */
#ifndef MS_BENCH_MICRO_H
#define MS_BENCH_MICRO_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MICRO_MAX_THREADS 64
#define NOINLINE __attribute__((noinline))

struct micro_options {
	int threads, depth_frames;
	double seconds;
	int killed;                    /* ends by SIGKILL, with all threads at work; says nothing */
};

struct micro_thread {
	_Alignas(128) uint64_t events;
	pthread_t id;
	int number;
	const struct micro_options *options;
};

static _Atomic int micro_stop;
static pthread_barrier_t micro_gate;

static inline int micro_stopped(void)
{
	return atomic_load_explicit(&micro_stop, memory_order_relaxed);
}

static inline double micro_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A cheap deterministic generator: sizes and paths differ, and differ in the same way on each run. */
static inline uint32_t micro_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static inline void micro_parse(struct micro_options *o, int argc, char **argv)
{
	int c;
	while ((c = getopt(argc, argv, "t:d:s:k")) != -1) {
		switch (c) {
		case 't': o->threads = atoi(optarg); break;
		case 'd': o->depth_frames = atoi(optarg); break;
		case 's': o->seconds = atof(optarg); break;
		case 'k': o->killed = 1; break;
		default: exit(2);
		}
	}
	if (o->threads < 1 || o->threads > MICRO_MAX_THREADS || o->depth_frames < 1 || o->seconds <= 0)
		exit(2);
}

/* Starts the threads, lets them work for the time, stops them and reports. body counts into its micro_thread. */
static inline int micro_run(const struct micro_options *o, void *(*body)(void *))
{
	static struct micro_thread threads[MICRO_MAX_THREADS];
	uint64_t events = 0;
	struct timespec t = {.tv_sec = (time_t)o->seconds, .tv_nsec = (long)((o->seconds - (double)(time_t)o->seconds) * 1e9)};
	pthread_barrier_init(&micro_gate, NULL, (unsigned)o->threads + 1);
	for (int i = 0; i < o->threads; i++) {
		threads[i].number = i;
		threads[i].options = o;
		if (pthread_create(&threads[i].id, NULL, body, &threads[i]) != 0)
			return 1;
	}
	pthread_barrier_wait(&micro_gate);
	double start = micro_seconds();
	nanosleep(&t, NULL);
	if (o->killed)
		kill(getpid(), SIGKILL);
	atomic_store(&micro_stop, 1);
	for (int i = 0; i < o->threads; i++)
		pthread_join(threads[i].id, NULL);
	double seconds = micro_seconds() - start;
	for (int i = 0; i < o->threads; i++)
		events += threads[i].events;
	dprintf(2, "micro events=%llu seconds=%.6f\n", (unsigned long long)events, seconds);
	return 0;
}

#endif
