/* html_data_heap.c - what the HTML page gets about errors and about who holds memory: findings, leaks, growth, holders, safety. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/events.h"
#include "format/evidence.h"
#include "heap_names.h"
#include "html_tables.h"
#include "report_names.h"

#define NONE UINT32_MAX
#define TEXT_OF(name, expression)                                                                                        \
	static const char *name(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])                  \
	{                                                                                                                    \
		(void)r, (void)row, (void)room;                                                                                  \
		return expression;                                                                                               \
	}

/* Addresses do not fit into a number of JavaScript: text. */
static const char *hex(char room[MS_COLUMN_TEXT_ROOM], uint64_t value)
{
	snprintf(room, MS_COLUMN_TEXT_ROOM, "0x%" PRIx64, value);
	return room;
}
static const char *event_name(uint8_t kind)
{
	return kind && ms_event_kinds[kind].name ? ms_event_kinds[kind].name : "";
}
static const char *hex_bytes(char room[MS_COLUMN_TEXT_ROOM], const uint8_t *bytes, size_t count)
{
	room[0] = '\0';
	for (size_t i = 0; i < count && i < MS_EVIDENCE_BYTES; i++)
		snprintf(room + 2 * i, 3, "%02x", bytes[i]);
	return room;
}

/* ---- detectors and findings ----------------------------------------------------------------------------------------- */

#define DETECTOR ((const struct ms_detector_result *)row)
TEXT_OF(detector_status, ms_detector_status_name(DETECTOR->status))
MS_HTML_ROWS(detector_rows, r->findings.detectors, r->findings.detector_count)
#define D(field) MS_COLUMN(struct ms_detector_result, #field, field)
static const struct ms_html_column detector_columns[] = {
	D(name), D(summary), D(kinds), MS_COLUMN_OF_TEXT("status", detector_status), D(found), D(suppressed), D(checked), D(unit), D(reason),
};

