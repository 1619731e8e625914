/*
 * memscope.h - what a program tells and asks of memscope while it is recorded. Needs no library: where nothing records, nothing happens.
 *
 * This file is all that a program needs; it may be copied into it. docs/ANNOTATIONS.md has examples of everything. What a
 * call costs where nothing records: one comparison and a branch that is never taken. Arguments of the MEMSCOPE_ macros are evaluated only
 * where something records. Where MEMSCOPE_DISABLE was defined before this header, all of it is nothing.
 *
 * Variables       MEMSCOPE_TRACK(var)               the block that var points to is var's from now on: its name, the file, the line; its type comes from
 *                                                   the debug information later. In C++ also an object with get() or data(): the block that it owns
 *                 MEMSCOPE_TRACK_AS(ptr, name, type) the same under a name and a type as given (string literals; type NULL: not known)
 *                 memscope_track(ptr, name, type)   the same with texts made at run time: they are copied with every call
 *                 MEMSCOPE_CLONE(src, dst)          dst is a copy of src
 *                 MEMSCOPE_MOVE(from, to, size)     size bytes of contents (0: all) have left `from` for `to`
 *                 MEMSCOPE_BORROW(ptr), MEMSCOPE_RETURN(ptr)   somebody uses it for a while without owning it
 * Scopes          MEMSCOPE_SCOPE(name)              from here to the end of the block of code, exceptions included; name: literal or __func__;
 *                                                   one per line of the source
 *                 memscope_scope_begin(name), memscope_scope_end()   by hand; they nest, on each thread for itself
 * Tasks           memscope_task_spawn(id, name)     there is a task; its parent is the task for which the thread works, if it does
 *                 memscope_task_spawn_child(id, name, parent)   parent: an id, or MEMSCOPE_NO_TASK
 *                 memscope_task_enter(id), memscope_task_leave(id)   the thread works for it between them; they nest
 *                 MEMSCOPE_TASK(id, name)           enters here, leaves at the end of the block of code; a task that is not known is spawned
 *                 memscope_task_end(id)             it is done. The same id then is another task
 *                 id: a number of the program's choice, or a pointer to what is the task (MEMSCOPE_ID(pointer))
 * Moments         MEMSCOPE_MARK(text), memscope_mark(text)   names this moment: "config loaded". Reports tell what happened between two marks; the
 *                                                   tools take mark:TEXT for a moment (--at, --window, memscope-diff --at/--vs, snapshot('mark:...'))
 *                 memscope_snapshot(name)           a moment whose live blocks are to be looked at
 *                 memscope_graph()                  records now which live block is pointed to from where (a heap graph): all threads stand
 *                                                   still for some milliseconds, a second or so with millions of blocks. Returns 1 when a graph
 *                                                   was recorded, else 0: not recorded, recording has ended, or another graph is being taken
 * Recording       memscope_pause(), memscope_resume()   allocations in between are not recorded; frees are. They do not nest
 *                 memscope_recorded()               1 where something records (or has recorded), else 0
 * Pools           memscope_pool_create(memory, name)   an allocator of the program's own; memory: the block that it cuts its blocks from, or NULL
 *                 memscope_pool_alloc(pool, ptr, bytes)   after it gave out the block; memscope_pool_free(pool, ptr): before it takes it back
 *                 memscope_pool_reset(pool)         all its blocks are free; memscope_pool_destroy(pool): and it is no more
 *
 * ptr, src, ...: the first byte of a block; what points elsewhere (into a block, to the stack) is recorded as no block. Texts: NUL-terminated, NULL
 * is "", copied when they are needed: names at most MEMSCOPE_NAME_BYTES bytes, marks MEMSCOPE_MARK_BYTES (a longer one is cut
 * at a character). Each call costs about what recording an allocation costs; with a text made at run time some times that.
 * errno is kept. Errors: none are reported; what a recording could not take is counted in its trace as lost.
 * Ownership: nothing is kept that was passed in. Any thread, also in a signal handler.
 *
 * C99 and C++11, ELF with weak symbols (gcc, clang; x86-64). In a shared library that is linked with -z defs the weak symbols
 * may stay undefined; that is their purpose.
 */
#ifndef MEMSCOPE_H
#define MEMSCOPE_H

#include <stddef.h>
#include <stdint.h>

#define MEMSCOPE_MARK_BYTES 2000
#define MEMSCOPE_NAME_BYTES 256

