/* trace_index.c - the reading part of trace_index.h: is it the index of this trace, and where can reading begin. */
#include "trace_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "checkpoint.h"
#include "columns.h"
#include "trace_fb.h"
#include "trace_internal.h"

struct ms_trace_index {
	struct ms_source source;
	struct ms_buffer blocks;         /* struct ms_block_info[] */
	struct ms_buffer places;         /* struct ms_index_place[], by event */
	struct ms_index_mark *marks;
	struct ms_index_facts facts;
};

char *ms_trace_index_path(const char *trace_path)
{
	char *path;

	return asprintf(&path, "%s.index", trace_path) < 0 ? NULL : path;
}

int ms_trace_fingerprint(const struct ms_trace *t, uint64_t *hash, struct ms_error *err)
{
	XXH3_state_t *state = XXH3_createState();
	struct ms_buffer buffer = {0};
	const uint8_t *bytes;
	int rc = state != NULL ? MS_OK : ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for a hash");

	if (rc == MS_OK) {
		XXH3_64bits_reset(state);
		bytes = ms_source_read(&t->source, 0, MS_FILE_HEADER_BYTES, &buffer, err);
		if (bytes != NULL)
			XXH3_64bits_update(state, bytes, MS_FILE_HEADER_BYTES);
		else
			rc = MS_E_IO;
	}
	for (size_t i = 0; rc == MS_OK && i < ms_trace_block_count(t); i++) {
		bytes = ms_source_read(&t->source, ms_trace_block(t, i)->offset, MS_BLOCK_HEADER_BYTES, &buffer, err);
		if (bytes != NULL)
			XXH3_64bits_update(state, bytes, MS_BLOCK_HEADER_BYTES);
		else
			rc = MS_E_IO;
	}
	if (rc == MS_OK)
		*hash = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	ms_buffer_free(&buffer);
	return rc;
}

/* ---- attaching --------------------------------------------------------------------------------------------------- */

static int not_ours(struct ms_error *err, const char *why)
{
	return ms_fail(err, MS_E_NOT_FOUND, MS_NO_OFFSET, "the index belongs to another trace, or the trace has changed since: %s", why);
}

static int decode(uint64_t **out, uint32_t count, struct fb_column column, uint64_t offset, struct ms_error *err)
{
	struct ms_fb_vector data;

	*out = NULL;
	if (column.at == NULL || fb_column_count(column) != count)
		return ms_fail(err, MS_E_CORRUPT, offset, "a column of the index is missing");
	data = fb_column_data(column);
	*out = malloc(((size_t)count + 1) * sizeof(**out));
	if (*out == NULL)
		return ms_fail(err, MS_E_NOMEM, offset, "no memory for an index");
	if (count > 0 && ms_column_decode64(*out, count, fb_column_codec(column), data.data, data.count) != MS_OK)
		return ms_fail(err, MS_E_CORRUPT, offset, "a column of the index does not decode");
	return MS_OK;
}

static int read_marks(struct ms_trace_index *x, const struct ms_trace *t, struct fb_trace_index f, uint64_t offset, struct ms_error *err)
{
	const struct fb_column column = fb_trace_index_mark_strings(f);
	const uint32_t count = column.at != NULL ? fb_column_count(column) : 0;
	uint64_t *strings = NULL, *events = NULL, *times = NULL;
	int rc = MS_OK;

	if (count > t->tables.string_count) /* one at most for each text */
		return ms_fail(err, MS_E_CORRUPT, offset, "the index has %u marks, the trace %u strings", count, t->tables.string_count);
	rc = decode(&strings, count, column, offset, err);
	if (rc == MS_OK)
		rc = decode(&events, count, fb_trace_index_mark_events(f), offset, err);
	if (rc == MS_OK)
		rc = decode(&times, count, fb_trace_index_mark_times(f), offset, err);
	x->marks = rc == MS_OK ? calloc((size_t)count + 1, sizeof(*x->marks)) : NULL;
	if (rc == MS_OK && x->marks == NULL)
		rc = ms_fail(err, MS_E_NOMEM, offset, "no memory for an index");
	for (uint32_t i = 0; rc == MS_OK && i < count; i++) {
		if (strings[i] > t->tables.string_count || events[i] >= t->events || times[i] > t->last_time_ns ||
		    (i > 0 && events[i] <= events[i - 1]))
			rc = ms_fail(err, MS_E_CORRUPT, offset, "mark %u of the index is not valid", i);
		x->marks[i] = (struct ms_index_mark){(uint32_t)strings[i], events[i], times[i]};
	}
	x->facts.marks = x->marks;
	x->facts.mark_count = count;
	free(strings);
	free(events);
	free(times);
	return rc;
}

