/* access_case.c - see access_case.h. */
#include "access_case.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/mix64.h"
#include "findings_build.h"
#include "from_case.h"

enum ms_finding_kind ms_access_kind(const struct ms_detector_context *x, const struct ms_case *c)
{
	const struct ms_evidence *e = c->kind == MS_CASE_EVIDENCE && !c->merged ? ms_trace_evidence(x->trace, c->evidence) : NULL;

	if (!e || !e->block_address)
		return MS_FINDING_KIND_COUNT;
	if (e->kind != MS_EVIDENCE_DAMAGE && e->kind != MS_EVIDENCE_FAULT && e->kind != MS_EVIDENCE_BOUNDS)
		return MS_FINDING_KIND_COUNT;
	if (e->freed)
		return MS_FINDING_USE_AFTER_FREE;
	if (e->address < e->block_address)
		return MS_FINDING_HEAP_UNDERFLOW;
	/* A fault inside a live block cannot come from its guard page. */
	if (e->address + (e->length_bytes ? e->length_bytes : 1) - e->block_address <= e->block_bytes)
		return MS_FINDING_KIND_COUNT;
	return MS_FINDING_HEAP_OVERFLOW;
}

static bool is_access(const struct ms_evidence *e)
{
	return e->kind == MS_EVIDENCE_FAULT || e->kind == MS_EVIDENCE_BOUNDS;
}

/* ---- what is wrong, in words --------------------------------------------------------------------------------------- */

/* "4 bytes past the end of a 40-byte block" into text, for the first byte that is outside. */
static void say_where(char *text, size_t room, const struct ms_finding *f)
{
	char block[MS_BLOCK_TEXT];
	uint64_t start = f->block.address, end = start + f->block.size_bytes, distance;

	ms_block_text(block, &f->block);
	if (f->kind == MS_FINDING_USE_AFTER_FREE && f->address >= start && f->address < end) {
		distance = f->address - start;
		if (distance)
			snprintf(text, room, "%" PRIu64 " byte%s inside %s that had been freed", distance, distance == 1 ? "" : "s", block);
		else
			snprintf(text, room, "at the start of %s that had been freed", block);
		return;
	}
	if (f->address < start) {
		distance = start - f->address;
		snprintf(text, room, "%" PRIu64 " byte%s before %s%s", distance, distance == 1 ? "" : "s", block,
		         f->block.freed ? " that had been freed" : "");
		return;
	}
	distance = f->address < end ? 0 : f->address - end;
	if (distance)
		snprintf(text, room, "%" PRIu64 " byte%s past the end of %s%s", distance, distance == 1 ? "" : "s", block,
		         f->block.freed ? " that had been freed" : "");
	else
		snprintf(text, room, "just past the end of %s%s", block, f->block.freed ? " that had been freed" : "");
}

static void say(struct ms_finding *f)
{
	static const char *const accesses[] = {[MS_ACCESS_UNKNOWN] = "access", [MS_ACCESS_READ] = "read", [MS_ACCESS_WRITE] = "write"};
	const char *access = f->access <= MS_ACCESS_WRITE ? accesses[f->access] : "access";
	const char *s = f->length_bytes == 1 ? "" : "s";
	uint64_t end = f->block.address + f->block.size_bytes, stop = f->address + f->length_bytes;
	char where[160];

	say_where(where, sizeof where, f);
	if (f->evidence == MS_EVIDENCE_DAMAGE) {
		ms_finding_say(f, "%" PRIu64 " byte%s overwritten %s", f->length_bytes, s, where);
	} else if (f->evidence == MS_EVIDENCE_BOUNDS && f->kind == MS_FINDING_HEAP_OVERFLOW) {
		char block[MS_BLOCK_TEXT];

		ms_block_text(block, &f->block);
		if (f->address < end)
			ms_finding_say(f, "%s: %s of %" PRIu64 " byte%s, %" PRIu64 " of them past the end of %s", f->function, access,
			               f->length_bytes, s, stop - end, block);
		else
			ms_finding_say(f, "%s: %s of %" PRIu64 " byte%s %s", f->function, access, f->length_bytes, s, where);
	} else if (f->evidence == MS_EVIDENCE_BOUNDS) {
		ms_finding_say(f, "%s: %s of %" PRIu64 " byte%s%s %s", f->function, access, f->length_bytes, s,
		               f->address == f->block.address ? "" : ", from", where);
	} else if (f->length_bytes) {
		ms_finding_say(f, "%s of %" PRIu64 " byte%s %s", access, f->length_bytes, s, where);
	} else {
		ms_finding_say(f, "%s %s", access, where);
	}
}

