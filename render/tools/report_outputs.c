/* report_outputs.c - see report_outputs.h. */
#include "report_outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "render/html.h"
#include "render/json.h"
#include "render/output.h"
#include "render/suppression_file.h"
#include "render/tools/plot_folder.h"
#include "render/tools/export_kinds.h"
#include "render/tools/output_names.h"

#define TEXT_TOP 10
#define JSON_TOP 200

enum { KEY_TEXT = 2048, KEY_JSON, KEY_HTML, KEY_EXPORT, KEY_PLOTS, KEY_NO_PATHS, KEY_ROOT, KEY_NAME, KEY_OUTPUTS };

static const struct argp_option option_table[] = {
	{"text", KEY_TEXT, "FILE", OPTION_ARG_OPTIONAL, "Report as text (the default), to FILE or standard output", 0},
	{"json", KEY_JSON, "FILE", OPTION_ARG_OPTIONAL, "Report as JSON, to FILE or standard output; may stand beside --text", 0},
	{"html", KEY_HTML, "FILE", OPTION_ARG_OPTIONAL, "Report as one HTML file for a browser, which needs nothing else", 0},
	{"export", KEY_EXPORT, "KIND[:METRIC]=FILE", 0,
	 "In the format of another tool, to FILE (- is standard output); may be given again; 'list' shows the kinds", 0},
	{"plots", KEY_PLOTS, "DIR", 0,
	 "Figures in DIR, each as data, as a script for gnuplot, and drawn by it as SVG and PNG", 0},
	{"outputs", KEY_OUTPUTS, "KIND[,KIND...]=DIR", 0,
	 "Several at once into DIR, named after the trace: text, json, html, plots, and kinds of --export (run.ms: run.txt, run.json, run.pprof.pb.gz, ...)", 0},
	{"output", 'o', "FILE", 0, "Where the report goes that names no FILE of its own", 0},
	{"source-root", KEY_ROOT, "DIR", 0,
	 "Exports sarif, gitlab, junit: names of files below DIR are relative to it (default: the program's working directory)", 0},
	{"name", KEY_NAME, "NAME", 0,
	 "Exports sarif, gitlab, junit: what this recording is called where CI collects several (default: the program's name)", 0},
	{"no-paths", KEY_NO_PATHS, NULL, 0, "HTML and exports: names of files without their directories", 0},
	{0},
};

/* One kind of output. */
struct report_output_kind {
	const char *name;                /* for messages */
	const char *kind, *suffix;       /* in --outputs, and how its files end there; NULL: not there */
	bool repeated;                   /* each one counts; else the last one given */
	bool of_why;                     /* can answer --why */
	uint32_t timeline_by;            /* as in struct ms_report_options */
	bool address_space;
	uint32_t timeline_buckets;       /* unless --buckets is given; 0 = as the report has it */
	int (*write)(FILE *out, const struct report_output *output, const struct report_outputs *all, const struct report_sources *sources,
	             struct ms_error *err);
	int (*write_folder)(const char *folder, const struct report_sources *sources, struct ms_error *err); /* instead of write */
	const struct ms_plot *const *plots; /* what they need is needed */
	const size_t *plot_count;
};

/* NULL = standard output */
static const char *place(const struct report_outputs *o, const struct report_output *output)
{
	const char *file = output->file ? output->file : o->output;

	return file && strcmp(file, "-") != 0 ? file : NULL;
}

#define WRITER(name)                                                                                                    \
	static int name(FILE *out, const struct report_output *output, const struct report_outputs *all, \
	                const struct report_sources *s, struct ms_error *err)

WRITER(write_text)
{
	struct ms_text_options options = s->text;
	struct winsize size;

	(void)output, (void)all;
	if (!s->top_given)
		options.top = TEXT_TOP;
	options.bold = isatty(fileno(out)) && !getenv("NO_COLOR");
	if (!s->width_given)
		options.width =
			isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 100;
	return s->why ? ms_render_why_text(out, s->report, s->why, &options, err) : ms_render_text(out, s->report, &options, err);
}

WRITER(write_json)
{
	struct ms_json_options options = {s->text.sort, s->top_given ? s->text.top : JSON_TOP};

	(void)output, (void)all;
	return s->why ? ms_render_why_json(out, s->report, s->why, err) : ms_render_json(out, s->report, &options, err);
}

WRITER(write_html)
{
	struct ms_html_options options = {.no_paths = all->no_paths};

	(void)output;
	return ms_render_html(out, s->report, &options, err);
}

WRITER(write_suppressions)
{
	(void)output, (void)all;
	return ms_render_suppressions(out, s->report, err);
}

WRITER(write_export)
{
	struct ms_export_input input = {
		.report = s->report, .trace = s->trace, .metric = output->metric,
		.conditions = s->conditions, .condition_count = s->condition_count, .no_paths = all->no_paths,
		.source_root = all->source_root, .name = all->name,
		.file = place(all, output),
	};

	return output->export->write(out, &input, err);
}

static int write_plots(const char *folder, const struct report_sources *s, struct ms_error *err)
{
	struct ms_plot_input input = {.report = s->report};

	return plot_folder_write("memscope-analyze", folder, ms_plots, ms_plot_count, &input, s->quiet, err);
}

