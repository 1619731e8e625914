/* write_variables.c - ms_writer_variable and ms_writer_variable_type of trace_writer.h, collected and written as Variables blocks. */
#include "trace_fb.h"
#include "writer_internal.h"

#define VARIABLES_PER_BLOCK 1024
#define TYPES_PER_BLOCK 4096

static ms_fb_ref put_entries(struct ms_fb_builder *b, const struct ms_variable *rows, uint32_t count, uint32_t first_id)
{
	ms_fb_ref refs[VARIABLES_PER_BLOCK];

	for (uint32_t i = 0; i < count; i++) {
		fb_start_variable_entry(b);
		fb_variable_entry_set_id(b, first_id + i);
		fb_variable_entry_set_name(b, rows[i].name);
		fb_variable_entry_set_type(b, rows[i].type);
		fb_variable_entry_set_file(b, rows[i].file);
		fb_variable_entry_set_line(b, rows[i].line);
		fb_variable_entry_set_frame(b, rows[i].frame);
		refs[i] = fb_finish_variable_entry(b);
	}
	return count > 0 ? ms_fb_put_refs(b, refs, count) : 0;
}

static ms_fb_ref put_types(struct ms_fb_builder *b, const uint32_t (*rows)[2], uint32_t count)
{
	ms_fb_ref refs[TYPES_PER_BLOCK];

	for (uint32_t i = 0; i < count; i++) {
		fb_start_variable_type(b);
		fb_variable_type_set_variable(b, rows[i][0]);
		fb_variable_type_set_type(b, rows[i][1]);
		refs[i] = fb_finish_variable_type(b);
	}
	return count > 0 ? ms_fb_put_refs(b, refs, count) : 0;
}

int ms_writer_put_variables(struct ms_writer *w, struct ms_error *err)
{
	const struct ms_variable *rows = (const struct ms_variable *)(const void *)w->variable_rows.data;
	const uint32_t(*types)[2] = (const uint32_t(*)[2])(const void *)w->variable_types.data;
	const uint32_t count = (uint32_t)(w->variable_rows.size / sizeof(*rows)),
		       type_count = (uint32_t)(w->variable_types.size / sizeof(*types));
	struct ms_fb_builder *b = &w->builder;
	ms_fb_ref entries, found;
	int rc;

	if (count == 0 && type_count == 0)
		return MS_OK;
	ms_fb_reset(b);
	entries = put_entries(b, rows, count, w->variables - count + 1);
	found = put_types(b, types, type_count);
	fb_start_variables(b);
	fb_variables_set_entries(b, entries);
	fb_variables_set_types(b, found);
	rc = ms_writer_put_block(w,
				 (struct ms_block_header){.kind = MS_BLOCK_VARIABLES,
							  .count = count,
							  .first_time_ns = w->last_time_ns,
							  .last_time_ns = w->last_time_ns},
				 fb_finish_variables(b), false, err);
	if (rc != MS_OK)
		return rc;
	w->variable_rows.size = 0;
	w->variable_types.size = 0;
	return MS_OK;
}

static bool room_for_one(struct ms_writer *w, const struct ms_buffer *rows, size_t most)
{
	return rows->size < most ||
	       (ms_writer_put_tables(w, MS_BLOCK_STACKS, NULL) == MS_OK && ms_writer_put_variables(w, NULL) == MS_OK);
}

uint32_t ms_writer_variable(struct ms_writer *w, const struct ms_variable *v)
{
	if (!ms_writer_ready(w))
		return 0;
	if (w->copied || v->name > w->strings.count || v->type > w->strings.count || v->file > w->strings.count ||
	    v->frame > w->frames) {
		ms_writer_misuse(w, NULL, "a variable is not valid: strings %u, %u, %u of %u, frame %u of %u", v->name, v->type,
				 v->file, w->strings.count, v->frame, w->frames);
		return 0;
	}
	if (!room_for_one(w, &w->variable_rows, VARIABLES_PER_BLOCK * sizeof(*v)))
		return 0;
	if (ms_buffer_append(&w->variable_rows, v, sizeof(*v)) != 0) {
		ms_writer_no_memory(w, NULL);
		return 0;
	}
	return ++w->variables;
}

int ms_writer_variable_type(struct ms_writer *w, uint32_t variable, uint32_t type, struct ms_error *err)
{
	const uint32_t row[2] = {variable, type};

	if (!ms_writer_ready(w))
		return ms_writer_stuck(w, err);
	if (variable - 1 >= w->variables || type - 1 >= w->strings.count)
		return ms_writer_misuse(w, err, "type %u of %u is that of variable %u of %u", type, w->strings.count, variable,
					w->variables);
	if (!room_for_one(w, &w->variable_types, TYPES_PER_BLOCK * sizeof(row)))
		return ms_writer_stuck(w, err);
	return ms_buffer_append(&w->variable_types, row, sizeof(row)) == 0 ? MS_OK : ms_writer_no_memory(w, err);
}
