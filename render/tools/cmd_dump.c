/* cmd_dump.c - memscope-trace dump: the events of a trace as text or JSON lines. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "dump_print.h"
#include "format/container.h"
#include "format/trace_reader.h"

struct dump_options {
	const char *trace;
	bool json, stacks;
	bool wanted[256];                /* kinds */
	uint64_t from_ns, to_ns, limit;
};

enum { KEY_JSON = 256, KEY_FROM, KEY_TO, KEY_STACKS };

static const struct argp_option table[] = {
	{"json", KEY_JSON, NULL, 0, "One JSON object per line", 0},
	{"from", KEY_FROM, "TIME", 0, "Begin at TIME since the start of the recording: nanoseconds, or with a unit (us, ms, s, m, h)", 0},
	{"to", KEY_TO, "TIME", 0, "End after TIME", 0},
	{"kind", 'k', "KIND,...", 0, "Only these kinds of events (malloc, free, mmap, ...) or classes of kinds: allocations, frees, failures, mappings, others", 0},
	{"limit", 'n', "N", 0, "Stop after N events", 0},
	{"stacks", KEY_STACKS, NULL, 0, "Print the frames of each stack, innermost first", 0},
	{0},
};

static const struct {
	const char *name;
	uint8_t class_;
} classes[] = {
	{"allocations", MS_CLASS_ALLOC}, {"frees", MS_CLASS_FREE}, {"failures", MS_CLASS_FAIL}, {"mappings", MS_CLASS_MAP},
	{"others", MS_CLASS_OTHER},
};
#define CLASS_COUNT (sizeof classes / sizeof *classes)

/* Marks the kinds of one word of --kind. */
static void want(struct dump_options *o, const char *word, struct argp_state *state)
{
	const char *names[256 + CLASS_COUNT], *near;
	bool found = false;

	for (size_t i = 0; i < CLASS_COUNT; i++) {
		names[256 + i] = classes[i].name;
		for (unsigned k = 0; strcmp(word, classes[i].name) == 0 && k < 256; k++) {
			o->wanted[k] |= ms_event_kinds[k].name && ms_event_kinds[k].class_ == classes[i].class_;
			found = true;
		}
	}
	for (unsigned k = 0; k < 256; k++) {
		names[k] = ms_event_kinds[k].name;
		if (names[k] && strcmp(word, names[k]) == 0)
			found = o->wanted[k] = true;
	}
	if (found)
		return;
	near = command_nearest(word, names, 256 + CLASS_COUNT);
	argp_error(state, "--kind: there are no events of kind '%s'%s%s%s", word, near ? "; did you mean '" : "", near ? near : "",
	           near ? "'?" : "");
}

static void want_list(struct dump_options *o, const char *list, struct argp_state *state)
{
	char *copy = strdup(list), *rest = copy, *word;

	if (!copy)
		argp_failure(state, COMMAND_FAILED, 0, "out of memory");
	while ((word = strsep(&rest, ",")) != NULL)
		want(o, word, state);
	free(copy);
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct dump_options *o = state->input;
	char *end;

	switch (key) {
	case KEY_JSON:
		o->json = true;
		return 0;
	case KEY_STACKS:
		o->stacks = true;
		return 0;
	case KEY_FROM:
	case KEY_TO:
		if (!command_parse_time(arg, key == KEY_FROM ? &o->from_ns : &o->to_ns))
			argp_error(state, "--%s takes a time like 1500, 20us or 1.5s, not '%s'", key == KEY_FROM ? "from" : "to", arg);
		return 0;
	case 'n':
		o->limit = strtoull(arg, &end, 10);
		if (arg[0] < '0' || arg[0] > '9' || *end)
			argp_error(state, "--limit takes a number of events, not '%s'", arg);
		return 0;
	case 'k':
		want_list(o, arg, state);
		return 0;
	}
	return command_take_trace(key, arg, state, &o->trace);
}

static int digits(uint64_t n)
{
	int d = 1;

	while (n /= 10)
		d++;
	return d;
}

