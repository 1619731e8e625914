/* output.c - see output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/container.h"

static int fail(struct ms_error *err, const char *what, const char *path)
{
	return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot %s %s: %s", what, path ? path : "standard output",
	               strerror(errno));
}

/* Does the file begin as traces and their indexes do? What cannot be read does not. */
static bool is_trace(const char *path)
{
	char head[8];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head);

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)sizeof head && memcmp(head, MS_FILE_MAGIC, sizeof head) == 0;
}

int ms_output_open(struct ms_output *o, const char *path, struct ms_error *err)
{
	struct stat st;
	int fd;

	memset(o, 0, sizeof *o);
	if (!path || strcmp(path, "-") == 0) {
		o->file = stdout;
		return MS_OK;
	}
	o->path = path;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
	} else if (is_trace(path)) {
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "%s holds a trace, which a report does not replace: name another file", path);
	} else {
		if (asprintf(&o->temporary, "%s.XXXXXX", path) < 0) {
			o->temporary = NULL;
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a file name");
		}
		fd = mkostemp(o->temporary, O_CLOEXEC);
		if (fd < 0) {
			free(o->temporary);
			o->temporary = NULL;
		}
	}
	if (fd < 0)
		return fail(err, "create", path);
	o->file = fdopen(fd, "w");
	if (!o->file) {
		close(fd);
		ms_output_discard(o);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to write %s", path);
	}
	return MS_OK;
}

int ms_output_commit(struct ms_output *o, int *closed_early, struct ms_error *err)
{
	int rc = MS_OK;

	if (closed_early)
		*closed_early = 0;
	if (fflush(o->file) || ferror(o->file)) {
		if (errno == EPIPE && !o->temporary && closed_early)
			*closed_early = 1;
		else
			rc = fail(err, "write", o->path);
	} else if (o->temporary && fsync(fileno(o->file))) {
		rc = fail(err, "write", o->path);
	}
	if (o->file != stdout && fclose(o->file) && rc == MS_OK && o->temporary)
		rc = fail(err, "write", o->path);
	o->file = NULL;
	if (rc == MS_OK && o->temporary && rename(o->temporary, o->path))
		rc = fail(err, "rename the finished report to", o->path);
	if (rc == MS_OK) {
		free(o->temporary);
		o->temporary = NULL;
	}
	ms_output_discard(o);
	return rc;
}

void ms_output_discard(struct ms_output *o)
{
	if (o->file && o->file != stdout)
		fclose(o->file);
	if (o->temporary)
		unlink(o->temporary);
	free(o->temporary);
	memset(o, 0, sizeof *o);
}
