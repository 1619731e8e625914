/*
 * evidence_names.h - the numbers of evidence.h as words, for people and JSON: "damage", "write", "eviction", "exit".
 *
 * "unknown" for a number that has no name. Thread- and signal-safe: pure data.
 */
#ifndef MS_FORMAT_EVIDENCE_NAMES_H
#define MS_FORMAT_EVIDENCE_NAMES_H

#pragma GCC visibility push(default) /* part of libmemscope.so */
const char *ms_evidence_kind_name(unsigned kind);
const char *ms_access_name(unsigned access);
const char *ms_check_name(unsigned check);
const char *ms_graph_reason_name(unsigned reason);
#pragma GCC visibility pop

/* Of the registers of a fault, in their order. */
extern const char *const ms_register_names[] __attribute__((visibility("default")));

#endif