#define FINDING ((const struct ms_finding *)row)
TEXT_OF(finding_kind, FINDING->kind < MS_FINDING_KIND_COUNT ? ms_finding_kinds[FINDING->kind].name : "unknown")
TEXT_OF(finding_certainty, ms_certainty_name(FINDING->certainty))
TEXT_OF(finding_severity, ms_severity_name(FINDING->severity))
TEXT_OF(finding_access, ms_access_name(FINDING->access))
TEXT_OF(finding_check, FINDING->evidence ? ms_check_name(FINDING->check) : "")
TEXT_OF(finding_evidence, ms_evidence_name(FINDING->evidence))
TEXT_OF(finding_free_call, event_name(FINDING->free_call))
TEXT_OF(finding_address, FINDING->address ? hex(room, FINDING->address) : "")
TEXT_OF(finding_byte_address, FINDING->byte_count ? hex(room, FINDING->byte_address) : "")
TEXT_OF(finding_bytes, hex_bytes(room, FINDING->bytes, FINDING->byte_count))
TEXT_OF(block_address, FINDING->block.known ? hex(room, FINDING->block.address) : "")
TEXT_OF(block_birth_kind, event_name(FINDING->block.birth_kind))
TEXT_OF(block_free_kind, event_name(FINDING->block.free_kind))
TEXT_OF(first_frame_allocation, ms_finding_first_frame(FINDING, true))
TEXT_OF(first_frame_error, ms_finding_first_frame(FINDING, false))
/* Where the bytes start, counted from the start of the block: differences of addresses are exact, addresses would not be. */
static uint64_t finding_byte_offset(const struct ms_report *r, const void *row)
{
	(void)r;
	return FINDING->byte_count && FINDING->block.known && FINDING->byte_address >= FINDING->block.address
	           ? FINDING->byte_address - FINDING->block.address : 0;
}
static uint64_t finding_byte_offset_below(const struct ms_report *r, const void *row)
{
	(void)r;
	return FINDING->byte_count && FINDING->block.known && FINDING->byte_address < FINDING->block.address
	           ? FINDING->block.address - FINDING->byte_address : 0;
}
/* "rax=1f rbx=..." */
static const char *finding_registers(const struct ms_report *r, const void *row, char room[MS_COLUMN_TEXT_ROOM])
{
	int at = 0;

	(void)r;
	room[0] = '\0';
	for (unsigned i = 0; i < FINDING->register_count && i < MS_EVIDENCE_REGISTERS; i++)
		at += snprintf(room + at, MS_COLUMN_TEXT_ROOM - (size_t)at, "%s%s=%" PRIx64, i ? " " : "", ms_register_name(i), FINDING->registers[i]);
	return room;
}
MS_HTML_ROWS(finding_rows, r->findings.list, r->findings.count)
#define F(field) MS_COLUMN(struct ms_finding, #field, field)
#define FB(field) MS_COLUMN(struct ms_finding, "block_" #field, block.field)
static const struct ms_html_column finding_columns[] = {
	F(id), MS_COLUMN_OF_TEXT("kind", finding_kind), MS_COLUMN_OF_TEXT("certainty", finding_certainty),
	MS_COLUMN_OF_TEXT("severity", finding_severity), F(cwe), F(run), F(in_both_runs), F(is_new), F(suppressed_by), F(message),
	MS_COLUMN_AS_CHARS(struct ms_finding, "fingerprint", fingerprint), F(time_ns), F(last_ns), F(count), F(thread),
	MS_COLUMN_OF_TEXT("address", finding_address), F(length_bytes), F(offset), MS_COLUMN_OF_TEXT("access", finding_access),
	MS_COLUMN_OF_TEXT("check", finding_check), MS_COLUMN_OF_TEXT("evidence", finding_evidence), F(confirmed), F(function),
	MS_COLUMN_OF_TEXT("free_call", finding_free_call), F(byte_count), F(expected), MS_COLUMN_OF_TEXT("byte_address", finding_byte_address),
	MS_COLUMN_OF_NUMBER("byte_offset", finding_byte_offset), MS_COLUMN_OF_NUMBER("byte_offset_below", finding_byte_offset_below),
	MS_COLUMN_OF_TEXT("bytes", finding_bytes), F(has_window), F(last_good_ns), F(damage_seen_ns),
	MS_COLUMN_OF_TEXT("registers", finding_registers), FB(known), FB(id), MS_COLUMN_OF_TEXT("block_address", block_address), FB(size_bytes),
	FB(birth_ns), FB(birth_thread), MS_COLUMN_OF_TEXT("block_birth_kind", block_birth_kind), FB(freed),
	MS_COLUMN_OF_TEXT("block_free_kind", block_free_kind), FB(free_thread), FB(free_ns), F(leaked_blocks), F(leaked_bytes),
	F(allocation_node), F(free_node), F(error_node), MS_COLUMN_OF_TEXT("first_frame_allocation", first_frame_allocation),
	MS_COLUMN_OF_TEXT("first_frame_error", first_frame_error),
};

MS_HTML_ROWS(findings_row, &r->findings, 1)
#define H(field) MS_COLUMN(struct ms_findings, #field, field)
static const struct ms_html_column findings_columns[] = {
	H(errors), H(warnings), H(suppressed), H(omitted), MS_COLUMN_AS_PATH(struct ms_findings, "baseline", baseline),
	MS_COLUMN_AS_PATH(struct ms_findings, "companion_file", companion_file), H(companion_problem),
};
MS_HTML_ROWS(suppression_rows, r->findings.suppressions, r->findings.suppression_count)
#define U(field) MS_COLUMN(struct ms_suppression_use, #field, field)
static const struct ms_html_column suppression_columns[] = {
	U(name), MS_COLUMN_AS_PATH(struct ms_suppression_use, "file", file), U(line), U(findings), U(occurrences),
};

/* ---- leaks and growth ------------------------------------------------------------------------------------------------ */

