/* gate.c - see gate.h. */
#include "gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool counts(const struct ms_finding *f)
{
	return !f->suppressed_by && f->is_new;
}

static uint64_t all_findings(const struct ms_report *r)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->findings.count; i++)
		n += counts(&r->findings.list[i]);
	return n;
}

static uint64_t of_severity(const struct ms_report *r, uint8_t severity)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->findings.count; i++)
		n += counts(&r->findings.list[i]) && r->findings.list[i].severity == severity;
	return n;
}

static uint64_t errors(const struct ms_report *r) { return of_severity(r, MS_SEVERITY_ERROR); }
static uint64_t warnings(const struct ms_report *r) { return of_severity(r, MS_SEVERITY_WARNING); }

#define QUANTITIES(X)                                                              \
	X("findings", "heap errors and leaks of any kind", all_findings)               \
	X("errors", "findings of severity error", errors)                              \
	X("warnings", "findings of severity warning", warnings)                        \
	X("peak", "bytes live at the peak", peak)                                      \
	X("live-bytes", "bytes alive at the end", live_bytes)                          \
	X("live-blocks", "blocks alive at the end", live_blocks)                       \
	X("allocations", "allocations", allocations)                                   \
	X("reallocations", "reallocations", reallocations)                             \
	X("allocated-bytes", "bytes allocated in all", allocated_bytes)                \
	X("temporary", "blocks freed at once", temporary)                              \
	X("failed-allocations", "allocation calls that returned NULL", failed)         \
	X("unmatched-frees", "frees of unknown blocks", unmatched)                     \
	X("lost-events", "events that the recording lost", lost)

#define FIELD(name, field) \
	static uint64_t name(const struct ms_report *r) { return r->field; }
FIELD(peak, totals.peak_bytes)
FIELD(live_bytes, totals.live_bytes)
FIELD(live_blocks, totals.live_blocks)
FIELD(allocations, totals.allocations)
FIELD(reallocations, totals.reallocations)
FIELD(allocated_bytes, totals.allocated_bytes)
FIELD(temporary, totals.temporary_allocations)
FIELD(failed, totals.failed_allocations)
FIELD(unmatched, totals.unmatched_frees)
FIELD(lost, trace.lost_events)

const struct ms_gate_quantity ms_gate_quantities[] = {
#define X(name, summary, value) {name, summary, value},
	QUANTITIES(X)
#undef X
};
const size_t ms_gate_quantity_count = sizeof ms_gate_quantities / sizeof *ms_gate_quantities;

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

static int unknown_name(const char *name, size_t n, struct ms_error *err)
{
	char names[600] = "";
	size_t at = 0;

	for (size_t i = 0; i < ms_gate_quantity_count; i++)
		at += (size_t)snprintf(names + at, sizeof names - at, "%s, ", ms_gate_quantities[i].name);
	for (int k = 0; k < MS_FINDING_KIND_COUNT; k++)
		at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", k ? ", " : "", ms_finding_kinds[k].name);
	return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "nothing is named '%.*s': there are %s", n < 40 ? (int)n : 40, name, names);
}

static bool read_number(const char *text, uint64_t *value)
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
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		*value = (uint64_t)n << units[i].shift;
		return errno == 0 && *value >> units[i].shift == n;
	}
	return false;
}

int ms_gate_parse(struct ms_gate *gate, const char *text, struct ms_error *err)
{
	static const struct {
		const char *sign;
		enum ms_gate_op op;
	} signs[] = {{">=", MS_GATE_AT_LEAST}, {"<=", MS_GATE_AT_MOST}, {"==", MS_GATE_EQUAL}, {"!=", MS_GATE_NOT_EQUAL},
	             {">", MS_GATE_GREATER}, {"<", MS_GATE_LESS}};
	size_t n = strcspn(text, " <>=!"), i = 0;
	const char *at = text + n + strspn(text + n, " ");

	*gate = (struct ms_gate){.text = text, .quantity = find_quantity(text, n)};
	if (gate->quantity < 0)
		return unknown_name(text, n, err);
	while (i < sizeof signs / sizeof *signs && strncmp(at, signs[i].sign, strlen(signs[i].sign)) != 0)
		i++;
	if (i == sizeof signs / sizeof *signs)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "'%.60s': a comparison (> >= < <= == !=) and a number must follow '%.*s'",
		               text, (int)n, text);
	gate->op = signs[i].op;
	at += strlen(signs[i].sign);
	at += strspn(at, " ");
	if (!read_number(at, &gate->limit))
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET,
		               "'%.60s': '%.40s' is no number; bytes may have a unit: KiB, MiB, GiB, TiB", text, at);
	return MS_OK;
}

bool ms_gate_holds(const struct ms_gate *gate, const struct ms_report *r, uint64_t *value)
{
	uint64_t v = 0;

	if (gate->quantity < MS_FINDING_KIND_COUNT)
		for (size_t i = 0; i < r->findings.count; i++)
			v += r->findings.list[i].kind == gate->quantity && counts(&r->findings.list[i]);
	else
		v = ms_gate_quantities[gate->quantity - MS_FINDING_KIND_COUNT].value(r);
	*value = v;
	switch (gate->op) {
	case MS_GATE_GREATER:
		return v > gate->limit;
	case MS_GATE_AT_LEAST:
		return v >= gate->limit;
	case MS_GATE_LESS:
		return v < gate->limit;
	case MS_GATE_AT_MOST:
		return v <= gate->limit;
	case MS_GATE_EQUAL:
		return v == gate->limit;
	default:
		return v != gate->limit;
	}
}
