/*
 * markdown_diff.c - a comparison for a comment in a pull request: the verdict, totals, the most important changes, each with its
 * call path folded away. See diff_render.h.
 *
 * Names stand in code spans and blocks: nothing in them is Markdown or HTML there; only '`' and '|' need care.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff_order.h"
#include "diff_render.h"
#include "diff_words.h"
#include "text_style.h"

struct page {
	const struct ms_diff *diff;
	const struct ms_diff_render_options *options;
	struct ms_diff_ranked *ranked;
	size_t count;
	bool several;
};

#define NAME_CHARS 110u

/* `name`, cut; escaped for the cell of a table. */
static void code(FILE *out, const char *name, const struct page *p)
{
	char *cut = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&cut, &size);

	if (!f)
		return;
	ms_text_cut(f, name, NAME_CHARS, p->options->utf8);
	fclose(f);
	putc('`', out);
	for (const char *s = cut; s && *s; s++) {
		if (*s == '|')
			fputs("\\|", out);
		else
			putc(*s == '`' ? '\'' : *s, out);
	}
	putc('`', out);
	free(cut);
}

static const char *amount(char text[MS_UNIT_TEXT], uint64_t value, bool bytes)
{
	return bytes ? ms_unit_bytes(text, value, false) : ms_unit_count(text, value);
}

static void print_conditions(FILE *out, const struct page *p)
{
	for (size_t i = 0; i < p->options->condition_count; i++) {
		const struct ms_diff_condition *c = &p->options->conditions[i];
		static const char *const words[] = {"does not hold", "**holds**", "**cannot be judged**"};

		fputs("- ", out);
		code(out, c->expression, p);
		fprintf(out, " %s: %s\n", words[c->verdict], c->found);
	}
	if (p->options->condition_count)
		putc('\n', out);
}

static void print_totals(FILE *out, const struct page *p)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT], text[MS_DIFF_TEXT], percent[MS_DIFF_TEXT];
	bool any = false;

	for (size_t i = 0; i < p->diff->total_count; i++) {
		const struct ms_diff_total *t = &p->diff->totals[i];
		uint64_t old = t->value.before.median, new = t->value.after.median;

		if (!t->observable || !ms_diff_is_change(t->value.change))
			continue;
		if (!any)
			fputs("| | old | new | change | |\n|---|---:|---:|---:|---:|\n", out);
		any = true;
		fprintf(out, "| %s | %s | %s | ", t->summary, amount(a, old, t->bytes), amount(b, new, t->bytes));
		fprintf(out, "%s | %s |\n", ms_diff_amount(text, old, new, t->bytes, false), ms_diff_percent(percent, old, new));
	}
	fputs(any ? "\n" : "No total changed.\n\n", out);
}

static int print_table(FILE *out, const struct page *p, size_t n)
{
	static const unsigned shown[] = {MS_DIFF_PEAK, MS_DIFF_LIVE, MS_DIFF_ALLOCATED, MS_DIFF_ALLOCATIONS};

	fputs("| | peak | alive | allocated | allocations | where |\n|---|---:|---:|---:|---:|---|\n", out);
	for (size_t i = 0; i < n; i++) {
		const struct ms_diff_row *row = &p->diff->rows[p->ranked[i].row];
		char *where = ms_diff_place(p->diff, row), text[MS_DIFF_TEXT];

		if (!where)
			return MS_E_NOMEM;
		fprintf(out, "| %s ", ms_diff_change_name(p->ranked[i].change));
		for (size_t k = 0; k < sizeof shown / sizeof *shown; k++) {
			const struct ms_diff_value *v = &row->value[shown[k]];

			fprintf(out, "| %s ", ms_diff_is_change(v->change)
			        ? ms_diff_amount(text, v->before.median, v->after.median, ms_diff_metrics[shown[k]].bytes, false) : "");
		}
		fputs("| ", out);
		code(out, where, p);
		fputs(" |\n", out);
		free(where);
	}
	putc('\n', out);
	return MS_OK;
}

static int print_stack(FILE *out, const struct page *p, size_t i)
{
	const struct ms_diff_row *row = &p->diff->rows[p->ranked[i].row];
	uint32_t node;
	const struct ms_report *report = ms_diff_example(p->diff, row, &node);
	char *block = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&block, &size);
	struct ms_text t = {.out = f, .report = report, .options = {.frames = p->options->frames, .width = NAME_CHARS, .utf8 = p->options->utf8}};
	int rc;

	if (!f)
		return MS_E_NOMEM;
	rc = ms_text_stack(&t, report, node);
	if (fclose(f) || rc) {
		free(block);
		return MS_E_NOMEM;
	}
	fprintf(out, "**%zu** %s in %s\n\n", i + 1, ms_diff_change_name(p->ranked[i].change), ms_diff_metrics[p->ranked[i].metric].name);
	/* An indented block: no name can end it. */
	fputs(block, out);
	putc('\n', out);
	free(block);
	return MS_OK;
}

static void print_findings(FILE *out, const struct page *p)
{
	const struct ms_diff *d = p->diff;
	size_t n = p->options->top && d->new_finding_count > p->options->top ? p->options->top : d->new_finding_count;

	if (!d->new_finding_count && !d->fixed_finding_count)
		return;
	fprintf(out, "**Findings:** %zu new, %zu fixed\n\n", d->new_finding_count, d->fixed_finding_count);
	for (size_t i = 0; i < n; i++) {
		char *message = ms_text_escaped(d->new_findings[i].finding->message);

		fprintf(out, "- new %s: ", ms_finding_kinds[d->new_findings[i].finding->kind].name);
		code(out, message ? message : "", p);
		fputs(d->new_findings[i].comparable ? "\n" : " (could not have been seen in the old trace)\n", out);
		free(message);
	}
	if (n < d->new_finding_count)
		fprintf(out, "- and %zu more\n", d->new_finding_count - n);
	putc('\n', out);
}

