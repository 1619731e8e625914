/*
 * threads.h - a thread's place in the arena: taking a slot, and the end of the thread.
 *
 * pthread_create is not interposed: a thread begins, for the trace, with its first event. Its end is seen by the
 * destructor of a pthread key; destructors that run after ours still record. The collector recycles the slot when
 * the kernel's thread is gone. The private struct belongs to the slot, not to the thread: whoever gets the slot next
 * takes it over with its walker, so threads that come and go leave nothing behind.
 *
 * Async-signal-safe; no lock, no allocation but mmap; no errno change.
 */
#ifndef MS_PRELOAD_THREADS_H
#define MS_PRELOAD_THREADS_H

#include <stdbool.h>

#include "ring.h"

/* Makes the key for thread ends; once per process, before any thread is taken. Thread ends go unseen (the collector still
   sees the thread vanish) when no key is to be had that needs no allocation. */
void ms_threads_start(void);

/* A struct with a slot for the calling thread; nested: for signal handlers that interrupt a hook. NULL when all slots
   are taken (counted in the header). */
struct ms_thread *ms_thread_take(bool nested);

/* The calling thread's struct, made its own (ms_tls.self). NULL like above. */
struct ms_thread *ms_thread_attach(void);

/* A walker whose frame was abandoned by a longjmp may be half written: gives t another one. */
void ms_thread_renew_walker(struct ms_thread *t);

/* The name of the calling thread changed. */
void ms_thread_renamed(void);

/* Hooks. */
struct ms_real;
int ms_hook_pthread_setname_np(const struct ms_real *real, pthread_t thread, const char *name);

#endif
