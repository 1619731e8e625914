/*
 * lifetimes.c - how long blocks lived that were freed or reallocated, and how large they were: one table by powers of two of both, whose
 * sums over the sizes are the histogram of lifetimes.
 *
 * The table is large, but what a program uses of it is a few dozen cells, which stay in the cache.
 */
#include <stdlib.h>

#include "analysis.h"

struct lifetimes {
	struct ms_report_amount cells[65][65]; /* by size, then lifetime */
};

static inline unsigned class_of(uint64_t value)
{
	return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	(void)context;
	*state = calloc(1, sizeof(struct lifetimes));
	return *state ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for lifetimes");
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct lifetimes *l = state;
	uint16_t ended[MS_VIEW_EVENTS]; /* about half of the events end a block; finding them first needs no branch */
	uint32_t n = 0;

	(void)err;
	if (v->step[0] == MS_STEP_RETURN) {
		struct ms_report_amount *c = &l->cells[class_of(v->size_bytes[0])][class_of(v->moved_ns - v->birth_ns[0])];

		c->blocks--;
		c->bytes -= v->size_bytes[0];
		return MS_OK;
	}
	if (v->step[0] == MS_STEP_WINDOW) {
		*l = (struct lifetimes){0};
		return MS_OK;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		ended[n] = (uint16_t)i;
		n += ms_step_ends(v->step[i]) | (v->step[i] == MS_STEP_RESUME);
	}
	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = ended[k];
		struct ms_report_amount *c = &l->cells[class_of(v->size_bytes[i])][class_of(v->time_ns[i] - v->birth_ns[i])];

		c->blocks++;
		c->bytes += v->size_bytes[i];
	}
	return MS_OK;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	const struct lifetimes *l = state;
	size_t n = 0;

	for (unsigned s = 0; s < 65; s++)
		for (unsigned k = 0; k < 65; k++)
			n += l->cells[s][k].blocks != 0;
	report->size_lifetimes = calloc(n + 1, sizeof *report->size_lifetimes);
	if (!report->size_lifetimes)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for lifetimes");
	for (unsigned k = 0; k < 65; k++)
		report->lifetimes[k] = (struct ms_report_lifetime){
			.min_ns = k ? 1ull << (k - 1) : 0,
			.max_ns = k ? UINT64_MAX >> (64 - k) : 0,
		};
	for (unsigned s = 0; s < 65; s++)
		for (unsigned k = 0; k < 65; k++) {
			const struct ms_report_amount *c = &l->cells[s][k];

			report->lifetimes[k].blocks += c->blocks;
			report->lifetimes[k].bytes += c->bytes;
			if (c->blocks)
				report->size_lifetimes[report->size_lifetime_count++] = (struct ms_report_size_lifetime){s, k, c->blocks, c->bytes};
		}
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_lifetimes = {
	.name = "lifetimes",
	.summary = "how long blocks lived, by powers of two of nanoseconds and of their sizes",
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = free,
};
