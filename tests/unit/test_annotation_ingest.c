/*
 * Entries of annotations through rings and collector into a trace and back: ids, names, blocks as they live at that moment, what begins without having been
 * seen, and entries that make no sense.
 */
#include "ingest_fixture.h"

static void open_rig(struct rig *r)
{
	rig_open(r, NULL);
	rig_threads(r, 2);
}

static void finish(struct rig *r)
{
	rig_take_in(r, r->now + 1000000);
	slots_finish(&r->slots);
	rig_end(r, r->now + 10);
}

/* ---- entries ---- */

#define WORDS(...) (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8

static void entry(struct rig *r, unsigned thread, uint8_t kind, uint64_t address, const uint64_t *words, size_t n)
{
	struct fake_thread *t = &r->thread[thread];
	static const uint64_t none[1];

	fake_enter(t);
	fake_publish(t, r->now += 1000, kind, address, (unsigned)n, n > 0 ? words : none);
	fake_leave(t);
}

/* Room for what follows: the rings of the fake are small. */
static void drain(struct rig *r)
{
	poll_at(r, r->now + 10000000);
}

static size_t add_text(uint64_t *words, size_t n, const char *text)
{
	size_t bytes = strlen(text);

	words[n] = bytes;
	memset(&words[n + 1], 0, (bytes + 7) / 8 * 8);
	memcpy(&words[n + 1], text, bytes);
	return n + 1 + (bytes + 7) / 8;
}

static void place(struct rig *r, uint64_t key, uint64_t line, const char *name, const char *type, const char *file)
{
	uint64_t words[64] = {key, line};
	size_t n = add_text(words, 2, name);

	n = add_text(words, n, type);
	n = add_text(words, n, file);
	entry(r, 0, MS_ENTRY_PLACE, 0, words, n);
}

static void spawn(struct rig *r, unsigned thread, uint64_t id, enum ms_task_parent whose, uint64_t parent, const char *name)
{
	uint64_t words[64] = {id, whose, parent};

	entry(r, thread, MS_EV_TASK_SPAWN, 0, words, add_text(words, 3, name));
}

/* ---- what is in the trace: a line per event but those of threads ---- */

static const char *text_of(const struct rig *r, uint64_t id)
{
	return ms_trace_string(r->trace, (uint32_t)id);
}

static void tell(const struct rig *r, FILE *out, uint8_t kind, uint64_t a, uint64_t b, uint64_t block)
{
	const struct ms_event_kind_info *info = &ms_event_kinds[kind];

	fprintf(out, "%s", info->name);
	if (info->class_ == MS_CLASS_ALLOC)
		fprintf(out, " #%lu", block);
	if (kind == MS_EV_TRACK) {
		const struct ms_variable *v = ms_trace_variable(r->trace, (uint32_t)a);

		fprintf(out, " %s|%s|%s:%u #%lu", text_of(r, v->name), text_of(r, v->type), text_of(r, v->file), v->line, b);
	} else {
		for (unsigned i = 0; i < info->args; i++) {
			uint64_t value = i ? b : a;

			if (info->ref[i] == MS_REF_STRING)
				fprintf(out, " '%s'", text_of(r, value));
			else
				fprintf(out, info->ref[i] == MS_REF_BLOCK ? " #%lu" : " %lu", value);
		}
	}
	fputc('\n', out);
}

/* Frees nothing; valid until the next call. */
static const char *story(const struct rig *r)
{
	static char *text;
	size_t size;
	FILE *out;
	struct ms_cursor *c;
	struct ms_batch b;
	struct ms_error err;

	free(text);
	out = open_memstream(&text, &size);
	assert_int_equal(ms_cursor_open(&c, r->trace, MS_COLUMN_ARGS, 0, 1, &err), MS_OK);
	for (;;) {
		assert_int_equal(ms_cursor_next(c, &b, &err), MS_OK);
		if (b.count == 0)
			break;
		for (uint32_t i = 0; i < b.count; i++)
			if (b.kind[i] < MS_EV_THREAD_START || b.kind[i] > MS_EV_THREAD_NAME)
				tell(r, out, b.kind[i], b.arg[i][0], b.arg[i][1], b.block[i]);
	}
	ms_cursor_close(c);
	fclose(out);
	return text;
}

