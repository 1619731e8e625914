/* Errors, event kinds, file header, footer, block header and payload: exact bytes, and every way to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <xxhash.h>

#include "format/block.h"
#include "format/bytes.h"
#include "format/events.h"
#include "format/version.h"

static void errors(void **state)
{
	struct ms_error err;

	(void)state;
	assert_string_equal(ms_strerror(MS_OK), "no error");
	assert_string_equal(ms_strerror(MS_E_CORRUPT), "the file is damaged");
	assert_string_equal(ms_strerror(-999), "unknown error");
	assert_int_equal(ms_fail(&err, MS_E_IO, 7, "%s %d", "number", 5), MS_E_IO);
	assert_int_equal(err.code, MS_E_IO);
	assert_int_equal(err.offset, 7);
	assert_string_equal(err.message, "number 5");
	assert_int_equal(ms_fail(NULL, MS_E_LIMIT, 0, "nobody listens"), MS_E_LIMIT);
	/* What is too long is cut. */
	ms_fail(&err, MS_E_IO, 0, "%0500d", 1);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
}

static void event_kinds(void **state)
{
	unsigned kinds = 0;

	(void)state;
	for (unsigned k = 0; k < 256; k++) {
		const struct ms_event_kind_info *info = &ms_event_kinds[k];

		assert_int_equal(info->name != NULL, info->class_ != MS_CLASS_NONE);
		if (info->name == NULL)
			continue;
		kinds++;
		assert_true(info->args <= 2);
		assert_int_equal(info->has_size, info->class_ == MS_CLASS_ALLOC || info->class_ == MS_CLASS_FAIL ||
							 info->class_ == MS_CLASS_MAP);
		assert_int_equal(info->has_stack, info->has_size);
	}
#define X(number, id, name_, class_id, args_)                                                                          \
	assert_string_equal(ms_event_kinds[number].name, name_);                                                       \
	kinds--;
	MS_EVENT_KINDS(X)
#undef X
	assert_int_equal(kinds, 0);
	assert_int_equal(ms_event_kinds[MS_EV_REALLOC].class_, MS_CLASS_ALLOC);
	assert_int_equal(ms_event_kinds[MS_EV_REALLOC_FREE].class_, MS_CLASS_FREE);
}

/* The checksum of a changed header, so that what stands behind the check is reached. */
static void rehash(uint8_t *bytes, size_t hash_at)
{
	ms_store64(bytes + hash_at, XXH3_64bits(bytes, hash_at));
}

static void file_header(void **state)
{
	const struct ms_file_header header = {.format_version = 1, .min_reader_version = 1, .may_ignore = 6};
	struct ms_file_header back;
	struct ms_error err;
	uint8_t bytes[MS_FILE_HEADER_BYTES];

	(void)state;
	ms_file_header_store(bytes, &header);
	assert_memory_equal(bytes, "\x89MST\r\n\x1a\n\x01\0\0\0\x01\0\0\0\x40\0\0\0", 20);
	assert_int_equal(ms_file_header_load(&back, bytes, sizeof(bytes), &err), MS_OK);
	assert_memory_equal(&back, &header, sizeof(header));
	for (size_t size = 0; size < sizeof(bytes); size++)
		assert_int_equal(ms_file_header_load(&back, bytes, size, &err), size < 8 ? MS_E_MAGIC : MS_E_TRUNCATED);
	for (size_t at = 0; at < sizeof(bytes); at++) {
		bytes[at] ^= 4;
		assert_int_equal(ms_file_header_load(&back, bytes, sizeof(bytes), &err), at < 8 ? MS_E_MAGIC : MS_E_CORRUPT);
		bytes[at] ^= 4;
	}
#define CHANGED(at, expected)                                                                                          \
	do {                                                                                                           \
		ms_file_header_store(bytes, &header);                                                                  \
		bytes[at] ^= 4;                                                                                        \
		rehash(bytes, 56);                                                                                     \
		assert_int_equal(ms_file_header_load(&back, bytes, sizeof(bytes), &err), expected);                    \
	} while (0)
	CHANGED(8, MS_OK);           /* a later version that this one may read */
	CHANGED(12, MS_E_VERSION);
	CHANGED(16, MS_E_CORRUPT);   /* header length */
	CHANGED(20, MS_E_CORRUPT);   /* reserved */
	CHANGED(24, MS_E_FEATURE);
	CHANGED(32, MS_OK);          /* may be ignored */
	CHANGED(40, MS_E_CORRUPT);   /* reserved */
	CHANGED(55, MS_E_CORRUPT);
#undef CHANGED
}

