/* commands.c - see commands.h. */
#include "commands.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/version.h"
#include "render/escape.h"

enum { KEY_USAGE = 1 << 20 };

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	switch (key) {
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case 'V':
		puts("memscope-trace " MS_VERSION);
		exit(COMMAND_OK);
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option common_table[] = {
	{"help", 'h', NULL, 0, "Print this help", -1},
	{"usage", KEY_USAGE, NULL, OPTION_HIDDEN, "Print a short usage message", -1},
	{"version", 'V', NULL, 0, "Print the version", -1},
	{0},
};
static const struct argp common_argp = {.options = common_table, .parser = parse_common};
const struct argp_child command_common_options[] = {{&common_argp, 0, NULL, 0}, {0}};

error_t command_take_trace(int key, char *arg, struct argp_state *state, const char **trace)
{
	switch (key) {
	case ARGP_KEY_ARG:
		if (*trace)
			argp_error(state, "one trace at a time");
		*trace = arg;
		return 0;
	case ARGP_KEY_END:
		if (!*trace)
			argp_error(state, "which trace?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

void command_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	argp_err_exit_status = COMMAND_USAGE;
	if (argp_parse(argp, argc, argv, ARGP_NO_HELP, NULL, input) != 0)
		exit(COMMAND_USAGE);
}

static void print_error(const char *command, const char *file, const char *prefix, const struct ms_error *err)
{
	fprintf(stderr, "%s: ", command);
	if (!strstr(err->message, file)) { /* "cannot open FILE: ..." */
		ms_escape_text(stderr, file);
		fputs(": ", stderr);
	}
	fputs(prefix, stderr);
	ms_escape_text(stderr, err->message[0] ? err->message : ms_strerror(err->code));
	if (err->offset != MS_NO_OFFSET)
		fprintf(stderr, " (at offset %lu)", (unsigned long)err->offset);
	fputc('\n', stderr);
}

int command_unreadable(const char *command, const char *file, const struct ms_error *err)
{
	fflush(stdout);
	print_error(command, file, "", err);
	return COMMAND_UNREADABLE;
}

int command_unwritable(const char *command, const char *file, const struct ms_error *err)
{
	fflush(stdout);
	print_error(command, file, "", err);
	return COMMAND_FAILED;
}

void command_warn_damage(const char *command, const char *file, const struct ms_error *err)
{
	if (err)
		print_error(command, file, "warning: damaged: ", err);
}

int command_finish_output(const char *command)
{
	struct pollfd out = {.fd = STDOUT_FILENO};
	int error;

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return COMMAND_OK;
	error = errno;
	/* the failed write may lie far back: a pipe without a reader says so itself */
	if (error == EPIPE || (poll(&out, 1, 0) == 1 && (out.revents & POLLERR)))
		return COMMAND_OK;
	fprintf(stderr, "%s: cannot write the output: %s\n", command, error ? strerror(error) : "input/output error");
	return COMMAND_FAILED;
}

bool command_parse_time(const char *text, uint64_t *ns)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = {{"", 1}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
	const char *suffix = text + strspn(text, "0123456789.");
	char *end;
	double value;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	if (*suffix == '\0' && !strchr(text, '.')) { /* whole nanoseconds, exactly */
		*ns = strtoull(text, &end, 10);
		return errno == 0;
	}
	value = strtod(text, &end);
	if (end != suffix)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(suffix, units[i].suffix) != 0)
			continue;
		value *= units[i].ns;
		if (value >= 0x1p64)
			return false;
		*ns = (uint64_t)(value + 0.5);
		return true;
	}
	return false;
}

/* Levenshtein distance; long words count as far away. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], n = strlen(b);

	if (n >= 64)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = corner + (a[i - 1] != b[j - 1]);
			size_t gap = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);

			corner = row[j];
			row[j] = change < gap ? change : gap;
		}
	}
	return row[n];
}

const char *command_nearest(const char *word, const char *const *names, size_t count)
{
	const char *best = NULL;
	size_t best_distance = strlen(word) / 3 + 2; /* typing errors, not other words */

	for (size_t i = 0; i < count; i++) {
		size_t d = names[i] ? distance(word, names[i]) : SIZE_MAX;

		/* the beginning of a name is as near as one error */
		if (names[i] && *word && strncmp(word, names[i], strlen(word)) == 0 && d > 1)
			d = 1;
		if (d < best_distance) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}