static void expect(struct rig *r, const char *text)
{
	finish(r);
	assert_string_equal(story(r), text);
	close_rig(r);
}

/* ---- tests ---- */

static void test_variables(void **state)
{
	struct rig r;
	uint64_t words[64] = {0, 0x4321};
	size_t n;

	(void)state;
	open_rig(&r);
	fake_alloc(&r.thread[0], r.now += 1000, MS_EV_MALLOC, 0x5000, 10, 0);
	place(&r, 0xabc0, 7, "list", "", "a.c");
	place(&r, 0xabc8, 7, "list", "", "a.c"); /* another place that says the same */
	place(&r, 0xabd0, 8, "tree", "struct tree *", "a.c");
	entry(&r, 0, MS_EV_TRACK, 0x5000, WORDS(0xabc0, 0x1234));
	entry(&r, 1, MS_EV_TRACK, 0x5000, WORDS(0xabc8, 0x1234)); /* one variable */
	entry(&r, 0, MS_EV_TRACK, 0x5000, WORDS(0xabc0, 0x1236)); /* another one: inlined elsewhere */
	entry(&r, 0, MS_EV_TRACK, 0x5000, WORDS(0xabd0, 0x1238));
	entry(&r, 0, MS_EV_TRACK, 0x5001, WORDS(0xabd0, 0x1238)); /* into the block */
	entry(&r, 0, MS_EV_TRACK, 0, WORDS(0xabd0, 0x1238));
	fake_free(&r.thread[0], r.now += 1000, MS_EV_FREE, 0x5000);
	entry(&r, 0, MS_EV_TRACK, 0x5000, WORDS(0xabd0, 0x1238)); /* no more */
	fake_alloc(&r.thread[0], r.now += 1000, MS_EV_MALLOC, 0x5000, 10, 0);
	entry(&r, 0, MS_EV_TRACK, 0x5000, WORDS(0xabd0, 0x1238)); /* the next one there */
	place(&r, 0xabd0, 9, "other", "int *", "b.c");            /* another library where the first one was */
	entry(&r, 0, MS_EV_TRACK, 0x5000, WORDS(0xabd0, 0x1238));
	entry(&r, 0, MS_EV_TRACK, 0x5000, WORDS(0xeee0, 0x1238)); /* never described */
	n = add_text(words, 2, "made at run time");
	n = add_text(words, n, "a type");
	entry(&r, 0, MS_EV_TRACK, 0x5000, words, n);
	finish(&r);
	assert_string_equal(story(&r), "malloc #1\n"
	                               "track list||a.c:7 #1\n"
	                               "track list||a.c:7 #1\n"
	                               "track list||a.c:7 #1\n"
	                               "track tree|struct tree *|a.c:8 #1\n"
	                               "track tree|struct tree *|a.c:8 #0\n"
	                               "track tree|struct tree *|a.c:8 #0\n"
	                               "free\n"
	                               "track tree|struct tree *|a.c:8 #0\n"
	                               "malloc #2\n"
	                               "track tree|struct tree *|a.c:8 #2\n"
	                               "track other|int *|b.c:9 #2\n"
	                               "track ||:0 #2\n"
	                               "track made at run time|a type|:0 #2\n");
	assert_int_equal(ms_trace_variable_count(r.trace), 6);
	assert_int_equal(ms_trace_frame(r.trace, ms_trace_variable(r.trace, 1)->frame)->address, 0x1234);
	/* to be looked up: the two of `list` */
	assert_int_equal(r.ingest.annotations.untyped_count, 2);
	assert_string_equal(r.ingest.annotations.untyped[1].name, "list");
	assert_int_equal(r.ingest.annotations.untyped[1].variable, 2);
	close_rig(&r);
}

