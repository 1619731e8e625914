/* report_names.c - see report_names.h. */
#include "report_names.h"

#include <stdio.h>
#include <time.h>

const char *ms_ended_name(enum ms_report_ended ended)
{
	static const char *const names[] = {
		[MS_REPORT_EXITED] = "exited", [MS_REPORT_SIGNALED] = "signaled", [MS_REPORT_RUNNING] = "running",
		[MS_REPORT_UNKNOWN] = "unknown", [MS_REPORT_TRUNCATED] = "truncated",
	};

	return names[ended];
}

const char *ms_time_text(char buffer[MS_TIME_TEXT], uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm tm;
	size_t n = 0;

	if (gmtime_r(&seconds, &tm))
		n = strftime(buffer, MS_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buffer + n, MS_TIME_TEXT - n, ".%09uZ", (unsigned)(unix_ns % 1000000000));
	return buffer;
}

#define SITE_SUMS(X) \
	X(allocations) X(reallocations) X(allocated_bytes) X(frees) X(live_blocks) X(live_bytes) X(peak_blocks) \
	X(peak_bytes) X(temporary_allocations) X(ended_blocks)

void ms_site_add(struct ms_report_site *sum, const struct ms_report_site *site)
{
#define X(field) sum->field += site->field;
	SITE_SUMS(X)
#undef X
}

void ms_site_subtract(struct ms_report_site *sum, const struct ms_report_site *site)
{
#define X(field) sum->field -= site->field;
	SITE_SUMS(X)
#undef X
}
