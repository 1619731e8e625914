/* address_moments.c - see address_moments.h. */
#include "address_moments.h"

#include <stdlib.h>
#include <string.h>

#include "format/trace_reader.h"
#include "moment.h"
#include "occupancy.h"
#include "page_map.h"
#include "usable.h"

struct collector {
	struct ms_report_address_space *out;
	const struct ms_trace *trace;
	struct ms_cursor *cursor;
	struct ms_page_map *maps;        /* of the moments; empty where nothing happened since the one before */
	bool *same;                      /* [moment_count] */
	struct ms_page_set heap;         /* pages that were occupied at a moment of this process image */
	struct ms_page_set all;          /* of those before it */
	uint64_t at;                     /* events before it are read */
	struct ms_extent *extents, *scratch; /* of a moment, and room for sorting them */
	size_t capacity, scratch_capacity;
	struct ms_address_moment *now;
	bool no_room;
	bool usable, new_image;
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the occupancy of the address space");
}

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* ---- moments ------------------------------------------------------------------------------------------------------- */

static int choose_moments(struct collector *c, const struct ms_report_window *w, struct ms_error *err)
{
	const uint64_t length = w->to_ns - w->from_ns;
	const size_t n = length < MS_ADDRESS_MOMENTS ? 1 : MS_ADDRESS_MOMENTS;

	c->out->moments = calloc(n, sizeof *c->out->moments);
	c->maps = calloc(n, sizeof *c->maps);
	c->same = calloc(n, sizeof *c->same);
	if (!c->out->moments || !c->maps || !c->same)
		return no_memory(err);
	c->out->moment_count = n;
	for (size_t i = 0; i < n; i++) {
		struct ms_address_moment *m = &c->out->moments[i];
		int rc;

		if (i + 1 == n) {
			m->time_ns = w->to_ns;
			m->event = w->to_event;
			break;
		}
		m->time_ns = w->from_ns + (uint64_t)((unsigned __int128)length * (i + 1) / n);
		rc = ms_moment_events_until(&m->event, c->trace, m->time_ns, err);
		if (rc)
			return rc;
		m->event = m->event < w->from_event ? w->from_event : m->event > w->to_event ? w->to_event : m->event;
	}
	return MS_OK;
}

/* ---- one moment ---------------------------------------------------------------------------------------------------- */

/* Reads on to the event; a new image has an address space of its own. */
static int read_until(struct collector *c, uint64_t event, struct ms_error *err)
{
	ms_cursor_limit(c->cursor, event);
	while (c->at < event) {
		struct ms_batch b;
		int rc = ms_cursor_next(c->cursor, &b, err);

		if (rc)
			return rc;
		if (b.count == 0)
			break;
		c->new_image |= memchr(b.kind, MS_EV_IMAGE_START, b.count) != NULL;
		c->at += b.count;
	}
	return MS_OK;
}

static void take_block(void *context, const struct ms_live_block *block)
{
	struct collector *c = context;
	struct ms_address_moment *m = c->now;

	if (m->live_blocks == c->capacity) {
		size_t capacity = c->capacity * 2 + 4096;
		struct ms_extent *grown = c->no_room ? NULL : realloc(c->extents, capacity * sizeof *grown);

		if (!grown) {
			c->no_room = true;
			return;
		}
		c->extents = grown;
		c->capacity = capacity;
	}
	c->extents[m->live_blocks++] = ms_extent_of(block->address, block->size_bytes);
	m->live_bytes = add(m->live_bytes, block->size_bytes);
	if (c->usable)
		m->usable_bytes = add(m->usable_bytes, ms_usable_bytes(block->size_bytes));
}

