/* address_pass.c - see address_pass.h. */
#include "address_pass.h"

#include <stdlib.h>
#include <string.h>

#include "format/trace_reader.h"

#define PAGE_SHIFT 12
#define FILTER_BITS 65536u
#define FILTER_PAGES 4 /* a block that covers more pages is always looked up */

/* An address of interest and who is or was there. id 0 = nobody. */
struct point {
	uint64_t address;
	struct ms_case_block live, dead;
};

struct follow {
	struct point *points;            /* sorted, distinct */
	size_t count;
	uint64_t filter[FILTER_BITS / 64];
};

static bool is_wanted(const struct ms_case *c)
{
	return !c->merged && c->has_address && (c->kind == MS_CASE_UNMATCHED || c->kind == MS_CASE_EVIDENCE);
}

static int by_address(const void *pa, const void *pb)
{
	const struct point *a = pa, *b = pb;

	return (a->address > b->address) - (a->address < b->address);
}

static int collect(struct follow *f, const struct ms_cases *cases)
{
	size_t n = 0;

	f->points = calloc(cases->count + 1, sizeof *f->points);
	if (!f->points)
		return MS_E_NOMEM;
	for (size_t i = 0; i < cases->count; i++)
		if (is_wanted(&cases->list[i]))
			f->points[n++].address = cases->list[i].address;
	qsort(f->points, n, sizeof *f->points, by_address);
	for (size_t i = 0; i < n; i++)
		if (f->count == 0 || f->points[f->count - 1].address != f->points[i].address)
			f->points[f->count++].address = f->points[i].address;
	for (size_t i = 0; i < f->count; i++) {
		uint64_t bit = f->points[i].address >> PAGE_SHIFT & (FILTER_BITS - 1);

		f->filter[bit / 64] |= UINT64_C(1) << bit % 64;
	}
	return MS_OK;
}

