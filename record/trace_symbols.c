#include "trace_symbols.h"

#include <stdlib.h>
#include <string.h>

#define ASK_EVERY 64u /* frames between two questions whether to go on */

#define LINES_MOST 256u

/* A frame outside of all modules. */
struct stray {
	uint64_t address;
	size_t frame;                    /* id - 1 */
};

static int by_address(const void *a, const void *b)
{
	uint64_t x = ((const struct stray *)a)->address, y = ((const struct stray *)b)->address;

	return x < y ? -1 : x > y;
}

static struct symbol_question question_of(const uint32_t *record_of_module, const struct ms_frame *frame)
{
	return (struct symbol_question){.address = frame->address, .module = record_of_module[frame->module]};
}

bool trace_symbols_ask(const struct trace_tables *tables, const struct ms_untyped *untyped, size_t untyped_count, struct symbol_helper *helper,
                       bool (*interrupted)(void *), void *context, uint64_t *cpu_ns)
{
	uint32_t *record_of_module = NULL;
	struct symbol_question *questions = NULL;
	size_t count = tables->frame_count, at;
	bool answered = false;

	*cpu_ns = 0;
	if (tables->frame_count == 0)
		return false;
	for (size_t i = 0; i < untyped_count; i++)
		count += 1 + symbol_question_name(strlen(untyped[i].name));
	record_of_module = malloc(((size_t)tables->written_count + 1) * sizeof *record_of_module);
	questions = calloc(count, sizeof *questions);
	if (!record_of_module || !questions)
		goto done;
	for (uint32_t id = 0; id <= tables->written_count; id++)
		record_of_module[id] = UINT32_MAX;
	for (uint32_t i = 0; i < tables->module_count; i++)
		if (tables->modules[i].id != 0)
			record_of_module[tables->modules[i].id] = i;
	for (at = 0; at < tables->frame_count; at++)
		questions[at] = question_of(record_of_module, &tables->frames[at]);
	for (size_t i = 0; i < untyped_count; i++) {
		size_t bytes = strlen(untyped[i].name);

		questions[at] = question_of(record_of_module, &tables->frames[untyped[i].frame - 1]);
		questions[at++].name_bytes = (uint32_t)bytes;
		memcpy(&questions[at], untyped[i].name, bytes);
		at += symbol_question_name(bytes);
	}
	answered = symbol_helper_ask(helper, questions, count, interrupted, context, cpu_ns);
done:
	free(questions);
	free(record_of_module);
	return answered;
}

/* names[i] = what the program's own map calls frame i, for frames without a module; NULL: no names at all, or no memory. */
static const char **read_jit_names(const struct trace_tables *tables, struct jit_map *jit)
{
	size_t count = tables->frame_count, n = 0;
	uint64_t *addresses = NULL;
	const char **names = NULL, **found = NULL;
	struct stray *strays = NULL;

	for (size_t i = 0; i < count; i++)
		n += tables->frames[i].module == 0;
	if (n == 0)
		return NULL;
	strays = malloc(n * sizeof *strays);
	addresses = malloc(n * sizeof *addresses);
	found = malloc(n * sizeof *found);
	if (!strays || !addresses || !found)
		goto done;
	n = 0;
	for (size_t i = 0; i < count; i++)
		if (tables->frames[i].module == 0)
			strays[n++] = (struct stray){tables->frames[i].address, i};
	qsort(strays, n, sizeof *strays, by_address);
	for (size_t i = 0; i < n; i++)
		addresses[i] = strays[i].address;
	if (jit_map_read(jit, addresses, found, n) == 0)
		goto done;
	names = calloc(count, sizeof *names);
	for (size_t i = 0; names && i < n; i++)
		names[strays[i].frame] = found[i];
done:
	free(strays);
	free(addresses);
	free(found);
	return names;
}

static int write_jit_name(struct ms_writer *writer, uint32_t frame, const char *name, struct ms_error *err)
{
	const struct ms_symbol_line line = {.function = name, .linkage_name = "", .file = ""};

	return ms_write_symbol_lines(writer, frame, &line, 1, err);
}

/* Writes what the helper has answered. *frames = how many that were. */
static int write_answers(struct ms_writer *writer, struct symbol_helper *helper, const char *const *jit_names, uint32_t count,
                         uint32_t *frames, struct ms_error *err)
{
	struct ms_symbol_line *lines = calloc(LINES_MOST, sizeof *lines);
	int status = MS_OK;

	*frames = 0;
	if (!lines) {
		symbol_helper_skip(helper);
		return MS_OK; /* they are resolved again */
	}
	while (status == MS_OK && *frames < count) {
		size_t n = symbol_helper_next(helper, lines, LINES_MOST);

		if (n == SIZE_MAX)
			break;
		++*frames;
		if (n == 0 && jit_names && jit_names[*frames - 1])
			status = write_jit_name(writer, *frames, jit_names[*frames - 1], err);
		else
			status = ms_write_symbol_lines(writer, *frames, lines, n, err);
	}
	free(lines);
	return status;
}

/* The modules as they stand in the trace; the caller frees. NULL: no memory. */
static struct ms_module *modules_by_id(const struct trace_tables *tables)
{
	struct ms_module *modules = calloc((size_t)tables->written_count + 1, sizeof *modules);

	for (uint32_t i = 0; modules && i < tables->module_count; i++)
		if (tables->modules[i].id != 0)
			modules[tables->modules[i].id - 1] = tables->modules[i].module;
	return modules;
}

