/* snapshot_diff.c - what became of each block between two instants: realloc's ways are followed from one to the other. */
#include <stdlib.h>
#include <string.h>

#include "mix64.h"
#include "snapshot_internal.h"

/* Which block of the first instant a later one is made of: one entry at most for each. Open addressing, backward shift. */
struct origin {
	uint64_t block;                  /* 0 = free slot */
	size_t row;                      /* of the first instant */
};

struct ways {
	const struct ms_live_block *from; /* by id */
	size_t from_count;
	bool *resized;                   /* by row: a realloc of it succeeded */
	struct origin *table;
	size_t capacity, count;
	bool failed;                     /* no memory */
};

static struct origin *slot(struct origin *table, size_t capacity, uint64_t block)
{
	size_t i = ms_mix64(block) & (capacity - 1);

	while (table[i].block && table[i].block != block)
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

static int by_id(const void *a, const void *b)
{
	const struct ms_live_block *x = a, *y = b;

	return (x->block > y->block) - (x->block < y->block);
}

/* Finds the row that a block comes from and takes its entry out. */
static bool take_row(struct ways *w, uint64_t block, size_t *row)
{
	struct origin *o = w->capacity ? slot(w->table, w->capacity, block) : NULL;
	const struct ms_live_block key = {.block = block}, *found;

	if (o && o->block) {
		size_t mask = w->capacity - 1, hole = (size_t)(o - w->table);

		*row = o->row;
		for (size_t i = (hole + 1) & mask; w->table[i].block; i = (i + 1) & mask) {
			size_t home = ms_mix64(w->table[i].block) & mask;

			if (((i - home) & mask) >= ((i - hole) & mask)) {
				w->table[hole] = w->table[i];
				hole = i;
			}
		}
		w->table[hole].block = 0;
		w->count--;
		return true;
	}
	found = w->from_count ? bsearch(&key, w->from, w->from_count, sizeof key, by_id) : NULL;
	if (found)
		*row = (size_t)(found - w->from);
	return found != NULL;
}

static bool grow(struct ways *w)
{
	size_t capacity = w->capacity ? w->capacity * 2 : 256;
	struct origin *grown = calloc(capacity, sizeof *grown);

	if (!grown)
		return false;
	for (size_t i = 0; i < w->capacity; i++)
		if (w->table[i].block)
			*slot(grown, capacity, w->table[i].block) = w->table[i];
	free(w->table);
	w->table = grown;
	w->capacity = capacity;
	return true;
}

static void moved(void *context, uint64_t from, uint64_t to, bool failed)
{
	struct ways *w = context;
	size_t row;

	if (w->failed || !take_row(w, from, &row))
		return;
	if (w->count * 2 >= w->capacity && !grow(w)) {
		w->failed = true;
		return;
	}
	*slot(w->table, w->capacity, to) = (struct origin){to, row};
	w->count++;
	w->resized[row] |= !failed;
}

/* ---- rows --------------------------------------------------------------------------------------------------------- */

static uint8_t fate_of(const struct ms_live_block *from, const struct ms_live_block *to, bool resized)
{
	if (!resized)
		return MS_FATE_SURVIVED;
	return to->size_bytes > from->size_bytes   ? MS_FATE_GREW
	       : to->size_bytes < from->size_bytes ? MS_FATE_SHRANK
	                                           : MS_FATE_MOVED;
}

static int by_from(const void *a, const void *b)
{
	const struct ms_snapshot_change *x = a, *y = b;

	if (!x->from.block != !y->from.block)
		return x->from.block ? -1 : 1;
	if (x->from.block)
		return (x->from.block > y->from.block) - (x->from.block < y->from.block);
	return (x->to.block > y->to.block) - (x->to.block < y->to.block);
}

/* A row for each block of the first instant, then those of the second that none of these became. */
static int make_rows(struct ms_snapshot_diff *d, const struct ms_snapshots *s, struct ways *w, const struct ms_snapshot *to,
                     struct ms_error *err)
{
	d->changes = calloc(w->from_count + to->count + 1, sizeof *d->changes);
	if (!d->changes)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu blocks", w->from_count + to->count);
	for (size_t i = 0; i < w->from_count; i++)
		d->changes[i] = (struct ms_snapshot_change){
			.fate = MS_FATE_DIED, .from = w->from[i], .from_site = s->map.node_of_stack[w->from[i].stack],
		};
	d->change_count = w->from_count;
	for (size_t i = 0; i < to->count; i++) {
		const struct ms_live_block *b = &to->blocks[i];
		struct ms_snapshot_change *c;
		size_t row;

		if (take_row(w, b->block, &row)) {
			c = &d->changes[row];
			c->fate = fate_of(&c->from, b, w->resized[row]);
		} else {
			c = &d->changes[d->change_count++];
			c->fate = MS_FATE_BORN;
		}
		c->to = *b;
		c->to_site = s->map.node_of_stack[b->stack];
	}
	qsort(d->changes, d->change_count, sizeof *d->changes, by_from);
	return MS_OK;
}

static void add(struct ms_report_amount *a, const struct ms_live_block *b)
{
	a->blocks++;
	a->bytes += b->size_bytes;
}

static void add_from(struct ms_snapshot_site *s, const struct ms_snapshot_change *c)
{
	add(&s->from, &c->from);
	if (c->fate == MS_FATE_DIED)
		add(&s->died, &c->from);
	else if (c->fate == MS_FATE_SURVIVED)
		add(&s->survived, &c->from);
	else
		add(&s->moved_from, &c->from);
}

static void add_to(struct ms_snapshot_site *s, const struct ms_snapshot_change *c)
{
	add(&s->to, &c->to);
	if (c->fate == MS_FATE_BORN)
		add(&s->born, &c->to);
	else if (c->fate != MS_FATE_SURVIVED)
		add(&s->moved_to, &c->to);
}

/*
 * A block that survived under another id may stand at another site: when a keyframe lies between the halves of the realloc that failed, it is
 * born again. Then it leaves one site and comes to the other.
 */
static void add_change(struct ms_snapshot_diff *d, const struct ms_snapshot_change *c)
{
	struct ms_snapshot_change site = *c;

	if (c->fate == MS_FATE_SURVIVED && c->from_site != c->to_site)
		site.fate = MS_FATE_MOVED;
	if (c->from.block) {
		add_from(&d->all, c);
		add_from(&d->sites[c->from_site], &site);
	}
	if (c->to.block) {
		add_to(&d->all, c);
		add_to(&d->sites[c->to_site], &site);
	}
	add(&d->fates[c->fate], c->to.block ? &c->to : &c->from);
	if (c->fate == MS_FATE_GREW)
		d->grown_bytes += c->to.size_bytes - c->from.size_bytes;
	if (c->fate == MS_FATE_SHRANK)
		d->shrunk_bytes += c->from.size_bytes - c->to.size_bytes;
	if (c->fate == MS_FATE_GREW || c->fate == MS_FATE_SHRANK || c->fate == MS_FATE_MOVED)
		d->new_address += c->from.address != c->to.address;
}

static int sum_up(struct ms_snapshot_diff *d, const struct ms_snapshots *s, struct ms_error *err)
{
	d->sites = calloc(s->map.node_count + 1, sizeof *d->sites);
	if (!d->sites)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu sites", s->map.node_count);
	for (size_t i = 0; i < d->change_count; i++)
		add_change(d, &d->changes[i]);
	for (size_t i = 0; i < s->map.node_count; i++) {
		if (!d->sites[i].from.blocks && !d->sites[i].to.blocks)
			continue;
		d->sites[d->site_count] = d->sites[i];
		d->sites[d->site_count++].site = (uint32_t)i;
	}
	return MS_OK;
}

/* ---- the difference ----------------------------------------------------------------------------------------------- */

static int follow(struct ms_snapshots *s, const struct ms_instant *to, struct ways *w, struct ms_error *err)
{
	int rc = MS_OK;

	if (!s->steps)
		rc = ms_steps_open(&s->steps, &s->map, ms_trace_thread_count(s->trace), 1, err);
	if (rc)
		return rc;
	ms_steps_follow(s->steps, moved, w);
	rc = ms_snapshots_advance(s, to->event, err);
	if (s->steps)
		ms_steps_follow(s->steps, NULL, NULL);
	if (!s->counts) {
		ms_steps_close(s->steps);
		s->steps = NULL;
	}
	if (rc == MS_OK && w->failed)
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a difference");
	return rc;
}

int ms_snapshot_diff_build(struct ms_snapshot_diff *out, struct ms_snapshots *s, const struct ms_instant *from, const struct ms_instant *to,
                           struct ms_error *err)
{
	struct ms_live_block *blocks = NULL;
	struct ms_snapshot snapshot;
	struct ways w = {0};
	int rc;

