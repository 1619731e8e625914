/* The writer when things go wrong: misuse, a full medium, a size limit; and the streams that it writes to. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "event_gen.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"

static const struct ms_process process = {.clock_hz = 1};
static const struct ms_end the_end = {.time_ns = 1, .ended = MS_ENDED_EXITED};

static struct ms_writer *open_writer(struct ms_stream *s, const struct ms_writer_options *options)
{
	struct ms_writer *w;
	struct ms_error err;

	assert_int_equal(ms_writer_open(&w, s, options, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &process, &err), MS_OK);
	assert_int_equal(ms_writer_thread(w, &(struct ms_thread){.tid = 1}), 1);
	return w;
}

/* ---- misuse ------------------------------------------------------------------------------------------------------ */

static void wrong_events(void **state)
{
	static const struct ms_event cases[] = {
		{.kind = 1, .thread = 1},                                     /* no such kind */
		{.kind = MS_EV_MALLOC, .thread = 1, .block = 2},              /* ids are dense */
		{.kind = MS_EV_MALLOC, .thread = 1, .block = 0},
		{.kind = MS_EV_MALLOC, .thread = 0, .block = 1},
		{.kind = MS_EV_MALLOC, .thread = 2, .block = 1},
		{.kind = MS_EV_MALLOC, .thread = 1, .block = 1, .stack = 1},
		{.kind = MS_EV_MALLOC, .thread = 1, .block = 1, .time_ns = UINT64_C(1) << 56},
		{.kind = MS_EV_FREE, .thread = 1, .block = 1},
		{.kind = MS_EV_THREAD_NAME, .thread = 1, .arg = {1}},
		{.kind = MS_EV_MODULE_LOAD, .thread = 1, .arg = {1}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ms_stream s;
		struct ms_writer *w;
		struct ms_error err = {0};
		uint64_t written;

		ms_stream_init_memory(&s);
		w = open_writer(&s, NULL);
		assert_int_equal(ms_writer_events(w, &cases[i], 1, &err), MS_E_ARGUMENT);
		assert_true(err.message[0] != 0);
		/* It sticks, and nothing is written any more. */
		written = s.position;
		assert_int_equal(ms_writer_status(w), MS_E_ARGUMENT);
		assert_int_equal(ms_writer_events(w, &cases[i], 0, &err), MS_E_ARGUMENT);
		assert_int_equal(ms_writer_flush(w, &err), MS_E_ARGUMENT);
		assert_int_equal(ms_writer_string(w, "x", 1), 0);
		assert_int_equal(ms_writer_end(w, &the_end, &err), MS_E_ARGUMENT);
		assert_int_equal(s.position, written);
		ms_writer_close(w);
		ms_stream_free(&s);
	}
}

static void time_goes_forward(void **state)
{
	const struct ms_event events[] = {
		{.kind = MS_EV_THREAD_START, .thread = 1, .time_ns = 5},
		{.kind = MS_EV_THREAD_END, .thread = 1, .time_ns = 4},
	};
	struct ms_stream s;
	struct ms_writer *w;
	struct ms_error err;

	(void)state;
	ms_stream_init_memory(&s);
	w = open_writer(&s, NULL);
	assert_int_equal(ms_writer_events(w, events, 2, &err), MS_E_ARGUMENT);
	ms_writer_close(w);
	ms_stream_free(&s);
}

static void wrong_tables(void **state)
{
	struct ms_stream s;
	struct ms_writer *w;
	struct ms_error err;
	struct ms_writer_options too_many = {.events_per_block = 65537}, level = {.level = 1000};

	(void)state;
	ms_stream_init_memory(&s);
	assert_int_equal(ms_writer_open(&w, &s, &too_many, &err), MS_E_ARGUMENT);
	assert_int_equal(ms_writer_open(&w, &s, &level, &err), MS_E_ARGUMENT);
	assert_int_equal(ms_writer_open(&w, &s, NULL, &err), MS_OK);
	/* Process facts come first. */
	assert_int_equal(ms_writer_string(w, "x", 1), 0);
	assert_int_equal(ms_writer_status(w), MS_E_ARGUMENT);
	ms_writer_close(w);
	ms_stream_free(&s);
	for (int i = 0; i < 6; i++) {
		ms_stream_init_memory(&s);
		w = open_writer(&s, NULL);
		switch (i) {
		case 0:
			assert_int_equal(ms_writer_frame(w, 1, 1), 0);
			break;
		case 1:
			assert_int_equal(ms_writer_stack(w, 0, 1), 0);
			break;
		case 2:
			assert_int_equal(ms_writer_frame(w, 1, 0), 1);
			assert_int_equal(ms_writer_stack(w, 1, 1), 0);
			break;
		case 3:
			assert_int_equal(ms_writer_symbol(w, &(struct ms_symbol){.frame = 1}, &err), MS_E_ARGUMENT);
			break;
		case 4:
			assert_int_equal(ms_writer_keyframe(w, &(struct ms_live_block){.block = 1, .kind = MS_EV_MALLOC}, 1, &err),
					 MS_E_ARGUMENT);
			break;
		case 5:
			assert_int_equal(ms_writer_process(w, &process, &err), MS_E_ARGUMENT);
			break;
		}
		assert_int_equal(ms_writer_status(w), MS_E_ARGUMENT);
		ms_writer_close(w);
		ms_stream_free(&s);
	}
}

static void strings_are_interned(void **state)
{
	struct ms_stream s;
	struct ms_writer *w;
	char text[16];

	(void)state;
	ms_stream_init_memory(&s);
	w = open_writer(&s, NULL);
	assert_int_equal(ms_writer_string(w, "", 0), 0);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 5000; i++)
			assert_int_equal(ms_writer_string(w, text, (size_t)snprintf(text, sizeof(text), "s%u", i)), i + 1);
	}
	assert_int_equal(ms_writer_stats(w).strings, 5000);
	ms_writer_close(w);
	ms_stream_free(&s);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

