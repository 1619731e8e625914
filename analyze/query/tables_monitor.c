/*
 * tables_monitor.c - what was measured of the process while it ran: `monitor` has a row per series, `samples` their values, `footprints` and
 * `regions` the address space at some moments.
 */
#include <stdlib.h>
#include <string.h>

#include "query_fields.h"

static const char *unit_name(uint8_t unit)
{
	static const char *const names[] = {
		[MS_UNIT_BYTES] = "bytes", [MS_UNIT_COUNT] = "count", [MS_UNIT_NANOSECONDS] = "ns", [MS_UNIT_PERCENT] = "percent",
	};

	return unit < MS_QUERY_COUNT(names) ? names[unit] : NULL;
}

static void string_value(const struct ms_query *q, sqlite3_context *out, uint32_t id)
{
	ms_q_text(out, ms_trace_string(q->trace, id));
}

/* ---- monitor ------------------------------------------------------------------------------------------------------ */

enum { M_ID, M_NAME, M_UNIT, M_CUMULATIVE, M_SOURCE, M_REASON, M_SAMPLES, M_FIRST_NS, M_LAST_NS, M_FIRST, M_LAST, M_MIN, M_MAX, M_COLUMNS };
static const struct ms_qcolumn monitor_columns[] = {
	[M_ID] = {"id", "INTEGER", MS_PUSH_KEY, true, "series"},
	[M_NAME] = {"name", "TEXT", MS_PUSH_NONE, false, "what is measured: rss, cpu_user, threads, ..."},
	[M_UNIT] = {"unit", "TEXT", MS_PUSH_NONE, false, "bytes, count, ns, percent"},
	[M_CUMULATIVE] = {"cumulative", "INTEGER", MS_PUSH_NONE, false, "1: grows from the start of the process, only differences say something"},
	[M_SOURCE] = {"source", "TEXT", MS_PUSH_NONE, false, "where it was read"},
	[M_REASON] = {"reason", "TEXT", MS_PUSH_NONE, false, "why it could not be observed; NULL = it could"},
	[M_SAMPLES] = {"samples", "INTEGER", MS_PUSH_NONE, false, "values"},
	[M_FIRST_NS] = {"first_ns", "INTEGER", MS_PUSH_NONE, false, "time of the first value"},
	[M_LAST_NS] = {"last_ns", "INTEGER", MS_PUSH_NONE, false, "time of the last value"},
	[M_FIRST] = {"first", "INTEGER", MS_PUSH_NONE, false, "first value, in the unit"},
	[M_LAST] = {"last", "INTEGER", MS_PUSH_NONE, false, "last value"},
	[M_MIN] = {"min", "INTEGER", MS_PUSH_NONE, false, "least value"},
	[M_MAX] = {"max", "INTEGER", MS_PUSH_NONE, false, "largest value"},
};

static int monitor_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = ms_trace_series_count(c->query->trace);
	return MS_OK;
}

static uint64_t extreme(const struct ms_sample *s, size_t n, bool largest)
{
	uint64_t found = s[0].value;

	for (size_t i = 1; i < n; i++)
		if (largest ? s[i].value > found : s[i].value < found)
			found = s[i].value;
	return found;
}

static int monitor_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	uint32_t id = (uint32_t)c->row + 1;
	const struct ms_series *series = ms_trace_series(c->query->trace, id);
	size_t n;
	const struct ms_sample *s = ms_trace_samples(c->query->trace, id, &n);

	(void)err;
	switch (column) {
	case M_ID:
		ms_q_uint(out, id);
		return MS_OK;
	case M_NAME:
		string_value(c->query, out, series->name);
		return MS_OK;
	case M_UNIT:
		ms_q_text(out, unit_name(series->unit));
		return MS_OK;
	case M_CUMULATIVE:
		sqlite3_result_int(out, series->cumulative);
		return MS_OK;
	case M_SOURCE:
		string_value(c->query, out, series->source);
		return MS_OK;
	case M_REASON:
		string_value(c->query, out, series->reason);
		return MS_OK;
	case M_SAMPLES:
		ms_q_uint(out, n);
		return MS_OK;
	default:
		break;
	}
	if (!n)
		return MS_OK;
	ms_q_uint(out, column == M_FIRST_NS  ? s[0].time_ns
	               : column == M_LAST_NS ? s[n - 1].time_ns
	               : column == M_FIRST   ? s[0].value
	               : column == M_LAST    ? s[n - 1].value
	                                     : extreme(s, n, column == M_MAX));
	return MS_OK;
}

