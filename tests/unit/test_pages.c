/*
 * Pages of their own for blocks: sides, alignments, sizes, slack, whose byte an address is, closed pages, order of reuse, limits,
 * fork; on each kind of ground that this kernel has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the above */
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooks_fixture.h"
#include "record/preload/guard/guard.h"
#include "record/preload/guard/page_chunks.h"
#include "record/preload/guard/pages.h"

#define SPAN (UINT64_C(1) << 32)

static struct mini_arena arena;
static struct mini_entries entries;
static uint64_t range;

static void start_in(struct ms_guard_config config, enum ground_kind best, uint64_t span)
{
	struct mini_options options = {.ring_words = 1u << 16};
	void *at;

	fixture_attach(&arena, &options);
	at = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(at != MAP_FAILED);
	range = (uintptr_t)at;
	guard_low = range;
	guard_span = span;
	guard_pages_best = best;
	assert_true(guard_pages.start(range, span, &config));
	entries = (struct mini_entries){0};
}

static void start(enum ms_guard_side side, enum ground_kind best)
{
	start_in((struct ms_guard_config){.mode = MS_GUARD_FULL, .side = (uint8_t)side}, best, SPAN);
}

static void stop(void)
{
	munmap(page_pool.chunk, page_pool.chunks * sizeof(struct chunk));
	munmap(page_pool.slot, (uint64_t)page_pool.chunks * CHUNK_SLOTS * sizeof(struct slot));
	munmap((void *)(uintptr_t)range, guard_span);
	guard_span = 0;
	mini_free(&entries);
	fixture_detach(&arena);
}

/* The evidence since the last call. */
static size_t drain(void)
{
	size_t kept = 0;

	entries.count = 0;
	fixture_drain(&arena, &entries);
	for (size_t i = 0; i < entries.count; i++)
		if (entries.at[i].kind == MS_EV_EVIDENCE)
			entries.at[kept++] = entries.at[i];
	entries.count = kept;
	return kept;
}

/* ---- is a byte accessible? -------------------------------------------------------------------------------------- */

static sigjmp_buf probe_jump;

static void on_fault(int number)
{
	siglongjmp(probe_jump, number);
}

static bool accessible(uint64_t address)
{
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER}, segv, bus;
	volatile bool can = false;

	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	if (sigsetjmp(probe_jump, 1) == 0) {
		*(volatile char *)address;
		can = true;
	}
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return can;
}

static enum guard_verdict release(void *p)
{
	return guard_pages.release(p, MS_CHECK_FREE, HERE);
}

static const enum ground_kind kinds[] = {GROUND_PROTECT, GROUND_MARKERS, GROUND_MOVED};
#define EACH_KIND(kind) for (const enum ground_kind *kind = kinds; kind < kinds + 3; kind++)

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static uint64_t alignment_of(uint64_t bytes)
{
	return bytes % 16 == 0 ? 16 : bytes % 8 == 0 ? 8 : bytes % 4 == 0 ? 4 : bytes % 2 == 0 ? 2 : 1;
}

static void check_ends(uint64_t bytes)
{
	uint8_t *p = guard_pages.allocate(bytes, 1);
	uint64_t at = (uintptr_t)p;

	assert_non_null(p);
	assert_int_equal(at % alignment_of(bytes), 0);
	assert_int_equal((at + bytes) % 4096, 0);
	memset(p, 0x5a, bytes);
	assert_false(accessible(at + bytes));
	assert_false(accessible(at + bytes + 4095));
	if (bytes % 4096 != 0)
		assert_true(accessible(at - 1)); /* slack */
	assert_false(accessible((at & ~UINT64_C(4095)) - 1));
	assert_int_equal(release(p), GUARD_TAKEN);
	assert_false(accessible(at));
	assert_false(accessible(at + bytes - 1));
}

