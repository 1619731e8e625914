/* annotate.c - see annotate.h. */
#include "annotate.h"

#include <string.h>
#include <x86intrin.h>

#include "process.h"
#define MEMSCOPE_DISABLE /* the types alone */
#include "record/include/memscope.h"
#include "texts.h"

/* Of a file's path and of a type; a template's name may be long. */
#define LONG_BYTES 512u
#define WORDS_OF(bytes) (1u + ((bytes) + 7u) / 8u)
#define PLACE_WORDS (2u + WORDS_OF(MEMSCOPE_NAME_BYTES) + 2u * WORDS_OF(LONG_BYTES))
_Static_assert(PLACE_WORDS <= MS_ENTRY_WORDS_MAX, "an entry holds a place");

/* A text at the end of words; how many words there are now. */
static unsigned put_text(uint64_t *words, unsigned count, const char *text, size_t most)
{
	size_t bytes = text != NULL ? ms_text_bytes(text, most) : 0;
	unsigned length = (unsigned)((bytes + 7) / 8);

	words[count] = bytes;
	if (length > 0) {
		words[count + length] = 0;
		memcpy(&words[count + 1], text, bytes);
	}
	return count + 1 + length;
}

static const char *text_at(uint64_t address)
{
	return (const char *)(uintptr_t)address;
}

/* ---- places ---- */

/* What `known` says about this arena; never 0, which is how it begins. */
static inline uint64_t arena_mark(void)
{
	return ms_process.header->start_ticks | 1;
}

static __attribute__((noinline, cold)) void describe(const struct memscope_place *place)
{
	uint64_t words[PLACE_WORDS] = {(uint64_t)(uintptr_t)place, place->line};
	unsigned count = put_text(words, 2, place->name, MEMSCOPE_NAME_BYTES);

	count = put_text(words, count, place->type, LONG_BYTES);
	count = put_text(words, count, place->file, LONG_BYTES);
	if (ms_emit_words_at(MS_ENTRY_PLACE, 0, words, count))
		__atomic_store_n(place->known, arena_mark(), __ATOMIC_RELEASE);
}

/* The place as a word of an entry; it has been described before. */
static inline uint64_t described(uint64_t address)
{
	const struct memscope_place *place = (const struct memscope_place *)(uintptr_t)address;

	if (place == NULL)
		return 0;
	/* Without a slot this may be a forked child, whose arena is another one than the header's. */
	if (MS_UNLIKELY(ms_tls.self->slot == NULL) ||
	    MS_UNLIKELY(__atomic_load_n(place->known, __ATOMIC_ACQUIRE) != arena_mark()))
		describe(place);
	/* The stamp that follows must not be older than what was read: another thread has described the place just before. */
	_mm_lfence();
	return address;
}

/* ---- entries ---- */

static void with_text(uint8_t kind, uint64_t address, uint64_t *words, unsigned count, uint64_t text)
{
	(void)ms_emit_words_at(kind, address, words, put_text(words, count, text_at(text), MEMSCOPE_NAME_BYTES));
}

static inline void few(uint8_t kind, uint64_t address, unsigned count, uint64_t w0, uint64_t w1, const struct ms_caller *caller)
{
	const uint64_t words[2] = {w0, w1};

	ms_emit_few(kind, address, caller, words, count);
}

static void track_text(uint64_t block, uint64_t name, uint64_t type, const struct ms_caller *caller)
{
	uint64_t words[2 + WORDS_OF(MEMSCOPE_NAME_BYTES) + WORDS_OF(LONG_BYTES)] = {0, caller->pc};
	unsigned count = put_text(words, 2, text_at(name), MEMSCOPE_NAME_BYTES);

	count = put_text(words, count, text_at(type), LONG_BYTES);
	(void)ms_emit_words_at(MS_EV_TRACK, block, words, count);
}

/*
 * PAUSE is published before births are left out, RESUME after they are taken again: what is missing is missing between them, and
 * what is recorded although it need not be does no harm.
 */
static void set_births(bool paused)
{
	const uint64_t by = MS_ASKED_PROGRAM;
	struct ms_arena_header *header;
	bool was;

	if (ms_tls.self->slot == NULL && ms_process_thread() == NULL)
		return;
	header = ms_process.header;
	was = atomic_load_explicit(&header->births, memory_order_relaxed) == MS_BIRTHS_NONE;
	if (paused && !was) {
		if (ms_emit_words_at(MS_EV_PAUSE, 0, &by, 1)) {
			atomic_store_explicit(&header->births_unseen, 1, memory_order_relaxed);
			atomic_store_explicit(&header->births, MS_BIRTHS_NONE, memory_order_relaxed);
		}
	} else if (!paused && was) {
		atomic_store_explicit(&header->births, ms_births_usual(header), memory_order_relaxed);
		(void)ms_emit_words_at(MS_EV_RESUME, 0, &by, 1);
	}
}

