/*
 * cases.h - what the replay sets aside for the detectors: frees that did not fit, and evidence of guards, each with the
 * block that it concerns.
 *
 * Gathered in two or three steps: the replay notes cases without addresses (the analysis "cases", bounded memory); then, only when
 * something needs it, a pass with addresses from the first unmatched free on reads what was given to free; then a pass over
 * the trace follows just those addresses and says which block lived there at that moment, or died there last.
 *
 * Ownership: ms_cases_free. Errors: MS_E_NOMEM, and those of the cursor. Thread-safety: one thread.
 */
#ifndef MS_ANALYZE_CASES_H
#define MS_ANALYZE_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/errors.h"

struct ms_trace;

enum ms_case_kind {
	MS_CASE_UNMATCHED,               /* a free that ends no block of the trace */
	MS_CASE_MISMATCHED,              /* a free of another family than the allocation; equal ones are one case */
	MS_CASE_WRONG_SIZE,              /* a sized free with another size than that of the block; equal ones are one case */
	MS_CASE_EVIDENCE,                /* what a guard saw */
	MS_CASE_KIND_COUNT
};

/* Where the address of a case lay at that moment. */
enum ms_case_place {
	MS_PLACE_NOWHERE,                /* in no block that the trace knows */
	MS_PLACE_LIVE_START, MS_PLACE_LIVE_INSIDE, /* in a live block */
	MS_PLACE_DEAD_START, MS_PLACE_DEAD_INSIDE, /* where a block died, and nothing was born since */
};

struct ms_case_block {
	uint64_t id;                     /* 0 = none */
	uint64_t address, size_bytes;
	uint64_t birth_ns, end_ns;       /* end_ns valid when dead */
	uint32_t birth_stack, birth_thread; /* ids of the trace */
	uint32_t end_stack, end_thread;
	uint8_t birth_kind, end_kind;    /* enum ms_event_kind; end_kind 0 = it lives */
};

struct ms_case {
	uint8_t kind;                    /* enum ms_case_kind */
	uint8_t place;                   /* enum ms_case_place; all but MISMATCHED and WRONG_SIZE */
	uint8_t event_kind;              /* enum ms_event_kind of the free; EVIDENCE */
	bool has_address;
	bool merged;                     /* belongs to another case: no error of its own */
	uint32_t evidence;               /* EVIDENCE: its id; UNMATCHED: id of the REFUSED_FREE that followed, 0 = none */
	uint32_t freed_stack;            /* EVIDENCE: stack id of the FREED_STACK evidence for this block, 0 = none */
	uint32_t thread, stack;          /* ids of the trace */
	uint64_t event;                  /* ordinal of the event */
	uint64_t time_ns, last_ns;
	uint64_t count;
	uint64_t address;                /* given to free; EVIDENCE: the start of its block, or its own address */
	uint64_t argument;               /* size given to a sized free */
	struct ms_case_block block;
};
#define MS_CASES_MAX 16384u          /* of each kind; more are counted */

struct ms_cases {
	struct ms_case *list;            /* in order of time of the first occurrence */
	size_t count, capacity;
	uint64_t seen[MS_CASE_KIND_COUNT]; /* occurrences, kept or not */
	uint64_t omitted[MS_CASE_KIND_COUNT];
	uint64_t frees, sized_frees;     /* looked at, whether their block was known or not */
	uint64_t reallocs;               /* of these frees: calls of realloc */
	uint64_t first_unmatched_event;  /* UINT64_MAX = none */
};

/* Finds the blocks of all cases. Reads the trace again only when there are cases that need it. */
int ms_cases_resolve(struct ms_cases *cases, const struct ms_trace *trace, struct ms_error *err);
void ms_cases_free(struct ms_cases *cases); /* NULL allowed; frees the struct too */

#endif
