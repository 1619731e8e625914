/*
 * holders.h - who keeps memory alive: roots and blocks of a heap graph, by what only they retain; and the way from a root to a block.
 *
 * Retained is what could be freed if this root (this block) let go: itself and every block to which all ways from roots lead
 * over it. Blocks that several roots lead to are retained by none of them; they stand under `shared`. Edges of all kinds count.
 *
 * Units stand in the names; bytes are requested sizes. Order: by retained bytes, then by kind and place.
 * Ownership: belongs to the struct ms_report, or to the struct ms_why; strings to the trace. Thread-safety: pure data.
 */
#ifndef MS_ANALYZE_HOLDERS_H
#define MS_ANALYZE_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A thing outside the heap that holds pointers. */
struct ms_holder {
	uint8_t kind;                    /* enum ms_root_kind, format/evidence.h */
	const char *name;                /* global: its symbol; stack: the function; mapping: its name; "" = unknown */
	const char *module;              /* path, of a global; "" = unknown */
	uint32_t thread, tid;            /* stack, registers, TLS */
	uint64_t address;                /* of the symbol or of the root's start */
};

struct ms_report_line;
struct ms_held_place {
	uint32_t place;                  /* number of the place: call paths with the same headline */
	const struct ms_report_line *line, *caller; /* as in struct ms_report_place */
	uint64_t blocks, bytes;          /* of it that the holder retains */
	const char *type;                /* C++ class of all of them whose class is known, when it is one; else NULL */
};
#define MS_HELD_PLACES 3u

struct ms_holding {
	struct ms_holder holder;
	uint64_t retained_blocks, retained_bytes;
	uint64_t pointers;               /* that stand in it */
	uint64_t places;                 /* where what it retains was allocated */
	struct ms_held_place top[MS_HELD_PLACES]; /* those with most bytes */
	uint32_t top_count;
	uint32_t group;                  /* of it in the tree; UINT32_MAX: not kept */
};

struct ms_held_block {
	uint64_t block, address, size_bytes;
	uint32_t node;
	const char *type;                /* C++ class by its vtable; NULL = not known */
	uint64_t retained_blocks, retained_bytes; /* itself among them */
	uint8_t kind;                    /* enum ms_leak_kind */
};

/* What single blocks of a call path retain, summed up; a block retained by two of them counts once. */
struct ms_held_path {
	uint32_t node;
	uint64_t blocks, bytes;          /* of the path, in the graph */
	uint64_t retained_blocks, retained_bytes;
};

/*
 * The dominator tree with the blocks of one place taken together: below each group stands what its blocks hold. A place stands once on the
 * way down: a block whose place stands above it already (lists, trees) belongs to that group. What groups of one level retain does not
 * overlap. Order: by retained bytes, so the group above stands before.
 */
enum ms_held_what {
	MS_HELD_BY_HOLDER,               /* top level: what a holder retains */
	MS_HELD_SHARED,                  /* top level: reachable, but over no single holder */
	MS_HELD_LOST,                    /* top level: reachable from no root */
	MS_HELD_BLOCKS,                  /* blocks of a place */
};
struct ms_held_group {
	uint8_t what;                    /* enum ms_held_what */
	bool mixed_types;                /* C++ classes are known, and differ */
	uint32_t parent;                 /* group above; UINT32_MAX on the top level */
	uint32_t holding;                /* BY_HOLDER: which; else UINT32_MAX */
	uint64_t retained_blocks, retained_bytes;
	uint32_t children;               /* groups below, kept or not */
	/* The rest is of BLOCKS alone. */
	uint32_t place;                  /* number of the place: call paths with the same headline */
	uint32_t node;                   /* call path of the block that retains most */
	uint32_t sites;                  /* call paths that its blocks were begun under */
	const char *type;                /* C++ class of all of them whose class is known, when it is one; else NULL */
	uint64_t blocks, bytes;          /* its own, also those further below */
	uint64_t heads;                  /* of these, with none of them above */
	uint64_t head_block, head_retained_bytes; /* the one that retains most, the first one of equals: block id */
	uint32_t number;                 /* while it is made */
};
#define MS_HELD_GROUPS 2000u

struct ms_report_holders {
	bool observable;                 /* as in struct ms_report_leaks, which has the reason */
	struct ms_holding *holdings;
	size_t holding_count;
	uint64_t shared_blocks, shared_bytes; /* reachable, but over no single holder */
	uint64_t lost_blocks, lost_bytes;     /* reachable from no root */
	/* The largest ones, at most MS_HELD_BLOCKS; without those that hang directly below a block of their own call path. */
	struct ms_held_block *blocks;
	size_t block_count;
	struct ms_held_path *paths;      /* all call paths with blocks in the graph */
	size_t path_count;
	struct ms_held_group *tree;      /* the MS_HELD_GROUPS that retain most */
	size_t tree_count, tree_omitted;
};
#define MS_HELD_BLOCKS 200u

/* ---- --why: the way from a root to a block ------------------------------------------------------------------------ */

struct ms_why_step {
	uint64_t offset;                 /* where the pointer stands: in the block before, or in the holder (first step) */
	uint64_t target_offset;          /* where in this block it leads to */
	bool start_pointer;              /* to its start, or taken for one by a heuristic */
	struct ms_held_block block;
};

struct ms_why {
	uint8_t kind;                    /* enum ms_leak_kind, of the block asked for */
	bool from_root;                  /* false: a lost block; then the way begins at the definitely lost one that leads to it */
	struct ms_holder holder;         /* from_root */
	struct ms_why_step *steps;       /* from_root: the block the root points to, ..., the block asked for; else the head first */
	size_t step_count;
	uint64_t pointers;               /* edges from roots and other blocks to the block asked for: a block counts once, or twice if a pointer
	                                    into the middle stands before one to the start */
	/* Asked by site: the block is the one of the site that retains most. */
	uint32_t site_node;
	uint64_t site_blocks;            /* blocks of the site in the graph; 0 = a block was asked for */
};

struct ms_report;
struct ms_trace;
struct ms_error;

#pragma GCC visibility push(default) /* part of libmemscope.so */

/*
 * The way to what `text` names: a block id ("12", "block:12"), an address in a block ("0x55..."), or a call path ("#12", "site:12").
 * report: of this trace. *out holds no pointer into the report; strings are the trace's. Errors: MS_E_ARGUMENT (the text, or there is no
 * such block in the heap graph), MS_E_NOT_FOUND (no heap graph), and those of ms_report_build.
 */
int ms_why_build(struct ms_why *out, const struct ms_report *report, const struct ms_trace *trace, const char *text,
                 struct ms_error *err);
void ms_why_free(struct ms_why *why); /* leaves it all zero */

#pragma GCC visibility pop

#endif
