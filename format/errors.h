/*
 * errors.h - the error codes of memscope, from one table, and the error context that a caller owns.
 *
 * Every function that can fail returns int: 0 (MS_OK) or one of the negative codes below, and fills the struct
 * ms_error that the caller passed (NULL is allowed: then only the code is returned).
 * Ownership: struct ms_error is plain memory of the caller; nothing to free. Thread-safety: none shared.
 */
#ifndef MS_FORMAT_ERRORS_H
#define MS_FORMAT_ERRORS_H

#include <stdint.h>

#define MS_ERRORS(X)                                                      \
	X(OK, 0, "no error")                                                  \
	X(E_NOMEM, -1, "out of memory")                                       \
	X(E_IO, -2, "input/output error")                                     \
	X(E_MAGIC, -3, "not a memscope trace")                                \
	X(E_VERSION, -4, "written by an incompatible version")                \
	X(E_FEATURE, -5, "needs a feature that this version does not have")   \
	X(E_CORRUPT, -6, "the file is damaged")                               \
	X(E_TRUNCATED, -7, "the file ends too early")                         \
	X(E_LIMIT, -8, "a size exceeds its limit")                            \
	X(E_ARGUMENT, -9, "invalid argument")                                 \
	X(E_NOT_FOUND, -10, "not found")                                      \
	X(E_UNSUPPORTED, -11, "not supported")                                \
	X(E_FULL, -12, "the output reached its size limit")                   \
	X(E_CANCELLED, -13, "cancelled")

enum ms_status {
#define X(id, number, text) MS_##id = number,
	MS_ERRORS(X)
#undef X
};

#define MS_NO_OFFSET UINT64_MAX

struct ms_error {
	int code;              /* enum ms_status */
	uint64_t offset;       /* in the file, MS_NO_OFFSET when there is none */
	char message[400];     /* one sentence without newline: what was expected and what was found */
};

#pragma GCC visibility push(default) /* part of libmemscope.so */
/* Static text of a code ("the file is damaged"); never NULL. */
const char *ms_strerror(int code);

/* Fills *err (if not NULL) and returns code, so that `return ms_fail(err, MS_E_IO, off, "...")` reads well. */
int ms_fail(struct ms_error *err, int code, uint64_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#pragma GCC visibility pop

#endif
