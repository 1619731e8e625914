/* moment.c - see moment.h. */
#include "moment.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "format/cancel.h"
#include "format/container.h"
#include "format/checkpoint.h"
#include "format/trace_index.h"
#include "peak_watch.h"
#include "steps.h"

#define EXPECTED "12.5s (or ms, us, ns, min, h), event:N, mark:TEXT, snapshot:NAME, live>100MiB, blocks>N, peak, start, end or 50%%"
#define WHOLE_SHARE 100000000u           /* 100 % in millionths of a percent */

/* ---- text ---------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint64_t factor;
	unsigned digits;                 /* after the point, at most; trailing zeros do not count */
	uint8_t kind;
} units[] = {
	{"ns", 1, 0, MS_MOMENT_TIME},
	{"us", 1000, 3, MS_MOMENT_TIME},
	{"ms", 1000000, 6, MS_MOMENT_TIME},
	{"s", 1000000000, 9, MS_MOMENT_TIME},
	{"min", 60 * UINT64_C(1000000000), 9, MS_MOMENT_TIME},
	{"h", 3600 * UINT64_C(1000000000), 9, MS_MOMENT_TIME},
	{"%", 1000000, 6, MS_MOMENT_SHARE},
};

static int unknown(const char *text, struct ms_error *err)
{
	return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'%.60s' is no moment: expected " EXPECTED, text);
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *s, which is moved behind them. */
static bool whole_number(const char **s, uint64_t *value)
{
	*value = 0;
	if (!digit(**s))
		return false;
	for (; digit(**s); (*s)++)
		if (__builtin_mul_overflow(*value, UINT64_C(10), value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**s - '0'), value))
			return false;
	return true;
}

static int parse_quantity(struct ms_moment *out, const char *text, struct ms_error *err)
{
	const char *s = text, *fraction = "";
	uint64_t value, part = 0, scale = 1;
	size_t digits = 0, u = 0;

	if (!whole_number(&s, &value))
		return unknown(text, err);
	if (*s == '.') {
		fraction = ++s;
		digits = strspn(s, "0123456789");
		s += digits;
		if (digits == 0)
			return unknown(text, err);
		while (digits && fraction[digits - 1] == '0')
			digits--;
	}
	while (u < sizeof units / sizeof *units && strcmp(units[u].name, s) != 0)
		u++;
	if (u == sizeof units / sizeof *units)
		return unknown(text, err);
	if (digits > units[u].digits)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'%.60s' is no moment: at most %u digits after the point with '%s'", text,
		               units[u].digits, units[u].name);
	for (size_t i = 0; i < digits; i++) {
		part = part * 10 + (uint64_t)(fraction[i] - '0');
		scale *= 10;
	}
	/* part / scale of the unit: exact, because the factor is a multiple of every scale allowed. */
	if (__builtin_mul_overflow(value, units[u].factor, &value) ||
	    __builtin_add_overflow(value, part * (units[u].factor / scale), &value))
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'%.60s' is no moment: it is beyond 584 years", text);
	if (units[u].kind == MS_MOMENT_SHARE && value > WHOLE_SHARE)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'%.60s' is no moment: a share is at most 100%%", text);
	*out = (struct ms_moment){.kind = units[u].kind, .value = value};
	return MS_OK;
}

/* live>SIZE, blocks>N */
static int parse_level(struct ms_moment *out, const char *text, struct ms_error *err)
{
	static const struct {
		const char *name;
		unsigned shift;
	} sizes[] = {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
	const bool blocks = text[0] == 'b';
	const char *s = strchr(text, '>') + 1;
	size_t u = 0;

	*out = (struct ms_moment){.kind = blocks ? MS_MOMENT_BLOCKS : MS_MOMENT_LIVE};
	if (!whole_number(&s, &out->value))
		return unknown(text, err);
	while (u < sizeof sizes / sizeof *sizes && strcmp(sizes[u].name, s) != 0)
		u++;
	if (u == sizeof sizes / sizeof *sizes || (blocks && *s) || out->value > UINT64_MAX >> sizes[u].shift)
		return unknown(text, err);
	out->value <<= sizes[u].shift;
	return MS_OK;
}

int ms_moment_parse(struct ms_moment *out, const char *text, struct ms_error *err)
{
	static const struct {
		const char *name;
		uint8_t kind;
	} words[] = {{"start", MS_MOMENT_START}, {"end", MS_MOMENT_END}, {"peak", MS_MOMENT_PEAK}};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(text, words[i].name) == 0) {
			*out = (struct ms_moment){.kind = words[i].kind};
			return MS_OK;
		}
	if (strncmp(text, "mark:", 5) == 0) {
		*out = (struct ms_moment){.kind = MS_MOMENT_MARK, .mark = text + 5};
		return MS_OK;
	}
	if (strncmp(text, "snapshot:", 9) == 0) {
		*out = (struct ms_moment){.kind = MS_MOMENT_SNAPSHOT, .mark = text + 9};
		return MS_OK;
	}
	if (strncmp(text, "live>", 5) == 0 || strncmp(text, "blocks>", 7) == 0)
		return parse_level(out, text, err);
	if (strncmp(text, "event:", 6) == 0) {
		const char *s = text + 6;

		*out = (struct ms_moment){.kind = MS_MOMENT_EVENT};
		return whole_number(&s, &out->value) && *s == '\0' ? MS_OK : unknown(text, err);
	}
	return parse_quantity(out, text, err);
}

