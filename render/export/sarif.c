/*
 * sarif.c - findings and violated conditions as SARIF 2.1.0, for code scanning (GitHub, editors).
 *
 * A finding is a result: its place is the innermost line of the program's own source, its call paths are stacks and a code flow, its
 * fingerprint is ours (no address, no line). What a suppression names is there with its suppression; with a baseline a result says
 * whether it is new. Detectors that could not see are notifications, so that no result is never taken for no problem.
 * Places: file URIs, relative to SRCROOT (the directory of the sources, when it is given) or WORKDIR (the program's working directory)
 * where they lie in it. Recordings are told apart by their name: code scanning keeps the results of each by automationDetails.
 * Source: OASIS SARIF 2.1.0; what GitHub asks for beyond it (a physical location of every result, helpful rules).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_findings.h"
#include "export_formats.h"
#include "export_names.h"
#include "format/version.h"
#include "render/json_writer.h"
#include "render/report_names.h"

struct sarif {
	struct ms_json *j;
	const struct ms_export_input *input;
	int failed;                      /* no memory */
};

#define BUDGET_RULE MS_FINDING_KIND_COUNT
#define BASE_ID(s) ((s)->input->source_root ? "SRCROOT" : "WORKDIR")

/* A path as a URI reference: what is not unreserved is written as %XX, bytes as they are recorded. */
static char *uri_of(const char *path, bool absolute)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
	char *uri = malloc(3 * strlen(path) + 10), *to = uri;

	if (!uri)
		return NULL;
	to += sprintf(to, "%s", absolute ? "file://" : "");
	for (; *path; path++)
		if (strchr(plain, *path))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*path);
	*to = '\0';
	return uri;
}

static void put_uri(struct sarif *s, const char *path, bool absolute)
{
	char *uri = uri_of(path, absolute);

	ms_json_string(s->j, "uri", uri ? uri : "");
	s->failed |= !uri;
	free(uri);
}

static void artifact(struct sarif *s, const char *path)
{
	bool inside;
	char *place = ms_export_place(s->input, path, &inside);

	ms_json_object(s->j, "artifactLocation");
	put_uri(s, place ? place : "", place && place[0] == '/');
	if (inside)
		ms_json_string(s->j, "uriBaseId", BASE_ID(s));
	ms_json_end_object(s->j);
	s->failed |= !place;
	free(place);
}

/* line NULL: the program as a whole. message NULL: none. */
static void location(struct sarif *s, const char *key, const struct ms_report_line *line, const char *message)
{
	char buffer[MS_EXPORT_FRAME];

	ms_json_object(s->j, key);
	ms_json_object(s->j, "physicalLocation");
	artifact(s, line && *line->file ? line->file : line && *line->module ? line->module : ms_export_program(s->input->report));
	if (line && *line->file && line->line) {
		ms_json_object(s->j, "region");
		ms_json_uint(s->j, "startLine", line->line);
		ms_json_end_object(s->j);
	}
	ms_json_end_object(s->j);
	if (line) {
		ms_json_array(s->j, "logicalLocations");
		ms_json_object(s->j, NULL);
		ms_json_string(s->j, "fullyQualifiedName", ms_export_frame(buffer, line));
		ms_json_string(s->j, "kind", "function");
		ms_json_end_object(s->j);
		ms_json_end_array(s->j);
	}
	if (message) {
		ms_json_object(s->j, "message");
		ms_json_string(s->j, "text", message);
		ms_json_end_object(s->j);
	}
	ms_json_end_object(s->j);
}

static void text(struct sarif *s, const char *key, const char *value)
{
	ms_json_object(s->j, key);
	ms_json_string(s->j, "text", value);
	ms_json_end_object(s->j);
}

