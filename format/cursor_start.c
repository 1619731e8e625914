/* cursor_start.c - keyframes and checkpoints, where cursors start; see cursor_state.h. */
#include <stdlib.h>
#include <string.h>

#include "cursor_state.h"
#include "trace_fb.h"
#include "trace_index.h"

enum { KEY_BLOCK, KEY_ADDRESS, KEY_SIZE, KEY_STACK, KEY_THREAD, KEY_KIND, KEY_TIME, KEY_COLUMNS };

/* Adds the blocks of one Keyframe block to the table. */
static int load_keyframe_part(struct ms_cursor *c, const struct ms_source *source, const struct ms_block_info *info,
			      uint64_t *entries, uint64_t *live_blocks, uint64_t *before, struct ms_error *err)
{
	const struct ms_id_limits limits = ms_trace_limits(c->trace);
	uint64_t *values[KEY_COLUMNS] = {NULL};
	struct ms_block_header header;
	struct fb_keyframe k;
	int rc = ms_listed_block_header(source, info, &header, err);

	if (rc == MS_OK)
		rc = ms_block_unpack(&c->unpacker, source, info->offset, &header, NULL, &k.at, err);
	if (rc != MS_OK)
		return rc;
	const struct fb_column columns[KEY_COLUMNS] = {
		fb_keyframe_blocks(k),	fb_keyframe_addresses(k), fb_keyframe_sizes(k), fb_keyframe_stacks(k),
		fb_keyframe_threads(k), fb_keyframe_kinds(k),	  fb_keyframe_times(k)};
	const uint32_t count = fb_column_count(columns[KEY_BLOCK]);

	if (fb_keyframe_event(k) != info->first_event || count != info->count ||
	    fb_keyframe_time_ns(k) != info->first_time_ns || fb_keyframe_next_block(k) > fb_keyframe_event(k) + 1 + c->trace->start_blocks ||
	    count >= fb_keyframe_next_block(k)) /* ids ascend from 1; before memory is taken for them */
		return ms_fail(err, MS_E_CORRUPT, info->offset, "the Keyframe block and its header differ");
	for (unsigned i = 0; i < KEY_COLUMNS; i++) {
		struct ms_fb_vector data = fb_column_data(columns[i]);

		values[i] = malloc(((size_t)count + 1) * sizeof(uint64_t));
		if (values[i] == NULL) {
			rc = ms_fail(err, MS_E_NOMEM, info->offset, "no memory for %u live blocks", count);
			goto done;
		}
		if (fb_column_count(columns[i]) != count ||
		    ms_column_decode64(values[i], count, fb_column_codec(columns[i]), data.data, data.count) != MS_OK) {
			rc = ms_fail(err, MS_E_CORRUPT, info->offset, "column %u of the keyframe does not decode", i);
			goto done;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		struct ms_block_entry *e;

		if (values[KEY_BLOCK][i] <= *before || values[KEY_BLOCK][i] >= fb_keyframe_next_block(k) ||
		    values[KEY_STACK][i] > limits.stacks || values[KEY_THREAD][i] - 1 >= limits.threads ||
		    values[KEY_KIND][i] > UINT8_MAX || ms_event_kinds[values[KEY_KIND][i]].class_ != MS_CLASS_ALLOC ||
		    values[KEY_TIME][i] > info->first_time_ns) {
			rc = ms_fail(err, MS_E_CORRUPT, info->offset, "live block %llu of the keyframe is not valid",
				     (unsigned long long)values[KEY_BLOCK][i]);
			goto done;
		}
		e = ms_block_table_insert(&c->table, values[KEY_BLOCK][i]);
		if (e == NULL) {
			rc = ms_fail(err, MS_E_NOMEM, info->offset, "no memory for the live blocks");
			goto done;
		}
		*e = (struct ms_block_entry){
			.size_bytes = values[KEY_SIZE][i],
			.birth = ms_block_birth(values[KEY_TIME][i], (uint8_t)values[KEY_KIND][i]),
			.stack = (uint32_t)values[KEY_STACK][i],
			.thread = (uint32_t)values[KEY_THREAD][i],
		};
		if (c->table.addresses)
			*ms_block_table_address(&c->table, values[KEY_BLOCK][i]) = values[KEY_ADDRESS][i];
		*before = values[KEY_BLOCK][i];
	}
	*entries += count;
	ms_trace_count_loaded(c->trace, count);
	*live_blocks = fb_keyframe_live_blocks(k);
	c->next_block = fb_keyframe_next_block(k);
done:
	for (unsigned i = 0; i < KEY_COLUMNS; i++)
		free(values[i]);
	return rc;
}

/* The first part of the last keyframe at or before the event: its place among the blocks, or their number when there is none. */
static size_t keyframe_before(const struct ms_trace *t, uint64_t event)
{
	const size_t count = ms_trace_block_count(t);
	size_t first = count;

	for (size_t i = 0; i < count && (event > 0 || ms_trace_is_part(t)); i++) {
		const struct ms_block_info *info = ms_trace_block(t, i);

		if (info->kind == MS_BLOCK_KEYFRAME && info->first_event <= event &&
		    (first == count || info->first_event != ms_trace_block(t, first)->first_event))
			first = i;
	}
	return first;
}

/* The parts of one keyframe, of which the first is block number `first` of the file; *behind: the one behind them. */
static int load_keyframe(struct ms_cursor *c, const struct ms_source *source, size_t first,
			 const struct ms_block_info *(*block)(const struct ms_trace *, size_t), size_t *behind, struct ms_error *err)
{
	const struct ms_block_info *start = block(c->trace, first), *info;
	uint64_t entries = 0, live_blocks = 0, before = 0;
	size_t i = first;

	c->decode_event = c->position = start->first_event;
	c->last_time_ns = start->first_time_ns;
	for (; (info = block(c->trace, i)) != NULL; i++) {
		int rc;

		if (info->kind != MS_BLOCK_KEYFRAME || info->first_event != c->decode_event)
			break;
		rc = load_keyframe_part(c, source, info, &entries, &live_blocks, &before, err);
		if (rc != MS_OK)
			return rc;
	}
	*behind = i;
	if (ms_trace_is_part(c->trace) && c->position == 0 && c->next_block != entries + 1)
		return ms_fail(err, MS_E_CORRUPT, start->offset, "a part begins with block id %llu, %llu is expected",
			       (unsigned long long)c->next_block, (unsigned long long)entries + 1);
	if (entries != live_blocks)
		return ms_fail(err, MS_E_CORRUPT, start->offset, "the keyframe has %llu of its %llu live blocks",
			       (unsigned long long)entries, (unsigned long long)live_blocks);
	return MS_OK;
}

/* The reallocs under way at a checkpoint; all is checked. */
static void restore_reallocs(struct ms_cursor *c, const struct ms_checkpoint *from)
{
	for (size_t i = 0; i < MS_ROWS(from->reallocs, struct ms_checkpoint_realloc); i++) {
		const struct ms_checkpoint_realloc *row = MS_ROW(from->reallocs, struct ms_checkpoint_realloc, i);
		struct ms_open_reallocs *r = &c->reallocs[row->thread];

		if (r->epoch != c->epoch)
			*r = (struct ms_open_reallocs){.epoch = c->epoch};
		r->depth = row->depth;
		if (row->kind != 0)
			r->blocks[row->slot] = (struct ms_block_entry){
				.birth = ms_block_birth(row->birth_ns, (uint8_t)row->kind),
				.stack = (uint32_t)row->stack,
				.thread = (uint32_t)row->birth_thread,
			};
	}
}

static int start_at_checkpoint(struct ms_cursor *c, const struct ms_index_place *place, struct ms_error *err)
{
	struct ms_checkpoint from = {0};
	size_t behind;
	int rc = ms_trace_read_place(c->trace, place, &from, err);

	if (rc == MS_OK)
		rc = load_keyframe(c, ms_trace_index_source(c->trace), place->keyframe, ms_trace_index_block, &behind, err);
	if (rc == MS_OK && (c->next_block != from.next_block || c->last_time_ns != from.time_ns))
		rc = ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "a checkpoint of the index and its keyframe differ");
	if (rc == MS_OK) {
		restore_reallocs(c, &from);
		c->next_index = place->resume;
	}
	ms_checkpoint_free(&from);
	return rc;
}