static const struct ms_block_info *block_at(const struct ms_trace_index *x, size_t i)
{
	return i < MS_ROWS(x->blocks, struct ms_block_info) ? MS_ROW(x->blocks, struct ms_block_info, i) : NULL;
}

/* Keyframe blocks with a Checkpoint behind them; *next: a block of the trace, moved to where an Events block ends with that event. */
static int add_place(struct ms_trace_index *x, const struct ms_trace *t, size_t *i, size_t *next, struct ms_error *err)
{
	struct ms_index_place p = {.event = block_at(x, *i)->first_event, .keyframe = *i};
	const uint64_t offset = block_at(x, *i)->offset;
	const struct ms_block_info *b;

	while ((b = block_at(x, *i)) != NULL && b->kind == MS_BLOCK_KEYFRAME && b->first_event == p.event)
		++*i;
	if (b == NULL || b->kind != MS_BLOCK_CHECKPOINT || b->first_event != p.event || *i == p.keyframe)
		return ms_fail(err, MS_E_CORRUPT, offset, "a checkpoint of the index is not whole");
	p.checkpoint = (*i)++;
	for (; (b = ms_trace_block(t, *next)) != NULL; ++*next)
		if (b->kind == MS_BLOCK_EVENTS && b->first_event + b->count >= p.event)
			break;
	if (b == NULL || b->first_event + b->count != p.event)
		return ms_fail(err, MS_E_CORRUPT, offset, "no Events block ends before event %llu", (unsigned long long)p.event);
	p.resume = ++*next;
	if (ms_buffer_append(&x->places, &p, sizeof(p)) != 0)
		return ms_fail(err, MS_E_NOMEM, offset, "no memory for an index");
	return MS_OK;
}

static int read_places(struct ms_trace_index *x, const struct ms_trace *t, struct fb_trace_index f, uint64_t offset, struct ms_error *err)
{
	uint64_t *peaks = NULL, *most = NULL;
	size_t i = 0, next = 0;
	uint32_t count;
	int rc = MS_OK;

	while (rc == MS_OK && block_at(x, i)->kind != MS_BLOCK_TRACE_INDEX)
		rc = add_place(x, t, &i, &next, err);
	if (rc == MS_OK && block_at(x, i + 1) != NULL)
		rc = ms_fail(err, MS_E_CORRUPT, offset, "there is something behind the TraceIndex block");
	count = (uint32_t)MS_ROWS(x->places, struct ms_index_place);
	if (rc == MS_OK)
		rc = decode(&peaks, count, fb_trace_index_checkpoint_peaks(f), offset, err);
	if (rc == MS_OK)
		rc = decode(&most, count, fb_trace_index_checkpoint_most_blocks(f), offset, err);
	for (uint32_t k = 0; rc == MS_OK && k < count; k++) {
		struct ms_index_place *p = MS_ROW(x->places, struct ms_index_place, k);

		p->peak_bytes = peaks[k];
		p->most_blocks = most[k];
		if (k > 0 && (peaks[k] < p[-1].peak_bytes || most[k] < p[-1].most_blocks))
			rc = ms_fail(err, MS_E_CORRUPT, offset, "a peak of the index falls");
	}
	x->facts.checkpoints = count;
	free(peaks);
	free(most);
	return rc;
}

