/*
 * suppressions.h - which findings the user does not want to hear about: files in the syntax of LeakSanitizer and of Valgrind.
 *
 * LeakSanitizer, one per line:  leak:PATTERN     leaks with PATTERN somewhere in a function, file or module of the allocation's
 *                               stack; * stands for anything, ^ and $ anchor it
 * Valgrind, in braces:          { name  Memcheck:Kind  match-leak-kinds: ...  fun:GLOB  obj:GLOB  src:FILE[:LINE]  ... }
 *                               the frames of the stack in order, innermost first, up to where the patterns end; "..." stands for any
 *                               number of frames, * and ? for characters. Kinds: Free, Leak, Addr1 .. Addr32 (the size is not
 *                               looked at); suppressions of other kinds and tools are read and never match
 *
 * Those that a program carries itself: embedded_suppressions.h. Functions match in their mangled or demangled form. The stack is that of the error; of leaks, of damage (whose writer is not known)
 * and where there is none, that of the allocation. Its first frame is the function of the malloc family itself; a suppression may leave it out.
 *
 * Errors: MS_E_NOMEM, MS_E_IO, MS_E_ARGUMENT (the message names file and line). Ownership: ms_suppressions_free.
 * Thread-safety: read-only after reading. Source of the syntax: the manuals of LeakSanitizer and Valgrind.
 */
#ifndef MS_ANALYZE_SUPPRESSIONS_H
#define MS_ANALYZE_SUPPRESSIONS_H

#include <stddef.h>
#include <stdint.h>

#include "report.h"

#pragma GCC visibility push(default) /* part of libmemscope.so */

struct ms_suppressions;

int ms_suppressions_new(struct ms_suppressions **out, struct ms_error *err);
/* Adds those of a file, or of text (name: what messages call it). */
int ms_suppressions_read(struct ms_suppressions *s, const char *path, struct ms_error *err);
int ms_suppressions_parse(struct ms_suppressions *s, const char *name, const char *text, struct ms_error *err);
size_t ms_suppressions_count(const struct ms_suppressions *s);
void ms_suppressions_free(struct ms_suppressions *s); /* NULL allowed */

/* Number from 1 of the first one that matches a call path; 0 = none. call: enum ms_event_kind of the allocation or free that
   stands innermost, 0 = none. */
uint32_t ms_suppressions_match(const struct ms_suppressions *s, const struct ms_report *report, enum ms_finding_kind kind,
                               uint8_t call, uint32_t node);
/* Marks the findings of the report and fills in findings.suppressions and the counts. s may be freed afterwards. */
int ms_suppress(struct ms_report *report, const struct ms_suppressions *s, struct ms_error *err);

/* Does the glob (* and ?) match all of the text? */
bool ms_glob(const char *glob, const char *text);

#pragma GCC visibility pop

#endif