static const struct report_output_kind text_kind = {.name = "text", .kind = "text", .suffix = ".txt", .of_why = true, .write = write_text};
static const struct report_output_kind json_kind = {.name = "JSON", .kind = "json", .suffix = ".json", .of_why = true, .write = write_json};
static const struct report_output_kind html_kind = {
	.name = "HTML", .kind = "html", .suffix = ".html", .timeline_by = MS_HTML_TIMELINE_BY, .address_space = true, .timeline_buckets = MS_HTML_BUCKETS, .write = write_html,
};
static const struct report_output_kind suppressions_kind = {.name = "suppressions", .of_why = true, .write = write_suppressions};
static const struct report_output_kind plots_kind = {
	.name = "plots", .kind = "plots", .suffix = ".plots", .timeline_buckets = MS_PLOT_BUCKETS, .write_folder = write_plots, .plots = ms_plots, .plot_count = &ms_plot_count,
};
static const struct report_output_kind export_kind = {.name = "export", .repeated = true, .write = write_export};
static const struct report_output_kind *const folder_kinds[] = {&text_kind, &json_kind, &html_kind, &plots_kind};

/* ---- options ------------------------------------------------------------------------------------------------------ */

static int add(struct report_outputs *o, struct report_output output)
{
	struct report_output *grown;

	for (size_t i = 0; i < o->count; i++)
		if (o->wanted[i].kind == output.kind && !output.kind->repeated && !o->wanted[i].own && !output.own) {
			o->wanted[i] = output;
			return 0;
		}
	grown = realloc(o->wanted, (o->count + 1) * sizeof *grown);
	if (!grown)
		return ENOMEM;
	o->wanted = grown;
	o->wanted[o->count++] = output;
	return 0;
}

int report_outputs_add_suppressions(struct report_outputs *outputs, const char *file)
{
	return add(outputs, (struct report_output){.kind = &suppressions_kind, .file = file});
}

static struct report_output parse_export(struct argp_state *state, char *arg)
{
	struct report_output output = {.kind = &export_kind};
	char *equals = strchr(arg, '=');
	struct ms_error err;

	if (strcmp(arg, "list") == 0 || strcmp(arg, "help") == 0)
		export_kinds_print(ms_exports, ms_export_count);
	if (!equals || !equals[1])
		argp_error(state, "--export takes KIND=FILE, not '%s'; --export=list shows the kinds", arg);
	*equals = '\0';
	if (ms_export_find(&output.export, &output.metric, arg, &err))
		argp_error(state, "--export: %s", err.message);
	output.file = equals + 1;
	return output;
}

/* One name of --outputs. */
static int add_to_folder(struct report_outputs *o, char *name, const char *folder, struct argp_state *state)
{
	struct report_output output = {.kind = &export_kind, .own = strdup(folder)};
	struct ms_error err;
	int rc;

	for (size_t k = 0; k < sizeof folder_kinds / sizeof *folder_kinds; k++)
		if (strcmp(folder_kinds[k]->kind, name) == 0)
			output.kind = folder_kinds[k];
	if (output.own && output.kind == &export_kind && ms_export_find(&output.export, &output.metric, name, &err)) {
		free(output.own);
		argp_error(state, "--outputs takes text, json, html, plots and kinds of --export: %s", err.message);
		return EINVAL;
	}
	rc = output.own ? add(o, output) : ENOMEM;
	if (rc)
		free(output.own);
	return rc;
}

/* Metrics are borrowed from the argument, which is cut between its names. */
static int parse_folder(struct argp_state *state, struct report_outputs *o, char *arg)
{
	char *folder = strchr(arg, '='), *name = arg;
	int rc = 0;

	if (!folder || !folder[1] || folder == arg)
		argp_error(state, "--outputs takes KIND[,KIND...]=DIR, not '%s'", arg);
	*folder++ = '\0';
	while (rc == 0 && name) {
		char *comma = strchr(name, ',');

		if (comma)
			*comma++ = '\0';
		rc = add_to_folder(o, name, folder, state);
		name = comma;
	}
	return rc;
}

