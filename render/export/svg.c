/*
 * svg.c - a flame graph as one SVG file: opens from disk in any browser, readable without its script.
 *
 * A box per frame, as wide as its share of the metric, its callees above it; what is too narrow to be seen is not drawn, and the
 * heading says how many. With the script (svg_script.h): a click or Enter zooms, Escape goes back, / searches. Boxes have titles with
 * exact numbers. Colours are light tints of a palette that colour-blind people can tell apart, by name, so that a function has the
 * same colour everywhere; nothing depends on them. Names are text and attributes, never markup (export_xml.h), and the script puts none into
 * markup either.
 * Source: flame graphs after Brendan Gregg; palette after Okabe and Ito.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_findings.h"
#include "export_formats.h"
#include "export_metrics.h"
#include "export_names.h"
#include "export_xml.h"
#include "frame_tree.h"
#include "render/units.h"
#include "svg_script.h"

#define WIDTH 1200
#define SIDE 10
#define ROW 18
#define HEAD 64
#define FOOT 26
#define NARROWEST 0.2            /* pixels */
#define LETTER 7.0               /* pixels per character at 12 px */

struct drawing {
	FILE *out;
	const struct ms_frame_tree *tree;
	const struct ms_export_metric *metric;
	uint64_t *start;                 /* of each frame, in units of the metric from the left */
	uint32_t *depth;                 /* 0: all */
	uint32_t deepest;                /* that is drawn */
	size_t omitted;
};

static double pixels(const struct drawing *d, uint64_t value)
{
	uint64_t total = d->tree->frames[0].total;

	return total ? (double)value / (double)total * (WIDTH - 2 * SIDE) : 0;
}

static bool is_drawn(const struct drawing *d, size_t frame)
{
	return frame == 0 || pixels(d, d->tree->frames[frame].total) >= NARROWEST;
}

/* parent < index, and children of one parent stand in the order of their indexes. */
static int lay_out(struct drawing *d, struct ms_error *err)
{
	size_t count = d->tree->frame_count;
	uint64_t *next = calloc(count, sizeof *next); /* where the next child of a frame begins */

	d->start = calloc(count, sizeof *d->start);
	d->depth = calloc(count, sizeof *d->depth);
	if (!next || !d->start || !d->depth) {
		free(next);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a drawing of %zu frames", count);
	}
	for (size_t f = 1; f < count; f++) {
		const struct ms_tree_frame *frame = &d->tree->frames[f];

		d->start[f] = next[f] = next[frame->parent];
		next[frame->parent] += frame->total;
		d->depth[f] = d->depth[frame->parent] + 1;
		if (!is_drawn(d, f))
			d->omitted++;
		else if (d->depth[f] > d->deepest)
			d->deepest = d->depth[f];
	}
	free(next);
	return MS_OK;
}

static const char *amount(char text[MS_UNIT_TEXT], const struct drawing *d, uint64_t value)
{
	return d->metric->bytes ? ms_unit_bytes(text, value, true) : ms_unit_of(text, value, "block");
}

/* By name alone: FNV-1a. */
static const char *colour(const char *name)
{
	static const char *const tints[] = {"#f6cf7d", "#a6d8f5", "#8fd6bd", "#f7ef9a", "#e6b8d3", "#f2ac80"};
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return tints[hash % (sizeof tints / sizeof *tints)];
}

/* As much of the name as the box holds: whole characters, ".." where it was cut. */
static void label(struct drawing *d, const char *name, double width)
{
	size_t room = width < 3 * LETTER ? 0 : (size_t)((width - 6) / LETTER), length = strlen(name);
	char *cut;

	if (room < 3)
		return;
	if (length <= room) {
		ms_export_xml(d->out, name);
		return;
	}
	room -= 2;
	while (room && ((unsigned char)name[room] & 0xc0) == 0x80) /* not inside a character */
		room--;
	cut = strndup(name, room);
	if (cut)
		ms_export_xml(d->out, cut);
	fputs("..", d->out);
	free(cut);
}

