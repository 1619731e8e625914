/*
 * html_stacks.h - call paths of several reports in one tree, for a page about more than one: only those that the page names.
 *
 *   ms_html_stacks_new(reports, count)     the reports that nodes may be of; borrowed
 *   ms_html_stacks_want(s, report, node)   for each call path that will be named
 *   ms_html_stacks_make(s)                 then once: nodes and lines are there
 *   ms_html_stacks_node(s, report, node)   and its number in the tree; parents come before children, node 0 is the empty stack
 *   ms_html_stacks_line(s, report, line)   likewise, of a line of a wanted call path
 *
 * Reports that are not among those given, and what was not wanted, are node 0 and line UINT32_MAX.
 * Ownership: the caller frees with ms_html_stacks_free; lines borrow the strings of the reports.
 * Errors: ms_html_stacks_new NULL, ms_html_stacks_make false: no memory. Thread-safety: one thread at a time.
 */
#ifndef MS_RENDER_HTML_STACKS_H
#define MS_RENDER_HTML_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/report.h"

struct ms_html_stacks;

struct ms_html_tree {
	const struct ms_report_node *nodes;
	size_t node_count;
	const struct ms_report_line *lines;
	size_t line_count;
};

struct ms_html_stacks *ms_html_stacks_new(const struct ms_report *const *reports, size_t count);
void ms_html_stacks_want(struct ms_html_stacks *s, const struct ms_report *report, uint32_t node);
bool ms_html_stacks_make(struct ms_html_stacks *s);
struct ms_html_tree ms_html_stacks_tree(const struct ms_html_stacks *s);
uint32_t ms_html_stacks_node(const struct ms_html_stacks *s, const struct ms_report *report, uint32_t node);
uint32_t ms_html_stacks_line(const struct ms_html_stacks *s, const struct ms_report *report, const struct ms_report_line *line);
void ms_html_stacks_free(struct ms_html_stacks *s); /* NULL allowed */

#endif
