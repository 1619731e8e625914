/*
 * control_protocol.h - how `memscope-record --control` and the recorder of a trace find each other, and what they say.
 *
 * Address: an abstract socket of the kernel (unix(7)), of type SOCK_SEQPACKET, whose name is made of device and inode of the trace file. So
 * it is found by the trace alone, under whatever path; nothing lies beside the trace, nothing is left when the recorder is killed, and a
 * name that answers belongs to a living recorder. Both sides must be in one network namespace.
 *
 * Who may: the kernel says who is at the other end (SO_PEERCRED). The recorder obeys its own user and root; the asking side talks to nobody
 * but its own user, root and the owner of the trace, because anybody may take any abstract name first.
 *
 * Talk: one packet each way, one command per connection. Request: CONTROL_GREETING, a command, and with a text a blank and the text: any
 * bytes but NUL, CONTROL_TEXT_BYTES at most. Answer: '+' (done) or '-' (refused), and one line of text without its end.
 *
 * Errors: control_address: false when it is no regular file or not to be had. Thread-safety: reentrant. Signal-safe.
 */
#ifndef MS_RECORD_CONTROL_PROTOCOL_H
#define MS_RECORD_CONTROL_PROTOCOL_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CONTROL_GREETING "memscope-1 "
#define CONTROL_TEXT_BYTES 2000u     /* as MEMSCOPE_MARK_BYTES: what a program may say */
#define CONTROL_REQUEST_BYTES 2048u  /* greeting, command, text */
#define CONTROL_ANSWER_BYTES 1024u

bool control_address(const struct stat *trace, struct sockaddr_un *address, socklen_t *bytes);

/* The user at the other end of a connected socket; (uid_t)-1 = not known. */
uid_t control_peer(int fd);

#endif
