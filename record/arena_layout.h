/*
 * arena_layout.h - the contract between the library inside the app (record/preload) and the collector (record/).
 *
 * The arena is one memfd that the collector creates before the app starts and that both map MAP_SHARED at any
 * address. It outlives the app: whatever a hook has published is still there after SIGKILL.
 *
 *   offset 0            struct ms_arena_header          one page
 *   slots_offset        struct ms_slot[slot_count]      one per recorded thread, recycled by the collector
 *   modules_offset      struct ms_module_record[module_capacity]
 *   nodes_offset        struct ms_node[node_capacity]   the stack trie: parent-linked call frames
 *   hash_offset         uint64_t[...]                   child index of the trie, MS_HASH_LEVELS tables
 *   graph_offset        struct ms_graph_block[graph_capacity]   live blocks, for a scan of the heap
 *   sample.sampled_offset  the sampled blocks that live, see struct ms_sample_config
 *   inside_offset       struct ms_inside_config         for a recorder inside the program
 *   rings_offset        the rings, ms_slot.ring_offset each
 *
 * Memory is committed by the kernel when it is first touched, so capacities are generous and cost address space only.
 *
 * Who writes what is said at each field; nobody else may. All cross-process fields are lock-free C11 atomics. Memory
 * ordering: "release"/"acquire" pairs are named at the field; everything without a name is relaxed.
 *
 * Ring protocol (single producer: the thread; single consumer: the collector)
 *   head and tail count 8-byte words and only grow. An entry of n words stands at ring[head & (ring_words-1)] and is
 *   contiguous: it may run past the end of the ring into MS_RING_SLACK_WORDS extra words, so neither side ever wraps
 *   inside an entry. The producer writes the words, then stores head + n with release. The consumer reads head with
 *   acquire, copies, stores tail with release. There is room for an entry when head + n - tail <= ring_words.
 *
 * Order. Time stamps come from one clock (header.clock). A thread's entries are in time order. in_hook tells the
 * collector that the thread may be about to publish an entry whose stamp is already taken: up to which time the input
 * is complete follows from it (record/merge.c).
 *
 * Thread- and signal-safety: the layout is plain data; the rules above make it safe.
 */
#ifndef MS_RECORD_ARENA_LAYOUT_H
#define MS_RECORD_ARENA_LAYOUT_H

#include <stdatomic.h>
#include <stdint.h>

#include "format/evidence.h"
#include "format/sampling.h"

#define MS_ARENA_MAGIC UINT64_C(0x314152414e45534d) /* "MSENARA1" in memory */
/* The layout's sizes are part of it: a library and a recorder of two builds refuse each other. */
#define MS_ARENA_VERSION (6u << 24 ^ (uint32_t)(sizeof(struct ms_arena_header) << 12 ^ sizeof(struct ms_slot) << 6 ^ sizeof(struct ms_module_record)))

#define MS_RING_SLACK_WORDS 256u   /* longest entry: 255 words */
#define MS_HASH_LEVELS 5u
#define MS_HASH_LINE 8u            /* slots probed per level: one cache line */
#define MS_MODULE_PATH_BYTES 480u

/* ---- header ------------------------------------------------------------------------------------------------- */

enum ms_arena_state {
	MS_ARENA_READY = 0,     /* collector: created, no app attached yet */
	MS_ARENA_RECORDING = 1, /* app: first image attached */
	MS_ARENA_STOPPED = 2,   /* either: hooks pass through from now on, for ever */
};

enum ms_arena_clock { MS_CLOCK_TSC = 0, MS_CLOCK_MONOTONIC = 1 };

/* Who empties the rings (record/backends.h has the names). */
enum ms_backend {
	MS_BACKEND_LOCKFREE = 0, /* memscope-record, a process of its own */
	MS_BACKEND_CORE = 1,     /* the program's own thread that finds its ring full, or ends the program */
	MS_BACKEND_ASYNC = 2,    /* a thread of ours inside the program */
	MS_BACKEND_UNIFIED = 3,  /* one of the last two, as it pays */
};

enum ms_arena_flag {
	MS_FLAG_FREE_STACKS = 1u << 0, /* frees carry a stack */
	MS_FLAG_DROP = 1u << 1,        /* --on-full=drop: count instead of wait */
	MS_FLAG_FOLLOW = 1u << 2,      /* children ask for an arena of their own */
	MS_FLAG_NO_STACKS = 1u << 3,   /* bench only: no unwinding */
	MS_FLAG_DISCARD = 1u << 4,     /* bench only: the collector throws everything away */
};

