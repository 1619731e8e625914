#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"

#ifndef MS_LIBRARY_FOLDER
#define MS_LIBRARY_FOLDER "/usr/local/lib"
#endif
#define SHELL "/bin/sh"
#define ARENA_FD_MOST 1000   /* the program's copy of the arena's descriptor is the highest free one up to here */

extern char **environ;

void launch_hold_standard(bool closed_std[3])
{
	for (int fd = 0; fd < 3; fd++) {
		closed_std[fd] = fcntl(fd, F_GETFD) < 0 && errno == EBADF;
		/* The lowest free number is this one. */
		if (closed_std[fd] && open("/dev/null", O_RDWR | O_CLOEXEC) < 0)
			closed_std[fd] = false;
	}
}

/* ---- the library ------------------------------------------------------------------------------------------------- */

static bool our_folder(char folder[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	char *slash;

	if (n > 0) {
		folder[n] = '\0';
	} else { /* no /proc: the name that we were executed by */
		const char *name = (const char *)getauxval(AT_EXECFN); // NOLINT: an address by definition
		if (!name || !realpath(name, folder))
			return false;
	}
	slash = strrchr(folder, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static int find_library(const char *library, bool preloaded, char path[PATH_MAX], struct ms_error *err)
{
	char folder[PATH_MAX], candidate[PATH_MAX];
	bool known = our_folder(folder);
	const struct { const char *folder, *below; } places[] = {
		{known ? folder : NULL, "/../lib"}, {known ? folder : NULL, ""}, {MS_LIBRARY_FOLDER, ""},
	};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (!places[i].folder ||
		    snprintf(candidate, sizeof candidate, "%s%s/%s", places[i].folder, places[i].below, library) >=
		            (int)sizeof candidate ||
		    access(candidate, R_OK) != 0 || !realpath(candidate, path))
			continue;
		if (preloaded && strpbrk(path, " :"))
			return ms_fail(err, MS_E_UNSUPPORTED, MS_NO_OFFSET,
			               "%s cannot be preloaded: the dynamic linker takes spaces and colons in its path as separators",
			               path);
		return MS_OK;
	}
	return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "%s is not installed next to this program", library);
}

int launch_find_library(bool guard, char path[PATH_MAX], struct ms_error *err)
{
	return find_library(guard ? "libmemscope-guard.so" : "libmemscope-preload.so", true, path, err);
}

int launch_find_attach_library(char path[PATH_MAX], struct ms_error *err)
{
	return find_library("libmemscope-attach.so", false, path, err);
}

int launch_find_tool(const char *name, char path[PATH_MAX], struct ms_error *err)
{
	char folder[PATH_MAX];

	if (our_folder(folder) && snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX && access(path, X_OK) == 0)
		return MS_OK;
	return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "%s is not installed next to this program", name);
}

/* ---- in the child, between fork and exec ------------------------------------------------------------------------- */

static int high_fd(int fd)
{
	struct rlimit limit;
	int from = ARENA_FD_MOST, copy;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= (rlim_t)from)
		from = limit.rlim_cur > 3 ? (int)limit.rlim_cur - 1 : 3;
	while ((copy = fcntl(fd, F_DUPFD, from)) < 0 && from > 3)
		from -= from > 19 ? 16 : 1;
	return copy;
}

static void set_environment(const struct launch *l)
{
	const char *old = getenv("LD_PRELOAD");
	char *preload = NULL, *place = NULL;
	int fd = high_fd(l->arena->fd);

	if (asprintf(&preload, "%s%s%s", l->library, old && *old ? ":" : "", old ? old : "") >= 0)
		setenv("LD_PRELOAD", preload, 1);
	if (asprintf(&place, "%d:%llu:/proc/%ld/fd/%d", fd, (unsigned long long)l->arena->inode, (long)getppid(),
	             l->arena->fd) >= 0)
		setenv(MS_ENV_ARENA, place, 1);
	free(preload);
	free(place);
}

static void execute(const struct launch *l)
{
	execve(l->program->path, l->arguments, environ);
	if (errno == ENOEXEC) { /* as execvp does: a script without #! */
		size_t n = 0;
		char **arguments;

		while (l->arguments[n])
			n++;
		arguments = calloc(n + 2, sizeof *arguments);
		if (arguments) {
			arguments[0] = (char *)(uintptr_t)SHELL;
			arguments[1] = (char *)(uintptr_t)l->program->path;
			for (size_t i = 1; i < n; i++)
				arguments[i + 1] = l->arguments[i];
			execve(SHELL, arguments, environ);
		}
		errno = ENOEXEC;
	}
}

static void child(const struct launch *l, int go, int error)
{
	char byte;
	int reason;

	if (read(go, &byte, 1) != 1)
		_exit(MS_EXIT_FAILURE); /* called off, or the recorder died */
	for (int fd = 0; fd < 3; fd++)
		if (l->closed_std[fd])
			close(fd);
	if (l->arena)
		set_environment(l);
	signals_restore(l->signals);
	execute(l);
	reason = errno;
	(void)!write(error, &reason, sizeof reason);
	_exit(MS_EXIT_NOT_EXECUTABLE);
}

/* ---- in the parent ----------------------------------------------------------------------------------------------- */

int launch_fork(struct launch *l, struct ms_error *err)
{
	int go[2], error[2];

	l->pid = -1;
	if (pipe2(go, O_CLOEXEC) != 0)
		goto fail_go;
	if (pipe2(error, O_CLOEXEC) != 0)
		goto fail_error;
	l->pid = fork();
	if (l->pid < 0)
		goto fail_fork;
	if (l->pid == 0) {
		close(go[1]);
		close(error[0]);
		child(l, go[0], error[1]);
	}
	close(go[0]);
	close(error[1]);
	l->go_fd = go[1];
	l->error_fd = error[0];
	return MS_OK;

fail_fork:
	close(error[0]);
	close(error[1]);
fail_error:
	close(go[0]);
	close(go[1]);
fail_go:
	return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot start a process: %s", strerror(errno));
}

int launch_go(struct launch *l, int *exec_errno, struct ms_error *err)
{
	ssize_t n = write(l->go_fd, "", 1);

	*exec_errno = 0;
	close(l->go_fd);
	if (n == 1)
		do
			n = read(l->error_fd, exec_errno, sizeof *exec_errno); /* 0: closed by the exec */
		while (n < 0 && errno == EINTR);
	close(l->error_fd);
	if (n == (ssize_t)sizeof *exec_errno) {
		waitpid(l->pid, NULL, 0);
		return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "%s: %s", l->program->path, strerror(*exec_errno));
	}
	return MS_OK;
}

void launch_cancel(struct launch *l)
{
	close(l->go_fd);
	close(l->error_fd);
	waitpid(l->pid, NULL, 0);
}
