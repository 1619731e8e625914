/* cmd_info.c - memscope-trace info: what a trace is about, what it holds and what it costs. */

#include "commands.h"
#include "trace_facts.h"

struct info_options {
	const char *trace;
	bool json, kinds, verbose;
};

enum { KEY_JSON = 256 };

static const struct argp_option table[] = {
	{"json", KEY_JSON, NULL, 0, "One JSON document", 0},
	{"events", 'e', NULL, 0, "Count the events of each kind, too (reads the whole trace)", 0},
	{"verbose", 'v', NULL, 0, "List the modules with their build-ids", 0},
	{0},
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct info_options *o = state->input;

	switch (key) {
	case KEY_JSON:
		o->json = true;
		return 0;
	case 'e':
		o->kinds = true;
		return 0;
	case 'v':
		o->verbose = true;
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
	        .doc = "Print what TRACE is about: the program, how it ended, whether the trace is complete, how much of everything it "
	               "holds and what that takes in the file.",
	        .children = command_common_options,
	};
	struct info_options o = {0};
	struct trace_facts facts;
	struct ms_trace *t;
	struct ms_error err;
	int status;

	command_parse(&argp, argc, argv, &o);
	if (ms_trace_open(&t, o.trace, &err) != MS_OK)
		return command_unreadable(argv[0], o.trace, &err);
	if (trace_facts_gather(&facts, t, o.kinds, &err) != MS_OK || trace_facts_index(&facts, t, o.trace, &err) != MS_OK) {
		status = command_unreadable(argv[0], o.trace, &err);
		goto done;
	}
	if (o.json)
		trace_facts_json(stdout, o.trace, t, &facts, o.kinds);
	else
		trace_facts_text(stdout, o.trace, t, &facts, o.kinds, o.verbose);
	status = command_finish_output(argv[0]);
	if (status == COMMAND_OK)
		command_warn_damage(argv[0], o.trace, ms_trace_damage(t));
	trace_facts_free(&facts);
done:
	ms_trace_close(t);
	return status;
}

const struct command command_info = {"info", "Print what a trace is about and what it holds", run};
