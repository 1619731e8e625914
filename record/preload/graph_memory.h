/*
 * graph_memory.h - reads the program's memory for the heap graph: page by page, never a crash, and nothing that is not there.
 *
 * A page is copied, a word is loaded by a few instructions of which a handler for SIGSEGV and SIGBUS knows how to leave them: a page beyond the
 * end of its file or one that another thread has just unmapped is an answer, not a fault. The handler is in place from
 * ms_memory_begin to ms_memory_end only, and hands on every fault that is not theirs. Pages that were never touched are
 * left alone where the kernel says so (/proc/thread-self/pagemap): reading them would make page tables grow.
 *
 * ms_memory_page gives the copy, valid until the next call; ascending addresses are fast. Async-signal-safe, no errno. One
 * user at a time.
 */
#ifndef MS_PRELOAD_GRAPH_MEMORY_H
#define MS_PRELOAD_GRAPH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS_PAGE UINT64_C(4096)
#define MS_PAGE_WORDS (MS_PAGE / 8)

enum ms_page_state { MS_PAGE_READ, MS_PAGE_ABSENT, MS_PAGE_FAULT };

/* Puts the handlers in place and lets their signals through on this thread. False: not possible; then nothing may be read. */
bool ms_memory_begin(void);
void ms_memory_end(void);

/* The page at this address (a multiple of MS_PAGE): its words. *state says why NULL. */
const uint64_t *ms_memory_page(uint64_t page, enum ms_page_state *state);
/* One word at any address. */
bool ms_memory_word(uint64_t address, uint64_t *value);
/* Copies up to `words` words from any address; how many it were until something was not there. */
uint64_t ms_memory_read(uint64_t *to, uint64_t address, uint64_t words);
/* Bytes of pages and of ms_memory_read copied since ms_memory_begin. */
uint64_t ms_memory_bytes(void);

#endif
