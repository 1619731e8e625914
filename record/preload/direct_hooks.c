/*
 * direct_hooks.c - what takes the place of an allocator's functions (direct.h).
 *
 * A hook gets the arguments as they lie in registers, whatever their number, and keeps them in a struct call on its stack. It asks the hooks
 * of hooks.h for the event; the table of real functions that these get has functions that look up the struct and call the
 * moved function with all of its arguments. So everything that hooks decide (what is sampled, what belongs to a C++ operator) is decided
 * in one place.
 */
#include <stddef.h>
#include <string.h>

#include "direct.h"
#include "direct_rows.h"
#include "hooks.h"

typedef uint64_t word;
typedef word (*any_function)(word, word, word, word, word, word);

struct call {
	any_function moved;
	word a[6];
	word result;                     /* as the caller gets it */
};

enum {
#define X(shape, name, ...) ROW_##name,
	MS_DIRECT_C(X) MS_DIRECT_JE(X) MS_DIRECT_TC(X) MS_DIRECT_MI(X)
#undef X
#define X(field, symbol, ...) ROW_##symbol,
	MS_REAL_NEW(X) MS_REAL_DELETE(X)
#undef X
	ROWS
};
static any_function moved_to[ROWS];
static bool plain;                       /* struct ms_direct_module */
static bool aligned_in_heap;             /* a heap of mimalloc's has blocks that do not begin where their memory does */
typedef bool (*visitor)(const void *heap, const void *area, void *block, size_t bytes, void *context);
static bool (*visit_blocks)(const void *heap, bool all, visitor, void *context);

static word run(struct call *c)
{
	c->result = c->moved(c->a[0], c->a[1], c->a[2], c->a[3], c->a[4], c->a[5]);
	return c->result;
}

/* ---- calls from inside ------------------------------------------------------------------------------------------- */

static inline bool is_inside(const struct ms_caller *caller)
{
	uint64_t sp = ms_caller_sp(caller), outer = ms_tls.inside;

	return MS_UNLIKELY(outer != 0) && sp < outer && outer - sp <= MS_DIRECT_STACK_BYTES;
}

static inline word run_inside(struct call *c)
{
	word result;

	ms_tls.inside = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	atomic_signal_fence(memory_order_seq_cst);
	result = run(c);
	atomic_signal_fence(memory_order_seq_cst);
	ms_tls.inside = 0;
	return result;
}

/* ---- the real functions that hooks.h gets ------------------------------------------------------------------------ */

static struct call *current(void)
{
	return ms_tls.direct;
}

static void *real_malloc(size_t size)
{
	(void)size;
	return (void *)run_inside(current());
}
static void *real_calloc(size_t count, size_t size)
{
	(void)count, (void)size;
	return (void *)run_inside(current());
}
static void *real_memalign(size_t alignment, size_t size)
{
	(void)alignment, (void)size;
	return (void *)run_inside(current());
}
static int real_posix_memalign(void **out, size_t alignment, size_t size)
{
	(void)out, (void)alignment, (void)size;
	return (int)run_inside(current());
}
static void *real_realloc(void *block, size_t size)
{
	(void)block, (void)size;
	return (void *)run_inside(current());
}
static void *real_in_place(void *block, size_t size)
{
	return run_inside(current()) >= size ? block : NULL;
}
static void *real_array(void *block, size_t size)
{
	struct call *c = current();
	void *moved = block;

	(void)size;
	if ((int)run_inside(c) != 0)
		return NULL;
	memcpy(&moved, (void *)c->a[0], sizeof moved);
	return moved;
}
static void real_free(void *block)
{
	(void)block;
	run_inside(current());
}
/* What may throw leaves no mark behind: its inner calls are told apart as those of C++ operators are. */
static void *real_throwing(size_t size)
{
	(void)size;
	return (void *)run(current());
}
/* The block is there already. */
static void *real_done(size_t size)
{
	(void)size;
	return (void *)current()->result;
}

