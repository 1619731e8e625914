/* json_diff.c - a comparison as JSON, one function per top-level key. See diff_render.h. */
#include <stdlib.h>
#include <string.h>

#include "diff_order.h"
#include "diff_words.h"
#include "diff_render.h"
#include "json_stack.h"
#include "json_writer.h"
#include "report_names.h"

static void window(struct ms_json *j, const struct ms_report_window *w)
{
	if (w->given && w->from_event == 0 && w->from_ns == 0)
		ms_json_uint(j, "as_of_ns", w->to_ns);
	else
		ms_json_null(j, "as_of_ns");
	if (!w->given) {
		ms_json_null(j, "window");
		return;
	}
	ms_json_object(j, "window");
	ms_json_uint(j, "from_ns", w->from_ns);
	ms_json_uint(j, "to_ns", w->to_ns);
	ms_json_uint(j, "from_event", w->from_event);
	ms_json_uint(j, "to_event", w->to_event);
	ms_json_end_object(j);
}

static void side(struct ms_json *j, const char *key, const struct ms_diff_side *s)
{
	ms_json_object(j, key);
	ms_json_array(j, "runs");
	for (size_t i = 0; i < s->count; i++) {
		const struct ms_report_trace *t = &s->reports[i]->trace;

		ms_json_object(j, NULL);
		ms_json_string(j, "file", t->file);
		ms_json_array(j, "command");
		for (size_t k = 0; k < t->process->command_count; k++)
			ms_json_string(j, NULL, t->process->command[k]);
		ms_json_end_array(j);
		ms_json_string(j, "executable", t->process->executable);
		ms_json_uint(j, "start_time_unix_ns", t->process->start_time_unix_ns);
		ms_json_uint(j, "duration_ns", t->duration_ns);
		window(j, &s->reports[i]->window);
		ms_json_string(j, "ended", ms_ended_name(t->ended));
		ms_json_bool(j, "complete", t->complete);
		ms_json_uint(j, "events", t->events);
		ms_json_uint(j, "lost_events", t->lost_events);
		ms_json_uint(j, "paused_ns", t->paused_ns);
		ms_json_bool(j, "paused_before", t->paused_before);
		ms_json_share(j, "symbolized_share_weighted", t->symbolized_frame_uses, t->frame_uses);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_end_object(j);
}

static void side_value(struct ms_json *j, const char *key, const struct ms_diff_side_value *v, bool several)
{
	ms_json_object(j, key);
	ms_json_uint(j, "median", v->median);
	if (several) {
		ms_json_uint(j, "min", v->min);
		ms_json_uint(j, "max", v->max);
	}
	ms_json_end_object(j);
}

static bool several(const struct ms_diff *d)
{
	return d->before.count + d->after.count > 2;
}

/* Into the open object. */
static void value(struct ms_json *j, const struct ms_diff *d, const struct ms_diff_value *v)
{
	side_value(j, "old", &v->before, several(d));
	side_value(j, "new", &v->after, several(d));
	ms_json_string(j, "change", ms_diff_change_name(v->change));
}

static void totals(struct ms_json *j, const struct ms_diff *d)
{
	ms_json_array(j, "totals");
	for (size_t i = 0; i < d->total_count; i++) {
		const struct ms_diff_total *t = &d->totals[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "name", t->name);
		ms_json_string(j, "summary", t->summary);
		ms_json_string(j, "unit", t->bytes ? "bytes" : "count");
		ms_json_bool(j, "observable", t->observable);
		if (t->observable)
			value(j, d, &t->value);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void metrics(struct ms_json *j, const struct ms_diff *d)
{
	ms_json_array(j, "metrics");
	for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++) {
		const struct ms_diff_summary *s = &d->summary[m];

		ms_json_object(j, NULL);
		ms_json_string(j, "name", ms_diff_metrics[m].name);
		ms_json_string(j, "unit", ms_diff_metrics[m].bytes ? "bytes" : "count");
		ms_json_bool(j, "observable", s->observable);
		for (unsigned c = MS_DIFF_GROWN; c < MS_DIFF_CHANGES && s->observable; c++) {
			ms_json_object(j, ms_diff_change_name((uint8_t)c));
			ms_json_uint(j, "call_paths", s->paths[c]);
			ms_json_uint(j, "amount", s->amount[c]);
			ms_json_end_object(j);
		}
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void path(struct ms_json *j, const char *key, const struct ms_report *r, const struct ms_diff_path *p)
{
	if (!p->sites) {
		ms_json_null(j, key);
		return;
	}
	ms_json_object(j, key);
	ms_json_uint(j, "run", p->run);
	ms_json_uint(j, "site", p->node);
	ms_json_uint(j, "call_paths", p->sites);
	ms_json_stack(j, "stack", r, p->node);
	ms_json_end_object(j);
}

static void changes(struct ms_json *j, const struct ms_diff *d, const struct ms_diff_ranked *ranked, size_t count, size_t top)
{
	size_t n = top && count > top ? top : count;

	ms_json_array(j, "changes");
	for (size_t i = 0; i < n; i++) {
		const struct ms_diff_row *row = &d->rows[ranked[i].row];

		ms_json_object(j, NULL);
		ms_json_string(j, "metric", ms_diff_metrics[ranked[i].metric].name);
		ms_json_string(j, "change", ms_diff_change_name(ranked[i].change));
		ms_json_share(j, "share", ranked[i].share, 1ull << 32);
		ms_json_string(j, "pairing", ms_diff_pairing_name(row->pairing));
		ms_json_uint(j, "edits", row->edits);
		ms_json_object(j, "metrics");
		for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++) {
			if (!d->summary[m].observable)
				continue;
			ms_json_object(j, ms_diff_metrics[m].name);
			value(j, d, &row->value[m]);
			ms_json_end_object(j);
		}
		ms_json_end_object(j);
		path(j, "old", row->before.sites ? ms_diff_old_report(d, row) : NULL, &row->before);
		path(j, "new", row->after.sites ? ms_diff_new_report(d, row) : NULL, &row->after);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_uint(j, "changes_omitted", count - n);
}

static void finding_list(struct ms_json *j, const char *key, const struct ms_diff_finding *list, size_t count)
{
	ms_json_array(j, key);
	for (size_t i = 0; i < count; i++) {
		const struct ms_finding *f = list[i].finding;

		ms_json_object(j, NULL);
		ms_json_string(j, "kind", ms_finding_kinds[f->kind].name);
		ms_json_string(j, "severity", ms_severity_name(f->severity));
		ms_json_string(j, "certainty", ms_certainty_name(f->certainty));
		ms_json_string(j, "fingerprint", f->fingerprint);
		ms_json_string(j, "message", f->message);
		ms_json_uint(j, "run", list[i].run);
		ms_json_uint(j, "runs", list[i].runs);
		ms_json_uint(j, "id", f->id);
		ms_json_bool(j, "comparable", list[i].comparable);
		ms_json_stack(j, "allocation", ms_finding_home(list[i].report, f), f->allocation_node);
		ms_json_stack(j, "error", ms_finding_home(list[i].report, f), f->error_node);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void findings(struct ms_json *j, const struct ms_diff *d)
{
	ms_json_object(j, "findings");
	ms_json_array(j, "not_observable");
	for (int k = 0; k < MS_FINDING_KIND_COUNT; k++)
		if (!((d->kinds_old & d->kinds_new) >> k & 1))
			ms_json_string(j, NULL, ms_finding_kinds[k].name);
	ms_json_end_array(j);
	finding_list(j, "new", d->new_findings, d->new_finding_count);
	finding_list(j, "fixed", d->fixed_findings, d->fixed_finding_count);
	ms_json_uint(j, "common", d->common_findings);
	ms_json_end_object(j);
}

static void threads(struct ms_json *j, const struct ms_diff *d)
{
	ms_json_array(j, "threads");
	for (size_t i = 0; i < d->thread_count; i++) {
		const struct ms_diff_thread *t = &d->threads[i];
		const struct {
			const char *name;
			const struct ms_diff_value *v;
		} values[] = {{"threads", &t->threads}, {"allocations", &t->allocations}, {"allocated_bytes", &t->allocated_bytes},
		              {"live_bytes", &t->live_bytes}, {"temporary_allocations", &t->temporary}};

		ms_json_object(j, NULL);
		ms_json_string(j, "name", *t->name ? t->name : NULL);
		ms_json_bool(j, "main", t->is_main);
		ms_json_string(j, "presence", ms_diff_change_name(t->presence));
		for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
			ms_json_object(j, values[k].name);
			value(j, d, values[k].v);
			ms_json_end_object(j);
		}
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void curve(struct ms_json *j, const char *key, const struct ms_report *r)
{
	ms_json_array(j, key);
	for (size_t i = 0; i < r->timeline_count; i++) {
		const struct ms_report_bucket *b = &r->timeline[i];

		ms_json_object(j, NULL);
		ms_json_uint(j, "start_ns", b->start_ns);
		ms_json_uint(j, "min_live_bytes", b->min_live_bytes);
		ms_json_uint(j, "max_live_bytes", b->max_live_bytes);
		ms_json_uint(j, "allocations", b->allocations);
		ms_json_uint(j, "frees", b->frees);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

/* The runs of a side, in order. */
static void curves(struct ms_json *j, const char *key, const struct ms_diff_side *s)
{
	ms_json_array(j, key);
	for (size_t i = 0; i < s->count; i++) {
		ms_json_object(j, NULL);
		ms_json_uint(j, "run", i);
		ms_json_uint(j, "peak_bytes", s->reports[i]->totals.peak_bytes);
		curve(j, "buckets", s->reports[i]);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void conditions(struct ms_json *j, const struct ms_diff_render_options *o)
{
	static const char *const verdicts[] = {"fails", "holds", "unknown"};

	ms_json_array(j, "conditions");
	for (size_t i = 0; i < o->condition_count; i++) {
		ms_json_object(j, NULL);
		ms_json_string(j, "expression", o->conditions[i].expression);
		ms_json_string(j, "verdict", verdicts[o->conditions[i].verdict]);
		ms_json_string(j, "found", o->conditions[i].found);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

int ms_render_diff_json(FILE *out, const struct ms_diff *d, const struct ms_diff_render_options *o, struct ms_error *err)
{
	struct ms_json j;
	size_t count;
	struct ms_diff_ranked *ranked = ms_diff_rank(d, o->metric, &count);

	if (!ranked)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu rows", d->row_count);
	ms_json_init(&j, out, 3);
	ms_json_object(&j, NULL);
	ms_json_uint(&j, "schema_version", MS_DIFF_SCHEMA_VERSION);
	side(&j, "old", &d->before);
	side(&j, "new", &d->after);
	ms_json_bool(&j, "programs_differ", d->programs_differ);
	ms_json_bool(&j, "same_recording", d->same_recording);
	ms_json_bool(&j, "estimated", ms_diff_of_samples(d));
	conditions(&j, o);
	ms_json_object(&j, "call_paths");
	ms_json_uint(&j, "old", d->paths_old);
	ms_json_uint(&j, "new", d->paths_new);
	ms_json_uint(&j, "unchanged", d->paths_unchanged);
	ms_json_uint(&j, "changed", count);
	ms_json_uint(&j, "paired_by_similar_names", d->paths_fuzzy);
	ms_json_bool(&j, "pairing_limited", d->pairing_limited);
	ms_json_bool(&j, "templates_ignored", d->options.ignore_templates);
	ms_json_end_object(&j);
	totals(&j, d);
	metrics(&j, d);
	ms_json_string(&j, "ranked_by", o->metric < MS_DIFF_METRIC_COUNT ? ms_diff_metrics[o->metric].name : "impact");
	changes(&j, d, ranked, count, o->top);
	findings(&j, d);
	threads(&j, d);
	ms_json_object(&j, "timeline");
	curve(&j, "old", d->before.reports[0]);
	curve(&j, "new", d->after.reports[0]);
	curves(&j, "old_runs", &d->before);
	curves(&j, "new_runs", &d->after);
	ms_json_end_object(&j);
	ms_json_end_object(&j);
	free(ranked);
	if (fflush(out) || ferror(out))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the comparison");
	return MS_OK;
}
