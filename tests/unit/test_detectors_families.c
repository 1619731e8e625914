/* test_detectors_families.c - frees of the wrong family or size, and those that are right. */
#include "analyze/free_rules.h"
#include "detectors_fixture.h"

/* The referee: for each allocation the frees that are right, by name. */
static const struct {
	uint8_t birth;
	const char *right;
} rules[] = {
	{MS_EV_MALLOC, "free realloc-free realloc-zero free_sized"},
	{MS_EV_CALLOC, "free realloc-free realloc-zero free_sized"},
	{MS_EV_REALLOC_NEW, "free realloc-free realloc-zero free_sized"},
	{MS_EV_POSIX_MEMALIGN, "free realloc-free realloc-zero"},
	{MS_EV_ALIGNED_ALLOC, "free realloc-free realloc-zero free_aligned_sized"},
	{MS_EV_MEMALIGN, "free realloc-free realloc-zero"},
	{MS_EV_VALLOC, "free realloc-free realloc-zero"},
	{MS_EV_PVALLOC, "free realloc-free realloc-zero"},
	{MS_EV_NEW, "delete delete-sized"},
	{MS_EV_NEW_ARRAY, "delete[] delete[]-sized"},
	{MS_EV_NEW_ALIGNED, "delete-aligned delete-sized-aligned"},
	{MS_EV_NEW_ARRAY_ALIGNED, "delete[]-aligned delete[]-sized-aligned"},
};

static bool is_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = words; (s = strstr(s, word)); s += n)
		if ((s == words || s[-1] == ' ') && (s[n] == ' ' || !s[n]))
			return true;
	return false;
}

static void test_families(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		for (unsigned kind = MS_EV_FREE; kind <= MS_EV_FREE_ALIGNED_SIZED; kind++) {
			bool right = is_word(rules[i].right, ms_event_kinds[kind].name);
			uint64_t a = small_trace_alloc(&t, rules[i].birth, 1, 2, 40);

			small_trace_event(&t, &(struct ms_event){.kind = (uint8_t)kind, .thread = 1, .block = a, .size_bytes = 40,
			                                         .address = 0x10000 * a, .arg = {ms_free_has_size[kind] ? 40 : 4}});
			finish();
			if (right != (report.findings.count == 0))
				fail_msg("%s of %s", ms_event_kinds[kind].name, ms_event_kinds[rules[i].birth].name);
			if (!right) {
				const struct ms_finding *f = only("mismatched-free");

				assert_int_equal(f->cwe, 762);
				assert_int_equal(f->certainty, MS_CERTAIN);
				assert_int_equal(f->block.id, a);
				assert_int_equal(f->block.address, 0x10000 * a);
				assert_int_equal(f->block.birth_kind, rules[i].birth);
				assert_int_equal(f->free_call, kind);
			}
			assert_int_equal(detector("mismatched-free")->checked, 1);
			ms_report_free(&report);
			restart(&(struct ms_process){0});
		}
	}
}

static void test_sizes(void **state)
{
	uint64_t a = small_trace_alloc(&t, MS_EV_NEW, 1, 2, 24), b = small_trace_alloc(&t, MS_EV_NEW, 1, 2, 16);
	const struct ms_finding *f;

	(void)state;
	for (int i = 0; i < 2; i++)
		small_trace_event(&t, &(struct ms_event){.kind = MS_EV_DELETE_SIZED, .thread = 1, .block = i ? b : a,
		                                         .size_bytes = i ? 16 : 24, .address = 0x10000 * (i ? b : a), .arg = {16}});
	finish();
	f = only("size-mismatched-free");
	assert_string_equal(f->message, "operator delete with size 16 of a 24-byte block");
	assert_int_equal(f->cwe, 763);
	assert_int_equal(f->block.id, a);
	assert_int_equal(detector("mismatched-free")->found, 1);
	assert_int_equal(detector("mismatched-free")->checked, 2);
}

static void test_mismatches_merge(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		small_trace_free_block(&t, MS_EV_FREE, 1, small_trace_alloc(&t, MS_EV_NEW_ARRAY, 1, 2, 24));
	finish();
	assert_int_equal(only("mismatched-free")->count, 50);
	assert_int_equal(report.findings.list[0].last_ns, 1000);
	assert_string_equal(report.findings.list[0].message,
	                    "free of a 24-byte block that operator new[] allocated: it wants operator delete[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_families), TEST(test_sizes), TEST(test_mismatches_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
