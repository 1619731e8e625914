/* json_stack.c - see json_stack.h. */
#include "json_stack.h"

void ms_json_frame(struct ms_json *j, const char *key, const struct ms_report_line *l)
{
	if (!l) {
		ms_json_null(j, key);
		return;
	}
	ms_json_object(j, key);
	ms_json_string(j, "function", *l->function ? l->function : NULL);
	ms_json_string(j, "file", *l->file ? l->file : NULL);
	if (l->line)
		ms_json_uint(j, "line", l->line);
	else
		ms_json_null(j, "line");
	ms_json_string(j, "module", *l->module ? l->module : NULL);
	ms_json_hex(j, "address", l->offset);
	ms_json_bool(j, "inlined", l->inlined);
	ms_json_end_object(j);
}

void ms_json_stack(struct ms_json *j, const char *key, const struct ms_report *r, uint32_t node)
{
	ms_json_array(j, key);
	for (uint32_t n = node; n; n = r->nodes[n].parent)
		for (uint32_t i = 0; i < r->nodes[n].line_count; i++)
			ms_json_frame(j, NULL, &r->lines[r->nodes[n].first_line + i]);
	ms_json_end_array(j);
}
