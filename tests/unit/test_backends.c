/* Backends: the option, who drains, names of later images, an end that is taken back, observers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/stream.h"
#include "format/trace_reader.h"
#include "format/trace_writer.h"
#include "record/backend_options.h"
#include "record/backends.h"
#include "record/trace_output.h"
#include "record/who_drains.h"

static void names(void **state)
{
	struct options o = {.backend_reason = "the default"};

	(void)state;
	assert_true(backend_options_name(&o, "async"));
	assert_int_equal(o.backend, MS_BACKEND_ASYNC);
	assert_string_equal(o.backend_reason, "--backend");
	assert_true(backend_options_name(&o, "./mine.so"));
	assert_int_equal(o.backend, MS_BACKEND_LOCKFREE);
	assert_string_equal(o.plugin, "./mine.so");
	assert_true(backend_options_name(&o, "core"));
	assert_null(o.plugin);
	assert_false(backend_options_name(&o, "mine.so"));
	assert_false(backend_options_name(&o, ""));
	for (unsigned b = MS_BACKEND_LOCKFREE; b <= MS_BACKEND_UNIFIED; b++) {
		assert_true(backend_options_name(&o, ms_backend_name(b)));
		assert_int_equal(o.backend, b);
	}
	assert_string_equal(ms_backend_name(99), "");
}

static void what_does_not_fit(void **state)
{
	struct options o = {0}, plain = {0};
	char reason[200];

	(void)state;
	assert_true(backend_options_name(&plain, "core"));
	assert_true(backend_options_check(&plain, reason, sizeof reason));
	o = plain;
	o.follow = true;
	assert_false(backend_options_check(&o, reason, sizeof reason));
	assert_non_null(strstr(reason, "--backend=core cannot be used with --follow"));
	o = plain;
	o.guard.config.mode = MS_GUARD_FULL;
	assert_false(backend_options_check(&o, reason, sizeof reason));
	o = plain;
	o.snapshots.every_ns = 1;
	assert_false(backend_options_check(&o, reason, sizeof reason));
	/* beside the program everything goes */
	assert_true(backend_options_name(&o, "lockfree"));
	o.follow = true;
	assert_true(backend_options_check(&o, reason, sizeof reason));
}

#define MS UINT64_C(1000000)

static void who_drains(void **state)
{
	struct who_drains w;
	uint64_t words = 0, t = 0;

	(void)state;
	who_drains_init(&w, 4);
	/* too early to tell */
	assert_false(who_drains_thread(&w, false, 5 * MS, 1000000, 1));
	/* 25 ms, 100,000 words: 4 million a second */
	assert_true(who_drains_thread(&w, false, t = 25 * MS, words = 100000, 2));
	assert_non_null(strstr(w.note, "4 cores: the program's threads at first; a thread of its own after 0.025 s (4000000 words/s, 2 threads)"));
	/* a pause of less than the window changes nothing */
	assert_true(who_drains_thread(&w, true, t += 10 * MS, words, 2));
	/* a million a second keeps the thread and would not bring one */
	assert_true(who_drains_thread(&w, true, t += 20 * MS, words += 30000, 2));
	assert_false(who_drains_thread(&w, false, t += 20 * MS, words += 20000, 2));
	/* nothing to do */
	assert_false(who_drains_thread(&w, true, t += 100 * MS, words += 100, 2));
	/* all cores are taken, however much there is to do */
	assert_false(who_drains_thread(&w, true, t += 20 * MS, words += 1000000, 4));
	assert_false(who_drains_thread(&w, false, t += 20 * MS, words += 1000000, 5));
	assert_true(w.changes >= 3);
	/* the note stays a string, however often it changes */
	for (int i = 0; i < 100; i++) {
		who_drains_thread(&w, false, t += 20 * MS, words += 1000000, 1);
		who_drains_thread(&w, true, t += 20 * MS, words, 1);
	}
	assert_true(strlen(w.note) < sizeof w.note);
	who_drains_init(&w, 1);
	assert_false(who_drains_thread(&w, false, 20 * MS, 10000000, 1));
}

static void check_image(const char *path, uint32_t image, const char *expected)
{
	char *name = output_of_image(path, image);

	assert_string_equal(name, expected);
	free(name);
}

static void images(void **state)
{
	(void)state;
	check_image("/a/run.ms", 0, "/a/run.ms");
	check_image("/a/run.ms", 1, "/a/run.1.ms");
	check_image("/a.b/run", 12, "/a.b/run.12");
	check_image("/a/.hidden", 3, "/a/.hidden.3");
	check_image("run.tar.ms", 2, "run.tar.2.ms");
}