/* Ordinal of the first event of the first block that reaches `from_ns`: what stands before it is not even decoded. */
static uint64_t first_event_at(const struct ms_trace *t, uint64_t from_ns)
{
	for (size_t i = 0; i < ms_trace_block_count(t); i++) {
		const struct ms_block_info *b = ms_trace_block(t, i);

		if (b->kind == MS_BLOCK_EVENTS && b->last_time_ns >= from_ns)
			return b->first_event;
	}
	return ms_trace_event_count(t);
}

static void take(struct dump_event *e, const struct ms_batch *b, uint32_t i)
{
	*e = (struct dump_event){
	        .ordinal = b->first_event + i,
	        .time_ns = b->time_ns[i],
	        .address = b->address[i],
	        .size_bytes = b->size_bytes[i],
	        .block = b->block[i],
	        .birth_ns = b->birth_ns[i],
	        .arg = {b->arg[i][0], b->arg[i][1]},
	        .thread = b->thread[i],
	        .stack = b->stack[i],
	        .birth_stack = b->birth_stack[i],
	        .birth_thread = b->birth_thread[i],
	        .kind = b->kind[i],
	        .birth_kind = b->birth_kind[i],
	};
}

static int dump(const char *name, const struct dump_options *o, const struct ms_trace *t)
{
	const struct dump_printer *printer = o->json ? &dump_json : &dump_text;
	struct dump_context context = {
	        .trace = t,
	        .stacks = o->stacks,
	        .ordinal_width = digits(ms_trace_event_count(t)),
	        .time_width = digits(ms_trace_last_time_ns(t)),
	};
	struct ms_cursor *cursor;
	struct ms_batch batch;
	struct ms_error err;
	uint64_t left = o->limit;
	int status;

	if (context.ordinal_width < 5)
		context.ordinal_width = 5;
	if (context.time_width < 7)
		context.time_width = 7;
	if (ms_cursor_open(&cursor, t, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, first_event_at(t, o->from_ns), 1, &err) != MS_OK)
		return command_unreadable(name, o->trace, &err);
	if (printer->begin)
		printer->begin(stdout, &context);
	do {
		if (ms_cursor_next(cursor, &batch, &err) != MS_OK) {
			status = command_unreadable(name, o->trace, &err);
			goto done;
		}
		for (uint32_t i = 0; i < batch.count; i++) {
			struct dump_event e;

			if (batch.time_ns[i] > o->to_ns || left == 0)
				goto finish;
			if (batch.time_ns[i] < o->from_ns || !o->wanted[batch.kind[i]])
				continue;
			take(&e, &batch, i);
			printer->event(stdout, &context, &e);
			left--;
			if (ferror(stdout))
				goto finish;
		}
	} while (batch.count > 0);
finish:
	status = command_finish_output(name);
done:
	ms_cursor_close(cursor);
	return status;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
	        .options = table,
	        .parser = parse_one,
	        .args_doc = "TRACE",
	        .doc = "Print the events of TRACE in time order, one per line: ordinal, time, thread, kind, size, address, block and what "
	               "else the kind has.",
	        .children = command_common_options,
	};
	struct dump_options o = {.to_ns = UINT64_MAX, .limit = UINT64_MAX};
	struct ms_trace *t;
	struct ms_error err;
	bool any = false;
	int status;

	command_parse(&argp, argc, argv, &o);
	for (unsigned k = 0; k < 256; k++)
		any |= o.wanted[k];
	for (unsigned k = 0; !any && k < 256; k++)
		o.wanted[k] = true;
	if (ms_trace_open(&t, o.trace, &err) != MS_OK)
		return command_unreadable(argv[0], o.trace, &err);
	status = dump(argv[0], &o, t);
	if (status == COMMAND_OK)
		command_warn_damage(argv[0], o.trace, ms_trace_damage(t));
	ms_trace_close(t);
	return status;
}

const struct command command_dump = {"dump", "Print the events as text or JSON lines", run};
