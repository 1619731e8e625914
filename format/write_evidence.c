/* write_evidence.c - ms_writer_evidence of trace_writer.h: what guards saw, collected and written as Evidence blocks. */
#include <string.h>

#include "evidence.h"
#include "trace_fb.h"
#include "writer_internal.h"

#define EVIDENCE_PER_BLOCK 1024

void ms_evidence_rows_free(struct ms_evidence_rows *r)
{
	ms_buffer_free(&r->rows);
	ms_buffer_free(&r->bytes);
	ms_buffer_free(&r->registers);
}

static ms_fb_ref build_entry(struct ms_fb_builder *b, const struct ms_evidence *e, uint32_t id, const uint8_t *bytes,
			     const uint8_t *registers)
{
	ms_fb_ref bytes_ref = 0, registers_ref = 0;

	if (e->byte_count > 0)
		bytes_ref = ms_fb_put_vector(b, bytes, 1, e->byte_count, 1);
	if (e->register_count > 0)
		registers_ref = ms_fb_put_vector(b, registers, 8, e->register_count, 8);
	fb_start_evidence_entry(b);
	fb_evidence_entry_set_address(b, e->address);
	fb_evidence_entry_set_length_bytes(b, e->length_bytes);
	fb_evidence_entry_set_block_address(b, e->block_address);
	fb_evidence_entry_set_block_bytes(b, e->block_bytes);
	fb_evidence_entry_set_last_good_ns(b, e->last_good_ns);
	fb_evidence_entry_set_id(b, id);
	fb_evidence_entry_set_stack(b, e->stack);
	fb_evidence_entry_set_function(b, e->function);
	fb_evidence_entry_set_bytes(b, bytes_ref);
	fb_evidence_entry_set_registers(b, registers_ref);
	fb_evidence_entry_set_kind(b, e->kind);
	fb_evidence_entry_set_access(b, e->access);
	fb_evidence_entry_set_check(b, e->check);
	fb_evidence_entry_set_freed(b, e->freed);
	fb_evidence_entry_set_expected(b, e->expected);
	return fb_finish_evidence_entry(b);
}

int ms_writer_put_evidence(struct ms_writer *w, struct ms_error *err)
{
	const struct ms_evidence *rows = (const struct ms_evidence *)(const void *)w->evidence_rows.rows.data;
	const uint32_t count = (uint32_t)(w->evidence_rows.rows.size / sizeof(*rows));
	const uint8_t *bytes = w->evidence_rows.bytes.data, *registers = w->evidence_rows.registers.data;
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref refs[EVIDENCE_PER_BLOCK], entries;
	int rc;

	if (count == 0)
		return MS_OK;
	ms_fb_reset(b);
	for (uint32_t i = 0; i < count; i++) {
		refs[i] = build_entry(b, &rows[i], w->evidence - count + 1 + i, bytes, registers);
		bytes += rows[i].byte_count;
		registers += 8 * (size_t)rows[i].register_count;
	}
	entries = ms_fb_put_refs(b, refs, count);
	fb_start_evidence(b);
	fb_evidence_set_entries(b, entries);
	rc = ms_writer_put_block(w,
				 (struct ms_block_header){.kind = MS_BLOCK_EVIDENCE,
							  .count = count,
							  .first_time_ns = w->last_time_ns,
							  .last_time_ns = w->last_time_ns},
				 fb_finish_evidence(b), false, err);
	if (rc != MS_OK)
		return rc;
	w->evidence_rows.rows.size = 0;
	w->evidence_rows.bytes.size = 0;
	w->evidence_rows.registers.size = 0;
	return MS_OK;
}

static bool valid(const struct ms_writer *w, const struct ms_evidence *e)
{
	return e->kind > 0 && e->kind < FB_EVIDENCE_KIND_COUNT && e->access < FB_ACCESS_COUNT &&
	       e->check < FB_CHECK_COUNT && e->byte_count <= MS_EVIDENCE_BYTES &&
	       e->register_count <= MS_EVIDENCE_REGISTERS && e->stack <= w->stacks && e->function <= w->strings.count;
}

uint32_t ms_writer_evidence(struct ms_writer *w, const struct ms_evidence *e)
{
	struct ms_evidence_rows *r = &w->evidence_rows;

	if (!ms_writer_ready(w))
		return 0;
	if (w->copied) {
		ms_writer_misuse(w, NULL, "evidence cannot follow a copied trace");
		return 0;
	}
	if (!valid(w, e)) {
		ms_writer_misuse(w, NULL, "evidence is not valid: kind %u, stack %u of %u, function %u of %u", e->kind,
				 e->stack, w->stacks, e->function, w->strings.count);
		return 0;
	}
	if (r->rows.size / sizeof(*e) == EVIDENCE_PER_BLOCK &&
	    (ms_writer_put_tables(w, MS_BLOCK_STACKS, NULL) != MS_OK || ms_writer_put_evidence(w, NULL) != MS_OK))
		return 0;
	if (ms_buffer_append(&r->bytes, e->bytes, e->byte_count) != 0 ||
	    ms_buffer_append(&r->registers, e->registers, 8 * (size_t)e->register_count) != 0 ||
	    ms_buffer_append(&r->rows, e, sizeof(*e)) != 0) {
		ms_writer_no_memory(w, NULL);
		return 0;
	}
	return ++w->evidence;
}
