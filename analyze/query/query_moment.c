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

/* What the last event before the moment is known by. Events from `first` on are looked at. */
struct search {
	uint64_t first;
	const char *mark;                /* the first mark with this text is the last one */
	uint64_t peak_bytes;             /* or (mark NULL): the first event after which this much is live */
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
			*events = b.first_event + i + 1;
			if (s->mark) {
				*found = is_mark(q, &b, i, s->mark);
			} else {
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
	uint64_t first, end, *times;
	uint32_t count, n = 0;
	size_t at = q->event_block_count;
	int rc;

	/* The last block with an event at or before this time: events of this very time may stand in several. */
	ms_query_events_between(q, 0, ns, &first, &end);
	while (at > 0 && ms_trace_block(q->trace, q->event_blocks[at - 1])->first_event >= end)
		at--;
	*events = 0;
	if (at == 0 || end == 0)
		return MS_OK;
	rc = ms_trace_event_times(q->trace, q->event_blocks[at - 1], &times, &count, err);
	if (rc)
		return rc;
	while (n < count && times[n] <= ns)
		n++;
	free(times);
	*events = ms_trace_block(q->trace, q->event_blocks[at - 1])->first_event + n;
	return MS_OK;
}

int ms_query_time_of(struct ms_query *q, uint64_t event, uint64_t *time_ns, struct ms_error *err)
{
	size_t low = 0, high = q->event_block_count;
	const struct ms_block_info *info;
	uint64_t *times;
	uint32_t count;
	int rc;

	while (low < high) { /* the last block that starts at or before the event */
		size_t middle = low + (high - low) / 2;

		if (ms_trace_block(q->trace, q->event_blocks[middle])->first_event <= event)
			low = middle + 1;
		else
			high = middle;
	}
	*time_ns = 0;
	if (low == 0)
		return MS_OK;
	info = ms_trace_block(q->trace, q->event_blocks[low - 1]);
	rc = ms_trace_event_times(q->trace, q->event_blocks[low - 1], &times, &count, err);
	if (rc)
		return rc;
	if (event - info->first_event < count)
		*time_ns = times[event - info->first_event];
	free(times);
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
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET,
		               "no event made the peak: it counts a block whose realloc was never seen to end; ask for a time near %llu ns",
		               (unsigned long long)q->report.totals.peak_time_ns);
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
	int rc = ms_query_event_blocks(q, err);

	if (rc)
		return rc;
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