/* What a guard shall do; constant. All zero: no guard. */
struct ms_guard_config {
	uint8_t mode;                  /* enum ms_guard_mode */
	uint8_t side;                  /* enum ms_guard_side */
	uint8_t on_error;              /* 0 = the program goes on, 1 = it aborts after the first finding */
	uint8_t check_signal;          /* number of the signal that asks for a check of all blocks, 0 = none */
	uint32_t sample_rate;          /* MS_GUARD_SAMPLE: one allocation in so many */
	uint32_t min_align;            /* full mode: blocks are at least so aligned, 1 .. 16; 1 = by their size */
	uint32_t reserved;
	uint64_t quarantine_bytes;     /* freed memory that is held back, all threads together */
};

/* Which births (ALLOC, and FAIL while paused) are published; ends always are, but in a sample only those of
   sampled blocks. A birth that is left out leaves nothing but the second half of a realloc whose first half was
   published: REALLOC_OUT, whose entry has the address of the old block. While not paused the word is SAMPLE when header.sample has a
   table, else ALL (ms_births_usual). */
enum ms_births {
	MS_BIRTHS_ALL = 0,             /* one load and one branch that is never taken: all that a full recording pays */
	MS_BIRTHS_SAMPLE = 1,          /* those that the thread draws, as struct ms_sample_config says */
	MS_BIRTHS_NONE = 2,            /* paused */
};
/* What is drawn; constant. Each thread draws from a generator of its own, which starts from the seed and the number of its slot. */
struct ms_sample_config {
	uint8_t sampling;              /* enum ms_sampling */
	uint8_t line_bits;             /* log2 of the bytes of addresses that share a line of the table, MS_SAMPLED_LINE_BITS or more */
	uint8_t granule_bits;          /* log2 of the bytes of addresses that share a mark: 4 to line_bits - 3 */
	uint8_t reserved;
	uint32_t per_billion;          /* PER_UNIT */
	uint64_t bytes;                /* PER_BYTE: mean distance of drawn bytes */
	uint64_t seed;
	/*
	 * The sampled blocks that live (preload/sampled.h). App only. The index of an address is (address >> granule_bits) & (sampled_count - 1). First the
	 * marks: a 64-bit word for MS_SAMPLED_GRANULES indexes. Then, for each 2^line_bits bytes of addresses, MS_SAMPLED_LINE words with the
	 * addresses, 0 = free; the first one MS_SAMPLED_CROWDED when there were more than words. The fewer blocks are drawn the more bytes share a mark and a line, so that few pages of
	 * the lines are touched and the marks of a large heap stay in the processor's cache.
	 */
	uint64_t sampled_offset;       /* 0 = no sample */
	uint64_t sampled_count;        /* granules, a power of two, at least MS_SAMPLED_LEAST */
};
#define MS_SAMPLED_LINE 8u
#define MS_SAMPLED_CROWDED 1u
#define MS_SAMPLED_LINE_BITS 7u
#define MS_SAMPLED_GRANULES 32u
#define MS_SAMPLED_LEAST 512u    /* so that lines are those of the processor's cache */
/* Bytes of the table, at most. */
#define MS_SAMPLED_BYTES(count) ((count) / MS_SAMPLED_GRANULES * sizeof(uint64_t) + (count) * sizeof(uint64_t))

/* Heap graph. */
enum ms_graph_state {
	MS_GRAPH_IDLE = 0,             /* app (after the scan) or collector (gave up): no scan is on */
	MS_GRAPH_WANTED = 1,           /* app: a GRAPH_BEGIN entry is in a ring, it waits for the blocks */
	MS_GRAPH_READY = 2,            /* collector: graph_count blocks are in place, release, then FUTEX_WAKE on graph_state */
	MS_GRAPH_REFUSED = 3,          /* collector: no graph now (no memory, recording stopped) */
};
/* A live block, in order of address. Its position is what edges name. */
struct ms_graph_block {
	uint64_t address, size_bytes;
};

