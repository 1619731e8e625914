/*
 * report_outputs.h - the options of memscope-analyze about outputs: which ones, where each goes, and writing them.
 *
 * A child parser of argp: its input is a struct report_outputs, all zero before. An output is a row of the table in report_outputs.c
 * (text, json, export, plots, ...). Without any the report goes as text to -o or standard output. Two outputs into one place are refused when
 * the options end. After the options: report_outputs_need; after the report is built: report_outputs_write.
 *
 * Ownership: arguments are borrowed; report_outputs_free. Errors: messages on standard error. Thread-safety: one thread.
 */
#ifndef MS_TOOLS_REPORT_OUTPUTS_H
#define MS_TOOLS_REPORT_OUTPUTS_H

#include <argp.h>
#include <stdbool.h>

#include "analyze/report.h"
#include "render/export/export.h"
#include "render/text.h"
#include "render/why.h"

struct report_output_kind;

struct report_output {
	const struct report_output_kind *kind;
	const char *file;                /* NULL: where -o says, else standard output */
	const struct ms_export *export;  /* of an export */
	const char *metric;
	char *own;                       /* --outputs: the folder; from report_outputs_settle on the file in it, which `file` is then */
};

struct report_outputs {
	struct report_output *wanted;
	size_t count;
	const char *output;              /* -o */
	bool no_paths;
	char *source_root;               /* absolute; NULL = not given */
	const char *name;                /* NULL = not given */
};

/* What outputs are made of; all borrowed. */
struct report_sources {
	const struct ms_report *report;
	const struct ms_trace *trace;
	const struct ms_why *why;        /* NULL: the report itself is asked for */
	struct ms_text_options text;     /* top, width: those that hold when they are given */
	bool top_given, width_given;
	bool quiet;                      /* no notes on standard error */
	const struct ms_export_condition *conditions;
	size_t condition_count;
};

extern const struct argp report_outputs_argp;

/* Asked for by an option of another parser: suppressions, to file. 0 or ENOMEM. */
int report_outputs_add_suppressions(struct report_outputs *outputs, const char *file);
/* Call when all options are there: adds the default, names the files of --outputs after the trace, refuses what cannot be. why: --why was
   given. */
void report_outputs_settle(struct report_outputs *outputs, const char *trace, bool why, struct argp_state *state);
/* What the outputs need of the report. */
void report_outputs_need(const struct report_outputs *outputs, struct ms_report_options *options);
/* All of them, up to the first that fails: then false, and why stands on standard error. */
bool report_outputs_write(const struct report_outputs *outputs, const struct report_sources *sources);
void report_outputs_free(struct report_outputs *outputs);

#endif
