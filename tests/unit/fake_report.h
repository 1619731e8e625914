/*
 * fake_report.h - reports made by hand, for tests that compare them: sites by the names of their functions, and little else.
 *
 * fake_start .. fake_finish; fake_site gives a call path, outermost function first, separated by ">", and its numbers. Totals are
 * the sums. Names are copied; everything is freed by fake_report_free.
 */
#ifndef MS_TESTS_FAKE_REPORT_H
#define MS_TESTS_FAKE_REPORT_H

#include "analyze/report.h"

struct fake_report {
	struct ms_report report;
	char **names;
	size_t name_count;
};

void fake_start(struct fake_report *f);
/* "main>load>parse"; ~ before a name: that frame is inlined into the one before. Returns the site, valid until the next one. */
struct ms_report_site *fake_site(struct fake_report *f, const char *path, uint64_t allocations, uint64_t bytes);
/* A finding of the kind with this fingerprint; a detector of that kind must be added apart. */
void fake_finding(struct fake_report *f, uint8_t kind, const char *fingerprint);
void fake_detector(struct fake_report *f, uint32_t kinds, uint8_t status);
void fake_leak(struct fake_report *f, uint8_t leak_kind, uint32_t site, uint64_t bytes);
void fake_thread(struct fake_report *f, const char *name, bool is_main, uint64_t allocations);
/* Totals from sites. */
void fake_finish(struct fake_report *f);
void fake_report_free(struct fake_report *f);

#endif