/* "b...e" as a sentence: "B...e."; "strcpy: ..." begins with a name, which stays. */
static void sentence(struct sarif *s, const char *message)
{
	char *copy = NULL;

	if (asprintf(&copy, "%s.", message) < 0) {
		s->failed = true;
		copy = NULL;
	}
	if (copy && copy[0] >= 'a' && copy[0] <= 'z' && copy[strcspn(copy, " :")] != ':')
		copy[0] = (char)(copy[0] - 'a' + 'A');
	text(s, "message", copy ? copy : message);
	free(copy);
}

static void rule(struct sarif *s, const char *id, const struct ms_export_rule *r, uint16_t cwe, bool error)
{
	char name[60];

	ms_json_object(s->j, NULL);
	snprintf(name, sizeof name, "memscope/%s", id);
	ms_json_string(s->j, "id", name);
	ms_json_string(s->j, "name", r->name);
	text(s, "shortDescription", r->title);
	text(s, "fullDescription", r->text);
	text(s, "help", r->help);
	ms_json_object(s->j, "defaultConfiguration");
	ms_json_string(s->j, "level", error ? "error" : "warning");
	ms_json_end_object(s->j);
	ms_json_object(s->j, "properties");
	ms_json_array(s->j, "tags");
	ms_json_string(s->j, NULL, "memory");
	if (cwe) {
		snprintf(name, sizeof name, "external/cwe/cwe-%u", cwe);
		ms_json_string(s->j, NULL, name);
	}
	ms_json_end_array(s->j);
	ms_json_string(s->j, "problem.severity", error ? "error" : "warning");
	ms_json_end_object(s->j);
	ms_json_end_object(s->j);
}

static void driver(struct sarif *s)
{
	static const struct ms_export_rule budget = {"BudgetExceeded", "A condition of --fail-on holds",
		"A figure of the report is beyond what was allowed.", "The report says what the figure consists of."};

	ms_json_object(s->j, "tool");
	ms_json_object(s->j, "driver");
	ms_json_string(s->j, "name", "memscope");
	ms_json_string(s->j, "semanticVersion", MS_VERSION);
	ms_json_array(s->j, "rules");
	for (int k = 0; k < MS_FINDING_KIND_COUNT; k++)
		rule(s, ms_finding_kinds[k].name, &ms_export_rules[k], ms_finding_kinds[k].cwe,
		     k != MS_FINDING_LEAK_POSSIBLE && k != MS_FINDING_LEAK_INDIRECT);
	rule(s, "budget-exceeded", &budget, 0, true);
	ms_json_end_array(s->j);
	ms_json_end_object(s->j);
	ms_json_end_object(s->j);
}

static void rule_of(struct sarif *s, const char *id, unsigned index, bool error)
{
	char name[60];

	snprintf(name, sizeof name, "memscope/%s", id);
	ms_json_string(s->j, "ruleId", name);
	ms_json_uint(s->j, "ruleIndex", index);
	ms_json_string(s->j, "level", error ? "error" : "warning");
}

static void stack(struct sarif *s, const struct ms_report *home, const struct ms_export_path *path)
{
	ms_json_object(s->j, NULL);
	text(s, "message", path->what);
	ms_json_array(s->j, "frames");
	for (uint32_t n = path->node; n; n = home->nodes[n].parent)
		for (uint32_t l = 0; l < home->nodes[n].line_count; l++) {
			const struct ms_report_line *line = &home->lines[home->nodes[n].first_line + l];

			ms_json_object(s->j, NULL);
			location(s, "location", line, NULL);
			if (*line->module)
				ms_json_string(s->j, "module", ms_export_path(s->input, line->module));
			ms_json_end_object(s->j);
		}
	ms_json_end_array(s->j);
	ms_json_end_object(s->j);
}

