/* auto_export.c - see auto_export.h. */
#include "auto_export.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "say.h"

#define TOOL "memscope-analyze"
#define IOPRIO_IDLE (3 << 13)            /* linux/ioprio.h: class idle */
#define IOPRIO_PROCESS 1

/* In the child. Standard output would be the program's: what the tool says goes to standard error. */
static _Noreturn void run_tool(const char *tool, const char *wanted, const char *last)
{
	char *outputs = NULL, *file = NULL;
	int null = open("/dev/null", O_RDWR);

	if (fcntl(2, F_GETFD) != 0)
		(void)dup2(null, 2); /* it was closed when we started */
	(void)dup2(null, 0);
	(void)dup2(strcmp(last, "--help") == 0 ? null : 2, 1);
	if (null > 2)
		close(null);
	if (asprintf(&outputs, "--outputs=%s", wanted) < 0 || asprintf(&file, "%s%s", last[0] == '-' && strcmp(last, "--help") != 0 ? "./" : "", last) < 0)
		_exit(1);
	execl(tool, TOOL, "-q", outputs, file, (char *)NULL);
	_exit(127);
}

static int await(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

int auto_export_check(const char *wanted, struct ms_error *err)
{
	const char *folder = strchr(wanted, '=');
	char tool[PATH_MAX];
	struct stat st;
	pid_t child;
	int rc, status;

	if (!folder || folder == wanted || !folder[1])
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "--auto-export takes FORMAT[,FORMAT...]=DIR, not '%.60s'", wanted);
	rc = launch_find_tool(TOOL, tool, err);
	if (rc != MS_OK)
		return rc;
	fflush(stderr);
	child = fork();
	if (child == 0)
		run_tool(tool, wanted, "--help");
	status = child > 0 ? await(child) : -1;
	if (status != 0)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "--auto-export=%s: %s cannot do that", wanted, tool);
	folder++;
	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "--auto-export: cannot make %s: %s", folder, strerror(errno));
	if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode) || access(folder, W_OK | X_OK) != 0)
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "--auto-export: %s is no folder that can be written to", folder);
	return MS_OK;
}

static void say_failed(const struct auto_export *e, const char *why)
{
	say("%s: not all of the reports of --auto-export=%s were made: %s", e->trace, e->wanted, why);
}

void auto_export_start(struct auto_export *e, const char *wanted, const char *trace, const struct signals *signals)
{
	struct ms_error error = {0};
	char tool[PATH_MAX];

	*e = (struct auto_export){.trace = trace, .wanted = wanted};
	if (launch_find_tool(TOOL, tool, &error) != MS_OK) {
		say_failed(e, error.message);
		return;
	}
	fflush(stderr);
	e->pid = fork();
	if (e->pid == 0) {
		(void)setpriority(PRIO_PROCESS, 0, 19);
		(void)syscall(SYS_ioprio_set, IOPRIO_PROCESS, 0, IOPRIO_IDLE);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		signals_restore(signals);
		run_tool(tool, wanted, trace);
	}
	if (e->pid < 0) {
		say_failed(e, strerror(errno));
		e->pid = 0;
	}
}

void auto_export_finish(struct auto_export *e, struct signals *signals, bool quiet)
{
	struct pollfd p = {.fd = signals->fd, .events = POLLIN};
	char why[64];
	pid_t got;
	int status = 0;

	if (e->pid == 0)
		return;
	signals->interrupted = false;
	while ((got = waitpid(e->pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		(void)poll(&p, 1, 1000);
		signals_handle(signals, 0);
		if (signals->interrupted)
			kill(e->pid, SIGTERM);
	}
	e->pid = 0;
	if (got < 0)
		say_failed(e, strerror(errno));
	else if (status != 0) {
		snprintf(why, sizeof why, TOOL " %s %d", WIFSIGNALED(status) ? "was ended by signal" : "ended with status",
		         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		say_failed(e, why);
	} else if (!quiet)
		say("%s: reports are in %s", e->trace, strchr(e->wanted, '=') + 1);
}