/* An allocator that is reached without interposed symbols (format/direct_allocators.h). */
#define MS_DIRECT_ENTRIES 8u
struct ms_direct_entry {
	uint8_t state;                 /* enum ms_direct_state */
	uint8_t family;                /* enum ms_direct_family */
	uint8_t executable;            /* 1: it is inside the executable */
	uint8_t reserved;
	uint16_t functions;            /* how many of its functions were found */
	char module[58];               /* file name, cut */
};
_Static_assert(sizeof(struct ms_direct_entry) == 64, "layout");

struct ms_hash_level {
	uint64_t offset;               /* of uint64_t slots[slot_count] in the arena */
	uint64_t slot_count;           /* power of two, multiple of MS_HASH_LINE */
};

struct ms_arena_header {
	/* Written by the collector before the app starts; constant afterwards. */
	uint64_t magic;
	uint32_t version;
	uint32_t flags;                /* enum ms_arena_flag */
	uint64_t arena_bytes;
	uint32_t clock;                /* enum ms_arena_clock */
	uint32_t collector_pid;
	uint32_t stack_depth_limit;    /* leaf-most frames kept, 0 = all */
	uint32_t slot_count;
	uint64_t slots_offset;
	uint32_t module_capacity;
	uint32_t node_capacity;
	uint64_t modules_offset;
	uint64_t nodes_offset;
	struct ms_hash_level hash[MS_HASH_LEVELS];
	uint64_t start_ticks;          /* clock at t = 0 */
	struct ms_guard_config guard;
	uint64_t graph_offset;         /* of struct ms_graph_block[graph_capacity] */
	uint64_t graph_capacity;       /* 0: no graphs at all */
	uint8_t graph_at_exit;         /* 1: scan when the program exits */
	uint8_t graph_signal;          /* number of the signal that asks for a scan, 0 = none */
	uint8_t reserved0[6];
	struct ms_sample_config sample;
	uint64_t inside_offset;        /* of struct ms_inside_config (inside/inside_config.h) */
	uint32_t backend;              /* enum ms_backend */
	uint32_t reserved1;

	/* Written by both; each field says by whom. */
	_Alignas(64) _Atomic uint32_t state;      /* enum ms_arena_state */
	_Atomic uint32_t app_pid;      /* app, at attach */
	_Atomic uint32_t images;       /* app: number of images that attached (1 after start, +1 per exec), release */
	_Atomic uint32_t unload_epoch; /* app: +1 after a module was unloaded and its nodes retired */
	_Atomic uint32_t module_count; /* app: release, after the record is filled */
	char allocator[64];            /* app, at attach: file name of the library, or executable, that defines malloc */
	_Atomic uint32_t told;         /* app, at attach of the first image: 1 when allocator and direct are filled, release */
	uint32_t direct_count;         /* app, at attach of the first image: entries of direct */
	struct ms_direct_entry direct[MS_DIRECT_ENTRIES];
	_Atomic uint64_t limit_shift;  /* app: bytes of its RLIMIT_AS that are the arena's, + 1 if its hard limit has them, too;
	                                  for the image after an exec */

	_Alignas(64) _Atomic uint32_t births;         /* enum ms_births; collector at the start and when a control command asks for it, app in
	                                  memscope_pause and memscope_resume. Read on every allocation: alone in its line, but for what hardly ever changes */
	_Atomic uint32_t births_unseen; /* 1: blocks may live that were not published (a sample, a pause, an attach), so that pointers in them are not known.
	                                  Collector or app, before the first such block is born; never back to 0 */
	_Alignas(64) _Atomic uint64_t collector_beat; /* collector: +1 per poll; stands still when it is gone, and for as
	                                  long as its output blocks (a slow disk is no reason to give up: some seconds) */
	_Atomic uint32_t wake;         /* futex word (shared): collector +1 and FUTEX_WAKE after it made room for a waiter.
	                                  The waiter stores slot.waiting = 1, fences (seq_cst), reads tail again, waits;
	                                  the collector stores tail, fences (seq_cst), reads slot.waiting */

	_Alignas(64) _Atomic uint32_t node_count;     /* app: next free node (fetch_add); starts at 1 */
	_Alignas(64) _Atomic uint32_t slots_used;     /* app: slots ever handed out (fetch_add), at most slot_count */
	_Atomic uint64_t free_slots;   /* collector pushes, app pops: low 32 bit = slot index + 1 (0 = empty), high = tag
	                                  against ABA; a pop takes slot.next_free as the new top and adds 1 to the tag */

