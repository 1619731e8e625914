/*
 * page_chunks.c - see page_chunks.h.
 */
#include "page_chunks.h"

#include "guard.h"
#include "guard_bytes.h"
#include "record/preload/raw.h"

#define CLAIM_TRIES 2000u

struct page_pool page_pool;

static const uint16_t class_pages[SLOT_CLASS_COUNT] = {
#define X(pages) pages,
	SLOT_CLASSES(X)
#undef X
};

/* The next chunk to look at. Claims are rare (one in some hundred blocks), so one lock serves all. */
static _Atomic uint32_t claim_lock;
static __thread bool claiming;         /* this thread has it: whoever interrupts it need not wait */
static uint32_t next_chunk;
static bool gone_round;
/* When nothing was found, so many claims fail at once before the range is searched again. */
#define EXHAUSTED_PAUSE 4096u
static uint32_t pause_left;

bool chunks_start(uint64_t low, uint64_t span, uint32_t most_chunks)
{
	uint64_t chunks = span >> CHUNK_SHIFT;

	if (chunks > most_chunks)
		chunks = most_chunks;
	if (chunks == 0)
		return false;
	page_pool = (struct page_pool){.low = low, .chunks = (uint32_t)chunks};
	page_pool.chunk = ms_raw_memory(chunks * sizeof(struct chunk));
	page_pool.slot = ms_raw_memory(chunks * CHUNK_SLOTS * sizeof(struct slot));
	claim_lock = 0;
	next_chunk = 0;
	gone_round = false;
	pause_left = 0;
	if (page_pool.chunk != NULL && page_pool.slot != NULL) {
		guard_side_bytes += chunks * sizeof(struct chunk) + chunks * CHUNK_SLOTS * sizeof(struct slot);
		return true;
	}
	if (page_pool.chunk != NULL)
		ms_raw_munmap(page_pool.chunk, chunks * sizeof(struct chunk));
	if (page_pool.slot != NULL)
		ms_raw_munmap(page_pool.slot, chunks * CHUNK_SLOTS * sizeof(struct slot));
	page_pool = (struct page_pool){0};
	return false;
}

bool chunks_locate(uint64_t address, uint32_t *chunk, uint32_t *index)
{
	uint64_t offset = address - page_pool.low, in_chunk;
	const struct chunk *c;
	uint32_t at;

	if (offset >> CHUNK_SHIFT >= page_pool.chunks)
		return false;
	at = (uint32_t)(offset >> CHUNK_SHIFT);
	c = &page_pool.chunk[at];
	switch ((enum chunk_state)atomic_load_explicit(&c->state, memory_order_acquire)) {
	case CHUNK_UNUSED:
	case CHUNK_BLOCKED:
		return false;
	case CHUNK_CLAIMED:
	case CHUNK_FULL:
		break;
	}
	at -= c->back;
	c = &page_pool.chunk[at];
	in_chunk = offset - ((uint64_t)at << CHUNK_SHIFT);
	*chunk = at;
	*index = 0;
	if (in_chunk < GROUND_PAGE || c->class_ == CLASS_RUN)
		return true;
	*index = (uint32_t)((in_chunk - GROUND_PAGE) / GROUND_PAGE / (c->pages + 1));
	if (*index >= c->slots) /* the rest of the chunk, after the last slot */
		*index = c->slots - 1;
	return true;
}

unsigned chunks_class(uint64_t pages)
{
	unsigned class_ = 0;

	while (class_ < SLOT_CLASS_COUNT && class_pages[class_] < pages)
		class_++;
	return class_;
}

static bool take_claim_lock(void)
{
	if (claiming)
		return false; /* the block goes without a page */
	claiming = true;
	atomic_signal_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < CLAIM_TRIES; i++) {
		if (atomic_exchange_explicit(&claim_lock, 1, memory_order_acquire) == 0)
			return true;
		__builtin_ia32_pause();
	}
	claiming = false;
	return false;
}

