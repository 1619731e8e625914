#include "event_decode.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "limits.h"
#include "trace_fb.h"
#include "trace_reader.h"

#define ANY_ADDRESS (MS_COLUMN_ADDRESS | MS_COLUMN_MAP_ADDRESS)

enum { CODES_SIZE, CODES_STACK, CODES_FREE, CODES_ARG };

int ms_decoded_create(struct ms_decoded **out, uint32_t columns, struct ms_error *err)
{
	struct ms_decoded *d = calloc(1, sizeof(*d));
	const size_t n = MS_MAX_EVENTS_PER_BLOCK;
	size_t bytes = 0;
	const struct {
		void **array;
		size_t element;
	} arrays[] = {
		/* Widest first, so that all are aligned. */
		{(void **)&d->time_ns, 8},
		{(void **)&d->size_bytes, 8},
		{(void **)&d->block, 8},
		{(void **)&d->codes[CODES_SIZE], 8},
		{(void **)&d->codes[CODES_STACK], 8},
		{(void **)&d->codes[CODES_FREE], 8},
		{(void **)&d->codes[CODES_ARG], columns & MS_COLUMN_ARGS ? 16 : 0},
		{(void **)&d->arg, columns & MS_COLUMN_ARGS ? 16 : 0},
		{(void **)&d->address_code, columns & ANY_ADDRESS ? 8 : 0},
		{(void **)&d->raw_address, columns & ANY_ADDRESS ? 8 : 0},
		{(void **)&d->thread, 4},
		{(void **)&d->stack, 4},
		{(void **)&d->kind, 1},
	};
	const size_t array_count = sizeof(arrays) / sizeof(arrays[0]);

	if (d == NULL)
		goto fail;
	for (size_t i = 0; i < array_count; i++)
		bytes += n * arrays[i].element;
	d->memory = malloc(bytes);
	if (d->memory == NULL)
		goto fail_memory;
	for (size_t i = 0, at = 0; i < array_count; i++) {
		*arrays[i].array = arrays[i].element > 0 ? (uint8_t *)d->memory + at : NULL;
		at += n * arrays[i].element;
	}
	*out = d;
	return MS_OK;

fail_memory:
	free(d);
fail:
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to decode events");
}

