/*
 * html_diff.c - the HTML page of a comparison: which tables it gets. See diff_render.h.
 *
 * Tables whose names begin with a side and a number ("old0.trace") are those of one run, the same as in the page of one report. Call paths and
 * findings of all runs name nodes of one tree, the tables nodes and lines. A page that has the table "diff" shows a comparison.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff_order.h"
#include "diff_render.h"
#include "diff_words.h"
#include "format/version.h"
#include "html_file.h"
#include "html_stacks.h"
#include "html_tables.h"

struct page {
	const struct ms_diff *diff;
	const struct ms_diff_render_options *options;
	struct ms_columns *columns;
	struct ms_html_stacks *stacks;
	struct ms_diff_ranked *ranked;
	size_t ranked_count;
	bool several;
};

static const struct ms_report *run_of(const struct ms_diff *d, size_t i)
{
	return i < d->before.count ? d->before.reports[i] : d->after.reports[i - d->before.count];
}

/* A table without rows of its own. */
#define TABLE(name, type, columns) {name, sizeof(type), NULL, columns, sizeof(columns) / sizeof *(columns)}

/* ---- values: medians always, bands when there are several runs --------------------------------------------------------- */

#define MEDIANS(type, prefix, field)                                                                                     \
	MS_COLUMN(type, prefix "old", field.before.median), MS_COLUMN(type, prefix "new", field.after.median),               \
	MS_COLUMN(type, prefix "change", field.change)
#define BANDS(type, prefix, field)                                                                                       \
	MS_COLUMN(type, prefix "old_min", field.before.min), MS_COLUMN(type, prefix "old_max", field.before.max),             \
	MS_COLUMN(type, prefix "new_min", field.after.min), MS_COLUMN(type, prefix "new_max", field.after.max)

/* The last `bands` columns of a table are bands. */
static void add_values(struct page *p, const struct ms_html_table *table, size_t bands, const void *rows, size_t count)
{
	struct ms_html_table medians = *table;

	if (!p->several)
		medians.column_count -= bands;
	ms_columns_add_rows(p->columns, NULL, &medians, rows, count);
}

/* ---- the comparison itself --------------------------------------------------------------------------------------------- */

struct summary_row {
	const char *generator, *align, *ranked_by, *verdict, *paths, *basis;
	uint64_t paths_old, paths_new, paths_unchanged, paths_fuzzy, changed, common_findings;
	uint32_t old_runs, new_runs;
	bool several, programs_differ, same_recording, pairing_limited, templates_ignored, has_unchanged;
};
#define S(field) MS_COLUMN(struct summary_row, #field, field)
static const struct ms_html_column summary_columns[] = {
	S(generator), S(align), S(ranked_by), S(verdict), S(paths), S(basis), S(paths_old), S(paths_new), S(paths_unchanged), S(paths_fuzzy),
	S(changed), S(common_findings), S(old_runs), S(new_runs), S(several), S(programs_differ), S(same_recording), S(pairing_limited),
	S(templates_ignored), S(has_unchanged),
};
static const struct ms_html_table summary_table = TABLE("diff", struct summary_row, summary_columns);

static void add_summary(struct page *p)
{
	const struct ms_diff *d = p->diff;
	char *text[3] = {0};
	struct summary_row row = {
		.generator = "memscope " MS_VERSION, .align = p->options->align_share ? "share" : "start",
		.ranked_by = p->options->metric < MS_DIFF_METRIC_COUNT ? ms_diff_metrics[p->options->metric].name : "impact",
		.paths_old = d->paths_old, .paths_new = d->paths_new, .paths_unchanged = d->paths_unchanged, .paths_fuzzy = d->paths_fuzzy,
		.changed = p->ranked_count, .common_findings = d->common_findings, .old_runs = (uint32_t)d->before.count,
		.new_runs = (uint32_t)d->after.count, .several = p->several, .programs_differ = d->programs_differ,
		.same_recording = d->same_recording, .pairing_limited = d->pairing_limited, .templates_ignored = d->options.ignore_templates,
		.has_unchanged = d->options.keep_unchanged,
	};

	for (int i = 0; i < 3; i++) {
		size_t size;
		FILE *f = open_memstream(&text[i], &size);

		if (f && i == 0)
			ms_diff_verdict_words(f, p->ranked_count, p->options->metric);
		else if (f && i == 1)
			ms_diff_paths_words(f, d);
		else if (f)
			ms_diff_basis_words(f, d);
		if (f)
			fclose(f);
	}
	row.verdict = text[0];
	row.paths = text[1];
	row.basis = text[2];
	ms_columns_add_rows(p->columns, NULL, &summary_table, text[0] && text[1] && text[2] ? &row : NULL, 1);
	for (int i = 0; i < 3; i++)
		free(text[i]);
}

