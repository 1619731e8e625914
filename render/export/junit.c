/*
 * junit.c - detectors and conditions as test cases of a JUnit report, for every CI.
 *
 * One case says whether the recording is complete (an error if not), one per detector (found what counts: a failure; not observable:
 * skipped, with the reason), one per condition of --fail-on (holds: a failure; could not be judged: an error). Findings that are suppressed
 * or known from the baseline do not fail a case; its output names them.
 * Source: the schema that Jenkins validates against; JUnit's own XML was never specified.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_findings.h"
#include "export_formats.h"
#include "export_names.h"
#include "export_xml.h"
#include "render/report_names.h"

struct counts {
	uint64_t tests, failures, errors, skipped;
};

static uint64_t failing(const struct ms_report *r, const struct ms_detector_result *d)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->findings.count; i++)
		n += (d->kinds >> r->findings.list[i].kind & 1) && ms_export_counts(&r->findings.list[i]);
	return n;
}

static struct counts count(const struct ms_export_input *in)
{
	const struct ms_findings *f = &in->report->findings;
	struct counts c = {.tests = 1 + f->detector_count + in->condition_count, .errors = !in->report->trace.complete};

	for (size_t i = 0; i < f->detector_count; i++) {
		bool fails = failing(in->report, &f->detectors[i]);

		c.failures += fails;
		c.skipped += !fails && f->detectors[i].status == MS_DETECTOR_NOT_OBSERVABLE;
	}
	for (size_t i = 0; i < in->condition_count; i++) {
		c.errors += in->conditions[i].reason != NULL;
		c.failures += !in->conditions[i].reason && in->conditions[i].holds;
	}
	return c;
}

static void put_line(FILE *out, const struct ms_export_input *in, const struct ms_report_line *l)
{
	char buffer[MS_EXPORT_FRAME];

	fputs("    ", out);
	ms_export_xml(out, ms_export_frame(buffer, l));
	if (*l->file || *l->module) {
		bool inside;
		char *place = ms_export_place(in, *l->file ? l->file : l->module, &inside);

		fputs(" (", out);
		ms_export_xml(out, place ? place : *l->file ? l->file : l->module);
		free(place);
		if (*l->file && l->line)
			fprintf(out, ":%" PRIu32, l->line);
		putc(')', out);
	}
	putc('\n', out);
}

static void put_finding(FILE *out, const struct ms_export_input *in, const struct ms_finding *f)
{
	const struct ms_report *home = ms_finding_home(in->report, f);
	struct ms_export_path paths[MS_EXPORT_PATHS];
	size_t count_of_paths = ms_export_finding_paths(paths, f);

	fprintf(out, "%s: ", ms_finding_kinds[f->kind].name);
	ms_export_xml(out, f->message);
	fprintf(out, " [%s]\n", f->fingerprint);
	for (size_t i = 0; i < count_of_paths; i++) {
		fprintf(out, "  %s:\n", paths[i].what);
		for (uint32_t n = paths[i].node; n; n = home->nodes[n].parent)
			for (uint32_t l = 0; l < home->nodes[n].line_count; l++)
				put_line(out, in, &home->lines[home->nodes[n].first_line + l]);
	}
}

/* Those that count, or those that do not. */
static void put_findings(FILE *out, const struct ms_export_input *in, const struct ms_detector_result *d, bool counting)
{
	for (size_t i = 0; i < in->report->findings.count; i++) {
		const struct ms_finding *f = &in->report->findings.list[i];

		if (!(d->kinds >> f->kind & 1) || ms_export_counts(f) != counting)
			continue;
		if (!counting)
			fputs(f->suppressed_by ? "suppressed: " : "in the baseline: ", out);
		put_finding(out, in, f);
	}
}

/* A CI knows a case by its class and name over all files that it collects: the class says which recording it is about. */
static void begin_case(FILE *out, const struct ms_export_input *in, const char *class, const char *name)
{
	fputs("\t\t<testcase classname=\"memscope.", out);
	ms_export_xml(out, ms_export_title(in));
	fprintf(out, ".%s\"", class);
	ms_export_attribute(out, "name", name);
	fputs(">\n", out);
}

static void verdict(FILE *out, const char *element, const char *type, const char *message)
{
	fprintf(out, "\t\t\t<%s", element);
	ms_export_attribute(out, "type", type);
	ms_export_attribute(out, "message", message);
	putc('>', out);
}

