/* verdict_words.c - see verdict_words.h. */
#include "verdict_words.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "escape.h"
#include "format/evidence.h"
#include "units.h"

const char *ms_quality_words(const struct ms_report_trace *r)
{
	return r->process->part.kind != MS_PART_WHOLE ? "a part of a recording"
	       : r->complete && ms_is_sample(r->process) ? "a sample: figures with ~ are estimates of everything, all others count the sampled blocks alone"
	       : r->complete && r->pauses            ? "paused at times: what was allocated then is not in the trace"
	       : r->complete && r->process->capture.cull_ns ? "complete; blocks that lived for a short time are summed up, not listed"
	       : r->complete                         ? "complete: every event from start to end is in the trace"
	       : r->ended == MS_REPORT_TRUNCATED     ? "truncated: the record ends before the program did"
	       : r->lost_events || r->lost_threads   ? "incomplete: events were lost"
	       : r->damaged || r->size_limit_reached ? "incomplete: the record stops early"
	       : r->lost_stacks                      ? "all events, but some without their stack"
	                                             : "the recording stopped before the program did";
}

void ms_window_words(FILE *out, const struct ms_report_window *w)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT], d[MS_UNIT_TEXT];

	if (!w->given)
		return;
	if (w->from_event == 0 && w->from_ns == 0)
		fprintf(out, "as of %s, after %s: \"end\" is this moment", ms_unit_duration(a, w->to_ns), ms_unit_of(b, w->to_event, "event"));
	else
		fprintf(out, "from %s to %s, %s after the first %s: \"end\" is the end of this window", ms_unit_duration(a, w->from_ns),
		        ms_unit_duration(b, w->to_ns), ms_unit_of(c, w->to_event - w->from_event, "event"), ms_unit_count(d, w->from_event));
}

static void note_if(FILE *out, uint64_t count, const char *noun, const char *text)
{
	char n[MS_UNIT_TEXT];

	if (count)
		fprintf(out, "%s %s\n", ms_unit_of(n, count, noun), text);
}

/* What a part was taken from, and what that leaves open. */
static void note_part(FILE *out, const struct ms_part *p)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT], d[MS_UNIT_TEXT];

	fputs(p->kind == MS_PART_SNAPSHOT ? "a snapshot of " : "a part of ", out);
	ms_escape_text(out, p->of && *p->of ? p->of : "a trace");
	if (p->kind == MS_PART_SNAPSHOT)
		fprintf(out, ", taken at %s, after %s of %s: what had been freed before is not in it\n", ms_unit_duration(a, p->from_ns),
		        ms_unit_of(b, p->from_event, "event"), ms_unit_count(c, p->of_events));
	else
		fprintf(out, ", from %s to %s, %s of %s: it begins with what was alive; what had been freed before is not in it\n",
		        ms_unit_duration(a, p->from_ns), ms_unit_duration(b, p->to_ns), ms_unit_of(c, p->to_event - p->from_event, "event"),
		        ms_unit_count(d, p->of_events));
}

const char *ms_direct_family_word(uint8_t family)
{
	static const char *const names[MS_DIRECT_FAMILIES] = {
		[MS_DIRECT_OWN] = "own", [MS_DIRECT_JEMALLOC] = "jemalloc", [MS_DIRECT_TCMALLOC] = "tcmalloc", [MS_DIRECT_MIMALLOC] = "mimalloc",
	};

	return names[family];
}

const char *ms_direct_reason(uint8_t state)
{
	static const char *const words[MS_DIRECT_STATE_COUNT] = {
#define X(number, id, text) [MS_DIRECT_##id] = text,
		MS_DIRECT_STATES(X)
#undef X
	};

	return words[state];
}

/* Allocators that are not recorded, or not by all of their names. True: the executable's own one has been spoken of. */
static bool note_direct(FILE *out, const struct ms_process *p)
{
	bool inside = false;

	for (size_t i = 0; i < p->direct_count; i++) {
		const struct ms_direct_allocator *a = &p->direct[i];

		inside |= a->executable;
		if (a->state == MS_DIRECT_HOOKED)
			continue;
		fputs(a->executable ? "the executable " : "", out);
		ms_escape_text(out, a->module ? a->module : "?");
		if (a->executable)
			fprintf(out, " has an allocator inside%s%s, and what it allocates is not seen: ", a->family == MS_DIRECT_OWN ? "" : ", ",
			        a->family == MS_DIRECT_OWN ? "" : ms_direct_family_word(a->family));
		else
			fprintf(out, ": calls of %s's own functions are not seen: ", ms_direct_family_word(a->family));
		fprintf(out, "%s (functions: %" PRIu32 ")\n", ms_direct_reason(a->state), a->functions);
	}
	return inside;
}