TEXT_OF(graph_reason, r->leaks.graph_count ? ms_graph_reason_name(r->leaks.graph_reason) : "")
MS_HTML_ROWS(leaks_row, &r->leaks, 1)
#define K(field) MS_COLUMN(struct ms_report_leaks, #field, field)
#define KK(name, k) MS_COLUMN(struct ms_report_leaks, name "_blocks", kind[k].blocks), MS_COLUMN(struct ms_report_leaks, name "_bytes", kind[k].bytes)
static const struct ms_html_column leaks_columns[] = {
	K(observable), K(reason), K(doubts), KK("definite", MS_LEAK_DEFINITE), KK("possible", MS_LEAK_POSSIBLE),
	KK("indirect", MS_LEAK_INDIRECT), KK("reachable", MS_LEAK_REACHABLE),
	MS_COLUMN(struct ms_report_leaks, "suppressed_blocks", suppressed.blocks), MS_COLUMN(struct ms_report_leaks, "suppressed_bytes", suppressed.bytes),
	MS_COLUMN(struct ms_report_leaks, "alive_blocks", alive.blocks), MS_COLUMN(struct ms_report_leaks, "alive_bytes", alive.bytes),
	K(cycles), K(cycle_blocks), K(graph_count), MS_COLUMN_OF_TEXT("graph_reason", graph_reason), K(graph_ns), K(pause_ns), K(scanned_bytes),
	K(graph_blocks), K(graph_edges), K(graph_roots), K(unscanned_threads), K(unscanned_ranges), K(unscanned_bytes), K(unscanned_blocks),
	K(unknown_blocks),
};

#define LEAK ((const struct ms_leak *)row)
TEXT_OF(leak_kind, ms_leak_kind_name(LEAK->kind))
TEXT_OF(leak_example_address, hex(room, LEAK->example_address))
TEXT_OF(leak_example_call, event_name(LEAK->example_kind))
MS_HTML_ROWS(leak_rows, r->leaks.leaks, r->leaks.leak_count)
#define L(field) MS_COLUMN(struct ms_leak, #field, field)
static const struct ms_html_column leak_columns[] = {
	MS_COLUMN_OF_TEXT("kind", leak_kind), L(suppressed), L(node), L(blocks), L(bytes), L(indirect_blocks), L(indirect_bytes),
	L(in_cycle_blocks), L(first_block), L(last_block), L(first_ns), L(last_ns), L(min_bytes), L(max_bytes), L(frequent_bytes),
	L(frequent_blocks), L(example_block), MS_COLUMN_OF_TEXT("example_address", leak_example_address), L(example_bytes),
	L(example_retained_bytes), L(example_ns), L(example_thread), MS_COLUMN_OF_TEXT("example_call", leak_example_call), L(type),
	L(cycle_count), MS_COLUMN_AS_CHARS(struct ms_leak, "fingerprint", fingerprint),
};

MS_HTML_ROWS(growth_row, &r->growth, 1)
#define G(field) MS_COLUMN(struct ms_report_growth, #field, field)
static const struct ms_html_column growth_columns[] = {
	G(observable), G(reason), G(windows), G(window_ns), G(from_ns), G(to_ns), G(sites_checked),
};
MS_HTML_ROWS(growing_rows, r->growth.sites, r->growth.site_count)
#define W(field) MS_COLUMN(struct ms_growing_site, #field, field)
static const struct ms_html_column growing_columns[] = {
	W(node), W(from_bytes), W(to_bytes), W(from_blocks), W(to_blocks), W(rises), W(flat), W(slope_bytes_per_hour), W(first_allocation_ns),
	W(last_allocation_ns),
};
/* What fills up as a cache does, and what goes up and down with a period. */
MS_HTML_ROWS(filled_rows, r->growth.filled, r->growth.filled_count)
MS_HTML_ROWS(periodic_rows, r->growth.periodic, r->growth.periodic_count)
#define R(field) MS_COLUMN(struct ms_periodic_site, #field, field)
static const struct ms_html_column periodic_columns[] = {R(node), R(correlation_percent), R(period_ns), R(low_bytes), R(high_bytes)};

