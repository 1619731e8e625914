/* phases_text.c - the section about phases between marks: one row each, and where what they kept was begun. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "text_style.h"
#include "verdict_words.h"

/* Of phase i. The caller frees it. */
static char *phase_name(const struct ms_report_phases *p, size_t i)
{
	return *p->list[i].name ? ms_text_escaped(p->list[i].name) : strdup(i ? "(no text)" : "(start)");
}

static int print_kept(struct ms_text *t, size_t n)
{
	static const struct ms_column columns[] = {
		{"kept", MS_RIGHT}, {"blocks", MS_RIGHT}, {"site", MS_RIGHT}, {"phase", MS_LEFT}, {"where", MS_LEFT},
	};
	const struct ms_report_phases *p = &t->report->phases;
	struct ms_table table;
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any |= p->list[i].sites[0].blocks > 0;
	if (!any)
		return MS_OK;
	fprintf(t->out, "  where what a phase kept was begun, at most %u call paths each\n", MS_PHASE_SITES);
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < MS_PHASE_SITES && p->list[i].sites[k].blocks; k++) {
			const struct ms_phase_site *s = &p->list[i].sites[k];
			char number[24];

			ms_cell_bytes(t, &table, s->bytes);
			ms_cell_count(&table, s->blocks);
			snprintf(number, sizeof number, "#%" PRIu32, s->node);
			ms_table_cell(&table, number);
			ms_cell_owned(&table, phase_name(p, i));
			ms_cell_owned(&table, ms_text_place(ms_report_headline(t->report, s->node), NULL));
		}
	return ms_text_print(t, &table);
}

int ms_text_phases(struct ms_text *t)
{
	static const struct ms_column columns[] = {
		{"from", MS_RIGHT}, {"lasted", MS_RIGHT}, {"begun", MS_RIGHT}, {"freed", MS_RIGHT}, {"at start", MS_RIGHT}, {"at end", MS_RIGHT},
		{"peak", MS_RIGHT}, {"kept", MS_RIGHT}, {"in blocks", MS_RIGHT}, {"phase", MS_LEFT},
	};
	const struct ms_report_phases *p = &t->report->phases;
	size_t n = t->options.top && p->count > t->options.top ? t->options.top : p->count;
	struct ms_table table;
	char a[MS_UNIT_TEXT];
	int rc;

	if (!p->list) {
		const char *blind = ms_unsaid_words(t->report);

		if (t->options.sections)
			ms_text_heading(t, "PHASES", "%s%s", blind ? "not observable: " : "the program set no mark", blind ? blind : "");
		return MS_OK;
	}
	ms_text_heading(t, "PHASES", "between marks of the program; kept: begun in the phase and alive at its end");
	ms_table_init(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < n; i++) {
		const struct ms_phase *phase = &p->list[i];

		ms_cell_duration(&table, phase->from_ns);
		ms_cell_duration(&table, phase->to_ns - phase->from_ns);
		ms_cell_count(&table, phase->allocations + phase->reallocations);
		ms_cell_count(&table, phase->frees);
		ms_cell_bytes(t, &table, phase->start_bytes);
		ms_cell_bytes(t, &table, phase->end_bytes);
		ms_cell_bytes(t, &table, phase->peak_bytes);
		ms_cell_bytes(t, &table, phase->kept_bytes);
		ms_cell_count(&table, phase->kept_blocks);
		ms_cell_owned(&table, phase_name(p, i));
	}
	rc = ms_text_print(t, &table);
	ms_text_more(t, p->count - n, "more phase");
	if (p->marks >= p->count)
		fprintf(t->out, "  ! after these, %s not looked at\n", ms_unit_of(a, p->marks + 1 - p->count, "phase"));
	return rc ? rc : print_kept(t, n);
}
