/*
 * control_server.h - the recorder's end of the control channel (control_protocol.h): takes requests, hands them on, answers.
 *
 * Nothing here waits. control_look takes at most CONTROL_CONNECTIONS new connections and one packet of each open one; whoever says nothing for
 * CONTROL_PATIENCE_NS, or holds the oldest of too many silent connections, is dropped; an answer that does not fit into the other side's
 * buffer is lost. What is no request is answered as such and never reaches the handler.
 *
 * The handler answers at once, or later by control_answer_waiting: those connections stay open until then (half of the places at most).
 *
 * Ownership: the server belongs to the caller until control_close. A fork must call control_close in the child before it does anything else that
 * lasts (the address would stay taken). Errors: MS_E_IO with the reason. Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_CONTROL_SERVER_H
#define MS_RECORD_CONTROL_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control_protocol.h"
#include "format/errors.h"

#define CONTROL_CONNECTIONS 16u
#define CONTROL_PATIENCE_NS UINT64_C(2000000000)

struct control_request {
	const char *command;             /* NUL-terminated */
	const char *text;                /* NULL = none; text_bytes bytes, no NUL among them */
	size_t text_bytes;
};

struct control_answer {
	bool done, later;                /* later: the rest is not looked at */
	char text[CONTROL_ANSWER_BYTES - 1];
};

typedef void (*control_handler)(void *context, const struct control_request *request, struct control_answer *answer);

struct control_server;

/* trace_fd: the trace file, a regular one. */
int control_open(struct control_server **server, int trace_fd, control_handler handler, void *context, struct ms_error *err);
void control_look(struct control_server *server, uint64_t mono_ns);
/* Nobody new is let in, silent connections are dropped, those that wait for an answer stay. */
void control_shut(struct control_server *server);
void control_answer_waiting(struct control_server *server, bool done, const char *text);
void control_close(struct control_server *server); /* NULL allowed */

#endif
