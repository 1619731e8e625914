/*
 * sample_options.h - the options of memscope-record that say which allocations are recorded.
 *
 * The parse functions take the text behind the option's name; false: it makes no sense, and reason (reason_bytes of room)
 * says why. A later option replaces what an earlier one says. Ownership: preset is a constant.
 * Thread-safety: reentrant. Not signal-safe.
 */
#ifndef MS_RECORD_SAMPLE_OPTIONS_H
#define MS_RECORD_SAMPLE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena_layout.h"

struct sample_options {
	struct ms_sample_config config;  /* as the arena gets it, without its table; all zero: every allocation */
	const char *preset;              /* the last one that was given; NULL = none */
	bool graph;                      /* what the preset says about a heap graph at the exit */
	bool seeded;
};

/* demo | full | high_performance */
bool sample_options_preset(struct sample_options *s, const char *text, char *reason, size_t reason_bytes);
/* A probability in (0, 1], to nine digits behind the point; "5%" is 0.05. 1 means all. */
bool sample_options_rate(struct sample_options *s, const char *text, char *reason, size_t reason_bytes);
/* Bytes with suffixes as options_parse_size takes them, at most 1 TiB. 1 means all. */
bool sample_options_bytes(struct sample_options *s, const char *text, char *reason, size_t reason_bytes);
/* A number below 2^64. */
bool sample_options_seed(struct sample_options *s, const char *text, char *reason, size_t reason_bytes);

/* Do the options fit together, and with a guard? Asked once, after the last of them. */
bool sample_options_check(const struct sample_options *s, bool guarded, char *reason, size_t reason_bytes);

#endif