/* Writes the events of g until an error; returns it. *w stays open. */
static int write_until_error(const struct gen *g, struct ms_stream *s, const struct ms_writer_options *options,
			     struct ms_writer **w)
{
	struct ms_error err;
	int rc = ms_writer_open(w, s, options, &err);

	if (rc != MS_OK) {
		*w = NULL;
		return rc;
	}
	rc = ms_writer_process(*w, &process, &err);
	for (uint32_t i = 0; i < g->strings && rc == MS_OK; i++) {
		char text[16];

		ms_writer_string(*w, text, (size_t)snprintf(text, sizeof(text), "string-%u", i));
	}
	for (uint32_t i = 0; i < g->modules; i++)
		ms_writer_module(*w, &(struct ms_module){.path = "m"});
	for (uint32_t i = 0; i < g->threads; i++)
		ms_writer_thread(*w, &(struct ms_thread){.tid = i});
	ms_writer_frame(*w, 1, 0);
	for (uint32_t i = 0; i < g->stacks; i++)
		ms_writer_stack(*w, 0, 1);
	return rc == MS_OK ? ms_writer_events(*w, g->events, g->count, &err) : rc;
}

static void size_limit(void **state)
{
	struct gen g;
	size_t most = 0;

	(void)state;
	gen_init(&g, 12, 20000, true);
	for (uint64_t limit = 3000; limit < 300000; limit += 11000) {
		const struct ms_writer_options options = {.max_size_bytes = limit, .events_per_block = 500};
		struct ms_stream s;
		struct ms_writer *w;
		struct ms_trace *t;
		struct ms_error err;
		int rc;

		ms_stream_init_memory(&s);
		rc = write_until_error(&g, &s, &options, &w);
		assert_true(rc == MS_OK || rc == MS_E_FULL);
		/* The room for the end was kept. */
		assert_int_equal(ms_writer_end(w, &the_end, &err), MS_OK);
		assert_true(s.position <= limit);
		assert_int_equal(ms_writer_stats(w).bytes, s.position);
		assert_int_equal(ms_trace_open_memory(&t, s.memory, s.position, &err), MS_OK);
		assert_null(ms_trace_damage(t));
		assert_true(ms_trace_has_index(t));
		assert_int_equal(ms_trace_end(t)->size_limit_reached, ms_writer_status(w) == MS_E_FULL);
		assert_int_equal(ms_trace_end(t)->events, ms_trace_event_count(t));
		assert_true(ms_trace_event_count(t) >= most);
		most = ms_trace_event_count(t);
		if (most > 0)
			assert_int_equal(gen_compare(&g, t, 0, 1, 0, false), most);
		ms_trace_close(t);
		ms_writer_close(w);
		ms_stream_free(&s);
	}
	assert_true(most > 10000);
	gen_free(&g);
}

/* A medium that fails at the n-th write. */
struct failing {
	struct ms_stream stream;
	struct ms_stream memory;
	unsigned left;
};

