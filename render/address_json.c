#include "address_json.h"

static void moment(struct ms_json *j, const struct ms_address_moment *m, bool usable)
{
	ms_json_object(j, NULL);
	ms_json_uint(j, "time_ns", m->time_ns);
	ms_json_uint(j, "event", m->event);
	ms_json_uint(j, "live_blocks", m->live_blocks);
	ms_json_uint(j, "live_bytes", m->live_bytes);
	ms_json_uint(j, "occupied_pages", m->occupied_pages);
	ms_json_uint(j, "heap_pages", m->heap_pages);
	ms_json_share(j, "external_share", ms_address_external_bytes(m), m->occupied_pages * MS_ADDRESS_PAGE_BYTES);
	if (usable) {
		ms_json_uint(j, "usable_bytes", m->usable_bytes);
		ms_json_share(j, "internal_share", ms_address_internal_bytes(m), m->usable_bytes);
	} else {
		ms_json_null(j, "usable_bytes");
		ms_json_null(j, "internal_share");
	}
	ms_json_uint(j, "largest_hole_bytes", m->largest_hole_bytes);
	ms_json_end_object(j);
}

static void region(struct ms_json *j, const struct ms_address_region *r)
{
	ms_json_object(j, NULL);
	ms_json_hex(j, "start", r->start);
	ms_json_hex(j, "end", r->end);
	ms_json_string(j, "name", *r->name ? r->name : NULL);
	ms_json_uint(j, "first_bin", r->first_bin);
	ms_json_uint(j, "bin_count", r->bin_count);
	ms_json_uint(j, "bin_bytes", r->bin_bytes);
	ms_json_end_object(j);
}

void ms_json_address_space(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_report_address_space *a = &r->address_space;

	if (!a->reason && !a->moments) {
		ms_json_null(j, "address_space");
		return;
	}
	ms_json_object(j, "address_space");
	ms_json_string(j, "status", a->reason ? "not_observable" : "derived");
	ms_json_string(j, "reason", a->reason);
	ms_json_uint(j, "page_bytes", MS_ADDRESS_PAGE_BYTES);
	ms_json_string(j, "usable_rule", a->usable_rule);
	ms_json_array(j, "moments");
	for (size_t i = 0; i < a->moment_count; i++)
		moment(j, &a->moments[i], a->usable_rule != NULL);
	ms_json_end_array(j);
	ms_json_array(j, "regions");
	for (size_t i = 0; i < a->region_count; i++)
		region(j, &a->regions[i]);
	ms_json_end_array(j);
	ms_json_array(j, "occupancy");
	for (size_t i = 0; i < a->moment_count; i++) {
		ms_json_array(j, NULL);
		for (uint32_t b = 0; b < a->bin_count; b++)
			ms_json_uint(j, NULL, a->occupancy[i * a->bin_count + b]);
		ms_json_end_array(j);
	}
	ms_json_end_array(j);
	ms_json_end_object(j);
}
