/*
 * Property: of a trace that opens, a report can be made and shown, or an error says why not: replay, detectors, heap graphs, holders,
 * text, JSON and exports, whatever the trace claims. Compared with itself nothing has changed; twice with once neither.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/diff.h"
#include "analyze/report.h"
#include "checksums.h"
#include "format/trace_reader.h"
#include "render/diff_render.h"
#include "render/export/export.h"
#include "render/json.h"
#include "render/suppression_file.h"
#include "render/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const long fuzz_changes;
const long fuzz_changes = 1000;

static void show(const struct ms_report *r)
{
	static const struct ms_text_options text_options = {.top = 4, .frames = 5, .width = 90};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct ms_error err;

	if (!f)
		abort();
	if (ms_render_text(f, r, &text_options, &err) || ms_render_json(f, r, &(struct ms_json_options){.top = 2}, &err) ||
	    ms_render_suppressions(f, r, &err))
		abort();
	fclose(f);
	free(text);
}

/* In every format, with one of its metrics each time: written, or refused with a reason. */
static void export(const struct ms_report *r, const struct ms_trace *t)
{
	static const struct ms_export_condition conditions[] = {{.text = "peak>1", .holds = true, .value = 2}, {.text = "findings>0", .reason = "<none>"}};

	for (size_t i = 0; i < ms_export_count; i++) {
		struct ms_export_input input = {.report = r, .trace = t, .conditions = conditions, .condition_count = 2, .no_paths = r->trace.events % 2, .file = i % 2 ? "x.zst" : NULL};
		struct ms_error err = {0};
		char *text = NULL;
		size_t size, metrics = 0;
		FILE *f = open_memstream(&text, &size);
		int rc;

		while (ms_exports[i]->metrics && ms_exports[i]->metrics[metrics])
			metrics++;
		if (metrics)
			input.metric = ms_exports[i]->metrics[(r->trace.events + r->totals.peak_bytes) % metrics];
		if (!f)
			abort();
		rc = ms_exports[i]->write(f, &input, &err);
		if (rc != MS_OK && (rc != MS_E_UNSUPPORTED || err.message[0] == 0))
			abort();
		fclose(f);
		free(text);
	}
}

static void compare(const struct ms_report *r, const struct ms_trace *t)
{
	static const struct ms_diff_render_options options = {.metric = MS_DIFF_METRIC_COUNT, .top = 4, .frames = 5, .width = 90};
	const struct ms_report *reports[] = {r, r, r};
	const struct ms_trace *traces[] = {t, t, t};
	const struct ms_diff_side old = {reports, traces, 2}, new = {reports + 2, traces + 2, 1};
	struct ms_diff d;
	struct ms_error err;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f || ms_diff_build(&d, &old, &new, NULL, &err) || d.row_count || d.paths_fuzzy || d.new_finding_count || d.fixed_finding_count)
		abort();
	if (ms_render_diff_text(f, &d, &options, &err) || ms_render_diff_json(f, &d, &options, &err) ||
	    ms_render_diff_markdown(f, &d, &options, &err))
		abort();
	fclose(f);
	free(text);
	ms_diff_free(&d);
	f = open_memstream(&text, &size);
	if (!f || ms_diff_build(&d, &new, &new, NULL, &err))
		abort();
	for (size_t i = 0; i < ms_diff_export_count; i++) {
		int rc = ms_diff_exports[i]->write_diff(f, &d, ms_diff_exports[i]->metrics[r->trace.events % 5], &err);

		if (rc != MS_OK && (rc != MS_E_UNSUPPORTED || err.message[0] == 0))
			abort();
	}
	fclose(f);
	free(text);
	ms_diff_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ms_report_options options = {.threads = 1, .timeline_buckets = 3, .timeline_by = (1u << MS_TIMELINE_GROUP_COUNT) - 1};
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	struct ms_trace *t;
	struct ms_report report;
	struct ms_error err;

	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	make_checksums_right(bytes, size);
	if (ms_trace_open_memory(&t, bytes, size, &err) == MS_OK) {
		if (ms_report_build(&report, t, &options, &err) == MS_OK) {
			show(&report);
			export(&report, t);
			compare(&report, t);
			ms_report_free(&report);
		} else if (err.message[0] == 0) {
			abort();
		}
		ms_trace_close(t);
	}
	free(bytes);
	return 0;
}