static void leave_claim_lock(void)
{
	atomic_store_explicit(&claim_lock, 0, memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
	claiming = false;
}

static uint64_t chunk_start(uint32_t at)
{
	return page_pool.low + ((uint64_t)at << CHUNK_SHIFT);
}

static bool prepare(uint32_t at, unsigned class_)
{
	struct chunk *c = &page_pool.chunk[at];
	uint64_t pages = class_pages[class_];
	uint64_t stride = (pages + 1) * GROUND_PAGE;
	enum ground_kind kind = ground_kind_for(pages);

	if (!ground_prepare(kind, chunk_start(at), CHUNK_BYTES, pages)) {
		if (kind != GROUND_MOVED || !ground_prepare(kind = GROUND_MARKERS, chunk_start(at), CHUNK_BYTES, pages))
			return false;
	}
	c->class_ = (uint8_t)class_;
	c->pages = (uint32_t)pages;
	c->back = 0;
	c->run = 1;
	c->slots = (uint32_t)((CHUNK_BYTES - GROUND_PAGE) / stride);
	atomic_store_explicit(&c->freed, 0, memory_order_relaxed);
	atomic_store_explicit(&c->kind, (uint8_t)kind, memory_order_relaxed);
	return true;
}

/* All blocks of the chunk are freed and nobody works on them: it becomes unused ground. */
static bool clear(uint32_t at)
{
	struct chunk *c = &page_pool.chunk[at];

	for (uint32_t i = 0; i < c->slots; i++) {
		uint32_t state = atomic_load_explicit(&slot_at(at, i)->state, memory_order_acquire);

		if (slot_phase(state) == SLOT_LIVE || slot_phase(state) == SLOT_BUSY || (state & SLOT_CHECKING) != 0)
			return false;
	}
	atomic_store_explicit(&c->state, CHUNK_BLOCKED, memory_order_release);
	ground_forget(chunk_start(at), (uint64_t)c->run << CHUNK_SHIFT);
	guard_set(slot_at(at, 0), 0, c->slots * sizeof(struct slot));
	for (uint32_t i = c->run; i-- > 0;) {
		c[i].back = 0;
		atomic_store_explicit(&c[i].resting, 0, memory_order_relaxed);
		atomic_store_explicit(&c[i].state, CHUNK_UNUSED, memory_order_release);
	}
	return true;
}

void chunks_rest(uint32_t chunk)
{
	const uint32_t in_use = SLOT_CHECKING | SLOT_REOPENED | SLOT_GUARD_OPEN | SLOT_MARGIN_OPEN | SLOT_LENT | SLOT_READY;
	struct chunk *c = &page_pool.chunk[chunk];

	if (atomic_load_explicit(&c->state, memory_order_acquire) != CHUNK_FULL ||
	    atomic_load_explicit(&c->freed, memory_order_relaxed) != c->slots ||
	    atomic_load_explicit(&c->kind, memory_order_relaxed) == GROUND_PROTECT || !take_claim_lock())
		return;
	if (atomic_load_explicit(&c->state, memory_order_acquire) != CHUNK_FULL)
		goto out;
	for (uint32_t i = 0; i < c->slots; i++) {
		uint32_t state = atomic_load_explicit(&slot_at(chunk, i)->state, memory_order_acquire);

		if (slot_phase(state) != SLOT_FREED || (state & in_use) != 0)
			goto out;
	}
	atomic_store_explicit(&c->resting, 1, memory_order_relaxed);
	atomic_store_explicit(&c->kind, GROUND_PROTECT, memory_order_release);
	ground_forget(chunk_start(chunk), (uint64_t)c->run << CHUNK_SHIFT);
out:
	leave_claim_lock();
}

/* Can the chunk serve the class now? Prepares it. */
static bool usable(uint32_t at, unsigned class_)
{
	struct chunk *c = &page_pool.chunk[at];
	uint32_t freed = atomic_load_explicit(&c->freed, memory_order_relaxed);

	switch ((enum chunk_state)atomic_load_explicit(&c->state, memory_order_acquire)) {
	case CHUNK_UNUSED:
		atomic_store_explicit(&c->state, CHUNK_BLOCKED, memory_order_relaxed);
		break;
	case CHUNK_FULL:
		if (c->back != 0)
			return false;
		if (c->class_ == class_ && atomic_load_explicit(&c->resting, memory_order_relaxed) == 0)
			return freed * 4 >= c->slots;
		if (freed < c->slots || c->run != 1 || !clear(at))
			return false;
		break;
	case CHUNK_CLAIMED:
	case CHUNK_BLOCKED:
		return false;
	}
	if (prepare(at, class_))
		return true;
	atomic_store_explicit(&c->state, CHUNK_UNUSED, memory_order_release);
	return false;
}

bool chunks_claim(unsigned class_, uint32_t *chunk)
{
	bool found = false;

	if (!take_claim_lock())
		return false;
	if (pause_left > 0) {
		pause_left--;
		goto out;
	}
	for (uint32_t i = 0; i < page_pool.chunks && !found; i++) {
		uint32_t at = next_chunk;

		next_chunk = at + 1 < page_pool.chunks ? at + 1 : 0;
		if (usable(at, class_)) {
			atomic_store_explicit(&page_pool.chunk[at].state, CHUNK_CLAIMED, memory_order_release);
			*chunk = at;
			found = true;
		}
	}
	if (!found)
		pause_left = EXHAUSTED_PAUSE;
out:
	leave_claim_lock();
	return found;
}

/* Runs whose block was freed become unused ground when the search comes to them. */
static bool run_fits(uint32_t at, uint32_t run)
{
	for (uint32_t i = 0; i < run; i++) {
		struct chunk *c = &page_pool.chunk[at + i];
		uint8_t state = atomic_load_explicit(&c->state, memory_order_acquire);

		if (state == CHUNK_FULL && c->back == 0 &&
		    atomic_load_explicit(&c->freed, memory_order_relaxed) == c->slots && clear(at + i))
			state = CHUNK_UNUSED;
		if (state != CHUNK_UNUSED)
			return false;
	}
	return true;
}

static bool prepare_run(uint32_t at, uint32_t run, uint64_t pages)
{
	struct chunk *c = &page_pool.chunk[at];
	enum ground_kind kind = ground_kind_for(pages);

	if (!ground_prepare(kind, chunk_start(at), (pages + 2) * GROUND_PAGE, pages))
		return false;
	for (uint32_t i = 0; i < run; i++)
		c[i] = (struct chunk){.class_ = CLASS_RUN, .kind = (uint8_t)kind, .back = i, .run = run,
				      .slots = i == 0, .pages = (uint32_t)pages};
	atomic_store_explicit(&slot_at(at, 0)->state, SLOT_BUSY, memory_order_relaxed);
	for (uint32_t i = 0; i < run; i++)
		atomic_store_explicit(&c[i].state, CHUNK_FULL, memory_order_release);
	return true;
}

bool chunks_claim_run(uint64_t pages, uint32_t *chunk)
{
	uint64_t wanted = ((pages + 2) * GROUND_PAGE + CHUNK_BYTES - 1) >> CHUNK_SHIFT;
	bool found = false;

	if (pages > UINT32_MAX || wanted > page_pool.chunks || !take_claim_lock())
		return false;
	for (uint32_t i = 0; i < page_pool.chunks && !found; i++) {
		uint32_t at = next_chunk;

		if (at + wanted > page_pool.chunks) {
			next_chunk = 0;
			continue;
		}
		next_chunk = at + 1 < page_pool.chunks ? at + 1 : 0;
		if (!run_fits(at, (uint32_t)wanted))
			continue;
		if (!prepare_run(at, (uint32_t)wanted, pages))
			break;
		next_chunk = at + (uint32_t)wanted < page_pool.chunks ? at + (uint32_t)wanted : 0;
		*chunk = at;
		found = true;
	}
	leave_claim_lock();
	return found;
}

/* Closes what lies between the live blocks, in stretches as long as possible. */
static void leave_moved(uint32_t at)
{
	struct chunk *c = &page_pool.chunk[at];
	uint64_t closed = chunk_start(at); /* not yet closed from here on */
	uint32_t newly_freed = 0;

	for (uint32_t i = 0; i < c->slots; i++) {
		struct slot *slot = slot_at(at, i);
		uint32_t state = atomic_load_explicit(&slot->state, memory_order_acquire);
		uint64_t low = slot_low(at, i), high = slot_high(at, i);

		if (slot_phase(state) == SLOT_EMPTY) {
			/* Its page will be closed, as that of a freed block is. */
			if (atomic_compare_exchange_strong(&slot->state, &state, SLOT_FREED))
				newly_freed++;
			continue;
		}
		if (slot_phase(state) == SLOT_FREED && (state & SLOT_READY) != 0)
			atomic_fetch_and_explicit(&slot->state, ~(uint32_t)SLOT_READY, memory_order_relaxed);
		if (slot_phase(state) == SLOT_FREED && (state & SLOT_REOPENED) == 0)
			continue;
		ground_close(GROUND_MARKERS, closed, low - closed);
		closed = (state & SLOT_GUARD_OPEN) != 0 ? high + GROUND_PAGE : high;
	}
	if (closed < chunk_start(at) + CHUNK_BYTES)
		ground_close(GROUND_MARKERS, closed, chunk_start(at) + CHUNK_BYTES - closed);
	atomic_fetch_add_explicit(&c->freed, newly_freed, memory_order_relaxed);
	atomic_store_explicit(&c->kind, GROUND_MARKERS, memory_order_release);
}

void chunks_leave_moved(void)
{
	if (!take_claim_lock())
		return;
	for (uint32_t at = 0; at < page_pool.chunks; at++) {
		uint8_t state = atomic_load_explicit(&page_pool.chunk[at].state, memory_order_acquire);

		if ((state == CHUNK_CLAIMED || state == CHUNK_FULL) &&
		    atomic_load_explicit(&page_pool.chunk[at].kind, memory_order_relaxed) == GROUND_MOVED)
			leave_moved(at);
	}
	leave_claim_lock();
}

void chunks_forked(void)
{
	claiming = false;
	atomic_store_explicit(&claim_lock, 0, memory_order_relaxed);
}
