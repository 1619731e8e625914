/* dump_evidence.c - see dump_print.h: the fields of a record of evidence; what it does not have is left out. */
#include <inttypes.h>

#include "dump_print.h"
#include "format/evidence.h"
#include "render/escape.h"
#include "render/report_names.h"

static void print_bytes(FILE *out, const struct ms_evidence *e)
{
	for (unsigned i = 0; i < e->byte_count; i++)
		fprintf(out, "%02x", e->bytes[i]);
}

void dump_evidence_json(FILE *out, const struct ms_trace *t, uint32_t id)
{
	const struct ms_evidence *e = ms_trace_evidence(t, id);

	if (!e) {
		fputs("null", out);
		return;
	}
	fprintf(out, "{\"id\":%" PRIu32 ",\"kind\":\"%s\",\"access\":\"%s\",\"check\":\"%s\",\"freed\":%s,\"address\":\"0x%" PRIx64 "\"", id,
	        ms_evidence_name(e->kind), ms_access_name(e->access), ms_check_name(e->check), e->freed ? "true" : "false",
	        e->address);
	if (e->length_bytes)
		fprintf(out, ",\"length_bytes\":%" PRIu64, e->length_bytes);
	if (e->block_address)
		fprintf(out, ",\"block_address\":\"0x%" PRIx64 "\",\"block_bytes\":%" PRIu64, e->block_address, e->block_bytes);
	if (e->kind == MS_EVIDENCE_DAMAGE) {
		fprintf(out, ",\"expected\":\"%02x\",\"bytes\":\"", e->expected);
		print_bytes(out, e);
		fputc('"', out);
		if (e->last_good_ns)
			fprintf(out, ",\"last_good_ns\":%" PRIu64, e->last_good_ns);
	}
	if (e->function) {
		fputs(",\"function\":", out);
		ms_escape_json(out, ms_trace_string(t, e->function));
	}
	if (e->stack)
		fprintf(out, ",\"stack\":%" PRIu32, e->stack);
	if (e->register_count) {
		fputs(",\"registers\":{", out);
		for (unsigned i = 0; i < e->register_count; i++)
			fprintf(out, "%s\"%s\":\"0x%" PRIx64 "\"", i ? "," : "", ms_register_name(i), e->registers[i]);
		fputc('}', out);
	}
	fputc('}', out);
}

void dump_evidence_text(FILE *out, const struct ms_trace *t, uint32_t id)
{
	const struct ms_evidence *e = ms_trace_evidence(t, id);

	if (!e)
		return;
	fprintf(out, " %s check=%s address=0x%" PRIx64, ms_evidence_name(e->kind), ms_check_name(e->check), e->address);
	if (e->access)
		fprintf(out, " access=%s", ms_access_name(e->access));
	if (e->length_bytes)
		fprintf(out, " length_bytes=%" PRIu64, e->length_bytes);
	if (e->block_address)
		fprintf(out, " block_address=0x%" PRIx64 " block_bytes=%" PRIu64 "%s", e->block_address, e->block_bytes,
		        e->freed ? " freed" : "");
	if (e->kind == MS_EVIDENCE_DAMAGE) {
		fprintf(out, " expected=%02x bytes=", e->expected);
		print_bytes(out, e);
		if (e->last_good_ns)
			fprintf(out, " last_good_ns=%" PRIu64, e->last_good_ns);
	}
	if (e->function) {
		fputs(" function=", out);
		ms_escape_text(out, ms_trace_string(t, e->function));
	}
	if (e->stack)
		fprintf(out, " stack=%" PRIu32, e->stack);
	for (unsigned i = 0; i < e->register_count; i++)
		fprintf(out, " %s=0x%" PRIx64, ms_register_name(i), e->registers[i]);
}
