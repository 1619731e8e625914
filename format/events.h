/*
 * events.h - the event kinds of a trace, as numbers on disk and as a struct in memory.
 *
 * Every kind is one row of MS_EVENT_KINDS: number on disk, identifier, name in dumps, class, number of arguments.
 * Numbers are part of the file format: never reuse or change one; append within the gaps. The class decides which
 * columns an event has (docs/FORMAT.md, "Events"):
 *
 *   ALLOC   address, size, stack; gets the next block id
 *   FREE    block id, or a raw address when no live block matched; a stack when the trace records free stacks
 *   FAIL    size, stack: an allocation call that returned NULL
 *   MAP     raw address, size, stack: the address space of the program, and blocks of its own pools (which lie inside blocks or
 *           mappings: they are no blocks of the heap and have no block id)
 *   OTHER   arguments only
 *
 * realloc(p, n) is REALLOC_FREE (stamped before the real call), then REALLOC (after it), which gets a new block id. When
 * it failed, REALLOC_FAILED follows instead: it also gets a new id, with the address and size of the block that lives
 * on, and the block keeps its birth (time, thread, stack, kind) under the new id, in keyframes as well; unless a
 * keyframe stands between the two halves: then it is born again. The halves of one thread nest (signal handlers).
 *
 * Arguments (struct ms_event.arg, in order) are named in the comment of the row; MS_EVENT_ARG_REFS says which of them are ids, so that
 * writer, reader and parts check and translate them without knowing the kind. A block in an argument is the id that the live
 * block which begins at the address has then; 0: none begins there.
 * Tasks and pools are numbers that the recorder gives, dense from 1 in order of their creation: the program may use one id of its own
 * twice, one after the other.
 * Thread-safety: pure data.
 */
#ifndef MS_FORMAT_EVENTS_H
#define MS_FORMAT_EVENTS_H

#include <stdint.h>

enum ms_event_class { MS_CLASS_NONE = 0, MS_CLASS_ALLOC, MS_CLASS_FREE, MS_CLASS_FAIL, MS_CLASS_MAP, MS_CLASS_OTHER };