void ms_decoded_destroy(struct ms_decoded *d)
{
	if (d == NULL)
		return;
	free(d->memory);
	free(d);
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

static int column_failed(int rc, const char *name, struct fb_column c, uint32_t count, uint64_t offset,
			 struct ms_error *err)
{
	if (rc == MS_E_UNSUPPORTED)
		return ms_fail(err, MS_E_CORRUPT, offset, "column %s has unknown codec %u", name, fb_column_codec(c));
	if (fb_column_count(c) != count)
		return ms_fail(err, MS_E_CORRUPT, offset, "column %s has %u values, %u are expected", name,
			       fb_column_count(c), count);
	return ms_fail(err, MS_E_CORRUPT, offset, "column %s does not decode (codec %u, %u values in %u bytes)", name,
		       fb_column_codec(c), count, fb_column_data(c).count);
}

#define COLUMN(bits, out, column, expected, name)                                                                      \
	do {                                                                                                           \
		struct fb_column c_ = (column);                                                                        \
		struct ms_fb_vector v_ = fb_column_data(c_);                                                           \
		uint32_t n_ = (expected);                                                                              \
		int rc_ = fb_column_count(c_) != n_                                                                    \
				  ? MS_E_CORRUPT                                                                       \
				  : ms_column_decode##bits(out, n_, fb_column_codec(c_), v_.data, v_.count);           \
                                                                                                                       \
		if (rc_ != MS_OK)                                                                                      \
			return column_failed(rc_, name, c_, n_, offset, err);                                          \
	} while (0)

/* How many values the columns must have, from the kinds. */
struct expected {
	uint32_t sizes, stacks, allocs, frees, args, raw;
};

static int count_kinds(struct ms_decoded *d, bool free_stacks, struct expected *want, uint64_t offset,
		       struct ms_error *err)
{
	uint32_t histogram[256] = {0};

	for (uint32_t i = 0; i < d->count; i++)
		histogram[d->kind[i]]++;
	*want = (struct expected){0};
	for (unsigned k = 0; k < 256; k++) {
		const struct ms_event_kind_info *info = &ms_event_kinds[k];

		if (histogram[k] == 0)
			continue;
		if (info->name == NULL)
			return ms_fail(err, MS_E_CORRUPT, offset, "an event has unknown kind %u", k);
		want->sizes += info->has_size ? histogram[k] : 0;
		want->stacks += info->has_stack ? histogram[k] : 0;
		want->args += info->args * histogram[k];
		switch (info->class_) {
		case MS_CLASS_ALLOC:
			want->allocs += histogram[k];
			break;
		case MS_CLASS_FREE:
			want->frees += histogram[k];
			want->stacks += free_stacks ? histogram[k] : 0;
			break;
		case MS_CLASS_MAP:
			want->raw += histogram[k];
			break;
		default:
			break;
		}
	}
	return MS_OK;
}

static int decode_times(struct ms_decoded *d, struct fb_events e, uint64_t offset, struct ms_error *err)
{
	uint64_t now = fb_events_first_time_ns(e), worst = now;

	COLUMN(64, d->time_ns, fb_events_times(e), d->count, "times");
	if (d->time_ns[0] != 0)
		return ms_fail(err, MS_E_CORRUPT, offset, "the first time difference is not 0");
	for (uint32_t i = 0; i < d->count; i++) {
		/* No sum can wrap around unless a difference or the sum before it is too large itself. */
		worst |= d->time_ns[i];
		now += d->time_ns[i];
		worst |= now;
		d->time_ns[i] = now;
	}
	if (worst > MS_MAX_TIME_NS)
		return ms_fail(err, MS_E_CORRUPT, offset, "an event is later than the end of time");
	return MS_OK;
}

static int check_threads(const struct ms_decoded *d, uint32_t limit, uint64_t offset, struct ms_error *err)
{
	uint32_t worst = 0;

	/* Unsigned: 0 becomes the largest number. */
	for (uint32_t i = 0; i < d->count; i++)
		worst = d->thread[i] - 1 > worst ? d->thread[i] - 1 : worst;
	if (worst >= limit)
		return ms_fail(err, MS_E_CORRUPT, offset, "an event names thread %u of %u", worst + 1, limit);
	return MS_OK;
}

/* What an argument names; blocks: how many exist before the event. */
static int check_arg(const struct ms_event_kind_info *kind, unsigned n, uint64_t arg, const struct ms_id_limits *limits, uint64_t blocks,
		     uint64_t offset, struct ms_error *err)
{
	const uint64_t count[] = {[MS_REF_NUMBER] = UINT64_MAX, [MS_REF_STRING] = limits->strings, [MS_REF_MODULE] = limits->modules,
				  [MS_REF_EVIDENCE] = limits->evidence, [MS_REF_VARIABLE] = limits->variables, [MS_REF_BLOCK] = blocks};
	const unsigned ref = kind->ref[n];
	const bool needed = ref == MS_REF_EVIDENCE || ref == MS_REF_VARIABLE;

	if (arg > count[ref] || (needed && arg == 0))
		return ms_fail(err, MS_E_CORRUPT, offset, "event %s names %llu of %llu", kind->name, (unsigned long long)arg,
			       (unsigned long long)count[ref]);
	return MS_OK;
}

static int spread_args(struct ms_decoded *d, const struct ms_id_limits *limits, uint64_t offset, struct ms_error *err)
{
	const uint64_t *next = d->codes[CODES_ARG];
	uint64_t blocks = d->first_block - 1;

	for (uint32_t i = 0; i < d->count; i++) {
		const struct ms_event_kind_info *kind = &ms_event_kinds[d->kind[i]];
		unsigned n = kind->args;

		d->arg[i][0] = n > 0 ? next[0] : 0;
		d->arg[i][1] = n > 1 ? next[1] : 0;
		next += n;
		blocks += kind->class_ == MS_CLASS_ALLOC;
		for (unsigned k = 0; k < n && kind->class_ == MS_CLASS_OTHER; k++) {
			int rc = check_arg(kind, k, d->arg[i][k], limits, blocks, offset, err);

			if (rc != MS_OK)
				return rc;
		}
	}
	return MS_OK;
}

/* Sizes, stacks and blocks from their codes. Returns the number of frees without a block. */
static int predict(struct ms_decoded *d, bool free_stacks, const struct ms_id_limits *limits, uint32_t *unmatched,
		   uint64_t offset, struct ms_error *err)
{
	const uint64_t *size = d->codes[CODES_SIZE], *stack = d->codes[CODES_STACK], *freed = d->codes[CODES_FREE];
	uint64_t next_block = d->first_block, worst_stack = 0;

	memset(&d->stack_predictor, 0, sizeof(d->stack_predictor));
	memset(&d->size_predictor, 0, sizeof(d->size_predictor));
	memset(&d->free_predictor, 0, sizeof(d->free_predictor));
	*unmatched = 0;
	for (uint32_t i = 0; i < d->count; i++) {
		const struct ms_event_kind_info *kind = &ms_event_kinds[d->kind[i]];
		uint64_t id = 0, bytes = 0, block = 0;

		if (kind->has_stack || (free_stacks && kind->class_ == MS_CLASS_FREE)) {
			id = ms_stack_decode(&d->stack_predictor, d->thread[i], *stack++);
			worst_stack = id > worst_stack ? id : worst_stack;
		}
		if (kind->has_size)
			bytes = ms_size_decode(&d->size_predictor, (uint32_t)id, *size++);
		if (kind->class_ == MS_CLASS_ALLOC) {
			block = next_block++;
		} else if (kind->class_ == MS_CLASS_FREE) {
			block = ms_free_decode(&d->free_predictor, next_block - 1, *freed++);
			if (block >= next_block)
				return ms_fail(err, MS_E_CORRUPT, offset,
					       "event %llu ends block %llu, which does not exist yet",
					       (unsigned long long)(d->first_event + i), (unsigned long long)block);
			*unmatched += block == 0;
		}
		d->stack[i] = (uint32_t)id;
		d->size_bytes[i] = bytes;
		d->block[i] = block;
	}
	if (worst_stack > limits->stacks)
		return ms_fail(err, MS_E_CORRUPT, offset, "an event names stack %llu of %u",
			       (unsigned long long)worst_stack, limits->stacks);
	return MS_OK;
}

int ms_events_decode(struct ms_decoded *d, const uint8_t *body, const struct ms_id_limits *limits, uint32_t columns,
		     uint64_t offset, struct ms_error *err)
{
	const struct fb_events e = {body};
	const bool free_stacks = fb_events_free_stacks(e);
	struct expected want;
	uint32_t unmatched;
	int rc;

	d->count = fb_events_count(e);
	d->first_event = fb_events_first_event(e);
	d->first_block = fb_events_first_block(e);
	d->address_sum = fb_events_address_sum(e);
	if (d->count == 0 || d->count > MS_MAX_EVENTS_PER_BLOCK)
		return ms_fail(err, MS_E_CORRUPT, offset, "an Events block of %u events", d->count);
	if (d->first_block == 0 || d->first_block > UINT64_MAX / 2)
		return ms_fail(err, MS_E_CORRUPT, offset, "an Events block starts with block id %llu",
			       (unsigned long long)d->first_block);
	COLUMN(8, d->kind, fb_events_kinds(e), d->count, "kinds");
	rc = count_kinds(d, free_stacks, &want, offset, err);
	if (rc == MS_OK)
		rc = decode_times(d, e, offset, err);
	if (rc != MS_OK)
		return rc;
	COLUMN(32, d->thread, fb_events_threads(e), d->count, "threads");
	COLUMN(64, d->codes[CODES_SIZE], fb_events_sizes(e), want.sizes, "sizes");
	COLUMN(64, d->codes[CODES_STACK], fb_events_stacks(e), want.stacks, "stacks");
	COLUMN(64, d->codes[CODES_FREE], fb_events_frees(e), want.frees, "frees");
	rc = check_threads(d, limits->threads, offset, err);
	if (rc == MS_OK)
		rc = predict(d, free_stacks, limits, &unmatched, offset, err);
	if (rc != MS_OK)
		return rc;
	d->allocs = want.allocs;
	d->maps = want.raw;
	d->has_addresses = (columns & MS_COLUMN_ADDRESS) || (columns & MS_COLUMN_MAP_ADDRESS && d->maps > 0);
	if (d->has_addresses) {
		want.raw += unmatched;
		COLUMN(64, d->address_code, fb_events_addresses(e), want.allocs, "addresses");
		for (uint32_t i = 0; i < want.allocs; i++)
			want.raw += d->address_code[i] == MS_ADDRESS_RAW;
		COLUMN(64, d->raw_address, fb_events_raw_addresses(e), want.raw, "raw_addresses");
	}
	if (columns & MS_COLUMN_ARGS) {
		COLUMN(64, d->codes[CODES_ARG], fb_events_args(e), want.args, "args");
		rc = spread_args(d, limits, offset, err);
	}
	return rc;
}