static void call_paths(struct sarif *s, const struct ms_report *home, const struct ms_finding *f)
{
	struct ms_export_path paths[MS_EXPORT_PATHS];
	size_t count = ms_export_finding_paths(paths, f);

	if (!count)
		return;
	ms_json_array(s->j, "stacks");
	for (size_t i = 0; i < count; i++)
		stack(s, home, &paths[i]);
	ms_json_end_array(s->j);
	ms_json_array(s->j, "relatedLocations");
	for (size_t i = 0; i < count; i++)
		location(s, NULL, ms_export_user_line(s->input, home, paths[i].node), paths[i].what);
	ms_json_end_array(s->j);
	ms_json_array(s->j, "codeFlows");
	ms_json_object(s->j, NULL);
	ms_json_array(s->j, "threadFlows");
	ms_json_object(s->j, NULL);
	ms_json_array(s->j, "locations");
	for (size_t i = 0; i < count; i++) {
		ms_json_object(s->j, NULL);
		location(s, "location", ms_export_user_line(s->input, home, paths[i].node), paths[i].what);
		ms_json_end_object(s->j);
	}
	ms_json_end_array(s->j);
	ms_json_end_object(s->j);
	ms_json_end_array(s->j);
	ms_json_end_object(s->j);
	ms_json_end_array(s->j);
}

static void suppressions(struct sarif *s, const struct ms_finding *f)
{
	const struct ms_findings *all = &s->input->report->findings;

	ms_json_array(s->j, "suppressions"); /* empty: it was looked whether one applies, and none does */
	if (f->suppressed_by && f->suppressed_by <= all->suppression_count) {
		const struct ms_suppression_use *use = &all->suppressions[f->suppressed_by - 1];

		ms_json_object(s->j, NULL);
		ms_json_string(s->j, "kind", "external");
		ms_json_string(s->j, "status", "accepted");
		ms_json_string(s->j, "justification", use->name && *use->name ? use->name : "a suppression without a name");
		ms_json_end_object(s->j);
	}
	ms_json_end_array(s->j);
}

static void result(struct sarif *s, const struct ms_finding *f)
{
	const struct ms_report *home = ms_finding_home(s->input->report, f);

	ms_json_object(s->j, NULL);
	rule_of(s, ms_finding_kinds[f->kind].name, f->kind, f->severity == MS_SEVERITY_ERROR);
	sentence(s, f->message);
	ms_json_array(s->j, "locations");
	location(s, NULL, ms_export_user_line(s->input, home, ms_export_finding_node(f)), NULL);
	ms_json_end_array(s->j);
	call_paths(s, home, f);
	ms_json_object(s->j, "partialFingerprints");
	ms_json_string(s->j, "primaryLocationLineHash", f->fingerprint);
	ms_json_end_object(s->j);
	ms_json_uint(s->j, "occurrenceCount", f->count ? f->count : 1);
	suppressions(s, f);
	if (s->input->report->findings.baseline)
		ms_json_string(s->j, "baselineState", f->is_new ? "new" : "unchanged");
	ms_json_object(s->j, "properties");
	ms_json_string(s->j, "certainty", ms_certainty_name(f->certainty));
	ms_json_uint(s->j, "cwe", f->cwe);
	if (f->kind >= MS_FINDING_LEAK_DEFINITE) {
		ms_json_uint(s->j, "leakedBlocks", f->leaked_blocks);
		ms_json_uint(s->j, "leakedBytes", f->leaked_bytes);
	}
	ms_json_end_object(s->j);
	ms_json_end_object(s->j);
}

static void violated(struct sarif *s, const struct ms_export_condition *c)
{
	char *message = NULL, *words = ms_export_violation(c);

	if (!words || asprintf(&message, "The condition %s holds: %s", c->text, words) < 0) {
		s->failed = true;
		message = NULL;
	}
	ms_json_object(s->j, NULL);
	rule_of(s, "budget-exceeded", BUDGET_RULE, true);
	sentence(s, message ? message : c->text);
	ms_json_array(s->j, "locations");
	location(s, NULL, ms_export_user_line(s->input, s->input->report, c->node), NULL);
	ms_json_end_array(s->j);
	ms_json_object(s->j, "partialFingerprints");
	ms_json_string(s->j, "primaryLocationLineHash", c->text);
	ms_json_end_object(s->j);
	ms_json_end_object(s->j);
	free(message);
	free(words);
}

