/*
 * reconcile.h - fills report->reconciliation from the last footprint and what the replay passes on its way.
 *
 * Resident memory is explained by the blocks that were live at the footprint, with their addresses, and by what the program had mapped
 * itself until then. Both come from the one replay: it stops at ms_reconciler_event for the live blocks, and hands over every step that
 * changes mappings. A replay that ends before it (a window) leaves both to a second reading, which ms_reconcile does then.
 *
 * Ownership: ms_reconciler_close frees. Errors: MS_E_NOMEM, and what reading events says. Thread-safety: the live blocks may be handed over
 * by one thread and the mappings by another; the rest is for one thread, before and after.
 */
#ifndef MS_ANALYZE_RECONCILE_H
#define MS_ANALYZE_RECONCILE_H

#include "format/trace_reader.h"
#include "report.h"

struct ms_reconciler;

int ms_reconciler_open(struct ms_reconciler **out, const struct ms_trace *trace, struct ms_error *err);
/* The live blocks are wanted just before this event; UINT64_MAX: at no time. */
uint64_t ms_reconciler_event(const struct ms_reconciler *r);
void ms_reconciler_live(void *reconciler, const struct ms_live_block *block);
void ms_reconciler_had_live(struct ms_reconciler *r); /* those were all */
/* Before the replay: it begins midway, so what was mapped is read apart when it is needed. */
void ms_reconciler_midway(struct ms_reconciler *r);
/* A MAP event (MMAP, MUNMAP, ...) or IMAGE_START; the arguments of IMAGE_START do not matter. In order of time. */
void ms_reconciler_follow(struct ms_reconciler *r, uint8_t kind, uint64_t time_ns, uint64_t address, uint64_t size_bytes,
                          const uint64_t arg[2]);
/* After the replay, and after ms_system_collect. */
int ms_reconcile(struct ms_reconciler *r, struct ms_report *report, struct ms_error *err);
void ms_reconciler_close(struct ms_reconciler *r); /* NULL allowed */

#endif
