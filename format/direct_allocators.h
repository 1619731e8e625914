/*
 * direct_allocators.h - what is said about allocators that are reached without interposed symbols (record/preload/direct.h): one record for
 * each module that has one. Numbers are part of the file format.
 * Thread-safety: pure data.
 */
#ifndef MS_FORMAT_DIRECT_ALLOCATORS_H
#define MS_FORMAT_DIRECT_ALLOCATORS_H

#define MS_DIRECT_MAX 64u /* records in a trace */

enum ms_direct_family { MS_DIRECT_OWN = 0, MS_DIRECT_JEMALLOC = 1, MS_DIRECT_TCMALLOC = 2, MS_DIRECT_MIMALLOC = 3, MS_DIRECT_FAMILIES };

/* X(number, id, words): what became of its functions. All but HOOKED: nothing of it is recorded. */
#define MS_DIRECT_STATES(X)                                                                          \
	X(0, NONE, "not looked at")                                                                  \
	X(1, HOOKED, "recorded")                                                                     \
	X(2, GUARD, "a guard does not reach into other allocators")                                  \
	X(3, CODE, "first instructions of a function could not be moved safely")                           \
	X(4, WRITE, "the system does not let code be changed")                                       \
	X(5, THREADS, "the program had several threads before recording began")                      \
	X(6, TWICE, "two functions have the same name")                               \
	X(7, STRIPPED, "the executable has no symbol table, so that some of them may have no name") \
	X(8, LATE, "the recording attached to a running program, whose code it leaves alone")

enum ms_direct_state {
#define X(number, id, words) MS_DIRECT_##id = number,
	MS_DIRECT_STATES(X)
#undef X
	MS_DIRECT_STATE_COUNT
};

#endif
