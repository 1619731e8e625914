/* cmd_symbolize.c - memscope-trace symbolize: names for the frames of a trace, from the programs and libraries at hand. */
#include <stdio.h>

#include "commands.h"
#include "format/symbolize_trace.h"
#include "format/symbols.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"
#include "replace_file.h"

struct symbolize_options {
	const char *trace, *output;
	struct ms_symbolizer_options symbolizer;
	bool quiet;
};

enum { KEY_DEBUGINFOD = 256, KEY_DEBUG_DIRECTORY, KEY_LIBC_LINES };

static const struct argp_option table[] = {
	{"output", 'o', "FILE", 0, "Write the result to FILE; TRACE itself is replaced without this", 0},
	{"debug-dir", KEY_DEBUG_DIRECTORY, "DIR", 0, "Look for separate debug files in DIR (default /usr/lib/debug)", 0},
	{"debuginfod", KEY_DEBUGINFOD, NULL, 0, "Fetch missing debug files from the servers in $DEBUGINFOD_URLS", 0},
	{"libc-lines", KEY_LIBC_LINES, NULL, 0, "Files and lines of the C library, too, not only its functions' names", 0},
	{"quiet", 'q', NULL, 0, "Do not say what was found", 0},
	{0},
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct symbolize_options *o = state->input;

	switch (key) {
	case 'o':
		o->output = arg;
		return 0;
	case KEY_DEBUG_DIRECTORY:
		o->symbolizer.debug_directory = arg;
		return 0;
	case KEY_DEBUGINFOD:
		o->symbolizer.debuginfod = true;
		return 0;
	case KEY_LIBC_LINES:
		o->symbolizer.c_library_by_name = false;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	}
	return command_take_trace(key, arg, state, &o->trace);
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
	        .options = table,
	        .parser = parse_one,
	        .args_doc = "TRACE",
	        .doc = "Look up the functions, files and lines of the frames in TRACE, and the types of tracked variables, and store them in it. A program or library is used "
	               "when its build-id is the recorded one; what is not found keeps the names that it has.",
	        .children = command_common_options,
	};
	struct symbolize_options o = {.symbolizer.c_library_by_name = true};
	struct ms_symbolize_counts counts = {0};
	struct replace_file out;
	struct ms_writer *w = NULL;
	struct ms_trace *t;
	struct ms_error err;
	int rc, status = COMMAND_OK;

	command_parse(&argp, argc, argv, &o);
	if (!o.output)
		o.output = o.trace;
	if (ms_trace_open(&t, o.trace, &err) != MS_OK)
		return command_unreadable(argv[0], o.trace, &err);
	if (replace_file_open(&out, o.output, NULL, &err) != MS_OK) {
		status = command_unwritable(argv[0], o.output, &err);
		goto done;
	}
	rc = ms_writer_open(&w, &out.stream, &(struct ms_writer_options){.part = ms_trace_is_part(t)}, &err);
	if (rc == MS_OK)
		rc = ms_symbolize_trace(w, t, &o.symbolizer, NULL, &counts, &err);
	ms_writer_close(w);
	if (rc == MS_OK)
		rc = replace_file_commit(&out, &err);
	else
		replace_file_abandon(&out);
	if (rc != MS_OK) {
		/* what cannot be read has an offset in the trace */
		status = rc == MS_E_CORRUPT || rc == MS_E_TRUNCATED ? command_unreadable(argv[0], o.trace, &err)
		                                                     : command_unwritable(argv[0], o.output, &err);
		goto done;
	}
	if (!o.quiet)
		fprintf(stderr, "%s: %s: %u of %u frames have a function, %u a line; %u of these as before\n", argv[0], o.output,
		        counts.symbols.with_function, counts.symbols.frames, counts.symbols.with_line, counts.symbols.kept);
	if (!o.quiet && counts.types_wanted > 0)
		fprintf(stderr, "%s: %s: types of %u of %zu variables that had none\n", argv[0], o.output, counts.types_found, counts.types_wanted);
	command_warn_damage(argv[0], o.trace, ms_trace_damage(t));
done:
	ms_trace_close(t);
	return status;
}

const struct command command_symbolize = {"symbolize", "Look up functions, files and lines and store them in the trace", run};
