/* json.c - one function per top-level key, in the order of the contract. */
#include "json.h"

#include <stdlib.h>

#include "address_json.h"
#include "annotations_json.h"
#include "findings_json.h"
#include "format/events.h"
#include "json_stack.h"
#include "json_trace.h"
#include "json_writer.h"
#include "leaks_json.h"
#include "report_names.h"
#include "safety_json.h"
#include "system_json.h"
#include "timeline_json.h"
#include "verdict_words.h"

static void estimate(struct ms_json *j, const char *key, const struct ms_estimate *e)
{
	ms_json_object(j, key);
	ms_json_number(j, "value", e->value);
	ms_json_number(j, "standard_error", e->error);
	ms_json_end_object(j);
}

/* An estimate without an error. */
static void estimated_peak(struct ms_json *j, double bytes)
{
	ms_json_object(j, "peak_bytes");
	ms_json_number(j, "value", bytes);
	ms_json_null(j, "standard_error");
	ms_json_end_object(j);
}

static void totals_estimate(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_totals_estimate *e = &r->estimate;

	if (!ms_is_sample(r->trace.process))
		return;
	ms_json_object(j, "estimate");
	estimate(j, "allocations", &e->allocations);
	estimate(j, "reallocations", &e->reallocations);
	estimate(j, "frees", &e->frees);
	estimate(j, "allocated_bytes", &e->allocated_bytes);
	estimate(j, "freed_bytes", &e->freed_bytes);
	estimate(j, "live_blocks", &e->live_blocks);
	estimate(j, "live_bytes", &e->live_bytes);
	estimated_peak(j, e->peak_bytes);
	ms_json_uint(j, "peak_time_ns", e->peak_time_ns);
	ms_json_end_object(j);
}

static void path_estimate(struct ms_json *j, const struct ms_path_estimate *e)
{
	if (!e->given)
		return;
	ms_json_object(j, "estimate");
	estimate(j, "blocks", &e->blocks);
	estimate(j, "allocated_bytes", &e->allocated_bytes);
	estimate(j, "live_blocks", &e->live_blocks);
	estimate(j, "live_bytes", &e->live_bytes);
	estimated_peak(j, e->peak_bytes);
	ms_json_end_object(j);
}

static void amount(struct ms_json *j, const char *key, const struct ms_report_amount *a)
{
	ms_json_object(j, key);
	ms_json_uint(j, "blocks", a->blocks);
	ms_json_uint(j, "bytes", a->bytes);
	ms_json_end_object(j);
}

/* What was left out of the other figures. */
static void culled(struct ms_json *j, const struct ms_report_culled *c)
{
	if (!c->within_ns) {
		ms_json_null(j, "culled");
		return;
	}
	ms_json_object(j, "culled");
	ms_json_uint(j, "within_ns", c->within_ns);
	ms_json_uint(j, "allocations", c->allocations);
	ms_json_uint(j, "reallocations", c->reallocations);
	ms_json_uint(j, "bytes", c->bytes);
	ms_json_uint(j, "mean_lifetime_ns", c->mean_lifetime_ns);
	ms_json_uint(j, "from_ns", c->from_ns);
	ms_json_uint(j, "to_ns", c->to_ns);
	ms_json_uint(j, "peak_bytes", c->peak_bytes);
	ms_json_uint(j, "peak_time_ns", c->peak_time_ns);
	ms_json_uint(j, "young_bytes", c->young_bytes);
	ms_json_uint(j, "early_events", c->early_events);
	ms_json_end_object(j);
}

