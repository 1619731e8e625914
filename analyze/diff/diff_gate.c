/* diff_gate.c - see diff_gate.h. */
#include "diff_gate.h"

#include <inttypes.h>
#include <stdio.h>

typedef __int128 wide;

/* The first run of a side that could not see what the condition is about: why, and what would record it. */
static bool blind_run(const struct ms_gate *g, const struct ms_diff_side *side, char text[MS_GATE_TEXT])
{
	for (size_t i = 0; i < side->count; i++) {
		ms_gate_remedy(g, side->reports[i], text);
		if (*text)
			return true;
	}
	return false;
}

static void say_blind(const struct ms_gate *g, const struct ms_diff *d, const char *name, const char *where, char text[MS_GATE_TEXT])
{
	char remedy[MS_GATE_TEXT] = "";

	if (!blind_run(g, &d->after, remedy))
		blind_run(g, &d->before, remedy);
	snprintf(text, MS_GATE_TEXT, "%s is not observable in %s%s%.240s", name, where, *remedy ? ": " : "", remedy);
}

/*
 * A plain condition about findings, errors or warnings ("findings>0") is about the new side alone, whatever the old one could have found: of
 * all kinds, of the run with most.
 */
static uint64_t all_of_new(const struct ms_gate *g, const struct ms_diff *d)
{
	uint64_t most = 0;

	for (size_t i = 0; i < d->after.count; i++) {
		uint64_t n = ms_gate_value(g->quantity, d->after.reports[i]);

		most = n > most ? n : most;
	}
	return most;
}

static enum ms_gate_verdict new_findings(const struct ms_gate *g, const struct ms_diff *d, char text[MS_GATE_TEXT])
{
	bool one_kind = g->quantity < MS_FINDING_KIND_COUNT;
	int what = g->quantity - MS_FINDING_KIND_COUNT; /* findings, errors, warnings */
	uint64_t n = 0, doubtful = 0;

	if (one_kind && !(d->kinds_new >> g->quantity & 1)) {
		say_blind(g, d, ms_finding_kinds[g->quantity].name, "the new trace", text);
		return MS_GATE_UNKNOWN;
	}
	for (size_t i = 0; i < d->new_finding_count; i++) {
		const struct ms_finding *f = d->new_findings[i].finding;
		bool counts = one_kind ? f->kind == g->quantity : what == 0 || (what == 1) == (f->severity == MS_SEVERITY_ERROR);

		n += counts;
		doubtful += counts && !d->new_findings[i].comparable;
	}
	if (doubtful) {
		snprintf(text, MS_GATE_TEXT, "%" PRIu64 " of %" PRIu64 " could not have been seen in the old trace", doubtful, n);
		return MS_GATE_UNKNOWN;
	}
	snprintf(text, MS_GATE_TEXT, "it is %" PRIu64, n);
	return ms_gate_compare(g->op, n > g->limit ? 1 : n < g->limit ? -1 : 0) ? MS_GATE_HOLDS : MS_GATE_FAILS;
}

enum ms_gate_verdict ms_diff_gate(const struct ms_gate *g, const struct ms_diff *d, char text[MS_GATE_TEXT])
{
	const struct ms_diff_total *t = &d->totals[g->quantity];
	uint64_t old = t->value.before.median, new = t->value.after.median;
	wide value = new, limit = g->limit;

	if (g->only_new)
		return new_findings(g, d, text);
	if (!t->observable) {
		say_blind(g, d, t->name, "every trace", text);
		return MS_GATE_UNKNOWN;
	}
	snprintf(text, MS_GATE_TEXT, "it is %" PRIu64 ", and was %" PRIu64 "%s", new, old,
	         t->value.change == MS_DIFF_NOISE ? ", which is within the noise" : "");
	if (!g->relative && ms_gate_is_aggregate(g->quantity) && d->kinds_old != d->kinds_new) {
		value = all_of_new(g, d);
		if (value != (wide)new)
			snprintf(text, MS_GATE_TEXT, "it is %" PRIu64 ", with kinds that the old trace could not have shown", (uint64_t)value);
	}
	if (g->relative) {
		value = ms_diff_is_change(t->value.change) ? (wide)new - (wide)old : 0;
		if (g->negative)
			limit = -limit;
		if (g->percent) {
			/* change / old > limit / 100, without division; so any growth from 0 is beyond every percentage */
			value *= 100;
			limit *= (wide)old;
		}
	}
	return ms_gate_compare(g->op, value > limit ? 1 : value < limit ? -1 : 0) ? MS_GATE_HOLDS : MS_GATE_FAILS;
}
