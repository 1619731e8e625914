/*
 * scopes.c - per path of scopes that the program named: the blocks begun in it, on all threads and on each.
 *
 * A row is a name inside the row of the scope around it; beside it stands one per thread that was in it. A block remembers the row of its
 * thread, which knows the row of the path. Row 0 of the paths is what belongs to no scope, so that all rows add up to the totals.
 */
#include <stdlib.h>
#include <string.h>

#include "annotation_pass.h"
#include "format/intern.h"
#include "nest.h"
#include "ownership.h"
#include "reach_row.h"

struct scopes {
	const struct ms_trace *trace;
	uint64_t to_ns;
	struct ms_nest *inside;          /* by thread id: rows of `threads`, 0 = of a path that has none */
	uint32_t thread_count;
	struct ms_ownership blocks;      /* rows of `threads` */
	struct ms_intern paths;          /* row around, string id */
	struct ms_scope *rows;           /* by what paths says; [0]: own is what belongs to no scope */
	uint32_t *names;                 /* string ids of rows */
	uint32_t row_capacity, name_capacity;
	struct ms_intern pairs;          /* row, thread */
	struct ms_scope_thread *threads; /* by what pairs says; [0] is not used */
	uint32_t threads_capacity;
	uint64_t omitted_calls, unbalanced;
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the scopes of the program");
}

static void destroy(void *state)
{
	struct scopes *s = state;

	if (!s)
		return;
	for (uint32_t i = 0; s->inside && i < s->thread_count; i++)
		ms_nest_free(&s->inside[i]);
	free(s->inside);
	ms_block_marks_free(&s->blocks.row_of);
	ms_intern_free(&s->paths);
	ms_intern_free(&s->pairs);
	free(s->rows);
	free(s->names);
	free(s->threads);
	free(s);
}

static struct ms_owners owners_of(void *state, uint32_t row)
{
	struct scopes *s = state;

	return (struct ms_owners){.list = {&s->rows[s->threads[row].scope].own, &s->threads[row].own}, .count = 2};
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct scopes *s = calloc(1, sizeof *s);

	*state = s;
	if (!s)
		return no_memory(err);
	s->trace = context->trace;
	s->blocks = (struct ms_ownership){.lost = context->lost, .owners = owners_of, .state = s};
	s->to_ns = context->to_ns;
	s->thread_count = ms_trace_thread_count(context->trace) + 1;
	s->inside = calloc(s->thread_count, sizeof *s->inside);
	if (!s->inside || ms_reach((void **)&s->rows, &s->row_capacity, sizeof *s->rows, 0) ||
	    ms_reach((void **)&s->names, &s->name_capacity, sizeof *s->names, 0) ||
	    ms_reach((void **)&s->threads, &s->threads_capacity, sizeof *s->threads, 0))
		return no_memory(err);
	return MS_OK;
}

/* ---- rows ---------------------------------------------------------------------------------------------------------- */

static uint32_t path_count(const struct scopes *s)
{
	return s->paths.count < MS_SCOPES_MAX ? s->paths.count : MS_SCOPES_MAX;
}

/* The row of a thread for `name` inside row `around` of that thread; *row = 0: there are too many paths. */
static int row_for(struct scopes *s, uint32_t thread, uint32_t around, uint32_t name, uint32_t *row)
{
	uint32_t outer = around ? s->threads[around].scope : 0, key[2] = {outer, name}, path;
	bool is_new;

	*row = 0;
	path = ms_intern(&s->paths, key, sizeof key, &is_new);
	if (path > MS_SCOPES_MAX)
		return MS_OK;
	if (!path || ms_reach((void **)&s->rows, &s->row_capacity, sizeof *s->rows, path) ||
	    ms_reach((void **)&s->names, &s->name_capacity, sizeof *s->names, path))
		return MS_E_NOMEM;
	if (is_new) {
		const char *text = ms_trace_string(s->trace, name);

		s->names[path] = name;
		s->rows[path].name = text ? text : "";
		s->rows[path].parent = outer;
		s->rows[path].depth = s->rows[outer].depth + 1;
	}
	key[0] = path;
	key[1] = thread;
	*row = ms_intern(&s->pairs, key, sizeof key, &is_new);
	if (!*row || ms_reach((void **)&s->threads, &s->threads_capacity, sizeof *s->threads, *row))
		return MS_E_NOMEM;
	if (is_new) {
		s->threads[*row].scope = path;
		s->threads[*row].thread = thread;
	}
	return MS_OK;
}