typedef uint64_t memscope_pool;   /* 0: nothing records */

#define MEMSCOPE_NO_TASK UINT64_MAX
#define MEMSCOPE_ID(pointer) ((uint64_t)(uintptr_t)(pointer))

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what the recorder's library defines inside the program; not for direct use -------------------------------------- */

/* A line of the program that names something. known: 0 at first, then the recorder's. */
struct memscope_place {
	const char *name, *type, *file; /* NULL = none */
	uint32_t line;
	uint32_t reserved;
	uint64_t *known;
};

/* What memscope_request is asked for, and what its arguments a, b, c are then. What it does not know it ignores. */
enum memscope_what {
	MEMSCOPE_DO_TRACK = 1,            /* place, block */
	MEMSCOPE_DO_TRACK_TEXT = 2,       /* block, name, type */
	MEMSCOPE_DO_CLONE = 3,            /* source, copy */
	MEMSCOPE_DO_MOVE = 4,             /* from, to, bytes */
	MEMSCOPE_DO_BORROW = 5,           /* block */
	MEMSCOPE_DO_RETURN = 6,           /* block */
	MEMSCOPE_DO_SCOPE_BEGIN = 7,      /* place */
	MEMSCOPE_DO_SCOPE_BEGIN_TEXT = 8, /* name */
	MEMSCOPE_DO_SCOPE_END = 9,        /* place, NULL: the innermost one */
	MEMSCOPE_DO_TASK_SPAWN = 10,      /* id, name */
	MEMSCOPE_DO_TASK_SPAWN_CHILD = 11, /* id, name, parent */
	MEMSCOPE_DO_TASK_ENTER = 12,      /* id, place or NULL */
	MEMSCOPE_DO_TASK_LEAVE = 13,      /* id */
	MEMSCOPE_DO_TASK_END = 14,        /* id */
	MEMSCOPE_DO_SNAPSHOT = 15,        /* name */
	MEMSCOPE_DO_PAUSE = 16,
	MEMSCOPE_DO_RESUME = 17,
	MEMSCOPE_DO_POOL_CREATE = 18,     /* memory, name; returns the pool */
	MEMSCOPE_DO_POOL_ALLOC = 19,      /* pool, block, bytes */
	MEMSCOPE_DO_POOL_FREE = 20,       /* pool, block */
	MEMSCOPE_DO_POOL_RESET = 21,      /* pool */
	MEMSCOPE_DO_POOL_DESTROY = 22     /* pool */
};

#ifndef MEMSCOPE_DISABLE

/* noplt: read from the GOT, also in a program that is linked without PIE; there a weak symbol would else be 0 for good. cold: what calls it
   is moved out of the way. */
#if defined(__GNUC__) && !defined(__clang__)
#define MEMSCOPE_WEAK __attribute__((weak, noplt, cold))
#else
#define MEMSCOPE_WEAK __attribute__((weak, cold))
#endif
extern uint64_t memscope_request(unsigned what, uint64_t a, uint64_t b, uint64_t c) MEMSCOPE_WEAK;
extern int memscope_graph_request(void) MEMSCOPE_WEAK;
extern void memscope_mark_request(const char *text) MEMSCOPE_WEAK;

#define MEMSCOPE_RECORDED __builtin_expect(memscope_request != NULL, 0)
#define MEMSCOPE_REQUEST(what, a, b, c) (MEMSCOPE_RECORDED ? memscope_request(what, a, b, c) : 0)
#define MEMSCOPE_GRAPH_REQUEST() (memscope_graph_request ? memscope_graph_request() : 0)
#define MEMSCOPE_MARK_REQUEST(text) (memscope_mark_request ? memscope_mark_request(text) : (void)0)

#else

#define MEMSCOPE_RECORDED 0
#define MEMSCOPE_REQUEST(what, a, b, c) ((void)(a), (void)(b), (void)(c), (uint64_t)0)
#define MEMSCOPE_GRAPH_REQUEST() 0
#define MEMSCOPE_MARK_REQUEST(text) ((void)(text))

#endif

/* A pointer of which only the address is taken: what it points to need not have been written. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#define MEMSCOPE_ADDRESS_ONLY(argument) __attribute__((access(none, argument)))
#else
#define MEMSCOPE_ADDRESS_ONLY(argument)
#endif

/* ---- functions ------------------------------------------------------------------------------------------------------- */

