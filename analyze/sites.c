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

struct site {
	uint64_t live_bytes, live_blocks; /* of image `image` */
	uint64_t peak_bytes, peak_blocks; /* level at peak number `epoch`, if that is the last one */
	uint64_t epoch;
	uint64_t own_peak_bytes;
	uint64_t temporary;
	uint32_t image;
	uint32_t pad;
	uint64_t allocations, reallocations, allocated_bytes, frees, ended;
	unsigned __int128 lifetime_ns;   /* of the ended ones */
};
_Static_assert(sizeof(struct site) == 128, "two cache lines");

struct sites {
	struct site *at;                 /* by node */
	size_t node_count;
	uint64_t peak_bytes, epoch;
	uint32_t image, peak_image;
};

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct sites *s = calloc(1, sizeof *s);

	if (s) {
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

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct sites *s = state;
	uint64_t peak = s->peak_bytes, epoch = s->epoch;

	(void)err;
	if (v->step[0] == MS_STEP_IMAGE) {
		s->image++;
		return MS_OK;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		unsigned step = v->step[i];
		uint64_t size = v->size_bytes[i];
		struct site *a = &s->at[v->site[i]];

		switch (step) {
		case MS_STEP_ALLOCATE:
		case MS_STEP_REALLOCATE:
			touch(s, a, epoch);
			a->allocations += step == MS_STEP_ALLOCATE;
			a->reallocations += step == MS_STEP_REALLOCATE;
			a->allocated_bytes += size;
			a->live_bytes += size;
			a->live_blocks++;
			break;
		case MS_STEP_FREE:
		case MS_STEP_FREE | MS_STEP_TEMPORARY:
		case MS_STEP_MOVE:
			touch(s, a, epoch);
			a->frees += step != MS_STEP_MOVE;
			a->temporary += step / MS_STEP_TEMPORARY;
			a->live_bytes -= size;
			a->live_blocks--;
			a->ended++;
			a->lifetime_ns += v->time_ns[i] - v->birth_ns[i];
			continue;
		case MS_STEP_RETURN:
			touch(s, a, epoch);
			a->live_bytes += size;
			a->live_blocks++;
			a->ended--;
			a->lifetime_ns -= v->moved_ns - v->birth_ns[i];
			break;
		case MS_STEP_LOSE:
			a->frees++;
			continue;
		default:
			continue;
		}
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

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	const struct sites *s = state;
	size_t n = 0;

	for (size_t i = 0; i < s->node_count; i++)
		n += s->at[i].allocations + s->at[i].reallocations > 0;
	report->sites = calloc(n + 1, sizeof *report->sites);
	if (!report->sites)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu sites", n);
	for (size_t i = 0; i < s->node_count; i++) {
		const struct site *a = &s->at[i];
		bool saved = a->epoch == s->epoch, there = a->image == s->peak_image, alive = a->image == s->image;

		if (a->allocations + a->reallocations == 0)
			continue;
		report->sites[report->site_count++] = (struct ms_report_site){
			.node = (uint32_t)i,
			.allocations = a->allocations,
			.reallocations = a->reallocations,
			.allocated_bytes = a->allocated_bytes,
			.frees = a->frees,
			.live_blocks = alive ? a->live_blocks : 0,
			.live_bytes = alive ? a->live_bytes : 0,
			.peak_blocks = saved ? a->peak_blocks : there ? a->live_blocks : 0,
			.peak_bytes = saved ? a->peak_bytes : there ? a->live_bytes : 0,
			.own_peak_bytes = a->own_peak_bytes,
			.temporary_allocations = a->temporary,
			.ended_blocks = a->ended,
			.mean_lifetime_ns = a->ended ? (uint64_t)(a->lifetime_ns / a->ended) : 0,
		};
	}
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
