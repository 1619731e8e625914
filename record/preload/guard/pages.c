/*
 * pages.c - blocks on pages of their own, between closed ones: full mode, sample mode, large blocks of the canary mode.
 *
 * A block takes a slot of page_chunks.h: at the end of its data pages as far as its alignment allows, or at their start. What is
 * left of the pages that it touches is filled with the canary and checked when the block is freed and in every sweep. Freed: the
 * contents are kept for a while (kept.h), the pages are closed and their memory goes back, or, on GROUND_MOVED, to the slot
 * that this lane hands out some blocks later, so that free and a later malloc are one system call between them.
 *
 * Memory that blocks waste by having pages of their own is limited (wasted_most): beyond it, allocate returns NULL, as it does
 * when the kernel allows no more mappings.
 */
#include <sys/sysinfo.h>

#include "guard_bytes.h"
#include "kept.h"
#include "page_chunks.h"
#include "pages.h"
#include "record/preload/clock.h"
#include "record/preload/raw.h"

#define LANES 64u
#define SAMPLE_LANES 4u
#define SAMPLE_CHUNKS 256u              /* 1 GiB of addresses: a freed slot comes back after some 100,000 others */
#define SAMPLE_LIVE_BYTES (INT64_C(16) << 20) /* 4096 small blocks: a sample, not a second heap */
#define SAMPLE_LARGEST (UINT64_C(512) << 10)
#define MOST_CHUNKS 16384u              /* 64 GiB */
#define READY_AHEAD 64u                 /* open pages that wait in a lane for the next blocks */
#define MIB (UINT64_C(1) << 20)

enum ground_kind guard_pages_best = GROUND_MOVED;

struct lane {
	_Alignas(64) _Atomic uint32_t lock;
	uint32_t toggle;               /* sides in turn, or random */
	uint32_t chunk[SLOT_CLASS_COUNT]; /* number + 1, 0 = none */
	uint32_t next[SLOT_CLASS_COUNT];  /* slot to look at next */
	uint32_t ahead;                /* class 0 on GROUND_MOVED: slots before this one have been looked at for a page */
	uint32_t ready;                /* how many of them wait with one */
	_Atomic uint64_t blocks, checks; /* counters; relaxed */
};
static struct lane lanes[LANES];
static uint32_t lane_count = LANES;

static __thread uint32_t my_lane;      /* number + 1 */
static _Atomic uint32_t next_lane;

static uint8_t side, mode;
static uint32_t min_align, sample_rate;
static _Atomic int64_t wasted_bytes;
static int64_t wasted_most;
static _Atomic uint64_t blocks_told, checks_told;
static char canary_page[GROUND_PAGE] __attribute__((aligned(4096)));

/* ---- lanes ------------------------------------------------------------------------------------------------------ */

static uint32_t lane_number(void)
{
	if (my_lane == 0)
		my_lane = 1 + atomic_fetch_add_explicit(&next_lane, 1, memory_order_relaxed) % lane_count;
	return my_lane - 1;
}

static bool try_lane(struct lane *lane)
{
	return atomic_load_explicit(&lane->lock, memory_order_relaxed) == 0 &&
	       atomic_exchange_explicit(&lane->lock, 1, memory_order_acquire) == 0;
}

/* A lane that nobody uses, our own if possible. NULL: all are taken. */
static struct lane *enter_lane(void)
{
	uint32_t number = lane_number();

	for (uint32_t i = 0; i < lane_count; i++) {
		struct lane *lane = &lanes[(number + i) % lane_count];

		if (try_lane(lane))
			return lane;
	}
	return NULL;
}

static void leave_lane(struct lane *lane)
{
	atomic_store_explicit(&lane->lock, 0, memory_order_release);
}

