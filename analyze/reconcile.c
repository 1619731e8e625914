/*
 * reconcile.c - what resident memory consists of at the moment of the last footprint.
 *
 * Each mapping of the process goes into one row, but mappings that hold live blocks: their resident bytes are requested bytes first, then
 * the allocator's rounding, and what remains is free memory and bookkeeping of the allocator. So the rows add up to resident memory
 * and what no rule explains is left.
 */
#include "reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "format/evidence.h"
#include "mapped.h"
#include "moment.h"
#include "system.h"

#define ROWS(X)                                                                                                             \
	X(REQUESTED, "requested", "derived", "live blocks, as much of them as can be in memory")                                \
	X(SLACK, "slack", "derived", "headers and rounding of these blocks by the chunks of glibc's malloc")                    \
	X(RETAINED, "allocator", "derived", "mappings that hold blocks, without them: free memory, bookkeeping, pages touched in part") \
	X(MAPPED, "mmap", "derived", "anonymous memory that was mapped by calls of mmap, without blocks in it")                 \
	X(MODULES, "files", "measured", "executable, libraries and mapped files, with their data")                              \
	X(STACKS, "stacks", "inferred", "main stack by name, of other threads by the guard page below")                         \
	X(SHARED, "shared", "measured", "shared memory")                                                                        \
	X(RECORDER, "recorder", "measured", "memscope's own: shared with the collector, and its library")                       \
	X(OTHER, "other", "measured", "mappings with a name of the kernel")                                                     \
	X(UNEXPLAINED, "unexplained", "derived", "anonymous memory that none of the above explains")

enum row {
#define X(id, name, basis, note) ROW_##id,
	ROWS(X)
#undef X
	ROW_COUNT
};

static const struct ms_reconcile_row row_templates[ROW_COUNT] = {
#define X(id, name_, basis_, note_) {.name = name_, .basis = basis_, .note = note_},
	ROWS(X)
#undef X
};

/* Live blocks in a mapping. */
struct load {
	uint64_t blocks, requested, slack;
};

struct ms_reconciler {
	const struct ms_trace *trace;
	const struct ms_footprint *footprint;
	struct ms_report_reconciliation *out;
	const char *reason;              /* why there will be nothing */
	uint64_t event;                  /* the first one after the footprint */
	struct load *loads;              /* [region_count] */
	uint8_t *row_of;                 /* [region_count], of mappings without blocks */
	uint64_t live_blocks, live_bytes;
	struct ms_mapped mapped;
	bool has_live, glibc;
	bool midway;                     /* the replay does not see all mappings */
};

void ms_report_reconciliation_free(struct ms_report_reconciliation *r)
{
	free(r->rows);
	free(r->mappings);
	*r = (struct ms_report_reconciliation){0};
}

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static const char *name_of(const struct ms_reconciler *c, size_t i)
{
	return ms_trace_string(c->trace, c->footprint->regions[i].name);
}

/* ---- blocks -------------------------------------------------------------------------------------------------------- */