static void test_handing_blocks_around(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	fake_alloc(&r.thread[0], r.now += 1000, MS_EV_MALLOC, 0x5000, 10, 0);
	fake_alloc(&r.thread[0], r.now += 1000, MS_EV_MALLOC, 0x6000, 10, 0);
	entry(&r, 0, MS_EV_CLONE, 0x5000, WORDS(0x6000));
	entry(&r, 0, MS_EV_CLONE, 0x5000, WORDS(0x7000));
	entry(&r, 0, MS_EV_MOVE, 0x6000, WORDS(0x5000, 64));
	entry(&r, 0, MS_EV_MOVE, 0x6000, WORDS(0x5000, 0));
	entry(&r, 0, MS_EV_BORROW, 0x6000, NULL, 0);
	entry(&r, 0, MS_EV_RETURN, 0x6000, NULL, 0);
	entry(&r, 0, MS_EV_BORROW, 0x7000, NULL, 0);
	expect(&r, "malloc #1\nmalloc #2\nclone #1 #2\nclone #1 #0\nmove #2 #1\nmove-size 64\nmove #2 #1\nborrow #2\nreturn #2\nborrow #0\n");
}

/* The stamp of the allocation is late by less than the clocks of two processors may differ: the tracking waits for it. */
static void test_a_block_whose_allocation_comes_late(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	place(&r, 0xabc0, 7, "list", "x", "a.c");
	r.now = 50000;
	entry(&r, 1, MS_EV_TRACK, 0x5000, WORDS(0xabc0, 0x1234));
	fake_alloc(&r.thread[0], r.now + 100, MS_EV_MALLOC, 0x5000, 10, 0);
	r.now += 1000;
	expect(&r, "malloc #1\ntrack list|x|a.c:7 #1\n");
}

static void test_scopes(void **state)
{
	struct rig r;
	uint64_t words[64] = {0};

	(void)state;
	open_rig(&r);
	place(&r, 0xabc0, 7, "outer", "", "a.c");
	entry(&r, 0, MS_EV_SCOPE_BEGIN, 0, WORDS(0xabc0));
	entry(&r, 0, MS_EV_SCOPE_BEGIN, 0, words, add_text(words, 1, "made"));
	entry(&r, 0, MS_EV_SCOPE_END, 0, WORDS(0));
	entry(&r, 0, MS_EV_SCOPE_END, 0, WORDS(0xabc0));
	words[0] = MS_ASKED_SIGNAL;
	entry(&r, 0, MS_EV_SNAPSHOT, 0, words, add_text(words, 1, "here"));
	entry(&r, 0, MS_EV_PAUSE, 0, WORDS(MS_ASKED_PROGRAM));
	entry(&r, 0, MS_EV_RESUME, 0, WORDS(MS_ASKED_PROGRAM));
	finish(&r);
	assert_string_equal(story(&r), "scope-begin 'outer'\nscope-begin 'made'\nscope-end ''\nscope-end 'outer'\nsnapshot 'here' 5\npause 0\nresume 0\n");
	assert_int_equal(r.ingest.snapshots, 1);
	close_rig(&r);
}

