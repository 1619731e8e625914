/* query_moment.c - moments by text, see query_internal.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "query_internal.h"

bool ms_query_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		double factor;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 6e10}};
	double value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	value = strtod(text, &end);
	for (size_t i = 0; i < MS_QUERY_COUNT(units); i++)
		if (strcmp(end, units[i].unit) == 0 && value * units[i].factor < 9e18) {
			*ns = units[i].factor == 1 && !memchr(text, '.', (size_t)(end - text)) ? strtoull(text, NULL, 10)
			                                                                       : (uint64_t)llround(value * units[i].factor);
			return true;
		}
	return false;
}

/* The number of events up to the last one that `passes` says belongs before the moment. Events from `first` on are looked at. */
struct search {
	uint64_t first, time_ns;         /* time_ns: events at or before it belong */
	const char *mark;                /* or: the first mark with this text is the last one */
	uint64_t peak_bytes;             /* or (mark NULL, time_ns 0): the first event after which this much is live */
	uint64_t live_bytes;             /* before `first` */
};

static bool is_mark(const struct ms_query *q, const struct ms_batch *b, uint32_t i, const char *mark)
{
	return b->kind[i] == MS_EV_MARK && strcmp(ms_trace_string(q->trace, (uint32_t)b->arg[i][0]), mark) == 0;
}

static uint64_t live_after(uint64_t live, const struct ms_batch *b, uint32_t i)
{
	unsigned class_ = ms_event_kinds[b->kind[i]].class_;

	if (class_ == MS_CLASS_ALLOC)
		return live + b->size_bytes[i];
	if (class_ == MS_CLASS_FREE && b->block[i])
		return live - b->size_bytes[i];
	return b->kind[i] == MS_EV_IMAGE_START ? 0 : live;
}

static int find(struct ms_query *q, struct ms_cursor *c, struct search *s, uint64_t *events, bool *found, struct ms_error *err)
{
	struct ms_batch b;
	int rc;

	*found = false;
	*events = s->first;
	while ((rc = ms_query_should_stop(q, err)) == MS_OK && (rc = ms_cursor_next(c, &b, err)) == MS_OK && b.count) {
		for (uint32_t i = 0; i < b.count; i++) {
			*events = b.first_event + i;
			if (!s->mark && !s->peak_bytes && b.time_ns[i] > s->time_ns) {
				*found = true;
				return MS_OK;
			}
			++*events;
			if (s->mark) {
				*found = is_mark(q, &b, i, s->mark);
			} else if (s->peak_bytes) {
				s->live_bytes = live_after(s->live_bytes, &b, i);
				*found = s->live_bytes == s->peak_bytes;
			}
			if (*found)
				return MS_OK;
		}
	}
	return rc;
}

static int at_time(struct ms_query *q, uint64_t ns, uint64_t *events, struct ms_error *err)
{
	struct search s = {.time_ns = ns};
	struct ms_cursor *c = NULL;
	uint64_t first, end;
	bool found;
	int rc = ms_query_event_blocks(q, err);

	if (rc)
		return rc;
	ms_query_events_between(q, ns, ns, &first, &end);
	/* Events of this very time may go on into later blocks: `end` is the first block that starts after it. */
	while (first < end) {
		rc = ms_cursor_open(&c, q->trace, 0, first, 1, err);
		if (rc)
			return rc;
		s.first = first;
		rc = find(q, c, &s, events, &found, err);
		ms_cursor_close(c);
		return rc;
	}
	*events = first;
	return MS_OK;
}

static int at_mark(struct ms_query *q, const char *mark, uint64_t *events, struct ms_error *err)
{
	struct search s = {.mark = mark};
	struct ms_cursor *c = NULL;
	bool found = false;
	int rc = ms_cursor_open(&c, q->trace, MS_COLUMN_ARGS, 0, 2, err);

	if (rc == MS_OK)
		rc = find(q, c, &s, events, &found, err);
	ms_cursor_close(c);
	if (rc == MS_OK && !found)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "the trace has no mark '%s': see SELECT text FROM marks", mark);
	return rc;
}

static int at_peak(struct ms_query *q, uint64_t *events, struct ms_error *err)
{
	struct search s = {0};
	struct ms_cursor *c = NULL;
	const struct ms_live_block *live;
	uint64_t end;
	size_t n;
	bool found = false;
	int rc = ms_query_report(q, err);

	if (rc == MS_OK)
		rc = ms_query_event_blocks(q, err);
	*events = 0;
	if (rc || q->report.totals.peak_bytes == 0)
		return rc;
	s.peak_bytes = q->report.totals.peak_bytes;
	ms_query_events_between(q, q->report.totals.peak_time_ns, q->report.totals.peak_time_ns, &s.first, &end);
	rc = ms_cursor_open(&c, q->trace, 0, s.first, 1, err);
	if (rc == MS_OK)
		rc = ms_cursor_live(c, &live, &n, err);
	if (rc == MS_OK) {
		for (size_t i = 0; i < n; i++)
			s.live_bytes += live[i].size_bytes;
		rc = find(q, c, &s, events, &found, err);
	}
	ms_cursor_close(c);
	if (rc == MS_OK && !found)
		return ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "the event of the peak is not where the report says");
	return rc;
}

static uint64_t duration_ns(const struct ms_trace *t)
{
	const struct ms_end *end = ms_trace_end(t);
	uint64_t last = ms_trace_last_time_ns(t);

	return end && end->time_ns > last ? end->time_ns : last;
}

int ms_query_moment(struct ms_query *q, const char *text, uint64_t *events, struct ms_error *err)
{
	uint64_t count = ms_trace_event_count(q->trace), ns;
	char *end;

	if (strcmp(text, "start") == 0) {
		*events = 0;
		return MS_OK;
	}
	if (strcmp(text, "end") == 0) {
		*events = count;
		return MS_OK;
	}
	if (strcmp(text, "peak") == 0)
		return at_peak(q, events, err);
	if (strncmp(text, "mark:", 5) == 0)
		return at_mark(q, text + 5, events, err);
	if (strncmp(text, "event:", 6) == 0 && text[6] >= '0' && text[6] <= '9') {
		errno = 0;
		*events = strtoull(text + 6, &end, 10);
		if (*end == '\0' && !errno) {
			if (*events >= count)
				return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "there is no event %llu: the trace has %llu, numbered from 0",
				               (unsigned long long)*events, (unsigned long long)count);
			++*events;
			return MS_OK;
		}
	}
	if (*text >= '0' && *text <= '9') {
		double percent = strtod(text, &end);

		if (strcmp(end, "%") == 0 && percent <= 100)
			return at_time(q, (uint64_t)((double)duration_ns(q->trace) * percent / 100), events, err);
	}
	if (ms_query_duration(text, &ns))
		return at_time(q, ns, events, err);
	return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET,
	               "'%s' is no moment: there are '12.5s' (ms, us, ns), '50%%', 'event:N', 'mark:TEXT', 'peak', 'start', 'end'", text);
}
