/* pauses.c - see pauses.h: the analysis that notes pauses and snapshots. */
#include "pauses.h"

#include <stdlib.h>

#include "analysis.h"
#include "format/buffer.h"

struct pauses {
	const struct ms_trace *trace;
	struct ms_buffer list;           /* struct ms_report_pause[], the one under way apart */
	struct ms_buffer snapshots;      /* struct ms_report_snapshot[] */
	struct ms_report_pause now;
	bool paused;
	uint64_t event, to_ns;
	uint64_t pauses, paused_ns, snapshot_count, first_ns;
};

const char *ms_asked_by_name(uint8_t asked_by)
{
	static const char *const names[MS_ASKED_COUNT] = {
		[MS_ASKED_PROGRAM] = "program", [MS_ASKED_CONTROL] = "control", [MS_ASKED_RSS] = "rss", [MS_ASKED_HEAP] = "heap",
		[MS_ASKED_INTERVAL] = "interval", [MS_ASKED_SIGNAL] = "signal",
	};

	return asked_by < MS_ASKED_COUNT ? names[asked_by] : "unknown";
}

bool ms_paused_between(const struct ms_report *report, uint64_t from_ns, uint64_t to_ns)
{
	const struct ms_report_pauses *p = &report->pauses;

	if (p->first_ns > to_ns)
		return false;
	/* Those before the window are not listed, nor are those beyond the list. */
	if (p->first_ns < report->window.from_ns && from_ns < report->window.from_ns)
		return true;
	if (p->pauses > p->count && p->count && to_ns >= p->list[p->count - 1].to_ns)
		return true;
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].from_ns <= to_ns && p->list[i].to_ns >= from_ns)
			return true;
	return false;
}

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for pauses and snapshots");
}

static void destroy(void *state)
{
	struct pauses *p = state;

	if (!p)
		return;
	ms_buffer_free(&p->list);
	ms_buffer_free(&p->snapshots);
	free(p);
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	const struct ms_part *part = &ms_trace_process(context->trace)->part;
	struct pauses *p = calloc(1, sizeof *p);

	*state = p;
	if (!p)
		return no_memory(err);
	p->trace = context->trace;
	p->to_ns = context->to_ns;
	p->first_ns = UINT64_MAX;
	if (part->paused) { /* some time before it */
		p->first_ns = part->from_ns ? part->from_ns - 1 : 0;
		p->paused = part->paused == MS_PART_PAUSED_AT_START;
		p->now = (struct ms_report_pause){.from_ns = part->from_ns, .began_before = true, .asked_by = MS_ASKED_COUNT};
	}
	return MS_OK;
}

static int end_pause(struct pauses *p, uint64_t time_ns, uint64_t event, struct ms_error *err)
{
	p->paused = false;
	p->now.to_ns = time_ns;
	p->now.to_event = event;
	p->pauses++;
	p->paused_ns += time_ns - p->now.from_ns;
	if (p->list.size / sizeof p->now >= MS_PAUSES_MAX)
		return MS_OK;
	return ms_buffer_append(&p->list, &p->now, sizeof p->now) ? no_memory(err) : MS_OK;
}

static int note_snapshot(struct pauses *p, const struct ms_view *v, uint32_t i, struct ms_error *err)
{
	const char *name = v->arg && v->arg[i][0] <= UINT32_MAX ? ms_trace_string(p->trace, (uint32_t)v->arg[i][0]) : NULL;
	const struct ms_report_snapshot s = {
		.name = name ? name : "", .time_ns = v->time_ns[i], .event = p->event + i, .live_blocks = v->live_blocks[i],
		.live_bytes = v->live_bytes[i], .thread = v->thread[i],
		.asked_by = v->arg && v->arg[i][1] < MS_ASKED_COUNT ? (uint8_t)v->arg[i][1] : MS_ASKED_COUNT,
	};

	if (p->snapshot_count++ >= MS_SNAPSHOTS_MAX)
		return MS_OK;
	return ms_buffer_append(&p->snapshots, &s, sizeof s) ? no_memory(err) : MS_OK;
}

