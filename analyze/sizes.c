/* sizes.c - how large the blocks are: a histogram by powers of two, and how often each exact size was asked for. */
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "mix64.h"

#define SMALL_SIZES 65536u           /* counted in an array */
#define LARGE_SIZES_MAX (1u << 18)   /* distinct larger sizes that are kept; classes stay exact beyond */

struct sizes {
	struct ms_report_size_class classes[65];
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

	(void)context;
	*state = s;
	return s ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for sizes");
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

/* A step that is alone in its view. */
static void view_alone(struct sizes *s, const struct ms_view *v)
{
	struct ms_report_size_class *c = &s->classes[class_of(v->size_bytes[0])];

	if (v->step[0] == MS_STEP_RETURN) {
		c->live_blocks++;
		c->live_bytes += v->size_bytes[0];
	} else if (v->step[0] == MS_STEP_RESUME) {
		c->live_blocks--;
		c->live_bytes -= v->size_bytes[0];
	} else if (v->step[0] == MS_STEP_WINDOW) {
		for (int k = 0; k < 65; k++)
			s->classes[k].blocks = s->classes[k].bytes = 0;
		memset(s->small, 0, sizeof s->small);
		if (s->large)
			memset(s->large, 0, s->large_capacity * sizeof *s->large);
		s->large_count = 0;
		s->partial = false;
	} else if (v->step[0] == MS_STEP_IMAGE) {
		for (int k = 0; k < 65; k++)
			s->classes[k].live_blocks = s->classes[k].live_bytes = 0;
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
		uint64_t begins = ms_step_begins(v->step[i]), ends = ms_step_ends(v->step[i]), size = v->size_bytes[i];
		struct ms_report_size_class *c = &s->classes[class_of(size)];

		c->blocks += begins;
		c->bytes += size & -begins;
		c->live_blocks += begins - ends;
		c->live_bytes += (size & -begins) - (size & -ends);
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
	for (unsigned k = 0; k < 65; k++) {
		report->size_classes[k] = s->classes[k];
		report->size_classes[k].min_bytes = k ? 1ull << (k - 1) : 0;
		report->size_classes[k].max_bytes = k ? UINT64_MAX >> (64 - k) : 0;
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
