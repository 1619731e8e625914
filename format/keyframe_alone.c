/* keyframe_alone.c - what a keyframe says without a cursor: how many of its blocks are of a range. See trace_reader.h. */
#include <stdlib.h>

#include "columns.h"
#include "trace_fb.h"
#include "trace_internal.h"

/* A column of a part. */
static int decode(uint64_t *values, uint32_t count, struct fb_column column, uint64_t offset, struct ms_error *err)
{
	struct ms_fb_vector data = fb_column_data(column);

	if (fb_column_count(column) != count || ms_column_decode64(values, count, fb_column_codec(column), data.data, data.count) != MS_OK)
		return ms_fail(err, MS_E_CORRUPT, offset, "a column of the keyframe does not decode");
	return MS_OK;
}

/* *last: the greatest id so far. */
static int count_part(const struct ms_trace *t, struct ms_unpacker *u, const struct ms_block_info *info, const struct ms_birth_range *range,
		      uint64_t *last, uint64_t *count, struct ms_error *err)
{
	const bool with_times = range->low_ns > 0 || range->high_ns < UINT64_MAX;
	struct ms_block_header header;
	struct fb_keyframe k;
	uint64_t *ids, *times = NULL;
	uint32_t n;
	int rc = ms_trace_block_header(t, info, &header, err);

	if (rc == MS_OK)
		rc = ms_block_unpack(u, &t->source, info->offset, &header, NULL, &k.at, err);
	if (rc != MS_OK)
		return rc;
	n = fb_column_count(fb_keyframe_blocks(k));
	if (n != info->count || n >= fb_keyframe_next_block(k) || fb_keyframe_next_block(k) > info->first_event + 1 + t->start_blocks)
		return ms_fail(err, MS_E_CORRUPT, info->offset, "the Keyframe block and its header differ");
	ids = malloc(((size_t)n + 1) * sizeof(*ids));
	if (with_times)
		times = malloc(((size_t)n + 1) * sizeof(*times));
	if (ids == NULL || (with_times && times == NULL))
		rc = ms_fail(err, MS_E_NOMEM, info->offset, "no memory for %u live blocks", n);
	if (rc == MS_OK)
		rc = decode(ids, n, fb_keyframe_blocks(k), info->offset, err);
	if (rc == MS_OK && with_times)
		rc = decode(times, n, fb_keyframe_times(k), info->offset, err);
	for (uint32_t i = 0; rc == MS_OK && i < n; i++) {
		if (ids[i] <= *last)
			rc = ms_fail(err, MS_E_CORRUPT, info->offset, "the blocks of the keyframe are not in order");
		*last = ids[i];
		*count += ids[i] >= range->low_id && ids[i] <= range->high_id &&
			  (!with_times || (times[i] >= range->low_ns && times[i] <= range->high_ns));
	}
	free(ids);
	free(times);
	return rc;
}

int ms_trace_keyframe_count(const struct ms_trace *t, size_t index, const struct ms_birth_range *range, uint64_t *count,
			    struct ms_error *err)
{
	const struct ms_block_info *info = ms_trace_block(t, index);
	const uint64_t event = info != NULL ? info->first_event : 0;
	struct ms_unpacker u = {0};
	uint64_t last = 0;
	int rc = MS_OK;

	*count = 0;
	if (info == NULL || info->kind != MS_BLOCK_KEYFRAME)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "block %zu of the trace is no keyframe", index);
	while (rc == MS_OK && last < range->high_id && info != NULL && info->kind == MS_BLOCK_KEYFRAME && info->first_event == event) {
		rc = count_part(t, &u, info, range, &last, count, err);
		info = ms_trace_block(t, ++index);
	}
	ms_unpacker_free(&u);
	return rc;
}

uint64_t ms_trace_live_loaded(const struct ms_trace *t)
{
	return atomic_load_explicit(&t->live_loaded, memory_order_relaxed);
}
