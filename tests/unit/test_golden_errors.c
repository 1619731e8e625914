/*
 * Damaged traces, committed under tests/golden-errors: each is refused (or read up to the damage) with the same code at the
 * same offset, for ever. tests/cli/trace/errors.sh has the messages that people see.
 *
 * The files are made from tests/golden/v1/kinds.ms by this program (MEMSCOPE_GOLDEN=tests/golden-errors/
 * build/release/unit/test_golden_errors); checksums are made right again where a lie would not be seen behind a wrong one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/block.h"
#include "format/container.h"
#include "format/trace_reader.h"

struct file {
	uint8_t *bytes;
	size_t size;
	struct ms_trace *trace;          /* of the undamaged file: where its blocks are */
};

/* Of the first block of this kind; the Index is not in the list, it stands behind the End. */
static uint64_t offset_of(const struct file *f, unsigned kind)
{
	if (kind == MS_BLOCK_INDEX) {
		const struct ms_block_info *end = ms_trace_block(f->trace, ms_trace_block_count(f->trace) - 1);

		return end->offset + MS_BLOCK_HEADER_BYTES + end->stored_bytes;
	}
	for (size_t i = 0; i < ms_trace_block_count(f->trace); i++)
		if (ms_trace_block(f->trace, i)->kind == kind)
			return ms_trace_block(f->trace, i)->offset;
	fail_msg("no block of kind %u", kind);
	return 0;
}

static struct ms_block_header header_of(const struct file *f, unsigned kind)
{
	struct ms_source source;
	struct ms_block_header h;

	ms_source_memory(&source, f->bytes, f->size);
	assert_int_equal(ms_block_load(&h, &source, offset_of(f, kind), NULL), MS_OK);
	return h;
}

static void put_header(struct file *f, unsigned kind, const struct ms_block_header *h)
{
	uint64_t offset = offset_of(f, kind);

	ms_block_header_store(f->bytes + offset, h);
}

static void put_file_header(struct file *f, const struct ms_file_header *h)
{
	ms_file_header_store(f->bytes, h);
}

/* ---- one function per kind of damage ---- */

