/* cmd_part.c - memscope-trace snapshot and cut: a moment or a window of a trace as a trace of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/moment.h"
#include "analyze/snapshot.h"
#include "commands.h"
#include "format/trace_part.h"
#include "index_option.h"
#include "replace_file.h"

struct part_options {
	const char *trace, *output, *at, *from, *to;
	char *span;                      /* what from and to point into */
	bool quiet;
};

static bool is_moment(const char *text, struct ms_error *err)
{
	struct ms_moment moment;

	return ms_moment_parse(&moment, text, err) == MS_OK;
}

/* Moments hold colons, too: the first one that leaves two moments separates. */
static void split_window(struct argp_state *state, struct part_options *o, const char *text)
{
	struct ms_error err;

	free(o->span);
	o->span = strdup(text);
	if (!o->span)
		argp_failure(state, COMMAND_FAILED, 0, "no memory");
	for (char *colon = strchr(o->span, ':'); colon; colon = strchr(colon + 1, ':')) {
		*colon = '\0';
		o->from = *o->span ? o->span : "start";
		o->to = colon[1] ? colon + 1 : "end";
		if (is_moment(o->from, &err) && is_moment(o->to, &err))
			return;
		*colon = ':';
	}
	argp_error(state, "--window takes two moments like 10s:20s, not '%s'", text);
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	struct part_options *o = state->input;

	switch (key) {
	case 'o':
		o->output = arg;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case ARGP_KEY_END:
		if (o->trace && !o->output)
			argp_error(state, "--output is needed: the trace stays as it is");
		break;
	}
	return command_take_trace(key, arg, state, &o->trace);
}

static error_t parse_snapshot(int key, char *arg, struct argp_state *state)
{
	struct part_options *o = state->input;
	struct ms_error err;

	if (key == 'a') {
		if (!is_moment(arg, &err))
			argp_error(state, "--at: %s", err.message);
		o->at = arg;
		return 0;
	}
	if (key == ARGP_KEY_END && o->trace && !o->at)
		argp_error(state, "--at is needed: which moment?");
	return parse_common(key, arg, state);
}

static error_t parse_cut(int key, char *arg, struct argp_state *state)
{
	struct part_options *o = state->input;

	if (key == 'w') {
		split_window(state, o, arg);
		return 0;
	}
	if (key == ARGP_KEY_END && o->trace && !o->from)
		argp_error(state, "--window is needed: from when to when?");
	return parse_common(key, arg, state);
}

/* The part that the options ask for. What is alive inside a realloc is known to *s, which the caller closes. */
static int find_part(struct ms_part_request *r, const struct part_options *o, const struct ms_trace *t, struct ms_snapshots **s,
                     struct ms_error *err)
{
	const char *slash = strrchr(o->trace, '/');
	struct ms_instant from, to;
	struct ms_snapshot snapshot;
	int rc = ms_moment_find(&from, o->at ? o->at : o->from, t, err);

	to = from;
	if (rc == MS_OK && !o->at)
		rc = ms_moment_find(&to, o->to, t, err);
	if (rc != MS_OK)
		return rc;
	if (to.event < from.event || to.time_ns < from.time_ns)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "the window ends before it starts");
	*r = (struct ms_part_request){
		.file = slash ? slash + 1 : o->trace, .snapshot = o->at != NULL, .from_event = from.event, .to_event = to.event,
		.from_ns = from.time_ns, .to_ns = to.time_ns,
	};
	if (!r->snapshot)
		return MS_OK;
	rc = ms_snapshots_open(s, t, MS_SNAPSHOT_COUNTS, err);
	if (rc == MS_OK)
		rc = ms_snapshot_at(*s, &from, &snapshot, err);
	if (rc == MS_OK) {
		r->moving = snapshot.moving;
		r->moving_count = snapshot.moving_count;
	}
	return rc;
}

static int write_part(struct replace_file *out, const struct ms_trace *t, const struct ms_part_request *r, struct ms_writer_stats *stats,
                      struct ms_error *err)
{
	struct ms_writer_options options = {.part = true};
	struct ms_writer *w;
	int rc = ms_writer_open(&w, &out->stream, &options, err);

