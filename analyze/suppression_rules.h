/*
 * suppression_rules.h - a suppression after reading, between the syntaxes (suppression_syntax.c) and the matching (suppressions.c).
 *
 * Ownership: strings belong to the rule. Thread-safety: pure data.
 */
#ifndef MS_ANALYZE_SUPPRESSION_RULES_H
#define MS_ANALYZE_SUPPRESSION_RULES_H

#include "suppressions.h"

enum ms_pattern_kind { MS_PATTERN_FUNCTION, MS_PATTERN_OBJECT, MS_PATTERN_SOURCE, MS_PATTERN_ANY_FRAMES };

struct ms_pattern {
	uint8_t kind;                    /* enum ms_pattern_kind */
	char *glob;                      /* NULL for ANY_FRAMES */
};

struct ms_suppression_rule {
	char *name;
	uint32_t file;                   /* index into files */
	uint32_t line;
	uint32_t kinds;                  /* bits 1 << enum ms_finding_kind */
	bool anywhere;                   /* LeakSanitizer: one pattern, for any frame's function, file or module */
	struct ms_pattern *patterns;
	size_t pattern_count;
};

struct ms_suppressions {
	struct ms_suppression_rule *rules;
	size_t count, capacity;
	char **files;
	size_t file_count;
};

#endif
