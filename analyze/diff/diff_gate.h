/*
 * diff_gate.h - whether a condition (gate.h) holds for a comparison.
 *
 * A number without a sign is compared with the new side's; one with a sign with the change from the old to the new side. Of several runs
 * per side the medians count, and a change within the noise is none. A percentage of 0 is exceeded by any growth.
 * "new:" counts findings whose fingerprint no old run has.
 *
 * Pure functions; thread-safe.
 */
#ifndef MS_ANALYZE_DIFF_GATE_H
#define MS_ANALYZE_DIFF_GATE_H

#include "analyze/diff.h"
#include "analyze/gate.h"

#pragma GCC visibility push(default) /* part of libmemscope.so */

/* UNKNOWN: some trace cannot tell. text: as that of ms_gate_judge. */
enum ms_gate_verdict ms_diff_gate(const struct ms_gate *gate, const struct ms_diff *diff, char text[MS_GATE_TEXT]);

#pragma GCC visibility pop

#endif
