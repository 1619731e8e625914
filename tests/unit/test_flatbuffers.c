/* The FlatBuffers runtime: what is built is verified and read back; what is not a FlatBuffer is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event_gen.h"
#include "format/block.h"
#include "format/bytes.h"
#include "trace_fb.h"

static const uint8_t *build_process(struct ms_fb_builder *b, size_t *size)
{
	ms_fb_ref words[3], command, body, root;

	ms_fb_reset(b);
	words[0] = ms_fb_put_string(b, "one", 3);
	words[1] = ms_fb_put_string(b, "", 0);
	words[2] = ms_fb_put_string(b, "three", 5);
	command = ms_fb_put_refs(b, words, 3);
	fb_start_process(b);
	fb_process_set_command(b, command);
	fb_process_set_pid(b, 42);
	fb_process_set_inherited_heap(b, true);
	fb_process_set_clock_hz(b, UINT64_C(0x123456789abcdef0));
	body = fb_finish_process(b);
	fb_start_block(b);
	fb_block_set_body(b, body);
	fb_block_set_body_type(b, FB_BODY_PROCESS);
	root = fb_finish_block(b);
	return ms_fb_finish(b, root, FB_IDENTIFIER, size);
}

static void build_and_read(void **state)
{
	struct ms_fb_builder b = {0};
	struct ms_error err = {0};
	const uint8_t *body;

	(void)state;
	/* The second time in the memory of the first. */
	for (int round = 0; round < 2; round++) {
		size_t size = 0;
		const uint8_t *buffer = build_process(&b, &size);
		struct fb_process p;

		assert_non_null(buffer);
		assert_int_equal(size % 8, 0);
		if (ms_block_body(buffer, size, MS_BLOCK_PROCESS, &body, &err) != MS_OK)
			fail_msg("%s", err.message);
		p.at = body;
		assert_int_equal(fb_process_pid(p), 42);
		assert_true(fb_process_inherited_heap(p));
		assert_int_equal(fb_process_clock_hz(p), UINT64_C(0x123456789abcdef0));
		assert_int_equal(fb_process_command(p).count, 3);
		assert_string_equal(fb_process_command_at(p, 0), "one");
		assert_string_equal(fb_process_command_at(p, 1), "");
		assert_string_equal(fb_process_command_at(p, 2), "three");
		/* Absent. */
		assert_int_equal(fb_process_parent_pid(p), 0);
		assert_string_equal(fb_process_host(p), "");
		assert_int_equal(fb_process_options(p).count, 0);
	}
	ms_fb_free(&b);
}

/* Vectors of every element size are aligned whatever stands around them. */
static void alignment(void **state)
{
	struct ms_fb_builder b = {0};
	struct fb_index_entry entries[3] = {{.offset = 1}, {.offset = 2}, {.offset = 3, .flags = 7}};

	(void)state;
	for (size_t noise = 0; noise < 20; noise++) {
		ms_fb_ref text, vector, body, root;
		const uint8_t *buffer, *at;
		struct ms_fb_vector v;
		struct ms_error err = {0};
		size_t size;

		ms_fb_reset(&b);
		text = ms_fb_put_string(&b, "01234567890123456789", noise);
		assert_int_not_equal(text, 0);
		vector = ms_fb_put_vector(&b, entries, sizeof(entries[0]), 3, 8);
		fb_start_index(&b);
		fb_index_set_entries(&b, vector);
		body = fb_finish_index(&b);
		fb_start_block(&b);
		fb_block_set_body(&b, body);
		fb_block_set_body_type(&b, FB_BODY_INDEX);
		root = fb_finish_block(&b);
		buffer = ms_fb_finish(&b, root, FB_IDENTIFIER, &size);
		if (ms_block_body(buffer, size, MS_BLOCK_INDEX, &at, &err) != MS_OK)
			fail_msg("%s", err.message);
		v = fb_index_entries((struct fb_index){at});
		assert_int_equal(v.count, 3);
		assert_int_equal((v.data - buffer) % 8, 0);
		assert_memory_equal(v.data, entries, sizeof(entries));
	}
	ms_fb_free(&b);
}