static void block_ends_at_a_page(void **state)
{
	(void)state;
	EACH_KIND(kind)
	{
		start(MS_SIDE_END, *kind);
		for (uint64_t bytes = 1; bytes <= 20000; bytes += bytes < 70 ? 1 : 37)
			check_ends(bytes);
		for (uint64_t bytes = 4080; bytes <= 4112; bytes++)
			check_ends(bytes);
		check_ends(600000); /* a chunk of its own */
		check_ends(UINT64_C(9) << 20);
		assert_int_equal(drain(), 0);
		stop();
	}
}

static void block_starts_at_a_page(void **state)
{
	(void)state;
	EACH_KIND(kind)
	{
		start(MS_SIDE_START, *kind);
		for (uint64_t bytes = 1; bytes <= 20000; bytes += bytes < 70 ? 1 : 37) {
			uint8_t *p = guard_pages.allocate(bytes, 1);
			uint64_t at = (uintptr_t)p;

			assert_non_null(p);
			assert_int_equal(at % 4096, 0);
			memset(p, 0x5a, bytes);
			assert_false(accessible(at - 1));
			assert_false(accessible(at - 4096));
			assert_false(accessible((at + bytes + 4095) & ~UINT64_C(4095)));
			assert_int_equal(release(p), GUARD_TAKEN);
			assert_false(accessible(at));
		}
		assert_int_equal(drain(), 0);
		stop();
	}
}

static void sides_alternate(void **state)
{
	unsigned starts = 0;

	(void)state;
	start(MS_SIDE_ALTERNATE, GROUND_MOVED);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t at = (uintptr_t)guard_pages.allocate(100, 1);

		assert_true(at % 4096 == 0 || (at + 100) % 4096 == 0);
		starts += at % 4096 == 0;
	}
	assert_int_equal(starts, 50);
	stop();
}

static void alignment_as_asked(void **state)
{
	struct ms_guard_config config = {.mode = MS_GUARD_FULL, .min_align = 8};

	(void)state;
	EACH_KIND(kind)
	{
		start_in(config, *kind, SPAN);
		assert_int_equal((uintptr_t)guard_pages.allocate(3, 1) % 8, 0);
		for (uint64_t align = 1; align <= 65536; align *= 2)
			for (uint64_t bytes = 1; bytes < 10000; bytes += 1234) {
				uint8_t *p = guard_pages.allocate(bytes, align);
				struct guard_block block;

				assert_non_null(p);
				assert_int_equal((uintptr_t)p % align, 0);
				memset(p, 1, bytes);
				assert_true(guard_pages.find((uintptr_t)p + bytes, &block));
				assert_int_equal(block.start, (uintptr_t)p);
				assert_int_equal(release(p), GUARD_TAKEN);
			}
		assert_int_equal(drain(), 0);
		stop();
	}
}

static void block_of_nothing(void **state)
{
	(void)state;
	for (unsigned side = 0; side < 2; side++)
		EACH_KIND(kind)
		{
			struct guard_block block;
			void *last = NULL;

			start((enum ms_guard_side)side, *kind);
			for (unsigned i = 0; i < 600; i++) { /* also in slots that a freed block has left */
				void *p = guard_pages.allocate(0, 1), *filler = guard_pages.allocate(10, 1);

				assert_non_null(p);
				assert_ptr_not_equal(p, last);
				assert_false(accessible((uintptr_t)p));
				assert_false(accessible((uintptr_t)p - 1));
				assert_true(guard_pages.find((uintptr_t)p, &block));
				assert_int_equal(block.start, (uintptr_t)p);
				assert_int_equal(block.bytes, 0);
				assert_int_equal(release(p), GUARD_TAKEN);
				assert_int_equal(release(p), GUARD_DOUBLE);
				assert_int_equal(release(filler), GUARD_TAKEN);
				last = p;
			}
			stop();
		}
}

