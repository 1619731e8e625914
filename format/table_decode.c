#include "table_decode.h"

#include "columns.h"
#include "container.h"
#include "limits.h"
#include "trace_fb.h"

/* Where the strings and bytes of a module stand, until ms_tables_finish turns it into pointers. */
struct module_ref {
	uint32_t path;
	uint64_t build_id; /* offset */
};

void ms_tables_free(struct ms_tables *t)
{
	ms_buffer_free(&t->string_bytes);
	ms_buffer_free(&t->string_offsets);
	ms_buffer_free(&t->build_ids);
	ms_buffer_free(&t->modules);
	ms_buffer_free(&t->module_refs);
	ms_buffer_free(&t->threads);
	ms_buffer_free(&t->frames);
	ms_buffer_free(&t->stacks);
	ms_buffer_free(&t->symbols);
	ms_buffer_free(&t->symbol_starts);
	ms_buffer_free(&t->evidence);
	ms_buffer_free(&t->evidence_bytes);
	ms_buffer_free(&t->evidence_registers);
	ms_buffer_free(&t->variables);
	ms_buffer_free(&t->culled.periods);
	ms_buffer_free(&t->culled.rows);
	ms_buffer_free(&t->data_symbols);
	ms_tables_free_samples(t);
	*t = (struct ms_tables){0};
}

void *ms_tables_take(struct ms_tables *t, struct ms_buffer *table, uint64_t bytes, uint64_t offset, struct ms_error *err)
{
	uint8_t *room;

	if (bytes > t->budget) {
		ms_fail(err, MS_E_LIMIT, offset, "the tables of the trace take more memory than its size can explain");
		return NULL;
	}
	room = ms_buffer_room(table, (size_t)bytes + 1);
	if (room == NULL) {
		ms_fail(err, MS_E_NOMEM, offset, "no memory for the tables of the trace");
		return NULL;
	}
	t->budget -= bytes;
	table->size += (size_t)bytes;
	return room;
}

int ms_tables_check_first(uint32_t first_id, uint32_t have, uint32_t count, const char *what, uint64_t offset,
		       struct ms_error *err)
{
	if (first_id != have + 1)
		return ms_fail(err, MS_E_CORRUPT, offset, "%s start with id %u, %u is expected", what, first_id, have + 1);
	if (count > UINT32_MAX - 1 - have)
		return ms_fail(err, MS_E_LIMIT, offset, "%s have more ids than 32 bits can number", what);
	return MS_OK;
}

uint64_t *ms_tables_column(struct ms_tables *t, struct fb_column c, uint32_t count, const char *what, uint64_t offset,
			struct ms_error *err)
{
	struct ms_fb_vector data = fb_column_data(c);
	uint64_t *values;

	if (fb_column_count(c) != count) {
		ms_fail(err, MS_E_CORRUPT, offset, "column %s has %u values, %u are expected", what, fb_column_count(c),
			count);
		return NULL;
	}
	if ((uint64_t)count * sizeof(*values) > t->budget) {
		ms_fail(err, MS_E_LIMIT, offset, "column %s has more values than the size of the trace can explain",
			what);
		return NULL;
	}
	values = malloc(((size_t)count + 1) * sizeof(*values));
	if (values == NULL) {
		ms_fail(err, MS_E_NOMEM, offset, "no memory for column %s", what);
		return NULL;
	}
	if (ms_column_decode64(values, count, fb_column_codec(c), data.data, data.count) != MS_OK) {
		ms_fail(err, MS_E_CORRUPT, offset, "column %s does not decode (codec %u, %u values in %u bytes)", what,
			fb_column_codec(c), count, data.count);
		free(values);
		return NULL;
	}
	return values;
}

static int error_code(const struct ms_error *err)
{
	return err->code;
}