#define X(field, symbol, parameters, arguments, all, kind) \
	static void *real_##field parameters               \
	{                                                  \
		return (void *)run(current());             \
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
MS_REAL_NEW(X)
#undef X
#define X(field, symbol, parameters, arguments, all, kind) \
	static void real_##field parameters                \
	{                                                  \
		run(current());                            \
	}
MS_REAL_DELETE(X)
#undef X
#pragma GCC diagnostic pop

static struct ms_real calls = {
	.malloc = real_malloc,
	.calloc = real_calloc,
	.memalign = real_memalign,
	.posix_memalign = real_posix_memalign,
	.realloc = real_realloc,
	.free = real_free,
#define X(field, symbol, parameters, arguments, all, kind) .field = real_##field,
	MS_REAL_NEW(X) MS_REAL_DELETE(X)
#undef X
};
static const struct ms_real in_place = {.realloc = real_in_place}, array = {.realloc = real_array}, done = {.malloc = real_done};
static const struct ms_real throwing = {.malloc = real_throwing};

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

static word product(word count, word size)
{
	word bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? UINT64_MAX : bytes;
}

static word je_alignment(word flags)
{
	return (flags & 63) != 0 ? UINT64_C(1) << (flags & 63) : 0;
}

#define SHAPE static __attribute__((noinline)) word

/* A signal handler may come between: its call is not ours. */
#define RECORDED(expression)                  \
	do {                                  \
		void *outer = ms_tls.direct;  \
		ms_tls.direct = c;            \
		(void)(expression);           \
		ms_tls.direct = outer;        \
		return c->result;             \
	} while (0)

SHAPE do_ALLOC(struct call *c, word size, word alignment, word block, const struct ms_caller *caller)
{
	(void)block;
	if (is_inside(caller))
		return run(c);
	RECORDED(alignment != 0 ? ms_hook_memalign(&calls, alignment, size, caller) : ms_hook_malloc(&calls, size, caller));
}

SHAPE do_ZALLOC(struct call *c, word count, word size, word block, const struct ms_caller *caller)
{
	(void)block;
	if (is_inside(caller))
		return run(c);
	RECORDED(ms_hook_calloc(&calls, count, size, caller));
}

SHAPE do_THROW(struct call *c, word size, word alignment, word block, const struct ms_caller *caller)
{
	(void)alignment, (void)block;
	if (is_inside(caller))
		return run(c);
	RECORDED(ms_hook_throwing(&throwing, size, caller));
}

SHAPE do_FREE(struct call *c, word size, word alignment, word block, const struct ms_caller *caller)
{
	(void)size, (void)alignment;
	if (is_inside(caller))
		return run(c);
	RECORDED((ms_hook_free(&calls, (void *)block, caller), 0));
}

SHAPE do_REALLOC(struct call *c, word size, word alignment, word block, const struct ms_caller *caller)
{
	(void)alignment;
	if (is_inside(caller))
		return run(c);
	RECORDED(ms_hook_realloc(&calls, (void *)block, size, caller));
}

static void nothing(void *block)
{
	(void)block;
}

SHAPE do_REALLOCF(struct call *c, word size, word alignment, word block, const struct ms_caller *caller)
{
	static const struct ms_real freed = {.free = nothing};

	if (is_inside(caller))
		return run(c);
	if (do_REALLOC(c, size, alignment, block, caller) == 0 && block != 0 && size != 0)
		ms_hook_free(&freed, (void *)block, caller);
	return c->result;
}

SHAPE do_INPLACE(struct call *c, word size, word alignment, word block, const struct ms_caller *caller)
{
	(void)alignment;
	if (is_inside(caller))
		return run(c);
	RECORDED(ms_hook_realloc(&in_place, (void *)block, size, caller));
}

SHAPE do_ARRAY(struct call *c, word size, word alignment, word block, const struct ms_caller *caller)
{
	void *old;

	(void)alignment;
	if (is_inside(caller) || block == 0)
		return run(c);
	memcpy(&old, (void *)block, sizeof old);
	RECORDED(ms_hook_realloc(&array, old, size, caller));
}

SHAPE do_POSIX(struct call *c, word size, word alignment, word block, const struct ms_caller *caller)
{
	if (is_inside(caller) || block == 0)
		return run(c);
	RECORDED(ms_hook_posix_memalign(&calls, (void **)block, alignment, size, caller));
}

static word text_of(struct call *c, size_t unit, const struct ms_caller *caller)
{
	const char *text;
	size_t bytes = unit;

	if (is_inside(caller))
		return run(c);
	text = (const char *)run_inside(c);
	if (text == NULL)
		return 0;
	if (unit == 1)
		bytes += strlen(text);
	else
		for (uint32_t wide; memcpy(&wide, text + bytes - unit, unit), wide != 0;)
			bytes += unit;
	RECORDED(ms_hook_malloc(&done, bytes, caller));
}

SHAPE do_TEXT(struct call *c, word size, word alignment, word block, const struct ms_caller *caller)
{
	(void)size, (void)alignment, (void)block;
	return text_of(c, 1, caller);
}

SHAPE do_WIDE(struct call *c, word size, word alignment, word block, const struct ms_caller *caller)
{
	(void)size, (void)alignment, (void)block;
	return text_of(c, 4, caller);
}

static bool end_block(const void *heap, const void *area, void *block, size_t bytes, void *context)
{
	static const struct ms_real freed = {.free = nothing};

	(void)heap, (void)area, (void)bytes;
	if (block != NULL)
		ms_hook_free(&freed, block, context);
	return true;
}

SHAPE do_DESTROY(struct call *c, word size, word alignment, word heap, const struct ms_caller *caller)
{
	(void)size, (void)alignment;
	if (!is_inside(caller) && heap != 0 && visit_blocks != NULL && !__atomic_load_n(&aligned_in_heap, __ATOMIC_RELAXED))
		visit_blocks((const void *)heap, true, end_block, (void *)(uintptr_t)caller);
	return run(c);
}

/* ---- the hooks --------------------------------------------------------------------------------------------------- */

/* The empty asm keeps the frame, and reads nothing that the function was not given. */
#define CALLER ((const struct ms_caller *)__builtin_frame_address(0))
#define PARAMETERS word a0, word a1, word a2, word a3, word a4, word a5
#define X(shape, name, size, alignment, block)                                                     \
	static word hook_##name(PARAMETERS)                                                        \
	{                                                                                          \
		struct call c = {moved_to[ROW_##name], {a0, a1, a2, a3, a4, a5}, 0};               \
		word result;                                                                       \
                                                                                                   \
		if (__builtin_strstr(#name, "aligned") != NULL)                                    \
			__atomic_store_n(&aligned_in_heap, true, __ATOMIC_RELAXED);                \
		result = do_##shape(&c, size, alignment, block, CALLER);                      \
		__asm__ volatile("" : "+r"(result));                                               \
		return result;                                                                     \
	}
MS_DIRECT_C(X) MS_DIRECT_JE(X) MS_DIRECT_TC(X) MS_DIRECT_MI(X)
#undef X

#define ARGUMENTS(...) __VA_ARGS__
#define WORDS(...) THREE(__VA_ARGS__, 0, 0, )
#define THREE(a, b, c, ...) (word)(a), (word)(b), (word)(c)
#define X(field, symbol, parameters, arguments, all, kind)                                         \
	static void *hook_##symbol parameters                                                      \
	{                                                                                          \
		struct call c = {moved_to[ROW_##symbol], {WORDS arguments}, 0};                    \
		void *outer = ms_tls.direct, *block;                                               \
                                                                                                   \
		if (is_inside(CALLER)) {                                                           \
			block = (void *)run(&c);                                                   \
		} else {                                                                           \
			ms_tls.direct = &c;                                                        \
			block = plain ? ms_hook_throwing(&throwing, size, CALLER)                  \
				      : ms_hook_##field(&calls, CALLER, ARGUMENTS all);            \
			ms_tls.direct = outer;                                                     \
		}                                                                                  \
		__asm__ volatile("" : "+r"(block));                                                \
		return block;                                                                      \
	}
MS_REAL_NEW(X)
#undef X
#define X(field, symbol, parameters, arguments, all, kind)                                         \
	static void hook_##symbol parameters                                                       \
	{                                                                                          \
		struct call c = {moved_to[ROW_##symbol], {WORDS arguments}, 0};                    \
		void *outer = ms_tls.direct;                                                       \
                                                                                                   \
		if (plain) {                                                                       \
			do_FREE(&c, 0, 0, (word)block, CALLER);                                    \
		} else if (is_inside(CALLER)) {                                                    \
			run(&c);                                                                   \
		} else {                                                                           \
			ms_tls.direct = &c;                                                        \
			ms_hook_##field(&calls, CALLER, ARGUMENTS all);                            \
			ms_tls.direct = outer;                                                     \
		}                                                                                  \
		__asm__ volatile("");                                                              \
	}
MS_REAL_DELETE(X)
#undef X

/* ---- the table, and what goes on where --------------------------------------------------------------------------- */

enum {
	FREES_ALLOC = 0, FREES_ZALLOC = 0, FREES_THROW = 0, FREES_FREE = 1, FREES_REALLOC = 0, FREES_REALLOCF = 0, FREES_INPLACE = 0,
	FREES_ARRAY = 0, FREES_POSIX = 0, FREES_TEXT = 0, FREES_WIDE = 0, FREES_DESTROY = 0,
};

const struct ms_direct_row ms_direct_rows[] = {
#define ROW(shape, symbol, group_) {.name = #symbol, .group = group_, .frees = FREES_##shape, .hook = (void *)hook_##symbol},
#define X(shape, symbol, ...) ROW(shape, symbol, MS_DIRECT_GROUP_C)
	MS_DIRECT_C(X)
#undef X
#define X(shape, symbol, ...) ROW(shape, symbol, MS_DIRECT_GROUP_JE)
	MS_DIRECT_JE(X)
#undef X
#define X(shape, symbol, ...) ROW(shape, symbol, MS_DIRECT_GROUP_TC)
	MS_DIRECT_TC(X)
#undef X
#define X(shape, symbol, ...) ROW(shape, symbol, MS_DIRECT_GROUP_MI)
	MS_DIRECT_MI(X)
#undef X
#define X(field, symbol, ...) {.name = #symbol, .group = MS_DIRECT_GROUP_CXX, .hook = (void *)hook_##symbol},
	MS_REAL_NEW(X)
#undef X
#define X(field, symbol, ...) {.name = #symbol, .group = MS_DIRECT_GROUP_CXX, .frees = 2, .hook = (void *)hook_##symbol},
	MS_REAL_DELETE(X)
#undef X
};
const uint32_t ms_direct_row_count = ROWS;
_Static_assert(sizeof ms_direct_rows / sizeof *ms_direct_rows == ROWS, "a name for each row");

bool ms_direct_claim(const struct ms_direct_module *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (moved_to[m->found[i].row] != NULL)
			return false;
	return true;
}

void ms_direct_moved(const struct ms_direct_module *m, const uint64_t *moved)
{
	for (uint32_t i = 0; i < m->count; i++)
		moved_to[m->found[i].row] = (any_function)moved[i];
	plain |= m->plain;
	if (m->visit != 0)
		visit_blocks = (bool (*)(const void *, bool, visitor, void *))m->visit;
}

/* ---- what the interposed functions call -------------------------------------------------------------------------- */

/* ms_real as it was, but for functions that have moved. */
static struct ms_real under;

#define QUIET(type, name, parameters, arguments)                                                   \
	static type quiet_##name parameters                                                        \
	{                                                                                          \
		uint64_t outer = ms_tls.inside;                                                    \
		type result;                                                                       \
                                                                                                   \
		ms_tls.inside = (uint64_t)(uintptr_t)__builtin_frame_address(0);                   \
		atomic_signal_fence(memory_order_seq_cst);                                         \
		result = under.name arguments;                                                     \
		atomic_signal_fence(memory_order_seq_cst);                                         \
		ms_tls.inside = outer;                                                             \
		return result;                                                                     \
	}
#define QUIET_FUNCTIONS(X)                                                                         \
	X(void *, malloc, (size_t a), (a))                                                         \
	X(void *, calloc, (size_t a, size_t b), (a, b))                                            \
	X(void *, realloc, (void *a, size_t b), (a, b))                                            \
	X(void *, aligned_alloc, (size_t a, size_t b), (a, b))                                     \
	X(int, posix_memalign, (void **a, size_t b, size_t c), (a, b, c))                          \
	X(void *, memalign, (size_t a, size_t b), (a, b))                                          \
	X(void *, valloc, (size_t a), (a))                                                         \
	X(void *, pvalloc, (size_t a), (a))
QUIET_FUNCTIONS(QUIET)

#define QUIET_FREES(X)                                                                             \
	X(free, (void *a), (a))                                                                    \
	X(free_sized, (void *a, size_t b), (a, b))                                                 \
	X(free_aligned_sized, (void *a, size_t b, size_t c), (a, b, c))
#define QUIET_FREE(name, parameters, arguments)                                                    \
	static void quiet_##name parameters                                                        \
	{                                                                                          \
		uint64_t outer = ms_tls.inside;                                                    \
                                                                                                   \
		ms_tls.inside = (uint64_t)(uintptr_t)__builtin_frame_address(0);                   \
		atomic_signal_fence(memory_order_seq_cst);                                         \
		under.name arguments;                                                              \
		atomic_signal_fence(memory_order_seq_cst);                                         \
		ms_tls.inside = outer;                                                             \
	}
QUIET_FREES(QUIET_FREE)

/* The function that stands behind a member now: the module's own one of this name, if it is the executable (which comes before every library),
   or the one that moved away from the member's address. */
static uint64_t behind(const struct ms_direct_module *m, const uint64_t *moved, uint32_t row, uint64_t now, bool *changes)
{
	for (uint32_t i = 0; i < m->count; i++) {
		if (m->executable ? m->found[i].row == row || m->alias[row] == i + 1 : m->found[i].address == now) {
			*changes = true;
			return moved != NULL ? moved[i] : m->found[i].address;
		}
	}
	*changes = now >= m->start && now < m->end;
	return now;
}

void ms_direct_under(const struct ms_direct_module *m, const uint64_t *moved)
{
	bool changes;

	under = ms_real;
#define CHANGE(name)                                                                                                        \
	under.name = (__typeof__(under.name))behind(m, moved, ROW_##name, (uint64_t)(uintptr_t)ms_real.name, &changes);     \
	if (changes)                                                                                                        \
		__atomic_store_n(&ms_real.name, moved != NULL ? quiet_##name : under.name, __ATOMIC_RELAXED);
#define X(type, name, parameters, arguments) CHANGE(name)
	QUIET_FUNCTIONS(X)
#undef X
#define X(name, parameters, arguments) CHANGE(name)
	QUIET_FREES(X)
#undef X
}
