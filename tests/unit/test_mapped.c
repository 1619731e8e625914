/* What the program has mapped itself, against a map of pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "analyze/mapped.h"

#define PAGES 600u
#define PAGE UINT64_C(4096)
#define BASE (UINT64_C(0x7f0000000000))

static uint32_t state_ = 7;

static uint32_t below(uint32_t n)
{
	state_ = state_ * 1103515245u + 12345u;
	return (state_ >> 8) % n;
}

static void set(bool *pages, uint32_t first, uint32_t n, bool value)
{
	for (uint32_t i = first; i < first + n && i < PAGES; i++)
		pages[i] = value;
}

static void check(const struct ms_mapped *m, const bool *pages)
{
	uint64_t sum = 0;
	size_t count = 0;

	for (uint32_t i = 0; i < PAGES; i++)
		count += pages[i];
	for (size_t k = 0; k < m->count; k++) {
		assert_true(m->ranges[k].start < m->ranges[k].end);
		assert_true(k == 0 || m->ranges[k - 1].end <= m->ranges[k].start);
		for (uint64_t a = m->ranges[k].start; a < m->ranges[k].end; a += PAGE)
			assert_true(pages[(a - BASE) / PAGE]);
		sum += m->ranges[k].end - m->ranges[k].start;
	}
	assert_int_equal(sum, count * PAGE);
	assert_false(m->cut);
}

static void random_calls(void **unused)
{
	static bool pages[PAGES];
	struct ms_mapped m;
	struct ms_error err;

	(void)unused;
	assert_int_equal(ms_mapped_open(&m, &err), MS_OK);
	for (int step = 0; step < 20000; step++) {
		uint32_t first = below(PAGES - 20), n = 1 + below(20), old = below(PAGES - 20), old_n = 1 + below(20);
		uint64_t address = BASE + first * PAGE, bytes = n * PAGE - below(4096);

		switch (below(8)) {
		case 0: case 1: case 2:
			ms_mapped_follow(&m, MS_EV_MMAP, address, bytes, (const uint64_t[2]){3, MAP_PRIVATE | MAP_ANONYMOUS});
			set(pages, first, n, true);
			break;
		case 3: /* of a file */
			ms_mapped_follow(&m, MS_EV_MMAP, address, bytes, (const uint64_t[2]){3, MAP_PRIVATE});
			set(pages, first, n, false);
			break;
		case 4: case 5:
			ms_mapped_follow(&m, MS_EV_MUNMAP, address, bytes, (const uint64_t[2]){0, 0});
			set(pages, first, n, false);
			break;
		case 6: {
			bool was = false;

			for (uint32_t i = old; i < old + old_n; i++)
				was |= pages[i];
			ms_mapped_follow(&m, MS_EV_MREMAP, address, bytes, (const uint64_t[2]){BASE + old * PAGE, old_n * PAGE});
			set(pages, old, old_n, false);
			set(pages, first, n, was);
			break;
		}
		default:
			if (below(200) == 0) {
				ms_mapped_follow(&m, MS_EV_IMAGE_START, 0, 0, (const uint64_t[2]){0, 0});
				set(pages, 0, PAGES, false);
			}
		}
		check(&m, pages);
	}
	ms_mapped_close(&m);
}

/* More than there is room for, and sizes that reach over the end of the address space. */
static void limits(void **unused)
{
	const uint64_t anonymous[2] = {3, MAP_PRIVATE | MAP_ANONYMOUS};
	struct ms_mapped m;
	struct ms_error err;

	(void)unused;
	assert_int_equal(ms_mapped_open(&m, &err), MS_OK);
	for (uint64_t i = 0; i < MS_MAPPED_RANGES + 10; i++)
		ms_mapped_follow(&m, MS_EV_MMAP, BASE + 2 * i * PAGE, PAGE, anonymous);
	assert_int_equal(m.count, MS_MAPPED_RANGES);
	assert_true(m.cut);
	ms_mapped_follow(&m, MS_EV_MUNMAP, 0, UINT64_MAX, anonymous);
	assert_int_equal(m.count, 0);
	ms_mapped_follow(&m, MS_EV_MMAP, UINT64_MAX - 5000, UINT64_MAX, anonymous);
	assert_int_equal(m.count, 1);
	assert_int_equal(m.ranges[0].end, UINT64_MAX);
	for (uint64_t i = 0; i < MS_MAPPED_RANGES - 1; i++)
		ms_mapped_follow(&m, MS_EV_MMAP, BASE + 4 * i * PAGE, 3 * PAGE, anonymous);
	assert_int_equal(m.count, MS_MAPPED_RANGES);
	m.cut = false;
	ms_mapped_follow(&m, MS_EV_MUNMAP, BASE + PAGE, PAGE, anonymous); /* one too many */
	assert_int_equal(m.count, MS_MAPPED_RANGES);
	assert_true(m.cut);
	ms_mapped_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_calls), cmocka_unit_test(limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
