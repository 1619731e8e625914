/*
 * variables.c - what annotations tell of blocks: the variables that they belong to, and their biographies.
 *
 * A block that was told of has a record while it lives; a realloc hands it on to the next block. The record knows the biography that is
 * written, if it is one of those that are kept. Events stand in the order of time and are sorted by biography in the end.
 */
#include <stdlib.h>
#include <string.h>

#include "annotation_pass.h"
#include "block_marks.h"
#include "live_births.h"
#include "reach_row.h"

struct record {
	uint64_t size_bytes;
	uint32_t biography;              /* id, 0 = not kept */
	uint32_t variable;               /* id, 0 = none */
	uint32_t thread;                 /* that was last seen with the block */
	uint32_t next_free;
	bool moving;                     /* a realloc is taking it away: not alive */
};

struct variables {
	const struct ms_trace *trace;
	uint64_t from_ns;
	struct ms_tracked *list;         /* by id of the trace; [0]: of blocks that no variable tracked */
	uint32_t count;
	struct ms_block_table births;
	struct ms_block_marks record_of; /* by block */
	struct record *records;          /* [0] is not used */
	uint32_t record_count, record_capacity, free_record;
	struct ms_biography *biographies; /* [0] is not used */
	uint32_t biography_count, biography_capacity;
	struct ms_biography_event *events;
	uint32_t event_count, event_capacity;
	uint64_t omitted, unknown;
	uint32_t last_move[2];           /* index + 1 of the events of the last move */
	uint32_t last_move_thread;
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the variables of the program");
}

static void destroy(void *state)
{
	struct variables *s = state;

	if (!s)
		return;
	free(s->list);
	ms_block_table_free(&s->births);
	ms_block_marks_free(&s->record_of);
	free(s->records);
	free(s->biographies);
	free(s->events);
	free(s);
}

static const char *text(const struct ms_trace *trace, uint32_t id)
{
	const char *s = ms_trace_string(trace, id);

	return s ? s : "";
}

static void describe(struct ms_tracked *out, const struct ms_trace *trace, const struct ms_variable *v)
{
	size_t n = 0;
	const struct ms_symbol *symbols = ms_trace_symbols(trace, v->frame, &n);

	*out = (struct ms_tracked){
		.name = text(trace, v->name), .type = text(trace, v->type), .file = text(trace, v->file), .line = v->line,
		.function = n ? text(trace, symbols[0].function) : "",
	};
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct variables *s = calloc(1, sizeof *s);

	*state = s;
	if (!s)
		return no_memory(err);
	s->trace = context->trace;
	s->from_ns = context->from_ns;
	s->births.addresses = true;
	s->count = ms_trace_variable_count(context->trace);
	s->list = calloc((size_t)s->count + 1, sizeof *s->list);
	s->record_count = s->biography_count = 1;
	if (!s->list || ms_reach((void **)&s->records, &s->record_capacity, sizeof *s->records, 0) ||
	    ms_reach((void **)&s->biographies, &s->biography_capacity, sizeof *s->biographies, 0))
		return no_memory(err);
	s->list[0] = (struct ms_tracked){.name = "", .type = "", .file = "", .function = ""};
	for (uint32_t id = 1; id <= s->count; id++)
		describe(&s->list[id], context->trace, ms_trace_variable(context->trace, id));
	return MS_OK;
}

/* ---- levels of a variable -------------------------------------------------------------------------------------------- */

static void gains(struct variables *s, const struct record *r, uint64_t time_ns)
{
	struct ms_tracked *t = &s->list[r->variable];

	t->live_blocks++;
	t->live_bytes += r->size_bytes;
	if (t->live_bytes > t->peak_bytes) {
		t->peak_bytes = t->live_bytes;
		t->peak_ns = time_ns;
	}
}

static void loses(struct variables *s, const struct record *r)
{
	s->list[r->variable].live_blocks--;
	s->list[r->variable].live_bytes -= r->size_bytes;
}

/* ---- biographies ----------------------------------------------------------------------------------------------------- */

