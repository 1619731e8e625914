/* diff_words.c - see diff_words.h. */
#include "diff_words.h"

#include "analyze/findings.h"
#include "escape.h"
#include "report_names.h"
#include "units.h"

void ms_diff_run_words(FILE *out, const struct ms_report *run)
{
	const struct ms_report_trace *r = &run->trace;
	const struct ms_report_window *w = &run->window;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	ms_escape_text(out, r->file);
	fputs(": ", out);
	ms_escape_words(out, r->process->command, r->process->command_count);
	fprintf(out, ", %s", ms_unit_of(a, r->events, "event"));
	if (w->given && w->from_event == 0 && w->from_ns == 0)
		fprintf(out, ", as of %s", ms_unit_duration(b, w->to_ns));
	else if (w->given)
		fprintf(out, ", window %s to %s", ms_unit_duration(a, w->from_ns), ms_unit_duration(b, w->to_ns));
	else
		fprintf(out, ", %s", ms_unit_duration(b, r->duration_ns));
}

void ms_diff_run_notes(FILE *out, const struct ms_report *run)
{
	const struct ms_report_trace *r = &run->trace;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (!r->complete)
		fprintf(out, "not complete: %s, %s lost\n", ms_ended_name(r->ended), ms_unit_of(a, r->lost_events, "event"));
	if (r->pauses)
		fprintf(out, "recording was paused %s, for %s: what was allocated then is in no figure\n", ms_unit_of(a, r->pauses, "time"),
		        ms_unit_duration(b, r->paused_ns));
	if (r->paused_before)
		fputs("recording was paused before this window\n", out);
	if (run->culled.within_ns)
		fprintf(out, "blocks freed within %s of their birth are left out (--cull-temporary)\n", ms_unit_duration(a, run->culled.within_ns));
	if (r->frame_uses && r->symbolized_frame_uses < r->frame_uses / 2)
		fprintf(out, "%s of the frames (weighted by blocks) have a function name: what has none is paired by its module\n",
		        ms_unit_share(a, r->symbolized_frame_uses, r->frame_uses));
}

void ms_diff_verdict_words(FILE *out, size_t changed, unsigned metric)
{
	char a[MS_UNIT_TEXT];

	if (changed)
		fprintf(out, "%s changed", ms_unit_of(a, changed, "call path"));
	else
		fputs("none: no call path changed", out);
	if (metric < MS_DIFF_METRIC_COUNT)
		fprintf(out, " in %s", ms_diff_metrics[metric].name);
}

void ms_diff_paths_words(FILE *out, const struct ms_diff *d)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	fprintf(out, "%s in the old, ", ms_unit_of(a, d->paths_old, "call path"));
	fprintf(out, "%s in the new, told apart by function names; %s unchanged", ms_unit_count(a, d->paths_new),
	        ms_unit_count(b, d->paths_unchanged));
	if (d->paths_fuzzy)
		fprintf(out, ", %s paired by similar names", ms_unit_count(a, d->paths_fuzzy));
}

void ms_diff_basis_words(FILE *out, const struct ms_diff *d)
{
	char a[MS_UNIT_TEXT];

	fprintf(out, "rests on %s against ", ms_unit_of(a, d->before.count, "run"));
	fprintf(out, "%s: ", ms_unit_count(a, d->after.count));
	fputs(d->before.count + d->after.count > 2 ? "a change is a gap between the bands of the two sides that is wider than either band"
	      : ms_diff_of_samples(d) ? "what two samples of the same would differ by counts as noise"
	                              : "every difference counts, noise is not known", out);
}

bool ms_diff_of_samples(const struct ms_diff *d)
{
	bool sampled = false;

	for (size_t i = 0; i < d->before.count; i++)
		sampled |= ms_is_sample(d->before.reports[i]->trace.process);
	for (size_t i = 0; i < d->after.count; i++)
		sampled |= ms_is_sample(d->after.reports[i]->trace.process);
	return sampled;
}

bool ms_diff_culls_differ(const struct ms_diff *d)
{
	const uint64_t within_ns = d->before.reports[0]->culled.within_ns;

	for (size_t i = 0; i < d->before.count; i++)
		if (d->before.reports[i]->culled.within_ns != within_ns)
			return true;
	for (size_t i = 0; i < d->after.count; i++)
		if (d->after.reports[i]->culled.within_ns != within_ns)
			return true;
	return false;
}

void ms_diff_notes(FILE *out, const struct ms_diff *d)
{
	if (ms_diff_of_samples(d))
		fputs("a sample is compared: its figures are estimates, and differences within 2 standard errors are noise; threads, and findings of leaks, "
		      "are of the sampled blocks alone\n", out);
	if (ms_diff_culls_differ(d))
		fputs("the runs were recorded with different --cull-temporary: the totals include what was left out, but counts, peaks and threads of call "
		      "paths do not and cannot be compared; what is alive at the end can\n", out);
	if (d->programs_differ)
		fputs("the executables of the two sides have different names: expect all new and gone\n", out);
	if (d->same_recording)
		fputs("both sides are the same recording\n", out);
	if (d->pairing_limited)
		fputs("pairing by similar names stopped at its limit: some of what is new and gone may belong together\n", out);
}

void ms_diff_condition_words(FILE *out, const struct ms_diff_condition *c)
{
	static const char *const words[] = {"does not hold", "holds", "cannot be judged"};

	ms_escape_text(out, c->expression);
	fprintf(out, " %s: %s", words[c->verdict], c->found);
}
