/*
 * who_drains.h - the choice of the backend "unified": who empties the rings inside the program, its own threads or one of ours.
 *
 * A thread of ours takes the work off the program's threads, and a core that they could use. It pays when there is work and a core is
 * free: at RATE_UP words per second out of the rings (a word is 8 bytes, an event two or three) and fewer threads of the program
 * than cores. It does not when the rate falls below RATE_DOWN or threads need all cores. The rate is measured over
 * at least WHO_DRAINS_WINDOW_NS; each change is noted with its reason.
 *
 * Parameters: time_ns of the trace. No errors. Thread-safety: one thread at a time. Pure: clock and counts are arguments.
 */
#ifndef MS_RECORD_WHO_DRAINS_H
#define MS_RECORD_WHO_DRAINS_H

#include <stdbool.h>
#include <stdint.h>

#define WHO_DRAINS_WINDOW_NS UINT64_C(20000000)
#define WHO_DRAINS_RATE_UP UINT64_C(2000000)
#define WHO_DRAINS_RATE_DOWN UINT64_C(500000)
#define WHO_DRAINS_NOTE_BYTES 400u

struct who_drains {
	uint32_t cores;
	uint64_t since_ns, since_words;
	uint32_t changes;                /* noted and not */
	char note[WHO_DRAINS_NOTE_BYTES]; /* what has happened, for people */
};

void who_drains_init(struct who_drains *w, uint32_t cores);
/* Should a thread of ours drain? words: out of the rings since the start; threads: of the program that have a ring. */
bool who_drains_thread(struct who_drains *w, bool has_one, uint64_t time_ns, uint64_t words, uint32_t threads);

#endif
