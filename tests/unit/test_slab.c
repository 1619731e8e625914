/*
 * The slab pool and the malloc family over it: where blocks lie, what is found of every byte, which damage and which frees
 * become evidence and what the evidence says, the quarantine, counts.
 */
#include "slab_fixture.h"

static void test_every_size(void **state)
{
	static const size_t aligns[] = {1, 16, 32, 128, 1024, 4096};

	(void)state;
	for (size_t bytes = 0; bytes <= 5000; bytes += bytes < 600 ? 1 : 13) {
		for (size_t a = 0; a < sizeof(aligns) / sizeof(aligns[0]); a++) {
			uint8_t *p = aligns[a] == 1 ? new_block(bytes) : new_aligned(aligns[a], bytes);
			struct guard_block found;

			assert_non_null(p);
			assert_true(guard_covers((uintptr_t)p));
			assert_int_equal((uintptr_t)p % (aligns[a] < 16 ? 16 : aligns[a]), 0);
			for (size_t i = 1; i <= SLAB_FRONT; i++)
				assert_int_equal(p[-(ptrdiff_t)i], GUARD_CANARY);
			for (size_t i = 0; i < 15; i++)
				assert_int_equal(p[bytes + i], GUARD_CANARY);
			for (ptrdiff_t i = -(ptrdiff_t)SLAB_FRONT; i < (ptrdiff_t)(bytes + slab_tail(bytes)); i++) {
				assert_true(guard_find((uintptr_t)(p + i), &found));
				assert_true(found.start == (uintptr_t)p);
				assert_int_equal(found.bytes, bytes);
				assert_false(found.freed);
			}
			assert_int_equal(guard_usable_size(p), bytes);
			memset(p, 0, bytes);
			end_block(p);
			assert_true(guard_find((uintptr_t)p, &found));
			assert_true(found.freed && found.start == (uintptr_t)p && found.bytes == bytes);
			for (size_t i = 0; i < bytes && i < SLAB_POISON_BYTES; i++)
				assert_int_equal(p[i], GUARD_POISON);
		}
		if (bytes % 16 == 0)
			assert_int_equal(no_evidence(), 0);
	}
	assert_int_equal(no_evidence(), 0);
}

/* A block knows how far in its slot it starts; where that is too far to say there is none. */
static void test_large_alignments(void **state)
{
	(void)state;
	for (size_t align = 4096; align <= 32768; align *= 2) {
		void *p = guard_slab.allocate(1, align);
		struct guard_block found;

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % align, 0);
		assert_true(guard_find((uintptr_t)p, &found));
		assert_true(found.start == (uintptr_t)p && !found.freed);
		assert_int_equal(guard_slab.release(p, MS_CHECK_FREE, NULL), GUARD_TAKEN);
	}
	for (size_t align = 65536; align <= (size_t)1 << 40; align *= 2)
		assert_null(guard_slab.allocate(1, align));
	assert_int_equal(no_evidence(), 0);
}

/* The redzone behind a block ends with a 0, and the next slot begins there. */
static void test_strings_stop(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes < 3000; bytes++) {
		uint8_t *p = new_block(bytes);
		struct slab_slot slot = slot_at(p);

		memset(p, 'x', bytes);
		assert_true(strlen((char *)p) == slot.start + slot.bytes - 1 - (uintptr_t)p);
		end_block(p);
		if (bytes % 100 == 0)
			assert_int_equal(no_evidence(), 0);
	}
}

static void test_damage_at_each_byte(void **state)
{
	const struct mini_entry *e;

	(void)state;
	for (size_t bytes = 0; bytes <= 400; bytes += bytes < 40 ? 1 : 37) {
		for (ptrdiff_t i = -(ptrdiff_t)SLAB_FRONT; i < (ptrdiff_t)(bytes + slab_tail(bytes)); i++) {
			uint8_t *p = new_block(bytes);

			if (i == 0)
				i = (ptrdiff_t)bytes;
			p[i] ^= 0x41;
			end_block(p);
			assert_int_equal(evidence(&e), 1);
			is_damage(e, (uintptr_t)(p + i), 1, GUARD_CANARY, MS_CHECK_FREE, p, bytes);
			assert_false(e->evidence.freed);
			assert_true(e->seen[0] == (GUARD_CANARY ^ 0x41) || e->seen[0] == 0x41);
			assert_int_not_equal(e->evidence.node, 0);
		}
	}
}