#define MS_EVENT_KINDS(X)                                                                                   \
	X(16, MALLOC, "malloc", ALLOC, 0)                                                                       \
	X(17, CALLOC, "calloc", ALLOC, 0)                                                                       \
	X(18, REALLOC_NEW, "realloc-new", ALLOC, 0)           /* realloc(NULL, n): an allocation */            \
	X(19, REALLOC, "realloc", ALLOC, 0)                   /* second half of a realloc; see REALLOC_FREE */  \
	X(20, REALLOC_FAILED, "realloc-failed", ALLOC, 0)     /* the block of the REALLOC_FREE before lives on */ \
	X(21, POSIX_MEMALIGN, "posix_memalign", ALLOC, 1)     /* log2 of the alignment */                      \
	X(22, ALIGNED_ALLOC, "aligned_alloc", ALLOC, 1)       /* log2 of the alignment */                      \
	X(23, MEMALIGN, "memalign", ALLOC, 1)                 /* log2 of the alignment */                      \
	X(24, VALLOC, "valloc", ALLOC, 0)                                                                       \
	X(25, PVALLOC, "pvalloc", ALLOC, 0)                                                                     \
	X(26, NEW, "new", ALLOC, 0)                                                                             \
	X(27, NEW_ARRAY, "new[]", ALLOC, 0)                                                                     \
	X(28, NEW_ALIGNED, "new-aligned", ALLOC, 1)           /* log2 of the alignment */                      \
	X(29, NEW_ARRAY_ALIGNED, "new[]-aligned", ALLOC, 1)   /* log2 of the alignment */                      \
	X(48, FREE, "free", FREE, 0)                                                                            \
	X(49, REALLOC_FREE, "realloc-free", FREE, 0)          /* first half of a realloc, stamped before it */  \
	X(50, REALLOC_ZERO, "realloc-zero", FREE, 0)          /* realloc(p, 0): a free */                      \
	X(51, DELETE, "delete", FREE, 0)                                                                        \
	X(52, DELETE_ARRAY, "delete[]", FREE, 0)                                                                \
	X(53, DELETE_SIZED, "delete-sized", FREE, 1)          /* size given */                                 \
	X(54, DELETE_ARRAY_SIZED, "delete[]-sized", FREE, 1)  /* size given */                                 \
	X(55, DELETE_ALIGNED, "delete-aligned", FREE, 1)      /* log2 of the alignment */                      \
	X(56, DELETE_ARRAY_ALIGNED, "delete[]-aligned", FREE, 1) /* log2 of the alignment */                   \
	X(57, DELETE_SIZED_ALIGNED, "delete-sized-aligned", FREE, 2) /* size given, log2 of the alignment */   \
	X(58, DELETE_ARRAY_SIZED_ALIGNED, "delete[]-sized-aligned", FREE, 2) /* size given, log2 alignment */  \
	X(59, FREE_SIZED, "free_sized", FREE, 1)              /* size given */                                 \
	X(60, FREE_ALIGNED_SIZED, "free_aligned_sized", FREE, 2) /* size given, log2 of the alignment */       \
	X(80, ALLOC_FAILED, "alloc-failed", FAIL, 1)          /* number of the ALLOC kind that was tried */    \
	X(96, MMAP, "mmap", MAP, 2)                           /* prot, flags */                                \
	X(97, MUNMAP, "munmap", MAP, 0)                                                                         \
	X(98, MREMAP, "mremap", MAP, 2)                       /* old address, old size; address/size = new */  \
	X(99, BRK, "brk", MAP, 0)                             /* address = new break, size 0 */                \
	X(100, SBRK, "sbrk", MAP, 1)                          /* zigzag increment; address = old break */      \
	X(101, POOL_ALLOC, "pool-alloc", MAP, 1)              /* pool */                                       \
	X(102, POOL_FREE, "pool-free", MAP, 1)                /* pool; size 0 */                               \
	X(128, THREAD_START, "thread-start", OTHER, 0)                                                          \
	X(129, THREAD_END, "thread-end", OTHER, 0)                                                              \
	X(130, THREAD_NAME, "thread-name", OTHER, 1)          /* string id */                                  \
	X(131, MODULE_LOAD, "module-load", OTHER, 1)          /* module id */                                  \
	X(132, MODULE_UNLOAD, "module-unload", OTHER, 1)      /* module id */                                  \
	X(133, FORK, "fork", OTHER, 1)                        /* pid of the child */                           \
	X(134, VFORK, "vfork", OTHER, 1)                      /* pid of the child, 0 = not known */            \
	X(135, EXEC, "exec", OTHER, 1)                        /* string id of the path; the call is about to happen */ \
	X(136, EXEC_FAILED, "exec-failed", OTHER, 1)          /* errno */                                      \
	X(137, IMAGE_START, "image-start", OTHER, 1)          /* image number; every block before it is gone */ \
	X(138, MARK, "mark", OTHER, 1)                        /* string id */                                  \
	X(139, LOST, "lost", OTHER, 1)                        /* events lost by this thread before this moment */ \
	X(140, PAUSE, "pause", OTHER, 1)                      /* enum ms_asked_by; births are not recorded until RESUME, ends are */ \
	X(141, RESUME, "resume", OTHER, 1)                    /* enum ms_asked_by */                           \
	X(142, SNAPSHOT, "snapshot", OTHER, 2)                /* string id, enum ms_asked_by: a moment to look at */ \
	X(143, REALLOC_OUT, "realloc-out", OTHER, 0)          /* second half of a realloc whose new block is not recorded */ \
	X(144, EVIDENCE, "evidence", OTHER, 1)                /* evidence id */                                \
	X(160, TRACK, "track", OTHER, 2)                      /* variable id, block */                         \
	X(161, CLONE, "clone", OTHER, 2)                      /* block that is copied, block that is the copy */ \
	X(162, MOVE, "move", OTHER, 2)                        /* block that the contents leave, block that gets them */ \
	X(163, BORROW, "borrow", OTHER, 1)                    /* block */                                      \
	X(164, RETURN, "return", OTHER, 1)                    /* block */                                      \
	X(165, SCOPE_BEGIN, "scope-begin", OTHER, 1)          /* string id; scopes of a thread nest */         \
	X(166, SCOPE_END, "scope-end", OTHER, 1)              /* string id; 0: the innermost one */            \
	X(167, TASK_SPAWN, "task-spawn", OTHER, 2)            /* task, its parent (0 = none) */                \
	X(168, TASK_NAME, "task-name", OTHER, 2)              /* task, string id; right behind TASK_SPAWN */   \
	X(169, TASK_KEY, "task-key", OTHER, 2)                /* task, the program's own id of it; behind TASK_SPAWN and TASK_NAME */ \
	X(170, TASK_ENTER, "task-enter", OTHER, 1)            /* task: the thread works for it from here; enters nest */ \
	X(171, TASK_LEAVE, "task-leave", OTHER, 1)            /* task */                                       \
	X(172, TASK_END, "task-end", OTHER, 1)                /* task */                                       \
	X(173, POOL_CREATE, "pool-create", OTHER, 2)          /* pool, block that its memory lies in */        \
	X(174, POOL_NAME, "pool-name", OTHER, 2)              /* pool, string id; right behind POOL_CREATE */  \
	X(175, POOL_RESET, "pool-reset", OTHER, 1)            /* pool: all its blocks are free */              \
	X(176, POOL_DESTROY, "pool-destroy", OTHER, 1)        /* pool */                                       \
	X(177, MOVE_SIZE, "move-size", OTHER, 1)              /* bytes; right behind the MOVE that they belong to */