static void totals(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_report_totals *t = &r->totals;

	ms_json_object(j, "totals");
	ms_json_uint(j, "allocations", t->allocations);
	ms_json_uint(j, "frees", t->frees);
	ms_json_uint(j, "reallocations", t->reallocations);
	ms_json_uint(j, "allocated_bytes", t->allocated_bytes);
	ms_json_uint(j, "freed_bytes", t->freed_bytes);
	ms_json_uint(j, "live_blocks", t->live_blocks);
	ms_json_uint(j, "live_bytes", t->live_bytes);
	ms_json_uint(j, "peak_bytes", t->peak_bytes);
	ms_json_uint(j, "peak_time_ns", t->peak_time_ns);
	ms_json_uint(j, "peak_blocks", t->peak_blocks);
	ms_json_uint(j, "most_blocks", t->most_blocks);
	ms_json_uint(j, "unmatched_frees", t->unmatched_frees);
	ms_json_uint(j, "temporary_allocations", t->temporary_allocations);
	ms_json_uint(j, "temporary_window", t->temporary_window);
	ms_json_uint(j, "zero_size_allocations", t->zero_size_allocations);
	ms_json_uint(j, "failed_allocations", t->failed_allocations);
	amount(j, "ended_by_exec", &t->ended_by_exec);
	totals_estimate(j, r);
	culled(j, &r->culled);
	ms_json_object(j, "events");
	for (unsigned k = 0; k < 256; k++)
		if (t->events_of_kind[k] && ms_event_kinds[k].name)
			ms_json_uint(j, ms_event_kinds[k].name, t->events_of_kind[k]);
	ms_json_end_object(j);
	ms_json_end_object(j);
}

static size_t at_most(size_t count, size_t top)
{
	return top && count > top ? top : count;
}