static void test_both_sides_and_repair(void **state)
{
	const struct mini_entry *e;
	uint8_t *p = new_block(100);

	(void)state;
	p[-5] = 1;
	p[-3] = 2;
	p[100] = 3;
	p[103] = 4;
	guard_check(MS_CHECK_REQUEST, NULL);
	assert_int_equal(evidence(&e), 2);
	is_damage(e, (uintptr_t)(p - 5), 3, GUARD_CANARY, MS_CHECK_REQUEST, p, 100);
	assert_int_equal(e->seen[0], 1);
	assert_int_equal(e->seen[1], GUARD_CANARY);
	assert_int_equal(e->seen[2], 2);
	for (e++; e->kind != MS_EV_EVIDENCE; e++)
		;
	is_damage(e, (uintptr_t)(p + 100), 4, GUARD_CANARY, MS_CHECK_REQUEST, p, 100);
	assert_int_equal(e->evidence.node, 0);
	guard_check(MS_CHECK_REQUEST, NULL);
	end_block(p);
	assert_int_equal(no_evidence(), 0);
}

/* Two blocks side by side, of which the first runs over into the redzone before the second. */
static void neighbours(uint8_t **left, uint8_t **right, size_t bytes)
{
	struct slab_slot slot;
	struct guard_block next;

	for (;;) {
		*left = new_block(bytes);
		slot = slot_at(*left);
		for (unsigned i = 0; i < 200; i++) {
			*right = new_block(bytes);
			if ((uintptr_t)*right == (uintptr_t)*left + slot.bytes)
				return;
		}
		assert_true(!guard_find((uintptr_t)*left + slot.bytes, &next) || next.start != (uintptr_t)*left);
	}
}

static void test_overflow_into_the_next(void **state)
{
	(void)state;
	for (int order = 0; order < 2; order++) {
		const struct mini_entry *e;
		uint8_t *left, *right;
		size_t run;

		neighbours(&left, &right, 50);
		run = (size_t)(right - left) - 50 - 8;
		assert_int_equal(no_evidence(), 0);
		memset(left + 50, 'x', run);
		end_block(order == 0 ? right : left);
		assert_int_equal(evidence(&e), 1);
		is_damage(e, (uintptr_t)(left + 50), run, GUARD_CANARY, MS_CHECK_FREE, left, 50);
		for (size_t i = 0; i < run && i < MS_EVIDENCE_BYTES; i++)
			assert_int_equal(e->seen[i], 'x');
		end_block(order == 0 ? left : right);
		assert_int_equal(no_evidence(), 0);
	}
}

static void test_underflow_is_its_own(void **state)
{
	const struct mini_entry *e;
	uint8_t *left, *right;

	(void)state;
	neighbours(&left, &right, 50);
	assert_int_equal(no_evidence(), 0);
	memset(right - 32, 'x', 8);
	end_block(left);
	assert_int_equal(no_evidence(), 0);
	end_block(right);
	assert_int_equal(evidence(&e), 1);
	is_damage(e, (uintptr_t)(right - 32), 8, GUARD_CANARY, MS_CHECK_FREE, right, 50);
}

static void test_use_after_free(void **state)
{
	static const size_t sizes[] = {1, 3, 15, 16, 17, 100, 1024, 3000};

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		size_t last = sizes[s] < SLAB_POISON_BYTES ? sizes[s] - 1 : SLAB_POISON_BYTES - 1;
		const struct mini_entry *e;
		uint8_t *p = new_block(sizes[s]), *q = new_block(sizes[s]);

		end_block(p);
		end_block(q);
		assert_int_equal(no_evidence(), 0);
		p[last] = 7;
		guard_check(MS_CHECK_INTERVAL, NULL);
		assert_int_equal(evidence(&e), 1);
		is_damage(e, (uintptr_t)(p + last), 1, GUARD_POISON, MS_CHECK_INTERVAL, p, sizes[s]);
		assert_int_equal(e->evidence.freed, 1);
		q[0] = 8;
		for (unsigned i = 0, found = 0; found == 0; i++) {
			assert_true(i < 2000);
			end_block(new_block(3500));
			found = evidence(&e) != 0;
		}
		is_damage(e, (uintptr_t)q, 1, GUARD_POISON, MS_CHECK_EVICTION, q, sizes[s]);
	}
}

static void test_last_good(void **state)
{
	const struct mini_entry *e;
	uint8_t *old = new_block(24), *young;
	uint64_t before, after;

	(void)state;
	before = ms_ticks();
	guard_check(MS_CHECK_REQUEST, NULL);
	after = ms_ticks();
	young = new_block(24);
	old[24] = 1;
	young[24] = 1;
	end_block(young);
	assert_int_equal(evidence(&e), 1);
	assert_true(e->evidence.last_good_ticks == 0);
	end_block(old);
	assert_int_equal(evidence(&e), 1);
	assert_true(e->evidence.last_good_ticks >= before && e->evidence.last_good_ticks <= after);
}

