/* test_variables.c - variables that are tracked, and the biographies of their blocks, of traces worked out by hand. */
#include "annotations_fixture.h"

static void realloc_to(uint32_t thread, uint64_t *block, uint64_t size)
{
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, thread, *block);
	*block = small_trace_alloc(&t, MS_EV_REALLOC, thread, 2, size);
}

static void check_event(uint64_t biography, uint64_t event, uint8_t kind, uint64_t time_ns, uint32_t thread, uint64_t other)
{
	const struct ms_biography *b = &report.variables.biographies[biography - 1];
	const struct ms_biography_event *e = &report.variables.events[b->first_event + event];

	assert_true(event < b->event_count);
	assert_int_equal(e->biography, biography);
	assert_int_equal(e->kind, kind);
	assert_int_equal(e->time_ns, time_ns);
	assert_int_equal(e->thread, thread);
	assert_int_equal(e->other, other);
}

/* A list is tracked, grows, is cloned, changes hands and is freed; its copy lives under another name. */
static void test_variables_by_hand(void **state)
{
	const struct ms_tracked *list, *copy;
	const struct ms_biography *b;
	uint32_t first, second;
	uint64_t x, y, z, old;

	(void)state;
	first = ms_writer_variable(t.writer, &(struct ms_variable){.name = text_id("list"), .type = text_id("int *"),
	                                                         .file = text_id("a.c"), .line = 12, .frame = 1});
	second = ms_writer_variable(t.writer, &(struct ms_variable){.name = text_id("copy"), .line = 13});
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);  /* 10 */
	old = x;
	tell(MS_EV_TRACK, 1, first, x);                      /* 20 */
	realloc_to(1, &x, 300);                              /* 30, 40 */
	y = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 50);   /* 50 */
	tell(MS_EV_CLONE, 1, x, y);                          /* 60 */
	tell(MS_EV_TRACK, 2, second, y);                     /* 70: by another thread */
	tell(MS_EV_BORROW, 2, y, 0);                         /* 80 */
	tell(MS_EV_RETURN, 2, y, 0);                         /* 90 */
	tell(MS_EV_TRACK, 1, second, 0);                     /* 100: of no block */
	z = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 8);    /* 110 */
	tell(MS_EV_MOVE, 1, x, z);                           /* 120 */
	tell(MS_EV_MOVE_SIZE, 1, 6, 0);                      /* 130 */
	small_trace_free_block(&t, MS_EV_FREE, 2, x);        /* 140 */
	tell(MS_EV_BORROW, 1, 0, 0);                         /* 150 */
	finish();
	assert_int_equal(report.variables.count, 2);
	list = &report.variables.list[0];
	copy = &report.variables.list[1];
	assert_string_equal(list->name, "list");
	assert_string_equal(list->type, "int *");
	assert_string_equal(list->file, "a.c");
	assert_string_equal(list->function, "main");
	assert_int_equal(list->line, 12);
	assert_int_equal(list->tracks, 1);
	assert_int_equal(list->blocks, 1);
	assert_int_equal(list->freed, 1);
	assert_int_equal(list->live_bytes, 0);
	assert_int_equal(list->peak_bytes, 300);
	assert_int_equal(list->peak_ns, 40);
	assert_int_equal(list->reallocations, 1);
	assert_int_equal(list->clones, 1);
	assert_int_equal(list->moves, 1);
	assert_int_equal(list->hand_overs, 1);
	assert_string_equal(copy->type, "");
	assert_int_equal(copy->tracks, 2);
	assert_int_equal(copy->untracked, 1);
	assert_int_equal(copy->live_bytes, 50);
	assert_int_equal(copy->borrows, 1);
	assert_int_equal(copy->returns, 1);
	assert_int_equal(report.variables.unknown, 1);
	assert_int_equal(report.variables.biography_count, 3);
	b = report.variables.biographies;
	assert_int_equal(b[0].first_block, old);
	assert_int_equal(b[0].block, x);
	assert_int_equal(b[0].variable, first);
	assert_int_equal(b[0].size_bytes, 300);
	assert_int_equal(b[0].birth_ns, 10);
	assert_int_equal(b[0].end, MS_BIO_FREED);
	assert_int_equal(b[0].end_thread, 2);
	assert_int_equal(b[0].event_count, 7);
	check_event(1, 0, MS_BIO_BORN, 10, 1, 0);
	check_event(1, 1, MS_BIO_TRACKED, 20, 1, 0);
	check_event(1, 2, MS_BIO_REALLOCATED, 40, 1, x);
	check_event(1, 3, MS_BIO_CLONED_TO, 60, 1, y);
	check_event(1, 4, MS_BIO_MOVED_TO, 120, 1, z);
	assert_int_equal(report.variables.events[b[0].first_event + 4].bytes, 6);
	check_event(1, 5, MS_BIO_HANDED, 140, 2, 0);
	check_event(1, 6, MS_BIO_FREED, 140, 2, 0);
	assert_int_equal(b[1].variable, second);
	assert_int_equal(b[1].end, MS_BIO_BORN);
	assert_int_equal(b[1].event_count, 6);
	check_event(2, 1, MS_BIO_CLONED_FROM, 60, 1, x);
	check_event(2, 2, MS_BIO_HANDED, 70, 2, 0);
	check_event(2, 3, MS_BIO_TRACKED, 70, 2, 0);
	assert_int_equal(b[2].variable, 0);
	check_event(3, 1, MS_BIO_MOVED_FROM, 120, 1, x);
	assert_string_equal(ms_report_headline(&report, b[0].node)->function, "grow");
}

