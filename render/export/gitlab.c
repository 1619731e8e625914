/*
 * gitlab.c - findings and violated conditions as a GitLab Code Quality report: an array of issues.
 *
 * Suppressed findings are left out; what was there before GitLab finds out itself, by the fingerprint. A place without a source line is
 * the module or the program, line 1, because the format demands one. Files in the directory of the sources are relative to it. The
 * fingerprint of a condition has the recording's name: GitLab wants fingerprints to be unique over what it merges.
 * Source: GitLab's documentation of the report (a subset of Code Climate's format).
 */
#include <stdlib.h>
#include <string.h>

#include "export_findings.h"
#include "export_formats.h"
#include "export_names.h"
#include "render/json_writer.h"

/* false: no memory */
static bool issue(struct ms_json *j, const struct ms_export_input *input, const char *check, const char *message, const char *fingerprint,
                  const char *severity, const struct ms_report_line *line)
{
	bool placed = line && *line->file && line->line, inside;
	char *place = ms_export_place(input, placed ? line->file : line && *line->module ? line->module : ms_export_program(input->report), &inside);

	if (!place)
		return false;
	ms_json_object(j, NULL);
	ms_json_string(j, "description", message);
	ms_json_string(j, "check_name", check);
	ms_json_string(j, "fingerprint", fingerprint);
	ms_json_string(j, "severity", severity);
	ms_json_object(j, "location");
	ms_json_string(j, "path", place);
	ms_json_object(j, "lines");
	ms_json_uint(j, "begin", placed ? line->line : 1);
	ms_json_end_object(j);
	ms_json_end_object(j);
	ms_json_end_object(j);
	free(place);
	return true;
}

/* What damages the heap is worse than what only stays; what was inferred weighs less than what was seen. */
static const char *severity_of(const struct ms_finding *f)
{
	if (f->severity == MS_SEVERITY_WARNING)
		return "minor";
	return f->kind >= MS_FINDING_LEAK_DEFINITE || f->certainty == MS_INFERRED ? "major" : "critical";
}

static int write_gitlab(FILE *out, const struct ms_export_input *input, struct ms_error *err)
{
	const struct ms_report *r = input->report;
	struct ms_json j;
	bool fine = true;

	ms_json_init(&j, out, 2);
	ms_json_array(&j, NULL);
	for (size_t i = 0; i < r->findings.count; i++) {
		const struct ms_finding *f = &r->findings.list[i];
		const struct ms_report *home = ms_finding_home(r, f);

		if (!f->suppressed_by)
			fine &= issue(&j, input, ms_finding_kinds[f->kind].name, f->message, f->fingerprint, severity_of(f),
			              ms_export_user_line(input, home, ms_export_finding_node(f)));
	}
	for (size_t i = 0; i < input->condition_count; i++) {
		const struct ms_export_condition *c = &input->conditions[i];
		char *message = NULL, *fingerprint = NULL, *words = NULL;

		if (!c->holds)
			continue;
		words = ms_export_violation(c);
		if (!words || asprintf(&message, "%s: condition %s holds: %s", ms_export_title(input), c->text, words) < 0)
			message = NULL;
		if (asprintf(&fingerprint, "%s: %s", ms_export_title(input), c->text) < 0)
			fingerprint = NULL;
		fine &= message && fingerprint && issue(&j, input, "budget-exceeded", message, fingerprint, "major",
		                                        ms_export_user_line(input, r, c->node));
		free(words);
		free(message);
		free(fingerprint);
	}
	ms_json_end_array(&j);
	putc('\n', out);
	if (!fine)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for an issue");
	return ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

const struct ms_export ms_export_gitlab = {
	.name = "gitlab",
	.summary = "findings and violated conditions as a GitLab Code Quality report",
	.suffix = ".json",
	.write = write_gitlab,
};
