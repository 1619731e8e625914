/* replace_file.c - see replace_file.h. */
#include "replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct ms_error *err, const char *what, const char *path)
{
	return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot %s %s: %s", what, path, strerror(errno));
}

/* A file without a name yet in the folder of the target: who is killed leaves nothing behind. -1: the file system has none, or it could not be
   named later. */
static int open_unnamed(const char *target)
{
	char *folder = strdup(target), *slash = folder ? strrchr(folder, '/') : NULL, path[40];
	int fd;

	if (slash)
		slash[slash == folder] = '\0';
	fd = folder ? open(slash ? folder : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
	free(folder);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd >= 0 && access(path, F_OK) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The name under which it is put into place. */
static int give_name(struct replace_file *r)
{
	char path[40];

	if (!r->unnamed)
		return 0;
	snprintf(path, sizeof path, "/proc/self/fd/%d", r->fd);
	for (unsigned tries = 0; tries < 100; tries++) {
		char *x = r->temporary + strlen(r->temporary) - strlen("XXXXXX.tmp");
		int fd;

		/* a free name */
		memcpy(x, "XXXXXX", 6);
		fd = mkostemps(r->temporary, 4, O_CLOEXEC);
		if (fd < 0)
			return -1;
		close(fd);
		unlink(r->temporary);
		if (linkat(AT_FDCWD, path, AT_FDCWD, r->temporary, AT_SYMLINK_FOLLOW) == 0) {
			r->unnamed = false;
			return 0;
		}
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

int replace_file_open(struct replace_file *r, const char *target, const char *source, struct ms_error *err)
{
	struct stat st, from;

	*r = (struct replace_file){.fd = -1};
	if (source && stat(target, &st) == 0 && stat(source, &from) == 0 && st.st_dev == from.st_dev && st.st_ino == from.st_ino)
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "this is the trace itself, which stays as it is: name another file");
	/* a link stays a link: what it points to is replaced */
	r->target = realpath(target, NULL);
	if (!r->target)
		r->target = strdup(target);
	if (!r->target || asprintf(&r->temporary, "%s.XXXXXX.tmp", r->target) < 0) {
		free(r->target);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a file name");
	}
	if (stat(r->target, &st) == 0 && !S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		goto fail;
	}
	r->fd = open_unnamed(r->target);
	r->unnamed = r->fd >= 0;
	if (!r->unnamed)
		r->fd = mkostemps(r->temporary, 4, O_CLOEXEC);
	if (r->fd < 0)
		goto fail;
	if (stat(r->target, &st) == 0)
		fchmod(r->fd, st.st_mode & 07777);
	ms_stream_init_fd(&r->stream, r->fd);
	return MS_OK;
fail:
	fail(err, "write", target);
	free(r->temporary);
	free(r->target);
	return MS_E_IO;
}

static void release(struct replace_file *r)
{
	if (r->fd >= 0) {
		ms_stream_free(&r->stream);
		close(r->fd);
	}
	free(r->temporary);
	free(r->target);
	*r = (struct replace_file){.fd = -1};
}

/* The name survives a crash only when the folder is synced, too. */
static void sync_folder(const char *path)
{
	char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
	int fd;

	if (slash)
		slash[slash == copy] = '\0';
	fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

int replace_file_commit(struct replace_file *r, struct ms_error *err)
{
	int rc = ms_stream_sync(&r->stream, err);

	if (rc == MS_OK && give_name(r) != 0)
		rc = fail(err, "name", r->target);
	if (rc == MS_OK && rename(r->temporary, r->target) != 0)
		rc = fail(err, "replace", r->target);
	if (rc != MS_OK) {
		replace_file_abandon(r);
		return rc;
	}
	sync_folder(r->target);
	release(r);
	return MS_OK;
}

void replace_file_abandon(struct replace_file *r)
{
	if (r->temporary && !r->unnamed)
		unlink(r->temporary);
	release(r);
}