/* xorshift32; never 0. */
static uint32_t random_step(uint32_t *state)
{
	uint32_t x = *state != 0 ? *state : (uint32_t)ms_ticks() | 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

/* ---- where a block lies ----------------------------------------------------------------------------------------- */

/* Alignment that a type of this size can have at most: malloc's own promise is 16. */
static uint64_t natural_alignment(uint64_t bytes)
{
	uint64_t lowest = bytes & -bytes;

	return lowest == 0 || lowest > 16 ? 16 : lowest;
}

static uint64_t page_floor(uint64_t address)
{
	return address & ~(GROUND_PAGE - 1);
}

static uint64_t page_ceil(uint64_t address)
{
	return page_floor(address + GROUND_PAGE - 1);
}

/* Pages that the block touches: [*low, *high); empty for a block of no bytes. */
static void touched_pages(const struct slot *slot, uint64_t *low, uint64_t *high)
{
	*low = page_floor(slot->start);
	*high = slot->bytes == 0 ? *low : page_ceil(slot->start + slot->bytes);
}

static int64_t waste_of(const struct slot *slot)
{
	uint64_t low, high;

	touched_pages(slot, &low, &high);
	return (int64_t)(high - low - slot->bytes);
}

static bool at_start(struct lane *lane)
{
	if (mode == MS_GUARD_SAMPLE)
		return (random_step(&lane->toggle) & 1) != 0;
	return side == MS_SIDE_START || (side == MS_SIDE_ALTERNATE && (lane->toggle++ & 1) != 0);
}

/* ---- allocate --------------------------------------------------------------------------------------------------- */

static bool give_up_slot(struct slot *slot, uint32_t old)
{
	atomic_store_explicit(&slot->state, old, memory_order_release);
	return false;
}

/* The slot is BUSY, its state was old: its pages become what the block needs. */
static bool open_slot(uint32_t chunk, uint32_t index, uint32_t old, uint64_t start, uint64_t bytes)
{
	struct slot *slot = slot_at(chunk, index);
	enum ground_kind kind = atomic_load_explicit(&page_pool.chunk[chunk].kind, memory_order_relaxed);
	uint64_t low = slot_low(chunk, index), high = slot_high(chunk, index);
	uint64_t first = page_floor(start), end = bytes == 0 ? first : page_ceil(start + bytes);
	bool was_open = kind == GROUND_MARKERS && slot_phase(old) == SLOT_EMPTY; /* all of it */
	bool filled = (old & SLOT_READY) != 0;

	if (slot_phase(old) == SLOT_FREED) {
		if ((old & SLOT_GUARD_OPEN) != 0)
			ground_close(kind, high, GROUND_PAGE);
		if ((old & (SLOT_REOPENED | SLOT_MARGIN_OPEN)) != 0)
			ground_close(kind, low, high - low);
		atomic_fetch_sub_explicit(&page_pool.chunk[chunk].freed, 1, memory_order_relaxed);
	}
	if (filled && end == first)
		ground_close(kind, low, high - low);
	if (was_open) {
		if (first > low && !ground_close(kind, low, first - low))
			return false;
		if (end < high && !ground_close(kind, end, high - end))
			return false;
	} else if (end > first && !filled && !ground_open(kind, first, end - first, canary_page)) {
		return false;
	}
	/* Read by guard_find at any time. */
	__atomic_store_n(&slot->start, start, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->bytes, bytes, __ATOMIC_RELAXED);
	slot->kept = 0;
	atomic_store_explicit(&slot->good_ticks, 0, memory_order_relaxed);
	if (kind != GROUND_MOVED && end > first) {
		guard_set((void *)(uintptr_t)first, GUARD_CANARY, start - first);
		guard_set((void *)(uintptr_t)(start + bytes), GUARD_CANARY, end - start - bytes);
	}
	return true;
}

static uint64_t place_block(struct lane *lane, uint32_t chunk, uint32_t index, uint64_t bytes, uint64_t align)
{
	if (at_start(lane))
		return (slot_low(chunk, index) + align - 1) & ~(align - 1);
	return (slot_high(chunk, index) - bytes) & ~(align - 1);
}

/* A slot of the lane's chunk for this class, BUSY. */
static bool take_slot(struct lane *lane, unsigned class_, uint32_t *chunk, uint32_t *index, uint32_t *old)
{
	for (;;) {
		if (lane->chunk[class_] == 0) {
			uint32_t claimed;

			if (!chunks_claim(class_, &claimed))
				return false;
			lane->chunk[class_] = claimed + 1;
			lane->next[class_] = 0;
			if (class_ == 0)
				lane->ahead = lane->ready = 0;
		}
		*chunk = lane->chunk[class_] - 1;
		while (lane->next[class_] < page_pool.chunk[*chunk].slots) {
			uint32_t at = lane->next[class_]++;
			struct slot *slot = slot_at(*chunk, at);
			uint32_t state = atomic_load_explicit(&slot->state, memory_order_acquire);

			if ((state & SLOT_READY) != 0 && class_ == 0 && lane->ready > 0)
				lane->ready--;
			if (slot_phase(state) == SLOT_LIVE || slot_phase(state) == SLOT_BUSY || (state & SLOT_CHECKING) != 0)
				continue;
			if (atomic_compare_exchange_strong_explicit(&slot->state, &state, SLOT_BUSY, memory_order_acq_rel,
								    memory_order_relaxed)) {
				*index = at;
				*old = state;
				return true;
			}
		}
		lane->chunk[class_] = 0;
		atomic_store_explicit(&page_pool.chunk[*chunk].state, CHUNK_FULL, memory_order_release);
		chunks_rest(*chunk);
	}
}

static void *pages_allocate(size_t bytes, size_t align)
{
	uint64_t natural = natural_alignment(bytes), pages, start;
	uint32_t chunk, index = 0, old = SLOT_EMPTY;
	struct lane *lane;
	struct slot *slot;
	unsigned class_;
	bool found;

	if (mode == MS_GUARD_SAMPLE && bytes > SAMPLE_LARGEST)
		return NULL;
	if (bytes >= (uint64_t)page_pool.chunks << CHUNK_SHIFT || align > CHUNK_BYTES)
		return NULL;
	if (natural > align)
		align = natural;
	if (align < min_align)
		align = min_align;
	pages = page_ceil(bytes + (align > GROUND_PAGE ? align : 0)) / GROUND_PAGE;
	pages = pages == 0 ? 1 : pages;
	if (atomic_load_explicit(&wasted_bytes, memory_order_relaxed) > wasted_most)
		return NULL;
	lane = enter_lane();
	if (lane == NULL)
		return NULL;
	class_ = chunks_class(pages);
	if (class_ == 0 && lane->chunk[0] != 0 &&
	    atomic_load_explicit(&page_pool.chunk[lane->chunk[0] - 1].kind, memory_order_relaxed) == GROUND_MOVED &&
	    ground_moved_lost())
		chunks_leave_moved();
	found = class_ == CLASS_RUN ? chunks_claim_run(pages, &chunk) : take_slot(lane, class_, &chunk, &index, &old);
	if (!found)
		goto none;
	slot = slot_at(chunk, index);
	start = place_block(lane, chunk, index, bytes, align);
	if (!open_slot(chunk, index, old, start, bytes)) {
		/* Whatever is open of it: it was given up as a freed block of nobody. */
		__atomic_store_n(&slot->start, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&slot->bytes, 0, __ATOMIC_RELAXED);
		atomic_fetch_add_explicit(&page_pool.chunk[chunk].freed, 1, memory_order_relaxed);
		give_up_slot(slot, SLOT_FREED);
		goto none;
	}
	atomic_fetch_add_explicit(&wasted_bytes, waste_of(slot), memory_order_relaxed);
	atomic_store_explicit(&slot->state, SLOT_LIVE, memory_order_release);
	atomic_fetch_add_explicit(&lane->blocks, 1, memory_order_relaxed);
	leave_lane(lane);
	return (void *)(uintptr_t)start;
none:
	leave_lane(lane);
	return NULL;
}

bool guard_pages_zeroed(size_t bytes)
{
	return bytes > GROUND_PAGE;
}

/* ---- checking --------------------------------------------------------------------------------------------------- */

/* First byte in [from, to) that is not the canary; to when all are. Most of a page, for each free: 64 bytes at a time. */
static uint64_t first_changed(uint64_t from, uint64_t to)
{
	const __m128i pattern = _mm_set1_epi8((char)GUARD_CANARY);

	for (; from < to && from % 64 != 0; from++)
		if (*(const uint8_t *)(uintptr_t)from != GUARD_CANARY)
			return from;
	for (; from + 64 <= to; from += 64) {
		const __m128i *v = (const __m128i *)(uintptr_t)from;
		__m128i all = _mm_and_si128(_mm_and_si128(_mm_cmpeq_epi8(v[0], pattern), _mm_cmpeq_epi8(v[1], pattern)),
					    _mm_and_si128(_mm_cmpeq_epi8(v[2], pattern), _mm_cmpeq_epi8(v[3], pattern)));

		if (_mm_movemask_epi8(all) != 0xffff)
			break;
	}
	for (; from < to; from++)
		if (*(const uint8_t *)(uintptr_t)from != GUARD_CANARY)
			return from;
	return to;
}

static uint64_t last_changed(uint64_t from, uint64_t to)
{
	while (to > from && *(const uint8_t *)(uintptr_t)(to - 1) == GUARD_CANARY)
		to--;
	return to;
}

static void report_damage(const struct slot *slot, uint64_t from, uint64_t to, enum ms_check_kind why,
			  const struct ms_caller *caller)
{
	uint64_t end = last_changed(from, to), kept = end - from < MS_EVIDENCE_BYTES ? end - from : MS_EVIDENCE_BYTES;
	struct ms_evidence_entry e = {
		.kind = MS_EVIDENCE_DAMAGE, .access = MS_ACCESS_WRITE, .check = (uint8_t)why, .expected = GUARD_CANARY,
		.byte_count = (uint8_t)kept, .address = from, .length_bytes = end - from, .block_address = slot->start,
		.block_bytes = slot->bytes,
		.last_good_ticks = atomic_load_explicit(&slot->good_ticks, memory_order_relaxed),
	};
	uint8_t bytes[MS_EVIDENCE_BYTES];

	guard_copy(bytes, (const void *)(uintptr_t)from, kept);
	guard_evidence(&e, bytes, NULL, caller);
}

/* The slack of a block whose pages are open. True: whole. */
static bool check_slack(const struct slot *slot, enum ms_check_kind why, const struct ms_caller *caller)
{
	uint64_t low, high, end = slot->start + slot->bytes, at;
	bool whole = true;

	touched_pages(slot, &low, &high);
	if (low == high)
		return true;
	atomic_fetch_add_explicit(&lanes[lane_number()].checks, 1, memory_order_relaxed);
	if ((at = first_changed(low, slot->start)) != slot->start) {
		report_damage(slot, at, slot->start, why, caller);
		whole = false;
	}
	if ((at = first_changed(end, high)) != high) {
		report_damage(slot, at, high, why, caller);
		whole = false;
	}
	return whole;
}

/* ---- release ---------------------------------------------------------------------------------------------------- */

/* Moves the page of a freed block to the slot that this thread's lane hands out some blocks later. */
static bool pass_page_on(uint32_t chunk, uint32_t index)
{
	struct lane *lane = &lanes[lane_number()];
	uint64_t page = slot_low(chunk, index);
	bool moved = false;

	if (!try_lane(lane))
		return false;
	if (lane->chunk[0] == 0 || lane->ready >= READY_AHEAD)
		goto out;
	struct chunk *to = &page_pool.chunk[lane->chunk[0] - 1];
	if (atomic_load_explicit(&to->kind, memory_order_relaxed) != GROUND_MOVED)
		goto out;
	if (lane->ahead < lane->next[0])
		lane->ahead = lane->next[0];
	while (lane->ahead < to->slots && !moved) {
		uint32_t at = lane->ahead++;
		struct slot *slot = slot_at(lane->chunk[0] - 1, at);
		uint32_t state = atomic_load_explicit(&slot->state, memory_order_acquire);

		/* A reopened page is in the way; the slot of this very block is BUSY. */
		if ((slot_phase(state) != SLOT_EMPTY && slot_phase(state) != SLOT_FREED) ||
		    (state & (SLOT_CHECKING | SLOT_REOPENED | SLOT_READY)) != 0)
			continue;
		if (!ground_move(page, slot_low(lane->chunk[0] - 1, at)))
			break;
		moved = true;
		atomic_fetch_or_explicit(&slot->state, SLOT_READY, memory_order_release);
		lane->ready++;
	}
out:
	leave_lane(lane);
	return moved;
}

static void close_slot(uint32_t chunk, uint32_t index, bool whole)
{
	struct slot *slot = slot_at(chunk, index);
	enum ground_kind kind = atomic_load_explicit(&page_pool.chunk[chunk].kind, memory_order_relaxed);
	uint64_t low, high;

	touched_pages(slot, &low, &high);
	if (low == high)
		return;
	if (kind == GROUND_MOVED) {
		if (whole)
			guard_set((void *)(uintptr_t)slot->start, GUARD_CANARY, slot->bytes);
		else
			guard_copy((void *)(uintptr_t)low, canary_page, GROUND_PAGE);
		if (pass_page_on(chunk, index))
			return;
	}
	ground_close(kind, low, high - low);
}

static void report_freed(const struct slot *slot, const struct ms_caller *caller)
{
	struct ms_evidence_entry e = {.kind = MS_EVIDENCE_FREED_STACK, .check = MS_CHECK_FREE, .freed = 1,
				      .address = slot->start, .block_address = slot->start, .block_bytes = slot->bytes};

	guard_evidence(&e, NULL, NULL, caller);
}

static enum guard_verdict pages_release(void *p, enum ms_check_kind why, const struct ms_caller *caller)
{
	uint64_t start = (uintptr_t)p;
	uint32_t chunk, index, state, freed;
	struct slot *slot;
	bool whole, closed = false;

	if (!chunks_locate(start, &chunk, &index))
		return GUARD_INSIDE;
	slot = slot_at(chunk, index);
	state = atomic_load_explicit(&slot->state, memory_order_acquire);
	for (;;) {
		if (slot_phase(state) == SLOT_EMPTY || (slot_phase(state) != SLOT_BUSY && __atomic_load_n(&slot->start, __ATOMIC_RELAXED) != start))
			return GUARD_INSIDE;
		if (slot_phase(state) != SLOT_LIVE) /* BUSY: another thread is freeing it right now */
			return GUARD_DOUBLE;
		/* A check that reads it goes on doing so and closes it. */
		if (atomic_compare_exchange_weak_explicit(&slot->state, &state, (state & ~(uint32_t)SLOT_PHASE) | SLOT_BUSY,
							  memory_order_acq_rel, memory_order_acquire))
			break;
	}
	whole = (state & SLOT_TOLD_DAMAGE) == 0 && check_slack(slot, why, caller);
	if (mode == MS_GUARD_SAMPLE)
		report_freed(slot, caller);
	slot->kept = kept_store(slot->start, slot->bytes);
	atomic_fetch_sub_explicit(&wasted_bytes, waste_of(slot), memory_order_relaxed);
	state = atomic_load_explicit(&slot->state, memory_order_acquire);
	do {
		/* A check that reads the pages closes them when it finds the slot freed. */
		if ((state & SLOT_CHECKING) == 0 && !closed) {
			close_slot(chunk, index, whole);
			closed = true;
		}
		/* Flags of the pages beside the block stay; what was told of the living block is told again of the freed one. */
		freed = SLOT_FREED | (state & (SLOT_CHECKING | SLOT_GUARD_OPEN | SLOT_MARGIN_OPEN | SLOT_LENT));
	} while (!atomic_compare_exchange_strong_explicit(&slot->state, &state, freed, memory_order_acq_rel,
							  memory_order_acquire));
	if (atomic_fetch_add_explicit(&page_pool.chunk[chunk].freed, 1, memory_order_relaxed) + 1 == page_pool.chunk[chunk].slots)
		chunks_rest(chunk);
	return GUARD_TAKEN;
}

/* ---- sweeps ----------------------------------------------------------------------------------------------------- */

static void check_slot(uint32_t chunk, uint32_t index, enum ms_check_kind why, const struct ms_caller *caller)
{
	struct slot *slot = slot_at(chunk, index);
	uint32_t state = atomic_load_explicit(&slot->state, memory_order_acquire), told;
	bool closed = false;

	if (slot_phase(state) != SLOT_LIVE || (state & (SLOT_CHECKING | SLOT_TOLD_DAMAGE)) != 0 ||
	    !atomic_compare_exchange_strong_explicit(&slot->state, &state, state | SLOT_CHECKING, memory_order_acq_rel,
						     memory_order_relaxed))
		return;
	told = check_slack(slot, why, caller) ? 0 : SLOT_TOLD_DAMAGE;
	if (told == 0)
		atomic_store_explicit(&slot->good_ticks, ms_ticks(), memory_order_relaxed);
	state = atomic_load_explicit(&slot->state, memory_order_acquire);
	for (;;) {
		uint32_t next = (state & ~(uint32_t)SLOT_CHECKING) | (slot_phase(state) == SLOT_LIVE ? told : 0);

		/* Freed meanwhile: the closing was left to us. Until then the slot is not handed out again. */
		if (slot_phase(state) == SLOT_FREED && !closed) {
			close_slot(chunk, index, false);
			closed = true;
		}
		if (atomic_compare_exchange_strong_explicit(&slot->state, &state, next, memory_order_acq_rel,
							    memory_order_acquire))
			return;
	}
}

static void pages_check(enum ms_check_kind why, const struct ms_caller *caller)
{
	for (uint32_t chunk = 0; chunk < page_pool.chunks; chunk++) {
		struct chunk *c = &page_pool.chunk[chunk];
		uint8_t state = atomic_load_explicit(&c->state, memory_order_acquire);

		if ((state != CHUNK_CLAIMED && state != CHUNK_FULL) || c->back != 0)
			continue;
		if (atomic_load_explicit(&c->freed, memory_order_relaxed) == c->slots)
			continue;
		for (uint32_t i = 0; i < c->slots; i++)
			check_slot(chunk, i, why, caller);
	}
}

/* ---- sampling --------------------------------------------------------------------------------------------------- */

static __thread uint32_t until_sample, sample_random;

static __attribute__((noinline)) bool draw_sample(void)
{
	bool first = sample_random == 0;

	if (mode != MS_GUARD_SAMPLE)
		return mode == MS_GUARD_FULL;
	if (first)
		sample_random = (uint32_t)(ms_ticks() ^ (uintptr_t)&sample_random >> 4) | 1;
	/* Uniform in [1, 2 rate - 1]: the mean is the rate, and no rhythm of the program can fall in step with it. */
	until_sample = (uint32_t)((uint64_t)random_step(&sample_random) * (2 * (uint64_t)sample_rate - 1) >> 32);
	return !first || until_sample == 0;
}

bool guard_pages_wanted(size_t bytes)
{
	(void)bytes;
	if (__builtin_expect(until_sample != 0, 1)) {
		until_sample--;
		return false;
	}
	return draw_sample();
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

/* A sixteenth of the machine's memory, but no more than 256 MiB: some 65,000 small blocks. */
static int64_t waste_allowed(void)
{
	struct sysinfo info;
	uint64_t most = 256 * MIB;

	if (ms_raw(SYS_sysinfo, (long)&info, 0, 0, 0, 0, 0) == 0) {
		uint64_t share = info.totalram * info.mem_unit / 16;

		if (share < most)
			most = share;
	}
	return (int64_t)most;
}

static bool pages_start(uint64_t low, uint64_t span, const struct ms_guard_config *config)
{
	uint64_t first = page_ceil(low);

	mode = config->mode;
	side = config->side;
	min_align = config->min_align != 0 && (config->min_align & (config->min_align - 1)) == 0 ? config->min_align : 1;
	sample_rate = config->sample_rate != 0 ? config->sample_rate : 1;
	lane_count = mode == MS_GUARD_SAMPLE ? SAMPLE_LANES : LANES;
	guard_set(lanes, 0, sizeof(lanes));
	guard_set(canary_page, GUARD_CANARY, sizeof(canary_page));
	my_lane = 0;
	until_sample = 0;
	atomic_store(&wasted_bytes, 0);
	atomic_store(&blocks_told, 0);
	atomic_store(&checks_told, 0);
	wasted_most = mode == MS_GUARD_SAMPLE ? SAMPLE_LIVE_BYTES : waste_allowed();
	if (low + span < first ||
	    !chunks_start(first, low + span - first, mode == MS_GUARD_SAMPLE ? SAMPLE_CHUNKS : MOST_CHUNKS))
		return false;
	/* A descriptor is held for GROUND_MOVED: only where its speed is needed. */
	ground_start(mode != MS_GUARD_FULL && guard_pages_best == GROUND_MOVED ? GROUND_MARKERS : guard_pages_best);
	kept_start();
	return true;
}

/* ---- fork, counters --------------------------------------------------------------------------------------------- */

static void pages_before_fork(void)
{
}

static void pages_after_fork(bool child)
{
	if (!child)
		return;
	for (uint32_t i = 0; i < LANES; i++)
		atomic_store_explicit(&lanes[i].lock, 0, memory_order_relaxed);
	chunks_forked();
	ground_forked();
	chunks_leave_moved();
}

static void tell(_Atomic uint64_t *told, uint64_t now, _Atomic uint64_t *counter)
{
	uint64_t before = atomic_exchange_explicit(told, now, memory_order_relaxed);

	if (now > before)
		atomic_fetch_add_explicit(counter, now - before, memory_order_relaxed);
}

static void pages_count(struct ms_arena_header *header)
{
	uint64_t blocks = 0, checks = 0;

	for (uint32_t i = 0; i < LANES; i++) {
		blocks += atomic_load_explicit(&lanes[i].blocks, memory_order_relaxed);
		checks += atomic_load_explicit(&lanes[i].checks, memory_order_relaxed);
	}
	tell(&blocks_told, blocks, &header->guard_page_blocks);
	tell(&checks_told, checks, &header->guard_checks);
}

const struct guard_pool guard_pages = {
	.name = "pages",
	.start = pages_start,
	.allocate = pages_allocate,
	.release = pages_release,
	.find = guard_pages_find,
	.check = pages_check,
	.before_fork = pages_before_fork,
	.after_fork = pages_after_fork,
	.count = pages_count,
};
