/* control_server.c - see control_server.h. */
#include "control_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct connection {
	int fd;                          /* -1 = free */
	bool waiting;                    /* for control_answer_waiting */
	uint64_t since_ns;
};

struct control_server {
	int fd;                          /* -1 = shut */
	control_handler handler;
	void *context;
	struct connection connections[CONTROL_CONNECTIONS];
};

int control_open(struct control_server **server, int trace_fd, control_handler handler, void *context, struct ms_error *err)
{
	struct control_server *s = malloc(sizeof *s);
	struct sockaddr_un address;
	socklen_t bytes;
	struct stat st;

	*server = NULL;
	if (!s)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the control channel");
	*s = (struct control_server){.fd = -1, .handler = handler, .context = context};
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		s->connections[i].fd = -1;
	if (fstat(trace_fd, &st) != 0 || !control_address(&st, &address, &bytes)) {
		ms_fail(err, MS_E_IO, MS_NO_OFFSET, "the trace is no regular file");
		goto fail;
	}
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&address, bytes) != 0 || listen(s->fd, CONTROL_CONNECTIONS) != 0) {
		ms_fail(err, MS_E_IO, MS_NO_OFFSET, "%s", strerror(errno));
		goto fail;
	}
	*server = s;
	return MS_OK;

fail:
	control_close(s);
	return err->code;
}

static void drop(struct connection *c)
{
	close(c->fd);
	*c = (struct connection){.fd = -1};
}

static void answer(struct connection *c, bool done, const char *text)
{
	char packet[CONTROL_ANSWER_BYTES + 1];
	int bytes = snprintf(packet, sizeof packet, "%c%s", done ? '+' : '-', text);

	if (bytes >= (int)sizeof packet)
		bytes = sizeof packet - 1;
	(void)send(c->fd, packet, (size_t)bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
	drop(c);
}

/* A free place, or that of the connection that has said nothing for the longest time; NULL: all wait for an answer. */
static struct connection *place(struct control_server *s)
{
	struct connection *oldest = NULL;

	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++) {
		struct connection *c = &s->connections[i];

		if (c->fd < 0)
			return c;
		if (!c->waiting && (!oldest || c->since_ns < oldest->since_ns))
			oldest = c;
	}
	if (oldest)
		drop(oldest);
	return oldest;
}

static void let_in(struct control_server *s, uint64_t mono_ns)
{
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		uid_t user;
		struct connection *c;

		if (fd < 0)
			return;
		user = control_peer(fd);
		if (user != geteuid() && user != 0) { /* takes no place from those who may */
			struct connection stranger = {.fd = fd};

			answer(&stranger, false, "this recording belongs to another user");
			continue;
		}
		c = place(s);
		if (!c) {
			close(fd);
			return;
		}
		*c = (struct connection){.fd = fd, .since_ns = mono_ns};
	}
}

static size_t waiting(const struct control_server *s)
{
	size_t n = 0;

	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		n += s->connections[i].waiting;
	return n;
}

/* packet has room for one more byte. */
static bool take_apart(char *packet, size_t bytes, struct control_request *r)
{
	const size_t greeting = sizeof CONTROL_GREETING - 1;
	char *blank;

	packet[bytes] = '\0';
	if (bytes <= greeting || memcmp(packet, CONTROL_GREETING, greeting) != 0 || memchr(packet, '\0', bytes))
		return false;
	blank = strchr(packet + greeting, ' ');
	*r = (struct control_request){.command = packet + greeting};
	if (blank) {
		*blank = '\0';
		r->text = blank + 1;
		r->text_bytes = bytes - (size_t)(r->text - packet);
	}
	return r->text_bytes <= CONTROL_TEXT_BYTES;
}

/* What the connection has sent; nothing yet: false. */
static void hear(struct control_server *s, struct connection *c, uint64_t mono_ns)
{
	char packet[CONTROL_REQUEST_BYTES + 1];
	ssize_t bytes = recv(c->fd, packet, CONTROL_REQUEST_BYTES, MSG_DONTWAIT | MSG_TRUNC);
	struct control_request request;
	struct control_answer a = {0};

	if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (!c->waiting && mono_ns - c->since_ns > CONTROL_PATIENCE_NS)
			drop(c);
		return;
	}
	if (bytes <= 0 || c->waiting) {
		drop(c); /* gone, or says more than one thing */
		return;
	}
	if (bytes > (ssize_t)CONTROL_REQUEST_BYTES || !take_apart(packet, (size_t)bytes, &request)) {
		answer(c, false, "this is no request that is understood here");
		return;
	}
	s->handler(s->context, &request, &a);
	if (!a.later)
		answer(c, a.done, a.text);
	else if (waiting(s) < CONTROL_CONNECTIONS / 2)
		c->waiting = true;
	else
		answer(c, false, "too many wait already");
}

void control_look(struct control_server *s, uint64_t mono_ns)
{
	if (s->fd < 0)
		return;
	let_in(s, mono_ns);
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		if (s->connections[i].fd >= 0)
			hear(s, &s->connections[i], mono_ns);
}

void control_shut(struct control_server *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		if (s->connections[i].fd >= 0 && !s->connections[i].waiting)
			drop(&s->connections[i]);
}

void control_answer_waiting(struct control_server *s, bool done, const char *text)
{
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		if (s->connections[i].waiting)
			answer(&s->connections[i], done, text);
}

void control_close(struct control_server *s)
{
	if (!s)
		return;
	control_shut(s);
	for (size_t i = 0; i < CONTROL_CONNECTIONS; i++)
		if (s->connections[i].fd >= 0)
			drop(&s->connections[i]);
	free(s);
}
