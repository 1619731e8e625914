/*
 * measure - runs a command N times and prints one CSV line per run: what it cost, the app inside it apart.
 *
 *   measure [-n RUNS] [-a EXE] [-i FILE] [-o FILE] [-e FILE] [-w FILE] [-t SECONDS] [-E NAME=VALUE]... -- CMD ARG...
 *
 *   -a EXE   the app to look for among the processes that CMD starts (compared with /proc/PID/exe)
 *   -i -o -e stdin, stdout and stderr of CMD (default /dev/null); -e appends
 *   -w FILE  append the CSV lines to FILE (default stdout)
 *   -t S     kill CMD after S seconds (default 600); its status is then 137
 *   -E N=V   an environment variable for CMD only, so that LD_PRELOAD never reaches this program
 *
 * Columns: wall_ns, cpu_ns (user + system of CMD and of every process below it that was waited for), app_cpu_ns and
 * app_rss_kib (process CPU clock and peak RSS of the app at its exit), tree_rss_kib (the largest peak RSS of any process),
 * status (exit code or 128 + signal).
 *
 * A recorder is the parent of the app that it records, so nobody but it gets the app's rusage. We attach with ptrace to
 * every process below us and look at each once, when it is about to exit: between fork, exec and exit a traced process
 * runs at full speed as long as no signal arrives. All modes are measured in the same way. The CPU time of taking down
 * the address space is in cpu_ns and wall_ns, not in app_cpu_ns. Where ptrace is not allowed the app columns are empty.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options {
	int runs, timeout_s;
	const char *app, *in, *out, *err, *write;
	char **env;
	int env_count;
	char **argv;
};

struct sample {
	uint64_t wall_ns, cpu_ns, app_cpu_ns;
	long app_rss_kib, tree_rss_kib;
	bool app_seen;
	int status;
};

static pid_t root_pid;

static void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(125);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;
	if (clock_gettime(clock, &t) != 0)
		return 0;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void redirect(const char *path, int flags, int fd)
{
	int f = open(path ? path : "/dev/null", flags, 0600);
	if (f < 0)
		die(path);
	if (f != fd) {
		dup2(f, fd);
		close(f);
	}
}

static long peak_rss_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

static bool runs_exe(pid_t pid, const char *exe)
{
	char path[64], target[PATH_MAX];
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	ssize_t n = readlink(path, target, sizeof target - 1);
	if (n < 0)
		return false;
	target[n] = 0;
	return strcmp(target, exe) == 0;
}

/* The process stands still just before its exit: its address space and clocks are whole. */
static void look_at(pid_t pid, const char *app, struct sample *s)
{
	clockid_t clock;
	long rss = peak_rss_kib(pid);
	if (rss > s->tree_rss_kib)
		s->tree_rss_kib = rss;
	if (!app || !runs_exe(pid, app) || clock_getcpuclockid(pid, &clock) != 0)
		return;
	/* A wrapper may start the same executable for a moment (a version check): the app is the one that worked most. */
	uint64_t cpu = now_ns(clock);
	if (!s->app_seen || cpu > s->app_cpu_ns) {
		s->app_seen = true;
		s->app_cpu_ns = cpu;
		s->app_rss_kib = rss;
	}
}

static void on_alarm(int sig)
{
	(void)sig;
	if (root_pid > 0)
		kill(-root_pid, SIGKILL);
}

static void run_child(const struct options *o, int gate)
{
	char c;
	setpgid(0, 0);
	redirect(o->in, O_RDONLY, 0);
	redirect(o->out, O_WRONLY | O_CREAT | O_TRUNC, 1);
	redirect(o->err, O_WRONLY | O_CREAT | O_APPEND, 2);
	for (int i = 0; i < o->env_count; i++)
		putenv(o->env[i]);
	while (read(gate, &c, 1) < 0 && errno == EINTR)
		;
	close(gate);
	execvp(o->argv[0], o->argv);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Lets a stopped tracee go on. Returns without effect when it is gone already. */
static void resume(pid_t pid, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;
	if (event == PTRACE_EVENT_STOP && (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU))
		ptrace(PTRACE_LISTEN, pid, 0, 0);
	else
		ptrace(PTRACE_CONT, pid, 0, event ? 0 : (long)sig);
}

static void run_once(const struct options *o, struct sample *s)
{
	int gate[2], status;
	struct rusage usage;
	memset(s, 0, sizeof *s);
	if (pipe2(gate, O_CLOEXEC) != 0)
		die("pipe");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(gate[1]);
		run_child(o, gate[0]);
	}
	close(gate[0]);
	setpgid(pid, pid);
	root_pid = pid;
	long traced = ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK);
	alarm((unsigned)o->timeout_s);
	uint64_t start = now_ns(CLOCK_MONOTONIC);
	close(gate[1]);
	for (;;) {
		pid_t who = wait4(-1, &status, __WALL, &usage);
		if (who < 0) {
			if (errno == EINTR)
				continue;
			die("wait4");
		}
		if (WIFSTOPPED(status)) {
			if (traced == 0 && status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
				look_at(who, o->app, s);
			resume(who, status);
		} else if (who == pid) {
			break;
		}
	}
	s->wall_ns = now_ns(CLOCK_MONOTONIC) - start;
	s->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	s->cpu_ns = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
	            (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
	if (usage.ru_maxrss > s->tree_rss_kib)
		s->tree_rss_kib = usage.ru_maxrss;
	/* Background processes that outlived the root would disturb the next run: wait for them too. */
	pid_t who;
	while ((who = wait4(-1, &status, __WALL, NULL)) > 0 || errno == EINTR)
		if (who > 0 && WIFSTOPPED(status))
			resume(who, status);
	alarm(0);
	root_pid = 0;
}

static void print_sample(FILE *f, const struct sample *s)
{
	fprintf(f, "%llu,%llu,", (unsigned long long)s->wall_ns, (unsigned long long)s->cpu_ns);
	if (s->app_seen)
		fprintf(f, "%llu,%ld,", (unsigned long long)s->app_cpu_ns, s->app_rss_kib);
	else
		fprintf(f, ",,");
	fprintf(f, "%ld,%d\n", s->tree_rss_kib, s->status);
}

int main(int argc, char **argv)
{
	char *env[16], exe[PATH_MAX];
	struct options o = {.runs = 1, .timeout_s = 600, .env = env};
	int c;
	while ((c = getopt(argc, argv, "+n:a:i:o:e:w:t:E:")) != -1) {
		switch (c) {
		case 'n': o.runs = atoi(optarg); break;
		case 'a':
			if (!realpath(optarg, exe))
				die(optarg);
			o.app = exe;
			break;
		case 'i': o.in = optarg; break;
		case 'o': o.out = optarg; break;
		case 'e': o.err = optarg; break;
		case 'w': o.write = optarg; break;
		case 't': o.timeout_s = atoi(optarg); break;
		case 'E':
			if (o.env_count == 16)
				return 125;
			env[o.env_count++] = optarg;
			break;
		default: return 125;
		}
	}
	if (optind == argc) {
		fprintf(stderr, "measure: no command\n");
		return 125;
	}
	o.argv = argv + optind;
	FILE *f = o.write ? fopen(o.write, "ae") : stdout;
	if (!f)
		die(o.write);
	/* SA_RESTART is left out on purpose: wait4 returns and sees the killed child. */
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
	for (int i = 0; i < o.runs; i++) {
		struct sample s;
		run_once(&o, &s);
		print_sample(f, &s);
	}
	return f != stdout && fclose(f) != 0 ? 125 : 0;
}