static void notification(struct sarif *s, const char *id, const char *message)
{
	ms_json_object(s->j, NULL);
	ms_json_string(s->j, "level", "note");
	text(s, "message", message && *message ? message : "no reason is known");
	ms_json_object(s->j, "descriptor");
	ms_json_string(s->j, "id", id);
	ms_json_end_object(s->j);
	ms_json_end_object(s->j);
}

static void invocation(struct sarif *s)
{
	const struct ms_findings *f = &s->input->report->findings;
	const char *folder = s->input->report->trace.process->working_directory;

	ms_json_array(s->j, "invocations");
	ms_json_object(s->j, NULL);
	ms_json_bool(s->j, "executionSuccessful", true);
	if (folder && folder[0] == '/' && !s->input->no_paths) {
		ms_json_object(s->j, "workingDirectory");
		put_uri(s, folder, true);
		ms_json_end_object(s->j);
	}
	ms_json_array(s->j, "toolExecutionNotifications");
	for (size_t i = 0; i < f->detector_count; i++)
		if (f->detectors[i].status == MS_DETECTOR_NOT_OBSERVABLE) {
			char id[80];

			snprintf(id, sizeof id, "not-observable/%s", f->detectors[i].name);
			notification(s, id, f->detectors[i].reason);
		}
	for (size_t i = 0; i < s->input->condition_count; i++)
		if (s->input->conditions[i].reason)
			notification(s, "condition-not-judged", s->input->conditions[i].reason);
	ms_json_end_array(s->j);
	ms_json_end_object(s->j);
	ms_json_end_array(s->j);
}

static void run(struct sarif *s)
{
	const struct ms_report *r = s->input->report;
	const char *folder = ms_export_root(s->input);
	char *id = NULL;

	ms_json_object(s->j, NULL);
	driver(s);
	invocation(s);
	if (asprintf(&id, "memscope/%s/", ms_export_title(s->input)) < 0) {
		s->failed = true;
		id = NULL;
	}
	ms_json_object(s->j, "automationDetails");
	ms_json_string(s->j, "id", id ? id : "memscope/");
	ms_json_end_object(s->j);
	free(id);
	if (folder && !s->input->no_paths) {
		bool inside;
		char *slash = NULL, *place = ms_export_place(&(struct ms_export_input){.report = r, .source_root = "/"}, folder, &inside);

		ms_json_object(s->j, "originalUriBaseIds");
		ms_json_object(s->j, BASE_ID(s));
		if (!place || asprintf(&slash, "%s/", place) < 0) {
			s->failed = true;
			slash = NULL;
		}
		put_uri(s, slash ? slash : "/", true);
		free(slash);
		free(place);
		ms_json_end_object(s->j);
		ms_json_end_object(s->j);
	}
	ms_json_string(s->j, "columnKind", "utf16CodeUnits");
	ms_json_array(s->j, "results");
	for (size_t i = 0; i < r->findings.count; i++)
		result(s, &r->findings.list[i]);
	for (size_t i = 0; i < s->input->condition_count; i++)
		if (s->input->conditions[i].holds)
			violated(s, &s->input->conditions[i]);
	ms_json_end_array(s->j);
	ms_json_end_object(s->j);
}

static int write_sarif(FILE *out, const struct ms_export_input *input, struct ms_error *err)
{
	struct ms_json j;
	struct sarif s = {.j = &j, .input = input};

	ms_json_init(&j, out, 4);
	ms_json_object(&j, NULL);
	ms_json_string(&j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	ms_json_string(&j, "version", "2.1.0");
	ms_json_array(&j, "runs");
	run(&s);
	ms_json_end_array(&j);
	ms_json_end_object(&j);
	putc('\n', out);
	if (s.failed)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a result");
	return ferror(out) ? ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write") : MS_OK;
}

const struct ms_export ms_export_sarif = {
	.name = "sarif",
	.summary = "findings and violated conditions as SARIF 2.1.0: code scanning, editors",
	.suffix = ".sarif",
	.write = write_sarif,
};
