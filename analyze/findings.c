/* findings.c - names of the kinds of findings, and the end of a list of them. */
#include "findings.h"

#include <stdlib.h>
#include <string.h>

const struct ms_finding_kind_info ms_finding_kinds[MS_FINDING_KIND_COUNT] = {
#define X(id, name, cwe, valgrind) {name, cwe, valgrind},
	MS_FINDING_KINDS(X)
#undef X
};

void ms_findings_free(struct ms_findings *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->list[i].message);
	free(f->list);
	for (size_t i = 0; i < f->detector_count; i++)
		free(f->detectors[i].reason);
	free(f->detectors);
	for (size_t i = 0; i < f->suppression_count; i++) {
		free(f->suppressions[i].name);
		free(f->suppressions[i].file);
	}
	free(f->suppressions);
	free(f->companion_problem);
	memset(f, 0, sizeof *f);
}