static int read_facts(struct ms_trace_index *x, const struct ms_trace *t, struct ms_unpacker *u, struct ms_error *err)
{
	const size_t count = MS_ROWS(x->blocks, struct ms_block_info);
	const struct ms_block_info *last = count > 0 ? block_at(x, count - 1) : NULL;
	struct ms_block_header header;
	struct fb_trace_index f;
	uint64_t hash;
	int rc;

	if (last == NULL || last->kind != MS_BLOCK_TRACE_INDEX)
		return ms_fail(err, MS_E_CORRUPT, MS_NO_OFFSET, "the index does not say which trace it belongs to");
	rc = ms_listed_block_header(&x->source, last, &header, err);
	if (rc == MS_OK)
		rc = ms_block_unpack(u, &x->source, last->offset, &header, NULL, &f.at, err);
	if (rc != MS_OK)
		return rc;
	if (fb_trace_index_trace_bytes(f) != t->source.size)
		return not_ours(err, "its length is another");
	rc = ms_trace_fingerprint(t, &hash, err);
	if (rc != MS_OK)
		return rc;
	if (fb_trace_index_trace_hash(f) != hash || fb_trace_index_events(f) != t->events)
		return not_ours(err, "its blocks are others");
	x->facts.file_bytes = x->source.size;
	x->facts.peak_event = fb_trace_index_peak_event(f);
	x->facts.peak_time_ns = fb_trace_index_peak_time_ns(f);
	x->facts.peak_bytes = fb_trace_index_peak_bytes(f);
	if (x->facts.peak_event > t->events || x->facts.peak_time_ns > t->last_time_ns)
		return ms_fail(err, MS_E_CORRUPT, last->offset, "the peak of the index lies behind the end of the trace");
	rc = read_places(x, t, f, last->offset, err);
	return rc != MS_OK ? rc : read_marks(x, t, f, last->offset, err);
}

static void free_index(struct ms_trace_index *x)
{
	if (x == NULL)
		return;
	ms_source_close(&x->source);
	ms_buffer_free(&x->blocks);
	ms_buffer_free(&x->places);
	free(x->marks);
	free(x);
}

void ms_trace_detach_index(struct ms_trace *t)
{
	free_index(t->index);
	t->index = NULL;
}