static void make_empty(struct file *f)
{
	f->size = 0;
}
static void make_text(struct file *f)
{
	static const char text[] = "heaptrack 1.4\nthis is another tool's file, long enough to hold a header of sixty-four bytes\n";

	memcpy(f->bytes, text, sizeof text - 1);
	f->size = sizeof text - 1;
}
/* What a transfer in text mode does: CR LF becomes LF. */
static void make_text_mode(struct file *f)
{
	memmove(f->bytes + 4, f->bytes + 5, f->size - 5);
	f->size--;
}
static void make_header_cut(struct file *f)
{
	f->size = 40;
}
static void make_header_checksum(struct file *f)
{
	f->bytes[8] ^= 2;
}
static void make_future_version(struct file *f)
{
	put_file_header(f, &(struct ms_file_header){.format_version = 9, .min_reader_version = 7});
}
static void make_newer_but_readable(struct file *f)
{
	put_file_header(f, &(struct ms_file_header){.format_version = 9, .min_reader_version = 1, .may_ignore = 1ull << 40});
}
static void make_unknown_feature(struct file *f)
{
	put_file_header(f, &(struct ms_file_header){.format_version = 1, .min_reader_version = 1, .must_understand = 1ull << 63 | 4});
}
static void make_nothing_but_header(struct file *f)
{
	f->size = MS_FILE_HEADER_BYTES;
}
static void make_truncated(struct file *f)
{
	f->size = offset_of(f, MS_BLOCK_EVENTS) + MS_BLOCK_HEADER_BYTES + 10;
}
static void make_truncated_header(struct file *f)
{
	f->size = offset_of(f, MS_BLOCK_EVENTS) + 20;
}
static void make_no_end(struct file *f)
{
	f->size = offset_of(f, MS_BLOCK_END);
}
static void make_no_index(struct file *f)
{
	f->size = offset_of(f, MS_BLOCK_INDEX);
}
static void make_footer_checksum(struct file *f)
{
	f->bytes[f->size - MS_FOOTER_BYTES] ^= 1;
}
static void make_strings_checksum(struct file *f)
{
	f->bytes[offset_of(f, MS_BLOCK_STRINGS) + MS_BLOCK_HEADER_BYTES + 30] ^= 0x10;
}
static void make_events_checksum(struct file *f)
{
	f->bytes[offset_of(f, MS_BLOCK_EVENTS) + MS_BLOCK_HEADER_BYTES + 30] ^= 0x10;
}
static void make_block_header_checksum(struct file *f)
{
	make_no_index(f);
	f->bytes[offset_of(f, MS_BLOCK_MODULES) + 9] ^= 1;
}
static void make_lying_raw_size(struct file *f)
{
	struct ms_block_header h = header_of(f, MS_BLOCK_EVENTS);

	h.raw_bytes = MS_MAX_RAW_BYTES;
	put_header(f, MS_BLOCK_EVENTS, &h);
	make_no_index(f);
}
static void make_huge_raw_size(struct file *f)
{
	struct ms_block_header h = header_of(f, MS_BLOCK_EVENTS);

	h.raw_bytes = 0xf0000000;
	put_header(f, MS_BLOCK_EVENTS, &h);
	make_no_index(f);
}
static void make_lying_stored_size(struct file *f)
{
	struct ms_block_header h = header_of(f, MS_BLOCK_EVENTS);

	h.stored_bytes = 1u << 20;
	put_header(f, MS_BLOCK_EVENTS, &h);
	make_no_index(f);
}
static void make_lying_count(struct file *f)
{
	struct ms_block_header h = header_of(f, MS_BLOCK_EVENTS);

	h.count = 60000;
	put_header(f, MS_BLOCK_EVENTS, &h);
	make_no_index(f);
}
static void make_lying_kind(struct file *f)
{
	struct ms_block_header h = header_of(f, MS_BLOCK_FRAMES);

	h.kind = MS_BLOCK_STACKS;
	put_header(f, MS_BLOCK_FRAMES, &h);
	make_no_index(f);
}
/* The payload is one zstd frame of something that is no FlatBuffer. */
static void make_no_flatbuffer(struct file *f)
{
	struct ms_block_header h = header_of(f, MS_BLOCK_EVENTS);
	uint64_t offset = offset_of(f, MS_BLOCK_EVENTS), next = offset + MS_BLOCK_HEADER_BYTES + h.stored_bytes;
	struct ms_packer p;
	uint8_t garbage[300];

	make_no_index(f);
	for (size_t i = 0; i < sizeof garbage; i++)
		garbage[i] = (uint8_t)(i * 37 + 11);
	assert_int_equal(ms_packer_init(&p, 3, NULL), MS_OK);
	assert_int_equal(ms_pack(&p, &h, garbage, sizeof garbage, NULL), MS_OK);
	memmove(f->bytes + offset + p.out.size, f->bytes + next, f->size - next);
	memcpy(f->bytes + offset, p.out.data, p.out.size);
	f->size = f->size - next + offset + p.out.size;
	ms_packer_free(&p);
}

enum where { OPENS, REFUSED, DAMAGED };

static const struct damage {
	const char *name;
	void (*make)(struct file *f);
	enum where where;                /* OPENS: without complaint; the code is that of reading the events */
	int code;
	uint64_t offset;                 /* in the file, or from the first block of kind `block` when that is not 0 */
	unsigned block;
} damages[] = {
        {"empty", make_empty, REFUSED, MS_E_MAGIC, 0, 0},
        {"text", make_text, REFUSED, MS_E_MAGIC, 0, 0},
        {"text-mode", make_text_mode, REFUSED, MS_E_MAGIC, 0, 0},
        {"header-cut", make_header_cut, REFUSED, MS_E_TRUNCATED, 40, 0},
        {"header-checksum", make_header_checksum, REFUSED, MS_E_CORRUPT, 0, 0},
        {"future-version", make_future_version, REFUSED, MS_E_VERSION, 12, 0},
        {"newer-but-readable", make_newer_but_readable, OPENS, MS_OK, 0, 0},
        {"unknown-feature", make_unknown_feature, REFUSED, MS_E_FEATURE, 24, 0},
        {"nothing-but-header", make_nothing_but_header, REFUSED, MS_E_TRUNCATED, 64, 0},
        {"truncated", make_truncated, DAMAGED, MS_E_TRUNCATED, MS_BLOCK_HEADER_BYTES + 10, MS_BLOCK_EVENTS},
        {"truncated-header", make_truncated_header, DAMAGED, MS_E_TRUNCATED, 20, MS_BLOCK_EVENTS},
        {"no-end", make_no_end, DAMAGED, MS_E_TRUNCATED, 0, MS_BLOCK_END},
        {"no-index", make_no_index, OPENS, MS_OK, 0, 0},
        {"footer-checksum", make_footer_checksum, DAMAGED, MS_E_CORRUPT, 0, MS_BLOCK_INDEX},
        {"strings-checksum", make_strings_checksum, DAMAGED, MS_E_CORRUPT, 0, MS_BLOCK_STRINGS},
        {"events-checksum", make_events_checksum, OPENS, MS_E_CORRUPT, 0, MS_BLOCK_EVENTS},
        {"block-header-checksum", make_block_header_checksum, DAMAGED, MS_E_CORRUPT, 0, MS_BLOCK_MODULES},
        {"lying-raw-size", make_lying_raw_size, OPENS, MS_E_CORRUPT, 0, MS_BLOCK_EVENTS},
        {"huge-raw-size", make_huge_raw_size, DAMAGED, MS_E_LIMIT, 0, MS_BLOCK_EVENTS},
        {"lying-stored-size", make_lying_stored_size, DAMAGED, MS_E_TRUNCATED, 0, MS_BLOCK_INDEX},
        {"lying-count", make_lying_count, DAMAGED, MS_E_CORRUPT, 0, MS_BLOCK_KEYFRAME},
        {"lying-kind", make_lying_kind, DAMAGED, MS_E_CORRUPT, 0, MS_BLOCK_FRAMES},
        {"no-flatbuffer", make_no_flatbuffer, OPENS, MS_E_CORRUPT, 0, MS_BLOCK_EVENTS},
};

