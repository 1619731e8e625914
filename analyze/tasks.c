/*
 * tasks.c - per task of the program: the blocks begun for it, whoever freed them, and who worked for it when.
 *
 * A block belongs to the task that its thread had entered last. Row 0 is what belongs to none, so that all rows add up to the totals. The
 * recorder numbers tasks from 1; a number that is spawned again (after an exec) is another task.
 */
#include <stdlib.h>
#include <string.h>

#include "annotation_pass.h"
#include "format/intern.h"
#include "nest.h"
#include "ownership.h"
#include "reach_row.h"

#define OMITTED UINT32_MAX               /* row of what has none */

struct tasks {
	const struct ms_trace *trace;
	uint64_t to_ns;
	struct ms_nest *inside;          /* by thread id */
	uint32_t thread_count;
	struct ms_ownership blocks;      /* rows */
	struct ms_task *rows;            /* [0]: own is what belongs to no task */
	uint32_t row_count, row_capacity;
	struct ms_intern numbers;        /* of the recorder */
	uint32_t *row_of;                /* by what numbers says */
	uint32_t row_of_capacity;
	struct ms_intern pairs;          /* row and thread */
	struct ms_task_thread *threads;  /* by what pairs says, less 1 */
	uint32_t threads_capacity;
	struct ms_owned omitted;
	uint64_t omitted_tasks, unbalanced;
};

static int no_memory(struct ms_error *err)
{
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the tasks of the program");
}

static void destroy(void *state)
{
	struct tasks *t = state;

	if (!t)
		return;
	for (uint32_t i = 0; t->inside && i < t->thread_count; i++)
		ms_nest_free(&t->inside[i]);
	free(t->inside);
	ms_block_marks_free(&t->blocks.row_of);
	free(t->rows);
	ms_intern_free(&t->numbers);
	free(t->row_of);
	ms_intern_free(&t->pairs);
	free(t->threads);
	free(t);
}

static struct ms_owners owners_of(void *state, uint32_t row)
{
	struct tasks *t = state;

	return (struct ms_owners){.list = {row == OMITTED ? &t->omitted : &t->rows[row].own}, .count = 1};
}

static int create(void **state, const struct ms_analysis_context *context, struct ms_error *err)
{
	struct tasks *t = calloc(1, sizeof *t);

	*state = t;
	if (!t)
		return no_memory(err);
	t->trace = context->trace;
	t->blocks = (struct ms_ownership){.lost = context->lost, .owners = owners_of, .state = t};
	t->to_ns = context->to_ns;
	t->thread_count = ms_trace_thread_count(context->trace) + 1;
	t->inside = calloc(t->thread_count, sizeof *t->inside);
	t->row_capacity = 64;
	t->rows = calloc(t->row_capacity, sizeof *t->rows);
	t->row_count = 1;
	return t->inside && t->rows ? MS_OK : no_memory(err);
}

/* ---- rows ---------------------------------------------------------------------------------------------------------- */

static int add_row(struct tasks *t, uint32_t *row)
{
	if (t->row_count > MS_TASKS_MAX) {
		t->omitted_tasks++;
		*row = OMITTED;
		return MS_OK;
	}
	if (ms_reach((void **)&t->rows, &t->row_capacity, sizeof *t->rows, t->row_count))
		return MS_E_NOMEM;
	*row = t->row_count++;
	t->rows[*row].name = "";
	return MS_OK;
}

/* The row of the recorder's number; again: it is spawned now. 0 is no task. */
static int row_of(struct tasks *t, uint64_t number, bool again, uint32_t *row)
{
	bool is_new;
	uint32_t id;

	*row = 0;
	if (!number)
		return MS_OK;
	id = ms_intern(&t->numbers, &number, sizeof number, &is_new);
	if (!id || ms_reach((void **)&t->row_of, &t->row_of_capacity, sizeof *t->row_of, id))
		return MS_E_NOMEM;
	if ((again || !t->row_of[id]) && add_row(t, &t->row_of[id]))
		return MS_E_NOMEM;
	*row = t->row_of[id];
	return MS_OK;
}