	if (rc != MS_OK)
		return rc;
	rc = ms_write_part(w, t, r, err);
	*stats = ms_writer_stats(w);
	ms_writer_close(w);
	return rc;
}

static int run(int argc, char **argv, const struct argp *argp)
{
	static const struct index_option beside; /* an index that is there is used */
	struct part_options o = {0};
	struct ms_snapshots *snapshots = NULL;
	struct ms_part_request request;
	struct ms_writer_stats stats;
	struct replace_file out;
	struct ms_trace *t = NULL;
	struct ms_error err;
	int rc = MS_OK, status = COMMAND_OK;

	command_parse(argp, argc, argv, &o);
	if (ms_trace_open(&t, o.trace, &err) != MS_OK ||
	    (rc = index_option_use(&beside, t, o.trace, argv[0], false, NULL, NULL, &err)) != MS_OK ||
	    (rc = find_part(&request, &o, t, &snapshots, &err)) != MS_OK) {
		bool wrong = t && (rc == MS_E_ARGUMENT || rc == MS_E_NOT_FOUND);

		status = command_unreadable(argv[0], o.trace, &err);
		status = wrong ? COMMAND_USAGE : status;
		goto done;
	}
	if (replace_file_open(&out, o.output, o.trace, &err) != MS_OK) {
		status = command_unwritable(argv[0], o.output, &err);
		goto done;
	}
	rc = write_part(&out, t, &request, &stats, &err);
	if (rc == MS_OK)
		rc = replace_file_commit(&out, &err);
	else
		replace_file_abandon(&out);
	if (rc != MS_OK) {
		status = rc == MS_E_CORRUPT || rc == MS_E_TRUNCATED ? command_unreadable(argv[0], o.trace, &err)
		                                                     : command_unwritable(argv[0], o.output, &err);
		goto done;
	}
	if (!o.quiet)
		fprintf(stderr, "%s: %s: %" PRIu64 " events, %" PRIu64 " bytes of %" PRIu64 "\n", argv[0], o.output, stats.events, stats.bytes,
		        ms_trace_file_bytes(t));
	command_warn_damage(argv[0], o.trace, ms_trace_damage(t));
done:
	ms_snapshots_close(snapshots);
	ms_trace_close(t);
	free(o.span);
	return status;
}

#define MOMENT "A MOMENT is a time since the start (12.5s; also ms, us, ns, min, h), a share of it (50%), event:N, mark:TEXT, snapshot:NAME, live>100MiB or blocks>1000 (when there first was more), peak, start or end."

static int run_snapshot(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{"at", 'a', "MOMENT", 0, "Which moment (required)", 0},
		{"output", 'o', "FILE", 0, "Write the snapshot to FILE (required)", 0},
		{"quiet", 'q', NULL, 0, "Do not say what was written", 0},
		{0},
	};
	static const struct argp argp = {
		.options = table,
		.parser = parse_snapshot,
		.args_doc = "TRACE --at MOMENT -o FILE",
		.doc = "Write what was alive at a moment of TRACE, with its stacks and names, as a trace of its own.\v" MOMENT
		       " Blocks keep their times, threads and stacks; they are numbered anew from 1. There are no events in it, so it knows nothing of what "
		       "was freed before.",
		.children = command_common_options,
	};

	return run(argc, argv, &argp);
}

static int run_cut(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{"window", 'w', "MOMENT:MOMENT", 0, "From when to when (required); an empty side is the start or the end", 0},
		{"output", 'o', "FILE", 0, "Write the part to FILE (required)", 0},
		{"quiet", 'q', NULL, 0, "Do not say what was written", 0},
		{0},
	};
	static const struct argp argp = {
		.options = table,
		.parser = parse_cut,
		.args_doc = "TRACE --window MOMENT:MOMENT -o FILE",
		.doc = "Write a part of TRACE as a trace of its own: what was alive at its start, and the events, graphs, samples and evidence of "
		       "the window.\v" MOMENT " Times stay those of TRACE; events are numbered anew from 0 and blocks from 1.",
		.children = command_common_options,
	};

	return run(argc, argv, &argp);
}

const struct command command_snapshot = {"snapshot", "Write what was alive at a moment as a trace of its own", run_snapshot};
const struct command command_cut = {"cut", "Write a window of a trace as a trace of its own", run_cut};