/* A realloc that fails: the block goes by another id. One that is under way at the end: the block is alive. */
static void test_variables_and_reallocs(void **state)
{
	struct ms_error err = {0};
	uint32_t v;
	uint64_t x, y;

	(void)state;
	v = ms_writer_variable(t.writer, &(struct ms_variable){.name = text_id("v")});
	x = small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 100);
	tell(MS_EV_TRACK, 1, v, x);
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, 1, x);
	y = t.next_block++;
	t.size_of[y] = 100;
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_REALLOC_FAILED, .thread = 1, .size_bytes = 100, .block = y,
	                                         .address = 0x10000 * x});
	tell(MS_EV_TRACK, 1, v, y);
	small_trace_free_block(&t, MS_EV_REALLOC_FREE, 1, y);
	assert_int_equal(ms_report_build(&report, small_trace_open(&t, &small_trace_exited), NULL, &err), MS_OK);
	assert_int_equal(report.variables.biography_count, 1);
	assert_int_equal(report.variables.list[0].blocks, 1);
	assert_int_equal(report.variables.list[0].live_bytes, 100);
	assert_int_equal(report.variables.biographies[0].first_block, x);
	assert_int_equal(report.variables.biographies[0].block, y);
	assert_int_equal(report.variables.biographies[0].event_count, 4);
	check_event(1, 2, MS_BIO_REALLOC_FAILED, 40, 1, 0);
	window("event:4", NULL);
	assert_int_equal(report.variables.list[0].live_bytes, 100);
	assert_int_equal(report.variables.list[0].tracks, 0);
	assert_int_equal(report.variables.biography_count, 1);
}

/* What is beyond the limits is counted, and the figures of the variable know it. */
static void test_variable_limits(void **state)
{
	uint32_t v;

	(void)state;
	v = ms_writer_variable(t.writer, &(struct ms_variable){.name = text_id("v")});
	for (unsigned i = 0; i < MS_BIOGRAPHIES_MAX + 7; i++) {
		small_trace_event(&t, &(struct ms_event){.kind = MS_EV_MALLOC, .thread = 1, .stack = 2, .size_bytes = 10, .block = i + 1,
		                                         .address = 0x10000 + 16 * i});
		tell(MS_EV_TRACK, 1, v, i + 1);
	}
	for (unsigned i = 0; i < MS_BIOGRAPHY_EVENTS + 5; i++)
		tell(MS_EV_BORROW, 1, 1, 0);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .block = 1, .size_bytes = 10, .address = 0x10000});
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 1, .block = MS_BIOGRAPHIES_MAX + 2, .size_bytes = 10,
	                                         .address = 0x10000 + 16 * (MS_BIOGRAPHIES_MAX + 1)});
	finish();
	assert_int_equal(report.variables.biography_count, MS_BIOGRAPHIES_MAX);
	assert_int_equal(report.variables.omitted, 7);
	assert_int_equal(report.variables.list[0].blocks, MS_BIOGRAPHIES_MAX + 7);
	assert_int_equal(report.variables.list[0].live_blocks, MS_BIOGRAPHIES_MAX + 5);
	assert_int_equal(report.variables.list[0].freed, 2);
	assert_int_equal(report.variables.biographies[0].event_count, MS_BIOGRAPHY_EVENTS + 1);
	assert_int_equal(report.variables.biographies[0].omitted, 7);
	assert_int_equal(report.variables.biographies[0].end, MS_BIO_FREED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_variables_by_hand), TEST(test_variables_and_reallocs), TEST(test_variable_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