static void test_tasks(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	place(&r, 0xabc0, 7, "block of code", "", "a.c");
	spawn(&r, 0, 70, MS_PARENT_CURRENT, 0, "first");        /* 1 */
	entry(&r, 0, MS_EV_TASK_ENTER, 0, WORDS(70, 0));
	spawn(&r, 0, 71, MS_PARENT_CURRENT, 0, "of the first"); /* 2 */
	spawn(&r, 1, 72, MS_PARENT_CURRENT, 0, "elsewhere");    /* 3: the other thread works for none */
	spawn(&r, 1, 73, MS_PARENT_GIVEN, 71, "");              /* 4 */
	spawn(&r, 0, 74, MS_PARENT_NONE, 0, "none");            /* 5 */
	drain(&r);
	entry(&r, 0, MS_EV_TASK_ENTER, 0, WORDS(80, 0xabc0));   /* 6: not spawned */
	entry(&r, 0, MS_EV_TASK_ENTER, 0, WORDS(71, 0xabc0));
	entry(&r, 0, MS_EV_TASK_LEAVE, 0, WORDS(80));           /* not the innermost one */
	spawn(&r, 0, 75, MS_PARENT_CURRENT, 0, "of 71");        /* 7 */
	entry(&r, 0, MS_EV_TASK_LEAVE, 0, WORDS(71));
	entry(&r, 0, MS_EV_TASK_LEAVE, 0, WORDS(70));
	entry(&r, 0, MS_EV_TASK_LEAVE, 0, WORDS(70));           /* once too often */
	drain(&r);
	spawn(&r, 0, 70, MS_PARENT_CURRENT, 0, "70 again");     /* 8 */
	entry(&r, 0, MS_EV_TASK_END, 0, WORDS(70));
	entry(&r, 0, MS_EV_TASK_END, 0, WORDS(71));
	entry(&r, 0, MS_EV_TASK_ENTER, 0, WORDS(71, 0));        /* 9 */
	spawn(&r, 0, 76, MS_PARENT_GIVEN, 999, "x");            /* 10: of nobody that is known */
	entry(&r, 0, MS_EV_TASK_END, 0, WORDS(1234));           /* 11 */
	expect(&r, "task-spawn 1 0\ntask-name 1 'first'\ntask-key 1 70\ntask-enter 1\n"
	           "task-spawn 2 1\ntask-name 2 'of the first'\ntask-key 2 71\n"
	           "task-spawn 3 0\ntask-name 3 'elsewhere'\ntask-key 3 72\n"
	           "task-spawn 4 2\ntask-key 4 73\n"
	           "task-spawn 5 0\ntask-name 5 'none'\ntask-key 5 74\n"
	           "task-spawn 6 0\ntask-name 6 'block of code'\ntask-key 6 80\ntask-enter 6\n"
	           "task-enter 2\ntask-leave 6\n"
	           "task-spawn 7 2\ntask-name 7 'of 71'\ntask-key 7 75\n"
	           "task-leave 2\ntask-leave 1\ntask-leave 1\n"
	           "task-spawn 8 0\ntask-name 8 '70 again'\ntask-key 8 70\n"
	           "task-end 8\ntask-end 2\n"
	           "task-spawn 9 0\ntask-key 9 71\ntask-enter 9\n"
	           "task-spawn 10 0\ntask-name 10 'x'\ntask-key 10 76\n"
	           "task-spawn 11 0\ntask-key 11 1234\ntask-end 11\n");
}

static void test_pools(void **state)
{
	struct rig r;
	uint64_t words[64] = {3};

	(void)state;
	open_rig(&r);
	fake_alloc(&r.thread[0], r.now += 1000, MS_EV_MALLOC, 0x5000, 4096, 0);
	entry(&r, 0, MS_EV_POOL_CREATE, 0x5000, words, add_text(words, 1, "arena"));
	entry(&r, 0, MS_EV_POOL_ALLOC, 0x5010, WORDS(32, 3));
	entry(&r, 0, MS_EV_POOL_FREE, 0x5010, WORDS(0, 3));
	entry(&r, 0, MS_EV_POOL_ALLOC, 0x9010, WORDS(32, 17)); /* not created */
	entry(&r, 0, MS_EV_POOL_RESET, 0, WORDS(3));
	entry(&r, 0, MS_EV_POOL_DESTROY, 0, WORDS(3));
	entry(&r, 0, MS_EV_POOL_FREE, 0x5010, WORDS(0, 3));    /* another one from here */
	expect(&r, "malloc #1\npool-create 1 #1\npool-name 1 'arena'\npool-alloc 1\npool-free 1\npool-create 2 #0\npool-alloc 2\n"
	           "pool-reset 1\npool-destroy 1\npool-create 3 #0\npool-free 3\n");
}

