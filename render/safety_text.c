/* safety_text.c - the section of facts worth a look: hand-overs between threads and modules, odd sizes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "report_names.h"
#include "text_style.h"

static size_t rows(const struct ms_text *t, size_t count)
{
	return t->options.top && count > t->options.top ? t->options.top : count;
}

static void cell_thread(const struct ms_report *r, struct ms_table *table, uint32_t id)
{
	const struct ms_report_thread *thread = id && id <= r->thread_count ? &r->threads[id - 1] : NULL;
	char *name = ms_text_escaped(!thread ? "" : *thread->name ? thread->name : thread->is_main ? "main" : ""), *text = NULL;

	if (name && asprintf(&text, "%" PRIu32 "%s%s", thread ? thread->tid : 0, *name ? " " : "", name) < 0)
		text = NULL;
	ms_cell_owned(table, text);
	free(name);
}

static int print_handovers(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"blocks", MS_RIGHT}, {"bytes", MS_RIGHT}, {"allocated by thread", MS_LEFT}, {"freed by thread", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	const struct ms_report_safety *s = &r->safety;
	struct ms_table table;
	int rc;

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < rows(t, s->handover_count); i++) {
		ms_cell_count(&table, s->handovers[i].blocks);
		ms_cell_bytes(t, &table, s->handovers[i].bytes);
		cell_thread(r, &table, s->handovers[i].from);
		cell_thread(r, &table, s->handovers[i].to);
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, s->handover_count - rows(t, s->handover_count), "more pair");
	return rc;
}

static int print_boundaries(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"blocks", MS_RIGHT}, {"bytes", MS_RIGHT}, {"allocated in, first by", MS_LEFT}, {"freed in, first by", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	const struct ms_report_safety *s = &r->safety;
	struct ms_table table;
	int rc;

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < rows(t, s->boundary_count); i++) {
		const struct ms_report_boundary *b = &s->boundaries[i];
		const struct {
			const char *module;
			uint32_t node;
		} sides[] = {{b->from, b->allocation_node}, {b->to, b->free_node}};

		ms_cell_count(&table, b->blocks);
		ms_cell_bytes(t, &table, b->bytes);
		for (int k = 0; k < 2; k++) {
			const char *slash = strrchr(sides[k].module, '/');
			char *module = ms_text_escaped(slash && slash[1] ? slash + 1 : sides[k].module);
			char *place = ms_text_place(ms_report_headline(r, sides[k].node), NULL), *text = NULL;

			if (module && place && asprintf(&text, "%s: %s", module, place) < 0)
				text = NULL;
			ms_cell_owned(&table, text);
			free(module);
			free(place);
		}
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, s->boundary_count - rows(t, s->boundary_count), "more pair");
	return rc;
}

static int print_odd_sizes(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"requests", MS_RIGHT}, {"size", MS_LEFT}, {"first", MS_RIGHT}, {"answer", MS_LEFT}, {"where", MS_LEFT},
	};
	const struct ms_report *r = t->report;
	const struct ms_report_safety *s = &r->safety;
	struct ms_table table;
	int rc;

	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < rows(t, s->odd_size_count); i++) {
		const struct ms_report_odd_size *o = &s->odd_sizes[i];

		ms_cell_count(&table, o->requests);
		ms_table_cell(&table, ms_odd_size_name(o->kind));
		ms_cell_bytes(t, &table, o->first_bytes);
		ms_table_cell(&table, o->failed ? "NULL" : "a block");
		ms_cell_owned(&table, ms_text_place(ms_report_headline(r, o->node), NULL));
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, s->odd_size_count - rows(t, s->odd_size_count), "more place");
	return rc;
}

int ms_text_safety(struct ms_text *t)
{
	const struct ms_report_safety *s = &t->report->safety;
	char a[MS_UNIT_TEXT];
	int rc = MS_OK;

	if (!s->handover_count && !s->boundary_count && !s->odd_size_count)
		return MS_OK;
	ms_text_heading(t, "SAFETY", "facts worth a look, no errors by themselves");
	if (s->handover_count)
		rc = print_handovers(t);
	if (rc == MS_OK && s->boundary_count)
		rc = print_boundaries(t);
	if (rc == MS_OK && s->odd_size_count)
		rc = print_odd_sizes(t);
	if (s->omitted)
		fprintf(t->out, "  ! %s in further rows were not kept\n", ms_unit_of(a, s->omitted, "block or request"));
	return rc;
}
