/* headline.c - what a call path is called in one line: report.h, ms_report_headline. */
#include "report.h"

const struct ms_report_line *ms_report_headline(const struct ms_report *r, uint32_t node)
{
	const struct ms_report_node *top = &r->nodes[node];

	for (uint32_t n = node; n; n = r->nodes[n].parent)
		for (uint32_t l = 0; l < r->nodes[n].line_count; l++)
			if (!r->lines[r->nodes[n].first_line + l].allocator)
				return &r->lines[r->nodes[n].first_line + l];
	return node && top->line_count ? &r->lines[top->first_line] : NULL;
}
