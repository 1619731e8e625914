/*
 * sites.c - numbers per call path, among them each one's exact share of the global peak.
 *
 * Copying all sites at every new peak would cost sites x peaks. Instead peaks are numbered (epochs): when a site is
 * about to change for the first time since the latest peak, the level from before the change is its level at that
 * peak, and is saved with the peak's number. At the end a site that was not touched since the last peak still has its
 * level of then. One comparison per event. The same trick ends blocks at exec: a site remembers the image of its
 * last change, and its level counts only in that image.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "culled.h"

enum { OTHER, ALLOCATED, REALLOCATED, FREED, FREED_SOON, MOVED, COUNTERS };

struct site {
	uint64_t live_bytes, live_blocks; /* of image `image` */
	uint64_t peak_bytes, peak_blocks; /* level at peak number `epoch`, if that is the last one */
	uint64_t epoch;
	uint64_t own_peak_bytes;
	uint64_t allocated_bytes;
	uint32_t image;
	bool at_start;                   /* a block of it was alive when the window started */
	unsigned __int128 lifetime_ns;   /* of the ended ones */
	uint64_t count[COUNTERS];        /* of steps */
};
_Static_assert(sizeof(struct site) == 128, "two cache lines");

struct sites {
	struct site *at;                 /* by node */
	size_t node_count;
	uint64_t peak_bytes, epoch;
	uint32_t image, peak_image;
	const struct ms_analysis_context *context;
};

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct sites *s = calloc(1, sizeof *s);

	if (s) {
		s->context = context;
		s->node_count = context->stacks->node_count;
		s->at = aligned_alloc(64, s->node_count * sizeof *s->at);
	}
	*state = s;
	if (!s || !s->at)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu call paths",
		               context->stacks->node_count);
	memset(s->at, 0, s->node_count * sizeof *s->at);
	return MS_OK;
}

static void destroy(void *state)
{
	struct sites *s = state;

	if (s)
		free(s->at);
	free(s);
}

/* Before a change: settle what the last exec and the last peak left open. */
static inline void touch(const struct sites *s, struct site *a, uint64_t epoch)
{
	if (a->epoch != epoch) {
		bool there = a->image == s->peak_image;

		a->peak_bytes = there ? a->live_bytes : 0;
		a->peak_blocks = there ? a->live_blocks : 0;
		a->epoch = epoch;
	}
	if (a->image != s->image) {
		a->live_bytes = a->live_blocks = 0;
		a->image = s->image;
	}
}

/* Levels stay, and are the peak of now; everything else starts again. */
static void start_window(struct sites *s, const struct ms_view *v)
{
	for (size_t i = 0; i < s->node_count; i++) {
		bool alive = s->at[i].image == s->image;
		uint64_t bytes = alive ? s->at[i].live_bytes : 0, blocks = alive ? s->at[i].live_blocks : 0;

		s->at[i] = (struct site){.live_bytes = bytes, .live_blocks = blocks, .epoch = s->epoch, .own_peak_bytes = bytes,
		                         .image = s->image, .at_start = blocks > 0};
	}
	s->epoch++;
	s->peak_bytes = v->live_bytes[0];
	s->peak_image = s->image;
}