/* What speaks against the comparison, and against single runs; side: "", "old", "new". */
struct note_row {
	const char *side, *text;
	uint32_t run;
};
static const struct ms_html_column note_columns[] = {
	MS_COLUMN(struct note_row, "side", side), MS_COLUMN(struct note_row, "run", run), MS_COLUMN(struct note_row, "text", text),
};
static const struct ms_html_table note_table = TABLE("diff_notes", struct note_row, note_columns);

static void add_notes(struct page *p)
{
	const struct ms_diff *d = p->diff;
	size_t runs = d->before.count + d->after.count, count = 0, size;
	struct note_row *rows = NULL;
	char *text = NULL, **parts = calloc(runs + 1, sizeof *parts);

	for (size_t i = 0; parts && i <= runs; i++) {
		FILE *f = open_memstream(&parts[i], &size);

		if (!f)
			goto done;
		if (i == 0)
			ms_diff_notes(f, d);
		else
			ms_diff_run_notes(f, run_of(d, i - 1));
		fclose(f);
		if (!parts[i])
			goto done;
		for (text = parts[i]; (text = strchr(text, '\n')); text++)
			count++;
	}
	rows = parts ? calloc(count + 1, sizeof *rows) : NULL;
	count = 0;
	for (size_t i = 0; rows && i <= runs; i++) {
		bool old = i <= d->before.count;

		for (char *line = parts[i], *end; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			rows[count++] = (struct note_row){i == 0 ? "" : old ? "old" : "new", line,
			                                  (uint32_t)(i == 0 ? 0 : old ? i - 1 : i - 1 - d->before.count)};
		}
	}
done:
	ms_columns_add_rows(p->columns, NULL, &note_table, rows, rows ? count : 1);
	for (size_t i = 0; parts && i <= runs; i++)
		free(parts[i]);
	free(parts);
	free(rows);
}

#define C(field) MS_COLUMN(struct ms_diff_condition, #field, field)
static const struct ms_html_column condition_columns[] = {C(expression), C(verdict), C(found)};
static const struct ms_html_table condition_table = TABLE("diff_conditions", struct ms_diff_condition, condition_columns);

/* ---- totals and metrics ------------------------------------------------------------------------------------------------ */

#define T(field) MS_COLUMN(struct ms_diff_total, #field, field)
static const struct ms_html_column total_columns[] = {
	T(name), T(summary), T(bytes), T(observable), MEDIANS(struct ms_diff_total, "", value), BANDS(struct ms_diff_total, "", value),
};
static const struct ms_html_table total_table = TABLE("diff_totals", struct ms_diff_total, total_columns);

struct metric_row {
	struct ms_diff_metric_info info;
	struct ms_diff_summary summary;
};
#define M(name, field) MS_COLUMN(struct metric_row, name, field)
#define CLASS(name, change) M(name "_paths", summary.paths[change]), M(name "_amount", summary.amount[change])
static const struct ms_html_column metric_columns[] = {
	M("name", info.name), M("title", info.title), M("bytes", info.bytes), M("observable", summary.observable),
	CLASS("grown", MS_DIFF_GROWN), CLASS("shrunk", MS_DIFF_SHRUNK), CLASS("new", MS_DIFF_NEW), CLASS("gone", MS_DIFF_GONE),
	CLASS("noise", MS_DIFF_NOISE),
};
static const struct ms_html_table metric_table = TABLE("diff_metrics", struct metric_row, metric_columns);

static void add_metrics(struct page *p)
{
	struct metric_row rows[MS_DIFF_METRIC_COUNT];

	for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++)
		rows[m] = (struct metric_row){ms_diff_metrics[m], p->diff->summary[m]};
	ms_columns_add_rows(p->columns, NULL, &metric_table, rows, MS_DIFF_METRIC_COUNT);
}

/* ---- call paths: two tables with the same rows ------------------------------------------------------------------------- */