static void builder_errors(void **state)
{
	struct ms_fb_builder b = {0};
	size_t size;
	uint8_t *room;
	ms_fb_ref wrong = 1000000;

	(void)state;
	ms_fb_reset(&b);
	assert_int_equal(ms_fb_put_room(&b, 8, SIZE_MAX / 16, 8, &room), 0);
	assert_true(b.failed);
	assert_int_equal(ms_fb_put_string(&b, "x", 1), 0);
	assert_null(ms_fb_finish(&b, 1, NULL, &size));
	/* A reference to what has not been built. */
	ms_fb_reset(&b);
	assert_int_equal(ms_fb_put_refs(&b, &wrong, 1), 0);
	/* A field that the table does not have. */
	ms_fb_reset(&b);
	ms_fb_table_begin(&b, 2);
	ms_fb_set32(&b, 2, 1, 0);
	assert_int_equal(ms_fb_table_end(&b), 0);
	ms_fb_free(&b);
}

/* Reads everything of a body that has been accepted, so that a sanitizer sees what the verifier let through. */
static uint64_t touch(unsigned kind, const uint8_t *body)
{
	uint64_t sum = 0;

	if (kind == MS_BLOCK_PROCESS) {
		struct fb_process p = {body};

		for (uint32_t i = 0; i < fb_process_command(p).count; i++)
			sum += strlen(fb_process_command_at(p, i));
		sum += fb_process_pid(p) + strlen(fb_process_host(p)) + fb_process_clock_hz(p) + fb_process_inherited_heap(p);
	} else if (kind == MS_BLOCK_MODULES) {
		struct fb_modules m = {body};

		for (uint32_t i = 0; i < fb_modules_modules(m).count; i++) {
			struct fb_module_entry e = fb_modules_modules_at(m, i);
			struct ms_fb_vector id = fb_module_entry_build_id(e);

			sum += fb_module_entry_start(e) + fb_module_entry_path(e);
			for (uint32_t k = 0; k < id.count; k++)
				sum += id.data[k];
		}
	} else if (kind == MS_BLOCK_INDEX) {
		struct ms_fb_vector v = fb_index_entries((struct fb_index){body});

		for (size_t i = 0; i < v.count * sizeof(struct fb_index_entry); i++)
			sum += v.data[i];
	}
	return sum;
}

static const uint8_t *build_modules(struct ms_fb_builder *b, size_t *size)
{
	ms_fb_ref modules[4], vector, body, root;

	ms_fb_reset(b);
	for (uint32_t i = 0; i < 4; i++) {
		ms_fb_ref id = ms_fb_put_vector(b, "0123456789", 1, 3 * i, 1);

		fb_start_module_entry(b);
		fb_module_entry_set_id(b, i + 1);
		fb_module_entry_set_start(b, 4096 * i);
		fb_module_entry_set_build_id(b, id);
		modules[i] = fb_finish_module_entry(b);
	}
	vector = ms_fb_put_refs(b, modules, 4);
	fb_start_modules(b);
	fb_modules_set_modules(b, vector);
	body = fb_finish_modules(b);
	fb_start_block(b);
	fb_block_set_body(b, body);
	fb_block_set_body_type(b, FB_BODY_MODULES);
	root = fb_finish_block(b);
	return ms_fb_finish(b, root, FB_IDENTIFIER, size);
}

/* Changed bytes: refused, or safe to read. */
static void changed_bytes(void **state)
{
	struct gen g = {.state = 11};
	struct ms_fb_builder b = {0};
	unsigned refused = 0, accepted = 0;
	volatile uint64_t sum = 0;

	(void)state;
	for (unsigned round = 0; round < 60000; round++) {
		unsigned kind = round % 2 ? MS_BLOCK_PROCESS : MS_BLOCK_MODULES;
		size_t size;
		const uint8_t *buffer = kind == MS_BLOCK_PROCESS ? build_process(&b, &size) : build_modules(&b, &size), *body;
		size_t cut = round % 5 == 0 ? gen_random(&g) % size : size;
		uint8_t *copy = malloc(cut + 1);
		struct ms_error err = {0};

		assert_non_null(copy);
		memcpy(copy, buffer, cut);
		for (unsigned n = 1 + (unsigned)(gen_random(&g) % 3); n > 0 && cut > 0; n--) {
			uint64_t r = gen_random(&g);

			copy[r % cut] = (uint8_t)(r >> 62 == 0 ? r >> 50 & 15 : r >> 62 == 1 ? 0xff : r >> 50);
		}
		if (ms_block_body(copy, cut, kind, &body, &err) == MS_OK) {
			sum += touch(kind, body);
			accepted++;
		} else {
			assert_int_equal(err.code, MS_E_CORRUPT);
			assert_true(err.message[0] != 0);
			refused++;
		}
		free(copy);
	}
	assert_true(refused > 1000);
	assert_true(accepted > 1000);
	ms_fb_free(&b);
}

