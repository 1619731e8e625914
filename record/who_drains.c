/* who_drains.c - see who_drains.h. */
#include "who_drains.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_S UINT64_C(1000000000)

void who_drains_init(struct who_drains *w, uint32_t cores)
{
	*w = (struct who_drains){.cores = cores};
	snprintf(w->note, sizeof w->note, "%u core%s: the program's threads at first", cores, cores == 1 ? "" : "s");
}

static void note(struct who_drains *w, bool thread, uint64_t time_ns, uint64_t rate, uint32_t threads)
{
	size_t used = strlen(w->note);

	w->changes++;
	snprintf(w->note + used, sizeof w->note - used, "; %s after %u.%03u s (%u words/s, %u thread%s)",
	         thread ? "a thread of its own" : "the program's threads", (unsigned)(time_ns / NS_PER_S),
	         (unsigned)(time_ns % NS_PER_S / 1000000), (unsigned)(rate > 4000000000u ? 4000000000u : rate), threads,
	         threads == 1 ? "" : "s");
}

bool who_drains_thread(struct who_drains *w, bool has_one, uint64_t time_ns, uint64_t words, uint32_t threads)
{
	bool room = threads < w->cores, want;
	uint64_t rate;

	if (time_ns - w->since_ns < WHO_DRAINS_WINDOW_NS)
		return has_one;
	rate = (uint64_t)((unsigned __int128)(words - w->since_words) * NS_PER_S / (time_ns - w->since_ns));
	w->since_ns = time_ns;
	w->since_words = words;
	want = room && rate >= (has_one ? WHO_DRAINS_RATE_DOWN : WHO_DRAINS_RATE_UP);
	if (want != has_one)
		note(w, want, time_ns, rate, threads);
	return want;
}