#define R(name, field) MS_COLUMN(struct ms_diff_row, name, field)
static const struct ms_html_column row_columns[] = {
	R("pairing", pairing), R("edits", edits), R("old_run", before.run), R("old_site", before.node), R("old_paths", before.sites),
	R("new_run", after.run), R("new_site", after.node), R("new_paths", after.sites),
#define X(id, name, bytes, title) MEDIANS(struct ms_diff_row, name ".", value[MS_DIFF_##id]),
	MS_DIFF_METRICS(X)
#undef X
#define X(id, name, bytes, title) BANDS(struct ms_diff_row, name ".", value[MS_DIFF_##id]),
	MS_DIFF_METRICS(X)
#undef X
};
static const struct ms_html_table row_table = TABLE("diff_rows", struct ms_diff_row, row_columns);

struct place_row {
	uint32_t rank;                   /* from 1, 0 = did not change */
	uint8_t metric, change;          /* that it is ranked by */
	uint64_t share;                  /* in parts of 2^32 */
	uint32_t old_node, new_node;     /* of the page's tree */
	uint32_t old_line, new_line;     /* headlines */
};
#define P(field) MS_COLUMN(struct place_row, #field, field)
static const struct ms_html_column place_columns[] = {
	P(rank), P(metric), P(change), P(share), P(old_node), P(new_node), P(old_line), P(new_line),
};
static const struct ms_html_table place_table = TABLE("diff_places", struct place_row, place_columns);

/* Does a row show the stack of its old side? Not when the new one reads the same and nothing changed. */
static bool shows_old(const struct ms_diff_row *row)
{
	bool differs = row->pairing != MS_DIFF_EXACT;

	for (unsigned m = 0; m < MS_DIFF_METRIC_COUNT; m++)
		differs |= row->value[m].change != MS_DIFF_SAME;
	return row->before.sites && (differs || !row->after.sites);
}

static void add_rows(struct page *p)
{
	const struct ms_diff *d = p->diff;
	struct place_row *places = calloc(d->row_count + 1, sizeof *places);

	for (size_t i = 0; places && i < d->row_count; i++) {
		const struct ms_diff_row *row = &d->rows[i];

		places[i].old_line = places[i].new_line = UINT32_MAX;
		if (shows_old(row)) {
			const struct ms_report *r = ms_diff_old_report(d, row);

			places[i].old_node = ms_html_stacks_node(p->stacks, r, row->before.node);
			places[i].old_line = ms_html_stacks_line(p->stacks, r, ms_report_headline(r, row->before.node));
		}
		if (row->after.sites) {
			const struct ms_report *r = ms_diff_new_report(d, row);

			places[i].new_node = ms_html_stacks_node(p->stacks, r, row->after.node);
			places[i].new_line = ms_html_stacks_line(p->stacks, r, ms_report_headline(r, row->after.node));
		}
	}
	for (size_t i = 0; places && i < p->ranked_count; i++) {
		struct place_row *place = &places[p->ranked[i].row];

		place->rank = (uint32_t)i + 1;
		place->metric = p->ranked[i].metric;
		place->change = p->ranked[i].change;
		place->share = p->ranked[i].share;
	}
	add_values(p, &row_table, 4 * MS_DIFF_METRIC_COUNT, d->rows, d->row_count);
	ms_columns_add_rows(p->columns, NULL, &place_table, places, places ? d->row_count : 1);
	free(places);
}

/* ---- findings and threads ---------------------------------------------------------------------------------------------- */

static const struct ms_html_table *find_table(const struct ms_html_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->tables[i].name, name) == 0)
			return &list->tables[i];
	return NULL;
}

struct finding_row {
	const char *list;                /* "new", "fixed" */
	uint32_t run, runs;
	bool comparable;
};
#define F(field) MS_COLUMN(struct finding_row, #field, field)
static const struct ms_html_column finding_columns[] = {F(list), F(run), F(runs), F(comparable)};
static const struct ms_html_table finding_table = TABLE("diff_findings", struct finding_row, finding_columns);

