/*
 * bounds.h - libc calls compared with the guarded blocks that their arguments touch.
 *
 * A check is given the call and its arguments and publishes evidence (BOUNDS) for what the call certainly touches outside of a
 * live block, or in a freed one: never for what it might touch. A string is touched up to its terminator, a comparison up to the
 * first difference, a buffer that a call fills as far as its result says. Which function uses which check: libc_rows.h.
 *
 * Sizes and limits count characters of call->width bytes, unless they are named bytes. Pointers outside of the pools cost one
 * comparison and are never dereferenced, but for strings that are copied into a pool.
 *
 * After evidence the range is opened (guard_open), so that the real call does not fault over what is reported already; what
 * bounds_may_touch opens, for calls whose touch is known only afterwards, bounds_done closes.
 *
 * Thread-safety: any thread, signal handlers. No lock, no allocation, no errno. Nothing here calls a libc function but through
 * bounds_call.real, because libc's names lead back to the exported functions (interpose_early.c).
 */
#ifndef MS_PRELOAD_BOUNDS_H
#define MS_PRELOAD_BOUNDS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "guard.h"

/* ---- the real functions ---- */

struct libc_real {
#define BEFORE(result, symbol, name, width, parameters, arguments, covered, check) result(*symbol) parameters;
#define VOID(symbol, name, width, parameters, arguments, covered, check) void(*symbol) parameters;
#define AROUND(result, symbol, name, width, parameters, arguments, covered, before, after) result(*symbol) parameters;
#define PRINTF(symbol, real, name, width, parameters, last, arguments, covered, before, after)
#include "libc_rows.h"
#undef BEFORE
#undef VOID
#undef AROUND
#undef PRINTF
};

/* NULL for what no module defines. Filled by bounds_resolve, which any thread may call at any time (the values are the same);
   constant afterwards. */
extern struct libc_real libc_real __attribute__((visibility("hidden")));
void bounds_resolve(void);

/* ---- a call ---- */

#define BOUNDS_NOTED 4u

/*
 * A place that the call may touch outside of its block, as it was before the call. Other threads may free the block before the
 * call comes back: whoever reads what was written owns it then. So what the call did is compared with this.
 */
struct bounds_note {
	uint64_t start, bytes;           /* what it may touch */
	uint64_t before;                 /* bytes that the call touches before these: of the vectors before */
	uint64_t opened_bytes;           /* 0: nothing was opened */
	struct guard_block block;
};

struct bounds_call {
	const struct libc_real *real;
	const char *function;            /* NUL-terminated, outlives the call */
	const struct ms_caller *caller;  /* as in hooks */
	unsigned width;                  /* bytes of a character: 1 or 4 */
	unsigned noted_count;
	struct bounds_note noted[BOUNDS_NOTED];
};

/* Where blocks are looked up and evidence goes: the pools; tests put another table here. */
struct bounds_pools {
	bool (*find)(uint64_t address, struct guard_block *block);
	void (*open)(uint64_t start, uint64_t bytes);
	void (*close)(uint64_t start, uint64_t bytes);
	void (*evidence)(struct ms_evidence_entry *e, const uint8_t *bytes, const uint64_t *registers, const struct ms_caller *caller);
};
extern const struct bounds_pools *bounds_pools;

static inline bool bounds_covered(const void *p)
{
	return guard_covers((uint64_t)(uintptr_t)p);
}

/* Counts the call (header.guard_calls). */
void bounds_counted(void);
/* Begins to count, in a forked child anew. */
void bounds_start(void);
/* Adds what is not in the header yet. */
void bounds_count(struct ms_arena_header *header);

/* ---- what a pointer points to ---- */

struct bounds_place {
	uint64_t at;
	size_t room;    /* whole characters from there to the end of the live block; SIZE_MAX: no block of ours; 0: the first one is
	                   outside, or the block is freed */
};
struct bounds_place bounds_place(const struct bounds_call *call, const void *p);

/* [start, start + bytes) is touched: evidence, if any of it is not in a live block. True when there was. */
bool bounds_touch(const struct bounds_call *call, enum ms_access_kind access, uint64_t start, uint64_t bytes);
/* The same against this block, which is or was the one at start. */
bool bounds_touch_of(const struct bounds_call *call, enum ms_access_kind access, uint64_t start, uint64_t bytes, struct guard_block block);
/* The character behind the room is read. */
void bounds_touch_next(const struct bounds_call *call, const struct bounds_place *place);