/* Every byte of the ground between the first and the last of some blocks: the nearest block, and its state. */
static void find_is_exact(void **state)
{
	uint64_t at[40], bytes[40];

	(void)state;
	for (unsigned side = 0; side < 3; side++)
		EACH_KIND(kind)
		{
			start((enum ms_guard_side)side, *kind);
			for (unsigned i = 0; i < 40; i++) {
				bytes[i] = 1 + i * 97;
				at[i] = (uintptr_t)guard_pages.allocate(bytes[i], 1);
				assert_true(i == 0 || at[i] > at[i - 1]);
			}
			for (unsigned i = 0; i < 40; i += 3)
				assert_int_equal(release((void *)(uintptr_t)at[i]), GUARD_TAKEN);
			for (uint64_t a = at[0] - 4096; a < at[39] + bytes[39] + 4096; a += 13) {
				uint64_t best = UINT64_MAX, distance;
				struct guard_block block;
				unsigned nearest = 0, second = 0;

				for (unsigned i = 0; i < 40; i++) {
					distance = a < at[i] ? at[i] - a : a < at[i] + bytes[i] ? 0 : a - at[i] - bytes[i] + 1;
					if (distance < best) {
						best = distance;
						nearest = second = i;
					} else if (distance == best) {
						second = i;
					}
				}
				assert_true(guard_pages.find(a, &block));
				assert_true(block.start == at[nearest] || block.start == at[second]);
				if (second == nearest) {
					assert_int_equal(block.bytes, bytes[nearest]);
					assert_int_equal(block.freed, nearest % 3 == 0);
				}
			}
			stop();
		}
}

static void wrong_pointers_are_told_apart(void **state)
{
	(void)state;
	start(MS_SIDE_END, GROUND_MOVED);
	char *p = guard_pages.allocate(100, 1);
	struct guard_block block;

	assert_int_equal(release(p + 1), GUARD_INSIDE);
	assert_int_equal(release(p - 1), GUARD_INSIDE);
	assert_int_equal(release((void *)(uintptr_t)(range + SPAN / 2)), GUARD_INSIDE);
	assert_false(guard_pages.find(range + SPAN / 2, &block));
	assert_int_equal(release(p), GUARD_TAKEN);
	assert_int_equal(release(p), GUARD_DOUBLE);
	assert_int_equal(release(p + 1), GUARD_INSIDE);
	stop();
}

static void damage_in_the_slack(void **state)
{
	(void)state;
	EACH_KIND(kind)
	{
		const struct ms_evidence_entry *e;
		uint8_t *p;

		start(MS_SIDE_END, *kind);
		p = guard_pages.allocate(24, 1);
		p[-9] = 1;
		p[-3] = 2;
		guard_pages.check(MS_CHECK_REQUEST, NULL);
		assert_int_equal(drain(), 1);
		e = &entries.at[0].evidence;
		assert_int_equal(e->kind, MS_EVIDENCE_DAMAGE);
		assert_int_equal(e->check, MS_CHECK_REQUEST);
		assert_int_equal(e->address, (uintptr_t)p - 9);
		assert_int_equal(e->length_bytes, 7);
		assert_int_equal(e->expected, GUARD_CANARY);
		assert_int_equal(e->byte_count, 7);
		assert_int_equal(entries.at[0].seen[0], 1);
		assert_int_equal(entries.at[0].seen[1], GUARD_CANARY);
		assert_int_equal(entries.at[0].seen[6], 2);
		assert_int_equal(e->block_address, (uintptr_t)p);
		assert_int_equal(e->block_bytes, 24);
		assert_int_equal(e->last_good_ticks, 0);
		guard_pages.check(MS_CHECK_EXIT, NULL); /* told once */
		release(p);
		assert_int_equal(drain(), 0);

		/* The page goes to another block: nothing of the damage may be left. */
		for (unsigned i = 0; i < 200; i++)
			release(guard_pages.allocate(24, 1));
		assert_int_equal(drain(), 0);

		p = guard_pages.allocate(4099, 16);
		guard_pages.check(MS_CHECK_INTERVAL, NULL);
		p[4099] = 7; /* alignment leaves slack behind the block */
		release(p);
		assert_int_equal(drain(), 1);
		e = &entries.at[0].evidence;
		assert_int_equal(e->check, MS_CHECK_FREE);
		assert_int_equal(e->address, (uintptr_t)p + 4099);
		assert_true(e->last_good_ticks != 0);
		stop();

		start(MS_SIDE_START, *kind);
		p = guard_pages.allocate(10, 1);
		p[10] = 'x';
		guard_pages.release(p, MS_CHECK_REALLOC, HERE);
		assert_int_equal(drain(), 1);
		assert_int_equal(entries.at[0].evidence.check, MS_CHECK_REALLOC);
		assert_int_equal(entries.at[0].evidence.address, (uintptr_t)p + 10);
		stop();
	}
}

