/* gate.c - see gate.h. */
#include "gate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool counts(const struct ms_finding *f)
{
	return !f->suppressed_by && f->is_new;
}

#define EVERY_KIND ((1u << MS_FINDING_KIND_COUNT) - 1)
#define EVERY_SEVERITY UINT8_MAX

static uint64_t findings(const struct ms_report *r, uint32_t kinds, uint8_t severity)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->findings.count; i++) {
		const struct ms_finding *f = &r->findings.list[i];

		n += counts(f) && kinds >> f->kind & 1 && (severity == EVERY_SEVERITY || f->severity == severity);
	}
	return n;
}

static uint64_t all_findings(const struct ms_report *r) { return findings(r, EVERY_KIND, EVERY_SEVERITY); }
static uint64_t errors(const struct ms_report *r) { return findings(r, EVERY_KIND, MS_SEVERITY_ERROR); }
static uint64_t warnings(const struct ms_report *r) { return findings(r, EVERY_KIND, MS_SEVERITY_WARNING); }

static uint64_t leaked(const struct ms_report *r, enum ms_leak_kind kind)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < r->leaks.leak_count; i++)
		if (r->leaks.leaks[i].kind == kind && !r->leaks.leaks[i].suppressed)
			bytes += r->leaks.leaks[i].bytes;
	return bytes;
}

static uint64_t leaked_definite(const struct ms_report *r) { return leaked(r, MS_LEAK_DEFINITE); }
static uint64_t leaked_indirect(const struct ms_report *r) { return leaked(r, MS_LEAK_INDIRECT); }
static uint64_t leaked_possible(const struct ms_report *r) { return leaked(r, MS_LEAK_POSSIBLE); }

/* X(name, summary, value, whether it is in bytes, the share of a call path or NULL, kind of finding that must be observable or none) */
#define NO_KIND MS_FINDING_KIND_COUNT
#define QUANTITIES(X) \
	X("findings", "heap errors and leaks of any kind", all_findings, 0, NULL, NO_KIND) \
	X("errors", "findings of severity error", errors, 0, NULL, NO_KIND) \
	X("warnings", "findings of severity warning", warnings, 0, NULL, NO_KIND) \
	X("peak", "bytes live at the peak", peak, 1, site_peak, NO_KIND) \
	X("live-bytes", "bytes alive at the end", live_bytes, 1, site_live_bytes, NO_KIND) \
	X("live-blocks", "blocks alive at the end", live_blocks, 0, site_live_blocks, NO_KIND) \
	X("allocations", "allocations", allocations, 0, site_allocations, NO_KIND) \
	X("reallocations", "reallocations", reallocations, 0, site_reallocations, NO_KIND) \
	X("allocated-bytes", "bytes allocated in all", allocated_bytes, 1, site_allocated_bytes, NO_KIND) \
	X("temporary", "blocks freed at once", temporary, 0, site_temporary, NO_KIND) \
	X("failed-allocations", "allocation calls that returned NULL", failed, 0, NULL, NO_KIND) \
	X("leak-definite-bytes", "bytes definitely lost", leaked_definite, 1, NULL, MS_FINDING_LEAK_DEFINITE) \
	X("leak-indirect-bytes", "bytes indirectly lost", leaked_indirect, 1, NULL, MS_FINDING_LEAK_INDIRECT) \
	X("leak-possible-bytes", "bytes possibly lost", leaked_possible, 1, NULL, MS_FINDING_LEAK_POSSIBLE) \
	X("unmatched-frees", "frees of unknown blocks", unmatched, 0, NULL, NO_KIND) \
	X("lost-events", "events that the recording lost", lost, 0, NULL, NO_KIND)

/* Of a sample: what it says about everything. Of a recording that left blocks out: with their sums. */
#define ESTIMATED_OF_ALL(name, all, estimated) \
	static uint64_t name(const struct ms_report *r) \
	{ \
		return ms_is_sample(r->trace.process) ? ms_estimate_round(r->estimate.estimated) : (all); \
	}
#define ESTIMATED(name, field, estimated) ESTIMATED_OF_ALL(name, r->field, estimated)
#define FIELD(name, field) \
	static uint64_t name(const struct ms_report *r) { return r->field; }