	/* Losses that have no ring to stand in. App, fetch_add. */
	_Alignas(64) _Atomic uint64_t lost_events;    /* hooks that found no slot */
	_Atomic uint64_t lost_threads; /* threads that got no slot */
	_Atomic uint64_t lost_stacks;  /* stacks cut short: trie full */
	_Atomic uint64_t unwind_stops; /* walks that ended at a frame without unwind information before the outermost */

	/* --follow: a child asks for an arena. The child waits on child_reply (bounded). One request at a time: the child
	   takes child_pid by CAS from 0; the collector answers with the number of its fd; the child, when it has read the
	   answer or given up, sets child_reply to 0 and then (release) child_pid to 0. */
	_Alignas(64) _Atomic uint32_t child_pid;      /* app: pid that asks, 0 = free */
	_Atomic uint32_t child_reply;  /* collector: fd number in /proc/<collector>/fd + 1, or UINT32_MAX = refused; release */
	_Atomic uint32_t child_collector; /* collector: pid whose fd that is */

	/* Guard. App, added up now and then (not per event). */
	_Alignas(64) _Atomic uint64_t guard_page_blocks; /* blocks that got a guard page */
	_Atomic uint64_t guard_canary_blocks; /* blocks that got redzones */
	_Atomic uint64_t guard_plain_blocks;  /* blocks that got nothing although they should have got something */
	_Atomic uint64_t guard_checks;        /* checks of a block's redzones or poison */
	_Atomic uint64_t guard_calls;         /* libc calls compared with the blocks that they touch */
	_Atomic uint64_t guard_dropped;       /* evidence left out: repeated at the same place */
	_Alignas(64) _Atomic uint32_t guard_check_wanted; /* collector: +1 = check all blocks now (--guard-interval) */

	/* Heap graph. The app sets WANTED (release), publishes GRAPH_BEGIN, waits on the word (bounded); see graph_state. */
	_Alignas(64) _Atomic uint32_t graph_state; /* enum ms_graph_state */
	uint32_t graph_missing;        /* collector: live blocks beyond graph_capacity, valid when READY */
	uint64_t graph_count;          /* collector: valid when READY */
};
_Static_assert(sizeof(struct ms_arena_header) <= 4096, "one page");

/* What header.births is while nobody has paused. */
static inline uint32_t ms_births_usual(const struct ms_arena_header *header)
{
	return header->sample.sampled_offset == 0 ? MS_BIRTHS_ALL : MS_BIRTHS_SAMPLE;
}

/* ---- threads ------------------------------------------------------------------------------------------------ */

enum ms_slot_state {
	MS_SLOT_FREE = 0,       /* collector: drained and recycled (or never used) */
	MS_SLOT_LIVE = 1,       /* app: in use, release after tid, image and counters are set */
};

struct ms_slot {
	/* Line 0: the thread writes on every event, the collector reads when it polls. */
	_Alignas(64) _Atomic uint64_t head;   /* words published, release */
	_Atomic uint32_t in_hook;             /* 1 while a hook runs that may publish: set before the stamp is taken,
	                                         cleared (release) after head is stored */
	_Atomic uint32_t next_free;           /* collector: slot index + 1 below this one on header.free_slots, 0 = last */
	_Atomic uint64_t lost;                /* thread: events dropped so far (--on-full=drop, collector gone) */

	/* Line 1: the collector writes, the thread reads when its cached copy says "full". */
	_Alignas(64) _Atomic uint64_t tail;   /* words consumed, release */

	/* Line 2: set when the slot is taken, then constant. */
	_Alignas(64) _Atomic uint32_t state;  /* enum ms_slot_state */
	uint32_t tid;                         /* kernel thread id; two slots may share it (see nested) */
	uint32_t image;                       /* number of the process image that owns it: 0 = first, +1 per exec */
	uint32_t nested;                      /* 1: written by signal handlers that interrupted a hook of the same tid */
	uint64_t ring_offset;                 /* collector, constant: of uint64_t ring[ring_words + MS_RING_SLACK_WORDS] */
	uint64_t ring_words;                  /* collector, constant: power of two */
	_Atomic uint32_t waiting;             /* thread: 1 while it waits for room on header.wake */
	_Atomic uint32_t ended;               /* thread: 1 after its pthread destructor ran (events may still follow) */
	char name[16];                        /* thread: comm at registration, NUL-terminated */
};
_Static_assert(sizeof(struct ms_slot) == 192, "three cache lines");

