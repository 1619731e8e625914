/* cmd_symbolize.c - memscope-trace symbolize: names for the frames of a trace, from the programs and libraries at hand. */
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "format/container.h"
#include "format/symbols.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"
#include "format/write_symbols.h"
#include "replace_file.h"

struct symbolize_options {
	const char *trace, *output;
	struct ms_symbolizer_options symbolizer;
	bool quiet;
};

enum { KEY_DEBUGINFOD = 256, KEY_DEBUG_DIRECTORY };

static const struct argp_option table[] = {
	{"output", 'o', "FILE", 0, "Write the result to FILE; TRACE itself is replaced without this", 0},
	{"debug-dir", KEY_DEBUG_DIRECTORY, "DIR", 0, "Look for separate debug files in DIR (default /usr/lib/debug)", 0},
	{"debuginfod", KEY_DEBUGINFOD, NULL, 0, "Fetch missing debug files from the servers in $DEBUGINFOD_URLS", 0},
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
	case 'q':
		o->quiet = true;
		return 0;
	}
	return command_take_trace(key, arg, state, &o->trace);
}

/* Variables that were tracked without a type. */
struct typed {
	size_t wanted;
	uint32_t found;
};

/* Tables of the reader as arrays. */
static struct ms_frame *all_frames(const struct ms_trace *t)
{
	uint32_t n = ms_trace_frame_count(t);
	struct ms_frame *frames = malloc(((size_t)n + 1) * sizeof *frames);

	for (uint32_t i = 0; frames && i < n; i++)
		frames[i] = *ms_trace_frame(t, i + 1);
	return frames;
}

static struct ms_module *all_modules(const struct ms_trace *t)
{
	uint32_t n = ms_trace_module_count(t);
	struct ms_module *modules = malloc(((size_t)n + 1) * sizeof *modules);

	for (uint32_t i = 0; modules && i < n; i++)
		modules[i] = *ms_trace_module(t, i + 1);
	return modules;
}

static bool is_not_symbols(void *context, const struct ms_block_info *block)
{
	(void)context;
	return block->kind != MS_BLOCK_SYMBOLS;
}

/* The variables without a type; the caller frees. */
static struct ms_untyped *all_untyped(const struct ms_trace *t, size_t *count)
{
	uint32_t n = ms_trace_variable_count(t);
	struct ms_untyped *untyped = malloc(((size_t)n + 1) * sizeof *untyped);

	*count = 0;
	for (uint32_t i = 1; untyped && i <= n; i++) {
		const struct ms_variable *v = ms_trace_variable(t, i);

		if (v->type == 0 && v->name != 0 && v->frame != 0)
			untyped[(*count)++] = (struct ms_untyped){.variable = i, .frame = v->frame, .name = ms_trace_string(t, v->name)};
	}
	return untyped;
}

static int write_all(struct ms_writer *w, const struct ms_trace *t, const struct ms_symbolizer_options *options,
                     struct ms_symbol_counts *counts, struct typed *typed, struct ms_error *err)
{
	struct ms_untyped *untyped = all_untyped(t, &typed->wanted);
	struct ms_frame *frames = all_frames(t);
	struct ms_module *modules = all_modules(t);
	struct ms_symbolizer *s = NULL;
	struct ms_end end;
	int rc = MS_OK;

	if (!frames || !modules || !untyped)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u frames", ms_trace_frame_count(t));
	if (!rc)
		rc = ms_symbolizer_open(&s, options, err);
	if (!rc)
		rc = ms_writer_copy(w, t, is_not_symbols, NULL, err);
	if (!rc)
		rc = ms_write_symbols(w, s, frames, ms_trace_frame_count(t), modules, ms_trace_module_count(t), t, counts, err);
	if (!rc)
		rc = ms_write_variable_types(w, s, untyped, typed->wanted, frames, ms_trace_frame_count(t), modules, ms_trace_module_count(t),
		                             &typed->found, err);
	if (!rc && ms_trace_end(t)) {
		end = *ms_trace_end(t);
		end.symbolized = true;
		rc = ms_writer_end(w, &end, err);
	} else if (!rc) {
		rc = ms_writer_end(w, NULL, err);
	}
	ms_symbolizer_close(s);
	free(frames);
	free(modules);
	free(untyped);
	return rc;
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
	struct symbolize_options o = {0};
	struct ms_symbol_counts counts = {0};
	struct typed typed = {0};
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
		rc = write_all(w, t, &o.symbolizer, &counts, &typed, &err);
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
		        counts.with_function, counts.frames, counts.with_line, counts.kept);
	if (!o.quiet && typed.wanted > 0)
		fprintf(stderr, "%s: %s: types of %u of %zu variables that had none\n", argv[0], o.output, typed.found, typed.wanted);
	command_warn_damage(argv[0], o.trace, ms_trace_damage(t));
done:
	ms_trace_close(t);
	return status;
}

const struct command command_symbolize = {"symbolize", "Look up functions, files and lines and store them in the trace", run};
