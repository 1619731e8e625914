/* system.c - series of samples of the process in the recording or window, summed up over the buckets of the timeline. */
#include "system.h"

#include <stdlib.h>
#include <string.h>

#include "format/trace_reader.h"
#include "report.h"

void ms_report_system_free(struct ms_report_system *s)
{
	for (size_t i = 0; i < s->series_count; i++)
		free(s->series[i].bins);
	free(s->series);
	*s = (struct ms_report_system){0};
}

const struct ms_system_series *ms_system_find(const struct ms_report_system *s, const char *name)
{
	for (size_t i = 0; i < s->series_count; i++)
		if (strcmp(s->series[i].name, name) == 0)
			return &s->series[i];
	return NULL;
}

static int add_samples(struct ms_system_series *s, const struct ms_sample *samples, size_t n,
                       const struct ms_report_bucket *timeline, size_t bucket_count, struct ms_error *err)
{
	size_t bucket = 0;

	s->bins = calloc(bucket_count + 1, sizeof *s->bins);
	if (!s->bins)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for series %s", s->name);
	s->samples = n;
	s->first_ns = samples[0].time_ns;
	s->last_ns = samples[n - 1].time_ns;
	s->first = s->min = samples[0].value;
	s->last = samples[n - 1].value;
	for (size_t i = 0; i < n; i++) {
		uint64_t v = samples[i].value;
		struct ms_system_bin *b;

		if (i == 0 || v > s->max) {
			s->max = v;
			s->max_ns = samples[i].time_ns;
		}
		s->min = v < s->min ? v : s->min;
		while (bucket + 1 < bucket_count && samples[i].time_ns >= timeline[bucket + 1].start_ns)
			bucket++;
		b = &s->bins[bucket];
		b->min = b->samples == 0 || v < b->min ? v : b->min;
		b->max = b->samples == 0 || v > b->max ? v : b->max;
		b->last = v;
		b->samples++;
	}
	return MS_OK;
}

/* Samples are in order of time: those of the window, both ends included, are a run. Without a window all are. */
static const struct ms_sample *in_window(const struct ms_report_window *w, const struct ms_sample *samples, size_t *n)
{
	if (!w->given)
		return samples;
	while (*n && samples[0].time_ns < w->from_ns) {
		samples++;
		--*n;
	}
	while (*n && samples[*n - 1].time_ns > w->to_ns)
		--*n;
	return samples;
}

static const char *without_samples(const struct ms_process *p)
{
	const char *b = p->capture.backend ? p->capture.backend : "";

	if (strcmp(b, "core") == 0 || strcmp(b, "async") == 0 || strcmp(b, "unified") == 0)
		return "it was recorded inside the program: nobody stood beside it who could look at the process (--backend)";
	return "it was recorded without samples of the process (--monitor)";
}

int ms_system_collect(struct ms_report *report, const struct ms_trace *trace, struct ms_error *err)
{
	struct ms_report_system *s = &report->system;
	const uint32_t count = ms_trace_series_count(trace);

	s->interval_ns = ms_trace_process(trace)->monitor_interval_ns;
	if (count == 0) {
		s->reason = s->interval_ns == 0 ? without_samples(ms_trace_process(trace)) :
		            "the program ended before the first sample";
		return MS_OK;
	}
	s->series = calloc(count, sizeof *s->series);
	if (!s->series)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %u series", count);
	s->series_count = count;
	for (uint32_t id = 1; id <= count; id++) {
		const struct ms_series *from = ms_trace_series(trace, id);
		struct ms_system_series *to = &s->series[id - 1];
		size_t n;
		const struct ms_sample *samples = ms_trace_samples(trace, id, &n);
		const bool any = n != 0;

		to->name = ms_trace_string(trace, from->name);
		to->source = ms_trace_string(trace, from->source);
		to->unit = from->unit;
		to->cumulative = from->cumulative;
		samples = in_window(&report->window, samples, &n);
		if (any && n == 0) {
			to->reason = "no sample was taken in the window";
		} else if (n == 0) {
			to->reason = from->reason ? ms_trace_string(trace, from->reason) : "no sample was taken before the record ended";
		} else {
			int rc = add_samples(to, samples, n, report->timeline, report->timeline_count, err);

			if (rc)
				return rc;
		}
	}
	return MS_OK;
}