/* The mapping with this address; region_count = none. */
static size_t region_at(const struct ms_footprint *f, uint64_t address)
{
	size_t low = 0, high = f->region_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->regions[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < f->region_count && f->regions[low].start <= address ? low : f->region_count;
}

/* A chunk of glibc's malloc: a header of 8 bytes, in steps of 16, at least 32 (malloc_usable_size, glibc manual "The GNU Allocator"). */
static uint64_t chunk_slack(uint64_t size)
{
	uint64_t chunk = size > UINT64_MAX - 32 ? size : (size + 8 + 15) & ~UINT64_C(15);

	return (chunk < 32 ? 32 : chunk) - size;
}

/* A block may reach over several mappings. */
static void add_block(struct ms_reconciler *c, const struct ms_live_block *b)
{
	const struct ms_footprint *f = c->footprint;
	uint64_t at = b->address, left = b->size_bytes;
	size_t i = region_at(f, at);

	c->live_blocks++;
	c->live_bytes += left;
	if (i == f->region_count)
		return;
	c->loads[i].blocks++;
	c->loads[i].slack += c->glibc ? chunk_slack(left) : 0;
	for (; i < f->region_count && f->regions[i].start <= at; i++) {
		uint64_t here = f->regions[i].end - at < left ? f->regions[i].end - at : left;

		c->loads[i].requested += here;
		at += here;
		left -= here;
		if (left == 0)
			break;
	}
}

/* ---- mappings without blocks --------------------------------------------------------------------------------------- */

static bool ours(const char *name)
{
	return strstr(name, "/libmemscope-preload.so") || strstr(name, "/libmemscope-guard.so") || starts(name, "/memfd:memscope-arena");
}

static bool accessible(const struct ms_region *r)
{
	return r->flags & (MS_REGION_READ | MS_REGION_WRITE | MS_REGION_EXECUTE);
}

/* Below a thread's stack lies a page that nobody may touch; what malloc reserves for an arena is far larger. */
#define GUARD_MAX (UINT64_C(1) << 20)
#define ARENA_BYTES (UINT64_C(64) << 20)

static enum row row_of_anonymous(const struct ms_reconciler *c, size_t i)
{
	const struct ms_region *r = &c->footprint->regions[i], *before = i > 0 ? r - 1 : NULL;
	bool touches = before && before->end == r->start;

	if (touches && before->name && name_of(c, i - 1)[0] == '/' && (before->flags & MS_REGION_WRITE) &&
	    (r->flags & MS_REGION_WRITE))
		return ours(name_of(c, i - 1)) ? ROW_RECORDER : ROW_MODULES; /* data without initial values */
	if (touches && !before->name && !accessible(before) && before->end - before->start <= GUARD_MAX &&
	    (r->flags & MS_REGION_WRITE))
		return ROW_STACKS;
	if (c->glibc && r->start % ARENA_BYTES == 0 && i + 1 < c->footprint->region_count && r[1].start == r->end &&
	    !accessible(&r[1]))
		return ROW_RETAINED;
	return ROW_UNEXPLAINED;
}

static enum row row_of_region(const struct ms_reconciler *c, size_t i)
{
	const char *name = name_of(c, i);

	if (ours(name))
		return ROW_RECORDER;
	if (c->loads[i].blocks || strcmp(name, "[heap]") == 0)
		return ROW_RETAINED;
	if (!*name)
		return row_of_anonymous(c, i);
	if (strcmp(name, "[stack]") == 0 || starts(name, "[anon: glibc: pthread stack"))
		return ROW_STACKS;
	if (starts(name, "/dev/shm/") || starts(name, "/SYSV") || starts(name, "/memfd:") || starts(name, "/dev/zero") ||
	    starts(name, "[anon_shmem:"))
		return ROW_SHARED;
	return name[0] == '/' ? ROW_MODULES : ROW_OTHER;
}

static uint64_t unexplained(const struct ms_reconciler *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->footprint->region_count; i++)
		if (c->row_of[i] == ROW_UNEXPLAINED)
			sum += c->footprint->regions[i].resident_bytes;
	return sum;
}

/* A pass over the trace when the replay did not come so far: only when there is something to explain. */
static int explain_by_calls(struct ms_reconciler *c, const struct ms_report *report, struct ms_error *err)
{
	struct ms_mapped *mapped = &c->mapped;

	if (report->mappings.anonymous_mmaps == 0 || unexplained(c) * 100 <= c->out->resident_bytes)
		return MS_OK;
	if (report->window.to_event < c->event || c->midway) {
		int rc = ms_mapped_before(mapped, c->trace, c->event, err);

		if (rc)
			return rc;
	}
	for (size_t i = 0; i < c->footprint->region_count; i++) {
		const struct ms_region *r = &c->footprint->regions[i];

		for (size_t k = 0; c->row_of[i] == ROW_UNEXPLAINED && k < mapped->count; k++)
			if (mapped->ranges[k].start < r->end && mapped->ranges[k].end > r->start)
				c->row_of[i] = ROW_MAPPED;
	}
	return MS_OK;
}