static int add_strings(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_strings s = {body};
	const uint32_t count = fb_column_count(fb_strings_lengths(s));
	struct ms_fb_vector bytes = fb_strings_bytes(s);
	const uint64_t first = t->string_bytes.size;
	uint64_t *lengths, *offsets, sum = 0;
	int rc = ms_tables_check_first(fb_strings_first_id(s), t->string_count, count, "strings", offset, err);
	char *text;

	if (rc != MS_OK)
		return rc;
	lengths = ms_tables_column(t, fb_strings_lengths(s), count, "lengths", offset, err);
	if (lengths == NULL)
		return error_code(err);
	for (uint32_t i = 0; i < count; i++) {
		if (lengths[i] == 0 || lengths[i] > MS_MAX_STRING_BYTES) {
			rc = ms_fail(err, MS_E_LIMIT, offset, "a string of %llu bytes", (unsigned long long)lengths[i]);
			goto done;
		}
		sum += lengths[i];
	}
	if (sum != bytes.count) {
		rc = ms_fail(err, MS_E_CORRUPT, offset, "strings of %llu bytes in %u bytes", (unsigned long long)sum,
			     bytes.count);
		goto done;
	}
	offsets = ms_tables_take(t, &t->string_offsets, (uint64_t)count * sizeof(*offsets), offset, err);
	text = offsets != NULL ? ms_tables_take(t, &t->string_bytes, sum + count, offset, err) : NULL;
	if (text == NULL) {
		rc = error_code(err);
		goto done;
	}
	for (uint32_t i = 0, from = 0, to = 0; i < count; i++) {
		offsets[i] = first + to;
		memcpy(text + to, bytes.data + from, lengths[i]);
		from += (uint32_t)lengths[i];
		to += (uint32_t)lengths[i];
		text[to++] = 0;
	}
	t->string_count += count;
done:
	free(lengths);
	return rc;
}

static int add_modules(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_modules m = {body};
	const uint32_t count = fb_modules_modules(m).count;

	for (uint32_t i = 0; i < count; i++) {
		const struct fb_module_entry e = fb_modules_modules_at(m, i);
		struct ms_fb_vector build_id = fb_module_entry_build_id(e);
		struct ms_module *module;
		struct module_ref *ref;
		uint8_t *bytes;
		int rc = ms_tables_check_first(fb_module_entry_id(e), t->module_count, 1, "modules", offset, err);

		if (rc != MS_OK)
			return rc;
		if (fb_module_entry_path(e) > t->string_count || build_id.count > MS_MAX_BUILD_ID_BYTES ||
		    fb_module_entry_start(e) > fb_module_entry_end(e))
			return ms_fail(err, MS_E_CORRUPT, offset, "module %u is not valid", fb_module_entry_id(e));
		module = ms_tables_take(t, &t->modules, sizeof(*module), offset, err);
		ref = module != NULL ? ms_tables_take(t, &t->module_refs, sizeof(*ref), offset, err) : NULL;
		bytes = ref != NULL ? ms_tables_take(t, &t->build_ids, build_id.count, offset, err) : NULL;
		if (bytes == NULL)
			return error_code(err);
		if (build_id.count > 0)
			memcpy(bytes, build_id.data, build_id.count);
		*ref = (struct module_ref){fb_module_entry_path(e), t->build_ids.size - build_id.count};
		*module = (struct ms_module){
			.build_id_bytes = build_id.count,
			.load_bias = fb_module_entry_load_bias(e),
			.start = fb_module_entry_start(e),
			.end = fb_module_entry_end(e),
			.image = fb_module_entry_image(e),
		};
		t->module_count++;
	}
	return MS_OK;
}

static int add_threads(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_threads v = {body};
	const uint32_t count = fb_threads_threads(v).count;
	struct ms_thread *threads = ms_tables_take(t, &t->threads, (uint64_t)count * sizeof(*threads), offset, err);

	if (threads == NULL)
		return error_code(err);
	for (uint32_t i = 0; i < count; i++) {
		const struct fb_thread_entry e = fb_threads_threads_at(v, i);
		int rc = ms_tables_check_first(fb_thread_entry_id(e), t->thread_count, 1, "threads", offset, err);

		if (rc != MS_OK)
			return rc;
		threads[i] = (struct ms_thread){.tid = fb_thread_entry_tid(e),
						.image = fb_thread_entry_image(e),
						.is_main = fb_thread_entry_is_main(e),
						.name = fb_thread_entry_name(e)};
		if (threads[i].name > t->string_count)
			return ms_fail(err, MS_E_CORRUPT, offset, "a thread names string %u of %u", threads[i].name, t->string_count);
		t->thread_count++;
	}
	return MS_OK;
}

