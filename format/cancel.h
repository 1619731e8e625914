/*
 * cancel.h - how the caller of something long says that it is not wanted any more.
 *
 * `asked` is called now and then, from the thread that called the function, at least every few thousand events; true ends the work with
 * MS_E_CANCELLED. It should cost next to nothing.
 * Ownership: borrowed during the call. Errors: none. Thread-safety: that of `asked`.
 */
#ifndef MS_FORMAT_CANCEL_H
#define MS_FORMAT_CANCEL_H

#include <stdbool.h>
#include <stddef.h>

#include "errors.h"

struct ms_cancel {
	bool (*asked)(void *arg);
	void *arg;
};

/* cancel: NULL = never. */
static inline int ms_cancelled(const struct ms_cancel *cancel, struct ms_error *err)
{
	return cancel && cancel->asked(cancel->arg) ? ms_fail(err, MS_E_CANCELLED, MS_NO_OFFSET, "cancelled") : MS_OK;
}

#endif