/* ---- ring entries ------------------------------------------------------------------------------------------- */

/*
 * word 0   clock ticks
 * word 1   kind << 56 | number of words of the entry << 48 | address (48 bits)      kind: format/events.h
 * then, by class:
 *   ALLOC  word 2 = stack node << 32 | size, size 0xffffffff: the size stands in one more word; then the arguments
 *   FREE   the arguments; then, if MS_FLAG_FREE_STACKS, one word: stack node
 *   FAIL   like ALLOC, address 0
 *   MAP    like ALLOC; size 0xffffffff means one more word
 *   OTHER  one word per argument, with these exceptions: THREAD_NAME, EXEC and MARK carry text: one word with the
 *          length in bytes, then the bytes, zero-padded to whole words; MODULE_LOAD/UNLOAD carry an index into modules
 *
 * Annotations (record/include/memscope.h). "text" is a word with the length in bytes, then the bytes, zero-padded to whole words; "name" is the
 * word of a place that a PLACE entry has described, or 0 and then text; blocks and ids are as the program gave them:
 *   TRACK        address = block; place and pc, or 0, pc, text (name), text (type). pc: return address into the code that tracks
 *   CLONE        address = source; copy          MOVE  address = from; to, bytes          BORROW, RETURN  address = block
 *   SCOPE_BEGIN  name                            SCOPE_END  place, 0 = the innermost one
 *   TASK_SPAWN   id, enum ms_task_parent, id of the parent, text
 *   TASK_ENTER   id, place or 0                  TASK_LEAVE, TASK_END  id
 *   POOL_CREATE  address = block; pool, text     POOL_RESET, POOL_DESTROY, argument of POOL_ALLOC and POOL_FREE: pool
 *   PAUSE, RESUME  enum ms_asked_by              SNAPSHOT  enum ms_asked_by, text
 *
 * THREAD_START, THREAD_END and LOST never stand in a ring: the collector makes them from the slots (state, lost), and
 * the first THREAD_NAME of a thread from slot.name. A REALLOC_FAILED carries the address of the block that lives on;
 * its size is that of the block (the collector knows it), the size in the entry is not looked at.
 */
#define MS_ENTRY_EVIDENCE_WORDS 10u /* of struct ms_evidence_entry */
/*
 * EVIDENCE: after word 1 stands this struct, then its bytes (padded to whole words), then its registers.
 */
struct ms_evidence_entry {
	uint8_t kind, access, check;   /* format/evidence.h */
	uint8_t freed;                 /* 1: the block had been freed */
	uint8_t expected;
	uint8_t byte_count;            /* at most MS_EVIDENCE_BYTES */
	uint8_t register_count;        /* 0 or MS_EVIDENCE_REGISTERS */
	uint8_t reserved;
	uint64_t address, length_bytes;
	uint64_t block_address, block_bytes; /* 0 = none */
	uint64_t last_good_ticks;      /* 0 = none since birth or free */
	uint32_t node;                 /* stack */
	uint32_t reserved2;
	char function[MS_EVIDENCE_FUNCTION];
};
_Static_assert(sizeof(struct ms_evidence_entry) == MS_ENTRY_EVIDENCE_WORDS * 8, "whole words");

/*
 * Entries between app and collector that are no events of a trace; kinds above those of format/events.h. Blocks are positions
 * in the block table of the arena, sources of edges are positions or MS_GRAPH_ROOT_BIT | number of the root, in the order
 * in which the roots were announced. All of one graph stand in one ring, in this order, BEGIN first, END last.
 *   GRAPH_BEGIN  word 2 = enum ms_graph_reason
 *   GRAPH_ROOT   word 2 = enum ms_root_kind | tid << 32, then start, end, pc of the frame (STACK), then text as in THREAD_NAME: name
 *                (MAPPING; else length 0)
 *   GRAPH_EDGES  three words per edge: source << 32 | target, source offset, target offset << 8 | flags
 *   GRAPH_WORDS  two words per block: position, first word
 *   GRAPH_UNSCANNED  word 2 = enum ms_unscanned_reason, then id, bytes
 *   GRAPH_END    word 2 = 1 if complete, then ticks of the pause, bytes scanned
 */