static void places(struct ms_json *j, const struct ms_report *r, const struct ms_json_options *o)
{
	size_t n = at_most(r->place_count, o->top);

	ms_json_array(j, "places");
	for (size_t i = 0; i < n; i++) {
		const struct ms_report_place *p = &r->places[i];

		ms_json_object(j, NULL);
		ms_json_uint(j, "site", p->node);
		ms_json_uint(j, "sites", p->sites);
		ms_json_uint(j, "allocations", p->allocations);
		ms_json_uint(j, "allocated_bytes", p->allocated_bytes);
		ms_json_uint(j, "live_blocks", p->live_blocks);
		ms_json_uint(j, "live_bytes", p->live_bytes);
		ms_json_uint(j, "peak_blocks", p->peak_blocks);
		ms_json_uint(j, "peak_bytes", p->peak_bytes);
		ms_json_uint(j, "temporary_allocations", p->temporary_allocations);
		path_estimate(j, &p->estimate);
		ms_json_frame(j, "frame", p->line);
		ms_json_frame(j, "caller", p->caller);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_uint(j, "places_omitted", r->place_count - n);
}

static int sites(struct ms_json *j, const struct ms_report *r, const struct ms_json_options *o)
{
	struct ms_report_site sum = {0};
	size_t count;
	uint32_t *order = ms_site_select(r, o->sort, o->top, &count);

	if (!order)
		return MS_E_NOMEM;
	for (size_t i = 0; i < r->site_count; i++)
		ms_site_add(&sum, &r->sites[i]);
	ms_json_array(j, "sites");
	for (size_t i = 0; i < count; i++) {
		const struct ms_report_site *s = &r->sites[order[i]];

		ms_site_subtract(&sum, s);
		ms_json_object(j, NULL);
		ms_json_uint(j, "id", s->node);
		ms_json_uint(j, "allocations", s->allocations);
		ms_json_uint(j, "reallocations", s->reallocations);
		ms_json_uint(j, "allocated_bytes", s->allocated_bytes);
		ms_json_uint(j, "frees", s->frees);
		ms_json_uint(j, "live_blocks", s->live_blocks);
		ms_json_uint(j, "live_bytes", s->live_bytes);
		ms_json_uint(j, "peak_blocks", s->peak_blocks);
		ms_json_uint(j, "peak_bytes", s->peak_bytes);
		ms_json_uint(j, "own_peak_bytes", s->own_peak_bytes);
		ms_json_uint(j, "temporary_allocations", s->temporary_allocations);
		if (s->ended_blocks)
			ms_json_uint(j, "mean_lifetime_ns", s->mean_lifetime_ns);
		else
			ms_json_null(j, "mean_lifetime_ns");
		path_estimate(j, &s->estimate);
		if (r->culled.within_ns) {
			ms_json_uint(j, "culled_blocks", s->culled_blocks);
			ms_json_uint(j, "culled_bytes", s->culled_bytes);
		}
		ms_json_stack(j, "stack", r, s->node);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_object(j, "sites_omitted");
	ms_json_uint(j, "sites", r->site_count - count);
	ms_json_uint(j, "allocations", sum.allocations);
	ms_json_uint(j, "reallocations", sum.reallocations);
	ms_json_uint(j, "allocated_bytes", sum.allocated_bytes);
	ms_json_uint(j, "frees", sum.frees);
	ms_json_uint(j, "live_blocks", sum.live_blocks);
	ms_json_uint(j, "live_bytes", sum.live_bytes);
	ms_json_uint(j, "peak_blocks", sum.peak_blocks);
	ms_json_uint(j, "peak_bytes", sum.peak_bytes);
	ms_json_uint(j, "temporary_allocations", sum.temporary_allocations);
	if (r->culled.within_ns) {
		ms_json_uint(j, "culled_blocks", sum.culled_blocks);
		ms_json_uint(j, "culled_bytes", sum.culled_bytes);
	}
	ms_json_end_object(j);
	free(order);
	return MS_OK;
}


static void functions(struct ms_json *j, const struct ms_report *r, const struct ms_json_options *o)
{
	size_t n = at_most(r->function_count, o->top);

	ms_json_array(j, "functions");
	for (size_t i = 0; i < n; i++) {
		const struct ms_report_function *f = &r->functions[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "function", *f->function ? f->function : NULL);
		ms_json_string(j, "module", *f->module ? f->module : NULL);
		ms_json_object(j, "own");
		ms_json_uint(j, "allocations", f->own_allocations);
		ms_json_uint(j, "allocated_bytes", f->own_allocated_bytes);
		ms_json_uint(j, "live_bytes", f->own_live_bytes);
		ms_json_uint(j, "peak_bytes", f->own_peak_bytes);
		ms_json_uint(j, "temporary_allocations", f->own_temporary_allocations);
		ms_json_end_object(j);
		ms_json_object(j, "inclusive");
		ms_json_uint(j, "allocations", f->allocations);
		ms_json_uint(j, "allocated_bytes", f->allocated_bytes);
		ms_json_uint(j, "live_bytes", f->live_bytes);
		ms_json_uint(j, "peak_bytes", f->peak_bytes);
		ms_json_uint(j, "temporary_allocations", f->temporary_allocations);
		ms_json_end_object(j);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_uint(j, "functions_omitted", r->function_count - n);
}

static void threads(struct ms_json *j, const struct ms_report *r)
{
	ms_json_array(j, "threads");
	for (size_t i = 0; i < r->thread_count; i++) {
		const struct ms_report_thread *t = &r->threads[i];

		ms_json_object(j, NULL);
		ms_json_uint(j, "id", t->id);
		ms_json_uint(j, "tid", t->tid);
		ms_json_string(j, "name", *t->name ? t->name : NULL);
		ms_json_bool(j, "main", t->is_main);
		ms_json_uint(j, "image", t->image);
		ms_json_uint(j, "start_ns", t->start_ns);
		ms_json_uint(j, "end_ns", t->end_ns);
		ms_json_bool(j, "ended", t->ended);
		ms_json_uint(j, "events", t->events);
		ms_json_uint(j, "allocations", t->allocations);
		ms_json_uint(j, "reallocations", t->reallocations);
		ms_json_uint(j, "allocated_bytes", t->allocated_bytes);
		ms_json_uint(j, "live_blocks", t->live_blocks);
		ms_json_uint(j, "live_bytes", t->live_bytes);
		ms_json_uint(j, "own_peak_bytes", t->peak_bytes);
		ms_json_uint(j, "temporary_allocations", t->temporary_allocations);
		ms_json_uint(j, "frees", t->frees);
		amount(j, "ended_own", &t->ended_own);
		amount(j, "ended_others", &t->ended_others);
		ms_json_uint(j, "unmatched_frees", t->unmatched_frees);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void distributions(struct ms_json *j, const struct ms_report *r, const struct ms_json_options *o)
{
	ms_json_array(j, "sizes");
	for (unsigned k = 0; k < 65; k++) {
		const struct ms_report_size_class *c = &r->size_classes[k];

		if (c->blocks == 0 && c->live_blocks == 0)
			continue;
		ms_json_object(j, NULL);
		ms_json_uint(j, "min_bytes", c->min_bytes);
		ms_json_uint(j, "max_bytes", c->max_bytes);
		ms_json_uint(j, "blocks", c->blocks);
		ms_json_uint(j, "bytes", c->bytes);
		ms_json_uint(j, "live_blocks", c->live_blocks);
		ms_json_uint(j, "live_bytes", c->live_bytes);
		if (r->usable_rule) {
			ms_json_uint(j, "usable_bytes", c->usable_bytes);
			ms_json_uint(j, "live_usable_bytes", c->live_usable_bytes);
		} else {
			ms_json_null(j, "usable_bytes");
			ms_json_null(j, "live_usable_bytes");
		}
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_string(j, "usable_rule", r->usable_rule);
	ms_json_array(j, "top_sizes");
	for (size_t i = 0; i < at_most(r->size_count, o->top); i++) {
		ms_json_object(j, NULL);
		ms_json_uint(j, "size_bytes", r->sizes[i].size_bytes);
		ms_json_uint(j, "blocks", r->sizes[i].blocks);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_array(j, "lifetimes");
	for (unsigned k = 0; k < 65; k++) {
		const struct ms_report_lifetime *l = &r->lifetimes[k];

		if (l->blocks == 0)
			continue;
		ms_json_object(j, NULL);
		ms_json_uint(j, "min_ns", l->min_ns);
		ms_json_uint(j, "max_ns", l->max_ns);
		ms_json_uint(j, "blocks", l->blocks);
		ms_json_uint(j, "bytes", l->bytes);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_array(j, "size_lifetimes");
	for (size_t i = 0; i < r->size_lifetime_count; i++) {
		const struct ms_report_size_lifetime *c = &r->size_lifetimes[i];

		ms_json_object(j, NULL);
		ms_json_uint(j, "min_bytes", r->size_classes[c->size_class].min_bytes);
		ms_json_uint(j, "max_bytes", r->size_classes[c->size_class].max_bytes);
		ms_json_uint(j, "min_ns", r->lifetimes[c->lifetime_class].min_ns);
		ms_json_uint(j, "max_ns", r->lifetimes[c->lifetime_class].max_ns);
		ms_json_uint(j, "blocks", c->blocks);
		ms_json_uint(j, "bytes", c->bytes);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void modules(struct ms_json *j, const struct ms_report *r)
{
	ms_json_array(j, "modules");
	for (size_t i = 0; i < r->module_count; i++) {
		const struct ms_report_module *m = &r->modules[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "module", *m->module ? m->module : NULL);
		ms_json_uint(j, "sites", m->sites);
		ms_json_uint(j, "allocations", m->allocations);
		ms_json_uint(j, "allocated_bytes", m->allocated_bytes);
		ms_json_uint(j, "live_blocks", m->live_blocks);
		ms_json_uint(j, "live_bytes", m->live_bytes);
		ms_json_uint(j, "peak_bytes", m->peak_bytes);
		ms_json_uint(j, "temporary_allocations", m->temporary_allocations);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

/* Executable and libraries. Addresses in hexadecimal, as everywhere. */
static void loaded(struct ms_json *j, const struct ms_report *r)
{
	char hex[MS_BUILD_ID_TEXT];

	ms_json_array(j, "loaded");
	for (size_t i = 0; i < r->loaded_count; i++) {
		const struct ms_module *m = &r->loaded[i];

		ms_json_object(j, NULL);
		ms_json_string(j, "module", *m->path ? m->path : NULL);
		ms_json_string(j, "build_id", m->build_id_bytes ? ms_build_id_text(hex, m) : NULL);
		ms_json_hex(j, "load_bias", m->load_bias);
		ms_json_hex(j, "start", m->start);
		ms_json_hex(j, "end", m->end);
		ms_json_uint(j, "image", m->image);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

static void mappings(struct ms_json *j, const struct ms_report *r)
{
	const struct ms_report_mappings *m = &r->mappings;

	ms_json_object(j, "mappings");
	ms_json_uint(j, "mmaps", m->mmaps);
	ms_json_uint(j, "mapped_bytes", m->mapped_bytes);
	ms_json_uint(j, "anonymous_mmaps", m->anonymous_mmaps);
	ms_json_uint(j, "anonymous_bytes", m->anonymous_bytes);
	ms_json_uint(j, "munmaps", m->munmaps);
	ms_json_uint(j, "unmapped_bytes", m->unmapped_bytes);
	ms_json_uint(j, "mremaps", m->mremaps);
	ms_json_uint(j, "mremap_grown_bytes", m->mremap_grown_bytes);
	ms_json_uint(j, "mremap_shrunk_bytes", m->mremap_shrunk_bytes);
	ms_json_uint(j, "brks", m->brks);
	ms_json_uint(j, "sbrk_grown_bytes", m->sbrk_grown_bytes);
	ms_json_uint(j, "sbrk_shrunk_bytes", m->sbrk_shrunk_bytes);
	ms_json_end_object(j);
}

static void unmatched(struct ms_json *j, const struct ms_report *r, const struct ms_json_options *o)
{
	ms_json_array(j, "unmatched_frees");
	for (size_t i = 0; i < at_most(r->unmatched_count, o->top); i++) {
		ms_json_object(j, NULL);
		ms_json_uint(j, "frees", r->unmatched[i].frees);
		ms_json_stack(j, "stack", r, r->unmatched[i].node);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
}

int ms_render_json(FILE *out, const struct ms_report *r, const struct ms_json_options *given, struct ms_error *err)
{
	struct ms_json_options o = *given;
	struct ms_json j;

	if (!o.sort)
		o.sort = &ms_site_keys[0];
	ms_json_init(&j, out, 2);
	ms_json_object(&j, NULL);
	ms_json_uint(&j, "schema_version", MS_REPORT_SCHEMA_VERSION);
	ms_json_trace(&j, r);
	ms_json_window(&j, r);
	totals(&j, r);
	if (sites(&j, r, &o))
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to rank %zu sites", r->site_count);
	places(&j, r, &o);
	functions(&j, r, &o);
	threads(&j, r);
	ms_json_timeline(&j, r);
	if (ms_json_timeline_by(&j, r, o.top))
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to rank series");
	ms_json_phases(&j, r);
	ms_json_pauses(&j, r);
	ms_json_snapshots(&j, r);
	if (ms_json_annotations(&j, r, o.top))
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory to rank tasks, scopes, variables and pools");
	distributions(&j, r, &o);
	modules(&j, r);
	loaded(&j, r);
	mappings(&j, r);
	ms_json_system(&j, r);
	ms_json_reconciliation(&j, r, o.top);
	ms_json_address_space(&j, r);
	unmatched(&j, r, &o);
	ms_json_safety(&j, r, o.top);
	ms_json_detectors(&j, r);
	ms_json_findings(&j, r);
	ms_json_leaks(&j, r, o.top);
	ms_json_growth(&j, r, o.top);
	ms_json_holders(&j, r, o.top);
	ms_json_end_object(&j);
	if (fflush(out) || ferror(out))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the report");
	return MS_OK;
}
