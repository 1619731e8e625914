/* The table of exports: what the real one holds, what the check refuses, how KIND:METRIC is taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "render/export/export.h"
#include "render/export/export_metrics.h"

static int nothing(FILE *out, const struct ms_export_input *input, struct ms_error *err)
{
	(void)out, (void)input, (void)err;
	return MS_OK;
}

static void the_table_is_well_formed(void **state)
{
	struct ms_error err;

	(void)state;
	assert_true(ms_export_count > 0);
	assert_int_equal(ms_export_check(ms_exports, ms_export_count, &err), MS_OK);
	for (size_t i = 0; i < ms_export_count; i++) {
		const struct ms_export *found;
		const char *metric = "x";
		char text[100];

		assert_int_equal(ms_export_find(&found, &metric, ms_exports[i]->name, &err), MS_OK);
		assert_ptr_equal(found, ms_exports[i]);
		assert_null(metric);
		for (const char *const *m = found->metrics; m && *m; m++) {
			snprintf(text, sizeof text, "%s:%s", found->name, *m);
			assert_int_equal(ms_export_find(&found, &metric, text, &err), MS_OK);
			assert_string_equal(metric, *m);
		}
	}
}

static void unknown_names_are_refused(void **state)
{
	static const char *const texts[] = {"", ":", "fold", "foldedx", "folded:", "folded:nonsense", "folded:peak:live", "Folded"};
	const struct ms_export *found;
	const char *metric;
	struct ms_error err;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(ms_export_find(&found, &metric, texts[i], &err), MS_E_ARGUMENT);
	assert_non_null(strstr(err.message, "folded")); /* the message lists what there is */
}

static void the_check_refuses(void **state)
{
	static const char *const none[] = {NULL}, *const twice[] = {"a", "b", "a", NULL};
	const struct ms_export good = {.name = "a-1", .summary = "s", .suffix = ".x", .write = nothing};
	struct ms_export bad[8];
	struct ms_error err;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		bad[i] = good;
	bad[0].name = "";
	bad[1].name = "A";
	bad[2].summary = NULL;
	bad[3].suffix = "x";
	bad[4].write = NULL;
	bad[5].metrics = none;
	bad[6].metrics = twice;
	bad[7].timeline_by = 1u << MS_TIMELINE_GROUP_COUNT;
	assert_int_equal(ms_export_check((const struct ms_export *const[]){&good}, 1, &err), MS_OK);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(ms_export_check((const struct ms_export *const[]){&bad[i]}, 1, &err), MS_E_ARGUMENT);
	assert_int_equal(ms_export_check((const struct ms_export *const[]){&good, &good}, 2, &err), MS_E_ARGUMENT);
	assert_int_equal(ms_export_check((const struct ms_export *const[]){NULL}, 1, &err), MS_E_ARGUMENT);
}

static void metrics_have_names(void **state)
{
	const struct ms_export_metric *metric;
	struct ms_error err;

	(void)state;
	for (size_t i = 0; i < ms_export_metric_count; i++) {
		assert_string_equal(ms_export_metrics[i].name, ms_export_metric_names[i]);
		assert_int_equal(ms_export_metric_find(&metric, ms_export_metric_names[i], &err), MS_OK);
		assert_ptr_equal(metric, &ms_export_metrics[i]);
		assert_true(!metric->of_site != !metric->of_leak);
	}
	assert_null(ms_export_metric_names[ms_export_metric_count]);
	assert_int_equal(ms_export_metric_find(&metric, NULL, &err), MS_OK);
	assert_string_equal(metric->name, "peak");
	assert_int_equal(ms_export_metric_find(&metric, "nonsense", &err), MS_E_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_well_formed),
		cmocka_unit_test(unknown_names_are_refused),
		cmocka_unit_test(the_check_refuses),
		cmocka_unit_test(metrics_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