/* Which arguments name something by its id; all others are numbers. */
enum ms_arg_ref { MS_REF_NUMBER = 0, MS_REF_STRING, MS_REF_MODULE, MS_REF_EVIDENCE, MS_REF_VARIABLE, MS_REF_BLOCK };
#define MS_EVENT_ARG_REFS(X) \
	X(THREAD_NAME, STRING, NUMBER) \
	X(MODULE_LOAD, MODULE, NUMBER) \
	X(MODULE_UNLOAD, MODULE, NUMBER) \
	X(EXEC, STRING, NUMBER) \
	X(MARK, STRING, NUMBER) \
	X(SNAPSHOT, STRING, NUMBER) \
	X(EVIDENCE, EVIDENCE, NUMBER) \
	X(TRACK, VARIABLE, BLOCK) \
	X(CLONE, BLOCK, BLOCK) \
	X(MOVE, BLOCK, BLOCK) \
	X(BORROW, BLOCK, NUMBER) \
	X(RETURN, BLOCK, NUMBER) \
	X(SCOPE_BEGIN, STRING, NUMBER) \
	X(SCOPE_END, STRING, NUMBER) \
	X(TASK_NAME, NUMBER, STRING) \
	X(POOL_CREATE, NUMBER, BLOCK) \
	X(POOL_NAME, NUMBER, STRING)

/* Who asked for a pause, a resume or a snapshot. */
enum ms_asked_by {
	MS_ASKED_PROGRAM = 0, MS_ASKED_CONTROL = 1, MS_ASKED_RSS = 2, MS_ASKED_HEAP = 3, MS_ASKED_INTERVAL = 4, MS_ASKED_SIGNAL = 5,
	MS_ASKED_COUNT
};

enum ms_event_kind {
#define X(number, id, name, class_, args) MS_EV_##id = number,
	MS_EVENT_KINDS(X)
#undef X
};

struct ms_event_kind_info {
	const char *name;      /* NULL = no such kind */
	uint8_t class_;        /* enum ms_event_class */
	uint8_t args;          /* number of arguments, 0..2 */
	uint8_t has_size;      /* ALLOC, FAIL, MAP */
	uint8_t has_stack;     /* ALLOC, FAIL, MAP (FREE: depends on the trace) */
	uint8_t ref[2];        /* enum ms_arg_ref of each argument */
};

/* One row per possible kind byte; rows without a name are invalid kinds. */
extern const struct ms_event_kind_info ms_event_kinds[256] __attribute__((visibility("default")));

/*
 * One event, as the collector hands it to the writer. 64 bytes.
 */
struct ms_event {
	uint64_t time_ns;      /* since the start of the recording, never less than the event before it */
	uint64_t address;      /* ALLOC: the block; FREE: the pointer given; MAP: see the kind */
	uint64_t size_bytes;   /* ALLOC, FAIL, MAP: requested; FREE: size of the block it ends, 0 if none */
	uint64_t block;        /* ALLOC: filled by the writer's caller, dense from 1; FREE: the block it ends, 0 = none */
	uint64_t arg[2];
	uint32_t stack;        /* stack id, 0 = none */
	uint32_t thread;       /* thread id */
	uint8_t kind;          /* enum ms_event_kind */
	uint8_t pad[7];
};
#ifndef __cplusplus
_Static_assert(sizeof(struct ms_event) == 64, "one cache line");
#endif

#endif
