/* memscope-query.c - SQL over a trace: options, one statement, its rows. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "analyze/query/query.h"
#include "format/trace_reader.h"
#include "format/version.h"
#include "render/output.h"
#include "render/tools/index_option.h"
#include "render/tools/query_examples.h"
#include "render/tools/query_output.h"

enum { STATUS_FINE = 0, STATUS_USAGE = 2, STATUS_UNREADABLE = 3, STATUS_UNFINISHED = 4 };

enum { KEY_FORMAT = 256, KEY_TIMEOUT, KEY_ROWS, KEY_MEMORY, KEY_USAGE };

#define TABLE_ROWS 1000
#define MEMORY_BYTES (UINT64_C(2048) << 20)

static const struct argp_option option_table[] = {
	{"format", KEY_FORMAT, "FORMAT", 0, "table (the default), csv, json, jsonl", 1},
	{"output", 'o', "FILE", 0, "Where the rows go (default: standard output)", 1},
	{"max-rows", KEY_ROWS, "N", 0, "Stop after N rows, 0 = never (default: 1000 in a table, else never)", 2},
	{"timeout", KEY_TIMEOUT, "SECONDS", 0, "Give up after so long, 0 = never (default)", 2},
	{"max-memory", KEY_MEMORY, "MIB", 0, "Give up when sorting and grouping need more, 0 = never (default: 2048)", 2},
	{"quiet", 'q', NULL, 0, "No notes on standard error", 3},
	{"verbose", 'v', NULL, 0, "Say how many events were read for the answer", 3},
	{"help", 'h', NULL, 0, "Print this help", 3},
	{"usage", KEY_USAGE, NULL, 0, "Print the options in short", 3},
	{"version", 'V', NULL, 0, "Print the version", 3},
	{0},
};

struct settings {
	const char *words[2];            /* the trace, the statement */
	unsigned word_count;
	const char *output;
	enum query_format format;
	bool rows_given, quiet, verbose;
	uint64_t max_rows, timeout_ns, max_memory_bytes;
	struct index_option index;
};

static const char *const formats[] = {[QUERY_TABLE] = "table", [QUERY_CSV] = "csv", [QUERY_JSON] = "json", [QUERY_JSONL] = "jsonl"};

static void print_tables(FILE *out);
static void print_examples(FILE *out);

static void parse_format(struct argp_state *state, struct settings *s, const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(name, formats[i]) == 0) {
			s->format = (enum query_format)i;
			return;
		}
	argp_error(state, "no format is named '%s': there are table, csv, json, jsonl", name);
}

static double positive(struct argp_state *state, const char *option, const char *text, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (!((*text >= '0' && *text <= '9') || *text == '.') || *end || end == text || !(value <= most))
		argp_error(state, "--%s takes a number from 0 to %.0f, not '%s'", option, most, text);
	return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct settings *s = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &s->index;
		break;
	case KEY_FORMAT:
		parse_format(state, s, arg);
		break;
	case 'o':
		s->output = arg;
		break;
	case KEY_ROWS:
		s->max_rows = (uint64_t)positive(state, "max-rows", arg, 1e15);
		s->rows_given = true;
		break;
	case KEY_TIMEOUT:
		s->timeout_ns = (uint64_t)(positive(state, "timeout", arg, 1e9) * 1e9);
		break;
	case KEY_MEMORY:
		s->max_memory_bytes = (uint64_t)(positive(state, "max-memory", arg, 1e9) * 1048576);
		break;
	case 'v':
		s->verbose = true;
		break;
	case 'q':
		s->quiet = true;
		break;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC);
		fputs("\nTables:\n", stdout); /* not through argp, which would fold the lines */
		print_tables(stdout);
		fputs("\nExamples:\n", stdout);
		print_examples(stdout);
		exit(STATUS_FINE);
	case KEY_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		break;
	case 'V':
		printf("memscope-query %s\n", MS_VERSION);
		exit(STATUS_FINE);
	case ARGP_KEY_ARG:
		if (s->word_count == 2)
			argp_error(state, "one trace and one statement in quotes: '%s' is too much", arg);
		s->words[s->word_count++] = arg;
		break;
	case ARGP_KEY_END:
		if (s->word_count == 1 && s->words[0][0] == '.')
			break; /* .tables and .schema need no trace */
		if (s->word_count == 0)
			argp_error(state, "no trace is given");
		if (s->word_count == 1)
			argp_error(state, "no statement is given, as in: memscope-query %s 'SELECT * FROM totals'", s->words[0]);
		if (!s->rows_given && s->format == QUERY_TABLE)
			s->max_rows = TABLE_ROWS;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* ---- .tables, .schema, .examples ---------------------------------------------------------------------------------- */

