/* recording_triggers.c - see recording_triggers.h. */
#include "recording_triggers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

_Static_assert(SNAPSHOT_NAME <= INGEST_NAME, "names of snapshots by the heap");

static void snapshot(struct recording *r, const char *name, enum ms_asked_by asked_by)
{
	/* Without memory there is no snapshot: nothing that was recorded is missing. */
	(void)ingest_note(&r->ingest, tick_clock_now(r->clock.source), MS_EV_SNAPSHOT, name, strlen(name), asked_by);
}

static void numbered_snapshot(struct recording *r, const char *what, uint64_t number, enum ms_asked_by asked_by)
{
	char name[SNAPSHOT_NAME];

	snprintf(name, sizeof name, "%s-%" PRIu64, what, number);
	snapshot(r, name, asked_by);
}

static bool heap_passed(void *context, char name[INGEST_NAME])
{
	struct recording *r = context;
	bool rose = snapshot_level_rose(&r->heap_level, r->ingest.live_bytes, name);

	r->ingest.heap_limit = r->heap_level.next - 1;
	return rose;
}

void triggers_init(struct recording *r)
{
	const struct snapshot_options *o = &r->options->snapshots;

	snapshot_level_init(&r->heap_level, "heap", o->heap_bytes);
	snapshot_level_init(&r->rss_level, "rss", o->rss_bytes);
	if (o->heap_bytes) {
		r->ingest.heap_limit = o->heap_bytes - 1;
		r->ingest.heap_passed = heap_passed;
		r->ingest.heap_context = r;
	}
	r->every_next_ns = o->every_ns;
}

void triggers_rss(struct recording *r)
{
	uint64_t rss = sysmon_rss(r->monitor);
	char name[SNAPSHOT_NAME];

	snapshot_level_fell(&r->rss_level, rss);
	if (snapshot_level_rose(&r->rss_level, rss, name))
		snapshot(r, name, MS_ASKED_RSS);
}

void triggers_look(struct recording *r)
{
	const struct snapshot_options *o = &r->options->snapshots;
	uint64_t now_ns;

	if (o->heap_bytes) {
		snapshot_level_fell(&r->heap_level, r->ingest.live_bytes);
		r->ingest.heap_limit = r->heap_level.next - 1;
	}
	if (o->every_ns == 0)
		return;
	now_ns = tick_clock_ns(&r->clock, tick_clock_now(r->clock.source));
	if (now_ns < r->every_next_ns)
		return;
	numbered_snapshot(r, "every", ++r->every_count, MS_ASKED_INTERVAL);
	r->every_next_ns = now_ns - now_ns % o->every_ns + o->every_ns;
}

void triggers_signaled(struct recording *r)
{
	if (r->process_written && !r->stopped)
		numbered_snapshot(r, "signal", ++r->signal_count, MS_ASKED_SIGNAL);
}
