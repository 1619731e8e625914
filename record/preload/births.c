/* births.c - see births.h. */
#include "births.h"

#include <stddef.h>
#include <sys/mman.h>

#include "draw.h"
#include "process.h"
#include "raw.h"
#include "real.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

static const _Atomic uint32_t not_known = UINT32_MAX;

const _Atomic uint32_t *_Atomic ms_births_word = &not_known;
/* Each recording of the process has so many numbers of ms_tls.left, which no distance comes near. After 32,000 recordings they are shared: a
   thread may then draw once by the rate of an earlier one. */
#define ORIGIN_STEP (UINT64_C(1) << 48)

struct ms_quick ms_quick; /* zero at first, so that it stands in anonymous memory, which can be wiped in a forked child */
_Static_assert(sizeof ms_quick == MS_QUICK_PAGE && offsetof(struct ms_quick, rest_of_the_page) == 64, "one line of one page");

/* Of the arena; constant while it is attached. */
static bool drawing; /* a sample */
static double distance;
static uint64_t seed;

void ms_births_attach(struct ms_arena_header *header)
{
	const struct ms_sample_config *c = &header->sample;
	bool by_bytes = c->sampling == MS_SAMPLING_PER_BYTE;

	static uint64_t origin; /* not wiped in a forked child */

	ms_births_detach();
	if (origin < INT64_MAX - ORIGIN_STEP)
		origin += ORIGIN_STEP;
	ms_quick.origin = origin;
	ms_quick.of_size = by_bytes ? UINT64_MAX : 0;
	ms_quick.fixed = by_bytes ? 0 : 1;
	drawing = ms_births_usual(header) == MS_BIRTHS_SAMPLE;
	distance = by_bytes ? (double)c->bytes : ms_draw_distance(c->per_billion);
	seed = c->seed;
	ms_sampled_attach(header);
	atomic_store_explicit(&ms_births_word, &header->births, memory_order_release);
	if (!drawing || header->guard.mode != MS_GUARD_OFF || ms_raw_failed(ms_raw_madvise(&ms_quick, sizeof ms_quick, MADV_WIPEONFORK)))
		return;
	ms_quick.word_mask = ms_sampled.word_mask;
	ms_quick.granule_bits = ms_sampled.granule_bits;
	atomic_store_explicit(&ms_quick.malloc, ms_real.malloc, memory_order_relaxed);
	atomic_store_explicit(&ms_quick.free, ms_real.free, memory_order_relaxed);
	atomic_store_explicit(&ms_quick.bytes, MS_SAMPLE_UNIT_BYTES - 1, memory_order_release);
	atomic_store_explicit(&ms_quick.marks, atomic_load_explicit(&ms_sampled.marks, memory_order_relaxed), memory_order_release);
}

void ms_births_detach(void)
{
	atomic_store_explicit(&ms_quick.marks, NULL, memory_order_release);
	atomic_store_explicit(&ms_quick.bytes, 0, memory_order_release);
	atomic_store_explicit(&ms_births_word, &not_known, memory_order_release);
	ms_sampled_detach();
}

bool ms_end_drawn(uint64_t address)
{
	/* A forked child that nobody has noticed must not change its parent's table. */
	if (MS_UNLIKELY(ms_tls.self->slot == NULL) && ms_process_thread() == NULL)
		return false;
	return ms_sampled_take(address);
}

/* ---- births ------------------------------------------------------------------------------------------------------- */

bool ms_birth_drawn(uint64_t address, uint64_t size)
{
	struct ms_thread *t = ms_tls.self;
	struct ms_draw d;
	uint64_t units, origin;
	uint32_t births;
	int64_t left;
	bool in;

	/* No slot yet, or a forked child that nobody has noticed. */
	if (MS_UNLIKELY(t->slot == NULL)) {
		t = ms_process_thread();
		if (t == NULL)
			return false;
	}
	births = atomic_load_explicit(atomic_load_explicit(&ms_births_word, memory_order_acquire), memory_order_relaxed);
	origin = ms_quick.origin; /* once: of another recording, if that one begins now, what is left here is nothing */
	if (MS_UNLIKELY(births == MS_BIRTHS_ALL))
		return true;
	if (MS_UNLIKELY(births > MS_BIRTHS_NONE) || !drawing)
		return false;
	if (MS_UNLIKELY(address == 0))
		return births == MS_BIRTHS_SAMPLE;
	ms_sampled_expect(address);
	left = (int64_t)(ms_tls.left - origin);
	d = (struct ms_draw){left > 0 ? (uint64_t)left : 0, t->random};
	if (d.random == 0)
		ms_draw_seed(&d, distance, seed, t->index, ms_process.image);
	else if (d.left == 0)
		ms_draw_next(&d, distance);
	units = ms_births_units(size); /* not before: the first birth of all has attached the arena */
	/* A pause has points, too, that nobody sees: the distance from its end to the next one is one like any other. */
	in = ms_draw_takes(&d, distance, units + (units == 0));
	t->random = d.random;
	ms_tls.left = origin + d.left;
	if (!in || births != MS_BIRTHS_SAMPLE)
		return false;
	ms_sampled_add(address);
	return true;
}

void ms_emit_realloc_out(uint64_t old_address)
{
	struct ms_entry entry = {.address = old_address, .kind = MS_EV_REALLOC_OUT, .shape = MS_SHAPE_ARGS};

	ms_emit_slow(&entry);
}
