/*
 * estimates.c - sums weighted by what each sampled block stands for; see estimate.h.
 *
 * An allocation and a reallocation are told apart by the call, not by the step: a realloc of a block that is not in the sample is an
 * allocation of the sample, but of everything it is a reallocation. For the same reason the end of a block by a realloc whose new block is
 * not in the sample is no free.
 *
 * The share of a call path in the peak: as in sites.c, peaks are numbered, and the level of a path is saved when it is about to
 * change for the first time since the last one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"

double ms_sample_probability(const struct ms_capture *capture, uint64_t size_bytes)
{
	switch (capture->sampling) {
	case MS_SAMPLING_PER_ALLOCATION:
		return size_bytes >= MS_SAMPLE_UNIT_BYTES ? 1 : capture->sample_per_billion / 1e9;
	case MS_SAMPLING_PER_UNIT: /* of one unit the rate itself, not what is left of it after the logarithm */
		return size_bytes < MS_SAMPLE_UNIT_BYTES ? capture->sample_per_billion / 1e9
		                                         : -expm1((double)MS_SAMPLE_UNITS(size_bytes) * log1p(-(capture->sample_per_billion / 1e9)));
	case MS_SAMPLING_PER_BYTE:
		return -expm1(-(double)(size_bytes ? size_bytes : 1) / (double)capture->sample_bytes);
	default:
		return 1;
	}
}

uint64_t ms_estimate_round(double value)
{
	return value < 0.5 ? 0 : value >= 0x1p63 ? UINT64_C(1) << 63 : (uint64_t)(value + 0.5);
}

static void add_estimate(struct ms_estimate *a, const struct ms_estimate *b)
{
	a->value += b->value;
	a->error = sqrt(a->error * a->error + b->error * b->error);
}

void ms_path_estimate_add(struct ms_path_estimate *a, const struct ms_path_estimate *b)
{
	add_estimate(&a->blocks, &b->blocks);
	add_estimate(&a->allocated_bytes, &b->allocated_bytes);
	add_estimate(&a->live_blocks, &b->live_blocks);
	add_estimate(&a->live_bytes, &b->live_bytes);
	add_estimate(&a->reallocations, &b->reallocations);
	a->peak_bytes += b->peak_bytes;
	a->level_error = sqrt(a->level_error * a->level_error + b->level_error * b->level_error);
	a->given |= b->given;
}

/* ---- the analysis -------------------------------------------------------------------------------------------------- */

struct sum {
	double value, variance;
};

struct path {
	struct sum blocks, reallocations, allocated, live_blocks, live_bytes;
	double peak_bytes, peak_variance; /* level at peak number `epoch`, if that is the last one */
	uint64_t count;                  /* sampled blocks that live: 0 makes sums of levels exactly 0 again */
	uint64_t begun;                  /* sampled blocks, since the start of the trace; what they add to the variances */
	double block_variance, byte_variance;
	uint64_t epoch;
	uint32_t image;
};

struct estimates {
	const struct ms_capture *capture; /* NULL: everything was recorded */
	struct path *at;                 /* by node */
	size_t node_count;
	struct path all;
	struct sum allocations, reallocations, frees, freed;
	double drawn_bytes, weighted_variance; /* of blocks that were not sure to be in: estimated bytes, and what they add, weighted by these */
	double peak, peak_variance;
	uint64_t peak_ns, epoch;
	uint32_t image, peak_image;
};

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	const struct ms_process *p = ms_trace_process(context->trace);
	struct estimates *s = calloc(1, sizeof *s);

	*state = s;
	if (!s)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for estimates");
	if (!ms_is_sample(p))
		return MS_OK;
	s->capture = &p->capture;
	s->node_count = context->stacks->node_count;
	s->at = calloc(s->node_count, sizeof *s->at);
	return s->at ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for estimates of %zu call paths", s->node_count);
}

static void destroy(void *state)
{
	struct estimates *s = state;

	if (s)
		free(s->at);
	free(s);
}

static inline double variance(double x, double p)
{
	return (1 - p) / (p * p) * x * x;
}

/* One sampled block with x of something; sign -1 takes it out again. */
static inline void add(struct sum *s, double x, double p, int sign)
{
	s->value += sign * (x / p);
	s->variance += sign * variance(x, p);
}

static void begin(struct path *a, double size, double p)
{
	a->begun++;
	a->block_variance += variance(1, p);
	a->byte_variance += variance(size, p);
	add(&a->blocks, 1, p, 1);
	add(&a->allocated, size, p, 1);
}

static void touch(const struct estimates *s, struct path *a)
{
	if (a->epoch != s->epoch) {
		a->peak_bytes = a->image == s->peak_image ? a->live_bytes.value : 0;
		a->peak_variance = a->image == s->peak_image ? a->live_bytes.variance : 0;
		a->epoch = s->epoch;
	}
	if (a->image != s->image) {
		a->live_blocks = a->live_bytes = (struct sum){0};
		a->count = 0;
		a->image = s->image;
	}
}

static void change_level(struct path *a, uint64_t size, double p, int sign)
{
	a->count += (uint64_t)sign;
	add(&a->live_blocks, 1, p, sign);
	add(&a->live_bytes, (double)size, p, sign);
	if (a->count == 0)
		a->live_blocks = a->live_bytes = (struct sum){0};
}

static void level(struct estimates *s, const struct ms_view *v, uint32_t i, double p, int sign)
{
	struct path *a = &s->at[v->site[i]];

	touch(s, a);
	change_level(a, v->size_bytes[i], p, sign);
	change_level(&s->all, v->size_bytes[i], p, sign);
	if (s->all.live_bytes.value > s->peak) {
		s->peak = s->all.live_bytes.value;
		s->peak_ns = v->time_ns[i];
		s->peak_variance = s->all.live_bytes.variance;
		s->peak_image = s->image;
		s->epoch++;
	}
}

