#include "estimate_words.h"

#include <inttypes.h>
#include <stdio.h>

const char *ms_estimate_bytes(char buffer[MS_ESTIMATE_TEXT], const struct ms_estimate *e, bool exact)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	ms_unit_bytes(a, ms_estimate_round(e->value), exact);
	if (e->error < 0)
		snprintf(buffer, MS_ESTIMATE_TEXT, "~%s", a);
	else
		snprintf(buffer, MS_ESTIMATE_TEXT, "~%s +-%s", a, ms_unit_bytes(b, ms_estimate_round(e->error), exact));
	return buffer;
}

const char *ms_estimate_count(char buffer[MS_ESTIMATE_TEXT], const struct ms_estimate *e)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	ms_unit_count(a, ms_estimate_round(e->value));
	if (e->error < 0)
		snprintf(buffer, MS_ESTIMATE_TEXT, "~%s", a);
	else
		snprintf(buffer, MS_ESTIMATE_TEXT, "~%s +-%s", a, ms_unit_count(b, ms_estimate_round(e->error)));
	return buffer;
}

const char *ms_sample_words(char buffer[MS_SAMPLE_TEXT], const struct ms_capture *c)
{
	char a[MS_UNIT_TEXT];

	buffer[0] = '\0';
	if (c->sampling == MS_SAMPLING_PER_UNIT)
		snprintf(buffer, MS_SAMPLE_TEXT, "%.9g %% of the allocations below 4 KiB, more of larger ones, seed %" PRIu64, c->sample_per_billion / 1e7,
		         c->sample_seed);
	else if (c->sampling == MS_SAMPLING_PER_ALLOCATION)
		snprintf(buffer, MS_SAMPLE_TEXT, "%.9g %% of the allocations below 4 KiB and all others, seed %" PRIu64, c->sample_per_billion / 1e7,
		         c->sample_seed);
	else if (c->sampling == MS_SAMPLING_PER_BYTE)
		snprintf(buffer, MS_SAMPLE_TEXT, "one byte in %s, and the blocks that they lie in, seed %" PRIu64, ms_unit_count(a, c->sample_bytes),
		         c->sample_seed);
	return buffer;
}
