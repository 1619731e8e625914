/* text_stack.c - a call path in full, one line of source per line. */
#include <stdlib.h>
#include <string.h>

#include "format/errors.h"
#include "text_style.h"

/* A line that is too long (C++ templates) says the place in short rather than half of a name and no place. */
static int print_line(struct ms_text *t, const struct ms_report_line *line)
{
	size_t width = t->options.width > 24 ? t->options.width - 6 : SIZE_MAX;
	char *text = ms_text_line(line, false);

	if (text && strlen(text) > width) {
		free(text);
		text = ms_text_line(line, true);
	}
	if (!text)
		return MS_E_NOMEM;
	fputs("      ", t->out);
	ms_text_cut(t->out, text, width, t->options.utf8);
	putc('\n', t->out);
	free(text);
	return MS_OK;
}

int ms_text_stack(struct ms_text *t, const struct ms_report *r, uint32_t node)
{
	size_t lines = 0, skip_from = SIZE_MAX, skip_to = 0, at = 0;
	char a[MS_UNIT_TEXT];

	for (uint32_t n = node; n; n = r->nodes[n].parent)
		lines += r->nodes[n].line_count;
	/* A long path keeps its outermost three lines: they tell which part of the program it is. */
	if (t->options.frames > 4 && lines > t->options.frames) {
		skip_from = t->options.frames - 4;
		skip_to = lines - 3;
	} else if (t->options.frames && lines > t->options.frames) {
		skip_from = t->options.frames;
		skip_to = lines;
	}
	for (uint32_t n = node; n; n = r->nodes[n].parent) {
		for (uint32_t i = 0; i < r->nodes[n].line_count; i++, at++) {
			if (at == skip_from)
				fprintf(t->out, "      %s %s lines %s\n", t->options.utf8 ? "…" : "...",
				        ms_unit_count(a, skip_to - skip_from), t->options.utf8 ? "…" : "...");
			if (at >= skip_from && at < skip_to)
				continue;
			if (print_line(t, &r->lines[r->nodes[n].first_line + i]))
				return MS_E_NOMEM;
		}
	}
	if (node == 0)
		fputs("      (no stack)\n", t->out);
	return MS_OK;
}
