/* test_direct_allocators.c - what a trace says about allocators that are reached without malloc's symbol, and what follows from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/trace_reader.h"
#include "format/trace_writer.h"
#include "render/verdict_words.h"
#include "small_trace.h"

static void start_with(struct small_trace *t, const struct ms_direct_allocator *list, size_t count)
{
	small_trace_start_as(t, &(struct ms_process){.direct = list, .direct_count = count});
}

static const struct ms_direct_allocator inside = {"redis", true, MS_DIRECT_JEMALLOC, MS_DIRECT_HOOKED, 13};
static const struct ms_direct_allocator beside = {"libmimalloc.so.2", false, MS_DIRECT_MIMALLOC, MS_DIRECT_HOOKED, 80};
static const struct ms_direct_allocator unseen = {"server", true, MS_DIRECT_OWN, MS_DIRECT_STRIPPED, 4};

static void as_written(void **state)
{
	const struct ms_direct_allocator list[] = {inside, beside, unseen};
	struct small_trace t;
	const struct ms_process *p;

	(void)state;
	start_with(&t, list, 3);
	p = ms_trace_process(small_trace_open(&t, &small_trace_exited));
	assert_int_equal(p->direct_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(p->direct[i].module, list[i].module);
		assert_int_equal(p->direct[i].executable, list[i].executable);
		assert_int_equal(p->direct[i].family, list[i].family);
		assert_int_equal(p->direct[i].state, list[i].state);
		assert_int_equal(p->direct[i].functions, list[i].functions);
	}
	small_trace_free(&t);
}

/* Does a free of an address that nobody knows count as an error? */
static size_t errors_with(const struct ms_direct_allocator *list, size_t count)
{
	struct small_trace t;
	struct ms_report report = {0};
	size_t errors;

	start_with(&t, list, count);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 2, .address = 0x7fff1234});
	small_trace_report(&t, &small_trace_exited, &report);
	errors = report.findings.errors;
	ms_report_free(&report);
	small_trace_free(&t);
	return errors;
}

static void blocks_that_nobody_saw(void **state)
{
	(void)state;
	assert_int_equal(errors_with(NULL, 0), 1);
	assert_int_equal(errors_with(&beside, 1), 1); /* all of its functions are recorded, from the start */
	assert_int_equal(errors_with(&inside, 1), 0); /* constructors of libraries may have used it before */
	assert_int_equal(errors_with(&unseen, 1), 0);
}

static char *notes_with(const struct ms_direct_allocator *list, size_t count)
{
	struct small_trace t;
	struct ms_report report = {0};
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	start_with(&t, list, count);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 40);
	small_trace_report(&t, &small_trace_exited, &report);
	ms_quality_notes(out, &report);
	fclose(out);
	ms_report_free(&report);
	small_trace_free(&t);
	return text;
}

static void what_is_said(void **state)
{
	char *text;

	(void)state;
	text = notes_with(&inside, 1);
	assert_string_equal(text, "");
	free(text);
	text = notes_with(&unseen, 1);
	assert_string_equal(text, "the executable server has an allocator inside, and what it allocates is not seen: the executable has no symbol "
				  "table, so that some of them may have no name (functions: 4)\n");
	free(text);
	text = notes_with(&(struct ms_direct_allocator){"libtcmalloc.so.4", false, MS_DIRECT_TCMALLOC, MS_DIRECT_GUARD, 18}, 1);
	assert_string_equal(text, "libtcmalloc.so.4: calls of tcmalloc's own functions are not seen: a guard does not reach into other allocators "
				  "(functions: 18)\n");
	free(text);
}

/* A file that says what no recorder says. */
static void corrupt(void **state)
{
	static const struct ms_direct_allocator wrong[] = {
		{"x", true, MS_DIRECT_FAMILIES, MS_DIRECT_HOOKED, 1}, {"x", true, MS_DIRECT_OWN, MS_DIRECT_STATE_COUNT, 1}, {"x", true, 255, 255, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct ms_stream s;
		struct ms_writer *w;
		struct ms_trace *t = NULL;
		struct ms_error err = {0};

		ms_stream_init_memory(&s);
		assert_int_equal(ms_writer_open(&w, &s, NULL, &err), MS_OK);
		assert_int_equal(ms_writer_process(w, &(struct ms_process){.direct = &wrong[i], .direct_count = 1}, &err), MS_OK);
		assert_int_equal(ms_writer_end(w, &(struct ms_end){0}, &err), MS_OK);
		assert_int_equal(ms_trace_open_memory(&t, s.memory, s.position, &err), MS_E_CORRUPT);
		assert_non_null(strstr(err.message, "allocator 0 of the process has family"));
		ms_writer_close(w);
		ms_stream_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_written), cmocka_unit_test(blocks_that_nobody_saw), cmocka_unit_test(what_is_said), cmocka_unit_test(corrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
