/* plot_folder.c - see plot_folder.h. */
#include "plot_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "render/output.h"
#include "render/plot/plot_text.h"

static const char *const pictures[] = {"svg", "png"};
#define PICTURES (sizeof pictures / sizeof *pictures)

static int fail(struct ms_error *err, const char *what, const char *path)
{
	return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot %s %.150s: %s", what, path, strerror(errno));
}

/* FOLDER/NAME.SUFFIX; NULL: no memory. */
static char *path_of(const char *folder, const char *name, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/%s.%s", folder, name, suffix) < 0 ? NULL : path;
}

static int remove_file(const char *folder, const char *name, const char *suffix, struct ms_error *err)
{
	char *path = path_of(folder, name, suffix);
	int rc = MS_OK;

	if (!path)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a file name");
	if (unlink(path) && errno != ENOENT)
		rc = fail(err, "remove", path);
	free(path);
	return rc;
}

/* ---- data and scripts ------------------------------------------------------------------------------------------------ */

static int write_figure(const char *folder, const struct ms_plot *plot, const struct ms_plot_input *input, struct ms_error *err)
{
	char *data_path = path_of(folder, plot->name, "dat"), *script_path = path_of(folder, plot->name, "gp");
	struct ms_output data = {0}, script = {0};
	struct ms_error first;
	int rc;

	if (!data_path || !script_path) {
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a file name");
		goto done;
	}
	rc = ms_output_open(&data, data_path, err);
	if (rc == MS_OK)
		rc = ms_output_open(&script, script_path, err);
	if (rc == MS_OK)
		rc = plot->write(data.file, script.file, input, err);
	if (rc && !(data.file && ferror(data.file)) && !(script.file && ferror(script.file)))
		goto done;
	/* what the streams remember, commit reports with its reason */
	rc = ms_output_commit(&data, NULL, err);
	first = err ? *err : (struct ms_error){0};
	if (rc == MS_OK)
		rc = ms_output_commit(&script, NULL, err);
	else if (err)
		*err = first;
done:
	ms_output_discard(&data);
	ms_output_discard(&script);
	free(data_path);
	free(script_path);
	return rc;
}

/* ---- gnuplot --------------------------------------------------------------------------------------------------------- */

/* The environment, but text is UTF-8 and numbers have points, whatever the user's locale. To be freed; NULL: no memory. */
static char **environment(void)
{
	static char locale[] = "LC_ALL=C.UTF-8";
	size_t count = 0, n = 0;
	char **list;

	while (environ[count])
		count++;
	list = calloc(count + 2, sizeof *list);
	for (size_t i = 0; list && i < count; i++)
		if (strncmp(environ[i], "LC_ALL=", 7) != 0)
			list[n++] = environ[i];
	if (list)
		list[n] = locale;
	return list;
}

/* Runs it in the folder `room` on ../NAME.gp; what it says goes to the descriptor. Returns its status, or -1 with errno. */
static int run_gnuplot(const char *room, const char *name, int messages)
{
	char script[80];
	char *argv[] = {(char *)"gnuplot", (char *)"-d", script, NULL}, **variables = environment();
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	pid_t pid;
	int rc, status;

	if (!variables) {
		errno = ENOMEM;
		return -1;
	}
	snprintf(script, sizeof script, "../%.60s.gp", name);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE); /* ignored here */
	rc = posix_spawnattr_init(&attributes);
	if (rc)
		goto fail;
	rc = posix_spawn_file_actions_init(&actions);
	if (rc) {
		posix_spawnattr_destroy(&attributes);
		goto fail;
	}
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn_file_actions_addchdir_np(&actions, room);
	if (!rc)
		rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, messages, STDOUT_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO);
	if (!rc)
		rc = posix_spawnp(&pid, argv[0], &actions, &attributes, argv, variables);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (rc)
		goto fail;
	free(variables);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
fail:
	free(variables);
	errno = rc;
	return -1;
}

/* What gnuplot said, as one line. */
static int say_failure(struct ms_error *err, const char *folder, const char *name, int status, int messages)
{
	char text[600], clean[160] = "it said nothing", how[40];
	ssize_t n = pread(messages, text, sizeof text - 1, 0);

	if (n > 0) {
		text[n] = '\0';
		for (ssize_t i = 0; i < n; i++)
			if (text[i] == '\n' || text[i] == '\t' || text[i] == '\0')
				text[i] = ' ';
		ms_plot_clean(clean, sizeof clean, text + strspn(text, " "), 100);
	}
	if (WIFSIGNALED(status))
		snprintf(how, sizeof how, "was ended by signal %d", WTERMSIG(status));
	else
		snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(status));
	return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "gnuplot %s on %.60s/%s.gp: %s", how, folder, name, clean);
}