static int add_frames(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_frames f = {body};
	const uint32_t count = fb_column_count(fb_frames_addresses(f));
	uint64_t *addresses = NULL, *modules = NULL;
	struct ms_frame *frames = NULL;
	int rc = ms_tables_check_first(fb_frames_first_id(f), t->frame_count, count, "frames", offset, err);

	if (rc != MS_OK)
		return rc;
	addresses = ms_tables_column(t, fb_frames_addresses(f), count, "addresses", offset, err);
	modules = addresses != NULL ? ms_tables_column(t, fb_frames_modules(f), count, "modules", offset, err) : NULL;
	frames = modules != NULL ? ms_tables_take(t, &t->frames, (uint64_t)count * sizeof(*frames), offset, err) : NULL;
	if (frames == NULL)
		rc = error_code(err);
	for (uint32_t i = 0; i < count && rc == MS_OK; i++) {
		if (modules[i] > t->module_count)
			rc = ms_fail(err, MS_E_CORRUPT, offset, "a frame names module %llu of %u",
				     (unsigned long long)modules[i], t->module_count);
		frames[i] = (struct ms_frame){.address = addresses[i], .module = (uint32_t)modules[i]};
	}
	if (rc == MS_OK)
		t->frame_count += count;
	free(modules);
	free(addresses);
	return rc;
}

static int add_stacks(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_stacks s = {body};
	const uint32_t count = fb_column_count(fb_stacks_parents(s));
	uint64_t *parents = NULL, *frames = NULL;
	struct ms_stack *stacks = NULL;
	int rc = ms_tables_check_first(fb_stacks_first_id(s), t->stack_count, count, "stacks", offset, err);

	if (rc != MS_OK)
		return rc;
	parents = ms_tables_column(t, fb_stacks_parents(s), count, "parents", offset, err);
	frames = parents != NULL ? ms_tables_column(t, fb_stacks_frames(s), count, "frames", offset, err) : NULL;
	stacks = frames != NULL ? ms_tables_take(t, &t->stacks, (uint64_t)count * sizeof(*stacks), offset, err) : NULL;
	if (stacks == NULL)
		rc = error_code(err);
	for (uint32_t i = 0; i < count && rc == MS_OK; i++) {
		uint32_t id = t->stack_count + 1 + i;

		if (parents[i] == 0 || parents[i] > id || frames[i] == 0 || frames[i] > t->frame_count)
			rc = ms_fail(err, MS_E_CORRUPT, offset,
				     "stack %u names a parent %llu before it and frame %llu of %u", id,
				     (unsigned long long)parents[i], (unsigned long long)frames[i], t->frame_count);
		stacks[i] = (struct ms_stack){.parent = id - (uint32_t)parents[i], .frame = (uint32_t)frames[i]};
	}
	if (rc == MS_OK)
		t->stack_count += count;
	free(frames);
	free(parents);
	return rc;
}

