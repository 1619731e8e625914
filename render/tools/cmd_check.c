/* cmd_check.c - memscope-trace check: verifies a whole trace. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "commands.h"
#include "verify_trace.h"

struct check_options {
	const char *trace;
	bool quiet;
};

static const struct argp_option table[] = {
	{"quiet", 'q', NULL, 0, "Say nothing when all is well", 0},
	{0},
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct check_options *o = state->input;

	switch (key) {
	case 'q':
		o->quiet = true;
		return 0;
	}
	return command_take_trace(key, arg, state, &o->trace);
}

static void show_progress(double done)
{
	fprintf(stderr, "\rchecking: %3.0f%%", 100 * done);
}

/* "while reading the events: MESSAGE (at offset N)" */
static int bad(const char *name, const struct check_options *o, const char *doing, const struct ms_error *why)
{
	struct ms_error err;

	ms_fail(&err, why->code, why->offset, "while %s: %.180s", doing, why->message);
	return command_unreadable(name, o->trace, &err);
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
	        .options = table,
	        .parser = parse_one,
	        .args_doc = "TRACE",
	        .doc = "Verify TRACE: checksums, structure, every event, the keyframes and the end against the events, the heap graphs. Status 3 and a line that "
	               "says where when something is wrong.",
	        .children = command_common_options,
	};
	struct check_options o = {0};
	struct verify_result r;
	struct ms_trace *t;
	struct ms_error err;
	bool terminal = isatty(STDERR_FILENO);
	int rc, status;

	command_parse(&argp, argc, argv, &o);
	if (ms_trace_open(&t, o.trace, &err) != MS_OK)
		return bad(argv[0], &o, "opening it", &err);
	rc = verify_trace(t, &r, terminal && !o.quiet ? show_progress : NULL, &err);
	if (terminal && !o.quiet)
		fputs("\r              \r", stderr);
	if (rc != MS_OK) {
		status = bad(argv[0], &o, r.doing, &err);
	} else if (ms_trace_has_index(t) && !ms_trace_end(t) && ms_trace_damage(t)->code == MS_E_TRUNCATED) {
		/* the output of repair: whole in itself, of a recording that was cut short */
		if (!o.quiet)
			printf("ok: %zu blocks, %" PRIu64 " events; there is no end: the recording was cut short\n", ms_trace_block_count(t),
			       r.events);
		status = command_finish_output(argv[0]);
	} else if (ms_trace_damage(t)) {
		/* what stands before the damage has passed */
		bad(argv[0], &o, "reading the tables", ms_trace_damage(t));
		fprintf(stderr, "%s: readable up to there: %" PRIu64 " events; memscope-trace repair keeps them\n", argv[0], r.events);
		status = COMMAND_UNREADABLE;
	} else {
		if (!o.quiet)
			printf("ok: %zu blocks, %" PRIu64 " events\n", ms_trace_block_count(t), r.events);
		status = command_finish_output(argv[0]);
	}
	ms_trace_close(t);
	return status;
}

const struct command command_check = {"check", "Verify a whole trace", run};