/* ---- in the trace -------------------------------------------------------------------------------------------------- */

static uint64_t duration_ns(const struct ms_trace *t)
{
	const struct ms_end *end = ms_trace_end(t);
	uint64_t last = ms_trace_last_time_ns(t);

	return end && end->time_ns > last ? end->time_ns : last;
}

/* Time of the event just before `event`; 0 before the first. */
static int time_before(uint64_t *time_ns, const struct ms_trace *t, uint64_t event, struct ms_error *err)
{
	*time_ns = 0;
	for (size_t i = 0; i < ms_trace_block_count(t) && event > 0; i++) {
		const struct ms_block_info *b = ms_trace_block(t, i);
		uint64_t *times;
		uint32_t count;
		int rc;

		if (b->kind != MS_BLOCK_EVENTS || event - 1 < b->first_event || event - 1 - b->first_event >= b->count)
			continue;
		rc = ms_trace_event_times(t, i, &times, &count, err);
		if (rc)
			return rc;
		*time_ns = times[event - 1 - b->first_event];
		free(times);
		break;
	}
	return MS_OK;
}

int ms_moment_events_until(uint64_t *event, const struct ms_trace *t, uint64_t time_ns, struct ms_error *err)
{
	size_t last = SIZE_MAX;
	const struct ms_block_info *b;
	uint64_t *times;
	uint32_t count, n = 0;
	int rc;

	for (size_t i = 0; i < ms_trace_block_count(t); i++)
		if (ms_trace_block(t, i)->kind == MS_BLOCK_EVENTS && ms_trace_block(t, i)->first_time_ns <= time_ns)
			last = i;
	*event = 0;
	if (last == SIZE_MAX)
		return MS_OK;
	b = ms_trace_block(t, last);
	*event = b->first_event + b->count;
	if (b->last_time_ns <= time_ns)
		return MS_OK;
	rc = ms_trace_event_times(t, last, &times, &count, err);
	if (rc)
		return rc;
	while (n < count && times[n] <= time_ns)
		n++;
	free(times);
	*event = b->first_event + n;
	return MS_OK;
}

/* What an index says about marks: all of them. */
static bool indexed_mark(struct ms_instant *out, const struct ms_trace *t, const char *text)
{
	const struct ms_index_facts *facts = ms_trace_index(t);

	for (size_t i = 0; i < facts->mark_count; i++)
		if (strcmp(ms_trace_string(t, facts->marks[i].string), text) == 0) {
			*out = (struct ms_instant){facts->marks[i].event + 1, facts->marks[i].time_ns};
			return true;
		}
	return false;
}

static int no_such(const char *what, const char *text, struct ms_error *err)
{
	return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "the trace has no %s '%.100s'", what, text);
}

/* The first event of this kind (MARK, SNAPSHOT) with this text. An index has all marks; snapshots are looked for. */
static int find_named(struct ms_instant *out, const struct ms_trace *t, uint8_t kind, const char *text, const struct ms_cancel *cancel,
                      struct ms_error *err)
{
	const char *what = ms_event_kinds[kind].name;
	struct ms_cursor *c;
	bool known = false, found = false;
	int rc;

	if (kind == MS_EV_MARK && ms_trace_index(t))
		return indexed_mark(out, t, text) ? MS_OK : no_such(what, text, err);

