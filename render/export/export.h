/*
 * export.h - reports in the formats of other tools: one const table, one file per format.
 *
 * A row names a format for --export KIND=FILE, says what it needs beyond the report's usual fields (the tool asks the analysis for it
 * before the replay), and writes it. A format with several metrics (folded:live) takes one of its own list; the first is the default.
 * Everything that comes from the trace is escaped as the format demands; rows are in an order that does not change from run to run, and
 * sums equal those of the report.
 *
 * Parameters: all borrowed during the call. `trace` is the trace that the report was built from (for formats that list events).
 * Errors: MS_E_NOMEM; MS_E_IO when the stream failed; MS_E_ARGUMENT for a metric that the format does not have; MS_E_UNSUPPORTED
 * when the trace lacks what the format cannot do without, with the reason. Reading events: those of the cursor.
 * Thread-safety: one thread per stream. Adding one: docs/HOWTO_ADD_EXPORT.md.
 */
#ifndef MS_RENDER_EXPORT_H
#define MS_RENDER_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analyze/report.h"

struct ms_diff;
struct ms_trace;

/* A condition of --fail-on and how it went, for formats that list budgets. */
struct ms_export_condition {
	const char *text;                /* as given: "peak>64MiB" */
	bool holds;                      /* the budget is violated */
	uint64_t value;
	bool bytes;                      /* the unit of value and share; else they count */
	const char *reason;              /* why it could not be judged; NULL = it could */
	/* Where to look first: a node of the report. 0 = nowhere in particular. */
	uint32_t node;
	uint64_t share;                  /* of the value: what this call path has of it; 0 = the node is that of a finding */
};

struct ms_export_input {
	const struct ms_report *report;
	const struct ms_trace *trace;
	const char *metric;              /* NULL = the format's first */
	const struct ms_export_condition *conditions;
	size_t condition_count;
	const char *file;                /* what it will be called, for formats whose readers go by that; NULL = not known, as standard output */
	bool no_paths;                   /* leave directories out of names of files */
	const char *source_root;         /* absolute: files below it are relative to it; NULL = the program's working directory */
	const char *name;                /* of this recording among others, for formats that CI collects; NULL = the program's */
};

struct ms_export {
	const char *name;                /* Required. For --export; lower case, digits and '-'. */
	const char *summary;             /* Required. One line: the format and who reads it. */
	const char *suffix;              /* Required. Usual end of its files, with the dot. */
	const char *const *metrics;      /* Optional. NULL-terminated. */
	uint32_t timeline_by;            /* bits of ms_report_options.timeline_by that it needs */
	/* One of the two is required. Writes the whole of it: of a report, of a comparison (metric: as in struct ms_export_input). */
	int (*write)(FILE *out, const struct ms_export_input *input, struct ms_error *err);
	int (*write_diff)(FILE *out, const struct ms_diff *diff, const char *metric, struct ms_error *err);
};

#pragma GCC visibility push(default) /* part of libmemscope.so */
extern const struct ms_export *const ms_exports[];
extern const size_t ms_export_count;
/* Those of comparisons: memscope-diff. */
extern const struct ms_export *const ms_diff_exports[];
extern const size_t ms_diff_export_count;

/*
 * Takes "KIND" or "KIND:METRIC" apart. *metric points into the text. Errors: MS_E_ARGUMENT names what there is.
 */
int ms_export_find(const struct ms_export **out, const char **metric, const char *text, struct ms_error *err);
int ms_diff_export_find(const struct ms_export **out, const char **metric, const char *text, struct ms_error *err);
/* MS_OK when the list is well formed: every required field there, names unique and well spelt; else MS_E_ARGUMENT. */
int ms_export_check(const struct ms_export *const *list, size_t count, struct ms_error *err);
#pragma GCC visibility pop

#endif
