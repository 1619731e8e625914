/* checkpoint.c - see checkpoint.h. Rows are structs of nothing but uint64_t, stored as one column per member. */
#include "checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "event_decode.h"
#include "events.h"
#include "table_encode.h"
#include "trace_fb.h"

#define REMEMBERED 4 /* moves or reallocs of a thread */
#define MAX_RANGES 4096u
#define MAX_ROWS (UINT32_C(1) << 22)
#define MAX_COLUMNS 24

void ms_checkpoint_clear(struct ms_checkpoint *c)
{
	struct ms_checkpoint kept = *c;

	memset(c, 0, sizeof(*c));
#define KEEP(rows)             \
	c->rows = kept.rows;   \
	c->rows.size = 0
	KEEP(threads);
	KEEP(moves);
	KEEP(reallocs);
	KEEP(aliases);
	KEEP(mapped);
	KEEP(evidence);
#undef KEEP
}

void ms_checkpoint_free(struct ms_checkpoint *c)
{
	ms_buffer_free(&c->threads);
	ms_buffer_free(&c->moves);
	ms_buffer_free(&c->reallocs);
	ms_buffer_free(&c->aliases);
	ms_buffer_free(&c->mapped);
	ms_buffer_free(&c->evidence);
	memset(c, 0, sizeof(*c));
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* One column per member of rows that are `members` words long. */
static void build_columns(ms_fb_ref *refs, struct ms_fb_builder *b, const struct ms_buffer *rows, unsigned members)
{
	const uint64_t *words = (const uint64_t *)(const void *)rows->data;
	const size_t count = rows->size / sizeof(uint64_t) / members;
	uint64_t *values = malloc((count + 1) * sizeof(*values));

	if (values == NULL || count > MAX_ROWS) {
		b->failed = true;
		free(values);
		return;
	}
	for (unsigned m = 0; m < members; m++) {
		for (size_t i = 0; i < count; i++)
			values[i] = words[i * members + m];
		refs[m] = ms_build_column(b, FB_CODEC_VARINT, values, (uint32_t)count);
	}
	free(values);
}

#define MEMBERS(type) (sizeof(struct ms_checkpoint_##type) / sizeof(uint64_t))
#define DEFINE_BUILD(type, table, list)                                                                                \
	static ms_fb_ref build_##table(struct ms_fb_builder *b, const struct ms_buffer *rows)                          \
	{                                                                                                              \
		ms_fb_ref refs[MAX_COLUMNS] = {0};                                                                     \
		unsigned m = 0;                                                                                        \
                                                                                                                       \
		if (rows->size == 0)                                                                                   \
			return 0;                                                                                      \
		build_columns(refs, b, rows, MEMBERS(type));                                                           \
		fb_start_checkpoint_##table(b);                                                                        \
		list(SET_##table) return fb_finish_checkpoint_##table(b);                                              \
	}
#define SET_threads(name) fb_checkpoint_threads_set_##name(b, refs[m++]);
#define SET_moves(name) fb_checkpoint_moves_set_##name(b, refs[m++]);
#define SET_reallocs(name) fb_checkpoint_reallocs_set_##name(b, refs[m++]);
#define SET_aliases(name) fb_checkpoint_aliases_set_##name(b, refs[m++]);
DEFINE_BUILD(thread, threads, MS_CHECKPOINT_THREAD)
DEFINE_BUILD(move, moves, MS_CHECKPOINT_MOVE)
DEFINE_BUILD(realloc, reallocs, MS_CHECKPOINT_REALLOC)
#define SET_mapped(name) fb_checkpoint_mapped_set_##name(b, refs[m++]);
DEFINE_BUILD(alias, aliases, MS_CHECKPOINT_ALIAS)
DEFINE_BUILD(range, mapped, MS_CHECKPOINT_RANGE)

ms_fb_ref ms_checkpoint_build(const struct ms_checkpoint *c, struct ms_fb_builder *b)
{
	ms_fb_ref threads, moves, reallocs, aliases, mapped, kinds, evidence = 0;

	ms_fb_reset(b);
	threads = build_threads(b, &c->threads);
	moves = build_moves(b, &c->moves);
	reallocs = build_reallocs(b, &c->reallocs);
	aliases = build_aliases(b, &c->aliases);
	mapped = build_mapped(b, &c->mapped);
	kinds = ms_build_column(b, FB_CODEC_VARINT, c->events_of_kind, 256);
	if (c->evidence.size > 0)
		build_columns(&evidence, b, &c->evidence, 1);
	fb_start_checkpoint(b);
#define X(name) fb_checkpoint_set_##name(b, c->name);
	MS_CHECKPOINT_VALUES(X)
#undef X
	fb_checkpoint_set_events_of_kind(b, kinds);
	fb_checkpoint_set_threads(b, threads);
	fb_checkpoint_set_moves(b, moves);
	fb_checkpoint_set_reallocs(b, reallocs);
	fb_checkpoint_set_aliases(b, aliases);
	fb_checkpoint_set_mapped(b, mapped);
	fb_checkpoint_set_evidence(b, evidence);
	return fb_finish_checkpoint(b);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int corrupt(uint64_t offset, const char *what, struct ms_error *err)
{
	return ms_fail(err, MS_E_CORRUPT, offset, "the %s of the checkpoint are not valid", what);
}

static int decode_columns(struct ms_buffer *rows, const struct fb_column *columns, unsigned members, const char *what,
			  uint64_t offset, struct ms_error *err)
{
	const uint32_t count = columns[0].at != NULL ? fb_column_count(columns[0]) : 0;
	uint64_t *values, *words;
	int rc = MS_OK;

	if (count > MAX_ROWS)
		return ms_fail(err, MS_E_LIMIT, offset, "the checkpoint has %u rows of %s", count, what);
	values = malloc(((size_t)count + 1) * sizeof(*values));
	words = (uint64_t *)(void *)ms_buffer_room(rows, ((size_t)count + 1) * members * sizeof(*words));
	if (values == NULL || words == NULL)
		rc = ms_fail(err, MS_E_NOMEM, offset, "no memory for a checkpoint");
	for (unsigned m = 0; m < members && rc == MS_OK; m++) {
		struct ms_fb_vector data = {NULL, 0};

		if (columns[m].at != NULL)
			data = fb_column_data(columns[m]);
		if ((columns[m].at != NULL ? fb_column_count(columns[m]) : 0) != count ||
		    (count > 0 && ms_column_decode64(values, count, fb_column_codec(columns[m]), data.data, data.count) != MS_OK))
			rc = corrupt(offset, what, err);
		for (uint32_t i = 0; i < count && rc == MS_OK; i++)
			words[(size_t)i * members + m] = values[i];
	}
	if (rc == MS_OK)
		rows->size += (size_t)count * members * sizeof(*words);
	free(values);
	return rc;
}

#define COLUMN_threads(name) fb_checkpoint_threads_##name(t),
#define COLUMN_moves(name) fb_checkpoint_moves_##name(t),
#define COLUMN_reallocs(name) fb_checkpoint_reallocs_##name(t),
#define COLUMN_aliases(name) fb_checkpoint_aliases_##name(t),
#define DEFINE_DECODE(type, table, list)                                                                               \
	static int decode_##table(struct ms_checkpoint *c, struct fb_checkpoint_##table t, uint64_t offset,            \
				  struct ms_error *err)                                                                \
	{                                                                                                              \
		const struct fb_column columns[] = {list(COLUMN_##table)};                                             \
                                                                                                                       \
		return decode_columns(&c->table, columns, MEMBERS(type), #table, offset, err);                         \
	}
DEFINE_DECODE(thread, threads, MS_CHECKPOINT_THREAD)
DEFINE_DECODE(move, moves, MS_CHECKPOINT_MOVE)
DEFINE_DECODE(realloc, reallocs, MS_CHECKPOINT_REALLOC)
#define COLUMN_mapped(name) fb_checkpoint_mapped_##name(t),
DEFINE_DECODE(alias, aliases, MS_CHECKPOINT_ALIAS)
DEFINE_DECODE(range, mapped, MS_CHECKPOINT_RANGE)

static bool is_thread(const struct ms_id_limits *limits, uint64_t id)
{
	return id - 1 < limits->threads;
}

static bool is_block(const struct ms_checkpoint *c, uint64_t id)
{
	return id - 1 < c->next_block - 1;
}

static bool threads_fit(const struct ms_checkpoint *c, const struct ms_id_limits *limits)
{
	uint64_t before = 0;

	for (size_t i = 0; i < MS_ROWS(c->threads, struct ms_checkpoint_thread); i++) {
		const struct ms_checkpoint_thread *t = MS_ROW(c->threads, struct ms_checkpoint_thread, i);

		if (t->thread <= before || !is_thread(limits, t->thread) || t->name > limits->strings || t->started > 1 ||
		    t->ended > 1 || t->first_ns > c->time_ns || t->last_ns > c->time_ns || t->last_block >= c->next_block ||
		    t->events > c->event)
			return false;
		before = t->thread;
	}
	return true;
}

static bool moves_fit(const struct ms_checkpoint *c, const struct ms_id_limits *limits)
{
	uint64_t before = 0;
	unsigned of_thread = 0;

	for (size_t i = 0; i < MS_ROWS(c->moves, struct ms_checkpoint_move); i++) {
		const struct ms_checkpoint_move *m = MS_ROW(c->moves, struct ms_checkpoint_move, i);

		of_thread = m->thread == before ? of_thread + 1 : 1;
		if (m->thread < before || of_thread > REMEMBERED || !is_thread(limits, m->thread) || m->known > 1 ||
		    m->stack > limits->stacks || m->birth_thread > limits->threads || m->birth_ns > m->time_ns ||
		    m->time_ns > c->time_ns || m->kind > UINT8_MAX ||
		    (m->known && (!is_block(c, m->block) || !is_block(c, m->recorded) || m->birth_thread == 0)))
			return false;
		before = m->thread;
	}
	return true;
}

static bool reallocs_fit(const struct ms_checkpoint *c, const struct ms_id_limits *limits)
{
	uint64_t before = 0, depth = 0;
	unsigned of_thread = 0;

	for (size_t i = 0; i < MS_ROWS(c->reallocs, struct ms_checkpoint_realloc); i++) {
		const struct ms_checkpoint_realloc *r = MS_ROW(c->reallocs, struct ms_checkpoint_realloc, i);

		of_thread = r->thread == before ? of_thread + 1 : 1;
		if (r->thread < before || of_thread > REMEMBERED || !is_thread(limits, r->thread) || r->depth == 0 ||
		    (of_thread > 1 && r->depth != depth) || r->slot >= REMEMBERED || r->stack > limits->stacks ||
		    r->birth_thread > limits->threads || r->birth_ns > c->time_ns || r->kind > UINT8_MAX ||
		    (r->kind != 0 && (ms_event_kinds[r->kind].class_ != MS_CLASS_ALLOC || r->birth_thread == 0)))
			return false;
		before = r->thread;
		depth = r->depth;
	}
	return true;
}

static bool aliases_fit(const struct ms_checkpoint *c, const struct ms_id_limits *limits)
{
	for (size_t i = 0; i < MS_ROWS(c->aliases, struct ms_checkpoint_alias); i++) {
		const struct ms_checkpoint_alias *a = MS_ROW(c->aliases, struct ms_checkpoint_alias, i);

		if (!is_block(c, a->recorded) || !is_block(c, a->block) || a->birth_ns > c->time_ns ||
		    !is_thread(limits, a->birth_thread) || a->stack > limits->stacks || a->kind > UINT8_MAX)
			return false;
	}
	return true;
}

static bool mapped_fit(const struct ms_checkpoint *c)
{
	const size_t count = MS_ROWS(c->mapped, struct ms_checkpoint_range);

	for (size_t i = 0; i < count; i++) {
		const struct ms_checkpoint_range *r = MS_ROW(c->mapped, struct ms_checkpoint_range, i);

		if (r->start >= r->end || (i > 0 && r->start < r[-1].end))
			return false;
	}
	return count <= MAX_RANGES && c->mapped_cut <= 1;
}

static bool evidence_fits(const struct ms_checkpoint *c, const struct ms_id_limits *limits)
{
	for (size_t i = 0; i < MS_ROWS(c->evidence, uint64_t); i++)
		if (*MS_ROW(c->evidence, uint64_t, i) - 1 >= limits->evidence)
			return false;
	return true;
}

static int check(const struct ms_checkpoint *c, const struct ms_id_limits *limits, uint64_t offset, struct ms_error *err)
{
	if (c->next_block == 0 || c->first_block == 0 || c->first_block > c->next_block ||
	    c->images == 0 || c->images - 1 > c->event || c->images > UINT32_MAX || c->time_ns >> 56 != 0 || c->image_start_ns > c->time_ns ||
	    c->peak_time_ns > c->time_ns || c->peak_event > c->event || c->last_mark > limits->strings || c->first_pause > c->time_ns + 1 ||
	    c->paused > MS_ASKED_COUNT + 1 || (c->paused && !c->first_pause) || c->live_blocks >= c->next_block)
		return corrupt(offset, "values", err);
	if (!threads_fit(c, limits))
		return corrupt(offset, "threads", err);
	if (!moves_fit(c, limits))
		return corrupt(offset, "moves", err);
	if (!reallocs_fit(c, limits))
		return corrupt(offset, "reallocs", err);
	if (!aliases_fit(c, limits))
		return corrupt(offset, "aliases", err);
	if (!mapped_fit(c))
		return corrupt(offset, "mapped ranges", err);
	if (!evidence_fits(c, limits))
		return corrupt(offset, "evidence ids", err);
	return MS_OK;
}

int ms_checkpoint_decode(struct ms_checkpoint *out, const uint8_t *body, const struct ms_id_limits *limits, uint64_t offset,
			 struct ms_error *err)
{
	const struct fb_checkpoint t = {body};
	struct ms_buffer kinds = {0};
	struct fb_column column = fb_checkpoint_events_of_kind(t);
	int rc;

	ms_checkpoint_clear(out);
#define X(name) out->name = fb_checkpoint_##name(t);
	MS_CHECKPOINT_VALUES(X)
#undef X
	rc = decode_columns(&kinds, &column, 1, "kinds", offset, err);
	if (rc == MS_OK && MS_ROWS(kinds, uint64_t) != 256)
		rc = corrupt(offset, "kinds", err);
	if (rc == MS_OK)
		memcpy(out->events_of_kind, kinds.data, sizeof(out->events_of_kind));
	ms_buffer_free(&kinds);
	if (rc == MS_OK)
		rc = decode_threads(out, fb_checkpoint_threads(t), offset, err);
	if (rc == MS_OK)
		rc = decode_moves(out, fb_checkpoint_moves(t), offset, err);
	if (rc == MS_OK)
		rc = decode_reallocs(out, fb_checkpoint_reallocs(t), offset, err);
	if (rc == MS_OK)
		rc = decode_aliases(out, fb_checkpoint_aliases(t), offset, err);
	if (rc == MS_OK)
		rc = decode_mapped(out, fb_checkpoint_mapped(t), offset, err);
	column = fb_checkpoint_evidence(t);
	if (rc == MS_OK)
		rc = decode_columns(&out->evidence, &column, 1, "evidence ids", offset, err);
	if (rc == MS_OK)
		rc = check(out, limits, offset, err);
	if (rc != MS_OK)
		ms_checkpoint_clear(out);
	return rc;
}