/* The row if there is one already, else 0. */
static uint32_t known_row(struct tasks *t, uint64_t number)
{
	uint32_t row = 0;

	/* A new number in the table costs a slot, and is right when the task comes. */
	if (number && t->numbers.count < UINT32_MAX - 1) {
		bool is_new;
		uint32_t id = ms_intern(&t->numbers, &number, sizeof number, &is_new);

		if (id && !ms_reach((void **)&t->row_of, &t->row_of_capacity, sizeof *t->row_of, id))
			row = t->row_of[id];
	}
	return row;
}

static int pair_of(struct tasks *t, uint32_t row, uint32_t thread, struct ms_task_thread **out)
{
	uint32_t key[2] = {row, thread}, id;
	bool is_new;

	*out = NULL;
	if (row == OMITTED)
		return MS_OK;
	id = ms_intern(&t->pairs, key, sizeof key, &is_new);
	if (!id || ms_reach((void **)&t->threads, &t->threads_capacity, sizeof *t->threads, id))
		return MS_E_NOMEM;
	if (is_new)
		t->threads[id - 1] = (struct ms_task_thread){.task = row, .thread = thread};
	*out = &t->threads[id - 1];
	return MS_OK;
}

/* ---- what threads work for ------------------------------------------------------------------------------------------- */

static int enter(struct tasks *t, uint32_t thread, uint64_t number, uint64_t time_ns)
{
	struct ms_task_thread *pair;
	uint32_t row;

	if (row_of(t, number, false, &row) || ms_nest_enter(&t->inside[thread], row, time_ns) || pair_of(t, row, thread, &pair))
		return MS_E_NOMEM;
	if (row == OMITTED || row == 0)
		return MS_OK;
	if (!t->rows[row].first_enter_ns)
		t->rows[row].first_enter_ns = time_ns;
	t->rows[row].enters++;
	t->rows[row].inside++;
	pair->enters++;
	return MS_OK;
}

static int leave_frame(struct tasks *t, uint32_t thread, uint32_t frame, uint64_t time_ns, bool seen)
{
	struct ms_nest_frame f = ms_nest_leave(&t->inside[thread], frame);
	struct ms_task_thread *pair;

	if (f.row == OMITTED || f.row == 0)
		return MS_OK;
	if (pair_of(t, f.row, thread, &pair))
		return MS_E_NOMEM;
	t->rows[f.row].inside_ns += time_ns - f.since_ns;
	pair->inside_ns += time_ns - f.since_ns;
	if (seen) {
		t->rows[f.row].inside--;
		t->rows[f.row].last_leave_ns = time_ns;
	}
	return MS_OK;
}

/* Coroutines of a thread may leave in another order than they entered: the others stay entered. */
static int leave(struct tasks *t, uint32_t thread, uint64_t number, uint64_t time_ns)
{
	struct ms_nest *n = &t->inside[thread];
	uint32_t row = known_row(t, number), i = n->count;

	while (i && n->frames[i - 1].row != row)
		i--;
	t->unbalanced += i != n->count || !i;
	return i ? leave_frame(t, thread, i - 1, time_ns, true) : MS_OK;
}

/* The thread is no more, or its program is not: what it had not left. */
static int leave_all(struct tasks *t, uint32_t thread, uint64_t time_ns)
{
	int rc = MS_OK;

	while (rc == MS_OK && t->inside[thread].count) {
		t->unbalanced++;
		rc = leave_frame(t, thread, t->inside[thread].count - 1, time_ns, true);
	}
	return rc;
}