static int map_blocks(struct collector *c, struct ms_page_map *map, struct ms_address_moment *m, struct ms_error *err)
{
	int rc;

	c->now = m;
	rc = ms_cursor_walk_live(c->cursor, take_block, c, err);
	if (rc)
		return rc;
	if (c->scratch_capacity < c->capacity) {
		free(c->scratch);
		c->scratch_capacity = c->capacity;
		c->scratch = malloc(c->capacity * sizeof *c->scratch);
	}
	if (c->no_room || (c->capacity && !c->scratch) || ms_page_map_build(map, c->extents, c->scratch, m->live_blocks))
		return no_memory(err);
	return MS_OK;
}

static int take_moment(struct collector *c, size_t i, struct ms_error *err)
{
	struct ms_address_moment *m = &c->out->moments[i];
	int rc;

	if (i > 0 && m[-1].event == m->event) {
		uint64_t time_ns = m->time_ns;

		*m = m[-1];
		m->time_ns = time_ns;
		c->same[i] = true;
		return MS_OK;
	}
	rc = read_until(c, m->event, err);
	if (rc == MS_OK)
		rc = map_blocks(c, &c->maps[i], m, err);
	if (rc)
		return rc;
	if (c->new_image) {
		if (ms_page_set_join(&c->all, &c->heap))
			return no_memory(err);
		ms_page_set_free(&c->heap);
		c->new_image = false;
	}
	if (ms_page_set_add(&c->heap, &c->maps[i]))
		return no_memory(err);
	m->occupied_pages = c->maps[i].pages;
	m->heap_pages = ms_page_set_pages(&c->heap);
	m->largest_hole_bytes = ms_page_set_hole(&c->heap, &c->maps[i]) * MS_ADDRESS_PAGE_BYTES;
	return MS_OK;
}

/* ---- all of it ----------------------------------------------------------------------------------------------------- */

static int fill_bins(struct collector *c, struct ms_error *err)
{
	struct ms_report_address_space *out = c->out;

	if (ms_page_set_join(&c->all, &c->heap) || ms_regions_build(out, &c->all))
		return no_memory(err);
	ms_regions_name(out, c->trace);
	out->occupancy = calloc(out->moment_count * out->bin_count + 1, sizeof *out->occupancy);
	if (!out->occupancy)
		return no_memory(err);
	for (size_t i = 0; i < out->moment_count; i++) {
		uint64_t *bins = out->occupancy + i * out->bin_count;

		if (c->same[i])
			memcpy(bins, bins - out->bin_count, out->bin_count * sizeof *bins);
		else
			ms_occupancy_add(bins, out, &c->maps[i]);
	}
	return MS_OK;
}

int ms_address_space_collect(struct ms_report *report, const struct ms_trace *trace, unsigned threads, struct ms_error *err)
{
	const struct ms_process *p = ms_trace_process(trace);
	struct collector c = {.out = &report->address_space, .trace = trace, .usable = ms_usable_known(p), .at = report->window.from_event};
	int rc;

	if (p->inherited_heap) {
		c.out->reason = "a forked child: blocks born before the fork are not known";
		return MS_OK;
	}
	if (p->capture.attached) {
		c.out->reason = "attached to a running process: blocks from before are not known";
		return MS_OK;
	}
	c.out->usable_rule = ms_usable_rule(p);
	rc = choose_moments(&c, &report->window, err);
	if (rc == MS_OK)
		rc = ms_cursor_open(&c.cursor, trace, MS_COLUMN_ADDRESS, c.at, threads, err);
	for (size_t i = 0; rc == MS_OK && i < c.out->moment_count; i++)
		rc = take_moment(&c, i, err);
	if (rc == MS_OK)
		rc = fill_bins(&c, err);
	ms_cursor_close(c.cursor);
	for (size_t i = 0; c.maps && i < c.out->moment_count; i++)
		ms_page_map_free(&c.maps[i]);
	free(c.maps);
	free(c.same);
	free(c.extents);
	free(c.scratch);
	ms_page_set_free(&c.heap);
	ms_page_set_free(&c.all);
	return rc;
}

void ms_address_space_free(struct ms_report_address_space *space)
{
	free(space->moments);
	free(space->regions);
	free(space->occupancy);
	*space = (struct ms_report_address_space){0};
}
