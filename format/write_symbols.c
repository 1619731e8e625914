/* write_symbols.c - see write_symbols.h. */
#include "write_symbols.h"

#include <string.h>

#include "symbols.h"
#include "trace_writer.h"

static uint32_t intern(struct ms_writer *w, const char *s)
{
	return ms_writer_string(w, s, strlen(s));
}

int ms_write_symbols_range(struct ms_writer *w, struct ms_symbolizer *s, const struct ms_frame *frames, uint32_t first,
                           uint32_t count, const struct ms_module *modules, uint32_t module_count,
                           struct ms_symbol_counts *counts, struct ms_error *err)
{
	struct ms_symbol_counts found = {.frames = count};

	for (uint32_t i = first; i < first + count; i++) {
		const struct ms_symbol_line *lines;
		size_t n = 0;

		if (frames[i].module && frames[i].module <= module_count)
			n = ms_symbolizer_resolve(s, &modules[frames[i].module - 1], frames[i].address, &lines);
		for (size_t level = 0; level < n; level++) {
			struct ms_symbol symbol = {
			        .frame = i + 1,
			        .function = intern(w, lines[level].function),
			        .linkage_name = intern(w, lines[level].linkage_name),
			        .file = intern(w, lines[level].file),
			        .line = lines[level].line,
			};
			int code = ms_writer_symbol(w, &symbol, err);

			if (code)
				return code;
		}
		if (n) {
			found.with_function += *lines[n - 1].function != '\0';
			found.with_line += lines[0].line != 0;
		}
	}
	if (counts) {
		counts->frames += found.frames;
		counts->with_function += found.with_function;
		counts->with_line += found.with_line;
	}
	return MS_OK;
}

int ms_write_symbols(struct ms_writer *w, struct ms_symbolizer *s, const struct ms_frame *frames, uint32_t frame_count,
                     const struct ms_module *modules, uint32_t module_count, struct ms_symbol_counts *counts,
                     struct ms_error *err)
{
	if (counts)
		*counts = (struct ms_symbol_counts){0};
	return ms_write_symbols_range(w, s, frames, 0, frame_count, modules, module_count, counts, err);
}
