/* diff_outputs.c - see diff_outputs.h. */
#include "diff_outputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "render/html.h"
#include "render/output.h"
#include "render/tools/plot_folder.h"

#define TEXT_TOP 10
#define JSON_TOP 200

enum { KEY_OF_OUTPUT = 2048, KEY_NO_PATHS = KEY_OF_OUTPUT + DIFF_OUTPUTS, KEY_PLOTS };

static const struct argp_option option_table[] = {
	{"text", KEY_OF_OUTPUT + DIFF_TEXT, "FILE", OPTION_ARG_OPTIONAL, "The comparison as text (the default), to FILE or standard output", 0},
	{"json", KEY_OF_OUTPUT + DIFF_JSON, "FILE", OPTION_ARG_OPTIONAL, "As JSON (schemas/diff.schema.json), to FILE or standard output", 0},
	{"markdown", KEY_OF_OUTPUT + DIFF_MARKDOWN, "FILE", OPTION_ARG_OPTIONAL, "As a comment for a pull request, to FILE or standard output", 0},
	{"html", KEY_OF_OUTPUT + DIFF_HTML, "FILE", OPTION_ARG_OPTIONAL, "As one HTML file for a browser, which needs nothing else, to FILE or standard output", 0},
	{"plots", KEY_PLOTS, "DIR", 0,
	 "Figures in DIR, each as data, as a script for gnuplot, and drawn by it as SVG and PNG; call paths in them by --sort (default: peak)", 0},
	{"output", 'o', "FILE", 0, "Where the comparison goes that names no FILE of its own", 0},
	{"no-paths", KEY_NO_PATHS, NULL, 0, "HTML: names of files without their directories", 0},
	{0},
};

/* One kind of output: [enum diff_output]. */
static const struct {
	const char *name;                /* for messages */
	size_t top;                      /* rows per table unless --top says so */
	int (*write)(FILE *, const struct ms_diff *, const struct ms_diff_render_options *, struct ms_error *);
} kinds[DIFF_OUTPUTS] = {
	[DIFF_TEXT] = {"text", TEXT_TOP, ms_render_diff_text},
	[DIFF_JSON] = {"JSON", JSON_TOP, ms_render_diff_json},
	[DIFF_MARKDOWN] = {"Markdown", TEXT_TOP, ms_render_diff_markdown},
	[DIFF_HTML] = {"HTML", 0, ms_render_diff_html},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct diff_outputs *o = state->input;

	if (key >= KEY_OF_OUTPUT && key < KEY_OF_OUTPUT + DIFF_OUTPUTS) {
		o->wanted[key - KEY_OF_OUTPUT] = true;
		o->file[key - KEY_OF_OUTPUT] = arg;
	} else if (key == KEY_NO_PATHS) {
		o->no_paths = true;
	} else if (key == KEY_PLOTS) {
		if (!*arg || strcmp(arg, "-") == 0)
			argp_error(state, "--plots takes a folder, not '%s'", arg);
		o->plots = arg;
	} else if (key == 'o') {
		o->output = arg;
	} else {
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp diff_outputs_argp = {option_table, parse, NULL, NULL, NULL, NULL, NULL};

/* NULL = standard output */
static const char *place(const struct diff_outputs *o, int what)
{
	const char *file = o->file[what] ? o->file[what] : o->output;

	return file && strcmp(file, "-") != 0 ? file : NULL;
}

void diff_outputs_settle(struct diff_outputs *o, struct argp_state *state)
{
	bool any = o->plots != NULL;

	for (int i = 0; i < DIFF_OUTPUTS; i++)
		any |= o->wanted[i];
	o->wanted[DIFF_TEXT] |= !any;
	for (int i = 0; i < DIFF_OUTPUTS; i++)
		for (int k = 0; k < i; k++) {
			const char *here = place(o, i), *there = place(o, k);

			if (!o->wanted[i] || !o->wanted[k])
				continue;
			if (here == there || (here && there && strcmp(here, there) == 0 && strcmp(here, "/dev/null") != 0))
				argp_error(state, "%s and %s cannot both go to %s: give one another file", kinds[k].name, kinds[i].name,
				           here ? here : "standard output");
		}
}

void diff_outputs_need(const struct diff_outputs *o, struct ms_report_options *report, struct ms_diff_options *diff)
{
	if (o->plots) {
		report->timeline_buckets = MS_PLOT_BUCKETS;
		for (size_t i = 0; i < ms_diff_plot_count; i++) {
			report->timeline_by |= ms_diff_plots[i]->timeline_by;
			report->address_space |= ms_diff_plots[i]->address_space;
		}
	}
	if (!o->wanted[DIFF_HTML])
		return;
	report->timeline_buckets = MS_HTML_BUCKETS;
	diff->keep_unchanged = true;
}

static bool write_one(const struct diff_outputs *o, int what, const struct ms_diff *diff, struct ms_diff_render_options options,
                      bool top_given, bool width_given)
{
	struct ms_output out;
	struct ms_error err;
	struct winsize size;
	int closed_early, rc;

	rc = ms_output_open(&out, place(o, what), &err);
	if (rc)
		goto fail;
	options.no_paths = o->no_paths;
	if (!top_given)
		options.top = kinds[what].top;
	options.bold = isatty(fileno(out.file)) && !getenv("NO_COLOR");
	if (!width_given)
		options.width = isatty(fileno(out.file)) && ioctl(fileno(out.file), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 100;
	rc = kinds[what].write(out.file, diff, &options, &err);
	if (rc && rc != MS_E_IO) { /* what the stream remembers, commit reports with its reason */
		ms_output_discard(&out);
		goto fail;
	}
	rc = ms_output_commit(&out, &closed_early, &err);
	if (rc == MS_OK)
		return true;
fail:
	fprintf(stderr, "memscope-diff: %s\n", err.message);
	return false;
}

static bool write_plots(const struct diff_outputs *o, const struct ms_diff *diff, const struct ms_diff_render_options *options, bool quiet)
{
	struct ms_plot_input input = {.diff = diff, .metric = options->metric, .align_share = options->align_share};
	struct ms_error err;

	if (plot_folder_write("memscope-diff", o->plots, ms_diff_plots, ms_diff_plot_count, &input, quiet, &err) == MS_OK)
		return true;
	fprintf(stderr, "memscope-diff: %s\n", err.message);
	return false;
}

bool diff_outputs_write(const struct diff_outputs *o, const struct ms_diff *diff, const struct ms_diff_render_options *options,
                        bool top_given, bool width_given, bool quiet)
{
	for (int i = 0; i < DIFF_OUTPUTS; i++)
		if (o->wanted[i] && !write_one(o, i, diff, *options, top_given, width_given))
			return false;
	/* Last: that gnuplot is missing is no reason to leave out a comparison. */
	return !o->plots || write_plots(o, diff, options, quiet);
}