/* Position of the first point at or above the address. */
static size_t first_at(const struct follow *f, uint64_t address)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->points[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline bool may_cover(const struct follow *f, uint64_t address, uint64_t size)
{
	uint64_t first = address >> PAGE_SHIFT, last = (address + (size ? size - 1 : 0)) >> PAGE_SHIFT;

	if (last - first >= FILTER_PAGES)
		return true;
	for (uint64_t page = first; page <= last; page++)
		if (f->filter[(page & (FILTER_BITS - 1)) / 64] >> page % 64 & 1)
			return true;
	return false;
}

static bool covers(const struct ms_case_block *b, uint64_t address)
{
	return address - b->address < (b->size_bytes ? b->size_bytes : 1);
}

static void begin(struct follow *f, const struct ms_batch *b, uint32_t i)
{
	uint64_t address = b->address[i], size = b->size_bytes[i];
	struct ms_case_block block = {
		.id = b->block[i], .address = address, .size_bytes = size, .birth_ns = b->birth_ns[i],
		.birth_stack = b->birth_stack[i], .birth_thread = b->birth_thread[i], .birth_kind = b->birth_kind[i],
	};

	for (size_t k = first_at(f, address); k < f->count && covers(&block, f->points[k].address); k++) {
		struct point *p = &f->points[k];

		/* The block of a realloc that failed lives on: it is the one that left just before. */
		if (b->kind[i] == MS_EV_REALLOC_FAILED && p->dead.id && p->dead.address == address &&
		    p->dead.end_kind == MS_EV_REALLOC_FREE && p->dead.end_thread == b->thread[i]) {
			p->live = p->dead;
			p->live.end_kind = 0;
			p->dead.id = 0; /* what died here before it was hidden by it, and will be again */
		} else {
			p->live = block;
		}
	}
}

static void end(struct follow *f, const struct ms_batch *b, uint32_t i)
{
	struct ms_case_block range = {.address = b->address[i], .size_bytes = b->size_bytes[i]};

	for (size_t k = first_at(f, range.address); k < f->count && covers(&range, f->points[k].address); k++) {
		struct point *p = &f->points[k];

		if (p->live.address != range.address || !p->live.id)
			continue; /* an older one that the trace lost sight of */
		p->dead = p->live;
		p->dead.end_ns = b->time_ns[i];
		p->dead.end_stack = b->stack[i];
		p->dead.end_thread = b->thread[i];
		p->dead.end_kind = b->kind[i];
		p->live.id = 0;
	}
}

static void new_image(struct follow *f)
{
	for (size_t k = 0; k < f->count; k++)
		f->points[k].live.id = f->points[k].dead.id = 0;
}

/* Evidence names its block by start and size; the block may have died just before the check that found the evidence. */
static const struct ms_case_block *block_of_evidence(const struct point *p, const struct ms_evidence *e)
{
	const struct ms_case_block *live = p->live.id ? &p->live : NULL, *dead = p->dead.id ? &p->dead : NULL;

	if (!e->block_address)
		return live ? live : dead;
	if (live && (live->address != e->block_address || live->size_bytes != e->block_bytes))
		live = NULL;
	if (dead && (dead->address != e->block_address || dead->size_bytes != e->block_bytes))
		dead = NULL;
	if (e->freed)
		return dead ? dead : live;
	return live ? live : dead;
}

static void answer(struct follow *f, struct ms_case *c, const struct ms_trace *trace)
{
	const struct point *p = &f->points[first_at(f, c->address)];
	const struct ms_case_block *b = p->live.id ? &p->live : p->dead.id ? &p->dead : NULL;

	if (c->kind == MS_CASE_EVIDENCE)
		b = block_of_evidence(p, ms_trace_evidence(trace, c->evidence));
	if (!b)
		return;
	c->block = *b;
	if (b->end_kind == 0)
		c->place = b->address == c->address ? MS_PLACE_LIVE_START : MS_PLACE_LIVE_INSIDE;
	else
		c->place = b->address == c->address ? MS_PLACE_DEAD_START : MS_PLACE_DEAD_INSIDE;
}

static int follow(struct follow *f, struct ms_cases *cases, const struct ms_trace *trace, struct ms_error *err)
{
	struct ms_cursor *cursor = NULL;
	size_t next = 0;
	int rc = ms_cursor_open(&cursor, trace, MS_COLUMN_ADDRESS, 0, 2, err);

	while (rc == MS_OK) {
		struct ms_batch b;

		while (next < cases->count && !is_wanted(&cases->list[next]))
			next++;
		if (next == cases->count)
			break;
		rc = ms_cursor_next(cursor, &b, err);
		if (rc || b.count == 0)
			break;
		for (uint32_t i = 0; i < b.count; i++) {
			unsigned class_ = ms_event_kinds[b.kind[i]].class_;

			while (next < cases->count && (!is_wanted(&cases->list[next]) || cases->list[next].event == b.first_event + i)) {
				if (is_wanted(&cases->list[next]))
					answer(f, &cases->list[next], trace);
				next++;
			}
			if (class_ == MS_CLASS_ALLOC) {
				if (may_cover(f, b.address[i], b.size_bytes[i]))
					begin(f, &b, i);
			} else if (class_ == MS_CLASS_FREE) {
				if (b.block[i] && may_cover(f, b.address[i], b.size_bytes[i]))
					end(f, &b, i);
			} else if (b.kind[i] == MS_EV_IMAGE_START) {
				new_image(f);
			}
		}
	}
	ms_cursor_close(cursor);
	return rc;
}

int ms_address_pass(struct ms_cases *cases, const struct ms_trace *trace, struct ms_error *err)
{
	struct follow *f = calloc(1, sizeof *f);
	int rc;

	rc = f ? collect(f, cases) : MS_E_NOMEM;
	if (rc)
		rc = ms_fail(err, rc, MS_NO_OFFSET, "no memory to follow addresses");
	else if (f->count)
		rc = follow(f, cases, trace, err);
	if (f)
		free(f->points);
	free(f);
	return rc;
}
