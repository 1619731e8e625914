/*
 * folded_diff.c - folded stacks of two runs: "root;child;leaf OLD NEW" per line, as difffolded.pl writes them for flamegraph.pl.
 *
 * Call paths are those of a comparison: by normalised names, so that lines, addresses, folders and suffixes of compilers are no
 * difference; paths that did not change are there, too, and each column sums up to its report's own figure. Names as in folded.c. Lines are unique.
 * Source: the text that difffolded.pl writes.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "analyze/diff_paths.h"
#include "export_formats.h"
#include "export_metrics.h"
#include "export_names.h"

struct sums {
	uint64_t value[2];               /* of call paths that end here: old, new */
};

static int add_up(struct sums *sums, const struct ms_diff_paths *paths, const struct ms_diff *diff, const struct ms_export_metric *metric,
                  struct ms_error *err)
{
	const struct ms_report *reports[2] = {diff->before.reports[0], diff->after.reports[0]};

	for (int s = 0; s < 2; s++) {
		struct ms_weight *weights = NULL;
		size_t count = 0;
		int rc = ms_export_weights(&weights, &count, reports[s], metric, err);

		if (rc)
			return rc;
		for (size_t i = 0; i < count; i++)
			sums[paths->frame_of[s][weights[i].node]].value[s] += weights[i].value;
		free(weights);
	}
	return MS_OK;
}

/* A line that starts with '#' would be a comment. list: room for as many frames as there are. */
static void put_path(FILE *out, const struct ms_diff_paths *paths, uint32_t frame, uint32_t *list)
{
	uint32_t depth = 0;

	for (; frame; frame = paths->frames[frame].parent)
		list[depth++] = frame;
	if (depth == 0)
		fputs("[no stack]", out);
	else if (paths->frames[list[depth - 1]].name[0] == '#')
		putc('_', out);
	while (depth-- > 0) {
		ms_put_folded_name(out, paths->frames[list[depth]].name);
		if (depth)
			putc(';', out);
	}
}

static int write_folded_diff(FILE *out, const struct ms_diff *diff, const char *metric_name, struct ms_error *err)
{
	const struct ms_export_metric *metric;
	struct ms_diff_paths paths;
	struct sums *sums = NULL;
	uint32_t *list = NULL;
	int rc = ms_export_metric_find(&metric, metric_name, err);

	if (rc == MS_OK)
		rc = ms_diff_paths_build(&paths, diff, err);
	if (rc)
		return rc;
	sums = calloc(paths.count, sizeof *sums);
	list = calloc(paths.count, sizeof *list);
	rc = sums && list ? add_up(sums, &paths, diff, metric, err) : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u frames", paths.count);
	for (uint32_t f = 0; f < paths.count && rc == MS_OK; f++) {
		if (!sums[f].value[0] && !sums[f].value[1])
			continue;
		put_path(out, &paths, f, list);
		fprintf(out, " %" PRIu64 " %" PRIu64 "\n", sums[f].value[0], sums[f].value[1]);
	}
	if (rc == MS_OK && ferror(out))
		rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write");
	free(sums);
	free(list);
	ms_diff_paths_free(&paths);
	return rc;
}

const struct ms_export ms_export_folded_diff = {
	.name = "folded-diff",
	.summary = "folded stacks of both runs, two columns as difffolded.pl writes them: flamegraph.pl",
	.suffix = ".folded",
	.metrics = ms_export_metric_names,
	.write_diff = write_folded_diff,
};