	for (uint32_t id = 1; id <= ms_trace_string_count(t) && !known; id++)
		known = strcmp(ms_trace_string(t, id), text) == 0;
	if (!known)
		return no_such(what, text, err);
	rc = ms_cursor_open(&c, t, MS_COLUMN_ARGS, 0, 1, err);
	if (rc)
		return rc;
	for (;;) {
		struct ms_batch b;

		rc = ms_cancelled(cancel, err);
		if (rc == MS_OK)
			rc = ms_cursor_next(c, &b, err);
		if (rc || b.count == 0)
			break;
		for (uint32_t i = 0; i < b.count && !found; i++) {
			const char *mark = b.kind[i] == kind && b.arg[i][0] <= UINT32_MAX
			                           ? ms_trace_string(t, (uint32_t)b.arg[i][0]) : NULL;

			if (mark && strcmp(mark, text) == 0) {
				found = true;
				*out = (struct ms_instant){b.first_event + i + 1, b.time_ns[i]};
			}
		}
		if (found)
			break;
	}
	ms_cursor_close(c);
	if (rc == MS_OK && !found)
		return no_such(what, text, err);
	return rc;
}

/* ---- the peak ------------------------------------------------------------------------------------------------------ */

/* What is looked for: the highest level, or the first one above a value. */
struct watch {
	struct ms_peak_watch peak;
	bool above, blocks, found;
	uint64_t value;
};

static void look(struct watch *w, const struct ms_view *v)
{
	const uint64_t *level = w->blocks ? v->live_blocks : v->live_bytes;
	const bool event = v->kind[0] != 0;

	if (!w->above) {
		ms_peak_look(&w->peak, v);
		return;
	}
	for (uint32_t i = 0; i < v->count && !w->found; i++)
		if (level[i] > w->value) {
			w->peak.at = (struct ms_instant){w->peak.next_event + (event ? i + 1 : 0), v->time_ns[i]};
			w->found = true;
		}
	w->peak.next_event += event ? v->count : 0;
}

/* All steps of a batch; NULL: those that wait at the end. */
static int look_at_batch(struct watch *w, struct ms_steps *steps, const struct ms_batch *batch, struct ms_view_room *room,
                         struct ms_error *err)
{
	uint32_t position = 0;

	for (;;) {
		struct ms_view view;
		bool produced;
		int rc = ms_steps_next(steps, batch, &position, room, &view, &produced, err);

		if (rc || !produced)
			return rc;
		look(w, &view);
	}
}

/* Steps and cursor where the search begins: for a level behind the last checkpoint before which it was never passed. */
static int begin_search(struct watch *w, struct ms_steps *steps, struct ms_cursor **c, const struct ms_trace *t, struct ms_error *err)
{
	struct ms_checkpoint checkpoint = {0};
	uint64_t from = 0, to;
	bool found = false;
	int rc = MS_OK;

	if (w->above) {
		ms_trace_checkpoint_above(t, w->blocks, w->value, &from, &to);
		if (from > 0)
			rc = ms_trace_checkpoint_before(t, from, &checkpoint, &found, err);
	}
	if (rc == MS_OK)
		rc = ms_cursor_open(c, t, 0, found ? checkpoint.event : 0, 2, err);
	if (rc == MS_OK && found) {
		w->peak.next_event = checkpoint.event;
		rc = ms_steps_restore(steps, &checkpoint, err);
	} else if (rc == MS_OK) {
		uint64_t blocks = 0;

		rc = ms_peak_begin(&w->peak, steps, *c, ms_trace_process(t)->part.from_ns, &blocks, err);
		w->found = w->above && (w->blocks ? blocks : w->peak.live_bytes) > w->value;
	}
	ms_checkpoint_free(&checkpoint);
	return rc;
}

static int find_level(struct ms_instant *out, const struct ms_moment *m, const struct ms_trace *t, const struct ms_cancel *cancel,
                      struct ms_error *err)
{
	struct ms_stack_map stacks = {0}; /* steps look up nodes of stacks; here all are one */
	struct ms_view_room *room = malloc(sizeof *room);
	struct ms_steps *steps = NULL;
	struct ms_cursor *c = NULL;
	const struct ms_index_facts *facts = ms_trace_index(t);
	struct watch w = {.above = m->kind != MS_MOMENT_PEAK, .blocks = m->kind == MS_MOMENT_BLOCKS, .value = m->value};
	int rc;