static void faults_open_pages(void **state)
{
	(void)state;
	EACH_KIND(kind)
	{
		struct guard_block block;
		char *p, *q;

		start(MS_SIDE_END, *kind);
		p = guard_pages.allocate(100, 1);
		memset(p, 'a', 100);
		assert_int_equal(guard_pages_fault((uintptr_t)p + 100, &block), PAGE_FAULT_REPORT);
		assert_int_equal(block.start, (uintptr_t)p);
		assert_false(block.freed);
		assert_true(block.by_page);
		assert_int_equal(p[100], 0);
		p[101] = 'b';
		assert_int_equal(guard_pages_fault((uintptr_t)p + 105, &block), PAGE_FAULT_OPENED);
		assert_int_equal(p[101], 'b');
		assert_int_equal(release(p), GUARD_TAKEN);

		/* Freed: what was in it, first report, then silence. */
		assert_int_equal(guard_pages_fault((uintptr_t)p + 3, &block), PAGE_FAULT_REPORT);
		assert_true(block.freed);
		for (unsigned i = 0; i < 100; i++)
			assert_int_equal(p[i], 'a');
		p[5] = 'c';
		assert_int_equal(guard_pages_fault((uintptr_t)p + 4, &block), PAGE_FAULT_OPENED);
		assert_int_equal(p[5], 'c');

		/* A large one: every page of it. */
		q = guard_pages.allocate(50000, 1);
		for (unsigned i = 0; i < 50000; i++)
			q[i] = (char)(i * 7);
		assert_int_equal(release(q), GUARD_TAKEN);
		assert_false(accessible((uintptr_t)q + 25000));
		assert_int_equal(guard_pages_fault((uintptr_t)q + 25000, &block), PAGE_FAULT_REPORT);
		for (unsigned i = 0; i < 50000; i++)
			assert_int_equal(q[i], (char)(i * 7));

		assert_int_equal(guard_pages_fault(range + SPAN / 2, &block), PAGE_FAULT_FOREIGN);
		stop();
	}
}

/* A block that is too old to be kept reads zero, or what the pages were filled with. */
static void old_contents_go(void **state)
{
	struct guard_block block;
	char *p;

	(void)state;
	start(MS_SIDE_END, GROUND_MARKERS);
	p = guard_pages.allocate(100, 1);
	memset(p, 'a', 100);
	release(p);
	for (unsigned i = 0; i < 600; i++) {
		char *q = guard_pages.allocate(10000, 1);

		memset(q, 'q', 10000);
		release(q);
	}
	assert_int_equal(guard_pages_fault((uintptr_t)p, &block), PAGE_FAULT_REPORT);
	for (unsigned i = 0; i < 100; i++)
		assert_int_not_equal(p[i], 'q');
	stop();
}

static void addresses_come_back_late(void **state)
{
	(void)state;
	EACH_KIND(kind)
	{
		uint64_t first, last = 0, rounds = 0;
		char *held;

		start_in((struct ms_guard_config){.mode = MS_GUARD_FULL}, *kind, CHUNK_BYTES * 3);
		held = guard_pages.allocate(40, 1);
		memset(held, 'h', 40);
		first = (uintptr_t)guard_pages.allocate(40, 1);
		release((void *)(uintptr_t)first);
		for (unsigned i = 0; i < 5000; i++) {
			char *p = guard_pages.allocate(40, 1);

			assert_non_null(p);
			assert_ptr_not_equal(p, held);
			if ((uintptr_t)p == first && rounds++ == 0)
				assert_int_equal(i, 3 * 511 - 2);
			memset(p, 'x', 40);
			assert_false(accessible((uintptr_t)p + 40));
			assert_true((uintptr_t)p > last || rounds > 0 || i > 511);
			last = (uintptr_t)p;
			release(p);
			assert_false(accessible((uintptr_t)p));
		}
		assert_true(rounds >= 2);
		for (unsigned i = 0; i < 40; i++)
			assert_int_equal(held[i], 'h');
		assert_int_equal(drain(), 0);
		stop();
	}
}