static double monitor_estimate(const struct ms_query *q)
{
	return (double)ms_trace_series_count(q->trace);
}

const struct ms_qtable ms_qtable_monitor = {
	.name = "monitor", .summary = "what was measured of the process while it ran, a row per series", .columns = monitor_columns,
	.count = M_COLUMNS, .rows = monitor_rows, .value = monitor_value, .estimate = monitor_estimate, .row_cost = 1, .seek_cost = 1,
};

/* ---- samples ------------------------------------------------------------------------------------------------------ */

enum { S_SERIES, S_NAME, S_UNIT, S_SOURCE, S_TIME, S_VALUE, S_COLUMNS };
static const struct ms_qcolumn sample_columns[] = {
	[S_SERIES] = {"series", "INTEGER", MS_PUSH_SEEK, true, "monitor.id"},
	[S_NAME] = {"name", "TEXT", MS_PUSH_TEXT, false, "monitor.name"},
	[S_UNIT] = {"unit", "TEXT", MS_PUSH_NONE, false, "of the value: bytes, count, ns, percent"},
	[S_SOURCE] = {"source", "TEXT", MS_PUSH_NONE, false, "where it was read"},
	[S_TIME] = {"time_ns", "INTEGER", MS_PUSH_SEEK, false, "nanoseconds since the start of the recording; ascending within a series"},
	[S_VALUE] = {"value", "INTEGER", MS_PUSH_NONE, false, "in the unit"},
};

struct sample_scan {
	uint32_t id;                     /* of the series, 0 = none yet */
	const struct ms_series *series;
	const struct ms_sample *at;
	size_t next, count;
};

static int samples_open(struct ms_qcursor *c, struct ms_error *err)
{
	c->state = calloc(1, sizeof(struct sample_scan));
	return c->state ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
}

/* The first one at or after the time. */
static size_t first_at(const struct ms_sample *s, size_t n, uint64_t time_ns)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s[middle].time_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool next_series(struct ms_qcursor *c, struct sample_scan *s)
{
	const struct ms_trace *t = c->query->trace;
	const struct ms_qbound *id = &c->bounds[S_SERIES], *time = &c->bounds[S_TIME];
	const char *name = c->bounds[S_NAME].text;

	while (s->id < ms_trace_series_count(t)) {
		s->id++;
		s->series = ms_trace_series(t, s->id);
		s->at = ms_trace_samples(t, s->id, &s->count);
		if (s->id < id->low || s->id > id->high || (name && strcmp(name, ms_trace_string(t, s->series->name)) != 0))
			continue;
		s->next = first_at(s->at, s->count, time->low);
		if (s->next < s->count)
			return true;
	}
	return false;
}

static int samples_next(struct ms_qcursor *c, struct ms_error *err)
{
	struct sample_scan *s = c->state;

	(void)err;
	while (s->next >= s->count || s->at[s->next].time_ns > c->bounds[S_TIME].high)
		if (!next_series(c, s)) {
			c->eof = true;
			return MS_OK;
		}
	c->row = (uint64_t)s->id << 40 | s->next++;
	return MS_OK;
}

static void samples_close(struct ms_qcursor *c)
{
	free(c->state);
}

static int samples_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct sample_scan *s = c->state;

	(void)err;
	if (column == S_SERIES)
		ms_q_uint(out, s->id);
	else if (column == S_NAME)
		string_value(c->query, out, s->series->name);
	else if (column == S_UNIT)
		ms_q_text(out, unit_name(s->series->unit));
	else if (column == S_SOURCE)
		string_value(c->query, out, s->series->source);
	else
		ms_q_uint(out, column == S_TIME ? s->at[s->next - 1].time_ns : s->at[s->next - 1].value);
	return MS_OK;
}

