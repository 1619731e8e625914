/*
 * diff_outputs.h - the options of memscope-diff about outputs: which ones, where each goes, and writing them.
 *
 * A child parser of argp: its input is a struct diff_outputs, all zero before. Without any of them the comparison goes as text to -o or
 * standard output. After the options: diff_outputs_settle; before the comparison: diff_outputs_need; after it: diff_outputs_write.
 *
 * Ownership: arguments are borrowed; diff_outputs_free. Errors: messages on standard error. Thread-safety: one thread.
 */
#ifndef MS_TOOLS_DIFF_OUTPUTS_H
#define MS_TOOLS_DIFF_OUTPUTS_H

#include <argp.h>
#include <stdbool.h>

#include "render/diff_render.h"
#include "render/export/export.h"

enum diff_output { DIFF_TEXT, DIFF_JSON, DIFF_MARKDOWN, DIFF_HTML, DIFF_OUTPUTS };

/* One of --export. */
struct diff_export {
	const struct ms_export *kind;
	const char *metric, *file;
};

struct diff_outputs {
	bool wanted[DIFF_OUTPUTS];
	const char *file[DIFF_OUTPUTS];  /* NULL: where -o says, else standard output */
	const char *output;              /* -o */
	const char *plots;               /* folder of figures; NULL = none */
	bool no_paths;
	struct diff_export *exports;
	size_t export_count;
};

extern const struct argp diff_outputs_argp;

/* Call when all options are there: adds the default, refuses two outputs into one place. */
void diff_outputs_settle(struct diff_outputs *outputs, struct argp_state *state);
/* What the outputs need of the reports and of the comparison. */
void diff_outputs_need(const struct diff_outputs *outputs, struct ms_report_options *report, struct ms_diff_options *diff);
/*
 * All of them, up to the first that fails: then false, and why stands on standard error. options: for all; top and width hold when they
 * are given, else each output has its own. quiet: no notes on standard error.
 */
bool diff_outputs_write(const struct diff_outputs *outputs, const struct ms_diff *diff, const struct ms_diff_render_options *options,
                        bool top_given, bool width_given, bool quiet);
void diff_outputs_free(struct diff_outputs *outputs);

#endif
