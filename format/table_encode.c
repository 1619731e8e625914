#include "table_encode.h"

#include "columns.h"
#include "trace_fb.h"

/* Columns of struct ms_pending, by table. */
enum { STRING_LENGTH };
enum { MODULE_PATH, MODULE_BIAS, MODULE_START, MODULE_END, MODULE_IMAGE, MODULE_BUILD_ID_BYTES };
enum { THREAD_TID, THREAD_IMAGE, THREAD_IS_MAIN, THREAD_NAME };
enum { FRAME_ADDRESS, FRAME_MODULE };
enum { STACK_PARENT, STACK_FRAME };
enum { SYMBOL_FRAME, SYMBOL_FUNCTION, SYMBOL_LINKAGE_NAME, SYMBOL_FILE, SYMBOL_LINE };

void ms_pending_init(struct ms_pending_tables *p)
{
	*p = (struct ms_pending_tables){0};
	for (unsigned kind = 0; kind <= MS_BLOCK_SYMBOLS; kind++)
		p->table[kind].first_id = 1;
}

void ms_pending_free(struct ms_pending_tables *p)
{
	for (unsigned kind = 0; kind <= MS_BLOCK_SYMBOLS; kind++) {
		for (unsigned i = 0; i < MS_PENDING_COLUMNS; i++)
			ms_buffer_free(&p->table[kind].column[i].buffer);
		ms_buffer_free(&p->table[kind].bytes);
	}
}

void ms_pending_clear(struct ms_pending *p)
{
	p->first_id += p->count;
	p->count = 0;
	for (unsigned i = 0; i < MS_PENDING_COLUMNS; i++)
		p->column[i].buffer.size = 0;
	p->bytes.size = 0;
}

size_t ms_pending_bytes(const struct ms_pending *p)
{
	return p->bytes.size + p->column[0].buffer.size;
}

static int add_row(struct ms_pending *p, const uint64_t *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (ms_numbers_add(&p->column[i], values[i]) != 0)
			return MS_E_NOMEM;
	}
	p->count++;
	return MS_OK;
}