static double samples_estimate(const struct ms_query *q)
{
	double count = 0;

	for (uint32_t id = 1; id <= ms_trace_series_count(q->trace); id++) {
		size_t n;

		ms_trace_samples(q->trace, id, &n);
		count += (double)n;
	}
	return count;
}

const struct ms_qtable ms_qtable_samples = {
	.name = "samples", .summary = "the values of all series of `monitor`, series by series", .columns = sample_columns,
	.count = S_COLUMNS, .open = samples_open, .next = samples_next, .close = samples_close, .value = samples_value,
	.estimate = samples_estimate, .row_cost = 1, .seek_cost = 1,
};

/* ---- footprints and their regions --------------------------------------------------------------------------------- */

enum { F_ID, F_TIME, F_REGIONS, F_COMPLETE, F_RESIDENT, F_ANONYMOUS, F_SWAPPED, F_COLUMNS };
static const struct ms_qcolumn footprint_columns[] = {
	[F_ID] = {"id", "INTEGER", MS_PUSH_KEY, true, "footprint, in order of time"},
	[F_TIME] = {"time_ns", "INTEGER", MS_PUSH_NONE, true, "nanoseconds since the start of the recording"},
	[F_REGIONS] = {"regions", "INTEGER", MS_PUSH_NONE, false, "mappings of the process"},
	[F_COMPLETE] = {"complete", "INTEGER", MS_PUSH_NONE, false, "0: there were more than are kept"},
	[F_RESIDENT] = {"resident", "INTEGER", MS_PUSH_NONE, false, "bytes in memory, of all regions"},
	[F_ANONYMOUS] = {"anonymous", "INTEGER", MS_PUSH_NONE, false, "of these, not of a file"},
	[F_SWAPPED] = {"swapped", "INTEGER", MS_PUSH_NONE, false, "bytes swapped out"},
};

static int footprint_rows(struct ms_qcursor *c, uint64_t *count, struct ms_error *err)
{
	(void)err;
	*count = ms_trace_footprint_count(c->query->trace);
	return MS_OK;
}

static int footprint_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct ms_footprint *f = ms_trace_footprint(c->query->trace, (size_t)c->row);
	uint64_t sum = 0;

	(void)err;
	for (size_t i = 0; column >= F_RESIDENT && i < f->region_count; i++)
		sum += column == F_RESIDENT    ? f->regions[i].resident_bytes
		       : column == F_ANONYMOUS ? f->regions[i].anonymous_bytes
		                               : f->regions[i].swapped_bytes;
	ms_q_uint(out, column == F_ID         ? c->row + 1
	               : column == F_TIME     ? f->time_ns
	               : column == F_REGIONS  ? f->region_count
	               : column == F_COMPLETE ? f->complete
	                                      : sum);
	return MS_OK;
}

static double footprint_estimate(const struct ms_query *q)
{
	return (double)ms_trace_footprint_count(q->trace);
}

const struct ms_qtable ms_qtable_footprints = {
	.name = "footprints", .summary = "moments at which the address space was looked at", .columns = footprint_columns, .count = F_COLUMNS,
	.rows = footprint_rows, .value = footprint_value, .estimate = footprint_estimate, .row_cost = 1, .seek_cost = 1,
};