/* Levels stay, and are the peak of now. */
static void start_window(struct estimates *s, const struct ms_view *v)
{
	for (size_t i = 0; i < s->node_count; i++) {
		struct path *a = &s->at[i];

		touch(s, a);
		a->blocks = a->reallocations = a->allocated = (struct sum){0};
	}
	s->all.blocks = s->all.allocated = (struct sum){0};
	s->allocations = s->reallocations = s->frees = s->freed = (struct sum){0};
	s->peak = s->all.live_bytes.value;
	s->peak_ns = v->time_ns[0];
	s->peak_variance = s->all.live_bytes.variance;
	s->peak_image = s->image;
	s->epoch++;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct estimates *s = state;

	(void)err;
	if (!s->capture)
		return MS_OK;
	for (uint32_t i = 0; i < v->count; i++) {
		unsigned step = v->step[i] & (MS_STEP_TEMPORARY - 1);
		double p, size = (double)v->size_bytes[i];

		if (step == MS_STEP_WINDOW) {
			start_window(s, v);
			continue;
		}
		if (step == MS_STEP_IMAGE) {
			s->image++;
			s->all.live_blocks = s->all.live_bytes = (struct sum){0};
			s->all.count = 0;
			continue;
		}
		if (step != MS_STEP_ALLOCATE && step != MS_STEP_REALLOCATE && step != MS_STEP_FREE && step != MS_STEP_MOVE &&
		    step != MS_STEP_RETURN && step != MS_STEP_RESUME && step != MS_STEP_LOSE)
			continue;
		p = ms_sample_probability(s->capture, v->size_bytes[i]);
		switch (step) {
		case MS_STEP_ALLOCATE:
		case MS_STEP_REALLOCATE:
			level(s, v, i, p, 1);
			begin(&s->at[v->site[i]], size, p);
			begin(&s->all, size, p);
			if (p < 1) {
				s->drawn_bytes += size / p;
				s->weighted_variance += size / p * variance(size, p);
			}
			add(v->kind[i] == MS_EV_REALLOC ? &s->reallocations : &s->allocations, 1, p, 1);
			if (v->kind[i] == MS_EV_REALLOC)
				add(&s->at[v->site[i]].reallocations, 1, p, 1);
			break;
		case MS_STEP_FREE:
			add(&s->frees, 1, p, 1);
			/* fall through */
		case MS_STEP_MOVE:
		case MS_STEP_RESUME:
			level(s, v, i, p, -1);
			add(&s->freed, size, p, 1);
			break;
		case MS_STEP_RETURN:
			level(s, v, i, p, 1);
			add(&s->freed, size, p, -1);
			break;
		default: /* MS_STEP_LOSE */
			if (v->kind[i] != MS_EV_REALLOC_OUT)
				add(&s->frees, 1, p, 1);
			break;
		}
	}
	return MS_OK;
}

static struct ms_estimate estimate(const struct sum *s, double one_more)
{
	return (struct ms_estimate){s->value > 0 ? s->value : 0, sqrt((s->variance > 0 ? s->variance : 0) + one_more)};
}

static double one_more(const struct path *a, double variance_of_all)
{
	return a->begun ? variance_of_all / (double)a->begun : 0;
}

/* Of a path: as if it had one more block that is like those of all. Few blocks of its own say little of its sizes, many say what they are. */
static double one_more_of_path(const struct path *a, double variance_of_own, double one_of_all)
{
	return (one_of_all + variance_of_own) / (double)(1 + a->begun);
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct estimates *s = state;
	double block, byte;

	(void)err;
	if (!s->capture)
		return MS_OK;
	block = one_more(&s->all, s->all.block_variance);
	byte = s->drawn_bytes > 0 ? s->weighted_variance / s->drawn_bytes : 0;
	report->estimate = (struct ms_totals_estimate){
		.allocations = estimate(&s->allocations, block), .reallocations = estimate(&s->reallocations, block),
		.frees = estimate(&s->frees, block), .allocated_bytes = estimate(&s->all.allocated, byte), .freed_bytes = estimate(&s->freed, byte),
		.live_blocks = estimate(&s->all.live_blocks, block), .live_bytes = estimate(&s->all.live_bytes, byte),
		.peak_bytes = s->peak, .peak_time_ns = s->peak_ns,
		.level_error = sqrt((s->peak_variance > 0 ? s->peak_variance : 0) + byte), 
		/* By bytes a path of small blocks can be missed that has many. */
		.unseen_blocks = fmax(sqrt(block), s->capture->sampling == MS_SAMPLING_PER_BYTE ? (double)s->capture->sample_bytes : 0), .unseen_bytes = sqrt(byte),
	};
	for (size_t i = 0; i < report->site_count; i++) {
		struct path *a = &s->at[report->sites[i].node];
		double path_block = one_more_of_path(a, a->block_variance, block), path_byte = one_more_of_path(a, a->byte_variance, byte);

		touch(s, a);
		report->sites[i].estimate = (struct ms_path_estimate){
			.blocks = estimate(&a->blocks, path_block), .reallocations = estimate(&a->reallocations, path_block),
			.allocated_bytes = estimate(&a->allocated, path_byte),
			.live_blocks = estimate(&a->live_blocks, path_block), .live_bytes = estimate(&a->live_bytes, path_byte),
			.peak_bytes = a->peak_bytes > 0 ? a->peak_bytes : 0,
			.level_error = sqrt((a->peak_variance > 0 ? a->peak_variance : 0) + path_byte), .given = true,
		};
	}
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_estimates = {
	.name = "estimates",
	.summary = "what a sample says about everything, with standard errors",
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = destroy,
};
