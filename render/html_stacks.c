/* html_stacks.c - see html_stacks.h. */
#include "html_stacks.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* A report, and where its nodes and lines are in the tree. */
struct part {
	const struct ms_report *report;
	uint32_t *node;                  /* by node: before make 1 = wanted, then its number; 0 = not wanted */
	uint32_t *line;                  /* by line: its number, or NONE */
};

struct ms_html_stacks {
	struct part *parts;
	size_t part_count;
	struct ms_report_node *nodes;
	struct ms_report_line *lines;
	size_t node_count, line_count;
};

struct ms_html_stacks *ms_html_stacks_new(const struct ms_report *const *reports, size_t count)
{
	struct ms_html_stacks *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->parts = calloc(count + 1, sizeof *s->parts);
	if (!s->parts)
		goto fail;
	for (size_t i = 0; i < count; i++) {
		struct part *p = &s->parts[s->part_count++];

		p->report = reports[i];
		p->node = calloc(reports[i]->node_count + 1, sizeof *p->node);
		p->line = malloc((reports[i]->line_count + 1) * sizeof *p->line);
		if (!p->node || !p->line)
			goto fail;
		memset(p->line, 0xff, (reports[i]->line_count + 1) * sizeof *p->line);
	}
	return s;
fail:
	ms_html_stacks_free(s);
	return NULL;
}

static struct part *part_of(const struct ms_html_stacks *s, const struct ms_report *report)
{
	for (size_t i = 0; i < s->part_count; i++)
		if (s->parts[i].report == report)
			return &s->parts[i];
	return NULL;
}

void ms_html_stacks_want(struct ms_html_stacks *s, const struct ms_report *report, uint32_t node)
{
	struct part *p = part_of(s, report);

	for (uint32_t n = node; p && n && n < report->node_count && !p->node[n]; n = report->nodes[n].parent)
		p->node[n] = 1;
}

/* Nodes of one frame share their lines, here too. */
static uint32_t lines_of(struct ms_html_stacks *s, struct part *p, const struct ms_report_node *node)
{
	bool all = true;

	for (uint32_t i = 0; i < node->line_count; i++)
		all &= p->line[node->first_line + i] == p->line[node->first_line] + i && p->line[node->first_line] != NONE;
	if (all && node->line_count)
		return p->line[node->first_line];
	for (uint32_t i = 0; i < node->line_count; i++) {
		p->line[node->first_line + i] = (uint32_t)(s->line_count + i);
		s->lines[s->line_count + i] = p->report->lines[node->first_line + i];
	}
	s->line_count += node->line_count;
	return (uint32_t)(s->line_count - node->line_count);
}

bool ms_html_stacks_make(struct ms_html_stacks *s)
{
	size_t nodes = 1, lines = 0;

	for (size_t i = 0; i < s->part_count; i++)
		for (size_t n = 1; n < s->parts[i].report->node_count; n++)
			if (s->parts[i].node[n]) {
				nodes++;
				lines += s->parts[i].report->nodes[n].line_count;
			}
	if (nodes >= NONE || lines >= NONE)
		return false;
	s->nodes = calloc(nodes, sizeof *s->nodes);
	s->lines = calloc(lines + 1, sizeof *s->lines);
	if (!s->nodes || !s->lines)
		return false;
	s->node_count = 1;
	for (size_t i = 0; i < s->part_count; i++) {
		struct part *p = &s->parts[i];

		for (size_t n = 1; n < p->report->node_count; n++) {
			const struct ms_report_node *node = &p->report->nodes[n];

			if (!p->node[n])
				continue;
			p->node[n] = (uint32_t)s->node_count;
			s->nodes[s->node_count++] = (struct ms_report_node){
				.parent = node->parent ? p->node[node->parent] : 0, .first_line = lines_of(s, p, node), .line_count = node->line_count};
		}
	}
	return true;
}

struct ms_html_tree ms_html_stacks_tree(const struct ms_html_stacks *s)
{
	return (struct ms_html_tree){s->nodes, s->node_count, s->lines, s->line_count};
}

uint32_t ms_html_stacks_node(const struct ms_html_stacks *s, const struct ms_report *report, uint32_t node)
{
	const struct part *p = part_of(s, report);

	return p && node < report->node_count ? p->node[node] : 0;
}

uint32_t ms_html_stacks_line(const struct ms_html_stacks *s, const struct ms_report *report, const struct ms_report_line *line)
{
	const struct part *p = part_of(s, report);

	return p && line ? p->line[line - report->lines] : NONE;
}

void ms_html_stacks_free(struct ms_html_stacks *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->part_count; i++) {
		free(s->parts[i].node);
		free(s->parts[i].line);
	}
	free(s->parts);
	free(s->nodes);
	free(s->lines);
	free(s);
}