/* After an exec nothing means what it meant. */
static void test_another_program(void **state)
{
	struct rig r;
	struct fake_thread other;

	(void)state;
	open_rig(&r);
	place(&r, 0xabc0, 7, "list", "", "a.c");
	spawn(&r, 0, 70, MS_PARENT_NONE, 0, "first");
	entry(&r, 0, MS_EV_POOL_RESET, 0, WORDS(3));
	drain(&r);
	assert_true(fake_thread_start(&other, &r.arena, PID, 1, false));
	r.thread[1] = other;
	entry(&r, 1, MS_EV_TRACK, 0, WORDS(0xabc0, 0x1234));
	entry(&r, 1, MS_EV_TASK_ENTER, 0, WORDS(70, 0));
	entry(&r, 1, MS_EV_POOL_RESET, 0, WORDS(3));
	expect(&r, "task-spawn 1 0\ntask-name 1 'first'\ntask-key 1 70\npool-create 1 #0\npool-reset 1\n"
	           "image-start 1\n"
	           "track ||:0 #0\ntask-spawn 2 0\ntask-key 2 70\ntask-enter 2\npool-create 2 #0\npool-reset 2\n");
}

static void test_what_makes_no_sense(void **state)
{
	struct rig r;
	uint64_t rubbish = 1;

	(void)state;
	open_rig(&r);
	entry(&r, 0, MS_ENTRY_PLACE, 0, WORDS(0, 7, 0, 0, 0));                /* no place */
	entry(&r, 0, MS_ENTRY_PLACE, 0, WORDS(0xabc0, 7, 9999, 0, 0));        /* a text beyond the entry */
	entry(&r, 0, MS_ENTRY_PLACE, 0, WORDS(0xabc0, 1ull << 40, 0, 0, 0));  /* a line that cannot be */
	entry(&r, 0, MS_EV_TRACK, 0x5000, WORDS(0xabc0));                     /* too short */
	entry(&r, 0, MS_EV_TRACK, 0x5000, WORDS(0, 1, UINT64_MAX));
	entry(&r, 0, MS_EV_TASK_SPAWN, 0, WORDS(1, 3, 0, 0));                 /* whose parent? */
	entry(&r, 0, MS_EV_TASK_NAME, 0, WORDS(1, 1));                        /* comes with the spawn */
	entry(&r, 0, MS_EV_TASK_LEAVE, 0, NULL, 0);
	entry(&r, 0, MS_EV_SNAPSHOT, 0, WORDS(99, 0));
	entry(&r, 0, MS_EV_POOL_CREATE, 0, NULL, 0);
	drain(&r);
	assert_int_equal(r.ingest.malformed, 10);
	/* Anything at all: no crash, and a trace that can be read. */
	for (int i = 0; i < 3000; i++) {
		uint64_t words[8];
		size_t n;

		for (n = 0; n < 8; n++) {
			rubbish = rubbish * 6364136223846793005u + 1442695040888963407u;
			words[n] = rubbish >> 40 & 1 ? rubbish >> 60 : rubbish;
		}
		n = rubbish >> 33 & 7;
		entry(&r, i & 1, i % 20 == 0 ? MS_ENTRY_PLACE : (uint8_t)(MS_EV_TRACK + i % (MS_EV_POOL_DESTROY - MS_EV_TRACK + 1)), words[0] & 0xfff0, words + 1, n);
		if (i % 16 == 0)
			drain(&r);
	}
	assert_int_equal(r.ingest.status, MS_OK);
	finish(&r);
	assert_true(r.ingest.malformed > 10);
	assert_non_null(strstr(story(&r), "task-enter"));
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_handing_blocks_around),
		cmocka_unit_test(test_a_block_whose_allocation_comes_late),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_another_program),
		cmocka_unit_test(test_what_makes_no_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
