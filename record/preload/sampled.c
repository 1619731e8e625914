/* sampled.c - see sampled.h. */
#include "sampled.h"

#include <stddef.h>
#include <sys/mman.h>

#include "raw.h"

#define ADDED (UINT64_C(1) << 32)

struct ms_sampled ms_sampled;

void ms_sampled_attach(struct ms_arena_header *header)
{
	const struct ms_sample_config *c = &header->sample;
	_Atomic uint64_t *marks = c->sampled_offset == 0 ? NULL : (_Atomic uint64_t *)(void *)((char *)header + c->sampled_offset);

	ms_sampled.granule_bits = c->granule_bits;
	ms_sampled.line_shift = (uint32_t)c->line_bits - c->granule_bits;
	ms_sampled.word_mask = c->sampled_count / MS_SAMPLED_GRANULES - 1;
	atomic_store_explicit(&ms_sampled.marks, marks, memory_order_release);
}

void ms_sampled_detach(void)
{
	atomic_store_explicit(&ms_sampled.marks, NULL, memory_order_release);
}

struct place {
	uint64_t granule;              /* its index */
	_Atomic uint64_t *marks;       /* its word */
	_Atomic uint64_t *line;        /* MS_SAMPLED_LINE addresses, 0 = free */
	uint32_t bit;
};

static uint64_t granule_of(uint64_t address)
{
	return address >> ms_sampled.granule_bits & ((ms_sampled.word_mask + 1) * MS_SAMPLED_GRANULES - 1);
}

/* False: there is no table. */
static bool find_place(uint64_t address, struct place *p)
{
	_Atomic uint64_t *marks = atomic_load_explicit(&ms_sampled.marks, memory_order_acquire);
	uint64_t words = ms_sampled.word_mask + 1;

	if (marks == NULL)
		return false;
	p->granule = granule_of(address);
	p->marks = marks + p->granule / MS_SAMPLED_GRANULES;
	p->line = marks + words + (p->granule >> ms_sampled.line_shift) * MS_SAMPLED_LINE;
	p->bit = UINT32_C(1) << p->granule % MS_SAMPLED_GRANULES;
	return true;
}

void ms_sampled_clear(struct ms_arena_header *header)
{
	const struct ms_sample_config *c = &header->sample;

	if (c->sampled_offset == 0)
		return;
	/* A hole in the file, which reads as zeros: the pages that were touched are few of many. */
	if (!ms_raw_failed(ms_raw_madvise((char *)header + c->sampled_offset, MS_SAMPLED_BYTES(c->sampled_count), MADV_REMOVE)))
		return;
	ms_sampled_attach(header);
	for (uint64_t granule = 0; granule < c->sampled_count; granule++) {
		struct place p;

		if (find_place(granule << c->granule_bits, &p) && (atomic_load_explicit(p.marks, memory_order_relaxed) & p.bit) != 0) {
			for (unsigned i = 0; i < MS_SAMPLED_LINE; i++)
				atomic_store_explicit(&p.line[i], 0, memory_order_relaxed);
			atomic_fetch_and(p.marks, ~(uint64_t)p.bit);
		}
	}
	ms_sampled_detach();
}

static bool replace(const struct place *p, uint64_t from, uint64_t to)
{
	for (unsigned i = 0; i < MS_SAMPLED_LINE; i++) {
		uint64_t seen = from;

		if (atomic_load_explicit(&p->line[i], memory_order_relaxed) == from && atomic_compare_exchange_strong(&p->line[i], &seen, to))
			return true;
	}
	return false;
}

static bool is_crowded(const struct place *p)
{
	return atomic_load(&p->line[0]) == MS_SAMPLED_CROWDED;
}

void ms_sampled_expect(uint64_t address)
{
	struct place p;

	if (!find_place(address, &p))
		return;
	__builtin_prefetch((const void *)p.line, 1);
	__builtin_prefetch((const void *)p.marks, 1);
}

void ms_sampled_add(uint64_t address)
{
	struct place p;
	uint64_t old;

	if (!find_place(address, &p))
		return;
	if (!replace(&p, 0, address))
		atomic_store(&p.line[0], MS_SAMPLED_CROWDED); /* the address that stood there is not needed any more */
	/* Address before mark: a taker that read the word before our addition fails its exchange; one that read it after sees our address. */
	old = atomic_load_explicit(p.marks, memory_order_relaxed);
	while (!atomic_compare_exchange_weak(p.marks, &old, (old | p.bit) + ADDED))
		;
}

/* Does the mark stay? One look at each word: in the first one the mark of a crowded line may come in the place of a neighbour's address. */
static bool has_neighbour(const struct place *p)
{
	for (unsigned i = 0; i < MS_SAMPLED_LINE; i++) {
		uint64_t other = atomic_load(&p->line[i]);

		if (other == MS_SAMPLED_CROWDED || (other != 0 && granule_of(other) == p->granule))
			return true;
	}
	return false;
}

bool ms_sampled_take(uint64_t address)
{
	struct place p;
	uint64_t old;

	if (!find_place(address, &p))
		return true;
	if (!replace(&p, address, 0))
		return is_crowded(&p);
	do
		old = atomic_load(p.marks);
	while (!has_neighbour(&p) && !atomic_compare_exchange_strong(p.marks, &old, old & ~(uint64_t)p.bit));
	return true;
}
