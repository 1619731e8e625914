/*
 * interpose_libc.c - the exported libc functions of libmemscope-guard.so, and nothing else: the rows of libc_rows.h.
 *
 * A call whose pointers are outside of the pools costs a comparison and a jump. A call may come before anything is relocated
 * (from the resolver of another library's indirect function): then the table of real functions is empty, and interpose_early.c
 * knows what to do.
 *
 * In C the functions have names of their own, so that no header's declaration is in the way.
 */
#include "bounds.h"

#define EXPORT __attribute__((visibility("default")))
#define CALLER ((const struct ms_caller *)__builtin_frame_address(0))

#define IN1(a) bounds_covered(a)
#define IN2(a, b) (bounds_covered(a) || bounds_covered(b))
#define REAL(symbol) (*(MS_LIKELY(libc_real.symbol != NULL) ? libc_real.symbol : (bounds_early(), libc_real.symbol)))

#define CALL(call_name, call_width, call_caller)                                                                      \
	struct bounds_call call, *C = &call;                                                                          \
                                                                                                                      \
	call.real = &libc_real;                                                                                       \
	call.function = call_name;                                                                                    \
	call.caller = call_caller;                                                                                    \
	call.width = call_width;                                                                                      \
	call.noted_count = 0; /* and nothing else of it counts */                                                     \
	bounds_counted()

void bounds_early(void) __attribute__((cold)); /* interpose_early.c */

/* The compared calls stand apart, so that the way past them needs no registers. */
#define APART static __attribute__((noinline))
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define ARGUMENTS(...) __VA_ARGS__

#define BEFORE(result, symbol, name, width, parameters, arguments, covered, check)                                    \
	APART void check_##symbol(ARGUMENTS parameters, const struct ms_caller *caller)                               \
	{                                                                                                             \
		CALL(name, width, caller);                                                                            \
		check;                                                                                                \
	}                                                                                                             \
	EXPORT result exported_##symbol parameters __asm__(#symbol);                                                  \
	EXPORT result exported_##symbol parameters                                                                    \
	{                                                                                                             \
		if (MS_UNLIKELY(covered))                                                                             \
			check_##symbol(ARGUMENTS arguments, CALLER);                                                  \
		return REAL(symbol) arguments;                                                                        \
	}
#define VOID(symbol, name, width, parameters, arguments, covered, check)                                              \
	APART void check_##symbol(ARGUMENTS parameters, const struct ms_caller *caller)                               \
	{                                                                                                             \
		CALL(name, width, caller);                                                                            \
		check;                                                                                                \
	}                                                                                                             \
	EXPORT void exported_##symbol parameters __asm__(#symbol);                                                    \
	EXPORT void exported_##symbol parameters                                                                      \
	{                                                                                                             \
		if (MS_UNLIKELY(covered))                                                                             \
			check_##symbol(ARGUMENTS arguments, CALLER);                                                  \
		REAL(symbol) arguments;                                                                               \
	}
/* The empty asm keeps the frame that CALLER points to. */
#define AROUND(result, symbol, name, width, parameters, arguments, covered, before, after)                            \
	APART result around_##symbol(ARGUMENTS parameters, const struct ms_caller *caller)                            \
	{                                                                                                             \
		result r;                                                                                             \
                                                                                                                      \
		CALL(name, width, caller);                                                                            \
		before;                                                                                               \
		r = REAL(symbol) arguments;                                                                           \
		after;                                                                                                \
		bounds_done(C);                                                                                       \
		return r;                                                                                             \
	}                                                                                                             \
	EXPORT result exported_##symbol parameters __asm__(#symbol);                                                  \
	EXPORT result exported_##symbol parameters                                                                    \
	{                                                                                                             \
		result r;                                                                                             \
                                                                                                                      \
		if (MS_LIKELY(!(covered)))                                                                            \
			return REAL(symbol) arguments;                                                                \
		r = around_##symbol(ARGUMENTS arguments, CALLER);                                                     \
		__asm__ volatile("" : "+r"(r));                                                                       \
		return r;                                                                                             \
	}
#define PRINTF(symbol, target, name, width, parameters, last, arguments, covered, before, after)                      \
	EXPORT int exported_##symbol parameters __asm__(#symbol);                                                     \
	EXPORT int exported_##symbol parameters                                                                       \
	{                                                                                                             \
		va_list list;                                                                                         \
		int r;                                                                                                \
                                                                                                                      \
		va_start(list, last);                                                                                 \
		if (MS_LIKELY(!(covered))) {                                                                          \
			r = REAL(target) arguments;                                                                   \
		} else {                                                                                              \
			CALL(name, width, CALLER);                                                                    \
			before;                                                                                       \
			r = REAL(target) arguments;                                                                   \
			after;                                                                                        \
			bounds_done(C);                                                                               \
		}                                                                                                     \
		va_end(list);                                                                                         \
		return r;                                                                                             \
	}
#include "libc_rows.h"