int trace_symbols_write(const struct trace_tables *tables, struct ms_writer *writer, struct symbol_helper *helper,
                        struct jit_map *jit, const struct ms_symbolizer_options *options, bool (*interrupted)(void *), void *context,
                        bool *complete, struct ms_error *err)
{
	struct ms_module *modules = modules_by_id(tables);
	struct ms_symbolizer *symbolizer = NULL;
	const char **jit_names = NULL;
	uint32_t frames = (uint32_t)tables->frame_count, at = 0;
	int status;

	*complete = false;
	if (!modules)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the modules of the symbols");
	jit_names = read_jit_names(tables, jit);
	status = write_answers(writer, helper, jit_names, frames, &at, err);
	if (status == MS_OK && at < frames)
		status = ms_symbolizer_open(&symbolizer, options, err);
	while (status == MS_OK && at < frames && !(interrupted && interrupted(context))) {
		uint32_t n = frames - at < ASK_EVERY ? frames - at : ASK_EVERY;

		if (jit_names && jit_names[at]) {
			n = 1;
			status = write_jit_name(writer, at + 1, jit_names[at], err);
		} else {
			for (uint32_t i = 1; jit_names && i < n; i++)
				if (jit_names[at + i])
					n = i;
			status = ms_write_symbols_range(writer, symbolizer, tables->frames, at, n, modules, tables->written_count, NULL, err);
		}
		at += n;
	}
	*complete = status == MS_OK && at == frames;
	ms_symbolizer_close(symbolizer);
	free(jit_names);
	free(modules);
	return status;
}

/* ---- types of variables ------------------------------------------------------------------------------------------ */

/* Writes what the helper has answered; *variables = how many answers that were. */
static int write_type_answers(struct ms_writer *writer, struct symbol_helper *helper, const struct ms_untyped *untyped, size_t count,
                              size_t *variables, struct ms_error *err)
{
	struct ms_symbol_line line;
	int status = MS_OK;

	for (*variables = 0; status == MS_OK && *variables < count; ++*variables) {
		size_t n = symbol_helper_next(helper, &line, 1);
		uint32_t type;

		if (n == SIZE_MAX)
			break;
		if (n == 0)
			continue;
		type = ms_writer_string(writer, line.function, strlen(line.function));
		status = type != 0 ? ms_writer_variable_type(writer, untyped[*variables].variable, type, err) : ms_writer_status(writer);
	}
	return status;
}

int trace_symbols_write_types(const struct trace_tables *tables, struct ms_writer *writer, struct symbol_helper *helper,
                              const struct ms_symbolizer_options *options, const struct ms_untyped *untyped, size_t count,
                              bool (*interrupted)(void *), void *context, struct ms_error *err)
{
	struct ms_module *modules;
	struct ms_symbolizer *symbolizer = NULL;
	size_t at;
	int status = write_type_answers(writer, helper, untyped, count, &at, err);

	if (status != MS_OK || at == count)
		return status;
	modules = modules_by_id(tables);
	if (!modules)
		return MS_OK; /* no types */
	status = ms_symbolizer_open(&symbolizer, options, err);
	for (; status == MS_OK && at < count && !(interrupted && interrupted(context)); at += ASK_EVERY)
		status = ms_write_variable_types(writer, symbolizer, untyped + at, count - at < ASK_EVERY ? count - at : ASK_EVERY,
		                                 tables->frames, (uint32_t)tables->frame_count, modules, tables->written_count, NULL, err);
	ms_symbolizer_close(symbolizer);
	free(modules);
	return status;
}

/* ---- data -------------------------------------------------------------------------------------------------------- */

#define DATA_BATCH 4096u

/* The written module that the address belongs to: of the last image, and the one loaded last if there are several. */
static const struct trace_module *module_of(const struct trace_tables *tables, uint64_t address)
{
	for (uint32_t i = tables->module_count; i-- > 0;) {
		const struct trace_module *m = &tables->modules[i];

		if (m->id != 0 && m->module.image == tables->image && m->module.start <= address && address < m->module.end)
			return m;
	}
	return NULL;
}

int trace_symbols_write_data(const struct trace_tables *tables, struct ms_writer *writer,
                             const struct ms_symbolizer_options *options, const uint64_t *addresses, size_t count,
                             bool (*interrupted)(void *), void *context, struct ms_error *err)
{
	/* Unpacking debug information costs more than everything else here. */
	const struct ms_symbolizer_options tables_only = {.debuginfod = options->debuginfod, .debug_directory = options->debug_directory,
	                                             .tables_only = true};
	struct ms_data_symbol *symbols = malloc(DATA_BATCH * sizeof *symbols);
	struct ms_symbolizer *symbolizer = NULL;
	uint64_t done = 0; /* behind the last object */
	size_t n = 0;
	int status;

	if (!symbols)
		return MS_OK; /* no names */
	status = ms_symbolizer_open(&symbolizer, &tables_only, err);
	for (size_t i = 0; i < count && status == MS_OK; i++) {
		const struct trace_module *m;
		struct ms_symbol_data data;

		if (i % ASK_EVERY == 0 && interrupted && interrupted(context))
			break;
		if (addresses[i] < done || !(m = module_of(tables, addresses[i])) ||
		    !ms_symbolizer_data(symbolizer, &m->module, addresses[i], &data) || data.address < done ||
		    data.address + data.size_bytes < data.address)
			continue;
		done = data.address + data.size_bytes;
		symbols[n++] = (struct ms_data_symbol){
			.address = data.address,
			.size_bytes = data.size_bytes,
			.module = m->id,
			.name = ms_writer_string(writer, data.name, strlen(data.name)),
		};
		if (n == DATA_BATCH) {
			status = ms_writer_data_symbols(writer, symbols, n, err);
			n = 0;
		}
	}
	if (status == MS_OK && n > 0)
		status = ms_writer_data_symbols(writer, symbols, n, err);
	ms_symbolizer_close(symbolizer);
	free(symbols);
	return status;
}