static int attach(struct ms_trace *t, const char *path, const void *bytes, size_t size, struct ms_error *err)
{
	struct ms_trace_index *x = calloc(1, sizeof(*x));
	struct ms_unpacker u = {0};
	struct ms_buffer buffer = {0};
	struct ms_file_header header;
	const uint8_t *start;
	size_t start_bytes;
	int rc = MS_OK;

	if (x == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for an index");
	x->source.fd = -1;
	if (path != NULL)
		rc = ms_source_open(&x->source, path, err);
	else
		ms_source_memory(&x->source, bytes, size);
	if (rc != MS_OK)
		goto done;
	start_bytes = x->source.size < MS_FILE_HEADER_BYTES ? (size_t)x->source.size : MS_FILE_HEADER_BYTES;
	start = ms_source_read(&x->source, 0, start_bytes, &buffer, err);
	rc = start != NULL ? ms_file_header_load(&header, start, start_bytes, err) : MS_E_IO;
	if (rc == MS_OK && (header.must_understand & MS_FEATURE_INDEX_FILE) == 0)
		rc = ms_fail(err, MS_E_MAGIC, 0, "this is a trace, not the index of one");
	if (rc == MS_OK)
		rc = ms_read_block_list(&x->blocks, &x->source, &u, err);
	if (rc == MS_OK)
		rc = read_facts(x, t, &u, err);
done:
	ms_buffer_free(&buffer);
	ms_unpacker_free(&u);
	if (rc != MS_OK) {
		free_index(x);
		return rc;
	}
	ms_trace_detach_index(t);
	t->index = x;
	return MS_OK;
}

int ms_trace_attach_index(struct ms_trace *t, const char *index_path, struct ms_error *err)
{
	return attach(t, index_path, NULL, 0, err);
}

int ms_trace_attach_index_memory(struct ms_trace *t, const void *bytes, size_t size_bytes, struct ms_error *err)
{
	return attach(t, NULL, bytes, size_bytes, err);
}

/* ---- using ------------------------------------------------------------------------------------------------------- */

const struct ms_index_facts *ms_trace_index(const struct ms_trace *t)
{
	return t->index != NULL ? &t->index->facts : NULL;
}

const struct ms_source *ms_trace_index_source(const struct ms_trace *t)
{
	return &t->index->source;
}

const struct ms_block_info *ms_trace_index_block(const struct ms_trace *t, size_t index)
{
	return block_at(t->index, index);
}

const struct ms_index_place *ms_trace_place_before(const struct ms_trace *t, uint64_t event)
{
	size_t low = 0, high = t->index != NULL ? MS_ROWS(t->index->places, struct ms_index_place) : 0;

	while (low < high) { /* the first one behind the event */
		size_t middle = low + (high - low) / 2;

		if (MS_ROW(t->index->places, struct ms_index_place, middle)->event <= event)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? MS_ROW(t->index->places, struct ms_index_place, low - 1) : NULL;
}

int ms_trace_read_place(const struct ms_trace *t, const struct ms_index_place *place, struct ms_checkpoint *out, struct ms_error *err)
{
	const struct ms_block_info *info = ms_trace_index_block(t, place->checkpoint);
	const struct ms_id_limits limits = ms_trace_limits(t);
	struct ms_unpacker u = {0};
	struct ms_block_header header;
	const uint8_t *body;
	int rc = ms_listed_block_header(&t->index->source, info, &header, err);

	if (rc == MS_OK)
		rc = ms_block_unpack(&u, &t->index->source, info->offset, &header, NULL, &body, err);
	if (rc == MS_OK)
		rc = ms_checkpoint_decode(out, body, &limits, info->offset, err);
	if (rc == MS_OK && (out->event != place->event || out->time_ns != info->first_time_ns ||
			    out->next_block - 1 > out->event + t->start_blocks))
		rc = ms_fail(err, MS_E_CORRUPT, info->offset, "the Checkpoint block and its header differ");
	ms_unpacker_free(&u);
	return rc;
}

int ms_trace_checkpoint_before(const struct ms_trace *t, uint64_t event, struct ms_checkpoint *out, bool *found, struct ms_error *err)
{
	const struct ms_index_place *place = ms_trace_place_before(t, event);
	struct ms_error why;
	int rc;

	*found = false;
	if (place == NULL)
		return MS_OK;
	rc = ms_trace_read_place(t, place, out, &why);
	if (rc == MS_E_NOMEM)
		return ms_fail(err, rc, why.offset, "%s", why.message);
	*found = rc == MS_OK; /* a damaged one is as good as none */
	return MS_OK;
}

bool ms_trace_checkpoint_above(const struct ms_trace *t, bool blocks, uint64_t value, uint64_t *from, uint64_t *to)
{
	const size_t count = t->index != NULL ? MS_ROWS(t->index->places, struct ms_index_place) : 0;

	*from = 0;
	for (size_t i = 0; i < count; i++) {
		const struct ms_index_place *p = MS_ROW(t->index->places, struct ms_index_place, i);

		*to = p->event;
		if ((blocks ? p->most_blocks : p->peak_bytes) > value)
			return true;
		*from = p->event;
	}
	return false;
}

int ms_trace_evidence_before(const struct ms_trace *t, uint64_t event, uint64_t **ids, size_t *count, struct ms_error *err)
{
	struct ms_checkpoint c = {0};
	struct ms_buffer all = {0};
	int rc = MS_OK;

	for (size_t i = 0; t->index != NULL && t->tables.evidence_count > 0 && i < MS_ROWS(t->index->places, struct ms_index_place); i++) {
		const struct ms_index_place *p = MS_ROW(t->index->places, struct ms_index_place, i);

		if (p->event > event)
			break;
		rc = ms_trace_read_place(t, p, &c, err);
		if (rc == MS_OK && ms_buffer_append(&all, c.evidence.data, c.evidence.size) != 0)
			rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for evidence");
		if (rc != MS_OK)
			break;
	}
	ms_checkpoint_free(&c);
	if (rc != MS_OK) {
		ms_buffer_free(&all);
		return rc;
	}
	*ids = (uint64_t *)(void *)all.data;
	*count = all.size / sizeof(uint64_t);
	return MS_OK;
}

uint64_t ms_trace_start_before(const struct ms_trace *t, uint64_t event)
{
	const struct ms_index_place *place = ms_trace_place_before(t, event);

	return place != NULL ? place->event : 0;
}
