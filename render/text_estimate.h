/*
 * text_estimate.h - sections of the text report whose figures are estimates when the trace is a sample (ms_is_sample): text.c and
 * text_sites.c call them then. Results as in text_style.h. Thread-safety: none (prints).
 */
#ifndef MS_RENDER_TEXT_ESTIMATE_H
#define MS_RENDER_TEXT_ESTIMATE_H

#include "text_style.h"

void ms_text_totals_estimate(struct ms_text *t);
int ms_text_peak_estimate(struct ms_text *t);
int ms_text_live_estimate(struct ms_text *t);
/* The figures of a call path, without its stack. */
void ms_text_site_estimate(struct ms_text *t, const struct ms_report_site *s);

#endif