static void detector(FILE *out, const struct ms_export_input *in, const struct ms_detector_result *d)
{
	uint64_t fails = failing(in->report, d);
	char message[200];

	begin_case(out, in, "detectors", d->name);
	if (!fails && d->status == MS_DETECTOR_NOT_OBSERVABLE) {
		fputs("\t\t\t<skipped>not observable in this trace: ", out);
		ms_export_xml(out, d->reason);
		fputs("</skipped>\n", out);
	}
	if (fails) {
		snprintf(message, sizeof message, "%" PRIu64 " found", fails);
		verdict(out, "failure", d->name, message);
		put_findings(out, in, d, true);
		fputs("</failure>\n", out);
	}
	fputs("\t\t\t<system-out>", out);
	if (d->status != MS_DETECTOR_NOT_OBSERVABLE) {
		snprintf(message, sizeof message, "%s: checked: %" PRIu64 " (%s)\n", d->summary, d->checked, d->unit);
		ms_export_xml(out, message);
		if (*d->reason)
			ms_export_xml(out, d->reason);
	}
	put_findings(out, in, d, false);
	fputs("</system-out>\n\t\t</testcase>\n", out);
}

static void recording(FILE *out, const struct ms_export_input *in)
{
	const struct ms_report_trace *t = &in->report->trace;

	begin_case(out, in, "recording", "complete");
	if (!t->complete) {
		verdict(out, "error", "recording", "the recording is not complete");
		if (t->damaged)
			ms_export_xml(out, t->damage.message);
		fprintf(out, "ended: %s, lost events: %" PRIu64 "</error>\n", ms_ended_name(t->ended), t->lost_events);
	}
	fprintf(out, "\t\t\t<system-out>%" PRIu64 " events</system-out>\n\t\t</testcase>\n", t->events);
}

/* false: no memory */
static bool condition(FILE *out, const struct ms_export_input *in, const struct ms_export_condition *c)
{
	const struct ms_report *r = in->report;
	char *words = ms_export_violation(c);

	if (!words)
		return false;

	begin_case(out, in, "conditions", c->text);
	if (c->reason) {
		verdict(out, "error", "condition", "cannot be judged");
		ms_export_xml(out, c->reason);
		fputs("</error>\n", out);
	} else if (c->holds) {
		verdict(out, "failure", "condition", words);
		if (c->node)
			fputs(c->share ? "the call path with the largest part:\n" : "the first of them:\n", out);
		for (uint32_t n = c->node; n; n = r->nodes[n].parent)
			for (uint32_t l = 0; l < r->nodes[n].line_count; l++)
				put_line(out, in, &r->lines[r->nodes[n].first_line + l]);
		fputs("</failure>\n", out);
	} else {
		fprintf(out, "\t\t\t<system-out>%s</system-out>\n", words);
	}
	fputs("\t\t</testcase>\n", out);
	free(words);
	return true;
}

static void property(FILE *out, const char *name, uint64_t value)
{
	fputs("\t\t\t<property", out);
	ms_export_attribute(out, "name", name);
	ms_export_attribute_format(out, "value", "%" PRIu64, value);
	fputs("/>\n", out);
}

static int write_junit(FILE *out, const struct ms_export_input *in, struct ms_error *err)
{
	const struct ms_report *r = in->report;
	struct counts c = count(in);
	char when[MS_TIME_TEXT];

	ms_time_text(when, r->trace.process->start_time_unix_ns);
	if (strlen(when) > 19)
		when[19] = '\0'; /* whole seconds, no zone */
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"memscope\" tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64 "\">\n",
	        c.tests, c.failures, c.errors);
	fputs("\t<testsuite", out);
	ms_export_attribute(out, "name", ms_export_title(in));
	fprintf(out, " tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64 "\" skipped=\"%" PRIu64 "\" time=\"%.6f\"", c.tests, c.failures,
	        c.errors, c.skipped, (double)r->trace.duration_ns / 1e9);
	ms_export_attribute(out, "timestamp", when);
	ms_export_attribute(out, "hostname", r->trace.process->host ? r->trace.process->host : "");
	fputs(">\n\t\t<properties>\n", out);
	property(out, "peak_bytes", r->totals.peak_bytes);
	property(out, "live_bytes", r->totals.live_bytes);
	property(out, "live_blocks", r->totals.live_blocks);
	property(out, "allocations", r->totals.allocations);
	property(out, "allocated_bytes", r->totals.allocated_bytes);
	property(out, "lost_events", r->trace.lost_events);
	fputs("\t\t</properties>\n", out);
	recording(out, in);
	for (size_t i = 0; i < r->findings.detector_count; i++)
		detector(out, in, &r->findings.detectors[i]);
	for (size_t i = 0; i < in->condition_count; i++)
		if (!condition(out, in, &in->conditions[i]))
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a condition");
	fputs("\t</testsuite>\n</testsuites>\n", out);
	return ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

const struct ms_export ms_export_junit = {
	.name = "junit",
	.summary = "detectors and conditions as test cases of a JUnit report: Jenkins, GitLab, GitHub",
	.suffix = ".xml",
	.write = write_junit,
};
