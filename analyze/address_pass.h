/*
 * address_pass.h - follows a few addresses through the whole trace: which block lives there at a moment, or died there last.
 *
 * For every case that is UNMATCHED or EVIDENCE and not merged: fills in block and place as they were just before the event of
 * the case. A block covers its requested bytes, at least one. Does nothing when there is no such case.
 *
 * Memory: the cases and some hundred bytes per distinct address; time: one pass up to the last case, an allocation that comes near no
 * address costs a look into a bitmap. Errors: MS_E_NOMEM, those of the cursor. Thread-safety: one thread.
 */
#ifndef MS_ANALYZE_ADDRESS_PASS_H
#define MS_ANALYZE_ADDRESS_PASS_H

#include "cases.h"

int ms_address_pass(struct ms_cases *cases, const struct ms_trace *trace, struct ms_error *err);

#endif
