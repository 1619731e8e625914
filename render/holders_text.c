/* holders_text.c - the section about who keeps memory alive. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "heap_names.h"
#include "text_style.h"

/* "  96 % app::Foo from grow (app.c:12)" of the largest place, then others with a tenth or more */
static char *made_of(const struct ms_holding *h)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fputs("  ", f);
	for (uint32_t i = 0; i < h->top_count; i++) {
		const struct ms_held_place *s = &h->top[i];
		char share[MS_UNIT_TEXT], *place, *type;

		if (i && (unsigned __int128)s->bytes * 10 < h->retained_bytes)
			break;
		place = ms_text_place(s->line, s->caller);
		type = s->type ? ms_text_escaped(s->type) : NULL;
		fprintf(f, "%s%s %s%s%s", i ? ", " : "", ms_unit_share(share, s->bytes, h->retained_bytes), type ? type : "",
		        type ? " from " : "", place ? place : "");
		free(place);
		free(type);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static void row(struct ms_text *t, struct ms_table *table, uint64_t bytes, uint64_t blocks, uint64_t all, char *text)
{
	ms_cell_share(table, bytes, all);
	ms_cell_bytes(t, table, bytes);
	ms_cell_count(table, blocks);
	ms_cell_owned(table, text);
}

static int print_holdings(struct ms_text *t, const struct ms_report_holders *h, uint64_t all)
{
	static const struct ms_column columns[] = {
		{"share", MS_RIGHT}, {"retained", MS_RIGHT}, {"blocks", MS_RIGHT}, {"held by, and made of", MS_LEFT},
	};
	size_t n = t->options.top && h->holding_count > t->options.top ? t->options.top : h->holding_count;
	struct ms_table table;
	int rc;

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_holding *x = &h->holdings[i];

		row(t, &table, x->retained_bytes, x->retained_blocks, all, ms_text_holder(t->report, &x->holder));
		for (unsigned k = 0; k < 3; k++) /* what it is made of, on a line of its own */
			ms_table_cell(&table, "");
		ms_cell_owned(&table, made_of(x));
	}
	if (h->shared_blocks)
		row(t, &table, h->shared_bytes, h->shared_blocks, all, strdup("(several of them together)"));
	if (h->lost_blocks)
		row(t, &table, h->lost_bytes, h->lost_blocks, all, strdup("(nothing: lost)"));
	rc = ms_text_print(t, &table);
	ms_text_more(t, h->holding_count - n, "more holder");
	return rc;
}

static char *block_text(struct ms_text *t, const struct ms_held_block *b)
{
	char *place = ms_text_place(ms_report_headline(t->report, b->node), NULL), *type = b->type ? ms_text_escaped(b->type) : NULL, *text = NULL;

	if (place && asprintf(&text, "%s%s%s%s", b->kind == MS_LEAK_REACHABLE || b->kind == MS_LEAK_POSSIBLE ? "" : "(lost) ", type ? type : "",
	                      type ? " from " : "", place) < 0)
		text = NULL;
	free(place);
	free(type);
	return text;
}

/* Blocks that keep others alive; without any the table says nothing that the live ones do not. */
static int print_blocks(struct ms_text *t, const struct ms_report_holders *h)
{
	static const struct ms_column columns[] = {
		{"retained", MS_RIGHT}, {"blocks", MS_RIGHT}, {"itself", MS_RIGHT}, {"block", MS_RIGHT}, {"what", MS_LEFT},
	};
	struct ms_table table;
	size_t n = 0;

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < h->block_count && (t->options.top == 0 || n < t->options.top); i++) {
		const struct ms_held_block *b = &h->blocks[i];
		char number[24];

		if (b->retained_blocks < 2)
			continue;
		snprintf(number, sizeof number, "%" PRIu64, b->block);
		ms_cell_bytes(t, &table, b->retained_bytes);
		ms_cell_count(&table, b->retained_blocks);
		ms_cell_bytes(t, &table, b->size_bytes);
		ms_table_cell(&table, number);
		ms_cell_owned(&table, block_text(t, b));
		n++;
	}
	if (n)
		fputs("\n  blocks that hold most (--why BLOCK says who points to one):\n", t->out);
	return n ? ms_text_print(t, &table) : (free(table.cells), MS_OK);
}

int ms_text_holders(struct ms_text *t)
{
	const struct ms_report *r = t->report;
	const struct ms_report_holders *h = &r->holders;
	uint64_t all = 0;
	int rc;

	if (!h->observable) {
		if (t->options.sections) /* the reason stands under LEAKS already */
			ms_text_heading(t, "HELD BY", "not observable: %s", r->leaks.reason);
		return MS_OK;
	}
	for (unsigned k = 0; k < MS_LEAK_KINDS; k++)
		all += r->leaks.kind[k].bytes;
	if (r->leaks.graph_blocks == 0) {
		ms_text_heading(t, "HELD BY", "nothing was alive");
		return MS_OK;
	}
	ms_text_heading(t, "HELD BY", "what would go if the holder let go");
	rc = print_holdings(t, h, all);
	return rc ? rc : print_blocks(t, h);
}
