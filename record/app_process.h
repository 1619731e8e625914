/*
 * app_process.h - the life of the recorded process as the collector sees it: running, stopped, gone, and how it ended.
 *
 * Two kinds: our own child (waitpid tells all), and a process of somebody else that is followed (a pidfd tells when it is
 * gone; its status comes from the pidfd where the kernel keeps it there, or from /proc while it is a zombie).
 *
 * Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_APP_PROCESS_H
#define MS_RECORD_APP_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct app_process {
	pid_t pid;
	bool own_child;
	int pidfd;                       /* followed processes; -1 = none */
	bool gone;
	bool status_known;
	int status;                      /* as waitpid gives it, valid when status_known */
	int stop_signal;                 /* own child: it stands still, stopped by this signal; 0 = it runs */
};

void app_process_own(struct app_process *a, pid_t child);
void app_process_followed(struct app_process *a, pid_t pid);
/* Has anything happened? Does not wait. */
void app_process_update(struct app_process *a);
/* Does the thread exist? */
bool app_process_thread_alive(const struct app_process *a, uint32_t tid);
void app_process_close(struct app_process *a);

/* How it ended, once gone and known; else false and 0. */
bool app_process_signaled(const struct app_process *a);
bool app_process_core_dumped(const struct app_process *a);
int app_process_signal(const struct app_process *a);
int app_process_exit_code(const struct app_process *a);
/* What the shell would see: the exit status, or 128 + signal. */
int app_process_exit_status(const struct app_process *a);

#endif
