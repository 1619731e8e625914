/* control_protocol.c - see control_protocol.h. */
#include "control_protocol.h"

#include <stddef.h>
#include <string.h>

/* By hand: snprintf is not signal-safe. */
static char *put_hex(char *at, unsigned long long value)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[value >> shift & 15];
	return at;
}

bool control_address(const struct stat *trace, struct sockaddr_un *address, socklen_t *bytes)
{
	static const char prefix[] = "memscope-record.";
	char *at = address->sun_path;

	if (!S_ISREG(trace->st_mode))
		return false;
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	*at++ = '\0';
	memcpy(at, prefix, sizeof prefix - 1);
	at = put_hex(at + sizeof prefix - 1, trace->st_dev);
	*at++ = '.';
	at = put_hex(at, trace->st_ino);
	*bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)(at - address->sun_path));
	return true;
}

uid_t control_peer(int fd)
{
	struct ucred peer;
	socklen_t bytes = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 && bytes == sizeof peer ? peer.uid : (uid_t)-1;
}