static uint16_t cwe_of(const struct ms_finding *f)
{
	if (f->kind == MS_FINDING_USE_AFTER_FREE)
		return 416;
	if (f->kind == MS_FINDING_HEAP_UNDERFLOW)
		return f->access == MS_ACCESS_READ ? 127 : 124;
	return f->access == MS_ACCESS_READ ? 126 : 122;
}

/* ---- damage and the access that did it ----------------------------------------------------------------------------- */

/*
 * By block and kind: the write that went furthest, and the damage that was seen first. Damage after a write of the same kind to
 * the same block is what that write left behind; damage that several checks saw is one.
 */
struct seen {
	uint64_t block, address;         /* block id, start; address 0 = empty */
	uint32_t write, damage;          /* position of the case + 1 */
	uint8_t kind;
};
struct table {
	struct seen *slots;
	size_t capacity;
	uint32_t *damage_of;             /* by position of a case: position + 1 of the damage that confirms it */
	bool *explained;                 /* by position: no finding of its own */
};

static struct seen *find(struct table *t, const struct ms_case *c, const struct ms_evidence *e, uint8_t kind)
{
	size_t i = ms_mix64(e->block_address ^ c->block.id << 20 ^ (uint64_t)kind << 60) & (t->capacity - 1);

	while (t->slots[i].address &&
	       (t->slots[i].address != e->block_address || t->slots[i].block != c->block.id || t->slots[i].kind != kind))
		i = (i + 1) & (t->capacity - 1);
	t->slots[i].address = e->block_address;
	t->slots[i].block = c->block.id;
	t->slots[i].kind = kind;
	return &t->slots[i];
}

static const struct ms_evidence *evidence_of(const struct ms_detector_context *x, uint32_t position)
{
	return ms_trace_evidence(x->trace, x->cases->list[position].evidence);
}

/* Of several writes, damage is laid to the one that went furthest; of equals to the first. */
static bool reaches_further(enum ms_finding_kind kind, const struct ms_evidence *e, const struct ms_evidence *than)
{
	if (kind == MS_FINDING_HEAP_UNDERFLOW)
		return e->address < than->address;
	return kind == MS_FINDING_HEAP_OVERFLOW && e->address + e->length_bytes > than->address + than->length_bytes;
}

static void explain(struct table *t, const struct ms_detector_context *x)
{
	for (size_t i = 0; i < x->cases->count; i++) {
		const struct ms_case *c = &x->cases->list[i];
		enum ms_finding_kind kind = ms_access_kind(x, c);
		const struct ms_evidence *e;
		struct seen *s;

		if (kind == MS_FINDING_KIND_COUNT)
			continue;
		e = ms_trace_evidence(x->trace, c->evidence);
		s = find(t, c, e, (uint8_t)kind);
		if (is_access(e)) {
			if (e->access != MS_ACCESS_READ && (!s->write || reaches_further(kind, e, evidence_of(x, s->write - 1))))
				s->write = (uint32_t)i + 1;
			continue;
		}
		if (s->damage) {
			t->explained[i] = true;
		} else if (s->write) {
			t->explained[i] = true;
			t->damage_of[s->write - 1] = (uint32_t)i + 1;
		}
		s->damage = (uint32_t)i + 1;
	}
}

static void confirm(struct ms_finding *f, const struct ms_detector_context *x, const struct ms_case *damage)
{
	const struct ms_evidence *e = ms_trace_evidence(x->trace, damage->evidence);

	f->confirmed = true;
	f->byte_count = e->byte_count < MS_EVIDENCE_BYTES ? e->byte_count : MS_EVIDENCE_BYTES;
	if (f->byte_count)
		memcpy(f->bytes, e->bytes, f->byte_count);
	f->byte_address = e->address;
	f->expected = e->expected;
	f->damage_seen_ns = damage->time_ns;
}