static struct file load_good(void)
{
	struct file f = {0};
	struct ms_error err;
	FILE *in = fopen("tests/golden/v1/kinds.ms", "rb");

	assert_non_null(in);
	f.bytes = malloc(1 << 20);
	assert_non_null(f.bytes);
	f.size = fread(f.bytes, 1, 1 << 20, in);
	fclose(in);
	if (ms_trace_open(&f.trace, "tests/golden/v1/kinds.ms", &err) != MS_OK)
		fail_msg("%s", err.message);
	return f;
}

static int read_events(struct ms_trace *t, struct ms_error *err)
{
	struct ms_cursor *c;
	struct ms_batch b;
	int code = ms_cursor_open(&c, t, MS_COLUMN_ADDRESS | MS_COLUMN_ARGS, 0, 1, err);

	if (code)
		return code;
	while ((code = ms_cursor_next(c, &b, err)) == MS_OK && b.count)
		;
	ms_cursor_close(c);
	return code;
}

static void check_one(const struct damage *d, const struct file *good)
{
	char path[200];
	struct ms_trace *t = NULL;
	struct ms_error err = {.code = MS_OK, .offset = 0};
	int code;
	uint64_t offset = d->offset + (d->block ? offset_of(good, d->block) : 0);

	snprintf(path, sizeof path, "tests/golden-errors/%s.ms", d->name);
	code = ms_trace_open(&t, path, &err);
	if (d->where == REFUSED) {
		assert_null(t);
	} else {
		if (code)
			fail_msg("%s: %s at %lu", path, err.message, (unsigned long)err.offset);
		if ((d->where == DAMAGED) != (ms_trace_damage(t) != NULL))
			fail_msg("%s: damage: %s", path, ms_trace_damage(t) ? ms_trace_damage(t)->message : "none");
		if (d->where == DAMAGED) {
			err = *ms_trace_damage(t);
			code = err.code;
		} else {
			code = read_events(t, &err);
		}
	}
	if (code != d->code || (code && err.offset != offset))
		fail_msg("%s: code %d at %ld, expected %d at %lu: %s", path, code, (long)err.offset, d->code, (unsigned long)offset,
		         err.message);
	ms_trace_close(t);
}

static void test_damages(void **state)
{
	struct file good = load_good();

	(void)state;
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++)
		check_one(&damages[i], &good);
	ms_trace_close(good.trace);
	free(good.bytes);
}

static int make_all(const char *folder)
{
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct file f = load_good();
		char path[4096];
		FILE *out;

		damages[i].make(&f);
		snprintf(path, sizeof path, "%s/%s.ms", folder, damages[i].name);
		out = fopen(path, "wbx");
		if (!out || fwrite(f.bytes, 1, f.size, out) != f.size || fclose(out) != 0)
			return 1;
		ms_trace_close(f.trace);
		free(f.bytes);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_damages)};
	const char *folder = getenv("MEMSCOPE_GOLDEN");

	return folder ? make_all(folder) : cmocka_run_group_tests(tests, NULL, NULL);
}