static inline int memscope_recorded(void)
{
	return MEMSCOPE_RECORDED != 0;
}

static inline int memscope_graph(void)
{
	return MEMSCOPE_GRAPH_REQUEST();
}

static inline void memscope_mark(const char *text)
{
	MEMSCOPE_MARK_REQUEST(text);
}

static inline void memscope_snapshot(const char *name)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_SNAPSHOT, MEMSCOPE_ID(name), 0, 0);
}

static inline void memscope_pause(void)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_PAUSE, 0, 0, 0);
}

static inline void memscope_resume(void)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_RESUME, 0, 0, 0);
}

MEMSCOPE_ADDRESS_ONLY(1)
static inline void memscope_track(const volatile void *block, const char *name, const char *type)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_TRACK_TEXT, MEMSCOPE_ID(block), MEMSCOPE_ID(name), MEMSCOPE_ID(type));
}

static inline void memscope_scope_begin(const char *name)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_SCOPE_BEGIN_TEXT, MEMSCOPE_ID(name), 0, 0);
}

static inline void memscope_scope_end(void)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_SCOPE_END, 0, 0, 0);
}

static inline void memscope_task_spawn(uint64_t id, const char *name)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_TASK_SPAWN, id, MEMSCOPE_ID(name), 0);
}

static inline void memscope_task_spawn_child(uint64_t id, const char *name, uint64_t parent)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_TASK_SPAWN_CHILD, id, MEMSCOPE_ID(name), parent);
}

static inline void memscope_task_enter(uint64_t id)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_TASK_ENTER, id, 0, 0);
}

static inline void memscope_task_leave(uint64_t id)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_TASK_LEAVE, id, 0, 0);
}

static inline void memscope_task_end(uint64_t id)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_TASK_END, id, 0, 0);
}

MEMSCOPE_ADDRESS_ONLY(1)
static inline memscope_pool memscope_pool_create(const volatile void *memory, const char *name)
{
	return MEMSCOPE_REQUEST(MEMSCOPE_DO_POOL_CREATE, MEMSCOPE_ID(memory), MEMSCOPE_ID(name), 0);
}

MEMSCOPE_ADDRESS_ONLY(2)
static inline void memscope_pool_alloc(memscope_pool pool, const volatile void *block, size_t bytes)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_POOL_ALLOC, pool, MEMSCOPE_ID(block), bytes);
}

MEMSCOPE_ADDRESS_ONLY(2)
static inline void memscope_pool_free(memscope_pool pool, const volatile void *block)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_POOL_FREE, pool, MEMSCOPE_ID(block), 0);
}

static inline void memscope_pool_reset(memscope_pool pool)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_POOL_RESET, pool, 0, 0);
}

static inline void memscope_pool_destroy(memscope_pool pool)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_POOL_DESTROY, pool, 0, 0);
}

#ifdef __cplusplus
}
#endif

/* ---- macros ---------------------------------------------------------------------------------------------------------- */

#ifdef MEMSCOPE_DISABLE

#define MEMSCOPE_MARK(text) ((void)0)
#define MEMSCOPE_TRACK(var) ((void)0)
#define MEMSCOPE_TRACK_AS(ptr, name, type) ((void)0)
#define MEMSCOPE_CLONE(src, dst) ((void)0)
#define MEMSCOPE_MOVE(from, to, size) ((void)0)
#define MEMSCOPE_BORROW(ptr) ((void)0)
#define MEMSCOPE_RETURN(ptr) ((void)0)
#define MEMSCOPE_SCOPE(name) ((void)0)
#define MEMSCOPE_TASK(id, name) ((void)0)

#else

#define MEMSCOPE_MARK(text) memscope_mark(text)

/* The block that a variable points to, or owns. */
#ifdef __cplusplus
extern "C++" { /* whoever includes this may be inside of extern "C" */
namespace memscope_private {
template <class T> inline auto block_of(const volatile T *pointer, int) -> const volatile void * { return pointer; }
template <class T> inline auto block_of(const T &owner, int) -> decltype(static_cast<const volatile void *>(owner.get())) { return owner.get(); }
template <class T> inline auto block_of(const T &owner, long) -> decltype(static_cast<const volatile void *>(owner.data())) { return owner.data(); }
} // namespace memscope_private
}
#define MEMSCOPE_BLOCK(x) MEMSCOPE_ID(::memscope_private::block_of(x, 0))
#define MEMSCOPE_CONSTANT constexpr
#else
MEMSCOPE_ADDRESS_ONLY(1)
static inline uint64_t memscope_private_block(const volatile void *pointer)
{
	return MEMSCOPE_ID(pointer);
}
#define MEMSCOPE_BLOCK(x) memscope_private_block(x)
#define MEMSCOPE_CONSTANT const
#endif

