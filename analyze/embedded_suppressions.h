/*
 * embedded_suppressions.h - the suppressions that a program carries for LeakSanitizer: what its function
 * __lsan_default_suppressions returns.
 *
 * The function is not run. When the executable of the trace is at hand (same build-id) and the function does nothing but return
 * the address of a constant string, as compilers make it of `return "leak:...";`, that string is read.
 *
 * Errors: MS_E_NOMEM, MS_E_ARGUMENT for suppressions that cannot be read. Everything else leaves *s as it is: no such function, another
 * file, code that cannot be told. Thread-safety: as suppressions.h. Source: the x86-64 encodings of lea, mov and ret (Intel SDM 2).
 */
#ifndef MS_ANALYZE_EMBEDDED_SUPPRESSIONS_H
#define MS_ANALYZE_EMBEDDED_SUPPRESSIONS_H

#include <stddef.h>
#include <stdint.h>

#include "suppressions.h"

struct ms_trace;

int ms_suppressions_embedded(struct ms_suppressions *s, const struct ms_trace *trace, struct ms_error *err);

/* The address that a function at `address` returns, whose code begins with these bytes; 0 when that cannot be told. */
uint64_t ms_returned_constant(const uint8_t *code, size_t size, uint64_t address);

#endif