enum ms_graph_entry {
	MS_ENTRY_GRAPH_BEGIN = 240, MS_ENTRY_GRAPH_ROOT, MS_ENTRY_GRAPH_EDGES, MS_ENTRY_GRAPH_WORDS, MS_ENTRY_GRAPH_UNSCANNED,
	MS_ENTRY_GRAPH_END,
};
#define MS_GRAPH_ROOT_BIT UINT32_C(0x80000000)

/*
 * A line of the program that annotations name. A thread publishes it before the first entry that names it, any thread: again when it cannot
 * know that another one has. What is said last about a place counts: another library may have been loaded where it was.
 *   PLACE  word 2 = the place (its address, not 0), then line, text (name), text (type), text (file)
 */
#define MS_ENTRY_PLACE 246u         /* right behind those of graphs */

/* Whose child a task is. */
enum ms_task_parent {
	MS_PARENT_CURRENT = 0,         /* of the task that the thread works for, if it works for one */
	MS_PARENT_GIVEN = 1,           /* of the one that is named */
	MS_PARENT_NONE = 2,
};

#define MS_ENTRY_ADDRESS_MASK UINT64_C(0x0000ffffffffffff)
#define MS_ENTRY_TAG(kind, words) ((uint64_t)(kind) << 56 | (uint64_t)(words) << 48)
#define MS_ENTRY_KIND(word1) ((uint8_t)((word1) >> 56))
#define MS_ENTRY_WORDS(word1) ((uint32_t)((word1) >> 48 & 0xff))
#define MS_ENTRY_SIZE_ESCAPE UINT32_MAX

/* ---- modules ------------------------------------------------------------------------------------------------ */

struct ms_module_record {
	uint64_t load_bias;
	uint64_t start, end;                  /* mapped range [start, end) */
	uint32_t image;
	_Atomic uint32_t unloaded;            /* app: 1 after dlclose removed it */
	uint8_t build_id_bytes;               /* 0 = none */
	uint8_t build_id[32];
	uint8_t pad[7];
	char path[MS_MODULE_PATH_BYTES];      /* NUL-terminated; "" = vdso or unknown */
};
_Static_assert(sizeof(struct ms_module_record) == 552, "layout");

/* ---- the stack trie ----------------------------------------------------------------------------------------- */

/*
 * Node 0 is "no stack". A node is a frame on top of its parent, the caller; a root has parent 0. Nodes are never freed
 * or changed, except that MS_NODE_RETIRED is set when the module of the code was unloaded: lookups then miss it, so
 * that the same address in another module gets another node. pc_flags is stored last, with release; 0 = not yet
 * written (for ever, if its thread was killed in between).
 */
struct ms_node {
	_Atomic uint64_t pc_flags;            /* return address | flags */
	uint32_t parent;
	uint32_t image;                       /* process image; roots of two images never mix */
};
_Static_assert(sizeof(struct ms_node) == 16, "four to a cache line");

#define MS_NODE_PC_MASK UINT64_C(0x0000ffffffffffff)
#define MS_NODE_RETIRED (UINT64_C(1) << 63)
#define MS_NODE_INFERRED (UINT64_C(1) << 62) /* found by the frame pointer, not by unwind information */

/*
 * Child index: the parent names one line of MS_HASH_LINE slots in level 0, hash(parent, pc, image) one in each level after
 * it. A lookup scans level 0's line, then level 1's, ... until it finds the child or an empty slot. Slots are filled by
 * CAS from 0 in that order and never emptied, so a first empty slot proves absence. slot = tag (upper half of the hash) << 32 | node.
 */

/* ---- how the app finds the arena ---------------------------------------------------------------------------- */

/* Environment: MEMSCOPE_ARENA=<fd>:<inode>:/proc/<collector pid>/fd/<n>. The fd is inherited at launch and closed after
   mapping; an image that lost it (exec) opens the path instead. */
#define MS_ENV_ARENA "MEMSCOPE_ARENA"
/* Without memscope-record: name of the trace (a pattern), backend. After an exec MEMSCOPE_ARENA carries both on (preload/inside_gate.c). */
#define MS_ENV_OUT "MEMSCOPE_OUT"
#define MS_ENV_BACKEND "MEMSCOPE_BACKEND"

#endif