/* Each damage by hand: what the verifier must see. */
static void refused(void **state)
{
	struct ms_fb_builder b = {0};
	size_t size;
	const uint8_t *buffer = build_process(&b, &size), *body;
	uint8_t copy[512];
	struct ms_error err;
	uint32_t root = ms_load32(buffer), table;

	(void)state;
	assert_true(size < sizeof(copy));
	assert_int_equal(ms_block_body(buffer, size, MS_BLOCK_PROCESS, &body, &err), MS_OK);
	table = (uint32_t)(body - buffer);
#define DAMAGE(change)                                                                                                 \
	do {                                                                                                           \
		memcpy(copy, buffer, size);                                                                            \
		change;                                                                                                \
		assert_int_equal(ms_block_body(copy, size, MS_BLOCK_PROCESS, &body, &err), MS_E_CORRUPT);              \
	} while (0)
	DAMAGE(copy[4] = 'X');                                             /* identifier */
	DAMAGE(ms_store32(copy, (uint32_t)size));                          /* root outside */
	DAMAGE(ms_store32(copy, root + 2));                                /* not aligned */
	DAMAGE(ms_store32(copy, 0));
	DAMAGE(ms_store32(copy + table, UINT32_C(0x7fffffff)));            /* vtable outside */
	DAMAGE(ms_store32(copy + table, 1));                               /* vtable not aligned */
	DAMAGE(ms_store16(copy + table - (int32_t)ms_load32(copy + table), 3));      /* vtable length odd */
	DAMAGE(ms_store16(copy + table - (int32_t)ms_load32(copy + table), 0xfffe)); /* too long */
	DAMAGE(ms_store16(copy + table - (int32_t)ms_load32(copy + table) + 2, 2));  /* table too short */
	DAMAGE(ms_store16(copy + table - (int32_t)ms_load32(copy + table) + 4, 0x4000)); /* field outside of its table */
#undef DAMAGE
	assert_int_equal(ms_block_body(buffer, 7, MS_BLOCK_PROCESS, &body, &err), MS_E_CORRUPT);
	assert_int_equal(ms_block_body(buffer, 0, MS_BLOCK_PROCESS, &body, &err), MS_E_CORRUPT);
	assert_int_equal(ms_block_body(buffer, size, MS_BLOCK_END, &body, &err), MS_E_CORRUPT);
	ms_fb_free(&b);
}

/* A vector whose elements are all the same table: more objects than there can be. */
static void shared_objects(void **state)
{
	struct ms_fb_builder b = {0};
	ms_fb_ref module, body, root, refs[2000];
	const uint8_t *buffer, *at;
	struct ms_error err = {0};
	size_t size;

	(void)state;
	ms_fb_reset(&b);
	fb_start_module_entry(&b);
	fb_module_entry_set_id(&b, 1);
	module = fb_finish_module_entry(&b);
	for (int i = 0; i < 2000; i++)
		refs[i] = module;
	/* As many as offsets fit: accepted; the limit is on the work, which stays in proportion to the bytes. */
	body = ms_fb_put_refs(&b, refs, 2000);
	fb_start_modules(&b);
	fb_modules_set_modules(&b, body);
	body = fb_finish_modules(&b);
	fb_start_block(&b);
	fb_block_set_body(&b, body);
	fb_block_set_body_type(&b, FB_BODY_MODULES);
	root = fb_finish_block(&b);
	buffer = ms_fb_finish(&b, root, FB_IDENTIFIER, &size);
	assert_int_equal(ms_block_body(buffer, size, MS_BLOCK_MODULES, &at, &err), MS_OK);
	ms_fb_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(build_and_read), cmocka_unit_test(alignment),	   cmocka_unit_test(builder_errors),
		cmocka_unit_test(changed_bytes),  cmocka_unit_test(refused), cmocka_unit_test(shared_objects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
