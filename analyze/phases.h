/*
 * phases.h - what happened between the marks of the program, as plain structs.
 *
 * A phase lasts from one mark (of any thread) to the next; the first one begins with the recording or window, the last one ends with
 * it. Part of the report (report.h); what holds there holds here: sums are of what happened in the phase, peaks include the
 * level at its start. A window that starts between two marks starts with a phase that has the name of the mark before it. What a
 * realloc is just taking away at a mark is not alive there.
 *
 * Ownership: belongs to the struct ms_report; names are borrowed from the trace. Thread-safety: pure data.
 */
#ifndef MS_ANALYZE_PHASES_H
#define MS_ANALYZE_PHASES_H

#include <stddef.h>
#include <stdint.h>

#define MS_PHASES_MAX 1000u              /* what comes after so many is not looked at */
#define MS_PHASE_SITES 3u

struct ms_phase_site {
	uint32_t node;
	uint64_t blocks, bytes;
};

struct ms_phase {
	const char *name;                /* text of the mark that begins it; "" = of the start of the recording, or no text */
	uint64_t from_ns, to_ns;
	uint64_t from_event, to_event;   /* its events: from_event .. to_event - 1, the mark that begins it before them */
	uint64_t allocations, reallocations, frees; /* as in the totals */
	uint64_t allocated_bytes, freed_bytes;
	uint64_t start_blocks, start_bytes, end_blocks, end_bytes; /* alive at its start and end */
	uint64_t peak_bytes, peak_ns;
	uint64_t kept_blocks, kept_bytes; /* begun in it and alive at its end */
	struct ms_phase_site sites[MS_PHASE_SITES]; /* where most of kept_bytes was begun; blocks 0: no more */
	uint64_t kept_sites;             /* call paths of kept_blocks */
};

struct ms_report_phases {
	struct ms_phase *list;           /* NULL: the program set no mark in the recording or window */
	size_t count;
	uint64_t marks;                  /* in the recording or window; count is marks + 1 unless cut by MS_PHASES_MAX */
};

#endif
