/*
 * report_names.h - small pieces that several renderers need: names of enums, times as text, sums of sites.
 *
 * Pure functions; thread-safe.
 */
#ifndef MS_RENDER_REPORT_NAMES_H
#define MS_RENDER_REPORT_NAMES_H

#include "analyze/report.h"

/* "exited", "signaled", "running", "unknown", "truncated": as in the JSON contract. */
const char *ms_ended_name(enum ms_report_ended ended);

/* ISO 8601 in UTC with nanoseconds, "2026-01-31T23:59:59.123456789Z", into buffer; returns it. */
#define MS_TIME_TEXT 40
const char *ms_time_text(char buffer[MS_TIME_TEXT], uint64_t unix_ns);

/* Adds, subtracts the numbers that sum up (not peaks of their own, not means). */
void ms_site_add(struct ms_report_site *sum, const struct ms_report_site *site);
void ms_site_subtract(struct ms_report_site *sum, const struct ms_report_site *site);

#endif