static int failing_write(struct ms_stream *s, const void *bytes, size_t size, struct ms_error *err)
{
	struct failing *f = (struct failing *)s;

	if (f->left-- == 0)
		return ms_fail(err, MS_E_IO, s->position, "no space left");
	return ms_stream_write(&f->memory, bytes, size, err);
}

static void failing_medium(void **state)
{
	static const struct ms_stream_ops ops = {.write = failing_write};
	const struct ms_writer_options options = {.events_per_block = 1000};
	struct gen g;
	size_t most = 0;

	(void)state;
	gen_init(&g, 14, 5000, true); /* no stacks of frees: process above has none */
	for (unsigned writes = 0; writes < 12; writes++) {
		struct failing f = {.stream = {.ops = &ops}, .left = writes};
		struct ms_writer *w;
		struct ms_trace *t;
		struct ms_error err = {0};
		int rc;

		ms_stream_init_memory(&f.memory);
		rc = write_until_error(&g, &f.stream, &options, &w);
		if (rc == MS_OK)
			rc = ms_writer_end(w, &the_end, &err);
		if (rc != MS_OK && w != NULL) {
			assert_int_equal(rc, MS_E_IO);
			assert_int_equal(ms_writer_end(w, &the_end, &err), MS_E_IO);
			assert_string_equal(err.message, "no space left");
			assert_int_equal(ms_writer_stats(w).bytes, f.memory.position);
		}
		/* What is there can be read, up to the last block. */
		if (writes >= 2) {
			assert_int_equal(ms_trace_open_memory(&t, f.memory.memory, f.memory.position, &err), MS_OK);
			assert_true(ms_trace_event_count(t) >= most);
			most = ms_trace_event_count(t);
			if (most > 0)
				assert_int_equal(gen_compare(&g, t, 0, 1, 0, false), most);
			ms_trace_close(t);
		}
		ms_writer_close(w);
		ms_stream_free(&f.memory);
	}
	assert_true(most > 0);
	gen_free(&g);
}

/* ---- streams ----------------------------------------------------------------------------------------------------- */

static void memory_stream(void **state)
{
	struct ms_stream s;
	struct ms_error err;
	uint8_t bytes[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	ms_stream_init_memory(&s);
	for (size_t at = 0; at < sizeof(bytes); at += 50)
		assert_int_equal(ms_stream_write(&s, bytes + at, 50, &err), MS_OK);
	assert_int_equal(s.position, sizeof(bytes));
	assert_memory_equal(s.memory, bytes, sizeof(bytes));
	assert_int_equal(ms_stream_sync(&s, &err), MS_OK);
	ms_stream_free(&s);
}

/* A file that may not grow any more: the part of a block that fitted is taken back. */
static void full_file(void **state)
{
	char path[] = "/tmp/test_stream.XXXXXX";
	int fd = mkstemp(path);
	struct rlimit old, small = {.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
	struct ms_stream s;
	struct ms_error err = {0};
	struct stat st;
	uint8_t bytes[700] = {1};

	(void)state;
	assert_true(fd >= 0);
	ms_stream_init_fd(&s, fd);
	assert_int_equal(ms_stream_write(&s, bytes, sizeof(bytes), &err), MS_OK);
	assert_int_equal(ms_stream_sync(&s, &err), MS_OK);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(ms_stream_write(&s, bytes, sizeof(bytes), &err), MS_E_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(err.offset, sizeof(bytes));
	assert_int_equal(s.position, sizeof(bytes));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, sizeof(bytes));
	/* And goes on there when there is room again. */
	assert_int_equal(ms_stream_write(&s, bytes, 100, &err), MS_OK);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, sizeof(bytes) + 100);
	ms_stream_free(&s);
	close(fd);
	unlink(path);
}

static void closed_file(void **state)
{
	struct ms_stream s;
	struct ms_error err = {0};
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	ms_stream_init_fd(&s, fd);
	assert_int_equal(ms_stream_write(&s, "x", 1, &err), MS_E_IO);
	assert_non_null(strstr(err.message, "No space left"));
	close(fd);
	assert_int_equal(ms_stream_write(&s, "x", 1, &err), MS_E_IO);
	assert_int_equal(ms_stream_write(&s, "x", 1, NULL), MS_E_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_events),	  cmocka_unit_test(time_goes_forward), cmocka_unit_test(wrong_tables),
		cmocka_unit_test(strings_are_interned), cmocka_unit_test(size_limit),  cmocka_unit_test(failing_medium),
		cmocka_unit_test(memory_stream),  cmocka_unit_test(full_file),	       cmocka_unit_test(closed_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