static void box(struct drawing *d, size_t f)
{
	const struct ms_tree_frame *frame = &d->tree->frames[f];
	const char *name = f ? d->tree->names[frame->name] : "all";
	double x = SIDE + pixels(d, d->start[f]), width = f ? pixels(d, frame->total) : WIDTH - 2 * SIDE;
	unsigned y = HEAD + (d->deepest - d->depth[f]) * ROW;
	char text[MS_UNIT_TEXT], share[MS_UNIT_TEXT];

	fputs("<g class=\"f\"><title>", d->out);
	ms_export_xml(d->out, name);
	fprintf(d->out, "\n%s, ", amount(text, d, frame->total));
	ms_export_xml(d->out, ms_unit_share(share, frame->total, d->tree->frames[0].total)); /* "< 0.1 %" */
	fprintf(d->out, "</title><rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/><text x=\"%.2f\" y=\"%u\">", x, y, width, ROW - 1,
	        f ? colour(name) : "#d9d9d9", x + 3, y + 13);
	label(d, name, width);
	fputs("</text></g>\n", d->out);
}

static void heading(struct drawing *d, const struct ms_export_input *in)
{
	char text[MS_UNIT_TEXT], number[MS_UNIT_TEXT];

	fprintf(d->out, "<text x=\"%d\" y=\"22\" class=\"h\">", SIDE);
	ms_export_xml(d->out, ms_export_base(ms_export_program(in->report)));
	fprintf(d->out, ": %s</text>\n<text x=\"%d\" y=\"42\" class=\"s\">%s in all", d->metric->title, SIDE,
	        amount(text, d, d->tree->frames[0].total));
	if (d->omitted)
		fprintf(d->out, "; %s too narrow to be drawn", ms_unit_of(number, d->omitted, "frame"));
	if (!in->report->trace.complete)
		fputs("; the recording is not complete", d->out);
	fprintf(d->out, "</text>\n<text x=\"%d\" y=\"%u\" class=\"s\" id=\"at\"></text>\n", SIDE, HEAD + (d->deepest + 1) * ROW + 16);
}

static void draw(struct drawing *d, const struct ms_export_input *in)
{
	unsigned height = HEAD + (d->deepest + 1) * ROW + FOOT;

	fprintf(d->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\">\n"
	        "<style>text{font:12px ui-monospace,monospace;fill:#000;pointer-events:none}.h{font-size:16px;font-weight:bold}.s{fill:#333}"
	        ".f{cursor:pointer}.f rect{stroke:#fff;stroke-width:.5}.f:hover rect,.f:focus rect{stroke:#000;stroke-width:1.5}.f:focus{outline:none}"
	        ".m rect{stroke:#000;stroke-width:2}.d{opacity:.55}.x{display:none}</style>\n"
	        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
	        WIDTH, height, WIDTH, height);
	heading(d, in);
	for (size_t f = 0; f < d->tree->frame_count; f++)
		if (is_drawn(d, f))
			box(d, f);
	fprintf(d->out, "<script><![CDATA[\n%s]]></script>\n</svg>\n", ms_svg_script);
}

static int write_svg(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	struct ms_frame_tree tree = {0};
	struct drawing d = {.out = out, .tree = &tree};
	struct ms_weight *weights = NULL;
	size_t count = 0;
	int rc = ms_export_metric_find(&d.metric, in->metric, err);

	if (rc == MS_OK)
		rc = ms_export_weights(&weights, &count, in->report, d.metric, err);
	if (rc == MS_OK)
		rc = ms_frame_tree_build(&tree, in->report, weights, count, err);
	if (rc == MS_OK)
		rc = lay_out(&d, err);
	if (rc == MS_OK) {
		draw(&d, in);
		if (ferror(out))
			rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write");
	}
	free(d.start);
	free(d.depth);
	free(weights);
	ms_frame_tree_free(&tree);
	return rc;
}

const struct ms_export ms_export_svg = {
	.name = "svg",
	.summary = "a flame graph in one file that opens from disk: browsers",
	.suffix = ".svg",
	.metrics = ms_export_metric_names,
	.write = write_svg,
};
