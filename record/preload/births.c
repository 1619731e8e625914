/* births.c - see births.h. */
#include "births.h"

#include "draw.h"
#include "process.h"

static const _Atomic uint32_t not_known = UINT32_MAX;

const _Atomic uint32_t *_Atomic ms_births_word = &not_known;
struct ms_births_unit ms_births_unit = {0, 1};

/* Of the arena; constant while it is attached. */
static double distance;
static uint64_t seed;

void ms_births_attach(struct ms_arena_header *header)
{
	const struct ms_sample_config *c = &header->sample;

	bool by_bytes = c->sampling == MS_SAMPLING_PER_BYTE;

	ms_births_unit = by_bytes ? (struct ms_births_unit){UINT64_MAX, 0} : (struct ms_births_unit){0, 1};
	distance = by_bytes ? (double)c->bytes : ms_draw_distance(c->per_billion);
	seed = c->seed;
	ms_sampled_attach(header, header->guard.mode == MS_GUARD_OFF);
	atomic_store_explicit(&ms_births_word, &header->births, memory_order_release);
}

void ms_births_detach(void)
{
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
	uint64_t units;
	uint32_t births;

	/* No slot yet, or a forked child that nobody has noticed. */
	if (MS_UNLIKELY(t->slot == NULL)) {
		t = ms_process_thread();
		if (t == NULL)
			return false;
	}
	births = atomic_load_explicit(atomic_load_explicit(&ms_births_word, memory_order_acquire), memory_order_relaxed);
	if (births != MS_BIRTHS_SAMPLE)
		return births == MS_BIRTHS_ALL;
	if (address == 0)
		return true;
	if (MS_UNLIKELY(size >= MS_SAMPLE_SURE_BYTES) && ms_births_unit.fixed != 0) {
		ms_sampled_add(address);
		return true;
	}
	units = ms_births_units(size); /* not before: the first birth of all has attached the arena */
	if (MS_UNLIKELY(t->draw.left == 0))
		ms_draw_seed(&t->draw, distance, seed, t->index, ms_process.image);
	if (MS_LIKELY(!ms_draw_takes(&t->draw, distance, units + (units == 0))))
		return false;
	ms_sampled_add(address);
	return true;
}

void ms_emit_realloc_out(uint64_t old_address)
{
	struct ms_entry entry = {.address = old_address, .kind = MS_EV_REALLOC_OUT, .shape = MS_SHAPE_ARGS};

	ms_emit_slow(&entry);
}