static int spawn(struct tasks *t, const struct ms_view *v, uint32_t i)
{
	uint32_t parent = known_row(t, v->arg[i][1]), row;
	struct ms_task *task;

	if (row_of(t, v->arg[i][0], true, &row))
		return MS_E_NOMEM;
	if (row == OMITTED || row == 0)
		return MS_OK;
	task = &t->rows[row];
	task->parent = parent < row ? parent : 0; /* OMITTED is none */
	task->spawned = true;
	task->spawn_ns = v->time_ns[i];
	task->spawn_thread = v->thread[i];
	return MS_OK;
}

/* An event about a task. */
static int note(struct tasks *t, const struct ms_view *v, uint32_t i)
{
	uint64_t number = v->arg[i][0], value = v->arg[i][1];
	const char *text;
	uint32_t row;

	switch (v->kind[i]) {
	case MS_EV_TASK_SPAWN:
		return spawn(t, v, i);
	case MS_EV_TASK_ENTER:
		return enter(t, v->thread[i], number, v->time_ns[i]);
	case MS_EV_TASK_LEAVE:
		return leave(t, v->thread[i], number, v->time_ns[i]);
	case MS_EV_THREAD_END:
		return leave_all(t, v->thread[i], v->time_ns[i]);
	case MS_EV_TASK_NAME:
	case MS_EV_TASK_KEY:
	case MS_EV_TASK_END:
		break;
	default:
		return MS_OK;
	}
	if (row_of(t, number, false, &row))
		return MS_E_NOMEM;
	if (row == OMITTED || row == 0)
		return MS_OK;
	if (v->kind[i] == MS_EV_TASK_NAME) {
		text = value <= UINT32_MAX ? ms_trace_string(t->trace, (uint32_t)value) : NULL;
		t->rows[row].name = text ? text : "";
	} else if (v->kind[i] == MS_EV_TASK_KEY) {
		t->rows[row].key = value;
		t->rows[row].has_key = true;
	} else {
		t->rows[row].ended = true;
		t->rows[row].end_ns = v->time_ns[i];
		t->rows[row].end_live_blocks = t->rows[row].own.live_blocks;
		t->rows[row].end_live_bytes = t->rows[row].own.live_bytes;
	}
	return MS_OK;
}

/* ---- blocks ---------------------------------------------------------------------------------------------------------- */

static void start_window(struct tasks *t, uint64_t time_ns)
{
	for (uint32_t row = 0; row < t->row_count; row++) {
		ms_owned_window(&t->rows[row].own, time_ns);
		t->rows[row].enters = t->rows[row].inside;
		t->rows[row].inside_ns = 0;
	}
	ms_owned_window(&t->omitted, time_ns);
	for (uint32_t i = 0; i < t->pairs.count; i++)
		t->threads[i].enters = t->threads[i].inside_ns = 0;
	for (uint32_t thread = 0; thread < t->thread_count; thread++)
		for (uint32_t k = 0; k < t->inside[thread].count; k++) {
			struct ms_nest_frame *f = &t->inside[thread].frames[k];
			struct ms_task_thread *pair;

			f->since_ns = time_ns;
			if (f->row && !pair_of(t, f->row, thread, &pair) && pair)
				pair->enters++;
		}
	t->unbalanced = 0;
}

static int image(struct tasks *t, uint64_t time_ns)
{
	int rc = MS_OK;

	for (uint32_t row = 0; row < t->row_count; row++)
		ms_owned_gone(&t->rows[row].own);
	ms_owned_gone(&t->omitted);
	ms_block_marks_free(&t->blocks.row_of);
	for (uint32_t thread = 0; rc == MS_OK && thread < t->thread_count; thread++)
		rc = leave_all(t, thread, time_ns);
	return rc;
}

static int view_alone(struct tasks *t, const struct ms_view *v)
{
	int rc = MS_OK;

	if (v->kind[0])
		ms_ownership_attribute(&t->blocks);
	if (v->step[0] == MS_STEP_WINDOW)
		start_window(t, v->time_ns[0]);
	else if (v->step[0] == MS_STEP_IMAGE)
		rc = image(t, v->time_ns[0]);
	else
		rc = ms_ownership_step_alone(&t->blocks, v);
	t->blocks.event += v->kind[0] != 0;
	return rc;
}

