/*
 * Property: of a trace that opens, a report can be made and shown, or an error says why not: replay, detectors, heap graphs, holders,
 * text and JSON, whatever the trace claims.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/report.h"
#include "checksums.h"
#include "format/trace_reader.h"
#include "render/json.h"
#include "render/suppression_file.h"
#include "render/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ms_report_options options = {.threads = 1, .timeline_buckets = 3};
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
			ms_report_free(&report);
		} else if (err.message[0] == 0) {
			abort();
		}
		ms_trace_close(t);
	}
	free(bytes);
	return 0;
}