/* From the room into the folder, whole and durable. */
static int take_picture(const char *room, const char *folder, const char *name, const char *suffix, struct ms_error *err)
{
	char *from = path_of(room, name, suffix), *to = path_of(folder, name, suffix);
	struct stat st;
	int fd = -1, rc = MS_OK;

	if (!from || !to) {
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a file name");
		goto done;
	}
	fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st))
		rc = fail(err, "read what gnuplot drew,", from);
	else if (st.st_size == 0)
		rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "gnuplot drew an empty file for %.150s", to);
	else if (fchmod(fd, 0600) || fsync(fd) || rename(from, to))
		rc = fail(err, "write", to);
done:
	if (fd >= 0)
		close(fd);
	free(from);
	free(to);
	return rc;
}

static int draw(const char *room, const char *folder, const struct ms_plot *plot, struct ms_error *err)
{
	char *link = path_of(room, plot->name, "dat"), *messages_path = path_of(room, plot->name, "messages"), target[80];
	int messages = -1, status, rc = MS_OK;

	if (!link || !messages_path) {
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a file name");
		goto done;
	}
	snprintf(target, sizeof target, "../%.60s.dat", plot->name);
	messages = open(messages_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (messages < 0 || symlink(target, link)) {
		rc = fail(err, "create a file in", room);
		goto done;
	}
	status = run_gnuplot(room, plot->name, messages);
	if (status < 0)
		rc = errno == ENOENT || errno == EACCES
		     ? ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "no gnuplot on PATH, so nothing is drawn; data and scripts are in %.80s: cd there and run 'gnuplot %s.gp' where there is one", folder, plot->name)
		     : fail(err, "run", "gnuplot");
	else if (status)
		rc = say_failure(err, folder, plot->name, status, messages);
	for (size_t i = 0; rc == MS_OK && i < PICTURES; i++)
		rc = take_picture(room, folder, plot->name, pictures[i], err);
done:
	if (messages >= 0)
		close(messages);
	if (messages_path)
		unlink(messages_path);
	if (link)
		unlink(link);
	for (size_t i = 0; i < PICTURES; i++) /* what a failure left */
		remove_file(room, plot->name, pictures[i], NULL);
	free(messages_path);
	free(link);
	return rc;
}

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

static int write_all(const char *tool, const char *folder, const struct ms_plot *const *list, size_t count, const struct ms_plot_input *input, bool quiet,
                     bool *drawable, struct ms_error *err)
{
	for (size_t i = 0; i < count; i++) {
		const char *reason = list[i]->missing(input);
		int rc = MS_OK;

		for (size_t k = 0; rc == MS_OK && k < PICTURES; k++)
			rc = remove_file(folder, list[i]->name, pictures[k], err);
		drawable[i] = !reason;
		if (rc == MS_OK && reason) {
			rc = remove_file(folder, list[i]->name, "dat", err);
			if (rc == MS_OK)
				rc = remove_file(folder, list[i]->name, "gp", err);
			if (rc == MS_OK && !quiet)
				fprintf(stderr, "%s: no figure '%s': %s\n", tool, list[i]->name, reason);
		} else if (rc == MS_OK) {
			rc = write_figure(folder, list[i], input, err);
		}
		if (rc)
			return rc;
	}
	return MS_OK;
}

int plot_folder_write(const char *tool, const char *folder, const struct ms_plot *const *list, size_t count, const struct ms_plot_input *input,
                      bool quiet, struct ms_error *err)
{
	bool *drawable = calloc(count + 1, sizeof *drawable);
	char *room = NULL;
	struct stat st;
	int rc = MS_OK;

	if (!drawable || asprintf(&room, "%s/.figures.XXXXXX", folder) < 0) {
		free(drawable);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for figures");
	}
	if (mkdir(folder, 0700) && errno != EEXIST)
		rc = fail(err, "create the folder", folder);
	else if (stat(folder, &st))
		rc = fail(err, "use the folder", folder);
	else if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		rc = fail(err, "use the folder", folder);
	}
	if (rc == MS_OK)
		rc = write_all(tool, folder, list, count, input, quiet, drawable, err);
	if (rc)
		goto done;
	if (!mkdtemp(room)) {
		rc = fail(err, "create a folder in", folder);
		goto done;
	}
	for (size_t i = 0; rc == MS_OK && i < count; i++)
		if (drawable[i])
			rc = draw(room, folder, list[i], err);
	if (rmdir(room) && rc == MS_OK)
		rc = fail(err, "remove", room);
done:
	free(room);
	free(drawable);
	return rc;
}
