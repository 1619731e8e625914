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

/* "none", "canary", "full", "sample"; "end", "start", "alternate"; "unknown" for other numbers (enums: format/evidence.h). */
const char *ms_guard_name(uint8_t mode);
const char *ms_guard_side_name(uint8_t side);
/* As in the JSON contract, likewise. */
const char *ms_access_name(uint8_t access);
const char *ms_check_name(uint8_t check);
const char *ms_evidence_name(uint8_t kind); /* "events" for 0 */
const char *ms_certainty_name(uint8_t certainty);
const char *ms_severity_name(uint8_t severity);
const char *ms_detector_status_name(uint8_t status);
const char *ms_graph_reason_name(uint8_t reason);
const char *ms_odd_size_name(uint8_t kind); /* "zero", "huge", "negative" */
const char *ms_biography_event_name(uint8_t kind);
const char *ms_register_name(unsigned index); /* below MS_EVIDENCE_REGISTERS */

/* ISO 8601 in UTC with nanoseconds, "2026-01-31T23:59:59.123456789Z", into buffer; returns it. */
#define MS_TIME_TEXT 40
const char *ms_time_text(char buffer[MS_TIME_TEXT], uint64_t unix_ns);

/* Build-id of a module in hexadecimal, "" when it has none, into buffer; returns it. */
#define MS_BUILD_ID_TEXT 129
const char *ms_build_id_text(char buffer[MS_BUILD_ID_TEXT], const struct ms_module *module);

/* Adds, subtracts the numbers that sum up (not peaks of their own, not means). */
void ms_site_add(struct ms_report_site *sum, const struct ms_report_site *site);
void ms_site_subtract(struct ms_report_site *sum, const struct ms_report_site *site);

#endif