ESTIMATED_OF_ALL(peak, r->culled.peak_bytes > r->totals.peak_bytes ? r->culled.peak_bytes : r->totals.peak_bytes, peak_bytes)
ESTIMATED(live_bytes, totals.live_bytes, live_bytes.value)
ESTIMATED(live_blocks, totals.live_blocks, live_blocks.value)
ESTIMATED_OF_ALL(allocations, r->totals.allocations + r->culled.allocations, allocations.value)
ESTIMATED_OF_ALL(reallocations, r->totals.reallocations + r->culled.reallocations, reallocations.value)
ESTIMATED_OF_ALL(allocated_bytes, r->totals.allocated_bytes + r->culled.bytes, allocated_bytes.value)
FIELD(temporary, totals.temporary_allocations)
FIELD(failed, totals.failed_allocations)
FIELD(unmatched, totals.unmatched_frees)
FIELD(lost, trace.lost_events)

#define ESTIMATED_SHARE(name, field, estimated) \
	static uint64_t name(const struct ms_report_site *site) \
	{ \
		return site->estimate.given ? ms_estimate_round(site->estimate.estimated) : site->field; \
	}
#define SHARE(name, field) \
	static uint64_t name(const struct ms_report_site *site) { return site->field; }
ESTIMATED_SHARE(site_peak, peak_bytes, peak_bytes)
ESTIMATED_SHARE(site_live_bytes, live_bytes, live_bytes.value)
ESTIMATED_SHARE(site_live_blocks, live_blocks, live_blocks.value)
ESTIMATED_SHARE(site_allocations, allocations, blocks.value)
ESTIMATED_SHARE(site_reallocations, reallocations, reallocations.value)
ESTIMATED_SHARE(site_allocated_bytes, allocated_bytes + site->culled_bytes, allocated_bytes.value)
SHARE(site_temporary, temporary_allocations)

const struct ms_gate_quantity ms_gate_quantities[] = {
#define X(name, summary, value, bytes, of_site, kind) {name, summary, value, bytes, kind, of_site},
	QUANTITIES(X)
#undef X
};
const size_t ms_gate_quantity_count = sizeof ms_gate_quantities / sizeof *ms_gate_quantities;

/* ---- samples ------------------------------------------------------------------------------------------------------ */

enum in_sample { EXACT, ESTIMATE, NOT_OBSERVABLE };

/* The sums of what a recording left out are of the whole recording, and say nothing of how soon blocks were freed. */
static bool culling_hides(uint64_t (*value)(const struct ms_report *), const struct ms_report *r)
{
	bool summed = value == peak || value == allocations || value == reallocations || value == allocated_bytes;
	bool whole = !r->window.given && r->trace.process->part.kind == MS_PART_WHOLE && !ms_is_sample(r->trace.process);

	return r->culled.within_ns && (value == temporary || (summed && !whole));
}

/* Findings are what they are; lost events and calls that failed are all recorded. */
static enum in_sample in_sample(int quantity, const struct ms_report *r, double *error)
{
	const struct ms_totals_estimate *e = &r->estimate;
	const struct {
		uint64_t (*value)(const struct ms_report *r);
		double error;
	} estimates[] = {
		{peak, e->level_error}, {live_bytes, e->live_bytes.error}, {live_blocks, e->live_blocks.error}, {allocations, e->allocations.error},
		{reallocations, e->reallocations.error}, {allocated_bytes, e->allocated_bytes.error},
	};
	uint64_t (*value)(const struct ms_report *);

	*error = 0;
	if (quantity < MS_FINDING_KIND_COUNT)
		return EXACT;
	value = ms_gate_quantities[quantity - MS_FINDING_KIND_COUNT].value;
	if (culling_hides(value, r))
		return NOT_OBSERVABLE;
	if (!ms_is_sample(r->trace.process))
		return EXACT;
	for (size_t i = 0; i < sizeof estimates / sizeof *estimates; i++)
		if (estimates[i].value == value) {
			*error = estimates[i].error;
			return ESTIMATE;
		}
	return value == temporary || value == unmatched || value == leaked_definite || value == leaked_indirect || value == leaked_possible
	       ? NOT_OBSERVABLE : EXACT;
}

bool ms_gate_in_sample(int quantity, const struct ms_report *r, double *error)
{
	return in_sample(quantity, r, error) != NOT_OBSERVABLE;
}

