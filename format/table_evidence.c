/* table_evidence.c - the tables of table_decode.h that hold what guards saw, and the names of data. */
#include "evidence.h"
#include "table_decode.h"

static bool valid_evidence(const struct ms_tables *t, struct fb_evidence_entry e)
{
	return fb_evidence_entry_kind(e) > 0 && fb_evidence_entry_kind(e) < FB_EVIDENCE_KIND_COUNT &&
	       fb_evidence_entry_access(e) < FB_ACCESS_COUNT && fb_evidence_entry_check(e) < FB_CHECK_COUNT &&
	       fb_evidence_entry_bytes(e).count <= MS_EVIDENCE_BYTES &&
	       fb_evidence_entry_registers(e).count <= MS_EVIDENCE_REGISTERS &&
	       fb_evidence_entry_stack(e) <= t->stack_count && fb_evidence_entry_function(e) <= t->string_count;
}

int ms_tables_add_evidence(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_evidence v = {body};
	const uint32_t count = fb_evidence_entries(v).count;

	for (uint32_t i = 0; i < count; i++) {
		const struct fb_evidence_entry e = fb_evidence_entries_at(v, i);
		struct ms_fb_vector bytes = fb_evidence_entry_bytes(e), registers = fb_evidence_entry_registers(e);
		struct ms_evidence *row;
		uint8_t *to_bytes, *to_registers;
		int rc = ms_tables_check_first(fb_evidence_entry_id(e), t->evidence_count, 1, "evidence", offset, err);

		if (rc != MS_OK)
			return rc;
		if (!valid_evidence(t, e))
			return ms_fail(err, MS_E_CORRUPT, offset, "evidence %u is not valid", fb_evidence_entry_id(e));
		row = ms_tables_take(t, &t->evidence, sizeof(*row), offset, err);
		to_bytes = row != NULL ? ms_tables_take(t, &t->evidence_bytes, bytes.count, offset, err) : NULL;
		to_registers = to_bytes != NULL ? ms_tables_take(t, &t->evidence_registers,
								 8 * (uint64_t)registers.count, offset, err)
						: NULL;
		if (to_registers == NULL)
			return err->code;
		if (bytes.count > 0)
			memcpy(to_bytes, bytes.data, bytes.count);
		for (uint32_t k = 0; k < registers.count; k++) {
			uint64_t value = ms_load64(registers.data + 8 * (size_t)k);

			memcpy(to_registers + 8 * (size_t)k, &value, sizeof(value));
		}
		*row = (struct ms_evidence){
			.kind = fb_evidence_entry_kind(e),
			.access = fb_evidence_entry_access(e),
			.check = fb_evidence_entry_check(e),
			.freed = fb_evidence_entry_freed(e),
			.expected = fb_evidence_entry_expected(e),
			.byte_count = (uint8_t)bytes.count,
			.register_count = (uint8_t)registers.count,
			.address = fb_evidence_entry_address(e),
			.length_bytes = fb_evidence_entry_length_bytes(e),
			.block_address = fb_evidence_entry_block_address(e),
			.block_bytes = fb_evidence_entry_block_bytes(e),
			.last_good_ns = fb_evidence_entry_last_good_ns(e),
			.stack = fb_evidence_entry_stack(e),
			.function = fb_evidence_entry_function(e),
		};
		t->evidence_count++;
	}
	return MS_OK;
}

int ms_tables_add_data_symbols(struct ms_tables *t, const uint8_t *body, uint64_t offset, struct ms_error *err)
{
	const struct fb_data_symbols v = {body};
	const uint32_t count = fb_data_symbols_symbols(v).count;
	struct ms_data_symbol *symbols =
		ms_tables_take(t, &t->data_symbols, (uint64_t)count * sizeof(*symbols), offset, err);

	if (symbols == NULL)
		return err->code;
	for (uint32_t i = 0; i < count; i++) {
		const struct fb_data_symbol s = fb_data_symbols_symbols_at(v, i);

		symbols[i] = (struct ms_data_symbol){
			.address = fb_data_symbol_address(s),
			.size_bytes = fb_data_symbol_size_bytes(s),
			.module = fb_data_symbol_module(s),
			.name = fb_data_symbol_name(s),
		};
		if (symbols[i].module == 0 || symbols[i].module > t->module_count || symbols[i].name > t->string_count ||
		    symbols[i].address + symbols[i].size_bytes < symbols[i].address ||
		    (i > 0 && symbols[i].address < symbols[i - 1].address)) {
			t->data_symbols.size -= (size_t)(count - i) * sizeof(*symbols);
			return ms_fail(err, MS_E_CORRUPT, offset, "a data symbol of module %u of %u, name %u of %u, is not valid",
				       symbols[i].module, t->module_count, symbols[i].name, t->string_count);
		}
	}
	return MS_OK;
}

static int by_module_and_address(const void *a, const void *b)
{
	const struct ms_data_symbol *x = a, *y = b;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->size_bytes < y->size_bytes ? -1 : x->size_bytes > y->size_bytes;
}

void ms_tables_finish_evidence(struct ms_tables *t)
{
	struct ms_evidence *rows = (struct ms_evidence *)(void *)t->evidence.data;
	const uint8_t *bytes = t->evidence_bytes.data;
	const uint64_t *registers = (const uint64_t *)(const void *)t->evidence_registers.data;

	for (uint32_t i = 0; i < t->evidence_count; i++) {
		rows[i].bytes = bytes;
		rows[i].registers = registers;
		bytes += rows[i].byte_count;
		registers += rows[i].register_count;
	}
	if (t->data_symbols.size > 0)
		qsort(t->data_symbols.data, t->data_symbols.size / sizeof(struct ms_data_symbol),
		      sizeof(struct ms_data_symbol), by_module_and_address);
}
