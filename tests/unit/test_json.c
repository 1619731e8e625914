/* test_json.c - the JSON report says what the report says; jansson reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "random_trace.h"
#include "render/json.h"
#include "small_trace.h"

static json_t *render(const struct ms_report *report, size_t top)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct ms_json_options options = {.top = top};
	struct ms_error err;
	json_error_t error;
	json_t *root;

	assert_int_equal(ms_render_json(f, report, &options, &err), MS_OK);
	fclose(f);
	root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("%s in line %d", error.text, error.line);
	free(text);
	return root;
}

static json_int_t number(const json_t *root, const char *group, const char *key)
{
	const json_t *value = json_object_get(group ? json_object_get(root, group) : root, key);

	if (!json_is_integer(value))
		fail_msg("%s.%s is missing", group ? group : "", key);
	return json_integer_value(value);
}

static const char *text_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		fail_msg("%s is no string", key);
	return json_string_value(value);
}

static json_int_t sum(const json_t *list, const char *key)
{
	json_int_t total = 0;
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) total += number(item, NULL, key);
	return total;
}

/* Sites and what was omitted add up to the totals, whatever the limit. */
static void test_sums(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		struct ms_report_options options = {.threads = 1};
		struct random_trace t;
		struct ms_trace *trace;
		struct ms_report r;
		struct ms_error err = {0};

		random_trace_make(&t, seed, 200);
		if (ms_trace_open_memory(&trace, t.bytes, t.size, &err) || ms_report_build(&r, trace, &options, &err))
			fail_msg("%s", err.message);
		for (size_t top = 0; top < 3; top++) {
			json_t *root = render(&r, top), *sites = json_object_get(root, "sites");
			const json_t *threads = json_object_get(root, "threads"), *sizes = json_object_get(root, "sizes");
			static const char *const keys[] = {"allocations", "reallocations", "allocated_bytes", "frees",
			                                   "live_blocks", "live_bytes", "peak_bytes", "peak_blocks",
			                                   "temporary_allocations"};

			for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
				assert_int_equal(sum(sites, keys[k]) + number(root, "sites_omitted", keys[k]),
				                 number(root, "totals", keys[k]));
			assert_int_equal(json_array_size(json_object_get(root, "places")) + (size_t)number(root, NULL, "places_omitted"),
			                 r.place_count);
			if (top == 0)
				assert_int_equal(sum(json_object_get(root, "places"), "peak_bytes"), r.totals.peak_bytes);
			assert_int_equal(json_array_size(sites) + (size_t)number(root, "sites_omitted", "sites"), r.site_count);
			assert_int_equal(sum(threads, "allocations"), number(root, "totals", "allocations"));
			assert_int_equal(sum(threads, "frees"), number(root, "totals", "frees"));
			assert_int_equal(sum(threads, "live_bytes"), number(root, "totals", "live_bytes"));
			assert_int_equal(sum(sizes, "bytes"), number(root, "totals", "allocated_bytes"));
			assert_int_equal(sum(sizes, "live_bytes"), number(root, "totals", "live_bytes"));
			assert_int_equal(number(root, "totals", "peak_time_ns"), r.totals.peak_time_ns);
			assert_int_equal(json_array_size(json_object_get(json_object_get(root, "timeline"), "start_ns")),
			                 r.timeline_count);
			json_decref(root);
		}
		ms_report_free(&r);
		ms_trace_close(trace);
		random_trace_free(&t);
	}
}

