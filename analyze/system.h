/*
 * system.h - result structs about the process as the system saw it: series of samples, and what resident memory consists of.
 *
 * Part of the report (report.h); what holds there holds here. Series and regions come from the recording's samples, series from those
 * in the window; nothing of it is known for moments between two samples. A series without samples says why in `reason`.
 */
#ifndef MS_ANALYZE_SYSTEM_H
#define MS_ANALYZE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The samples in one bucket of the timeline. */
struct ms_system_bin {
	uint64_t min, max, last;         /* valid when there are samples */
	uint64_t samples;
};

struct ms_system_series {
	const char *name, *source;
	const char *reason;              /* why there are no samples; NULL = there are */
	uint8_t unit;                    /* enum ms_unit, format/trace_types.h */
	bool cumulative;                 /* only differences say something */
	uint64_t samples;
	uint64_t first_ns, last_ns;
	uint64_t first, last, min, max;
	uint64_t max_ns;                 /* the first time that it was that high */
	struct ms_system_bin *bins;      /* [timeline_count]; NULL without samples */
};

struct ms_report_system {
	const char *reason;              /* why there is no series at all; NULL = there are */
	uint64_t interval_ns;            /* as wanted */
	struct ms_system_series *series;
	size_t series_count;
};

/* A part of resident memory. */
struct ms_reconcile_row {
	const char *name;                /* "requested", ... */
	const char *basis;               /* "measured", "derived", "inferred", or "not observable" (then bytes is 0) */
	const char *note;
	uint64_t bytes;
};

/* Resident memory of all mappings with the same name. */
struct ms_reconcile_mapping {
	const char *name;                /* "" = anonymous */
	const char *row;                 /* the row of the table that it is part of; heaps belong to several: "requested" */
	uint64_t mappings, resident_bytes, swapped_bytes;
};

/* Resident memory at the moment of the last footprint, in parts that add up to it. */
struct ms_report_reconciliation {
	const char *reason;              /* why there is none; NULL = there is */
	uint64_t time_ns;
	bool complete;                   /* all mappings were seen */
	uint64_t resident_bytes, swapped_bytes;
	uint64_t live_blocks, live_bytes; /* at that time, requested */
	uint64_t untouched_bytes;        /* of live_bytes: at least so many are not in memory */
	struct ms_reconcile_row *rows;   /* the last one is what is left unexplained */
	size_t row_count;
	struct ms_reconcile_mapping *mappings; /* largest resident first */
	size_t mapping_count;
};

struct ms_report;
struct ms_trace;
struct ms_error;

/* Inside analyze/: fills report->system after the replay. Errors: MS_E_NOMEM. (report->reconciliation: reconcile.h.) */
int ms_system_collect(struct ms_report *report, const struct ms_trace *trace, struct ms_error *err);
void ms_report_system_free(struct ms_report_system *s);
void ms_report_reconciliation_free(struct ms_report_reconciliation *r);

#pragma GCC visibility push(default) /* part of libmemscope.so */
/* The series of that name; NULL = there is none. */
const struct ms_system_series *ms_system_find(const struct ms_report_system *s, const char *name);
#pragma GCC visibility pop

#endif