/* A small range, many sizes: chunks change their class, runs come and go; nothing is handed out twice. */
static void random_blocks_in_a_small_range(void **state)
{
	enum { LIVE = 200 };
	static struct {
		uint8_t *p;
		uint32_t bytes;
		uint8_t fill;
	} live[LIVE];
	uint32_t random = 12345, served = 0, refused = 0;

	(void)state;
	EACH_KIND(kind)
	{
		start_in((struct ms_guard_config){.mode = MS_GUARD_FULL, .side = MS_SIDE_ALTERNATE}, *kind, CHUNK_BYTES * 24);
		memset(live, 0, sizeof(live));
		for (unsigned i = 0; i < 30000; i++) {
			unsigned k = (random = random * 1103515245 + 12345) >> 8;
			uint32_t bytes = k % 50 == 0 ? k % 6000000 : k % 5 == 0 ? k % 30000 : k % 300;

			k %= LIVE;
			if (live[k].p != NULL) {
				for (uint32_t j = 0; j < live[k].bytes; j += j < 64 ? 1 : 1777)
					assert_int_equal(live[k].p[j], live[k].fill);
				assert_int_equal(release(live[k].p), GUARD_TAKEN);
			}
			live[k].p = guard_pages.allocate(bytes, 1);
			live[k].bytes = bytes;
			live[k].fill = (uint8_t)i;
			if (live[k].p != NULL)
				memset(live[k].p, live[k].fill, bytes);
			*(live[k].p != NULL ? &served : &refused) += 1;
		}
		assert_int_equal(drain(), 0);
		stop();
	}
	assert_true(served > refused);
}

static void mappings_are_limited(void **state)
{
	void *p[64];
	unsigned got = 0;

	(void)state;
	start(MS_SIDE_END, GROUND_PROTECT);
	ground_limit_mappings(20);
	while (got < 64 && (p[got] = guard_pages.allocate(30, 1)) != NULL)
		got++;
	assert_int_equal(got, 10);
	release(p[0]);
	p[0] = guard_pages.allocate(30, 1);
	assert_non_null(p[0]);
	assert_null(guard_pages.allocate(30, 1));
	stop();
}

static void sampling_takes_one_in_so_many(void **state)
{
	struct ms_guard_config config = {.mode = MS_GUARD_SAMPLE, .sample_rate = 100};
	unsigned wanted = 0;
	void *p;

	(void)state;
	start_in(config, GROUND_MOVED, SPAN);
	for (unsigned i = 0; i < 1000000; i++)
		wanted += guard_pages_wanted(50);
	assert_in_range(wanted, 9000, 11000);
	p = guard_pages.allocate(50, 16);
	assert_non_null(p);
	release(p);
	assert_int_equal(drain(), 1);
	assert_int_equal(entries.at[0].evidence.kind, MS_EVIDENCE_FREED_STACK);
	assert_int_equal(entries.at[0].evidence.block_address, (uintptr_t)p);
	assert_true(entries.at[0].evidence.node != 0);
	/* A sample, not a second heap. */
	unsigned live = 0;
	while (live < 10000 && guard_pages.allocate(50, 16) != NULL)
		live++;
	assert_in_range(live, 4000, 4300);
	stop();

	config.sample_rate = 1;
	start_in(config, GROUND_MOVED, SPAN);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(guard_pages_wanted(1));
	stop();
}

