/* memscope-trace.c - looks into a trace, checks, repairs and completes it: one sub-command per file cmd_*.c. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "format/version.h"

static const struct command *const commands[] = {
	&command_info, &command_check, &command_repair, &command_symbolize, &command_dump, &command_snapshot, &command_cut, &command_index,
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void print_help(FILE *out)
{
	fputs("Usage: memscope-trace COMMAND [OPTION...] TRACE\n"
	      "Look into a trace of memscope-record; check, repair or complete it, or take a part of it.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-26s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nOptions:\n"
	      "  -h, --help                 Print this help; memscope-trace COMMAND --help has the options of a command\n"
	      "  -V, --version              Print the version\n"
	      "\nExit status: 0 fine, 2 wrong usage, 3 the trace is not readable, 4 the result could not be written.\n",
	      out);
}

static int unknown_command(const char *word, const char *next)
{
	const char *names[COMMAND_COUNT], *near;

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i]->name;
	near = command_nearest(word, names, COMMAND_COUNT);
	fprintf(stderr, "memscope-trace: no command '%s'", word);
	for (size_t i = 0; next && i < COMMAND_COUNT; i++) {
		if (strcmp(next, names[i]) == 0) {
			fprintf(stderr, ": the command comes first, as in memscope-trace %s TRACE\n", next);
			return COMMAND_USAGE;
		}
	}
	if (near)
		fprintf(stderr, "; did you mean '%s'?\n", near);
	else
		fputs(" (memscope-trace --help lists them)\n", stderr);
	return COMMAND_USAGE;
}

int main(int argc, char **argv)
{
	char title[64];

	setlocale(LC_CTYPE, "");
	/* a pager that is closed is no error: writes fail with EPIPE instead, and the output ends there */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		print_help(stderr);
		return COMMAND_USAGE;
	}
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return command_finish_output("memscope-trace");
	}
	if (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0) {
		puts("memscope-trace " MS_VERSION);
		return command_finish_output("memscope-trace");
	}
	if (argv[1][0] == '-') {
		fprintf(stderr, "memscope-trace: unknown option '%s'; the command comes first (memscope-trace --help)\n", argv[1]);
		return COMMAND_USAGE;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(argv[1], commands[i]->name) == 0) {
			snprintf(title, sizeof title, "memscope-trace %s", commands[i]->name);
			argv[1] = title;
			return commands[i]->run(argc - 1, argv + 1);
		}
	}
	return unknown_command(argv[1], argv[2]);
}