/* The table "findings" is that of a report, with nodes of the page's tree; "diff_findings" has the same rows. */
static void add_findings(struct page *p)
{
	const struct ms_diff *d = p->diff;
	size_t count = d->new_finding_count + d->fixed_finding_count;
	struct ms_finding *findings = calloc(count + 1, sizeof *findings);
	struct finding_row *rows = calloc(count + 1, sizeof *rows);

	for (size_t i = 0; findings && rows && i < count; i++) {
		bool new = i < d->new_finding_count;
		const struct ms_diff_finding *f = new ? &d->new_findings[i] : &d->fixed_findings[i - d->new_finding_count];
		const struct ms_report *home = ms_finding_home(f->report, f->finding);

		findings[i] = *f->finding;
		findings[i].allocation_node = ms_html_stacks_node(p->stacks, home, f->finding->allocation_node);
		findings[i].free_node = ms_html_stacks_node(p->stacks, home, f->finding->free_node);
		findings[i].error_node = ms_html_stacks_node(p->stacks, home, f->finding->error_node);
		rows[i] = (struct finding_row){new ? "new" : "fixed", f->run, f->runs, f->comparable};
	}
	ms_columns_add_rows(p->columns, NULL, find_table(&ms_html_heap_tables, "findings"), rows ? findings : NULL, rows ? count : 1);
	ms_columns_add_rows(p->columns, NULL, &finding_table, rows, rows ? count : 1);
	free(findings);
	free(rows);
}

static const struct ms_html_column kind_columns[] = {{"name", MS_COLUMN_TEXT, 0, NULL, NULL}};
/* Names of the numbers in the columns "change" and "pairing"; kinds of findings that not every trace could have. */
static const struct ms_html_table blind_table = TABLE("diff_not_observable", const char *, kind_columns);
static const struct ms_html_table change_table = TABLE("diff_changes", const char *, kind_columns);
static const struct ms_html_table pairing_table = TABLE("diff_pairings", const char *, kind_columns);

static void add_names(struct page *p)
{
	const char *changes[MS_DIFF_CHANGES], *pairings[MS_DIFF_UNPAIRED + 1], *blind[MS_FINDING_KIND_COUNT];
	uint32_t seen = p->diff->kinds_old & p->diff->kinds_new;
	size_t count = 0;

	for (uint8_t c = 0; c < MS_DIFF_CHANGES; c++)
		changes[c] = ms_diff_change_name(c);
	for (uint8_t k = 0; k <= MS_DIFF_UNPAIRED; k++)
		pairings[k] = ms_diff_pairing_name(k);
	for (int k = 0; k < MS_FINDING_KIND_COUNT; k++)
		if (!(seen >> k & 1))
			blind[count++] = ms_finding_kinds[k].name;
	ms_columns_add_rows(p->columns, NULL, &change_table, changes, MS_DIFF_CHANGES);
	ms_columns_add_rows(p->columns, NULL, &pairing_table, pairings, MS_DIFF_UNPAIRED + 1);
	ms_columns_add_rows(p->columns, NULL, &blind_table, blind, count);
}

#define H(type, name, field) type(struct ms_diff_thread, name ".", field)
#define THREAD(type)                                                                                                     \
	H(type, "threads", threads), H(type, "allocations", allocations), H(type, "allocated_bytes", allocated_bytes),       \
	H(type, "live_bytes", live_bytes), H(type, "temporary_allocations", temporary)
static const struct ms_html_column thread_columns[] = {
	MS_COLUMN(struct ms_diff_thread, "name", name), MS_COLUMN(struct ms_diff_thread, "main", is_main),
	MS_COLUMN(struct ms_diff_thread, "presence", presence), THREAD(MEDIANS), THREAD(BANDS),
};
static const struct ms_html_table thread_table = TABLE("diff_threads", struct ms_diff_thread, thread_columns);

/* ---- the runs: tables of a report ---------------------------------------------------------------------------------------- */