static void footer(void **state)
{
	struct ms_error err;
	uint8_t bytes[MS_FOOTER_BYTES];
	uint64_t index = 0;

	(void)state;
	ms_footer_store(bytes, 1234, 5000);
	assert_memory_equal(bytes + 24, "MSTINDEX", 8);
	assert_int_equal(ms_footer_load(&index, bytes, 5000, &err), MS_OK);
	assert_int_equal(index, 1234);
	assert_int_equal(ms_footer_load(&index, bytes, 5001, &err), MS_E_NOT_FOUND);
	for (size_t at = 0; at < sizeof(bytes); at++) {
		bytes[at] ^= 1;
		assert_int_equal(ms_footer_load(&index, bytes, 5000, &err), MS_E_NOT_FOUND);
		bytes[at] ^= 1;
	}
}

static void block_header(void **state)
{
	const struct ms_block_header header = {.kind = MS_BLOCK_EVENTS,
					       .codec = MS_CODEC_ZSTD,
					       .stored_bytes = 100,
					       .raw_bytes = 1000,
					       .first_time_ns = 5,
					       .last_time_ns = 9,
					       .first_event = 77,
					       .count = 3,
					       .payload_hash = 42};
	struct ms_block_header back;
	struct ms_source source;
	struct ms_error err;
	uint8_t bytes[MS_BLOCK_HEADER_BYTES + 100] = {0};

	(void)state;
	ms_block_header_store(bytes, &header);
	ms_source_memory(&source, bytes, sizeof(bytes));
	assert_int_equal(ms_block_load(&back, &source, 0, &err), MS_OK);
	assert_int_equal(back.kind, MS_BLOCK_EVENTS);
	assert_int_equal(back.stored_bytes, 100);
	assert_int_equal(back.raw_bytes, 1000);
	assert_int_equal(back.first_time_ns, 5);
	assert_int_equal(back.last_time_ns, 9);
	assert_int_equal(back.first_event, 77);
	assert_int_equal(back.count, 3);
	assert_int_equal(back.payload_hash, 42);
	for (size_t at = 0; at < MS_BLOCK_HEADER_BYTES; at++) {
		bytes[at] ^= 1;
		assert_int_equal(ms_block_load(&back, &source, 0, &err), MS_E_CORRUPT);
		bytes[at] ^= 1;
	}
	/* The payload must be there. */
	ms_source_memory(&source, bytes, sizeof(bytes) - 1);
	assert_int_equal(ms_block_load(&back, &source, 0, &err), MS_E_TRUNCATED);
	assert_int_equal(ms_block_load(&back, &source, 1000, &err), MS_E_TRUNCATED);
	ms_source_memory(&source, bytes, sizeof(bytes));
#define CHANGED(at, value, expected)                                                                                   \
	do {                                                                                                           \
		ms_block_header_store(bytes, &header);                                                                 \
		bytes[at] = value;                                                                                     \
		rehash(bytes, 56);                                                                                     \
		assert_int_equal(ms_block_load(&back, &source, 0, &err), expected);                                    \
	} while (0)
	CHANGED(4, 99, MS_OK);              /* a kind of a later version */
	CHANGED(6, 2, MS_E_CORRUPT);        /* codec */
	CHANGED(7, 1, MS_E_CORRUPT);        /* reserved */
	CHANGED(11, 0x10, MS_E_LIMIT);      /* stored_bytes */
	CHANGED(15, 0x10, MS_E_LIMIT);      /* raw_bytes */
	CHANGED(16, 200, MS_E_CORRUPT);     /* ends before it begins */
	CHANGED(44, 1, MS_E_CORRUPT);       /* reserved */
#undef CHANGED
}

