/* lifetimes.c - how long blocks lived that were freed or reallocated: a histogram by powers of two of nanoseconds. */
#include <stdlib.h>

#include "analysis.h"

struct lifetimes {
	struct ms_report_amount classes[65];
};

static inline unsigned class_of(uint64_t ns)
{
	return ns ? 64 - (unsigned)__builtin_clzll(ns) : 0;
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

	(void)err;
	if (v->step[0] == MS_STEP_RETURN) {
		struct ms_report_amount *c = &l->classes[class_of(v->moved_ns - v->birth_ns[0])];

		c->blocks--;
		c->bytes -= v->size_bytes[0];
		return MS_OK;
	}
	if (v->step[0] == MS_STEP_WINDOW) {
		*l = (struct lifetimes){0};
		return MS_OK;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		uint64_t ends = ms_step_ends(v->step[i]) | (v->step[i] == MS_STEP_RESUME);
		struct ms_report_amount *c = &l->classes[class_of(v->time_ns[i] - v->birth_ns[i])];

		c->blocks += ends;
		c->bytes += v->size_bytes[i] & -ends;
	}
	return MS_OK;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	const struct lifetimes *l = state;

	(void)err;
	for (unsigned k = 0; k < 65; k++)
		report->lifetimes[k] = (struct ms_report_lifetime){
			.min_ns = k ? 1ull << (k - 1) : 0,
			.max_ns = k ? UINT64_MAX >> (64 - k) : 0,
			.blocks = l->classes[k].blocks,
			.bytes = l->classes[k].bytes,
		};
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_lifetimes = {
	.name = "lifetimes",
	.summary = "how long blocks lived, by powers of two of nanoseconds",
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = free,
};