/* An allocator in the executable comes before every library that can be preloaded. */
static void note_unseen(FILE *out, const struct ms_report *report)
{
	const struct ms_process *p = report->trace.process;

	if (note_direct(out, p))
		return;
	if (p->allocator && *p->allocator && !strstr(p->allocator, ".so")) {
		fputs("the executable ", out);
		ms_escape_text(out, p->allocator);
		fputs(" defines malloc itself: what it allocates is not seen\n", out);
	} else if (p->part.kind == MS_PART_WHOLE && !report->window.given && !report->totals.allocations && !report->totals.reallocations &&
	           !report->culled.allocations) {
		fputs("no allocation was seen: the program made none, or its allocator is inside the executable, where it is not seen\n", out);
	}
}

const char *ms_unsaid_words(const struct ms_report *report)
{
	const struct ms_process *p = report->trace.process;

	if (p->capture.attached)
		return "attached to a running process, which does not hear that it is recorded";
	return p->part.kind == MS_PART_SNAPSHOT ? "a snapshot of a recording holds blocks alone" : NULL;
}

/* What --cull-temporary left out, and what that means for the other figures. */
static void note_culled(FILE *out, const struct ms_report *report)
{
	const struct ms_report_culled *c = &report->culled;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], d[MS_UNIT_TEXT], e[MS_UNIT_TEXT];

	if (!c->within_ns)
		return;
	fprintf(out, "blocks freed within %s of their birth are left out of all figures and summed up, unless something else was told of them: %s, %s, %s", ms_unit_duration(a, c->within_ns),
	        ms_unit_of(b, c->allocations, "allocation"), ms_unit_of(d, c->reallocations, "reallocation"), ms_unit_bytes(e, c->bytes, false));
	if (report->window.given || report->trace.process->part.kind != MS_PART_WHOLE)
		fprintf(out, "%s from %s to %s", report->window.given ? "" : ", in the whole recording,", ms_unit_duration(a, c->from_ns), ms_unit_duration(b, c->to_ns));
	putc('\n', out);
	if (c->peak_bytes)
		fprintf(out, "with them the peak was %s, after %s; no more than %s of them were alive at once\n", ms_unit_bytes(a, c->peak_bytes, false),
		        ms_unit_duration(b, c->peak_time_ns), ms_unit_bytes(d, c->young_bytes, false));
	note_if(out, c->early_events, "event", "written before that time was over, as too many waited: blocks freed in time are among them");
}

void ms_quality_notes(FILE *out, const struct ms_report *report)
{
	const struct ms_report_trace *r = &report->trace;
	const bool part = r->process->part.kind != MS_PART_WHOLE;
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (r->pauses) {
		fprintf(out, "recording was paused %s, for %s", ms_unit_of(a, r->pauses, "time"), ms_unit_duration(b, r->paused_ns));
		fprintf(out, " of %s: what was allocated then is in no figure; frees are\n",
		        ms_unit_duration(a, report->window.to_ns - report->window.from_ns));
	}
	if (r->paused_before)
		fputs("recording was paused before this window: blocks of then may be alive unseen\n", out);
	if (part)
		note_part(out, &r->process->part);
	note_unseen(out, report);
	note_if(out, r->lost_events, "event", part ? "lost by the whole recording" : "lost");
	note_if(out, r->lost_threads, "thread", "not recorded");
	note_if(out, r->lost_stacks, "event", "without a stack although one was wanted");
	note_if(out, r->late_events, "event", "late: times were raised to keep the order");
	if (r->size_limit_reached)
		fprintf(out, "the recording was stopped: its file could not grow beyond %s\n",
		        r->process->max_size_bytes ? "--max-size or what the disk had room for" : "what the disk had room for, or ulimit -f");
	if (r->damaged) {
		fputs("the file is readable up to here: ", out);
		ms_escape_text(out, r->damage.message);
		if (r->damage.offset != MS_NO_OFFSET)
			fprintf(out, " (offset %" PRIu64 ")", r->damage.offset);
		putc('\n', out);
	}
	if (r->ended == MS_REPORT_TRUNCATED)
		fputs("what is alive below was alive at the end of the record; its frees may be missing\n", out);
	note_culled(out, report);
	if (r->process->inherited_heap)
		fputs("a forked child: blocks born before the fork are not known\n", out);
	if (r->process->capture.attached)
		fputs("attached to a running process: blocks from before are not known\n", out);
	if (r->unmatched_frees) {
		fprintf(out, "%s of unknown blocks, from %s", ms_unit_of(a, r->unmatched_frees, "free"),
		        ms_unit_duration(b, r->first_unmatched_ns));
		fprintf(out, " to %s after the start\n", ms_unit_duration(b, r->last_unmatched_ns));
	}
}

void ms_errors_words(FILE *out, const struct ms_findings *f)
{
	char a[MS_UNIT_TEXT];
	const char *before = ": ";
	bool all = true;

	if (!f->errors && !f->warnings) {
		for (size_t i = 0; i < f->detector_count; i++)
			all &= f->detectors[i].status != MS_DETECTOR_NOT_OBSERVABLE;
		fputs(all ? "none found" : "none found where they can be seen", out);
		return;
	}
	if (f->errors)
		fputs(ms_unit_of(a, f->errors, "error"), out);
	if (f->warnings)
		fprintf(out, "%s%s", f->errors ? ", " : "", ms_unit_of(a, f->warnings, "warning"));
	for (size_t kind = 0; kind < MS_FINDING_KIND_COUNT; kind++) {
		uint64_t n = 0;

		for (size_t i = 0; i < f->count; i++)
			n += f->list[i].kind == kind && !f->list[i].suppressed_by;
		if (n) {
			fprintf(out, "%s%s %s", before, ms_unit_count(a, n), ms_finding_kinds[kind].name);
			before = ", ";
		}
	}
}