static size_t argument_count(size_t table, const struct ms_query_table *t)
{
	struct ms_query_column c;
	size_t n = 0;

	for (size_t i = 0; i < t->column_count; i++)
		n += ms_query_table_column(table, i, &c) && c.argument;
	return n;
}

static void print_name(FILE *out, size_t table, const struct ms_query_table *t)
{
	struct ms_query_column c;
	size_t arguments = argument_count(table, t);

	fputs(t->name, out);
	for (size_t i = t->column_count - arguments; i < t->column_count; i++) {
		ms_query_table_column(table, i, &c);
		fprintf(out, "%s%s", i == t->column_count - arguments ? "(" : ", ", c.name);
	}
	if (arguments)
		putc(')', out);
}

static void print_tables(FILE *out)
{
	struct ms_query_table t;

	for (size_t i = 0; ms_query_table(i, &t); i++) {
		char *name = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&name, &size);

		if (!f)
			return;
		print_name(f, i, &t);
		if (fclose(f) == 0)
			fprintf(out, "%-28s %s\n", name, t.summary);
		free(name);
	}
}

/* only: NULL = all. false: there is no such table. */
static bool print_schema(FILE *out, const char *only)
{
	struct ms_query_table t;
	struct ms_query_column c;
	bool any = false;

	for (size_t i = 0; ms_query_table(i, &t); i++) {
		if (only && strcmp(only, t.name) != 0)
			continue;
		fprintf(out, "%s-- %s\n", any ? "\n" : "", t.summary);
		print_name(out, i, &t);
		putc('\n', out);
		for (size_t k = 0; k < t.column_count && ms_query_table_column(i, k, &c); k++)
			fprintf(out, "    %-20s %-8s %s%s\n", c.name, c.type, c.argument ? "argument: " : "", c.summary);
		any = true;
	}
	return any;
}

static void print_examples(FILE *out)
{
	for (size_t i = 0; i < query_example_count; i++)
		fprintf(out, "-- %zu. %s\n%s;\n", i + 1, query_examples[i].question, query_examples[i].sql);
}

static int dot_command(const char *text)
{
	if (strcmp(text, ".tables") == 0) {
		print_tables(stdout);
	} else if (strcmp(text, ".examples") == 0) {
		print_examples(stdout);
	} else if (strcmp(text, ".schema") == 0) {
		print_schema(stdout, NULL);
	} else if (strncmp(text, ".schema ", 8) != 0) {
		fprintf(stderr, "memscope-query: '%s': there are .tables, .schema, .schema TABLE, .examples\n", text);
		return STATUS_USAGE;
	} else if (!print_schema(stdout, text + 8 + strspn(text + 8, " "))) {
		fprintf(stderr, "memscope-query: there is no table '%s': see .tables\n", text + 8);
		return STATUS_USAGE;
	}
	if (fflush(stdout) == 0)
		return STATUS_FINE;
	fprintf(stderr, "memscope-query: standard output: %s\n", strerror(errno));
	return STATUS_UNFINISHED;
}

static const struct argp_child children[] = {{&index_option_argp, 0, NULL, 2}, {0}};

static const struct argp argp = {
	option_table, parse, "TRACE 'SELECT ...'",
	"Ask a trace of memscope-record in SQL (SQLite's). The tables are read from the trace itself; conditions on time, event, block id "
	"and moment lead straight to the part of the trace that matters.\v"
	"Instead of SQL: .tables, .schema, .schema TABLE, .examples (also without a trace). Times are nanoseconds since the start of the "
	"recording, sizes bytes requested. Only SELECT (and WITH) is allowed.\n\n"
	"Exit status: 0 fine, 2 wrong usage or SQL, 3 the trace is not readable (or a part of it that the answer needs), 4 not finished: "
	"a limit of time or memory, interrupted, output not written.", children, NULL, NULL,
};

/* ---- main --------------------------------------------------------------------------------------------------------- */

static struct ms_query *running;

static void interrupt(int signal_number)
{
	(void)signal_number;
	ms_query_interrupt(running);
}

static void say(const char *file, const struct ms_error *err)
{
	bool named = strstr(err->message, file) != NULL; /* "cannot open FILE: ..." */

	fprintf(stderr, "memscope-query: %s%s%s", named ? "" : file, named ? "" : ": ", err->message);
	if (err->offset != MS_NO_OFFSET)
		fprintf(stderr, " (offset %" PRIu64 ")", err->offset);
	putc('\n', stderr);
}

