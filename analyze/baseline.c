/* baseline.c - see baseline.h. */
#include "baseline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

int ms_baseline_apply(struct ms_report *report, const char *path, struct ms_error *err)
{
	struct ms_findings *f = &report->findings;
	FILE *file = fopen(path, "re");
	json_t *root, *findings, *item, *known;
	json_error_t where;
	size_t i;
	int rc = MS_OK;

	if (!file)
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot read %s: %s", path, strerror(errno));
	/* Sizes may be larger than jansson's integers; none of them matters here. */
	root = json_loadf(file, JSON_DECODE_INT_AS_REAL, &where);
	fclose(file);
	if (!root)
		return ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "%s is no JSON report: %s in line %d", path, where.text, where.line);
	findings = json_object_get(root, "findings");
	known = json_object();
	if (!known)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the baseline");
	else if (!json_is_array(findings))
		rc = ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "%s is no report of memscope-analyze: it has no findings[]", path);
	if (rc)
		goto done;
	json_array_foreach(findings, i, item) {
		const char *fingerprint = json_string_value(json_object_get(item, "fingerprint"));

		if (!fingerprint) {
			rc = ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "%s: findings[%zu] has no fingerprint", path, i);
			goto done;
		}
		if (json_object_set_new(known, fingerprint, json_true())) {
			rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the baseline");
			goto done;
		}
	}
	f->baseline = path;
	for (i = 0; i < f->count; i++)
		f->list[i].is_new = json_object_get(known, f->list[i].fingerprint) == NULL;
done:
	json_decref(known);
	json_decref(root);
	return rc;
}