/* ---- sums ---------------------------------------------------------------------------------------------------------- */

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void add_up(struct ms_reconciler *c)
{
	struct ms_reconcile_row *rows = c->out->rows;

	for (size_t i = 0; i < c->footprint->region_count; i++) {
		uint64_t left = c->footprint->regions[i].resident_bytes;
		uint64_t requested = at_most(c->loads[i].requested, left), slack = at_most(c->loads[i].slack, left - requested);

		rows[ROW_REQUESTED].bytes += requested;
		rows[ROW_SLACK].bytes += slack;
		rows[c->row_of[i]].bytes += left - requested - slack;
		c->out->untouched_bytes += c->loads[i].requested - requested;
	}
	if (!c->glibc) {
		rows[ROW_SLACK].basis = "not observable";
		rows[ROW_SLACK].note = "how this allocator rounds is not known: part of the next row";
	}
}

static int by_resident(const void *pa, const void *pb)
{
	const struct ms_reconcile_mapping *a = pa, *b = pb;

	if (a->resident_bytes != b->resident_bytes)
		return a->resident_bytes < b->resident_bytes ? 1 : -1;
	return strcmp(a->name, b->name);
}

struct named {
	uint32_t name;
	uint8_t row;
	size_t region;
};

static int by_name(const void *pa, const void *pb)
{
	const struct named *a = pa, *b = pb;

	if (a->name != b->name)
		return a->name < b->name ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

static int list_mappings(struct ms_reconciler *c, struct ms_error *err)
{
	const size_t n = c->footprint->region_count;
	struct named *order = malloc((n + 1) * sizeof *order);
	struct ms_reconcile_mapping *list = calloc(n + 1, sizeof *list), *last = NULL;

	if (!order || !list) {
		free(order);
		free(list);
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu mappings", n);
	}
	for (size_t i = 0; i < n; i++)
		order[i] = (struct named){.name = c->footprint->regions[i].name, .region = i,
		                          .row = c->loads[i].blocks ? ROW_REQUESTED : c->row_of[i]};
	qsort(order, n, sizeof *order, by_name);
	for (size_t i = 0; i < n; i++) {
		const struct ms_region *r = &c->footprint->regions[order[i].region];

		if (i == 0 || by_name(&order[i - 1], &order[i]) != 0) {
			last = &list[c->out->mapping_count++];
			last->name = ms_trace_string(c->trace, order[i].name);
			last->row = row_templates[order[i].row].name;
		}
		last->mappings++;
		last->resident_bytes += r->resident_bytes;
		last->swapped_bytes += r->swapped_bytes;
	}
	qsort(list, c->out->mapping_count, sizeof *list, by_resident);
	free(order);
	c->out->mappings = list;
	return MS_OK;
}

static bool sum_mappings(const struct ms_reconciler *c)
{
	struct ms_report_reconciliation *out = c->out;

	for (size_t i = 0; i < c->footprint->region_count; i++)
		if (__builtin_add_overflow(out->resident_bytes, c->footprint->regions[i].resident_bytes, &out->resident_bytes) ||
		    __builtin_add_overflow(out->swapped_bytes, c->footprint->regions[i].swapped_bytes, &out->swapped_bytes))
			return false;
	return true;
}

static int fill(struct ms_reconciler *c, const struct ms_report *report, struct ms_error *err)
{
	struct ms_report_reconciliation *out = c->out;
	int rc;

	out->time_ns = c->footprint->time_ns;
	out->complete = c->footprint->complete;
	if (!sum_mappings(c)) {
		ms_report_reconciliation_free(out);
		out->reason = "the sizes of the mappings make no sense";
		return MS_OK;
	}
	if (!c->has_live) {
		struct ms_cursor *cursor = NULL;

		rc = ms_cursor_open(&cursor, c->trace, MS_COLUMN_ADDRESS, c->event, 1, err);
		if (rc == MS_OK)
			rc = ms_cursor_walk_live(cursor, ms_reconciler_live, c, err);
		ms_cursor_close(cursor);
		if (rc)
			return rc;
	}
	out->live_blocks = c->live_blocks;
	out->live_bytes = c->live_bytes;
	for (size_t i = 0; i < c->footprint->region_count; i++)
		c->row_of[i] = (uint8_t)row_of_region(c, i);
	rc = explain_by_calls(c, report, err);
	if (rc)
		return rc;
	add_up(c);
	return list_mappings(c, err);
}

/* Why nothing can be said; known before the replay. */
static const char *why_not(const struct ms_trace *trace)
{
	if (ms_trace_footprint_count(trace) == 0)
		return "the list of mappings (/proc/PID/smaps) could not be read";
	if (ms_trace_process(trace)->inherited_heap)
		return "a forked child: blocks born before the fork are not known";
	if (ms_trace_process(trace)->capture.attached)
		return "attached to a running process: blocks from before are not known";
	return NULL;
}

int ms_reconciler_open(struct ms_reconciler **out, const struct ms_trace *trace, struct ms_error *err)
{
	const size_t count = ms_trace_footprint_count(trace);
	const struct ms_process *p = ms_trace_process(trace);
	struct ms_reconciler *c = calloc(1, sizeof *c);
	int rc;

	*out = NULL;
	if (!c)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for mappings");
	c->trace = trace;
	c->event = UINT64_MAX;
	c->reason = why_not(trace);
	if (count > 0)
		c->footprint = ms_trace_footprint(trace, count - 1);
	if (!c->reason) {
		c->glibc = p->allocator && strcmp(p->allocator, "libc.so.6") == 0 && p->guard == MS_GUARD_OFF;
		c->loads = calloc(c->footprint->region_count + 1, sizeof *c->loads);
		c->row_of = calloc(c->footprint->region_count + 1, 1);
		rc = c->loads && c->row_of ? ms_mapped_open(&c->mapped, err)
		                           : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu mappings", c->footprint->region_count);
		if (rc == MS_OK)
			rc = ms_moment_events_until(&c->event, trace, c->footprint->time_ns, err);
		if (rc) {
			ms_reconciler_close(c);
			return rc;
		}
	}
	*out = c;
	return MS_OK;
}

void ms_reconciler_close(struct ms_reconciler *c)
{
	if (!c)
		return;
	free(c->loads);
	free(c->row_of);
	ms_mapped_close(&c->mapped);
	free(c);
}

uint64_t ms_reconciler_event(const struct ms_reconciler *c)
{
	return c->event;
}

void ms_reconciler_midway(struct ms_reconciler *c)
{
	c->midway = true;
}

void ms_reconciler_live(void *reconciler, const struct ms_live_block *block)
{
	add_block(reconciler, block);
}

void ms_reconciler_had_live(struct ms_reconciler *c)
{
	c->has_live = true;
}

void ms_reconciler_follow(struct ms_reconciler *c, uint8_t kind, uint64_t time_ns, uint64_t address, uint64_t size_bytes,
                          const uint64_t arg[2])
{
	if (!c->reason && time_ns <= c->footprint->time_ns)
		ms_mapped_follow(&c->mapped, kind, address, size_bytes, arg);
}

int ms_reconcile(struct ms_reconciler *c, struct ms_report *report, struct ms_error *err)
{
	c->out = &report->reconciliation;
	if (report->system.reason)
		c->out->reason = report->system.reason;
	else if (c->footprint && c->footprint->time_ns < report->trace.image_start_ns)
		c->out->reason = "the program was replaced by exec after the last list of mappings";
	else
		c->out->reason = c->reason;
	if (c->out->reason)
		return MS_OK;
	c->out->rows = malloc(sizeof row_templates);
	if (!c->out->rows)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the parts of resident memory");
	memcpy(c->out->rows, row_templates, sizeof row_templates);
	c->out->row_count = ROW_COUNT;
	return fill(c, report, err);
}