/* A step that is alone in its view. */
static void view_alone(struct sites *s, const struct ms_view *v)
{
	struct site *a = &s->at[v->site[0]];
	uint64_t size = v->size_bytes[0];

	switch (v->step[0]) {
	case MS_STEP_IMAGE:
		s->image++;
		break;
	case MS_STEP_WINDOW:
		start_window(s, v);
		break;
	case MS_STEP_RESUME:
		touch(s, a, s->epoch);
		a->live_bytes -= size;
		a->live_blocks--;
		a->count[MOVED]++;
		a->lifetime_ns += v->time_ns[0] - v->birth_ns[0];
		break;
	case MS_STEP_RETURN:
		touch(s, a, s->epoch);
		a->live_bytes += size;
		a->live_blocks++;
		a->count[MOVED]--;
		a->lifetime_ns -= v->moved_ns - v->birth_ns[0];
		if (a->live_bytes > a->own_peak_bytes)
			a->own_peak_bytes = a->live_bytes;
		if (v->live_bytes[0] > s->peak_bytes) {
			s->peak_bytes = v->live_bytes[0];
			s->epoch++;
			s->peak_image = s->image;
		}
		break;
	default: /* MS_STEP_LOSE */
		a->count[MOVED]--;
		a->count[FREED]++;
		break;
	}
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	static const uint8_t counter[2 * MS_STEP_TEMPORARY] = {
		[MS_STEP_ALLOCATE] = ALLOCATED, [MS_STEP_REALLOCATE] = REALLOCATED, [MS_STEP_FREE] = FREED,
		[MS_STEP_FREE | MS_STEP_TEMPORARY] = FREED_SOON, [MS_STEP_MOVE] = MOVED,
	};
	struct sites *s = state;
	uint64_t peak = s->peak_bytes, epoch = s->epoch;

	(void)err;
	if (ms_step_is_alone(v->step[0])) {
		view_alone(s, v);
		return MS_OK;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		unsigned step = v->step[i];
		uint64_t begins = ms_step_begins(step), ends = ms_step_ends(step), size = v->size_bytes[i];
		struct site *a = &s->at[v->site[i]];

		/* What is no block's step lands on the site of node 0 and changes nothing there but count[OTHER]. */
		if (a->epoch != epoch || a->image != s->image)
			touch(s, a, epoch);
		a->count[counter[step]]++;
		a->allocated_bytes += size & -begins;
		a->live_bytes += (size & -begins) - (size & -ends);
		a->live_blocks += begins - ends;
		a->lifetime_ns += (v->time_ns[i] - v->birth_ns[i]) & -ends;
		if (a->live_bytes > a->own_peak_bytes)
			a->own_peak_bytes = a->live_bytes;
		if (v->live_bytes[i] > peak) {
			peak = v->live_bytes[i];
			epoch++;
			s->peak_image = s->image;
		}
	}
	s->peak_bytes = peak;
	s->epoch = epoch;
	return MS_OK;
}

/* Did blocks begin here, or end, or live, in the window? */
static bool has_part(const struct sites *s, const struct site *a)
{
	const uint64_t *count = a->count;

	return count[ALLOCATED] + count[REALLOCATED] + count[FREED] + count[FREED_SOON] + count[MOVED] > 0 || a->own_peak_bytes > 0 || a->at_start ||
	       (a->image == s->image && a->live_blocks) ||
	       (a->epoch == s->epoch ? a->peak_blocks > 0 : a->image == s->peak_image && a->live_blocks);
}

/* Were blocks left out here? */
static bool is_culled(const struct ms_culled_row *culled, size_t node)
{
	return culled && (culled[node].allocations || culled[node].reallocations);
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	const struct sites *s = state;
	const struct ms_analysis_context *x = s->context;
	struct ms_culled_row *culled;
	size_t n = 0;
	int rc = ms_culled_by_node(&culled, &report->culled, x->trace, x->stacks, x->from_ns, x->to_ns, err);

	if (rc)
		return rc;
	if (culled && s->peak_bytes > report->culled.peak_bytes) { /* sums end with the last culled block */
		report->culled.peak_bytes = report->totals.peak_bytes;
		report->culled.peak_time_ns = report->totals.peak_time_ns;
	}
	for (size_t i = 0; i < s->node_count; i++)
		n += has_part(s, &s->at[i]) || is_culled(culled, i);
	report->sites = calloc(n + 1, sizeof *report->sites);
	if (!report->sites) {
		free(culled);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu sites", n);
	}
	for (size_t i = 0; i < s->node_count; i++) {
		const struct site *a = &s->at[i];
		const uint64_t *count = a->count;
		uint64_t ended = count[FREED] + count[FREED_SOON] + count[MOVED];
		bool saved = a->epoch == s->epoch, there = a->image == s->peak_image, alive = a->image == s->image;

		if (!has_part(s, a) && !is_culled(culled, i))
			continue;
		report->sites[report->site_count++] = (struct ms_report_site){
			.node = (uint32_t)i,
			.allocations = count[ALLOCATED],
			.reallocations = count[REALLOCATED],
			.allocated_bytes = a->allocated_bytes,
			.frees = count[FREED] + count[FREED_SOON],
			.live_blocks = alive ? a->live_blocks : 0,
			.live_bytes = alive ? a->live_bytes : 0,
			.peak_blocks = saved ? a->peak_blocks : there ? a->live_blocks : 0,
			.peak_bytes = saved ? a->peak_bytes : there ? a->live_bytes : 0,
			.own_peak_bytes = a->own_peak_bytes,
			.temporary_allocations = count[FREED_SOON],
			.ended_blocks = ended,
			.mean_lifetime_ns = ended ? (uint64_t)(a->lifetime_ns / ended) : 0,
			.culled_blocks = culled ? culled[i].allocations + culled[i].reallocations : 0,
			.culled_bytes = culled ? culled[i].bytes : 0,
		};
	}
	free(culled);
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_sites = {
	.name = "sites",
	.summary = "per call path: allocated, live, share of the peak, own peak, temporary, lifetimes",
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = destroy,
};