/* The directory need not be here: traces are looked at elsewhere. Only a relative one must be, as it is relative to where we are. */
static char *absolute(struct argp_state *state, const char *folder)
{
	char *path = folder[0] == '/' ? strdup(folder) : *folder ? realpath(folder, NULL) : NULL;

	if (!path && *folder)
		argp_error(state, "--source-root: %s: %s", folder, strerror(errno));
	if (!path)
		argp_error(state, "--source-root takes a directory");
	return path;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct report_outputs *o = state->input;
	int rc = 0;

	switch (key) {
	case KEY_TEXT:
		rc = add(o, (struct report_output){.kind = &text_kind, .file = arg});
		break;
	case KEY_JSON:
		rc = add(o, (struct report_output){.kind = &json_kind, .file = arg});
		break;
	case KEY_HTML:
		rc = add(o, (struct report_output){.kind = &html_kind, .file = arg});
		break;
	case KEY_EXPORT:
		rc = add(o, parse_export(state, arg));
		break;
	case KEY_OUTPUTS:
		rc = parse_folder(state, o, arg);
		break;
	case KEY_ROOT:
		free(o->source_root);
		o->source_root = absolute(state, arg);
		break;
	case KEY_NAME:
		if (!*arg)
			argp_error(state, "--name: a name is not empty");
		o->name = arg;
		break;
	case KEY_PLOTS:
		if (!*arg || strcmp(arg, "-") == 0)
			argp_error(state, "--plots takes a folder, not '%s'", arg);
		rc = add(o, (struct report_output){.kind = &plots_kind, .file = arg});
		break;
	case KEY_NO_PATHS:
		o->no_paths = true;
		break;
	case 'o':
		o->output = arg;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (rc)
		argp_failure(state, 4, rc, "options");
	return 0;
}

const struct argp report_outputs_argp = {option_table, parse, NULL, NULL, NULL, NULL, NULL};

static void put_name(char *text, size_t size, const struct report_output *output)
{
	snprintf(text, size, "%s%s%s", output->kind->name, output->export ? " " : "", output->export ? output->export->name : "");
}

/* Outputs that were given a folder get the name of a file in it. */
static void name_files(struct report_outputs *o, const char *trace, struct argp_state *state)
{
	for (size_t i = 0; i < o->count; i++) {
		struct report_output *output = &o->wanted[i];
		char *file;

		if (!output->own)
			continue;
		file = output_name(output->own, trace, output->export ? output->export->name : NULL, output->metric,
		                   output->export ? output->export->suffix : output->kind->suffix);
		if (!file)
			argp_failure(state, 4, ENOMEM, "options");
		free(output->own);
		output->file = output->own = file;
	}
}

void report_outputs_settle(struct report_outputs *o, const char *trace, bool why, struct argp_state *state)
{
	char a[60], b[60];

	name_files(o, trace, state);
	if (o->count == 0 && add(o, (struct report_output){.kind = &text_kind}))
		argp_failure(state, 4, ENOMEM, "options");
	for (size_t i = 0; i < o->count; i++) {
		const char *here = place(o, &o->wanted[i]);

		put_name(a, sizeof a, &o->wanted[i]);
		if (why && !o->wanted[i].kind->of_why)
			argp_error(state, "--why is answered as text or JSON, not as %s", a);
		/* a page, or compressed bytes: nobody wants to read them, and a terminal may take them for commands */
		if (!here && isatty(STDOUT_FILENO) &&
		    (o->wanted[i].kind == &html_kind || (o->wanted[i].export && strcmp(o->wanted[i].export->name, "pprof") == 0)))
			argp_error(state, "%s is not for a terminal: give it a file", a);
		for (size_t j = 0; j < i; j++) {
			const char *there = place(o, &o->wanted[j]);

			put_name(b, sizeof b, &o->wanted[j]);
			if (here == there || (here && there && strcmp(here, there) == 0 && strcmp(here, "/dev/null") != 0))
				argp_error(state, "%s and %s cannot both go to %s: give one another file", b, a, here ? here : "standard output");
		}
	}
}

void report_outputs_need(const struct report_outputs *o, struct ms_report_options *options)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct report_output *output = &o->wanted[i];

		options->timeline_by |= output->kind->timeline_by | (output->export ? output->export->timeline_by : 0);
		options->address_space |= output->kind->address_space;
		for (size_t k = 0; output->kind->plots && k < *output->kind->plot_count; k++) {
			options->timeline_by |= output->kind->plots[k]->timeline_by;
			options->address_space |= output->kind->plots[k]->address_space;
		}
		if (!options->timeline_buckets)
			options->timeline_buckets = output->kind->timeline_buckets;
	}
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static bool write_one(const struct report_outputs *o, const struct report_output *output, const struct report_sources *sources)
{
	struct ms_output out;
	struct ms_error err;
	int closed_early, rc;

	if (output->kind->write_folder) {
		rc = output->kind->write_folder(output->file, sources, &err);
	} else if ((rc = ms_output_open(&out, place(o, output), &err)) == MS_OK) {
		rc = output->kind->write(out.file, output, o, sources, &err);
		if (rc && !ferror(out.file)) /* what the stream remembers, commit reports with its reason */
			ms_output_discard(&out);
		else
			rc = ms_output_commit(&out, &closed_early, &err);
	}
	if (rc)
		fprintf(stderr, "memscope-analyze: %s\n", err.message);
	return rc == MS_OK;
}

bool report_outputs_write(const struct report_outputs *o, const struct report_sources *sources)
{
	/* Folders come last: that gnuplot is missing is no reason to leave out a report. */
	for (int folders = 0; folders < 2; folders++)
		for (size_t i = 0; i < o->count; i++)
			if (folders == (o->wanted[i].kind->write_folder != NULL) && !write_one(o, &o->wanted[i], sources))
				return false;
	return true;
}

void report_outputs_free(struct report_outputs *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->wanted[i].own);
	free(o->wanted);
	free(o->source_root);
	o->source_root = NULL;
	o->wanted = NULL;
	o->count = 0;
}