static void pages_are_lent_to_the_kernel(void **state)
{
	(void)state;
	EACH_KIND(kind)
	{
		int ends[2];
		char *p, *q;

		start(MS_SIDE_END, *kind);
		assert_int_equal(pipe(ends), 0);
		p = guard_pages.allocate(10, 1);
		assert_int_equal(write(ends[1], "0123456789", 10), 10);
		assert_int_equal(read(ends[0], p + 10, 10), -1); /* what the plain program would not get */
		guard_open((uintptr_t)p, 4000);
		assert_int_equal(read(ends[0], p, 4000), 10);
		guard_close((uintptr_t)p, 4000);
		assert_memory_equal(p, "0123456789", 10);
		assert_false(accessible((uintptr_t)p + 10));

		/* What the kernel wrote behind the block stays for the program. */
		assert_int_equal(write(ends[1], "0123456789abcdef", 16), 16);
		guard_open((uintptr_t)p, 16);
		assert_int_equal(read(ends[0], p, 16), 16);
		guard_close((uintptr_t)p, 16);
		assert_true(accessible((uintptr_t)p + 10));
		assert_memory_equal(p, "0123456789abcdef", 16);

		/* A freed block is what it was. */
		q = guard_pages.allocate(10, 1);
		memcpy(q, "abcdefghij", 10);
		release(q);
		guard_open((uintptr_t)q, 10);
		assert_int_equal(write(ends[1], q, 10), 10);
		guard_close((uintptr_t)q, 10);
		assert_int_equal(read(ends[0], p, 10), 10);
		assert_memory_equal(p, "abcdefghij", 10);
		close(ends[0]);
		close(ends[1]);
		stop();
	}
}

enum { SHARED = 300, THREADS = 4, ROUNDS = 6000 };
static _Atomic(uint8_t *) shared_blocks[SHARED];
static _Atomic bool threads_end;
static _Atomic uint32_t wrong;