/* Does the sample tell on which side of the limit the true value is? */
static enum ms_gate_verdict judge_sample(const struct ms_gate *gate, uint64_t value, double error, bool holds, char text[MS_GATE_TEXT])
{
	double distance = value > gate->limit ? (double)(value - gate->limit) : (double)(gate->limit - value);

	snprintf(text, MS_GATE_TEXT, "it is estimated to be %" PRIu64 "%s, with a standard error of %.0f%s", value,
	         ms_gate_is_bytes(gate->quantity) ? " bytes" : "", error, distance <= 2 * error ? ": a sample cannot tell" : "");
	return distance <= 2 * error ? MS_GATE_UNKNOWN : holds ? MS_GATE_HOLDS : MS_GATE_FAILS;
}

static int find_quantity(const char *name, size_t n)
{
	for (int k = 0; k < MS_FINDING_KIND_COUNT; k++)
		if (strlen(ms_finding_kinds[k].name) == n && strncmp(ms_finding_kinds[k].name, name, n) == 0)
			return k;
	for (size_t i = 0; i < ms_gate_quantity_count; i++)
		if (strlen(ms_gate_quantities[i].name) == n && strncmp(ms_gate_quantities[i].name, name, n) == 0)
			return MS_FINDING_KIND_COUNT + (int)i;
	return -1;
}

uint64_t ms_gate_value(int quantity, const struct ms_report *r)
{
	if (quantity < MS_FINDING_KIND_COUNT)
		return findings(r, 1u << quantity, EVERY_SEVERITY);
	return ms_gate_quantities[quantity - MS_FINDING_KIND_COUNT].value(r);
}

bool ms_gate_is_aggregate(int quantity)
{
	return quantity >= MS_FINDING_KIND_COUNT && quantity < MS_FINDING_KIND_COUNT + 3;
}

/* What an aggregate counts; all of one kind. */
static uint8_t severity_of(int quantity)
{
	static const uint8_t severities[] = {EVERY_SEVERITY, MS_SEVERITY_ERROR, MS_SEVERITY_WARNING}; /* as QUANTITIES begins */

	return ms_gate_is_aggregate(quantity) ? severities[quantity - MS_FINDING_KIND_COUNT] : EVERY_SEVERITY;
}

uint64_t ms_gate_value_among(int quantity, const struct ms_report *r, uint32_t kinds)
{
	return ms_gate_is_aggregate(quantity) ? findings(r, kinds, severity_of(quantity)) : ms_gate_value(quantity, r);
}

static bool is_about(int quantity, const struct ms_finding *f)
{
	uint8_t severity = severity_of(quantity);
	bool right_kind = ms_gate_is_aggregate(quantity) || (int)f->kind == quantity;

	return counts(f) && right_kind && (severity == EVERY_SEVERITY || f->severity == severity);
}

const struct ms_finding *ms_gate_example(int quantity, const struct ms_report *r)
{
	for (size_t i = 0; i < r->findings.count; i++)
		if (is_about(quantity, &r->findings.list[i]))
			return &r->findings.list[i];
	return NULL;
}

const struct ms_report_site *ms_gate_largest(int quantity, const struct ms_report *r, uint64_t *share)
{
	uint64_t (*of_site)(const struct ms_report_site *) =
		quantity < MS_FINDING_KIND_COUNT ? NULL : ms_gate_quantities[quantity - MS_FINDING_KIND_COUNT].of_site;
	const struct ms_report_site *largest = NULL;

	*share = 0;
	for (size_t i = 0; of_site && i < r->site_count; i++)
		if (of_site(&r->sites[i]) > *share) {
			largest = &r->sites[i];
			*share = of_site(largest);
		}
	return largest;
}

bool ms_gate_is_bytes(int quantity)
{
	return quantity >= MS_FINDING_KIND_COUNT && ms_gate_quantities[quantity - MS_FINDING_KIND_COUNT].bytes;
}

static int unknown_name(const char *name, size_t n, struct ms_error *err)
{
	/* A message has no room for all names: those to begin with. */
	return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET,
	               "nothing is named '%.*s': there are findings, errors, warnings, peak, leak-definite, heap-overflow and more (--help)",
	               n < 40 ? (int)n : 40, name);
}

