/* cmd_index.c - memscope-trace index: the index file that lets reading begin in the middle of a trace. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "format/trace_index.h"
#include "format/trace_reader.h"
#include "index_option.h"

struct index_options {
	const char *trace, *output;
	bool quiet;
};

static const struct argp_option table[] = {
	{"output", 'o', "FILE", 0, "Write the index to FILE (default: TRACE.index, where the tools look for it)", 0},
	{"quiet", 'q', NULL, 0, "Do not say what was written", 0},
	{0},
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct index_options *o = state->input;

	switch (key) {
	case 'o':
		o->output = arg;
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
	        .doc = "Read TRACE once and write where a reader can begin: every few million events the live blocks and what a replay knows by "
	               "then, the moments of marks and of the peak. The tools use TRACE.index by themselves while it fits the trace; it changes how long "
	               "they take, never what they say.",
	        .children = command_common_options,
	};
	struct index_options o = {0};
	struct ms_index_facts facts;
	struct ms_trace *t;
	struct ms_error err;
	char *path = NULL;
	const char *target;
	int status, rc;

	command_parse(&argp, argc, argv, &o);
	if (ms_trace_open(&t, o.trace, &err) != MS_OK)
		return command_unreadable(argv[0], o.trace, &err);
	if (!o.output)
		path = ms_trace_index_path(o.trace);
	target = o.output ? o.output : path;
	rc = target ? index_option_write(t, o.trace, target, NULL, NULL, &facts, &err)
	            : ms_fail(&err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a file name");
	if (index_option_unwritten(rc)) {
		status = command_unwritable(argv[0], target ? target : o.trace, &err);
	} else if (rc) {
		status = command_unreadable(argv[0], o.trace, &err);
	} else {
		status = COMMAND_OK;
		if (!o.quiet)
			fprintf(stderr, "%s: %s: %" PRIu64 " bytes, %zu checkpoint%s over %" PRIu64 " events\n", argv[0], target, facts.file_bytes,
			        facts.checkpoints, facts.checkpoints == 1 ? "" : "s", ms_trace_event_count(t));
		command_warn_damage(argv[0], o.trace, ms_trace_damage(t));
	}
	free(path);
	ms_trace_close(t);
	return status;
}

const struct command command_index = {"index", "Write an index, so that windows and moments of a long trace are found fast", run};