int ms_add_accesses(const struct ms_detector_context *x, uint32_t kinds, struct ms_error *err)
{
	struct table t = {.capacity = 64};
	int rc = MS_OK;

	while (t.capacity < 2 * x->cases->count + 2)
		t.capacity *= 2;
	t.slots = calloc(t.capacity, sizeof *t.slots);
	t.damage_of = calloc(x->cases->count + 1, sizeof *t.damage_of);
	t.explained = calloc(x->cases->count + 1, sizeof *t.explained);
	if (!t.slots || !t.damage_of || !t.explained) {
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for accesses");
		goto done;
	}
	explain(&t, x);
	for (size_t i = 0; i < x->cases->count && rc == MS_OK; i++) {
		const struct ms_case *c = &x->cases->list[i];
		enum ms_finding_kind kind = ms_access_kind(x, c);
		struct ms_finding f;

		if (kind == MS_FINDING_KIND_COUNT || !(kinds >> kind & 1) || t.explained[i])
			continue;
		ms_finding_init(&f, kind);
		ms_finding_from_case(&f, x, c);
		f.certainty = f.evidence == MS_EVIDENCE_DAMAGE ? MS_OBSERVED : MS_CERTAIN;
		if (f.evidence == MS_EVIDENCE_DAMAGE && f.access == MS_ACCESS_UNKNOWN)
			f.access = MS_ACCESS_WRITE; /* bytes change by writing alone */
		f.cwe = cwe_of(&f);
		if (t.damage_of[i])
			confirm(&f, x, &x->cases->list[t.damage_of[i] - 1]);
		say(&f);
		rc = ms_findings_add(x->findings, &f, NULL, err);
	}
done:
	free(t.slots);
	free(t.damage_of);
	free(t.explained);
	return rc;
}

/* ---- how much was looked at ---------------------------------------------------------------------------------------- */

int ms_say_guard(const struct ms_detector_context *x, struct ms_detector_result *result)
{
	const struct ms_process *p = ms_trace_process(x->trace);
	const struct ms_end *end = ms_trace_end(x->trace);
	const char *of_recording = x->report->window.given ? "of the whole recording " : "";
	int rc = 0;

	if (p->guard == MS_GUARD_OFF) {
		result->status = MS_DETECTOR_NOT_OBSERVABLE;
		return ms_detector_say(result, "record with --guard=canary or --guard=full");
	}
	/* Nothing was watched, so nothing is known. */
	if (p->guard == MS_GUARD_SAMPLE && end && !end->guard_page_blocks && !end->guard_canary_blocks && !end->guard_checks &&
	    !end->guard_calls) {
		result->status = MS_DETECTOR_NOT_OBSERVABLE;
		return ms_detector_say(result, "none of the allocations was in the sample of one in %" PRIu32 ": record with a smaller RATE "
		                       "in --guard=sample=RATE", p->guard_sample_rate);
	}
	if (x->report->window.given)
		rc |= ms_detector_say(result, "how much was checked within the window is not known");
	else if (end)
		result->checked = end->guard_checks + end->guard_calls;
	else
		rc |= ms_detector_say(result, "how much was checked is not known: the end of the record is missing");
	if (p->guard == MS_GUARD_CANARY)
		rc |= ms_detector_say(result, "redzones see writes, when they are checked; reads are seen in libc calls only: "
		                      "--guard=full sees them all");
	if (p->guard == MS_GUARD_SAMPLE)
		rc |= ms_detector_say(result, "a sample was watched: one allocation in %" PRIu32, p->guard_sample_rate);
	if (end && end->guard_plain_blocks)
		rc |= ms_detector_say(result, "%" PRIu64 " blocks %shad no guard", end->guard_plain_blocks, of_recording);
	if (p->guard == MS_GUARD_FULL && end && end->guard_canary_blocks)
		rc |= ms_detector_say(result, "%" PRIu64 " blocks %shad redzones instead of a page", end->guard_canary_blocks, of_recording);
	if (x->cases->omitted[MS_CASE_EVIDENCE])
		rc |= ms_detector_say(result, "%" PRIu64 " more pieces of evidence were not looked at", x->cases->omitted[MS_CASE_EVIDENCE]);
	return rc ? MS_E_NOMEM : MS_OK;
}