/* always: also beyond the limit. *index: of the event, + 1; 0 = it is not kept. */
static int write_event(struct variables *s, const struct record *r, const struct ms_biography_event *e, bool always, uint32_t *index)
{
	struct ms_biography *b = &s->biographies[r->biography];

	if (index)
		*index = 0;
	if (!r->biography)
		return MS_OK;
	if (b->event_count >= MS_BIOGRAPHY_EVENTS && !always) {
		b->omitted++;
		return MS_OK;
	}
	if (ms_reach((void **)&s->events, &s->event_capacity, sizeof *s->events, s->event_count))
		return MS_E_NOMEM;
	s->events[s->event_count] = *e;
	s->events[s->event_count++].biography = r->biography;
	b->event_count++;
	if (index)
		*index = s->event_count;
	return MS_OK;
}

/* A thread does something with the block; another one than before: it was handed over. */
static int seen_with(struct variables *s, struct record *r, uint32_t thread, uint64_t time_ns)
{
	uint32_t before = r->thread;

	if (thread == before)
		return MS_OK;
	r->thread = thread;
	s->list[r->variable].hand_overs++;
	return write_event(s, r, &(struct ms_biography_event){.kind = MS_BIO_HANDED, .thread = thread, .from_thread = before, .time_ns = time_ns},
	                   false, NULL);
}

static int new_record(struct variables *s, uint32_t *out)
{
	if (s->free_record) {
		*out = s->free_record;
		s->free_record = s->records[*out].next_free;
		return MS_OK;
	}
	if (ms_reach((void **)&s->records, &s->record_capacity, sizeof *s->records, s->record_count))
		return MS_E_NOMEM;
	*out = s->record_count++;
	return MS_OK;
}

/* The record of a live block, made when there is none; *out = 0: the block is not known. */
static int record_of(struct variables *s, uint64_t block, uint64_t time_ns, uint32_t *out)
{
	const struct ms_block_entry *birth;
	struct record *r;

	*out = ms_block_marks_get(&s->record_of, block);
	if (*out)
		return MS_OK;
	birth = block ? ms_block_table_find(&s->births, block) : NULL;
	if (!birth)
		return MS_OK;
	if (new_record(s, out) || ms_block_marks_set(&s->record_of, block, *out))
		return MS_E_NOMEM;
	r = &s->records[*out];
	*r = (struct record){.size_bytes = birth->size_bytes, .thread = birth->thread};
	gains(s, r, time_ns);
	if (s->biography_count > MS_BIOGRAPHIES_MAX) {
		s->omitted++;
		return MS_OK;
	}
	if (ms_reach((void **)&s->biographies, &s->biography_capacity, sizeof *s->biographies, s->biography_count))
		return MS_E_NOMEM;
	r->biography = s->biography_count++;
	s->biographies[r->biography] = (struct ms_biography){
		.first_block = block, .block = block, .address = *ms_block_table_address(&s->births, block), .size_bytes = birth->size_bytes,
		.birth_ns = birth->birth >> 8, .birth_thread = birth->thread, .node = birth->stack, .end = MS_BIO_BORN,
	};
	return write_event(s, r, &(struct ms_biography_event){.kind = MS_BIO_BORN, .thread = birth->thread, .time_ns = birth->birth >> 8,
	                                                      .bytes = birth->size_bytes}, true, NULL);
}

/* ---- what is told ---------------------------------------------------------------------------------------------------- */

static int track(struct variables *s, const struct ms_view *v, uint32_t i)
{
	uint64_t variable = v->arg[i][0];
	uint32_t at;
	struct record *r;

	if (variable > s->count)
		variable = 0;
	if (record_of(s, v->arg[i][1], v->time_ns[i], &at))
		return MS_E_NOMEM;
	s->list[variable].tracks++;
	if (!at) {
		s->list[variable].untracked++;
		return MS_OK;
	}
	r = &s->records[at];
	if (r->variable != variable) {
		if (!r->moving)
			loses(s, r);
		r->variable = (uint32_t)variable;
		s->list[variable].blocks++;
		if (!r->moving)
			gains(s, r, v->time_ns[i]);
		s->biographies[r->biography].variable = (uint32_t)variable; /* [0]: of nobody */
	}
	if (seen_with(s, r, v->thread[i], v->time_ns[i]))
		return MS_E_NOMEM;
	return write_event(s, r, &(struct ms_biography_event){.kind = MS_BIO_TRACKED, .thread = v->thread[i], .time_ns = v->time_ns[i],
	                                                      .variable = (uint32_t)variable}, false, NULL);
}

