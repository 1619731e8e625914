/*
 * timeline_buckets.h - how time is cut into the buckets of a timeline: one rule for all that count by bucket.
 *
 * Pure; thread-safe. Times in nanoseconds since the start of the recording.
 */
#ifndef MS_ANALYZE_TIMELINE_BUCKETS_H
#define MS_ANALYZE_TIMELINE_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "analysis.h"

struct ms_timeline_buckets {
	uint64_t from_ns;
	uint64_t length_ns;              /* of all buckets: that of the window + 1, so that its last instant is inside */
	size_t count;                    /* what was asked for, but none shorter than 1 ns */
};

static inline struct ms_timeline_buckets ms_timeline_buckets_of(const struct ms_analysis_context *context)
{
	uint64_t duration_ns = context->to_ns - context->from_ns;
	struct ms_timeline_buckets b = {context->from_ns, duration_ns + (duration_ns < UINT64_MAX), context->timeline_buckets};

	if (b.count > b.length_ns)
		b.count = (size_t)b.length_ns;
	return b;
}

/* Start of bucket i, rounded up: what happens at t is in the last bucket whose start is <= t. */
static inline uint64_t ms_timeline_bucket_start(const struct ms_timeline_buckets *b, size_t i)
{
	return b->from_ns + (uint64_t)(((unsigned __int128)b->length_ns * i + b->count - 1) / b->count);
}

/* When bucket i ends and the next one starts; the last one takes everything after it. */
static inline uint64_t ms_timeline_bucket_end(const struct ms_timeline_buckets *b, size_t i)
{
	return i + 1 < b->count ? ms_timeline_bucket_start(b, i + 1) : UINT64_MAX;
}

/* The bucket of a moment; what lies before the first one belongs to it. */
static inline size_t ms_timeline_bucket_at(const struct ms_timeline_buckets *b, uint64_t time_ns)
{
	uint64_t since = time_ns > b->from_ns ? time_ns - b->from_ns : 0;
	size_t i = (size_t)((unsigned __int128)since * b->count / b->length_ns);

	return i < b->count ? i : b->count - 1;
}

#endif