/* ---- what threads are inside of -------------------------------------------------------------------------------------- */

static int begin(struct scopes *s, uint32_t thread, uint64_t name, uint64_t time_ns)
{
	uint32_t row, around = s->inside[thread].inner;
	struct ms_scope *path;

	if (row_for(s, thread, around, name <= UINT32_MAX ? (uint32_t)name : 0, &row))
		return MS_E_NOMEM;
	s->omitted_calls += !row;
	if (ms_nest_enter(&s->inside[thread], row, time_ns))
		return MS_E_NOMEM;
	if (!row) {
		/* Not known as itself: what is begun in it belongs to the scope around it. */
		s->inside[thread].inner = around;
		return MS_OK;
	}
	path = &s->rows[s->threads[row].scope];
	if (!path->first_ns)
		path->first_ns = time_ns;
	path->calls++;
	path->inside++;
	s->threads[row].calls++;
	return MS_OK;
}

/* The innermost row that is one. */
static void find_inner(struct ms_nest *n)
{
	n->inner = 0;
	for (uint32_t i = n->count; i && !n->inner; i--)
		n->inner = n->frames[i - 1].row;
}

static void end_innermost(struct scopes *s, uint32_t thread, uint64_t time_ns)
{
	struct ms_nest *n = &s->inside[thread];
	struct ms_nest_frame f = ms_nest_leave(n, n->count - 1);
	uint64_t lasted = time_ns - f.since_ns;
	struct ms_scope *path;

	if (n->count && !n->inner)
		find_inner(n);
	if (!f.row)
		return;
	path = &s->rows[s->threads[f.row].scope];
	path->inside--;
	path->inside_ns += lasted;
	path->last_ns = time_ns;
	if (lasted > path->longest_ns)
		path->longest_ns = lasted;
	s->threads[f.row].inside_ns += lasted;
}

/* The scope of that name that was begun last, and those in it, which must have been left by a jump or an exception. 0: the innermost. */
static void end(struct scopes *s, uint32_t thread, uint64_t name, uint64_t time_ns)
{
	struct ms_nest *n = &s->inside[thread];
	uint32_t i = n->count;

	/* A scope without a row has no name here: it is the one that is meant. */
	while (name && i && n->frames[i - 1].row && s->names[s->threads[n->frames[i - 1].row].scope] != name)
		i--;
	if (!i) {
		s->unbalanced++;
		return;
	}
	s->unbalanced += n->count - i;
	while (n->count >= i)
		end_innermost(s, thread, time_ns);
}

static void end_all(struct scopes *s, uint32_t thread, uint64_t time_ns)
{
	s->unbalanced += s->inside[thread].count;
	while (s->inside[thread].count)
		end_innermost(s, thread, time_ns);
}

static int note(struct scopes *s, const struct ms_view *v, uint32_t i)
{
	if (v->kind[i] == MS_EV_SCOPE_BEGIN)
		return begin(s, v->thread[i], v->arg[i][0], v->time_ns[i]);
	if (v->kind[i] == MS_EV_SCOPE_END)
		end(s, v->thread[i], v->arg[i][0], v->time_ns[i]);
	else if (v->kind[i] == MS_EV_THREAD_END)
		end_all(s, v->thread[i], v->time_ns[i]);
	return MS_OK;
}

/* ---- blocks ---------------------------------------------------------------------------------------------------------- */

static void start_window(struct scopes *s, uint64_t time_ns)
{
	for (uint32_t i = 0; i <= path_count(s); i++) {
		ms_owned_window(&s->rows[i].own, time_ns);
		s->rows[i].calls = s->rows[i].inside;
		s->rows[i].inside_ns = s->rows[i].longest_ns = s->rows[i].first_ns = s->rows[i].last_ns = 0;
	}
	for (uint32_t i = 0; i <= s->pairs.count; i++) {
		ms_owned_window(&s->threads[i].own, time_ns);
		s->threads[i].calls = s->threads[i].inside_ns = 0;
	}
	for (uint32_t thread = 0; thread < s->thread_count; thread++)
		for (uint32_t k = 0; k < s->inside[thread].count; k++) {
			struct ms_nest_frame *f = &s->inside[thread].frames[k];

			f->since_ns = time_ns;
			if (f->row) {
				s->threads[f->row].calls++;
				s->rows[s->threads[f->row].scope].first_ns = time_ns;
			}
		}
	s->unbalanced = s->omitted_calls = 0;
}

