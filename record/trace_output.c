#include "trace_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/container.h"

/* Something other than a trace, as the program is in `memscope-record -o ./program argument`. What cannot be read is not told apart. */
static bool holds_other_data(const char *path)
{
	char head[8];
	struct stat st;
	ssize_t n = -1;
	int fd = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	if (fd >= 0) {
		n = read(fd, head, sizeof head);
		close(fd);
	}
	return n > 0 && (n < (ssize_t)sizeof head || memcmp(head, MS_FILE_MAGIC, sizeof head) != 0);
}

int output_open(const char *path, int *fd, bool *regular, struct ms_error *err)
{
	struct stat st;

	if (holds_other_data(path))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write %s: it exists and is no trace: name another file, or remove it", path);
	/* A pipe that nobody reads is refused, instead of waiting for somebody. */
	*fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (*fd < 0)
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write %s: %s", path, strerror(errno));
	*regular = fstat(*fd, &st) == 0 && S_ISREG(st.st_mode);
	(void)fcntl(*fd, F_SETFL, fcntl(*fd, F_GETFL) & ~O_NONBLOCK);
	/* An older file keeps its mode, and the umask takes nothing that matters: set it. */
	if (*regular)
		(void)fchmod(*fd, 0600);
	return MS_OK;
}