/* This line of the program as place_, a constant object. */
#define MEMSCOPE_PLACE(place_, name, type)                                                                             \
	static uint64_t place_##known;                                                                                 \
	static MEMSCOPE_CONSTANT struct memscope_place place_ = {name, type, __FILE__, __LINE__, 0, &place_##known}

#define MEMSCOPE_TRACK(var) MEMSCOPE_TRACK_AS(var, #var, NULL)
/* memscope_request is called from this very function, whose debug information has the variable. */
#define MEMSCOPE_TRACK_AS(ptr, name, type)                                                                             \
	do {                                                                                                           \
		if (MEMSCOPE_RECORDED) {                                                                               \
			MEMSCOPE_PLACE(memscope_place_, name, type);                                                   \
			(void)memscope_request(MEMSCOPE_DO_TRACK, MEMSCOPE_ID(&memscope_place_), MEMSCOPE_BLOCK(ptr), 0); \
		}                                                                                                      \
	} while (0)
#define MEMSCOPE_CLONE(src, dst) ((void)MEMSCOPE_REQUEST(MEMSCOPE_DO_CLONE, MEMSCOPE_BLOCK(src), MEMSCOPE_BLOCK(dst), 0))
#define MEMSCOPE_MOVE(from, to, size) ((void)MEMSCOPE_REQUEST(MEMSCOPE_DO_MOVE, MEMSCOPE_BLOCK(from), MEMSCOPE_BLOCK(to), size))
#define MEMSCOPE_BORROW(ptr) ((void)MEMSCOPE_REQUEST(MEMSCOPE_DO_BORROW, MEMSCOPE_BLOCK(ptr), 0, 0))
#define MEMSCOPE_RETURN(ptr) ((void)MEMSCOPE_REQUEST(MEMSCOPE_DO_RETURN, MEMSCOPE_BLOCK(ptr), 0, 0))

/* What begins here ends where the variable memscope_span_<line> does. */
static inline const struct memscope_place *memscope_private_begin(const struct memscope_place *place)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_SCOPE_BEGIN, MEMSCOPE_ID(place), 0, 0);
	return place;
}

static inline void memscope_private_end(const struct memscope_place *const *place)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_SCOPE_END, MEMSCOPE_ID(*place), 0, 0);
}

static inline uint64_t memscope_private_enter(uint64_t id, const struct memscope_place *place)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_TASK_ENTER, id, MEMSCOPE_ID(place), 0);
	return id;
}

static inline void memscope_private_leave(const uint64_t *id)
{
	(void)MEMSCOPE_REQUEST(MEMSCOPE_DO_TASK_LEAVE, *id, 0, 0);
}

#define MEMSCOPE_JOIN_(a, b) a##b
#define MEMSCOPE_JOIN(a, b) MEMSCOPE_JOIN_(a, b)
#define MEMSCOPE_SCOPE_(name, place_, span_)                                                                           \
	MEMSCOPE_PLACE(place_, name, NULL);                                                                            \
	const struct memscope_place *const span_ __attribute__((cleanup(memscope_private_end), unused)) =              \
		memscope_private_begin(&place_)
#define MEMSCOPE_SCOPE(name) MEMSCOPE_SCOPE_(name, MEMSCOPE_JOIN(memscope_place_, __LINE__), MEMSCOPE_JOIN(memscope_span_, __LINE__))
#define MEMSCOPE_TASK_(id, name, place_, span_)                                                                        \
	MEMSCOPE_PLACE(place_, name, NULL);                                                                            \
	const uint64_t span_ __attribute__((cleanup(memscope_private_leave), unused)) =                                \
		memscope_private_enter((uint64_t)(id), &place_)
#define MEMSCOPE_TASK(id, name) MEMSCOPE_TASK_(id, name, MEMSCOPE_JOIN(memscope_task_place_, __LINE__), MEMSCOPE_JOIN(memscope_task_span_, __LINE__))

#endif

#endif