static int global[64];

static void test_refused_frees(void **state)
{
	struct {
		void *pointer;
		uint64_t block, bytes;
		int freed;
	} cases[5] = {{0}};
	const struct mini_entry *e;
	uint64_t on_stack[8] = {0};
	uint8_t *p = new_block(40), *q = new_block(40);

	(void)state;
	end_block(q);
	cases[0].pointer = p + 16, cases[0].block = (uintptr_t)p, cases[0].bytes = 40;
	cases[1].pointer = q, cases[1].block = (uintptr_t)q, cases[1].bytes = 40, cases[1].freed = 1;
	cases[2].pointer = &global[4];
	cases[3].pointer = (void *)((uintptr_t)&on_stack[2] & ~(uintptr_t)15);
	cases[4].pointer = (void *)(uintptr_t)0xdead0;
	for (unsigned i = 0; i < 5; i++) {
		for (int with_realloc = 0; with_realloc < 3; with_realloc++) {
			uint8_t *fresh = NULL;

			no_evidence();
			if (with_realloc == 0) {
				end_block(cases[i].pointer);
			} else {
				fresh = new_size(cases[i].pointer, with_realloc == 1 ? 99 : 0);
				assert_true((fresh != NULL) == (with_realloc == 1));
			}
			assert_int_equal(evidence(&e), with_realloc < 2 ? 1 : e != NULL);
			if (e == NULL)
				continue; /* the two reallocs come from one place: the second is dropped as repeated */
			assert_int_equal(e->evidence.kind, MS_EVIDENCE_REFUSED_FREE);
			assert_int_equal(e->evidence.check, with_realloc ? MS_CHECK_REALLOC : MS_CHECK_FREE);
			assert_true(e->evidence.address == (uintptr_t)cases[i].pointer);
			assert_true(e->evidence.block_address == cases[i].block);
			assert_int_equal(e->evidence.block_bytes, cases[i].bytes);
			assert_int_equal(e->evidence.freed, cases[i].freed);
			assert_int_not_equal(e->evidence.node, 0);
			if (fresh != NULL) {
				assert_int_equal(guard_usable_size(fresh), 99);
				end_block(fresh);
			}
		}
	}
	no_evidence();
	end_block(p);
	assert_int_equal(no_evidence(), 0);
}

/* Blocks of the allocator below: from before, and those that no pool takes. */
static void test_foreign_blocks(void **state)
{
	void *before = guard_under.malloc(100), *large[300];

	(void)state;
	for (int i = 0; i < 300; i++) {
		large[i] = guard_under.malloc(1u << (i % 20));
		guard_foreign_add(large[i]);
	}
	for (int i = 0; i < 300; i += 2)
		assert_non_null(large[i] = new_size(large[i], 3000));
	for (int i = 299; i >= 0; i--)
		end_block(large[i]);
	end_block(before);
	end_block(NULL);
	assert_int_equal(no_evidence(), 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* their allocators end the program */
	errno = 0;
	assert_null(new_block(SIZE_MAX / 2 + 5));
	assert_int_equal(errno, ENOMEM);
	assert_null(ms_hook_calloc(&ms_real, SIZE_MAX, 16, HERE));
#endif
}

static void test_calloc_is_zero(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		size_t bytes = i * 7 % 3000;
		uint8_t *p = ms_hook_calloc(&ms_real, bytes, 1, HERE);

		for (size_t k = 0; k < bytes; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xff, bytes);
		end_block(p);
		if (i % 256 == 0)
			no_evidence();
	}
	assert_int_equal(no_evidence(), 0);
}

static void test_new_size(void **state)
{
	const struct mini_entry *e;
	size_t bytes = 1;
	uint8_t *p = new_size(NULL, bytes);

	(void)state;
	p[0] = 1;
	for (unsigned i = 0; i < 3000; i++) {
		size_t wanted = (i * 2654435761u >> 7) % 2000 + 1;
		size_t kept = wanted < bytes ? wanted : bytes;

		memset(p, (int)(i & 0x7f), bytes);
		p = new_size(p, wanted);
		assert_int_equal(guard_usable_size(p), wanted);
		for (size_t k = 0; k < kept; k++)
			assert_int_equal(p[k], i & 0x7f);
		bytes = wanted;
		if (i % 64 == 0)
			assert_int_equal(no_evidence(), 0);
	}
	/* In place: the end is exact again. */
	p = new_size(p, 60);
	assert_true(new_size(p, 58) == p);
	p[58] = 1;
	p = new_size(p, 60);
	assert_int_equal(evidence(&e), 1);
	is_damage(e, (uintptr_t)(p + 58), 1, GUARD_CANARY, MS_CHECK_REALLOC, p, 58);
	end_block(p);
	assert_int_equal(no_evidence(), 0);
}

