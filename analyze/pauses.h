/*
 * pauses.h - when recording was paused, and which moments were asked for by name (snapshots), as plain structs.
 *
 * A pause lasts from a PAUSE to the next RESUME, to the end of the recording when there is none; a second PAUSE meanwhile changes
 * nothing. What is born in one is in no figure of the report; ends of known blocks are. Part of the report (report.h): of the window; a pause
 * that began before it begins with it here, and first_ns tells of those that were over by then.
 *
 * Ownership: belongs to the struct ms_report; names are borrowed from the trace. Thread-safety: pure data.
 */
#ifndef MS_ANALYZE_PAUSES_H
#define MS_ANALYZE_PAUSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS_PAUSES_MAX 10000u             /* more are counted */
#define MS_SNAPSHOTS_MAX 10000u

struct ms_report_pause {
	uint64_t from_ns, to_ns;
	uint64_t from_event, to_event;   /* its events: from_event .. to_event - 1, the PAUSE before them */
	uint8_t asked_by;                /* enum ms_asked_by, of the PAUSE; resumed_by: of the RESUME */
	uint8_t resumed_by;
	bool began_before;               /* the window */
	bool ended;                      /* by a RESUME in the window */
};

struct ms_report_pauses {
	struct ms_report_pause *list;    /* in order of time */
	size_t count;
	uint64_t pauses, paused_ns;      /* all of them, also those beyond the list */
	uint64_t first_ns;               /* of the first one of the recording up to the end of the window; UINT64_MAX = there is none */
};

struct ms_report_snapshot {
	const char *name;
	uint64_t time_ns;
	uint64_t event;                  /* its ordinal */
	uint64_t live_blocks, live_bytes;
	uint32_t thread;                 /* thread id */
	uint8_t asked_by;                /* enum ms_asked_by */
};

struct ms_report_snapshots {
	struct ms_report_snapshot *list; /* in order of time */
	size_t count;
	uint64_t snapshots;              /* all of them, also those beyond the list */
};

struct ms_report;

#pragma GCC visibility push(default) /* part of libmemscope.so */
/* "the program", "memscope-record --control", ...; of an unknown number "unknown". */
const char *ms_asked_by_name(uint8_t asked_by);
/* May a block have been born between these times that a pause has kept out of the trace? */
bool ms_paused_between(const struct ms_report *report, uint64_t from_ns, uint64_t to_ns);
#pragma GCC visibility pop

#endif
