/*
 * speedscope.c - call paths with several metrics in one file, for speedscope.app.
 *
 * A profile per metric of export_metrics.h that the trace shows and that is not all zero, peak first; each a list of call paths from the
 * root on, with a weight in bytes or blocks. Frames are lines of source, each once.
 * Source: speedscope's file format schema (sampled profiles).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_formats.h"
#include "export_metrics.h"
#include "export_names.h"
#include "format/intern.h"
#include "render/json_writer.h"

/* Frames by name, file and line: the lines of the report's nodes are numbered, index 0 is "no stack". */
struct frames {
	uint32_t *of_line;               /* of each line of the report */
	const struct ms_report_line **list;
	size_t count;
};

static int number_frames(struct frames *f, const struct ms_report *r, struct ms_error *err)
{
	struct ms_intern known = {0};
	int rc = MS_OK;

	f->of_line = malloc((r->line_count + 1) * sizeof *f->of_line);
	f->list = malloc((r->line_count + 1) * sizeof *f->list);
	if (!f->of_line || !f->list)
		rc = MS_E_NOMEM;
	else
		f->list[f->count++] = NULL;
	for (size_t i = 0; rc == MS_OK && i < r->line_count; i++) {
		char buffer[MS_EXPORT_FRAME], *key = NULL;
		bool is_new;
		int n = asprintf(&key, "%s\n%s\n%" PRIu32, ms_export_frame(buffer, &r->lines[i]), r->lines[i].file, r->lines[i].line);
		uint32_t id = n < 0 ? 0 : ms_intern(&known, key, (size_t)n, &is_new);

		if (n >= 0)
			free(key);
		if (!id)
			rc = MS_E_NOMEM;
		else if (is_new)
			f->list[f->count++] = &r->lines[i];
		f->of_line[i] = id;
	}
	ms_intern_free(&known);
	return rc ? ms_fail(err, rc, MS_NO_OFFSET, "no memory for %zu frames", r->line_count) : MS_OK;
}

static void put_frames(struct ms_json *j, const struct ms_export_input *in, const struct frames *f)
{
	ms_json_object(j, "shared");
	ms_json_array(j, "frames");
	for (size_t i = 0; i < f->count; i++) {
		const struct ms_report_line *l = f->list[i];
		char buffer[MS_EXPORT_FRAME];

		ms_json_object(j, NULL);
		ms_json_string(j, "name", ms_export_frame(buffer, l));
		if (l && *l->file)
			ms_json_string(j, "file", ms_export_path(in, l->file));
		if (l && *l->file && l->line)
			ms_json_uint(j, "line", l->line);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_end_object(j);
}

/* path: room for the deepest. */
static void put_path(struct ms_json *j, const struct ms_report *r, const struct frames *f, uint32_t node, uint32_t *path)
{
	size_t depth = 0;

	for (uint32_t n = node; n; n = r->nodes[n].parent)
		for (uint32_t l = 0; l < r->nodes[n].line_count; l++)
			path[depth++] = f->of_line[r->nodes[n].first_line + l];
	if (depth == 0)
		path[depth++] = 0;
	ms_json_array(j, NULL);
	while (depth-- > 0)
		ms_json_uint(j, NULL, path[depth]);
	ms_json_end_array(j);
}

static void put_profile(struct ms_json *j, const struct ms_report *r, const struct frames *f, const struct ms_export_metric *metric,
                        const struct ms_weight *weights, size_t count, uint32_t *path)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += weights[i].value;
	ms_json_object(j, NULL);
	ms_json_string(j, "type", "sampled");
	ms_json_string(j, "name", metric->title);
	ms_json_string(j, "unit", metric->bytes ? "bytes" : "none");
	ms_json_uint(j, "startValue", 0);
	ms_json_uint(j, "endValue", sum);
	ms_json_array(j, "samples");
	for (size_t i = 0; i < count; i++)
		put_path(j, r, f, weights[i].node, path);
	ms_json_end_array(j);
	ms_json_array(j, "weights");
	for (size_t i = 0; i < count; i++)
		ms_json_uint(j, NULL, weights[i].value);
	ms_json_end_array(j);
	ms_json_end_object(j);
}

static uint32_t *room_for_paths(const struct ms_report *r)
{
	uint32_t *depth = calloc(r->node_count + 1, sizeof *depth), deepest = 1, *path;

	if (!depth)
		return NULL;
	for (size_t n = 1; n < r->node_count; n++) {
		depth[n] = depth[r->nodes[n].parent] + r->nodes[n].line_count;
		if (depth[n] > deepest)
			deepest = depth[n];
	}
	free(depth);
	path = malloc(deepest * sizeof *path);
	return path;
}

static int write_speedscope(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	const struct ms_report *r = in->report;
	struct frames frames = {0};
	uint32_t *path = room_for_paths(r);
	struct ms_json j;
	int rc = path ? number_frames(&frames, r, err) : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for call paths");

	if (rc)
		goto done;
	ms_json_init(&j, out, 3);
	ms_json_object(&j, NULL);
	ms_json_string(&j, "$schema", "https://www.speedscope.app/file-format-schema.json");
	put_frames(&j, in, &frames);
	ms_json_array(&j, "profiles");
	for (size_t m = 0; rc == MS_OK && m < ms_export_metric_count; m++) {
		struct ms_weight *weights = NULL;
		size_t count = 0;

		rc = ms_export_weights(&weights, &count, r, &ms_export_metrics[m], err);
		if (rc == MS_E_UNSUPPORTED) { /* not there is not zero: then there is no such profile */
			rc = MS_OK;
			continue;
		}
		if (rc == MS_OK && (count || m == 0))
			put_profile(&j, r, &frames, &ms_export_metrics[m], weights, count, path);
		free(weights);
	}
	ms_json_end_array(&j);
	ms_json_string(&j, "name", ms_export_base(r->trace.file));
	ms_json_uint(&j, "activeProfileIndex", 0);
	ms_json_string(&j, "exporter", "memscope");
	ms_json_end_object(&j);
	putc('\n', out);
	if (rc == MS_OK && ferror(out))
		rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write");
done:
	free(path);
	free(frames.of_line);
	free(frames.list);
	return rc;
}

const struct ms_export ms_export_speedscope = {
	.name = "speedscope",
	.summary = "call paths by peak, alive, allocated, temporary, leaked: speedscope.app",
	.suffix = ".speedscope.json",
	.write = write_speedscope,
};