/* A clone or move: an event for each side. A block may move within itself: that is one event. */
static int between(struct variables *s, const struct ms_view *v, uint32_t i, uint8_t to, uint8_t from)
{
	uint64_t source = v->arg[i][0], copy = v->arg[i][1];
	struct ms_biography_event e = {.thread = v->thread[i], .time_ns = v->time_ns[i]};
	uint32_t a, b;

	if (record_of(s, source, v->time_ns[i], &a) || record_of(s, copy, v->time_ns[i], &b))
		return MS_E_NOMEM;
	s->unknown += !a + !b;
	s->last_move[0] = s->last_move[1] = 0;
	s->last_move_thread = v->thread[i];
	if (a) {
		struct ms_tracked *t = &s->list[s->records[a].variable];

		*(v->kind[i] == MS_EV_CLONE ? &t->clones : &t->moves) += 1;
		e.kind = to;
		e.other = b ? copy : 0;
		if (seen_with(s, &s->records[a], e.thread, e.time_ns) || write_event(s, &s->records[a], &e, false, &s->last_move[0]))
			return MS_E_NOMEM;
	}
	if (b && b != a) {
		e.kind = from;
		e.other = a ? source : 0;
		if (seen_with(s, &s->records[b], e.thread, e.time_ns) || write_event(s, &s->records[b], &e, false, &s->last_move[1]))
			return MS_E_NOMEM;
	}
	return MS_OK;
}

static int use(struct variables *s, const struct ms_view *v, uint32_t i)
{
	bool borrow = v->kind[i] == MS_EV_BORROW;
	struct ms_tracked *t;
	uint32_t at;

	if (record_of(s, v->arg[i][0], v->time_ns[i], &at))
		return MS_E_NOMEM;
	s->unknown += !at;
	if (!at)
		return MS_OK;
	t = &s->list[s->records[at].variable];
	*(borrow ? &t->borrows : &t->returns) += 1;
	if (seen_with(s, &s->records[at], v->thread[i], v->time_ns[i]))
		return MS_E_NOMEM;
	return write_event(s, &s->records[at], &(struct ms_biography_event){.kind = borrow ? MS_BIO_BORROWED : MS_BIO_RETURNED,
	                                                                    .thread = v->thread[i], .time_ns = v->time_ns[i]}, false, NULL);
}

static int note(struct variables *s, const struct ms_view *v, uint32_t i)
{
	switch (v->kind[i]) {
	case MS_EV_TRACK:
		return track(s, v, i);
	case MS_EV_CLONE:
		return between(s, v, i, MS_BIO_CLONED_TO, MS_BIO_CLONED_FROM);
	case MS_EV_MOVE:
		return between(s, v, i, MS_BIO_MOVED_TO, MS_BIO_MOVED_FROM);
	case MS_EV_MOVE_SIZE:
		for (int k = 0; k < 2; k++)
			if (s->last_move[k] && s->last_move_thread == v->thread[i])
				s->events[s->last_move[k] - 1].bytes = v->arg[i][0];
		s->last_move[0] = s->last_move[1] = 0;
		return MS_OK;
	case MS_EV_BORROW:
	case MS_EV_RETURN:
		return use(s, v, i);
	default:
		return MS_OK;
	}
}

/* ---- ends and reallocs ----------------------------------------------------------------------------------------------- */

