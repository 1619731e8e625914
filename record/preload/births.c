/* births.c - see births.h. */
#include "births.h"

#include "draw.h"
#include "process.h"

static const _Atomic uint32_t not_known = UINT32_MAX;

const _Atomic uint32_t *_Atomic ms_births_word = &not_known;
_Atomic uint8_t *_Atomic ms_births_sampled, *_Atomic ms_births_skimmed;
uint64_t ms_births_sampled_mask;
unsigned ms_births_counter_bits;
bool ms_births_by_bytes;
static unsigned line_shift;       /* from the index of a counter to the number of its line */

/* Of the arena; constant while it is attached. */
static double distance;
static uint64_t seed;

void ms_births_attach(struct ms_arena_header *header)
{
	const struct ms_sample_config *c = &header->sample;
	_Atomic uint8_t *sampled;

	ms_births_by_bytes = c->sampling == MS_SAMPLING_PER_BYTE;
	distance = ms_births_by_bytes ? (double)c->bytes : ms_draw_distance(c->per_billion);
	seed = c->seed;
	ms_births_counter_bits = c->counter_bits;
	line_shift = (unsigned)c->line_bits - c->counter_bits;
	ms_births_sampled_mask = c->sampled_count - 1;
	sampled = c->sampled_offset == 0 ? NULL : (_Atomic uint8_t *)((char *)header + c->sampled_offset);
	atomic_store_explicit(&ms_births_sampled, sampled, memory_order_release);
	atomic_store_explicit(&ms_births_skimmed, header->guard.mode == MS_GUARD_OFF ? sampled : NULL, memory_order_release);
	atomic_store_explicit(&ms_births_word, &header->births, memory_order_release);
}

void ms_births_detach(void)
{
	atomic_store_explicit(&ms_births_word, &not_known, memory_order_release);
	atomic_store_explicit(&ms_births_sampled, NULL, memory_order_release);
	atomic_store_explicit(&ms_births_skimmed, NULL, memory_order_release);
}

/* ---- the table of sampled blocks --------------------------------------------------------------------------------- */

struct place {
	_Atomic uint8_t *counter;
	_Atomic uint64_t *line;        /* MS_SAMPLED_LINE addresses */
};

/* False: there is no table. */
static bool find_place(uint64_t address, struct place *p)
{
	_Atomic uint8_t *sampled = atomic_load_explicit(&ms_births_sampled, memory_order_acquire);
	uint64_t index = address >> ms_births_counter_bits & ms_births_sampled_mask;

	if (sampled == NULL)
		return false;
	p->counter = &sampled[index];
	p->line = (_Atomic uint64_t *)(void *)(sampled + ms_births_sampled_mask + 1) + (index >> line_shift) * MS_SAMPLED_LINE;
	return true;
}

static bool replace(struct place *p, uint64_t from, uint64_t to)
{
	for (unsigned i = 0; i < MS_SAMPLED_LINE; i++) {
		uint64_t seen = from;

		if (atomic_load_explicit(&p->line[i], memory_order_relaxed) == from &&
		    atomic_compare_exchange_strong_explicit(&p->line[i], &seen, to, memory_order_relaxed, memory_order_relaxed))
			return true;
	}
	return false;
}

/* by: 1, -1, or MS_SAMPLED_MANY. */
static void change(_Atomic uint8_t *counter, unsigned by)
{
	uint8_t count = atomic_load_explicit(counter, memory_order_relaxed);

	while (count != MS_SAMPLED_MANY &&
	       !atomic_compare_exchange_weak_explicit(counter, &count, (uint8_t)(by == MS_SAMPLED_MANY ? by : count + by),
						      memory_order_relaxed, memory_order_relaxed))
		;
}

void ms_birth_count(uint64_t address)
{
	struct place p;

	if (find_place(address, &p))
		change(p.counter, replace(&p, 0, address) ? 1 : MS_SAMPLED_MANY);
}

bool ms_end_drawn(uint64_t address)
{
	struct place p;

	/* A forked child that nobody has noticed must not change its parent's table. */
	if (MS_UNLIKELY(ms_tls.self->slot == NULL) && ms_process_thread() == NULL)
		return false;
	if (!find_place(address, &p))
		return true;
	if (replace(&p, address, 0)) {
		change(p.counter, -1u);
		return true;
	}
	return atomic_load_explicit(p.counter, memory_order_relaxed) == MS_SAMPLED_MANY;
}

/* ---- births ------------------------------------------------------------------------------------------------------- */

bool ms_birth_drawn(uint64_t address, uint64_t size)
{
	struct ms_thread *t = ms_tls.self;
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
	if (MS_UNLIKELY(size >= MS_SAMPLE_SURE_BYTES) && !ms_births_by_bytes) {
		ms_birth_count(address);
		return true;
	}
	if (MS_UNLIKELY(t->draw.left == 0))
		ms_draw_seed(&t->draw, distance, seed, t->index, ms_process.image);
	if (MS_LIKELY(!ms_draw_takes(&t->draw, distance, ms_births_by_bytes ? size + (size == 0) : 1)))
		return false;
	ms_birth_count(address);
	return true;
}

void ms_emit_realloc_out(uint64_t old_address)
{
	struct ms_entry entry = {.address = old_address, .kind = MS_EV_REALLOC_OUT, .shape = MS_SHAPE_ARGS};

	ms_emit_slow(&entry);
}