/* A whole number and its unit; *percent (when it is asked for): the unit was "%". */
static bool read_number(const char *text, uint64_t *value, bool *percent)
{
	static const struct {
		const char *unit;
		unsigned shift;
	} units[] = {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
	char *end;
	unsigned long long n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	end += strspn(end, " ");
	if (percent && strcmp(end, "%") == 0) {
		*percent = true;
		*value = n;
		return errno == 0;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		*value = (uint64_t)n << units[i].shift;
		return errno == 0 && *value >> units[i].shift == n;
	}
	return false;
}

/* "new:", the name; returns what follows it, NULL when there is no such name. */
static const char *parse_name(struct ms_gate *gate, const char *text, bool of_change, struct ms_error *err)
{
	size_t n;

	if (of_change && strncmp(text, "new:", 4) == 0) {
		gate->only_new = true;
		text += 4;
	}
	n = strcspn(text, " <>=!");
	gate->quantity = find_quantity(text, n);
	if (of_change && n == 4 && strncmp(text, "live", n) == 0)
		gate->quantity = find_quantity("live-bytes", strlen("live-bytes"));
	if (gate->quantity < 0 && !of_change && strncmp(text, "new:", 4) == 0) {
		ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'%.60s': new: compares two traces, which memscope-diff does; here findings of --baseline do not count", text);
		return NULL;
	}
	if (gate->quantity < 0) {
		unknown_name(text, n, err);
		return NULL;
	}
	if (gate->only_new && gate->quantity >= MS_FINDING_KIND_COUNT + 3) {
		ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'new:' stands before a kind of finding, findings, errors or warnings, not '%.*s'",
		        (int)n, text);
		return NULL;
	}
	return text + n + strspn(text + n, " ");
}

static int parse(struct ms_gate *gate, const char *text, bool of_change, struct ms_error *err)
{
	static const struct {
		const char *sign;
		enum ms_gate_op op;
	} signs[] = {{">=", MS_GATE_AT_LEAST}, {"<=", MS_GATE_AT_MOST}, {"==", MS_GATE_EQUAL}, {"!=", MS_GATE_NOT_EQUAL},
	             {">", MS_GATE_GREATER}, {"<", MS_GATE_LESS}};
	const char *at, *number;
	size_t i = 0;

	*gate = (struct ms_gate){.text = text};
	at = parse_name(gate, text, of_change, err);
	if (!at)
		return MS_E_ARGUMENT;
	while (i < sizeof signs / sizeof *signs && strncmp(at, signs[i].sign, strlen(signs[i].sign)) != 0)
		i++;
	if (i == sizeof signs / sizeof *signs)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'%.60s': a comparison (> >= < <= == !=) and a number must follow '%.*s'",
		               text, (int)strcspn(text, " <>=!"), text);
	gate->op = signs[i].op;
	at += strlen(signs[i].sign);
	at += strspn(at, " ");
	number = at;
	if (of_change && !gate->only_new && (*at == '+' || *at == '-')) {
		gate->relative = true;
		gate->negative = *at++ == '-';
	}
	if (!read_number(at, &gate->limit, gate->relative ? &gate->percent : NULL))
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'%.60s': '%.40s' is no number; bytes may have a unit: KiB, MiB, GiB, TiB%s",
		               text, number,
		               of_change ? "; a change is +N, +N% or -N"
		               : *number == '+' || *number == '-' ? "; a change is between two traces, which memscope-diff compares" : "");
	return MS_OK;
}

int ms_gate_parse(struct ms_gate *gate, const char *text, struct ms_error *err)
{
	return parse(gate, text, false, err);
}

int ms_gate_parse_change(struct ms_gate *gate, const char *text, struct ms_error *err)
{
	return parse(gate, text, true, err);
}

bool ms_gate_compare(enum ms_gate_op op, int order)
{
	switch (op) {
	case MS_GATE_GREATER:
		return order > 0;
	case MS_GATE_AT_LEAST:
		return order >= 0;
	case MS_GATE_LESS:
		return order < 0;
	case MS_GATE_AT_MOST:
		return order <= 0;
	case MS_GATE_EQUAL:
		return order == 0;
	default:
		return order != 0;
	}
}

