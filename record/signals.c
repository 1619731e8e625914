#include "signals.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tick_clock.h"

static const int caught[] = {SIGCHLD, SIGTERM, SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT,
                             SIGTSTP, SIGTTIN, SIGTTOU, SIGALRM, SIGWINCH};

int signals_open(struct signals *s, int own, struct ms_error *err)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, standard = {.sa_handler = SIG_DFL};
	sigset_t set;

	*s = (struct signals){.fd = -1, .own = own};
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
		sigaddset(&set, caught[i]);
	if (own)
		sigaddset(&set, own);
	/* A full disk or a closed pipe is an error code for us, and an ignored SIGCHLD would reap the program unseen. */
	sigaction(SIGPIPE, &ignore, &s->inherited_pipe);
	sigaction(SIGXFSZ, &ignore, &s->inherited_xfsz);
	sigaction(SIGCHLD, &standard, &s->inherited_chld);
	sigprocmask(SIG_BLOCK, &set, &s->inherited_mask);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0) {
		ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot receive signals: %s", strerror(errno));
		signals_restore(s);
		return MS_E_IO;
	}
	return MS_OK;
}

void signals_restore(const struct signals *s)
{
	sigaction(SIGPIPE, &s->inherited_pipe, NULL);
	sigaction(SIGXFSZ, &s->inherited_xfsz, NULL);
	sigaction(SIGCHLD, &s->inherited_chld, NULL);
	sigprocmask(SIG_SETMASK, &s->inherited_mask, NULL);
}

void signals_handle(struct signals *s, pid_t pid)
{
	struct signalfd_siginfo info;

	while (read(s->fd, &info, sizeof info) == (ssize_t)sizeof info) {
		int number = (int)info.ssi_signo;
		bool sent = info.ssi_code == SI_USER || info.ssi_code == SI_QUEUE || info.ssi_code == SI_TKILL;

		if (number == s->own) {
			s->own_count++;
			continue;
		}
		if (number == SIGINT || number == SIGTERM || number == SIGQUIT || number == SIGHUP)
			s->interrupted = true;
		if (number == SIGTSTP && !sent)
			s->stop_requested_ns = tick_clock_now(MS_CLOCK_MONOTONIC);
		/* What the program itself sends to its parent is not sent back. */
		if (number != SIGCHLD && sent && pid > 0 && (pid_t)info.ssi_pid != pid)
			kill(pid, number);
	}
}

void signals_close(struct signals *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
