/*
 * fingerprint.h - what stays the same of a finding from run to run: its kind and the names of the functions that lead to it.
 *
 * Names are taken from the innermost frame outwards, up to main or MS_FINGERPRINT_FUNCTIONS of them; recursion counts once;
 * suffixes that compilers give to copies of a function (".constprop.0", " [clone ...]") and Rust's hashes are cut off; a frame
 * without a name counts as the file name of its module; the function of libc that made the access is one more, and reads differ from
 * writes. Lines, addresses, ids and sizes play no part.
 * Source: the hash is FNV-1a, 64 bit. Pure functions; thread-safe.
 */
#ifndef MS_ANALYZE_FINGERPRINT_H
#define MS_ANALYZE_FINGERPRINT_H

#include "analyze/findings.h"
#include "analyze/report.h"

#define MS_FINGERPRINT_FUNCTIONS 16

/* Length of the name without such suffixes. */
size_t ms_normal_name_length(const char *function);
/* Fills in f->fingerprint from kind and stacks. A finding of damage leaves the stack of the check out: it is not where the
   error is. */
void ms_fingerprint(struct ms_finding *f, const struct ms_report *report);

/* The part of a call path in a fingerprint, for comparing paths of two reports. */
uint64_t ms_path_hash(const struct ms_report *report, uint32_t node);

#endif