/* What is freed first comes back first, and not before about the limit has been freed after it. */
static void test_quarantine(void **state)
{
	enum { BLOCKS = 4000 };
	static void *freed[BLOCKS], *again[3 * BLOCKS];
	struct guard_block found;
	size_t held = 0;

	(void)state;
	renew_quarantine();
	for (unsigned i = 0; i < BLOCKS; i++)
		freed[i] = new_block(1000);
	for (unsigned i = 0; i < BLOCKS; i++) {
		end_block(freed[i]);
		if (i % 256 == 0)
			no_evidence();
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		struct slab_slot slot = slot_at(freed[i]);

		if (slab_state(atomic_load(slot.word)) == SLAB_FREED) {
			held += slot.bytes;
			/* All that were freed later are held, too. */
			for (unsigned k = i; k < BLOCKS && k < i + 3; k++) {
				assert_int_equal(slab_state(atomic_load(slot_at(freed[k]).word)), SLAB_FREED);
			}
		}
	}
	assert_true(held > QUARANTINE / 2 && held <= QUARANTINE + (256u << 10));
	for (unsigned i = 0; i < 3 * BLOCKS; i++) {
		again[i] = new_block(1000);
		assert_true(guard_find((uintptr_t)again[i], &found) && !found.freed);
	}
	for (unsigned i = 0; i < 3 * BLOCKS; i++) {
		end_block(again[i]);
		if (i % 256 == 0)
			assert_int_equal(no_evidence(), 0);
	}
}

static void test_counts(void **state)
{
	uint64_t blocks, checks;

	(void)state;
	guard_check(MS_CHECK_REQUEST, NULL);
	slab_counts(&blocks, &checks);
	assert_true(atomic_load(&arena.header->guard_canary_blocks) == blocks);
	assert_true(atomic_load(&arena.header->guard_checks) >= checks);
	end_block(new_block(10));
	guard_check(MS_CHECK_REQUEST, NULL);
	assert_true(atomic_load(&arena.header->guard_canary_blocks) == blocks + 1);
	no_evidence();
}

/* What is dropped is a repetition: another sort of error of the same block still comes through. */
static void repetitions_hide_nothing_else(void **state)
{
	struct ms_evidence_entry e = {.kind = MS_EVIDENCE_BOUNDS, .access = MS_ACCESS_WRITE, .address = 0x5028, .length_bytes = 1,
	                              .block_address = 0x5000, .block_bytes = 40};
	uint64_t dropped = atomic_load(&arena.header->guard_dropped);
	const struct mini_entry *first;
	struct ms_caller at[40];
	size_t published = 0;

	(void)state;
	(void)no_evidence();
	for (unsigned i = 0; i < 40; i++) {
		at[i] = (struct ms_caller){.fp = (uintptr_t)__builtin_frame_address(0), .pc = (uintptr_t)repetitions_hide_nothing_else + i};
		guard_evidence(&e, NULL, NULL, &at[i]);
	}
	published = evidence(&first);
	assert_in_range(published, 1, 39);
	assert_int_equal(atomic_load(&arena.header->guard_dropped) - dropped, 40 - published);

	for (unsigned sort = 0; sort < 4; sort++) {
		struct ms_evidence_entry other = e;

		if (sort == 0)
			other.freed = 1;
		if (sort == 1)
			other.access = MS_ACCESS_READ;
		if (sort == 2)
			other.address = 0x4ff8;
		if (sort == 3)
			other.kind = MS_EVIDENCE_REFUSED_FREE;
		guard_evidence(&other, NULL, NULL, &at[0]);
		assert_int_equal(evidence(&first), 1);
		assert_int_equal(first->evidence.kind, other.kind);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_large_alignments),
		cmocka_unit_test(test_strings_stop),
		cmocka_unit_test(test_damage_at_each_byte),
		cmocka_unit_test(test_both_sides_and_repair),
		cmocka_unit_test(test_overflow_into_the_next),
		cmocka_unit_test(test_underflow_is_its_own),
		cmocka_unit_test(test_use_after_free),
		cmocka_unit_test(test_last_good),
		cmocka_unit_test(test_refused_frees),
		cmocka_unit_test(test_foreign_blocks),
		cmocka_unit_test(test_calloc_is_zero),
		cmocka_unit_test(test_new_size),
		cmocka_unit_test(test_quarantine),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(repetitions_hide_nothing_else),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