	if (facts && !w.above) {
		w.peak.live_bytes = facts->peak_bytes;
		w.peak.at = (struct ms_instant){facts->peak_event, facts->peak_time_ns};
		rc = MS_OK;
		goto done;
	}
	stacks.node_of_stack = calloc((size_t)ms_trace_stack_count(t) + 1, sizeof *stacks.node_of_stack);
	rc = room && stacks.node_of_stack ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to find the peak");
	if (rc == MS_OK)
		rc = ms_steps_open(&steps, &stacks, ms_trace_thread_count(t), 1, err);
	if (rc == MS_OK)
		rc = begin_search(&w, steps, &c, t, err);
	while (rc == MS_OK && !w.found) {
		struct ms_batch batch;

		rc = ms_cancelled(cancel, err);
		if (rc == MS_OK)
			rc = ms_cursor_next(c, &batch, err);
		if (rc || batch.count == 0)
			break;
		rc = look_at_batch(&w, steps, &batch, room, err);
	}
	if (rc == MS_OK && !w.found)
		rc = ms_steps_end(steps, err);
	if (rc == MS_OK && !w.found)
		rc = look_at_batch(&w, steps, NULL, room, err);
done:
	if (rc == MS_OK && w.above && !w.found)
		rc = ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "live %s never rise above %" PRIu64, w.blocks ? "blocks" : "bytes", w.value);
	if (rc == MS_OK && !w.above && w.peak.live_bytes == 0)
		rc = ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "the trace has no peak: no byte was ever alive");
	*out = w.peak.at;
	ms_cursor_close(c);
	ms_steps_close(steps);
	free(stacks.node_of_stack);
	free(room);
	return rc;
}

static int resolve(struct ms_instant *out, const struct ms_moment *m, const struct ms_trace *t, const struct ms_cancel *cancel,
                   struct ms_error *err)
{
	uint64_t events = ms_trace_event_count(t), end_ns = duration_ns(t), time_ns = m->value;
	uint64_t start_ns = ms_trace_process(t)->part.from_ns; /* 0, but in a part of a trace */

	*out = (struct ms_instant){0, 0};
	switch (m->kind) {
	case MS_MOMENT_START:
		out->time_ns = start_ns;
		return MS_OK;
	case MS_MOMENT_END:
		*out = (struct ms_instant){events, end_ns};
		return MS_OK;
	case MS_MOMENT_PEAK:
	case MS_MOMENT_LIVE:
	case MS_MOMENT_BLOCKS:
		return find_level(out, m, t, cancel, err);
	case MS_MOMENT_MARK:
		return find_named(out, t, MS_EV_MARK, m->mark, cancel, err);
	case MS_MOMENT_SNAPSHOT:
		return find_named(out, t, MS_EV_SNAPSHOT, m->mark, cancel, err);
	case MS_MOMENT_EVENT:
		if (m->value >= events)
			return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "the trace has no event %" PRIu64 ": it has %" PRIu64 ", the first is 0",
			               m->value, events);
		out->event = m->value + 1;
		return time_before(&out->time_ns, t, out->event, err);
	case MS_MOMENT_SHARE:
		if (start_ns <= end_ns)
			time_ns = start_ns + (uint64_t)((unsigned __int128)(end_ns - start_ns) * m->value / WHOLE_SHARE);
		break;
	default:
		break;
	}
	if (time_ns > end_ns)
		return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "the trace has no moment at %" PRIu64 " ns: it ends at %" PRIu64 " ns", time_ns,
		               end_ns);
	if (time_ns < start_ns)
		return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "the trace has no moment at %" PRIu64 " ns: this part of a recording begins at %" PRIu64
		               " ns", time_ns, start_ns);
	out->time_ns = time_ns;
	return ms_moment_events_until(&out->event, t, time_ns, err);
}

int ms_moment_resolve(struct ms_instant *out, const struct ms_moment *m, const struct ms_trace *t, struct ms_error *err)
{
	return resolve(out, m, t, NULL, err);
}

int ms_moment_find_or_cancel(struct ms_instant *out, const char *text, const struct ms_trace *trace, const struct ms_cancel *cancel,
                             struct ms_error *err)
{
	struct ms_moment m;
	int rc = ms_moment_parse(&m, text, err);

	return rc ? rc : resolve(out, &m, trace, cancel, err);
}

int ms_moment_find(struct ms_instant *out, const char *text, const struct ms_trace *trace, struct ms_error *err)
{
	return ms_moment_find_or_cancel(out, text, trace, NULL, err);
}