/* ---- holders --------------------------------------------------------------------------------------------------------- */

MS_HTML_ROWS(holders_row, &r->holders, 1)
#define O(field) MS_COLUMN(struct ms_report_holders, #field, field)
static const struct ms_html_column holders_columns[] = {O(observable), O(shared_blocks), O(shared_bytes), O(lost_blocks), O(lost_bytes)};

#define HOLDING ((const struct ms_holding *)row)
TEXT_OF(holder_kind, ms_root_kind_name(HOLDING->holder.kind))
TEXT_OF(holder_address, hex(room, HOLDING->holder.address))
/* Names of mappings are paths, others are not: a column for each. */
TEXT_OF(holder_name, HOLDING->holder.kind == MS_ROOT_MAPPING ? "" : HOLDING->holder.name)
MS_HTML_ROWS(holding_rows, r->holders.holdings, r->holders.holding_count)
#define A(field) MS_COLUMN(struct ms_holding, #field, field)
static const struct ms_html_column holding_columns[] = {
	MS_COLUMN_OF_TEXT("kind", holder_kind), MS_COLUMN_OF_TEXT("name", holder_name), MS_COLUMN_AS_PATH(struct ms_holding, "path", holder.name),
	MS_COLUMN_AS_PATH(struct ms_holding, "module", holder.module), MS_COLUMN(struct ms_holding, "thread", holder.thread),
	MS_COLUMN(struct ms_holding, "tid", holder.tid), MS_COLUMN_OF_TEXT("address", holder_address), A(retained_blocks), A(retained_bytes),
	A(pointers), A(places), A(group),
};

struct held_row {
	uint32_t holding, place;
	uint64_t blocks, bytes;
	const char *type;
};
static void *held_place_rows(const struct ms_report *r, size_t *count, bool *owned)
{
	const struct ms_report_holders *h = &r->holders;
	struct held_row *rows = calloc(h->holding_count * MS_HELD_PLACES + 1, sizeof *rows);
	size_t n = 0;

	*owned = true;
	*count = 1;
	for (size_t i = 0; rows && i < h->holding_count; i++)
		for (size_t k = 0; k < h->holdings[i].top_count && k < MS_HELD_PLACES; k++) {
			const struct ms_held_place *p = &h->holdings[i].top[k];

			rows[n++] = (struct held_row){(uint32_t)i, p->line ? (uint32_t)(p->line - r->lines) : NONE, p->blocks, p->bytes, p->type};
		}
	if (rows)
		*count = n;
	return rows;
}
#define Z(field) MS_COLUMN(struct held_row, #field, field)
static const struct ms_html_column held_place_columns[] = {
	Z(holding), MS_COLUMN(struct held_row, "line", place), Z(blocks), Z(bytes), Z(type),
};

#define HELD ((const struct ms_held_block *)row)
TEXT_OF(held_kind, ms_leak_kind_name(HELD->kind))
TEXT_OF(held_address, hex(room, HELD->address))
MS_HTML_ROWS(held_block_rows, r->holders.blocks, r->holders.block_count)
#define B(field) MS_COLUMN(struct ms_held_block, #field, field)
static const struct ms_html_column held_block_columns[] = {
	B(block), MS_COLUMN_OF_TEXT("address", held_address), B(size_bytes), B(node), B(type), B(retained_blocks), B(retained_bytes),
	MS_COLUMN_OF_TEXT("kind", held_kind),
};
MS_HTML_ROWS(held_path_rows, r->holders.paths, r->holders.path_count)
#define P(field) MS_COLUMN(struct ms_held_path, #field, field)
static const struct ms_html_column held_path_columns[] = {P(node), P(blocks), P(bytes), P(retained_blocks), P(retained_bytes)};

/* ---- safety ---------------------------------------------------------------------------------------------------------- */

