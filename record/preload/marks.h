/*
 * marks.h - moments that the program names (record/include/memscope.h).
 *
 * text: NUL-terminated, borrowed for the call; NULL counts as "". What is longer than MEMSCOPE_MARK_BYTES is cut before the character (UTF-8) that
 * does not fit. Not recorded when nothing is being recorded; counted as lost like any event otherwise.
 * Async-signal-safe; no lock, no allocation, no errno change. Any thread.
 */
#ifndef MS_PRELOAD_MARKS_H
#define MS_PRELOAD_MARKS_H

void ms_mark(const char *text);

#endif
