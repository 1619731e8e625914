/*
 * sizes.c - how large the blocks are: a histogram by powers of two, with what the allocator's rounding (usable.h) makes of them, and how
 * often each exact size was asked for.
 *
 * Blocks that begin and blocks that end are counted apart, so that an event adds to one of both; levels are the difference.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "mix64.h"
#include "usable.h"

#define SMALL_SIZES 65536u           /* counted in an array */
#define LARGE_SIZES_MAX (1u << 18)   /* distinct larger sizes that are kept; classes stay exact beyond */

struct tally {
	uint64_t blocks, bytes, usable_bytes;
};
enum { BEGUN, ENDED };

struct sizes {
	struct tally tallies[65][2];     /* BEGUN, ENDED; sums wrap around, differences are right */
	struct tally before[65];         /* to be added to BEGUN - ENDED for what lives: the level at the start of the window */
	const char *usable_rule;
	struct ms_report_size *large;    /* open addressing, blocks == 0 = free slot */
	size_t large_count, large_capacity;
	bool partial;
	uint64_t small[SMALL_SIZES];
};

static inline unsigned class_of(uint64_t size)
{
	return size ? 64 - (unsigned)__builtin_clzll(size) : 0;
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct sizes *s = calloc(1, sizeof *s);

	*state = s;
	if (!s)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for sizes");
	s->usable_rule = ms_usable_rule(ms_trace_process(context->trace));
	return MS_OK;
}

static void destroy(void *state)
{
	struct sizes *s = state;

	if (s)
		free(s->large);
	free(s);
}

static struct ms_report_size *slot(struct ms_report_size *table, size_t capacity, uint64_t size)
{
	size_t i = ms_mix64(size) & (capacity - 1);

	while (table[i].blocks && table[i].size_bytes != size)
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

static int grow(struct sizes *s)
{
	size_t capacity = s->large_capacity ? s->large_capacity * 2 : 256;
	struct ms_report_size *table = calloc(capacity, sizeof *table);

	if (!table)
		return MS_E_NOMEM;
	for (size_t i = 0; i < s->large_capacity; i++)
		if (s->large[i].blocks)
			*slot(table, capacity, s->large[i].size_bytes) = s->large[i];
	free(s->large);
	s->large = table;
	s->large_capacity = capacity;
	return MS_OK;
}

static int count_large(struct sizes *s, uint64_t size)
{
	struct ms_report_size *a;

	if (s->large_count * 2 >= s->large_capacity && s->large_count < LARGE_SIZES_MAX && grow(s))
		return MS_E_NOMEM;
	a = slot(s->large, s->large_capacity, size);
	if (a->blocks == 0) {
		if (s->large_count == LARGE_SIZES_MAX) {
			s->partial = true;
			return MS_OK;
		}
		a->size_bytes = size;
		s->large_count++;
	}
	a->blocks++;
	return MS_OK;
}

static struct tally level(const struct sizes *s, int class)
{
	const struct tally *begun = &s->tallies[class][BEGUN], *ended = &s->tallies[class][ENDED], *before = &s->before[class];

	return (struct tally){before->blocks + begun->blocks - ended->blocks, before->bytes + begun->bytes - ended->bytes,
	                      before->usable_bytes + begun->usable_bytes - ended->usable_bytes};
}

/* A step that is alone in its view. */
static void view_alone(struct sizes *s, const struct ms_view *v)
{
	uint64_t size = v->size_bytes[0];
	struct tally *ended = &s->tallies[class_of(size)][ENDED];

	if (v->step[0] == MS_STEP_RETURN) {
		ended->blocks--;
		ended->bytes -= size;
		ended->usable_bytes -= ms_usable_bytes(size);
	} else if (v->step[0] == MS_STEP_RESUME) {
		ended->blocks++;
		ended->bytes += size;
		ended->usable_bytes += ms_usable_bytes(size);
	} else if (v->step[0] == MS_STEP_WINDOW) {
		for (int k = 0; k < 65; k++)
			s->before[k] = level(s, k);
		memset(s->tallies, 0, sizeof s->tallies);
		memset(s->small, 0, sizeof s->small);
		if (s->large)
			memset(s->large, 0, s->large_capacity * sizeof *s->large);
		s->large_count = 0;
		s->partial = false;
	} else if (v->step[0] == MS_STEP_IMAGE) {
		for (int k = 0; k < 65; k++) {
			struct tally gone = level(s, k);

			s->before[k].blocks -= gone.blocks;
			s->before[k].bytes -= gone.bytes;
			s->before[k].usable_bytes -= gone.usable_bytes;
		}
	}
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct sizes *s = state;

	if (ms_step_is_alone(v->step[0])) {
		view_alone(s, v);
		return MS_OK;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		uint64_t begins = ms_step_begins(v->step[i]), ends = ms_step_ends(v->step[i]), size = v->size_bytes[i], counts = begins | ends;
		struct tally *t = &s->tallies[class_of(size)][ends];

		t->blocks += counts;
		t->bytes += size & -counts;
		t->usable_bytes += ms_usable_bytes(size) & -counts;
		if (size < SMALL_SIZES)
			s->small[size] += begins;
		else if (begins && count_large(s, size))
			return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for sizes");
	}
	return MS_OK;
}

static int by_blocks(const void *pa, const void *pb)
{
	const struct ms_report_size *a = pa, *b = pb;

	if (a->blocks != b->blocks)
		return a->blocks < b->blocks ? 1 : -1;
	return (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	const struct sizes *s = state;
	size_t n = s->large_count;

	for (size_t i = 0; i < SMALL_SIZES; i++)
		n += s->small[i] > 0;
	report->sizes = calloc(n + 1, sizeof *report->sizes);
	if (!report->sizes)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu sizes", n);
	for (size_t i = 0; i < SMALL_SIZES; i++)
		if (s->small[i])
			report->sizes[report->size_count++] = (struct ms_report_size){i, s->small[i]};
	for (size_t i = 0; i < s->large_capacity; i++)
		if (s->large[i].blocks)
			report->sizes[report->size_count++] = s->large[i];
	qsort(report->sizes, report->size_count, sizeof *report->sizes, by_blocks);
	report->sizes_partial = s->partial;
	report->usable_rule = s->usable_rule;
	for (int k = 0; k < 65; k++) {
		const struct tally *begun = &s->tallies[k][BEGUN], live = level(s, k);

		report->size_classes[k] = (struct ms_report_size_class){
			.min_bytes = k ? 1ull << (k - 1) : 0, .max_bytes = k ? UINT64_MAX >> (64 - k) : 0,
			.blocks = begun->blocks, .bytes = begun->bytes, .live_blocks = live.blocks, .live_bytes = live.bytes,
			.usable_bytes = s->usable_rule ? begun->usable_bytes : 0, .live_usable_bytes = s->usable_rule ? live.usable_bytes : 0,
		};
	}
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_sizes = {
	.name = "sizes",
	.summary = "sizes of the blocks: by powers of two, and the most frequent ones",
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = destroy,
};