static int view(void *state, const struct ms_view *v, struct ms_error *err)
{
	struct tasks *t = state;
	int rc = MS_OK;

	if (ms_step_is_alone(v->step[0]))
		return view_alone(t, v) ? no_memory(err) : MS_OK;
	for (uint32_t i = 0; i < v->count && rc == MS_OK; i++) {
		ms_ownership_event(&t->blocks);
		if (v->step[i] != MS_STEP_NOTE)
			rc = ms_ownership_step(&t->blocks, v, i, t->inside[v->thread[i]].inner);
		else if (v->arg)
			rc = note(t, v, i);
	}
	return rc ? no_memory(err) : MS_OK;
}

static int restore(void *state, const struct ms_start *start, struct ms_error *err)
{
	struct tasks *t = state;

	(void)err;
	ms_ownership_restore(&t->blocks, start, &t->rows[0].own);
	return MS_OK;
}

/* ---- the result ------------------------------------------------------------------------------------------------------ */

static int by_task(const void *a, const void *b)
{
	const struct ms_task_thread *x = a, *y = b;

	return x->task != y->task ? (x->task > y->task) - (x->task < y->task) : (x->thread > y->thread) - (x->thread < y->thread);
}

/* Time inside goes on to the end of the report. */
static void settle(struct tasks *t)
{
	for (uint32_t thread = 0; thread < t->thread_count; thread++)
		for (uint32_t k = 0; k < t->inside[thread].count; k++) {
			const struct ms_nest_frame *f = &t->inside[thread].frames[k];
			struct ms_task_thread *pair;

			if (f->row == OMITTED || f->row == 0 || t->to_ns < f->since_ns || pair_of(t, f->row, thread, &pair))
				continue;
			t->rows[f->row].inside_ns += t->to_ns - f->since_ns;
			pair->inside_ns += t->to_ns - f->since_ns;
		}
}

static int finish(void *state, struct ms_report *report, struct ms_error *err)
{
	struct tasks *t = state;
	struct ms_report_tasks *out = &report->tasks;
	size_t kept = 0;

	ms_ownership_attribute(&t->blocks);
	settle(t);
	for (uint32_t i = 0; i < t->pairs.count; i++)
		if (t->threads[i].enters) {
			t->rows[t->threads[i].task].threads++;
			t->threads[kept++] = t->threads[i];
		}
	for (uint32_t row = 1; row < t->row_count; row++)
		t->rows[row].sum = ms_owned_alone(&t->rows[row].own);
	for (uint32_t row = t->row_count - 1; row > 0; row--)
		if (t->rows[row].parent)
			ms_owned_add(&t->rows[t->rows[row].parent].sum, &t->rows[row].sum);
	out->outside = t->rows[0].own;
	out->omitted = t->omitted;
	out->omitted_tasks = t->omitted_tasks;
	out->unbalanced = t->unbalanced;
	out->list = calloc(t->row_count, sizeof *out->list);
	if (!out->list)
		return no_memory(err);
	out->count = t->row_count - 1;
	memcpy(out->list, t->rows + 1, out->count * sizeof *out->list);
	if (kept > 1)
		qsort(t->threads, kept, sizeof *t->threads, by_task);
	out->threads = t->threads;
	out->thread_count = kept;
	t->threads = NULL;
	return MS_OK;
}

const struct ms_analysis_ops ms_analysis_tasks = {
	.name = "tasks",
	.summary = "per task of the program: blocks begun for it, and threads that worked for it",
	.columns = MS_COLUMN_ARGS | MS_COLUMN_FROM,
	.create = create,
	.view = view,
	.finish = finish,
	.restore = restore,
	.destroy = destroy,
};