static void add_run(struct page *p, const char *side, size_t number, const struct ms_report *r)
{
	static const char *const of_time[] = {"timeline", "phases", "system", "system_series", "system_bins"};
	static const char *const of_heap[] = {"findings_summary", "detectors", "leaks_summary", "growth_summary"};
	static const char *const of_detail[] = {"loaded", "leak_kinds"};
	char prefix[32];

	snprintf(prefix, sizeof prefix, "%s%zu.", side, number);
	ms_columns_prefix(p->columns, prefix);
	for (size_t i = 0; i < ms_html_trace_tables.count; i++)
		ms_columns_add(p->columns, r, &ms_html_trace_tables.tables[i]);
	for (size_t i = 0; i < sizeof of_time / sizeof *of_time; i++)
		ms_columns_add(p->columns, r, find_table(&ms_html_time_tables, of_time[i]));
	for (size_t i = 0; i < sizeof of_heap / sizeof *of_heap; i++)
		ms_columns_add(p->columns, r, find_table(&ms_html_heap_tables, of_heap[i]));
	for (size_t i = 0; i < sizeof of_detail / sizeof *of_detail; i++)
		ms_columns_add(p->columns, r, find_table(&ms_html_detail_tables, of_detail[i]));
	ms_columns_prefix(p->columns, "");
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------ */

static bool gather_stacks(struct page *p)
{
	const struct ms_diff *d = p->diff;
	size_t runs = d->before.count + d->after.count, count = 0;
	const struct ms_report **reports = calloc(2 * runs, sizeof *reports);

	if (!reports)
		return false;
	for (size_t i = 0; i < runs; i++) {
		reports[count++] = run_of(d, i);
		if (run_of(d, i)->companion)
			reports[count++] = run_of(d, i)->companion;
	}
	p->stacks = ms_html_stacks_new(reports, count);
	free(reports);
	if (!p->stacks)
		return false;
	for (size_t i = 0; i < d->row_count; i++) {
		const struct ms_diff_row *row = &d->rows[i];

		if (row->after.sites)
			ms_html_stacks_want(p->stacks, ms_diff_new_report(d, row), row->after.node);
		if (shows_old(row))
			ms_html_stacks_want(p->stacks, ms_diff_old_report(d, row), row->before.node);
	}
	for (size_t i = 0; i < d->new_finding_count + d->fixed_finding_count; i++) {
		const struct ms_diff_finding *f =
			i < d->new_finding_count ? &d->new_findings[i] : &d->fixed_findings[i - d->new_finding_count];
		const struct ms_report *home = ms_finding_home(f->report, f->finding);

		ms_html_stacks_want(p->stacks, home, f->finding->allocation_node);
		ms_html_stacks_want(p->stacks, home, f->finding->free_node);
		ms_html_stacks_want(p->stacks, home, f->finding->error_node);
	}
	return ms_html_stacks_make(p->stacks);
}

static void add_stacks(struct page *p)
{
	struct ms_html_tree tree = ms_html_stacks_tree(p->stacks);

	ms_columns_add_rows(p->columns, NULL, find_table(&ms_html_site_tables, "nodes"), tree.nodes, tree.node_count);
	ms_columns_add_rows(p->columns, NULL, find_table(&ms_html_site_tables, "lines"), tree.lines, tree.line_count);
}

int ms_render_diff_html(FILE *out, const struct ms_diff *d, const struct ms_diff_render_options *options, struct ms_error *err)
{
	struct page p = {.diff = d, .options = options, .several = d->before.count + d->after.count > 2};
	char *title = NULL;
	size_t size;
	FILE *f = open_memstream(&title, &size);
	int rc;

	if (f) {
		fputs("comparison: ", f);
		ms_html_command_words(f, d->after.reports[0], options->no_paths);
		fclose(f);
	}
	p.ranked = ms_diff_rank(d, options->metric, &p.ranked_count);
	p.columns = ms_columns_new(options->no_paths);
	if (!title || !p.ranked || !p.columns || !gather_stacks(&p)) {
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the data of the HTML comparison");
		goto done;
	}
	add_summary(&p);
	add_notes(&p);
	ms_columns_add_rows(p.columns, NULL, &condition_table, options->conditions, options->condition_count);
	add_values(&p, &total_table, 4, d->totals, d->total_count);
	add_metrics(&p);
	add_names(&p);
	add_rows(&p);
	add_stacks(&p);
	add_findings(&p);
	add_values(&p, &thread_table, 5 * 4, d->threads, d->thread_count);
	for (size_t i = 0; i < d->before.count; i++)
		add_run(&p, "old", i, d->before.reports[i]);
	for (size_t i = 0; i < d->after.count; i++)
		add_run(&p, "new", i, d->after.reports[i]);
	rc = ms_html_write(out, title, p.columns, err);
done:
	ms_columns_free(p.columns);
	ms_html_stacks_free(p.stacks);
	free(p.ranked);
	free(title);
	return rc;
}
