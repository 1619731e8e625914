/* write_symbols.c - see write_symbols.h. */
#include "write_symbols.h"

#include <string.h>

#include "symbols.h"
#include "trace_reader.h"
#include "trace_writer.h"

static uint32_t intern(struct ms_writer *w, const char *s)
{
	return ms_writer_string(w, s, strlen(s));
}

int ms_write_symbol_lines(struct ms_writer *w, uint32_t frame, const struct ms_symbol_line *lines, size_t n,
                          struct ms_error *err)
{
	int rc = MS_OK;

	for (size_t level = 0; level < n && rc == MS_OK; level++) {
		struct ms_symbol symbol = {
		        .frame = frame,
		        .function = intern(w, lines[level].function),
		        .linkage_name = intern(w, lines[level].linkage_name),
		        .file = intern(w, lines[level].file),
		        .line = lines[level].line,
		};
		rc = ms_writer_symbol(w, &symbol, err);
	}
	return rc;
}

static int write_frame(struct ms_writer *w, struct ms_symbolizer *s, uint32_t id, const struct ms_frame *frame,
                       const struct ms_module *module, const struct ms_trace *before, struct ms_symbol_counts *found,
                       struct ms_error *err)
{
	const struct ms_symbol_line *lines = NULL;
	const struct ms_symbol *old = NULL;
	size_t n = 0, old_n = 0;
	int rc = MS_OK;

	if (module)
		n = ms_symbolizer_resolve(s, module, frame->address, &lines);
	if (before)
		old = ms_trace_symbols(before, id, &old_n);
	if (old_n && (!n || (old[0].line && !lines[0].line))) {
		for (size_t level = 0; level < old_n && rc == MS_OK; level++)
			rc = ms_writer_symbol(w, &old[level], err);
		found->with_function += old[old_n - 1].function != 0;
		found->with_line += old[0].line != 0;
		found->kept++;
	} else if (n) {
		rc = ms_write_symbol_lines(w, id, lines, n, err);
		found->with_function += *lines[n - 1].function != '\0';
		found->with_line += lines[0].line != 0;
	}
	found->frames++;
	return rc;
}

static int write_range(struct ms_writer *w, struct ms_symbolizer *s, const struct ms_frame *frames, uint32_t first,
                       uint32_t count, const struct ms_module *modules, uint32_t module_count,
                       const struct ms_trace *before, struct ms_symbol_counts *counts, struct ms_error *err)
{
	struct ms_symbol_counts ignored = {0};
	int rc = MS_OK;

	for (uint32_t i = first; i < first + count && rc == MS_OK; i++) {
		uint32_t m = frames[i].module;

		rc = write_frame(w, s, i + 1, &frames[i], m && m <= module_count ? &modules[m - 1] : NULL, before,
		                 counts ? counts : &ignored, err);
	}
	return rc;
}

int ms_write_symbols(struct ms_writer *w, struct ms_symbolizer *s, const struct ms_frame *frames, uint32_t frame_count,
                     const struct ms_module *modules, uint32_t module_count, const struct ms_trace *before,
                     struct ms_symbol_counts *counts, struct ms_error *err)
{
	if (counts)
		*counts = (struct ms_symbol_counts){0};
	return write_range(w, s, frames, 0, frame_count, modules, module_count, before, counts, err);
}

int ms_write_symbols_range(struct ms_writer *w, struct ms_symbolizer *s, const struct ms_frame *frames, uint32_t first,
                           uint32_t count, const struct ms_module *modules, uint32_t module_count,
                           struct ms_symbol_counts *counts, struct ms_error *err)
{
	return write_range(w, s, frames, first, count, modules, module_count, NULL, counts, err);
}
