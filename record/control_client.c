/* control_client.c - see control_client.h. */
#include "control_client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "control_protocol.h"
#include "say.h"
#include "options.h"

static const struct {
	const char *name;
	unsigned least, most;            /* texts that follow */
	bool lasts;                      /* the answer may take any time */
	bool print;                      /* the answer is what was asked for */
} commands[] = {
	{"pause", 0, 0, false, false}, {"resume", 0, 0, false, false}, {"snapshot", 0, 1, false, true},
	{"mark", 1, 1, false, false}, {"stop", 0, 0, true, true}, {"status", 0, 0, false, true},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static size_t find_command(const char *name)
{
	size_t i = 0;

	while (i < COMMANDS && strcmp(commands[i].name, name) != 0)
		i++;
	return i;
}

bool control_words_valid(char *const *words, char *reason, size_t reason_bytes)
{
	size_t i = words && words[0] ? find_command(words[0]) : COMMANDS;
	unsigned texts = 0;

	if (i == COMMANDS) {
		snprintf(reason, reason_bytes, "--control takes pause, resume, snapshot [NAME], mark TEXT, stop or status%s%.40s%s",
		         words && words[0] ? ", not '" : "", words && words[0] ? words[0] : "", words && words[0] ? "'" : "");
		return false;
	}
	while (words[texts + 1])
		texts++;
	if (texts < commands[i].least || texts > commands[i].most) {
		snprintf(reason, reason_bytes, "--control: %s takes %s", commands[i].name,
		         commands[i].most == 0 ? "nothing more" : commands[i].least ? "one text" : "one name at most");
		return false;
	}
	if (texts && strlen(words[1]) > CONTROL_TEXT_BYTES) {
		snprintf(reason, reason_bytes, "--control: a text has %u bytes at most", CONTROL_TEXT_BYTES);
		return false;
	}
	return true;
}

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_list(format, args);
	va_end(args);
	return MS_EXIT_FAILURE;
}

/* A connection to the recorder of the trace; -1: said why not. */
static int reach(const char *trace)
{
	struct sockaddr_un address;
	struct stat st;
	socklen_t bytes;
	uid_t user;
	int fd;

	if (stat(trace, &st) != 0) {
		fail("%s: %s", trace, strerror(errno));
		return -1;
	}
	if (!control_address(&st, &address, &bytes)) {
		fail("%s: it is no regular file, so its recorder cannot be reached", trace);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		fail("no socket: %s", strerror(errno));
		return -1;
	}
	/* A full queue of connections is emptied every 20 ms, unless the recorder stands still. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = CONTROL_WAIT_MS / 1000}, sizeof(struct timeval));
	while (connect(fd, (struct sockaddr *)&address, bytes) != 0) {
		if (errno == EINTR)
			continue;
		fail("%s: %s", trace, errno == ECONNREFUSED ? "nobody is recording it: the recording has ended, runs in another network namespace, or has no process "
		     "beside the program (--backend)" :
		     errno == EAGAIN ? "its recorder does not answer" : strerror(errno));
		close(fd);
		return -1;
	}
	user = control_peer(fd);
	if (user != geteuid() && user != 0 && user != st.st_uid) {
		fail("%s: what answers in the name of its recorder belongs to another user", trace);
		close(fd);
		return -1;
	}
	return fd;
}

int control_ask(const char *trace, char *const *words, bool quiet)
{
	char packet[CONTROL_REQUEST_BYTES], answer[CONTROL_ANSWER_BYTES + 1];
	size_t command = find_command(words[0]);
	struct pollfd p = {.events = POLLIN};
	int bytes, status = MS_EXIT_FAILURE;
	ssize_t got;

	bytes = snprintf(packet, sizeof packet, CONTROL_GREETING "%s%s%s", words[0], words[1] ? " " : "", words[1] ? words[1] : "");
	p.fd = reach(trace);
	if (p.fd < 0)
		return MS_EXIT_FAILURE;
	if (send(p.fd, packet, (size_t)bytes, MSG_NOSIGNAL) != bytes) {
		fail("%s: its recorder cannot be asked: %s", trace, strerror(errno));
		goto out;
	}
	do
		got = poll(&p, 1, commands[command].lasts ? -1 : CONTROL_WAIT_MS);
	while (got < 0 && errno == EINTR);
	got = got > 0 ? recv(p.fd, answer, sizeof answer - 1, 0) : got;
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		fail("%s: %s", trace, (p.revents & (POLLIN | POLLHUP)) ? "the recording ended before it answered" : "its recorder does not answer");
	else if (got < 0)
		fail("%s: its recorder does not answer: %s", trace, strerror(errno));
	if (got <= 0)
		goto out;
	answer[got] = '\0';
	if (answer[0] != '+') {
		fail("%s: %s", trace, answer + 1);
		goto out;
	}
	status = 0;
	if (answer[1] && (commands[command].print || !quiet) && !(quiet && commands[command].lasts))
		if (printf("%s\n", answer + 1) < 0 || fflush(stdout) != 0)
			status = fail("cannot write: %s", strerror(errno));
out:
	close(p.fd);
	return status;
}
