/*
 * fault.h - handlers for signals: faults on closed pages, other fatal signals, the request for a check.
 *
 * faults_start and fatal_start: from guard_start, once the pools are there; one thread; before the program has set anything of
 * its own or after, that is kept. Nothing happens where the kernel refuses. Handlers are async-signal-safe and keep errno.
 */
#ifndef MS_PRELOAD_FAULT_H
#define MS_PRELOAD_FAULT_H

#include <signal.h>

#include "record/arena_layout.h"

/* fault.c: SIGSEGV, SIGBUS. */
void faults_start(void);
/* fatal.c: SIGABRT, SIGILL, SIGFPE, SIGSYS, and config->check_signal if there is one. */
void fatal_start(const struct ms_guard_config *config);

/* The signal is about to end the process: what is damaged is found before. Once per process. */
void fatal_check(int number, const siginfo_t *info, const void *context);

#endif