static void test_names_and_nulls(void **state)
{
	struct small_trace t;
	struct ms_report r;
	json_t *root, *site, *frame;

	(void)state;
	small_trace_start(&t);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 3, 100);
	small_trace_report(&t, &(struct ms_end){.ended = MS_ENDED_SIGNALED, .term_signal = 9}, &r);
	root = render(&r, 0);
	assert_int_equal(number(root, NULL, "schema_version"), 1);
	assert_string_equal(json_string_value(json_object_get(json_object_get(root, "trace"), "ended")), "signaled");
	assert_int_equal(number(root, "trace", "term_signal"), 9);
	assert_true(json_is_null(json_object_get(json_object_get(root, "trace"), "exit_code")));
	assert_true(json_is_null(json_object_get(json_object_get(root, "trace"), "damage")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(root, "trace"), "file")), "app.ms");
	assert_int_equal(number(json_object_get(root, "totals"), "events", "malloc"), 1);
	site = json_array_get(json_object_get(root, "sites"), 0);
	assert_true(json_is_null(json_object_get(site, "mean_lifetime_ns"))); /* no block has ended: no mean, not 0 */
	assert_int_equal(json_array_size(json_object_get(site, "stack")), 3);
	frame = json_array_get(json_object_get(site, "stack"), 0);
	assert_string_equal(json_string_value(json_object_get(frame, "function")), "grow");
	assert_string_equal(json_string_value(json_object_get(frame, "file")), "/src/app.cc");
	assert_int_equal(number(frame, NULL, "line"), 30);
	assert_string_equal(json_string_value(json_object_get(frame, "module")), "/opt/app");
	assert_string_equal(json_string_value(json_object_get(frame, "address")), "0x300");
	assert_true(json_is_false(json_object_get(frame, "inlined")));
	json_decref(root);
	ms_report_free(&r);
	small_trace_free(&t);
}

/* What the trace cannot tell is not observable, never clean; a finding says everything that is known of it. */
static void test_findings(void **state)
{
	struct small_trace t;
	struct ms_report r;
	json_t *root, *item;
	size_t i;

	(void)state;
	small_trace_start(&t);
	small_trace_report(&t, &small_trace_exited, &r);
	root = render(&r, 0);
	assert_int_equal(json_array_size(json_object_get(root, "findings")), 0);
	json_array_foreach(json_object_get(root, "detectors"), i, item)
		if (strcmp(text_of(item, "name"), "overflow") == 0)
			assert_string_equal(text_of(item, "status"), "not_observable");
	json_decref(root);
	ms_report_free(&r);
	small_trace_free(&t);

	small_trace_start(&t);
	small_trace_alloc(&t, MS_EV_MALLOC, 1, 2, 40);
	small_trace_event(&t, &(struct ms_event){.kind = MS_EV_FREE, .thread = 2, .address = 0x10010});
	small_trace_report(&t, &small_trace_exited, &r);
	root = render(&r, 0);
	item = json_array_get(json_object_get(root, "findings"), 0);
	assert_string_equal(text_of(item, "kind"), "invalid-free");
	assert_string_equal(text_of(item, "certainty"), "certain");
	assert_string_equal(text_of(item, "address"), "0x10010");
	assert_string_equal(text_of(item, "call"), "free");
	assert_int_equal(number(item, NULL, "cwe"), 761);
	assert_int_equal(number(item, NULL, "offset"), 16);
	assert_int_equal(number(item, NULL, "time_ns"), 20);
	assert_int_equal(number(item, "thread", "tid"), 43);
	assert_int_equal(number(item, "block", "size"), 40);
	assert_string_equal(text_of(json_object_get(item, "block"), "family"), "malloc");
	assert_int_equal(json_array_size(json_object_get(json_object_get(item, "stacks"), "allocation")), 2);
	assert_int_equal(json_array_size(json_object_get(json_object_get(item, "stacks"), "error")), 0);
	assert_int_equal(number(root, "verdict", "errors"), 1);
	json_decref(root);
	ms_report_free(&r);
	small_trace_free(&t);
}

static void test_write_error(void **state)
{
	struct ms_json_options options = {0};
	struct small_trace t;
	struct ms_report r;
	struct ms_error err;
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	small_trace_start(&t);
	small_trace_report(&t, &small_trace_exited, &r);
	assert_int_equal(ms_render_json(f, &r, &options, &err), MS_E_IO);
	fclose(f);
	ms_report_free(&r);
	small_trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_names_and_nulls),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_write_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
