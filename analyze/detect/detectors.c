/* detectors.c - the one list of detectors, the check of their tables, and their run. Adding one: docs/HOWTO_ADD_DETECTOR.md. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detector.h"
#include "findings_build.h"

#define MS_DETECTORS(X)  \
	X(double_free)       \
	X(invalid_free)      \
	X(mismatched_free)   \
	X(realloc_after_free) \
	X(overflow)          \
	X(use_after_free)    \
	X(leak)              \
	X(safety_facts)

#define X(name) extern const struct ms_detector_ops ms_detector_##name;
MS_DETECTORS(X)
#undef X

const struct ms_detector_ops *const ms_detectors[] = {
#define X(name) &ms_detector_##name,
	MS_DETECTORS(X)
#undef X
};
const size_t ms_detector_count = sizeof ms_detectors / sizeof *ms_detectors;

int ms_detector_check(const struct ms_detector_ops *const *list, size_t count, struct ms_error *err)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < count; i++) {
		const struct ms_detector_ops *d = list[i];

		if (!d || !d->name || !*d->name)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "detector %zu has no name", i);
		if (strspn(d->name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(d->name))
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "detector name '%s': only a-z, 0-9 and '-'", d->name);
		if (!d->summary || !*d->summary || !d->unit || !*d->unit || !d->run)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "detector '%s' lacks a field", d->name);
		if (d->kinds & kinds || d->kinds >> MS_FINDING_KIND_COUNT)
			return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "detector '%s': its kinds are another's or unknown", d->name);
		kinds |= d->kinds;
		for (size_t k = 0; k < i; k++)
			if (strcmp(d->name, list[k]->name) == 0)
				return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "two detectors are named '%s'", d->name);
	}
	return MS_OK;
}

int ms_detector_say(struct ms_detector_result *result, const char *format, ...)
{
	char *sentence = NULL, *joined = NULL;
	bool first = !result->reason || !*result->reason;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&sentence, format, args);
	va_end(args);
	if (n < 0)
		return MS_E_NOMEM;
	if (first) {
		free(result->reason);
		result->reason = sentence;
		return MS_OK;
	}
	n = asprintf(&joined, "%s; %s", result->reason, sentence);
	free(sentence);
	if (n < 0)
		return MS_E_NOMEM;
	free(result->reason);
	result->reason = joined;
	return MS_OK;
}

int ms_detect(const struct ms_detector_ops *const *list, size_t count, struct ms_report *report, const struct ms_trace *trace,
              const struct ms_stack_map *stacks, const struct ms_cases *cases, struct ms_error *err)
{
	struct ms_findings_build build = {.report = report};
	struct ms_findings *out = &report->findings;
	const struct ms_detector_context context = {trace, stacks, report, cases, &build};
	int rc = MS_OK;

	out->detectors = calloc(count + 1, sizeof *out->detectors);
	if (!out->detectors)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for detectors");
	for (size_t i = 0; i < count && rc == MS_OK; i++) {
		struct ms_detector_result *r = &out->detectors[i];

		*r = (struct ms_detector_result){.name = list[i]->name, .summary = list[i]->summary, .kinds = list[i]->kinds,
		                                 .status = MS_DETECTOR_CLEAN, .unit = list[i]->unit, .reason = strdup("")};
		out->detector_count++;
		rc = r->reason ? list[i]->run(&context, r, err) : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for detectors");
	}
	if (rc == MS_OK) {
		ms_findings_finish(&build, out);
		ms_findings_recount(out);
	}
	ms_findings_build_free(&build);
	return rc;
}
