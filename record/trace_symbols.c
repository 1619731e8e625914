#include "trace_symbols.h"

#include <stdlib.h>

#include "format/write_symbols.h"

#define ASK_EVERY 64u /* frames between two questions whether to go on */

int trace_symbols_write(const struct trace_tables *tables, struct ms_writer *writer,
                        const struct ms_symbolizer_options *options, bool (*interrupted)(void *), void *context,
                        bool *complete, struct ms_error *err)
{
	struct ms_module *modules = calloc((size_t)tables->written_count + 1, sizeof *modules);
	struct ms_symbolizer *symbolizer = NULL;
	uint32_t frames = (uint32_t)tables->frame_count, at = 0;
	int status;

	*complete = false;
	if (!modules)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the modules of the symbols");
	for (uint32_t i = 0; i < tables->module_count; i++)
		if (tables->modules[i].id != 0)
			modules[tables->modules[i].id - 1] = tables->modules[i].module;
	status = ms_symbolizer_open(&symbolizer, options, err);
	while (status == MS_OK && at < frames && !(interrupted && interrupted(context))) {
		uint32_t n = frames - at < ASK_EVERY ? frames - at : ASK_EVERY;

		status = ms_write_symbols_range(writer, symbolizer, tables->frames, at, n, modules, tables->written_count, NULL, err);
		at += n;
	}
	*complete = status == MS_OK && at == frames;
	ms_symbolizer_close(symbolizer);
	free(modules);
	return status;
}