static void payload(void **state)
{
	struct ms_packer packer;
	struct ms_unpacker unpacker = {0};
	struct ms_block_header header = {.kind = MS_BLOCK_PROCESS}, lying;
	struct ms_source source;
	struct ms_error err;
	uint8_t raw[1000] = {0};
	const uint8_t *body;

	(void)state;
	assert_int_equal(ms_packer_init(&packer, 3, &err), MS_OK);
	/* Not a FlatBuffer, but whole otherwise. */
	assert_int_equal(ms_pack(&packer, &header, raw, sizeof(raw), &err), MS_OK);
	assert_int_equal(header.raw_bytes, sizeof(raw));
	ms_source_memory(&source, packer.out.data, packer.out.size);
	assert_int_equal(ms_block_unpack(&unpacker, &source, 0, &header, NULL, &body, &err), MS_E_CORRUPT);
	assert_non_null(strstr(err.message, "FlatBuffer"));
	/* It says that it is larger, or smaller, than it is. */
	for (int d = -1; d <= 1; d += 2) {
		lying = header;
		lying.raw_bytes = (uint32_t)((int)lying.raw_bytes + d);
		assert_int_equal(ms_block_unpack(&unpacker, &source, 0, &lying, NULL, &body, &err), MS_E_CORRUPT);
		assert_non_null(strstr(err.message, "bytes that its header says"));
	}
	/* Uncompressed blocks are allowed. */
	lying = header;
	lying.codec = MS_CODEC_NONE;
	lying.raw_bytes = lying.stored_bytes;
	assert_int_equal(ms_block_unpack(&unpacker, &source, 0, &lying, NULL, &body, &err), MS_E_CORRUPT);
	assert_non_null(strstr(err.message, "FlatBuffer"));
	/* A changed payload. */
	packer.out.data[MS_BLOCK_HEADER_BYTES + 5] ^= 1;
	assert_int_equal(ms_block_unpack(&unpacker, &source, 0, &header, NULL, &body, &err), MS_E_CORRUPT);
	assert_non_null(strstr(err.message, "checksum"));
	ms_unpacker_free(&unpacker);
	ms_packer_free(&packer);
}

static void sources(void **state)
{
	struct ms_source s;
	struct ms_error err;
	struct ms_buffer buffer = {0};
	char path[] = "/tmp/test_container.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "0123456789", 10), 10);
	assert_int_equal(ms_source_open(&s, path, &err), MS_OK);
	assert_int_equal(s.size, 10);
	assert_memory_equal(ms_source_read(&s, 3, 4, &buffer, &err), "3456", 4);
	assert_null(ms_source_read(&s, 8, 3, &buffer, &err));
	assert_int_equal(err.code, MS_E_TRUNCATED);
	assert_null(ms_source_read(&s, UINT64_MAX, 1, &buffer, &err));
	assert_int_equal(ftruncate(fd, 5), 0);
	assert_null(ms_source_read(&s, 3, 4, &buffer, &err));
	assert_int_equal(err.code, MS_E_TRUNCATED);
	assert_int_equal(err.offset, 5);
	ms_source_close(&s);
	close(fd);
	unlink(path);
	assert_int_equal(ms_source_open(&s, path, &err), MS_E_IO);
	assert_int_equal(ms_source_open(&s, "/tmp", &err), MS_E_IO);
	assert_int_equal(ms_source_open(&s, "/dev/null", &err), MS_E_IO);
	ms_buffer_free(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors),	cmocka_unit_test(event_kinds), cmocka_unit_test(file_header), cmocka_unit_test(footer),
		cmocka_unit_test(block_header), cmocka_unit_test(payload),     cmocka_unit_test(sources),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