bool ms_gate_holds(const struct ms_gate *gate, const struct ms_report *r, uint64_t *value)
{
	*value = ms_gate_value(gate->quantity, r);
	return ms_gate_compare(gate->op, *value > gate->limit ? 1 : *value < gate->limit ? -1 : 0);
}

const struct ms_detector_result *ms_gate_blind(const struct ms_gate *gate, const struct ms_report *r)
{
	int kind = gate->quantity < MS_FINDING_KIND_COUNT ? gate->quantity : ms_gate_quantities[gate->quantity - MS_FINDING_KIND_COUNT].kind;

	for (size_t i = 0; kind < MS_FINDING_KIND_COUNT && i < r->findings.detector_count; i++) {
		const struct ms_detector_result *d = &r->findings.detectors[i];

		if (d->kinds >> kind & 1 && d->status == MS_DETECTOR_NOT_OBSERVABLE)
			return d;
	}
	return NULL;
}

const char *ms_gate_limit(const struct ms_gate *gate, const struct ms_report *r)
{
	const struct ms_report_trace *t = &r->trace;

	if (gate->quantity >= MS_FINDING_KIND_COUNT || !(t->pauses || t->paused_before || t->process->capture.attached))
		return NULL;
	for (size_t i = 0; i < r->findings.detector_count; i++) {
		const struct ms_detector_result *d = &r->findings.detectors[i];

		if (d->kinds >> gate->quantity & 1 && d->status != MS_DETECTOR_NOT_OBSERVABLE && *d->reason)
			return d->reason;
	}
	return NULL;
}

uint32_t ms_gate_kinds(const struct ms_report *r)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < r->findings.detector_count; i++)
		if (r->findings.detectors[i].status != MS_DETECTOR_NOT_OBSERVABLE)
			kinds |= r->findings.detectors[i].kinds;
	return kinds;
}

void ms_gate_remedy(const struct ms_gate *gate, const struct ms_report *r, char text[MS_GATE_TEXT])
{
	const uint32_t leaks = 1u << MS_FINDING_LEAK_DEFINITE | 1u << MS_FINDING_LEAK_INDIRECT | 1u << MS_FINDING_LEAK_POSSIBLE;
	const struct ms_detector_result *blind = ms_gate_blind(gate, r);

	if (!blind)
		*text = '\0';
	else if (blind->kinds & leaks && !strstr(blind->reason, "--"))
		snprintf(text, MS_GATE_TEXT, "%s; --graph=exit takes one at the end of a program", blind->reason);
	else
		snprintf(text, MS_GATE_TEXT, "%s", blind->reason);
}

bool ms_gate_note(const struct ms_gate *gate, uint32_t kinds, char text[MS_GATE_TEXT])
{
	size_t at = 0;

	*text = '\0';
	if (!ms_gate_is_aggregate(gate->quantity))
		return false;
	for (int k = 0; k < MS_FINDING_KIND_COUNT && at < MS_GATE_TEXT; k++)
		if (!(kinds >> k & 1))
			at += (size_t)snprintf(text + at, MS_GATE_TEXT - at, "%s%s", at ? ", " : "judged without ", ms_finding_kinds[k].name);
	return at > 0;
}

enum ms_gate_verdict ms_gate_judge(const struct ms_gate *gate, const struct ms_report *r, char text[MS_GATE_TEXT])
{
	uint64_t value;
	double error;
	bool holds = ms_gate_holds(gate, r, &value);

	if (ms_gate_blind(gate, r)) {
		char remedy[MS_GATE_TEXT];

		ms_gate_remedy(gate, r, remedy);
		snprintf(text, MS_GATE_TEXT, "not observable in this trace: %.280s", remedy);
		return MS_GATE_UNKNOWN;
	}
	switch (in_sample(gate->quantity, r, &error)) {
	case NOT_OBSERVABLE:
		snprintf(text, MS_GATE_TEXT, "not observable in this trace: %s", r->culled.within_ns ? "it leaves blocks out (--cull-temporary)" : "it is a sample");
		return MS_GATE_UNKNOWN;
	case ESTIMATE:
		return judge_sample(gate, value, error, holds, text);
	default:
		break;
	}
	snprintf(text, MS_GATE_TEXT, "it is %" PRIu64 "%s", value, ms_gate_is_bytes(gate->quantity) ? " bytes" : "");
	return holds ? MS_GATE_HOLDS : MS_GATE_FAILS;
}
