/*
 * findings.h - what detectors found, as plain structs; renderers see this header and report.h, nothing else of analyze/.
 *
 * A finding is one error of the program at one place: errors whose fingerprints are the same are merged (count, first
 * occurrence). A detector says for the whole trace: found n, clean among n checked, or not observable because ...
 *
 * How certain a finding is:
 *   certain   the wrong call or access itself was recorded, together with the block that it concerns
 *   observed  its effect was recorded (bytes that nobody may write had changed), not the act
 *   inferred  it follows from the events if the trace holds every allocation; message or detector say what speaks against it
 *
 * A fingerprint is the kind and a hash of the normalised names of functions on the stacks (fingerprint.h): no address, line,
 * id or size, so that it stays the same in the next run and after unrelated changes.
 *
 * Units stand in the names: *_bytes, *_ns since the start of the recording. Strings are borrowed from the trace, but message.
 * Ownership: what stands in struct ms_findings is freed with its report (ms_report_free). Thread-safety: pure data.
 */
#ifndef MS_ANALYZE_FINDINGS_H
#define MS_ANALYZE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/evidence.h"

/* X(identifier, name, CWE, name in Valgrind's suppressions): the CWE is the usual one; a detector may name a closer one. */
#define MS_FINDING_KINDS(X)                                                 \
	X(DOUBLE_FREE, "double-free", 415, "Free")                              \
	X(INVALID_FREE, "invalid-free", 590, "Free")                            \
	X(MISMATCHED_FREE, "mismatched-free", 762, "Free")                      \
	X(SIZE_MISMATCHED_FREE, "size-mismatched-free", 763, "Free")            \
	X(REALLOC_AFTER_FREE, "realloc-after-free", 416, "Free")                \
	X(HEAP_OVERFLOW, "heap-overflow", 122, "Addr")                          \
	X(HEAP_UNDERFLOW, "heap-underflow", 124, "Addr")                        \
	X(USE_AFTER_FREE, "use-after-free", 416, "Addr")                        \
	X(LEAK_DEFINITE, "leak-definite", 401, "Leak")                          \
	X(LEAK_INDIRECT, "leak-indirect", 401, "Leak")                          \
	X(LEAK_POSSIBLE, "leak-possible", 401, "Leak")

enum ms_finding_kind {
#define X(id, name, cwe, valgrind) MS_FINDING_##id,
	MS_FINDING_KINDS(X)
#undef X
	MS_FINDING_KIND_COUNT
};

enum ms_certainty { MS_CERTAIN, MS_OBSERVED, MS_INFERRED };
enum ms_severity { MS_SEVERITY_ERROR, MS_SEVERITY_WARNING };
enum ms_detector_status { MS_DETECTOR_FOUND, MS_DETECTOR_CLEAN, MS_DETECTOR_NOT_OBSERVABLE };

struct ms_finding_block {
	bool known;                      /* false: no block; nothing below is valid */
	uint64_t id;                     /* 0: the guard knew it, the trace does not */
	uint64_t address, size_bytes;
	uint64_t birth_ns;
	uint32_t birth_thread;           /* thread ids, 0 = unknown */
	uint8_t birth_kind;              /* enum ms_event_kind, 0 = unknown */
	bool freed;                      /* at the moment of the finding */
	uint8_t free_kind;               /* enum ms_event_kind, 0 = unknown */
	uint32_t free_thread;
	uint64_t free_ns;                /* 0 = unknown */
};

#define MS_FINGERPRINT_TEXT 48

struct ms_finding {
	uint32_t id;                     /* 1 .. in the order of the list */
	uint8_t kind;                    /* enum ms_finding_kind */
	uint8_t certainty, severity;     /* enum ms_certainty, ms_severity */
	uint16_t cwe;
	uint8_t run;                     /* 1: this trace; 2: the companion, whose report has its stacks and threads */
	bool in_both_runs;
	bool is_new;                     /* not in the baseline (true when there is none) */
	uint32_t suppressed_by;          /* number of the suppression from 1, 0 = not suppressed */
	char *message;                   /* one line, owned; starts with a small letter, no full stop */
	char fingerprint[MS_FINGERPRINT_TEXT];