static int add_symbols(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_symbols v = {body};
	const struct {
		struct fb_column column;
		const char *name;
		uint32_t limit;
	} columns[5] = {
		{fb_symbols_frames(v), "frames", t->frame_count},
		{fb_symbols_functions(v), "functions", t->string_count},
		{fb_symbols_linkage_names(v), "linkage_names", t->string_count},
		{fb_symbols_files(v), "files", t->string_count},
		{fb_symbols_lines(v), "lines", UINT32_MAX},
	};
	const uint32_t count = fb_column_count(columns[0].column);
	uint64_t *values[5] = {NULL};
	struct ms_symbol *symbols;
	uint32_t frame = 0;
	int rc = MS_OK;

	if (t->symbols.size / sizeof(*symbols) + count >= UINT32_MAX)
		return ms_fail(err, MS_E_LIMIT, offset, "more symbols than 32 bits can number");
	if (t->symbols.size > 0)
		frame = ((const struct ms_symbol *)(const void *)(t->symbols.data + t->symbols.size))[-1].frame;
	for (unsigned c = 0; c < 5; c++) {
		values[c] = ms_tables_column(t, columns[c].column, count, columns[c].name, offset, err);
		if (values[c] == NULL) {
			rc = error_code(err);
			goto done;
		}
		for (uint32_t i = 0; i < count; i++) {
			if (values[c][i] > columns[c].limit) {
				rc = ms_fail(err, MS_E_CORRUPT, offset, "a symbol has %llu in column %s, at most %u",
					     (unsigned long long)values[c][i], columns[c].name, columns[c].limit);
				goto done;
			}
		}
	}
	symbols = ms_tables_take(t, &t->symbols, (uint64_t)count * sizeof(*symbols), offset, err);
	if (symbols == NULL) {
		rc = error_code(err);
		goto done;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (values[0][i] == 0 || values[0][i] < frame) {
			t->symbols.size -= (size_t)count * sizeof(*symbols);
			rc = ms_fail(err, MS_E_CORRUPT, offset, "symbols of frame %llu after those of frame %u",
				     (unsigned long long)values[0][i], frame);
			goto done;
		}
		frame = (uint32_t)values[0][i];
		symbols[i] = (struct ms_symbol){.frame = frame,
						.function = (uint32_t)values[1][i],
						.linkage_name = (uint32_t)values[2][i],
						.file = (uint32_t)values[3][i],
						.line = (uint32_t)values[4][i]};
	}
done:
	for (unsigned c = 0; c < 5; c++)
		free(values[c]);
	return rc;
}

int ms_tables_add(struct ms_tables *t, unsigned kind, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	static int (*const adders[])(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err) = {
		[MS_BLOCK_STRINGS] = add_strings, [MS_BLOCK_MODULES] = add_modules, [MS_BLOCK_THREADS] = add_threads,
		[MS_BLOCK_FRAMES] = add_frames,	  [MS_BLOCK_STACKS] = add_stacks,   [MS_BLOCK_SYMBOLS] = add_symbols,
		[MS_BLOCK_EVIDENCE] = ms_tables_add_evidence, [MS_BLOCK_DATA_SYMBOLS] = ms_tables_add_data_symbols,
		[MS_BLOCK_SAMPLES] = ms_tables_add_samples, [MS_BLOCK_VARIABLES] = ms_tables_add_variables,
		[MS_BLOCK_CULLED] = ms_tables_add_culled,
	};
	struct ms_error own;

	if (kind >= sizeof(adders) / sizeof(adders[0]) || adders[kind] == NULL)
		return MS_OK;
	return adders[kind](t, body, offset, err != NULL ? err : &own);
}

int ms_tables_finish(struct ms_tables *t, struct ms_error *err)
{
	const uint64_t *offsets = (const uint64_t *)(const void *)t->string_offsets.data;
	struct ms_module *modules = (struct ms_module *)(void *)t->modules.data;
	const struct module_ref *refs = (const struct module_ref *)(const void *)t->module_refs.data;
	const struct ms_symbol *symbols = (const struct ms_symbol *)(const void *)t->symbols.data;
	const size_t symbol_count = t->symbols.size / sizeof(*symbols);
	size_t bytes = ((size_t)t->frame_count + 2) * sizeof(uint32_t);
	uint32_t *starts = (uint32_t *)(void *)ms_buffer_room(&t->symbol_starts, bytes);

	if (starts == NULL)
		return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the symbols of %u frames", t->frame_count);
	t->symbol_starts.size = bytes;
	for (uint32_t i = 0; i < t->module_count; i++) {
		modules[i].path = refs[i].path != 0 ? (const char *)t->string_bytes.data + offsets[refs[i].path - 1] : "";
		modules[i].build_id = t->build_ids.data + refs[i].build_id;
	}
	/* starts[frame] .. starts[frame + 1]: the symbols of a frame. */
	for (uint32_t frame = 0, i = 0; frame <= t->frame_count + 1; frame++) {
		while (i < symbol_count && symbols[i].frame < frame)
			i++;
		starts[frame] = i;
	}
	ms_tables_finish_evidence(t);
	ms_tables_finish_culled(t);
	return ms_tables_finish_samples(t, err);
}
