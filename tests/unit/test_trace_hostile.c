/*
 * Damaged files: truncated at every byte, bits flipped at random, bytes overwritten. A reader never crashes, hangs or
 * hands out anything but a prefix of the true events, and says where it stopped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event_gen.h"
#include "format/container.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"

#define EVERYTHING (MS_COLUMN_ADDRESS | MS_COLUMN_ARGS)

static struct gen g;
static struct ms_stream whole;

static int make_trace(void **state)
{
	const struct gen_options options = {.events_per_block = 128, .keyframe_every = 300};

	(void)state;
	gen_init(&g, 41, 1000, true);
	gen_write(&g, &whole, &options);
	return 0;
}

static int free_trace(void **state)
{
	(void)state;
	ms_stream_free(&whole);
	gen_free(&g);
	return 0;
}

/*
 * Opens and reads bytes that may be anything. The copy has exactly their size, so that a sanitizer sees a read behind
 * them. Returns the number of events read; *said: damage was reported.
 */
static size_t read_all(const uint8_t *bytes, size_t size, size_t first, bool *said)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);
	struct ms_error err = {0};
	struct ms_trace *t;
	size_t events = 0;

	assert_non_null(copy);
	if (size > 0)
		memcpy(copy, bytes, size);
	*said = true;
	if (ms_trace_open_memory(&t, copy, size, &err) != MS_OK) {
		assert_true(err.code < 0);
		assert_true(err.message[0] != 0);
		assert_true(err.offset <= size);
	} else {
		const struct ms_error *damage = ms_trace_damage(t);

		if (damage != NULL) {
			assert_true(damage->message[0] != 0);
			assert_true(damage->offset <= size);
		}
		assert_true(ms_trace_event_count(t) <= g.count);
		events = gen_compare(&g, t, first, 1, EVERYTHING, false);
		*said = damage != NULL || first + events < g.count;
		ms_trace_close(t);
	}
	free(copy);
	return events;
}

/* The more bytes, the more events; and none that are not there. */
static void every_truncation(void **state)
{
	size_t before = 0;
	bool said;

	(void)state;
	for (size_t size = 0; size < whole.position; size++) {
		size_t events = read_all(whole.memory, size, 0, &said);

		/* Cut between End and Index, nothing is missing. */
		assert_true(said || events == g.count);
		assert_true(events >= before);
		before = events;
	}
	assert_int_equal(before, g.count);
	assert_int_equal(read_all(whole.memory, whole.position, 0, &said), g.count);
	assert_false(said);
}

/* Every bit of the file is covered by a checksum or compared: no flip goes unseen. */
static void random_bit_flips(void **state)
{
	struct gen random = {.state = 99};
	uint8_t *bytes = malloc(whole.position);

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, whole.memory, whole.position);
	for (int i = 0; i < 10000; i++) {
		uint64_t r = gen_random(&random);
		size_t at = r % whole.position;
		uint8_t bit = (uint8_t)(1u << (r >> 40) % 8);
		/* Sometimes starts at an event, which is another way through the file. */
		size_t first = i % 4 == 3 ? r >> 20 & 1023 : 0;
		bool said;

		if (first >= g.count)
			first = 0;
		bytes[at] ^= bit;
		read_all(bytes, whole.position, first, &said);
		/* From a keyframe the events before it are not read, and damage there is none of this reader. */
		if (first == 0 && !said) {
			struct ms_trace *t;
			struct ms_error err = {0};
			uint64_t end_of_events = 0;
			bool keyframe = false;

			assert_int_equal(ms_trace_open_memory(&t, bytes, whole.position, &err), MS_OK);
			for (size_t b = 0; b < ms_trace_block_count(t); b++) {
				const struct ms_block_info *info = ms_trace_block(t, b);

				end_of_events = info->offset + 64 + info->stored_bytes;
				keyframe |= info->kind == MS_BLOCK_KEYFRAME && at >= info->offset && at < end_of_events;
			}
			/* Reading from the start never looks into a keyframe. */
			if (!keyframe)
				fail_msg("bit %u of byte %zu was flipped unseen", bit, at);
			ms_trace_close(t);
		}
		bytes[at] ^= bit;
	}
	free(bytes);
}

/* Runs of garbage, zeros and copies of other parts of the file. */
static void overwritten_parts(void **state)
{
	struct gen random = {.state = 7};
	uint8_t *bytes = malloc(whole.position);

	(void)state;
	assert_non_null(bytes);
	for (int i = 0; i < 1000; i++) {
		size_t length = 1 + gen_random(&random) % 200;
		size_t to = gen_random(&random) % (whole.position - length);
		size_t from = gen_random(&random) % (whole.position - length);
		bool said;

		memcpy(bytes, whole.memory, whole.position);
		for (size_t k = 0; k < length; k++)
			bytes[to + k] = i % 3 == 0 ? whole.memory[from + k] : i % 3 == 1 ? 0 : (uint8_t)gen_random(&random);
		read_all(bytes, whole.position, 0, &said);
	}
	free(bytes);
}

/* Whole blocks left out, doubled or in another order: each is valid for itself. */
static void moved_blocks(void **state)
{
	struct gen random = {.state = 17};
	struct ms_trace *t;
	struct ms_error err = {0};
	uint8_t *bytes = malloc(2 * whole.position);
	size_t blocks;

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(ms_trace_open_memory(&t, whole.memory, whole.position, &err), MS_OK);
	blocks = ms_trace_block_count(t);
	for (int i = 0; i < 400; i++) {
		size_t size = MS_FILE_HEADER_BYTES;
		size_t odd = gen_random(&random) % blocks, other = gen_random(&random) % blocks;
		bool said;

		memcpy(bytes, whole.memory, size);
		for (size_t b = 0; b < blocks; b++) {
			const struct ms_block_info *info = ms_trace_block(t, b == odd && i % 3 > 0 ? other : b);
			size_t length = 64 + info->stored_bytes;

			if (b == odd && i % 3 == 0)
				continue;
			memcpy(bytes + size, whole.memory + info->offset, length);
			size += length;
			if (b == odd && i % 3 == 1 && size + length < 2 * whole.position) {
				memcpy(bytes + size, whole.memory + info->offset, length);
				size += length;
			}
		}
		read_all(bytes, size, 0, &said);
	}
	ms_trace_close(t);
	free(bytes);
}

/* A file that shrinks while it is read: an error, no SIGBUS. */
static void shrinking_file(void **state)
{
	char path[] = "/tmp/test_hostile.XXXXXX";
	int fd = mkstemp(path);
	struct ms_trace *t;
	struct ms_error err = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, whole.memory, whole.position), whole.position);
	assert_int_equal(ms_trace_open(&t, path, &err), MS_OK);
	assert_null(ms_trace_damage(t));
	assert_int_equal(ftruncate(fd, (off_t)whole.position / 2), 0);
	assert_true(gen_compare(&g, t, 0, 2, EVERYTHING, false) < g.count);
	ms_trace_close(t);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_truncation), cmocka_unit_test(random_bit_flips), cmocka_unit_test(overwritten_parts),
		cmocka_unit_test(moved_blocks),	    cmocka_unit_test(shrinking_file),
	};
	return cmocka_run_group_tests(tests, make_trace, free_trace);
}