static void image(struct scopes *s, uint64_t time_ns)
{
	for (uint32_t i = 0; i <= path_count(s); i++)
		ms_owned_gone(&s->rows[i].own);
	for (uint32_t i = 0; i <= s->pairs.count; i++)
		ms_owned_gone(&s->threads[i].own);
	ms_block_marks_free(&s->blocks.row_of);
	for (uint32_t thread = 0; thread < s->thread_count; thread++)
		end_all(s, thread, time_ns);
}

static int view_alone(struct scopes *s, const struct ms_view *v)
{
	int rc = MS_OK;

	if (v->kind[0])
		ms_ownership_attribute(&s->blocks);
	if (v->step[0] == MS_STEP_WINDOW)
		start_window(s, v->time_ns[0]);
	else if (v->step[0] == MS_STEP_IMAGE)
		image(s, v->time_ns[0]);
	else
		rc = ms_ownership_step_alone(&s->blocks, v);
	s->blocks.event += v->kind[0] != 0;
	return rc;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct scopes *s = state;
	int rc = MS_OK;

	if (ms_step_is_alone(v->step[0]))
		return view_alone(s, v) ? no_memory(err) : MS_OK;
	for (uint32_t i = 0; i < v->count && rc == MS_OK; i++) {
		ms_ownership_event(&s->blocks);
		if (v->step[i] != MS_STEP_NOTE)
			rc = ms_ownership_step(&s->blocks, v, i, s->inside[v->thread[i]].inner);
		else if (v->arg)
			rc = note(s, v, i);
	}
	return rc ? no_memory(err) : MS_OK;
}

static int restore(void *state, const struct ms_start *start, struct ms_error *err)
{
	struct scopes *s = state;

	(void)err;
	ms_ownership_restore(&s->blocks, start, &s->rows[0].own);
	return MS_OK;
}

/* ---- the result ------------------------------------------------------------------------------------------------------ */

static int by_scope(const void *a, const void *b)
{
	const struct ms_scope_thread *x = a, *y = b;

	return x->scope != y->scope ? (x->scope > y->scope) - (x->scope < y->scope) : (x->thread > y->thread) - (x->thread < y->thread);
}

/* Calls under way count up to the end of the report. */
static void settle(struct scopes *s)
{
	for (uint32_t thread = 0; thread < s->thread_count; thread++)
		for (uint32_t k = 0; k < s->inside[thread].count; k++) {
			const struct ms_nest_frame *f = &s->inside[thread].frames[k];
			uint64_t lasted = s->to_ns > f->since_ns ? s->to_ns - f->since_ns : 0;
			struct ms_scope *path = &s->rows[s->threads[f->row].scope];

			path->inside_ns += lasted;
			if (lasted > path->longest_ns)
				path->longest_ns = lasted;
			s->threads[f->row].inside_ns += lasted;
		}
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct scopes *s = state;
	struct ms_report_scopes *out = &report->scopes;
	size_t kept = 0;

	ms_ownership_attribute(&s->blocks);
	settle(s);
	for (uint32_t i = 1; i <= s->pairs.count; i++) {
		const struct ms_scope_thread *t = &s->threads[i];

		if (!t->calls && !t->own.start_blocks)
			continue;
		s->rows[t->scope].threads += t->calls > 0;
		s->threads[kept++] = *t;
	}
	for (uint32_t i = 1; i <= path_count(s); i++)
		s->rows[i].sum = ms_owned_alone(&s->rows[i].own);
	for (uint32_t i = path_count(s); i > 0; i--)
		if (s->rows[i].parent)
			ms_owned_add(&s->rows[s->rows[i].parent].sum, &s->rows[i].sum);
	out->outside = s->rows[0].own;
	out->omitted_calls = s->omitted_calls;
	out->unbalanced = s->unbalanced;
	out->list = calloc(path_count(s) + (size_t)1, sizeof *out->list);
	if (!out->list)
		return no_memory(err);
	out->count = path_count(s);
	memcpy(out->list, s->rows + 1, out->count * sizeof *out->list);
	if (kept > 1)
		qsort(s->threads, kept, sizeof *s->threads, by_scope);
	out->threads = s->threads;
	out->thread_count = kept;
	s->threads = NULL;
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_scopes = {
	.name = "scopes",
	.summary = "per path of scopes: blocks begun in it, calls, time",
	.columns = MS_COLUMN_ARGS | MS_COLUMN_FROM,
	.create = create,
	.view = view,
	.finish = finish,
	.restore = restore,
	.destroy = destroy,
};