/* Characters before the terminator, at most max, looking no further than that. */
size_t bounds_length(const struct bounds_call *call, const void *p, size_t max);

/* a * b; SIZE_MAX when that is more than fits. */
size_t bounds_product(size_t a, size_t b);

/* ---- memory: bounds_memory.c ---- */

void bounds_copy(const struct bounds_call *call, const void *to, const void *from, size_t n);
void bounds_copy_until(const struct bounds_call *call, const void *to, const void *from, int value, size_t n);
void bounds_fill(const struct bounds_call *call, const void *to, size_t n);
void bounds_compare(const struct bounds_call *call, const void *a, const void *b, size_t n);
void bounds_find(const struct bounds_call *call, const void *at, uint32_t value, size_t n);
void bounds_find_last(const struct bounds_call *call, const void *at, int value, size_t n);
void bounds_find_bytes(const struct bounds_call *call, const void *hay, size_t n, const void *needle, size_t m);
void bounds_sort(const struct bounds_call *call, const void *base, size_t n, size_t bytes);

/* ---- strings: bounds_string.c, bounds_scan.c ---- */

void bounds_string(const struct bounds_call *call, const void *s, size_t max);
void bounds_string_copy(const struct bounds_call *call, const void *to, const void *from);
void bounds_string_copy_n(const struct bounds_call *call, const void *to, const void *from, size_t n);
void bounds_string_append(const struct bounds_call *call, const void *to, const void *from);
void bounds_string_append_n(const struct bounds_call *call, const void *to, const void *from, size_t n);
void bounds_string_compare(const struct bounds_call *call, const void *a, const void *b, size_t max, bool fold);
void bounds_string_find(const struct bounds_call *call, const void *s, uint32_t value);
void bounds_string_in(const struct bounds_call *call, const void *hay, const void *needle, bool fold);
/* s is read up to the first character that is (until_in) or is not in the set, the set as a whole. */
void bounds_string_span(const struct bounds_call *call, const void *s, const void *set, bool until_in);
/* s, if not NULL, is read up to the end of its first token. */
void bounds_token(const struct bounds_call *call, const void *s, const void *set);
/* s is read as long as it continues a number in the base: 0, 2 .. 36, or BOUNDS_FLOAT. */
#define BOUNDS_FLOAT (-1)
void bounds_number(const struct bounds_call *call, const void *s, int base);
/* A string of bytes, or of wchar_t, is converted into at most n characters. */
void bounds_multibyte(const struct bounds_call *call, const void *s, size_t n);
void bounds_wide(const struct bounds_call *call, const void *s, size_t n);

/* ---- formats: bounds_format.c ---- */

/* Does the format, or a pointer among the arguments of a printf, lead into a pool? The list is not used up. */
bool bounds_format_covered(const void *format, unsigned width, va_list list);
/* What it reads and stores through its arguments. The list is not used up. */
void bounds_format(const struct bounds_call *call, const void *format, va_list list);
/* Before a vsprintf to a place: opens what it will write, and no more: the function has no limit, and pages are dear. */
void bounds_may_print(struct bounds_call *call, const void *to, const void *format, va_list list);

/* ---- calls whose touch is known afterwards: bounds_io.c ---- */

/* Notes [at, at + n) if it is not all inside of a live block, and opens what of it a plain program could touch and this one could
   not. What bounds_did_... is told later counts for places that are noted, by their starts, and for nothing else. */
void bounds_may_touch(struct bounds_call *call, const void *at, size_t n);
/* Notes what begins there, however much of it is touched, and opens nothing. */
void bounds_note(struct bounds_call *call, const void *at);
/* The same as bounds_may_touch for a string, that only needs it when it has no end in its block. */
void bounds_may_read_string(struct bounds_call *call, const void *s);
void bounds_did_read(const struct bounds_call *call, const void *at, size_t n);
void bounds_did_write(const struct bounds_call *call, const void *at, size_t n);
/* A string that the call has written; NULL: none. */
void bounds_did_write_string(const struct bounds_call *call, const void *s);
void bounds_done(struct bounds_call *call);

/* Vectors: false when they cannot be read, too. */
bool bounds_vectors_covered(const struct iovec *at, int count);
bool bounds_message_covered(const struct msghdr *message);
void bounds_vectors_may_touch(struct bounds_call *call, const struct iovec *at, int count);
void bounds_vectors_did(const struct bounds_call *call, enum ms_access_kind access, ssize_t bytes);

#endif
