/*
 * detectors_fixture.h - what the tests of detectors share: what the report of report_fixture.h found and which detector looked. For one file
 * per test program.
 */
#ifndef MS_TESTS_DETECTORS_FIXTURE_H
#define MS_TESTS_DETECTORS_FIXTURE_H

#include "report_fixture.h"

/* A free that ends no block. */
static inline void bad_free(uint8_t kind, uint32_t thread, uint64_t address)
{
	small_trace_event(&t, &(struct ms_event){.kind = kind, .thread = thread, .address = address});
}

static inline const struct ms_detector_result *detector(const char *name)
{
	for (size_t i = 0; i < report.findings.detector_count; i++)
		if (strcmp(report.findings.detectors[i].name, name) == 0)
			return &report.findings.detectors[i];
	fail_msg("there is no detector %s", name);
	return NULL;
}

static inline const struct ms_finding *only(const char *kind)
{
	assert_int_equal(report.findings.count, 1);
	assert_string_equal(ms_finding_kinds[report.findings.list[0].kind].name, kind);
	return &report.findings.list[0];
}

static inline void none(void)
{
	if (report.findings.count)
		fail_msg("there should be no finding: %s", report.findings.list[0].message);
}

static inline const char *function(uint32_t node)
{
	return node ? report.lines[report.nodes[node].first_line].function : "";
}

#endif
