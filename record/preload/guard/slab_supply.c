/*
 * slab_supply.c - where slots come from and where they go: caches of threads, central lists, the quarantine, chunks.
 *
 * A thread allocates from a stack of slots per class in its cache and collects what it frees in a batch. A full batch goes to
 * the end of the one quarantine; the batches that no longer fit in it are taken out at its front by the same thread, checked,
 * and their slots fill its stacks. So the lock is taken once per batch, the slot allocated next is one that the check
 * has just brought into the processor's cache, and memory is reused soon. What overflows a stack goes to the central list of its
 * class, from where threads that only allocate take it.
 *
 * A signal handler that interrupts all this on its thread finds `busy` set: it gets no slot, and what it frees waits
 * in `deferred`. If the handler leaves with longjmp, the thread stays without this pool.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "guard_lock.h"
#include "record/preload/raw.h"
#include "slab.h"

#define BATCH_SLOTS 61u
#define BATCH_BYTES (256u << 10)       /* a batch is full at this size, too */
#define STACK_SLOTS 128u
#define STACK_BYTES (512u << 10)       /* a stack of large slots holds no more than this, but 4 */
#define CARVE_SLOTS 64u                /* slots carved at a time, at most */
#define CARVE_BYTES (32u << 10)
#define DEFERRED_SLOTS 64u
#define PREFETCH_AHEAD 6u
#define PREFETCH_BYTES 512u           /* of a slot; the processor sees where it goes on */
#define KEYS_WITHOUT_ALLOCATION 32u    /* see threads.c */

const uint32_t slab_slot_bytes[SLAB_CLASSES] = {
	64,    80,    96,    112,   128,   144,   160,   176,   192,   208,   224,   240,   256,
	320,   384,   448,   512,   640,   768,   896,   1024,  1280,  1536,  1792,  2048,  2560,
	3072,  3584,  4096,  5120,  6144,  7168,  8192,  10240, 12288, 14336, 16384, 20480, 24576,
	28672, 32768, 40960, 49152, 57344, 65536, 81920, 98304, 114688, 131072,
};

/* A slot is named by its distance from slab_low in units of 16 bytes. */
struct batch {
	struct batch *next;
	uint32_t count, bytes;
	uint32_t slots[BATCH_SLOTS];
};

struct stack {
	uint32_t count;
	uint32_t slots[STACK_SLOTS];
};

/* One thread's; the counters are read by others. */
struct cache {
	struct cache *next;            /* of all caches ever made; constant */
	struct cache *next_idle;
	struct batch *freed;           /* open batch */
	struct batch *spare;           /* empty batches */
	_Atomic uint64_t blocks, checks;
	struct stack stacks[SLAB_CLASSES];
};

struct slab_chunk slab_chunks[SLAB_CHUNKS];
uint64_t slab_low, slab_span;
_Atomic uint32_t slab_chunks_used;

static uint64_t words_low;                   /* words of the chunk c start at words_low + c * WORDS_OF_CHUNK */
#define WORDS_OF_CHUNK (SLAB_CHUNK_BYTES / SLAB_MIN_SLOT * sizeof(uint64_t))

/* Under the lock. */
static _Atomic uint32_t lock;
static struct batch *central[SLAB_CLASSES];
static uint32_t open_chunk[SLAB_CLASSES];    /* number + 1 of the chunk that is carved now, 0 = none */
static struct batch *first_held, *last_held; /* the quarantine */
static uint64_t held_bytes, held_limit;
static struct batch *empty_batches;
static struct cache *idle_caches;

static struct cache *_Atomic all_caches;
static _Atomic uint32_t deferred[DEFERRED_SLOTS]; /* number of a slot + 1, 0 = empty */
static _Atomic uint32_t deferred_count;
static pthread_key_t end_key;
static bool has_end_key;

static __thread struct {
	struct cache *cache;
	uint32_t busy;
	uint32_t forking;              /* this thread holds the lock over a fork, and its pthread_atfork handlers may come here */
} mine;

static bool enter(void)
{
	return mine.forking || guard_lock(&lock);
}

static void leave(void)
{
	if (!mine.forking)
		guard_unlock(&lock);
}