int ms_cursor_start(struct ms_cursor *c, uint64_t first_event, struct ms_error *err)
{
	const size_t count = ms_trace_block_count(c->trace), first = keyframe_before(c->trace, first_event);
	const struct ms_index_place *place = first_event > 0 ? ms_trace_place_before(c->trace, first_event) : NULL;

	c->skip_to = first_event;
	c->next_block = 1;
	if (place != NULL && (first == count || place->event > ms_trace_block(c->trace, first)->first_event)) {
		struct ms_error why;
		int rc = start_at_checkpoint(c, place, &why);

		if (rc == MS_OK)
			return MS_OK;
		if (rc == MS_E_NOMEM)
			return ms_fail(err, rc, why.offset, "%s", why.message);
		/* A damaged index is as good as none. */
		const bool addresses = c->table.addresses;

		ms_block_table_free(&c->table);
		c->table = (struct ms_block_table){.addresses = addresses};
		c->epoch++;
		c->decode_event = c->position = c->last_time_ns = 0;
		c->next_block = 1;
	}
	if (first == count && ms_trace_is_part(c->trace))
		return ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "a part of a trace does not say what is alive when it begins");
	if (first == count)
		return MS_OK;
	return load_keyframe(c, &c->trace->source, first, ms_trace_block, &c->next_index, err);
}

int ms_cursor_save(const struct ms_cursor *c, struct ms_checkpoint *out, struct ms_error *err)
{
	out->event = c->position;
	out->time_ns = c->last_time_ns;
	out->next_block = c->next_block;
	for (uint32_t thread = 1; thread <= c->trace->tables.thread_count; thread++) {
		const struct ms_open_reallocs *r = &c->reallocs[thread];
		bool any = false;

		if (r->epoch != c->epoch || r->depth == 0)
			continue;
		for (uint64_t slot = MS_CURSOR_REALLOCS; slot-- > 0;) {
			const struct ms_block_entry *e = &r->blocks[slot];
			struct ms_checkpoint_realloc row = {.thread = thread, .depth = r->depth, .slot = slot};

			if (e->birth == 0 && (any || slot > 0))
				continue;
			if (e->birth != 0) {
				row.birth_ns = e->birth >> 8;
				row.kind = (uint8_t)e->birth;
				row.stack = e->stack;
				row.birth_thread = e->thread;
			}
			any = true;
			if (ms_buffer_append(&out->reallocs, &row, sizeof(row)) != 0)
				return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a checkpoint");
		}
	}
	return MS_OK;
}

void ms_cursor_choose_addresses(struct ms_cursor *c, uint64_t live_event)
{
	size_t keyframe;

	c->live_event = live_event;
	if (c->columns & MS_COLUMN_ADDRESS) {
		c->addresses_to = UINT64_MAX;
		return;
	}
	if (live_event == 0 || live_event == UINT64_MAX)
		return;
	keyframe = keyframe_before(c->trace, live_event - 1); /* at least one event behind it: addresses are loaded with its block */
	if (keyframe < ms_trace_block_count(c->trace))
		c->addresses_from = ms_trace_block(c->trace, keyframe)->first_event;
	c->addresses_to = live_event;
}