static uint64_t create_pool(uint64_t memory, uint64_t name)
{
	static _Atomic uint64_t pools;
	uint64_t pool = atomic_fetch_add_explicit(&pools, 1, memory_order_relaxed) + 1;
	uint64_t words[1 + WORDS_OF(MEMSCOPE_NAME_BYTES)] = {pool};

	with_text(MS_EV_POOL_CREATE, memory, words, 1, name);
	return pool;
}

/* A pool's frees carry a stack when frees do. */
static void free_of_pool(uint64_t pool, uint64_t block, const struct ms_caller *caller)
{
	if (ms_tls.self->free_walker != NULL)
		ms_emit_alloc(MS_EV_POOL_FREE, block, 0, caller, 1, pool, 0);
	else
		few(MS_EV_POOL_FREE, block, 2, 0, pool, caller);
}

static __attribute__((noinline)) uint64_t annotate_with_text(unsigned what, uint64_t a, uint64_t b, uint64_t c, const struct ms_caller *caller)
{
	uint64_t words[3 + WORDS_OF(MEMSCOPE_NAME_BYTES)] = {0};

	switch (what) {
	case MEMSCOPE_DO_TRACK_TEXT:
		track_text(a, b, c, caller);
		break;
	case MEMSCOPE_DO_SCOPE_BEGIN_TEXT:
		with_text(MS_EV_SCOPE_BEGIN, 0, words, 1, a);
		break;
	case MEMSCOPE_DO_TASK_SPAWN:
		words[0] = a;
		words[1] = MS_PARENT_CURRENT;
		with_text(MS_EV_TASK_SPAWN, 0, words, 3, b);
		break;
	case MEMSCOPE_DO_TASK_SPAWN_CHILD:
		words[0] = a;
		words[1] = c == MEMSCOPE_NO_TASK ? MS_PARENT_NONE : MS_PARENT_GIVEN;
		words[2] = c == MEMSCOPE_NO_TASK ? 0 : c;
		with_text(MS_EV_TASK_SPAWN, 0, words, 3, b);
		break;
	case MEMSCOPE_DO_SNAPSHOT:
		words[0] = MS_ASKED_PROGRAM;
		with_text(MS_EV_SNAPSHOT, 0, words, 1, a);
		break;
	case MEMSCOPE_DO_POOL_CREATE:
		return create_pool(a, b);
	default: /* of a later version of the header */
		break;
	}
	return 0;
}

uint64_t ms_annotate(unsigned what, uint64_t a, uint64_t b, uint64_t c, const struct ms_caller *caller)
{
	if (MS_UNLIKELY(atomic_load_explicit(&ms_process.phase, memory_order_relaxed) == MS_PHASE_OFF))
		return 0;
	switch (what) {
	case MEMSCOPE_DO_TRACK:
		if (a != 0)
			few(MS_EV_TRACK, b, 2, described(a), caller->pc, caller);
		return 0;
	case MEMSCOPE_DO_CLONE:
		few(MS_EV_CLONE, a, 1, b, 0, caller);
		return 0;
	case MEMSCOPE_DO_MOVE:
		few(MS_EV_MOVE, a, 2, b, c, caller);
		return 0;
	case MEMSCOPE_DO_BORROW:
		few(MS_EV_BORROW, a, 0, 0, 0, caller);
		return 0;
	case MEMSCOPE_DO_RETURN:
		few(MS_EV_RETURN, a, 0, 0, 0, caller);
		return 0;
	case MEMSCOPE_DO_SCOPE_BEGIN:
		if (a != 0)
			few(MS_EV_SCOPE_BEGIN, 0, 1, described(a), 0, caller);
		return 0;
	case MEMSCOPE_DO_SCOPE_END:
		few(MS_EV_SCOPE_END, 0, 1, described(a), 0, caller);
		return 0;
	case MEMSCOPE_DO_TASK_ENTER:
		few(MS_EV_TASK_ENTER, 0, 2, a, described(b), caller);
		return 0;
	case MEMSCOPE_DO_TASK_LEAVE:
		few(MS_EV_TASK_LEAVE, 0, 1, a, 0, caller);
		return 0;
	case MEMSCOPE_DO_TASK_END:
		few(MS_EV_TASK_END, 0, 1, a, 0, caller);
		return 0;
	case MEMSCOPE_DO_PAUSE:
		set_births(true);
		return 0;
	case MEMSCOPE_DO_RESUME:
		set_births(false);
		return 0;
	case MEMSCOPE_DO_POOL_ALLOC:
		ms_emit_alloc(MS_EV_POOL_ALLOC, b, c, caller, 1, a, 0);
		return 0;
	case MEMSCOPE_DO_POOL_FREE:
		free_of_pool(a, b, caller);
		return 0;
	case MEMSCOPE_DO_POOL_RESET:
		few(MS_EV_POOL_RESET, 0, 1, a, 0, caller);
		return 0;
	case MEMSCOPE_DO_POOL_DESTROY:
		few(MS_EV_POOL_DESTROY, 0, 1, a, 0, caller);
		return 0;
	default:
		return annotate_with_text(what, a, b, c, caller);
	}
}
