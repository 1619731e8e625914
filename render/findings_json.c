/* findings_json.c - see findings_json.h. */
#include "findings_json.h"

#include <stdio.h>

#include "format/events.h"
#include "json_stack.h"
#include "report_names.h"

void ms_json_detectors(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_findings *f = &r->findings;

	ms_json_object(j, "verdict");
	ms_json_uint(j, "errors", f->errors);
	ms_json_uint(j, "warnings", f->warnings);
	ms_json_uint(j, "suppressed", f->suppressed);
	ms_json_uint(j, "omitted", f->omitted);
	ms_json_string(j, "baseline", f->baseline);
	ms_json_string(j, "companion", f->companion_file);
	ms_json_string(j, "companion_problem", f->companion_problem);
	ms_json_end_object(j);
	ms_json_array(j, "detectors");
	for (size_t i = 0; i < f->detector_count; i++) {
		const struct ms_detector_result *d = &f->detectors[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "name", d->name);
		ms_json_string(j, "summary", d->summary);
		ms_json_string(j, "status", ms_detector_status_name(d->status));
		ms_json_uint(j, "found", d->found);
		ms_json_uint(j, "suppressed", d->suppressed);
		ms_json_uint(j, "checked", d->checked);
		ms_json_string(j, "unit", d->unit);
		ms_json_string(j, "reason", d->reason);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void thread(struct ms_json *j, const char *key, const struct ms_report *home, uint32_t id)
{
	if (id == 0 || id > home->thread_count) {
		ms_json_null(j, key);
		return;
	}
	ms_json_object(j, key);
	ms_json_uint(j, "id", id);
	ms_json_uint(j, "tid", home->threads[id - 1].tid);
	ms_json_string(j, "name", *home->threads[id - 1].name ? home->threads[id - 1].name : NULL);
	ms_json_end_object(j);
}

static void event_kind(struct ms_json *j, const char *key, uint8_t kind)
{
	ms_json_string(j, key, kind ? ms_event_kinds[kind].name : NULL);
}

static void block(struct ms_json *j, const struct ms_report *home, const struct ms_finding_block *b)
{
	if (!b->known) {
		ms_json_null(j, "block");
		return;
	}
	ms_json_object(j, "block");
	if (b->id)
		ms_json_uint(j, "id", b->id);
	else
		ms_json_null(j, "id");
	ms_json_hex(j, "address", b->address);
	ms_json_uint(j, "size", b->size_bytes);
	event_kind(j, "family", b->birth_kind);
	ms_json_uint(j, "birth_ns", b->birth_ns);
	thread(j, "birth_thread", home, b->birth_thread);
	ms_json_bool(j, "freed", b->freed);
	event_kind(j, "freed_by", b->free_kind);
	if (b->free_ns)
		ms_json_uint(j, "free_ns", b->free_ns);
	else
		ms_json_null(j, "free_ns");
	thread(j, "free_thread", home, b->free_thread);
	ms_json_end_object(j);
}

static void bytes(struct ms_json *j, const struct ms_finding *f)
{
	char hex[2 * MS_EVIDENCE_BYTES + 1];

	if (!f->byte_count) {
		ms_json_null(j, "bytes");
		return;
	}
	for (unsigned i = 0; i < f->byte_count; i++)
		snprintf(hex + 2 * i, 3, "%02x", f->bytes[i]);
	ms_json_object(j, "bytes");
	ms_json_hex(j, "address", f->byte_address);
	ms_json_string(j, "found", hex);
	ms_json_uint(j, "expected", f->expected);
	ms_json_end_object(j);
}

static void window(struct ms_json *j, const struct ms_finding *f)
{
	if (!f->has_window) {
		ms_json_null(j, "window");
		return;
	}
	ms_json_object(j, "window");
	ms_json_uint(j, "from_ns", f->last_good_ns);
	ms_json_uint(j, "to_ns", f->damage_seen_ns);
	ms_json_end_object(j);
}

static void registers(struct ms_json *j, const struct ms_finding *f)
{
	if (!f->register_count) {
		ms_json_null(j, "registers");
		return;
	}
	ms_json_object(j, "registers");
	for (unsigned i = 0; i < f->register_count; i++)
		ms_json_hex(j, ms_register_name(i), f->registers[i]);
	ms_json_end_object(j);
}

static void finding(struct ms_json *j, const struct ms_report *r, const struct ms_finding *f)
{
	const struct ms_report *home = ms_finding_home(r, f);
	bool is_leak = f->kind >= MS_FINDING_LEAK_DEFINITE;

	ms_json_object(j, NULL);
	ms_json_uint(j, "id", f->id);
	ms_json_string(j, "kind", ms_finding_kinds[f->kind].name);
	ms_json_uint(j, "cwe", f->cwe);
	ms_json_string(j, "severity", ms_severity_name(f->severity));
	ms_json_string(j, "certainty", ms_certainty_name(f->certainty));
	ms_json_string(j, "message", f->message);
	ms_json_string(j, "fingerprint", f->fingerprint);
	ms_json_bool(j, "new", f->is_new);
	ms_json_string(j, "suppressed_by", f->suppressed_by && f->suppressed_by <= r->findings.suppression_count
	                                       ? r->findings.suppressions[f->suppressed_by - 1].name : NULL);
	ms_json_uint(j, "run", f->run);
	ms_json_bool(j, "in_both_runs", f->in_both_runs);
	ms_json_uint(j, "count", f->count);
	ms_json_uint(j, "time_ns", f->time_ns);
	ms_json_uint(j, "last_ns", f->last_ns);
	thread(j, "thread", home, f->thread);
	if (f->address)
		ms_json_hex(j, "address", f->address);
	else
		ms_json_null(j, "address");
	if (f->block.known && !is_leak)
		ms_json_int(j, "offset", f->offset);
	else
		ms_json_null(j, "offset");
	if (f->length_bytes)
		ms_json_uint(j, "length_bytes", f->length_bytes);
	else
		ms_json_null(j, "length_bytes");
	ms_json_string(j, "access", f->evidence && f->evidence != MS_EVIDENCE_REFUSED_FREE ? ms_access_name(f->access) : NULL);
	ms_json_string(j, "function", *f->function ? f->function : NULL);
	event_kind(j, "call", f->free_call);
	ms_json_string(j, "evidence", ms_evidence_name(f->evidence));
	ms_json_string(j, "check", f->evidence ? ms_check_name(f->check) : NULL);
	ms_json_bool(j, "confirmed", f->confirmed);
	bytes(j, f);
	window(j, f);
	registers(j, f);
	block(j, home, &f->block);
	if (is_leak) {
		ms_json_object(j, "leaked");
		ms_json_uint(j, "blocks", f->leaked_blocks);
		ms_json_uint(j, "bytes", f->leaked_bytes);
		ms_json_end_object(j);
	} else {
		ms_json_null(j, "leaked");
	}
	ms_json_object(j, "stacks");
	ms_json_stack(j, "allocation", home, f->allocation_node);
	ms_json_stack(j, "free", home, f->free_node);
	ms_json_stack(j, "error", home, f->error_node);
	ms_json_end_object(j);
	ms_json_end_object(j);
}

void ms_json_findings(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_findings *f = &r->findings;

	ms_json_array(j, "findings");
	for (size_t i = 0; i < f->count; i++)
		finding(j, r, &f->list[i]);
	ms_json_end_array(j);
	ms_json_array(j, "suppressions");
	for (size_t i = 0; i < f->suppression_count; i++) {
		const struct ms_suppression_use *s = &f->suppressions[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "name", s->name);
		ms_json_string(j, "file", s->file);
		ms_json_uint(j, "line", s->line);
		ms_json_uint(j, "findings", s->findings);
		ms_json_uint(j, "occurrences", s->occurrences);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}