static uint64_t address_of(uint32_t slot)
{
	return slab_low + ((uint64_t)slot << 4);
}

static uint32_t number_of(uint64_t address)
{
	return (uint32_t)((address - slab_low) >> 4);
}

static void count(_Atomic uint64_t *counter, uint64_t by)
{
	/* One thread writes it. */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

/* ---- batches, under the lock ------------------------------------------------------------------------------------- */

static struct batch *new_batch(void)
{
	struct batch *batch = empty_batches;

	if (batch == NULL) {
		size_t n = (64u << 10) / sizeof(*batch);
		struct batch *more = ms_raw_memory(n * sizeof(*batch));

		if (more == NULL)
			return NULL;
		for (size_t i = 0; i < n; i++) {
			more[i].next = empty_batches;
			empty_batches = &more[i];
		}
		batch = empty_batches;
	}
	empty_batches = batch->next;
	batch->next = NULL;
	batch->count = 0;
	batch->bytes = 0;
	return batch;
}

static void drop_batch(struct batch *batch)
{
	batch->next = empty_batches;
	empty_batches = batch;
}

static void drop_spares(struct cache *cache)
{
	while (cache->spare != NULL) {
		struct batch *batch = cache->spare;

		cache->spare = batch->next;
		drop_batch(batch);
	}
}

/* ---- chunks, under the lock -------------------------------------------------------------------------------------- */

static struct slab_chunk *new_chunk(unsigned size_class)
{
	uint32_t number = atomic_load_explicit(&slab_chunks_used, memory_order_relaxed);
	uint64_t start = slab_low + number * SLAB_CHUNK_BYTES, words = words_low + number * WORDS_OF_CHUNK;
	struct slab_chunk *chunk = &slab_chunks[number];
	uint32_t units = slab_slot_bytes[size_class] / 16;

	if ((number + 1) * SLAB_CHUNK_BYTES > slab_span)
		return NULL;
	if (ms_raw_failed(ms_raw(SYS_mprotect, (long)start, SLAB_CHUNK_BYTES, PROT_READ | PROT_WRITE, 0, 0, 0)) ||
	    ms_raw_failed(ms_raw(SYS_mprotect, (long)words, WORDS_OF_CHUNK, PROT_READ | PROT_WRITE, 0, 0, 0)))
		return NULL;
	/* Fresh memory is most of what a program pays that keeps many blocks; huge pages make it cheaper. Not for the first chunk
	   of a class: small programs stay small. */
	if (open_chunk[size_class] != 0)
		ms_raw_madvise((void *)(uintptr_t)start, SLAB_CHUNK_BYTES, MADV_HUGEPAGE);
	chunk->slot_bytes = slab_slot_bytes[size_class];
	chunk->slots = (uint32_t)(SLAB_CHUNK_BYTES / chunk->slot_bytes);
	chunk->reciprocal = (uint32_t)(((UINT64_C(1) << 32) + units - 1) / units);
	chunk->size_class = size_class;
	chunk->words = (_Atomic uint64_t *)(uintptr_t)words;
	open_chunk[size_class] = number + 1;
	atomic_store_explicit(&slab_chunks_used, number + 1, memory_order_release);
	return chunk;
}

static void carve(struct stack *stack, unsigned size_class)
{
	struct slab_chunk *chunk = open_chunk[size_class] != 0 ? &slab_chunks[open_chunk[size_class] - 1] : NULL;
	uint32_t carved, wanted;
	uint64_t start;

	if (chunk == NULL || atomic_load_explicit(&chunk->carved, memory_order_relaxed) == chunk->slots)
		chunk = new_chunk(size_class);
	if (chunk == NULL)
		return;
	carved = atomic_load_explicit(&chunk->carved, memory_order_relaxed);
	wanted = CARVE_BYTES / chunk->slot_bytes;
	wanted = wanted == 0 ? 1 : wanted > CARVE_SLOTS ? CARVE_SLOTS : wanted;
	if (wanted > chunk->slots - carved)
		wanted = chunk->slots - carved;
	start = slab_low + (uint64_t)(chunk - slab_chunks) * SLAB_CHUNK_BYTES;
	for (uint32_t i = wanted; i-- > 0;)
		stack->slots[stack->count++] = number_of(start + (uint64_t)(carved + i) * chunk->slot_bytes);
	atomic_store_explicit(&chunk->carved, carved + wanted, memory_order_release);
}

/* ---- caches ------------------------------------------------------------------------------------------------------ */

static struct cache *new_cache(void)
{
	struct cache *cache = NULL;

	if (enter()) {
		cache = idle_caches;
		if (cache != NULL)
			idle_caches = cache->next_idle;
		leave();
	}
	if (cache == NULL) {
		cache = ms_raw_memory(sizeof(*cache));
		if (cache == NULL)
			return NULL;
		cache->next = atomic_load_explicit(&all_caches, memory_order_relaxed);
		while (!atomic_compare_exchange_weak_explicit(&all_caches, &cache->next, cache, memory_order_release,
							      memory_order_relaxed))
			;
	}
	mine.cache = cache;
	if (has_end_key)
		pthread_setspecific(end_key, cache);
	return cache;
}

static inline struct cache *my_cache(void)
{
	return MS_LIKELY(mine.cache != NULL) ? mine.cache : new_cache();
}

static uint32_t stack_room(uint32_t slot_bytes)
{
	uint32_t room = STACK_BYTES / slot_bytes;

	return room > STACK_SLOTS ? STACK_SLOTS : room < 4 ? 4 : room;
}

/* The older part of a stack, the one that has been in no processor's cache for longest, goes to the central list. Slots that cannot
   be handed over (no memory for a batch) are lost to everybody. */
static __attribute__((noinline)) void spill(struct stack *stack, unsigned size_class, uint32_t slots)
{
	bool locked = enter();

	for (uint32_t done = 0; done < slots;) {
		struct batch *batch = locked ? new_batch() : NULL;
		uint32_t n = slots - done < BATCH_SLOTS ? slots - done : BATCH_SLOTS;

		if (batch != NULL) {
			for (uint32_t i = 0; i < n; i++)
				batch->slots[i] = stack->slots[done + i];
			batch->count = n;
			batch->next = central[size_class];
			central[size_class] = batch;
		}
		done += n;
	}
	if (locked)
		leave();
	for (uint32_t i = slots; i < stack->count; i++)
		stack->slots[i - slots] = stack->slots[i];
	stack->count -= slots;
}

static void push(struct cache *cache, uint64_t address)
{
	const struct slab_chunk *chunk = &slab_chunks[(address - slab_low) >> SLAB_CHUNK_SHIFT];
	struct stack *stack = &cache->stacks[chunk->size_class];

	if (MS_UNLIKELY(stack->count >= stack_room(chunk->slot_bytes)))
		spill(stack, chunk->size_class, (stack->count + 1) / 2);
	stack->slots[stack->count++] = number_of(address);
}

static __attribute__((noinline)) bool refill(struct stack *stack, unsigned size_class)
{
	struct batch *batch;

	if (!enter())
		return false;
	batch = central[size_class];
	if (batch != NULL) {
		central[size_class] = batch->next;
		for (uint32_t i = 0; i < batch->count; i++)
			stack->slots[stack->count++] = batch->slots[i];
		drop_batch(batch);
	} else {
		carve(stack, size_class);
	}
	leave();
	return stack->count != 0;
}

uint64_t slab_take(unsigned size_class)
{
	uint64_t address = 0;
	struct cache *cache;
	struct stack *stack;

	if (MS_UNLIKELY(mine.busy))
		return 0;
	mine.busy = 1;
	atomic_signal_fence(memory_order_seq_cst);
	cache = my_cache();
	if (MS_LIKELY(cache != NULL)) {
		stack = &cache->stacks[size_class];
		if (MS_LIKELY(stack->count != 0) || refill(stack, size_class)) {
			address = address_of(stack->slots[--stack->count]);
			count(&cache->blocks, 1);
		}
	}
	atomic_signal_fence(memory_order_seq_cst);
	mine.busy = 0;
	return address;
}

/* ---- quarantine -------------------------------------------------------------------------------------------------- */

/* Out of the quarantine: looked at for the last time, then anybody's. */
static void evict(struct cache *cache, const struct slab_slot *slot, const struct ms_caller *caller)
{
	uint64_t word = atomic_load_explicit(slot->word, memory_order_acquire) & ~SLAB_BUSY;

	if (slab_state(word) != SLAB_FREED || !slab_claim(slot, &word))
		return;
	if (MS_UNLIKELY(!slab_is_whole(slot, word)))
		slab_report(slot, word, true, MS_CHECK_EVICTION, caller);
	atomic_store_explicit(slot->word, slab_with_state(word, SLAB_FREE), memory_order_release);
	push(cache, slot->start);
}

static void evict_batch(struct cache *cache, const struct batch *batch, const struct ms_caller *caller)
{
	struct slab_slot slots[BATCH_SLOTS];
	uint32_t n = batch->count;

	for (uint32_t i = 0; i < n; i++) {
		slab_slot_of(address_of(batch->slots[i]), &slots[i]);
		__builtin_prefetch((const void *)slots[i].word, 1);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (i + PREFETCH_AHEAD < n) {
			const struct slab_slot *ahead = &slots[i + PREFETCH_AHEAD];
			uint64_t bytes = ahead->bytes < PREFETCH_BYTES ? ahead->bytes : PREFETCH_BYTES;

			for (uint64_t at = 0; at < bytes; at += 64)
				__builtin_prefetch((const void *)(uintptr_t)(ahead->start + at), 1);
		}
		evict(cache, &slots[i], caller);
	}
	count(&cache->checks, n);
}

/* What signal handlers freed in the middle of something. */
static void take_deferred(struct batch *batch)
{
	for (unsigned i = 0; i < DEFERRED_SLOTS && batch->count < BATCH_SLOTS; i++) {
		uint32_t slot = atomic_exchange_explicit(&deferred[i], 0, memory_order_acquire);

		if (slot == 0)
			continue;
		batch->slots[batch->count++] = slot - 1;
		batch->bytes += slab_chunks[(uint64_t)(slot - 1) >> (SLAB_CHUNK_SHIFT - 4)].slot_bytes;
		atomic_fetch_sub_explicit(&deferred_count, 1, memory_order_relaxed);
	}
}

/* The open batch joins the quarantine, and what no longer fits in leaves it. */
static __attribute__((noinline)) void flush(struct cache *cache, const struct ms_caller *caller)
{
	struct batch *out = NULL, **end = &out;

	if (!enter()) {
		cache->freed->count = 0; /* never used again, and checked by every sweep */
		cache->freed->bytes = 0;
		return;
	}
	cache->freed->next = NULL;
	if (first_held == NULL)
		first_held = cache->freed;
	else
		last_held->next = cache->freed;
	last_held = cache->freed;
	held_bytes += cache->freed->bytes;
	cache->freed = NULL;
	while (held_bytes > held_limit && first_held != NULL) {
		struct batch *batch = first_held;

		first_held = batch->next;
		held_bytes -= batch->bytes;
		batch->next = NULL;
		*end = batch;
		end = &batch->next;
	}
	drop_spares(cache);
	leave();
	for (struct batch *batch = out; batch != NULL; batch = batch->next)
		evict_batch(cache, batch, caller);
	cache->spare = out;
}

static struct batch *open_batch(struct cache *cache)
{
	struct batch *batch = cache->spare;

	if (batch != NULL) {
		cache->spare = batch->next;
		batch->count = 0;
		batch->bytes = 0;
	} else if (enter()) {
		batch = new_batch();
		leave();
	}
	cache->freed = batch;
	if (batch != NULL && atomic_load_explicit(&deferred_count, memory_order_relaxed) != 0)
		take_deferred(batch);
	return batch;
}

static void defer(uint64_t address)
{
	for (unsigned i = 0; i < DEFERRED_SLOTS; i++) {
		uint32_t empty = 0;

		if (atomic_compare_exchange_strong(&deferred[i], &empty, number_of(address) + 1)) {
			atomic_fetch_add_explicit(&deferred_count, 1, memory_order_relaxed);
			return;
		}
	}
}

void slab_quarantine(const struct slab_slot *slot, const struct ms_caller *caller)
{
	struct cache *cache;
	struct batch *batch;

	if (MS_UNLIKELY(mine.busy)) {
		defer(slot->start);
		return;
	}
	mine.busy = 1;
	atomic_signal_fence(memory_order_seq_cst);
	cache = my_cache();
	if (MS_LIKELY(cache != NULL)) {
		batch = cache->freed != NULL ? cache->freed : open_batch(cache);
		if (MS_UNLIKELY(batch == NULL)) {
			defer(slot->start);
		} else {
			if (MS_LIKELY(batch->count < BATCH_SLOTS)) {
				batch->slots[batch->count++] = number_of(slot->start);
				batch->bytes += (uint32_t)slot->bytes;
			}
			if (MS_UNLIKELY(batch->count >= BATCH_SLOTS || batch->bytes >= BATCH_BYTES))
				flush(cache, caller);
		}
		count(&cache->checks, 1);
	}
	atomic_signal_fence(memory_order_seq_cst);
	mine.busy = 0;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

void slab_thread_end(void)
{
	struct cache *cache = mine.cache;

	if (cache == NULL || mine.busy)
		return;
	mine.busy = 1;
	atomic_signal_fence(memory_order_seq_cst);
	if (cache->freed != NULL && cache->freed->count != 0)
		flush(cache, NULL);
	for (unsigned c = 0; c < SLAB_CLASSES; c++)
		if (cache->stacks[c].count != 0)
			spill(&cache->stacks[c], c, cache->stacks[c].count);
	if (enter()) {
		drop_spares(cache);
		cache->next_idle = idle_caches;
		idle_caches = cache;
		leave();
	}
	mine.cache = NULL; /* a destructor that frees after us gets another one, and this runs again */
	atomic_signal_fence(memory_order_seq_cst);
	mine.busy = 0;
}

static void thread_ends(void *value)
{
	(void)value;
	slab_thread_end();
}

bool slab_supply_start(uint64_t low, uint64_t span, uint64_t quarantine_bytes)
{
	uint64_t words_bytes;
	long words;

	if (span > SLAB_MAX_BYTES)
		span = SLAB_MAX_BYTES;
	span &= ~(SLAB_CHUNK_BYTES - 1);
	words_bytes = (span >> SLAB_CHUNK_SHIFT) * WORDS_OF_CHUNK;
	if (span == 0)
		return false;
	if (slab_span != 0) /* a second try, with less */
		ms_raw_munmap((void *)(uintptr_t)words_low, (slab_span >> SLAB_CHUNK_SHIFT) * WORDS_OF_CHUNK);
	slab_span = 0;
	words = ms_raw_mmap(NULL, words_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ms_raw_failed(words))
		return false;
	if (!has_end_key && pthread_key_create(&end_key, thread_ends) == 0) {
		has_end_key = end_key < KEYS_WITHOUT_ALLOCATION;
		if (!has_end_key)
			pthread_key_delete(end_key);
	}
	guard_side_bytes += words_bytes;
	words_low = (uint64_t)words;
	ms_own_add(words_low, words_bytes);
	held_limit = quarantine_bytes;
	slab_low = low;
	slab_span = span;
	return true;
}

void slab_before_fork(void)
{
	mine.forking = !mine.busy && guard_lock(&lock);
}

/* The caches of the parent's other threads stay as they are, and with them some slots that nobody uses. */
void slab_after_fork(bool child)
{
	bool held = mine.forking;

	mine.forking = 0;
	if (child)
		atomic_store_explicit(&slab_sweeping, 0, memory_order_relaxed);
	if (child || held)
		guard_unlock(&lock);
}

void slab_counts(uint64_t *blocks, uint64_t *checks)
{
	*blocks = 0;
	*checks = atomic_load_explicit(&slab_sweep_checks, memory_order_relaxed);
	for (struct cache *c = atomic_load_explicit(&all_caches, memory_order_acquire); c != NULL; c = c->next) {
		*blocks += atomic_load_explicit(&c->blocks, memory_order_relaxed);
		*checks += atomic_load_explicit(&c->checks, memory_order_relaxed);
	}
}
