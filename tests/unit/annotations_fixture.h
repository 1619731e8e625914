/*
 * annotations_fixture.h - what the tests of tasks, scopes, variables and pools share: events of annotations in the trace of
 * report_fixture.h, which see. For one file per test program.
 */
#ifndef MS_TESTS_ANNOTATIONS_FIXTURE_H
#define MS_TESTS_ANNOTATIONS_FIXTURE_H

#include "report_fixture.h"

static inline uint32_t text_id(const char *text)
{
	return ms_writer_string(t.writer, text, strlen(text));
}

static inline void tell(uint8_t kind, uint32_t thread, uint64_t a, uint64_t b)
{
	small_trace_event(&t, &(struct ms_event){.kind = kind, .thread = thread, .arg = {a, b}});
}

#endif
