/* table_variables.c - the table of table_decode.h that holds the places that track variables. */
#include "table_decode.h"

static int add_entry(struct ms_tables *t, struct fb_variable_entry e, uint64_t offset, struct ms_error *err)
{
	const struct ms_variable v = {
		.name = fb_variable_entry_name(e),
		.type = fb_variable_entry_type(e),
		.file = fb_variable_entry_file(e),
		.line = fb_variable_entry_line(e),
		.frame = fb_variable_entry_frame(e),
	};
	struct ms_variable *row;
	int rc = ms_tables_check_first(fb_variable_entry_id(e), t->variable_count, 1, "variable", offset, err);

	if (rc != MS_OK)
		return rc;
	if (v.name > t->string_count || v.type > t->string_count || v.file > t->string_count || v.frame > t->frame_count)
		return ms_fail(err, MS_E_CORRUPT, offset, "variable %u is not valid: strings %u, %u, %u of %u, frame %u of %u",
			       fb_variable_entry_id(e), v.name, v.type, v.file, t->string_count, v.frame, t->frame_count);
	row = ms_tables_take(t, &t->variables, sizeof(*row), offset, err);
	if (row == NULL)
		return err->code;
	*row = v;
	t->variable_count++;
	return MS_OK;
}

int ms_tables_add_variables(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_variables v = {body};
	int rc = MS_OK;

	for (uint32_t i = 0; rc == MS_OK && i < fb_variables_entries(v).count; i++)
		rc = add_entry(t, fb_variables_entries_at(v, i), offset, err);
	for (uint32_t i = 0; rc == MS_OK && i < fb_variables_types(v).count; i++) {
		const struct fb_variable_type row = fb_variables_types_at(v, i);
		const uint32_t id = fb_variable_type_variable(row), type = fb_variable_type_type(row);

		if (id - 1 >= t->variable_count || type > t->string_count)
			return ms_fail(err, MS_E_CORRUPT, offset, "type %u of %u is that of variable %u of %u", type,
				       t->string_count, id, t->variable_count);
		((struct ms_variable *)(void *)t->variables.data)[id - 1].type = type;
	}
	return rc;
}
