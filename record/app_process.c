#include "app_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Linux 6.15: the exit status stays readable through a pidfd after the process was reaped. Numbers as in
   linux/pidfd.h, which older systems do not have. */
struct pidfd_exit_info {
	uint64_t mask, cgroup;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define PIDFD_INFO_EXIT_BIT (UINT64_C(1) << 3)
#define PIDFD_GET_INFO_REQUEST _IOWR(0xFF, 11, struct pidfd_exit_info)

void app_process_own(struct app_process *a, pid_t child)
{
	*a = (struct app_process){.pid = child, .own_child = true, .pidfd = -1};
}

void app_process_followed(struct app_process *a, pid_t pid)
{
	*a = (struct app_process){.pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0)};
}

/* Field exit_code of /proc/PID/stat, readable while the process is a zombie. */
static bool status_from_proc(pid_t pid, int *status)
{
	char path[64], line[1024], state = 0, *p;
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(line, 1, sizeof line - 1, f);
	fclose(f);
	line[n] = '\0';
	p = strrchr(line, ')'); /* the name before it may contain anything */
	if (!p || sscanf(p, ") %c", &state) != 1 || (state != 'Z' && state != 'X'))
		return false;
	p = strrchr(line, ' '); /* exit_code is the last field */
	if (!p)
		return false;
	*status = atoi(p + 1);
	return true;
}

static bool status_from_pidfd(int pidfd, int *status)
{
	struct pidfd_exit_info info = {.mask = PIDFD_INFO_EXIT_BIT};

	if (pidfd < 0 || ioctl(pidfd, PIDFD_GET_INFO_REQUEST, &info) != 0 || !(info.mask & PIDFD_INFO_EXIT_BIT))
		return false;
	*status = info.exit_code;
	return true;
}

static void update_followed(struct app_process *a)
{
	if (a->pidfd >= 0) {
		struct pollfd p = {.fd = a->pidfd, .events = POLLIN};
		a->gone = poll(&p, 1, 0) == 1;
	} else {
		a->gone = kill(a->pid, 0) != 0 && errno == ESRCH;
	}
	if (a->gone)
		a->status_known = status_from_proc(a->pid, &a->status) || status_from_pidfd(a->pidfd, &a->status);
}

void app_process_update(struct app_process *a)
{
	int status;
	pid_t got;

	if (a->gone)
		return;
	if (!a->own_child) {
		update_followed(a);
		return;
	}
	while ((got = waitpid(a->pid, &status, WNOHANG | WUNTRACED | WCONTINUED)) == a->pid) {
		if (WIFSTOPPED(status)) {
			a->stop_signal = WSTOPSIG(status);
			continue;
		}
		if (WIFCONTINUED(status)) {
			a->stop_signal = 0;
			continue;
		}
		a->gone = a->status_known = true;
		a->status = status;
		return;
	}
	if (got < 0 && errno == ECHILD)
		a->gone = true; /* somebody took its status; cannot happen, but waiting for ever would be worse */
}

bool app_process_thread_alive(const struct app_process *a, uint32_t tid)
{
	return !a->gone && (syscall(SYS_tgkill, a->pid, (pid_t)tid, 0) == 0 || errno != ESRCH);
}

void app_process_close(struct app_process *a)
{
	if (a->pidfd >= 0)
		close(a->pidfd);
	a->pidfd = -1;
}

bool app_process_signaled(const struct app_process *a)
{
	return a->status_known && WIFSIGNALED(a->status);
}

bool app_process_core_dumped(const struct app_process *a)
{
	return app_process_signaled(a) && WCOREDUMP(a->status);
}

int app_process_signal(const struct app_process *a)
{
	return app_process_signaled(a) ? WTERMSIG(a->status) : 0;
}

int app_process_exit_code(const struct app_process *a)
{
	return a->status_known && WIFEXITED(a->status) ? WEXITSTATUS(a->status) : 0;
}

int app_process_exit_status(const struct app_process *a)
{
	return app_process_signaled(a) ? 128 + app_process_signal(a) : app_process_exit_code(a);
}