	uint64_t time_ns, last_ns;       /* first and last occurrence */
	uint64_t count;                  /* occurrences */
	uint32_t thread;                 /* thread id, 0 = unknown */
	uint64_t address;                /* freed, accessed or changed; 0 = unknown */
	uint64_t length_bytes;           /* accessed or changed; 0 = unknown */
	int64_t offset;                  /* of address to the start of the block, when the block is known */
	uint8_t access;                  /* enum ms_access_kind */
	uint8_t check;                   /* enum ms_check_kind, valid when evidence is not 0 */
	uint8_t evidence;                /* enum ms_evidence_kind that it rests on, 0 = events alone */
	bool confirmed;                  /* damage was found where the access went */
	const char *function;            /* libc function that made the access; "" = none */
	uint8_t free_call;               /* enum ms_event_kind of the wrong call, 0 = none */

	uint8_t byte_count, expected;    /* damage: what was found at byte_address, and what should have been there */
	uint64_t byte_address;
	uint8_t bytes[MS_EVIDENCE_BYTES];
	bool has_window;                 /* damage: it happened after last_good_ns and before damage_seen_ns */
	uint64_t last_good_ns, damage_seen_ns;
	uint8_t register_count;
	uint64_t registers[MS_EVIDENCE_REGISTERS]; /* order: format/evidence.h */

	struct ms_finding_block block;
	uint64_t leaked_blocks, leaked_bytes; /* leaks: how much */
	uint32_t allocation_node, free_node, error_node; /* call paths, 0 = none */
};

struct ms_detector_result {
	const char *name, *summary;
	uint32_t kinds;                  /* bits 1 << enum ms_finding_kind that are its findings */
	uint8_t status;                  /* enum ms_detector_status */
	uint64_t found;                  /* findings, after merging, suppressed ones not among them */
	uint64_t suppressed;
	uint64_t checked;                /* what was looked at, in units of `unit` */
	const char *unit;                /* "free", "access check": the noun without s */
	char *reason;                    /* why it is not observable, or what limits the answer; owned, "" = nothing to say */
};

struct ms_suppression_use {
	char *name;                      /* owned */
	char *file;                      /* owned */
	uint32_t line;
	uint64_t findings, occurrences;  /* suppressed by it */
};

struct ms_findings {
	struct ms_finding *list;
	size_t count;
	uint64_t errors, warnings;       /* of these, not suppressed */
	uint64_t suppressed;
	uint64_t omitted;                /* occurrences beyond what is kept in memory, not in the list */
	struct ms_detector_result *detectors;
	size_t detector_count;
	struct ms_suppression_use *suppressions;
	size_t suppression_count;
	const char *baseline;            /* file name, NULL = none */
	const char *companion_file;      /* name of the other run's trace, "" = there is none */
	char *companion_problem;         /* why it could not be read; owned, NULL = no problem */
};

/* What became of a condition (gate.h): it does not hold; it holds; what was recorded cannot tell. */
enum ms_gate_verdict { MS_GATE_FAILS, MS_GATE_HOLDS, MS_GATE_UNKNOWN };

extern const struct ms_finding_kind_info {
	const char *name;
	uint16_t cwe;
	const char *valgrind;
} ms_finding_kinds[MS_FINDING_KIND_COUNT] __attribute__((visibility("default")));

/* What stands innermost on the stack of the allocation or of the error and is not recorded there: the function of the malloc family,
   or of libc, by its mangled name; "" = nothing. */
const char *ms_finding_first_frame(const struct ms_finding *finding, bool of_allocation)
	__attribute__((visibility("default")));

void ms_findings_free(struct ms_findings *findings); /* leaves it all zero */

#endif
