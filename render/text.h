/*
 * text.h - the report as text for people: trace quality first, then where the memory is.
 *
 * Sections are rows of one table (names for --section). Everything that comes from the trace is escaped.
 * Errors: MS_E_NOMEM; MS_E_IO when the stream failed. Thread-safety: one thread per stream.
 */
#ifndef MS_RENDER_TEXT_H
#define MS_RENDER_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analyze/report.h"
#include "site_order.h"

struct ms_text_options {
	const struct ms_site_key *sort;  /* of call paths and of what --top keeps; NULL = by share of the peak */
	size_t top;                      /* rows per table, 0 = all */
	size_t frames;                   /* lines per call path, 0 = all */
	size_t width;                    /* characters per line, 0 = unlimited */
	uint32_t sections;               /* bit i = section i; 0 = those that are on by default */
	bool exact;                      /* bytes in full */
	bool utf8;                       /* else ASCII only (names from the trace stay as they are) */
	bool bold;                       /* headings for a terminal */
};

struct ms_text_section {
	const char *name;                /* for --section */
	const char *summary;
	bool by_default;
};
#pragma GCC visibility push(default) /* part of libmemscope.so */

extern const struct ms_text_section ms_text_sections[];
extern const size_t ms_text_section_count;

/* Bits of the comma-separated names in list; MS_E_ARGUMENT names the first unknown one and the valid ones. */
int ms_text_sections_parse(const char *list, uint32_t *bits, struct ms_error *err);

int ms_render_text(FILE *out, const struct ms_report *report, const struct ms_text_options *options,
                   struct ms_error *err);

#pragma GCC visibility pop

#endif
