/* holders_json.c - "holders" of the JSON report, and the answer to --why. */
#include "format/errors.h"
#include "heap_names.h"
#include "json.h"
#include "json_stack.h"
#include "leaks_json.h"
#include "why.h"

void ms_json_holder(struct ms_json *j, const char *key, const struct ms_holder *h)
{
	ms_json_object(j, key);
	ms_json_string(j, "kind", ms_root_kind_name(h->kind));
	ms_json_string(j, "name", *h->name ? h->name : NULL);
	ms_json_string(j, "module", *h->module ? h->module : NULL);
	ms_json_uint(j, "thread", h->thread);
	ms_json_uint(j, "tid", h->tid);
	ms_json_hex(j, "address", h->address);
	ms_json_end_object(j);
}

void ms_json_held_block(struct ms_json *j, const struct ms_report *r, const struct ms_held_block *b)
{
	ms_json_uint(j, "block", b->block);
	ms_json_hex(j, "address", b->address);
	ms_json_uint(j, "size_bytes", b->size_bytes);
	ms_json_string(j, "type", b->type);
	ms_json_string(j, "kind", ms_leak_kind_name(b->kind));
	ms_json_uint(j, "retained_blocks", b->retained_blocks);
	ms_json_uint(j, "retained_bytes", b->retained_bytes);
	ms_json_uint(j, "site", b->node);
	ms_json_frame(j, "frame", ms_report_headline(r, b->node));
}

