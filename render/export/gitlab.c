/*
 * gitlab.c - findings and violated conditions as a GitLab Code Quality report: an array of issues.
 *
 * Suppressed findings are left out; what was there before GitLab finds out itself, by the fingerprint. A place without a source line is
 * the module or the program, line 1, because the format demands one. Files in the program's working directory are relative to it.
 * Source: GitLab's documentation of the report (a subset of Code Climate's format).
 */
#include <inttypes.h>
#include <string.h>

#include "export_findings.h"
#include "export_formats.h"
#include "export_names.h"
#include "render/json_writer.h"

static const char *relative(const struct ms_export_input *input, const char *path)
{
	const char *folder = input->report->trace.process->working_directory;
	size_t length = folder ? strlen(folder) : 0;

	if (!input->no_paths && length > 1 && strncmp(path, folder, length) == 0 && path[length] == '/' && path[length + 1])
		return path + length + 1;
	return ms_export_path(input, path);
}

static void issue(struct ms_json *j, const struct ms_export_input *input, const char *check, const char *message, const char *fingerprint,
                  const char *severity, const struct ms_report_line *line)
{
	bool placed = line && *line->file && line->line;

	ms_json_object(j, NULL);
	ms_json_string(j, "description", message);
	ms_json_string(j, "check_name", check);
	ms_json_string(j, "fingerprint", fingerprint);
	ms_json_string(j, "severity", severity);
	ms_json_object(j, "location");
	ms_json_string(j, "path", relative(input, placed ? line->file : line && *line->module ? line->module : ms_export_program(input->report)));
	ms_json_object(j, "lines");
	ms_json_uint(j, "begin", placed ? line->line : 1);
	ms_json_end_object(j);
	ms_json_end_object(j);
	ms_json_end_object(j);
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

	ms_json_init(&j, out, 2);
	ms_json_array(&j, NULL);
	for (size_t i = 0; i < r->findings.count; i++) {
		const struct ms_finding *f = &r->findings.list[i];
		const struct ms_report *home = ms_finding_home(r, f);

		if (!f->suppressed_by)
			issue(&j, input, ms_finding_kinds[f->kind].name, f->message, f->fingerprint, severity_of(f),
			      ms_export_user_line(home, ms_export_finding_node(f)));
	}
	for (size_t i = 0; i < input->condition_count; i++) {
		const struct ms_export_condition *c = &input->conditions[i];
		char message[300];

		snprintf(message, sizeof message, "condition %.200s holds: it is %" PRIu64, c->text, c->value);
		if (c->holds)
			issue(&j, input, "budget-exceeded", message, c->text, "major", NULL);
	}
	ms_json_end_array(&j);
	putc('\n', out);
	return ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

const struct ms_export ms_export_gitlab = {
	.name = "gitlab",
	.summary = "findings and violated conditions as a GitLab Code Quality report",
	.suffix = ".json",
	.write = write_gitlab,
};
