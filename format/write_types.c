/* write_types.c - ms_write_variable_types of write_symbols.h. */
#include <string.h>

#include "format/symbols.h"
#include "format/trace_writer.h"
#include "format/write_symbols.h"

int ms_write_variable_types(struct ms_writer *w, struct ms_symbolizer *s, const struct ms_untyped *untyped, size_t count,
                            const struct ms_frame *frames, uint32_t frame_count, const struct ms_module *modules, uint32_t module_count,
                            uint32_t *found, struct ms_error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct ms_frame *f = untyped[i].frame - 1 < frame_count ? &frames[untyped[i].frame - 1] : NULL;
		const char *type;
		uint32_t id;
		int rc;

		if (!f || f->module - 1 >= module_count)
			continue;
		type = ms_symbolizer_variable_type(s, &modules[f->module - 1], f->address, untyped[i].name);
		if (!type)
			continue;
		id = ms_writer_string(w, type, strlen(type));
		rc = id != 0 ? ms_writer_variable_type(w, untyped[i].variable, id, err) : ms_writer_status(w);
		if (rc != MS_OK)
			return rc;
		if (found)
			++*found;
	}
	return MS_OK;
}