/* The block of record `at` is no more. */
static int end(struct variables *s, uint32_t at, uint8_t how, uint32_t thread, uint64_t time_ns)
{
	struct record *r = &s->records[at];
	struct ms_biography *b = &s->biographies[r->biography];
	int rc = MS_OK;

	if (how == MS_BIO_FREED)
		rc = seen_with(s, r, thread, time_ns);
	if (!r->moving)
		loses(s, r);
	s->list[r->variable].freed += how != MS_BIO_GONE_BY_EXEC;
	b->end = how;
	b->end_ns = time_ns;
	b->end_thread = thread;
	if (rc == MS_OK)
		rc = write_event(s, r, &(struct ms_biography_event){.kind = how, .thread = thread, .time_ns = time_ns}, true, NULL);
	s->records[at] = (struct record){.next_free = s->free_record};
	s->free_record = at;
	return rc;
}

static int reallocated(struct variables *s, const struct ms_view *v, uint32_t i)
{
	uint32_t at = ms_block_marks_take(&s->record_of, v->from[i]);
	struct record *r = &s->records[at];
	struct ms_biography *b = &s->biographies[r->biography];

	if (!at)
		return MS_OK;
	if (ms_block_marks_set(&s->record_of, v->block[i], at) || seen_with(s, r, v->thread[i], v->time_ns[i]))
		return MS_E_NOMEM;
	s->list[r->variable].reallocations++;
	r->size_bytes = b->size_bytes = v->size_bytes[i];
	r->moving = false;
	gains(s, r, v->time_ns[i]);
	b->block = v->block[i];
	b->address = v->address ? v->address[i] : 0;
	return write_event(s, r, &(struct ms_biography_event){.kind = MS_BIO_REALLOCATED, .thread = v->thread[i], .time_ns = v->time_ns[i],
	                                                      .other = v->block[i], .bytes = v->size_bytes[i]}, false, NULL);
}

static void moves_away(struct variables *s, uint64_t block)
{
	uint32_t at = ms_block_marks_get(&s->record_of, block);

	if (at && !s->records[at].moving) {
		loses(s, &s->records[at]);
		s->records[at].moving = true;
	}
}

static int comes_back(struct variables *s, const struct ms_view *v)
{
	uint32_t at = ms_block_marks_take(&s->record_of, v->moved);

	if (!at)
		return MS_OK;
	if (ms_block_marks_set(&s->record_of, v->goes_by, at))
		return MS_E_NOMEM;
	s->records[at].moving = false;
	gains(s, &s->records[at], v->time_ns[0]);
	if (v->kind[0] != MS_EV_REALLOC_FAILED)
		return MS_OK;
	s->biographies[s->records[at].biography].block = v->goes_by;
	return write_event(s, &s->records[at], &(struct ms_biography_event){.kind = MS_BIO_REALLOC_FAILED, .thread = v->thread[0],
	                                                                    .time_ns = v->time_ns[0]}, false, NULL);
}

/* Biographies that ended before the window are not its business; ids close up. */
static int start_window(struct variables *s, uint64_t time_ns)
{
	uint32_t *id = calloc((size_t)s->biography_count + 1, sizeof *id), count = 1, events = 0;

	if (!id)
		return MS_E_NOMEM;
	for (uint32_t i = 1; i < s->biography_count; i++)
		if (s->biographies[i].end == MS_BIO_BORN) {
			id[i] = count;
			s->biographies[count++] = s->biographies[i];
		}
	s->biography_count = count;
	for (uint32_t i = 0; i < s->event_count; i++)
		if (id[s->events[i].biography]) {
			s->events[events] = s->events[i];
			s->events[events].biography = id[s->events[i].biography];
			events++;
		}
	s->event_count = events;
	for (uint32_t i = 1; i < s->record_count; i++)
		s->records[i].biography = id[s->records[i].biography];
	free(id);
	s->last_move[0] = s->last_move[1] = 0;
	s->unknown = s->omitted = 0;
	for (uint32_t i = 0; i <= s->count; i++) {
		const struct ms_tracked old = s->list[i];

		s->list[i] = (struct ms_tracked){
			.name = old.name, .type = old.type, .file = old.file, .function = old.function, .line = old.line,
			.live_blocks = old.live_blocks, .live_bytes = old.live_bytes, .peak_bytes = old.live_bytes, .peak_ns = time_ns,
			.blocks = old.live_blocks,
		};
	}
	return MS_OK;
}