static void print_incomplete(FILE *out, const char *name, const struct ms_diff_side *side, const struct page *p)
{
	for (size_t i = 0; i < side->count; i++) {
		char *file;

		if (side->reports[i]->trace.complete)
			continue;
		file = ms_text_escaped(side->reports[i]->trace.file);
		fprintf(out, "> the %s trace ", name);
		code(out, file ? file : "", p);
		fputs(" is not complete\n\n", out);
		free(file);
	}
}

/* Which parts of the recordings are compared, where it is not all of them. */
static void print_windows(FILE *out, const char *name, const struct ms_diff_side *side, const struct page *p)
{
	char a[MS_UNIT_TEXT], b[MS_UNIT_TEXT];

	for (size_t i = 0; i < side->count; i++) {
		const struct ms_report_window *w = &side->reports[i]->window;
		char *file;

		if (!w->given)
			continue;
		file = ms_text_escaped(side->reports[i]->trace.file);
		fprintf(out, "%s: ", name);
		code(out, file ? file : "", p);
		if (w->from_event == 0 && w->from_ns == 0)
			fprintf(out, " as of %s\n\n", ms_unit_duration(a, w->to_ns));
		else
			fprintf(out, ", window %s to %s\n\n", ms_unit_duration(a, w->from_ns), ms_unit_duration(b, w->to_ns));
		free(file);
	}
}

/* At most so many bytes of what `print` writes for entries 0 .. n - 1. */
static int print_stacks(FILE *out, const struct page *p, size_t n, size_t room)
{
	size_t i = 0;

	fputs("<details><summary>call paths</summary>\n\n", out);
	for (; i < n; i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&text, &size);
		int rc;

		if (!f)
			return MS_E_NOMEM;
		rc = print_stack(f, p, i);
		if (fclose(f) || rc) {
			free(text);
			return MS_E_NOMEM;
		}
		if (size > room) {
			free(text);
			break;
		}
		room -= size;
		fwrite(text, 1, size, out);
		free(text);
	}
	if (i < n)
		fprintf(out, "%zu more call paths did not fit.\n\n", n - i);
	fputs("</details>\n", out);
	return MS_OK;
}

static int print_page(FILE *out, const struct page *p, size_t n)
{
	char a[MS_UNIT_TEXT];

	if (p->count)
		fprintf(out, "### Heap: %s changed\n\n", ms_unit_of(a, p->count, "call path"));
	else
		fputs("### Heap: no call path changed\n\n", out);
	print_windows(out, "Old", &p->diff->before, p);
	print_windows(out, "New", &p->diff->after, p);
	if (p->diff->programs_differ)
		fputs("> the executables of the two sides have different names\n\n", out);
	if (ms_diff_of_samples(p->diff))
		fputs("> a sample is compared: figures are estimates, differences within 2 standard errors are noise\n\n", out);
	if (ms_diff_culls_differ(p->diff))
		fputs("> the runs were recorded with different --cull-temporary: only what is alive at the end can be compared\n\n", out);
	if (p->diff->same_recording)
		fputs("> both sides are the same recording\n\n", out);
	print_incomplete(out, "old", &p->diff->before, p);
	print_incomplete(out, "new", &p->diff->after, p);
	print_conditions(out, p);
	print_totals(out, p);
	print_findings(out, p);
	if (n && print_table(out, p, n))
		return MS_E_NOMEM;
	if (n < p->count)
		fprintf(out, "%zu more changed.\n\n", p->count - n);
	fprintf(out, "Rests on %s against ", ms_unit_of(a, p->diff->before.count, "run"));
	fprintf(out, "%zu; %s.\n\n", p->diff->after.count,
	        p->several ? "a change is a gap between the bands of the two sides that is wider than either band" : ms_diff_of_samples(p->diff) ? "what two samples of the same would differ by counts as noise" : "every difference counts");
	if (p->diff->pairing_limited)
		fputs("Pairing by similar names stopped at its limit: some of what is new and gone may belong together.\n\n", out);
	return n ? print_stacks(out, p, n, MS_DIFF_MARKDOWN_MAX / 2) : MS_OK;
}

int ms_render_diff_markdown(FILE *out, const struct ms_diff *diff, const struct ms_diff_render_options *options,
                            struct ms_error *err)
{
	struct page p = {.diff = diff, .options = options, .several = diff->before.count + diff->after.count > 2};
	char *text = NULL;
	size_t size = 0, n;
	int rc = MS_E_NOMEM;

	p.ranked = ms_diff_rank(diff, options->metric, &p.count);
	if (!p.ranked)
		goto no_memory;
	n = options->top && p.count > options->top ? options->top : p.count;
	/* What is too long is made again with half as many rows. */
	for (;; n /= 2) {
		FILE *f = open_memstream(&text, &size);

		if (!f)
			goto no_memory;
		rc = print_page(f, &p, n);
		if (fclose(f) || rc)
			goto no_memory;
		if (size <= MS_DIFF_MARKDOWN_MAX || n == 0)
			break;
		free(text);
		text = NULL;
	}
	fwrite(text, 1, size, out);
	free(text);
	free(p.ranked);
	if (fflush(out) || ferror(out))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the comparison");
	return MS_OK;
no_memory:
	free(text);
	free(p.ranked);
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the Markdown of a comparison");
}