void ms_crash_notes(FILE *out, const struct ms_report *report)
{
	const struct ms_report_trace *r = &report->trace;
	const char *name = sigabbrev_np(r->term_signal);

	if (r->ended != MS_REPORT_SIGNALED || r->process->guard != MS_GUARD_OFF ||
	    (r->term_signal != SIGABRT && r->term_signal != SIGSEGV && r->term_signal != SIGBUS && r->term_signal != SIGILL))
		return;
	fprintf(out, "killed by SIG%s: if the heap was damaged before, a recording with --guard=canary (then --guard=full) shows where\n",
	        name ? name : "");
}

void ms_detector_words(FILE *f, const struct ms_detector_result *d)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (d->status == MS_DETECTOR_NOT_OBSERVABLE) {
		fputs("not observable", f);
	} else if (!d->kinds) {
		fprintf(f, "facts of %s, no findings", ms_unit_of(b, d->checked, d->unit));
	} else {
		if (d->found)
			fprintf(f, "%s found", ms_unit_count(a, d->found));
		else
			fputs("none found", f);
		if (d->suppressed)
			fprintf(f, ", %s suppressed", ms_unit_count(a, d->suppressed));
		fprintf(f, ", among %s", ms_unit_of(b, d->checked, d->unit));
	}
	if (*d->reason)
		fprintf(f, ": %s", d->reason);
}

void ms_leak_words(FILE *out, const struct ms_report_leaks *l, uint8_t kind, bool exact)
{
	static const char *const names[MS_LEAK_KINDS] = {
		[MS_LEAK_DEFINITE] = "definite", [MS_LEAK_INDIRECT] = "indirect", [MS_LEAK_POSSIBLE] = "possible",
		[MS_LEAK_REACHABLE] = "still reachable",
	};
	const struct ms_leak_amount *amount = &l->kind[kind];
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], c[MS_UNIT_TEXT];

	fprintf(out, "%s ", names[kind]);
	if (amount->blocks == 0)
		putc('0', out);
	else
		fprintf(out, "%s in %s from %s", ms_unit_bytes(a, amount->bytes, exact), ms_unit_of(b, amount->blocks, "block"),
		        ms_unit_of(c, l->paths[kind], "call path"));
}

void ms_leak_notes(FILE *out, const struct ms_report_leaks *l, bool exact)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (l->graph_reason == MS_GRAPH_CRASH)
		fprintf(out, "as of the crash after %s: what the program would have freed later is not known\n", ms_unit_duration(a, l->graph_ns));
	else if (l->graph_reason != MS_GRAPH_EXIT)
		fprintf(out, "as of %s after the start, on request; not of the end\n", ms_unit_duration(a, l->graph_ns));
	if (l->doubts & (MS_DOUBT_INCOMPLETE | MS_DOUBT_TIME))
		fputs("the scan was not finished: some of this may still be held\n", out);
	if (l->unscanned_threads)
		fprintf(out, "not scanned: registers and stack of %s\n", ms_unit_of(a, l->unscanned_threads, "thread"));
	if (l->unscanned_ranges)
		fprintf(out, "not scanned: %s of memory, %s\n", ms_unit_of(a, l->unscanned_ranges, "range"),
		        ms_unit_bytes(b, l->unscanned_bytes, exact));
	if (l->doubts & MS_DOUBT_BLOCKS)
		fprintf(out, "not scanned: %s\n", ms_unit_of(a, l->unscanned_blocks, "live block"));
	if (l->unknown_blocks)
		fprintf(out, "%s of the heap graph not alive by the events, of unknown size\n", ms_unit_of(a, l->unknown_blocks, "block"));
	if (l->doubts & MS_DOUBT_INHERITED)
		fputs("a forked child: pointers in blocks born before the fork are not known\n", out);
	if (l->doubts & MS_DOUBT_UNSEEN)
		fputs("not all blocks were recorded: leaks are those of the recorded ones, and what the others, and free memory, point to counts as held\n", out);
	if (l->doubts & MS_DOUBT_LOST)
		fputs("events were lost: frees and pointers may be missing\n", out);
}

void ms_growth_words(FILE *out, const struct ms_report_growth *g)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	if (!g->observable)
		fprintf(out, "not judged: %s", g->reason);
	else if (g->site_count == 0)
		fprintf(out, "none that rises in most of %" PRIu32 " windows of %s and falls in none before the last, among %s", g->windows,
		        ms_unit_duration(a, g->window_ns), ms_unit_of(b, g->sites_checked, "call path"));
	else
		fputs("call paths whose live bytes rose through the second half of the run", out);
}