static int image(struct variables *s, const struct ms_view *v)
{
	int rc = MS_OK;

	ms_block_marks_free(&s->record_of);
	for (uint32_t i = 1; rc == MS_OK && i < s->record_count; i++)
		if (s->records[i].size_bytes || s->records[i].thread)
			rc = end(s, i, MS_BIO_GONE_BY_EXEC, 0, v->time_ns[0]);
	return rc;
}

static int step(struct variables *s, const struct ms_view *v, uint32_t i)
{
	uint32_t at;

	switch (v->step[i]) {
	case MS_STEP_NOTE:
		return v->arg ? note(s, v, i) : MS_OK;
	case MS_STEP_REALLOCATE:
		return reallocated(s, v, i);
	case MS_STEP_FREE:
	case MS_STEP_FREE | MS_STEP_TEMPORARY:
		at = ms_block_marks_take(&s->record_of, v->block[i]);
		return at ? end(s, at, MS_BIO_FREED, v->thread[i], v->time_ns[i]) : MS_OK;
	case MS_STEP_MOVE:
		moves_away(s, v->block[i]);
		return MS_OK;
	case MS_STEP_RESUME:
		moves_away(s, v->moved);
		return MS_OK;
	case MS_STEP_RETURN:
		return comes_back(s, v);
	case MS_STEP_LOSE:
		at = ms_block_marks_take(&s->record_of, v->moved);
		return at ? end(s, at, MS_BIO_END_LOST, v->thread[i], v->time_ns[i]) : MS_OK;
	case MS_STEP_IMAGE:
		return image(s, v);
	case MS_STEP_WINDOW:
		return start_window(s, v->time_ns[i]);
	default:
		return MS_OK;
	}
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct variables *s = state;

	for (uint32_t i = 0; i < v->count; i++) {
		if (ms_live_births_step(&s->births, v, i) || step(s, v, i))
			return no_memory(err);
		ms_live_births_settle(&s->births, v, i);
	}
	return MS_OK;
}

/* ---- the result ------------------------------------------------------------------------------------------------------ */

/* Events by biography; within one in the order of time, as they stand. */
static int sort_events(struct variables *s, struct ms_biography_event **out, struct ms_error *err)
{
	struct ms_biography_event *sorted = calloc((size_t)s->event_count + 1, sizeof *sorted);
	uint64_t first = 0;

	*out = sorted;
	if (!sorted)
		return no_memory(err);
	for (uint32_t i = 1; i < s->biography_count; i++) {
		s->biographies[i].first_event = first;
		first += s->biographies[i].event_count;
		s->biographies[i].event_count = 0;
	}
	for (uint32_t i = 0; i < s->event_count; i++) {
		struct ms_biography *b = &s->biographies[s->events[i].biography];

		sorted[b->first_event + b->event_count++] = s->events[i];
	}
	return MS_OK;
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct variables *s = state;
	struct ms_report_variables *out = &report->variables;
	struct ms_biography_event *sorted;
	int rc = sort_events(s, &sorted, err);

	if (rc)
		return rc;
	out->events = sorted;
	out->event_count = s->event_count;
	out->list = calloc((size_t)s->count + 1, sizeof *out->list);
	out->biographies = calloc(s->biography_count, sizeof *out->biographies);
	if (!out->list || !out->biographies)
		return no_memory(err);
	out->count = s->count;
	memcpy(out->list, s->list + 1, s->count * sizeof *out->list);
	out->biography_count = s->biography_count - 1;
	memcpy(out->biographies, s->biographies + 1, out->biography_count * sizeof *out->biographies);
	out->omitted = s->omitted;
	out->unknown = s->unknown;
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_variables = {
	.name = "variables",
	.summary = "variables of the program, and biographies of their blocks",
	.columns = MS_COLUMN_ARGS | MS_COLUMN_FROM | MS_COLUMN_ADDRESS,
	.create = create,
	.view = view,
	.finish = finish,
	.destroy = destroy,
};
