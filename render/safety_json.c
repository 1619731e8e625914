/* safety_json.c - see safety_json.h. */
#include "safety_json.h"

#include "json_stack.h"
#include "report_names.h"

static size_t at_most(size_t count, size_t top)
{
	return top && count > top ? top : count;
}

void ms_json_safety(struct ms_json *j, const struct ms_report *r, size_t top)
{
	const struct ms_report_safety *s = &r->safety;

	ms_json_object(j, "safety");
	ms_json_uint(j, "frees", s->frees);
	ms_json_uint(j, "frees_with_stack", s->frees_with_stack);
	ms_json_uint(j, "omitted", s->omitted);
	ms_json_array(j, "handovers");
	for (size_t i = 0; i < at_most(s->handover_count, top); i++) {
		ms_json_object(j, NULL);
		ms_json_uint(j, "from_thread", s->handovers[i].from);
		ms_json_uint(j, "to_thread", s->handovers[i].to);
		ms_json_uint(j, "blocks", s->handovers[i].blocks);
		ms_json_uint(j, "bytes", s->handovers[i].bytes);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_array(j, "boundaries");
	for (size_t i = 0; i < at_most(s->boundary_count, top); i++) {
		const struct ms_report_boundary *b = &s->boundaries[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "from_module", b->from);
		ms_json_string(j, "to_module", b->to);
		ms_json_uint(j, "blocks", b->blocks);
		ms_json_uint(j, "bytes", b->bytes);
		ms_json_frame(j, "allocation", ms_report_headline(r, b->allocation_node));
		ms_json_frame(j, "free", ms_report_headline(r, b->free_node));
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_array(j, "odd_sizes");
	for (size_t i = 0; i < at_most(s->odd_size_count, top); i++) {
		const struct ms_report_odd_size *o = &s->odd_sizes[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "kind", ms_odd_size_name(o->kind));
		ms_json_bool(j, "failed", o->failed);
		ms_json_uint(j, "requests", o->requests);
		ms_json_uint(j, "first_bytes", o->first_bytes);
		ms_json_uint(j, "first_ns", o->first_ns);
		ms_json_frame(j, "where", ms_report_headline(r, o->node));
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_end_object(j);
}
