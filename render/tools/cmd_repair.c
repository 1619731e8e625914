/* cmd_repair.c - memscope-trace repair: what is readable of a damaged or truncated trace, with a fresh index. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "format/container.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"
#include "replace_file.h"
#include "verify_trace.h"

struct repair_options {
	const char *trace, *output;
	bool quiet;
};

static const struct argp_option table[] = {
	{"output", 'o', "FILE", 0, "Write the repaired trace to FILE (required)", 0},
	{"quiet", 'q', NULL, 0, "Do not say what was kept", 0},
	{0},
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct repair_options *o = state->input;

	switch (key) {
	case 'o':
		o->output = arg;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case ARGP_KEY_END:
		if (o->trace && !o->output)
			argp_error(state, "--output is needed: the damaged trace stays as it is");
		break;
	}
	return command_take_trace(key, arg, state, &o->trace);
}

/*
 * What is taken: all blocks before the damage that opening found (behind it, ids would have no meaning), but no Events,
 * Keyframe and graph from the first Events that cannot be read, and of graphs only those before the first that is damaged or
 * was not finished.
 */
struct selection {
	uint64_t before_offset, events_before_offset, graphs_before_offset;
	size_t kept, left_out;
};

static bool take(void *context, const struct ms_block_info *b)
{
	struct selection *s = context;
	bool is_graph = b->kind == MS_BLOCK_GRAPH || b->kind == MS_BLOCK_GRAPH_BLOCKS || b->kind == MS_BLOCK_GRAPH_EDGES;
	bool is_events = b->kind == MS_BLOCK_EVENTS || b->kind == MS_BLOCK_KEYFRAME;
	bool wanted = b->offset < s->before_offset && (!is_graph || b->offset < s->graphs_before_offset) &&
	              (!(is_events || is_graph) || b->offset < s->events_before_offset);

	s->kept += wanted;
	s->left_out += !wanted;
	return wanted;
}

/* Behind the Graph block of the graph that is number `count` from 1. */
static uint64_t behind_graphs(const struct ms_trace *t, uint64_t count)
{
	uint64_t offset = 0;

	for (size_t i = 0; i < ms_trace_block_count(t) && count > 0; i++) {
		if (ms_trace_block(t, i)->kind == MS_BLOCK_GRAPH) {
			offset = ms_trace_block(t, i)->offset + 1;
			count--;
		}
	}
	return offset;
}

static int write_repaired(struct replace_file *out, const struct ms_trace *t, struct selection *s, bool with_end,
                          struct ms_error *err)
{
	const struct ms_writer_options part = {.part = ms_trace_is_part(t)};
	struct ms_writer *w;
	int rc = ms_writer_open(&w, &out->stream, &part, err);

	if (rc)
		return rc;
	rc = ms_writer_copy(w, t, take, s, err);
	if (!rc)
		rc = ms_writer_end(w, with_end ? ms_trace_end(t) : NULL, err);
	ms_writer_close(w);
	return rc;
}

static void say(const char *name, const struct repair_options *o, const struct ms_trace *t, const struct selection *s,
                const struct verify_result *r, bool with_end, const struct ms_error *why)
{
	const struct ms_end *end = ms_trace_end(t);

	fprintf(stderr, "%s: %s: kept %" PRIu64 " events in %zu blocks", name, o->output, r->events, s->kept);
	if (s->left_out)
		fprintf(stderr, ", left out %zu blocks", s->left_out);
	if (end && end->events > r->events)
		fprintf(stderr, ", lost %" PRIu64 " events", end->events - r->events);
	fputs(with_end ? "; the end is there" : "; the trace has no end", stderr);
	fputc('\n', stderr);
	if (why)
		command_warn_damage(name, o->trace, why);
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
	        .options = table,
	        .parser = parse_one,
	        .args_doc = "TRACE -o FILE",
	        .doc = "Write what is readable of TRACE, with a fresh index, to FILE. Events are kept up to the first that cannot be read; a trace "
	               "that lost some has no end, and reports say that it is truncated.",
	        .children = command_common_options,
	};
	struct repair_options o = {0};
	struct selection s = {.before_offset = UINT64_MAX, .events_before_offset = UINT64_MAX};
	struct verify_result r;
	struct replace_file out;
	const struct ms_error *why = NULL;
	struct ms_trace *t;
	struct ms_error err, damage;
	bool with_end;
	int status;

	command_parse(&argp, argc, argv, &o);
	if (ms_trace_open(&t, o.trace, &err) != MS_OK)
		return command_unreadable(argv[0], o.trace, &err);
	if (ms_trace_damage(t)) {
		damage = *ms_trace_damage(t);
		why = &damage;
		s.before_offset = damage.offset;
	}
	if (verify_trace(t, &r, NULL, &err) != MS_OK) {
		damage = err;
		why = &damage;
		if (!r.in_graph)
			s.events_before_offset = err.offset;
	}
	s.graphs_before_offset = behind_graphs(t, why && !r.in_graph ? ms_trace_graph_count(t) : r.graphs);
	with_end = ms_trace_end(t) && r.events == ms_trace_end(t)->events;
	if (replace_file_open(&out, o.output, o.trace, &err) != MS_OK) {
		status = command_unwritable(argv[0], o.output, &err);
		goto done;
	}
	if (write_repaired(&out, t, &s, with_end, &err) != MS_OK) {
		replace_file_abandon(&out);
		status = command_unwritable(argv[0], o.output, &err);
		goto done;
	}
	if (replace_file_commit(&out, &err) != MS_OK) {
		status = command_unwritable(argv[0], o.output, &err);
		goto done;
	}
	status = COMMAND_OK;
	if (!o.quiet)
		say(argv[0], &o, t, &s, &r, with_end, why);
done:
	ms_trace_close(t);
	return status;
}

const struct command command_repair = {"repair", "Write what is readable of a damaged trace, with a fresh index", run};