	*out = (struct ms_snapshot_diff){.from = *from, .to = *to};
	if (to->event < from->event)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "the second instant lies before the first one");
	rc = ms_snapshots_map(s, err);
	if (rc == MS_OK)
		rc = ms_snapshot_at(s, from, &snapshot, err);
	if (rc)
		return rc;
	blocks = malloc((snapshot.count + 1) * sizeof *blocks);
	w.resized = calloc(snapshot.count + 1, sizeof *w.resized);
	if (!blocks || !w.resized) {
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for %zu blocks", snapshot.count);
		goto done;
	}
	if (snapshot.count)
		memcpy(blocks, snapshot.blocks, snapshot.count * sizeof *blocks);
	w.from = blocks;
	w.from_count = snapshot.count;
	rc = follow(s, to, &w, err);
	if (rc == MS_OK)
		rc = ms_snapshot_at(s, to, &snapshot, err);
	if (rc == MS_OK)
		rc = make_rows(out, s, &w, &snapshot, err);
	if (rc == MS_OK)
		rc = sum_up(out, s, err);
done:
	if (rc)
		ms_snapshot_diff_free(out);
	free(w.table);
	free(w.resized);
	free(blocks);
	return rc;
}

void ms_snapshot_diff_free(struct ms_snapshot_diff *diff)
{
	free(diff->changes);
	free(diff->sites);
	*diff = (struct ms_snapshot_diff){0};
}