MS_HTML_ROWS(safety_row, &r->safety, 1)
#define S(field) MS_COLUMN(struct ms_report_safety, #field, field)
static const struct ms_html_column safety_columns[] = {S(frees), S(frees_with_stack), S(omitted)};
MS_HTML_ROWS(handover_rows, r->safety.handovers, r->safety.handover_count)
#define V(field) MS_COLUMN(struct ms_report_handover, #field, field)
static const struct ms_html_column handover_columns[] = {V(from), V(to), V(blocks), V(bytes)};
MS_HTML_ROWS(boundary_rows, r->safety.boundaries, r->safety.boundary_count)
#define Y(field) MS_COLUMN(struct ms_report_boundary, #field, field)
static const struct ms_html_column boundary_columns[] = {
	MS_COLUMN_AS_PATH(struct ms_report_boundary, "from", from), MS_COLUMN_AS_PATH(struct ms_report_boundary, "to", to), Y(blocks), Y(bytes),
	Y(allocation_node), Y(free_node),
};
#define ODD ((const struct ms_report_odd_size *)row)
TEXT_OF(odd_kind, ms_odd_size_name(ODD->kind))
MS_HTML_ROWS(odd_rows, r->safety.odd_sizes, r->safety.odd_size_count)
#define Q(field) MS_COLUMN(struct ms_report_odd_size, #field, field)
static const struct ms_html_column odd_columns[] = {
	MS_COLUMN_OF_TEXT("kind", odd_kind), Q(failed), Q(node), Q(requests), Q(first_bytes), Q(first_ns),
};
MS_HTML_ROWS(unmatched_rows, r->unmatched, r->unmatched_count)
static const struct ms_html_column unmatched_columns[] = {
	MS_COLUMN(struct ms_report_unmatched, "node", node), MS_COLUMN(struct ms_report_unmatched, "frees", frees),
};

static const struct ms_html_table tables[] = {
	MS_HTML_TABLE("detectors", struct ms_detector_result, detector_rows, detector_columns),
	MS_HTML_TABLE("findings_summary", struct ms_findings, findings_row, findings_columns),
	MS_HTML_TABLE("findings", struct ms_finding, finding_rows, finding_columns),
	MS_HTML_TABLE("suppressions", struct ms_suppression_use, suppression_rows, suppression_columns),
	MS_HTML_TABLE("leaks_summary", struct ms_report_leaks, leaks_row, leaks_columns),
	MS_HTML_TABLE("leaks", struct ms_leak, leak_rows, leak_columns),
	MS_HTML_TABLE("growth_summary", struct ms_report_growth, growth_row, growth_columns),
	MS_HTML_TABLE("growth", struct ms_growing_site, growing_rows, growing_columns),
	MS_HTML_TABLE("growth_filled", struct ms_growing_site, filled_rows, growing_columns),
	MS_HTML_TABLE("growth_periodic", struct ms_periodic_site, periodic_rows, periodic_columns),
	MS_HTML_TABLE("holders_summary", struct ms_report_holders, holders_row, holders_columns),
	MS_HTML_TABLE("holders", struct ms_holding, holding_rows, holding_columns),
	MS_HTML_TABLE("held_places", struct held_row, held_place_rows, held_place_columns),
	MS_HTML_TABLE("held_blocks", struct ms_held_block, held_block_rows, held_block_columns),
	MS_HTML_TABLE("held_paths", struct ms_held_path, held_path_rows, held_path_columns),
	MS_HTML_TABLE("safety", struct ms_report_safety, safety_row, safety_columns),
	MS_HTML_TABLE("handovers", struct ms_report_handover, handover_rows, handover_columns),
	MS_HTML_TABLE("boundaries", struct ms_report_boundary, boundary_rows, boundary_columns),
	MS_HTML_TABLE("odd_sizes", struct ms_report_odd_size, odd_rows, odd_columns),
	MS_HTML_TABLE("unmatched_frees", struct ms_report_unmatched, unmatched_rows, unmatched_columns),
};
const struct ms_html_list ms_html_heap_tables = MS_HTML_LIST(tables);
