/* diff_outputs.c - see diff_outputs.h. */
#include "diff_outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "render/html.h"
#include "render/output.h"
#include "render/tools/export_kinds.h"
#include "render/tools/plot_folder.h"

#define TEXT_TOP 10
#define JSON_TOP 200

enum { KEY_OF_OUTPUT = 2048, KEY_NO_PATHS = KEY_OF_OUTPUT + DIFF_OUTPUTS, KEY_PLOTS, KEY_EXPORT };

static const struct argp_option option_table[] = {
	{"text", KEY_OF_OUTPUT + DIFF_TEXT, "FILE", OPTION_ARG_OPTIONAL, "The comparison as text (the default), to FILE or standard output", 0},
	{"json", KEY_OF_OUTPUT + DIFF_JSON, "FILE", OPTION_ARG_OPTIONAL, "As JSON (schemas/diff.schema.json), to FILE or standard output", 0},
	{"markdown", KEY_OF_OUTPUT + DIFF_MARKDOWN, "FILE", OPTION_ARG_OPTIONAL, "As a comment for a pull request, to FILE or standard output", 0},
	{"html", KEY_OF_OUTPUT + DIFF_HTML, "FILE", OPTION_ARG_OPTIONAL, "As one HTML file for a browser, which needs nothing else, to FILE or standard output", 0},
	{"export", KEY_EXPORT, "KIND[:METRIC]=FILE", 0,
	 "In the format of another tool, to FILE (- is standard output); may be given again; 'list' shows the kinds", 0},
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

static void add_export(struct diff_outputs *o, struct argp_state *state, char *arg)
{
	char *equals = strchr(arg, '=');
	struct diff_export e = {0}, *grown;
	struct ms_error err;

	if (strcmp(arg, "list") == 0 || strcmp(arg, "help") == 0)
		export_kinds_print(ms_diff_exports, ms_diff_export_count);
	if (!equals || !equals[1])
		argp_error(state, "--export takes KIND=FILE, not '%s'; --export=list shows the kinds", arg);
	*equals = '\0';
	if (ms_diff_export_find(&e.kind, &e.metric, arg, &err))
		argp_error(state, "--export: %s", err.message);
	e.file = equals + 1;
	grown = realloc(o->exports, (o->export_count + 1) * sizeof *grown);
	if (!grown) {
		argp_failure(state, 4, ENOMEM, "options");
		return;
	}
	o->exports = grown;
	o->exports[o->export_count++] = e;
}

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
	} else if (key == KEY_EXPORT) {
		add_export(o, state, arg);
	} else if (key == 'o') {
		o->output = arg;
	} else {
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp diff_outputs_argp = {option_table, parse, NULL, NULL, NULL, NULL, NULL};

/* what: enum diff_output, or DIFF_OUTPUTS + number of an export. NULL = standard output. */
static const char *place(const struct diff_outputs *o, size_t what)
{
	const char *file = what >= DIFF_OUTPUTS ? o->exports[what - DIFF_OUTPUTS].file : o->file[what] ? o->file[what] : o->output;

	return file && strcmp(file, "-") != 0 ? file : NULL;
}

static bool is_wanted(const struct diff_outputs *o, size_t what)
{
	return what >= DIFF_OUTPUTS || o->wanted[what];
}

static const char *name_of(const struct diff_outputs *o, size_t what)
{
	return what >= DIFF_OUTPUTS ? o->exports[what - DIFF_OUTPUTS].kind->name : kinds[what].name;
}

void diff_outputs_settle(struct diff_outputs *o, struct argp_state *state)
{
	bool any = o->plots || o->export_count;
	size_t count = DIFF_OUTPUTS + o->export_count;

	for (int i = 0; i < DIFF_OUTPUTS; i++)
		any |= o->wanted[i];
	o->wanted[DIFF_TEXT] |= !any;
	/* Nobody wants to read a page as text, and a terminal may take it for commands. */
	if (o->wanted[DIFF_HTML] && !place(o, DIFF_HTML) && isatty(STDOUT_FILENO))
		argp_error(state, "%s is not for a terminal: give it a file", kinds[DIFF_HTML].name);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++) {
			const char *here = place(o, i), *there = place(o, k);

			if (!is_wanted(o, i) || !is_wanted(o, k))
				continue;
			if (here == there || (here && there && strcmp(here, there) == 0 && strcmp(here, "/dev/null") != 0))
				argp_error(state, "%s and %s cannot both go to %s: give one another file", name_of(o, k), name_of(o, i),
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

static bool write_export(const struct diff_outputs *o, size_t number, const struct ms_diff *diff)
{
	const struct diff_export *e = &o->exports[number];
	struct ms_output out;
	struct ms_error err;
	int closed_early, rc = ms_output_open(&out, place(o, DIFF_OUTPUTS + number), &err);

	if (rc == MS_OK) {
		rc = e->kind->write_diff(out.file, diff, e->metric, &err);
		if (rc && !ferror(out.file)) /* what the stream remembers, commit reports with its reason */
			ms_output_discard(&out);
		else
			rc = ms_output_commit(&out, &closed_early, &err);
	}
	if (rc)
		fprintf(stderr, "memscope-diff: %s\n", err.message);
	return rc == MS_OK;
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
	for (size_t i = 0; i < o->export_count; i++)
		if (!write_export(o, i, diff))
			return false;
	/* Last: that gnuplot is missing is no reason to leave out a comparison. */
	return !o->plots || write_plots(o, diff, options, quiet);
}

void diff_outputs_free(struct diff_outputs *o)
{
	free(o->exports);
	o->exports = NULL;
	o->export_count = 0;
}