static int note(struct pauses *p, const struct ms_view *v, uint32_t i, struct ms_error *err)
{
	uint64_t by = v->arg ? v->arg[i][0] : MS_ASKED_COUNT;
	uint8_t asked_by = by < MS_ASKED_COUNT ? (uint8_t)by : MS_ASKED_COUNT;

	if (v->kind[i] == MS_EV_SNAPSHOT)
		return note_snapshot(p, v, i, err);
	if (v->kind[i] == MS_EV_PAUSE && !p->paused) {
		p->paused = true;
		p->now = (struct ms_report_pause){.from_ns = v->time_ns[i], .from_event = p->event + i + 1, .asked_by = asked_by};
		if (p->first_ns == UINT64_MAX)
			p->first_ns = v->time_ns[i];
	} else if (v->kind[i] == MS_EV_RESUME && p->paused) {
		p->now.resumed_by = asked_by;
		p->now.ended = true;
		return end_pause(p, v->time_ns[i], p->event + i, err);
	}
	return MS_OK;
}

/* A pause under way begins with the window. */
static void start_window(struct pauses *p, uint64_t time_ns)
{
	p->list.size = p->snapshots.size = 0;
	p->pauses = p->paused_ns = p->snapshot_count = 0;
	p->now.began_before = true;
	p->now.from_ns = time_ns;
	p->now.from_event = p->event;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct pauses *p = state;
	uint8_t any = 0;

	if (ms_step_is_alone(v->step[0])) {
		if (v->step[0] == MS_STEP_WINDOW)
			start_window(p, v->time_ns[0]);
		p->event += v->kind[0] != 0;
		return MS_OK;
	}
	for (uint32_t i = 0; i < v->count; i++)
		any |= (uint8_t)(v->kind[i] - MS_EV_PAUSE) <= MS_EV_SNAPSHOT - MS_EV_PAUSE;
	for (uint32_t i = 0; any && i < v->count; i++)
		if ((uint8_t)(v->kind[i] - MS_EV_PAUSE) <= MS_EV_SNAPSHOT - MS_EV_PAUSE) {
			int rc = note(p, v, i, err);

			if (rc)
				return rc;
		}
	p->event += v->count;
	return MS_OK;
}

/* Ones added, so that a checkpoint that knows nothing of it says "never". */
static int save(const void *state, struct ms_checkpoint *c, struct ms_error *err)
{
	const struct pauses *p = state;

	(void)err;
	c->first_pause = p->first_ns == UINT64_MAX ? 0 : p->first_ns + 1;
	c->paused = p->paused ? 1 + (uint64_t)p->now.asked_by : 0;
	return MS_OK;
}

static int restore(void *state, const struct ms_start *start, struct ms_error *err)
{
	const struct ms_checkpoint *c = start->checkpoint;
	struct pauses *p = state;

	(void)err;
	p->list.size = p->snapshots.size = 0;
	p->event = start->event;
	if (c) {
		p->first_ns = c->first_pause ? c->first_pause - 1 : UINT64_MAX;
		p->paused = c->paused != 0;
		p->now = (struct ms_report_pause){.from_event = start->event, .asked_by = c->paused ? (uint8_t)(c->paused - 1) : 0};
	}
	return MS_OK;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct pauses *p = state;

	if (p->paused) {
		int rc = end_pause(p, p->to_ns > p->now.from_ns ? p->to_ns : p->now.from_ns, p->event, err);

		if (rc)
			return rc;
	}
	report->pauses = (struct ms_report_pauses){
		(struct ms_report_pause *)(void *)p->list.data, p->list.size / sizeof p->now, p->pauses, p->paused_ns, p->first_ns,
	};
	report->snapshots = (struct ms_report_snapshots){
		(struct ms_report_snapshot *)(void *)p->snapshots.data, p->snapshots.size / sizeof *report->snapshots.list, p->snapshot_count,
	};
	report->trace.pauses = p->pauses;
	report->trace.paused_ns = p->paused_ns;
	report->trace.paused_before = p->first_ns < report->window.from_ns || ms_trace_process(p->trace)->part.paused;
	p->list = p->snapshots = (struct ms_buffer){0};
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_pauses = {
	.name = "pauses",
	.summary = "when recording was paused, and snapshots",
	.columns = MS_COLUMN_ARGS,
	.create = create,
	.view = view,
	.finish = finish,
	.save = save,
	.restore = restore,
	.destroy = destroy,
};
