/*
 * ground.h - how pages are closed and opened: three ways of the kernel behind one set of calls.
 *
 *   GROUND_MOVED     pages registered with userfaultfd (missing pages raise SIGBUS). Opening and closing moves pages between
 *                    addresses (UFFDIO_MOVE): one system call for a free and a later allocation, no page fault, and no mapping is
 *                    split. For blocks of one page. Linux 6.8, and only while our descriptor stays open.
 *   GROUND_MARKERS   guard markers in the page tables (MADV_GUARD_INSTALL): no mapping is split. Linux 6.13.
 *   GROUND_PROTECT   mprotect: each open stretch is a mapping of its own, so vm.max_map_count limits them. Everywhere.
 *
 * Parameters: addresses and bytes are whole pages inside of a range that is reserved PROT_NONE with MAP_NORESERVE. A range
 * keeps the kind that it was prepared with, until ground_forget or, for GROUND_MOVED, until ground_moved_lost says so.
 * Ownership: none; the caller knows what is open. Errors: false or a negative number of the kernel when it refuses (no
 * memory, too many mappings); the range is then as before. Thread-safety: any thread, on ranges that do not overlap;
 * async-signal-safe, no errno; ground_start from one thread.
 * Source: madvise(2), userfaultfd(2), Documentation/admin-guide/mm/userfaultfd.rst of the kernel.
 */
#ifndef MS_PRELOAD_GROUND_H
#define MS_PRELOAD_GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROUND_PAGE UINT64_C(4096)

enum ground_kind { GROUND_PROTECT, GROUND_MARKERS, GROUND_MOVED };

/* Finds out what the kernel can do. best: the best kind to use (tests; GROUND_MOVED: all). */
void ground_start(enum ground_kind best);
/* The kind for slots of so many pages. */
enum ground_kind ground_kind_for(uint64_t pages);

/*
 * Prepares a stretch of [start, start + bytes): a closed page first, then slots of `open` pages and a closed one. What lies
 * between closed pages is open (MARKERS) or closed (PROTECT, MOVED) afterwards.
 */
bool ground_prepare(enum ground_kind kind, uint64_t start, uint64_t bytes, uint64_t open_pages);
/* Gives everything back: reserved, closed ground without a kind. */
void ground_forget(uint64_t start, uint64_t bytes);

/* Opens pages; contents: zero where they were closed, but for GROUND_MOVED the template, if one is given (one page). */
bool ground_open(enum ground_kind kind, uint64_t start, uint64_t bytes, const void *page_template);
/* GROUND_MOVED: puts an empty page where none is. False: there is one. */
bool ground_fill(uint64_t page);
/* Closes pages and gives their memory back. */
bool ground_close(enum ground_kind kind, uint64_t start, uint64_t bytes);
/* GROUND_MOVED: closes the page at `from` and opens the one at `to` with the same contents. False: nothing has happened. */
bool ground_move(uint64_t from, uint64_t to);

/* True when GROUND_MOVED has ceased to work in this process: the descriptor was closed, or this is a forked child. What is
   closed there must be closed again as ground_kind_for now says. */
bool ground_moved_lost(void);
/* Before the program may forbid itself all but a few system calls: from now on mprotect, mmap and madvise must do. GROUND_MOVED is lost. */
void ground_shut_in(void);
/* After a fork, in the child: GROUND_MOVED is lost there. */
void ground_forked(void);

/* Mappings that GROUND_PROTECT may still make: open stretches, each of which costs up to two. */
bool ground_take_mappings(int64_t count);
/* For tests: as if the kernel allowed so many more. */
void ground_limit_mappings(int64_t count);

#endif