static int status_of(int rc)
{
	switch (rc) {
	case MS_OK:
		return STATUS_FINE;
	case MS_E_ARGUMENT:
	case MS_E_NOT_FOUND:
		return STATUS_USAGE;
	case MS_E_NOMEM:
	case MS_E_LIMIT:
	case MS_E_CANCELLED:
		return STATUS_UNFINISHED;
	default:
		return STATUS_UNREADABLE;
	}
}

/* *cut: there were more rows than asked for. */
static int print_rows(const struct settings *s, struct ms_query *q, struct query_output *o, bool *cut, struct ms_error *err)
{
	struct ms_error ignored;
	bool row = true;
	int rc = ms_query_step(q, &row, err);

	if (rc) /* of a question that fails at once no header is printed */
		return rc;
	rc = query_output_begin(o, q, err);
	while (rc == MS_OK && row && !ferror(o->out)) {
		*cut = s->max_rows && o->rows == s->max_rows;
		if (*cut)
			break;
		rc = query_output_row(o, q, err);
		if (rc == MS_OK)
			rc = ms_query_step(q, &row, err);
	}
	if (query_output_end(o, q, rc ? &ignored : err) && rc == MS_OK)
		rc = MS_E_NOMEM;
	return rc;
}

static int run(const struct settings *s, struct ms_query *q)
{
	struct query_output o = {.format = s->format};
	struct ms_output out;
	struct ms_error err, out_err;
	struct winsize size;
	bool cut = false;
	int rc = ms_query_prepare(q, s->words[1], &err), closed_early = 0;

	if (rc) {
		say(s->words[0], &err);
		return status_of(rc);
	}
	if (ms_output_open(&out, s->output, &out_err)) {
		fprintf(stderr, "memscope-query: %s\n", out_err.message);
		return STATUS_UNFINISHED;
	}
	o.out = out.file;
	o.terminal = isatty(fileno(out.file));
	o.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (o.terminal && ioctl(fileno(out.file), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		o.width = size.ws_col;
	rc = print_rows(s, q, &o, &cut, &err);
	if (rc && s->output && strcmp(s->output, "-") != 0) {
		ms_output_discard(&out); /* a file is whole or not there */
	} else if (ms_output_commit(&out, &closed_early, &out_err)) {
		fprintf(stderr, "memscope-query: %s\n", out_err.message);
		return STATUS_UNFINISHED;
	}
	if (rc)
		say(s->words[0], &err);
	else if (cut && !s->quiet)
		fprintf(stderr, "memscope-query: there are more than %" PRIu64 " rows: --max-rows=0 shows all\n", s->max_rows);
	return status_of(rc);
}

int main(int argc, char **argv)
{
	struct settings s = {.format = QUERY_TABLE, .max_memory_bytes = MEMORY_BYTES};
	struct ms_query_options options = {0};
	struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
	struct ms_trace *trace = NULL;
	struct ms_error err;
	bool unwritten = false;
	int status, rc;

	setlocale(LC_CTYPE, "");
	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &s);
	signal(SIGPIPE, SIG_IGN);
	if (s.words[s.word_count - 1][0] == '.')
		return dot_command(s.words[s.word_count - 1]);
	rc = ms_trace_open(&trace, s.words[0], &err);
	if (rc == MS_OK) {
		rc = index_option_use(&s.index, trace, s.words[0], "memscope-query", s.verbose && !s.quiet, NULL, NULL, &err);
		unwritten = index_option_unwritten(rc);
	}
	options.file = s.words[0];
	options.timeout_ns = s.timeout_ns;
	options.max_memory_bytes = s.max_memory_bytes;
	if (rc == MS_OK)
		rc = ms_query_open(&running, trace, &options, &err);
	if (rc) {
		say(s.words[0], &err);
		if (!trace && (strncasecmp(s.words[0], "select", 6) == 0 || strncasecmp(s.words[0], "with", 4) == 0))
			fputs("memscope-query: the trace comes first, then the statement\n", stderr);
		ms_trace_close(trace);
		return unwritten || rc == MS_E_NOMEM ? STATUS_UNFINISHED : STATUS_UNREADABLE;
	}
	if (ms_trace_damage(trace) && !s.quiet) {
		fputs("memscope-query: what stands before the damage is answered from: ", stderr);
		say(s.words[0], ms_trace_damage(trace));
	}
	sigaction(SIGINT, &action, NULL);
	status = run(&s, running);
	if (s.verbose && !s.quiet)
		fprintf(stderr, "memscope-query: %" PRIu64 " events read, the trace has %" PRIu64 "\n", ms_trace_events_read(trace),
		        ms_trace_event_count(trace));
	signal(SIGINT, SIG_DFL);
	ms_query_close(running);
	ms_trace_close(trace);
	return status;
}