#define ADD_ROW(kind, ...)                                                                                             \
	add_row(&p->table[kind], (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

int ms_pending_string(struct ms_pending_tables *p, const char *bytes, size_t length)
{
	if (ms_buffer_append(&p->table[MS_BLOCK_STRINGS].bytes, bytes, length) != 0)
		return MS_E_NOMEM;
	return ADD_ROW(MS_BLOCK_STRINGS, length);
}

int ms_pending_module(struct ms_pending_tables *p, uint32_t path, const struct ms_module *m)
{
	if (ms_buffer_append(&p->table[MS_BLOCK_MODULES].bytes, m->build_id, m->build_id_bytes) != 0)
		return MS_E_NOMEM;
	return ADD_ROW(MS_BLOCK_MODULES, path, m->load_bias, m->start, m->end, m->image, m->build_id_bytes);
}

int ms_pending_thread(struct ms_pending_tables *p, const struct ms_thread *thread)
{
	return ADD_ROW(MS_BLOCK_THREADS, thread->tid, thread->image, thread->is_main, thread->name);
}

int ms_pending_frame(struct ms_pending_tables *p, uint64_t address, uint32_t module)
{
	return ADD_ROW(MS_BLOCK_FRAMES, address, module);
}

int ms_pending_stack(struct ms_pending_tables *p, uint32_t parent, uint32_t frame)
{
	uint32_t id = p->table[MS_BLOCK_STACKS].first_id + p->table[MS_BLOCK_STACKS].count;

	return ADD_ROW(MS_BLOCK_STACKS, id - parent, frame);
}

int ms_pending_symbol(struct ms_pending_tables *p, const struct ms_symbol *s)
{
	return ADD_ROW(MS_BLOCK_SYMBOLS, s->frame, s->function, s->linkage_name, s->file, s->line);
}

/* ---- building ---------------------------------------------------------------------------------------------------- */

ms_fb_ref ms_build_column(struct ms_fb_builder *b, uint8_t codec, const uint64_t *values, uint32_t count)
{
	struct ms_buffer encoded = {0};
	ms_fb_ref data = 0;

	if (ms_column_encode(&encoded, codec, values, count) == MS_OK)
		data = ms_fb_put_vector(b, encoded.data, 1, encoded.size, 1);
	ms_buffer_free(&encoded);
	if (data == 0) {
		b->failed = true;
		return 0;
	}
	fb_start_column(b);
	fb_column_set_codec(b, codec);
	fb_column_set_count(b, count);
	fb_column_set_data(b, data);
	return fb_finish_column(b);
}

static const uint64_t *values_of(const struct ms_pending *p, unsigned column)
{
	return (const uint64_t *)(const void *)p->column[column].buffer.data;
}

static ms_fb_ref put_column(struct ms_fb_builder *b, const struct ms_pending *p, uint8_t codec, unsigned column)
{
	return ms_build_column(b, codec, values_of(p, column), p->count);
}

static ms_fb_ref build_strings(const struct ms_pending *p, struct ms_fb_builder *b)
{
	ms_fb_ref lengths = put_column(b, p, FB_CODEC_VARINT, STRING_LENGTH);
	ms_fb_ref bytes = ms_fb_put_vector(b, p->bytes.data, 1, p->bytes.size, 1);

	fb_start_strings(b);
	fb_strings_set_first_id(b, p->first_id);
	fb_strings_set_lengths(b, lengths);
	fb_strings_set_bytes(b, bytes);
	return fb_finish_strings(b);
}

/* Calls build for each record and makes a vector of the tables. */
static ms_fb_ref build_each(const struct ms_pending *p, struct ms_fb_builder *b,
			    ms_fb_ref (*build)(const struct ms_pending *p, uint32_t i, struct ms_fb_builder *b))
{
	ms_fb_ref *refs = malloc(((size_t)p->count + 1) * sizeof(*refs)), vector = 0;

	if (refs == NULL) {
		b->failed = true;
		return 0;
	}
	for (uint32_t i = 0; i < p->count; i++)
		refs[i] = build(p, i, b);
	vector = ms_fb_put_refs(b, refs, p->count);
	free(refs);
	return vector;
}

static ms_fb_ref build_module(const struct ms_pending *p, uint32_t i, struct ms_fb_builder *b)
{
	const uint8_t *build_id = p->bytes.data;
	ms_fb_ref id_ref;

	for (uint32_t k = 0; k < i; k++)
		build_id += values_of(p, MODULE_BUILD_ID_BYTES)[k];
	id_ref = ms_fb_put_vector(b, build_id, 1, values_of(p, MODULE_BUILD_ID_BYTES)[i], 1);
	fb_start_module_entry(b);
	fb_module_entry_set_load_bias(b, values_of(p, MODULE_BIAS)[i]);
	fb_module_entry_set_start(b, values_of(p, MODULE_START)[i]);
	fb_module_entry_set_end(b, values_of(p, MODULE_END)[i]);
	fb_module_entry_set_build_id(b, id_ref);
	fb_module_entry_set_id(b, p->first_id + i);
	fb_module_entry_set_path(b, (uint32_t)values_of(p, MODULE_PATH)[i]);
	fb_module_entry_set_image(b, (uint32_t)values_of(p, MODULE_IMAGE)[i]);
	return fb_finish_module_entry(b);
}

static ms_fb_ref build_modules(const struct ms_pending *p, struct ms_fb_builder *b)
{
	ms_fb_ref modules = build_each(p, b, build_module);

	fb_start_modules(b);
	fb_modules_set_modules(b, modules);
	return fb_finish_modules(b);
}

static ms_fb_ref build_thread(const struct ms_pending *p, uint32_t i, struct ms_fb_builder *b)
{
	fb_start_thread_entry(b);
	fb_thread_entry_set_id(b, p->first_id + i);
	fb_thread_entry_set_tid(b, (uint32_t)values_of(p, THREAD_TID)[i]);
	fb_thread_entry_set_image(b, (uint32_t)values_of(p, THREAD_IMAGE)[i]);
	fb_thread_entry_set_is_main(b, values_of(p, THREAD_IS_MAIN)[i] != 0);
	fb_thread_entry_set_name(b, (uint32_t)values_of(p, THREAD_NAME)[i]);
	return fb_finish_thread_entry(b);
}

static ms_fb_ref build_threads(const struct ms_pending *p, struct ms_fb_builder *b)
{
	ms_fb_ref threads = build_each(p, b, build_thread);

	fb_start_threads(b);
	fb_threads_set_threads(b, threads);
	return fb_finish_threads(b);
}

static ms_fb_ref build_frames(const struct ms_pending *p, struct ms_fb_builder *b)
{
	ms_fb_ref addresses = put_column(b, p, FB_CODEC_DELTA, FRAME_ADDRESS);
	ms_fb_ref modules = put_column(b, p, FB_CODEC_RUN, FRAME_MODULE);

	fb_start_frames(b);
	fb_frames_set_first_id(b, p->first_id);
	fb_frames_set_addresses(b, addresses);
	fb_frames_set_modules(b, modules);
	return fb_finish_frames(b);
}

static ms_fb_ref build_stacks(const struct ms_pending *p, struct ms_fb_builder *b)
{
	ms_fb_ref parents = put_column(b, p, FB_CODEC_VARINT, STACK_PARENT);
	ms_fb_ref frames = put_column(b, p, FB_CODEC_DELTA, STACK_FRAME);

	fb_start_stacks(b);
	fb_stacks_set_first_id(b, p->first_id);
	fb_stacks_set_parents(b, parents);
	fb_stacks_set_frames(b, frames);
	return fb_finish_stacks(b);
}

static ms_fb_ref build_symbols(const struct ms_pending *p, struct ms_fb_builder *b)
{
	ms_fb_ref frames = put_column(b, p, FB_CODEC_DELTA, SYMBOL_FRAME);
	ms_fb_ref functions = put_column(b, p, FB_CODEC_DELTA, SYMBOL_FUNCTION);
	ms_fb_ref names = put_column(b, p, FB_CODEC_DELTA, SYMBOL_LINKAGE_NAME);
	ms_fb_ref files = put_column(b, p, FB_CODEC_DELTA, SYMBOL_FILE);
	ms_fb_ref lines = put_column(b, p, FB_CODEC_DELTA, SYMBOL_LINE);

	fb_start_symbols(b);
	fb_symbols_set_frames(b, frames);
	fb_symbols_set_functions(b, functions);
	fb_symbols_set_linkage_names(b, names);
	fb_symbols_set_files(b, files);
	fb_symbols_set_lines(b, lines);
	return fb_finish_symbols(b);
}

ms_fb_ref ms_pending_build(const struct ms_pending_tables *tables, unsigned kind, struct ms_fb_builder *b)
{
	static ms_fb_ref (*const builders[])(const struct ms_pending *p, struct ms_fb_builder *b) = {
		[MS_BLOCK_STRINGS] = build_strings, [MS_BLOCK_MODULES] = build_modules,
		[MS_BLOCK_THREADS] = build_threads, [MS_BLOCK_FRAMES] = build_frames,
		[MS_BLOCK_STACKS] = build_stacks,   [MS_BLOCK_SYMBOLS] = build_symbols,
	};

	return builders[kind](&tables->table[kind], b);
}