static void holding(struct ms_json *j, const struct ms_holding *h)
{
	ms_json_object(j, NULL);
	ms_json_holder(j, "holder", &h->holder);
	ms_json_uint(j, "retained_blocks", h->retained_blocks);
	ms_json_uint(j, "retained_bytes", h->retained_bytes);
	ms_json_uint(j, "pointers", h->pointers);
	ms_json_uint(j, "places", h->places);
	ms_json_array(j, "top_places");
	for (uint32_t i = 0; i < h->top_count; i++) {
		ms_json_object(j, NULL);
		ms_json_uint(j, "blocks", h->top[i].blocks);
		ms_json_uint(j, "bytes", h->top[i].bytes);
		ms_json_string(j, "type", h->top[i].type);
		ms_json_frame(j, "frame", h->top[i].line);
		ms_json_frame(j, "caller", h->top[i].caller);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_end_object(j);
}

static size_t at_most(size_t count, size_t top)
{
	return top && count > top ? top : count;
}

static void group(struct ms_json *j, const struct ms_report *r, const struct ms_held_group *q)
{
	ms_json_object(j, NULL);
	ms_json_string(j, "what", ms_held_what_name(q->what));
	if (q->parent == UINT32_MAX)
		ms_json_null(j, "parent");
	else
		ms_json_uint(j, "parent", q->parent);
	if (q->holding < r->holders.holding_count)
		ms_json_holder(j, "holder", &r->holders.holdings[q->holding].holder);
	else
		ms_json_null(j, "holder");
	ms_json_uint(j, "retained_blocks", q->retained_blocks);
	ms_json_uint(j, "retained_bytes", q->retained_bytes);
	ms_json_uint(j, "children", q->children);
	if (q->what == MS_HELD_BLOCKS) {
		ms_json_object(j, "blocks");
		ms_json_uint(j, "blocks", q->blocks);
		ms_json_uint(j, "bytes", q->bytes);
		ms_json_uint(j, "heads", q->heads);
		ms_json_string(j, "type", q->type);
		ms_json_uint(j, "sites", q->sites);
		ms_json_uint(j, "site", q->node);
		ms_json_uint(j, "example", q->head_block);
		ms_json_frame(j, "frame", ms_report_headline(r, q->node));
		ms_json_end_object(j);
	} else {
		ms_json_null(j, "blocks");
	}
	ms_json_end_object(j);
}

void ms_json_holders(struct ms_json *j, const struct ms_report *r, size_t top)
{
	const struct ms_report_holders *h = &r->holders;

	ms_json_object(j, "holders");
	ms_json_bool(j, "observable", h->observable);
	ms_json_array(j, "list");
	for (size_t i = 0; i < at_most(h->holding_count, top); i++)
		holding(j, &h->holdings[i]);
	ms_json_end_array(j);
	ms_json_uint(j, "list_omitted", h->holding_count - at_most(h->holding_count, top));
	ms_json_uint(j, "shared_blocks", h->shared_blocks);
	ms_json_uint(j, "shared_bytes", h->shared_bytes);
	ms_json_uint(j, "lost_blocks", h->lost_blocks);
	ms_json_uint(j, "lost_bytes", h->lost_bytes);
	ms_json_array(j, "blocks");
	for (size_t i = 0; i < at_most(h->block_count, top); i++) {
		ms_json_object(j, NULL);
		ms_json_held_block(j, r, &h->blocks[i]);
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_array(j, "sites");
	for (size_t i = 0; i < at_most(h->path_count, top); i++) {
		const struct ms_held_path *p = &h->paths[i];

		ms_json_object(j, NULL);
		ms_json_uint(j, "site", p->node);
		ms_json_uint(j, "blocks", p->blocks);
		ms_json_uint(j, "bytes", p->bytes);
		ms_json_uint(j, "retained_blocks", p->retained_blocks);
		ms_json_uint(j, "retained_bytes", p->retained_bytes);
		ms_json_frame(j, "frame", ms_report_headline(r, p->node));
		ms_json_end_object(j);
	}
	ms_json_end_array(j);
	ms_json_uint(j, "sites_omitted", h->path_count - at_most(h->path_count, top));
	ms_json_array(j, "tree");
	for (size_t i = 0; i < at_most(h->tree_count, top); i++)
		group(j, r, &h->tree[i]);
	ms_json_end_array(j);
	ms_json_uint(j, "tree_omitted", h->tree_omitted + h->tree_count - at_most(h->tree_count, top));
	ms_json_end_object(j);
}

int ms_render_why_json(FILE *out, const struct ms_report *r, const struct ms_why *w, struct ms_error *err)
{
	struct ms_json j;

	ms_json_init(&j, out, 2);
	ms_json_object(&j, NULL);
	ms_json_uint(&j, "schema_version", MS_REPORT_SCHEMA_VERSION);
	if (w->site_blocks) {
		ms_json_object(&j, "site");
		ms_json_uint(&j, "id", w->site_node);
		ms_json_uint(&j, "blocks", w->site_blocks);
		ms_json_end_object(&j);
	} else {
		ms_json_null(&j, "site");
	}
	ms_json_uint(&j, "block", w->steps[w->step_count - 1].block.block);
	ms_json_string(&j, "kind", ms_leak_kind_name(w->kind));
	ms_json_uint(&j, "pointers", w->pointers);
	if (w->from_root)
		ms_json_holder(&j, "holder", &w->holder);
	else
		ms_json_null(&j, "holder");
	ms_json_array(&j, "way");
	for (size_t i = 0; i < w->step_count; i++) {
		const struct ms_why_step *s = &w->steps[i];

		ms_json_object(&j, NULL);
		if (i || w->from_root) {
			ms_json_uint(&j, "offset", s->offset);
			ms_json_uint(&j, "target_offset", s->target_offset);
			ms_json_bool(&j, "start_pointer", s->start_pointer);
		} else {
			ms_json_null(&j, "offset");
			ms_json_null(&j, "target_offset");
			ms_json_null(&j, "start_pointer");
		}
		ms_json_held_block(&j, r, &s->block);
		ms_json_end_object(&j);
	}
	ms_json_end_array(&j);
	ms_json_stack(&j, "stack", r, w->steps[w->step_count - 1].block.node);
	ms_json_end_object(&j);
	if (fflush(out) || ferror(out))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the answer");
	return MS_OK;
}