/* A block says in its first bytes how long it is; the rest is its first byte. */
static void *exchange_blocks(void *number)
{
	uint32_t random = 77 + (uint32_t)(uintptr_t)number;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t bytes = 4 + (random = random * 1103515245 + 12345) / 65536 % (i % 64 == 0 ? 9000 : 200);
		uint8_t *p = guard_pages.allocate(bytes, 1), *old;

		if (p != NULL) {
			memset(p, (uint8_t)i, bytes);
			memcpy(p, &bytes, 4);
		}
		old = atomic_exchange(&shared_blocks[random / 256 % SHARED], p);
		if (old == NULL)
			continue;
		memcpy(&bytes, old, 4);
		for (uint32_t k = 5; k < bytes; k++)
			if (old[k] != old[4])
				atomic_fetch_add(&wrong, 1);
		if (guard_pages.release(old, MS_CHECK_FREE, NULL) != GUARD_TAKEN)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void *check_and_find(void *unused)
{
	struct guard_block block;

	while (!atomic_load(&threads_end)) {
		guard_pages.check(MS_CHECK_REQUEST, NULL);
		for (uint64_t at = range; at < range + CHUNK_BYTES * 8; at += 4099)
			guard_pages.find(at, &block);
	}
	return unused;
}

static void threads_free_each_others_blocks(void **state)
{
	pthread_t threads[THREADS], checker;

	(void)state;
	EACH_KIND(kind)
	{
		start_in((struct ms_guard_config){.mode = MS_GUARD_FULL, .side = MS_SIDE_ALTERNATE}, *kind, CHUNK_BYTES * 64);
		atomic_store(&threads_end, false);
		assert_int_equal(pthread_create(&checker, NULL, check_and_find, NULL), 0);
		for (uintptr_t i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, exchange_blocks, (void *)i), 0);
		for (unsigned i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		atomic_store(&threads_end, true);
		pthread_join(checker, NULL);
		for (unsigned i = 0; i < SHARED; i++) {
			uint8_t *left = atomic_exchange(&shared_blocks[i], NULL);

			if (left != NULL)
				assert_int_equal(release(left), GUARD_TAKEN);
		}
		assert_int_equal(wrong, 0);
		assert_int_equal(drain(), 0);
		stop();
	}
}

static int in_child(char *live, char *freed)
{
	struct guard_block block;
	char *p;

	guard_pages.after_fork(true);
	if (memcmp(live, "parent's", 8) != 0 || !guard_pages.find((uintptr_t)freed, &block) || !block.freed)
		return 1;
	if (accessible((uintptr_t)freed) || accessible((uintptr_t)live + 9))
		return 2;
	for (unsigned i = 0; i < 2000; i++) {
		p = guard_pages.allocate(9, 1);
		if (p == NULL)
			return 3;
		memset(p, 'c', 9);
		if (accessible((uintptr_t)p + 9))
			return 4;
		if (release(p) != GUARD_TAKEN || accessible((uintptr_t)p))
			return 5;
	}
	return release(live) == GUARD_TAKEN ? 0 : 6;
}

static void child_goes_on_alone(void **state)
{
	(void)state;
	EACH_KIND(kind)
	{
		char *live, *freed;
		int status;
		pid_t child;

		start(MS_SIDE_END, *kind);
		live = guard_pages.allocate(9, 1);
		strcpy(live, "parent's");
		freed = guard_pages.allocate(9, 1);
		memset(freed, 'f', 9);
		release(freed);
		for (unsigned i = 0; i < 100; i++)
			release(guard_pages.allocate(9, 1));
		guard_pages.before_fork();
		child = fork();
		if (child == 0)
			_exit(in_child(live, freed));
		guard_pages.after_fork(false);
		for (unsigned i = 0; i < 1000; i++) {
			char *p = guard_pages.allocate(9, 1);

			memset(p, 'p', 9);
			assert_int_equal(release(p), GUARD_TAKEN);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_string_equal(live, "parent's");
		assert_int_equal(release(live), GUARD_TAKEN);
		stop();
	}
}

/* The program closes every descriptor: pages that could be moved are closed in another way from then on. */
static void descriptor_is_closed(void **state)
{
	char *live, *p, *before;

	(void)state;
	start(MS_SIDE_END, GROUND_MOVED);
	live = guard_pages.allocate(9, 1);
	strcpy(live, "the same");
	before = guard_pages.allocate(9, 1);
	release(before);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != arena.fd)
			close(fd);
	for (unsigned i = 0; i < 2000; i++) {
		p = guard_pages.allocate(9, 1);
		assert_non_null(p);
		memset(p, 'p', 9);
		assert_int_equal(release(p), GUARD_TAKEN);
		if (i > 600)
			assert_false(accessible((uintptr_t)p));
	}
	assert_false(accessible((uintptr_t)before));
	assert_false(accessible((uintptr_t)live + 9));
	assert_string_equal(live, "the same");
	assert_int_equal(release(live), GUARD_TAKEN);
	assert_int_equal(drain(), 0);
	stop();
	ground_forked(); /* the next test opens it anew */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_ends_at_a_page),
		cmocka_unit_test(block_starts_at_a_page),
		cmocka_unit_test(sides_alternate),
		cmocka_unit_test(alignment_as_asked),
		cmocka_unit_test(block_of_nothing),
		cmocka_unit_test(find_is_exact),
		cmocka_unit_test(wrong_pointers_are_told_apart),
		cmocka_unit_test(damage_in_the_slack),
		cmocka_unit_test(faults_open_pages),
		cmocka_unit_test(old_contents_go),
		cmocka_unit_test(addresses_come_back_late),
		cmocka_unit_test(random_blocks_in_a_small_range),
		cmocka_unit_test(mappings_are_limited),
		cmocka_unit_test(sampling_takes_one_in_so_many),
		cmocka_unit_test(pages_are_lent_to_the_kernel),
		cmocka_unit_test(threads_free_each_others_blocks),
		cmocka_unit_test(child_goes_on_alone),
		cmocka_unit_test(descriptor_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
