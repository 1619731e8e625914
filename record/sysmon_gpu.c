#include "sysmon_gpu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COST_FACTOR 50u          /* asking takes at most this part of a core */

_Static_assert(sizeof(struct gpu_answer) <= PIPE_BUF, "a pipe takes an answer whole or not at all");

static void unknown(struct gpu_answer *a, const char *reason)
{
	*a = (struct gpu_answer){0};
	for (int v = 0; v < GPU_VALUES; v++)
		snprintf(a->reason[v], GPU_REASON, "%s", reason);
}

/* ---- the helper's side ------------------------------------------------------------------------------------------- */

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Keeps nothing of the collector's open that somebody may wait for, but the pipe. */
static int let_go(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; null >= 0 && i < 3; i++)
		(void)dup2(null, i);
	if (fd != 3 && dup2(fd, 3) < 0)
		_exit(1);
	(void)close_range(4, ~0u, 0);
	return 3;
}

static _Noreturn void help(pid_t collector, int fd, pid_t pid, uint64_t interval_ns)
{
	struct gpu_answer answer;
	char reason[GPU_REASON] = "no memory";
	struct nvml *n;

	(void)prctl(PR_SET_NAME, "memscope-gpu");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != collector)
		_exit(1);
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	fd = let_go(fd);
	n = nvml_open(reason);
	if (!n) {
		unknown(&answer, reason);
		_exit(write(fd, &answer, sizeof answer) == (ssize_t)sizeof answer ? 0 : 1);
	}
	for (;;) {
		uint64_t start = cpu_ns(), wait_ns;
		struct timespec nap;

		nvml_ask(n, pid, &answer);
		if (write(fd, &answer, sizeof answer) < 0 && errno != EAGAIN)
			_exit(0);
		wait_ns = (cpu_ns() - start) * COST_FACTOR;
		if (wait_ns < interval_ns)
			wait_ns = interval_ns;
		nap = (struct timespec){(time_t)(wait_ns / 1000000000), (long)(wait_ns % 1000000000)};
		(void)nanosleep(&nap, NULL);
	}
}

/* ---- the collector's side ---------------------------------------------------------------------------------------- */

void gpu_start(struct sysmon_gpu *g, pid_t pid, uint64_t interval_ns)
{
	pid_t collector = getpid();
	int fds[2];

	*g = (struct sysmon_gpu){.fd = -1, .started = true};
	unknown(&g->answer, "NVML had not answered when the recording ended");
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
		unknown(&g->answer, strerror(errno));
		return;
	}
	g->helper = fork();
	if (g->helper == 0)
		help(collector, fds[1], pid, interval_ns);
	close(fds[1]);
	g->fd = fds[0];
	if (g->helper > 0)
		return;
	unknown(&g->answer, strerror(errno));
	g->helper = 0;
	close(g->fd);
	g->fd = -1;
}

/* The helper closed its end: it has said why, or was ended. */
static void gone(struct sysmon_gpu *g)
{
	char reason[GPU_REASON];
	int status = 0;

	/* One that only closed it goes on no longer; of one that is ending this changes nothing. */
	kill(g->helper, SIGKILL);
	while (waitpid(g->helper, &status, 0) < 0 && errno == EINTR)
		;
	g->helper = 0;
	close(g->fd);
	g->fd = -1;
	if (WIFSIGNALED(status))
		snprintf(reason, sizeof reason, "libnvidia-ml.so.1 ended the process that asked it with signal %d", WTERMSIG(status));
	else if (!g->heard)
		snprintf(reason, sizeof reason, "libnvidia-ml.so.1 ended the process that asked it");
	else
		return;
	unknown(&g->answer, reason);
}

bool gpu_poll(struct sysmon_gpu *g)
{
	struct gpu_answer answer;
	bool any = false;

	while (g->helper > 0) {
		ssize_t n = read(g->fd, &answer, sizeof answer);

		if (n == (ssize_t)sizeof answer) {
			for (int v = 0; v < GPU_VALUES; v++)
				answer.reason[v][GPU_REASON - 1] = '\0';
			g->answer = answer;
			g->heard = any = true;
		} else if (n == 0) {
			gone(g);
			any = true;
		} else {
			break;
		}
	}
	return any;
}

void gpu_stop(struct sysmon_gpu *g)
{
	if (g->helper > 0) {
		kill(g->helper, SIGKILL);
		while (waitpid(g->helper, NULL, 0) < 0 && errno == EINTR)
			;
		close(g->fd);
	}
	*g = (struct sysmon_gpu){.fd = -1};
}