/* An end is written, taken back, and more follows: the result is the same trace as without the first end. */
static size_t write_trace(struct ms_stream *s, bool twice)
{
	const char *const command[] = {"program"};
	struct ms_error err;
	struct ms_writer *w;
	const struct ms_end early = {.time_ns = 20, .ended = MS_ENDED_RUNNING}, late = {.time_ns = 40, .ended = MS_ENDED_EXITED, .exit_code = 7};
	struct ms_event e = {.time_ns = 10, .kind = MS_EV_MALLOC, .address = 0x1000, .size_bytes = 8, .block = 1};
	uint64_t before;

	ms_stream_init_memory(s);
	assert_int_equal(ms_writer_open(&w, s, NULL, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &(struct ms_process){.command = command, .command_count = 1, .pid = 1}, &err), MS_OK);
	e.thread = ms_writer_thread(w, &(struct ms_thread){.tid = 1, .is_main = true});
	assert_int_equal(ms_writer_events(w, &e, 1, &err), MS_OK);
	assert_int_equal(ms_writer_pending(w), 1);
	assert_int_equal(ms_writer_flush(w, &err), MS_OK);
	assert_int_equal(ms_writer_pending(w), 0);
	before = ms_writer_stats(w).bytes;
	assert_int_equal(ms_writer_reopen(w), MS_E_ARGUMENT);
	if (twice) {
		assert_int_equal(ms_writer_end(w, &early, &err), MS_OK);
		assert_true(ms_writer_stats(w).bytes > before);
		assert_int_equal(ms_writer_reopen(w), MS_OK);
		assert_int_equal(ms_writer_stats(w).bytes, before);
	}
	e = (struct ms_event){.time_ns = 30, .kind = MS_EV_FREE, .address = 0x1000, .size_bytes = 8, .block = 1, .thread = e.thread};
	assert_int_equal(ms_writer_events(w, &e, 1, &err), MS_OK);
	assert_int_equal(ms_writer_end(w, &late, &err), MS_OK);
	ms_writer_close(w);
	return s->position;
}

static void end_taken_back(void **state)
{
	struct ms_stream once, twice;
	size_t bytes;

	(void)state;
	bytes = write_trace(&once, false);
	assert_int_equal(write_trace(&twice, true), bytes);
	assert_memory_equal(once.memory, twice.memory, bytes);
	ms_stream_free(&once);
	ms_stream_free(&twice);
}

/* What an observer sees is what is added, in order, with the ids of the file. */
struct seen {
	char log[400];
};

static void saw(void *context, const char *what, uint32_t id)
{
	struct seen *s = context;
	size_t used = strlen(s->log);

	snprintf(s->log + used, sizeof s->log - used, "%s%u ", what, id);
}
static void saw_process(void *c, const struct ms_process *p) { saw(c, "process", p->pid); }
static void saw_string(void *c, uint32_t id, const char *t, size_t n) { (void)t; saw(c, "string", id); assert_int_not_equal(n, 0); }
static void saw_module(void *c, uint32_t id, const struct ms_module *m) { (void)m; saw(c, "module", id); }
static void saw_thread(void *c, uint32_t id, const struct ms_thread *t) { (void)t; saw(c, "thread", id); }
static void saw_frame(void *c, uint32_t id, uint64_t a, uint32_t m) { (void)a; (void)m; saw(c, "frame", id); }
static void saw_stack(void *c, uint32_t id, uint32_t p, uint32_t f) { (void)p; (void)f; saw(c, "stack", id); }
static void saw_events(void *c, const struct ms_event *e, size_t n) { (void)e; saw(c, "events", (uint32_t)n); }

static void observer(void **state)
{
	const char *const command[] = {"program"};
	struct seen seen = {""};
	const struct ms_writer_observer o = {&seen, saw_process, saw_string, saw_module, saw_thread, saw_frame, saw_stack, saw_events};
	struct ms_event e = {.time_ns = 10, .kind = MS_EV_MALLOC, .address = 0x1000, .size_bytes = 8, .block = 1};
	struct ms_stream s;
	struct ms_error err;
	struct ms_writer *w;

	(void)state;
	ms_stream_init_memory(&s);
	assert_int_equal(ms_writer_open(&w, &s, NULL, &err), MS_OK);
	ms_writer_observe(w, &o);
	assert_int_equal(ms_writer_process(w, &(struct ms_process){.command = command, .command_count = 1, .pid = 5}, &err), MS_OK);
	assert_int_equal(ms_writer_string(w, "a", 1), 1);
	assert_int_equal(ms_writer_string(w, "a", 1), 1);
	assert_int_equal(ms_writer_module(w, &(struct ms_module){.path = "/lib/x"}), 1);
	assert_int_equal(ms_writer_frame(w, 0x40, 1), 1);
	assert_int_equal(ms_writer_frame(w, 0x40, 9), 0); /* refused: not seen, and nothing after it */
	ms_writer_close(w);
	ms_stream_free(&s);
	assert_string_equal(seen.log, "process5 string1 string2 module1 frame1 ");

	seen.log[0] = '\0';
	ms_stream_init_memory(&s);
	assert_int_equal(ms_writer_open(&w, &s, NULL, &err), MS_OK);
	assert_int_equal(ms_writer_process(w, &(struct ms_process){.command = command, .command_count = 1, .pid = 5}, &err), MS_OK);
	ms_writer_observe(w, &o);
	e.thread = ms_writer_thread(w, &(struct ms_thread){.tid = 1, .is_main = true});
	assert_int_equal(ms_writer_events(w, &e, 1, &err), MS_OK);
	ms_writer_observe(w, NULL);
	assert_int_equal(ms_writer_string(w, "late", 4), 1);
	ms_writer_close(w);
	ms_stream_free(&s);
	assert_string_equal(seen.log, "thread1 events1 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(what_does_not_fit),
		cmocka_unit_test(who_drains),
		cmocka_unit_test(images),
		cmocka_unit_test(end_taken_back),
		cmocka_unit_test(observer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