enum { R_FOOTPRINT, R_TIME, R_START, R_END, R_NAME, R_ACCESS, R_RESIDENT, R_ANONYMOUS, R_SWAPPED, R_COLUMNS };
static const struct ms_qcolumn region_columns[] = {
	[R_FOOTPRINT] = {"footprint", "INTEGER", MS_PUSH_SEEK, true, "footprints.id"},
	[R_TIME] = {"time_ns", "INTEGER", MS_PUSH_NONE, true, "footprints.time_ns"},
	[R_START] = {"start", "INTEGER", MS_PUSH_NONE, false, "first address"},
	[R_END] = {"end", "INTEGER", MS_PUSH_NONE, false, "one past the last address"},
	[R_NAME] = {"name", "TEXT", MS_PUSH_NONE, false, "file, [heap], [stack], ...; NULL = without a name"},
	[R_ACCESS] = {"access", "TEXT", MS_PUSH_NONE, false, "as in /proc/PID/maps: 'rw-p'"},
	[R_RESIDENT] = {"resident", "INTEGER", MS_PUSH_NONE, false, "bytes in memory"},
	[R_ANONYMOUS] = {"anonymous", "INTEGER", MS_PUSH_NONE, false, "of these, not of a file"},
	[R_SWAPPED] = {"swapped", "INTEGER", MS_PUSH_NONE, false, "bytes swapped out"},
};

struct region_scan {
	size_t footprint;                /* index */
	const struct ms_footprint *at;   /* NULL: none yet */
	size_t next;
};

static int regions_open(struct ms_qcursor *c, struct ms_error *err)
{
	const struct ms_qbound *id = &c->bounds[R_FOOTPRINT];
	struct region_scan *s = c->state = calloc(1, sizeof *s);

	if (!s)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the query");
	s->footprint = id->low > SIZE_MAX ? SIZE_MAX : id->low ? (size_t)id->low - 1 : 0;
	return MS_OK;
}

static int regions_next(struct ms_qcursor *c, struct ms_error *err)
{
	const struct ms_trace *t = c->query->trace;
	struct region_scan *s = c->state;

	(void)err;
	while (!s->at || s->next >= s->at->region_count) {
		if (s->at)
			s->footprint++;
		if (s->footprint >= ms_trace_footprint_count(t) || s->footprint + 1 > c->bounds[R_FOOTPRINT].high) {
			c->eof = true;
			return MS_OK;
		}
		s->at = ms_trace_footprint(t, s->footprint);
		s->next = 0;
	}
	c->row = (uint64_t)(s->footprint + 1) << 32 | s->next++;
	return MS_OK;
}

static void regions_close(struct ms_qcursor *c)
{
	free(c->state);
}

static int regions_value(struct ms_qcursor *c, unsigned column, sqlite3_context *out, struct ms_error *err)
{
	const struct region_scan *s = c->state;
	const struct ms_region *r = &s->at->regions[s->next - 1];
	char access[5];

	(void)err;
	switch (column) {
	case R_FOOTPRINT:
		ms_q_uint(out, s->footprint + 1);
		break;
	case R_TIME:
		ms_q_uint(out, s->at->time_ns);
		break;
	case R_START:
		ms_q_uint(out, r->start);
		break;
	case R_END:
		ms_q_uint(out, r->end);
		break;
	case R_NAME:
		string_value(c->query, out, r->name);
		break;
	case R_ACCESS:
		access[0] = r->flags & MS_REGION_READ ? 'r' : '-';
		access[1] = r->flags & MS_REGION_WRITE ? 'w' : '-';
		access[2] = r->flags & MS_REGION_EXECUTE ? 'x' : '-';
		access[3] = r->flags & MS_REGION_SHARED ? 's' : 'p';
		access[4] = '\0';
		sqlite3_result_text(out, access, 4, SQLITE_TRANSIENT);
		break;
	case R_RESIDENT:
		ms_q_uint(out, r->resident_bytes);
		break;
	case R_ANONYMOUS:
		ms_q_uint(out, r->anonymous_bytes);
		break;
	default:
		ms_q_uint(out, r->swapped_bytes);
		break;
	}
	return MS_OK;
}

static double region_estimate(const struct ms_query *q)
{
	return (double)ms_trace_footprint_count(q->trace) * 100;
}

const struct ms_qtable ms_qtable_regions = {
	.name = "regions", .summary = "the mappings of the process at those moments, by address", .columns = region_columns, .count = R_COLUMNS,
	.open = regions_open, .next = regions_next, .close = regions_close, .value = regions_value, .estimate = region_estimate, .row_cost = 1,
	.seek_cost = 1,
};
